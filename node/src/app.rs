//! The running node: it is put together, runs its event loop, and stops.
//!
//! ```text
//!   pages ──asks──▶┐                    ┌──▶ mesh (frames)
//!   mesh ──events─▶│  event loop: Node  │──▶ disk's thread (store)
//!   disk ─answers─▶│  one owner of all  │──▶ workers (open cases)
//!   workers ──────▶┘                    └──▶ pages (answers, changes)
//! ```
//!
//! The loop selects and dispatches; what is decided is decided in the
//! machines of `guichet-sync` and in the pages' state under `app/`.

mod asks;
mod calls;
mod cases;
mod context;
mod damaged;
mod dialling;
mod disk;
mod forget;
mod heard;
mod intake;
mod kiosk;
mod learnt;
mod life;
mod line;
mod node;
mod opened;
mod peers;
mod readers;
mod roster;
mod shown;
mod start;
mod station;
mod status;
mod tray;
mod vault;
mod visit;

use std::future;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use crate::folder::Opened;
use crate::mesh::MeshEvents;
use crate::web::counter::Ask;
use crate::{Parts, clock, owners, stop::Stop};

use cases::CaseEvent;
use disk::DiskEvent;
use node::Node;
use station::StationEvent;
use tray::TrayEvent;

/// Time for what is said last to leave.
const LAST_WORD: Duration = Duration::from_millis(300);
/// Of what the mesh tells, so much more is heard before others have a turn.
const MESH_EVENTS_AT_ONCE: usize = 64;

/// The loop looks at the clock at least this often.
const TICK: Duration = Duration::from_secs(1);

/// What a node says once its local pages answer.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Ready {
    /// Where the local pages are.
    pub address: SocketAddr,
    /// The address that opens a session, once.
    pub start_url: String,
}

/// What the loop listens to.
pub(crate) struct Sources {
    asks: mpsc::Receiver<Ask>,
    mesh: MeshEvents,
    disk: mpsc::UnboundedReceiver<DiskEvent>,
    cases: mpsc::UnboundedReceiver<CaseEvent>,
    station: mpsc::UnboundedReceiver<StationEvent>,
    media: mpsc::UnboundedReceiver<guichet_media::Event>,
    trays: mpsc::UnboundedReceiver<TrayEvent>,
    owners: owners::Watch,
}

/// Runs a node until it is told to stop.
///
/// # Errors
/// A port, the disk or the folder does not do what it must at the start, or an owner of a part of
/// the node is no more.
pub async fn run(
    opened: Opened,
    parts: Parts,
    stop: Stop,
    ready: oneshot::Sender<Ready>,
) -> anyhow::Result<()> {
    let (mut node, mut sources, pages) = start::start(&opened, &parts, stop.clone(), ready).await?;
    let mut stop = stop;
    let ended = loop {
        let wake = tokio::time::Instant::from_std(next_wake(&node));
        let more_to_take_in = node.intake.is_ready(clock::now());
        tokio::select! {
            () = stop.ordered() => break Ok(()),
            // Told to stop, they go as well.
            left = sources.owners.left() => break if stop.is_ordered() { Ok(()) } else { Err(left) },
            Some(event) = sources.mesh.recv() => {
                node.on_mesh_event(event);
                // What came together is looked at together.
                let more = std::iter::from_fn(|| sources.mesh.try_recv());
                more.take(MESH_EVENTS_AT_ONCE).for_each(|event| node.on_mesh_event(event));
            }
            Some(event) = sources.disk.recv() => node.on_disk_event(event),
            Some(event) = sources.cases.recv() => node.on_case_event(event),
            Some(event) = sources.station.recv() => node.on_station_event(event),
            Some(event) = sources.media.recv() => node.on_media_event(event),
            Some(event) = sources.trays.recv() => node.on_tray_event(event),
            Some(ask) = sources.asks.recv() => node.on_ask(ask),
            () = tokio::time::sleep_until(wake) => {
                node.on_timeout();
                node.on_desk_timeout();
            }
            () = future::ready(()), if more_to_take_in => node.take_in(),
        }
        node.look_around();
    };
    node.close_vault();
    if node.tell_that_it_stops() {
        tokio::time::sleep(LAST_WORD).await;
    }
    drop(node);
    ended?;
    pages.await??;
    Ok(())
}

fn next_wake(node: &Node) -> Instant {
    let tick = clock::now() + TICK;
    let timeouts = [
        node.replica.poll_timeout(),
        node.calls.poll_timeout(),
        node.readers.poll_timeout(),
        node.visit_ends_at(),
        node.visit_note_due_at(),
        node.desk_due_at(),
        node.roster.poll_timeout(),
        node.intake.poll_timeout(),
    ];
    timeouts.into_iter().flatten().fold(tick, Instant::min)
}
