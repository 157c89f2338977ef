//! A node's DTLS certificate, kept from start to start, and its fingerprint, which the node signs
//! and tells: a leg between nodes is with the node whose fingerprint was told, or does not come up.

use std::fmt;

use guichet_keys::sha256;
use minicbor::bytes::{ByteArray, ByteSlice};
use minicbor::{Decode, Decoder, Encode};
use str0m::config::DtlsCert;
use str0m::crypto::{self, from_feature_flags};
use zeroize::{Zeroize, Zeroizing};

use crate::limits::CERTIFICATE_BYTES_MAX;

const VERSION: u8 = 1;
const HASH_FUNCTION: &str = "sha-256";

/// The SHA-256 digest of a DTLS certificate (RFC 8122 §5).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Fingerprint(#[cbor(n(0), with = "minicbor::bytes")] [u8; 32]);

impl Fingerprint {
    /// The digest itself.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn to_str0m(self) -> crypto::Fingerprint {
        crypto::Fingerprint {
            hash_func: HASH_FUNCTION.to_owned(),
            bytes: self.0.to_vec(),
        }
    }
}

impl From<[u8; 32]> for Fingerprint {
    fn from(digest: [u8; 32]) -> Self {
        Self(digest)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// Why there is no certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// The cryptographic library made none.
    #[error("no certificate could be made")]
    NotMade,
    /// The bytes are not what [`Certificate::to_bytes`] writes.
    #[error("this is no stored certificate: {0}")]
    Unreadable(String),
    /// They are of a version that is not known here.
    #[error("this certificate is stored in version {0}, known is {VERSION}")]
    Version(u8),
    /// They are not what was written.
    #[error("this stored certificate was altered")]
    Altered,
}

/// A self-signed certificate and its private key; the key is wiped when dropped and never shown.
#[derive(Clone)]
pub struct Certificate(DtlsCert);

impl Certificate {
    /// Makes one; randomness comes from the cryptographic library.
    pub fn generate() -> Result<Self, CertificateError> {
        from_feature_flags()
            .dtls_provider
            .generate_certificate()
            .map(Self)
            .ok_or(CertificateError::NotMade)
    }

    /// For a file that only the node can read: CBOR `[1, certificate, private key, SHA-256 of
    /// both]`, the first two in DER.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let digest = ByteArray::from(*self.digest().as_bytes());
        let certificate: &ByteSlice = self.0.certificate.as_slice().into();
        let key: &ByteSlice = self.0.private_key.as_slice().into();
        let parts = (VERSION, certificate, key, digest);
        Zeroizing::new(minicbor::to_vec(parts).expect("writing to memory does not fail"))
    }

    /// Reads it back; each part is at most [`CERTIFICATE_BYTES_MAX`] bytes.
    ///
    /// The digest tells a damaged file from a whole one, since str0m takes any bytes for a key.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CertificateError> {
        let unreadable =
            |error: minicbor::decode::Error| CertificateError::Unreadable(error.to_string());
        let mut d = Decoder::new(bytes);
        let parts = d.array().map_err(unreadable)?;
        let version = d.u8().map_err(unreadable)?;
        if version != VERSION {
            return Err(CertificateError::Version(version));
        }
        let certificate = part(&mut d).map_err(unreadable)?;
        let private_key = part(&mut d).map_err(unreadable)?;
        let read = Self(DtlsCert {
            certificate,
            private_key,
        });
        let digest: ByteArray<32> = d.decode().map_err(unreadable)?;
        let whole = parts == Some(4) && d.position() == bytes.len();
        if whole && *read.digest().as_bytes() == *digest {
            Ok(read)
        } else {
            Err(CertificateError::Altered)
        }
    }

    /// What the node signs and tells.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint(*sha256(&self.0.certificate).as_bytes())
    }

    pub(crate) fn to_str0m(&self) -> DtlsCert {
        self.0.clone()
    }

    fn digest(&self) -> guichet_keys::Hash {
        let both = Zeroizing::new([&*self.0.certificate, &*self.0.private_key].concat());
        sha256(&both)
    }
}

impl Drop for Certificate {
    fn drop(&mut self) {
        self.0.private_key.zeroize();
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({})", self.fingerprint())
    }
}

fn part(d: &mut Decoder<'_>) -> Result<Vec<u8>, minicbor::decode::Error> {
    let at = d.position();
    let bytes = d.bytes()?;
    if bytes.len() <= CERTIFICATE_BYTES_MAX {
        Ok(bytes.to_vec())
    } else {
        let text = format!(
            "{} bytes, at most {CERTIFICATE_BYTES_MAX} are allowed",
            bytes.len()
        );
        Err(minicbor::decode::Error::message(text).at(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_certificate_is_the_same() {
        let made = Certificate::generate().expect("made");
        let read = Certificate::from_bytes(&made.to_bytes()).expect("read");
        assert_eq!(read.fingerprint(), made.fingerprint());
        assert_eq!(read.0.private_key, made.0.private_key);
        let other = Certificate::generate().expect("made");
        assert_ne!(other.fingerprint(), made.fingerprint());
    }

    #[test]
    fn damage_is_found() {
        let good = Certificate::generate().expect("made").to_bytes();
        for at in 0..good.len() {
            let mut bad = good.to_vec();
            bad[at] ^= 1;
            assert!(Certificate::from_bytes(&bad).is_err(), "byte {at} changed");
            assert!(Certificate::from_bytes(&good[..at]).is_err(), "cut at {at}");
        }
        let longer = [&good[..], &[0]].concat();
        assert_eq!(
            Certificate::from_bytes(&longer).map(|_| ()),
            Err(CertificateError::Altered)
        );
        let mut newer = good.to_vec();
        newer[1] = 2;
        assert_eq!(
            Certificate::from_bytes(&newer).map(|_| ()),
            Err(CertificateError::Version(2))
        );
        let claims = [
            0x84, 0x01, 0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        ];
        assert!(Certificate::from_bytes(&claims).is_err());
        let large = vec![0; CERTIFICATE_BYTES_MAX + 1];
        let parts: (u8, &ByteSlice) = (VERSION, large.as_slice().into());
        let large = minicbor::to_vec(parts).expect("encodes");
        let error = Certificate::from_bytes(&large).expect_err("too large");
        assert!(error.to_string().contains("4097 bytes, at most 4096"));
    }

    #[test]
    fn no_key_is_shown() {
        let certificate = Certificate::generate().expect("made");
        assert_eq!(
            format!("{certificate:?}"),
            format!("Certificate({})", certificate.fingerprint())
        );
    }
}
