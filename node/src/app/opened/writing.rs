//! What is written into an open case: values, texts and acts, each sealed at once.

use std::sync::Arc;

use guichet_keys::Salt;
use guichet_sync::case::{
    Act, BadAct, EditError, FieldRef, IdentityChecked, JournalEntry, JournalEvent, Message, Value,
    Version, WriteError,
};
use guichet_sync::envelope::Envelope;

use super::OpenCase;
use crate::app::shown::story;
use crate::services::Typed;
use crate::web::counter::{FieldPlace, Refusal, Splice, Thing, VALUE_BYTES_MAX};
use crate::web::ids::FormId;
use crate::web::view::{IdentityWay, TextView, Words};
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

    /// Puts a value into a register, if it fits the template.
    pub fn set(&mut self, place: &FieldPlace, typed: &str) -> Result<Vec<Envelope>, Refusal> {
        let field = field_ref(place);
        let template = self
            .log
            .doc()
            .template(field.form)
            .ok_or(Refusal::NotFound(Thing::Form))?;
        let def = self
            .service
            .form(&template)
            .and_then(|template| template.field(&field.name));
        let def = def
            .filter(|def| !def.is_area())
            .ok_or(Refusal::NotFound(Thing::Field))?;
        let value = match def.check(typed).map_err(Refusal::Invalid)? {
            Typed::Empty => Value::Null,
            Typed::Text(text) => Value::Text(text),
            Typed::Code(code) => Value::Code(code),
            Typed::Number(number) => Value::Number(number),
        };
        self.edit(|doc| doc.set(&field, &value, now_s()))
    }

    /// Changes a text area; gives the text as it stands then.
    pub fn splice(
        &mut self,
        place: &FieldPlace,
        splice: &Splice,
    ) -> Result<(Vec<Envelope>, TextView), Refusal> {
        let field = field_ref(place);
        let base: Version = splice.version.parse().map_err(|_| stale())?;
        let envelopes = self.edit(|doc| {
            doc.splice(
                &field,
                &base,
                splice.at,
                splice.delete,
                &splice.insert,
                now_s(),
            )
        })?;
        let text = self
            .log
            .doc()
            .text(&field)
            .ok_or(Refusal::NotFound(Thing::Field))?;
        let view = TextView {
            text: text.text,
            version: text.version.to_string(),
            seq: self.seq,
            by: None,
            at_s: None,
        };
        Ok((envelopes, view))
    }

    /// Writes a message.
    pub fn say(&mut self, text: String, lang: String) -> Result<Envelope, Refusal> {
        self.act(Act::Message(Message {
            at_ms: clock::wall_ms(),
            text,
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
                WriteError::Edit(EditError::UnknownVersion | EditError::OutOfRange) => stale(),
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

fn stale() -> Refusal {
    Refusal::Invalid(Words {
        fr: "Cette page n’est plus à jour : rechargez-la.".to_owned(),
        en: "This page is out of date: reload it.".to_owned(),
    })
}
