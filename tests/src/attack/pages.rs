//! Pages that are announced and never come: they take no place that a page needs which does.

use std::sync::Arc;

use anyhow::{Result, ensure};

use super::Judge;
use super::enrolled::{Enrolled, Target};
use super::forge::{Forger, manifest};
use super::scene::{Scene, Stolen};

const ANNOUNCED_BYTES: u64 = 1_000;
const SEALED_BYTES: usize = ANNOUNCED_BYTES as usize + 16;

/// A kiosk's key, towards the relay and the station.
pub async fn run(judge: &mut Judge, count: usize) -> Result<()> {
    let mut scene = Scene::begin(judge, Stolen::Kiosk).await?;
    let (attacker, forger) = (Arc::clone(&scene.attacker), Arc::clone(&scene.forger));
    let targets = scene.reached().await?;
    let bring = move |_| announce(attacker, forger, targets, count);
    scene.raid(judge, bring).await
}

async fn announce(
    attacker: Arc<Enrolled>,
    forger: Arc<Forger>,
    targets: [Target; 2],
    count: usize,
) -> Result<()> {
    let forged = forger.case(1)?;
    let mut frames: Vec<Vec<u8>> = forged.frames().map(|frame| frame.encode()).collect();
    for number in 0..count {
        let mut segment = vec![7; SEALED_BYTES];
        segment[..8].copy_from_slice(&number.to_be_bytes());
        let page = forger.page(&forged, ANNOUNCED_BYTES, &segment)?;
        frames.push(manifest(&page).encode());
    }
    for frame in &frames {
        for target in &targets {
            let sent = attacker.send_bytes(&target.node, frame.clone()).await;
            ensure!(sent, "{} takes no more", target.name);
        }
    }
    Ok(())
}
