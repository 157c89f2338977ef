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

#[test]
fn who_goes_on_listing_after_the_end_of_the_list_is_sent_away() {
    let mut village = Village::new();
    let (_citizen, _adviser) = village.case();
    let have = Frame::Have {
        chains: vec![],
        prefixes: vec![7; 8],
        last: true,
    };
    let mut said = 0;
    while village.are_joined(Who::Relay, Who::Kiosk) && said < 100 {
        village.send(Who::Kiosk, Who::Relay, &have.encode());
        said += 1;
    }
    assert_eq!(said, 1 + guichet_sync::limits::BAD_ITEMS_MAX);
    let why = ["lists again and again what it holds"];
    assert_eq!(village.node(Who::Relay).closed, why);
}

#[test]
fn who_leaves_a_case_and_comes_back_again_and_again_pays_more_and_is_sent_away() {
    let mut village = Village::new();
    let (mut citizen, _adviser) = village.case();
    for number in 0..20 {
        village.put(&mut citizen, "rent", &number.to_string());
    }
    let case = citizen.case();
    let (have, prefixes) = (vec![], vec![]);
    let follow = Frame::Follow {
        case,
        have,
        prefixes,
    };
    let mut said = 0_u64;
    while village.node(Who::Relay).closed.is_empty() {
        for frame in [&Frame::Unfollow { case }, &follow] {
            let frame = frame.encode();
            let input = guichet_sync::replica::Input::FrameReceived(Who::Kiosk.subject(), frame);
            village.input(Who::Relay, input);
        }
        said += 1;
        if said.is_multiple_of(1_000) {
            village.run(std::time::Duration::ZERO);
        }
        assert!(said < 20_000, "it is never sent away");
    }
    let why = ["asks for more than a peer may have looked up"];
    assert_eq!(village.node(Who::Relay).closed, why);
}

/// What a frame costs a relay that holds this many things, in microseconds.
#[expect(
    clippy::disallowed_methods,
    reason = "what a frame costs is time that passes here"
)]
fn micros_each(village: &mut Village, frames: &[Frame]) -> u128 {
    let bytes: Vec<_> = frames.iter().map(Frame::encode).collect();
    let now = village.now();
    let replica = village.replica_mut(Who::Relay);
    let begun = std::time::Instant::now();
    for frame in bytes.iter().cycle().take(TIMES) {
        let input =
            guichet_sync::replica::Input::FrameReceived(Who::Kiosk.subject(), frame.clone());
        replica.handle_input(now, input);
        while replica.poll_output(now).is_some() {}
    }
    begun.elapsed().as_micros() / TIMES as u128
}

#[test]
fn a_frame_costs_little_where_twenty_thousand_things_are_held() {
    let mut village = Village::new();
    let (citizen, _adviser) = village.case();
    for part in 0..20_u64 {
        let unknown = |at| guichet_keys::Statement::Unknown {
            kind: 1_000 + 1_000 * part + at,
        };
        let things = (0..1_000).map(|at| {
            let signed = super::network::state(Who::Kiosk, 1, unknown(at));
            guichet_sync::replica::Thing::Statement(signed)
        });
        village.write(Who::Relay, things.collect());
    }
    assert!(village.node(Who::Relay).count() > 20_000);
    let case = citizen.case();
    let follow = Frame::Follow {
        case,
        have: vec![],
        prefixes: vec![],
    };
    let draft = Frame::Draft {
        case,
        sealed: vec![7; 4_000],
    };
    for frames in [
        vec![Frame::Mark {
            feed: guichet_sync::feed::Feed::Statements,
            arrival: 7,
        }],
        vec![Frame::Unfollow { case }, follow],
        vec![draft],
        vec![Frame::Have {
            chains: vec![],
            prefixes: vec![7; 8 * guichet_sync::limits::HAVE_ENTRIES_MAX],
            last: true,
        }],
    ] {
        let each = micros_each(&mut village, &frames);
        println!("{each} µs for {:.40}", format!("{:?}", frames[0]));
        assert!(
            each < 500,
            "{each} µs for {:.40}",
            format!("{:?}", frames[0])
        );
    }
}
