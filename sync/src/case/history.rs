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

use super::scan::Change;

/// Of every author, the counter of the last operation seen.
pub(super) type Clock = BTreeMap<AuthorId, u64>;

/// The clocks of all changes of a document, by their hash.
#[derive(Debug, Clone, Default)]
pub(super) struct History {
    changes: BTreeMap<[u8; 32], Seen>,
    /// Of every author, when each change was made, by the counter of its last operation.
    times: BTreeMap<AuthorId, BTreeMap<u64, u64>>,
}

/// What one change has seen, itself included; the other authors' part is shared along a chain.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    author: AuthorId,
    max_op: u64,
    at_s: u64,
    others: Arc<Clock>,
}

impl Seen {
    /// Of a change with this past; `before` is the one before it in its author's chain.
    pub(super) fn new(change: &Change<'_>, mut past: Clock, before: Option<&Seen>) -> Self {
        let author = change.author();
        past.remove(&author);
        let others = match before {
            Some(before) if *before.others == past => before.others.clone(),
            _ => Arc::new(past),
        };
        Self {
            author,
            max_op: change.max_op(),
            at_s: change.at_s,
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
        for (_, seen) in &added {
            let times = self.times.entry(seen.author).or_default();
            times.insert(seen.max_op, seen.at_s);
        }
        self.changes.extend(added);
    }

    /// When an operation was written, on the clock of its author: Unix seconds.
    pub(super) fn written_at_s(&self, author: &AuthorId, counter: u64) -> Option<u64> {
        let mut from = self.times.get(author)?.range(counter..);
        from.next().map(|(_, at_s)| *at_s)
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
