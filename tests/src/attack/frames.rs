//! Frames that are none, or come when they must not: cut short, altered, repeated, out of order,
//! too long, and a second hello.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use guichet_keys::{Salt, SignedStatement, SigningKey, Statement};
use guichet_sync::feed::Feed;
use guichet_sync::wire::Frame;

use super::enrolled::{Enrolled, Target, hello};
use super::forge::{Forger, envelope, statement};
use super::scene::{Scene, Stolen};
use super::{Judge, random};

const TAKEN_WITHIN: Duration = Duration::from_millis(25);
/// As many edits of one chain, said last to first.
const CHAIN: usize = 12;
const ALTERED: usize = 120;

/// A kiosk's key, towards the relay and the station.
pub async fn run(judge: &mut Judge) -> Result<()> {
    let mut scene = Scene::begin(judge, Stolen::Kiosk).await?;
    let (attacker, forger) = (Arc::clone(&scene.attacker), Arc::clone(&scene.forger));
    let targets = [scene.relay.clone(), scene.station.clone()];
    scene
        .raid(judge, move |_| babble(attacker, forger, targets))
        .await
}

async fn babble(attacker: Arc<Enrolled>, forger: Arc<Forger>, targets: [Target; 2]) -> Result<()> {
    let frames = frames(&forger)?;
    for target in &targets {
        attacker.knock(target).await?;
        for frame in &frames {
            ensure!(
                attacker.until_greeted(&target.node).await,
                "{} has no session any more",
                target.name
            );
            let _it_is_over = attacker.send_bytes(&target.node, frame.clone()).await;
            tokio::time::sleep(TAKEN_WITHIN).await;
        }
    }
    Ok(())
}

fn frames(forger: &Forger) -> Result<Vec<Vec<u8>>> {
    let forged = forger.case(1)?;
    let mut chain = vec![forger.edit(&forged)?];
    for at in 1..CHAIN {
        chain.push(forger.next_edit(&forged, &chain[at - 1])?);
    }
    let mut frames: Vec<Vec<u8>> = chain.iter().rev().map(|it| envelope(it).encode()).collect();
    frames.extend(forged.frames().map(|frame| frame.encode()));
    frames.extend(chain.iter().map(|it| envelope(it).encode()));
    frames.extend(chain.iter().map(|it| envelope(it).encode()));
    let marks = [9, 3, 9, 1].map(|arrival| Frame::Mark {
        feed: Feed::Edits,
        arrival,
    });
    frames.extend(marks.map(|mark| mark.encode()));
    frames.push(hello().encode());
    let whole = envelope(&chain[0]).encode();
    frames.extend(
        (0..whole.len())
            .step_by(9)
            .map(|cut| whole[..cut.max(1)].to_vec()),
    );
    for at in 0..ALTERED {
        let mut altered = whole.clone();
        let place = at * whole.len() / ALTERED;
        altered[place] ^= 1 << (at % 8);
        frames.push(altered);
    }
    let nobody = SigningKey::from_seed(&random());
    let fingerprint = Salt::from(random::<16>());
    let fingerprint = guichet_keys::sha256(fingerprint.as_bytes());
    for serial in 0..20 {
        let signed = SignedStatement::sign(&nobody, serial, 1, &Statement::Media { fingerprint })?;
        frames.push(statement(&signed).encode());
    }
    frames.push(vec![0x9f; 100_000]);
    frames.push(vec![0x81; 128 * 1024]);
    Ok(frames)
}
