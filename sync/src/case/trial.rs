//! Changes are tried on a copy of the document, which takes its place only if all went well.
//!
//! A change from outside has passed the scanner; here it is held against the document. It must be
//! its author's next, build on the author's last, number its operations on from what it has seen,
//! and refer to nothing but operations it has seen, in objects of the right kind. What automerge
//! does with a change then depends on that change and its past alone.

use std::collections::BTreeMap;

use automerge::{Automerge, ChangeHash, ObjId, Prop, ReadDoc as _};
use guichet_keys::AuthorId;

use super::doc::{FIELDS, FORM_PREFIX};
use super::history::{Added, Clock, History, Seen};
use super::incoming::{BadBatch, Touched};
use super::scan::{Change, Key, Op, OpId};
use super::sight::{Sight, object_id};
use super::{FieldRef, FormId};

/// The part of a document that a trial copies.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) automerge: Automerge,
    /// The last change of each author.
    pub(super) tips: BTreeMap<AuthorId, Tip>,
    /// The last operation on each text area, and whose it is.
    pub(super) texts: BTreeMap<FieldRef, (u64, AuthorId)>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Tip {
    pub(super) hash: [u8; 32],
    pub(super) seq: u64,
    pub(super) max_op: u64,
}

pub(super) struct Trial<'a> {
    pub(super) state: State,
    history: &'a History,
    added: Added,
    pub(super) touched: Touched,
}

/// What an object is to a case.
enum Place {
    Form(FormId),
    Fields(FormId),
    Text(FieldRef),
    Elsewhere,
}

impl<'a> Trial<'a> {
    pub(super) fn new(state: State, history: &'a History) -> Self {
        Self {
            state,
            history,
            added: vec![],
            touched: Touched::default(),
        }
    }

    pub(super) fn finish(self) -> (State, Added, Touched) {
        (self.state, self.added, self.touched)
    }

    /// Applies a change that has passed the scanner.
    pub(super) fn apply(&mut self, change: &Change<'_>, chunk: &[u8]) -> Result<(), BadBatch> {
        if self.history.seen(&self.added, &change.hash).is_some() {
            return Ok(());
        }
        let past = self.check(change)?;
        let parsed = automerge::Change::try_from(chunk).map_err(|_| BadBatch::Refused)?;
        self.state
            .automerge
            .apply_changes([parsed])
            .map_err(|_| BadBatch::Refused)?;
        // Automerge keeps operations, not bytes: what it would hand on must be what came.
        let kept = self
            .state
            .automerge
            .get_change_by_hash(&ChangeHash(change.hash));
        if kept.is_none_or(|kept| kept.raw_bytes() != chunk) {
            return Err(BadBatch::Refused);
        }
        self.enter(change, past);
        Ok(())
    }

    /// Notes a change that automerge has.
    pub(super) fn enter(&mut self, change: &Change<'_>, past: Clock) {
        let author = change.author();
        let max_op = change.max_op();
        let before = self.state.tips.get(&author);
        let before = before.and_then(|tip| self.history.seen(&self.added, &tip.hash));
        let seen = Seen::new(change, past, before);
        self.added.push((change.hash, seen));
        self.state.tips.insert(
            author,
            Tip {
                hash: change.hash,
                seq: change.seq,
                max_op,
            },
        );
        self.touch(change);
    }

    /// What a change has seen, if all it depends on is there.
    pub(super) fn past(&self, change: &Change<'_>) -> Result<Clock, BadBatch> {
        self.history
            .past(&self.added, &change.deps)
            .ok_or(BadBatch::MissingDependency)
    }

    fn check(&self, change: &Change<'_>) -> Result<Clock, BadBatch> {
        let past = self.past(change)?;
        let author = change.author();
        let (seq, max_op) = self
            .state
            .tips
            .get(&author)
            .map_or((0, 0), |tip| (tip.seq, tip.max_op));
        if change.seq <= seq {
            return Err(BadBatch::Fork);
        }
        if change.seq > seq.saturating_add(1) {
            return Err(BadBatch::MissingDependency);
        }
        if past.get(&author).copied().unwrap_or(0) != max_op {
            return Err(BadBatch::OutOfOrder);
        }
        let after = past.values().max().map_or(1, |last| last.saturating_add(1));
        if change.start_op != after {
            return Err(BadBatch::OutOfOrder);
        }
        // Every operation referred to is in the past, and where the change says it is.
        let seen = |id: OpId| {
            let own = id.actor == 0 && id.counter >= change.start_op;
            own || past
                .get(&change.actors[id.actor])
                .is_some_and(|last| id.counter <= *last)
        };
        let known = change
            .actors
            .iter()
            .skip(1)
            .all(|other| past.contains_key(other));
        let mut references = change.ops.iter().flat_map(Op::references);
        if known && references.all(seen) && Sight::new(&self.state.automerge, change).fits() {
            Ok(past)
        } else {
            Err(BadBatch::UnknownReference)
        }
    }

    /// Notes which forms and fields a change has touched, and who edited a text last.
    fn touch(&mut self, change: &Change<'_>) {
        let mut places: BTreeMap<OpId, Place> = BTreeMap::new();
        for (row, op) in change.ops.iter().enumerate() {
            let Some(object) = op.object else {
                let form = match op.key {
                    Key::Name(key) => form_of(key),
                    Key::Head | Key::Element(_) => None,
                };
                self.touched.forms.extend(form);
                continue;
            };
            let place = places
                .entry(object)
                .or_insert_with(|| self.state.place(&object_id(change, object)));
            match (place, op.key) {
                (Place::Form(form), _) => {
                    self.touched.forms.insert(*form);
                }
                (Place::Fields(form), Key::Name(name)) => {
                    self.touched.fields.insert(FieldRef::new(*form, name));
                }
                (Place::Text(field), _) => {
                    let counter = change.start_op.saturating_add(row as u64);
                    let edit = (counter, change.author());
                    let last = self.state.texts.entry(field.clone()).or_insert(edit);
                    *last = edit.max(*last);
                    self.touched.fields.insert(field.clone());
                }
                (Place::Fields(_) | Place::Elsewhere, _) => {}
            }
        }
    }
}

impl State {
    fn place(&self, object: &ObjId) -> Place {
        let Ok(parents) = self.automerge.parents(object) else {
            return Place::Elsewhere;
        };
        let path: Vec<Prop> = parents.map(|parent| parent.prop).collect();
        let mut names = path.iter().rev().map(|prop| match prop {
            Prop::Map(name) => name.as_str(),
            Prop::Seq(_) => "",
        });
        let Some(form) = names.next().and_then(form_of) else {
            return Place::Elsewhere;
        };
        match (names.next(), names.next(), names.next()) {
            (None, _, _) => Place::Form(form),
            (Some(FIELDS), None, _) => Place::Fields(form),
            (Some(FIELDS), Some(name), None) => Place::Text(FieldRef::new(form, name)),
            _ => Place::Elsewhere,
        }
    }
}

fn form_of(key: &str) -> Option<FormId> {
    key.strip_prefix(FORM_PREFIX)?.parse().ok()
}
