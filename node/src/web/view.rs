//! What pages show: plain structs, filled by the node, drawn by `page`, or sent as JSON.
//!
//! A view holds no text of the page itself, only facts and the words of a service's catalogue
//! (in each of its languages). Times are Unix seconds. Nothing here says more than is true:
//! an item is [`ItemState::Received`] only with a station's signature.

use std::fmt;

use serde::{Deserialize, Serialize};

use guichet_keys::{CaseTag, ServiceId, SubjectId};

use super::ids::{DocumentId, FormId, as_text};

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
    /// When it ends by itself.
    pub idle: Idle,
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
        /// When.
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
    /// How far it has come.
    #[serde(flatten)]
    pub state: ItemState,
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

/// Who did something, as seen by who looks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "who", content = "name")]
pub enum Who {
    /// The person at this page.
    Me,
    /// The citizen.
    Citizen,
    /// An adviser, by name.
    Adviser(String),
}

/// On which side of the counter the page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The kiosk.
    Citizen,
    /// The station.
    Adviser,
}

/// Everything that stands in a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CaseView {
    /// The case, its service, its title.
    #[serde(flatten)]
    pub brief: CaseBrief,
    /// Who looks.
    pub side: Side,
    /// The line.
    pub line: Line,
    /// On a kiosk, how the service can be reached.
    pub reach: Reach,
    /// Grows with every change of the case that this node has applied since it started.
    pub seq: u64,
    /// When it was opened.
    pub opened_at_s: u64,
    /// Where it was opened.
    pub place: String,
    /// The person's name, if the form has it; never on a kiosk.
    pub person: Option<String>,
    /// The name of the adviser at this page; never on a kiosk.
    pub adviser: Option<String>,
    /// How far the least of all items has come.
    #[serde(flatten)]
    pub state: ItemState,
    /// Its forms.
    pub forms: Vec<FormView>,
    /// Its documents, oldest first.
    pub documents: Vec<DocumentView>,
    /// Its messages, oldest first.
    pub messages: Vec<MessageView>,
    /// On a kiosk, the visit's cases and its idle clock.
    pub visit: VisitState,
}

/// A form of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FormView {
    /// The form.
    pub form: FormId,
    /// The template's name.
    pub template: String,
    /// Its title.
    pub title: Words,
    /// Its parts, in order.
    pub sections: Vec<SectionView>,
}

/// A part of a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SectionView {
    /// Its title.
    pub title: Words,
    /// Its fields, in order.
    pub fields: Vec<FieldView>,
}

/// A field of a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldView {
    /// Its name in the template.
    pub name: String,
    /// Its label.
    pub label: Words,
    /// A hint under the label.
    pub help: Option<Words>,
    /// How it is entered.
    pub kind: FieldKind,
    /// What it holds.
    pub content: FieldContent,
}

/// How a field is entered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum FieldKind {
    /// A line of text.
    Text {
        /// What a keyboard or a browser may offer.
        input: TextInput,
    },
    /// A number, kept as typed with a point for the decimals.
    Number,
    /// A day, kept as `2026-11-23`.
    Day,
    /// One of a few, kept as its code.
    Choice {
        /// The codes and what they mean.
        choices: Vec<Choice>,
    },
    /// A line that is masked until touched.
    Masked,
    /// A text that several people write together.
    Area,
}

/// What a line of text holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TextInput {
    /// Anything.
    Plain,
    /// Digits.
    Digits,
    /// A telephone number.
    Phone,
    /// An e-mail address.
    Email,
}

/// One of a few.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// What is stored.
    pub code: String,
    /// What is shown.
    pub label: Words,
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "content")]
pub enum FieldContent {
    /// A value, or several that were put at the same time and wait for a choice.
    Register {
        /// All of them; none while the field is empty. The first is shown in the field.
        candidates: Vec<Candidate>,
        /// The version that these are; opaque.
        version: String,
        /// What another person is typing.
        draft: Option<Draft>,
    },
    /// A text.
    Area(TextView),
}

/// A value of a register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// The value; a code for a choice, `2026-11-23` for a day.
    pub value: String,
    /// Who put it.
    pub by: Who,
}

/// What another person is typing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Draft {
    /// So far.
    pub value: String,
    /// Who.
    pub by: Who,
}

/// A text that several people write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TextView {
    /// The text.
    pub text: String,
    /// Its version; opaque.
    pub version: String,
    /// The case's `seq` at which it was read: of two, the higher is the newer.
    pub seq: u64,
    /// Who wrote last, if anyone.
    pub by: Option<Who>,
}

/// A document of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DocumentView {
    /// The document.
    pub document: DocumentId,
    /// Its file name.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its size.
    pub bytes: u64,
    /// Who added it.
    pub by: Who,
    /// When.
    pub at_s: u64,
    /// How far it has come.
    #[serde(flatten)]
    pub state: ItemState,
    /// How much of it is on this disk.
    pub arrival: Arrival,
}

/// How much of a document is on this disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "arrival")]
pub enum Arrival {
    /// All of it: it can be shown and downloaded.
    Here,
    /// A part.
    Coming {
        /// In hundredths, 0 to 99.
        percent: u8,
    },
}

/// A message of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MessageView {
    /// Its place: author and index, as one word that can stand in an HTML id.
    pub id: String,
    /// What it says.
    pub text: String,
    /// The writer's language, as a BCP 47 tag.
    pub lang: String,
    /// Who wrote it.
    pub by: Who,
    /// When.
    pub at_s: u64,
    /// How far it has come.
    #[serde(flatten)]
    pub state: ItemState,
}

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
    /// The cases, the one that changed last first.
    pub cases: Vec<DeskCase>,
    /// Sealed things that have not left.
    pub outbox: u64,
    /// What needs someone's eyes.
    pub alarms: Vec<Alarm>,
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
    /// When it was opened.
    pub opened_at_s: u64,
    /// When it last changed.
    pub changed_at_s: u64,
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
}

/// The state of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StatusView {
    /// `kiosk`, `station` or `relay`.
    pub role: String,
    /// The node's name.
    pub name: String,
    /// The node's id.
    pub node: String,
    /// The network's id: its root.
    pub network: String,
    /// The program's version.
    pub version: String,
    /// Since when it runs.
    pub started_at_s: u64,
    /// Now.
    pub at_s: u64,
    /// The line.
    pub line: Line,
    /// Every other member this node knows.
    pub members: Vec<Member>,
    /// What is on the disk.
    pub stored: Stored,
    /// What waits to leave.
    pub outbox: Outbox,
    /// What is not as it should be, worst first.
    pub ills: Vec<Ill>,
}

/// Another member of the network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Member {
    /// Its id.
    pub node: String,
    /// Its name.
    pub name: String,
    /// `kiosk`, `station` or `relay`.
    pub role: String,
    /// Whether it answers.
    pub presence: Presence,
    /// Things that wait to be sent to it.
    pub waiting: u64,
}

/// Whether a member answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "presence")]
pub enum Presence {
    /// Connected.
    Here {
        /// Since when.
        since_s: u64,
        /// Through a relay's circuit.
        relayed: bool,
    },
    /// Not connected.
    Away {
        /// Since when, if it was ever here since the start.
        since_s: Option<u64>,
    },
}

/// What is on the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stored {
    /// Signed facts of the network.
    pub statements: u64,
    /// Receipts.
    pub receipts: u64,
    /// Sealed batches of changes.
    pub edits: u64,
    /// Sealed records.
    pub acts: u64,
    /// Pages of documents.
    pub pages: u64,
    /// Bytes used.
    pub bytes: u64,
    /// Bytes free.
    pub bytes_free: u64,
}

/// What waits to leave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Outbox {
    /// How many things.
    pub items: u64,
    /// The time of the oldest.
    pub oldest_at_s: Option<u64>,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "ill")]
pub enum Ill {
    /// The disk has no room.
    DiskFull,
    /// The disk failed; what the system said.
    DiskFailed {
        /// The system's words.
        said: String,
    },
    /// Something was repaired when the program started; what was done.
    Repaired {
        /// What was done.
        what: String,
    },
    /// The credential of this node has expired.
    CredentialExpired {
        /// Days ago.
        days: u64,
    },
    /// Private keys are sealed by nothing better than a file.
    KeysInFile,
    /// A thing has waited too long to leave.
    OutboxOld {
        /// Hours.
        hours: u64,
    },
}
