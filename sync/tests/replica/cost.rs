//! What a few bytes of a peer may cost: little, and no more the second time.

use std::cell::Cell;
use std::rc::Rc;

use guichet_sync::wire::Frame;

use super::network::Who;
use super::village::Village;

const TIMES: usize = 500;

#[test]
fn to_follow_a_case_again_and_again_is_answered_once() {
    let mut village = Village::new();
    let (mut citizen, _adviser) = village.case();
    for number in 0..20 {
        village.put(&mut citizen, "rent", &number.to_string());
    }
    let case = citizen.case();
    let follow = Frame::Follow {
        case,
        have: vec![],
        prefixes: vec![],
    };
    let sent = Rc::new(Cell::new(0_usize));
    let seen = Rc::clone(&sent);
    village.spoil = Some(Box::new(move |frame| {
        if matches!(frame, Frame::Item { .. } | Frame::Live { .. }) {
            seen.set(seen.get() + 1);
        }
    }));
    village.cut(Who::Kiosk, Who::Relay);
    village.join(Who::Kiosk, Who::Relay);
    let held = village.node(Who::Relay).count() as usize;
    sent.set(0);
    for _ in 0..TIMES {
        let frame = follow.encode();
        village.input(
            Who::Relay,
            guichet_sync::replica::Input::FrameReceived(Who::Kiosk.subject(), frame),
        );
    }
    village.settle();
    assert_eq!(sent.get(), 0, "the kiosk follows it already");

    // To leave and come back is an answer each time, and each thing waits once.
    sent.set(0);
    for _ in 0..TIMES {
        for frame in [&Frame::Unfollow { case }, &follow] {
            let input =
                guichet_sync::replica::Input::FrameReceived(Who::Kiosk.subject(), frame.encode());
            village.input(Who::Relay, input);
        }
    }
    village.settle();
    let again = sent.get();
    assert!(again <= held, "{again} things were sent of {held} held");
    assert!(village.are_joined(Who::Kiosk, Who::Relay));
}

#[test]
fn who_lists_again_and_again_what_it_holds_is_sent_away() {
    let mut village = Village::new();
    let (citizen, _adviser) = village.case();
    // A peer that does not go on from a cursor may list what it holds, but not without end.
    village.cut(Who::Kiosk, Who::Relay);
    let hello = Frame::Hello {
        version: guichet_sync::wire::PROTOCOL,
        features: 0,
        reading: guichet_sync::wire::Reading([3; 16]),
        read: None,
        served: None,
        interest: guichet_sync::wire::Interest::Cases(vec![citizen.case()]),
    };
    village.meet_with(Who::Kiosk, Who::Relay, &hello.encode());
    let prefixes = vec![7; 8 * guichet_sync::limits::HAVE_ENTRIES_MAX];
    let have = Frame::Have {
        chains: vec![],
        prefixes,
        last: false,
    };
    let frame = have.encode();
    let mut said = 0_u64;
    while village.are_joined(Who::Relay, Who::Kiosk) {
        let input =
            guichet_sync::replica::Input::FrameReceived(Who::Kiosk.subject(), frame.clone());
        village.input(Who::Relay, input);
        said += 1;
        if said.is_multiple_of(5_000) {
            village.settle();
        }
        assert!(said < 100_000, "it is never sent away");
    }
    let why = "asks for more than a peer may have looked up";
    assert_eq!(village.node(Who::Relay).closed, [why]);
    let most = guichet_sync::limits::WORK_DEBT_MAX / guichet_sync::limits::HAVE_ENTRIES_MAX as u64;
    assert!(said >= most, "an honest first contact is not");
}
