//! What pages show: plain structs, filled by the node, drawn by `page`, or sent as JSON.
//!
//! A view holds no text of the page itself, only facts and the words of a service's catalogue
//! (in each of its languages). Times are Unix seconds. Nothing here says more than is true:
//! an item is [`ItemState::Received`] only with a station's signature.

mod call;
mod case;
mod desk;
mod sheets;
mod status;
mod story;

use std::fmt;

use guichet_keys::{CaseTag, ServiceId};
use serde::{Deserialize, Serialize};

use super::ids::as_text;

pub use call::{
    Availability, CallEnding, CallParty, CallView, Colleague, CutAt, MediaState, Mode, QueueRow,
    Reception, Sending, Turn, WaitingCall,
};
pub use case::{
    Arrival, Candidate, CaseView, Choice, DocumentView, Draft, FieldContent, FieldKind, FieldView,
    FormView, MessageView, PageView, SectionView, Side, TextInput, TextView, TypedHere, Who,
};
pub use desk::{AdviserBrief, Alarm, DeskCase, DeskView, LockNotice, Search, UnlockView};
pub use sheets::{
    PrintState, PrintView, PrintingView, ScanTrouble, ScannerView, SheetView, SheetsView,
};
pub use status::{
    CallLine, Carrier, Flood, Ill, Member, Outbox, Passed, Presence, Route, StatusView, Stored,
};
pub use story::{EventView, Happened, IdentityView, IdentityWay, NoteView, Reader};

/// One text in each language of the screens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// French.
    pub fr: String,
    /// English.
    pub en: String,
}

impl Words {
    /// The same text in both languages: a name.
    pub fn same(text: &str) -> Self {
        Self {
            fr: text.to_owned(),
            en: text.to_owned(),
        }
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.en)
    }
}

/// The line of this node to the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "line")]
pub enum Line {
    /// A relay or a station of the network answers.
    Up,
    /// Nobody answers.
    Cut {
        /// Since when, if the node has seen it fall.
        since_s: Option<u64>,
    },
}

/// How a service can be reached from here, now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// A station of the service is connected.
    Here,
    /// No station is, but a relay keeps what is sent.
    Kept,
    /// The line is cut: what is saved waits on this disk.
    Cut,
}

/// A service, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServiceBrief {
    /// Its short name, as in paths.
    #[serde(serialize_with = "as_text")]
    pub service: ServiceId,
    /// Its name.
    pub name: Words,
    /// Its name inside a sentence: `la CAF`.
    pub named: Words,
    /// What it is for, in a few words.
    pub about: Words,
    /// Its mark: one of the icons that a catalogue may name.
    pub icon: String,
}

/// The kiosk's home.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HomeView {
    /// The kiosk's name: "Mairie de Chantelauze".
    pub place: String,
    /// The line.
    pub line: Line,
    /// The services, in the network's order.
    pub services: Vec<ServiceCard>,
    /// The visit.
    pub visit: VisitState,
}

/// A service on the home page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServiceCard {
    /// The service.
    #[serde(flatten)]
    pub brief: ServiceBrief,
    /// How it can be reached.
    pub reach: Reach,
    /// Whether an adviser could be spoken with now.
    pub reception: Reception,
}

/// Whether someone sits at the kiosk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum VisitState {
    /// Nobody.
    None,
    /// A visit is open.
    Open {
        /// Its cases, in the order of their opening.
        cases: Vec<CaseBrief>,
        /// When it ends by itself.
        idle: Idle,
        /// What its end would drop.
        loose: Vec<Loose>,
    },
    /// The program restarted in mid-visit and has forgotten it; not yet read.
    Interrupted,
}

/// When a visit ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Idle {
    /// Seconds from now.
    pub ends_in_s: u64,
    /// From how many seconds before the end on a dialog warns.
    pub warn_s: u64,
}

/// Something that the end of the visit would drop, or that is left undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "loose")]
pub enum Loose {
    /// Sheets that are not joined to their case.
    Sheets {
        /// Their case.
        case: CaseBrief,
        /// How many.
        sheets: usize,
    },
    /// A message that was typed and is not sent.
    Message {
        /// Its case.
        case: CaseBrief,
        /// What is typed.
        text: String,
    },
    /// A case in which nothing is written: nothing of it leaves this kiosk.
    Empty {
        /// The case.
        case: CaseBrief,
    },
}

/// A case, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CaseBrief {
    /// The case.
    #[serde(serialize_with = "as_text")]
    pub case: CaseTag,
    /// Its service.
    pub service: ServiceBrief,
    /// The title of its first form.
    pub title: Words,
    /// On a kiosk, which of the visit's cases of this title it is, from 1, where there are several.
    pub number: Option<usize>,
}

/// A service's page of information: all of it from the signed catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServiceView {
    /// The service.
    #[serde(flatten)]
    pub brief: ServiceBrief,
    /// The kiosk's name.
    pub place: String,
    /// The line.
    pub line: Line,
    /// How it can be reached.
    pub reach: Reach,
    /// Whether an adviser could be spoken with now.
    pub reception: Reception,
    /// What it does for whom, one sentence.
    pub help: Words,
    /// Who processes the data and why, two sentences.
    pub privacy: Words,
    /// How it goes, in order.
    pub steps: Vec<Words>,
    /// The papers to bring.
    pub bring: Vec<Paper>,
    /// The forms it offers.
    pub forms: Vec<Offer>,
    /// Day of the catalogue, as `2026-11-16`.
    pub updated: String,
    /// The visit, if one is open.
    pub visit: VisitState,
}

/// A paper to bring.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paper {
    /// What.
    pub name: Words,
    /// Which of them will do.
    pub note: Words,
}

/// A form that can be started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Offer {
    /// The template's name.
    pub template: String,
    /// Its title.
    pub title: Words,
    /// How many fields it has.
    pub fields: usize,
}

/// The visit that is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VisitView {
    /// The kiosk's name.
    pub place: String,
    /// The line.
    pub line: Line,
    /// Its cases, in the order of their opening.
    pub cases: Vec<CaseBrief>,
    /// The wait or call of the visit.
    pub call: CallView,
    /// When it ends by itself.
    pub idle: Idle,
    /// What its end would drop.
    pub loose: Vec<Loose>,
}

/// How far a thing has come towards the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum ItemState {
    /// Durable on this disk.
    Saved,
    /// Durable on a relay.
    EnRoute,
    /// A station of the service signed that it is durable there.
    Received {
        /// When; told beside the time of what it is said of.
        #[serde(rename = "received_at_s")]
        at_s: u64,
    },
}

/// What the citizen takes away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReceiptView {
    /// The kiosk's name.
    pub place: String,
    /// The line.
    pub line: Line,
    /// Now.
    pub at_s: u64,
    /// Per case, its items.
    pub cases: Vec<ReceiptCase>,
    /// When the visit ends by itself.
    pub idle: Idle,
    /// What the end of the visit would drop.
    pub loose: Vec<Loose>,
}

/// The items of one case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReceiptCase {
    /// The case.
    #[serde(flatten)]
    pub brief: CaseBrief,
    /// What it holds from this visit: forms, messages, documents.
    pub items: Vec<ReceiptItem>,
}

/// One item of a receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReceiptItem {
    /// What it is.
    pub what: ReceiptWhat,
    /// How far it has come; of a form in which nothing is written, nothing.
    #[serde(flatten)]
    pub state: Option<ItemState>,
}

/// What an item of a receipt is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "what")]
pub enum ReceiptWhat {
    /// A form.
    Form {
        /// Its title.
        title: Words,
        /// Fields with a value.
        filled: usize,
        /// All fields.
        fields: usize,
    },
    /// A message of the citizen.
    Message {
        /// What it says.
        text: String,
    },
    /// A document of the citizen.
    Document {
        /// Its name.
        name: String,
        /// Its size.
        bytes: u64,
    },
}
