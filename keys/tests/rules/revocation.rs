//! Who may shut out whom, and what of the shut out stays.

use guichet_keys::*;

use crate::network::*;

#[test]
fn a_revocation_has_the_reach_of_its_signer() {
    let cases = [
        (Who::Root, Who::FamilyAgent, true),
        (Who::Root, Who::FamilySteward, true),
        (Who::Root, Who::Kiosk, true),
        (Who::Operator, Who::Kiosk, true),
        (Who::Operator, Who::Relay, true),
        (Who::Operator, Who::Station, true),
        (Who::Operator, Who::FamilyAgent, false),
        (Who::Operator, Who::FamilySteward, false),
        (Who::FamilySteward, Who::FamilyAgent, true),
        (Who::FamilySteward, Who::EnergyAgent, false),
        (Who::FamilySteward, Who::Kiosk, false),
        (Who::FamilySteward, Who::EnergySteward, false),
    ];
    for (signer, subject, reaches) in cases {
        let mut directory = directory();
        assert_eq!(
            directory.learn(state(signer, 1, revocation(subject))),
            Ok(Learned::New)
        );
        let subject_id = subject.subject();
        assert_eq!(
            directory.is_revoked(&subject_id),
            reaches,
            "{signer:?} revokes {subject:?}"
        );
        assert_eq!(
            directory.is_member(&subject_id),
            !reaches,
            "{signer:?} revokes {subject:?}"
        );
    }
}

#[test]
fn a_steward_takes_only_its_service_away() {
    let mut directory = directory();
    let station = Who::Station.subject();
    directory
        .learn(state(Who::FamilySteward, 1, revocation(Who::Station)))
        .expect("allowed");
    assert!(!directory.holds(&station, Role::Station, Some(&family())));
    assert!(directory.holds(&station, Role::Station, Some(&energy())));
    assert!(directory.is_member(&station) && !directory.is_revoked(&station));
}

#[test]
fn revocation_is_monotonic_and_needs_no_order() {
    let revoked = state(Who::Operator, 1, revocation(Who::Kiosk));
    let mut before = Directory::new(Who::Root.subject());
    before
        .learn(state(Who::Root, 1, Statement::Member(operator())))
        .expect("allowed");
    before.learn(revoked.clone()).expect("allowed");
    before
        .learn(state(Who::Root, 1, Statement::Member(kiosk(Who::Kiosk))))
        .expect("true");
    let mut after = directory();
    after.learn(revoked).expect("allowed");
    let renewed = Credential {
        serial: 2,
        ..credential(Who::Relay, Who::Kiosk, Role::Kiosk, None)
    };
    let renewed = below(registrar(), renewed.sign(&Who::Relay.key()).expect("signs"));
    after
        .learn(state(Who::Relay, 5, Statement::Member(renewed)))
        .expect("true");
    for directory in [before, after] {
        assert!(directory.is_revoked(&Who::Kiosk.subject()));
        assert!(!directory.is_member(&Who::Kiosk.subject()));
        assert_eq!(directory.node_role(&Who::Kiosk.subject()), None);
        assert_eq!(directory.name(&Who::Kiosk.subject()), Some("Kiosk"));
    }
}

#[test]
fn whom_a_revoked_registrar_admitted_is_out_too() {
    let mut directory = directory();
    directory
        .learn(state(Who::Operator, 1, revocation(Who::Relay)))
        .expect("allowed");
    assert!(directory.is_revoked(&Who::Relay.subject()));
    assert!(directory.is_revoked(&Who::Kiosk.subject()));
    let newer = Credential {
        serial: 2,
        ..credential(Who::Operator, Who::Kiosk, Role::Kiosk, None)
    };
    let newer = below(operator(), newer.sign(&Who::Operator.key()).expect("signs"));
    directory
        .learn(state(Who::Operator, 1, Statement::Member(newer)))
        .expect("allowed");
    assert!(directory.is_member(&Who::Kiosk.subject()));
}

#[test]
fn the_revoked_state_nothing_more() {
    let mut directory = directory();
    for who in [Who::FamilySteward, Who::Operator, Who::Kiosk] {
        directory
            .learn(state(Who::Root, 1, revocation(who)))
            .expect("allowed");
    }
    let refused = |who: Who| {
        Err(Refusal::Revoked {
            subject: who.subject(),
        })
    };
    let attempts = [
        (Who::FamilySteward, catalogue(family(), "{}")),
        (Who::Operator, revocation(Who::Relay)),
        (Who::Operator, network_info()),
        (Who::Kiosk, kiosk_author(Who::Kiosk, 1)),
        (Who::Kiosk, Statement::Unknown { kind: 99 }),
    ];
    for (who, statement) in attempts {
        assert_eq!(directory.learn(state(who, 7, statement)), refused(who));
    }
}
