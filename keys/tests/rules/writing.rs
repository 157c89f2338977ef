use guichet_keys::*;

use crate::network::*;

const AT_KIOSK: u8 = 1;
const AT_KIOSK_AGAIN: u8 = 2;
const AT_OTHER_KIOSK: u8 = 3;
const FAMILY_ADVISER: u8 = 4;
const ENERGY_ADVISER: u8 = 5;
const CASE: u8 = 9;

/// A family case that the kiosk created, and authors of everybody.
fn with_case() -> Directory {
    let mut directory = directory();
    let statements = [
        (Who::Kiosk, kiosk_author(Who::Kiosk, AT_KIOSK)),
        (Who::Kiosk, kiosk_author(Who::Kiosk, AT_KIOSK_AGAIN)),
        (
            Who::OtherKiosk,
            kiosk_author(Who::OtherKiosk, AT_OTHER_KIOSK),
        ),
        (
            Who::FamilyAgent,
            agent_author(Who::FamilyAgent, FAMILY_ADVISER),
        ),
        (
            Who::EnergyAgent,
            agent_author(Who::EnergyAgent, ENERGY_ADVISER),
        ),
        (Who::Kiosk, Statement::Case(case(AT_KIOSK, CASE))),
    ];
    for (who, statement) in statements {
        assert_eq!(directory.learn(state(who, 1, statement)), Ok(Learned::New));
    }
    directory
}

#[test]
fn every_author_times_every_writing() {
    let directory = with_case();
    let writers = [
        (AT_KIOSK, Who::Kiosk, Role::Kiosk, true),
        (AT_KIOSK_AGAIN, Who::Kiosk, Role::Kiosk, true),
        (AT_OTHER_KIOSK, Who::OtherKiosk, Role::Kiosk, false),
        (FAMILY_ADVISER, Who::FamilyAgent, Role::Agent, true),
        (ENERGY_ADVISER, Who::EnergyAgent, Role::Agent, false),
    ];
    for (number, who, role, open) in writers {
        for writing in Writing::ALL {
            let expected = if !role::may_write(role, writing) {
                Err(Refusal::MayNotWrite { role, writing })
            } else if open {
                Ok(who.subject())
            } else {
                let subject = who.subject();
                Err(Refusal::NotTheirCase {
                    subject,
                    role,
                    case: tag(CASE),
                    service: family(),
                })
            };
            assert_eq!(
                directory.may_write(&author(number), &tag(CASE), writing),
                expected
            );
        }
    }
}

#[test]
fn what_is_not_known_may_pass_later() {
    let directory = with_case();
    let unknown_author = directory.may_write(&author(99), &tag(CASE), Writing::Edit);
    let unknown_case = directory.may_write(&author(AT_KIOSK), &tag(99), Writing::Edit);
    assert_eq!(
        unknown_author,
        Err(Refusal::UnknownAuthor { author: author(99) })
    );
    assert_eq!(unknown_case, Err(Refusal::UnknownCase { case: tag(99) }));
    for refusal in [unknown_author, unknown_case] {
        assert!(refusal.expect_err("refused").may_pass_later());
    }
}

#[test]
fn the_revoked_write_no_more() {
    for (revoked, number) in [
        (Who::Kiosk, AT_KIOSK),
        (Who::FamilyAgent, FAMILY_ADVISER),
        (Who::Station, FAMILY_ADVISER),
    ] {
        let mut directory = with_case();
        let subject = revoked.subject();
        let statement = Statement::Revocation {
            subject,
            reason: String::new(),
        };
        directory
            .learn(state(Who::Root, 1, statement))
            .expect("allowed");
        assert_eq!(
            directory.may_write(&author(number), &tag(CASE), Writing::Edit),
            Err(Refusal::Revoked { subject })
        );
    }
}

#[test]
fn an_author_may_be_bound_to_one_case() {
    let mut directory = with_case();
    let binding = |number: u8, case: u8| {
        Statement::Author(AuthorBinding {
            author: author(number),
            node: Who::Kiosk.subject(),
            person: None,
            case: Some(tag(case)),
        })
    };
    directory
        .learn(state(Who::Kiosk, 1, binding(20, CASE)))
        .expect("allowed");
    directory
        .learn(state(Who::Kiosk, 1, binding(21, 99)))
        .expect("allowed");
    let writes = |number| directory.may_write(&author(number), &tag(CASE), Writing::Edit);
    assert_eq!(writes(20), Ok(Who::Kiosk.subject()));
    assert_eq!(
        writes(21),
        Err(Refusal::OtherCase {
            author: author(21),
            case: tag(CASE)
        })
    );
}

#[test]
fn nobody_binds_another_ones_author() {
    let bind = |signer: Who, node: Who, person: Option<Who>| {
        let person = person.map(Who::subject);
        let binding = AuthorBinding {
            author: author(30),
            node: node.subject(),
            person,
            case: None,
        };
        directory().learn(state(signer, 1, Statement::Author(binding)))
    };
    let not_theirs = |signer: Who| {
        Err(Refusal::NotTheirAuthor {
            author: author(30),
            signer: signer.subject(),
        })
    };
    assert_eq!(
        bind(Who::Kiosk, Who::OtherKiosk, None),
        not_theirs(Who::Kiosk)
    );
    assert_eq!(
        bind(Who::Kiosk, Who::Kiosk, Some(Who::Kiosk)),
        not_theirs(Who::Kiosk)
    );
    assert_eq!(
        bind(Who::Kiosk, Who::Kiosk, Some(Who::FamilyAgent)),
        not_theirs(Who::Kiosk)
    );
    assert_eq!(
        bind(Who::FamilyAgent, Who::FamilyAgent, None),
        not_theirs(Who::FamilyAgent)
    );
    assert_eq!(
        bind(Who::FamilyAgent, Who::Station, Some(Who::EnergyAgent)),
        not_theirs(Who::FamilyAgent)
    );
    let at_kiosk = Refusal::UnknownStation {
        author: author(30),
        node: Who::Kiosk.subject(),
    };
    assert_eq!(
        bind(Who::FamilyAgent, Who::Kiosk, Some(Who::FamilyAgent)),
        Err(at_kiosk)
    );
    assert_eq!(
        bind(Who::FamilyAgent, Who::Station, Some(Who::FamilyAgent)),
        Ok(Learned::New)
    );
}

#[test]
fn an_author_stands_for_one_only() {
    let mut directory = with_case();
    let stolen = state(Who::OtherKiosk, 9, kiosk_author(Who::OtherKiosk, AT_KIOSK));
    let by = Who::Kiosk.subject();
    assert_eq!(
        directory.learn(stolen),
        Err(Refusal::AuthorTaken {
            author: author(AT_KIOSK),
            by
        })
    );
    let again = state(Who::Kiosk, 9, kiosk_author(Who::Kiosk, AT_KIOSK));
    assert_eq!(directory.learn(again), Ok(Learned::Known));
}

#[test]
fn a_case_is_stated_by_its_creator_or_its_service() {
    let mut directory = with_case();
    let mut learn = |who, statement| directory.learn(state(who, 2, Statement::Case(statement)));
    let not_theirs = |who: Who, number: u8| {
        Err(Refusal::NotTheirCaseToState {
            case: tag(number),
            signer: who.subject(),
        })
    };
    assert_eq!(
        learn(Who::OtherKiosk, case(AT_KIOSK, 40)),
        not_theirs(Who::OtherKiosk, 40)
    );
    assert_eq!(
        learn(Who::EnergyAgent, case(AT_KIOSK, 40)),
        not_theirs(Who::EnergyAgent, 40)
    );
    assert_eq!(
        learn(Who::FamilyAgent, case(FAMILY_ADVISER, 41)),
        Ok(Learned::New)
    );
    assert_eq!(
        learn(Who::Kiosk, case(99, 42)),
        Err(Refusal::UnknownAuthor { author: author(99) })
    );
}

#[test]
fn what_a_case_began_with_stays() {
    let mut directory = with_case();
    let by = Who::Kiosk.subject();
    let taken = Err(Refusal::CaseTaken {
        case: tag(CASE),
        by,
    });
    let first = case(AT_KIOSK, CASE);

    let squatted = CaseStatement {
        author: author(AT_OTHER_KIOSK),
        ..first.clone()
    };
    let moved = CaseStatement {
        service: energy(),
        ..first.clone()
    };
    let shorn = CaseStatement {
        keys: first.keys[..1].to_vec(),
        ..first.clone()
    };
    let mut rekeyed = first.clone();
    rekeyed.keys[0].commitment = sha256(b"another");
    for (who, statement) in [
        (Who::OtherKiosk, squatted),
        (Who::Kiosk, moved),
        (Who::FamilyAgent, shorn),
        (Who::FamilyAgent, rekeyed),
    ] {
        assert_eq!(
            directory.learn(state(who, 9, Statement::Case(statement))),
            taken
        );
    }

    let mut longer = first.clone();
    longer.keys.push(CaseKey {
        epoch: 2,
        ..first.keys[0].clone()
    });
    let statement = Statement::Case(longer.clone());
    assert_eq!(
        directory.learn(state(Who::FamilyAgent, 2, statement)),
        Ok(Learned::New)
    );
    assert_eq!(
        directory.case(&tag(CASE)),
        Some((&longer, Who::FamilyAgent.subject()))
    );
    assert_eq!(directory.cases().count(), 1);
    assert_eq!(
        directory.may_write(&author(AT_KIOSK), &tag(CASE), Writing::Edit),
        Ok(Who::Kiosk.subject())
    );
}
