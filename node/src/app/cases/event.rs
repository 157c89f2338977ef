//! What a worker tells the node of the cases that it holds.

use std::time::Duration;

use guichet_keys::{AuthorId, CaseTag, SubjectId};
use guichet_sync::page::PageId;
use guichet_sync::replica::Thing;
use guichet_sync::store::StoreError;

use crate::app::calls::Wished;
use crate::app::disk::Done;
use crate::app::opened::{SealedPaper, SealedUnsent, Sent};
use crate::app::readers::Word;
use crate::web::counter::{Refusal, Reply};
use crate::web::ids::DocumentId;

/// What a worker tells the node.
pub enum CaseEvent {
    /// These things are to be made durable, in this order.
    Written {
        /// In which case.
        case: CaseTag,
        /// What.
        things: Vec<Thing>,
        /// Called once they are, or were refused.
        done: Done,
    },
    /// The pages of a document are durable.
    PagesStored {
        /// In which case.
        case: CaseTag,
        /// What was sealed.
        sealed: Box<SealedPaper>,
        /// Who waits for it.
        reply: Reply<DocumentId>,
    },
    /// A sealed draft or presence for whoever follows the case.
    Typed(CaseTag, Vec<u8>),
    /// What this person has begun in a case and not sent; nothing if it is all sent.
    Unsent(CaseTag, SubjectId, Option<SealedUnsent>),
    /// What was sent was not saved.
    NotSaved(CaseTag, Box<Sent>),
    /// The case of a wish is durable, or is not.
    Left(Box<Wished>, Result<(), Refusal>),
    /// Somebody elsewhere has the case open.
    Read(CaseTag, Word),
    /// The case reads otherwise now.
    Changed(CaseTag),
    /// Something stored does not read.
    Unreadable(StoreError),
    /// What the disk gives for a page of a document is not the page.
    PageDamaged(PageId),
    /// So many things of a case have no effect: some do not open, others lost a fork or wait.
    SetAside {
        /// Which case.
        case: CaseTag,
        /// How many do not open.
        unreadable: u64,
        /// How many others.
        aside: u64,
    },
    /// What this node's writer wrote lost a fork: it needs another author.
    NeedsWriter(CaseTag),
    /// What this author wrote took so long to take in.
    Worked(AuthorId, Duration),
}
