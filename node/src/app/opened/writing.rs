//! What is written into an open case: values, texts and acts, each sealed at once.

use std::sync::Arc;

use guichet_keys::Salt;
use guichet_sync::case::{
    Act, BadAct, EditError, FieldRef, IdentityChecked, JournalEntry, JournalEvent, Message, Value,
    WriteError,
};
use guichet_sync::envelope::Envelope;

use super::OpenCase;
use crate::app::shown::story;
use crate::services::values::{self, Reader};
use crate::services::{FieldDef, Typed};
use crate::web::counter::{FieldPlace, Put, Refusal, Splice, Thing, VALUE_BYTES_MAX};
use crate::web::ids::FormId;
use crate::web::view::{IdentityWay, TextView};
use crate::{clock, entropy};

impl OpenCase {
    /// Begins an empty form of the service.
    pub fn start_form(&mut self, form: FormId, template: &str) -> Result<Vec<Envelope>, Refusal> {
        let service = Arc::clone(&self.service);
        let areas = service
            .form(template)
            .ok_or(Refusal::NotFound(Thing::Template))?
            .text_areas();
        let form = guichet_sync::case::FormId::from(*form.as_bytes());
        self.edit(|doc| doc.open_form(form, template, &areas, now_s()))
    }

    /// Puts a value into a register, if it fits the template. What others have put since the
    /// version seen stays beside it.
    pub fn set(&mut self, put: &Put) -> Result<Vec<Envelope>, Refusal> {
        let field = field_ref(&put.field);
        let reader = Reader {
            lang: put.lang,
            today: self.service.today(clock::local_s()),
        };
        let def = self.field(&field, false)?;
        let value = match def.check(&put.value, &reader).map_err(Refusal::Invalid)? {
            Typed::Empty => Value::Null,
            Typed::Text(text) => Value::Text(text),
            Typed::Code(code) => Value::Code(code),
            Typed::Number(number) => Value::Number(number),
        };
        self.edit(|doc| match &put.seen {
            Some(seen) => doc.set_seen(&field, &value, seen, now_s()),
            None => doc.set(&field, &value, now_s()),
        })
    }

    /// A field of the template, if it is of this kind.
    pub(super) fn field(&self, field: &FieldRef, area: bool) -> Result<&FieldDef, Refusal> {
        let template = self.log.doc().template(field.form);
        let template = template.ok_or(Refusal::NotFound(Thing::Form))?;
        let template = self.service.form(&template);
        template
            .and_then(|template| template.field(&field.name))
            .filter(|def| def.is_area() == area)
            .ok_or(Refusal::NotFound(Thing::Field))
    }

    /// Changes a text area; gives the text as it stands then. Every text that enters one passes
    /// here, and leaves behind what is no part of a text.
    pub fn splice(
        &mut self,
        place: &FieldPlace,
        splice: &Splice,
    ) -> Result<(Vec<Envelope>, TextView), Refusal> {
        let field = field_ref(place);
        let insert = values::lines(&splice.insert);
        self.check_room(&field, splice.delete, &insert)?;
        let envelopes = self.edit(|doc| {
            doc.splice(
                &field,
                &splice.version,
                splice.at,
                splice.delete,
                &insert,
                now_s(),
            )
        })?;
        let text = self
            .log
            .doc()
            .text(&field)
            .ok_or(Refusal::NotFound(Thing::Field))?;
        let view = TextView {
            text: values::shown(&text.text).into_owned(),
            version: text.version.to_string(),
            seq: self.seq,
            by: None,
            at_s: None,
        };
        Ok((envelopes, view))
    }

    /// Whether an area may take this text; else how long it may become. What shortens it may
    /// always be done.
    fn check_room(&self, field: &FieldRef, deleted: usize, insert: &str) -> Result<(), Refusal> {
        let def = self.field(field, true)?;
        let put = insert.chars().count();
        if put <= deleted {
            return Ok(());
        }
        let held = self.log.doc().text(field);
        let held = held.map_or(0, |held| held.text.chars().count());
        def.check_length((held + put).saturating_sub(deleted))
            .map_err(Refusal::Invalid)
    }

    /// Writes a message.
    pub fn say(&mut self, text: String, lang: String) -> Result<Envelope, Refusal> {
        self.act(Act::Message(Message {
            at_ms: clock::wall_ms(),
            text: values::lines(&text),
            lang,
        }))
    }

    /// Writes down why somebody was taken out of the queue before their turn.
    pub fn note_out_of_turn(&mut self, reason: String) -> Result<Envelope, Refusal> {
        self.enter(JournalEvent::TAKEN_OUT_OF_TURN, clock::wall_ms(), reason)
    }

    /// Writes a note for colleagues.
    pub fn note(&mut self, text: String) -> Result<Envelope, Refusal> {
        self.enter(JournalEvent::NOTE, clock::wall_ms(), text)
    }

    /// Writes down how it was made sure who the citizen is. They read that it was; a remark is
    /// for the service alone.
    pub fn check_identity(
        &mut self,
        way: IdentityWay,
        remark: Option<String>,
    ) -> Result<Vec<Envelope>, Refusal> {
        let at_ms = clock::wall_ms();
        let mut envelopes = Vec::new();
        if let Some(remark) = remark {
            envelopes.push(self.enter(JournalEvent::IDENTITY_REMARK, at_ms, remark)?);
        }
        let way = story::recorded(way);
        envelopes.push(self.act(Act::IdentityChecked(IdentityChecked { at_ms, way }))?);
        Ok(envelopes)
    }

    fn enter(
        &mut self,
        event: JournalEvent,
        at_ms: u64,
        text: String,
    ) -> Result<Envelope, Refusal> {
        let text = values::lines(&text);
        self.act(Act::JournalEntry(JournalEntry { at_ms, event, text }))
    }

    fn edit(
        &mut self,
        make: impl FnOnce(
            &mut guichet_sync::case::CaseDoc,
        ) -> Result<guichet_sync::case::Batch, EditError>,
    ) -> Result<Vec<Envelope>, Refusal> {
        self.seq += 1;
        self.log
            .edit(&mut || Salt::from(entropy::bytes()), make)
            .map_err(|error| match error {
                WriteError::NoWriter | WriteError::NoKey => Refusal::Locked,
                WriteError::Envelope(_) => Refusal::TooLarge {
                    bytes_max: VALUE_BYTES_MAX,
                },
                WriteError::Edit(EditError::NoForm) => Refusal::NotFound(Thing::Form),
                WriteError::Edit(EditError::TooLong) => Refusal::TooLarge {
                    bytes_max: VALUE_BYTES_MAX,
                },
                WriteError::Edit(EditError::UnknownVersion | EditError::OutOfRange) => {
                    Refusal::Stale
                }
                WriteError::Edit(
                    EditError::FormExists
                    | EditError::OtherKind
                    | EditError::BadName
                    | EditError::Refused,
                ) => Refusal::NotFound(Thing::Field),
            })
    }

    /// Writes an act.
    pub(super) fn act(&mut self, act: Act) -> Result<Envelope, Refusal> {
        self.seq += 1;
        let written = self.log.act(Salt::from(entropy::bytes()), self.class, act);
        written.map_err(|error: WriteError<BadAct>| match error {
            WriteError::NoWriter | WriteError::NoKey => Refusal::Locked,
            WriteError::Envelope(_) | WriteError::Edit(_) => Refusal::TooLarge {
                bytes_max: VALUE_BYTES_MAX,
            },
        })
    }
}

/// The field of the document that a page names.
pub(super) fn field_ref(place: &FieldPlace) -> FieldRef {
    FieldRef::new(
        guichet_sync::case::FormId::from(*place.form.as_bytes()),
        place.name.clone(),
    )
}

fn now_s() -> i64 {
    i64::try_from(clock::wall_s()).unwrap_or(i64::MAX)
}
