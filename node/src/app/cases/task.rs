//! What a worker is asked to do with one case.

use std::sync::Arc;

use guichet_sync::case::Writer;
use guichet_sync::envelope::Envelope;
use guichet_sync::store::Location;
use guichet_sync::wire::What;
use tokio::sync::oneshot;

use super::{Ending, answer};
use crate::app::disk::Done;
use crate::app::opened::{Opening, Paper, SealedPaper, Sent};
use crate::app::shown::Context;
use crate::render::Drawing;
use crate::web::counter::{
    FieldPlace, Kept, Put, Refusal, Reply, Splice, Thing as Lost, Typing, Upload, Whereabouts,
};
use crate::web::ids::{DocumentId, FormId};
use crate::web::view::{CaseView, IdentityWay, TextView};

/// What a worker is asked to do with one case.
pub enum Task {
    /// Open it.
    Open(Box<Opening>),
    /// Close it, forget its keys, and let go of who waits for that.
    Close(Option<Arc<Ending>>),
    /// Take in an envelope or manifest that is durable at this place.
    Insert(What, Location),
    /// Begin an empty form.
    StartForm {
        /// Its name.
        form: FormId,
        /// From which template.
        template: String,
        /// Called once it is durable.
        done: Done,
    },
    /// Put a value into a register, as typed: the template judges it.
    SetField {
        /// Which, and where.
        put: Put,
        /// Called once it is durable.
        done: Done,
    },
    /// Change a text area.
    Splice {
        /// Where.
        field: FieldPlace,
        /// How.
        splice: Splice,
        /// Gets the text as it stands, once the change is durable.
        reply: Reply<TextView>,
    },
    /// Somebody here is typing.
    Draft {
        /// What, and where.
        typing: Typing,
        /// Kept here, and passed on.
        reply: Reply<()>,
    },
    /// Somebody here writes a text and has not sent it.
    Keep {
        /// Which.
        what: Kept,
        /// What they have written so far.
        text: String,
        /// When it was typed, on the page's clock.
        typed_at_ms: Option<u64>,
        /// Kept.
        reply: Reply<()>,
    },
    /// What was sent was not saved: it is begun again.
    Restore(Box<Sent>),
    /// Somebody elsewhere is typing, or has the case open.
    DraftReceived(Vec<u8>),
    /// A message.
    Say {
        /// What.
        text: String,
        /// In which language.
        lang: String,
        /// Called once it is durable.
        done: Done,
    },
    /// The adviser notes something for the service.
    Note {
        /// What.
        text: String,
        /// Called once it is durable.
        done: Done,
    },
    /// The adviser has made sure who the citizen is.
    CheckIdentity {
        /// How.
        way: IdentityWay,
        /// What the service alone reads about it.
        remark: Option<String>,
        /// Called once it is durable.
        done: Done,
    },
    /// The adviser has the case open.
    Read(Whereabouts),
    /// The adviser took somebody out of turn: the reason stays in the case.
    TookOutOfTurn {
        /// In their words.
        reason: String,
        /// Called once it is durable.
        done: Done,
    },
    /// A document.
    AddDocument {
        /// Its sheets and name.
        paper: Paper,
        /// Gets its name once it is durable.
        reply: Reply<DocumentId>,
    },
    /// The pages of a document are durable: say that it is there.
    Attach {
        /// What was sealed.
        sealed: Box<SealedPaper>,
        /// Gets its name once it is durable.
        reply: Reply<DocumentId>,
    },
    /// The exact bytes of a document.
    Document {
        /// Which one.
        document: DocumentId,
        /// Gets them.
        reply: Reply<Upload>,
    },
    /// The exact bytes of one sheet of a document.
    Sheet {
        /// Which document.
        document: DocumentId,
        /// Which sheet, from 1.
        number: u32,
        /// Gets them.
        reply: Reply<Upload>,
    },
    /// What is to be drawn for a picture of a document, and how.
    Picture {
        /// Which document.
        document: DocumentId,
        /// What is asked for.
        drawing: Drawing,
        /// Gets it.
        reply: Reply<(Vec<u8>, Drawing)>,
    },
    /// What there is to show.
    View {
        /// What the case itself does not know.
        context: Box<Context>,
        /// Gets it.
        reply: oneshot::Sender<Result<CaseView, Refusal>>,
    },
    /// The disk did not take these envelopes.
    Withdraw(Vec<Envelope>),
    /// From now on this author writes here.
    SetWriter(Box<Writer>),
}

impl Task {
    /// Answers who waits for it: the case is not open.
    pub(super) fn refuse(self) {
        let lost = Refusal::NotFound(Lost::Case);
        match self {
            Self::StartForm { done, .. }
            | Self::SetField { done, .. }
            | Self::Say { done, .. }
            | Self::Note { done, .. }
            | Self::CheckIdentity { done, .. }
            | Self::TookOutOfTurn { done, .. } => done(Err(lost)),
            Self::Splice { reply, .. } => answer(reply, Err(lost)),
            Self::AddDocument { reply, .. } | Self::Attach { reply, .. } => {
                answer(reply, Err(lost))
            }
            Self::Document { reply, .. } | Self::Sheet { reply, .. } => answer(reply, Err(lost)),
            Self::Picture { reply, .. } => answer(reply, Err(lost)),
            Self::View { reply, .. } => answer(reply, Err(lost)),
            Self::Draft { reply, .. } | Self::Keep { reply, .. } => answer(reply, Err(lost)),
            Self::Open(_)
            | Self::Close(_)
            | Self::Insert(..)
            | Self::Restore(_)
            | Self::Read(_)
            | Self::DraftReceived(_)
            | Self::SetWriter(_)
            | Self::Withdraw(_) => {}
        }
    }
}
