//! Who holds which verified credential, and what revocations took away.

use std::collections::{BTreeMap, BTreeSet};

use crate::credential::Credential;
use crate::ids::{ServiceId, SubjectId};
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

#[derive(Debug)]
pub(super) struct Members {
    root: SubjectId,
    chains: BTreeMap<Key, Vec<Credential>>,
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

    /// Takes in a verified chain, leaf first.
    pub(super) fn admit(&mut self, links: Vec<Credential>) {
        if let Some(leaf) = links.first() {
            self.chains
                .insert((leaf.subject, leaf.role, leaf.service.clone()), links);
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
            .filter(|links| self.is_live(links))
            .map(|links| &links[0])
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
        self.links_of(subject)
            .filter(|links| self.is_live(links))
            .map(|links| &links[0])
    }

    pub(super) fn all_of(&self, subject: &SubjectId) -> impl Iterator<Item = &Credential> {
        self.links_of(subject).map(|links| &links[0])
    }

    fn links_of(&self, subject: &SubjectId) -> impl Iterator<Item = &Vec<Credential>> {
        let subject = *subject;
        let from = (subject, Role::Operator, None);
        self.chains
            .range(from..)
            .take_while(move |((holder, ..), _)| *holder == subject)
            .map(|(_, links)| links)
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
