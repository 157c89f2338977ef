//! Grants: an adviser lets a visit, or another adviser, read or write in a case.
//!
//! A grant is a COSE_Sign1 over CBOR `[case, to, right, at_s, keys]`. The keys are those of the
//! case, wrapped to the grantee with the purpose `"case-grant"`; a visit gets the shared ones
//! only. Whether the signer may give it is for who knows the network to judge.

use minicbor::{Decode, Encode};

use crate::bounded;
use crate::canonical;
use crate::case_key::{CaseKey, CaseKeyError, CaseKeys, CaseStatement, KeyUse};
use crate::cose::{self, BadSigned};
use crate::ids::{AgreementKey, CaseTag, Hash, SubjectId, sha256};
use crate::limits::{CASE_KEYS_MAX, GRANT_BYTES_MAX};
use crate::secret::derive;
use crate::signing::SigningKey;
use crate::wrap::{AgreementSecret, WrapError};

const DOMAIN: &str = "guichet/grant/1";
const PURPOSE: &str = "case-grant";

/// To whom a case is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub enum Grantee {
    /// A visit at a kiosk, by a key that lives as long as the visit.
    #[n(0)]
    Visit {
        /// The visit's key.
        #[n(0)]
        key: AgreementKey,
        /// The kiosk.
        #[n(1)]
        node: SubjectId,
    },
    /// An adviser.
    #[n(1)]
    Agent {
        /// The adviser's certified key.
        #[n(0)]
        key: AgreementKey,
        /// The adviser.
        #[n(1)]
        subject: SubjectId,
    },
}

impl Grantee {
    fn key(&self) -> &AgreementKey {
        match self {
            Grantee::Visit { key, .. } | Grantee::Agent { key, .. } => key,
        }
    }

    fn reads(&self, which: KeyUse) -> bool {
        match self {
            Grantee::Visit { .. } => which == KeyUse::Shared,
            Grantee::Agent { .. } => true,
        }
    }
}

/// What the grantee may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Right {
    /// Read.
    #[n(0)]
    Read,
    /// Read and write.
    #[n(1)]
    Write,
}

/// A case opened to somebody. CBOR `[case, to, right, at_s, keys]`.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Grant {
    /// Which case.
    #[n(0)]
    pub case: CaseTag,
    /// To whom.
    #[n(1)]
    pub to: Grantee,
    /// What they may do.
    #[n(2)]
    pub right: Right,
    /// When, by the signer's clock, in seconds since 1970.
    #[n(3)]
    pub at_s: u64,
    /// The keys, wrapped to the grantee.
    #[cbor(n(4), decode_with = "bounded::list::<_, _, CASE_KEYS_MAX>")]
    pub keys: Vec<CaseKey>,
}

/// A grant with its signature, in the exact bytes that were signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedGrant {
    /// The bytes to store and pass on.
    pub bytes: Vec<u8>,
    /// Whose key signed it.
    pub signer: SubjectId,
    /// What it says.
    pub grant: Grant,
}

/// Why bytes are no grant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// It is too long, in another shape, or its signature does not fit.
    #[error("this grant is refused: {0}")]
    Signed(#[from] BadSigned),
    /// Its payload cannot be read.
    #[error("this grant of {signer} cannot be read: {error}")]
    Payload {
        /// Who signed it.
        signer: SubjectId,
        /// What is wrong, and where.
        error: String,
    },
}

impl Grant {
    /// Wraps the keys of a case that the grantee may read with; `entropy` is random and new.
    pub fn create(
        case: CaseTag,
        to: Grantee,
        right: Right,
        at_s: u64,
        keys: &CaseKeys,
        entropy: &[u8; 32],
    ) -> Result<Self, WrapError> {
        let readable = keys.iter().filter(|((which, _), _)| to.reads(*which));
        let wrap = |(place, (named, key)): (u64, ((KeyUse, u32), &_))| {
            let entropy = derive(
                &[],
                entropy,
                &[b"guichet/grant/1/wrap/", &place.to_be_bytes()],
            );
            CaseKey::wrap(&case, named, key, to.key(), PURPOSE, &entropy)
        };
        let keys = (0..).zip(readable).map(wrap).collect::<Result<_, _>>()?;
        Ok(Grant {
            case,
            to,
            right,
            at_s,
            keys,
        })
    }

    /// Signs it with an adviser's key.
    pub fn sign(&self, key: &SigningKey) -> Result<SignedGrant, GrantError> {
        let payload = minicbor::to_vec(self).expect("grants encode");
        SignedGrant::parse(&cose::sign(DOMAIN, key, payload))
    }

    /// Opens the keys with the grantee's secret, and checks that they are those of the case.
    pub fn open(
        &self,
        secret: &AgreementSecret,
        statement: &CaseStatement,
    ) -> Result<CaseKeys, CaseKeyError> {
        let case = self.case;
        for key in &self.keys {
            let (which, epoch) = (key.which, key.epoch);
            let stated = statement.key(which, epoch).map(|stated| stated.commitment);
            if statement.case != case || stated != Some(key.commitment) {
                return Err(CaseKeyError::Commitment { case, which, epoch });
            }
        }
        CaseKeys::open_wrapped(&case, &self.keys, secret, PURPOSE)
    }
}

impl SignedGrant {
    /// Checks size and signature, then reads; keeps the exact bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, GrantError> {
        let opened = cose::open(DOMAIN, bytes, GRANT_BYTES_MAX)?;
        let signer = opened.signer;
        let grant = canonical::whole(&opened.payload).map_err(|error| GrantError::Payload {
            signer,
            error: error.to_string(),
        })?;
        Ok(Self {
            bytes: bytes.to_vec(),
            signer,
            grant,
        })
    }

    /// SHA-256 of the bytes: its name.
    pub fn hash(&self) -> Hash {
        sha256(&self.bytes)
    }
}
