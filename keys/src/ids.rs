//! The names of things: fixed-size byte strings shown as lower-case hexadecimal, and the
//! short readable name of a service. In our binary formats they are CBOR byte and text strings.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};

use crate::limits::SERVICE_ID_BYTES_MAX;

/// Why a text or byte string is no identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadId {
    /// The text is not exactly the right number of lower-case hexadecimal digits.
    #[error("“{text}” is not {digits} hexadecimal digits (0-9, a-f)")]
    Hex {
        /// The text, cut to 80 characters.
        text: String,
        /// How many digits are expected.
        digits: usize,
    },
    /// The name of a service is not 1 to 32 of `a-z`, `0-9` and `-`.
    #[error("“{0}” names no service: use 1 to 32 of a-z, 0-9 and -")]
    Service(String),
}

macro_rules! byte_id {
    ($(#[$doc:meta])* $name:ident, $length:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $length]);

        impl $name {
            /// Its length in bytes.
            pub const LENGTH: usize = $length;

            /// The bytes themselves.
            pub const fn as_bytes(&self) -> &[u8; $length] {
                &self.0
            }
        }

        impl From<[u8; $length]> for $name {
            fn from(bytes: [u8; $length]) -> Self {
                Self(bytes)
            }
        }

        impl TryFrom<&[u8]> for $name {
            type Error = std::array::TryFromSliceError;

            fn try_from(bytes: &[u8]) -> Result<Self, Self::Error> {
                bytes.try_into().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_hex(f, &self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                parse_hex(text).map(Self)
            }
        }

        impl<C> Encode<C> for $name {
            fn encode<W: encode::Write>(
                &self,
                e: &mut Encoder<W>,
                _: &mut C,
            ) -> Result<(), encode::Error<W::Error>> {
                e.bytes(&self.0)?.ok()
            }
        }

        impl<'b, C> Decode<'b, C> for $name {
            fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
                let at = d.position();
                d.bytes()?.try_into().map(Self).map_err(|_| {
                    decode::Error::message(concat!("a byte string of ", $length, " bytes is expected"))
                        .at(at)
                })
            }
        }
    };
}

byte_id! {
    /// Who signs: the Ed25519 public key of a node or of a person (RFC 8032).
    SubjectId, 32
}
byte_id! {
    /// Who receives: an X25519 public key (RFC 7748).
    AgreementKey, 32
}
byte_id! {
    /// The name of a case, random.
    CaseTag, 16
}
byte_id! {
    /// Who writes in a case: random, one per visit on a kiosk, one per unlocked person on a station.
    AuthorId, 16
}
byte_id! {
    /// A SHA-256 digest.
    Hash, 32
}
byte_id! {
    /// Random bytes that enter a key derivation, so that no key meets a nonce twice.
    Salt, 16
}
byte_id! {
    /// An Ed25519 signature (RFC 8032).
    Signature, 64
}

/// SHA-256 of a byte string.
pub fn sha256(bytes: &[u8]) -> Hash {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    Hash::try_from(digest.as_ref()).expect("a SHA-256 digest has 32 bytes")
}

/// The short name of a service, such as `allocations`: 1 to 32 of `a-z`, `0-9` and `-`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceId(String);

impl ServiceId {
    /// Checks a name.
    pub fn new(name: &str) -> Result<Self, BadId> {
        let fits = (1..=SERVICE_ID_BYTES_MAX).contains(&name.len());
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if fits && name.bytes().all(plain) {
            Ok(Self(name.to_owned()))
        } else {
            Err(BadId::Service(excerpt(name)))
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ServiceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ServiceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServiceId({})", self.0)
    }
}

impl FromStr for ServiceId {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        Self::new(text)
    }
}

impl<C> Encode<C> for ServiceId {
    fn encode<W: encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.str(&self.0)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for ServiceId {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        let at = d.position();
        Self::new(d.str()?).map_err(|e| decode::Error::message(e).at(at))
    }
}

/// Writes bytes as lower-case hexadecimal digits.
pub(crate) fn write_hex(f: &mut impl fmt::Write, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

fn parse_hex<const N: usize>(text: &str) -> Result<[u8; N], BadId> {
    let bad = || BadId::Hex {
        text: excerpt(text),
        digits: N.saturating_mul(2),
    };
    let digits = text.as_bytes();
    let (pairs, rest) = digits.as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return Err(bad());
    }
    let mut bytes = [0; N];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        let high = hex_digit(*high).ok_or_else(bad)?;
        let low = hex_digit(*low).ok_or_else(bad)?;
        *byte = high << 4 | low;
    }
    Ok(bytes)
}

fn hex_digit(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value)
        .ok()
        .filter(|_| !digit.is_ascii_uppercase())
}

fn excerpt(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_there_and_back() {
        let tag = CaseTag::from([0xab; 16]);
        assert_eq!(tag.to_string(), "ab".repeat(16));
        assert_eq!(tag.to_string().parse(), Ok(tag));
    }

    #[test]
    fn other_text_is_refused() {
        for text in [
            "",
            "ab",
            &"AB".repeat(16),
            &"g0".repeat(16),
            &"ab".repeat(17),
            &"é".repeat(16),
        ] {
            let error = text.parse::<CaseTag>().expect_err(text);
            assert_eq!(
                error,
                BadId::Hex {
                    text: text.to_owned(),
                    digits: 32
                }
            );
        }
    }

    #[test]
    fn service_names() {
        for name in ["a", "caf-93", &"x".repeat(SERVICE_ID_BYTES_MAX)] {
            assert_eq!(ServiceId::new(name).expect(name).as_str(), name);
        }
        for name in [
            "",
            "CAF",
            "a b",
            "é",
            "../x",
            &"x".repeat(SERVICE_ID_BYTES_MAX + 1),
        ] {
            assert_eq!(ServiceId::new(name), Err(BadId::Service(name.to_owned())));
        }
    }

    #[test]
    fn decoding_checks_lengths_and_names() {
        let short = minicbor::to_vec(minicbor::bytes::ByteVec::from(vec![1; 15])).expect("encodes");
        assert!(minicbor::decode::<CaseTag>(&short).is_err());
        let bad_name = minicbor::to_vec("Bad Name").expect("encodes");
        assert!(minicbor::decode::<ServiceId>(&bad_name).is_err());
    }

    #[test]
    fn digest_of_abc() {
        // FIPS 180-4, example "abc".
        assert_eq!(
            sha256(b"abc").to_string(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
