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

/// A family case opened by its adviser, and grants of it.
fn granted(to: Grantee) -> (CaseStatement, CaseKeys, SignedGrant) {
    let (service, secret) = key_for(&[]);
    let (statement, _) = CaseKeys::create(tag(1), author(1), &service, &[2; 32]).expect("wraps");
    let keys = CaseKeys::open(&statement, &secret).expect("opens");
    let grant = Grant::create(tag(1), to, Right::Write, NOW_S, &keys, &[3; 32]).expect("wraps");
    let signed = grant.sign(&Who::FamilyAgent.key()).expect("signs");
    (statement, keys, signed)
}

fn to_visit() -> Grantee {
    Grantee::Visit {
        key: Who::Kiosk.agreement().public(),
        node: Who::Kiosk.subject(),
    }
}

fn to_agent() -> Grantee {
    Grantee::Agent {
        key: Who::EnergyAgent.agreement().public(),
        subject: Who::EnergyAgent.subject(),
    }
}

#[test]
fn a_visit_is_granted_the_shared_key_and_an_adviser_both() {
    for (to, secret, reads_notes) in [
        (to_visit(), Who::Kiosk.agreement(), false),
        (to_agent(), Who::EnergyAgent.agreement(), true),
    ] {
        let (statement, keys, signed) = granted(to);
        let parsed = SignedGrant::parse(&signed.bytes).expect("parses");
        assert_eq!(parsed, signed);
        assert_eq!(parsed.signer, Who::FamilyAgent.subject());
        let opened = parsed.grant.open(&secret, &statement).expect("opens");
        let shared = |keys: &CaseKeys| *keys.newest(KeyUse::Shared).expect("a key").1.as_bytes();
        assert_eq!(shared(&opened), shared(&keys));
        assert_eq!(opened.newest(KeyUse::Service).is_some(), reads_notes);
        let other = parsed.grant.open(&Who::OtherKiosk.agreement(), &statement);
        assert!(matches!(other, Err(CaseKeyError::NotForUs { .. })));
    }
}

#[test]
fn a_grant_of_other_keys_than_the_cases_is_refused() {
    let (statement, _, signed) = granted(to_visit());
    let mut rekeyed = statement.clone();
    rekeyed.keys[0].commitment = sha256(b"another");
    let other_case = CaseStatement {
        case: tag(2),
        ..statement
    };
    for statement in [rekeyed, other_case] {
        let opened = signed.grant.open(&Who::Kiosk.agreement(), &statement);
        assert!(matches!(opened, Err(CaseKeyError::Commitment { .. })));
    }
}

#[test]
fn every_altered_or_missing_byte_of_a_grant_is_noticed() {
    let bytes = granted(to_agent()).2.bytes;
    for at in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[at] ^= 0x01;
        assert!(SignedGrant::parse(&altered).is_err(), "byte {at}");
        assert!(SignedGrant::parse(&bytes[..at]).is_err(), "cut at {at}");
    }
    let longer = vec![0; guichet_keys::limits::GRANT_BYTES_MAX + 1];
    let error = SignedGrant::parse(&longer)
        .expect_err("too long")
        .to_string();
    assert!(error.contains("16385 bytes, at most 16384"), "{error}");
}

#[test]
fn every_altered_byte_of_a_wrap_is_noticed() {
    let (key, _) = key_for(&[Who::FamilyAgent]);
    let reader = Who::FamilyAgent.agreement();
    let bytes = minicbor::to_vec(&key.wraps[0]).expect("encodes");
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut altered = bytes.clone();
            altered[at] ^= 1 << bit;
            let opened = minicbor::decode::<Wrap>(&altered).map(|wrap| {
                ServiceKey {
                    wraps: vec![wrap],
                    ..key.clone()
                }
                .open(&reader)
                .is_ok()
            });
            assert!(!opened.unwrap_or(false), "byte {at}, bit {bit}");
        }
        assert!(
            minicbor::decode::<Wrap>(&bytes[..at]).is_err(),
            "cut at {at}"
        );
    }
}
