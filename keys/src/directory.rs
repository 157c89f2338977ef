//! What a node knows of its network: every statement it holds, and what follows from them.
//!
//! [`learn`](Directory::learn) judges one statement after the other. It must come from somebody
//! the role table lets state it, in the service it speaks for; then it takes its place among
//! statements about the same thing. There a higher serial replaces a lower one (equal serials:
//! the lower hash stays). The exact bytes are kept, unknown kinds included, to be passed on in the
//! order they were learnt, which respects causes.
//!
//! Nobody replaces what another signer states. Credentials are a set: none replaces another, and a
//! subject is a member while any chain of its own is live. Of catalogues, and of what is said of
//! the network, the newest of each signer is kept, and among those who were not revoked the
//! highest serial holds: no serial of somebody who is gone blocks a place.
//!
//! Some things never change once stated: whom an author stands for, the public half of a
//! service key of an epoch, the commitments, service and creator of a case. The first statement
//! holds; another is refused.
//!
//! Revocation is monotonic and has the reach of its signer: root's ends everything, an
//! operator's every credential of a node, a steward's the credentials of its own service. A
//! credential is live while no link of its chain is revoked. Learning a credential before or
//! after its revocation gives the same.

mod kept;
mod learn;
mod members;
mod refusal;

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use crate::case_key::CaseStatement;
use crate::credential::Credential;
use crate::ids::{AuthorId, CaseTag, Hash, ServiceId, SubjectId};
#[cfg(doc)]
use crate::limits::STATEMENTS_PER_SIGNER_MAX;
use crate::role::{self, Role, Writing};
use crate::service_key::ServiceKey;
use crate::statement::{AuthorBinding, SignedStatement, Statement};

use kept::{Kept, Place};
use members::Members;
pub use refusal::Refusal;

/// What became of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Learned {
    /// It was not known; store it and pass it on.
    New,
    /// It, or one that says the same, was known.
    Known,
    /// A newer one about the same thing is known.
    Superseded,
}

/// An author and whose key signs its envelopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Author {
    /// Who stands behind it.
    pub binding: AuthorBinding,
    /// The key that bound it.
    pub signer: SubjectId,
}

/// The network as one node knows it.
#[derive(Debug)]
pub struct Directory {
    members: Members,
    kept: Kept,
}

impl Directory {
    /// An empty directory of the network with this root.
    pub fn new(root: SubjectId) -> Self {
        Self {
            members: Members::new(root),
            kept: Kept::new(),
        }
    }

    /// How many statements of a signer are kept. Beyond [`STATEMENTS_PER_SIGNER_MAX`] somebody
    /// should look at it; nothing is refused for it, since an honest node that lives long enough
    /// comes there too.
    pub fn statements_of(&self, signer: &SubjectId) -> usize {
        self.kept.count_of(signer)
    }

    /// The network's root key: its name.
    pub fn root(&self) -> SubjectId {
        self.members.root()
    }

    /// Every statement kept, in the order learnt: what a new member must be told.
    pub fn statements(&self) -> impl Iterator<Item = &SignedStatement> {
        self.kept.in_order()
    }

    /// The live credentials of a subject.
    pub fn credentials(&self, subject: &SubjectId) -> impl Iterator<Item = &Credential> {
        self.members.live_of(subject)
    }

    /// Whether a subject holds a live credential in this role, and in this service if one is named.
    pub fn holds(&self, subject: &SubjectId, role: Role, service: Option<&ServiceId>) -> bool {
        self.members.holds(subject, role, service)
    }

    /// As which kind of node a subject is a live member.
    pub fn node_role(&self, subject: &SubjectId) -> Option<Role> {
        self.credentials(subject)
            .map(|credential| credential.role)
            .find(|role| role.is_node())
    }

    /// Whether a subject holds any live credential.
    pub fn is_member(&self, subject: &SubjectId) -> bool {
        self.credentials(subject).next().is_some()
    }

    /// Whether a subject was a member, or could have been, and a revocation ended that.
    pub fn is_revoked(&self, subject: &SubjectId) -> bool {
        self.members.is_revoked(subject)
    }

    /// Every subject that a revocation names and that holds no live credential.
    pub fn revoked(&self) -> impl Iterator<Item = SubjectId> {
        self.members.revoked()
    }

    /// What people call a subject, also after its revocation.
    pub fn name(&self, subject: &SubjectId) -> Option<&str> {
        self.members
            .all_of(subject)
            .next()
            .map(|credential| credential.name.as_str())
    }

    /// Every live credential, by subject.
    pub fn members(&self) -> impl Iterator<Item = &Credential> {
        self.members.live()
    }

    /// The live credentials of a service's advisers.
    pub fn agents_of(&self, service: &ServiceId) -> impl Iterator<Item = &Credential> {
        self.members.in_service(Role::Agent, service)
    }

    /// The live credentials of a service's stations.
    pub fn stations_of(&self, service: &ServiceId) -> impl Iterator<Item = &Credential> {
        self.members.in_service(Role::Station, service)
    }

    /// The newest key of a service whose signer was not revoked.
    pub fn service_key(&self, service: &ServiceId) -> Option<&ServiceKey> {
        let epochs =
            Place::ServiceKey(service.clone(), 0)..=Place::ServiceKey(service.clone(), u32::MAX);
        self.kept
            .within(epochs)
            .filter(|signed| !self.is_revoked(&signed.signer()))
            .filter_map(service_key)
            .next_back()
    }

    /// A service's keys of every epoch, oldest first.
    pub fn service_keys(&self, service: &ServiceId) -> impl Iterator<Item = &ServiceKey> {
        let epochs =
            Place::ServiceKey(service.clone(), 0)..=Place::ServiceKey(service.clone(), u32::MAX);
        self.kept.within(epochs).filter_map(service_key)
    }

    /// A service's key of an epoch, to open what was wrapped to it.
    pub fn service_key_at(&self, service: &ServiceId, epoch: u32) -> Option<&ServiceKey> {
        self.kept
            .at(&Place::ServiceKey(service.clone(), epoch))
            .and_then(service_key)
    }

    /// The services that have a catalogue.
    pub fn services(&self) -> impl Iterator<Item = &ServiceId> {
        let services: BTreeSet<_> = self.kept.places().filter_map(service_told_of).collect();
        services.into_iter()
    }

    /// A service's catalogue, in JSON.
    pub fn catalogue(&self, service: &ServiceId) -> Option<&[u8]> {
        let [first, last] = every_signer().map(|signer| Place::Catalogue(service.clone(), signer));
        let Statement::Catalogue { json, .. } = self.latest(first..=last)?.statement() else {
            return None;
        };
        Some(json)
    }

    /// What the operator says of the network, in JSON.
    pub fn network(&self) -> Option<&[u8]> {
        let [first, last] = every_signer().map(Place::Network);
        let Statement::Network { json } = self.latest(first..=last)?.statement() else {
            return None;
        };
        Some(json)
    }

    /// Of what several signers state of one thing: what one who was not revoked states holds, then
    /// the highest serial, then the lower hash.
    fn latest(&self, places: RangeInclusive<Place>) -> Option<&SignedStatement> {
        self.kept.within(places).max_by_key(|signed| {
            let counts = !self.is_revoked(&signed.signer());
            (counts, signed.serial(), Reverse(signed.hash()))
        })
    }

    /// By which certificate a node is known in calls.
    pub fn media_fingerprint(&self, node: &SubjectId) -> Option<Hash> {
        let Statement::Media { fingerprint } = self.kept.at(&Place::Media(*node))?.statement()
        else {
            return None;
        };
        Some(*fingerprint)
    }

    /// Who stands behind an author.
    pub fn author(&self, author: &AuthorId) -> Option<Author> {
        let signed = self.kept.at(&Place::Author(*author))?;
        let Statement::Author(binding) = signed.statement() else {
            return None;
        };
        Some(Author {
            binding: *binding,
            signer: signed.signer(),
        })
    }

    /// A case's newest statement, and who signed it.
    pub fn case(&self, case: &CaseTag) -> Option<(&CaseStatement, SubjectId)> {
        let signed = self.kept.at(&Place::Case(*case))?;
        case_statement(signed).map(|statement| (statement, signed.signer()))
    }

    /// When the first statement of a case was signed, on its creator's clock, in seconds since 1970.
    pub fn case_opened_at_s(&self, case: &CaseTag) -> Option<u64> {
        self.kept.at(&Place::Case(*case)).map(SignedStatement::at_s)
    }

    /// The newest statement of every case.
    pub fn cases(&self) -> impl Iterator<Item = &CaseStatement> {
        let cases = Place::Case([0; 16].into())..=Place::Case([0xff; 16].into());
        self.kept.within(cases).filter_map(case_statement)
    }

    /// Whether an author may write this in this case, and whose key signs its envelopes.
    ///
    /// A kiosk writes in the cases that it created; an agent in those of a service that it is
    /// certified for; what, says the role table.
    pub fn may_write(
        &self,
        author: &AuthorId,
        case: &CaseTag,
        writing: Writing,
    ) -> Result<SubjectId, Refusal> {
        let Author { binding, signer } = self
            .author(author)
            .ok_or(Refusal::UnknownAuthor { author: *author })?;
        let (statement, _) = self
            .case(case)
            .ok_or(Refusal::UnknownCase { case: *case })?;
        for subject in [binding.node, signer] {
            if self.is_revoked(&subject) {
                return Err(Refusal::Revoked { subject });
            }
        }
        if binding.case.is_some_and(|only| only != *case) {
            return Err(Refusal::OtherCase {
                author: *author,
                case: *case,
            });
        }
        let (role, open) = match binding.person {
            None => {
                let creator = self.author(&statement.author).map(|creator| creator.signer);
                (
                    Role::Kiosk,
                    self.holds(&signer, Role::Kiosk, None) && creator == Some(signer),
                )
            }
            Some(_) => (
                Role::Agent,
                self.holds(&signer, Role::Agent, Some(&statement.service)),
            ),
        };
        if !role::may_write(role, writing) {
            return Err(Refusal::MayNotWrite { role, writing });
        }
        if !open {
            let service = statement.service.clone();
            return Err(Refusal::NotTheirCase {
                subject: signer,
                role,
                case: *case,
                service,
            });
        }
        Ok(signer)
    }
}

/// The first and the last of all who may sign something.
fn every_signer() -> [SubjectId; 2] {
    [[0; 32], [0xff; 32]].map(SubjectId::from)
}

fn service_told_of(place: &Place) -> Option<&ServiceId> {
    if let Place::Catalogue(service, _) = place {
        Some(service)
    } else {
        None
    }
}

fn service_key(signed: &SignedStatement) -> Option<&ServiceKey> {
    if let Statement::ServiceKey(key) = signed.statement() {
        Some(key)
    } else {
        None
    }
}

fn case_statement(signed: &SignedStatement) -> Option<&CaseStatement> {
    if let Statement::Case(statement) = signed.statement() {
        Some(statement)
    } else {
        None
    }
}
