//! Changes of others.

use std::collections::BTreeSet;

use guichet_keys::AuthorId;

use super::batch::{self, OPS_MAX};
use super::doc::{CaseDoc, guarded};
use super::scan::{self, Malformed};
use super::trial::Trial;
use super::{FieldRef, FormId};

/// Why a payload is refused; the document is unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadBatch {
    /// A format of another version.
    #[error("changes of version {0}, which this program does not know")]
    Version(u8),
    /// Not the bytes of a payload.
    #[error("the changes are damaged")]
    Encoding,
    /// Too many bytes.
    #[error("the changes are too large")]
    TooLarge,
    /// Too many operations together.
    #[error("the changes hold too many operations (at most {OPS_MAX})")]
    TooManyOps,
    /// One of them is not a change we take.
    #[error("{0}")]
    Malformed(#[from] Malformed),
    /// A change of somebody else than the author of the envelope.
    #[error("a change bears another author than its envelope")]
    WrongAuthor,
    /// Something it builds on is not there.
    #[error("a change builds on one that is not there")]
    MissingDependency,
    /// Another change has this place in the author's chain.
    #[error("the author has made another change in this place")]
    Fork,
    /// It does not build on the author's last change, or numbers its operations wrongly.
    #[error("a change does not follow on from what it builds on")]
    OutOfOrder,
    /// It refers to something it cannot have seen, or of another kind.
    #[error("a change refers to something that is not in its past")]
    UnknownReference,
    /// Automerge refused it.
    #[error("the document did not take a change")]
    Refused,
}

/// What applying a payload has touched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Touched {
    /// Forms that were opened.
    pub forms: BTreeSet<FormId>,
    /// Fields whose values or text were changed.
    pub fields: BTreeSet<FieldRef>,
}

impl CaseDoc {
    /// Applies the payload of an `edit` envelope of `author`, all of it or nothing.
    ///
    /// Changes that are there already are passed over. Nothing in the payload reaches automerge
    /// before the scanner has counted it, and a panic inside automerge is an error here.
    ///
    /// # Errors
    /// Why it is refused; the document is as it was.
    pub fn apply(&mut self, author: &AuthorId, payload: &[u8]) -> Result<Touched, BadBatch> {
        let chunks = batch::decode(payload)?;
        let mut changes = vec![];
        let mut ops = 0;
        for chunk in &chunks {
            let change = scan::scan(chunk)?;
            ops = change.ops.len().saturating_add(ops);
            if ops > OPS_MAX {
                return Err(BadBatch::TooManyOps);
            }
            if change.author() != *author {
                return Err(BadBatch::WrongAuthor);
            }
            changes.push((change, chunk));
        }
        let (state, added, touched) = guarded(|| {
            let mut trial = Trial::new(self.state.clone(), &self.history);
            for (change, chunk) in &changes {
                trial.apply(change, chunk)?;
            }
            Ok(trial.finish())
        })
        .unwrap_or(Err(BadBatch::Refused))?;
        self.state = state;
        self.history.extend(added);
        Ok(touched)
    }
}
