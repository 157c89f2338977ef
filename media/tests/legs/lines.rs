//! Lines that lose packets, and lines that are thin.

use std::time::Duration;

use guichet_media::Sending;
use str0m::media::MediaKind;

use super::world::{World, call, media_on_wire};

#[test]
fn lost_pictures_are_sent_again() {
    let mut world = World::in_call();
    world.line.loss = 50;
    let from = world.now;
    world.run_ms(20_000);
    world.line.loss = 0;
    let until = world.now - Duration::from_secs(1);
    world.run_ms(1_000);
    let arrived = |kind| {
        let got = world.browser(1).got_of(kind, 10);
        let mut counts: Vec<u32> = got
            .iter()
            .filter(|got| got.at > from && got.at < until)
            .map(|got| got.count)
            .collect();
        counts.sort_unstable();
        let span = counts[counts.len() - 1] - counts[0] + 1;
        counts.len() as f64 / f64::from(span)
    };
    let (audio, video) = (arrived(MediaKind::Audio), arrived(MediaKind::Video));
    assert!(
        (0.92..0.98).contains(&audio),
        "{audio} of sound, as the line has it"
    );
    assert!(video > 0.995, "{video} of the pictures");
    let told = world.reports(0).last().expect("told").clone();
    assert!(told.lost_sent.is_some());
}

#[test]
fn who_sends_neither_sound_nor_picture_over_a_bad_line_is_not_taken_for_gone() {
    let mut world = World::in_call();
    for node in [0, 1] {
        world.send(call(1), node, Sending::Off, Sending::Off);
    }
    world.run_ms(1_000);
    world.line.loss = 200;
    let from = world.now;
    world.run_ms(300_000);
    for node in [0, 1] {
        assert_eq!(world.states(node, from), [], "at {node}");
    }
}

#[test]
fn keyframes_are_asked_for_in_bounds() {
    let mut world = World::in_call();
    world.line.loss = 300;
    world.run_ms(20_000);
    for node in [0, 1] {
        for pair in world.browser(node).asked.windows(2) {
            assert!(pair[1] - pair[0] >= Duration::from_millis(500));
        }
    }
}

#[test]
fn the_camera_keeps_to_a_thin_line_and_sound_gets_across() {
    let mut world = World::in_call();
    world.line.rate_bps = Some(200_000);
    world.run_ms(20_000);
    let from = world.now;
    world.run_ms(10_000);
    for (node, other) in [(0, 20), (1, 10)] {
        let limit_bps = world.browser(node).limit_bps.expect("told");
        assert!(
            limit_bps < 200_000,
            "{limit_bps} bit/s on a line of 200,000"
        );
        let heard = world.browser(node).got_of(MediaKind::Audio, other);
        let heard = heard.iter().filter(|got| got.at > from).count();
        assert!(heard > 475, "{heard} of 500 packets of sound at {node}");
    }
    world.line.rate_bps = None;
    world.run_ms(20_000);
    for node in [0, 1] {
        let limit_bps = world.browser(node).limit_bps.expect("told");
        assert!(limit_bps > 250_000, "{limit_bps} bit/s on a wide line");
    }
}

/// What each page may send when its call is opened, on a line of this rate, and of the sound of the
/// first two seconds the part that arrives.
fn first_pictures(rate_bps: Option<u64>) -> ([u64; 2], [f64; 2]) {
    let mut world = World::new(2);
    world.line.rate_bps = rate_bps;
    world.open_page(0);
    world.open_page(1);
    world.begin(call(1), 0, 1);
    for node in [0, 1] {
        world.send(call(1), node, Sending::On, Sending::On);
    }
    world.run_ms(2_000);
    assert_eq!(media_on_wire(&world.wire), [0, 0], "it rings only");
    let limits = [0, 1].map(|node| world.browser(node).limit_bps.expect("told"));
    let from = world.now;
    world.open(call(1));
    world.run_ms(2_300);
    let heard = [(0, 20), (1, 10)].map(|(node, other)| {
        let heard = world.browser(node).got_of(MediaKind::Audio, other);
        heard.iter().filter(|got| got.at > from).count() as f64 / 115.0
    });
    (limits, heard)
}

#[test]
fn a_line_is_measured_while_it_rings() {
    let (limits, heard) = first_pictures(None);
    assert!(limits.iter().all(|bps| *bps > 400_000), "{limits:?}");
    assert!(heard.iter().all(|part| *part > 0.95), "{heard:?}");
    let (limits, heard) = first_pictures(Some(200_000));
    assert!(limits.iter().all(|bps| *bps < 200_000), "{limits:?}");
    assert!(heard.iter().all(|part| *part > 0.9), "{heard:?}");
}
