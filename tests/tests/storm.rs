//! A slice of the drivers that coverage-guided runs use: decoders and a relay under hostile bytes.
//!
//! Many more are a run of its own: see `tests/fuzz`.

use guichet_tests::fuzz::bytes_of;
use guichet_tests::sim::storm::{Tally, drive_decoders, drive_replica};

const SEEDS: u64 = 150;
const BYTES: usize = 400;

fn drive(driver: fn(&[u8]) -> Tally) {
    let mut all = Tally::default();
    for seed in 0..SEEDS {
        let tally = driver(&bytes_of(seed, BYTES));
        all.said += tally.said;
        all.decoded += tally.decoded;
    }
    assert!(all.said > 20 * SEEDS, "{} messages", all.said);
    assert!(
        2 * all.decoded >= all.said,
        "{} of {}",
        all.decoded,
        all.said
    );
}

#[test]
fn a_relay_lives_through_whatever_its_peers_say_and_lets_the_honest_in() {
    drive(drive_replica);
}

#[test]
fn no_bytes_end_a_decoder() {
    drive(drive_decoders);
}

#[test]
fn the_committed_corpus_is_driven() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("a corpus") {
        let bytes = std::fs::read(entry.expect("an entry").path()).expect("bytes");
        drive_replica(&bytes);
        drive_decoders(&bytes);
        count += 1;
    }
    assert!(count >= 8, "{count} inputs");
}
