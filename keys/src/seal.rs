//! Sealing: AES-256-GCM under a subkey of the salt, the nonce from the index.
//!
//! `subkey = HKDF-SHA256(salt, key, "guichet/seal/1" ‖ label)`, nonce = index as 96 bits, big
//! endian; everything in the clear beside the ciphertext is associated data. The salt is random
//! for each sealed thing, so a crash, a clone or a restored disk cannot bring a key and a nonce
//! together twice; within one thing the index tells its segments apart. Who needs the ciphertext
//! bound to one key publishes [`SecretKey::commitment`](crate::SecretKey::commitment) beside it.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::hkdf;
use zeroize::Zeroizing;

use crate::ids::Salt;
use crate::secret::SecretKey;

const SEAL_INFO: &[u8] = b"guichet/seal/1";

/// How many bytes longer than the plain text the sealed bytes are.
pub const SEAL_OVERHEAD: usize = 16;

/// Sealed bytes that this key, salt, label, index and associated data do not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "sealed bytes do not open: they or what is bound to them were altered, or the key is another"
)]
pub struct SealError;

/// Seals and opens; a trait so that tests can show what happens without sealing.
pub trait Sealer: Send + Sync {
    /// Seals `plain`; the result is [`SEAL_OVERHEAD`] bytes longer.
    ///
    /// A pair of salt and index is used once per key and label.
    fn seal(
        &self,
        key: &SecretKey,
        salt: &Salt,
        label: &str,
        index: u64,
        aad: &[u8],
        plain: &[u8],
    ) -> Vec<u8>;

    /// Opens what [`seal`](Sealer::seal) made with the same arguments.
    fn open(
        &self,
        key: &SecretKey,
        salt: &Salt,
        label: &str,
        index: u64,
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError>;
}

/// The sealer of the product.
#[derive(Debug, Clone, Copy, Default)]
pub struct AesGcm;

impl Sealer for AesGcm {
    fn seal(
        &self,
        key: &SecretKey,
        salt: &Salt,
        label: &str,
        index: u64,
        aad: &[u8],
        plain: &[u8],
    ) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(plain.len().saturating_add(SEAL_OVERHEAD));
        bytes.extend_from_slice(plain);
        subkey(key, salt, label)
            .seal_in_place_append_tag(nonce(index), Aad::from(aad), &mut bytes)
            .expect("AES-GCM seals up to 64 GiB");
        bytes
    }

    fn open(
        &self,
        key: &SecretKey,
        salt: &Salt,
        label: &str,
        index: u64,
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let mut bytes = Zeroizing::new(sealed.to_vec());
        let length = subkey(key, salt, label)
            .open_in_place(nonce(index), Aad::from(aad), &mut bytes)
            .map_err(|_| SealError)?
            .len();
        bytes.truncate(length);
        Ok(bytes)
    }
}

fn subkey(key: &SecretKey, salt: &Salt, label: &str) -> LessSafeKey {
    let subkey: UnboundKey = hkdf::Salt::new(hkdf::HKDF_SHA256, salt.as_bytes())
        .extract(key.as_bytes())
        .expand(&[SEAL_INFO, label.as_bytes()], &AES_256_GCM)
        .expect("an AES key is within what HKDF gives")
        .into();
    LessSafeKey::new(subkey)
}

fn nonce(index: u64) -> Nonce {
    let mut bytes = [0; 12];
    bytes[4..].copy_from_slice(&index.to_be_bytes());
    Nonce::assume_unique_for_key(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &[u8] = b"412 euros";

    fn key() -> SecretKey {
        SecretKey::from([3; 32])
    }

    fn salt() -> Salt {
        Salt::from([4; 16])
    }

    #[test]
    fn sealed_opens() {
        let sealed = AesGcm.seal(&key(), &salt(), "page", 7, b"header", PLAIN);
        assert_eq!(sealed.len(), PLAIN.len() + SEAL_OVERHEAD);
        let opened = AesGcm.open(&key(), &salt(), "page", 7, b"header", &sealed);
        assert_eq!(opened.expect("opens").as_slice(), PLAIN);
    }

    #[test]
    fn every_argument_is_bound() {
        let sealed = AesGcm.seal(&key(), &salt(), "page", 7, b"header", PLAIN);
        let other_key = SecretKey::from([5; 32]);
        let other_salt = Salt::from([5; 16]);
        let attempts = [
            AesGcm.open(&other_key, &salt(), "page", 7, b"header", &sealed),
            AesGcm.open(&key(), &other_salt, "page", 7, b"header", &sealed),
            AesGcm.open(&key(), &salt(), "draft", 7, b"header", &sealed),
            AesGcm.open(&key(), &salt(), "page", 8, b"header", &sealed),
            AesGcm.open(&key(), &salt(), "page", 7, b"Header", &sealed),
        ];
        for attempt in attempts {
            assert_eq!(attempt.expect_err("does not open"), SealError);
        }
    }

    #[test]
    fn altered_or_truncated_does_not_open() {
        let sealed = AesGcm.seal(&key(), &salt(), "page", 0, b"", PLAIN);
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 0x80;
            assert!(
                AesGcm
                    .open(&key(), &salt(), "page", 0, b"", &altered)
                    .is_err()
            );
            assert!(
                AesGcm
                    .open(&key(), &salt(), "page", 0, b"", &sealed[..at])
                    .is_err()
            );
        }
    }
}
