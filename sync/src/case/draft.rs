//! Drafts: what stands in a field before it is put.
//!
//! While somebody types 4, 41, 412 into a register, the other side sees it. A draft travels sealed
//! under the key of the case that the citizen shares, past relays that cannot read it, and is
//! never stored: the value that counts is the one put into the document.
//!
//! ```text
//! frame  = CBOR [ header: bstr, sealed: bstr ]
//! header = CBOR [ version, case, author, key epoch, sequence, salt ]      (associated data)
//! plain  = CBOR [ form: bstr(8), field, value or null ]                   (label "draft")
//! ```
//!
//! The salt is random for each author; the sequence counts this author's drafts and is the index
//! of the seal. A draft whose sequence is not above the last one seen is old.

use guichet_keys::{AuthorId, CaseTag, Salt, SealError, Sealer, SecretKey, canonical};
use minicbor::bytes::{ByteSlice, ByteVec};
use minicbor::{Decode, Encode};

use super::{FieldRef, FormId, NAME_BYTES_MAX};

/// Bytes of a draft; of more, nothing is shown until it is put.
pub const DRAFT_VALUE_BYTES_MAX: usize = 4 * 1024;
/// Bytes of a frame.
pub const DRAFT_FRAME_BYTES_MAX: usize = 8 * 1024;
/// Highest number of a draft.
const SEQUENCE_MAX: u64 = (1 << 53) - 1;

const VERSION: u8 = 1;
const LABEL: &str = "draft";

/// What stands in a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The field.
    pub field: FieldRef,
    /// What is typed; none when nobody is typing there any more.
    pub value: Option<String>,
}

/// What a draft says in the clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DraftHeader {
    /// The case.
    pub case: CaseTag,
    /// Who types.
    pub author: AuthorId,
    /// The epoch of the shared key.
    pub key_epoch: u32,
    /// Counts this author's drafts in this case.
    pub sequence: u64,
    /// Random, the same for all drafts of this author in this case.
    pub salt: Salt,
}

/// Why a draft cannot be sealed, read or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadDraft {
    /// A format of another version.
    #[error("a draft of version {0}, which this program does not know")]
    Version(u8),
    /// Not the bytes of a draft.
    #[error("the draft is damaged")]
    Encoding,
    /// Too many bytes.
    #[error("the draft is too long")]
    TooLong,
    /// A count that nobody's drafts reach.
    #[error("a draft with the number {0}; at most {SEQUENCE_MAX} is accepted")]
    Sequence(u64),
    /// Another key, or altered bytes.
    #[error("the draft does not open")]
    Seal(#[from] SealError),
}

/// A draft as it travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedDraft(Parts);

#[derive(Encode, Decode)]
#[cbor(array)]
struct Header {
    #[n(0)]
    version: u8,
    #[n(1)]
    case: CaseTag,
    #[n(2)]
    author: AuthorId,
    #[n(3)]
    key_epoch: u32,
    #[n(4)]
    sequence: u64,
    #[n(5)]
    salt: Salt,
}

impl DraftHeader {
    /// Its bytes in a frame of that version.
    pub(super) fn encode(&self, version: u8) -> Vec<u8> {
        cbor(&Header {
            version,
            case: self.case,
            author: self.author,
            key_epoch: self.key_epoch,
            sequence: self.sequence,
            salt: self.salt,
        })
    }
}

/// A frame taken apart: what it says in the clear, the bytes of that, and what is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) header: DraftHeader,
    pub(super) header_bytes: Vec<u8>,
    pub(super) sealed: Vec<u8>,
}

impl Parts {
    /// Takes a frame of that version apart.
    pub(super) fn parse(frame: &[u8], version: u8) -> Result<Self, BadDraft> {
        if frame.len() > DRAFT_FRAME_BYTES_MAX {
            return Err(BadDraft::TooLong);
        }
        let [header_bytes, sealed]: [&ByteSlice; 2] = whole(frame)?;
        let said: u8 = first(header_bytes)?;
        if said != version {
            return Err(BadDraft::Version(said));
        }
        let header: Header = whole(header_bytes)?;
        if header.sequence > SEQUENCE_MAX {
            return Err(BadDraft::Sequence(header.sequence));
        }
        Ok(Self {
            header: DraftHeader {
                case: header.case,
                author: header.author,
                key_epoch: header.key_epoch,
                sequence: header.sequence,
                salt: header.salt,
            },
            header_bytes: header_bytes.to_vec(),
            sealed: sealed.to_vec(),
        })
    }

    /// Puts a frame together.
    pub(super) fn join(header_bytes: Vec<u8>, sealed: Vec<u8>) -> Vec<u8> {
        cbor(&[ByteVec::from(header_bytes), ByteVec::from(sealed)])
    }
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct Plain<'a> {
    #[cbor(n(0), with = "minicbor::bytes")]
    form: [u8; 8],
    #[n(1)]
    field: &'a str,
    #[n(2)]
    value: Option<&'a str>,
}

impl Draft {
    /// Seals it under the shared key of the case.
    ///
    /// # Errors
    /// The field's name or the value is too long.
    pub fn seal(
        &self,
        header: &DraftHeader,
        sealer: &dyn Sealer,
        key: &SecretKey,
    ) -> Result<Vec<u8>, BadDraft> {
        let value_len = self.value.as_ref().map_or(0, String::len);
        if value_len > DRAFT_VALUE_BYTES_MAX || self.field.name.len() > NAME_BYTES_MAX {
            return Err(BadDraft::TooLong);
        }
        let header_bytes = header.encode(VERSION);
        let plain = cbor(&Plain {
            form: self.field.form.0,
            field: &self.field.name,
            value: self.value.as_deref(),
        });
        let sealed = sealer.seal(
            key,
            &header.salt,
            LABEL,
            header.sequence,
            &header_bytes,
            &plain,
        );
        Ok(Parts::join(header_bytes, sealed))
    }
}

impl SealedDraft {
    /// Reads a frame; what it says is believed only once it [opens](Self::open).
    ///
    /// # Errors
    /// It is no draft.
    pub fn parse(frame: &[u8]) -> Result<Self, BadDraft> {
        Parts::parse(frame, VERSION).map(Self)
    }

    /// What it says in the clear.
    pub fn header(&self) -> &DraftHeader {
        &self.0.header
    }

    /// Opens it with the shared key of the case.
    ///
    /// # Errors
    /// The key is another, or the frame was altered.
    pub fn open(&self, sealer: &dyn Sealer, key: &SecretKey) -> Result<Draft, BadDraft> {
        let Parts {
            header: DraftHeader { salt, sequence, .. },
            header_bytes,
            sealed,
        } = &self.0;
        let plain = sealer.open(key, salt, LABEL, *sequence, header_bytes, sealed)?;
        let plain: Plain<'_> = whole(&plain)?;
        Ok(Draft {
            field: FieldRef::new(FormId::from(plain.form), plain.field),
            value: plain.value.map(str::to_owned),
        })
    }
}

pub(super) fn cbor<T: Encode<()>>(value: &T) -> Vec<u8> {
    minicbor::to_vec(value).expect("a vector takes any bytes")
}

pub(super) fn whole<'b, T: Decode<'b, ()>>(bytes: &'b [u8]) -> Result<T, BadDraft> {
    canonical::whole(bytes).map_err(|_| BadDraft::Encoding)
}

/// The first item of an array.
fn first<'b, T: Decode<'b, ()>>(bytes: &'b [u8]) -> Result<T, BadDraft> {
    let mut decoder = minicbor::Decoder::new(bytes);
    decoder
        .array()
        .and_then(|_| decoder.decode())
        .map_err(|_| BadDraft::Encoding)
}

#[cfg(test)]
mod tests {
    use guichet_keys::AesGcm;

    use super::*;

    fn key() -> SecretKey {
        SecretKey::from([5; 32])
    }

    fn header() -> DraftHeader {
        DraftHeader {
            case: CaseTag::from([1; 16]),
            author: AuthorId::from([2; 16]),
            key_epoch: 1,
            sequence: 300,
            salt: Salt::from([3; 16]),
        }
    }

    fn draft(value: Option<&str>) -> Draft {
        let field = FieldRef::new(FormId::from_number(0x0102_0304_0506_0708), "rent");
        Draft {
            field,
            value: value.map(str::to_owned),
        }
    }

    fn seal(draft: &Draft) -> Vec<u8> {
        draft.seal(&header(), &AesGcm, &key()).expect("seals")
    }

    #[test]
    fn the_format_stays() {
        let frame = seal(&draft(Some("412")));
        let hex: String = frame.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            hex,
            concat!(
                "825839",
                "8601500101010101010101010101010101010150020202020202020202020202020202020119012c5003030303030303030303030303030303",
                "5823",
                "e23d4f4b8fad622895d59aaf837c1a35ab28b6be3a5e1c2e19b200e84d8b6978dfa5e0",
            )
        );
    }

    #[test]
    fn drafts_open_with_their_key_only() {
        for draft in [draft(Some("412")), draft(Some("")), draft(None)] {
            let sealed = SealedDraft::parse(&seal(&draft)).expect("parses");
            assert_eq!(sealed.header(), &header());
            assert_eq!(sealed.open(&AesGcm, &key()), Ok(draft));
            let other = SecretKey::from([6; 32]);
            assert_eq!(sealed.open(&AesGcm, &other), Err(BadDraft::Seal(SealError)));
        }
    }

    #[test]
    fn an_altered_frame_never_opens() {
        let frame = seal(&draft(Some("412")));
        for at in 0..frame.len() {
            assert!(SealedDraft::parse(&frame[..at]).is_err());
            for bit in 0..8 {
                let mut altered = frame.clone();
                altered[at] ^= 1 << bit;
                let opened =
                    SealedDraft::parse(&altered).and_then(|sealed| sealed.open(&AesGcm, &key()));
                assert!(opened.is_err(), "bit {bit} of byte {at}");
            }
        }
    }

    #[test]
    fn what_is_too_long_is_refused() {
        let long = draft(Some(&"x".repeat(DRAFT_VALUE_BYTES_MAX + 1)));
        assert_eq!(
            long.seal(&header(), &AesGcm, &key()),
            Err(BadDraft::TooLong)
        );
        let most = draft(Some(&"x".repeat(DRAFT_VALUE_BYTES_MAX)));
        assert!(SealedDraft::parse(&seal(&most)).is_ok());
        let frame = vec![0; DRAFT_FRAME_BYTES_MAX + 1];
        assert_eq!(SealedDraft::parse(&frame), Err(BadDraft::TooLong));
    }
}
