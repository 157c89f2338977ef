//! The document of a case: forms, fields, and who wrote what.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::str::FromStr;

use automerge::{
    ActorId, Automerge, ChangeHash, LoadOptions, ObjId, ObjType, ROOT, ReadDoc as _, TextEncoding,
    Value as Item,
};
use guichet_keys::AuthorId;

use super::history::History;
use super::scan;
use super::trial::{State, Trial};
use super::{CANDIDATES_MAX, Candidate, FieldRef, FormId, Value};

pub(super) const FORM_PREFIX: &str = "form:";
pub(super) const TEMPLATE: &str = "template";
pub(super) const FIELDS: &str = "fields";
/// Heads a version may have.
const HEADS_MAX: usize = 256;

/// Why a saved document cannot be loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the saved document is damaged")]
pub struct LoadError;

/// A version of the document, opaque to those who hold it as text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub(super) Vec<ChangeHash>);

/// A text that names no version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not the version of a document")]
pub struct BadVersion;

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, head) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str(".")?;
            }
            write!(f, "{head}")?;
        }
        Ok(())
    }
}

impl FromStr for Version {
    type Err = BadVersion;

    fn from_str(text: &str) -> Result<Self, BadVersion> {
        if text.len() > HEADS_MAX * 65 {
            return Err(BadVersion);
        }
        if text.is_empty() {
            return Ok(Self(vec![]));
        }
        text.split('.')
            .map(|head| head.parse().map_err(|_| BadVersion))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// A text area as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextView {
    /// The text.
    pub text: String,
    /// The version that a splice of this text is based on.
    pub version: Version,
    /// Who edited it last, and when on their clock; nobody yet, if it was never edited.
    pub last: Option<Written>,
}

/// Who wrote something, and when on their clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Who.
    pub author: AuthorId,
    /// When: Unix seconds.
    pub at_s: u64,
}

/// The shared document of a case, as one replica has it.
#[derive(Debug, Clone)]
pub struct CaseDoc {
    author: AuthorId,
    pub(super) state: State,
    pub(super) history: History,
}

impl CaseDoc {
    /// An empty document whose own changes are `author`'s.
    pub fn new(author: AuthorId) -> Self {
        let automerge =
            Automerge::new_with_encoding(TextEncoding::Utf16CodeUnit).with_actor(actor(author));
        Self::with(author, automerge)
    }

    /// The forms, in the order in which they were opened.
    pub fn forms(&self) -> Vec<FormId> {
        let mut forms: Vec<_> = self
            .state
            .automerge
            .keys(ROOT)
            .filter_map(|key| key.strip_prefix(FORM_PREFIX)?.parse().ok())
            .filter_map(|form| Some((self.form(form)?, form)))
            .collect();
        forms.sort();
        forms.into_iter().map(|(_, form)| form).collect()
    }

    /// The name of a form's template.
    pub fn template(&self, form: FormId) -> Option<String> {
        match self.state.automerge.get(self.form(form)?, TEMPLATE) {
            Ok(Some((item, _))) => item.into_string().ok(),
            _ => None,
        }
    }

    /// Who opened a form, and when.
    pub fn opened(&self, form: FormId) -> Option<Written> {
        let (counter, author) = name(&self.form(form)?)?;
        let at_s = self.written_at_s(&author, counter);
        Some(Written { author, at_s })
    }

    /// The names of the fields of a form that hold something, and of its text areas.
    pub fn fields(&self, form: FormId) -> Vec<String> {
        self.fields_of(form)
            .map(|fields| self.state.automerge.keys(fields).collect())
            .unwrap_or_default()
    }

    /// The values of a register; several if they were put at the same time, the last one last.
    ///
    /// Equal values count once. Of very many, the last [`CANDIDATES_MAX`] are given.
    pub fn register(&self, field: &FieldRef) -> Vec<Candidate> {
        let Some(fields) = self.fields_of(field.form) else {
            return vec![];
        };
        let mut candidates: Vec<Candidate> = vec![];
        for (item, id) in self.items(&fields, &field.name).iter().rev() {
            let (Item::Scalar(scalar), Some((counter, author))) = (item, name(id)) else {
                continue;
            };
            let value = Value::from_scalar(scalar);
            if candidates.iter().all(|candidate| candidate.value != value) {
                candidates.push(Candidate {
                    value,
                    author,
                    at_s: self.written_at_s(&author, counter),
                    op: format!("{counter}@{author}"),
                });
            }
            if candidates.len() == CANDIDATES_MAX {
                break;
            }
        }
        candidates.reverse();
        candidates
    }

    /// A text area with the version it is read at.
    pub fn text(&self, field: &FieldRef) -> Option<TextView> {
        let text = self.text_object(field)?;
        Some(TextView {
            text: self.text_of(&text),
            version: self.version(),
            last: self
                .state
                .texts
                .get(field)
                .map(|&(counter, author)| Written {
                    author,
                    at_s: self.written_at_s(&author, counter),
                }),
        })
    }

    /// A text area as it was at a version; none if it, or the version, is unknown.
    pub fn text_at(&self, field: &FieldRef, version: &Version) -> Option<String> {
        let text = self.text_object(field)?;
        if !self.state.automerge.get_missing_deps(&version.0).is_empty() {
            return None;
        }
        self.state.automerge.text_at(&text, &version.0).ok()
    }

    /// The document's present version.
    pub fn version(&self) -> Version {
        Version(self.state.automerge.get_heads())
    }

    /// The authors on whose last changes an edit made now would build directly.
    ///
    /// Everything else in the document is in the past of these.
    pub fn frontier(&self) -> Vec<AuthorId> {
        let heads = self.state.automerge.get_heads();
        let tips = self.state.tips.iter();
        tips.filter(|(_, tip)| heads.contains(&ChangeHash(tip.hash)))
            .map(|(&author, _)| author)
            .collect()
    }

    /// Everything in the document, concurrent values with their authors included, one line each,
    /// in an order that depends on nothing else: equal documents give equal text.
    pub fn plain(&self) -> String {
        let mut lines = vec![];
        self.dump(&ROOT, "", &mut lines);
        for (field, (counter, author)) in &self.state.texts {
            lines.push(format!("{field} edited by {counter}@{author}"));
        }
        lines.join("\n")
    }

    /// The whole document as bytes; used to check that it reads back the same, never stored.
    pub fn save(&self) -> Vec<u8> {
        self.state.automerge.save()
    }

    /// Reads back what [`save`](Self::save) gave, from one's own memory only.
    ///
    /// # Errors
    /// The bytes are no document.
    pub fn load(author: AuthorId, saved: &[u8]) -> Result<Self, LoadError> {
        let options = LoadOptions::new().text_encoding(TextEncoding::Utf16CodeUnit);
        let automerge = guarded(|| Automerge::load_with_options(saved, options))
            .and_then(Result::ok)
            .ok_or(LoadError)?
            .with_actor(actor(author));
        let changes = automerge.get_changes(&[]);
        let mut doc = Self::with(author, automerge);
        let mut trial = Trial::new(doc.state.clone(), &doc.history);
        for change in &changes {
            let change = scan::scan(change.raw_bytes()).map_err(|_| LoadError)?;
            let past = trial.past(&change).map_err(|_| LoadError)?;
            trial.enter(&change, past);
        }
        let (state, added, _) = trial.finish();
        doc.state = state;
        doc.history.extend(added);
        Ok(doc)
    }

    fn written_at_s(&self, author: &AuthorId, counter: u64) -> u64 {
        self.history.written_at_s(author, counter).unwrap_or(0)
    }

    pub(super) fn form(&self, form: FormId) -> Option<ObjId> {
        self.object(&ROOT, &form_key(form), ObjType::Map)
    }

    pub(super) fn fields_of(&self, form: FormId) -> Option<ObjId> {
        self.object(&self.form(form)?, FIELDS, ObjType::Map)
    }

    pub(super) fn text_object(&self, field: &FieldRef) -> Option<ObjId> {
        self.object(&self.fields_of(field.form)?, &field.name, ObjType::Text)
    }

    pub(super) fn object(&self, parent: &ObjId, key: &str, kind: ObjType) -> Option<ObjId> {
        match self.state.automerge.get(parent, key) {
            Ok(Some((item, id))) if item.to_objtype() == Some(kind) => Some(id),
            _ => None,
        }
    }

    pub(super) fn items(&self, object: &ObjId, key: &str) -> Vec<(Item<'static>, ObjId)> {
        let items = self
            .state
            .automerge
            .get_all(object, key)
            .unwrap_or_default();
        items
            .into_iter()
            .map(|(item, id)| (item.into_owned(), id))
            .collect()
    }

    pub(super) fn text_of(&self, text: &ObjId) -> String {
        self.state.automerge.text(text).unwrap_or_default()
    }

    fn dump(&self, object: &ObjId, path: &str, lines: &mut Vec<String>) {
        for key in self.state.automerge.keys(object) {
            let path = format!("{path}/{key}");
            for (item, id) in self.items(object, &key) {
                let op = name(&id).map(|(counter, author)| format!("{counter}@{author}"));
                let op = op.unwrap_or_default();
                match item {
                    Item::Object(ObjType::Text) => {
                        lines.push(format!("{path} {op} text {:?}", self.text_of(&id)));
                    }
                    Item::Object(_) => {
                        lines.push(format!("{path} {op}"));
                        self.dump(&id, &path, lines);
                    }
                    Item::Scalar(scalar) => {
                        lines.push(format!("{path} {op} {:?}", Value::from_scalar(&scalar)));
                    }
                }
            }
        }
    }

    /// Whose changes this replica makes.
    pub fn author(&self) -> AuthorId {
        self.author
    }

    fn with(author: AuthorId, automerge: Automerge) -> Self {
        let state = State {
            automerge,
            tips: BTreeMap::new(),
            texts: BTreeMap::new(),
        };
        Self {
            author,
            state,
            history: History::default(),
        }
    }
}

/// Runs what may panic inside automerge; `None` if it did.
///
/// The panic's message may hold what people typed. It is dropped here, but the program's panic
/// hook sees it first: that hook must print the place of a panic and never its message.
pub(super) fn guarded<T>(run: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(run)).ok()
}

pub(super) fn actor(author: AuthorId) -> ActorId {
    ActorId::from(author.as_bytes().as_slice())
}

/// The counter and author of an operation.
pub(super) fn name(id: &ObjId) -> Option<(u64, AuthorId)> {
    match id {
        ObjId::Root => None,
        ObjId::Id(counter, actor, _) => {
            Some((*counter, AuthorId::try_from(actor.to_bytes()).ok()?))
        }
    }
}

pub(super) fn form_key(form: FormId) -> String {
    format!("{FORM_PREFIX}{form}")
}

#[cfg(test)]
mod tests {
    use super::guarded;

    #[test]
    fn a_panic_is_no_end() {
        assert_eq!(guarded(|| 1), Some(1));
        assert_eq!(guarded(|| std::hint::black_box(vec![0; 1])[7]), None);
    }
}
