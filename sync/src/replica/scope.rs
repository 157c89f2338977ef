//! What a peer is told of: what its role allows, and of that what it wishes.

use std::collections::BTreeSet;

use guichet_keys::{CaseTag, Directory, Role, ServiceId, SubjectId};

use crate::catalogue::Meta;
use crate::envelope::ChainId;
use crate::wire::Interest;

/// The bounds of one peer's view.
#[derive(Debug)]
pub struct Scope {
    peer: SubjectId,
    role: Option<Role>,
    services: BTreeSet<ServiceId>,
    interest: Interest,
}

impl Scope {
    /// What the directory allows `peer`; nothing of any case until its hello says what it wishes.
    pub fn of(peer: SubjectId, directory: &Directory) -> Self {
        Self {
            peer,
            role: directory.node_role(&peer),
            services: directory
                .credentials(&peer)
                .filter_map(|credential| credential.service.clone())
                .collect(),
            interest: Interest::Cases(Vec::new()),
        }
    }

    /// What the peer wishes, from its hello.
    pub fn wish(&mut self, interest: Interest) {
        self.interest = interest;
    }

    /// The peer follows one more case.
    pub fn follow(&mut self, case: CaseTag) {
        if let Interest::Cases(cases) = &mut self.interest
            && !cases.contains(&case)
            && cases.len() < crate::limits::INTEREST_CASES_MAX
        {
            cases.push(case);
        }
    }

    /// The peer follows a case no longer.
    pub fn unfollow(&mut self, case: &CaseTag) {
        if let Interest::Cases(cases) = &mut self.interest {
            cases.retain(|other| other != case);
        }
    }

    /// Whose view this is.
    pub fn peer(&self) -> SubjectId {
        self.peer
    }

    /// The role of the peer's node.
    pub fn role(&self) -> Option<Role> {
        self.role
    }

    /// Whether the peer is told of this when its turn in the feed comes.
    ///
    /// Relays are told of every author; to others an author is introduced with the first thing of
    /// theirs that they are sent.
    pub fn concerns(&self, directory: &Directory, meta: &Meta) -> bool {
        match meta {
            Meta::Statement {
                author: Some(_), ..
            } => self.role == Some(Role::Relay),
            Meta::Statement {
                case: Some(case), ..
            } => self.follows(directory, case),
            Meta::Statement { .. } => self.role.is_some(),
            Meta::Receipt { cases, .. } => cases.iter().any(|case| self.may_see(directory, case)),
            Meta::Envelope {
                chain: ChainId { case, .. },
                ..
            }
            | Meta::Manifest { case, .. } => self.follows(directory, case),
        }
    }

    /// Whether the peer has named this case as one that it follows.
    pub fn wishes_for(&self, case: &CaseTag) -> bool {
        matches!(&self.interest, Interest::Cases(cases) if cases.contains(case))
    }

    /// Whether the peer may see this case and wishes to.
    pub fn follows(&self, directory: &Directory, case: &CaseTag) -> bool {
        let wishes = match &self.interest {
            Interest::All => true,
            Interest::Services(services) => directory
                .case(case)
                .is_some_and(|(statement, _)| services.contains(&statement.service)),
            Interest::Cases(cases) => cases.contains(case),
        };
        wishes && self.may_see(directory, case)
    }

    /// Whether the peer may see this case, wishing or not: relays store all, stations those of their services, kiosks their own.
    pub fn may_see(&self, directory: &Directory, case: &CaseTag) -> bool {
        let Some((statement, creator)) = directory.case(case) else {
            return false;
        };
        match self.role {
            Some(Role::Relay) => true,
            Some(Role::Station) => self.services.contains(&statement.service),
            Some(Role::Kiosk) => creator == self.peer,
            _ => false,
        }
    }
}
