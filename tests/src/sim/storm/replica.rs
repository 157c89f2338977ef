//! A node in the middle of its work, under whatever its peers say.
//!
//! Peers come, go and say what was said, altered, again, in any order, and things that are signed
//! and say what cannot be; the disk fills up; time passes. Nothing may end the replica, it must come
//! to rest after each step, and at the end it must let somebody honest in.

use std::collections::BTreeMap;
use std::time::Duration;

use guichet_keys::SubjectId;
use guichet_sync::envelope::{ChainId, Kind};
use guichet_sync::receipt::{Cover, Receipt, Stage};
use guichet_sync::replica::{Input, Now, Output, Thing};
use guichet_sync::rules::Rules;
use guichet_sync::wire::{Frame, Interest, PROTOCOL, Presence, Reading, What};

use super::super::cast::{BEGINNING_MS, Cast, Post};
use super::super::disk::{Disk, Done, Job};
use super::super::machine::Machine;
use super::super::random::Random;
use super::scene::{Scene, scene};
use super::{SEED, STEPS_MAX};
use crate::fuzz::{Choices, Tally, alter};

/// Outputs after one step before it is said not to come to rest.
const OUTPUTS_MAX: usize = 50_000;

/// A node in a storm.
struct Storm<'a> {
    choices: Choices<'a>,
    cast: &'a Cast,
    node: Machine,
    elapsed: Duration,
    origin: std::time::Instant,
    tally: Tally,
}

/// Drives a relay.
pub fn drive_relay(bytes: &[u8]) -> Tally {
    drive(Post::Relay, bytes)
}

/// Drives the replica of a kiosk.
pub fn drive_kiosk(bytes: &[u8]) -> Tally {
    drive(Post::Kiosk, bytes)
}

/// Drives the replica of a station.
pub fn drive_station(bytes: &[u8]) -> Tally {
    drive(Post::FirstStation, bytes)
}

fn drive(post: Post, bytes: &[u8]) -> Tally {
    let scene = scene();
    let mut random = Random::new(SEED);
    let platter = scene.platters[post as usize].clone();
    let mut node = Machine::new(post, Disk::new(platter));
    node.keys = scene.keys.clone();
    let origin = super::super::test_clock();
    let now = Now {
        instant: origin,
        wall_ms: BEGINNING_MS,
    };
    let cast = &scene.cast;
    node.boot(now, cast, Rules::default(), &BTreeMap::new(), &mut random);
    let mut storm = Storm {
        choices: Choices::new(bytes),
        cast,
        node,
        elapsed: Duration::ZERO,
        origin,
        tally: Tally::default(),
    };
    let (last, first) = match post {
        Post::Relay => (Post::SecondStation, [Post::Kiosk, Post::FirstStation]),
        Post::Kiosk | Post::FirstStation | Post::SecondStation => {
            (Post::Relay, [Post::Relay, Post::SecondStation])
        }
    };
    first.into_iter().for_each(|peer| storm.come(peer));
    for _ in 0..STEPS_MAX {
        if storm.choices.is_empty() {
            break;
        }
        storm.step(scene);
    }
    storm.node.disk.is_full = false;
    storm.come(last);
    let honest = storm.cast.subject(last);
    let process = storm.node.process.as_ref().expect("it runs");
    assert!(process.replica.peers().any(|peer| peer == honest), "let in");
    storm.tally
}

impl Storm<'_> {
    fn now(&self) -> Now {
        Now {
            instant: self.origin + self.elapsed,
            wall_ms: BEGINNING_MS + self.elapsed.as_millis() as u64,
        }
    }

    fn step(&mut self, scene: &Scene) {
        match self.choices.byte() % 16 {
            0..=6 => {
                let heard = &scene.heard[self.node.post as usize];
                let (from, frame) = self.choices.pick(heard).clone();
                let frame = alter(&frame, &mut self.choices);
                self.hear_again(from, frame);
            }
            7..=9 => {
                let from = self.peer();
                let frame = self.signed(scene);
                self.hear_again(from, frame);
            }
            10 => {
                let peer = self.somebody();
                self.feed(Input::PeerLost(peer));
            }
            11 => {
                let peer = self.peer();
                self.come(peer);
            }
            12 => {
                let extreme = self.choices.extreme() % 600_000;
                self.wait(Duration::from_millis(extreme));
            }
            13 => self.node.disk.is_full = self.choices.byte().is_multiple_of(2),
            14 => {
                let frame = self.receipt(scene);
                let from = self.peer();
                self.hear(from, frame);
            }
            _ => {
                let member = self.somebody();
                let online = self.choices.byte().is_multiple_of(2);
                self.feed(Input::RosterChanged(vec![Presence {
                    member,
                    online,
                    addresses: vec![],
                }]));
            }
        }
    }

    /// Whoever is not this node.
    fn peer(&mut self) -> Post {
        let others = Post::ALL.into_iter().filter(|post| *post != self.node.post);
        *self.choices.pick(&others.collect::<Vec<_>>())
    }

    /// Something that is signed as it should be, with numbers that nobody would write.
    fn signed(&mut self, scene: &Scene) -> Vec<u8> {
        let thing = self.choices.pick(&scene.things);
        let what = thing.what;
        let payload = thing.altered(&mut self.choices);
        let frame = match self.choices.byte() % 4 {
            0 => Frame::Item {
                what,
                arrival: self.choices.extreme(),
                payload,
            },
            _ => Frame::Live { what, payload },
        };
        frame.encode()
    }

    fn hear_again(&mut self, from: Post, frame: Vec<u8>) {
        let times = 1 + usize::from(self.choices.byte() % 3);
        (0..times).for_each(|_| self.hear(from, frame.clone()));
    }

    fn somebody(&mut self) -> SubjectId {
        let post = *self.choices.pick(&Post::ALL);
        self.cast.subject(post)
    }

    /// A peer comes and says a hello that holds.
    fn come(&mut self, post: Post) {
        let peer = self.cast.subject(post);
        self.feed(Input::PeerLost(peer));
        self.feed(Input::PeerConnected(peer));
        let hello = Frame::Hello {
            version: PROTOCOL,
            features: 0,
            reading: Reading([self.choices.byte(); 16]),
            read: None,
            served: None,
            interest: Interest::All,
        };
        self.hear(post, hello.encode());
    }

    /// A receipt that is signed as it should be and says something that cannot be.
    fn receipt(&mut self, scene: &Scene) -> Vec<u8> {
        let author = scene.things.iter().find_map(|signed| {
            let thing = Thing::parse(signed.what, signed.bytes.clone()).ok()?;
            match thing {
                Thing::Envelope(envelope) => Some(envelope.header().chain()),
                Thing::Statement(_) | Thing::Receipt(_) | Thing::Page { .. } => None,
            }
        });
        let chain = author.unwrap_or(ChainId {
            case: [0; 16].into(),
            author: [0; 16].into(),
            kind: Kind::Edit,
        });
        let covers = vec![Cover::Chain {
            chain,
            next: self.choices.extreme(),
        }];
        let (signer, stage) = match self.choices.byte() % 2 {
            0 => (Post::FirstStation.node_key(), Stage::Received),
            _ => (Post::Relay.node_key(), Stage::EnRoute),
        };
        let receipt = Receipt::sign(&signer, stage, self.choices.extreme(), covers);
        let live = Frame::Live {
            what: What::Receipt,
            payload: receipt.bytes().to_vec(),
        };
        live.encode()
    }

    fn hear(&mut self, from: Post, frame: Vec<u8>) {
        self.tally.said += 1;
        self.tally.decoded += u64::from(is_whole(&frame));
        let peer = self.cast.subject(from);
        self.feed(Input::FrameReceived(peer, frame));
    }

    fn feed(&mut self, input: Input) {
        let now = self.now();
        let process = self.node.process.as_mut().expect("it runs");
        process.replica.handle_input(now, input);
        self.drain();
    }

    fn wait(&mut self, time: Duration) {
        self.elapsed += time;
        let now = self.now();
        let process = self.node.process.as_mut().expect("it runs");
        process.replica.handle_timeout(now);
        self.drain();
        let process = self.node.process.as_ref().expect("it runs");
        let due = process.replica.poll_timeout();
        assert!(due.is_none_or(|due| due > now.instant), "time stands still");
    }

    /// Carries out what the replica wants until it wants nothing more.
    fn drain(&mut self) {
        let now = self.now();
        for _ in 0..OUTPUTS_MAX {
            let process = self.node.process.as_mut().expect("it runs");
            let job = match process.replica.poll_output(now) {
                None => return,
                Some(Output::Store(records)) => Job::Append(records),
                Some(Output::BeginPage(page, length)) => Job::BeginPage(page, length),
                Some(Output::StoreSegment(page, index, sealed)) => {
                    Job::Segment(page, index, sealed)
                }
                Some(
                    Output::Send(..)
                    | Output::Close(..)
                    | Output::SaveCursors(..)
                    | Output::Tell(_),
                ) => continue,
            };
            self.node.disk.push(job);
            while self.node.disk.start() {
                let input = match self.node.disk.finish() {
                    Done::Stored(stored) => Input::Stored(stored),
                    Done::StoreFailed => Input::StoreFailed,
                    Done::Segment(page, index) => Input::SegmentsStored(vec![(page, index)]),
                    Done::SegmentsFailed(segments) => Input::SegmentsFailed(segments),
                    Done::Document(_) | Done::Nothing => continue,
                };
                let process = self.node.process.as_mut().expect("it runs");
                process.replica.handle_input(now, input);
            }
        }
        panic!("the replica does not come to rest");
    }
}

/// Whether a frame is one, and what it brings is a thing.
fn is_whole(frame: &[u8]) -> bool {
    match Frame::decode(frame) {
        Ok(Frame::Item { what, payload, .. } | Frame::Live { what, payload }) => {
            Thing::parse(what, payload).is_ok()
        }
        Ok(_) => true,
        Err(_) => false,
    }
}
