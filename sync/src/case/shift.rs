//! Where an edit of an older version of a text belongs in the newer one.
//!
//! A page edits the text it shows; meanwhile others have edited it too. Automerge could apply the
//! edit at the older version, but writes such a change under an actor of its own making, and a
//! change must bear its author's id. So the edit is moved instead: its insertion stays behind the
//! character it was typed after, and it deletes the characters that were meant and no others.

use std::ops::Range;

use automerge::{Patch, PatchAction};

/// An edit of a text; positions are UTF-16 code units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Splice {
    /// Where text is put in.
    pub(super) at: usize,
    /// What is deleted, in order, at or behind `at`.
    pub(super) deleted: Vec<Range<usize>>,
}

impl Splice {
    pub(super) fn new(at: usize, delete: usize) -> Self {
        let meant = std::iter::once(at..at.saturating_add(delete));
        let deleted = meant.filter(|range| !range.is_empty()).collect();
        Self { at, deleted }
    }

    /// Moves it past what has changed since.
    pub(super) fn moved(self, patches: &[Patch]) -> Self {
        patches
            .iter()
            .fold(self, |splice, patch| match &patch.action {
                PatchAction::SpliceText { index, value, .. } => {
                    splice.past_insertion(*index, value.make_string().encode_utf16().count())
                }
                PatchAction::DeleteSeq { index, length } => splice.past_deletion(*index, *length),
                PatchAction::PutMap { .. }
                | PatchAction::PutSeq { .. }
                | PatchAction::Insert { .. }
                | PatchAction::Increment { .. }
                | PatchAction::Conflict { .. }
                | PatchAction::DeleteMap { .. }
                | PatchAction::Mark { .. } => splice,
            })
    }

    fn past_insertion(self, index: usize, len: usize) -> Self {
        let at = if index < self.at {
            self.at.saturating_add(len)
        } else {
            self.at
        };
        let deleted = self
            .deleted
            .into_iter()
            .flat_map(|Range { start, end }| {
                let split = index.clamp(start, end);
                [
                    start..split,
                    split.saturating_add(len)..end.saturating_add(len),
                ]
            })
            .filter(|range| !range.is_empty())
            .collect();
        Self { at, deleted }
    }

    fn past_deletion(self, index: usize, len: usize) -> Self {
        let shift = |at: usize| at.saturating_sub(at.saturating_sub(index).min(len));
        Self {
            at: shift(self.at),
            deleted: self
                .deleted
                .into_iter()
                .map(|range| shift(range.start)..shift(range.end))
                .filter(|range| !range.is_empty())
                .collect(),
        }
    }
}
