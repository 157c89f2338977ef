//! What the mesh tells, and who is let in.

use guichet_keys::{Chain, Role, Statement, SubjectId};
use guichet_media::hall;
use guichet_sync::replica::Input;
use guichet_sync::wire::Presence;

use super::node::{Duty, Node};
use crate::clock;
use crate::mesh::MeshEvent;
use crate::web::counter::Change;

impl Node {
    /// Takes in what the mesh tells.
    pub(super) fn on_mesh_event(&mut self, event: MeshEvent) {
        match event {
            MeshEvent::Admitted { subject, chain } => self.on_admitted(subject, &chain),
            MeshEvent::PeerUp { peer, route } => {
                self.presences.on_up(peer, route, clock::wall_s());
                self.tell_replica(Input::PeerConnected(peer));
                self.on_peer_signals(peer);
                self.tell_roster(None);
                self.tell_line();
            }
            MeshEvent::PeerDown { peer } => {
                self.presences.on_down(peer, clock::wall_s());
                self.tell_replica(Input::PeerLost(peer));
                self.on_peer_silent(peer);
                self.tell_roster(Some(peer));
                self.tell_line();
            }
            MeshEvent::Frame { peer, frame } => {
                self.tell_replica(Input::FrameReceived(peer, frame.into_bytes()))
            }
            MeshEvent::Signal { peer, frame } => {
                self.tell_hall(hall::Input::Received(peer, frame.into_bytes()));
            }
            MeshEvent::Drained { peer } => self.tell_replica(Input::TransportDrained(peer)),
            MeshEvent::RoundTrip { peer, round_trip } => {
                self.presences.on_round_trip(&peer, round_trip);
            }
            MeshEvent::Addresses { peer, addresses } => {
                self.presences.on_addresses(peer, addresses);
                self.tell_roster(None);
            }
            MeshEvent::Listening { main, porch } => {
                tracing::info!(?main, ?porch, "the mesh listens")
            }
        }
    }

    /// Somebody showed a credential: the network is told, unless it knows.
    fn on_admitted(&mut self, subject: SubjectId, chain: &[u8]) {
        let directory = self.replica.directory();
        if directory.is_revoked(&subject) {
            return;
        }
        if !directory.is_member(&subject)
            && let Ok(chain) = Chain::from_bytes(chain)
            && let Some(thing) = self.state(&self.signer, &Statement::Member(chain))
        {
            self.tell_replica(Input::Written(vec![thing]));
        }
        self.mesh.allow(subject, Vec::new());
    }

    /// Lets in every member, and shuts out whoever is none any more.
    pub(super) fn admit_members(&mut self) {
        let directory = self.replica.directory();
        for member in directory
            .members()
            .filter(|member| member.role.is_node() && member.subject != self.me)
        {
            self.mesh.allow(member.subject, Vec::new());
        }
        for revoked in directory.revoked() {
            self.mesh.forbid(revoked);
        }
    }

    /// A relay told who is there: members with addresses are tried directly.
    pub(super) fn on_roster(&mut self, relay: SubjectId, members: Vec<Presence>) {
        for presence in members {
            let (member, there) = (presence.member, presence.online);
            self.tell_hall(hall::Input::Vouched {
                relay,
                member,
                there,
            });
            if there
                && !presence.addresses.is_empty()
                && member != self.me
                && self.replica.directory().is_member(&member)
                && self.talks_with(&member)
            {
                self.mesh.allow(member, presence.addresses);
            }
        }
        self.tell_line();
    }

    /// Kiosks talk with relays and stations; stations with everybody.
    fn talks_with(&self, member: &SubjectId) -> bool {
        let kiosks = [
            self.replica.directory().node_role(member),
            Some(self.role()),
        ];
        kiosks != [Some(Role::Kiosk), Some(Role::Kiosk)]
    }

    /// A relay tells everybody who is there; who has not said hello yet is not told.
    pub(super) fn tell_roster(&mut self, left: Option<SubjectId>) {
        if matches!(self.duty, Duty::Relay) {
            self.tell_replica(Input::RosterChanged(self.presences.roster(left)));
        }
    }

    fn tell_line(&mut self) {
        self.look_who_is_heard();
        [Change::Home, Change::Visit, Change::Desk, Change::Status]
            .into_iter()
            .for_each(|change| self.counter.tell(change));
    }
}
