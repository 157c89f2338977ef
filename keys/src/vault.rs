//! An adviser's vault: the keys of a person, under a passphrase.
//!
//! The [frame](crate::sealed_file) is named `guichet-vault`; its header is CBOR
//! `[subject, [memory_kib, passes, lanes], salt, commitment]`. Argon2id (RFC 9106) makes the
//! key from passphrase and salt at the cost that stands in the file, within limits, so that no
//! file can ask for all memory. The commitment tells a wrong passphrase from a damaged file.
//! Sealed (label `"vault"`, index 0, the header as associated data) is CBOR
//! `[signing seed, agreement seed, chains]`.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

use crate::bounded;
use crate::credential::Chain;
use crate::ids::{Hash, Salt, SubjectId};
use crate::limits::{
    ARGON2_LANES_MAX, ARGON2_MEMORY_KIB_MAX, ARGON2_PASSES_MAX, PASSPHRASE_BYTES_MAX,
    VAULT_BYTES_MAX, VAULT_CHAINS_MAX,
};
use crate::seal::{AesGcm, Sealer};
use crate::sealed_file::{self, FileError};
use crate::secret::SecretKey;
use crate::signing::SigningKey;
use crate::wrap::AgreementSecret;

const NAME: &str = "guichet-vault";
const LABEL: &str = "vault";

/// What one try of a passphrase costs. CBOR `[memory_kib, passes, lanes]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Cost {
    /// Memory in KiB, at most [`ARGON2_MEMORY_KIB_MAX`].
    #[n(0)]
    pub memory_kib: u32,
    /// Passes over the memory, at most [`ARGON2_PASSES_MAX`].
    #[n(1)]
    pub passes: u32,
    /// Lanes, at most [`ARGON2_LANES_MAX`].
    #[n(2)]
    pub lanes: u32,
}

impl Cost {
    /// 64 MiB, three passes, one lane: RFC 9106's second choice, on one core.
    pub const STANDARD: Cost = Cost {
        memory_kib: 64 * 1024,
        passes: 3,
        lanes: 1,
    };

    fn params(self) -> Result<Params, VaultError> {
        let within = self.memory_kib <= ARGON2_MEMORY_KIB_MAX
            && self.passes <= ARGON2_PASSES_MAX
            && self.lanes <= ARGON2_LANES_MAX;
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(32)).ok();
        params.filter(|_| within).ok_or(VaultError::Cost(self))
    }
}

/// Why a vault is not made or does not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// It is no vault.
    #[error(transparent)]
    File(#[from] FileError),
    /// Its Argon2id parameters are outside what this program accepts.
    #[error(
        "the vault asks for {} KiB, {} passes, {} lanes; at most {ARGON2_MEMORY_KIB_MAX} KiB, \
         {ARGON2_PASSES_MAX} passes, {ARGON2_LANES_MAX} lanes are accepted",
        .0.memory_kib, .0.passes, .0.lanes
    )]
    Cost(Cost),
    /// The passphrase is empty or too long.
    #[error("a passphrase has 1 to {PASSPHRASE_BYTES_MAX} bytes, this one has {0}")]
    PassphraseLength(usize),
    /// The passphrase is another, or the clear part of the file was altered.
    #[error("this passphrase does not open the vault: check it and try again")]
    WrongPassphrase,
    /// The passphrase is right and what is sealed does not open or fit.
    #[error("the vault is damaged: restore it from a backup")]
    Damaged,
    /// More chains than a vault holds.
    #[error("{0} credential chains, a vault holds {VAULT_CHAINS_MAX}")]
    Chains(usize),
}

/// The keys of an adviser, wiped when dropped.
#[derive(Clone)]
pub struct AgentKeys {
    /// Seed of the key that signs.
    pub signing_seed: Zeroizing<[u8; 32]>,
    /// Seed of the key that service keys are wrapped to.
    pub agreement_seed: Zeroizing<[u8; 32]>,
    /// One chain per service, at most [`VAULT_CHAINS_MAX`].
    pub chains: Vec<Chain>,
}

impl AgentKeys {
    /// The key that signs.
    pub fn signing_key(&self) -> SigningKey {
        SigningKey::from_seed(&self.signing_seed)
    }

    /// The key that service keys are wrapped to.
    pub fn agreement_secret(&self) -> AgreementSecret {
        AgreementSecret::from_seed(&self.agreement_seed)
    }
}

impl fmt::Debug for AgentKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "AgentKeys(of {}, {} chains)",
            self.signing_key().subject(),
            self.chains.len()
        )
    }
}

/// A vault whose clear part was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vault {
    header: Header,
    header_bytes: Vec<u8>,
    sealed: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
struct Header {
    #[n(0)]
    subject: SubjectId,
    #[n(1)]
    cost: Cost,
    #[n(2)]
    salt: Salt,
    #[n(3)]
    commitment: Hash,
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct Content {
    #[cbor(n(0), with = "minicbor::bytes")]
    signing_seed: [u8; 32],
    #[cbor(n(1), with = "minicbor::bytes")]
    agreement_seed: [u8; 32],
    #[cbor(n(2), decode_with = "bounded::list::<_, _, VAULT_CHAINS_MAX>")]
    chains: Vec<Chain>,
}

impl Drop for Content {
    fn drop(&mut self) {
        use zeroize::Zeroize;
        self.signing_seed.zeroize();
        self.agreement_seed.zeroize();
    }
}

impl Vault {
    /// The bytes of a vault; the salt is random and new. Takes as long as opening.
    pub fn seal(
        keys: &AgentKeys,
        passphrase: &str,
        cost: Cost,
        salt: Salt,
    ) -> Result<Vec<u8>, VaultError> {
        if keys.chains.len() > VAULT_CHAINS_MAX {
            return Err(VaultError::Chains(keys.chains.len()));
        }
        let key = stretch(passphrase, cost, &salt)?;
        let subject = keys.signing_key().subject();
        let header = Header {
            subject,
            cost,
            salt,
            commitment: key.commitment(),
        };
        let header = minicbor::to_vec(header).expect("headers encode");
        let content = Content {
            signing_seed: *keys.signing_seed,
            agreement_seed: *keys.agreement_seed,
            chains: keys.chains.clone(),
        };
        let mut plain = Zeroizing::new(Vec::with_capacity(VAULT_BYTES_MAX));
        minicbor::encode(&content, &mut *plain).expect("contents encode");
        let sealed = AesGcm.seal(&key, &salt, LABEL, 0, &header, &plain);
        Ok(sealed_file::write(NAME, &header, &sealed))
    }

    /// Reads the clear part and checks what opening would cost.
    pub fn parse(bytes: &[u8]) -> Result<Self, VaultError> {
        let parts = sealed_file::read(NAME, bytes, VAULT_BYTES_MAX)?;
        let header: Header =
            bounded::whole(parts.header).map_err(|e| sealed_file::format_error(NAME, &e))?;
        header.cost.params()?;
        Ok(Self {
            header,
            header_bytes: parts.header.to_vec(),
            sealed: parts.sealed.to_vec(),
        })
    }

    /// Whose vault it claims to be; certain once opened.
    pub fn subject(&self) -> SubjectId {
        self.header.subject
    }

    /// What opening costs.
    pub fn cost(&self) -> Cost {
        self.header.cost
    }

    /// Opens it: about a quarter of a second at the standard cost, off the event loop please.
    pub fn open(&self, passphrase: &str) -> Result<AgentKeys, VaultError> {
        let Header {
            subject,
            cost,
            salt,
            commitment,
        } = &self.header;
        let key = stretch(passphrase, *cost, salt)?;
        if key.commitment() != *commitment {
            return Err(VaultError::WrongPassphrase);
        }
        let plain = AesGcm
            .open(&key, salt, LABEL, 0, &self.header_bytes, &self.sealed)
            .map_err(|_| VaultError::Damaged)?;
        let mut content: Content = bounded::whole(&plain).map_err(|_| VaultError::Damaged)?;
        let keys = AgentKeys {
            signing_seed: Zeroizing::new(content.signing_seed),
            agreement_seed: Zeroizing::new(content.agreement_seed),
            chains: std::mem::take(&mut content.chains),
        };
        if keys.signing_key().subject() == *subject {
            Ok(keys)
        } else {
            Err(VaultError::Damaged)
        }
    }
}

fn stretch(passphrase: &str, cost: Cost, salt: &Salt) -> Result<SecretKey, VaultError> {
    let length = passphrase.len();
    if length == 0 || length > PASSPHRASE_BYTES_MAX {
        return Err(VaultError::PassphraseLength(length));
    }
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, cost.params()?);
    let mut key = Zeroizing::new([0; 32]);
    argon2
        .hash_password_into(passphrase.as_bytes(), salt.as_bytes(), &mut *key)
        .expect("salt and output have the lengths that Argon2 wants");
    Ok(SecretKey::from(*key))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Cost = Cost {
        memory_kib: 8,
        passes: 1,
        lanes: 1,
    };

    fn keys() -> AgentKeys {
        AgentKeys {
            signing_seed: Zeroizing::new([1; 32]),
            agreement_seed: Zeroizing::new([2; 32]),
            chains: vec![Chain(vec![vec![3; 40]])],
        }
    }

    fn vault() -> Vec<u8> {
        Vault::seal(&keys(), "ouvre-toi", CHEAP, [4; 16].into()).expect("seals")
    }

    fn open(bytes: &[u8], passphrase: &str) -> Result<AgentKeys, VaultError> {
        Vault::parse(bytes)?.open(passphrase)
    }

    #[test]
    fn sealed_opens() {
        let opened = open(&vault(), "ouvre-toi").expect("opens");
        assert_eq!(opened.signing_seed, keys().signing_seed);
        assert_eq!(opened.agreement_seed, keys().agreement_seed);
        assert_eq!(opened.chains, keys().chains);
        let vault = Vault::parse(&vault()).expect("parses");
        assert_eq!(
            (vault.subject(), vault.cost()),
            (keys().signing_key().subject(), CHEAP)
        );
    }

    #[test]
    fn the_standard_cost_is_accepted() {
        let bytes = Vault::seal(&keys(), "ouvre-toi", Cost::STANDARD, [4; 16].into());
        assert!(open(&bytes.expect("seals"), "ouvre-toi").is_ok());
    }

    #[test]
    fn a_wrong_passphrase_is_told() {
        for wrong in ["ouvre-toi ", "Ouvre-toi", "x"] {
            assert_eq!(
                open(&vault(), wrong).map(|_| ()),
                Err(VaultError::WrongPassphrase)
            );
        }
        for length in [0, PASSPHRASE_BYTES_MAX + 1] {
            let passphrase = "p".repeat(length);
            let opened = open(&vault(), &passphrase).map(|_| ());
            assert_eq!(opened, Err(VaultError::PassphraseLength(length)));
        }
    }

    #[test]
    fn damage_is_told_from_a_wrong_passphrase() {
        let mut damaged = vault();
        *damaged.last_mut().expect("not empty") ^= 1;
        assert_eq!(
            open(&damaged, "ouvre-toi").map(|_| ()),
            Err(VaultError::Damaged)
        );
    }

    #[test]
    fn every_altered_or_missing_byte_is_noticed() {
        let bytes = vault();
        for at in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[at] ^= 0x01;
            assert!(open(&altered, "ouvre-toi").is_err(), "byte {at}");
            assert!(open(&bytes[..at], "ouvre-toi").is_err(), "cut at {at}");
        }
    }

    #[test]
    fn a_hostile_cost_is_refused_before_memory_is_taken() {
        let hostile = [
            Cost {
                memory_kib: ARGON2_MEMORY_KIB_MAX + 1,
                ..CHEAP
            },
            Cost {
                memory_kib: u32::MAX,
                ..CHEAP
            },
            Cost {
                memory_kib: 0,
                ..CHEAP
            },
            Cost {
                passes: ARGON2_PASSES_MAX + 1,
                ..CHEAP
            },
            Cost { passes: 0, ..CHEAP },
            Cost {
                lanes: ARGON2_LANES_MAX + 1,
                memory_kib: 1024,
                ..CHEAP
            },
            Cost { lanes: 0, ..CHEAP },
        ];
        for cost in hostile {
            let header = Vault::parse(&vault()).expect("parses").header;
            let header = minicbor::to_vec(Header { cost, ..header }).expect("encodes");
            let bytes = sealed_file::write(NAME, &header, &[0; 100]);
            assert_eq!(Vault::parse(&bytes), Err(VaultError::Cost(cost)));
            let made = Vault::seal(&keys(), "ouvre-toi", cost, [4; 16].into());
            assert_eq!(made, Err(VaultError::Cost(cost)));
        }
    }

    #[test]
    fn chains_are_bounded_and_the_fullest_vault_fits() {
        let chain = || Chain(vec![vec![0; crate::limits::CREDENTIAL_BYTES_MAX]; 4]);
        let with = |count: usize| AgentKeys {
            chains: vec![chain(); count],
            ..keys()
        };
        let full = Vault::seal(&with(VAULT_CHAINS_MAX), "p", CHEAP, [4; 16].into());
        let full = full.expect("seals");
        assert!(full.len() <= VAULT_BYTES_MAX, "{}", full.len());
        assert!(open(&full, "p").is_ok());
        let many = Vault::seal(&with(VAULT_CHAINS_MAX + 1), "p", CHEAP, [4; 16].into());
        assert_eq!(many, Err(VaultError::Chains(VAULT_CHAINS_MAX + 1)));
    }

    #[test]
    fn debug_shows_no_seed() {
        let shown = format!("{:?}", keys());
        assert!(!shown.contains("1, 1, 1"), "{shown}");
    }
}
