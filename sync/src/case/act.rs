//! Acts: immutable records beside the document.
//!
//! ```text
//! payload = version (1 byte) ‖ raw deflate ( CBOR [ kind, body ] )
//! kind    0 message          body [ at_ms, text, language ]
//!         1 document added   body [ at_ms, document, name, media type, [ page … ], bytes,
//!                                   [ [ quarter turns, preview ] … ] ]; the last is left out
//!                                   where there is nothing to say of any page
//!        64 journal entry    body [ at_ms, event, text ]; under the service-only key
//!        65 identity checked body [ at_ms, way ]
//! ```
//!
//! The class of an act stands in the clear header of its envelope, where relays hold it against
//! the role of the writer; who opens the envelope holds it against the kind. So that this works
//! for kinds of later versions too, the number of a kind tells its class: below 64 both sides may
//! write it, below 128 the adviser, below 192 it is a decision.

use guichet_keys::{ActClass, Hash, KeyUse};
use minicbor::{Decode, Decoder, Encode, Encoder};

use super::batch::{Inflate, PAYLOAD_BYTES_MAX, deflate, inflate};
use crate::limits::{PAGE_BYTES_MAX, TIME_MS_MAX};

/// Bytes of an inflated act.
const INFLATED_BYTES_MAX: usize = 64 * 1024;
/// Bytes of the text of a message.
pub const MESSAGE_BYTES_MAX: usize = 16 * 1024;
/// Bytes of the name of a document.
pub const DOCUMENT_NAME_BYTES_MAX: usize = 255;
/// Bytes of the text of a journal entry.
pub const ENTRY_BYTES_MAX: usize = 2_000;
/// Pages of one document.
pub const DOCUMENT_PAGES_MAX: usize = 1_000;
/// Bytes of all pages of one document.
const DOCUMENT_BYTES_MAX: u64 = PAGE_BYTES_MAX.saturating_mul(DOCUMENT_PAGES_MAX as u64);
/// Bytes of a media type or of the tag of a language.
const TAG_BYTES_MAX: usize = 127;

const VERSION: u8 = 1;
const MESSAGE: u64 = 0;
const DOCUMENT_ADDED: u64 = 1;
const JOURNAL_ENTRY: u64 = 64;
const IDENTITY_CHECKED: u64 = 65;

/// The name of a document in a case, random.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct DocumentId(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 16]);

/// One immutable record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// A message to the other side.
    Message(Message),
    /// A document was scanned or uploaded.
    DocumentAdded(DocumentAdded),
    /// An adviser wrote down what was done; only the service reads it.
    JournalEntry(JournalEntry),
    /// An adviser made sure who the citizen is.
    IdentityChecked(IdentityChecked),
    /// Something of a later version, kept as it is.
    Unknown {
        /// Its number.
        kind: u64,
        /// One CBOR item.
        body: Vec<u8>,
    },
}

/// A message to the other side.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Message {
    /// When it was written: wall time in milliseconds since 1970.
    #[n(0)]
    pub at_ms: u64,
    /// 1 byte to [`MESSAGE_BYTES_MAX`] bytes.
    #[n(1)]
    pub text: String,
    /// The language of the page it was written on (`fr`).
    #[n(2)]
    pub lang: String,
}

/// A document, whose pages travel by themselves.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct DocumentAdded {
    /// When it was added: wall time in milliseconds since 1970.
    #[n(0)]
    pub at_ms: u64,
    /// The document.
    #[n(1)]
    pub document: DocumentId,
    /// The name it was given, 1 byte to [`DOCUMENT_NAME_BYTES_MAX`] bytes.
    #[n(2)]
    pub name: String,
    /// What it is (`application/pdf`).
    #[n(3)]
    pub media_type: String,
    /// Its pages, by the hash of their manifests: 1 to [`DOCUMENT_PAGES_MAX`].
    #[n(4)]
    pub pages: Vec<Hash>,
    /// The bytes of all pages together.
    #[n(5)]
    pub bytes: u64,
    /// How each page is shown, in the order of `pages`, as many as there are pages.
    #[n(6)]
    pub looks: Option<Vec<Look>>,
}

/// How one page of a document is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Look {
    /// Quarter turns clockwise until it stands upright, 0 to 3.
    #[n(0)]
    pub turns: u8,
    /// The page that is a small picture of it, and travels ahead.
    #[n(1)]
    pub preview: Option<Hash>,
}

/// What an adviser wrote down.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct JournalEntry {
    /// When: wall time in milliseconds since 1970.
    #[n(0)]
    pub at_ms: u64,
    /// What was done.
    #[n(1)]
    pub event: JournalEvent,
    /// In words: a reason, or how; at most [`ENTRY_BYTES_MAX`] bytes.
    #[n(2)]
    pub text: String,
}

/// What was done, as a number, so that later versions may know more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct JournalEvent(#[n(0)] pub u32);

impl JournalEvent {
    /// Somebody was taken out of the queue before their turn; the text says why.
    pub const TAKEN_OUT_OF_TURN: Self = Self(0);
    /// A note for colleagues.
    pub const NOTE: Self = Self(1);
    /// What there is to say about an [`IdentityChecked`] of the same author and time.
    pub const IDENTITY_REMARK: Self = Self(2);
}

/// An adviser made sure who the citizen is, and how. Both sides read it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct IdentityChecked {
    /// When: wall time in milliseconds since 1970.
    #[n(0)]
    pub at_ms: u64,
    /// How.
    #[n(1)]
    pub way: IdentityWay,
}

/// How an identity was checked, as a number, so that later versions may know more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct IdentityWay(#[n(0)] pub u32);

impl IdentityWay {
    /// An identity card was shown.
    pub const IDENTITY_CARD: Self = Self(0);
    /// A passport was shown.
    pub const PASSPORT: Self = Self(1);
    /// A residence permit was shown.
    pub const RESIDENCE_PERMIT: Self = Self(2);
    /// The host at the kiosk knows the person.
    pub const KNOWN_TO_HOST: Self = Self(3);
    /// The person answered questions that only they can answer.
    pub const QUESTIONS_ANSWERED: Self = Self(4);
}

/// Why an act cannot be written or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadAct {
    /// A format of another version.
    #[error("an act of version {0}, which this program does not know")]
    Version(u8),
    /// Not the bytes of an act.
    #[error("the act is damaged")]
    Encoding,
    /// A part of it is empty or too long.
    #[error("the {0} is empty or too long")]
    Length(&'static str),
    /// A page that is turned by more than three quarters.
    #[error("a page is turned by more than three quarters")]
    Turns,
    /// A time or a size that cannot be.
    #[error("the {0} is a number that cannot be: at most {1} is accepted")]
    Number(&'static str, u64),
}

impl Act {
    /// The number of its kind.
    pub fn kind(&self) -> u64 {
        match self {
            Self::Message(_) => MESSAGE,
            Self::DocumentAdded(_) => DOCUMENT_ADDED,
            Self::JournalEntry(_) => JOURNAL_ENTRY,
            Self::IdentityChecked(_) => IDENTITY_CHECKED,
            Self::Unknown { kind, .. } => *kind,
        }
    }

    /// Under which of the case's keys it is sealed.
    pub fn key_use(&self) -> KeyUse {
        match self {
            Self::Message(_)
            | Self::DocumentAdded(_)
            | Self::IdentityChecked(_)
            | Self::Unknown { .. } => KeyUse::Shared,
            Self::JournalEntry(_) => KeyUse::Service,
        }
    }

    /// Whether an act of this kind may stand in an envelope of that class.
    pub fn allows(&self, class: ActClass) -> bool {
        match self.kind() {
            0..64 => matches!(class, ActClass::Citizen | ActClass::Agent),
            64..128 => class == ActClass::Agent,
            128..192 => class == ActClass::Decision,
            _ => false,
        }
    }

    /// The payload of its envelope.
    ///
    /// # Errors
    /// A part of it is empty or too long.
    pub fn encode(&self) -> Result<Vec<u8>, BadAct> {
        self.check()?;
        let mut plain = Encoder::new(Vec::new());
        let written = plain
            .array(2)
            .and_then(|plain| plain.u64(self.kind()))
            .and_then(|plain| match self {
                Self::Message(message) => plain.encode(message),
                Self::DocumentAdded(document) => plain.encode(document),
                Self::JournalEntry(entry) => plain.encode(entry),
                Self::IdentityChecked(checked) => plain.encode(checked),
                Self::Unknown { body, .. } => {
                    plain.writer_mut().extend_from_slice(body);
                    Ok(plain)
                }
            });
        written.expect("a vector takes any bytes");
        let payload = deflate(VERSION, plain.writer());
        if payload.len() > PAYLOAD_BYTES_MAX {
            return Err(BadAct::Length("act"));
        }
        Ok(payload)
    }

    /// Reads the payload of an envelope.
    ///
    /// # Errors
    /// It is no act, or a part of it is empty or too long.
    pub fn decode(payload: &[u8]) -> Result<Self, BadAct> {
        let (&version, deflated) = payload.split_first().ok_or(BadAct::Encoding)?;
        if version != VERSION {
            return Err(BadAct::Version(version));
        }
        let plain = inflate(deflated, INFLATED_BYTES_MAX)?;
        let mut decoder = Decoder::new(&plain);
        if decoder.array()? != Some(2) {
            return Err(BadAct::Encoding);
        }
        let kind = decoder.u64()?;
        let body = &plain[decoder.position()..];
        decoder.skip()?;
        if decoder.position() != plain.len() {
            return Err(BadAct::Encoding);
        }
        let act = match kind {
            MESSAGE => Self::Message(minicbor::decode(body)?),
            DOCUMENT_ADDED => Self::DocumentAdded(minicbor::decode(body)?),
            JOURNAL_ENTRY => Self::JournalEntry(minicbor::decode(body)?),
            IDENTITY_CHECKED => Self::IdentityChecked(minicbor::decode(body)?),
            _ => Self::Unknown {
                kind,
                body: body.to_vec(),
            },
        };
        act.check()?;
        Ok(act)
    }

    /// When it was written, as its author says: wall time in milliseconds since 1970.
    pub fn at_ms(&self) -> Option<u64> {
        match self {
            Self::Message(message) => Some(message.at_ms),
            Self::DocumentAdded(added) => Some(added.at_ms),
            Self::JournalEntry(entry) => Some(entry.at_ms),
            Self::IdentityChecked(checked) => Some(checked.at_ms),
            Self::Unknown { .. } => None,
        }
    }

    fn check(&self) -> Result<(), BadAct> {
        up_to("time", self.at_ms().unwrap_or(0), TIME_MS_MAX)?;
        match self {
            Self::Message(message) => {
                within("message", message.text.len(), MESSAGE_BYTES_MAX)?;
                within("language", message.lang.len(), TAG_BYTES_MAX)
            }
            Self::DocumentAdded(document) => {
                within("name", document.name.len(), DOCUMENT_NAME_BYTES_MAX)?;
                within("media type", document.media_type.len(), TAG_BYTES_MAX)?;
                within("list of pages", document.pages.len(), DOCUMENT_PAGES_MAX)?;
                up_to("size", document.bytes, DOCUMENT_BYTES_MAX)?;
                match &document.looks {
                    Some(looks) if looks.len() != document.pages.len() => {
                        Err(BadAct::Length("list of looks"))
                    }
                    Some(looks) if looks.iter().any(|look| look.turns > 3) => Err(BadAct::Turns),
                    Some(_) | None => Ok(()),
                }
            }
            Self::JournalEntry(entry) if entry.text.len() > ENTRY_BYTES_MAX => {
                Err(BadAct::Length("journal entry"))
            }
            Self::JournalEntry(_) | Self::IdentityChecked(_) => Ok(()),
            Self::Unknown { body, .. } => within("body", body.len(), INFLATED_BYTES_MAX - 16),
        }
    }
}

fn up_to(part: &'static str, number: u64, most: u64) -> Result<(), BadAct> {
    if number <= most {
        Ok(())
    } else {
        Err(BadAct::Number(part, most))
    }
}

fn within(part: &'static str, len: usize, len_max: usize) -> Result<(), BadAct> {
    if (1..=len_max).contains(&len) {
        Ok(())
    } else {
        Err(BadAct::Length(part))
    }
}

impl From<Inflate> for BadAct {
    fn from(error: Inflate) -> Self {
        match error {
            Inflate::Damaged => Self::Encoding,
            Inflate::TooLarge => Self::Length("act"),
        }
    }
}

impl From<minicbor::decode::Error> for BadAct {
    fn from(_: minicbor::decode::Error) -> Self {
        Self::Encoding
    }
}

#[cfg(test)]
mod tests;
