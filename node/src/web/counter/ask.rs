//! What a page may ask of the node.

use guichet_keys::{CaseTag, ServiceId, SubjectId};
use guichet_media::TicketId;
use guichet_sync::case::Version;

use super::{CaseWork, PaperAsk, Reply};
use crate::web::Lang;
use crate::web::ids::FormId;
use crate::web::view::{
    CallView, CaseView, DeskView, HomeView, LockNotice, Mode, ReceiptView, Sending, ServiceView,
    StatusView, TextView, UnlockView, VisitView,
};

/// A question or an order of a page to the node.
#[derive(Debug)]
pub enum Ask {
    /// The kiosk's home.
    Home(Reply<HomeView>),
    /// A service's page of information.
    Service {
        /// Which one.
        service: ServiceId,
        /// Its page.
        reply: Reply<ServiceView>,
    },
    /// Opens a case (and a visit, if none is open) with one empty form.
    StartCase {
        /// For which service.
        service: ServiceId,
        /// From which of its templates.
        template: String,
        /// The new case.
        reply: Reply<CaseTag>,
    },
    /// The visit that is open.
    Visit(Reply<VisitView>),
    /// How far everything of the visit has come.
    Receipt(Reply<ReceiptView>),
    /// The citizen ends the visit: answered once keys and wrap are destroyed.
    EndVisit(Reply<()>),
    /// Gives back a case of the visit in which nothing is written.
    GiveBack {
        /// Which one.
        case: CaseTag,
        /// Gone.
        reply: Reply<()>,
    },
    /// What is typed as a message on a kiosk and not sent; it goes with the visit.
    MessageTyped {
        /// In which case.
        case: CaseTag,
        /// What; empty once it is thrown away.
        text: String,
        /// Kept.
        reply: Reply<()>,
    },
    /// Whoever sits here is still there: the idle clock of the visit or the desk starts again.
    StillHere(Reply<()>),
    /// The notice of an interrupted visit has been read.
    InterruptionRead(Reply<()>),
    /// A case of the visit, or of the adviser's services.
    Case {
        /// Which one.
        case: CaseTag,
        /// What stands in it.
        reply: Reply<CaseView>,
    },
    /// Puts a value into a register.
    SetField {
        /// Which, and where.
        put: Put,
        /// Saved.
        reply: Reply<()>,
    },
    /// Changes a text area.
    Splice {
        /// Where.
        field: FieldPlace,
        /// What to change.
        splice: Splice,
        /// The text as it stands now, others' changes included.
        reply: Reply<TextView>,
    },
    /// What is being typed into a register and is not yet its value; never stored.
    Draft {
        /// What, and where.
        typing: Typing,
        /// Passed on, or dropped.
        reply: Reply<()>,
    },
    /// A message.
    Say {
        /// In which case.
        case: CaseTag,
        /// What.
        text: String,
        /// The language of the writer's page, as a BCP 47 tag.
        lang: &'static str,
        /// Saved.
        reply: Reply<()>,
    },
    /// About the papers of a case: documents, sheets, the printer.
    Paper(CaseTag, PaperAsk),
    /// What only an adviser does in a case.
    Work(CaseWork),
    /// Who may unlock this station.
    Advisers(Reply<UnlockView>),
    /// Opens an adviser's vault.
    Unlock {
        /// Whose.
        adviser: SubjectId,
        /// As typed.
        passphrase: Passphrase,
        /// Open.
        reply: Reply<()>,
    },
    /// Closes the vault that is open.
    Lock(Reply<()>),
    /// Whether the desk locks itself soon.
    Locking(Reply<Option<LockNotice>>),
    /// The cases of the unlocked adviser's services.
    Desk {
        /// Only those that these words are found in.
        search: Option<String>,
        /// The desk.
        reply: Reply<DeskView>,
    },
    /// The wait or call of who sits here.
    Call(Reply<CallView>),
    /// The citizen wishes to speak with an adviser about a case of the visit.
    JoinQueue {
        /// Which case.
        case: CaseTag,
        /// The language wanted, as a BCP 47 tag.
        lang: String,
        /// How the citizen wishes to speak.
        mode: Mode,
        /// In the queue.
        reply: Reply<()>,
    },
    /// The citizen answers the adviser who calls.
    AnswerCall(Reply<()>),
    /// Kiosk: the citizen leaves the queue or hangs up. Station: the adviser hangs up.
    LeaveCall(Reply<()>),
    /// The adviser takes somebody out of the queue.
    TakeTicket {
        /// Whom.
        ticket: TicketId,
        /// Why, where it is not their turn.
        reason: Option<String>,
        /// Taken; whether they are had is told by the kiosk, and then by [`Change::Call`](super::Change::Call).
        reply: Reply<()>,
    },
    /// The adviser hands the call over to the colleague at another station.
    PassCall {
        /// Which station.
        station: SubjectId,
        /// Asked.
        reply: Reply<()>,
    },
    /// The adviser wishes to be called, or not.
    Attend {
        /// Whether they are there for people.
        here: bool,
        /// Told.
        reply: Reply<()>,
    },
    /// A page of this node is open; asked again at least every 10 s while it is.
    PageOpen(Reply<()>),
    /// A page offers the media of its call.
    OfferMedia {
        /// Names the page's connection: a number it has drawn.
        page: u64,
        /// Its SDP offer (RFC 8829), at most [`OFFER_BYTES_MAX`](super::OFFER_BYTES_MAX).
        sdp: String,
        /// The answer.
        reply: Reply<String>,
    },
    /// What leaves from here in a call: microphone and camera.
    SendMedia {
        /// Which of the two.
        sending: Sending,
        /// Done: what is off does not leave this node, whatever a page sends it.
        reply: Reply<()>,
    },
    /// The state of this node.
    Status(Reply<StatusView>),
}

/// A field of a form of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldPlace {
    /// The case.
    pub case: CaseTag,
    /// The form in it.
    pub form: FormId,
    /// The field's name in the template.
    pub name: String,
}

/// A value that is put into a register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Put {
    /// Where.
    pub field: FieldPlace,
    /// As typed; empty to clear. The template decides.
    pub value: String,
    /// The language of the page it was typed into.
    pub lang: Lang,
    /// The version that the person had before them, if the page knows it: what others have put
    /// since stays beside the value.
    pub seen: Option<Version>,
    /// When it was typed, on the page's clock in milliseconds; a script tells none. What does not
    /// fit is then kept as it was typed, for the person to correct.
    pub typed_at_ms: Option<u64>,
}

/// What is being typed into a register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typing {
    /// Where.
    pub field: FieldPlace,
    /// What has been typed so far; `None` when the field was left as it was.
    pub value: Option<String>,
    /// The version that the person has before them, if the page knows it.
    pub seen: Option<Version>,
    /// When it was typed, on the page's clock in milliseconds; a script tells none. Of two orders
    /// that overtook each other the older is passed over.
    pub typed_at_ms: Option<u64>,
}

impl From<Put> for Typing {
    fn from(put: Put) -> Self {
        let Put {
            field,
            value,
            lang: _,
            seen,
            typed_at_ms,
        } = put;
        Self {
            field,
            value: Some(value),
            seen,
            typed_at_ms,
        }
    }
}

/// One change of a text: at `at`, `delete` goes and `insert` comes; in UTF-16 code units,
/// against the text of `version`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Splice {
    /// The version that the page held.
    pub version: Version,
    /// Where.
    pub at: usize,
    /// How much goes.
    pub delete: usize,
    /// What comes.
    pub insert: String,
}

/// A document as it comes and goes.
#[derive(Clone, PartialEq, Eq)]
pub struct Upload {
    /// A file name without path or control characters.
    pub name: String,
    /// Told by the first bytes, never by the sender.
    pub media_type: String,
    /// At most [`DOCUMENT_BYTES_MAX`](super::DOCUMENT_BYTES_MAX).
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Upload({}, {} bytes)", self.media_type, self.bytes.len())
    }
}

/// A passphrase on its way to the vault; wiped when dropped, never printed.
pub struct Passphrase(zeroize::Zeroizing<String>);

impl Passphrase {
    /// Takes what was typed.
    pub fn new(typed: String) -> Self {
        Self(zeroize::Zeroizing::new(typed))
    }

    /// What was typed.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passphrase")
    }
}
