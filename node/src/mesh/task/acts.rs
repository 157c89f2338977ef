//! What the supervisor says, carried out.

use guichet_keys::SubjectId;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::ConnectionId;
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::{Multiaddr, PeerId};

use super::{Task, now};
use crate::mesh::identity::{over_both, peer_of};
use crate::mesh::supervisor::{Input, Output};
use crate::mesh::{MeshEvent, Outboxes, Refusals, lock};

impl Task {
    /// A sign of life: nothing falls due sooner by it, so the clock need not be set anew.
    pub(super) fn heard(&mut self, peer: SubjectId, connection: ConnectionId) {
        self.supervisor
            .handle_input(now(), Input::Heard { peer, connection });
        self.carry_out_all();
    }

    pub(super) fn input(&mut self, input: Input) {
        self.supervisor.handle_input(now(), input);
        self.carry_out();
    }

    pub(super) fn carry_out(&mut self) {
        self.carry_out_all();
        self.wake = self.supervisor.poll_timeout();
    }

    fn carry_out_all(&mut self) {
        while let Some(output) = self.supervisor.poll_output() {
            match output {
                Output::Dial { peer, addresses } => self.dial(peer, addresses),
                Output::Close { connection } => {
                    self.main.close_connection(connection);
                }
                Output::Visit { relay, porch } => self.visit(relay, porch),
                Output::Reserve { relay, main } => self.reserve(relay, main),
                Output::Up {
                    peer, connection, ..
                } => self.up(peer, connection),
                Output::Down { peer } => self.tell(MeshEvent::PeerDown { peer }),
                Output::Ask { peer, connection } => {
                    if let Some(peer) = peer_of(&peer) {
                        self.main.behaviour_mut().pings.ask(peer, connection);
                    }
                }
                Output::Silent { peer } => self.tell(MeshEvent::PeerSilent { peer }),
                Output::Back { peer } => self.tell(MeshEvent::PeerBack { peer }),
            }
        }
    }

    fn dial(&mut self, peer: SubjectId, addresses: Vec<Multiaddr>) {
        let dialled = peer_of(&peer).is_some_and(|id| self.main.dial(to(id, addresses)).is_ok());
        if !dialled {
            self.supervisor
                .handle_input(now(), Input::DialFailed { peer });
        }
    }

    fn visit(&mut self, relay: SubjectId, porch: Multiaddr) {
        let dialled =
            peer_of(&relay).is_some_and(|id| self.porch.dial(to(id, over_both(&[porch]))).is_ok());
        if !dialled {
            self.supervisor
                .handle_input(now(), Input::VisitFailed { relay });
        }
    }

    fn reserve(&mut self, relay: SubjectId, main: Multiaddr) {
        if let Some(listener) = self.places.remove(&relay) {
            self.main.remove_listener(listener);
        }
        let place = peer_of(&relay)
            .map(|id| main.with(Protocol::P2p(id)).with(Protocol::P2pCircuit))
            .and_then(|address| self.main.listen_on(address).ok());
        match place {
            Some(listener) => {
                self.places.insert(relay, listener);
            }
            None => self
                .supervisor
                .handle_input(now(), Input::PlaceLost { relay }),
        }
    }

    fn up(&mut self, peer: SubjectId, connection: ConnectionId) {
        let behaviour = self.main.behaviour();
        let outboxes = behaviour
            .links
            .outbox(connection)
            .zip(behaviour.signals.outbox(connection));
        let (Some((frames, signals)), Some(connected)) =
            (outboxes, self.connections.get(&connection))
        else {
            return;
        };
        let (route, seen_at) = (connected.route, connected.seen_at.clone());
        let up = MeshEvent::PeerUp {
            peer,
            route,
            seen_at,
        };
        self.tell_of(up, Some(Outboxes { frames, signals }));
    }

    pub(super) fn count(&self, count: impl FnOnce(&mut Refusals)) {
        count(&mut lock(&self.outward.shared.refusals));
    }

    pub(super) fn tell(&self, event: MeshEvent) {
        self.tell_of(event, None);
    }

    fn tell_of(&self, event: MeshEvent, outboxes: Option<Outboxes>) {
        if self.outward.events.send((event, outboxes)).is_err() {
            tracing::trace!("nobody listens to the mesh any more");
        }
    }
}

fn to(peer: PeerId, addresses: Vec<Multiaddr>) -> DialOpts {
    DialOpts::peer_id(peer)
        .condition(PeerCondition::Always)
        .allocate_new_port()
        .addresses(addresses)
        .build()
}
