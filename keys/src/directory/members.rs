//! Who holds which verified credential, and what revocations took away.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::credential::Credential;
use crate::ids::{Hash, ServiceId, SubjectId};
use crate::role::Role;

/// How far a revocation reaches.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    Everything,
    Nodes,
    Service(ServiceId),
}

impl Reach {
    fn covers(&self, credential: &Credential) -> bool {
        match (self, credential.role) {
            (Reach::Everything, _) => true,
            (Reach::Nodes, Role::Registrar | Role::Relay | Role::Kiosk | Role::Station) => true,
            (Reach::Nodes, Role::Operator | Role::Steward | Role::Agent) => false,
            (Reach::Service(service), Role::Agent | Role::Station) => {
                credential.service.as_ref() == Some(service)
            }
            (
                Reach::Service(_),
                Role::Operator | Role::Steward | Role::Registrar | Role::Relay | Role::Kiosk,
            ) => false,
        }
    }
}

type Key = (SubjectId, Role, Option<ServiceId>);

/// Of several chains the first one says the name and the X25519 key: one by root, operator or
/// steward before one by a registrar, whose key lies on a relay; then the highest serial; then the
/// lowest hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    by_registrar: bool,
    serial: Reverse<u64>,
    hash: Hash,
}

/// A set: no chain replaces another, and a subject is live while any of its chains is.
#[derive(Debug)]
pub(super) struct Members {
    root: SubjectId,
    chains: BTreeMap<Key, BTreeMap<Rank, Vec<Credential>>>,
    revoked: BTreeMap<SubjectId, BTreeSet<Reach>>,
}

impl Members {
    pub(super) fn new(root: SubjectId) -> Self {
        Self {
            root,
            chains: BTreeMap::new(),
            revoked: BTreeMap::new(),
        }
    }

    pub(super) fn root(&self) -> SubjectId {
        self.root
    }

    /// Takes in a verified chain, leaf first; `hash` is that of its bytes.
    pub(super) fn admit(&mut self, hash: Hash, links: Vec<Credential>) {
        if let Some(leaf) = links.first() {
            let rank = Rank {
                by_registrar: links.get(1).is_some_and(|it| it.role == Role::Registrar),
                serial: Reverse(leaf.serial),
                hash,
            };
            let key = (leaf.subject, leaf.role, leaf.service.clone());
            self.chains.entry(key).or_default().insert(rank, links);
        }
    }

    /// Revokes a subject as far as the signer reaches now.
    pub(super) fn revoke(&mut self, subject: SubjectId, signer: &SubjectId) {
        let reaches = self.reaches(signer);
        self.revoked.entry(subject).or_default().extend(reaches);
    }

    pub(super) fn is_revoked(&self, subject: &SubjectId) -> bool {
        let known = self.revoked.contains_key(subject) || self.all_of(subject).next().is_some();
        known && self.live_of(subject).next().is_none()
    }

    pub(super) fn revoked(&self) -> impl Iterator<Item = SubjectId> {
        let named = self.revoked.keys();
        named
            .filter(|subject| self.live_of(subject).next().is_none())
            .copied()
    }

    pub(super) fn holds(
        &self,
        subject: &SubjectId,
        role: Role,
        service: Option<&ServiceId>,
    ) -> bool {
        self.live_of(subject).any(|credential| {
            credential.role == role
                && service.is_none_or(|service| credential.service.as_ref() == Some(service))
        })
    }

    pub(super) fn live(&self) -> impl Iterator<Item = &Credential> {
        self.chains
            .values()
            .filter_map(|chains| self.first_live(chains))
    }

    pub(super) fn in_service(
        &self,
        role: Role,
        service: &ServiceId,
    ) -> impl Iterator<Item = &Credential> {
        self.live().filter(move |credential| {
            credential.role == role && credential.service.as_ref() == Some(service)
        })
    }

    pub(super) fn live_of(&self, subject: &SubjectId) -> impl Iterator<Item = &Credential> {
        self.chains_of(subject)
            .filter_map(|chains| self.first_live(chains))
    }

    /// For each role and service of a subject the first credential, live or not.
    pub(super) fn all_of(&self, subject: &SubjectId) -> impl Iterator<Item = &Credential> {
        self.chains_of(subject)
            .filter_map(|chains| chains.values().next())
            .map(|links| &links[0])
    }

    fn first_live<'a>(
        &self,
        chains: &'a BTreeMap<Rank, Vec<Credential>>,
    ) -> Option<&'a Credential> {
        let live = chains.values().find(|links| self.is_live(links));
        live.map(|links| &links[0])
    }

    fn chains_of(
        &self,
        subject: &SubjectId,
    ) -> impl Iterator<Item = &BTreeMap<Rank, Vec<Credential>>> {
        let subject = *subject;
        let from = (subject, Role::Operator, None);
        self.chains
            .range(from..)
            .take_while(move |((holder, ..), _)| *holder == subject)
            .map(|(_, chains)| chains)
    }

    fn is_live(&self, links: &[Credential]) -> bool {
        !links.iter().any(|link| {
            let reaches = self.revoked.get(&link.subject).into_iter().flatten();
            reaches.into_iter().any(|reach| reach.covers(link))
        })
    }

    fn reaches(&self, signer: &SubjectId) -> BTreeSet<Reach> {
        if *signer == self.root {
            return BTreeSet::from([Reach::Everything]);
        }
        self.live_of(signer)
            .filter_map(|credential| match (credential.role, &credential.service) {
                (Role::Operator, _) => Some(Reach::Nodes),
                (Role::Steward, Some(service)) => Some(Reach::Service(service.clone())),
                (
                    Role::Steward
                    | Role::Registrar
                    | Role::Relay
                    | Role::Kiosk
                    | Role::Station
                    | Role::Agent,
                    _,
                ) => None,
            })
            .collect()
    }
}
