//! Sessions of several nodes over a simulated line, each with a page that str0m plays.

#[path = "legs/browser.rs"]
mod browser;
#[path = "legs/world.rs"]
mod world;

use std::time::Duration;

use guichet_media::{CallState, Event, Input, PageId, Sending};
use str0m::media::MediaKind;

use browser::Got;
use world::{World, call};

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
fn zz_debug() {
    let world = World::in_call();
    for node in 0..2 {
        for (at, event) in &world.nodes[node].told {
            let ms = (*at - world::test_clock()).as_millis();
            match event {
                Event::PageAnswered { sdp, .. } => println!("{node} {ms} answered {sdp}"),
                e => println!("{node} {ms} {e:?}"),
            }
        }
        let b = world.browser(node);
        println!("connected {} got {} asked {}", b.connected, b.got.len(), b.asked.len());
    }
    println!("wire {}", world.wire.len());
}
