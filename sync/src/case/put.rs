//! A value put by somebody who did not see all that stands in the register.
//!
//! Automerge's own put replaces every value the document holds. Who types into a page has seen
//! the values of the page's version only; what others have put since must stay beside the new
//! value. The change cannot be made at that older version: it must follow its author's last
//! change, which may have seen the newer values already. So it is made now, and its operation
//! says that it replaces the values that were seen: what an operation replaces is its own to
//! say, as long as all of it is in its past.

use std::num::NonZeroU64;

use automerge::legacy::{Key, ObjectId, Op, OpId, OpType};
use automerge::{Change, ExpandedChange, ObjId, ReadDoc as _};

use super::batch::Batch;
use super::doc::{CaseDoc, Version, actor, guarded, name};
use super::edit::EditError;
use super::scan;
use super::trial::Trial;
use super::{FieldRef, Value};

impl CaseDoc {
    /// Puts a value into a register, in place of the values that were there at `seen` and of
    /// this author's own; what others have put since stays beside it until a person chooses.
    ///
    /// The batch is empty if the register already holds this value and no other.
    ///
    /// # Errors
    /// As [`set`](Self::set); a version that this document does not have.
    pub fn set_seen(
        &mut self,
        field: &FieldRef,
        value: &Value,
        seen: &Version,
        at_s: i64,
    ) -> Result<Batch, EditError> {
        let fields = self.register_place(field, value)?;
        let present = self.items(&fields, &field.name);
        let shown = self.ids_at(&fields, &field.name, seen)?;
        let replaces = |id: &ObjId| {
            shown.contains(id) || name(id).is_some_and(|(_, author)| author == self.author())
        };
        if present.iter().all(|(_, id)| replaces(id)) {
            return self.set(field, value, at_s);
        }
        let holds = |(item, _): &(automerge::Value<'_>, ObjId)| matches!(item, automerge::Value::Scalar(scalar) if Value::from_scalar(scalar) == *value);
        if present.iter().all(holds) {
            return Ok(Batch::default());
        }
        let replaced = present.iter().map(|(_, id)| id).filter(|id| replaces(id));
        let op = Op {
            action: OpType::Put(value.to_scalar()),
            obj: op_id(&fields).map_or(ObjectId::Root, ObjectId::Id),
            key: Key::Map(field.name.as_str().into()),
            pred: replaced.filter_map(op_id).collect(),
            insert: false,
        };
        self.write(op, at_s)
    }

    /// The names of the values that stood in a register at a version.
    fn ids_at(&self, fields: &ObjId, name: &str, seen: &Version) -> Result<Vec<ObjId>, EditError> {
        let automerge = &self.state.automerge;
        if !automerge.get_missing_deps(&seen.0).is_empty() {
            return Err(EditError::UnknownVersion);
        }
        let at = automerge.get_all_at(fields, name, &seen.0);
        let items = at.map_err(|_| EditError::UnknownVersion)?;
        Ok(items.into_iter().map(|(_, id)| id).collect())
    }

    /// Makes a change of one operation, on a copy that replaces the document if all went well.
    fn write(&mut self, op: Op, at_s: i64) -> Result<Batch, EditError> {
        let author = self.author();
        let (state, added, batch) = guarded(|| {
            let mut trial = Trial::new(self.state.clone(), &self.history);
            let heads = trial.state.automerge.get_heads();
            let past = self
                .history
                .past(&vec![], heads.iter().map(|head| &head.0))?;
            let last = past.values().max().copied().unwrap_or(0);
            let tip = trial.state.tips.get(&author);
            let change = Change::from(ExpandedChange {
                operations: vec![op],
                actor_id: actor(author),
                hash: None,
                seq: tip.map_or(0, |tip| tip.seq).checked_add(1)?,
                start_op: NonZeroU64::new(last.checked_add(1)?)?,
                time: at_s,
                message: None,
                deps: heads,
                extra_bytes: vec![],
                author: None,
            });
            let chunk = change.raw_bytes().to_vec();
            let scanned = scan::scan(&chunk).ok()?;
            trial.apply(&scanned, &chunk).ok()?;
            let mut batch = Batch::default();
            batch.push(chunk.clone(), scanned.ops.len());
            let (state, added, _) = trial.finish();
            Some((state, added, batch))
        })
        .flatten()
        .ok_or(EditError::Refused)?;
        self.take(state, added, batch)
    }
}

fn op_id(id: &ObjId) -> Option<OpId> {
    match id {
        ObjId::Root => None,
        ObjId::Id(counter, actor, _) => Some(OpId::new(*counter, actor)),
    }
}
