//! What the mesh tells, and who is let in.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use guichet_keys::{AuthorId, Chain, Role, Statement, SubjectId};
use guichet_media::hall;
use guichet_sync::replica::Input;
use guichet_sync::wire::Presence;

use super::dialling::{self, Member, Occupation};
use super::intake::{Cost, Lane};
use super::node::{Duty, Node};
use crate::clock;
use crate::mesh::{Frame, MeshEvent};
use crate::web::counter::Change;

/// For so long what peers sent is taken in before pages and others have a turn.
const INTAKE_TURN: Duration = Duration::from_millis(2);

impl Node {
    /// Takes in what the mesh tells.
    pub(super) fn on_mesh_event(&mut self, event: MeshEvent) {
        match event {
            MeshEvent::Admitted { subject, chain } => self.on_admitted(subject, &chain),
            MeshEvent::PeerUp {
                peer,
                route,
                seen_at,
            } => {
                // Signals may have come before: they have a stream of their own.
                self.intake.ended((Lane::Cases, peer));
                self.presences.on_up(peer, route, seen_at, clock::wall_s());
                self.tell_dialling(dialling::Input::Linked(peer));
                self.tell_replica(Input::PeerConnected(peer));
                self.on_peer_signals(peer);
                self.on_presence_changed();
            }
            MeshEvent::PeerDown { peer } => {
                self.take_in_last_of(peer);
                self.presences.on_down(peer, clock::wall_s());
                self.tell_dialling(dialling::Input::Lost(peer));
                self.tell_replica(Input::PeerLost(peer));
                self.on_peer_silent(peer);
                self.on_presence_changed();
            }
            MeshEvent::PeerSilent { peer } => {
                self.presences.on_silence(&peer, true);
                self.tell_hall(hall::Input::Silent(peer, true));
                self.on_line_quiet();
                self.on_presence_changed();
            }
            MeshEvent::PeerBack { peer } => {
                self.presences.on_silence(&peer, false);
                self.tell_hall(hall::Input::Silent(peer, false));
                self.on_line_heard();
                self.on_presence_changed();
            }
            MeshEvent::Frame { peer, frame } => self.on_sent((Lane::Cases, peer), frame),
            MeshEvent::Signal { peer, frame } => self.on_sent((Lane::Signals, peer), frame),
            MeshEvent::Drained { peer } => self.tell_replica(Input::TransportDrained(peer)),
            MeshEvent::RoundTrip { peer, round_trip } => {
                self.presences.on_round_trip(&peer, round_trip);
            }
            MeshEvent::Addresses { peer, addresses } => {
                self.presences.on_addresses(peer, addresses);
                if matches!(self.duty, Duty::Relay) {
                    self.roster.changed(clock::now());
                }
            }
            MeshEvent::Held { peer, since } => self.intake.held(clock::now(), peer, since),
            MeshEvent::Listening { main, porch } => {
                tracing::info!(?main, ?porch, "the mesh listens")
            }
        }
    }

    /// A peer sent something, which waits for its turn.
    fn on_sent(&mut self, (lane, peer): (Lane, SubjectId), frame: Frame) {
        let role = self.replica.directory().node_role(&peer);
        self.intake.arrived(clock::now(), (lane, peer), role, frame);
    }

    /// Takes in what peers sent, for as long as others may wait.
    pub(super) fn take_in(&mut self) {
        let begun = clock::thread_used();
        while clock::thread_used().saturating_sub(begun) < INTAKE_TURN
            && let Some((from, frame)) = self.intake.poll_output(clock::now())
        {
            self.take_in_one(from, frame);
        }
    }

    /// The stream to a peer has ended; what came before is taken in, as far as it is paid for.
    fn take_in_last_of(&mut self, peer: SubjectId) {
        for from in [Lane::Cases, Lane::Signals].map(|lane| (lane, peer)) {
            let begun = clock::thread_used();
            while clock::thread_used().saturating_sub(begun) < INTAKE_TURN
                && let Some(frame) = self.intake.poll_output_of(clock::now(), from)
            {
                self.take_in_one(from, frame);
            }
            self.intake.ended(from);
        }
    }

    fn take_in_one(&mut self, from: (Lane, SubjectId), frame: Frame) {
        let begun = clock::thread_used();
        let (lane, peer) = from;
        let frame = frame.into_bytes();
        let bytes = frame.len();
        let blocks = match lane {
            Lane::Cases => self.tell_replica_counting(Input::FrameReceived(peer, frame)),
            Lane::Signals => {
                self.tell_hall(hall::Input::Received(peer, frame));
                0
            }
        };
        let busy = clock::thread_used().saturating_sub(begun);
        let cost = Cost {
            busy,
            bytes,
            blocks,
        };
        self.intake.spent(clock::now(), from, cost);
    }

    /// A worker was busy for long with what an author wrote: the node where they write pays.
    pub(super) fn on_worked(&mut self, author: AuthorId, busy: Duration) {
        let directory = self.replica.directory();
        let node = directory.author(&author).map(|it| it.binding.node);
        let Some(node) = node.filter(|node| *node != self.me) else {
            return;
        };
        let role = directory.node_role(&node);
        self.intake.worked(clock::now(), node, role, busy);
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
        self.mesh.allow(subject);
    }

    /// Lets in every member, and shuts out whoever is none any more.
    pub(super) fn admit_members(&mut self) {
        let directory = self.replica.directory();
        let mut members: BTreeMap<SubjectId, Member> = BTreeMap::new();
        let nodes = directory
            .members()
            .filter(|member| member.role.is_node() && member.subject != self.me);
        for credential in nodes {
            let (subject, role) = (credential.subject, credential.role);
            self.mesh.allow(subject);
            let member = members.entry(subject).or_insert_with(|| Member {
                subject,
                role,
                services: BTreeSet::new(),
            });
            member.services.extend(credential.service.clone());
        }
        for revoked in directory.revoked() {
            self.mesh.forbid(revoked);
        }
        let mut counts = BTreeMap::new();
        for member in members.values() {
            *counts.entry(member.role).or_default() += 1;
        }
        self.intake.set_members(counts);
        let members = members.into_values().collect();
        self.tell_dialling(dialling::Input::Members(members));
    }

    /// A relay told who is there; of strangers nothing is kept.
    pub(super) fn on_roster(&mut self, relay: SubjectId, mut members: Vec<Presence>) {
        let directory = self.replica.directory();
        members.retain(|it| it.member == self.me || directory.is_member(&it.member));
        self.presences.on_roster(relay, &members, clock::wall_s());
        for presence in &members {
            self.tell_hall(hall::Input::Vouched {
                relay,
                member: presence.member,
                there: presence.online,
            });
        }
        self.tell_dialling(dialling::Input::Told(relay, members));
        self.tell_line();
    }

    /// Something happened: what goes on here may have changed, and a relay may have to tell of it.
    pub(super) fn look_around(&mut self) {
        let occupation = self.occupation();
        self.tell_dialling(dialling::Input::Occupied(occupation));
        let now = clock::now();
        if self.roster.poll_timeout().is_some_and(|due| due <= now) {
            let present = self.presences.roster(|member| self.is_station(member));
            if let Some(roster) = self.roster.telling(now, present) {
                self.tell_replica(Input::RosterChanged(roster));
            }
        }
    }

    /// Whether somebody's silence is waited out before they are said to be away: an adviser's desk
    /// that is taken for gone loses who it is calling.
    fn is_station(&self, member: &SubjectId) -> bool {
        self.replica.directory().node_role(member) == Some(Role::Station)
    }

    /// What goes on here that makes somebody wait for others.
    fn occupation(&self) -> Occupation {
        let services = self.services_of_visit();
        let call = self.calls.peer();
        Occupation {
            busy: !services.is_empty() || call.is_some() || self.reads_case(),
            services,
            call,
        }
    }

    fn tell_dialling(&mut self, input: dialling::Input) {
        self.dialling.handle_input(input);
        while let Some(output) = self.dialling.poll_output() {
            match output {
                dialling::Output::Seek(member, aim) => self.mesh.seek(member, aim),
                dialling::Output::Leave(member) => self.mesh.leave(member),
                dialling::Output::Use(member, usage) => self.mesh.set_use(member, usage),
            }
        }
    }

    /// A relay tells everybody who is there.
    fn on_presence_changed(&mut self) {
        if matches!(self.duty, Duty::Relay) {
            self.roster.changed(clock::now());
        }
        self.tell_line();
    }

    /// Who has said hello is told who is there.
    pub(super) fn on_newcomer(&mut self) {
        if matches!(self.duty, Duty::Relay) {
            self.roster.joined(clock::now());
        }
    }

    fn tell_line(&mut self) {
        self.look_who_is_heard();
        [Change::Home, Change::Visit, Change::Desk, Change::Status]
            .into_iter()
            .for_each(|change| self.counter.tell(change));
    }
}
