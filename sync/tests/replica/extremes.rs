//! Numbers from outside at the ends of their range: refused and charged to who sent them, or
//! harmless; nothing ends the node, and everybody else goes on.

use guichet_keys::Salt;
use guichet_sync::envelope::{ChainId, Dep, Envelope, EnvelopeError, Header, Kind};
use guichet_sync::feed::Feed;
use guichet_sync::limits::{ARRIVAL_MAX, CHAIN_INDEX_MAX, ENVELOPE_DEPS_MAX, TIME_MS_MAX};
use guichet_sync::receipt::{Cover, Receipt, Stage};
use guichet_sync::replica::Thing;
use guichet_sync::wire::{Frame, HaveChain, Progress, Reading, What};

use super::network::{Who, author};
use super::people::{Person, SHARED, field};
use super::village::Village;

const EXTREMES: [u64; 6] = [
    0,
    u32::MAX as u64,
    ARRIVAL_MAX,
    ARRIVAL_MAX + 1,
    u64::MAX - 1,
    u64::MAX,
];

/// Frames with this number wherever a frame has one.
fn frames(citizen: &Person, number: u64) -> Vec<Frame> {
    let chain = ChainId {
        case: citizen.case(),
        author: citizen.author(),
        kind: Kind::Edit,
    };
    let held = HaveChain {
        chain,
        count: number,
        digest: [7; 16],
    };
    let item = citizen.last(Kind::Edit).expect("a case was opened");
    let mut frames = vec![
        Frame::Item {
            what: What::Edit,
            arrival: number,
            payload: item.bytes().to_vec(),
        },
        Frame::Have {
            chains: vec![held],
            prefixes: vec![],
            last: true,
        },
        Frame::Follow {
            case: citizen.case(),
            have: vec![held],
            prefixes: vec![],
        },
        Frame::Credit { frames: number },
    ];
    frames.extend(Feed::ALL.map(|feed| Frame::Mark {
        feed,
        arrival: number,
    }));
    frames
}

/// A hello that goes on, or says it was served, from this number.
fn hellos(number: u64) -> Vec<Frame> {
    let progress = Some(Progress {
        reading: Reading([9; 16]),
        next: [number; Feed::COUNT],
    });
    let hello = |read, served| Frame::Hello {
        version: guichet_sync::wire::PROTOCOL,
        features: u64::MAX,
        reading: Reading([8; 16]),
        read,
        served,
        interest: guichet_sync::wire::Interest::All,
    };
    vec![hello(progress, None), hello(None, progress)]
}

fn goes_on(village: &mut Village, citizen: &mut Person, adviser: &mut Person, value: &str) {
    assert!(village.are_joined(Who::Relay, Who::Station), "others stay");
    village.cut(Who::Kiosk, Who::Relay);
    village.join(Who::Kiosk, Who::Relay);
    village.put(citizen, "rent", value);
    assert_eq!(village.both_read([citizen, adviser], "rent"), [value]);
}

#[test]
fn no_number_in_a_frame_ends_a_node_or_anybody_elses_session() {
    let mut village = Village::new();
    let (mut citizen, mut adviser) = village.case();
    for number in EXTREMES {
        for (at, frame) in frames(&citizen, number).into_iter().enumerate() {
            let before = village.node(Who::Relay).closed.len();
            village.send(Who::Kiosk, Who::Relay, &frame.encode());
            let refused = number > ARRIVAL_MAX && !matches!(frame, Frame::Credit { .. });
            let closed = &village.node(Who::Relay).closed[before..];
            let why = format!("frame with the number {number}; at most {ARRIVAL_MAX} is accepted");
            assert_eq!(closed, vec![why; usize::from(refused)], "{frame:?}");
            if !village.are_joined(Who::Kiosk, Who::Relay) {
                village.join(Who::Kiosk, Who::Relay);
            }
            if at == 0 {
                goes_on(
                    &mut village,
                    &mut citizen,
                    &mut adviser,
                    &format!("{number}"),
                );
            }
        }
        for hello in hellos(number) {
            village.cut(Who::Kiosk, Who::Relay);
            village.meet_with(Who::Kiosk, Who::Relay, &hello.encode());
            village.cut(Who::Kiosk, Who::Relay);
            goes_on(
                &mut village,
                &mut citizen,
                &mut adviser,
                &format!("{number}"),
            );
        }
    }
}

#[test]
fn what_is_signed_with_a_number_that_cannot_be_is_refused_by_all_and_by_who_signs() {
    let chain = ChainId {
        case: super::network::tag(0x55),
        author: author(0x66),
        kind: Kind::Edit,
    };
    let seal = |index, dep| {
        let prev = (index > 0).then(|| guichet_keys::sha256(b"before"));
        let mut header = Header::new(chain, index, prev, SHARED, Salt::from([1; 16]));
        header.deps = vec![
            Dep {
                author: author(9),
                index: dep
            };
            ENVELOPE_DEPS_MAX
        ];
        let (key, signer) = (guichet_keys::SecretKey::from([2; 32]), Who::Kiosk.key());
        Envelope::seal(&header, b"x", &key, &guichet_keys::AesGcm, &signer)
    };
    let most = seal(CHAIN_INDEX_MAX, CHAIN_INDEX_MAX).expect("as large as it may be");
    let meta = minicbor::to_vec(Thing::Envelope(most).meta()).expect("encodes");
    assert!(
        meta.len() <= guichet_sync::store::META_BYTES_MAX,
        "{} bytes of meta fit a record",
        meta.len()
    );
    for beyond in [CHAIN_INDEX_MAX + 1, u64::MAX] {
        let refused = Err(EnvelopeError::Index(beyond));
        assert_eq!(seal(beyond, 0), refused);
        assert_eq!(seal(1, beyond), refused);
    }
    let receipt = |at_ms, next| {
        let covers = vec![Cover::Chain { chain, next }];
        let signed = Receipt::sign(&Who::Relay.key(), Stage::EnRoute, at_ms, covers);
        Receipt::parse(signed.bytes().to_vec()).is_ok()
    };
    assert!(receipt(TIME_MS_MAX, CHAIN_INDEX_MAX + 1));
    assert!(!receipt(TIME_MS_MAX + 1, 1) && !receipt(u64::MAX, 1));
    assert!(!receipt(7, CHAIN_INDEX_MAX + 2) && !receipt(7, u64::MAX));
}

#[test]
fn an_edit_at_a_place_that_no_text_has_is_refused() {
    let mut village = Village::new();
    let (mut citizen, _adviser) = village.case();
    let area = field("situation");
    for (at, delete) in [(usize::MAX, 1), (1, usize::MAX), (usize::MAX, usize::MAX)] {
        let version = citizen.log.doc().version();
        let typed = citizen.compose(|doc| doc.splice(&area, &version, at, delete, "x", 0));
        assert!(typed.is_err(), "{at} {delete}");
    }
}

#[test]
fn an_act_of_a_time_or_size_that_cannot_be_is_not_written() {
    let mut village = Village::new();
    let (mut citizen, _adviser) = village.case();
    let mut said = super::people::message("Bonjour.");
    if let guichet_sync::case::Act::Message(message) = &mut said {
        message.at_ms = u64::MAX;
    }
    let refused = guichet_sync::case::BadAct::Number("time", TIME_MS_MAX);
    assert_eq!(
        citizen.compose_act(said),
        Err(guichet_sync::case::WriteError::Edit(refused))
    );
}
