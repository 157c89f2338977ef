//! Where a storm begins: a world that was played once, what its nodes hold, and what was said.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use guichet_keys::{AesGcm, CaseTag, SecretKey};
use guichet_sync::envelope::Envelope;
use guichet_sync::replica::Thing;
use guichet_sync::rules::Rules;
use guichet_sync::wire::{Frame, What};

use super::super::cast::{Cast, Post};
use super::super::disk::Platter;
use super::super::machine::SHARED;
use super::super::world::World;
use super::SEED;
use super::samples::{Sample, samples};
use super::signed::{Signed, facts, signed};

/// How long it is played, in microseconds.
const PLAYED_US: u64 = 40_000_000;
/// Frames that are kept of what was said to each node.
const FRAMES_MAX: usize = 600;

/// What is kept of the world.
pub struct Scene {
    /// Who plays.
    pub cast: Cast,
    /// What each post had on its disk.
    pub platters: Vec<Platter>,
    /// The keys of the cases that the kiosk made.
    pub keys: BTreeMap<CaseTag, SecretKey>,
    /// What was said to each post, and by whom.
    pub heard: Vec<Vec<(Post, Vec<u8>)>>,
    /// What was to be stored, and other facts of the network, with who signed each.
    pub things: Vec<Signed>,
    /// Examples of what is not stored, or only on the disk of who made it.
    pub samples: Vec<Sample>,
    /// The case most was written in, and what it holds: envelopes with their plain text.
    pub case: (CaseTag, Vec<(Envelope, Vec<u8>)>),
}

/// The scene, which is played once.
pub fn scene() -> &'static Scene {
    static SCENE: OnceLock<Scene> = OnceLock::new();
    SCENE.get_or_init(play)
}

fn play() -> Scene {
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
    let mut heard = vec![Vec::new(); Post::ALL.len()];
    for (at, from, frame) in world.heard.take().unwrap_or_default() {
        let of_post: &mut Vec<_> = &mut heard[at as usize];
        if of_post.len() < FRAMES_MAX {
            of_post.push((from, frame));
        }
    }
    let cast = Cast::new();
    let frames = || {
        let to_relay = heard[Post::Relay as usize].iter();
        to_relay.filter_map(|(_, frame)| Frame::decode(frame).ok())
    };
    let said = frames().filter_map(|frame| {
        let (Frame::Item { what, payload, .. } | Frame::Live { what, payload }) = frame else {
            return None;
        };
        signed(what, payload)
    });
    let mut things: Vec<Signed> = said.collect();
    things.extend(facts(&cast));
    let keys = world.machines[Post::Kiosk as usize].keys.clone();
    Scene {
        samples: samples(&cast, frames()),
        platters: first_platters(&world),
        case: largest_case(&things, &keys),
        keys,
        things,
        heard,
        cast,
    }
}

fn first_platters(world: &World) -> Vec<Platter> {
    let of_post = |post: Post| world.machines[post as usize].disk.platter.clone();
    Post::ALL.map(of_post).into()
}

fn largest_case(
    things: &[Signed],
    keys: &BTreeMap<CaseTag, SecretKey>,
) -> (CaseTag, Vec<(Envelope, Vec<u8>)>) {
    let mut cases: BTreeMap<CaseTag, Vec<(Envelope, Vec<u8>)>> = BTreeMap::new();
    for thing in things {
        if !matches!(thing.what, What::Edit | What::Act) {
            continue;
        }
        let Ok(Thing::Envelope(envelope)) = Thing::parse(thing.what, thing.bytes.clone()) else {
            continue;
        };
        let key = keys.get(&envelope.header().case);
        let opens = |key| envelope.open(key, &AesGcm).ok();
        if let Some(plain) = key
            .filter(|_| envelope.header().key == SHARED)
            .and_then(opens)
        {
            let of_case = cases.entry(envelope.header().case).or_default();
            of_case.push((envelope, plain.to_vec()));
        }
    }
    let largest = cases.into_iter().max_by_key(|(_, held)| held.len());
    largest.expect("somebody writes in the world that is played")
}
