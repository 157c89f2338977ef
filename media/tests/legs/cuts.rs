//! Lines that are cut, and descriptions that come late, twice or never.

use std::time::Duration;

use guichet_media::limits::START_BPS;
use guichet_media::{CallState, Certificate, Event, Input, Sending, Session};
use str0m::media::MediaKind;

use super::world::{Signals, World, call};
use super::{KINDS, assert_continuous};

const SECOND: Duration = Duration::from_secs(1);

/// Asserts that what each page gets is one stream; there may be holes, which pictures fill later.
fn assert_streams_go_on(world: &World) {
    for (node, other) in [(0, 20), (1, 10)] {
        for kind in KINDS {
            let got = world.browser(node).got_of(kind, other);
            assert!(got.windows(2).all(|pair| pair[0].ssrc == pair[1].ssrc));
            let (old, fresh): (Vec<_>, Vec<_>) =
                got.iter().partition(|got| got.at <= world.now - SECOND);
            let newest = old.iter().map(|got| got.seq).max().unwrap_or_default();
            let newer = fresh.iter().filter(|got| got.seq > newest).count();
            assert!(
                newer > 15,
                "{newer} of {kind:?} at {node} in the last second"
            );
        }
        let lost = |event: &Event| matches!(event, Event::PageLost { .. });
        let told = &world.nodes[node].told;
        assert!(
            !told.iter().any(|(_, event)| lost(event)),
            "a page leg fell"
        );
    }
}

#[test]
fn ten_seconds_without_packets_end_on_the_same_leg() {
    let mut world = World::in_call();
    let cut_at = world.now;
    world.line.cut = true;
    world.run_ms(10_000);
    for node in [0, 1] {
        let [(after, CallState::Quiet)] = world.states(node, cut_at)[..] else {
            panic!("{:?}", world.states(node, cut_at));
        };
        assert!(after < SECOND * 3 / 2, "noticed after {after:?}");
        let silent_for = world.reports(node).last().and_then(|r| r.silent_for);
        assert!(silent_for.expect("heard once") > 8 * SECOND);
    }
    world.line.cut = false;
    let mended_at = world.now;
    world.run_ms(3_000);
    let limits = &world.browser(0).limits_bps;
    let (_, limit_bps) = limits.iter().find(|(at, _)| *at > mended_at).expect("told");
    assert!(
        *limit_bps <= START_BPS,
        "{limit_bps} bit/s on a line that is not known"
    );
    for node in [0, 1] {
        let [(after, CallState::Live)] = world.states(node, mended_at)[..] else {
            panic!("{:?}", world.states(node, mended_at));
        };
        assert!(after < SECOND, "back after {after:?}");
        assert_eq!(world.generation(node), 1, "on the same leg");
        let asked = &world.browser(node).asked;
        assert!(asked.iter().any(|at| *at > mended_at), "for a keyframe");
    }
    assert_streams_go_on(&world);
    let seen = world.browser(0).got_of(MediaKind::Audio, 20);
    let around = seen
        .iter()
        .position(|got| got.at > mended_at)
        .expect("heard");
    let gap = seen[around].seq - seen[around - 1].seq;
    assert!(
        (40..80).contains(&gap),
        "{gap} packets were sent before the cut was noticed, and none after"
    );
    let back = seen[around].at - mended_at;
    assert!(back < SECOND / 4, "the voice is back after {back:?}");
}

/// What of a node arrived at the other's page, and when.
fn arrived(world: &World, node: usize) -> Vec<Duration> {
    let mark = [10, 20][node];
    let other = world.browser(1 - node);
    let got = KINDS.into_iter().flat_map(|kind| other.got_of(kind, mark));
    got.map(|got| got.at - super::world::test_clock()).collect()
}

/// The times in which a node calls the line cut, and its page what is here paused.
fn said_cut(world: &World, node: usize) -> Vec<(Duration, Duration)> {
    let start = super::world::test_clock();
    let mut said = Vec::new();
    for (at, state) in world.states(node, start) {
        match (state, said.last_mut()) {
            (CallState::Quiet, _) => said.push((at, world.now - start)),
            (_, Some((_, until))) if *until == world.now - start => *until = at,
            (CallState::Live | CallState::Connecting, _) => {}
        }
    }
    said
}

#[test]
fn what_is_called_paused_does_not_arrive_though_only_one_way_is_cut() {
    for (deaf, cut_ms, loss) in [
        (0, 3_000, 0),
        (0, 10_000, 0),
        (1, 10_000, 0),
        (1, 18_000, 50),
    ] {
        let mut world = World::in_call();
        let cut_at = world.now - super::world::test_clock();
        world.line.loss = loss;
        world.line.deaf = Some(deaf);
        world.run_ms(cut_ms);
        world.line.deaf = None;
        let mended_at = world.now - super::world::test_clock();
        world.run_ms(5_000);
        for node in [0, 1] {
            let [(from, until)] = said_cut(&world, node)[..] else {
                panic!("{deaf} is deaf: {:?}", said_cut(&world, node));
            };
            let within = SECOND * 5 / 2;
            assert!(
                from > cut_at && from < cut_at + within,
                "said after {:?}",
                from - cut_at
            );
            assert!(
                until < mended_at + SECOND / 2,
                "back after {:?}",
                until - mended_at
            );
            // What was under way when the words came still arrives, and pictures that were lost
            // before are sent again.
            let settled = from + SECOND * (1 + loss as u32 / 25);
            let late = arrived(&world, node);
            let late = late
                .iter()
                .filter(|at| (settled..until).contains(*at))
                .count();
            assert_eq!(
                late, 0,
                "of node {node}, though its page says that nothing leaves"
            );
            let back = arrived(&world, node).into_iter().find(|at| *at > mended_at);
            let back = back.expect("it goes on") - mended_at;
            assert!(back < SECOND / 2, "back after {back:?}");
        }
        assert_streams_go_on(&world);
    }
}

#[test]
fn a_minute_without_packets_ends_on_a_new_leg() {
    let mut world = World::in_call();
    world.line.cut = true;
    world.run_ms(60_000);
    world.line.cut = false;
    let mended_at = world.now;
    world.run_ms(5_000);
    for node in [0, 1] {
        let [(after, CallState::Live)] = world.states(node, mended_at)[..] else {
            panic!("{:?}", world.states(node, mended_at));
        };
        assert!(after < 3 * SECOND, "back after {after:?}");
        assert!((2..=4).contains(&world.generation(node)));
    }
    assert_streams_go_on(&world);
    assert_continuous(
        &world.browser(0).got_of(MediaKind::Audio, 20),
        "from one leg to the next",
    );
}

#[test]
fn a_call_comes_back_when_nothing_passes_at_all_for_minutes() {
    let mut world = World::in_call();
    world.line.cut = true;
    world.signals = Signals::Lost;
    world.run_ms(180_000);
    world.line.cut = false;
    world.run_ms(20_000);
    world.signals = Signals::Pass;
    world.run_ms(6_000);
    assert_streams_go_on(&world);
    assert_eq!(world.generation(0), world.generation(1));
}

#[test]
fn descriptions_may_come_in_any_order_and_twice() {
    for seed in 0..20 {
        let mut world = World::new(2);
        world.signals = Signals::Held;
        for _ in 0..seed {
            world.random();
        }
        world.open_page(0);
        world.open_page(1);
        world.begin(call(1), 0, 1);
        world.open(call(1));
        // Legs are given up and made anew while nothing gets across: many generations pile up.
        world.run_ms(5_000 + 1_000 * seed);
        for _ in 0..6 {
            world.run_ms(500);
            let mut held = std::mem::take(&mut world.held);
            held.extend(held.clone());
            while !held.is_empty() {
                let (to, call, leg) = held.remove(world.random() as usize % held.len());
                world.input(to, Input::Described { call, leg });
                world.run_ms(30);
            }
        }
        world.signals = Signals::Pass;
        world.run_ms(5_000);
        assert_streams_go_on(&world);
        assert_eq!(world.generation(0), world.generation(1), "seed {seed}");
    }
}

#[test]
fn both_ends_give_up_at_different_times_and_meet() {
    for (held_ms, late_ms) in [
        (23_000, 100),
        (40_000, 700),
        (70_000, 2_500),
        (90_000, 25_000),
    ] {
        let mut world = World::in_call();
        world.line.cut = true;
        world.run_ms(18_000);
        // One direction only, so that one end goes on hearing nothing and the other is unheard.
        world.signals = Signals::Held;
        world.run_ms(held_ms);
        world.line.cut = false;
        let held = std::mem::take(&mut world.held);
        for (to, call, leg) in held.into_iter().rev() {
            world.input(to, Input::Described { call, leg });
            world.run_ms(late_ms);
        }
        world.signals = Signals::Pass;
        world.run_ms(8_000);
        assert_streams_go_on(&world);
        assert_eq!(world.generation(0), world.generation(1));
    }
}

#[test]
fn descriptions_of_another_call_change_nothing() {
    let mut world = World::in_call();
    let described = world.nodes[1].told.iter().find_map(|(_, event)| {
        let Event::Describe { leg, .. } = event else {
            return None;
        };
        Some(leg.clone())
    });
    let mut leg = described.expect("told");
    leg.generation = 7;
    let since = world.now;
    world.input(0, Input::Described { call: call(9), leg });
    world.run_ms(2_000);
    assert_eq!(world.generation(0), 1);
    assert_eq!(world.states(0, since), []);
    assert_streams_go_on(&world);
}

#[test]
fn orders_about_another_call_or_given_twice_change_nothing() {
    let mut world = World::in_call();
    let since = world.now;
    let other = call(9);
    let peer = world.nodes[1].fingerprint;
    let end = guichet_media::End::Caller;
    for order in [
        Input::CallBegun {
            call: call(1),
            end,
            peer,
        },
        Input::CallOpened { call: call(1) },
        Input::CallOpened { call: other },
        Input::CallEnded { call: other },
        Input::PeerSending {
            call: other,
            audio: Sending::Off,
            video: Sending::Off,
        },
    ] {
        world.input(0, order);
    }
    world.run_ms(2_000);
    assert_eq!(world.generation(0), 1);
    assert_eq!(world.states(0, since), []);
    assert_streams_go_on(&world);
}

#[test]
fn a_node_that_began_again_is_met() {
    let mut world = World::in_call();
    // Both have come to a later generation before one of them loses its memory.
    world.line.cut = true;
    world.run_ms(30_000);
    world.line.cut = false;
    world.run_ms(5_000);
    assert!(world.generation(0) > 1);

    let certificate = Certificate::generate().expect("made");
    world.nodes[1].fingerprint = certificate.fingerprint();
    world.nodes[1].session = Session::new(certificate);
    world.open_addresses(1);
    world.open_page(1);
    // The other end is told of the new certificate with a call of its own.
    world.end(call(1));
    world.begin(call(2), 0, 1);
    world.open(call(2));
    world.run_ms(3_000);
    assert!(world.browser(1).got_of(MediaKind::Audio, 10).len() > 50);
}

#[test]
fn a_node_that_began_the_same_call_again_is_met() {
    let mut world = World::in_call();
    world.line.cut = true;
    world.run_ms(30_000);
    world.line.cut = false;
    world.run_ms(5_000);
    let before = world.generation(0);
    assert!(before > 1);

    world.input(1, Input::CallEnded { call: call(1) });
    let peer = world.nodes[0].fingerprint;
    let end = guichet_media::End::Callee;
    let call = call(1);
    world.input(1, Input::CallBegun { call, end, peer });
    world.send(call, 1, Sending::On, Sending::On);
    world.input(1, Input::CallOpened { call });
    world.run_ms(6_000);
    assert!(world.generation(0) > before);
    assert_eq!(world.generation(0), world.generation(1));
    assert_streams_go_on(&world);
}

#[test]
fn addresses_that_open_later_are_told() {
    let mut world = World::new(1);
    let certificate = Certificate::generate().expect("made");
    world.nodes.push(super::world::Node::new(certificate));
    world.open_page(0);
    world.begin(call(1), 0, 1);
    world.run_ms(4_000);
    world.open_addresses(1);
    let (at, Event::Describe { leg, .. }) = world.nodes[1].told.last().expect("told") else {
        panic!("nothing was told of them");
    };
    assert_eq!((*at, leg.candidates.len()), (world.now, 1), "told at once");
    world.open_page(1);
    world.open(call(1));
    world.run_ms(3_000);
    assert_streams_go_on(&world);
    assert_eq!(world.generation(0), 1, "the same leg learns them");
}
