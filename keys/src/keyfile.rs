//! Key files: one private key each, sealed by the machine's own key.
//!
//! The [frame](crate::sealed_file) is named `guichet-key`; its header is CBOR
//! `[purpose, public, salt, commitment]`, the commitment being the machine key's; sealed is the
//! 32-byte seed (label `"key-file"`, index 0, the header as associated data).

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};
use zeroize::Zeroizing;

use crate::bounded;
use crate::ids::{BadId, Hash, Salt, ServiceId};
use crate::limits::KEY_FILE_BYTES_MAX;
use crate::seal::{AesGcm, Sealer};
use crate::sealed_file::{self, FileError};
use crate::secret::SecretKey;
use crate::signing::SigningKey;
use crate::wrap::AgreementSecret;

const NAME: &str = "guichet-key";
const LABEL: &str = "key-file";

/// What a key is for; shown and stored as text such as `steward:family`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyPurpose {
    /// The network's root (Ed25519).
    Root,
    /// An operator (Ed25519).
    Operator,
    /// The steward of a service (Ed25519).
    Steward(ServiceId),
    /// A node's identity (Ed25519).
    Node,
    /// What a node receives with (X25519).
    NodeAgreement,
    /// A service's recovery key (X25519).
    Recovery(ServiceId),
}

impl KeyPurpose {
    /// The public half of a seed used for this.
    fn public(&self, seed: &[u8; 32]) -> [u8; 32] {
        match self {
            KeyPurpose::Root | KeyPurpose::Operator | KeyPurpose::Steward(_) | KeyPurpose::Node => {
                *SigningKey::from_seed(seed).subject().as_bytes()
            }
            KeyPurpose::NodeAgreement | KeyPurpose::Recovery(_) => {
                *AgreementSecret::from_seed(seed).public().as_bytes()
            }
        }
    }
}

impl fmt::Display for KeyPurpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyPurpose::Root => f.write_str("root"),
            KeyPurpose::Operator => f.write_str("operator"),
            KeyPurpose::Steward(service) => write!(f, "steward:{service}"),
            KeyPurpose::Node => f.write_str("node"),
            KeyPurpose::NodeAgreement => f.write_str("node-agreement"),
            KeyPurpose::Recovery(service) => write!(f, "recovery:{service}"),
        }
    }
}

/// A text that names no purpose of a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPurpose {
    /// None of the words.
    #[error("a key for “{0}” is unknown to this program")]
    Unknown(String),
    /// The service after the colon is none.
    #[error(transparent)]
    Service(#[from] BadId),
}

impl FromStr for KeyPurpose {
    type Err = BadPurpose;

    fn from_str(text: &str) -> Result<Self, BadPurpose> {
        match text.split_once(':') {
            Some(("steward", service)) => Ok(KeyPurpose::Steward(service.parse()?)),
            Some(("recovery", service)) => Ok(KeyPurpose::Recovery(service.parse()?)),
            None if text == "root" => Ok(KeyPurpose::Root),
            None if text == "operator" => Ok(KeyPurpose::Operator),
            None if text == "node" => Ok(KeyPurpose::Node),
            None if text == "node-agreement" => Ok(KeyPurpose::NodeAgreement),
            Some(_) | None => Err(BadPurpose::Unknown(
                text.chars().take(80).flat_map(char::escape_debug).collect(),
            )),
        }
    }
}

impl<C> Encode<C> for KeyPurpose {
    fn encode<W: encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.str(&self.to_string())?.ok()
    }
}

impl<'b, C> Decode<'b, C> for KeyPurpose {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        let at = d.position();
        d.str()?
            .parse()
            .map_err(|e: BadPurpose| decode::Error::message(e).at(at))
    }
}

/// Why a key file does not give its key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileError {
    /// It is no key file.
    #[error(transparent)]
    File(#[from] FileError),
    /// Another machine's key sealed it.
    #[error("the {0} key was sealed by another machine's key: restore that key beside it")]
    OtherMachine(KeyPurpose),
    /// It was altered.
    #[error("the {0} key does not open: the file was altered, restore it from a backup")]
    Altered(KeyPurpose),
}

/// A key file whose clear part was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFile {
    header: Header,
    header_bytes: Vec<u8>,
    sealed: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
struct Header {
    #[n(0)]
    purpose: KeyPurpose,
    #[cbor(n(1), with = "minicbor::bytes")]
    public: [u8; 32],
    #[n(2)]
    salt: Salt,
    #[n(3)]
    commitment: Hash,
}

impl KeyFile {
    /// The bytes of a file that holds a seed; the salt is random and new.
    pub fn seal(purpose: &KeyPurpose, seed: &[u8; 32], machine: &SecretKey, salt: Salt) -> Vec<u8> {
        let header = Header {
            purpose: purpose.clone(),
            public: purpose.public(seed),
            salt,
            commitment: machine.commitment(),
        };
        let header = minicbor::to_vec(header).expect("headers encode");
        let sealed = AesGcm.seal(machine, &salt, LABEL, 0, &header, seed);
        sealed_file::write(NAME, &header, &sealed)
    }

    /// Reads the clear part.
    pub fn parse(bytes: &[u8]) -> Result<Self, KeyFileError> {
        let parts = sealed_file::read(NAME, bytes, KEY_FILE_BYTES_MAX)?;
        let header =
            bounded::whole(parts.header).map_err(|e| sealed_file::format_error(NAME, &e))?;
        Ok(Self {
            header,
            header_bytes: parts.header.to_vec(),
            sealed: parts.sealed.to_vec(),
        })
    }

    /// What the key is for.
    pub fn purpose(&self) -> &KeyPurpose {
        &self.header.purpose
    }

    /// The public half: a [`SubjectId`](crate::SubjectId) or an
    /// [`AgreementKey`](crate::AgreementKey), as the purpose says.
    pub fn public(&self) -> &[u8; 32] {
        &self.header.public
    }

    /// The seed.
    pub fn open(&self, machine: &SecretKey) -> Result<Zeroizing<[u8; 32]>, KeyFileError> {
        let purpose = &self.header.purpose;
        if machine.commitment() != self.header.commitment {
            return Err(KeyFileError::OtherMachine(purpose.clone()));
        }
        let opened = AesGcm
            .open(
                machine,
                &self.header.salt,
                LABEL,
                0,
                &self.header_bytes,
                &self.sealed,
            )
            .map_err(|_| KeyFileError::Altered(purpose.clone()))?;
        <[u8; 32]>::try_from(opened.as_slice())
            .map(Zeroizing::new)
            .ok()
            .filter(|seed| purpose.public(seed) == self.header.public)
            .ok_or_else(|| KeyFileError::Altered(purpose.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine() -> SecretKey {
        SecretKey::from([1; 32])
    }

    fn purposes() -> [KeyPurpose; 6] {
        let service = ServiceId::new("family").expect("a good name");
        [
            KeyPurpose::Root,
            KeyPurpose::Operator,
            KeyPurpose::Steward(service.clone()),
            KeyPurpose::Node,
            KeyPurpose::NodeAgreement,
            KeyPurpose::Recovery(service),
        ]
    }

    fn open(bytes: &[u8]) -> Result<Zeroizing<[u8; 32]>, KeyFileError> {
        KeyFile::parse(bytes)?.open(&machine())
    }

    #[test]
    fn sealed_opens_and_tells_its_purpose() {
        for purpose in purposes() {
            let bytes = KeyFile::seal(&purpose, &[2; 32], &machine(), [3; 16].into());
            assert!(bytes.len() <= KEY_FILE_BYTES_MAX);
            let file = KeyFile::parse(&bytes).expect("parses");
            assert_eq!(file.purpose(), &purpose);
            assert_eq!(purpose.to_string().parse(), Ok(purpose));
            assert_eq!(*file.open(&machine()).expect("opens"), [2; 32]);
        }
        let node = KeyFile::seal(&KeyPurpose::Node, &[2; 32], &machine(), [3; 16].into());
        let subject = SigningKey::from_seed(&[2; 32]).subject();
        assert_eq!(
            KeyFile::parse(&node).expect("parses").public(),
            subject.as_bytes()
        );
    }

    #[test]
    fn another_machine_is_told() {
        let bytes = KeyFile::seal(&KeyPurpose::Node, &[2; 32], &machine(), [3; 16].into());
        let file = KeyFile::parse(&bytes).expect("parses");
        let opened = file.open(&SecretKey::from([9; 32]));
        assert_eq!(opened, Err(KeyFileError::OtherMachine(KeyPurpose::Node)));
    }

    #[test]
    fn every_altered_or_missing_byte_is_noticed() {
        let bytes = KeyFile::seal(&KeyPurpose::Node, &[2; 32], &machine(), [3; 16].into());
        for at in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[at] ^= 0x01;
            assert!(open(&altered).is_err(), "byte {at}");
            assert!(open(&bytes[..at]).is_err(), "cut at {at}");
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert!(open(&longer).is_err());
        assert_eq!(
            open(&vec![0; KEY_FILE_BYTES_MAX + 1]),
            Err(FileError::TooLong {
                length: KEY_FILE_BYTES_MAX + 1,
                max: KEY_FILE_BYTES_MAX
            }
            .into())
        );
    }

    #[test]
    fn a_later_version_is_told() {
        let mut bytes = KeyFile::seal(&KeyPurpose::Node, &[2; 32], &machine(), [3; 16].into());
        let version = 1 + 1 + NAME.len();
        assert_eq!(bytes[version], 1);
        bytes[version] = 2;
        assert_eq!(
            open(&bytes),
            Err(FileError::Version {
                name: NAME,
                found: 2
            }
            .into())
        );
    }

    #[test]
    fn unknown_purposes_are_refused() {
        for text in ["", "king", "steward", "steward:", "steward:A B", "root:x"] {
            assert!(text.parse::<KeyPurpose>().is_err(), "{text}");
        }
    }
}
