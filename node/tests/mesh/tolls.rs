//! What a member makes its connections do is charged to that member.

use std::time::Duration;

use super::raw::Raw;
use super::support::{Network, Node, meet, subject};
use futures::{AsyncReadExt, AsyncWriteExt};
use guichet::mesh::{Duty, MeshEvent};
use tokio::task::JoinHandle;

const PING: &str = "/ipfs/ping/1.0.0";
/// Bytes of pings under way at once.
const PINGS: usize = 64 * 32;
/// A connection is left and another made after so many answers.
const EXCHANGES: usize = 20_000;
/// A busy machine gives the flood little time.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn pings_without_end_are_told_of_and_nobody_else_waits() {
    let network = Network::new(1);
    let mut node = Node::start(&network, 2, Duty::Member, &[]).await;
    let mut other = Node::start(&network, 3, Duty::Member, &[]).await;
    node.let_in(other.subject, vec![]);
    other.let_in(node.subject, vec![node.main.clone()]);
    meet(&mut node, &mut other).await;
    let offender = subject(9);
    node.mesh.allow(offender);
    let flood = flood(node.main.clone(), 9);

    let honest = other.subject;
    let held = node.within(PATIENCE, |event| match event {
        MeshEvent::Held { peer, .. } => Some(*peer),
        _ => None,
    });
    assert_eq!(held.await, Some(offender), "who is told of");
    // As before, for some time: whoever works is neither told of nor thought silent.
    let steady = Duration::from_secs(5);
    let harmed = node.within(steady, |event| match event {
        MeshEvent::Held { peer, .. } if *peer == honest => Some("held"),
        MeshEvent::PeerSilent { peer } if *peer == honest => Some("silent"),
        MeshEvent::PeerDown { peer } if *peer == honest => Some("down"),
        _ => None,
    });
    assert_eq!(harmed.await, None);
    flood.abort();
}

/// Asks for signs of life as fast as they are given, over one connection after another.
fn flood(door: String, seed: u8) -> JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            let Some(raw) = Raw::connect(&door, [seed; 32]).await else {
                continue;
            };
            let Some(stream) = raw.stream(PING).await else {
                continue;
            };
            let (mut from, mut to) = stream.split();
            let (many, mut echoes) = ([7; PINGS], [0; PINGS]);
            for _ in 0..EXCHANGES {
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
}
