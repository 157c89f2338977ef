//! Bytes that nobody asked for.

use std::net::SocketAddr;

use guichet_media::limits::PAYLOAD_BYTES_MAX;
use guichet_media::{CallState, Certificate, Event, Input, OfferRefused, Output, PageId, Session};
use str0m::ice::{StunMessage, TransId};
use str0m::media::MediaKind;

use super::browser::Browser;
use super::world::{World, call, page_address, test_clock, wan_address};

/// Noise of every kind that str0m tells apart, and random bytes.
fn noise(world: &mut World, kind: u64) -> Vec<u8> {
    let length = 1 + (world.random() % 1_600) as usize;
    let mut bytes: Vec<u8> = (0..length).map(|_| world.random() as u8).collect();
    match kind {
        0 => bytes[0] = 22,
        1 => bytes[0] = 0x80,
        2 => bytes[0] = 0,
        3 if length > 12 => {
            let source = 1 + world.random() as u8 % 2;
            bytes[..4].copy_from_slice(&[0x80, 111, 0, 9]);
            bytes[8..12].copy_from_slice(&[0, 0, 2, source]);
        }
        4 if length > 8 => bytes[..2].copy_from_slice(&[0x80, 201]),
        5 => {
            let request = StunMessage::binding_request("a:b", TransId::new(), true, 1, 2, true);
            let mut buffer = vec![0; 200];
            let hmac = str0m::crypto::from_feature_flags().sha1_hmac_provider;
            let length = request
                .to_bytes(Some(b"wrong"), &mut buffer, |key, parts| {
                    hmac.sha1_hmac(key, parts)
                })
                .expect("fits");
            buffer.truncate(length);
            bytes = buffer;
        }
        _ => {}
    }
    bytes
}

#[test]
fn noise_does_nothing() {
    let mut world = World::in_call();
    let since = world.now;
    let strangers: [SocketAddr; 3] = [
        wan_address(1),
        "192.0.2.9:4000".parse().expect("an address"),
        world.browser(0).address,
    ];
    let mut sent = 0;
    for round in 0..4_000 {
        let bytes = noise(&mut world, round % 7);
        let from = strangers[world.random() as usize % 3];
        let local = [wan_address(0), page_address(0)][world.random() as usize % 2];
        world.input(0, Input::Datagram { local, from, bytes });
        sent += 1;
        if round % 100 == 0 {
            world.run_ms(100);
        }
    }
    world.run_ms(1_000);
    assert_eq!(world.states(0, since), []);
    assert_eq!(world.generation(0), 1);
    let heard = world.browser(0).got_of(MediaKind::Audio, 20);
    super::assert_continuous(&heard, "under noise");
    assert_eq!(
        heard.len(),
        world
            .browser(0)
            .got
            .iter()
            .filter(|got| got.kind == MediaKind::Audio)
            .count()
    );
    let dropped = world.reports(0).last().expect("told").datagrams_dropped;
    assert!(dropped > sent / 2, "{dropped} of {sent} were counted");
}

#[test]
fn noise_in_the_name_of_the_far_end_does_not_end_a_silence() {
    let mut world = World::in_call();
    world.line.cut = true;
    world.run_ms(2_000);
    let since = world.now;
    for round in 0..2_000 {
        let bytes = noise(&mut world, round % 7);
        let (local, from) = (wan_address(0), wan_address(1));
        world.input(0, Input::Datagram { local, from, bytes });
    }
    world.run_ms(1_000);
    assert_eq!(world.states(0, since), [], "it is still quiet");
    world.line.cut = false;
    world.run_ms(2_000);
    assert_eq!(
        world.states(0, since).last().expect("told").1,
        CallState::Live
    );
    assert_eq!(world.generation(0), 1);
}

#[test]
fn what_arrives_at_another_socket_is_not_taken() {
    let mut world = World::in_call();
    world.line.cut = true;
    world.run_ms(2_000);
    let since = world.now;
    world.wire.clear();
    world.run_ms(1_000);
    let far_end = wan_address(1);
    for (from, bytes) in std::mem::take(&mut world.wire) {
        let local = page_address(0);
        if from == far_end {
            world.input(0, Input::Datagram { local, from, bytes });
        }
    }
    world.run_ms(100);
    assert_eq!(world.states(0, since), [], "it is still quiet");
}

#[test]
fn a_node_with_another_certificate_is_not_met() {
    let mut world = World::new(2);
    world.open_page(0);
    world.open_page(1);
    let impostor = Certificate::generate().expect("made").fingerprint();
    let right = world.nodes[1].fingerprint;
    world.nodes[1].fingerprint = impostor;
    world.begin(call(1), 0, 1);
    world.open(call(1));
    world.run_ms(10_000);
    assert_ne!(right, impostor);
    assert!(world.browser(0).got.is_empty() && world.browser(1).got.is_empty());
    assert_eq!(
        world.states(0, test_clock()).len(),
        1,
        "connecting, and no more"
    );
    let tries = world.generation(0);
    assert!((2..=11).contains(&tries), "{tries} tries in ten seconds");
}

#[test]
fn packets_that_are_too_long_are_left_out() {
    let mut world = World::new(2);
    world.open_page(0);
    world.open_page(1);
    world.browser_mut(0).video_bytes = Some(PAYLOAD_BYTES_MAX + 1);
    world.browser_mut(1).video_bytes = Some(PAYLOAD_BYTES_MAX);
    world.begin(call(1), 0, 1);
    world.run_ms(500);
    world.open(call(1));
    world.run_ms(2_000);
    assert!(world.browser(1).got_of(MediaKind::Video, 10).is_empty());
    assert!(world.browser(1).got_of(MediaKind::Audio, 10).len() > 80);
    assert!(world.browser(0).got_of(MediaKind::Video, 20).len() > 40);
}

fn offered(session: &mut Session, page: u64, sdp: String) -> Event {
    let page = PageId(page);
    session.handle_input(test_clock(), Input::PageOffered { page, sdp });
    let answer = session.poll_output();
    while session.poll_output().is_some() {}
    match answer {
        Some(Output::Tell(event)) => event,
        other => panic!("{other:?}"),
    }
}

fn session() -> Session {
    let mut session = Session::new(Certificate::generate().expect("made"));
    let (page, wan) = (vec![page_address(0)], vec![wan_address(0)]);
    session.handle_input(test_clock(), Input::AddressesOpened { page, wan });
    session
}

#[test]
fn offers_that_cannot_be_answered_are_refused_with_a_reason() {
    let mut session = session();
    let (_, good) = Browser::new(test_clock(), page_address(9), 1);
    let without_fingerprint: String = good
        .split_inclusive('\n')
        .filter(|line| !line.starts_with("a=fingerprint"))
        .collect();
    for (sdp, reason) in [
        (String::new(), "neither an audio nor a video"),
        ("x".repeat(70_000), "at most 65536"),
        (good.replace("m=video", "m=application"), "“application”"),
        (good.replace("VP8/90000", "VP9/90000"), "lacks vp8/90000"),
        (good.replace("v=0", "v=zero"), "not understood"),
        (without_fingerprint, "cannot be met"),
        (good.replacen("a=", "a=ice-lite\r\na=", 1), "cannot be met"),
    ] {
        let Event::PageRefused { page, why } = offered(&mut session, 4, sdp) else {
            panic!("answered without {reason}");
        };
        assert_eq!(page, PageId(4));
        assert!(why.to_string().contains(reason), "{why} for {reason}");
    }
    let answer = offered(&mut session, 5, good);
    assert!(matches!(answer, Event::PageAnswered { .. }), "{answer:?}");
}

#[test]
fn damaged_offers_are_answered_or_refused() {
    let mut world = World::new(1);
    let mut session = session();
    let (_, good) = Browser::new(test_clock(), page_address(9), 1);
    let mut answered = 0;
    for round in 0..3_000 {
        let mut bytes = good.clone().into_bytes();
        for _ in 0..1 + world.random() % 4 {
            let at = world.random() as usize % bytes.len();
            match world.random() % 4 {
                0 => bytes[at] = world.random() as u8 & 0x7f,
                1 => drop(bytes.drain(at..(at + 9).min(bytes.len()))),
                2 => bytes.insert(at, b'9'),
                _ => {
                    let slice = bytes[at..(at + 40).min(bytes.len())].to_vec();
                    bytes.splice(at..at, slice);
                }
            }
        }
        let sdp = String::from_utf8_lossy(&bytes).into_owned();
        let answer = offered(&mut session, round, sdp);
        if let Event::PageRefused { why, .. } = answer {
            assert!(why.to_string().chars().count() < 200, "{why}");
        } else {
            assert!(matches!(answer, Event::PageAnswered { .. }), "{answer:?}");
            answered += 1;
        }
        session.handle_timeout(test_clock());
        while session.poll_output().is_some() {}
    }
    assert!((100..2_900).contains(&answered), "{answered} of 3000");
}

#[test]
fn a_refused_offer_leaves_the_page_as_it_is() {
    let mut world = World::in_call();
    let sdp = "nonsense".to_owned();
    let page = PageId(77);
    world.input(0, Input::PageOffered { page, sdp });
    let (_, Event::PageRefused { why, .. }) = world.nodes[0].told.last().expect("told") else {
        panic!("answered");
    };
    assert_eq!(*why, OfferRefused::Empty);
    let heard = world.browser(0).got_of(MediaKind::Audio, 20).len();
    world.run_ms(1_000);
    assert!(world.browser(0).got_of(MediaKind::Audio, 20).len() > heard + 45);

    world.input(0, Input::PageClosed { page });
    world.run_ms(1_000);
    assert!(
        world.browser(0).got_of(MediaKind::Audio, 20).len() > heard + 90,
        "another page was closed"
    );
    world.input(0, Input::PageClosed { page: PageId(0) });
    world.run_ms(100);
    let heard = world.browser(0).got_of(MediaKind::Audio, 20).len();
    world.run_ms(1_000);
    assert_eq!(world.browser(0).got_of(MediaKind::Audio, 20).len(), heard);
}
