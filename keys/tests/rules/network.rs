//! A network of fixed keys: two services, one relay that is also a registrar, two kiosks, a
//! station of both services, an adviser of the first and one of the second.

use guichet_keys::*;

pub const NOW_S: u64 = 1_800_000_000;

/// The people and machines, each with the seed of its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Root = 1,
    Operator,
    FamilySteward,
    EnergySteward,
    Relay,
    Kiosk,
    OtherKiosk,
    Station,
    FamilyAgent,
    EnergyAgent,
    Stranger,
}

impl Who {
    pub fn key(self) -> SigningKey {
        SigningKey::from_seed(&[self as u8; 32])
    }

    pub fn subject(self) -> SubjectId {
        self.key().subject()
    }

    pub fn agreement(self) -> AgreementSecret {
        AgreementSecret::from_seed(&[0x80 | self as u8; 32])
    }
}

pub fn family() -> ServiceId {
    ServiceId::new("family").expect("a good name")
}

pub fn energy() -> ServiceId {
    ServiceId::new("energy").expect("a good name")
}

pub fn credential(issuer: Who, subject: Who, role: Role, service: Option<ServiceId>) -> Credential {
    Credential {
        subject: subject.subject(),
        role,
        service,
        name: format!("{subject:?}"),
        agreement: Some(subject.agreement().public()),
        issuer: issuer.subject(),
        not_before_s: NOW_S - 10,
        expires_s: NOW_S + 10,
        serial: 1,
    }
}

pub fn link(issuer: Who, subject: Who, role: Role, service: Option<ServiceId>) -> Vec<u8> {
    credential(issuer, subject, role, service)
        .sign(&issuer.key())
        .expect("signs")
}

pub fn operator() -> Chain {
    Chain(vec![link(Who::Root, Who::Operator, Role::Operator, None)])
}

pub fn steward(who: Who, service: ServiceId) -> Chain {
    Chain(vec![link(Who::Root, who, Role::Steward, Some(service))])
}

/// A new leaf below a chain.
pub fn below(chain: Chain, leaf: Vec<u8>) -> Chain {
    let Chain(mut links) = chain;
    links.insert(0, leaf);
    Chain(links)
}

pub fn registrar() -> Chain {
    below(
        operator(),
        link(Who::Operator, Who::Relay, Role::Registrar, None),
    )
}

pub fn relay() -> Chain {
    below(
        operator(),
        link(Who::Operator, Who::Relay, Role::Relay, None),
    )
}

pub fn kiosk(who: Who) -> Chain {
    below(registrar(), link(Who::Relay, who, Role::Kiosk, None))
}

pub fn of_service(steward_who: Who, who: Who, role: Role, service: ServiceId) -> Chain {
    let leaf = link(steward_who, who, role, Some(service.clone()));
    below(steward(steward_who, service), leaf)
}

pub fn agent(steward_who: Who, who: Who, service: ServiceId) -> Chain {
    of_service(steward_who, who, Role::Agent, service)
}

pub fn chains() -> Vec<Chain> {
    vec![
        operator(),
        steward(Who::FamilySteward, family()),
        steward(Who::EnergySteward, energy()),
        registrar(),
        relay(),
        kiosk(Who::Kiosk),
        kiosk(Who::OtherKiosk),
        of_service(Who::FamilySteward, Who::Station, Role::Station, family()),
        of_service(Who::EnergySteward, Who::Station, Role::Station, energy()),
        agent(Who::FamilySteward, Who::FamilyAgent, family()),
        agent(Who::EnergySteward, Who::EnergyAgent, energy()),
    ]
}

pub fn state(who: Who, serial: u64, statement: Statement) -> SignedStatement {
    SignedStatement::sign(&who.key(), serial, NOW_S, &statement).expect("signs")
}

pub fn directory() -> Directory {
    let mut directory = Directory::new(Who::Root.subject());
    for chain in chains() {
        let learned = directory.learn(state(Who::Root, 1, Statement::Member(chain)));
        assert_eq!(learned, Ok(Learned::New));
    }
    directory
}

pub fn family_key() -> (ServiceKey, AgreementSecret) {
    let agents = [Who::FamilyAgent.agreement().public()];
    ServiceKey::create(&family(), 1, &agents, None, &[0x51; 32]).expect("wraps")
}

pub fn author(number: u8) -> AuthorId {
    AuthorId::from([number; 16])
}

pub fn tag(number: u8) -> CaseTag {
    CaseTag::from([number; 16])
}

pub fn kiosk_author(kiosk: Who, number: u8) -> Statement {
    let node = kiosk.subject();
    Statement::Author(AuthorBinding {
        author: author(number),
        node,
        person: None,
        case: None,
    })
}

pub fn agent_author(agent: Who, number: u8) -> Statement {
    Statement::Author(AuthorBinding {
        author: author(number),
        node: Who::Station.subject(),
        person: Some(agent.subject()),
        case: None,
    })
}

pub fn case(by: u8, number: u8) -> CaseStatement {
    let made = CaseKeys::create(tag(number), author(by), &family_key().0, &[number; 32]);
    made.expect("wraps").0
}

pub fn catalogue(service: ServiceId, json: &str) -> Statement {
    Statement::Catalogue {
        service,
        json: json.into(),
    }
}

pub fn revocation(subject: Who) -> Statement {
    Statement::Revocation {
        subject: subject.subject(),
        reason: "left".to_owned(),
    }
}

pub fn network_info() -> Statement {
    Statement::Network {
        json: b"{}".to_vec(),
    }
}
