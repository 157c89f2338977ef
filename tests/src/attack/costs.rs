//! Much for a few bytes: requests that cost their sender nothing and a node much. Whatever comes,
//! the node has memory and time for the others, and says who floods it, or lets them go.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use guichet_keys::SubjectId;
use guichet_media::signal::{Holder, Passed, Signal, Stage};
use guichet_sync::wire::Frame;

use super::enrolled::{Enrolled, Target};
use super::forge::{Forged, Forger, envelope, statement};
use super::scene::{Offender, Scene, Stolen, Stop, together};
use super::signals::ticket;
use super::{Judge, random};

/// Edits in the case that is followed again and again.
const EDITS: usize = 300;
/// Statements that are there to be listed.
const STATEMENTS: usize = 3_000;
/// Frames that are sent before others have a turn in this process.
const BURST: usize = 64;
const FLAP: Duration = Duration::from_millis(400);
const DRAFT_BYTES: usize = 4_000;
/// More than there is time for.
const SIGNALS_AT_ONCE: usize = 8;
const SIGNALS_PAUSE: Duration = Duration::from_millis(1);

/// “I follow this case”, “I do not”, again and again.
pub async fn follow(judge: &mut Judge) -> Result<()> {
    flood(judge, |attacker, forger, target| async move {
        let forged = filled(&attacker, &forger, &target).await?;
        let case = forged.case;
        let (have, prefixes) = (vec![], vec![]);
        let follow = Frame::Follow {
            case,
            have,
            prefixes,
        };
        Ok(vec![follow, Frame::Unfollow { case }])
    })
    .await
}

/// “This is what I hold” again and again.
pub async fn have(judge: &mut Judge) -> Result<()> {
    flood(judge, |attacker, forger, target| async move {
        for _ in 0..STATEMENTS {
            let (_, bound) = forger.author(None)?;
            deliver(&attacker, &target, &statement(&bound)).await?;
        }
        Ok(vec![Frame::Have {
            chains: vec![],
            prefixes: vec![],
            last: true,
        }])
    })
    .await
}

/// Words that somebody is typing.
pub async fn drafts(judge: &mut Judge) -> Result<()> {
    flood(judge, |attacker, forger, target| async move {
        let forged = filled(&attacker, &forger, &target).await?;
        Ok(vec![Frame::Draft {
            case: forged.case,
            sealed: forged.sealed(&[7; DRAFT_BYTES]),
        }])
    })
    .await
}

/// Prepares, and then says the same again and again to the relay and, beside it, to the station.
async fn flood<F>(
    judge: &mut Judge,
    prepare: impl Fn(Arc<Enrolled>, Arc<Forger>, Target) -> F,
) -> Result<()>
where
    F: Future<Output = Result<Vec<Frame>>>,
{
    let mut scene = Scene::begin(judge, Stolen::Kiosk).await?;
    let targets = scene.attacked_nodes();
    let mut parts = Vec::new();
    for Offender { client, forger } in scene.offenders.clone() {
        for target in &targets {
            client.knock(target).await?;
            let (client, forger) = (Arc::clone(&client), Arc::clone(&forger));
            let frames = prepare(Arc::clone(&client), forger, target.clone()).await?;
            let frames: Vec<Vec<u8>> = frames.iter().map(Frame::encode).collect();
            parts.push((client, target.clone(), frames));
        }
    }
    let attack = |stop: Stop| {
        together(parts, move |(client, target, frames)| {
            again_and_again(client, target, frames, stop.clone())
        })
    };
    scene.flood(judge, attack).await?;
    names_the_offender(judge, &mut scene, &targets).await
}

async fn again_and_again(
    attacker: Arc<Enrolled>,
    target: Target,
    frames: Vec<Vec<u8>>,
    stop: Stop,
) -> Result<()> {
    let mut sent = 0_u64;
    while !stop.is_set() {
        for frame in frames.iter().cycle().take(BURST) {
            sent += u64::from(attacker.send_bytes(&target.node, frame.clone()).await);
        }
        tokio::task::yield_now().await;
        if !attacker.is_greeted(&target.node) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    ensure!(sent > 0, "{} took nothing", target.name);
    Ok(())
}

/// A case with many edits, known to the target.
async fn filled(attacker: &Enrolled, forger: &Forger, target: &Target) -> Result<Forged> {
    let forged = forger.case(1)?;
    for frame in forged.frames() {
        deliver(attacker, target, &frame).await?;
    }
    let mut last = forger.edit(&forged)?;
    for _ in 1..EDITS {
        deliver(attacker, target, &envelope(&last)).await?;
        last = forger.next_edit(&forged, &last)?;
    }
    Ok(forged)
}

async fn deliver(attacker: &Enrolled, target: &Target, frame: &Frame) -> Result<()> {
    let sent = attacker.send(&target.node, frame).await;
    ensure!(sent, "{} takes no more", target.name);
    Ok(())
}

/// Statements of new authors in a row.
pub async fn authors(judge: &mut Judge) -> Result<()> {
    let mut scene = Scene::begin(judge, Stolen::Kiosk).await?;
    let targets = scene.attacked_nodes();
    knock(&scene, &targets).await?;
    let each = scene.offenders.iter().flat_map(|offender| {
        let pair = |target: &Target| (offender.clone(), target.clone());
        targets.iter().map(pair)
    });
    let parts: Vec<_> = each.collect();
    let attack = |stop: Stop| {
        together(parts, move |(offender, target)| {
            state(offender, target, stop.clone())
        })
    };
    scene.flood(judge, attack).await?;
    names_the_offender(judge, &mut scene, &targets).await
}

async fn state(offender: Offender, target: Target, stop: Stop) -> Result<()> {
    let Offender { client, forger } = offender;
    while !stop.is_set() {
        let (_, bound) = forger.author(None)?;
        client
            .send_bytes(&target.node, statement(&bound).encode())
            .await;
        tokio::task::yield_now().await;
    }
    Ok(())
}

async fn knock(scene: &Scene, targets: &[Target]) -> Result<()> {
    for offender in &scene.offenders {
        for target in targets {
            offender.client.knock(target).await?;
        }
    }
    Ok(())
}

/// A member that comes and goes.
pub async fn flaps(judge: &mut Judge) -> Result<()> {
    let mut scene = Scene::begin(judge, Stolen::Kiosk).await?;
    let targets = scene.attacked_nodes();
    knock(&scene, &targets).await?;
    let offenders = scene.offenders.clone();
    let attack = |stop: Stop| {
        together(offenders, move |offender| {
            flap(offender, targets.clone(), stop.clone())
        })
    };
    scene.flood(judge, attack).await
}

async fn flap(offender: Offender, targets: Vec<Target>, stop: Stop) -> Result<()> {
    while !stop.is_set() {
        for target in &targets {
            offender.client.hang_up(&target.node);
        }
        tokio::time::sleep(FLAP).await;
    }
    Ok(())
}

/// A kiosk whose place in the queue changes all the time.
pub async fn tickets(judge: &mut Judge) -> Result<()> {
    let mut scene = Scene::begin(judge, Stolen::Kiosk).await?;
    let targets = scene.attacked_nodes();
    knock(&scene, &targets).await?;
    let (offenders, told) = (scene.offenders.clone(), targets.clone());
    let station = scene.station.node;
    let attack = |stop: Stop| {
        together(offenders, move |offender| {
            flickers(offender, told.clone(), station, stop.clone())
        })
    };
    scene.flood(judge, attack).await?;
    names_the_offender(judge, &mut scene, &targets).await
}

async fn flickers(
    offender: Offender,
    targets: Vec<Target>,
    station: SubjectId,
    stop: Stop,
) -> Result<()> {
    let Offender { client, forger } = offender;
    let mut number = 0;
    while !stop.is_set() {
        for _ in 0..SIGNALS_AT_ONCE {
            number += 1;
            let frame = flicker(&client, &forger, station, number);
            let taken = targets
                .iter()
                .filter(|target| client.signal(&target.node, frame.clone()));
            // To sign what nobody takes would slow the machine that all share here.
            if taken.count() == 0 {
                break;
            }
        }
        tokio::time::sleep(SIGNALS_PAUSE).await;
    }
    Ok(())
}

/// The next of a row of notices, each of which changes what the desk shows.
fn flicker(attacker: &Enrolled, forger: &Forger, station: SubjectId, number: u64) -> Vec<u8> {
    let holder = Holder {
        station,
        person: station,
        round: 1,
    };
    let stage = match number % 2 {
        0 => Stage::Waiting,
        _ => Stage::Ringing(holder),
    };
    let signal = Signal {
        from: attacker.key.subject(),
        life: 1,
        number,
        to: None,
        body: ticket(forger, random(), 0, stage),
    };
    let signed = signal.sign(&attacker.key);
    let known_ms = None;
    Passed { known_ms, signed }.encode()
}

/// Each flooded node says in its state who the offenders are, long after it was flooded too, or has
/// let them go; and of nobody else.
pub async fn names_the_offender(
    judge: &mut Judge,
    scene: &mut Scene,
    targets: &[Target],
) -> Result<()> {
    for target in targets {
        let script = scene.site(target)?.script()?;
        let status = script.api().get_json("/status").await.unwrap_or_default();
        let floods = status["floods"].to_string();
        for Offender { client, .. } in &scene.offenders {
            let mut reasons = client.reasons();
            reasons.dedup();
            reasons.truncate(5);
            let lost = client.lost(&target.node);
            let told = floods.contains(&client.key.subject().to_string());
            judge.expect(
                &format!("{} names the offender, or lets them go", target.name),
                lost > 0 || told,
                format!("named {told}, let go {lost} times {reasons:?}"),
            );
        }
        let named = status["floods"].as_array().into_iter().flatten();
        let is_offender = |node: &str| {
            let mut offenders = scene.offenders.iter();
            offenders.any(|it| it.client.key.subject().to_string() == node)
        };
        let others = named.filter(|it| !is_offender(it["node"].as_str().unwrap_or_default()));
        let others: Vec<_> = others.map(|it| it["name"].to_string()).collect();
        let what = format!("{} names nobody else", target.name);
        judge.expect(&what, others.is_empty(), format!("{others:?}"));
    }
    Ok(())
}
