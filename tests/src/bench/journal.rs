use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use guichet_sync::feed::Feed;
use guichet_sync::store::{NewRecord, Store};

use crate::figure::Figure;
use crate::process::artefacts;

const ENVELOPE_BYTES: usize = 330;
const META_BYTES: usize = 64;
const GROUPS: [usize; 4] = [1, 16, 64, 256];
const FOR: Duration = Duration::from_secs(3);

/// Appends envelopes of the size of one edit in groups, each durable before the
/// next begins, on the disk that holds the build; then opens the store again.
pub fn run() -> Result<Vec<Figure>> {
    let folder = tempfile::tempdir_in(artefacts()?)?;
    let (mut store, _) = Store::open(folder.path(), [1; 16])?;
    let mut figures = Vec::new();
    let mut written = 0;
    for group in GROUPS {
        let mut samples = Vec::new();
        let begun = Instant::now();
        while begun.elapsed() < FOR {
            let records = vec![envelope(); group];
            let asked = Instant::now();
            store.append(records)?;
            samples.push(asked.elapsed().as_secs_f64() * 1e3);
        }
        let seconds = begun.elapsed().as_secs_f64();
        let count = samples.len() * group;
        written += count;
        let name = |what: &str| format!("groups of {group}: {what}");
        let rate = count as f64 / seconds;
        figures.push(Figure::of(
            "journal",
            &name("durable envelopes"),
            rate,
            "1/s",
            count,
        ));
        figures.push(Figure::spread(
            "journal",
            &name("a group durable"),
            samples,
            "ms",
        ));
    }
    drop(store);
    let begun = Instant::now();
    let (_, opened) = Store::open(folder.path(), [2; 16])?;
    let opened_after = begun.elapsed().as_secs_f64() * 1e3;
    ensure!(
        opened.records.iter().count() == written,
        "records are missing"
    );
    let name = format!("opening with {written} envelopes");
    figures.push(Figure::of("journal", &name, opened_after, "ms", 1));
    Ok(figures)
}

fn envelope() -> NewRecord {
    NewRecord {
        feed: Feed::Edits,
        meta: vec![3; META_BYTES],
        payload: vec![4; ENVELOPE_BYTES],
    }
}
