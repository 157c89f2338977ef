//! What happened in a case, what the service wrote down, and who has it open.

use serde::Serialize;

use super::{ItemState, Who, Words};
use crate::web::ids::FormId;

/// Somebody else who has a case open: an adviser, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reader {
    /// Their name.
    pub name: String,
    /// The form and the field they are in, if any.
    pub field: Option<(FormId, String)>,
}

/// A note of the service; never on a kiosk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NoteView {
    /// What it says.
    pub text: String,
    /// Who wrote it.
    pub by: Who,
    /// When.
    pub at_s: u64,
    /// How far it has come.
    #[serde(flatten)]
    pub state: ItemState,
}

/// How somebody made sure who the citizen is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IdentityView {
    /// Who made sure.
    pub by: Who,
    /// When.
    pub at_s: u64,
    /// How.
    pub way: IdentityWay,
    /// What there was to say about it; never on a kiosk.
    pub remark: Option<String>,
}

/// The ways to make sure who somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdentityWay {
    /// An identity card was shown.
    IdentityCard,
    /// A passport was shown.
    Passport,
    /// A residence permit was shown.
    ResidencePermit,
    /// The host at the kiosk knows the person.
    KnownToHost,
    /// The person answered questions that only they can answer.
    QuestionsAnswered,
    /// A way of a later version.
    Other,
}

impl IdentityWay {
    /// Those that an adviser can choose.
    pub const ALL: [Self; 5] = [
        Self::IdentityCard,
        Self::Passport,
        Self::ResidencePermit,
        Self::KnownToHost,
        Self::QuestionsAnswered,
    ];

    /// As forms and JSON write it.
    pub fn code(self) -> &'static str {
        match self {
            Self::IdentityCard => "identity-card",
            Self::Passport => "passport",
            Self::ResidencePermit => "residence-permit",
            Self::KnownToHost => "known-to-host",
            Self::QuestionsAnswered => "questions-answered",
            Self::Other => "other",
        }
    }

    /// The way of this code, if an adviser can choose it.
    pub fn read(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.code() == code)
    }
}

/// One thing that happened in a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EventView {
    /// What.
    #[serde(flatten)]
    pub what: Happened,
    /// Who did it.
    pub by: Who,
    /// When, on their clock.
    pub at_s: u64,
}

/// What can happen in a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "what")]
pub enum Happened {
    /// It was opened.
    CaseOpened {
        /// Where.
        place: String,
    },
    /// A form was begun.
    FormStarted {
        /// Its title.
        title: Words,
    },
    /// A document was added.
    DocumentAdded {
        /// Its name.
        name: String,
    },
    /// A message was written.
    MessageWritten,
    /// The service noted something for itself.
    NoteWritten,
    /// Somebody made sure who the citizen is.
    IdentityChecked {
        /// How.
        way: IdentityWay,
        /// What there was to say about it.
        remark: Option<String>,
    },
    /// The citizen was called before their turn.
    TakenOutOfTurn {
        /// Why.
        reason: String,
    },
}
