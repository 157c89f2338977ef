//! Frames and the things in them, too large, cut short or altered: a clear refusal each, and the
//! node that got them goes on with everybody, the sender included.

use guichet_sync::envelope::{Envelope, Kind};
use guichet_sync::limits::{ENVELOPE_BYTES_MAX, FRAME_BYTES_MAX, PAGE_BYTES_MAX};
use guichet_sync::page::Manifest;
use guichet_sync::receipt::{Cover, Receipt, Stage};
use guichet_sync::replica::Thing;
use guichet_sync::wire::{Frame, What};

use super::chunk;
use super::network::Who;
use super::people::{Person, set};
use super::village::Village;

fn live(what: What, payload: Vec<u8>) -> Vec<u8> {
    Frame::Live { what, payload }.encode()
}

/// What comes from the kiosk after that: it is there again, and nothing is lost.
fn goes_on(village: &mut Village, citizen: &mut Person, adviser: &mut Person, value: &str) {
    assert!(village.are_joined(Who::Relay, Who::Station), "others stay");
    if !village.are_joined(Who::Kiosk, Who::Relay) {
        village.join(Who::Kiosk, Who::Relay);
    }
    let said = village.both_read([citizen, adviser], "rent");
    assert_eq!(said, ["412"], "what was there is there");
    village.put(citizen, "name", value);
    assert_eq!(village.both_read([citizen, adviser], "name"), [value]);
}

#[test]
fn a_frame_that_is_none_ends_its_session_only() {
    let mut village = Village::new();
    let (mut citizen, mut adviser) = village.case();
    village.put(&mut citizen, "rent", "412");
    let frame = live(What::Edit, vec![0; 100]);
    let hello = Frame::Hello {
        version: guichet_sync::wire::PROTOCOL,
        features: 0,
        reading: guichet_sync::wire::Reading([1; 16]),
        read: None,
        served: None,
        interest: guichet_sync::wire::Interest::All,
    };
    for (number, (sent, why)) in [
        (
            vec![0; FRAME_BYTES_MAX + 1],
            format!(
                "frame of {} bytes; at most {FRAME_BYTES_MAX} are accepted",
                FRAME_BYTES_MAX + 1
            ),
        ),
        (frame[..frame.len() - 1].to_vec(), "unreadable frame".into()),
        ([&frame[..], &[0]].concat(), "unreadable frame".into()),
        (vec![], "unreadable frame".into()),
        (vec![0x82, 0x18, 99, 0x80], "unreadable frame".into()),
        (vec![0x9f; 5_000], "unreadable frame".into()),
        (
            Frame::Draft {
                case: citizen.case(),
                sealed: vec![0; 9_000],
            }
            .encode(),
            "frame with 9000 entries; at most 8192 are accepted".into(),
        ),
        (
            hello.encode(),
            "a session has one hello, and it comes first".into(),
        ),
    ]
    .into_iter()
    .enumerate()
    {
        village.send(Who::Kiosk, Who::Relay, &sent);
        assert!(!village.are_joined(Who::Kiosk, Who::Relay), "{why}");
        assert_eq!(village.node(Who::Relay).closed.len(), number + 1);
        assert_eq!(village.node(Who::Relay).closed[number], why);
        let name = format!("after {number}");
        goes_on(&mut village, &mut citizen, &mut adviser, &name);
    }
}

/// One thing of each form that holds and that nobody has been given yet.
fn things(citizen: &mut Person) -> Vec<(What, Vec<u8>)> {
    let edits = citizen
        .compose(|doc| set(doc, "owner", "Petit"))
        .expect("writes");
    let said = super::people::message("Bonjour.");
    let act = citizen.compose_act(said).expect("writes");
    let (page, _) = citizen.page(20_000);
    let chain = edits[0].header().chain();
    let covers = vec![Cover::Chain { chain, next: 1 }];
    let receipt = Receipt::sign(&Who::Relay.key(), Stage::EnRoute, 7, covers);
    let author = super::network::kiosk_author(Who::Kiosk, 0x77);
    let statement = super::network::state(Who::Kiosk, 9, author);
    vec![
        (What::Edit, edits[0].bytes().to_vec()),
        (What::Act, act.bytes().to_vec()),
        (What::Manifest, page.bytes().to_vec()),
        (What::Receipt, receipt.bytes().to_vec()),
        (What::Statement, statement.bytes().to_vec()),
    ]
}

/// The station is given something that does not hold, and stays as it was.
fn is_refused(village: &mut Village, frame: &[u8]) {
    if !village.are_joined(Who::Kiosk, Who::Station) {
        village.join(Who::Kiosk, Who::Station);
    }
    let before = village.node(Who::Station).count();
    village.send(Who::Kiosk, Who::Station, frame);
    assert_eq!(village.node(Who::Station).count(), before);
}

#[test]
fn an_altered_thing_is_refused_and_the_genuine_one_is_taken_afterwards() {
    let mut village = Village::new();
    let (mut citizen, mut adviser) = village.case();
    village.put(&mut citizen, "rent", "412");
    for (what, bytes) in things(&mut citizen) {
        for at in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[at] ^= 1 << (at % 8);
            is_refused(&mut village, &live(what, altered));
        }
        for len in (0..bytes.len()).step_by(7) {
            is_refused(&mut village, &live(what, bytes[..len].to_vec()));
        }
        is_refused(&mut village, &live(what, [&bytes[..], &[0]].concat()));
        let sent_away = &village.node(Who::Station).closed;
        assert!(
            sent_away
                .iter()
                .all(|why| why == "too many items that do not hold")
        );
        assert!(sent_away.len() > 2, "each time after a few");

        let genuine = Thing::parse(what, bytes.clone()).expect("holds").hash();
        assert!(!village.node(Who::Station).holds(&genuine), "{what:?}");
        village.join(Who::Kiosk, Who::Station);
        village.send(Who::Kiosk, Who::Station, &live(what, bytes));
        assert!(village.node(Who::Station).holds(&genuine), "{what:?}");
    }
    goes_on(&mut village, &mut citizen, &mut adviser, "Durand");
}

#[test]
fn what_is_genuine_but_too_large_is_refused_and_the_rest_goes_on() {
    let mut village = Village::new();
    let (mut citizen, mut adviser) = village.case();
    village.put(&mut citizen, "rent", "412");
    let last = citizen.last(Kind::Edit);
    let plain = chunk::payload(&[]);
    let small = citizen.forge_large(last.as_ref(), &plain);
    assert!(Envelope::parse(small).is_ok(), "only its size is wrong");
    let fits = citizen.forge_manifest(PAGE_BYTES_MAX);
    assert!(Manifest::parse(fits).is_ok(), "only its size is wrong");

    let plain = vec![0; ENVELOPE_BYTES_MAX];
    let envelope = citizen.forge_large(last.as_ref(), &plain);
    let page = citizen.forge_manifest(PAGE_BYTES_MAX + 1);
    let longer = citizen.forge_manifest(PAGE_BYTES_MAX + (1 << 20));
    let kinds = [
        (What::Edit, envelope),
        (What::Manifest, page),
        (What::Manifest, longer),
    ];
    for (what, bytes) in &kinds {
        assert!(bytes.len() > ENVELOPE_BYTES_MAX, "{what:?}");
        is_refused(&mut village, &live(*what, bytes.clone()));
        assert_eq!(village.node(Who::Station).closed, Vec::<String>::new());
    }
    goes_on(&mut village, &mut citizen, &mut adviser, "Durand");
}

#[test]
fn a_thing_of_another_form_than_was_said_is_refused() {
    let mut village = Village::new();
    let (mut citizen, mut adviser) = village.case();
    village.put(&mut citizen, "rent", "412");
    let all = things(&mut citizen);
    for (what, bytes) in &all {
        for (said, _) in all.iter().filter(|(said, _)| said != what) {
            is_refused(&mut village, &live(*said, bytes.clone()));
        }
    }
    village.join(Who::Kiosk, Who::Station);
    for (what, bytes) in all {
        village.send(Who::Kiosk, Who::Station, &live(what, bytes));
    }
    goes_on(&mut village, &mut citizen, &mut adviser, "Durand");
}
