//! A start where nothing can be written: the node runs, says so, shows what it has and sends it.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::{Judge, said};
use crate::process::guichet;
use crate::small_disk::{ReadOnly, SmallDisk};
use crate::village::Village;
use crate::visit::{Visit, receipt_says, unlocked};

const DISK_BYTES: u64 = 32 << 20;

/// On a full disk.
pub async fn full(judge: &mut Judge) -> Result<()> {
    run(judge, |disk, _| disk.fill().map(|()| None)).await
}

/// On a read-only one.
pub async fn read_only(judge: &mut Judge) -> Result<()> {
    run(judge, |_, folder| ReadOnly::under(folder).map(Some)).await
}

async fn run(
    judge: &mut Judge,
    spoil: impl Fn(&SmallDisk, &Path) -> Result<Option<ReadOnly>>,
) -> Result<()> {
    let name = format!("attack-{}", judge.attack());
    let mut village = Village::new(&name, 1, 1)?;
    let disk = SmallDisk::under(village.stations[0].folder(), DISK_BYTES)?;
    village.start().await?;
    let kiosk = village.kiosks[0].script()?;
    let visit = Visit::at(&kiosk).await?;
    receipt_says(&kiosk, "received").await?;
    village.stations[0].kill();
    let _spoilt = spoil(&disk, village.stations[0].folder())?;
    let started = village.stations[0].start().await;
    let saw = said(&started);
    judge.expect("the station runs", started.is_ok(), saw);
    if started.is_err() {
        return Ok(());
    }
    let dir = village.stations[0].folder().to_string_lossy().into_owned();
    let told = guichet(&village.stations[0].place, &["status", "--dir", &dir]);
    let told = told.map(|lines| format!("{lines:?}"));
    let ill = told.as_ref().is_ok_and(|it| it.contains("disk-"));
    judge.expect("`status` says what is ill", ill, format!("{told:?}"));
    let desk = unlocked(&village).await.context("the desk")?;
    let there = visit.is_at(&desk).await;
    let saw = said(&there);
    judge.expect("the adviser reads what is there", there.is_ok(), saw);
    Ok(())
}
