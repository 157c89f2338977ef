//! What a store would refuse: it is refused at the door, and whoever writes beside it is not
//! disturbed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use guichet_keys::AuthorId;
use guichet_sync::envelope::Dep;
use guichet_sync::wire::Frame;

use super::enrolled::{Enrolled, Target};
use super::forge::{Forger, envelope, manifest, statement};
use super::scene::{Scene, Stolen, Stop};
use super::{Judge, random, said};
use crate::figure::Figure;
use crate::small_disk::SmallDisk;

const DISK_BYTES: u64 = 160 << 20;
/// What is sent while the disk is full; a group of writes holds 8 MiB, and much of what is sent is
/// lost as sessions end.
const BELIEVED_BYTES: usize = 40 << 20;
const FULL_FOR_MAX: Duration = Duration::from_secs(150);
const RECOVERED: Duration = Duration::from_secs(4);
/// Slow enough to be no flood.
const SLOWLY: Duration = Duration::from_millis(100);
const DEPENDENCIES: usize = 16;

/// A kiosk's key, towards a station whose disk is full for a while.
pub async fn believed(judge: &mut Judge) -> Result<()> {
    let mut disk = None;
    let prepare = |village: &mut crate::village::Village| {
        disk = Some(SmallDisk::under(village.stations[0].folder(), DISK_BYTES)?);
        Ok(())
    };
    let mut scene = Scene::prepared(judge, Stolen::Kiosk, prepare).await?;
    let Some(disk) = disk else { return Ok(()) };
    let attacker = Arc::clone(&scene.attacker);
    attacker.knock(&scene.station).await?;
    let terms = judge.terms.brief();
    let before = scene.people.work(&terms).await;
    let watches = scene.watches()?;
    let mut large = Vec::new();
    while large.iter().map(Vec::len).sum::<usize>() < BELIEVED_BYTES {
        let case = scene.forger.large_case()?;
        large.extend(case.iter().map(|signed| statement(signed).encode()));
    }
    disk.fill()?;
    let begun = Instant::now();
    let sent = send_all(&attacker, &scene.station, &large).await;
    let (took, name) = (begun.elapsed().as_secs_f64(), judge.attack());
    Figure::of(name, "sent in vain", sent as f64, "B", large.len()).print();
    Figure::of(name, "for so long", took, "s", 1).print();
    disk.free()?;
    tokio::time::sleep(RECOVERED).await;
    let written = scene
        .desk
        .say(&scene.people.case, "Le disque est vidé.")
        .await;
    judge.expect("the adviser writes again", written.is_ok(), said(&written));
    let after = scene.people.work(&terms).await;
    judge.compare("after", &before, &after);
    scene.all_live(judge, &watches).await
}

/// Sends everything, over as many sessions as it takes; gives how many bytes were sent.
async fn send_all(attacker: &Enrolled, target: &Target, frames: &[Vec<u8>]) -> usize {
    let (mut sent, begun) = (0, Instant::now());
    let mut left = frames.iter();
    let mut next = left.next();
    while let Some(frame) = next
        && begun.elapsed() < FULL_FOR_MAX
    {
        if attacker.send_bytes(&target.node, frame.clone()).await {
            sent += frame.len();
            next = left.next();
        } else {
            attacker.until_greeted(&target.node).await;
        }
    }
    sent
}

/// A kiosk's key, towards the relay and the station.
pub async fn dependencies(judge: &mut Judge) -> Result<()> {
    let mut scene = Scene::begin(judge, Stolen::Kiosk).await?;
    let (attacker, forger) = (Arc::clone(&scene.attacker), Arc::clone(&scene.forger));
    let targets = scene.reached().await?;
    scene
        .flood(judge, move |stop| depend(attacker, forger, targets, stop))
        .await?;
    said_of_disks(judge, &mut scene)
}

async fn depend(
    attacker: Arc<Enrolled>,
    forger: Arc<Forger>,
    targets: [Target; 2],
    stop: Stop,
) -> Result<()> {
    while !stop.is_set() {
        let forged = forger.case(1)?;
        let dep = || Dep {
            author: AuthorId::from(random()),
            index: u64::MAX,
        };
        let deps = std::iter::repeat_with(dep).take(DEPENDENCIES).collect();
        let first = forger.edit(&forged)?;
        let bad = forger.depending_edit(&forged, &first, deps)?;
        for target in &targets {
            let refused = !attacker.until_greeted(&target.node).await;
            ensure!(!refused, "{} has no session any more", target.name);
            for frame in forged.frames().chain([envelope(&first), bad.clone()]) {
                attacker.send(&target.node, &frame).await;
            }
        }
        tokio::time::sleep(SLOWLY).await;
    }
    Ok(())
}

/// A kiosk's key, towards the relay and the station.
pub async fn segment(judge: &mut Judge) -> Result<()> {
    let mut scene = Scene::begin(judge, Stolen::Kiosk).await?;
    let (attacker, forger) = (Arc::clone(&scene.attacker), Arc::clone(&scene.forger));
    let targets = scene.reached().await?;
    scene
        .flood(judge, move |stop| {
            give_crumbs(attacker, forger, targets, stop)
        })
        .await?;
    said_of_disks(judge, &mut scene)
}

/// Announces pages, and gives five bytes whenever one is asked for.
async fn give_crumbs(
    attacker: Arc<Enrolled>,
    forger: Arc<Forger>,
    targets: [Target; 2],
    stop: Stop,
) -> Result<()> {
    const CRUMB: [u8; 5] = [7; 5];
    let forged = forger.case(1)?;
    for target in &targets {
        for frame in forged.frames() {
            attacker.send(&target.node, &frame).await;
        }
    }
    while !stop.is_set() {
        let page = forger.page(&forged, 1_000, &CRUMB)?;
        for target in &targets {
            let refused = !attacker.until_greeted(&target.node).await;
            ensure!(!refused, "{} has no session any more", target.name);
            attacker.send(&target.node, &manifest(&page)).await;
        }
        while let Some((node, page)) = attacker.wanted() {
            let segment = Frame::Segment {
                page,
                index: 0,
                sealed: CRUMB.to_vec(),
            };
            attacker.send(&node, &segment).await;
        }
        tokio::time::sleep(SLOWLY).await;
    }
    Ok(())
}

/// No node has said in its log that its disk fails: none did.
fn said_of_disks(judge: &mut Judge, scene: &mut Scene) -> Result<()> {
    for site in scene.nodes() {
        let log = site.node()?.log();
        let said = log.lines().filter(|line| is_alarm(line));
        let (count, last) = said.fold((0, ""), |(count, _), line| (count + 1, line));
        let what = format!("{} raises no alarm about its disk", site.log);
        judge.expect(&what, count == 0, format!("{count} times: {last}"));
    }
    Ok(())
}

fn is_alarm(line: &str) -> bool {
    let line = line.to_lowercase();
    let disk = line.contains("disk") || line.contains("store");
    disk && (line.contains("fail") || line.contains("does not take"))
}
