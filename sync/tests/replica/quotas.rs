//! One member's key signs without end, and each thing is genuine: it takes no more than its share
//! of a node's memory, and what others do beside it arrives.

use std::time::Duration;

use guichet_keys::{
    CaseKey, CaseStatement, KeyUse, SignedStatement, Statement, SubjectId, Wrap, sha256,
};
use guichet_sync::envelope::Kind;
use guichet_sync::limits::{DRAFTS_AT_ONCE_MAX, MEMBER_BYTES_AT_ONCE, ROSTER_MAX};
use guichet_sync::replica::{Event, Excess, Input, Output, Thing};
use guichet_sync::wire::{Frame, Presence, What};

use super::network::{Who, family, state};
use super::people::Person;
use super::village::Village;

/// A statement that a later edition of the program understands.
fn unknown(signer: Who, number: u64) -> SignedStatement {
    let kind = 1_000 + number;
    state(signer, 1, Statement::Unknown { kind })
}

fn live(thing: &Thing) -> Vec<u8> {
    let (what, payload) = (thing.what(), thing.bytes().to_vec());
    Frame::Live { what, payload }.encode()
}

fn statement(signed: SignedStatement) -> Vec<u8> {
    live(&Thing::Statement(signed))
}

/// The author and the beginning of a case of a kiosk, the latter nearly as long as one may be.
fn large_case(number: u16) -> [SignedStatement; 2] {
    let [high, low] = number.to_be_bytes();
    let mut id = [0xee; 16];
    (id[0], id[1]) = (high, low);
    let author = guichet_keys::AuthorId::from(id);
    let binding = guichet_keys::AuthorBinding {
        author,
        node: Who::Kiosk.subject(),
        person: None,
        case: None,
    };
    let filler = Wrap {
        recipient: super::network::family_key().0.public,
        enc: [7; 32],
        ciphertext: vec![7; 120],
    };
    let key = CaseKey {
        which: KeyUse::Shared,
        epoch: 1,
        commitment: sha256(&id),
        wraps: vec![filler; 340],
    };
    let case = CaseStatement {
        case: id.into(),
        service: family(),
        service_epoch: 1,
        author,
        keys: vec![key],
    };
    [
        state(Who::Kiosk, 1, Statement::Author(binding)),
        state(Who::Kiosk, 1, Statement::Case(case)),
    ]
}

/// The kiosk's key brings all these to a node at once, whatever it is told, and comes again when it
/// is sent away.
fn flood(village: &mut Village, to: Who, frames: impl Iterator<Item = Vec<u8>>) {
    for (number, frame) in frames.enumerate() {
        village.input(to, Input::FrameReceived(Who::Kiosk.subject(), frame));
        if number % 100 == 99 {
            village.run(Duration::ZERO);
            if !village.are_joined(to, Who::Kiosk) {
                village.connect(to, Who::Kiosk);
                village.run(Duration::ZERO);
            }
        }
    }
    village.run(Duration::ZERO);
}

fn told(village: &Village, who: Who) -> Vec<(SubjectId, Excess)> {
    let replica = &village.node(who).replica;
    let told = replica.overdrawn(village.now());
    told.map(|it| (it.member, it.what)).collect()
}

/// What is said at the station reaches the relay, in spite of all.
fn others_go_on(village: &mut Village, adviser: &mut Person) {
    village.say(adviser, "Bonjour.");
    let said = adviser.last(Kind::Act).expect("it was said");
    assert!(village.are_joined(Who::Relay, Who::Station));
    assert!(village.node(Who::Relay).holds(&said.hash()));
    let told = told(village, Who::Relay);
    assert_eq!(told, [(Who::Kiosk.subject(), Excess::Things)]);
}

/// Bytes that a node keeps more than it did, at least.
fn kept(village: &Village, who: Who) -> u64 {
    village.node(who).replica.catalogue().bytes()
}

#[test]
fn statements_that_nobody_can_read_take_their_signers_share_and_no_more() {
    let mut village = Village::new();
    let (_citizen, mut adviser) = village.case();
    let before = village.node(Who::Relay).count();
    let many = (0..12_000).map(|number| statement(unknown(Who::Kiosk, number)));
    flood(&mut village, Who::Relay, many);
    let kept = village.node(Who::Relay).count() - before;
    assert!((1_000..8_000).contains(&kept), "{kept} of 12,000 are kept");
    let why = &village.node(Who::Relay).closed[0];
    assert!(why.starts_with("makes more than a member may"), "{why}");
    others_go_on(&mut village, &mut adviser);
}

#[test]
fn large_cases_take_their_makers_share_and_no_more() {
    let mut village = Village::new();
    let (_citizen, mut adviser) = village.case();
    let before = kept(&village, Who::Relay);
    let many = (0..300).flat_map(|number| large_case(number).map(statement));
    flood(&mut village, Who::Relay, many);
    let bytes = kept(&village, Who::Relay) - before;
    assert!(bytes > MEMBER_BYTES_AT_ONCE / 2, "{bytes}");
    assert!(bytes < 2 * MEMBER_BYTES_AT_ONCE, "{bytes}");
    others_go_on(&mut village, &mut adviser);
}

#[test]
fn pages_that_never_come_take_their_makers_share_and_no_more() {
    let mut village = Village::new();
    let (mut citizen, mut adviser) = village.case();
    let before = kept(&village, Who::Relay);
    let length = guichet_sync::limits::PAGE_BYTES_MAX;
    let manifests: Vec<_> = (0..200)
        .map(|_| Frame::Live {
            what: What::Manifest,
            payload: citizen.forge_manifest(length),
        })
        .collect();
    let many = manifests.iter().map(Frame::encode);
    flood(&mut village, Who::Relay, many);
    let bytes = kept(&village, Who::Relay) - before;
    assert!(bytes > MEMBER_BYTES_AT_ONCE / 2, "{bytes}");
    assert!(bytes < 3 * MEMBER_BYTES_AT_ONCE, "{bytes}");
    others_go_on(&mut village, &mut adviser);
}

/// Each has whoever holds the case open read everything before it anew.
#[test]
fn forks_weigh_as_much_as_what_stands_before_them() {
    let mut village = Village::new();
    let (mut citizen, mut adviser) = village.case();
    let mut chain = vec![citizen.forge(None, None, b"first")];
    for _ in 1..400 {
        let next = citizen.forge(chain.last(), None, b"next");
        chain.push(next);
    }
    let edits = chain.iter().cloned().map(Thing::Envelope);
    flood(&mut village, Who::Relay, edits.map(|it| live(&it)));
    let relay = village.node(Who::Relay);
    assert!(chain.iter().all(|it| relay.holds(&it.hash())));
    let forks: Vec<_> = (200..400)
        .rev()
        .map(|at| citizen.forge(Some(&chain[at - 1]), None, b"other"))
        .collect();
    let many = forks.iter().cloned().map(Thing::Envelope);
    flood(&mut village, Who::Relay, many.map(|it| live(&it)));
    let relay = village.node(Who::Relay);
    let held = forks.iter().filter(|it| relay.holds(&it.hash())).count();
    assert!((5..60).contains(&held), "{held} of 200 forks at once");
    others_go_on(&mut village, &mut adviser);
}

#[test]
fn what_others_pass_on_is_not_their_fault_and_comes_later() {
    let mut village = Village::new();
    let (mut citizen, _adviser) = village.case();
    village.join(Who::Kiosk, Who::Station);
    let many = (0..12_000).map(|number| statement(unknown(Who::Kiosk, number)));
    flood(&mut village, Who::Station, many);
    village.cut(Who::Kiosk, Who::Station);
    let told = told(&village, Who::Station);
    assert_eq!(told, [(Who::Kiosk.subject(), Excess::Things)]);
    // The relay has heard of nothing, and what it brings of the kiosk is not taken for now.
    let closed = village.node(Who::Station).closed.len();
    village.put(&mut citizen, "rent", "412");
    let put = citizen.last(Kind::Edit).expect("it was put").hash();
    village.run(Duration::from_secs(180));
    assert!(
        village.node(Who::Station).holds(&put),
        "it is asked for again"
    );
    assert!(village.are_joined(Who::Relay, Who::Station));
    assert_eq!(village.node(Who::Station).closed.len(), closed);
}

#[test]
fn a_peer_passes_on_as_much_as_people_type() {
    let mut village = Village::new();
    let (citizen, _adviser) = village.case();
    let draft = Frame::Draft {
        case: citizen.case(),
        sealed: vec![7; 4_000],
    };
    let passed = std::rc::Rc::new(std::cell::Cell::new(0_u64));
    let seen = std::rc::Rc::clone(&passed);
    village.spoil = Some(Box::new(move |frame| {
        seen.set(seen.get() + u64::from(matches!(frame, Frame::Draft { .. })));
    }));
    for _ in 0..1_000 {
        let frame = draft.encode();
        let typed = Input::FrameReceived(Who::Kiosk.subject(), frame);
        village.input(Who::Relay, typed);
        village.run(Duration::ZERO);
    }
    village.settle();
    let passed = passed.get();
    assert!(
        (DRAFTS_AT_ONCE_MAX..=2 * DRAFTS_AT_ONCE_MAX).contains(&passed),
        "{passed}"
    );
    let told = told(&village, Who::Relay);
    assert_eq!(told, [(Who::Kiosk.subject(), Excess::Drafts)]);
}

/// What the kiosk's program is told when its relay says this; that it was read is told in any case,
/// for that is charged.
fn heard(village: &mut Village, members: Vec<Presence>) -> usize {
    let (now, count_read) = (village.now(), members.len());
    let frame = Frame::Roster { members }.encode();
    let replica = village.replica_mut(Who::Kiosk);
    replica.handle_input(now, Input::FrameReceived(Who::Relay.subject(), frame));
    let (mut count, mut read) = (0, Vec::new());
    while let Some(output) = replica.poll_output(now) {
        let told = matches!(output, Output::Tell(Event::RosterReceived(..)));
        count += usize::from(told);
        if let Output::Tell(Event::RosterRead(members)) = output {
            read.push(members);
        }
    }
    assert_eq!(read, [count_read]);
    count
}

#[test]
fn a_relay_that_tells_of_members_that_there_are_not_is_not_heard() {
    let mut village = Village::new();
    let there = |member| Presence {
        member,
        online: true,
        addresses: vec!["/ip4/10.0.0.1/tcp/1".to_owned()],
    };
    for frame in 0..20_u8 {
        let invented =
            |at: usize| SubjectId::from(*sha256(&[frame, at as u8, (at >> 8) as u8]).as_bytes());
        let members = (0..ROSTER_MAX).map(|at| there(invented(at))).collect();
        assert_eq!(heard(&mut village, members), 0, "nobody has come");
    }
    let station = there(Who::Station.subject());
    assert_eq!(heard(&mut village, vec![station.clone()]), 1);
    assert_eq!(heard(&mut village, vec![station.clone()]), 0, "nothing new");
    let gone = Presence {
        online: false,
        ..station.clone()
    };
    let mut changes = 0;
    for _ in 0..4 * ROSTER_MAX * 2 {
        changes += heard(&mut village, vec![gone.clone()]);
        changes += heard(&mut village, vec![station.clone()]);
    }
    assert!(changes <= 8 * ROSTER_MAX, "{changes} changes are heard");
    let told = told(&village, Who::Kiosk);
    assert_eq!(told, [(Who::Relay.subject(), Excess::Roster)]);
}

#[test]
fn an_honest_kiosk_that_was_away_for_long_waits_and_is_neither_sent_away_nor_named() {
    let mut village = Village::new();
    let (_citizen, mut adviser) = village.case();
    village.cut(Who::Relay, Who::Kiosk);
    let made: Vec<_> = (0..8_000)
        .map(|number| Thing::Statement(unknown(Who::Kiosk, number)))
        .collect();
    let names: Vec<_> = made.iter().map(Thing::hash).collect();
    village.write(Who::Kiosk, made);
    village.connect(Who::Relay, Who::Kiosk);
    village.run(Duration::from_secs(1));
    let held = |village: &Village| {
        let relay = village.node(Who::Relay);
        names.iter().filter(|name| relay.holds(name)).count()
    };
    let at_once = held(&village);
    assert!(at_once < 4_500, "{at_once} at once");
    village.say(&mut adviser, "Bonjour.");
    village.run(Duration::from_secs(150));
    assert_eq!(held(&village), names.len());
    assert_eq!(village.node(Who::Relay).closed, [""; 0]);
    assert_eq!(told(&village, Who::Relay), []);
}
