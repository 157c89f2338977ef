//! Edits of one's own.

use automerge::transaction::{CommitOptions, Transactable as _, Transaction};
use automerge::{AutomergeError, ObjId, ObjType, ROOT, ReadDoc as _};

use super::batch::Batch;
use super::doc::{CaseDoc, FIELDS, TEMPLATE, Version, form_key, guarded};
use super::history::Added;
use super::scan;
use super::shift::Splice;
use super::trial::{State, Trial};
use super::{FieldRef, FormId, NAME_BYTES_MAX, PAYLOAD_BYTES_MAX, VALUE_BYTES_MAX, Value};

/// Characters put in or deleted by one change; a longer edit becomes several changes.
const STEP_LEN: usize = 5_000;

/// Why an edit of one's own is refused; the document is unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// There is no such form.
    #[error("the case has no such form")]
    NoForm,
    /// The form is there already.
    #[error("the case has this form already")]
    FormExists,
    /// The field is a text area, or is none.
    #[error("the field is of another kind")]
    OtherKind,
    /// The name of a field or template is empty or too long.
    #[error("a name has 1 to {NAME_BYTES_MAX} bytes")]
    BadName,
    /// The value, or the text area with it, would be too long.
    #[error("a value has at most {VALUE_BYTES_MAX} bytes")]
    TooLong,
    /// The version is none of this document's.
    #[error("the text was edited from a version this document does not have")]
    UnknownVersion,
    /// A position outside the text, or within a character of two code units.
    #[error("the edit lies outside the text")]
    OutOfRange,
    /// The document did not take the edit.
    #[error("the document did not take the edit")]
    Refused,
}

impl CaseDoc {
    /// Opens a form: its template's name, and an empty text for each text area.
    ///
    /// # Errors
    /// A form of that name is there; a name is too long.
    pub fn open_form(
        &mut self,
        form: FormId,
        template: &str,
        text_areas: &[&str],
        at_s: i64,
    ) -> Result<Batch, EditError> {
        if !text_areas
            .iter()
            .chain([&template])
            .all(|name| is_name(name))
        {
            return Err(EditError::BadName);
        }
        if self.form(form).is_some() {
            return Err(EditError::FormExists);
        }
        self.edit(
            at_s,
            [|doc: &mut Transaction<'_>| {
                let map = doc.put_object(ROOT, form_key(form), ObjType::Map)?;
                doc.put(&map, TEMPLATE, template)?;
                let fields = doc.put_object(&map, FIELDS, ObjType::Map)?;
                for name in text_areas {
                    doc.put_object(&fields, *name, ObjType::Text)?;
                }
                Ok(())
            }],
        )
    }

    /// Puts a value into a register, in place of all the values this document holds there.
    ///
    /// The batch is empty if the register already holds this value and no other.
    ///
    /// # Errors
    /// No such form, a text area, a bad name, a value that is too long.
    pub fn set(&mut self, field: &FieldRef, value: &Value, at_s: i64) -> Result<Batch, EditError> {
        let fields = self.register_place(field, value)?;
        let present = self.items(&fields, &field.name).len();
        self.edit(
            at_s,
            [|doc: &mut Transaction<'_>| {
                if present > 1 {
                    // Automerge would keep the author of the value chosen, not of the choice.
                    doc.delete(&fields, field.name.as_str())?;
                }
                doc.put(&fields, field.name.as_str(), value.to_scalar())
            }],
        )
    }

    /// The map that a register stands in, if this value can be put there.
    pub(super) fn register_place(
        &self,
        field: &FieldRef,
        value: &Value,
    ) -> Result<ObjId, EditError> {
        if !is_name(&field.name) {
            return Err(EditError::BadName);
        }
        if value
            .as_str()
            .is_some_and(|text| text.len() > VALUE_BYTES_MAX)
        {
            return Err(EditError::TooLong);
        }
        let fields = self.fields_of(field.form).ok_or(EditError::NoForm)?;
        if self.text_object(field).is_some() {
            return Err(EditError::OtherKind);
        }
        Ok(fields)
    }

    /// Edits a text area: at `at`, in the text as it was at `base`, deletes `delete` UTF-16 code
    /// units and puts `insert` in their place.
    ///
    /// What others have put in since is never cut: the insertion goes behind the character it
    /// was typed after, and only characters that stood there at `base` are deleted.
    ///
    /// # Errors
    /// No such form or text area, an unknown version, a position outside the text, a text that
    /// would become too long.
    pub fn splice(
        &mut self,
        field: &FieldRef,
        base: &Version,
        at: usize,
        delete: usize,
        insert: &str,
        at_s: i64,
    ) -> Result<Batch, EditError> {
        self.form(field.form).ok_or(EditError::NoForm)?;
        let text = self.text_object(field).ok_or(EditError::OtherKind)?;
        if insert.len() > VALUE_BYTES_MAX {
            return Err(EditError::TooLong);
        }
        let splice = self.place(field, &text, base, at, delete)?;
        let now = self.text_of(&text);
        let left = now.len().saturating_sub(cut_len(&now, &splice));
        if left.saturating_add(insert.len()) > VALUE_BYTES_MAX {
            return Err(EditError::TooLong);
        }
        let writes = steps(&now, &splice, insert).into_iter().map(|change| {
            let text = &text;
            move |doc: &mut Transaction<'_>| {
                change.iter().try_for_each(|step| {
                    doc.splice_text(text, step.at, step.delete as isize, step.insert)
                })
            }
        });
        self.edit(at_s, writes)
    }

    /// Makes changes of one's own, on a copy that replaces the document if all went well.
    fn edit<W>(
        &mut self,
        at_s: i64,
        writes: impl IntoIterator<Item = W>,
    ) -> Result<Batch, EditError>
    where
        W: FnOnce(&mut Transaction<'_>) -> Result<(), AutomergeError>,
    {
        let (state, added, batch) = guarded(|| {
            let mut trial = Trial::new(self.state.clone(), &self.history);
            let mut batch = Batch::default();
            for write in writes {
                let mut transaction = trial.state.automerge.transaction();
                write(&mut transaction).ok()?;
                let options = CommitOptions::default().with_time(at_s);
                let (Some(hash), _) = transaction.commit_with(options) else {
                    continue;
                };
                let chunk = trial
                    .state
                    .automerge
                    .get_change_by_hash(&hash)?
                    .raw_bytes()
                    .to_vec();
                let change = scan::scan(&chunk).ok()?;
                let past = trial.past(&change).ok()?;
                trial.enter(&change, past);
                let ops = change.ops.len();
                batch.push(chunk, ops);
            }
            let (state, added, _) = trial.finish();
            Some((state, added, batch))
        })
        .flatten()
        .ok_or(EditError::Refused)?;
        self.take(state, added, batch)
    }

    /// What was made on the copy takes the document's place, if it fits into envelopes.
    pub(super) fn take(
        &mut self,
        state: State,
        added: Added,
        batch: Batch,
    ) -> Result<Batch, EditError> {
        if batch
            .encode()
            .iter()
            .any(|payload| payload.len() > PAYLOAD_BYTES_MAX)
        {
            return Err(EditError::TooLong);
        }
        self.state = state;
        self.history.extend(added);
        Ok(batch)
    }

    /// Where an edit based on `base` belongs now.
    fn place(
        &self,
        field: &FieldRef,
        text: &ObjId,
        base: &Version,
        at: usize,
        delete: usize,
    ) -> Result<Splice, EditError> {
        let heads = self.state.automerge.get_heads();
        let shown = self.text_at(field, base).ok_or(EditError::UnknownVersion)?;
        let end = at.checked_add(delete).ok_or(EditError::OutOfRange)?;
        if byte_at(&shown, at).is_none() || byte_at(&shown, end).is_none() {
            return Err(EditError::OutOfRange);
        }
        let splice = Splice::new(at, delete);
        if base.0 == heads {
            return Ok(splice);
        }
        let patches = self
            .state
            .automerge
            .diff_obj(text, &base.0, &heads, false)
            .map_err(|_| EditError::UnknownVersion)?;
        Ok(splice.moved(&patches))
    }
}

fn is_name(name: &str) -> bool {
    (1..=NAME_BYTES_MAX).contains(&name.len())
}

/// The byte at which a code unit begins; none within a character or behind the end.
fn byte_at(text: &str, unit: usize) -> Option<usize> {
    let mut units = 0_usize;
    for (byte, char) in text.char_indices() {
        if units >= unit {
            return (units == unit).then_some(byte);
        }
        units = units.saturating_add(char.len_utf16());
    }
    (units == unit).then_some(text.len())
}

/// How many bytes of a text an edit deletes.
fn cut_len(text: &str, splice: &Splice) -> usize {
    let bytes = |unit| byte_at(text, unit).unwrap_or(text.len());
    splice
        .deleted
        .iter()
        .map(|range| bytes(range.end).saturating_sub(bytes(range.start)))
        .sum()
}

/// One call of automerge's splice.
struct Step<'a> {
    at: usize,
    delete: usize,
    insert: &'a str,
}

/// An edit as changes of at most [`STEP_LEN`] operations: what is deleted, from behind, and then
/// what is put in.
fn steps<'a>(text: &str, splice: &Splice, insert: &'a str) -> Vec<Vec<Step<'a>>> {
    let bytes = |unit| byte_at(text, unit).unwrap_or(text.len());
    let deletions = splice.deleted.iter().rev().flat_map(|range| {
        let cut = &text[bytes(range.start)..bytes(range.end)];
        pieces(cut).map(|(_, len, _)| Step {
            at: range.start,
            delete: len,
            insert: "",
        })
    });
    let insertions = pieces(insert).map(|(at, _, insert)| Step {
        at: splice.at.saturating_add(at),
        delete: 0,
        insert,
    });
    let mut changes: Vec<Vec<Step<'a>>> = vec![];
    let mut room = 0;
    for step in deletions.chain(insertions) {
        let ops = step.delete.saturating_add(step.insert.len());
        match changes.last_mut() {
            Some(change) if ops <= room => change.push(step),
            _ => {
                room = STEP_LEN;
                changes.push(vec![step]);
            }
        }
        room = room.saturating_sub(ops);
    }
    changes
}

/// Cuts a text into pieces of at most [`STEP_LEN`] code units: where each begins, its length, itself.
fn pieces(text: &str) -> impl Iterator<Item = (usize, usize, &str)> {
    let mut rest = text;
    let mut at = 0_usize;
    std::iter::from_fn(move || {
        let end = byte_at(rest, STEP_LEN).or_else(|| byte_at(rest, STEP_LEN - 1));
        let (piece, tail) = rest.split_at(end.unwrap_or(rest.len()));
        let len = piece.encode_utf16().count();
        let begin = at;
        rest = tail;
        at = at.saturating_add(len);
        (len > 0).then_some((begin, len, piece))
    })
}
