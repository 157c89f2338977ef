//! A slice of the drivers that coverage-guided runs use: decoders and machines under hostile bytes.
//!
//! A failure names its seed; `STORM=relay:17 cargo test --release -p guichet-tests --test storm`
//! drives that one alone. Many more are a run of its own: see `tests/fuzz`.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it says how much was decoded, and which drive failed"
)]

use guichet_tests::fuzz::{DRIVERS, Tally, bytes_of, drive};

const BYTES: usize = 400;

/// Says which drive it was, if that is the one that fails.
struct Drive<'a>(&'a str, String);

impl Drop for Drive<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the drive that failed: STORM={}:{}", self.0, self.1);
        }
    }
}

/// The one drive that is asked for, if one is.
fn asked() -> Option<(String, u64)> {
    let said = std::env::var("STORM").ok()?;
    let (name, seed) = said.split_once(':').expect("STORM=name:seed");
    Some((name.to_owned(), seed.parse().expect("a seed is a number")))
}

fn storm(name: &str, seeds: u64) {
    let (_, driver) = DRIVERS
        .into_iter()
        .find(|(other, _)| *other == name)
        .expect("a driver");
    let seeds = match asked() {
        None => 0..seeds,
        Some((other, seed)) if other == name => seed..seed + 1,
        Some(_) => return,
    };
    let count = seeds.end - seeds.start;
    let mut all = Tally::default();
    for seed in seeds {
        let _drive = Drive(name, seed.to_string());
        let tally = driver(&bytes_of(seed, BYTES));
        all.said += tally.said;
        all.decoded += tally.decoded;
    }
    let Tally { said, decoded } = all;
    println!("{name}: {decoded} of {said} messages decoded, {count} drives");
    if count > 1 {
        assert!(said > 10 * count, "{said} messages");
        assert!(2 * decoded >= said, "{decoded} of {said}");
    }
}

#[test]
fn a_relay_lives_through_whatever_its_peers_say_and_lets_the_honest_in() {
    storm("relay", 150);
}

#[test]
fn so_does_a_kiosk() {
    storm("kiosk", 150);
}

#[test]
fn so_does_a_station() {
    storm("station", 150);
}

#[test]
fn no_content_ends_an_open_case_and_its_order_does_not_matter() {
    storm("case", 150);
}

#[test]
fn no_bytes_end_a_decoder() {
    storm("decoders", 150);
}

#[test]
fn nobody_waiting_or_calling_is_confused_by_what_members_sign() {
    storm("halls", 150);
}

#[test]
fn the_committed_corpus_is_driven() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("a corpus") {
        let path = entry.expect("an entry").path();
        let _drive = Drive("corpus", path.display().to_string());
        drive(&std::fs::read(path).expect("bytes"));
        count += 1;
    }
    assert!(count >= 100, "{count} inputs");
}
