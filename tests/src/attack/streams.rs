//! Connections and streams below every frame: opened and dropped as fast as can be, and pings
//! without end.

use std::future::Future;
use std::time::Duration;

use anyhow::Result;
use futures::{AsyncReadExt as _, AsyncWriteExt as _};

use super::Judge;
use super::costs::names_the_offender;
use super::enrolled::Target;
use super::scene::{Scene, Stolen, Stop};
use crate::network::Place;
use crate::raw::Raw;

const SYNC: &str = "/guichet/sync/1";
const SIGNAL: &str = "/guichet/signal/1";
const IDENTIFY: &str = "/ipfs/id/1.0.0";
const PING: &str = "/ipfs/ping/1.0.0";
/// Bytes of a ping.
const PING_BYTES: usize = 32;
/// Pings under way at once.
const PINGS: usize = 64;
/// Connections at once.
const CONNECTIONS: usize = 4;
/// Streams held open on each.
const STREAMS: usize = 60;
const PAUSE: Duration = Duration::from_millis(50);

/// Connections with as many streams as can be had, begun again and again.
pub async fn streams(judge: &mut Judge) -> Result<()> {
    storm(judge, |door, seed, stop| async move {
        while !stop.is_set() {
            let mut held = Vec::new();
            for _ in 0..CONNECTIONS {
                let Some(raw) = Raw::connect(&door, seed).await else {
                    break;
                };
                let mut streams = Vec::new();
                for protocol in [SYNC, SIGNAL, IDENTIFY, PING].iter().cycle().take(STREAMS) {
                    let Some(mut stream) = raw.stream(protocol).await else {
                        break;
                    };
                    if stream.write_all(&[0; 4]).await.is_err() {
                        break;
                    }
                    streams.push(stream);
                }
                held.push((raw, streams));
            }
            tokio::time::sleep(PAUSE).await;
        }
    })
    .await
    .map(drop)
}

/// Pings without end on one connection that counts as a member's.
pub async fn pings(judge: &mut Judge) -> Result<()> {
    let stormed = storm(judge, |door, seed, stop| async move {
        while !stop.is_set() {
            tokio::time::sleep(PAUSE).await;
            let Some(raw) = Raw::connect(&door, seed).await else {
                continue;
            };
            let Some(mut sync) = raw.stream(SYNC).await else {
                continue;
            };
            if sync.write_all(&[0; 4]).await.is_err() || sync.flush().await.is_err() {
                continue;
            }
            let Some(stream) = raw.stream(PING).await else {
                continue;
            };
            let (mut from, mut to) = stream.split();
            let mut echoes = vec![0; PINGS * PING_BYTES];
            let many = vec![7; PINGS * PING_BYTES];
            while !stop.is_set() {
                let exchange = async {
                    to.write_all(&many).await?;
                    to.flush().await?;
                    from.read_exact(&mut echoes).await
                };
                if exchange.await.is_err() {
                    break;
                }
            }
        }
    })
    .await;
    let (mut scene, targets) = stormed?;
    names_the_offender(judge, &mut scene, &targets).await
}

/// Storms the relay and the station from the place of a kiosk whose key is stolen.
async fn storm<F>(
    judge: &mut Judge,
    work: impl Fn(String, [u8; 32], Stop) -> F + Clone + Send + 'static,
) -> Result<(Scene, Vec<Target>)>
where
    F: Future<Output = ()> + 'static,
{
    let mut scene = Scene::begin(judge, Stolen::Kiosk).await?;
    let (place, seed) = (scene.elsewhere.clone(), scene.seed);
    let targets = scene.attacked_nodes();
    let stormed = targets.clone();
    let attack = move |stop: Stop| async move {
        let storms = stormed.into_iter().map(|target| {
            let (place, work, stop) = (place.clone(), work.clone(), stop.clone());
            tokio::task::spawn_blocking(move || within(&place, &target, seed, work, stop))
        });
        for storm in storms.collect::<Vec<_>>() {
            storm.await??;
        }
        Ok(())
    };
    scene.flood(judge, attack).await?;
    Ok((scene, targets))
}

fn within<F: Future<Output = ()> + 'static>(
    place: &Place,
    target: &Target,
    seed: [u8; 32],
    work: impl Fn(String, [u8; 32], Stop) -> F + Send + 'static,
    stop: Stop,
) -> Result<()> {
    let door = target.door.clone();
    place.visit(move || {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build()?;
        runtime.block_on(work(door, seed, stop));
        Ok(())
    })?;
    Ok(())
}
