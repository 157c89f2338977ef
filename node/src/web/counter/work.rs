//! What only an adviser does in a case.

use guichet_keys::CaseTag;

use super::{FieldPlace, Reply};
use crate::web::view::IdentityWay;

/// The longest note or remark, in bytes.
pub const NOTE_BYTES_MAX: usize = guichet_sync::case::ENTRY_BYTES_MAX;

/// An order of the adviser.
#[derive(Debug)]
pub enum CaseWork {
    /// Notes something that the service alone reads.
    Note {
        /// In which case.
        case: CaseTag,
        /// What; at most [`NOTE_BYTES_MAX`] bytes.
        text: String,
        /// Saved.
        reply: Reply<()>,
    },
    /// What the adviser has written and not sent: it is there again after a reload, and after the
    /// vault was closed and opened again.
    Keep {
        /// In which case.
        case: CaseTag,
        /// What it is.
        what: Kept,
        /// What has been written so far; empty if nothing.
        text: String,
        /// When it was typed, on the page's clock in milliseconds; a script tells none. Of two orders
        /// that overtook each other the older is passed over.
        typed_at_ms: Option<u64>,
        /// Kept.
        reply: Reply<()>,
    },
    /// The adviser has made sure who the citizen is.
    CheckIdentity {
        /// In which case.
        case: CaseTag,
        /// How.
        way: IdentityWay,
        /// What the service alone reads about it; at most [`NOTE_BYTES_MAX`] bytes.
        remark: Option<String>,
        /// Saved.
        reply: Reply<()>,
    },
    /// The adviser has the case open; said again every few seconds for as long as they do.
    Read {
        /// Which one.
        case: CaseTag,
        /// Where in it.
        whereabouts: Whereabouts,
        /// Told to the others who have it open.
        reply: Reply<()>,
    },
}

/// What is written and not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kept {
    /// A message.
    Message,
    /// A note of the service.
    Note,
    /// A remark on how the citizen's identity was checked.
    Remark,
    /// Why the citizen is taken out of turn.
    Reason,
}

/// Where in a case somebody is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whereabouts {
    /// Where they last were.
    AsBefore,
    /// In no field.
    Outside,
    /// In a field.
    In(FieldPlace),
}
