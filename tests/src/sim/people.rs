//! What people do: they open forms, put values, type into text areas that have changed meanwhile,
//! write messages, add documents, and begin to type.

use std::collections::BTreeMap;

use guichet_keys::{
    ActClass, AesGcm, AuthorBinding, AuthorId, CaseKeys, CaseTag, Hash, Salt, SignedStatement,
    Statement, sha256,
};
use guichet_sync::case::{
    Act, DocumentAdded, DocumentId, Draft, DraftHeader, FieldRef, FormId, Message, SealedDraft,
    Value, Writer,
};
use guichet_sync::envelope::Envelope;
use guichet_sync::limits::SEGMENT_BYTES;
use guichet_sync::page::{Manifest, PageHead};
use guichet_sync::replica::{Event, Input, Thing};
use guichet_sync::store::Location;

use super::cast::Post;
use super::disk::{Job, NewDocument};
use super::ledger::Saved;
use super::machine::{OpenCase, SHARED};
use super::random::Random;
use super::world::World;

const CASES_MAX: usize = 3;
const FORMS_MAX: usize = 4;
const TEXT_AREAS: [&str; 2] = ["situation", "remarks"];
const REGISTERS: [&str; 4] = ["rent", "name", "status", "alone"];
/// Shown versions that are remembered; the oldest are forgotten.
const SHOWN_MAX: usize = 8;

impl World {
    /// Somebody somewhere does something; gives whether anybody could.
    pub fn operate(&mut self) -> bool {
        let up: Vec<usize> = (0..self.machines.len())
            .filter(|at| self.machines[*at].post.has_people())
            .filter(|at| self.machines[*at].process.is_some())
            .collect();
        let Some(machine) = self.random.pick(&up).copied() else {
            return false;
        };
        self.open_known_cases(machine);
        let Some(process) = &self.machines[machine].process else {
            return false;
        };
        let cases: Vec<CaseTag> = process.cases.keys().copied().collect();
        let at_kiosk = self.machines[machine].post == Post::Kiosk;
        let begins = cases.is_empty() || (cases.len() < CASES_MAX && self.random.percent(4));
        if at_kiosk && begins {
            self.begin_case(machine);
            return true;
        }
        let Some(case) = self.random.pick(&cases).copied() else {
            return false;
        };
        match self.random.below(100) {
            0..8 => self.add_document(machine, case),
            8..28 => self.say(machine, case),
            28..36 => self.begin_to_type(machine, case),
            _ => self.edit(machine, case),
        }
        true
    }

    /// Opens the cases that came to be known since.
    pub fn open_known_cases(&mut self, machine: usize) {
        let now = self.now(machine);
        let none = BTreeMap::new();
        let it = &mut self.machines[machine];
        it.open_cases(now, &self.cast, self.rules, &none, &mut self.random);
        self.drain(machine);
    }

    fn case(&mut self, machine: usize, case: CaseTag) -> Option<&mut OpenCase> {
        let process = self.machines[machine].process.as_mut()?;
        process.cases.get_mut(&case)
    }

    fn begin_case(&mut self, machine: usize) {
        let case = CaseTag::from(self.random.bytes());
        let author = AuthorId::from(self.random.bytes());
        let entropy = self.random.bytes();
        let (statement, keys) = CaseKeys::create(case, author, &self.cast.service_key, &entropy)
            .expect("the service's key is a good one");
        let key = keys.key(SHARED.usage, SHARED.epoch);
        let key = key.expect("the creator gets the shared key").clone();
        let rules = self.rules;
        let it = &mut self.machines[machine];
        let Some(process) = &mut it.process else {
            return;
        };
        it.keys.insert(case, key.clone());
        let open = OpenCase::new(case, key, rules, author);
        process.cases.insert(case, open);
        self.feed(machine, Input::CaseFollowed(case));
        let mut things = vec![self.introduce(machine, case, author)];
        things.push(self.state(machine, &Statement::Case(statement)));
        things.extend(self.open_form(machine, case));
        self.write(machine, things);
    }

    fn state(&self, machine: usize, statement: &Statement) -> Thing {
        let at_ms = self.now(machine).wall_ms;
        let signer = self.machines[machine].post.writer_key();
        let signed = SignedStatement::sign(&signer, at_ms, at_ms / 1000, statement);
        Thing::Statement(signed.expect("the statement is within its limits"))
    }

    /// Makes somebody the writer of a case, and says who it is.
    fn introduce(&mut self, machine: usize, case: CaseTag, author: AuthorId) -> Thing {
        let post = self.machines[machine].post;
        let is_citizen = post == Post::Kiosk;
        let binding = AuthorBinding {
            author,
            node: post.node_key().subject(),
            person: (!is_citizen).then(|| post.writer_key().subject()),
            case: self.random.percent(50).then_some(case),
        };
        self.machines[machine].authors.insert(case, author);
        if let Some(open) = self.case(machine, case) {
            open.needs_writer = false;
            open.log.set_writer(Writer {
                author,
                signer: std::sync::Arc::new(post.writer_key()),
                key: SHARED,
            });
        }
        self.state(machine, &Statement::Author(binding))
    }

    /// Who writes here, introduced first if need be.
    fn writer(&mut self, machine: usize, case: CaseTag) -> Vec<Thing> {
        let Some(open) = self.case(machine, case) else {
            return Vec::new();
        };
        if open.log.writer().is_some() && !open.needs_writer && !open.log.writer_is_aside() {
            return Vec::new();
        }
        let author = AuthorId::from(self.random.bytes());
        vec![self.introduce(machine, case, author)]
    }

    /// Hands what was written to the replica; it is saved when its disk says so.
    fn write(&mut self, machine: usize, things: Vec<Thing>) {
        let Some(process) = &mut self.machines[machine].process else {
            return;
        };
        for thing in &things {
            if let Thing::Envelope(envelope) = thing
                && let Some(open) = process.cases.get_mut(&envelope.header().case)
            {
                open.unsaved.insert(envelope.hash(), envelope.clone());
            }
        }
        self.feed(machine, Input::Written(things));
    }

    fn edit(&mut self, machine: usize, case: CaseTag) {
        let mut things = self.writer(machine, case);
        let forms = self
            .case(machine, case)
            .map_or_else(Vec::new, |open| open.log.doc().forms());
        let form = self.random.pick(&forms).copied();
        things.extend(match form {
            None => self.open_form(machine, case),
            Some(_) if forms.len() < FORMS_MAX && self.random.percent(4) => {
                self.open_form(machine, case)
            }
            Some(form) if self.random.percent(35) => self.set(machine, case, form),
            Some(form) => self.splice(machine, case, form),
        });
        self.write(machine, things);
    }

    fn open_form(&mut self, machine: usize, case: CaseTag) -> Vec<Thing> {
        let form = FormId::from(self.random.bytes());
        self.change(machine, case, |open, at_s, salts| {
            let made = open.log.edit(salts, |doc| {
                doc.open_form(form, "rent-help", &TEXT_AREAS, at_s)
            });
            made.ok()
        })
    }

    fn set(&mut self, machine: usize, case: CaseTag, form: FormId) -> Vec<Thing> {
        let name = *self.random.pick(&REGISTERS).expect("there are some");
        let field = FieldRef::new(form, name);
        let number = self.random.below(1_000);
        let value = match self.random.below(5) {
            0 => Value::Null,
            1 => Value::Bool(number.is_multiple_of(2)),
            2 => Value::Code(format!("code-{number}")),
            3 => Value::Number(format!("{number}")),
            _ => Value::Text(phrase(&mut self.random)),
        };
        self.change(machine, case, |open, at_s, salts| {
            let made = open.log.edit(salts, |doc| doc.set(&field, &value, at_s));
            made.ok()
        })
    }

    fn splice(&mut self, machine: usize, case: CaseTag, form: FormId) -> Vec<Thing> {
        let name = *self.random.pick(&TEXT_AREAS).expect("there are some");
        let field = FieldRef::new(form, name);
        let insert = phrase(&mut self.random);
        let pick = self.random.clone();
        self.random.next();
        self.change(machine, case, |open, at_s, salts| {
            let mut pick = pick;
            let view = open.log.doc().text(&field)?;
            open.shown.push((field.clone(), view.version.clone()));
            if open.shown.len() > SHOWN_MAX {
                open.shown.remove(0);
            }
            let of_field = |(shown, _): &&(FieldRef, _)| *shown == field;
            let shown: Vec<_> = open.shown.iter().filter(of_field).collect();
            let base = &pick.pick(&shown)?.1;
            let text = open.log.doc().text_at(&field, base)?;
            let (at, delete) = span(&text, &mut pick);
            let made = open.log.edit(salts, |doc| {
                doc.splice(&field, base, at, delete, &insert, at_s)
            });
            made.ok()
        })
    }

    /// Changes a case's document; gives what is to be written, nothing if it did not change.
    fn change(
        &mut self,
        machine: usize,
        case: CaseTag,
        make: impl FnOnce(&mut OpenCase, i64, &mut dyn FnMut() -> Salt) -> Option<Vec<Envelope>>,
    ) -> Vec<Thing> {
        let at_s = (self.now(machine).wall_ms / 1000) as i64;
        let mut random = self.random.clone();
        self.random.next();
        let mut salts = || Salt::from(random.bytes());
        let Some(open) = self.case(machine, case) else {
            return Vec::new();
        };
        let envelopes = make(open, at_s, &mut salts).unwrap_or_default();
        self.random = random;
        envelopes.into_iter().map(Thing::Envelope).collect()
    }

    fn say(&mut self, machine: usize, case: CaseTag) {
        let mut things = self.writer(machine, case);
        let act = Act::Message(Message {
            at_ms: self.now(machine).wall_ms,
            text: format!("{}.", phrase(&mut self.random)),
            lang: "fr".to_owned(),
        });
        things.extend(self.act(machine, case, act));
        self.write(machine, things);
    }

    fn act(&mut self, machine: usize, case: CaseTag, act: Act) -> Option<Thing> {
        let salt = Salt::from(self.random.bytes());
        let class = match self.machines[machine].post {
            Post::Kiosk | Post::Relay => ActClass::Citizen,
            Post::FirstStation | Post::SecondStation => ActClass::Agent,
        };
        let made = self.case(machine, case)?.log.act(salt, class, act);
        made.ok().map(Thing::Envelope)
    }

    fn add_document(&mut self, machine: usize, case: CaseTag) {
        let things = self.writer(machine, case);
        self.write(machine, things);
        let at_ms = self.now(machine).wall_ms;
        let signer = self.machines[machine].post.writer_key();
        let mut random = self.random.clone();
        self.random.next();
        let Some(open) = self.case(machine, case) else {
            return;
        };
        let (Some(writer), Some(key)) = (open.log.writer(), open.log.key(&SHARED)) else {
            return;
        };
        let mut pages = Vec::new();
        let mut contents = Vec::new();
        for _ in 0..random.between(1, 3) {
            let len = random.between(1, 5 * SEGMENT_BYTES as u64) as usize;
            let plain = random.many_bytes(len);
            let salt = Salt::from(random.bytes());
            let head = PageHead::new(salt, case, writer.author, SHARED, len as u64);
            let segments: Vec<Vec<u8>> = (0..)
                .zip(plain.chunks(SEGMENT_BYTES))
                .map(|(index, part)| head.seal_segment(index, part, key, &AesGcm))
                .collect();
            let hashes: Vec<Hash> = segments.iter().map(|sealed| sha256(sealed)).collect();
            let manifest = Manifest::sign(head, &hashes, &signer).expect("the page is not empty");
            contents.push((manifest.id(), sha256(&plain), len as u64));
            pages.push((manifest, segments));
        }
        let act = Act::DocumentAdded(DocumentAdded {
            at_ms,
            document: DocumentId(random.bytes()),
            name: "loyer.pdf".to_owned(),
            media_type: "application/pdf".to_owned(),
            pages: contents.iter().map(|(page, _, _)| page.0).collect(),
            bytes: contents.iter().map(|(_, _, len)| len).sum(),
            looks: None,
        });
        self.random = random;
        if let Some(process) = &mut self.machines[machine].process {
            let contents = contents.into_iter().map(|(page, hash, _)| (page, hash));
            process.unsaved_pages.extend(contents);
        }
        let document = NewDocument { case, pages, act };
        self.put(machine, Job::Document(Box::new(document)));
    }

    /// The segments of a document are durable: now it can be told.
    pub fn tell_of_document(&mut self, machine: usize, document: NewDocument) {
        let NewDocument { case, pages, act } = document;
        if self
            .case(machine, case)
            .is_none_or(|open| open.needs_writer)
        {
            return;
        }
        let mut things: Vec<Thing> = pages
            .into_iter()
            .map(|(manifest, _)| Thing::Page {
                manifest,
                complete: true,
            })
            .collect();
        things.extend(self.act(machine, case, act));
        self.write(machine, things);
    }

    fn begin_to_type(&mut self, machine: usize, case: CaseTag) {
        let things = self.writer(machine, case);
        self.write(machine, things);
        let salt = Salt::from(self.random.bytes());
        let value = phrase(&mut self.random);
        let Some(open) = self.case(machine, case) else {
            return;
        };
        open.drafts += 1;
        let (Some(writer), Some(key)) = (open.log.writer(), open.log.key(&SHARED)) else {
            return;
        };
        let header = DraftHeader {
            case,
            author: writer.author,
            key_epoch: SHARED.epoch,
            sequence: open.drafts,
            salt,
        };
        let draft = Draft {
            field: FieldRef::new(FormId::from_number(1), "rent"),
            value: Some(value),
        };
        let sealed = draft.seal(&header, &AesGcm, key).expect("a short draft");
        self.feed(machine, Input::Typed(case, sealed));
    }

    /// The node is told something by its replica.
    pub fn on_event(&mut self, machine: usize, event: Event) {
        match event {
            Event::StatementStored(..) => {
                if self.random.percent(70) {
                    self.open_known_cases(machine);
                }
            }
            Event::EnvelopeStored {
                chain,
                index,
                hash,
                at,
            } => self.on_envelope(machine, Saved { chain, index }, hash, &at),
            Event::ManifestStored(case, page) => {
                if let Some(process) = &mut self.machines[machine].process
                    && let Some(content) = process.unsaved_pages.remove(&page)
                {
                    self.ledger.pages.insert(page, (case, content));
                }
            }
            Event::DraftReceived(case, sealed) => self.on_draft(machine, case, &sealed),
            Event::WriteRefused(hash, refusal) => {
                self.ledger
                    .fail(format!("{hash}, written here, was refused: {refusal}"));
            }
            Event::WriteFailed(hashes) => self.on_write_failed(machine, &hashes),
            Event::PageCompleted(..)
            | Event::ReceiptStored(_)
            | Event::RosterReceived(..)
            | Event::RosterRead(_)
            | Event::SignerCrowded(_)
            | Event::Overdrawn(..)
            | Event::PeerReady(_) => {}
        }
    }

    fn on_envelope(&mut self, machine: usize, saved: Saved, hash: Hash, at: &Location) {
        let it = &mut self.machines[machine];
        let Some(process) = &mut it.process else {
            return;
        };
        let Some(open) = process.cases.get_mut(&saved.chain.case) else {
            return;
        };
        if open.unsaved.remove(&hash).is_some() {
            self.ledger.saved.insert(hash, saved);
            return;
        }
        match it.disk.platter.read(at).map(Envelope::parse) {
            Some(Ok(envelope)) => drop(open.log.insert(&envelope)),
            _ => self.ledger.fail(format!("{hash} does not read back")),
        }
    }

    fn on_draft(&mut self, machine: usize, case: CaseTag, sealed: &[u8]) {
        let Some(open) = self.case(machine, case) else {
            return;
        };
        let Some(key) = open.log.key(&SHARED) else {
            return;
        };
        let draft = SealedDraft::parse(sealed);
        match draft.and_then(|draft| draft.open(&AesGcm, key)) {
            Ok(_) => self.counts.drafts += 1,
            Err(why) => self.ledger.fail(format!("a draft does not open: {why}")),
        }
    }

    /// The disk took nothing: what was written is taken back, and people are told.
    fn on_write_failed(&mut self, machine: usize, hashes: &[Hash]) {
        let it = &mut self.machines[machine];
        let Some(process) = &mut it.process else {
            return;
        };
        let mut stillborn = Vec::new();
        for (case, open) in &mut process.cases {
            let failed: Vec<Envelope> = hashes
                .iter()
                .filter_map(|hash| open.unsaved.remove(hash))
                .collect();
            if !failed.is_empty() {
                open.log.withdraw(&failed);
            }
            let catalogue = process.replica.catalogue();
            let unknown = |writer: &Writer| catalogue.author_statement(&writer.author).is_none();
            open.needs_writer |= open.log.writer().is_some_and(unknown);
            if catalogue.loose_of(case).next().is_none() {
                stillborn.push(*case);
            }
        }
        for case in stillborn {
            process.cases.remove(&case);
            it.keys.remove(&case);
        }
        process
            .unsaved_pages
            .retain(|page, _| !hashes.contains(&page.0));
    }
}

fn phrase(random: &mut Random) -> String {
    let words = [
        "loyer", "été", "412 €", "né·e", "à", "👩🏽", "mai", "oui", "CAF",
    ];
    let count = random.between(1, 6);
    let words = (0..count).filter_map(|_| random.pick(&words).copied());
    words.collect::<Vec<_>>().join(" ")
}

/// A span of whole characters of a text, in UTF-16 code units: where it begins, and its length.
fn span(text: &str, random: &mut Random) -> (usize, usize) {
    let mut edges = vec![0];
    for character in text.chars() {
        edges.push(edges.last().copied().unwrap_or(0) + character.len_utf16());
    }
    let from = random.index(edges.len());
    let longest = (edges.len() - from).min(if random.percent(30) { 8 } else { 1 });
    let to = from + random.index(longest);
    (edges[from], edges[to] - edges[from])
}
