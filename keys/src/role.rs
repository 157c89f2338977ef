//! The one table that says who may certify, sign and write what.
//!
//! Root stands above the roles and is written `None` where it can be the one who acts. What a
//! role may do is bounded further by the service in its credential: a steward certifies and
//! speaks for its own service only, an agent writes in that service's cases only. Those bounds
//! are checked where the service is known, in [`credential`](crate::credential) and
//! [`directory`](crate::directory).

use std::fmt;

/// What a credential makes of its subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Admits and revokes nodes, names relays, keeps the network's catalogue.
    Operator,
    /// Certifies a service's advisers and stations, makes its keys and catalogue.
    Steward,
    /// A relay's right to admit kiosks.
    Registrar,
    /// A node that stores and forwards sealed data.
    Relay,
    /// A node at which citizens write.
    Kiosk,
    /// A node at which advisers work.
    Station,
    /// An adviser: a person.
    Agent,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 7] = [
        Role::Operator,
        Role::Steward,
        Role::Registrar,
        Role::Relay,
        Role::Kiosk,
        Role::Station,
        Role::Agent,
    ];

    /// Whether its subject is a machine of the mesh.
    pub fn is_node(self) -> bool {
        match self {
            Role::Relay | Role::Kiosk | Role::Station => true,
            Role::Operator | Role::Steward | Role::Registrar | Role::Agent => false,
        }
    }

    /// The number that stands for it in credentials.
    pub(crate) fn code(self) -> u8 {
        match self {
            Role::Operator => 1,
            Role::Steward => 2,
            Role::Registrar => 3,
            Role::Relay => 4,
            Role::Kiosk => 5,
            Role::Station => 6,
            Role::Agent => 7,
        }
    }

    pub(crate) fn from_code(code: u64) -> Option<Self> {
        Role::ALL
            .into_iter()
            .find(|role| u64::from(role.code()) == code)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Role::Operator => "operator",
            Role::Steward => "steward",
            Role::Registrar => "registrar",
            Role::Relay => "relay",
            Role::Kiosk => "kiosk",
            Role::Station => "station",
            Role::Agent => "agent",
        })
    }
}

/// In whose capacity an act is written; stands in the clear header of its envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ActClass {
    /// As the citizen.
    Citizen,
    /// As the adviser.
    Agent,
    /// As the service: a decision.
    Decision,
}

impl ActClass {
    /// Every class.
    pub const ALL: [ActClass; 3] = [ActClass::Citizen, ActClass::Agent, ActClass::Decision];
}

/// What is written in a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Writing {
    /// A change of fields and order.
    Edit,
    /// An immutable record.
    Act(ActClass),
}

impl Writing {
    /// Everything that can be written.
    pub const ALL: [Writing; 4] = [
        Writing::Edit,
        Writing::Act(ActClass::Citizen),
        Writing::Act(ActClass::Agent),
        Writing::Act(ActClass::Decision),
    ];
}

impl fmt::Display for Writing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Writing::Edit => "an edit",
            Writing::Act(ActClass::Citizen) => "a citizen's act",
            Writing::Act(ActClass::Agent) => "an agent's act",
            Writing::Act(ActClass::Decision) => "a decision",
        })
    }
}

/// What a network statement says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StatementKind {
    /// Somebody belongs to the network: a chain of credentials.
    Member,
    /// Somebody belongs to it no more.
    Revocation,
    /// A service's key of an epoch, wrapped to its advisers.
    ServiceKey,
    /// A service's forms, hours and information.
    Catalogue,
    /// What the operator says of the network: relays, names.
    Network,
    /// Who stands behind an author of envelopes.
    Author,
    /// A case begins or gets new keys.
    Case,
    /// By which certificate a node is known in calls.
    Media,
    /// Something of a later version.
    Unknown,
}

impl StatementKind {
    /// Every kind.
    pub const ALL: [StatementKind; 9] = [
        StatementKind::Member,
        StatementKind::Revocation,
        StatementKind::ServiceKey,
        StatementKind::Catalogue,
        StatementKind::Network,
        StatementKind::Author,
        StatementKind::Case,
        StatementKind::Media,
        StatementKind::Unknown,
    ];
}

impl fmt::Display for StatementKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StatementKind::Member => "member",
            StatementKind::Revocation => "revocation",
            StatementKind::ServiceKey => "service key",
            StatementKind::Catalogue => "catalogue",
            StatementKind::Network => "network",
            StatementKind::Author => "author",
            StatementKind::Case => "case",
            StatementKind::Media => "media",
            StatementKind::Unknown => "unknown",
        })
    }
}

/// Whether an issuer (root if `None`) may certify a subject in a role.
pub fn may_issue(issuer: Option<Role>, subject: Role) -> bool {
    match issuer {
        None => matches!(subject, Role::Operator | Role::Steward),
        Some(Role::Operator) => {
            matches!(
                subject,
                Role::Registrar | Role::Relay | Role::Kiosk | Role::Station
            )
        }
        Some(Role::Steward) => matches!(subject, Role::Station | Role::Agent),
        Some(Role::Registrar) => subject == Role::Kiosk,
        Some(Role::Relay | Role::Kiosk | Role::Station | Role::Agent) => false,
    }
}

/// Whether a signer (root if `None`) may sign a kind of statement.
///
/// A member statement proves itself by the chain within, so anyone may pass one on; a statement
/// of an unknown kind is judged by those who know it.
pub fn may_sign(signer: Option<Role>, kind: StatementKind) -> bool {
    use StatementKind::{
        Author, Case, Catalogue, Media, Member, Network, Revocation, ServiceKey, Unknown,
    };
    if matches!(kind, Member | Unknown) {
        return true;
    }
    match signer {
        None | Some(Role::Operator) => matches!(kind, Revocation | Network),
        Some(Role::Steward) => matches!(kind, Revocation | ServiceKey | Catalogue),
        Some(Role::Kiosk) => matches!(kind, Author | Case | Media),
        Some(Role::Agent) => matches!(kind, Author | Case),
        Some(Role::Station) => kind == Media,
        Some(Role::Registrar | Role::Relay) => false,
    }
}

/// Whether a writer in this role may write this in a case that is open to it.
pub fn may_write(role: Role, writing: Writing) -> bool {
    match role {
        Role::Kiosk => matches!(writing, Writing::Edit | Writing::Act(ActClass::Citizen)),
        Role::Agent => matches!(
            writing,
            Writing::Edit | Writing::Act(ActClass::Agent | ActClass::Decision)
        ),
        Role::Operator | Role::Steward | Role::Registrar | Role::Relay | Role::Station => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signers() -> impl Iterator<Item = Option<Role>> {
        std::iter::once(None).chain(Role::ALL.map(Some))
    }

    #[test]
    fn who_may_issue_whom() {
        use Role::{Agent, Kiosk, Operator, Registrar, Relay, Station, Steward};
        let allowed = [
            (None, Operator),
            (None, Steward),
            (Some(Operator), Registrar),
            (Some(Operator), Relay),
            (Some(Operator), Kiosk),
            (Some(Operator), Station),
            (Some(Steward), Station),
            (Some(Steward), Agent),
            (Some(Registrar), Kiosk),
        ];
        for issuer in signers() {
            for subject in Role::ALL {
                let expected = allowed.contains(&(issuer, subject));
                assert_eq!(
                    may_issue(issuer, subject),
                    expected,
                    "{issuer:?} issues {subject}"
                );
            }
        }
    }

    #[test]
    fn who_may_sign_what() {
        use StatementKind::{Author, Case, Catalogue, Media, Network, Revocation, ServiceKey};
        let allowed = [
            (None, Revocation),
            (None, Network),
            (Some(Role::Operator), Revocation),
            (Some(Role::Operator), Network),
            (Some(Role::Steward), Revocation),
            (Some(Role::Steward), ServiceKey),
            (Some(Role::Steward), Catalogue),
            (Some(Role::Kiosk), Author),
            (Some(Role::Kiosk), Case),
            (Some(Role::Kiosk), Media),
            (Some(Role::Station), Media),
            (Some(Role::Agent), Author),
            (Some(Role::Agent), Case),
        ];
        for signer in signers() {
            for kind in StatementKind::ALL {
                let anyone = matches!(kind, StatementKind::Member | StatementKind::Unknown);
                let expected = anyone || allowed.contains(&(signer, kind));
                assert_eq!(may_sign(signer, kind), expected, "{signer:?} signs {kind}");
            }
        }
    }

    #[test]
    fn who_may_write_what() {
        let allowed = [
            (Role::Kiosk, Writing::Edit),
            (Role::Kiosk, Writing::Act(ActClass::Citizen)),
            (Role::Agent, Writing::Edit),
            (Role::Agent, Writing::Act(ActClass::Agent)),
            (Role::Agent, Writing::Act(ActClass::Decision)),
        ];
        for role in Role::ALL {
            for writing in Writing::ALL {
                let expected = allowed.contains(&(role, writing));
                assert_eq!(
                    may_write(role, writing),
                    expected,
                    "{role} writes {writing}"
                );
            }
        }
    }

    #[test]
    fn codes_there_and_back() {
        for role in Role::ALL {
            assert_eq!(Role::from_code(role.code().into()), Some(role));
        }
        assert_eq!(Role::from_code(0), None);
        assert_eq!(Role::from_code(8), None);
        assert_eq!(Role::from_code(256 + 5), None);
    }
}
