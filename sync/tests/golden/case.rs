//! What people write: payloads, envelopes, pages, drafts, and the receipts for them.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::Arc;

use flate2::bufread::DeflateDecoder;
use guichet_keys::{
    ActClass, AesGcm, AuthorId, CaseTag, Hash, KeyUse, Salt, SecretKey, SigningKey, sha256,
};
use guichet_sync::case::{
    Act, CaseDoc, CaseLog, DocumentAdded, DocumentId, Draft, DraftHeader, FieldRef, FormId,
    IdentityChecked, IdentityWay, JournalEntry, JournalEvent, Look, Message, Presence, SealedDraft,
    SealedPresence, Value,
};
use guichet_sync::envelope::{ChainId, Dep, Envelope, Header, KeyRef, Kind};
use guichet_sync::limits::SEGMENT_BYTES;
use guichet_sync::page::{Manifest, PageHead};
use guichet_sync::receipt::{Cover, Receipt, Stage};
use guichet_sync::rules::Rules;

use super::{Vector, kept};

pub const AT_S: i64 = 1_790_000_000;
pub const AT_MS: u64 = 1_790_000_000_000;
const FORM: FormId = FormId::from_number(0x0102_0304_0506_0708);
/// One byte of the page stands in its second segment.
const PAGE_BYTES: usize = SEGMENT_BYTES + 1;

pub const SHARED: KeyRef = KeyRef {
    usage: KeyUse::Shared,
    epoch: 1,
};

/// Who writes, each with a number for the author and the seed of the key.
#[derive(Clone, Copy)]
pub enum Who {
    Citizen = 0x66,
    Adviser = 0x68,
    Relay = 0x70,
    Station = 0x71,
}

impl Who {
    pub fn author(self) -> AuthorId {
        AuthorId::from([self as u8; 16])
    }

    pub fn key(self) -> SigningKey {
        SigningKey::from_seed(&[self as u8; 32])
    }

    pub fn chain(self, kind: Kind) -> ChainId {
        let (case, author) = (tag(), self.author());
        ChainId { case, author, kind }
    }
}

pub fn tag() -> CaseTag {
    CaseTag::from([0x55; 16])
}

pub fn key() -> SecretKey {
    SecretKey::from([0x11; 32])
}

fn salt(number: u8) -> Salt {
    Salt::from([number; 16])
}

fn field(name: &str) -> FieldRef {
    FieldRef::new(FORM, name)
}

/// The same payload, deflated without compression: vectors must not depend on how well a library
/// compresses.
fn flat(payload: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    DeflateDecoder::new(&payload[1..])
        .read_to_end(&mut plain)
        .expect("inflates");
    let len = u16::try_from(plain.len()).expect("a short payload");
    let stored = [
        &[payload[0], 1][..],
        &len.to_le_bytes(),
        &(!len).to_le_bytes(),
    ];
    [&stored.concat()[..], &plain].concat()
}

/// What the citizen writes in two batches, and the adviser in one that has seen both.
fn batches() -> [Vec<u8>; 3] {
    let mut citizen = CaseDoc::new(Who::Citizen.author());
    let opened = citizen.open_form(FORM, "housing", &["situation"], AT_S);
    let opened = opened.expect("opens").encode().remove(0);
    let version = citizen.version();
    let mut second = citizen
        .set(&field("rent"), &Value::Number("412".into()), AT_S + 1)
        .expect("sets");
    let typed = citizen.splice(
        &field("situation"),
        &version,
        0,
        0,
        "Je loue à deux.",
        AT_S + 2,
    );
    second.append(typed.expect("types"));
    let second = second.encode().remove(0);
    let mut adviser = CaseDoc::new(Who::Adviser.author());
    for payload in [&opened, &second] {
        adviser
            .apply(&Who::Citizen.author(), payload)
            .expect("applies");
    }
    let third = adviser.set(&field("rent"), &Value::Code("owner".into()), AT_S + 3);
    [opened, second, third.expect("sets").encode().remove(0)].map(|payload| flat(&payload))
}

pub fn edits() -> [Envelope; 3] {
    let [opened, second, third] = batches();
    let seal = |who: Who, index, prev, deps, plain: &[u8], number| {
        let mut header = Header::new(who.chain(Kind::Edit), index, prev, SHARED, salt(number));
        header.deps = deps;
        Envelope::seal(&header, plain, &key(), &AesGcm, &who.key()).expect("seals")
    };
    let first = seal(Who::Citizen, 0, None, vec![], &opened, 0x21);
    let next = seal(Who::Citizen, 1, Some(first.hash()), vec![], &second, 0x22);
    let seen = Dep {
        author: Who::Citizen.author(),
        index: 1,
    };
    let answer = seal(Who::Adviser, 0, None, vec![seen], &third, 0x23);
    [first, next, answer]
}

fn acts() -> [(&'static str, Act); 4] {
    let message = Message {
        at_ms: AT_MS,
        text: "Il manque le bail.".into(),
        lang: "fr".into(),
    };
    let document = DocumentAdded {
        at_ms: AT_MS + 1,
        document: DocumentId([7; 16]),
        name: "bail.pdf".into(),
        media_type: "application/pdf".into(),
        pages: vec![manifest().id().0],
        bytes: PAGE_BYTES as u64,
        looks: None,
    };
    let scanned = DocumentAdded {
        looks: Some(vec![Look {
            turns: 1,
            preview: Some(manifest().id().0),
        }]),
        ..document.clone()
    };
    let later = Act::Unknown {
        kind: 128,
        body: vec![0x82, 1, 0x61, b'x'],
    };
    [
        ("message", Act::Message(message)),
        ("document added", Act::DocumentAdded(document)),
        ("document added, scanned", Act::DocumentAdded(scanned)),
        ("act of a later kind", later),
    ]
}

/// What only an adviser writes; the first two are sealed under the service's own key.
fn acts_of_the_desk() -> [(&'static str, Act); 3] {
    let entry = |event, text: &str| {
        Act::JournalEntry(JournalEntry {
            at_ms: AT_MS,
            event,
            text: text.into(),
        })
    };
    let checked = IdentityChecked {
        at_ms: AT_MS + 1,
        way: IdentityWay::PASSPORT,
    };
    [
        ("a note", entry(JournalEvent::NOTE, "Garage compris.")),
        (
            "a remark on an identity",
            entry(JournalEvent::IDENTITY_REMARK, "Périmé."),
        ),
        ("an identity checked", Act::IdentityChecked(checked)),
    ]
}

/// The adviser says something, the citizen adds a document, and the adviser decides.
fn act_envelopes() -> [(&'static str, Who, ActClass, Envelope); 3] {
    let mut said: Option<Hash> = None;
    let [(_, message), (_, document), _, (_, decision)] = acts();
    [
        ("of an agent", Who::Adviser, ActClass::Agent, message),
        ("of a citizen", Who::Citizen, ActClass::Citizen, document),
        ("of a decision", Who::Adviser, ActClass::Decision, decision),
    ]
    .map(|(name, who, class, act)| {
        let prev = if class == ActClass::Decision {
            said
        } else {
            None
        };
        let index = u64::from(prev.is_some());
        let chain = who.chain(Kind::Act);
        let mut header = Header::new(chain, index, prev, SHARED, salt(0x30 + class as u8));
        header.class = Some(class);
        let plain = flat(&act.encode().expect("encodes"));
        let envelope = Envelope::seal(&header, &plain, &key(), &AesGcm, &who.key());
        let envelope = envelope.expect("seals");
        said.get_or_insert(envelope.hash());
        (name, who, class, envelope)
    })
}

fn page_head() -> PageHead {
    let author = Who::Citizen.author();
    PageHead::new(salt(0x40), tag(), author, SHARED, PAGE_BYTES as u64)
}

/// The two sealed segments of a page of bytes that all are one number.
pub fn segments() -> [Vec<u8>; 2] {
    let plain = vec![0x77; PAGE_BYTES];
    let (first, last) = plain.split_at(SEGMENT_BYTES);
    let seal = |index, plain| page_head().seal_segment(index, plain, &key(), &AesGcm);
    [seal(0, first), seal(1, last)]
}

pub fn manifest() -> Manifest {
    let hashes = segments().map(|sealed| sha256(&sealed));
    Manifest::sign(page_head(), &hashes, &Who::Citizen.key()).expect("a good page")
}

pub fn receipts() -> [(&'static str, Receipt); 2] {
    let covers = vec![
        Cover::Chain {
            chain: Who::Citizen.chain(Kind::Edit),
            next: 2,
        },
        Cover::Page {
            case: tag(),
            page: manifest().id(),
        },
    ];
    let sign = |who: Who, stage| Receipt::sign(&who.key(), stage, AT_MS + 5, covers.clone());
    [
        ("en route", sign(Who::Relay, Stage::EnRoute)),
        ("received", sign(Who::Station, Stage::Received)),
    ]
}

fn drafts() -> [(&'static str, DraftHeader, Draft); 2] {
    let header = |sequence| DraftHeader {
        case: tag(),
        author: Who::Citizen.author(),
        key_epoch: 1,
        sequence,
        salt: salt(0x50),
    };
    let draft = |value: Option<&str>| Draft {
        field: field("rent"),
        value: value.map(str::to_owned),
    };
    [
        ("of a draft", header(3), draft(Some("41"))),
        ("of a draft that ended", header(300), draft(None)),
    ]
}

fn presences() -> [(&'static str, DraftHeader, Option<FieldRef>); 2] {
    let header = |sequence| DraftHeader {
        case: tag(),
        author: Who::Adviser.author(),
        key_epoch: 1,
        sequence,
        salt: salt(0x51),
    };
    [
        ("of a presence", header(4), None),
        ("of a presence in a field", header(5), Some(field("rent"))),
    ]
}

pub fn vectors() -> Vec<Vector> {
    let mut vectors: Vec<Vector> = Vec::new();
    let mut add = |name: String, bytes: &[u8]| vectors.push((name, bytes.to_vec()));
    for (name, payload) in ["that opens a form", "of a number and a text", "of a choice"]
        .into_iter()
        .zip(batches())
    {
        add(format!("payload of changes {name}"), &payload);
    }
    for (name, act) in acts().into_iter().chain(acts_of_the_desk()) {
        add(
            format!("payload of {name}"),
            &flat(&act.encode().expect("encodes")),
        );
    }
    let [first, next, answer] = edits();
    for (name, envelope) in [
        ("of edits, the first of a chain", first),
        ("of edits, the second", next),
        ("of edits that depend on another's", answer),
    ]
    .into_iter()
    .chain(act_envelopes().map(|(name, _, _, envelope)| (name, envelope)))
    {
        add(
            format!("header of an envelope {name}"),
            &header_bytes(&envelope),
        );
        add(format!("envelope {name}"), envelope.bytes());
        add(
            format!("hash of the envelope {name}"),
            envelope.hash().as_bytes(),
        );
    }
    let [_, last] = segments();
    add("segment, the last of a page".into(), &last);
    add("manifest of a page".into(), manifest().bytes());
    add("name of the page".into(), manifest().id().0.as_bytes());
    for (name, receipt) in receipts() {
        add(format!("receipt, {name}"), receipt.bytes());
    }
    for (name, header, draft) in drafts() {
        let frame = draft.seal(&header, &AesGcm, &key()).expect("seals");
        add(format!("frame {name}"), &frame);
    }
    for (name, header, field) in presences() {
        let signer = Who::Adviser.key();
        let frame = Presence::seal(field.as_ref(), &header, &signer, &AesGcm, &key());
        add(format!("frame {name}"), &frame.expect("seals"));
    }
    vectors
}

fn header_bytes(envelope: &Envelope) -> Vec<u8> {
    let mut cbor = minicbor::Decoder::new(envelope.bytes());
    cbor.array().expect("an envelope is an array");
    cbor.bytes()
        .expect("of which a header is the first")
        .to_vec()
}

#[test]
fn envelopes_are_read_back_to_what_people_wrote() {
    let keys = BTreeMap::from([(SHARED, key())]);
    let reader = AuthorId::from([1; 16]);
    let mut log = CaseLog::new(tag(), keys, reader, Arc::new(AesGcm), Rules::default());
    for (name, who) in [
        ("of edits, the first of a chain", Who::Citizen),
        ("of edits, the second", Who::Citizen),
        ("of edits that depend on another's", Who::Adviser),
        ("of an agent", Who::Adviser),
        ("of a citizen", Who::Citizen),
        ("of a decision", Who::Adviser),
    ] {
        let envelope = Envelope::parse(kept(&format!("envelope {name}"))).expect(name);
        envelope.verify(&who.key().subject()).expect(name);
        assert_eq!(envelope.header().author, who.author());
        let hash = kept(&format!("hash of the envelope {name}"));
        assert_eq!(envelope.hash().as_bytes().as_slice(), hash);
        log.insert(&envelope);
    }
    assert_eq!(log.set_aside(), []);
    assert_eq!(log.doc().template(FORM).as_deref(), Some("housing"));
    let rent = log.doc().register(&field("rent"));
    assert_eq!(rent.len(), 1);
    assert_eq!(rent[0].value, Value::Code("owner".into()));
    let situation = log.doc().text(&field("situation")).expect("a text area");
    assert_eq!(situation.text, "Je loue à deux.");
    let stand: Vec<_> = log
        .acts()
        .into_iter()
        .map(|it| (it.class, it.act))
        .collect();
    let [(_, message), (_, document), _, (_, decision)] = acts();
    assert_eq!(
        stand,
        [
            (ActClass::Decision, decision),
            (ActClass::Agent, message),
            (ActClass::Citizen, document)
        ]
    );
}

#[test]
fn pages_receipts_drafts_and_presences_are_read_back() {
    let page = Manifest::parse(kept("manifest of a page")).expect("a manifest");
    page.verify(&Who::Citizen.key().subject()).expect("signed");
    assert_eq!(page.id().0.as_bytes().as_slice(), kept("name of the page"));
    let last = kept("segment, the last of a page");
    page.check_segment(1, &last).expect("its own");
    let plain = page.head().open_segment(1, &last, &key(), &AesGcm);
    assert_eq!(plain.expect("opens").as_slice(), [0x77]);

    for (name, receipt) in receipts() {
        let read = Receipt::parse(kept(&format!("receipt, {name}"))).expect(name);
        read.verify().expect(name);
        assert_eq!(read, receipt);
    }
    for (name, header, draft) in drafts() {
        let sealed = SealedDraft::parse(&kept(&format!("frame {name}"))).expect(name);
        assert_eq!(sealed.header(), &header);
        assert_eq!(sealed.open(&AesGcm, &key()), Ok(draft));
    }
    for (name, header, field) in presences() {
        let sealed = SealedPresence::parse(&kept(&format!("frame {name}"))).expect(name);
        assert_eq!(sealed.header(), &header);
        let person = Who::Adviser.key().subject();
        let presence = Presence { person, field };
        assert_eq!(sealed.open(&AesGcm, &key()), Ok(presence));
    }
    for (name, act) in acts_of_the_desk() {
        let payload = kept(&format!("payload of {name}"));
        assert_eq!(Act::decode(&payload), Ok(act));
    }
}
