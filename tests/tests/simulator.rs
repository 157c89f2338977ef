//! A slice of the simulator: seeds that come to rest, and seeds that miss a rule taken out.
//!
//! Many more seeds are a run of its own: `cargo run --release -p guichet-tests --bin sim`.

use guichet_sync::rules::Rules;
use guichet_tests::sim;

#[test]
fn replicas_end_equal_after_cuts_restarts_and_copies() {
    for seed in 0..10 {
        let outcome = sim::run(seed, Rules::default());
        assert_eq!(outcome.failure, None, "seed {seed}");
    }
}

#[test]
fn a_seed_replays_exactly() {
    let [first, second] = [(); 2].map(|()| sim::run(6, Rules::default()).trace);
    assert_eq!(first, second);
}

#[test]
fn every_rule_taken_out_is_missed() {
    for rule in sim::RULES {
        let rules = sim::without(rule).expect("the simulator knows its rules");
        let missed = (0..50).any(|seed| sim::run(seed, rules).failure.is_some());
        assert!(missed, "no seed of fifty misses {rule}");
    }
}
