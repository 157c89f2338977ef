//! Ed25519 signatures, each bound to a domain so that a signature made for one purpose is
//! worth nothing for another.
//!
//! What is signed is `"guichet/sign/1"`, the domain's length (u32, big endian), the domain,
//! the message. COSE objects are signed over their own `Sig_structure` (RFC 9052 §4.4),
//! which begins otherwise, as does everything that libp2p signs with a node's key.

use std::fmt;

use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use crate::ids::{Signature, SubjectId};

const PREFIX: &[u8] = b"guichet/sign/1";

/// A signature that does not fit its message, domain and signer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the signature is not {signer}'s for these bytes: they were altered, or signed by another key"
)]
pub struct BadSignature {
    /// Who should have signed.
    pub signer: SubjectId,
}

/// An Ed25519 key pair.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    subject: SubjectId,
}

impl SigningKey {
    /// The key pair of a 32-byte seed (RFC 8032, "private key").
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).expect("a seed of 32 bytes is a key");
        let subject = SubjectId::try_from(pair.public_key().as_ref())
            .expect("an Ed25519 public key has 32 bytes");
        Self { pair, subject }
    }

    /// The public key.
    pub fn subject(&self) -> SubjectId {
        self.subject
    }

    /// Signs a message under a domain such as `"envelope/1"`.
    pub fn sign(&self, domain: &str, message: &[u8]) -> Signature {
        self.sign_raw(&to_be_signed(domain, message))
    }

    pub(crate) fn sign_raw(&self, bytes: &[u8]) -> Signature {
        Signature::try_from(self.pair.sign(bytes).as_ref())
            .expect("an Ed25519 signature has 64 bytes")
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.subject)
    }
}

/// Checks that `signer` signed `message` under `domain`.
pub fn verify(
    signer: &SubjectId,
    domain: &str,
    message: &[u8],
    signature: &Signature,
) -> Result<(), BadSignature> {
    verify_raw(signer, &to_be_signed(domain, message), signature.as_bytes())
}

pub(crate) fn verify_raw(
    signer: &SubjectId,
    bytes: &[u8],
    signature: &[u8],
) -> Result<(), BadSignature> {
    UnparsedPublicKey::new(&ED25519, signer.as_bytes())
        .verify(bytes, signature)
        .map_err(|_| BadSignature { signer: *signer })
}

fn to_be_signed(domain: &str, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(domain.len()).expect("a domain is a short constant");
    [PREFIX, &length.to_be_bytes(), domain.as_bytes(), message].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signed_is_verified_and_nothing_else_is() {
        let key = SigningKey::from_seed(&[7; 32]);
        let other = SigningKey::from_seed(&[8; 32]);
        let signature = key.sign("letter/1", b"bonjour");
        assert_eq!(
            verify(&key.subject(), "letter/1", b"bonjour", &signature),
            Ok(())
        );

        let refused = Err(BadSignature {
            signer: key.subject(),
        });
        assert_eq!(
            verify(&key.subject(), "letter/2", b"bonjour", &signature),
            refused
        );
        assert_eq!(
            verify(&key.subject(), "letter/1", b"bonsoir", &signature),
            refused
        );
        assert_eq!(
            verify(&other.subject(), "letter/1", b"bonjour", &signature),
            Err(BadSignature {
                signer: other.subject()
            })
        );
        for at in 0..Signature::LENGTH {
            let mut altered = *signature.as_bytes();
            altered[at] ^= 1;
            assert_eq!(
                verify(&key.subject(), "letter/1", b"bonjour", &altered.into()),
                refused
            );
        }
    }

    #[test]
    fn the_domain_does_not_run_into_the_message() {
        let key = SigningKey::from_seed(&[7; 32]);
        let signature = key.sign("ab", b"c");
        assert!(verify(&key.subject(), "a", b"bc", &signature).is_err());
    }

    #[test]
    fn the_key_of_rfc_8032() {
        // RFC 8032 §7.1, TEST 1.
        let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
        let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        let seed: crate::Hash = seed.parse().expect("hexadecimal");
        assert_eq!(
            SigningKey::from_seed(seed.as_bytes()).subject().to_string(),
            public
        );
    }

    #[test]
    fn debug_shows_the_public_part_only() {
        let shown = format!("{:?}", SigningKey::from_seed(&[7; 32]));
        assert!(!shown.contains(&"07".repeat(8)), "{shown}");
    }
}
