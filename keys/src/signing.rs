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

/// The y of the eight points of small order, little endian, without the sign of x: 0 and the two of
/// order 8 stand for two points each, 1 and −1 for one.
const SMALL_ORDER: [[u8; 32]; 5] = [
    [0; 32],
    [
        1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0,
    ],
    [
        0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0x7f,
    ],
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
];

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
    if is_weak(signer) {
        return Err(BadSignature { signer: *signer });
    }
    UnparsedPublicKey::new(&ED25519, signer.as_bytes())
        .verify(bytes, signature)
        .map_err(|_| BadSignature { signer: *signer })
}

/// Whether a key is no key that anybody made: a point of small order, under which one signature
/// fits every message, or a point in another than its one encoding.
pub fn is_weak(key: &SubjectId) -> bool {
    let mut y = *key.as_bytes();
    y[31] &= 0x7f;
    SMALL_ORDER.contains(&y) || !is_below_p(&y)
}

/// Whether a number, little endian, is below the field's p = 2^255 − 19.
fn is_below_p(y: &[u8; 32]) -> bool {
    y[31] < 0x7f || y[1..31].iter().any(|byte| *byte < 0xff) || y[0] < 0xed
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

    /// The fourteen encodings of the eight points of small order.
    fn small_order() -> Vec<SubjectId> {
        let p_and_more = |low: u8| {
            let mut y = [0xff; 32];
            (y[0], y[31]) = (low, 0x7f);
            y
        };
        let y = SMALL_ORDER.into_iter().chain([0xed, 0xee].map(p_and_more));
        y.flat_map(|y| {
            let mut signed = y;
            signed[31] |= 0x80;
            [y, signed].map(SubjectId::from)
        })
        .collect()
    }

    #[test]
    fn a_key_under_which_one_signature_fits_everything_signs_nothing() {
        let all = small_order();
        assert_eq!(all.len(), 14);
        for key in &all {
            assert!(is_weak(key), "{key}");
        }
        // R is the neutral point and S is 0: S·B = R + h·A whatever h is, if A is neutral too.
        let neutral = SubjectId::from(SMALL_ORDER[1]);
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&SMALL_ORDER[1]);
        for letter in [b"bonjour", b"bonsoir"] {
            let signed = to_be_signed("letter/1", letter);
            UnparsedPublicKey::new(&ED25519, neutral.as_bytes())
                .verify(&signed, &signature)
                .expect("the arithmetic lets it pass");
            assert!(verify(&neutral, "letter/1", letter, &signature.into()).is_err());
        }
    }

    #[test]
    fn a_point_has_one_encoding() {
        let largest = |low: u8| {
            let mut y = [0xff; 32];
            (y[0], y[31]) = (low, 0x7f);
            y
        };
        assert!(is_below_p(&largest(0xec)));
        for low in 0xed..=0xff {
            assert!(is_weak(&largest(low).into()), "{low:x}");
        }
        for seed in 0..=u8::MAX {
            assert!(!is_weak(&SigningKey::from_seed(&[seed; 32]).subject()));
        }
    }

    #[test]
    fn debug_shows_the_public_part_only() {
        let shown = format!("{:?}", SigningKey::from_seed(&[7; 32]));
        assert!(!shown.contains(&"07".repeat(8)), "{shown}");
    }
}
