//! The counter's window: what a page may ask of the node, and what the node tells pages.
//!
//! A page never touches the node's state. It puts an [`Ask`] on a bounded queue and waits for
//! the reply that the ask carries; the type of the reply is the type of the answer, so no
//! answer can go to the wrong question. When something that a page may show has changed, the
//! node says so with a [`Change`]; whoever shows it asks again and sends what differs.
//!
//! A write is answered only once it is durable on this disk.

mod paper;
mod work;

use std::time::Duration;

pub use paper::{Arrange, PaperAsk};

use guichet_keys::{CaseTag, ServiceId, SubjectId};
use guichet_media::TicketId;
use guichet_sync::case::Version;
use serde::Serialize;
use tokio::sync::{broadcast, mpsc, oneshot};

use super::Lang;
use super::ids::FormId;
use super::view::{
    CallView, CaseView, DeskView, HomeView, LockNotice, Mode, ReceiptView, Sending, ServiceView,
    StatusView, TextView, UnlockView, VisitView, Words,
};
use crate::render::Kind;

pub use work::{CaseWork, Kept, NOTE_BYTES_MAX, Whereabouts};

/// How many asks may wait for the node.
pub const ASKS_MAX: usize = 256;
/// How many changes a slow page may miss before it looks at everything again.
pub const CHANGES_MAX: usize = 256;
/// How long a page waits for the node, in seconds.
pub const ANSWER_S_MAX: u64 = 30;
/// The largest document, in bytes.
pub const DOCUMENT_BYTES_MAX: usize = 32 << 20;
/// The largest offer of a page's media, in bytes.
pub const OFFER_BYTES_MAX: usize = 64 << 10;
/// The largest value of a field or message, in bytes.
pub const VALUE_BYTES_MAX: usize = 64 << 10;

/// Where the answer goes.
pub type Reply<T> = oneshot::Sender<Result<T, Refusal>>;

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
        /// Where.
        field: FieldPlace,
        /// As typed; empty to clear. The template decides.
        value: String,
        /// The language of the page it was typed into.
        lang: Lang,
        /// The version that the person had before them, if the page knows it: what others have
        /// put since stays beside the value.
        seen: Option<Version>,
        /// When it was typed, on the page's clock in milliseconds; a script tells none. What does not
        /// fit is then kept as it was typed, for the person to correct.
        typed_at_ms: Option<u64>,
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
        /// Where.
        field: FieldPlace,
        /// What has been typed so far; `None` when the field was left as it was.
        value: Option<String>,
        /// The version that the person has before them, if the page knows it.
        seen: Option<Version>,
        /// When it was typed, on the page's clock in milliseconds; a script tells none. Of two orders
        /// that overtook each other the older is passed over.
        typed_at_ms: Option<u64>,
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
        /// Taken; whether they are had is told by the kiosk, and then by [`Change::Call`].
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
        /// Its SDP offer (RFC 8829), at most [`OFFER_BYTES_MAX`].
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
    /// At most [`DOCUMENT_BYTES_MAX`].
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

/// Why the node does not do what was asked. Nothing has changed then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nothing of that name is here, or not for who asks.
    #[error("no such {0}")]
    NotFound(Thing),
    /// The page is of a version that is no more: the person is asked to look again.
    #[error("the page is out of date")]
    Stale,
    /// The value does not fit the field; says why, to the person.
    #[error("the value does not fit: {0}")]
    Invalid(Words),
    /// Somebody who is not the next is taken for a reason.
    #[error("it is not their turn: say why")]
    NotTheirTurn,
    /// What is to be done with a case needs more of it than has arrived here.
    #[error("the case has not arrived yet")]
    NotArrived,
    /// A colleague was first.
    #[error("{name} has already taken this person")]
    TakenBy {
        /// Their name.
        name: String,
    },
    /// The page's offer of media cannot be taken; says why, for a log.
    #[error("no call can be made with this page: {0}")]
    NoMedia(String),
    /// More than can be taken.
    #[error("too large: at most {bytes_max} bytes")]
    TooLarge {
        /// What can be taken.
        bytes_max: usize,
    },
    /// The file has no bytes.
    #[error("the file is empty")]
    EmptyFile,
    /// A file of a kind that cannot be shown there.
    #[error("a file of this kind is not taken: {0:?}")]
    WrongKind(Kind),
    /// The visit holds as much as it can.
    #[error("the visit is full")]
    Full,
    /// No more sheets can lie there: they are too many, or too large together.
    #[error("no room for more sheets: join those that are there first")]
    TrayFull,
    /// The printer does not take this kind of document.
    #[error("the printer does not take this kind of document")]
    NotPrintable,
    /// Something is written in the case: it cannot be given back any more.
    #[error("the case is not empty")]
    NotEmpty,
    /// No visit is open.
    #[error("no visit is open")]
    NoVisit,
    /// No vault is open on this station.
    #[error("the station is locked")]
    Locked,
    /// Not the passphrase; another try after the pause.
    #[error("not the passphrase")]
    WrongPassphrase {
        /// The pause before the next try, in seconds.
        pause_s: u64,
    },
    /// A passphrase is not judged now: another is, or the pause after a wrong one is not over.
    #[error("not judged: try again in {pause_s} s")]
    TryLater {
        /// When it may come again, in seconds.
        pause_s: u64,
    },
    /// No picture can be drawn of the page.
    #[error("no picture: {0}")]
    NoPicture(PictureTrouble),
    /// The disk has no room: nothing was saved, reading goes on.
    #[error("the disk is full")]
    DiskFull,
    /// The disk failed: nothing was saved.
    #[error("the disk failed")]
    DiskFailed,
    /// Whoever sits here waits or speaks already.
    #[error("a wait or a call is under way")]
    CallUnderWay,
    /// Too much at once; try again.
    #[error("the node is busy")]
    Busy,
    /// The node is stopping or does not answer.
    #[error("the node is stopping")]
    Stopping,
}

/// What can be looked for in vain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Thing {
    /// A page of this node.
    Page,
    /// A service.
    Service,
    /// A form template.
    Template,
    /// A case.
    Case,
    /// A form.
    Form,
    /// A field.
    Field,
    /// A document.
    Document,
    /// A sheet that is not yet joined to a case.
    Sheet,
    /// A printer.
    Printer,
    /// An adviser.
    Adviser,
    /// A call.
    Call,
    /// Somebody in the queue.
    Ticket,
}

impl std::fmt::Display for Thing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Page => "page",
            Self::Service => "service",
            Self::Template => "form template",
            Self::Case => "case",
            Self::Form => "form",
            Self::Field => "field",
            Self::Document => "document",
            Self::Sheet => "sheet",
            Self::Printer => "printer",
            Self::Adviser => "adviser",
            Self::Call => "call",
            Self::Ticket => "ticket",
        })
    }
}

/// Why a page has no picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PictureTrouble {
    /// Not a kind of document that can be drawn.
    Unsupported,
    /// A form that only the program it was made for can show.
    OtherProgram,
    /// Locked by a password.
    Encrypted,
    /// Truncated or broken.
    Damaged,
    /// Beyond the limits on pixels, pages, time or memory.
    TooBig,
    /// Not all of it has arrived.
    NotHereYet,
    /// The document has fewer pages.
    NoSuchPage,
}

impl std::fmt::Display for PictureTrouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Unsupported => "this kind of document cannot be drawn",
            Self::OtherProgram => "only the program that the form was made for can show it",
            Self::Encrypted => "the document is locked by a password",
            Self::Damaged => "the document is damaged",
            Self::TooBig => "the document is too big to draw",
            Self::NotHereYet => "the document has not arrived yet",
            Self::NoSuchPage => "the document has no such page",
        })
    }
}

/// Something that pages show is no longer as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The home page: services, line, an interrupted visit.
    Home,
    /// The visit: its cases, receipts, idle clock.
    Visit,
    /// The visit has ended: every page goes home.
    VisitEnded,
    /// A case.
    Case(CaseTag),
    /// The wait or the call of who sits here.
    Call,
    /// The desk: its list, or whether it is locked.
    Desk,
    /// Whether the desk locks itself soon.
    Locking,
    /// The line, and the state of the node.
    Status,
    /// How a call's line fares, about once a second.
    Measured,
}

/// The pages' side of the window; cheap to clone.
#[derive(Clone, Debug)]
pub struct Counter {
    asks: mpsc::Sender<Ask>,
    changes: broadcast::Sender<Change>,
}

impl Counter {
    /// A window, and the node's side of it.
    pub fn open() -> (Self, mpsc::Receiver<Ask>) {
        let (asks, asked) = mpsc::channel(ASKS_MAX);
        let (changes, _) = broadcast::channel(CHANGES_MAX);
        (Self { asks, changes }, asked)
    }

    /// Asks, and waits for the answer.
    ///
    /// `ask` builds the question around its reply: `counter.ask(Ask::Home)`, or
    /// `counter.ask(|reply| Ask::Case { case, reply })`.
    pub async fn ask<T>(&self, ask: impl FnOnce(Reply<T>) -> Ask) -> Result<T, Refusal> {
        let (reply, answer) = oneshot::channel();
        self.asks
            .try_send(ask(reply))
            .map_err(|refused| match refused {
                mpsc::error::TrySendError::Full(_) => Refusal::Busy,
                mpsc::error::TrySendError::Closed(_) => Refusal::Stopping,
            })?;
        match tokio::time::timeout(Duration::from_secs(ANSWER_S_MAX), answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(Refusal::Stopping),
            Err(_) => Err(Refusal::Busy),
        }
    }

    /// Tells every page that something has changed.
    pub fn tell(&self, change: Change) {
        let _nobody_is_watching = self.changes.send(change);
    }

    /// Every change from now on.
    pub fn watch(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_queue_refuses_and_a_closed_one_says_so() {
        let (counter, mut asked) = Counter::open();
        for _ in 0..ASKS_MAX {
            let (reply, _) = oneshot::channel();
            counter.asks.try_send(Ask::Home(reply)).expect("room");
        }
        assert_eq!(counter.ask(Ask::Home).await.err(), Some(Refusal::Busy));
        asked.close();
        while asked.recv().await.is_some() {}
        assert_eq!(counter.ask(Ask::Home).await.err(), Some(Refusal::Stopping));
    }
}
