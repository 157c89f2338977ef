//! A symmetric secret and the public value that commits to it.

use std::fmt;

use ring::hkdf;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::ids::Hash;

const COMMITMENT_INFO: &[u8] = b"guichet/commitment/1";

/// 32 secret bytes, wiped when dropped and never shown.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SecretKey([u8; 32]);

impl SecretKey {
    /// The secret itself, for wrapping and deriving.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The public value that only this key has: HKDF-SHA256 without salt, info
    /// `"guichet/commitment/1"`.
    ///
    /// AES-GCM does not bind a ciphertext to one key; who publishes the commitment with the
    /// ciphertext cannot show different plain texts to different readers.
    pub fn commitment(&self) -> Hash {
        Hash::from(derive(&[], &self.0, &[COMMITMENT_INFO]))
    }
}

impl From<[u8; 32]> for SecretKey {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

/// 32 bytes of HKDF-SHA256 (RFC 5869).
pub(crate) fn derive(salt: &[u8], secret: &[u8; 32], info: &[&[u8]]) -> [u8; 32] {
    let mut out = [0; 32];
    hkdf::Salt::new(hkdf::HKDF_SHA256, salt)
        .extract(secret)
        .expand(info, hkdf::HKDF_SHA256)
        .and_then(|okm| okm.fill(&mut out))
        .expect("32 bytes are within what HKDF gives");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commitments_tell_keys_apart() {
        let one = SecretKey::from([1; 32]);
        assert_eq!(one.commitment(), one.clone().commitment());
        assert_ne!(one.commitment(), SecretKey::from([2; 32]).commitment());
        assert_ne!(one.commitment().as_bytes(), one.as_bytes());
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", SecretKey::from([1; 32])), "SecretKey(…)");
    }
}
