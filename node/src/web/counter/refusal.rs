//! Why the node does not do what a page asked.

use serde::Serialize;

use crate::render::Kind;
use crate::web::view::Words;

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
