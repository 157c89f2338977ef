//! COSE_Sign1 (RFC 9052) in the one shape we sign and accept.
//!
//! Tagged (18); protected header `{1: -19 (Ed25519, RFC 9864), 4: signer}`; unprotected header
//! empty; payload attached; the domain as external associated data. There is one encoding of
//! each signed object: received bytes that are not byte for byte what we would write are
//! refused, so a hash names a statement and nobody can dress it differently. The shape is
//! checked before the COSE library parses, since headers may otherwise nest without end.

use coset::iana::Algorithm;
use coset::{CoseSign1, CoseSign1Builder, HeaderBuilder, TaggedCborSerializable};
use minicbor::Decoder;
use minicbor::data::Tag;

use crate::bounded;
use crate::ids::SubjectId;
use crate::signing::{BadSignature, SigningKey, verify_raw};

const SIGN1_TAG: u64 = 18;
const SIGNATURE_BYTES: usize = 64;

/// Why bytes are no signed object of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadSigned {
    /// More bytes than this kind of object may have.
    #[error("{length} bytes, at most {max} are allowed")]
    TooLong {
        /// Bytes received.
        length: usize,
        /// The limit.
        max: usize,
    },
    /// Not a COSE_Sign1 in our shape.
    #[error("not a signed object: {0}")]
    Shape(String),
    /// The signature does not fit.
    #[error(transparent)]
    Signature(#[from] BadSignature),
}

/// What a signed object says, and whose key signed it.
pub(crate) struct Opened {
    pub(crate) signer: SubjectId,
    pub(crate) payload: Vec<u8>,
}

pub(crate) fn sign(domain: &str, key: &SigningKey, payload: Vec<u8>) -> Vec<u8> {
    let protected = HeaderBuilder::new()
        .algorithm(Algorithm::Ed25519)
        .key_id(key.subject().as_bytes().to_vec())
        .build();
    CoseSign1Builder::new()
        .protected(protected)
        .payload(payload)
        .create_signature(domain.as_bytes(), |bytes| {
            key.sign_raw(bytes).as_bytes().to_vec()
        })
        .build()
        .to_tagged_vec()
        .expect("a header without duplicate labels encodes")
}

pub(crate) fn open(domain: &str, bytes: &[u8], bytes_max: usize) -> Result<Opened, BadSigned> {
    if bytes.len() > bytes_max {
        return Err(BadSigned::TooLong {
            length: bytes.len(),
            max: bytes_max,
        });
    }
    let signer = signer(bytes).map_err(|e| BadSigned::Shape(e.to_string()))?;
    let shape = |e: coset::CoseError| BadSigned::Shape(e.to_string());
    let signed = CoseSign1::from_tagged_slice(bytes).map_err(shape)?;
    signed.verify_signature(domain.as_bytes(), |signature, tbs| {
        verify_raw(&signer, tbs, signature)
    })?;
    let payload = signed.payload.clone().unwrap_or_default();
    if signed.to_tagged_vec().map_err(shape)? != bytes {
        return Err(BadSigned::Shape("it is not in its one encoding".to_owned()));
    }
    Ok(Opened { signer, payload })
}

/// Reads the frame without following anything nested.
fn signer(bytes: &[u8]) -> Result<SubjectId, minicbor::decode::Error> {
    let unlike = |what| Err(minicbor::decode::Error::message(what));
    let mut d = Decoder::new(bytes);
    if d.tag()? != Tag::new(SIGN1_TAG) || d.array()? != Some(4) {
        return unlike("not a tagged COSE_Sign1");
    }
    let signer = signer_in_header(d.bytes()?)?;
    if d.map()? != Some(0) {
        return unlike("its unprotected header is not empty");
    }
    d.bytes()?;
    if d.bytes()?.len() != SIGNATURE_BYTES {
        return unlike("its signature has not 64 bytes");
    }
    bounded::end(&d)?;
    Ok(signer)
}

fn signer_in_header(header: &[u8]) -> Result<SubjectId, minicbor::decode::Error> {
    const BEFORE_SIGNER: [u8; 6] = [0xa2, 0x01, 0x32, 0x04, 0x58, 0x20];
    header
        .strip_prefix(&BEFORE_SIGNER)
        .and_then(|signer| SubjectId::try_from(signer).ok())
        .ok_or_else(|| {
            minicbor::decode::Error::message("its header names not Ed25519 and one signer")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: usize = 64 * 1024;

    fn key() -> SigningKey {
        SigningKey::from_seed(&[7; 32])
    }

    #[test]
    fn signed_opens() {
        let bytes = sign("letter/1", &key(), b"bonjour".to_vec());
        let opened = open("letter/1", &bytes, MAX).expect("opens");
        assert_eq!(opened.signer, key().subject());
        assert_eq!(opened.payload, b"bonjour");
        assert!(matches!(
            open("letter/2", &bytes, MAX),
            Err(BadSigned::Signature(_))
        ));
    }

    #[test]
    fn every_altered_or_missing_byte_is_noticed() {
        let bytes = sign("letter/1", &key(), b"bonjour".to_vec());
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut altered = bytes.clone();
                altered[at] ^= 1 << bit;
                assert!(
                    open("letter/1", &altered, MAX).is_err(),
                    "byte {at}, bit {bit}"
                );
            }
            assert!(open("letter/1", &bytes[..at], MAX).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn the_limit_comes_first() {
        let bytes = sign("letter/1", &key(), vec![0; 100]);
        assert!(open("letter/1", &bytes, bytes.len()).is_ok());
        assert_eq!(
            open("letter/1", &bytes, bytes.len() - 1).map(|_| ()),
            Err(BadSigned::TooLong {
                length: bytes.len(),
                max: bytes.len() - 1
            })
        );
    }

    #[test]
    fn another_encoding_of_the_same_is_refused() {
        let bytes = sign("letter/1", &key(), b"bonjour".to_vec());
        let at = bytes.len() - 66 - 8;
        assert_eq!(bytes[at], 0x47, "the payload's length");
        let longer = [&bytes[..at], &[0x58, 0x07], &bytes[at + 1..]].concat();
        let error = open("letter/1", &longer, MAX)
            .map(|_| ())
            .expect_err("refused");
        assert!(error.to_string().contains("one encoding"), "{error}");
    }

    #[test]
    fn headers_that_nest_without_end_are_not_followed() {
        let mut header = vec![0xa0];
        while header.len() < 50_000 {
            let mut outer = minicbor::Encoder::new(Vec::new());
            outer
                .map(1)
                .and_then(|e| e.u8(7))
                .and_then(|e| e.array(3))
                .expect("encodes");
            outer
                .bytes(&header)
                .and_then(|e| e.map(0))
                .and_then(|e| e.bytes(&[]))
                .expect("encodes");
            header = outer.into_writer();
        }
        let mut bytes = minicbor::Encoder::new(Vec::new());
        bytes
            .tag(Tag::new(SIGN1_TAG))
            .and_then(|e| e.array(4))
            .expect("encodes");
        bytes
            .bytes(&header)
            .and_then(|e| e.map(0))
            .expect("encodes");
        bytes
            .bytes(&[])
            .and_then(|e| e.bytes(&[0; 64]))
            .expect("encodes");
        assert!(matches!(
            open("letter/1", &bytes.into_writer(), MAX),
            Err(BadSigned::Shape(_))
        ));
    }
}
