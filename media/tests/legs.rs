//! Sessions of several nodes over a simulated line, each with a page that str0m plays.

#[path = "legs/browser.rs"]
mod browser;
#[path = "legs/cuts.rs"]
mod cuts;
#[path = "legs/extreme.rs"]
mod extreme;
#[path = "legs/lines.rs"]
mod lines;
#[path = "legs/strangers.rs"]
mod strangers;
#[path = "legs/world.rs"]
mod world;

use std::time::Duration;

use guichet_media::{CallState, Event, Input, PageId, Sending};
use str0m::media::MediaKind;

use browser::Got;
use world::{World, call, media_on_wire};

const KINDS: [MediaKind; 2] = [MediaKind::Audio, MediaKind::Video];

/// Asserts that what was got is one stream without holes: one SSRC, each sequence number the next
/// and timestamps that only grow.
fn assert_continuous(got: &[Got], what: &str) {
    for pair in got.windows(2) {
        let [a, b] = pair else { unreachable!("pairs") };
        assert_eq!(a.ssrc, b.ssrc, "{what}: another SSRC");
        assert_eq!(a.seq + 1, b.seq, "{what}: {a:?} then {b:?}");
        let step = b.time.wrapping_sub(a.time);
        assert!(step < 1 << 31, "{what}: time runs back from {a:?} to {b:?}");
    }
}

#[test]
fn a_call_carries_both_ways_and_nobody_hears_themselves() {
    let world = World::in_call();
    for (node, mark, other) in [(0, 10, 20), (1, 20, 10)] {
        let browser = world.browser(node);
        for kind in KINDS {
            let got = browser.got_of(kind, other);
            let least = if kind == MediaKind::Audio { 90 } else { 45 };
            assert!(got.len() > least, "{} of {kind:?} at {node}", got.len());
            assert_continuous(&got, "a quiet line");
            assert!(browser.got_of(kind, mark).is_empty(), "an echo at {node}");
        }
        let video = browser.got_of(MediaKind::Video, other);
        assert!(video[0].keyframe, "pictures begin with a keyframe");
    }
}

#[test]
fn nothing_passes_unless_both_have_said_yes() {
    let mut world = World::new(2);
    let kiosk = world.open_page(0);
    let desk = world.open_page(1);
    world.begin(call(1), 0, 1);
    for node in [0, 1] {
        world.send(call(1), node, Sending::On, Sending::On);
    }
    world.run_ms(2_000);
    assert_eq!(
        world.states(0, world::test_clock()).last().expect("told").1,
        CallState::Live
    );
    assert_eq!(media_on_wire(&world.wire), [0, 0], "the call only warms up");

    world.input(0, Input::CallOpened { call: call(1) });
    world.run_ms(1_000);
    let [from_kiosk, from_desk] = media_on_wire(&world.wire);
    assert!(from_kiosk > 50, "the kiosk may send: {from_kiosk}");
    assert_eq!(from_desk, 0, "the desk has not said yes");
    assert!(world.browser(1).got.is_empty(), "nor does it show anything");

    world.input(1, Input::CallOpened { call: call(1) });
    world.run_ms(1_000);
    assert!(world.browser(0).got_of(MediaKind::Audio, desk).len() > 40);
    assert!(world.browser(1).got_of(MediaKind::Audio, kiosk).len() > 40);

    world.input(0, Input::CallEnded { call: call(1) });
    world.wire.clear();
    let got = world.browser(0).got.len();
    world.run_ms(1_000);
    let [from_kiosk, from_desk] = media_on_wire(&world.wire);
    assert_eq!(from_kiosk, 0, "the call is over here");
    assert!(from_desk > 50, "and not there: {from_desk}");
    assert_eq!(world.browser(0).got.len(), got);
}

#[test]
fn what_is_off_stays_in_the_node() {
    let mut world = World::in_call();
    world.send(call(1), 0, Sending::Off, Sending::On);
    world.run_ms(100);
    let heard = world.browser(1).got_of(MediaKind::Audio, 10).len();
    let seen = world.browser(1).got_of(MediaKind::Video, 10).len();
    world.run_ms(2_000);
    assert_eq!(world.browser(1).got_of(MediaKind::Audio, 10).len(), heard);
    assert!(world.browser(1).got_of(MediaKind::Video, 10).len() > seen + 40);

    world.send(call(1), 0, Sending::Off, Sending::Off);
    world.run_ms(3_000);
    let seen = world.browser(1).got_of(MediaKind::Video, 10).len();
    world.wire.clear();
    world.run_ms(2_000);
    assert_eq!(media_on_wire(&world.wire)[0], 0);
    assert_eq!(world.browser(1).got_of(MediaKind::Video, 10).len(), seen);
    let since = world.now - Duration::from_secs(5);
    assert_eq!(world.states(1, since), [], "who sends nothing is not quiet");

    world.send(call(1), 0, Sending::On, Sending::On);
    world.run_ms(1_000);
    for kind in KINDS {
        assert_continuous(
            &world.browser(1).got_of(kind, 10),
            "after an intended pause",
        );
    }
    let video = world.browser(1).got_of(MediaKind::Video, 10);
    assert!(video[seen].keyframe, "pictures begin again with a keyframe");
}

#[test]
fn a_page_that_is_loaded_again_goes_on_in_the_same_streams() {
    let mut world = World::in_call();
    world.run_ms(500);
    let again = world.open_page(1);
    world.run_ms(2_000);

    let kiosk = world.browser(0);
    for kind in KINDS {
        let got: Vec<Got> = kiosk
            .got
            .iter()
            .filter(|got| got.kind == kind)
            .cloned()
            .collect();
        assert!(
            got.iter().any(|got| got.mark == again),
            "the new page is seen"
        );
        assert_continuous(&got, "towards the page that stayed");
    }
    let first = kiosk.got_of(MediaKind::Video, again)[0].clone();
    assert!(first.keyframe, "the new page is seen from a keyframe on");
    let before = kiosk
        .got_of(MediaKind::Video, 20)
        .last()
        .expect("seen")
        .clone();
    let stepped = first.time.wrapping_sub(before.time) / 90;
    let passed = (first.at - before.at).as_millis() as u32;
    assert!(
        stepped.abs_diff(passed) < 60,
        "{stepped} ms for {passed} ms"
    );

    let desk = world.browser(1);
    for kind in KINDS {
        let got = desk.got_of(kind, 10);
        assert!(got.len() > 40, "the new page sees too");
        assert_continuous(&got, "towards the new page");
    }
    assert!(desk.got_of(MediaKind::Video, 10)[0].keyframe);
    assert_eq!(world.states(0, world.now - Duration::from_secs(2)), []);
}

#[test]
fn another_adviser_goes_on_in_the_same_streams() {
    let mut world = World::new(3);
    for node in 0..3 {
        world.open_page(node);
    }
    world.begin(call(1), 0, 1);
    world.run_ms(500);
    world.open(call(1));
    world.run_ms(1_500);
    world.end(call(1));
    world.run_ms(700);
    world.begin(call(2), 0, 2);
    world.run_ms(500);
    world.open(call(2));
    world.run_ms(1_500);

    let kiosk = world.browser(0);
    for kind in KINDS {
        let got: Vec<Got> = kiosk
            .got
            .iter()
            .filter(|got| got.kind == kind)
            .cloned()
            .collect();
        assert!(got.iter().any(|got| got.mark == 20) && got.iter().any(|got| got.mark == 30));
        assert_continuous(&got, "from one adviser to the next");
    }
    assert!(kiosk.got_of(MediaKind::Video, 30)[0].keyframe);
    let pages = world.nodes[0]
        .told
        .iter()
        .filter(|(_, event)| matches!(event, Event::PageLost { .. } | Event::PageAnswered { .. }));
    assert_eq!(pages.count(), 1, "the page leg is the same");
    assert!(world.browser(2).got_of(MediaKind::Audio, 10).len() > 50);
}

#[test]
fn a_page_that_goes_silent_is_lost_and_may_offer_again() {
    let mut world = World::in_call();
    world.nodes[0].browser = None;
    world.run_ms(20_000);
    let told = |world: &World, wanted: fn(&Event) -> bool| {
        let events = world.nodes[0].told.iter();
        events.filter(|(_, event)| wanted(event)).count()
    };
    assert_eq!(
        told(&world, |event| matches!(event, Event::PageLost { .. })),
        1
    );
    let mark = world.open_page(0);
    world.run_ms(1_500);
    assert_eq!(
        told(&world, |event| matches!(event, Event::PageConnected { .. })),
        2
    );
    assert!(world.browser(1).got_of(MediaKind::Video, mark).len() > 20);
}

#[test]
fn a_page_that_offers_and_never_comes_is_given_up() {
    let mut world = World::new(1);
    let nowhere = world::page_address(9);
    let (_, sdp) = browser::Browser::new(world.now, nowhere, 1);
    let page = PageId(1);
    world.input(0, Input::PageOffered { page, sdp });
    world.run_ms(29_000);
    let lost = |world: &World| {
        let (_, last) = world.nodes[0].told.last().expect("told");
        matches!(last, Event::PageLost { .. })
    };
    assert!(!lost(&world));
    world.run_ms(2_000);
    assert!(lost(&world));
    assert_eq!(world.nodes[0].session.poll_timeout(), None);
}

#[test]
fn an_open_call_is_reported_on_every_second() {
    let mut world = World::in_call();
    world.run_ms(8_000);
    let reports = world.reports(0);
    assert_eq!(reports.len(), 10);
    let last = reports.last().expect("ten");
    let round_trip = last.round_trip.expect("measured");
    assert!(round_trip.as_millis().abs_diff(60) <= 2, "{round_trip:?}");
    assert_eq!(last.lost_sent, Some(0.0));
    for rates in [last.sent, last.received] {
        assert!((30_000..45_000).contains(&rates.audio_bps), "{rates:?}");
        assert!((250_000..350_000).contains(&rates.video_bps), "{rates:?}");
    }
    assert!(last.estimate_bps.expect("measured") > 300_000);
    assert!(last.silent_for.expect("heard") < Duration::from_millis(50));
    assert_eq!(last.datagrams_dropped, 0);
    world.end(call(1));
    world.run_ms(3_000);
    assert_eq!(world.reports(0).len(), 10, "a call that ended is not");
}
