//! What each change has seen.
//!
//! A change may only refer to operations in its own past, else two replicas that received the
//! same changes in different orders would end up with different documents. So for each change we
//! keep its clock: of every author, the last operation that is in its past. An author's
//! operations are numbered upwards along the author's own chain, so an operation is in the past
//! exactly when its counter is at most the clock's.

use std::collections::BTreeMap;
use std::sync::Arc;

use guichet_keys::AuthorId;

/// Of every author, the counter of the last operation seen.
pub(super) type Clock = BTreeMap<AuthorId, u64>;

/// The clocks of all changes of a document, by their hash.
#[derive(Debug, Clone, Default)]
pub(super) struct History {
    changes: BTreeMap<[u8; 32], Seen>,
}

/// What one change has seen, itself included; the other authors' part is shared along a chain.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    author: AuthorId,
    max_op: u64,
    others: Arc<Clock>,
}

impl Seen {
    /// Of a change with this past, whose last operation is `max_op`.
    pub(super) fn new(
        author: AuthorId,
        max_op: u64,
        mut past: Clock,
        before: Option<&Seen>,
    ) -> Self {
        past.remove(&author);
        let others = match before {
            Some(before) if *before.others == past => before.others.clone(),
            _ => Arc::new(past),
        };
        Self {
            author,
            max_op,
            others,
        }
    }

    fn raise(&self, clock: &mut Clock) {
        let own = std::iter::once((&self.author, &self.max_op));
        for (&author, &max_op) in self.others.iter().chain(own) {
            let last = clock.entry(author).or_default();
            *last = max_op.max(*last);
        }
    }
}

/// Changes in order, not yet part of the history.
pub(super) type Added = Vec<([u8; 32], Seen)>;

impl History {
    pub(super) fn extend(&mut self, added: Added) {
        self.changes.extend(added);
    }

    pub(super) fn seen<'a>(&'a self, added: &'a Added, hash: &[u8; 32]) -> Option<&'a Seen> {
        let recent = added.iter().rev().find(|(other, _)| other == hash);
        recent
            .map(|(_, seen)| seen)
            .or_else(|| self.changes.get(hash))
    }

    /// What a change has seen that depends on these; none if one of them is unknown.
    pub(super) fn past<'a>(
        &self,
        added: &Added,
        deps: impl IntoIterator<Item = &'a [u8; 32]>,
    ) -> Option<Clock> {
        let mut clock = Clock::new();
        for hash in deps {
            self.seen(added, hash)?.raise(&mut clock);
        }
        Some(clock)
    }
}
