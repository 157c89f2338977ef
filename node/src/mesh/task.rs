//! The task that owns both swarms and the supervisor: it turns what libp2p tells into inputs, and
//! outputs into what libp2p does. It decides nothing.

mod acts;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use futures::StreamExt;
use guichet_keys::SubjectId;
use libp2p::core::ConnectedPoint;
use libp2p::core::transport::ListenerId;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::{ConnectionId, ListenError, SwarmEvent};
use libp2p::{Multiaddr, PeerId, Swarm, identify};
use tokio::sync::mpsc;

use super::gate::{Bucket, Denied};
use super::hello::Hello;
use super::identity::{dialable, host_of, peer_of, subject_of, without_peer};
use super::limits::ADDRESSES_MAX;
use super::link::LinkEvent;
use super::ping::PingEvent;
use super::porch::{VisitOver, Visitor};
use super::pulse::Use;
use super::route::Route;
use super::supervisor::{Dialler, Goal, Input, Supervisor};
use super::swarms::{Main, MainEvent, Outside, OutsideEvent};
use super::{Admit, Aim, MeshEvent, Shared, Told, lock};

/// What the application asks of the task.
#[derive(Debug)]
pub(super) enum Command {
    Allow { subject: SubjectId },
    Seek { subject: SubjectId, aim: Aim },
    Leave { subject: SubjectId },
    Use { subject: SubjectId, usage: Use },
    Encourage,
    Forbid { subject: SubjectId },
    Close { subject: SubjectId },
}

pub(super) struct Task {
    main: Swarm<Main>,
    porch: Swarm<Outside>,
    supervisor: Supervisor,
    wake: Option<Instant>,
    admission: Admission,
    connections: BTreeMap<ConnectionId, Connected>,
    places: BTreeMap<SubjectId, ListenerId>,
    told: BTreeMap<SubjectId, (Bucket, Vec<String>)>,
    outward: Outward,
}

/// A connection.
struct Connected {
    peer: SubjectId,
    route: Route,
    seen_at: Option<String>,
}

/// By what a hello is judged.
pub(super) struct Admission {
    pub network: SubjectId,
    pub admit: Admit,
}

/// The task's side of what it shares with the application.
pub(super) struct Outward {
    pub shared: Arc<Shared>,
    pub events: mpsc::UnboundedSender<Told>,
    pub commands: mpsc::UnboundedReceiver<Command>,
}

impl Task {
    pub fn new(
        main: Swarm<Main>,
        porch: Swarm<Outside>,
        supervisor: Supervisor,
        admission: Admission,
        outward: Outward,
    ) -> Self {
        Self {
            main,
            porch,
            supervisor,
            wake: None,
            admission,
            connections: BTreeMap::new(),
            places: BTreeMap::new(),
            told: BTreeMap::new(),
            outward,
        }
    }

    /// Runs until the last handle of the application is gone.
    pub async fn run(mut self) {
        self.carry_out();
        loop {
            let wake = self.wake;
            tokio::select! {
                event = self.main.select_next_some() => self.on_main(event),
                event = self.porch.select_next_some() => self.on_porch(event),
                command = self.outward.commands.recv() => match command {
                    Some(command) => self.on_command(command),
                    None => return,
                },
                () = sleep_until(wake) => {
                    self.supervisor.handle_timeout(now());
                    self.carry_out();
                }
            }
        }
    }

    fn on_command(&mut self, command: Command) {
        match command {
            Command::Allow { subject: peer } => {
                let allowed =
                    peer_of(&peer).is_some_and(|id| self.main.behaviour_mut().gate.allow(id));
                if allowed {
                    self.input(Input::Allowed { peer });
                } else {
                    tracing::warn!(%peer, "cannot be let in: no valid key, or too many members");
                }
            }
            Command::Seek { subject: peer, aim } => {
                let addresses = aim.addresses.iter().filter_map(|text| dialable(text));
                let goal = Goal {
                    addresses: addresses.take(ADDRESSES_MAX).collect(),
                    patience: aim.patience,
                    circuits: aim.circuits,
                };
                self.input(Input::Sought { peer, goal });
            }
            Command::Leave { subject: peer } => self.input(Input::Left { peer }),
            Command::Use {
                subject: peer,
                usage,
            } => self.input(Input::Used { peer, usage }),
            Command::Encourage => self.input(Input::Encouraged),
            Command::Forbid { subject } => {
                if let Some(peer) = peer_of(&subject) {
                    self.main.behaviour_mut().gate.forbid(peer);
                }
                self.told.remove(&subject);
                self.input(Input::Forbidden { peer: subject });
            }
            Command::Close { subject } => {
                if let Some(connection) = self.supervisor.primary(&subject) {
                    let peer = subject;
                    self.input(Input::Broke { peer, connection });
                }
            }
        }
    }

    fn on_main(&mut self, event: SwarmEvent<MainEvent>) {
        match event {
            SwarmEvent::Behaviour(event) => self.on_behaviour(event),
            SwarmEvent::ConnectionEstablished {
                peer_id,
                connection_id,
                endpoint,
                ..
            } => {
                self.on_connected(&peer_id, connection_id, &endpoint);
            }
            SwarmEvent::ConnectionClosed { connection_id, .. } => {
                if let Some(Connected { peer, .. }) = self.connections.remove(&connection_id) {
                    self.input(Input::Disconnected {
                        peer,
                        connection: connection_id,
                    });
                }
            }
            SwarmEvent::OutgoingConnectionError { peer_id, error, .. } => {
                if let Some(peer) = peer_id.as_ref().and_then(subject_of) {
                    tracing::debug!(%peer, %error, "dial failed");
                    self.input(Input::DialFailed { peer });
                }
            }
            SwarmEvent::IncomingConnectionError { error, .. } => self.on_refused(&error),
            SwarmEvent::NewListenAddr { address, .. } => self.on_listening(address),
            SwarmEvent::ExpiredListenAddr { address, .. } => {
                self.main.remove_external_address(&address);
                self.retell_addresses();
            }
            SwarmEvent::ListenerClosed {
                listener_id,
                reason,
                ..
            } => {
                let mut held = self.places.extract_if(.., |_, held| *held == listener_id);
                let lost = held.next().map(|(relay, _)| relay);
                drop(held);
                if let Some(relay) = lost {
                    self.input(Input::PlaceLost { relay });
                } else if let Err(error) = reason {
                    tracing::error!(%error, "the mesh stopped listening on an address");
                }
            }
            _ => {}
        }
    }

    fn on_behaviour(&mut self, event: MainEvent) {
        match event {
            MainEvent::Links((peer, connection, event)) => {
                if let Some(peer) = subject_of(&peer) {
                    self.on_link(peer, connection, event);
                }
            }
            MainEvent::Signals((peer, connection, event)) => {
                if let Some(peer) = subject_of(&peer) {
                    self.on_signals(peer, connection, event);
                }
            }
            MainEvent::Pings((peer, connection, event)) => {
                if let Some(peer) = subject_of(&peer) {
                    self.on_ping(peer, connection, event);
                }
            }
            MainEvent::Meters((peer, held)) => {
                if let Some(peer) = subject_of(&peer) {
                    let since = held.since;
                    self.tell(MeshEvent::Held { peer, since });
                }
            }
            MainEvent::Identify(identify::Event::Received { peer_id, info, .. }) => {
                if let Some(peer) = subject_of(&peer_id) {
                    self.on_addresses(peer, &info.listen_addrs);
                }
            }
            MainEvent::Identify(_) | MainEvent::Circuits(_) | MainEvent::Relay(_) => {}
            MainEvent::Gate(never) | MainEvent::Limits(never) => match never {},
        }
    }

    fn on_connected(&mut self, peer: &PeerId, connection: ConnectionId, endpoint: &ConnectedPoint) {
        let (Some(peer), Some(route)) = (subject_of(peer), Route::of(endpoint)) else {
            self.main.close_connection(connection);
            return;
        };
        let dialler = if endpoint.is_dialer() {
            Dialler::We
        } else {
            Dialler::They
        };
        let seen_at = match route {
            Route::Tcp | Route::Quic => host_of(endpoint.get_remote_address()),
            Route::Relayed(_) => None,
        };
        let connected = Connected {
            peer,
            route,
            seen_at,
        };
        self.connections.insert(connection, connected);
        self.input(Input::Connected {
            peer,
            connection,
            dialler,
            route,
        });
    }

    fn on_ping(&mut self, peer: SubjectId, connection: ConnectionId, event: PingEvent) {
        match event {
            PingEvent::Asked => self.input(Input::Asked { peer, connection }),
            PingEvent::Answered(round_trip) => {
                self.input(Input::Answered {
                    peer,
                    connection,
                    round_trip,
                });
                if self.supervisor.is_primary(&peer, connection) {
                    self.tell(MeshEvent::RoundTrip { peer, round_trip });
                }
            }
        }
    }

    fn on_link(&mut self, peer: SubjectId, connection: ConnectionId, event: LinkEvent) {
        match event {
            LinkEvent::Opened => self.input(Input::Opened { peer, connection }),
            LinkEvent::Frame(frame) => {
                self.heard(peer, connection);
                if self.supervisor.is_primary(&peer, connection) {
                    self.tell(MeshEvent::Frame { peer, frame });
                }
            }
            LinkEvent::Progressed => {
                self.heard(peer, connection);
            }
            LinkEvent::Drained => {
                if self.supervisor.is_primary(&peer, connection) {
                    self.tell(MeshEvent::Drained { peer });
                }
            }
            LinkEvent::Ended => self.input(Input::Ended { peer, connection }),
            LinkEvent::Broke(why) => {
                tracing::warn!(%peer, why, "connection closed: the peer misbehaved");
                self.count(|refusals| refusals.misbehaved += 1);
                self.input(Input::Broke { peer, connection });
                self.main.close_connection(connection);
            }
        }
    }

    /// Signals live and die with the sync stream of their connection, which alone makes a peer up.
    fn on_signals(&mut self, peer: SubjectId, connection: ConnectionId, event: LinkEvent) {
        match event {
            LinkEvent::Frame(frame) => {
                self.heard(peer, connection);
                if self.supervisor.is_primary(&peer, connection) {
                    self.tell(MeshEvent::Signal { peer, frame });
                }
            }
            LinkEvent::Broke(_) => self.on_link(peer, connection, event),
            LinkEvent::Opened | LinkEvent::Progressed | LinkEvent::Drained | LinkEvent::Ended => {}
        }
    }

    fn on_addresses(&mut self, peer: SubjectId, listening: &[Multiaddr]) {
        let usable: Vec<Multiaddr> = listening.iter().filter_map(without_peer).collect();
        let elsewhere = usable.iter().any(|address| !is_loopback(address));
        let kept = usable
            .iter()
            .filter(|address| !elsewhere || !is_loopback(address));
        let addresses: Vec<String> = kept.take(ADDRESSES_MAX).map(ToString::to_string).collect();
        let now = now();
        let (bucket, told) = self
            .told
            .entry(peer)
            .or_insert_with(|| (Bucket::full(now), Vec::new()));
        if *told != addresses && bucket.take(now) {
            told.clone_from(&addresses);
            self.tell(MeshEvent::Addresses { peer, addresses });
        }
    }

    fn on_refused(&self, error: &ListenError) {
        let ListenError::Denied { cause } = error else {
            return;
        };
        match cause.downcast_ref::<Denied>() {
            Some(Denied::Stranger) => self.count(|refusals| refusals.strangers += 1),
            Some(Denied::TooOften) | None => self.count(|refusals| refusals.limited += 1),
        }
    }

    fn on_listening(&mut self, address: Multiaddr) {
        if address.iter().any(|part| part == Protocol::P2pCircuit) {
            return;
        }
        self.main.add_external_address(address);
        self.retell_addresses();
        self.input(Input::LineReturned);
    }

    fn retell_addresses(&self) {
        let text = |address: &Multiaddr| without_peer(address).map(|address| address.to_string());
        let main: Vec<String> = self.main.listeners().filter_map(text).collect();
        let porch: Vec<String> = self.porch.listeners().filter_map(text).collect();
        *lock(&self.outward.shared.addresses) = (main.clone(), porch.clone());
        if !main.is_empty() && !porch.is_empty() {
            self.tell(MeshEvent::Listening { main, porch });
        }
    }

    fn on_porch(&mut self, event: SwarmEvent<OutsideEvent>) {
        match event {
            SwarmEvent::Behaviour(OutsideEvent::Porch(visit)) => self.on_visit(visit),
            SwarmEvent::Behaviour(OutsideEvent::Limits(never)) => match never {},
            SwarmEvent::OutgoingConnectionError { peer_id, error, .. } => {
                if let Some(relay) = peer_id.as_ref().and_then(subject_of) {
                    tracing::debug!(%relay, %error, "visit failed");
                    self.input(Input::VisitFailed { relay });
                }
            }
            SwarmEvent::IncomingConnectionError { error, .. } => self.on_refused(&error),
            SwarmEvent::NewListenAddr { .. } | SwarmEvent::ExpiredListenAddr { .. } => {
                self.retell_addresses();
            }
            SwarmEvent::ListenerClosed {
                reason: Err(error), ..
            } => {
                tracing::error!(%error, "the porch stopped listening");
            }
            _ => {}
        }
    }

    fn on_visit(&mut self, visit: VisitOver) {
        let Some(subject) = subject_of(&visit.peer) else {
            return;
        };
        let Admission { network, admit } = &self.admission;
        let judged = visit
            .hello
            .map(|hello| Hello::admit(&hello, &subject, network, admit));
        let admitted = match judged {
            Some(Ok(chain)) => {
                self.tell(MeshEvent::Admitted { subject, chain });
                true
            }
            Some(Err(why)) => {
                tracing::debug!(%subject, %why, "not admitted");
                self.count(|refusals| refusals.strangers += 1);
                false
            }
            None => false,
        };
        match visit.visitor {
            Visitor::We if admitted => self.input(Input::Visited { relay: subject }),
            Visitor::We => self.input(Input::VisitFailed { relay: subject }),
            Visitor::They => {}
        }
    }
}

fn is_loopback(address: &Multiaddr) -> bool {
    address.iter().any(|part| match part {
        Protocol::Ip4(ip) => ip.is_loopback(),
        Protocol::Ip6(ip) => ip.is_loopback(),
        _ => false,
    })
}

fn now() -> Instant {
    Instant::now()
}

async fn sleep_until(wake: Option<Instant>) {
    match wake {
        Some(wake) => tokio::time::sleep_until(wake.into()).await,
        None => std::future::pending().await,
    }
}
