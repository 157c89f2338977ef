//! A citizen at the kiosk and an adviser at the station, in one case.

use std::collections::BTreeMap;
use std::sync::Arc;

use guichet_keys::{
    ActClass, AesGcm, AuthorId, CaseKeys, CaseTag, KeyUse, Salt, Sealer as _, SecretKey, Statement,
};
use guichet_sync::case::{
    Act, BadAct, Batch, CaseDoc, CaseLog, EditError, FieldRef, FormId, Message, Value, WriteError,
    Writer,
};
use guichet_sync::catalogue::Meta;
use guichet_sync::envelope::{ChainId, Envelope, Header, KeyRef, Kind};
use guichet_sync::page::{Manifest, PageHead};
use guichet_sync::replica::{Input, Thing};
use guichet_sync::rules::Rules;

use super::network::{NOW_S, Who, agent_author, author, family_key, kiosk_author, state, tag};
use super::village::Village;

pub const FORM: FormId = FormId::from_number(1);
const CASE: u8 = 0x55;
pub const SHARED: KeyRef = KeyRef {
    usage: KeyUse::Shared,
    epoch: 1,
};

pub struct Person {
    /// The node where they sit.
    pub at: Who,
    /// Whose key signs what they write.
    signer: Who,
    number: u8,
    key: SecretKey,
    salts: u64,
    last: BTreeMap<Kind, Envelope>,
    pub log: CaseLog,
}

pub fn field(name: &str) -> FieldRef {
    FieldRef::new(FORM, name)
}

/// What somebody says.
pub fn message(text: &str) -> Act {
    Act::Message(Message {
        at_ms: NOW_S * 1000,
        text: text.to_owned(),
        lang: "fr".to_owned(),
    })
}

impl Village {
    /// The citizen opens a case with one form; the adviser has it before them.
    pub fn case(&mut self) -> (Person, Person) {
        let (service, secret) = family_key();
        let made = CaseKeys::create(tag(CASE), author(0x66), &service, &[CASE; 32]);
        let (statement, citizens) = made.expect("wraps");
        let advisers = CaseKeys::open(&statement, &secret).expect("opens");
        let mut citizen = Person::new(Who::Kiosk, Who::Kiosk, 0x66, &citizens);
        let mut adviser = Person::new(Who::Station, Who::FamilyAgent, 0x88, &advisers);
        self.introduce(&mut citizen);
        let case = state(Who::Kiosk, 1, Statement::Case(statement));
        self.write(Who::Kiosk, vec![Thing::Statement(case)]);
        self.input(Who::Kiosk, Input::CaseFollowed(tag(CASE)));
        self.introduce(&mut adviser);
        self.edit(&mut citizen, |doc| {
            doc.open_form(FORM, "housing", &["situation"], NOW_S as i64)
        });
        self.read(&mut adviser);
        (citizen, adviser)
    }

    fn introduce(&mut self, person: &mut Person) {
        let number = person.number;
        let binding = if person.signer == Who::Kiosk {
            kiosk_author(Who::Kiosk, number)
        } else {
            agent_author(person.signer, number)
        };
        let signed = state(person.signer, u64::from(number), binding);
        self.write(person.at, vec![Thing::Statement(signed)]);
        person.log.set_writer(Writer {
            author: author(number),
            signer: Arc::new(person.signer.key()),
            key: SHARED,
        });
    }

    /// Somebody goes on under another name, as after a new start of their program.
    pub fn rename(&mut self, person: &mut Person) {
        person.number += 1;
        person.last.clear();
        self.introduce(person);
    }

    pub fn edit(
        &mut self,
        person: &mut Person,
        make: impl FnOnce(&mut CaseDoc) -> Result<Batch, EditError>,
    ) {
        let envelopes = person.compose(make).expect("is written");
        let things = envelopes.into_iter().map(Thing::Envelope);
        self.write(person.at, things.collect());
    }

    pub fn put(&mut self, person: &mut Person, name: &str, value: &str) {
        self.edit(person, |doc| set(doc, name, value));
    }

    pub fn say(&mut self, person: &mut Person, text: &str) {
        let envelope = person.compose_act(message(text)).expect("is written");
        self.write(person.at, vec![Thing::Envelope(envelope)]);
    }

    /// The person's page is brought up to what their node holds.
    pub fn read(&self, person: &mut Person) {
        let node = self.node(person.at);
        for entry in node.replica.catalogue().contents_of(&tag(CASE)) {
            if matches!(entry.meta, Meta::Envelope { .. }) {
                let envelope = Envelope::parse(node.read(&entry.at)).expect("an envelope");
                person.log.insert(&envelope);
            }
        }
    }

    /// What both read in a field, which must be the same.
    pub fn both_read(&self, people: [&mut Person; 2], name: &str) -> Vec<String> {
        let read = people.map(|person| {
            self.read(person);
            person.values(name)
        });
        assert_eq!(read[0], read[1], "both read the same");
        read[0].clone()
    }

    /// What both see said, which must be the same.
    pub fn both_hear(&self, people: [&mut Person; 2]) -> Vec<String> {
        let heard = people.map(|person| {
            self.read(person);
            person.said()
        });
        assert_eq!(heard[0], heard[1], "both hear the same");
        heard[0].clone()
    }
}

/// Puts a value into a register.
pub fn set(doc: &mut CaseDoc, name: &str, value: &str) -> Result<Batch, EditError> {
    doc.set(&field(name), &Value::Text(value.to_owned()), NOW_S as i64)
}

impl Person {
    fn new(at: Who, signer: Who, number: u8, keys: &CaseKeys) -> Self {
        let key = keys
            .key(SHARED.usage, SHARED.epoch)
            .expect("the shared key");
        Self {
            at,
            signer,
            number,
            key: key.clone(),
            salts: u64::from(number) << 32,
            last: BTreeMap::new(),
            log: open_log(author(number), key),
        }
    }

    pub fn author(&self) -> AuthorId {
        author(self.number)
    }

    pub fn case(&self) -> CaseTag {
        tag(CASE)
    }

    /// The page is closed and opened again.
    pub fn reopen(&mut self) {
        self.log = open_log(self.author(), &self.key);
    }

    fn salt(&mut self) -> Salt {
        self.salts += 1;
        let mut bytes = [0; 16];
        bytes[8..].copy_from_slice(&self.salts.to_be_bytes());
        Salt::from(bytes)
    }

    /// Writes without handing it to the node.
    pub fn compose(
        &mut self,
        make: impl FnOnce(&mut CaseDoc) -> Result<Batch, EditError>,
    ) -> Result<Vec<Envelope>, WriteError<EditError>> {
        let salt = self.salt();
        let envelopes = self.log.edit(&mut || salt, make)?;
        self.last
            .extend(envelopes.iter().map(|it| (Kind::Edit, it.clone())));
        Ok(envelopes)
    }

    /// Says something without handing it to the node.
    pub fn compose_act(&mut self, act: Act) -> Result<Envelope, WriteError<BadAct>> {
        let class = if self.signer == Who::Kiosk {
            ActClass::Citizen
        } else {
            ActClass::Agent
        };
        let salt = self.salt();
        let envelope = self.log.act(salt, class, act)?;
        self.last.insert(Kind::Act, envelope.clone());
        Ok(envelope)
    }

    /// The last that the person wrote.
    pub fn last(&self, kind: Kind) -> Option<Envelope> {
        self.last.get(&kind).cloned()
    }

    /// An envelope that no program of ours would make: any content, sealed and signed as it
    /// should be, behind `after`.
    pub fn forge(
        &mut self,
        after: Option<&Envelope>,
        class: Option<ActClass>,
        plain: &[u8],
    ) -> Envelope {
        self.forge_signed(self.signer, after, class, plain)
    }

    /// The same, signed by somebody else.
    pub fn forge_signed(
        &mut self,
        signer: Who,
        after: Option<&Envelope>,
        class: Option<ActClass>,
        plain: &[u8],
    ) -> Envelope {
        let header = self.header(after, class);
        Envelope::seal(&header, plain, &self.key, &AesGcm, &signer.key()).expect("seals")
    }

    /// The bytes of an envelope of edits, larger than any program of ours would make one.
    pub fn forge_large(&mut self, after: Option<&Envelope>, plain: &[u8]) -> Vec<u8> {
        let header = self.header(after, None);
        let clear = minicbor::to_vec(&header).expect("encodes");
        let sealed = AesGcm.seal(&self.key, &header.salt, "edit", header.index, &clear, plain);
        let mut envelope = minicbor::Encoder::new(Vec::new());
        envelope
            .array(3)
            .and_then(|it| it.bytes(&clear)?.bytes(&sealed)?.ok())
            .expect("encodes");
        let signer = self.signer.key();
        let signature = signer.sign("guichet/envelope/1", envelope.writer());
        envelope.bytes(signature.as_bytes()).expect("encodes");
        envelope.into_writer()
    }

    /// The bytes of the manifest of a page of this length, whatever it is.
    pub fn forge_manifest(&mut self, length: u64) -> Vec<u8> {
        let salt = self.salt();
        let head = PageHead::new(salt, self.case(), self.author(), SHARED, length);
        let hashes = vec![0; 32 * guichet_sync::page::segment_count(length) as usize];
        let mut body = minicbor::Encoder::new(Vec::new());
        body.array(2)
            .and_then(|body| body.encode(&head)?.bytes(&hashes)?.ok())
            .expect("encodes");
        let body = body.into_writer();
        let signature = self.signer.key().sign("guichet/page/1", &body);
        let mut manifest = minicbor::Encoder::new(Vec::new());
        manifest
            .array(2)
            .and_then(|it| it.bytes(&body)?.bytes(signature.as_bytes())?.ok())
            .expect("encodes");
        manifest.into_writer()
    }

    /// A manifest of these hashes, whatever they are of.
    pub fn sign_manifest(&self, head: PageHead, hashes: &[guichet_keys::Hash]) -> Manifest {
        Manifest::sign(head, hashes, &self.signer.key()).expect("a good page")
    }

    fn header(&mut self, after: Option<&Envelope>, class: Option<ActClass>) -> Header {
        let chain = ChainId {
            case: self.case(),
            author: self.author(),
            kind: class.map_or(Kind::Edit, |_| Kind::Act),
        };
        let (index, prev) = after.map_or((0, None), |it| (it.header().index + 1, Some(it.hash())));
        let mut header = Header::new(chain, index, prev, SHARED, self.salt());
        header.class = class;
        header
    }

    /// A page of this length, and its sealed segments.
    pub fn page(&mut self, length: usize) -> (Manifest, Vec<Vec<u8>>) {
        let salt = self.salt();
        let head = PageHead::new(salt, self.case(), self.author(), SHARED, length as u64);
        let plain = vec![0x77; length];
        let segments: Vec<_> = (0..)
            .zip(plain.chunks(guichet_sync::limits::SEGMENT_BYTES))
            .map(|(at, plain)| head.seal_segment(at, plain, &self.key, &AesGcm))
            .collect();
        let hashes: Vec<_> = segments.iter().map(|it| guichet_keys::sha256(it)).collect();
        let manifest = Manifest::sign(head, &hashes, &self.signer.key()).expect("a good page");
        (manifest, segments)
    }

    pub fn values(&self, name: &str) -> Vec<String> {
        let candidates = self.log.doc().register(&field(name));
        let text = |it: &guichet_sync::case::Candidate| it.value.as_str().map(str::to_owned);
        candidates.iter().filter_map(text).collect()
    }

    fn said(&self) -> Vec<String> {
        let text = |act: Act| match act {
            Act::Message(message) => Some(message.text),
            Act::DocumentAdded(_)
            | Act::JournalEntry(_)
            | Act::IdentityChecked(_)
            | Act::Unknown { .. } => None,
        };
        let acts = self.log.acts().into_iter();
        acts.filter_map(|it| text(it.act)).collect()
    }
}

fn open_log(reader: AuthorId, key: &SecretKey) -> CaseLog {
    let keys = BTreeMap::from([(SHARED, key.clone())]);
    CaseLog::new(tag(CASE), keys, reader, Arc::new(AesGcm), Rules::default())
}
