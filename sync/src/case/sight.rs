//! What the author of a change had in sight, operation by operation.
//!
//! An operation replaces only what stood in its own place when it was written, and a character is
//! put in behind, or deleted, where it stood in that text. Automerge does not ask: it would drop
//! what does not fit, or panic, or keep a document that it cannot save.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use automerge::{Automerge, ChangeHash, ObjId, ObjType, ReadDoc as _};

use super::doc::actor;
use super::scan::{Action, Change, Key, Op, OpId};

pub(super) struct Sight<'a> {
    automerge: &'a Automerge,
    change: &'a Change<'a>,
    deps: Vec<ChangeHash>,
    kinds: BTreeMap<OpId, Option<ObjType>>,
    /// The values under each key.
    values: BTreeMap<(Option<OpId>, &'a str), BTreeSet<OpId>>,
    /// The characters of each text.
    characters: BTreeMap<OpId, HashSet<OpId>>,
}

impl<'a> Sight<'a> {
    pub(super) fn new(automerge: &'a Automerge, change: &'a Change<'a>) -> Self {
        Self {
            automerge,
            change,
            deps: change.deps.iter().copied().map(ChangeHash).collect(),
            kinds: BTreeMap::new(),
            values: BTreeMap::new(),
            characters: BTreeMap::new(),
        }
    }

    /// Whether all operations fit what was in sight.
    pub(super) fn fits(mut self) -> bool {
        let first = self.change.start_op;
        self.change.ops.iter().zip(first..).all(|(op, counter)| {
            let id = OpId { counter, actor: 0 };
            match (op.key, op.object) {
                (Key::Name(key), object) => {
                    self.kind(object) == Some(ObjType::Map) && self.put(id, op, object, key)
                }
                (key, Some(text)) => {
                    self.kind(op.object) == Some(ObjType::Text) && self.edit(id, op, text, key)
                }
                (Key::Head | Key::Element(_), None) => false,
            }
        })
    }

    fn put(&mut self, id: OpId, op: &Op<'_>, object: Option<OpId>, key: &'a str) -> bool {
        let (automerge, change, deps) = (self.automerge, self.change, &self.deps);
        let values = self.values.entry((object, key)).or_insert_with(|| {
            let object = object.map_or(ObjId::Root, |object| object_id(change, object));
            let values = automerge.get_all_at(object, key, deps).unwrap_or_default();
            values
                .iter()
                .filter_map(|(_, id)| op_id(change, id))
                .collect()
        });
        let replaced = op.replaces.iter().all(|other| values.remove(other));
        if op.action != Action::Delete {
            values.insert(id);
        }
        replaced
    }

    fn edit(&mut self, id: OpId, op: &Op<'_>, text: OpId, key: Key<'_>) -> bool {
        let (automerge, change, deps) = (self.automerge, self.change, &self.deps);
        let characters = self.characters.entry(text).or_insert_with(|| {
            let characters = automerge.list_range_at(object_id(change, text), .., deps);
            characters
                .filter_map(|character| op_id(change, &character.id()))
                .collect()
        });
        match (op.action, key) {
            (Action::Insert, Key::Head) => characters.insert(id),
            (Action::Insert, Key::Element(before)) => {
                characters.contains(&before) && characters.insert(id)
            }
            (Action::Delete, Key::Element(character)) => {
                op.replaces == [character] && characters.remove(&character)
            }
            _ => false,
        }
    }

    fn kind(&mut self, object: Option<OpId>) -> Option<ObjType> {
        let Some(object) = object else {
            return Some(ObjType::Map);
        };
        let (automerge, change) = (self.automerge, self.change);
        *self
            .kinds
            .entry(object)
            .or_insert_with(|| match own(change, object) {
                Some(op) => match op.action {
                    Action::MakeMap => Some(ObjType::Map),
                    Action::MakeText => Some(ObjType::Text),
                    Action::Put | Action::Insert | Action::Delete => None,
                },
                None => automerge.object_type(object_id(change, object)).ok(),
            })
    }
}

/// Automerge's name of an object.
pub(super) fn object_id(change: &Change<'_>, id: OpId) -> ObjId {
    ObjId::Id(id.counter, actor(change.actors[id.actor]), 0)
}

/// The name in the change of an operation; none if the change does not name its author.
fn op_id(change: &Change<'_>, id: &ObjId) -> Option<OpId> {
    let ObjId::Id(counter, author, _) = id else {
        return None;
    };
    let mut actors = change.actors.iter();
    let actor = actors.position(|other| other.as_bytes() == author.to_bytes())?;
    Some(OpId {
        counter: *counter,
        actor,
    })
}

/// The operation of that name, if it is one of the change itself.
fn own<'c, 'a>(change: &'c Change<'a>, id: OpId) -> Option<&'c Op<'a>> {
    if id.actor != 0 {
        return None;
    }
    let row = id.counter.checked_sub(change.start_op)?;
    change.ops.get(usize::try_from(row).ok()?)
}
