//! What a case holds, in the clear: its document and its acts.
//!
//! The **document** ([`CaseDoc`]) is what several people write at once: the forms and their
//! fields. It is an automerge document of a fixed shape. A text area is a text, into which
//! sentences typed at the same time go whole. Every other field is a register: values put at the
//! same time are all kept, with their authors, until a person chooses one. The document knows
//! nothing of form templates; it only tells texts, codes of choices and numbers apart.
//!
//! ```text
//! root  { "form:<16 hex digits>": map { "template": text, "fields": map { <name>: … } } }
//! field = text object | null | boolean | "t" text | "c" code | "n" number
//! ```
//!
//! Each form hangs from the root by a name of its own, and the objects inside are made in the
//! change that opens it: two people never make the same object twice.
//!
//! What is written becomes a [`Batch`] of changes, the plain text of an `edit` envelope. What
//! comes from others goes through the scanner, is held against what the document knows of its
//! author, and is then applied to a copy that takes the document's place only if all went well.
//!
//! An **act** ([`Act`]) is one immutable record: a message, a document added. A **draft**
//! ([`Draft`]) is what stands in a field before it is put; it travels sealed and is never stored,
//! and so does a **presence** ([`Presence`]): who has the case open.
//!
//! Nothing here reads a clock or draws randomness: times, authors and names of forms come in.
//! (Automerge draws an actor id whenever it makes or loads a document; it is replaced at once.)

mod act;
mod batch;
mod doc;
mod draft;
mod edit;
mod history;
mod incoming;
mod log;
mod presence;
mod put;
mod scan;
mod shift;
mod sight;
mod trial;
mod value;

use std::fmt;
use std::str::FromStr;

pub use self::act::{
    Act, BadAct, DOCUMENT_NAME_BYTES_MAX, DOCUMENT_PAGES_MAX, DocumentAdded, DocumentId,
    ENTRY_BYTES_MAX, IdentityChecked, IdentityWay, JournalEntry, JournalEvent, Look,
    MESSAGE_BYTES_MAX, Message,
};
pub use self::batch::{Batch, PAYLOAD_BYTES_MAX};
pub use self::doc::{BadVersion, CaseDoc, LoadError, TextView, Version, Written};
pub use self::draft::{
    BadDraft, DRAFT_FRAME_BYTES_MAX, DRAFT_VALUE_BYTES_MAX, Draft, DraftHeader, SealedDraft,
};
pub use self::edit::EditError;
pub use self::incoming::{BadBatch, Touched};
pub use self::log::{CaseLog, Effect, SetAside, SignedAct, WriteError, Writer};
pub use self::presence::{Presence, SealedPresence};
pub use self::scan::Malformed;
pub use self::value::{Candidate, Value};

/// Bytes of one value, and of a whole text area, that a person may type.
pub const VALUE_BYTES_MAX: usize = 64 * 1024;
/// Bytes of the name of a field or of a template.
pub const NAME_BYTES_MAX: usize = 128;
/// Values of one register that are shown; of more, the last ones.
pub const CANDIDATES_MAX: usize = 32;

/// The name of a form in a case, random.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FormId([u8; 8]);

impl FormId {
    /// The form whose name is this number, written in hexadecimal.
    pub const fn from_number(number: u64) -> Self {
        Self(number.to_be_bytes())
    }
}

impl From<[u8; 8]> for FormId {
    fn from(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for FormId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl fmt::Debug for FormId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FormId({self})")
    }
}

/// A text that is not 16 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name of a form is 16 hexadecimal digits (0-9, a-f)")]
pub struct BadFormId;

impl FromStr for FormId {
    type Err = BadFormId;

    fn from_str(text: &str) -> Result<Self, BadFormId> {
        let plain = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if text.len() != 16 || !text.bytes().all(plain) {
            return Err(BadFormId);
        }
        let number = u64::from_str_radix(text, 16).map_err(|_| BadFormId)?;
        Ok(Self(number.to_be_bytes()))
    }
}

/// A field of a form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldRef {
    /// The form.
    pub form: FormId,
    /// The field's name in the template.
    pub name: String,
}

impl FieldRef {
    /// The field of that name.
    pub fn new(form: FormId, name: impl Into<String>) -> Self {
        Self {
            form,
            name: name.into(),
        }
    }
}

impl fmt::Display for FieldRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.form, self.name)
    }
}
