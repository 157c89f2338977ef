use guichet_keys::limits::*;
use guichet_keys::*;

use crate::network::*;

/// One statement of each kind that this one would be right to sign if the table let them.
fn statements(who: Who) -> Vec<Statement> {
    let service = if who == Who::EnergySteward || who == Who::EnergyAgent {
        energy()
    } else {
        family()
    };
    let key = ServiceKey::create(&service, 3, &[], None, &[3; 32])
        .expect("wraps")
        .0;
    let is_agent = matches!(who, Who::FamilyAgent | Who::EnergyAgent);
    let author = if is_agent {
        agent_author(who, 0x70)
    } else {
        kiosk_author(who, 0x70)
    };
    vec![
        Statement::Member(kiosk(Who::Stranger)),
        revocation(Who::OtherKiosk),
        Statement::ServiceKey(key),
        catalogue(service, "{}"),
        network_info(),
        author,
        Statement::Case(case(0x70, 0x71)),
        Statement::Unknown { kind: 99 },
    ]
}

#[test]
fn every_member_times_every_kind() {
    let members = [
        (Who::Root, vec![None]),
        (Who::Operator, vec![Some(Role::Operator)]),
        (Who::FamilySteward, vec![Some(Role::Steward)]),
        (Who::Relay, vec![Some(Role::Relay), Some(Role::Registrar)]),
        (Who::Kiosk, vec![Some(Role::Kiosk)]),
        (Who::Station, vec![Some(Role::Station)]),
        (Who::FamilyAgent, vec![Some(Role::Agent)]),
    ];
    for (who, roles) in members {
        let mut directory = directory();
        for statement in statements(who) {
            let kind = statement.kind();
            let allowed = roles.iter().any(|role| role::may_sign(*role, kind));
            let learned = directory.learn(state(who, 1, statement));
            if allowed {
                assert_eq!(learned, Ok(Learned::New), "{who:?} signs {kind}");
            } else {
                let signer = who.subject();
                assert_eq!(
                    learned,
                    Err(Refusal::MayNotSign { signer, kind }),
                    "{who:?} signs {kind}"
                );
            }
        }
    }
}

#[test]
fn a_stranger_states_nothing() {
    for statement in statements(Who::Stranger) {
        let kind = statement.kind();
        let learned = directory().learn(state(Who::Stranger, 1, statement));
        // A chain proves itself, whoever passes it on.
        if kind != StatementKind::Member {
            let refusal = learned.expect_err("refused");
            assert_eq!(
                refusal,
                Refusal::UnknownSigner {
                    signer: Who::Stranger.subject()
                }
            );
            assert!(refusal.may_pass_later());
        }
    }
}

#[test]
fn an_agent_certified_by_a_registrar_never_becomes_a_member() {
    let leaf = link(Who::Relay, Who::Stranger, Role::Agent, None);
    let member = Statement::Member(below(registrar(), leaf));
    let mut directory = directory();
    for signer in [Who::Root, Who::Operator, Who::Relay, Who::Stranger] {
        let learned = directory.learn(state(signer, 1, member.clone()));
        assert!(matches!(learned, Err(Refusal::Chain { .. })), "{learned:?}");
    }
    assert!(!directory.is_member(&Who::Stranger.subject()));
}

#[test]
fn a_steward_speaks_for_its_own_service() {
    let mut directory = directory();
    let key = ServiceKey::create(&energy(), 1, &[], None, &[3; 32])
        .expect("wraps")
        .0;
    for statement in [catalogue(energy(), "{}"), Statement::ServiceKey(key)] {
        let kind = statement.kind();
        let signer = Who::FamilySteward.subject();
        assert_eq!(
            directory.learn(state(Who::FamilySteward, 1, statement)),
            Err(Refusal::OtherService {
                signer,
                kind,
                service: energy()
            })
        );
    }
    assert_eq!(directory.services().count(), 0);
}

#[test]
fn higher_serials_replace_lower_ones_in_either_order() {
    let first = state(Who::FamilySteward, 1, catalogue(family(), "1"));
    let second = state(Who::FamilySteward, 2, catalogue(family(), "2"));
    let mut forward = directory();
    assert_eq!(forward.learn(first.clone()), Ok(Learned::New));
    assert_eq!(forward.learn(second.clone()), Ok(Learned::New));
    assert_eq!(forward.learn(second.clone()), Ok(Learned::Known));
    let mut backward = directory();
    assert_eq!(backward.learn(second.clone()), Ok(Learned::New));
    assert_eq!(backward.learn(first.clone()), Ok(Learned::Superseded));
    for directory in [forward, backward] {
        assert_eq!(directory.catalogue(&family()), Some(b"2".as_slice()));
        let hashes: Vec<Hash> = directory.statements().map(SignedStatement::hash).collect();
        assert!(hashes.contains(&second.hash()) && !hashes.contains(&first.hash()));
    }
}

#[test]
fn equal_serials_are_settled_alike_everywhere() {
    let one = state(Who::FamilySteward, 1, catalogue(family(), "1"));
    let two = state(Who::FamilySteward, 1, catalogue(family(), "2"));
    let mut forward = directory();
    let mut backward = directory();
    for statement in [&one, &two] {
        forward.learn(statement.clone()).expect("allowed");
    }
    for statement in [&two, &one] {
        backward.learn(statement.clone()).expect("allowed");
    }
    assert_eq!(forward.catalogue(&family()), backward.catalogue(&family()));
}

#[test]
fn a_member_is_known_whoever_tells() {
    let mut directory = directory();
    let member = Statement::Member(kiosk(Who::Kiosk));
    assert_eq!(
        directory.learn(state(Who::Kiosk, 9, member)),
        Ok(Learned::Known)
    );

    let renewed = Credential {
        serial: 2,
        name: "Mairie".to_owned(),
        ..credential(Who::Relay, Who::Kiosk, Role::Kiosk, None)
    };
    let renewed = renewed.sign(&Who::Relay.key()).expect("signs");
    let renewed = Statement::Member(below(registrar(), renewed));
    assert_eq!(
        directory.learn(state(Who::Relay, 0, renewed)),
        Ok(Learned::New)
    );
    assert_eq!(directory.name(&Who::Kiosk.subject()), Some("Mairie"));
    let old = state(Who::Operator, 99, Statement::Member(kiosk(Who::Kiosk)));
    assert_eq!(directory.learn(old), Ok(Learned::Known));
    assert_eq!(directory.name(&Who::Kiosk.subject()), Some("Mairie"));
}

#[test]
fn no_serial_of_a_registrar_takes_anything_from_a_member() {
    let chain = |issuer: Who, above: Chain, serial: u64| {
        let named = Credential {
            serial,
            name: format!("{issuer:?} says {serial}"),
            ..credential(issuer, Who::Kiosk, Role::Kiosk, None)
        };
        let leaf = named.sign(&issuer.key()).expect("signs");
        state(issuer, 1, Statement::Member(below(above, leaf)))
    };
    let second = link(Who::Operator, Who::Stranger, Role::Registrar, None);
    let second = below(operator(), second);
    let of_operator = |serial| chain(Who::Operator, operator(), serial);
    let stolen = chain(Who::Relay, registrar(), u64::MAX);
    let out = state(Who::Operator, 1, revocation(Who::Relay));
    let by_operator = vec![of_operator(1), of_operator(2), stolen.clone(), out.clone()];
    let by_another = vec![chain(Who::Stranger, second.clone(), 1), stolen, out];
    for (told, name) in [
        (by_operator, "Operator says 2"),
        (by_another, "Stranger says 1"),
    ] {
        for first in 0..told.len() {
            let mut directory = Directory::new(Who::Root.subject());
            for above in [operator(), registrar(), second.clone()] {
                let above = state(Who::Root, 1, Statement::Member(above));
                directory.learn(above).expect("allowed");
            }
            for next in 0..told.len() {
                let next = told[(first + next) % told.len()].clone();
                directory.learn(next).expect("allowed");
            }
            let kiosk = Who::Kiosk.subject();
            assert!(directory.is_member(&kiosk), "{name}, begun with {first}");
            assert_eq!(directory.credentials(&kiosk).count(), 1);
            let credential = directory.credentials(&kiosk).next();
            assert_eq!(credential.map(|it| it.name.as_str()), Some(name));
        }
    }
}

#[test]
fn roles_and_nodes() {
    let directory = directory();
    let role = |who: Who| directory.node_role(&who.subject());
    assert_eq!(role(Who::Relay), Some(Role::Relay));
    assert_eq!(role(Who::Kiosk), Some(Role::Kiosk));
    assert_eq!(role(Who::Station), Some(Role::Station));
    assert_eq!(role(Who::FamilyAgent), None);
    assert_eq!(role(Who::Stranger), None);
    assert!(directory.is_member(&Who::FamilyAgent.subject()));
    assert_eq!(directory.credentials(&Who::Station.subject()).count(), 2);
    let agents: Vec<_> = directory
        .agents_of(&family())
        .map(|agent| agent.subject)
        .collect();
    assert_eq!(agents, [Who::FamilyAgent.subject()]);
    assert_eq!(directory.stations_of(&energy()).count(), 1);
    assert_eq!(directory.members().count(), chains().len());
}

#[test]
fn a_node_is_known_in_calls_by_the_certificate_it_named_last() {
    let mut directory = directory();
    let named = |byte| Statement::Media {
        fingerprint: Hash::from([byte; 32]),
    };
    for (serial, byte) in [(2, 0x22), (1, 0x11)] {
        directory
            .learn(state(Who::Station, serial, named(byte)))
            .expect("allowed");
    }
    let known = |who: Who| directory.media_fingerprint(&who.subject());
    assert_eq!(known(Who::Station), Some(Hash::from([0x22; 32])));
    assert_eq!(known(Who::Kiosk), None);
}

#[test]
fn a_replaced_steward_leaves_nothing_in_the_way() {
    let mut directory = directory();
    let (first, _) = family_key();
    let old = |statement| state(Who::FamilySteward, u64::MAX, statement);
    directory
        .learn(old(catalogue(family(), "old")))
        .expect("allowed");
    directory
        .learn(old(Statement::ServiceKey(first.clone())))
        .expect("allowed");
    assert_eq!(directory.service_key(&family()), Some(&first));

    directory
        .learn(state(Who::Root, 1, revocation(Who::FamilySteward)))
        .expect("allowed");
    assert_eq!(
        directory.service_key(&family()),
        None,
        "nothing new under a revoked steward's key"
    );
    assert_eq!(
        directory.service_key_at(&family(), 1),
        Some(&first),
        "old cases still open"
    );
    assert_eq!(directory.catalogue(&family()), Some(b"old".as_slice()));

    let successor = steward(Who::Stranger, family());
    directory
        .learn(state(Who::Root, 1, Statement::Member(successor)))
        .expect("allowed");
    let new = |statement| state(Who::Stranger, 1, statement);
    assert_eq!(
        directory.learn(new(catalogue(family(), "new"))),
        Ok(Learned::New)
    );
    assert_eq!(
        directory.learn(new(Statement::ServiceKey(first.clone()))),
        Ok(Learned::New)
    );
    assert_eq!(directory.catalogue(&family()), Some(b"new".as_slice()));
    assert_eq!(directory.service_key(&family()), Some(&first));
}

#[test]
fn of_two_stewards_the_newest_word_of_who_was_not_revoked_holds() {
    let successor = Statement::Member(steward(Who::Stranger, family()));
    let words = [
        state(Who::FamilySteward, 8, catalogue(family(), "before")),
        state(Who::FamilySteward, 9, catalogue(family(), "old")),
        state(Who::Stranger, 1, catalogue(family(), "new")),
    ];
    let out = state(Who::Root, 1, revocation(Who::FamilySteward));
    for turn in 0..words.len() {
        for out_at in 0..=words.len() {
            let mut directory = directory();
            let member = state(Who::Root, 1, successor.clone());
            directory.learn(member).expect("allowed");
            for at in 0..=words.len() {
                if at == out_at {
                    directory.learn(out.clone()).expect("allowed");
                }
                if let Some(word) = words
                    .get((at + turn) % words.len())
                    .filter(|_| at < words.len())
                {
                    // What the revoked one said is refused by who heard of it first.
                    let _either = directory.learn(word.clone());
                }
            }
            let said = directory.catalogue(&family());
            assert_eq!(said, Some(b"new".as_slice()), "{turn} {out_at}");
            assert_eq!(directory.services().count(), 1);
        }
    }
}

#[test]
fn an_epoch_has_one_key() {
    let mut directory = directory();
    let (first, secret) = family_key();
    directory
        .learn(state(Who::FamilySteward, 1, Statement::ServiceKey(first)))
        .expect("allowed");
    let other = ServiceKey::create(&family(), 1, &[], None, &[0x52; 32])
        .expect("wraps")
        .0;
    assert_eq!(
        directory.learn(state(Who::FamilySteward, 2, Statement::ServiceKey(other))),
        Err(Refusal::EpochTaken {
            service: family(),
            epoch: 1
        })
    );
    let agents = [Who::FamilyAgent, Who::EnergyAgent].map(|agent| agent.agreement().public());
    let wider = ServiceKey::wrap(&family(), 1, &secret, &agents, None, &[0x53; 32]).expect("wraps");
    let wider = state(Who::FamilySteward, 2, Statement::ServiceKey(wider));
    assert_eq!(directory.learn(wider), Ok(Learned::New));
    let next = ServiceKey::create(&family(), 2, &[], None, &[0x54; 32])
        .expect("wraps")
        .0;
    let next = state(Who::FamilySteward, 1, Statement::ServiceKey(next));
    assert_eq!(directory.learn(next), Ok(Learned::New));
    assert_eq!(
        directory.service_key(&family()).map(|key| key.epoch),
        Some(2)
    );
    assert_eq!(
        directory
            .service_key_at(&family(), 1)
            .map(|key| key.wraps.len()),
        Some(2)
    );
    assert_eq!(directory.service_key(&energy()), None);
}

#[test]
fn unknown_kinds_are_kept_and_passed_on() {
    let unknown = state(Who::Relay, 1, Statement::Unknown { kind: 99 });
    let mut directory = directory();
    assert_eq!(directory.learn(unknown.clone()), Ok(Learned::New));
    assert_eq!(directory.learn(unknown.clone()), Ok(Learned::Known));
    let kept = directory
        .statements()
        .find(|kept| kept.hash() == unknown.hash());
    assert_eq!(kept.map(SignedStatement::bytes), Some(unknown.bytes()));
}

#[test]
fn what_is_kept_can_be_learnt_again_in_its_order() {
    let mut first = directory();
    first
        .learn(state(Who::Kiosk, 1, kiosk_author(Who::Kiosk, 1)))
        .expect("allowed");
    first
        .learn(state(Who::Kiosk, 1, Statement::Case(case(1, 2))))
        .expect("allowed");
    let renewed = Credential {
        serial: 2,
        ..credential(Who::Relay, Who::Kiosk, Role::Kiosk, None)
    };
    let renewed = below(registrar(), renewed.sign(&Who::Relay.key()).expect("signs"));
    first
        .learn(state(Who::Relay, 1, Statement::Member(renewed)))
        .expect("allowed");
    first
        .learn(state(Who::FamilySteward, 1, revocation(Who::FamilyAgent)))
        .expect("allowed");

    let mut second = Directory::new(Who::Root.subject());
    for statement in first.statements() {
        let parsed = SignedStatement::parse(statement.bytes()).expect("parses");
        assert_eq!(second.learn(parsed), Ok(Learned::New));
    }
    assert!(second.case(&tag(2)).is_some());
    assert!(first.statements().eq(second.statements()));
}

#[test]
fn statements_are_counted_for_their_signer_and_replaced_ones_are_not() {
    let mut directory = Directory::new(Who::Root.subject());
    let member = |who, service| Statement::Member(steward(who, service));
    let steward = member(Who::FamilySteward, family());
    directory
        .learn(state(Who::Root, 1, steward))
        .expect("allowed");
    let relay = Statement::Member(relay());
    directory
        .learn(state(Who::Relay, 1, relay))
        .expect("allowed");
    for serial in 1..4 {
        let learned = directory.learn(state(Who::FamilySteward, serial, catalogue(family(), "{}")));
        assert_eq!(learned, Ok(Learned::New));
        let kind = 90 + serial;
        let learned = directory.learn(state(Who::Relay, 1, Statement::Unknown { kind }));
        assert_eq!(learned, Ok(Learned::New));
    }
    let count = |who: Who| directory.statements_of(&who.subject());
    let counts = [Who::FamilySteward, Who::Relay, Who::Stranger].map(count);
    assert_eq!(counts, [1, 4, 0]);
}

#[test]
fn statements_have_a_size() {
    let sign = |json_bytes: usize| {
        let json = vec![b' '; json_bytes];
        SignedStatement::sign(&Who::Operator.key(), 1, NOW_S, &Statement::Network { json })
    };
    let frame = sign(60_000).expect("fits").bytes().len() - 60_000;
    let fits = sign(STATEMENT_BYTES_MAX - frame).expect("fits");
    assert_eq!(fits.bytes().len(), STATEMENT_BYTES_MAX);
    let error = sign(STATEMENT_BYTES_MAX - frame + 1)
        .expect_err("too long")
        .to_string();
    assert!(error.contains("65537 bytes, at most 65536"), "{error}");

    let reason = "r".repeat(REASON_BYTES_MAX + 1);
    let subject = Who::Kiosk.subject();
    let long = Statement::Revocation { subject, reason };
    assert!(SignedStatement::sign(&Who::Operator.key(), 1, NOW_S, &long).is_err());
}

#[test]
fn every_altered_or_missing_byte_is_noticed() {
    for statement in statements(Who::FamilyAgent) {
        let kind = statement.kind();
        let bytes = state(Who::FamilyAgent, 1, statement).bytes().to_vec();
        for at in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[at] ^= 0x01;
            assert!(
                SignedStatement::parse(&altered).is_err(),
                "{kind}, byte {at}"
            );
            assert!(
                SignedStatement::parse(&bytes[..at]).is_err(),
                "{kind}, cut at {at}"
            );
        }
    }
}
