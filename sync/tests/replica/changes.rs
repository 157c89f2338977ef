//! Envelopes that are sealed and signed as they should be and hold changes that no program of ours
//! would make. Nodes keep them without reading; whoever opens them sets them aside.

use guichet_sync::case::{BadAct, BadBatch, EditError, Malformed, SetAside, WriteError};
use guichet_sync::envelope::{Envelope, Kind};
use guichet_sync::replica::Thing;

use super::chunk::{self, Chunk, column, payload};
use super::network::Who;
use super::people::{Person, field, message, set};
use super::village::Village;

const ALL: [Who; 3] = [Who::Relay, Who::Kiosk, Who::Station];
const TWO_MEGABYTES: usize = 2_000_000;

/// A change of this person that could be their next one.
fn change(person: &Person) -> Chunk {
    let doc = person.log.doc();
    Chunk {
        deps: doc.version().to_string(),
        author: *person.author().as_bytes(),
        seq: 3,
        start_op: 6,
        time_s: 20,
        ..Chunk::default()
    }
}

/// 2⁶² numbers put into the root of the document.
fn claims_2_to_the_62_operations(person: &Person) -> Vec<u8> {
    let run = |value: &[u8]| [&chunk::signed(1 << 62)[..], value].concat();
    change(person)
        .with(column::KEY_NAME, &run(&[1, b'x']))
        .with(column::INSERT, &chunk::unsigned(1 << 62))
        .with(column::ACTION, &run(&[1]))
        .with(column::VALUE_META, &run(&[0]))
        .with(column::REPLACES_COUNT, &run(&[0]))
        .bytes()
}

/// One text of this many bytes put into the root of the document.
fn holds_a_value_of(bytes: usize, person: &Person) -> Vec<u8> {
    let meta = chunk::unsigned((bytes as u64) << 4 | 6);
    change(person)
        .with(column::KEY_NAME, &[0x7f, 1, b'x'])
        .with(column::INSERT, &[1])
        .with(column::ACTION, &[0x7f, 1])
        .with(column::VALUE_META, &[&[0x7f][..], &meta].concat())
        .with(column::VALUE, &[&b"t"[..], &vec![b'x'; bytes - 1]].concat())
        .with(column::REPLACES_COUNT, &[0x7f, 0])
        .bytes()
}

/// The citizen's kiosk hands in an envelope with this plain content and one more behind it; all
/// nodes keep both and go on.
fn hand_in(village: &mut Village, citizen: &mut Person, plain: &[u8]) -> [Envelope; 2] {
    let before = citizen.last(Kind::Edit);
    let hostile = citizen.forge(before.as_ref(), None, plain);
    let behind = citizen.forge(Some(&hostile), None, &payload(&[]));
    let both = [hostile, behind];
    village.write(Who::Kiosk, both.clone().map(Thing::Envelope).into());
    for who in ALL {
        let node = village.node(who);
        assert!(both.iter().all(|it| node.holds(&it.hash())), "{who:?}");
        assert_eq!(node.closed, Vec::<String>::new(), "{who:?}");
    }
    both
}

/// Both are listed as set aside, at both desks, for the reason of the first.
fn is_set_aside(people: [&mut Person; 2], both: &[Envelope; 2], why: BadBatch) {
    for person in people {
        let listed = both.clone().map(|envelope| SetAside {
            chain: envelope.header().chain(),
            index: envelope.header().index,
            hash: envelope.hash(),
            unreadable: true,
            why: why.to_string(),
        });
        assert_eq!(person.log.set_aside(), listed);
    }
}

fn check(hostile: fn(&Person) -> Vec<u8>, why: BadBatch) {
    let mut village = Village::new();
    let (mut citizen, mut adviser) = village.case();
    village.put(&mut citizen, "rent", "412");
    let plain = payload(&[hostile(&citizen)]);
    let both = hand_in(&mut village, &mut citizen, &plain);
    let rent = village.both_read([&mut citizen, &mut adviser], "rent");
    assert_eq!(rent, ["412"], "the case is as it was");
    is_set_aside([&mut citizen, &mut adviser], &both, why);

    village.put(&mut adviser, "rent", "421");
    assert!(
        citizen.log.writer_is_aside(),
        "the citizen goes on as another author"
    );
    village.rename(&mut citizen);
    village.put(&mut citizen, "name", "Durand");
    village.say(&mut citizen, "Bonjour.");

    for reopened in [false, true] {
        let people = [&mut citizen, &mut adviser];
        assert_eq!(village.both_read(people, "rent"), ["421"]);
        let people = [&mut citizen, &mut adviser];
        assert_eq!(village.both_read(people, "name"), ["Durand"]);
        assert_eq!(
            village.both_hear([&mut citizen, &mut adviser]),
            ["Bonjour."]
        );
        is_set_aside([&mut citizen, &mut adviser], &both, why);
        let (waiting, _) = village.node(Who::Kiosk).replica.outbox();
        assert_eq!(waiting, 0, "the station has signed for everything");
        if !reopened {
            village.restart();
            citizen.reopen();
            adviser.reopen();
        }
    }
}

#[test]
fn a_change_that_claims_2_to_the_62_operations_is_set_aside_and_the_case_goes_on() {
    let why = BadBatch::Malformed(Malformed::TooManyRows);
    check(claims_2_to_the_62_operations, why);
}

#[test]
fn a_change_with_a_value_that_is_too_long_is_set_aside_and_the_case_goes_on() {
    let why = BadBatch::Malformed(Malformed::ValueTooLong);
    check(|citizen| holds_a_value_of(200_000, citizen), why);
    check(
        |citizen| holds_a_value_of(TWO_MEGABYTES, citizen),
        BadBatch::TooLarge,
    );
}

#[test]
fn the_same_change_with_a_value_of_a_few_bytes_is_taken() {
    let mut village = Village::new();
    let (mut citizen, mut adviser) = village.case();
    village.put(&mut citizen, "rent", "412");
    let plain = payload(&[holds_a_value_of(5, &citizen)]);
    let before = citizen.last(Kind::Edit);
    let envelope = citizen.forge(before.as_ref(), None, &plain);
    village.write(Who::Kiosk, vec![Thing::Envelope(envelope)]);
    village.both_read([&mut citizen, &mut adviser], "rent");
    assert_eq!(
        (citizen.log.set_aside(), adviser.log.set_aside()),
        (vec![], vec![])
    );
}

#[test]
fn two_megabytes_are_refused_before_they_are_written() {
    let mut village = Village::new();
    let (mut citizen, mut adviser) = village.case();
    village.put(&mut citizen, "rent", "412");
    let held = ALL.map(|who| village.node(who).count());

    let long = "x".repeat(TWO_MEGABYTES);
    let too_long = || Err(WriteError::Edit(EditError::TooLong));
    assert_eq!(citizen.compose(|doc| set(doc, "rent", &long)), too_long());
    let version = citizen.log.doc().version();
    let area = field("situation");
    let typed = citizen.compose(|doc| doc.splice(&area, &version, 0, 0, &long, 0));
    assert_eq!(typed, too_long());
    let said = citizen.compose_act(message(&long));
    assert_eq!(said, Err(WriteError::Edit(BadAct::Length("message"))));
    village.settle();

    assert_eq!(ALL.map(|who| village.node(who).count()), held);
    let people = [&mut citizen, &mut adviser];
    assert_eq!(village.both_read(people, "rent"), ["412"]);
    village.put(&mut citizen, "rent", "421");
    let people = [&mut citizen, &mut adviser];
    assert_eq!(village.both_read(people, "rent"), ["421"]);
}
