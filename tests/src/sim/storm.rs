//! What a hostile member may say to a relay that is in the middle of its work.
//!
//! A world is played for a while; the disk of its relay and the frames that were said to it are
//! kept. From there a real replica is driven by bytes that decide: peers come, go and say what was
//! said, altered, again, in any order; the disk fills up; time passes. Nothing may end the replica,
//! it must come to rest after each step, and at the end it must let somebody honest in.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use guichet_keys::{Chain, KeyFile, SignedGrant, SignedStatement, SubjectId, Vault};
use guichet_sync::case::{Act, SealedDraft, SealedPresence};
use guichet_sync::envelope::ChainId;
use guichet_sync::envelope::Kind;
use guichet_sync::receipt::{Cover, Receipt, Stage};
use guichet_sync::replica::{Input, Now, Output, Thing};
use guichet_sync::rules::Rules;
use guichet_sync::wire::{Frame, Interest, PROTOCOL, Presence, Reading, What};

use super::cast::{BEGINNING_MS, Cast, Post};
use super::disk::{Disk, Done, Job, Platter};
use super::machine::Machine;
use super::random::Random;
use super::world::World;
use crate::fuzz::{Choices, alter};

/// The world that is played.
const SEED: u64 = 3;
/// How long, in microseconds.
const PLAYED_US: u64 = 40_000_000;
/// Frames that are kept of it.
const FRAMES_MAX: usize = 600;
/// Steps of one storm.
const STEPS_MAX: usize = 64;
/// Outputs after one step before it is said not to come to rest.
const OUTPUTS_MAX: usize = 50_000;

/// What a storm came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Messages said.
    pub said: u64,
    /// Those of them that were decoded.
    pub decoded: u64,
}

/// Where a storm begins.
struct Scene {
    platter: Platter,
    frames: Vec<(Post, Vec<u8>)>,
    things: Vec<(What, Vec<u8>)>,
    drafts: Vec<Vec<u8>>,
}

fn scene() -> &'static Scene {
    static SCENE: OnceLock<Scene> = OnceLock::new();
    SCENE.get_or_init(|| {
        let mut world = World::new(SEED, Rules::default());
        world.heard = Some(Vec::new());
        for machine in 0..world.machines.len() {
            world.start(machine, &BTreeMap::new());
        }
        world.dial_everywhere();
        while world.now_us < PLAYED_US {
            world.run_until(world.now_us + 100_000);
            world.operate();
        }
        let heard = world.heard.take().unwrap_or_default().into_iter();
        let frames: Vec<(Post, Vec<u8>)> = heard.take(FRAMES_MAX).collect();
        let decoded = || frames.iter().filter_map(|(_, it)| Frame::decode(it).ok());
        let things = decoded().filter_map(|frame| {
            let (Frame::Item { what, payload, .. } | Frame::Live { what, payload }) = frame else {
                return None;
            };
            Some((what, payload))
        });
        let things = things.collect();
        let drafts = decoded().filter_map(|frame| {
            let Frame::Draft { sealed, .. } = frame else {
                return None;
            };
            Some(sealed)
        });
        let drafts = drafts.collect();
        let platter = world.machines[Post::Relay as usize].disk.platter.clone();
        Scene {
            platter,
            frames,
            things,
            drafts,
        }
    })
}

/// A relay in a storm.
struct Storm<'a> {
    choices: Choices<'a>,
    cast: Cast,
    relay: Machine,
    elapsed: Duration,
    origin: std::time::Instant,
    tally: Tally,
}

/// Drives a relay by these bytes.
pub fn drive_replica(bytes: &[u8]) -> Tally {
    let scene = scene();
    let mut random = Random::new(SEED);
    let cast = Cast::new();
    let mut relay = Machine::new(Post::Relay, Disk::new(scene.platter.clone()));
    let origin = super::test_clock();
    let now = Now {
        instant: origin,
        wall_ms: BEGINNING_MS,
    };
    relay.boot(now, &cast, Rules::default(), &BTreeMap::new(), &mut random);
    let mut storm = Storm {
        choices: Choices::new(bytes),
        cast,
        relay,
        elapsed: Duration::ZERO,
        origin,
        tally: Tally::default(),
    };
    for post in [Post::Kiosk, Post::FirstStation] {
        storm.come(post);
    }
    for _ in 0..STEPS_MAX {
        if storm.choices.is_empty() {
            break;
        }
        storm.step(scene);
    }
    storm.relay.disk.is_full = false;
    storm.come(Post::SecondStation);
    let honest = storm.cast.subject(Post::SecondStation);
    let process = storm.relay.process.as_ref().expect("it runs");
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
            0..=9 => {
                let (from, frame) = self.choices.pick(&scene.frames).clone();
                let frame = alter(&frame, &mut self.choices);
                let times = 1 + usize::from(self.choices.byte() % 3);
                (0..times).for_each(|_| self.hear(from, frame.clone()));
            }
            10 => {
                let peer = self.somebody();
                self.feed(Input::PeerLost(peer));
            }
            11 => {
                let post = *self.choices.pick(&Post::ALL);
                self.come(post);
            }
            12 => {
                let extreme = self.choices.extreme() % 600_000;
                self.wait(Duration::from_millis(extreme));
            }
            13 => self.relay.disk.is_full = self.choices.byte().is_multiple_of(2),
            14 => {
                let frame = self.receipt(scene);
                let from = *self.choices.pick(&Post::ALL);
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
        let author = scene.things.iter().find_map(|(what, payload)| {
            let thing = Thing::parse(*what, payload.clone()).ok()?;
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
        self.tally.decoded += u64::from(Frame::decode(&frame).is_ok());
        let peer = self.cast.subject(from);
        self.feed(Input::FrameReceived(peer, frame));
    }

    fn feed(&mut self, input: Input) {
        let now = self.now();
        let process = self.relay.process.as_mut().expect("it runs");
        process.replica.handle_input(now, input);
        self.drain();
    }

    fn wait(&mut self, time: Duration) {
        self.elapsed += time;
        let now = self.now();
        let process = self.relay.process.as_mut().expect("it runs");
        process.replica.handle_timeout(now);
        self.drain();
        let process = self.relay.process.as_ref().expect("it runs");
        let due = process.replica.poll_timeout();
        assert!(due.is_none_or(|due| due > now.instant), "time stands still");
    }

    /// Carries out what the replica wants until it wants nothing more.
    fn drain(&mut self) {
        let now = self.now();
        for _ in 0..OUTPUTS_MAX {
            let process = self.relay.process.as_mut().expect("it runs");
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
            self.relay.disk.push(job);
            while self.relay.disk.start() {
                let input = match self.relay.disk.finish() {
                    Done::Stored(stored) => Input::Stored(stored),
                    Done::StoreFailed => Input::StoreFailed,
                    Done::Segment(page, index) => Input::SegmentsStored(vec![(page, index)]),
                    Done::SegmentsFailed(segments) => Input::SegmentsFailed(segments),
                    Done::Document(_) | Done::Nothing => continue,
                };
                let process = self.relay.process.as_mut().expect("it runs");
                process.replica.handle_input(now, input);
            }
        }
        panic!("the replica does not come to rest");
    }
}

/// Drives every decoder of what comes from outside by these bytes.
pub fn drive_decoders(bytes: &[u8]) -> Tally {
    let scene = scene();
    let mut choices = Choices::new(bytes);
    let mut tally = Tally::default();
    for _ in 0..STEPS_MAX {
        if choices.is_empty() {
            break;
        }
        let (what, payload) = choices.pick(&scene.things).clone();
        let altered = alter(&payload, &mut choices);
        let thing = Thing::parse(what, altered.clone());
        tally.said += 1;
        tally.decoded += u64::from(thing.is_ok());
        if let Ok(thing) = thing {
            assert_eq!(thing.bytes(), altered, "nothing is encoded anew");
            let _meta = thing.meta();
        }
        let draft = match scene.drafts.is_empty() {
            true => Vec::new(),
            false => choices.pick(&scene.drafts).clone(),
        };
        let draft = alter(&draft, &mut choices);
        let _is_one = SealedDraft::parse(&draft).is_ok() || SealedPresence::parse(&draft).is_ok();
        for other in [&altered, &draft] {
            let _reads = Act::decode(other).is_ok();
            let _reads = SignedStatement::parse(other).is_ok();
            let _reads = Chain::from_bytes(other).is_ok();
            let _reads = SignedGrant::parse(other).is_ok();
            let _reads = KeyFile::parse(other).is_ok();
            let _reads = Vault::parse(other).is_ok();
            let _reads = Frame::decode(other).is_ok();
        }
    }
    tally
}
