use guichet_keys::case_key::{CaseKeyError, FIRST_EPOCH};
use guichet_keys::service_key::ServiceKeyError;
use guichet_keys::*;

use crate::network::*;

fn recovery() -> AgreementSecret {
    AgreementSecret::from_seed(&[0x77; 32])
}

fn key_for(agents: &[Who]) -> (ServiceKey, AgreementSecret) {
    let agents: Vec<_> = agents
        .iter()
        .map(|agent| agent.agreement().public())
        .collect();
    let recovery = recovery().public();
    ServiceKey::create(&family(), 1, &agents, Some(&recovery), &[0x51; 32]).expect("wraps")
}

#[test]
fn a_case_opens_for_the_advisers_of_its_service_and_nobody_else() {
    let (service, _) = key_for(&[Who::FamilyAgent]);
    let (statement, at_kiosk) =
        CaseKeys::create(tag(1), author(1), &service, &[2; 32]).expect("wraps");

    for reader in [Who::FamilyAgent.agreement(), recovery()] {
        let secret = service
            .open(&reader)
            .expect("an adviser or the recovery key");
        let keys = CaseKeys::open(&statement, &secret).expect("opens");
        let (epoch, shared) = keys.newest(KeyUse::Shared).expect("a shared key");
        assert_eq!(epoch, FIRST_EPOCH);
        let same = at_kiosk
            .key(KeyUse::Shared, epoch)
            .expect("the creator has it");
        assert_eq!(shared.as_bytes(), same.as_bytes());
        assert!(keys.newest(KeyUse::Service).is_some());
    }
    assert!(
        at_kiosk.newest(KeyUse::Service).is_none(),
        "the creator has no use for it"
    );

    let stranger = Who::EnergyAgent.agreement();
    assert!(matches!(
        service.open(&stranger),
        Err(ServiceKeyError::NotForUs { .. })
    ));
    assert!(matches!(
        CaseKeys::open(&statement, &stranger),
        Err(CaseKeyError::NotForUs { .. })
    ));
    for reader in [Who::Kiosk, Who::FamilyAgent] {
        let direct = CaseKeys::open(&statement, &reader.agreement());
        assert!(direct.is_err(), "wrapped to the service only");
    }
}

#[test]
fn a_key_other_than_the_committed_is_noticed() {
    let (service, secret) = key_for(&[]);
    let (mut statement, _) =
        CaseKeys::create(tag(1), author(1), &service, &[2; 32]).expect("wraps");
    statement.keys[0].commitment = sha256(b"another");
    assert_eq!(
        CaseKeys::open(&statement, &secret).map(|_| ()),
        Err(CaseKeyError::Commitment {
            case: tag(1),
            which: KeyUse::Shared,
            epoch: FIRST_EPOCH
        })
    );
}

#[test]
fn a_wrap_belongs_to_its_case_use_and_epoch() {
    let (service, secret) = key_for(&[]);
    let (first, _) = CaseKeys::create(tag(1), author(1), &service, &[2; 32]).expect("wraps");
    let other_case = CaseStatement {
        case: tag(2),
        ..first.clone()
    };
    let mut other_epoch = first.clone();
    other_epoch.keys[0].epoch = 2;
    let mut other_use = first.clone();
    let [shared, own] = &mut other_use.keys[..] else {
        panic!("two keys")
    };
    std::mem::swap(&mut shared.wraps, &mut own.wraps);
    for moved in [other_case, other_epoch, other_use] {
        let opened = CaseKeys::open(&moved, &secret);
        assert!(
            matches!(opened, Err(CaseKeyError::Wrap { .. })),
            "{opened:?}"
        );
    }
}

#[test]
fn a_service_key_belongs_to_its_service_and_epoch() {
    let (key, secret) = key_for(&[Who::FamilyAgent]);
    let reader = Who::FamilyAgent.agreement();
    let other_service = ServiceKey {
        service: energy(),
        ..key.clone()
    };
    let other_epoch = ServiceKey {
        epoch: 2,
        ..key.clone()
    };
    for moved in [other_service, other_epoch] {
        assert!(matches!(
            moved.open(&reader),
            Err(ServiceKeyError::Wrap { .. })
        ));
    }
    let other_public = ServiceKey {
        public: recovery().public(),
        ..key.clone()
    };
    assert!(matches!(
        other_public.open(&reader),
        Err(ServiceKeyError::Mismatch { .. })
    ));

    let wider = [Who::FamilyAgent, Who::EnergyAgent].map(|agent| agent.agreement().public());
    let wider = ServiceKey::wrap(&family(), 1, &secret, &wider, None, &[9; 32]).expect("wraps");
    assert_eq!(wider.public, key.public);
    let opened = wider.open(&Who::EnergyAgent.agreement()).expect("opens");
    assert_eq!(opened.as_bytes(), secret.as_bytes());
}

#[test]
fn the_same_entropy_gives_the_same_bytes_and_other_entropy_others() {
    let (service, _) = key_for(&[]);
    let make = |byte: u8| {
        CaseKeys::create(tag(1), author(1), &service, &[byte; 32])
            .expect("wraps")
            .0
    };
    assert_eq!(make(2), make(2));
    let (two, three) = (make(2), make(3));
    assert_ne!(two.keys[0].commitment, three.keys[0].commitment);
    assert_ne!(two.keys[0].commitment, two.keys[1].commitment);
    assert_ne!(two.keys[0].wraps[0].enc, two.keys[1].wraps[0].enc);
}
