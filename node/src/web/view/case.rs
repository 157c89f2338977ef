//! A case and all that stands in it.

use serde::{Deserialize, Serialize};

use super::{
    CallView, CaseBrief, EventView, IdentityView, ItemState, Line, NoteView, PrintingView, Reach,
    Reader, Reception, VisitState, Words,
};
use crate::web::ids::{DocumentId, FormId};

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
    /// One whose name has not come yet. Never another is named in their place.
    Somebody,
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
    /// On a kiosk, whether an adviser could be spoken with now.
    pub reception: Reception,
    /// Grows with every change of the case that this node has applied since it started.
    pub seq: u64,
    /// Now.
    pub at_s: u64,
    /// When it was opened.
    pub opened_at_s: u64,
    /// Where it was opened.
    pub place: String,
    /// The person's name, if the form has it; never on a kiosk.
    pub person: Option<String>,
    /// The name of the adviser at this page; never on a kiosk.
    pub adviser: Option<String>,
    /// Which advisers have it open, whoever looks left out.
    pub readers: Vec<Reader>,
    /// How it was last made sure who the person is.
    pub identity: Option<IdentityView>,
    /// The wait or call of who sits here.
    pub call: CallView,
    /// At the desk, since when nobody hears the kiosk at which somebody has it open.
    pub kiosk_cut_since_s: Option<u64>,
    /// How many sealed things of it are on this disk alone.
    pub unsent: usize,
    /// How far the least of all items has come; nothing while the case holds nothing.
    #[serde(flatten)]
    pub state: Option<ItemState>,
    /// Its forms.
    pub forms: Vec<FormView>,
    /// Its documents, oldest first.
    pub documents: Vec<DocumentView>,
    /// Its messages, oldest first.
    pub messages: Vec<MessageView>,
    /// The printer of this node.
    pub printing: PrintingView,
    /// The service's notes, oldest first; never on a kiosk.
    pub notes: Vec<NoteView>,
    /// All that happened, oldest first; never on a kiosk.
    pub timeline: Vec<EventView>,
    /// On a kiosk, the visit's cases and its idle clock.
    pub visit: VisitState,
    /// What is typed here as a message and not sent.
    pub unsent_message: String,
    /// What is typed here as a note and not sent; never on a kiosk.
    pub unsent_note: String,
    /// What is typed here as a remark on an identity and not sent; never on a kiosk.
    pub unsent_remark: String,
    /// What is typed here as the reason for taking the person out of turn; shown at the desk.
    #[serde(skip)]
    pub unsent_reason: String,
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
        /// What the person at this page has typed here and is not put yet.
        typed: Option<TypedHere>,
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
    /// When, on their clock.
    pub at_s: u64,
    /// Whether the field takes such a value: what other nodes put may be anything.
    pub fits: bool,
}

/// What the person at this page has typed and is not put yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TypedHere {
    /// As typed.
    pub value: String,
    /// The version that they had before them.
    pub seen: String,
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
    /// When, on their clock.
    pub at_s: Option<u64>,
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
    /// Its pages as they were added: one for a file, whatever it has inside.
    pub pages: Vec<PageView>,
}

/// One page of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PageView {
    /// Quarter turns clockwise until it stands upright; pictures of it do already.
    pub turns: u8,
    /// Whether its preview is on this disk.
    pub preview: bool,
    /// How much of it is on this disk.
    #[serde(flatten)]
    pub arrival: Arrival,
}

impl Arrival {
    /// So much has come, in hundredths.
    pub fn of(percent: u8) -> Self {
        match percent {
            100.. => Self::Here,
            _ => Self::Coming { percent },
        }
    }

    /// In hundredths.
    pub fn percent(self) -> u8 {
        match self {
            Self::Here => 100,
            Self::Coming { percent } => percent,
        }
    }
}

/// How much of a document or of a page is on this disk.
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
