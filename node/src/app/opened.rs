//! One open case in the hands of its worker: its log, and what is only there while it is open.

mod papers;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use guichet_keys::{ActClass, AuthorId, CaseKeys, CaseTag, KeyUse, Salt, SecretKey};
use guichet_sync::case::{
    Act, BadAct, CaseLog, Draft, DraftHeader, EditError, FieldRef, JournalEntry, JournalEvent,
    Message, SealedDraft, Value, Version, WriteError, Writer,
};
use guichet_sync::envelope::{Envelope, KeyRef};
use guichet_sync::page::{Manifest, PageHead, PageId};
use guichet_sync::store::Location;
use guichet_sync::wire::What;

use super::shown::{self, Context};
use crate::services::{Service, Typed};
use crate::web::counter::{FieldPlace, Refusal, Splice, Thing, VALUE_BYTES_MAX};
use crate::web::ids::FormId;
use crate::web::view::{CaseView, TextView, Words};
use crate::{clock, entropy};
pub use papers::{Attached, Paper, SealedPage, SealedPaper, Sheet, attached};

/// How long a draft is shown after the last letter.
const DRAFT_SHOWN: Duration = Duration::from_secs(20);

/// What it takes to open a case.
pub struct Opening {
    /// Its keys.
    pub keys: CaseKeys,
    /// The document's actor until there is a writer: any random one.
    pub reader: AuthorId,
    /// Who writes here, if anyone may.
    pub writer: Option<Writer>,
    /// In which class this node's acts are.
    pub class: ActClass,
    /// Its service.
    pub service: Arc<Service>,
    /// Where its envelopes and manifests are.
    pub at: Vec<(What, Location)>,
}

/// What somebody else is typing.
pub struct Typing {
    /// What.
    pub value: String,
    /// Who.
    pub author: AuthorId,
    sequence: u64,
    until: Instant,
}

/// An open case.
pub struct OpenCase {
    log: CaseLog,
    service: Arc<Service>,
    class: ActClass,
    manifests: BTreeMap<PageId, PageHead>,
    drafts: BTreeMap<FieldRef, Typing>,
    draft_sequence: u64,
    draft_salt: Salt,
    seq: u64,
    aside: (u64, u64),
}

impl OpenCase {
    /// An open case without content yet.
    pub fn new(log: CaseLog, service: Arc<Service>, class: ActClass) -> Self {
        let (manifests, drafts) = (BTreeMap::new(), BTreeMap::new());
        Self {
            log,
            service,
            class,
            manifests,
            drafts,
            draft_sequence: 0,
            draft_salt: Salt::from(entropy::bytes()),
            seq: 1,
            aside: (0, 0),
        }
    }

    /// Which case this is.
    pub fn case(&self) -> CaseTag {
        self.log.case()
    }

    /// Its log.
    pub fn log(&self) -> &CaseLog {
        &self.log
    }

    /// Its service.
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// Grows with every change.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// From now on this author writes here.
    pub fn set_writer(&mut self, writer: Writer) {
        self.log.set_writer(writer);
    }

    /// How many things do not open and how many others have no effect, if that has changed.
    pub fn newly_aside(&mut self) -> Option<(u64, u64)> {
        let (unreadable, aside): (Vec<_>, Vec<_>) = self
            .log
            .set_aside()
            .into_iter()
            .partition(|aside| aside.unreadable);
        let now = (unreadable.len() as u64, aside.len() as u64);
        (now != std::mem::replace(&mut self.aside, now)).then_some(now)
    }

    /// Whether this node's writer lost a fork.
    pub fn writer_is_aside(&self) -> bool {
        self.log.writer_is_aside()
    }

    /// Takes in an envelope; gives whether anything reads otherwise now.
    pub fn insert(&mut self, envelope: &Envelope) -> bool {
        let effect = self.log.insert(envelope);
        for field in &effect.touched.fields {
            if self
                .drafts
                .get(field)
                .is_some_and(|typing| typing.author == envelope.header().author)
            {
                self.drafts.remove(field);
            }
        }
        self.seq += 1;
        effect.rebuilt
            || effect.acts
            || !effect.touched.forms.is_empty()
            || !effect.touched.fields.is_empty()
    }

    /// Takes in the manifest of a page.
    pub fn insert_manifest(&mut self, manifest: &Manifest) {
        self.manifests
            .insert(manifest.id(), manifest.head().clone());
        self.seq += 1;
    }

    /// Takes back what the disk did not take.
    pub fn withdraw(&mut self, envelopes: &[Envelope]) {
        self.log.withdraw(envelopes);
        self.seq += 1;
    }

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
        self.act(Act::JournalEntry(JournalEntry {
            at_ms: clock::wall_ms(),
            event: JournalEvent::TAKEN_OUT_OF_TURN,
            text: reason,
        }))
    }

    /// Seals what somebody here types.
    pub fn seal_draft(&mut self, place: &FieldPlace, value: Option<String>) -> Option<Vec<u8>> {
        let writer = self.log.writer()?;
        let key = shared_key(&self.log)?;
        let header = DraftHeader {
            case: self.case(),
            author: writer.author,
            key_epoch: writer.key.epoch,
            sequence: self.draft_sequence,
            salt: self.draft_salt,
        };
        let sealed = Draft {
            field: field_ref(place),
            value,
        }
        .seal(&header, self.log.sealer(), key)
        .ok();
        self.draft_sequence += 1;
        sealed
    }

    /// Takes in what somebody elsewhere types; gives whether it is news.
    pub fn take_draft(&mut self, sealed: &[u8]) -> bool {
        let Some(key) = shared_key(&self.log) else {
            return false;
        };
        let Ok(sealed) = SealedDraft::parse(sealed) else {
            return false;
        };
        let Ok(draft) = sealed.open(self.log.sealer(), key) else {
            return false;
        };
        let (author, sequence) = (sealed.header().author, sealed.header().sequence);
        let known = self.drafts.get(&draft.field);
        if known.is_some_and(|typing| typing.author == author && typing.sequence >= sequence)
            || self
                .log
                .writer()
                .is_some_and(|writer| writer.author == author)
        {
            return false;
        }
        match draft.value {
            Some(value) => {
                let until = clock::now() + DRAFT_SHOWN;
                self.drafts.insert(
                    draft.field,
                    Typing {
                        value,
                        author,
                        sequence,
                        until,
                    },
                );
            }
            None => {
                self.drafts.remove(&draft.field);
            }
        }
        self.seq += 1;
        true
    }

    /// What somebody else is typing into a field.
    pub fn typing(&self, field: &FieldRef) -> Option<&Typing> {
        self.drafts
            .get(field)
            .filter(|typing| typing.until > clock::now())
    }

    /// What there is to show.
    pub fn view(&self, context: &Context) -> CaseView {
        shown::case(self, context)
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

    fn act(&mut self, act: Act) -> Result<Envelope, Refusal> {
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
pub fn field_ref(place: &FieldPlace) -> FieldRef {
    FieldRef::new(
        guichet_sync::case::FormId::from(*place.form.as_bytes()),
        place.name.clone(),
    )
}

fn shared_key(log: &CaseLog) -> Option<&SecretKey> {
    log.key(&KeyRef {
        usage: KeyUse::Shared,
        epoch: log.writer()?.key.epoch,
    })
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
