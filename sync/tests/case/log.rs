//! Envelopes of one case in different orders: forks, what builds on them, and what does not open.

use std::collections::BTreeMap;
use std::sync::Arc;

use guichet_keys::{ActClass, AesGcm, AuthorId, CaseTag, KeyUse, Salt, SecretKey, SigningKey};
use guichet_sync::case::{
    Act, CaseLog, FieldRef, FormId, JournalEntry, JournalEvent, Message, Value, Writer,
};
use guichet_sync::envelope::{Envelope, Header, KeyRef, Kind};
use guichet_sync::rules::Rules;

const FORM: FormId = FormId::from_number(1);
const KEY: KeyRef = KeyRef {
    usage: KeyUse::Shared,
    epoch: 1,
};

fn case() -> CaseTag {
    CaseTag::from([1; 16])
}

fn key() -> SecretKey {
    SecretKey::from([2; 32])
}

fn signer() -> SigningKey {
    SigningKey::from_seed(&[3; 32])
}

fn reader() -> CaseLog {
    let keys = BTreeMap::from([(KEY, key())]);
    let nobody = AuthorId::from([9; 16]);
    CaseLog::new(case(), keys, nobody, Arc::new(AesGcm), Rules::default())
}

fn writer(author: u8, known: &[Envelope]) -> CaseLog {
    let mut log = reader();
    log.set_writer(Writer {
        author: AuthorId::from([author; 16]),
        signer: Arc::new(signer()),
        key: KEY,
    });
    known.iter().for_each(|envelope| drop(log.insert(envelope)));
    log
}

fn open_form(log: &mut CaseLog) -> Envelope {
    let mut salts = || Salt::from([0; 16]);
    let made = log.edit(&mut salts, |doc| doc.open_form(FORM, "family", &[], 0));
    made.expect("opens").remove(0)
}

fn set(log: &mut CaseLog, value: &str, salt: u8) -> Envelope {
    let field = FieldRef::new(FORM, "rent");
    let value = Value::Text(value.to_owned());
    let mut salts = || Salt::from([salt; 16]);
    let made = log.edit(&mut salts, |doc| doc.set(&field, &value, 0));
    made.expect("sets").remove(0)
}

/// An envelope for the place after `before`, signed as it should be, that holds no changes.
fn nonsense(before: &Envelope, salt: u8) -> Envelope {
    let at = before.header();
    let (index, prev) = (at.index + 1, Some(before.hash()));
    let header = Header::new(at.chain(), index, prev, KEY, Salt::from([salt; 16]));
    Envelope::seal(&header, b"nonsense", &key(), &AesGcm, &signer()).expect("seals")
}

fn in_order(envelopes: &[&Envelope]) -> CaseLog {
    let mut log = reader();
    envelopes.iter().for_each(|one| drop(log.insert(one)));
    log
}

fn aside(log: &CaseLog) -> Vec<(u64, bool)> {
    let aside: Vec<(u64, bool)> = log
        .set_aside()
        .into_iter()
        .map(|one| (one.index, one.unreadable))
        .collect();
    let unreadable = aside.iter().filter(|one| one.1).count() as u64;
    let counted = (unreadable, aside.len() as u64 - unreadable);
    assert_eq!(log.count_aside(), counted, "counted as listed: {aside:?}");
    aside
}

#[test]
fn the_lower_hash_of_a_fork_wins_in_every_order() {
    let opened = open_form(&mut writer(1, &[]));
    let known = [opened.clone()];
    let (mut first, mut second) = (writer(1, &known), writer(1, &known));
    let mut forks = [set(&mut first, "412", 1), set(&mut second, "421", 2)];
    forks.sort_by_key(Envelope::hash);
    let [wins, loses] = &forks;
    let built = set(&mut writer(2, &[opened.clone(), loses.clone()]), "500", 3);

    let late = in_order(&[&opened, loses, &built, wins]);
    let early = in_order(&[wins, &built, &opened, loses]);
    for log in [&late, &early] {
        assert_eq!(
            aside(log),
            [(1, false), (0, false)],
            "it and what builds on it"
        );
    }
    assert_eq!(late.doc().plain(), early.doc().plain());
    assert_eq!(late.doc().plain(), in_order(&[&opened, wins]).doc().plain());
    assert_ne!(
        late.doc().plain(),
        in_order(&[&opened, loses]).doc().plain()
    );
}

#[test]
fn what_does_not_open_holds_up_nobody_else_and_gives_way_to_a_lower_hash() {
    let mut one = writer(1, &[]);
    let opened = open_form(&mut one);
    let good = set(&mut one, "412", 1);
    let other = set(&mut writer(2, std::slice::from_ref(&opened)), "421", 2);
    let bad = |wanted: fn(&Envelope, &Envelope) -> bool| {
        let mut tries = (0..=255).map(|salt| nonsense(&opened, salt));
        tries.find(|bad| wanted(bad, &good)).expect("one of 256")
    };

    let higher = bad(|bad, good| bad.hash() > good.hash());
    let log = in_order(&[&opened, &higher, &other]);
    assert_eq!(aside(&log), [(1, true)]);
    assert_eq!(log.applied(Kind::Edit, &other.header().author), 1);
    let mut log = log;
    log.insert(&good);
    let without = in_order(&[&opened, &good, &other]);
    assert_eq!(log.doc().plain(), without.doc().plain());

    let lower = bad(|bad, good| bad.hash() < good.hash());
    for order in [[&opened, &good, &lower], [&opened, &lower, &good]] {
        let log = in_order(&order);
        assert_eq!(log.applied(Kind::Edit, &AuthorId::from([1; 16])), 1);
        assert_eq!(aside(&log).len(), 2);
    }
}

/// What the service writes down for itself travels in the same chain as what it says to the
/// citizen, who must read the one and not the other.
#[test]
fn what_is_for_the_service_alone_holds_up_nothing_for_the_citizen() {
    let service = KeyRef {
        usage: KeyUse::Service,
        epoch: 1,
    };
    let keys = BTreeMap::from([(KEY, key()), (service, SecretKey::from([4; 32]))]);
    let author = AuthorId::from([1; 16]);
    let (sealer, rules) = (Arc::new(AesGcm), Rules::default());
    let mut adviser = CaseLog::new(case(), keys, author, sealer, rules);
    adviser.set_writer(Writer {
        author,
        signer: Arc::new(signer()),
        key: KEY,
    });
    let note = Act::JournalEntry(JournalEntry {
        at_ms: 1,
        event: JournalEvent::TAKEN_OUT_OF_TURN,
        text: "Attend depuis hier.".to_owned(),
    });
    let said = Act::Message(Message {
        at_ms: 2,
        text: "Bonjour.".to_owned(),
        lang: "fr".to_owned(),
    });
    let mut write = |act: &Act, salt| {
        let salt = Salt::from([salt; 16]);
        let written = adviser.act(salt, ActClass::Agent, act.clone());
        written.expect("writes")
    };
    let (first, second) = (write(&note, 1), write(&said, 2));
    assert_eq!(first.header().key, service);

    for order in [[&first, &second], [&second, &first]] {
        let citizen = in_order(&order);
        let read: Vec<_> = citizen.acts().into_iter().map(|it| it.act).collect();
        assert_eq!(read, std::slice::from_ref(&said));
        assert_eq!(aside(&citizen), []);
    }
    let later = BTreeMap::from([
        (KEY, key()),
        (
            KeyRef {
                epoch: 2,
                ..service
            },
            key(),
        ),
    ]);
    let mut colleague = CaseLog::new(case(), later, author, Arc::new(AesGcm), rules);
    colleague.insert(&first);
    assert_eq!(
        aside(&colleague),
        [(0, true)],
        "a service that cannot read says so"
    );
}
