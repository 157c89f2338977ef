//! What two nodes say to each other, one frame of every kind.

use guichet_keys::{ServiceId, SubjectId};
use guichet_sync::envelope::Kind;
use guichet_sync::feed::Feed;
use guichet_sync::wire::{Frame, HaveChain, Interest, PROTOCOL, Presence, Progress, Reading, What};

use super::case::{Who, manifest, tag};
use super::{Vector, kept};

fn hello(interest: Interest, resumed: bool) -> Frame {
    let progress = |number| Progress {
        reading: Reading([number; 16]),
        next: [1, 24, 300, 70_000],
    };
    Frame::Hello {
        version: PROTOCOL,
        features: 0,
        reading: Reading([0xa1; 16]),
        read: resumed.then(|| progress(0xa2)),
        served: resumed.then(|| progress(0xa3)),
        interest,
    }
}

fn have() -> Vec<HaveChain> {
    let chain = |kind, count| HaveChain {
        chain: Who::Citizen.chain(kind),
        count,
        digest: [0xb1; 16],
    };
    vec![chain(Kind::Edit, 2), chain(Kind::Act, 1)]
}

fn service() -> ServiceId {
    ServiceId::new("family").expect("a good name")
}

fn frames() -> Vec<(&'static str, Frame)> {
    [greetings(), things(), pages(), passing()].concat()
}

fn greetings() -> Vec<(&'static str, Frame)> {
    vec![
        ("hello of a relay", hello(Interest::All, false)),
        (
            "hello of a station, resumed",
            hello(Interest::Services(vec![service()]), true),
        ),
        (
            "hello of a kiosk",
            hello(Interest::Cases(vec![tag()]), false),
        ),
        (
            "have",
            Frame::Have {
                chains: have(),
                prefixes: vec![0xc1; 16],
                last: true,
            },
        ),
        (
            "follow",
            Frame::Follow {
                case: tag(),
                have: have(),
                prefixes: vec![0xc2; 8],
            },
        ),
        ("unfollow", Frame::Unfollow { case: tag() }),
    ]
}

fn things() -> Vec<(&'static str, Frame)> {
    let item = |what, arrival| Frame::Item {
        what,
        arrival,
        payload: vec![0xd1; 5],
    };
    vec![
        ("statement, the next of its feed", item(What::Statement, 1)),
        ("receipt, the next of its feed", item(What::Receipt, 24)),
        ("edits, the next of their feed", item(What::Edit, 300)),
        ("act, the next of its feed", item(What::Act, 70_000)),
        (
            "manifest, the next of its feed",
            item(What::Manifest, 70_001),
        ),
        (
            "edits, live",
            Frame::Live {
                what: What::Edit,
                payload: vec![0xd2; 5],
            },
        ),
        (
            "mark",
            Frame::Mark {
                feed: Feed::Acts,
                arrival: 70_002,
            },
        ),
    ]
}

fn pages() -> Vec<(&'static str, Frame)> {
    let page = manifest().id();
    vec![
        (
            "want",
            Frame::Want {
                page,
                have: vec![0b01],
            },
        ),
        ("unwant", Frame::Unwant { page }),
        (
            "segment",
            Frame::Segment {
                page,
                index: 1,
                sealed: vec![0xe1; 17],
            },
        ),
    ]
}

fn passing() -> Vec<(&'static str, Frame)> {
    vec![
        (
            "draft",
            Frame::Draft {
                case: tag(),
                sealed: vec![0xf1; 9],
            },
        ),
        (
            "roster",
            Frame::Roster {
                members: vec![Presence {
                    member: SubjectId::from([0x31; 32]),
                    online: true,
                    addresses: vec!["/ip4/10.77.1.2/tcp/4001".into()],
                }],
            },
        ),
        ("credit", Frame::Credit { frames: 300 }),
        (
            "bye",
            Frame::Bye {
                reason: "au revoir".into(),
            },
        ),
    ]
}

pub fn vectors() -> Vec<Vector> {
    let bytes = |(name, frame): (&str, Frame)| (format!("frame: {name}"), frame.encode());
    frames().into_iter().map(bytes).collect()
}

/// The kind of a frame as a number on the wire; a new kind does not compile until it has one here.
fn number(frame: &Frame) -> u8 {
    match frame {
        Frame::Hello { .. } => 0,
        Frame::Have { .. } => 1,
        Frame::Item { .. } => 2,
        Frame::Mark { .. } => 3,
        Frame::Live { .. } => 4,
        Frame::Follow { .. } => 5,
        Frame::Unfollow { .. } => 6,
        Frame::Want { .. } => 7,
        Frame::Unwant { .. } => 8,
        Frame::Segment { .. } => 9,
        Frame::Draft { .. } => 10,
        Frame::Roster { .. } => 11,
        Frame::Credit { .. } => 12,
        Frame::Bye { .. } => 13,
    }
}

#[test]
fn frames_of_every_kind_are_read_back() {
    let mut kinds = std::collections::BTreeSet::new();
    for (name, frame) in frames() {
        let bytes = kept(&format!("frame: {name}"));
        assert_eq!(bytes[1], number(&frame), "{name}");
        kinds.insert(bytes[1]);
        assert_eq!(Frame::decode(&bytes), Ok(frame), "{name}");
    }
    assert_eq!(kinds, (0..14).collect());
}
