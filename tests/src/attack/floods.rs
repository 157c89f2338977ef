//! Floods of what is new each time: each thing is genuine, small, and would be kept.

use std::sync::Arc;

use anyhow::Result;
use guichet_keys::{SignedStatement, Statement, SubjectId};
use guichet_sync::envelope::Envelope;
use guichet_sync::feed::Feed;
use guichet_sync::limits::{PAGE_BYTES_MAX, PAGE_SEGMENTS_MAX};
use guichet_sync::wire::{Frame, Presence};

use super::costs::names_the_offender;
use super::enrolled::{Enrolled, Target};
use super::forge::{Forged, Forger, envelope, manifest, statement};
use super::forks::Forking;
use super::scene::{Offender, Scene, Stolen, Stop, together};
use super::{Judge, random};

/// Members that one roster names.
const ROSTER: usize = 500;

/// Says what comes next of a row, by its number.
type Row = Box<dyn FnMut(u64) -> Result<Vec<Frame>> + Send>;

/// “I have told you of everything up to here”, one further each time: 7 bytes.
pub async fn marks(judge: &mut Judge) -> Result<()> {
    flood(judge, Stolen::Kiosk, |_| {
        Ok(Box::new(|number| {
            Ok(vec![Frame::Mark {
                feed: Feed::Edits,
                arrival: number,
            }])
        }))
    })
    .await
}

/// Edits in the attacker's own case.
pub async fn edits(judge: &mut Judge) -> Result<()> {
    flood(judge, Stolen::Kiosk, |forger| {
        let forged = forger.case(1)?;
        let mut last: Option<Envelope> = None;
        Ok(Box::new(move |_| {
            let begun = begin_if(&forged, last.is_none());
            let next = match &last {
                None => forger.edit(&forged)?,
                Some(before) => forger.next_edit(&forged, before)?,
            };
            let frames = begun.into_iter().chain([envelope(&next)]).collect();
            last = Some(next);
            Ok(frames)
        }))
    })
    .await
}

/// Places of the attacker's own chain that are written anew, so that much before them is read again.
pub async fn forks(judge: &mut Judge) -> Result<()> {
    flood(judge, Stolen::Kiosk, |forger| {
        let mut forking = Forking::new(forger)?;
        Ok(Box::new(move |_| forking.next()))
    })
    .await
}

/// Pages of 32 MiB that never come: each is announced with 2,048 hashes.
pub async fn manifests(judge: &mut Judge) -> Result<()> {
    flood(judge, Stolen::Kiosk, |forger| {
        let forged = forger.case(1)?;
        let mut begun = false;
        Ok(Box::new(move |_| {
            let mut frames = begin_if(&forged, !begun);
            begun = true;
            let count = PAGE_SEGMENTS_MAX as usize;
            let page = forger.page_of(&forged, PAGE_BYTES_MAX, count)?;
            frames.push(manifest(&page));
            Ok(frames)
        }))
    })
    .await
}

/// Cases whose statements are nearly as long as one may be.
pub async fn cases(judge: &mut Judge) -> Result<()> {
    flood(judge, Stolen::Kiosk, |forger| {
        Ok(Box::new(move |_| {
            Ok(forger.large_case()?.iter().map(statement).collect())
        }))
    })
    .await
}

/// Statements of a kind that nobody knows yet: they are kept, and passed on to every node.
pub async fn unknown(judge: &mut Judge) -> Result<()> {
    flood(judge, Stolen::Kiosk, |forger| {
        Ok(Box::new(move |number| {
            let kind = 1_000 + number;
            let signed = SignedStatement::sign(forger.key(), 1, 1, &Statement::Unknown { kind })?;
            Ok(vec![statement(&signed)])
        }))
    })
    .await
}

/// A relay that tells of members that there are not.
pub async fn roster(judge: &mut Judge) -> Result<()> {
    flood(judge, Stolen::Relay, |_| {
        Ok(Box::new(|_| {
            let member = || Presence {
                member: SubjectId::from(random()),
                online: true,
                addresses: vec![],
            };
            let members = std::iter::repeat_with(member).take(ROSTER).collect();
            Ok(vec![Frame::Roster { members }])
        }))
    })
    .await
}

fn begin_if(forged: &Forged, first: bool) -> Vec<Frame> {
    if first {
        forged.frames().collect()
    } else {
        Vec::new()
    }
}

async fn flood(
    judge: &mut Judge,
    stolen: Stolen,
    row: impl Fn(Arc<Forger>) -> Result<Row>,
) -> Result<()> {
    let mut scene = Scene::begin(judge, stolen).await?;
    let targets = scene.attacked_nodes();
    let mut parts = Vec::new();
    for Offender { client, forger } in &scene.offenders {
        for target in &targets {
            client.knock(target).await?;
            let row = row(Arc::clone(forger))?;
            parts.push((Arc::clone(client), target.clone(), row));
        }
    }
    // Each by itself: who waits at one node goes on at the others.
    let attack = |stop: Stop| {
        together(parts, move |(client, target, row)| {
            one_after_another(client, target, row, stop.clone())
        })
    };
    scene.flood(judge, attack).await?;
    names_the_offender(judge, &mut scene, &targets).await
}

async fn one_after_another(
    attacker: Arc<Enrolled>,
    target: Target,
    mut row: Row,
    stop: Stop,
) -> Result<()> {
    let mut number = 0;
    while !stop.is_set() {
        number += 1;
        for frame in row(number)? {
            attacker.until_greeted(&target.node).await;
            attacker.send(&target.node, &frame).await;
        }
        tokio::task::yield_now().await;
    }
    Ok(())
}
