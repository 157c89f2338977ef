//! A network of fixed keys: one service, a relay, three kiosks, fifty stations with an adviser each,
//! of which most tests use three.

use std::sync::Arc;

use guichet_keys::credential::Chain;
use guichet_keys::{
    AgreementSecret, Credential, Directory, Role, ServiceId, ServiceKey, SignedStatement,
    SigningKey, Statement, SubjectId,
};

pub const RELAY: u8 = 10;
pub const KIOSKS: [u8; 3] = [20, 21, 22];
pub const STATIONS: [u8; 3] = [30, 31, 32];
pub const MANY_STATIONS: std::ops::Range<u8> = 30..80;
const ROOT: u8 = 1;
const OPERATOR: u8 = 2;
const STEWARD: u8 = 3;
const NOW_S: u64 = 1_800_000_000;

pub fn key(number: u8) -> SigningKey {
    SigningKey::from_seed(&[number; 32])
}

pub fn signer(number: u8) -> Arc<SigningKey> {
    Arc::new(key(number))
}

pub fn subject(number: u8) -> SubjectId {
    key(number).subject()
}

/// The adviser who works at a station.
pub fn person(station: u8) -> SubjectId {
    subject(station + 100)
}

pub fn family() -> ServiceId {
    ServiceId::new("family").expect("a good name")
}

pub fn energy() -> ServiceId {
    ServiceId::new("energy").expect("a good name")
}

pub fn secret() -> AgreementSecret {
    service_key().1
}

pub fn service_key() -> (ServiceKey, AgreementSecret) {
    ServiceKey::create(&family(), 1, &[], None, &[0x51; 32]).expect("wraps")
}

fn link(issuer: u8, leaf: u8, role: Role, service: Option<ServiceId>) -> Vec<u8> {
    let credential = Credential {
        subject: subject(leaf),
        role,
        service,
        name: format!("{role} {leaf}"),
        agreement: Some(AgreementSecret::from_seed(&[leaf ^ 0x80; 32]).public()),
        issuer: subject(issuer),
        not_before_s: NOW_S,
        expires_s: NOW_S + 10,
        serial: 1,
    };
    credential.sign(&key(issuer)).expect("signs")
}

/// Made once: it holds the same whatever happens in a town.
pub fn directory() -> &'static Directory {
    static MADE: std::sync::OnceLock<Directory> = std::sync::OnceLock::new();
    MADE.get_or_init(make_directory)
}

fn make_directory() -> Directory {
    let operator = link(ROOT, OPERATOR, Role::Operator, None);
    let steward = link(ROOT, STEWARD, Role::Steward, Some(family()));
    let node = |leaf, role| vec![link(OPERATOR, leaf, role, None), operator.clone()];
    let served = |leaf, role| vec![link(STEWARD, leaf, role, Some(family())), steward.clone()];
    let mut chains = vec![
        vec![operator.clone()],
        vec![steward.clone()],
        node(RELAY, Role::Relay),
    ];
    chains.extend(KIOSKS.map(|kiosk| node(kiosk, Role::Kiosk)));
    chains.extend(MANY_STATIONS.map(|station| served(station, Role::Station)));
    chains.extend(MANY_STATIONS.map(|station| served(station + 100, Role::Agent)));
    let mut directory = Directory::new(subject(ROOT));
    for chain in chains {
        let stated = Statement::Member(Chain(chain));
        let signed = SignedStatement::sign(&key(ROOT), 1, NOW_S, &stated).expect("signs");
        directory.learn(signed).expect("holds");
    }
    directory
}
