//! The simulator: the real replicas of four nodes in a world of virtual time.
//!
//! A kiosk, two stations and a blind relay run on machines with simulated disks, over simulated
//! lines; people write at three of them. Lines delay, lose, reorder among each other and are cut;
//! machines stop dead in the middle of a write and start again; disks and running processes are
//! copied, and both go on. In the end everything is healed, and when all is quiet, all who hold a
//! case's key must show the same, nothing that a person was told is saved may be missing, and
//! every receipt must have been true when it was signed.
//!
//! Everything a run does follows from its seed: a failure is a number. That the rules of
//! replication are needed is shown by taking one out ([`without`]) and seeing a seed fail.

mod cast;
mod disk;
mod fault;
mod judge;
mod ledger;
mod line;
mod machine;
mod people;
mod random;
pub mod storm;
mod trace;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

use guichet_sync::rules::Rules;

use self::world::{Counts, World};
use line::MILLISECOND;

/// Fewest operations in a run.
const OPERATIONS_MIN: u64 = 200;

/// The rules that can be taken out, by name.
pub const RULES: [&str; 5] = [
    "cursor_after_durable",
    "deps_before_apply",
    "lower_hash_wins",
    "new_author_at_start",
    "receipt_after_segments",
];

/// All rules but the one of this name; none if there is no such rule.
#[must_use]
pub fn without(rule: &str) -> Option<Rules> {
    let mut rules = Rules::default();
    let flag = match rule {
        "cursor_after_durable" => &mut rules.cursor_after_durable,
        "deps_before_apply" => &mut rules.deps_before_apply,
        "lower_hash_wins" => &mut rules.lower_hash_wins,
        "new_author_at_start" => &mut rules.new_author_at_start,
        "receipt_after_segments" => &mut rules.receipt_after_segments,
        _ => return None,
    };
    *flag = false;
    Some(rules)
}

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// A number over everything that happened.
    pub trace: u64,
    /// How much happened.
    pub counts: Counts,
    /// The first thing that was wrong, if anything was.
    pub failure: Option<String>,
}

/// Runs the world of a seed under these rules.
#[must_use]
pub fn run(seed: u64, rules: Rules) -> Outcome {
    let mut world = World::new(seed, rules);
    let outcome = catch_unwind(AssertUnwindSafe(|| play(&mut world)));
    if let Err(panic) = outcome {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        world.ledger.fail(format!("panic: {}", text.unwrap_or("?")));
    }
    world.counts.virtual_ms = world.now_us / MILLISECOND;
    Outcome {
        trace: world.trace.sum(),
        counts: world.counts,
        failure: world.ledger.failure().map(str::to_owned),
    }
}

fn play(world: &mut World) {
    let operations = OPERATIONS_MIN + world.random.below(100);
    let mut faults = fault::draw(operations, &mut world.random);
    let pace_us = *world
        .random
        .pick(&[30, 100, 300, 1_000])
        .expect("there are some")
        * MILLISECOND;
    for machine in 0..world.machines.len() {
        world.start(machine, &Default::default());
    }
    world.dial_everywhere();
    let mut bursts = 0;
    while world.counts.operations < operations {
        let wait_us = if bursts > 0 { 5 * MILLISECOND } else { pace_us };
        let wait_us = world.random.wait(wait_us);
        world.run_until(world.now_us + wait_us);
        if world.ledger.has_failed() {
            return;
        }
        for fault in faults.remove(&world.counts.operations).unwrap_or_default() {
            world.suffer(fault);
        }
        if world.operate() {
            world.counts.operations += 1;
            bursts = if world.random.percent(1) {
                60
            } else {
                bursts.max(1) - 1
            };
        }
    }
    world.heal();
    world.settle();
    if !world.ledger.has_failed() {
        world.judge();
    }
    if !world.ledger.has_failed() && (world.counts.cuts == 0 || world.counts.restarts == 0) {
        world
            .ledger
            .fail("a run without a cut or a restart".to_owned());
    }
}

/// Where virtual time begins; only differences from it count.
pub(crate) fn test_clock() -> std::time::Instant {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    *START.get_or_init(std::time::Instant::now)
}
