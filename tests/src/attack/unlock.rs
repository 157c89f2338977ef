//! Forty wrong passphrases at once: one is judged at a time, and the pause holds for all.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::Judge;
use super::watch::Watch;
use crate::process::processor_seconds;
use crate::village::Village;
use crate::visit::unlocked;

const TRIES: usize = 40;
/// Argon2id takes 64 MiB; two at a time and what the node itself needs.
const MEMORY_MIB_MAX: f64 = 160.0;
/// Of 40, so many may cost what a passphrase costs.
const JUDGED_MAX: f64 = 4.0;

/// At the station's own pages.
pub async fn run(judge: &mut Judge) -> Result<()> {
    let name = format!("attack-{}", judge.attack());
    let mut village = Village::new(&name, 1, 1)?;
    village.start().await?;
    let desk = village.stations[0].script()?;
    let pid = village.stations[0].node()?.pid();
    let view = desk.api().get_json("/unlock").await?;
    let adviser = view["advisers"][0]["adviser"].clone();
    let cost = cost_of_one(&village, pid).await?;
    desk.lock().await?;

    let watch = Watch::begin(&village.stations[0].log, pid)?;
    let used = processor_seconds(pid)?;
    let begun = Instant::now();
    let tries = (0..TRIES).map(|number| {
        let (api, adviser) = (desk.api().clone(), adviser.clone());
        tokio::spawn(async move { wrong(&api, &adviser, number).await })
    });
    let mut refused = 0;
    for attempt in tries.collect::<Vec<_>>() {
        refused += usize::from(attempt.await?.is_ok_and(|status| status >= 400));
    }
    let took = begun.elapsed();
    let judged = (processor_seconds(pid)? - used) / cost;
    judge.expect(
        "every one is refused",
        refused == TRIES,
        format!("{refused} in {took:?}"),
    );
    let saw = format!("processor time of {judged:.1} passphrases, {cost:.2} s each");
    judge.expect("the pause holds for all", judged <= JUDGED_MAX, saw);
    let seen = watch.seen().context("the station is gone")?;
    let saw = format!("{:.0} MiB", seen.more_mib);
    judge.expect("one at a time", seen.more_mib <= MEMORY_MIB_MAX, saw);
    opens_after_the_pause(judge, &village).await;
    Ok(())
}

/// Processor seconds of opening a vault, the least of some.
async fn cost_of_one(village: &Village, pid: u32) -> Result<f64> {
    let mut least = f64::INFINITY;
    for _ in 0..3 {
        let before = processor_seconds(pid)?;
        let desk = unlocked(village).await?;
        least = least.min(processor_seconds(pid)? - before);
        desk.lock().await?;
    }
    Ok(least.max(0.01))
}

async fn wrong(api: &crate::api::Api, adviser: &Value, number: usize) -> Result<u16> {
    let passphrase = format!("wrong-{number}");
    let body = json!({ "adviser": adviser, "passphrase": passphrase });
    Ok(api.post("/unlock", &body).await?.status)
}

/// Whoever has the passphrase gets in once the pause is over.
async fn opens_after_the_pause(judge: &mut Judge, village: &Village) {
    let patience = Duration::from_secs(130);
    let begun = Instant::now();
    let opened = loop {
        let opened = unlocked(village).await;
        if opened.is_ok() || begun.elapsed() > patience {
            break opened;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    };
    let saw = format!("after {:?}", begun.elapsed());
    judge.expect("the adviser gets in after the pause", opened.is_ok(), saw);
}
