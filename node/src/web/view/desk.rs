//! The station: its vaults and its desk.

use guichet_keys::{CaseTag, SubjectId};
use serde::Serialize;

use super::{Availability, CallView, CaseBrief, Colleague, Line, QueueRow, ServiceBrief, Words};
use crate::web::ids::as_text;

/// Who may unlock a station.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnlockView {
    /// The station's name.
    pub place: String,
    /// The line.
    pub line: Line,
    /// Who has a vault here.
    pub advisers: Vec<AdviserBrief>,
    /// Sealed things that have not left.
    pub outbox: u64,
    /// The name of the adviser whose vault is open, if one is.
    pub open: Option<String>,
}

/// An adviser who has a vault on this station.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AdviserBrief {
    /// Who.
    #[serde(serialize_with = "as_text")]
    pub adviser: SubjectId,
    /// Their name.
    pub name: String,
    /// The names of their services.
    pub services: Vec<Words>,
}

/// Every case of the unlocked adviser's services.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeskView {
    /// The station's name.
    pub place: String,
    /// The adviser's name.
    pub adviser: String,
    /// The adviser's services.
    pub services: Vec<ServiceBrief>,
    /// The line.
    pub line: Line,
    /// Whether the adviser can be reached.
    pub availability: Availability,
    /// Their call.
    pub call: CallView,
    /// Who waits, in order, and who is spoken with.
    pub queue: Vec<QueueRow>,
    /// The other advisers of their services.
    pub colleagues: Vec<Colleague>,
    /// The cases, the one of which something arrived last first; of a search, those found.
    pub cases: Vec<DeskCase>,
    /// What was searched for, if anything was.
    pub search: Option<Search>,
    /// Sealed things that have not left.
    pub outbox: u64,
    /// What needs someone's eyes.
    pub alarms: Vec<Alarm>,
}

/// The desk locks itself soon, for nobody is at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LockNotice {
    /// In how many seconds.
    pub in_s: u64,
    /// How many seconds beforehand that is said.
    pub notice_s: u64,
    /// How many sheets are not joined to a case, and are thrown away then.
    pub sheets: usize,
}

/// A search in the cases of the desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Search {
    /// What was typed.
    pub words: String,
    /// In how many cases it was searched.
    pub among: usize,
}

/// A case on the desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeskCase {
    /// The case.
    #[serde(flatten)]
    pub brief: CaseBrief,
    /// The person's name, if the form has it.
    pub person: Option<String>,
    /// Where it was opened.
    pub place: String,
    /// When it was opened, on the clock of the kiosk.
    pub opened_at_s: u64,
    /// When something of it last arrived at the service; none if no clock that told so can be right.
    pub changed_at_s: Option<u64>,
    /// Fields with a value.
    pub filled: usize,
    /// All fields.
    pub fields: usize,
    /// How many documents.
    pub documents: usize,
    /// How many of them have not arrived in full.
    pub documents_coming: usize,
    /// How many messages.
    pub messages: usize,
    /// What is typed here as the reason for taking the person out of turn: their ticket shows it.
    #[serde(skip)]
    pub unsent_reason: String,
}

/// Something at the desk that needs someone's eyes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "alarm")]
pub enum Alarm {
    /// Received in full, but it does not open.
    Unreadable {
        /// Of which case.
        #[serde(serialize_with = "as_text")]
        case: CaseTag,
        /// How many things.
        items: u64,
    },
    /// Set aside, because another record of the same place won.
    SetAside {
        /// Of which case.
        #[serde(serialize_with = "as_text")]
        case: CaseTag,
        /// How many things.
        items: u64,
    },
    /// Cases of a service do not open with the adviser's vault.
    Shut {
        /// Of which service.
        service: ServiceBrief,
        /// How many that are here; none yet where it is the key of those to come.
        cases: usize,
    },
    /// Why somebody was taken out of turn was not saved.
    ReasonLost {
        /// In which case.
        #[serde(serialize_with = "as_text")]
        case: CaseTag,
    },
}
