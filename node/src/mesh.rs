//! The mesh: encrypted connections between the members of a network.
//!
//! Two libp2p swarms share the node's key, on ports of their own. The **porch** speaks to anybody,
//! but only a small hello: who shows a credential there is reported to the application
//! (`MeshEvent::Admitted`), which answers with `Mesh::allow`. The **main** swarm lets in whom the
//! application has allowed and refuses everybody else before any protocol. There each member has
//! one primary connection, and on it two streams of frames whose content is the application's: one
//! for case files, and one for signals, which wait for no page.
//!
//! A supervisor, a pure machine, decides which connection is primary, when a peer is dead and when
//! to dial; circuits through relays serve members that cannot reach each other. The node's
//! `SubjectId` and its libp2p `PeerId` are the same key; libp2p's types stay in here.
//!
//! Every address is that of a TCP port; QUIC is spoken at the UDP port of the same number, and both
//! are dialled (`swarms`). Everything a peer sends is bounded, then authenticated, then parsed; its queues are its own.
//! Deliberately absent: discovery, gossip, hole punching, and any memory across restarts: who is
//! allowed is the application's to know.

mod credit;
mod frame;
mod gate;
mod hello;
mod identity;
pub mod limits;
mod link;
mod meter;
mod ping;
mod porch;
mod pulse;
mod route;
mod supervisor;
mod swarms;
mod task;
mod toll;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use guichet_keys::SubjectId;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::NetworkBehaviour;
use libp2p::{Multiaddr, Swarm};
use tokio::sync::mpsc;

pub use credit::{Frame, SendError};
pub use hello::PORCH_VERSION;
pub use pulse::Use;
pub use route::Route;
pub use swarms::Duty;

use credit::Outbox;
use hello::Hello;
use identity::{dialable, keypair, quic_beside, subject_of};
use supervisor::{Jitter, RelayPoints, Supervisor};
use swarms::{main_swarm, porch_swarm};
use task::{Admission, Command, Outward, Task};

/// Tells whose credential a chain is, or why it does not hold. Called with at most
/// `HELLO_BYTES_MAX` bytes that anybody may have sent.
pub type Admit = Box<dyn Fn(&[u8]) -> Result<SubjectId, String> + Send + Sync>;

/// What a mesh is started with. Addresses are libp2p multiaddrs such as `/ip4/0.0.0.0/tcp/4001`;
/// each names a TCP port, and QUIC is spoken at the UDP port of the same number.
pub struct MeshConfig {
    /// The Ed25519 seed of the node.
    pub seed: [u8; 32],
    /// The root of its network.
    pub network: SubjectId,
    /// Its own credential up to the root, as `admit` of the other nodes reads it; at most about
    /// 4,000 bytes.
    pub chain: Vec<u8>,
    /// Judges the chains of others.
    pub admit: Admit,
    /// Whether it carries circuits of others.
    pub duty: Duty,
    /// Where members reach it; port 0 takes any, without QUIC beside it.
    pub listen: Vec<String>,
    /// Where strangers reach it.
    pub porch: String,
    /// The relays it keeps a connection to.
    pub relays: Vec<RelayAddress>,
    /// Spreads its pauses: any number that differs between nodes and starts.
    pub jitter: u64,
}

/// Where a relay is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayAddress {
    /// Whose key it must prove.
    pub subject: SubjectId,
    /// The address of its main swarm.
    pub main: String,
    /// The address of its porch.
    pub porch: String,
}

/// How a member is to be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aim {
    /// Where it may be; those that are not plain TCP are ignored, since QUIC is found beside them.
    /// At most `ADDRESSES_MAX` count.
    pub addresses: Vec<String>,
    /// How long the pauses between two dials grow.
    pub patience: Patience,
    /// Whether a relay that is up may lead to it.
    pub circuits: Circuits,
}

/// How long the pauses between two dials grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// Up to 2 s: it is said to be there.
    Brisk,
    /// Up to a minute as time goes by, and short again whenever somebody begins to wait: nobody knows.
    Patient,
}

/// Whether a member may be reached through relays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Circuits {
    /// Not.
    Never,
    /// Where no address leads to it.
    WhereNothingElseLeads,
}

/// What the mesh tells the application.
#[derive(Debug)]
pub enum MeshEvent {
    /// Somebody showed a credential of the network at a porch; `allow` lets it in.
    Admitted {
        /// Whose key the connection has proved.
        subject: SubjectId,
        /// Its chain, judged good.
        chain: Vec<u8>,
    },
    /// A stream to this peer is open. For a peer already up it is a new stream: what was under way
    /// on the earlier one is lost, and the session begins anew.
    PeerUp {
        /// Which peer.
        peer: SubjectId,
        /// How it is reached.
        route: Route,
        /// The host under which it is seen, as a multiaddr without a port; none over a circuit.
        seen_at: Option<String>,
    },
    /// A peer that is up and whose link is in use has been silent for about two seconds. Frames
    /// may still be sent; `PeerBack` or `PeerDown` follows within some seconds.
    PeerSilent {
        /// Which peer.
        peer: SubjectId,
    },
    /// A silent peer is heard again over the same stream.
    PeerBack {
        /// Which peer.
        peer: SubjectId,
    },
    /// No stream to this peer is open.
    PeerDown {
        /// Which peer.
        peer: SubjectId,
    },
    /// A frame arrived. Its sender may have `LINK_IN_BYTES_MAX` in frames not yet dropped.
    Frame {
        /// From whom.
        peer: SubjectId,
        /// Its bytes.
        frame: Frame,
    },
    /// A signal arrived; as a frame.
    Signal {
        /// From whom.
        peer: SubjectId,
        /// Its bytes, at most `SIGNAL_FRAME_BYTES_MAX`.
        frame: Frame,
    },
    /// Frames sent to this peer have been handed to the connection; the queue has room.
    Drained {
        /// Which peer.
        peer: SubjectId,
    },
    /// How long the peer took to answer: at first, then at the end that asks.
    RoundTrip {
        /// Which peer.
        peer: SubjectId,
        /// There and back.
        round_trip: Duration,
    },
    /// Where the peer says that its main swarm listens, at most `ADDRESSES_MAX`, when it changes.
    Addresses {
        /// Which peer.
        peer: SubjectId,
        /// Multiaddrs without the peer.
        addresses: Vec<String>,
    },
    /// The connections of this peer have had to wait again and again: it makes them do more than it
    /// may. Told about once a second while that goes on.
    Held {
        /// Which peer.
        peer: SubjectId,
        /// Since when.
        since: Instant,
    },
    /// Where both swarms listen, at start and when it changes.
    Listening {
        /// Addresses of the main swarm.
        main: Vec<String>,
        /// Addresses of the porch.
        porch: Vec<String>,
    },
}

/// How often somebody was turned away since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Refusals {
    /// No credential of this network, at the porch or at the gate.
    pub strangers: u64,
    /// Too many connections, in all or from one address.
    pub limited: u64,
    /// Members that sent what no peer may send.
    pub misbehaved: u64,
}

/// Why a mesh does not start.
#[derive(Debug, thiserror::Error)]
pub enum MeshError {
    /// An address in the configuration is none.
    #[error("“{0}” is no TCP address: write it like /ip4/0.0.0.0/tcp/4001")]
    Address(String),
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {reason}")]
    Listen {
        /// The address.
        address: String,
        /// What the system says.
        reason: String,
    },
    /// The node's own credential does not fit in a hello.
    #[error("the node's credential has {0} bytes, too many for a hello of {max}", max = limits::HELLO_BYTES_MAX)]
    Chain(usize),
}

/// A handle to the running mesh. The mesh ends with its last handle.
#[derive(Clone)]
pub struct Mesh {
    commands: mpsc::UnboundedSender<Command>,
    shared: Arc<Shared>,
}

/// What the mesh tells, in order. The application sends over a stream from the moment it is told of
/// it and no sooner, so that nothing meant for an earlier stream enters a later one.
pub struct MeshEvents {
    told: mpsc::UnboundedReceiver<Told>,
    shared: Arc<Shared>,
}

/// An event, and the streams that a `PeerUp` is about.
type Told = (MeshEvent, Option<Outboxes>);

/// The queues towards one peer.
#[derive(Clone)]
struct Outboxes {
    frames: Outbox,
    signals: Outbox,
}

impl MeshEvents {
    /// The next event; none once the mesh has ended. Safe to cancel.
    pub async fn recv(&mut self) -> Option<MeshEvent> {
        let told = self.told.recv().await?;
        Some(self.taken(told))
    }

    /// The next event if it is there already.
    pub fn try_recv(&mut self) -> Option<MeshEvent> {
        let told = self.told.try_recv().ok()?;
        Some(self.taken(told))
    }

    fn taken(&self, (event, outboxes): Told) -> MeshEvent {
        match (&event, outboxes) {
            (MeshEvent::PeerUp { peer, .. }, Some(outboxes)) => {
                lock(&self.shared.links).insert(*peer, outboxes);
            }
            (MeshEvent::PeerDown { peer }, _) => {
                lock(&self.shared.links).remove(peer);
            }
            _ => {}
        }
        event
    }
}

/// What the task and the handles both touch.
#[derive(Default)]
struct Shared {
    links: Mutex<BTreeMap<SubjectId, Outboxes>>,
    addresses: Mutex<(Vec<String>, Vec<String>)>,
    refusals: Mutex<Refusals>,
}

impl Mesh {
    /// Binds both ports and starts. Needs a tokio runtime. The events are bounded by what each peer
    /// may have under way; read them steadily.
    pub fn start(config: MeshConfig) -> Result<(Self, MeshEvents), MeshError> {
        Self::start_holding(config, ())
    }

    /// The same; `held` is dropped by the task that owns both swarms when it ends, in whatever way.
    pub fn start_holding(
        config: MeshConfig,
        held: impl Send + 'static,
    ) -> Result<(Self, MeshEvents), MeshError> {
        let key = keypair(&config.seed);
        let own = subject_of(&key.public().to_peer_id()).expect("the key is Ed25519");
        let relays = config
            .relays
            .iter()
            .map(points)
            .collect::<Result<Vec<_>, _>>()?;
        let chain_bytes = config.chain.len();
        let hello = Hello {
            version: PORCH_VERSION,
            features: 0,
            network: config.network,
            chain: config.chain,
        };
        let hello = hello.encode().ok_or(MeshError::Chain(chain_bytes))?;

        let mut main = main_swarm(&key, config.duty);
        let mut porch = porch_swarm(&key, hello);
        for address in &config.listen {
            listen(&mut main, address)?;
        }
        listen(&mut porch, &config.porch)?;

        let supervisor = Supervisor::new(own, relays, Jitter::new(config.jitter), Instant::now());
        let (told, events_out) = mpsc::unbounded_channel();
        let (commands, commands_in) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared::default());
        let outward = Outward {
            shared: Arc::clone(&shared),
            events: told,
            commands: commands_in,
        };
        let admission = Admission {
            network: config.network,
            admit: config.admit,
        };
        let task = Task::new(main, porch, supervisor, admission, outward);
        tokio::spawn(async move {
            let _held = held;
            task.run().await;
        });
        let events = MeshEvents {
            told: events_out,
            shared: Arc::clone(&shared),
        };
        Ok((Self { commands, shared }, events))
    }

    /// Queues a frame of 1 to `FRAME_BYTES_MAX` bytes to a peer that is up.
    pub fn send(&self, peer: &SubjectId, frame: Vec<u8>) -> Result<(), SendError> {
        lock(&self.shared.links)
            .get(peer)
            .ok_or(SendError::Down)?
            .frames
            .send(frame)
    }

    /// Queues a signal of 1 to `SIGNAL_FRAME_BYTES_MAX` bytes to a peer that is up. What does not
    /// fit is dropped by the caller: signals are told again.
    pub fn signal(&self, peer: &SubjectId, frame: Vec<u8>) -> Result<(), SendError> {
        lock(&self.shared.links)
            .get(peer)
            .ok_or(SendError::Down)?
            .signals
            .send(frame)
    }

    /// Bytes queued to a peer and not yet handed to the connection, of at most
    /// `LINK_OUT_BYTES_MAX`; none if it is not up.
    pub fn queued_bytes(&self, peer: &SubjectId) -> Option<usize> {
        lock(&self.shared.links)
            .get(peer)
            .map(|outboxes| outboxes.frames.queued_bytes())
    }

    /// Lets a member in. Relays of the configuration are dialled from now on; nobody else is.
    pub fn allow(&self, subject: SubjectId) {
        self.command(Command::Allow { subject });
    }

    /// Keeps a connection to a member that is let in, from now on and by these ways alone; those
    /// to a relay of the configuration are known besides.
    pub fn seek(&self, subject: SubjectId, aim: Aim) {
        self.command(Command::Seek { subject, aim });
    }

    /// Keeps none any more. It may still come; what was dialled from here is closed after a while.
    pub fn leave(&self, subject: SubjectId) {
        self.command(Command::Leave { subject });
    }

    /// Tells what goes on over the link to a member, however it is reached: one in use is known to
    /// be cut within two seconds, another within half a minute.
    pub fn set_use(&self, subject: SubjectId, usage: Use) {
        self.command(Command::Use { subject, usage });
    }

    /// A person does something here: whom nothing has led to for long is tried at once.
    pub fn encourage(&self) {
        self.command(Command::Encourage);
    }

    /// Shuts a subject out and closes its connections.
    pub fn forbid(&self, subject: SubjectId) {
        self.command(Command::Forbid { subject });
    }

    /// Closes the connection to a member that says what it must not; another is made after a pause.
    pub fn close(&self, subject: SubjectId) {
        self.command(Command::Close { subject });
    }

    /// Where the main swarm and the porch listen.
    pub fn addresses(&self) -> (Vec<String>, Vec<String>) {
        lock(&self.shared.addresses).clone()
    }

    /// How often somebody was turned away.
    pub fn refusals(&self) -> Refusals {
        *lock(&self.shared.refusals)
    }

    fn command(&self, command: Command) {
        if self.commands.send(command).is_err() {
            tracing::error!("the mesh has stopped");
        }
    }
}

/// Whether this is an address at which a relay can be reached over TCP.
pub fn is_dialable(address: &str) -> bool {
    dialable(address).is_some()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn multiaddr(text: &str) -> Result<Multiaddr, MeshError> {
    text.parse()
        .map_err(|_| MeshError::Address(text.to_owned()))
}

fn points(relay: &RelayAddress) -> Result<(SubjectId, RelayPoints), MeshError> {
    let address = |text: &str| dialable(text).ok_or_else(|| MeshError::Address(text.to_owned()));
    let points = RelayPoints {
        main: address(&relay.main)?,
        porch: address(&relay.porch)?,
    };
    Ok((relay.subject, points))
}

/// Listens on a TCP port, and for QUIC on the UDP port of the same number. Where something else has
/// that, TCP alone has to do.
fn listen<B: NetworkBehaviour>(swarm: &mut Swarm<B>, text: &str) -> Result<(), MeshError> {
    let address = multiaddr(text)?;
    let quic = quic_beside(&address);
    let listening = swarm.listen_on(address);
    listening.map_err(|error| cannot_listen(text, &error))?;
    let numbered = quic.filter(|quic| !quic.iter().any(|part| part == Protocol::Udp(0)));
    if let Some(quic) = numbered
        && let Err(error) = swarm.listen_on(quic.clone())
    {
        let reason = reason(&error);
        tracing::warn!(%quic, reason, "no QUIC there; members come over TCP");
    }
    Ok(())
}

fn cannot_listen(address: &str, error: &dyn std::error::Error) -> MeshError {
    MeshError::Listen {
        address: address.to_owned(),
        reason: reason(error),
    }
}

/// What is below all that a transport wraps around it, and says nothing of itself.
fn reason(error: &dyn std::error::Error) -> String {
    let below = std::iter::successors(Some(error), |error| error.source());
    let said = below.map(ToString::to_string);
    said.filter(|said| !said.is_empty())
        .last()
        .unwrap_or_default()
}
