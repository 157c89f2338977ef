use guichet_keys::credential::{ChainError, CredentialError};
use guichet_keys::limits::*;
use guichet_keys::*;

use crate::network::*;

fn verify(chain: &Chain) -> Result<Credential, ChainError> {
    chain.verify(&Who::Root.subject())
}

#[test]
fn every_chain_of_the_network_leads_to_root() {
    for chain in chains() {
        let leaf = verify(&chain).expect("verifies");
        let same = Chain::from_bytes(&chain.to_bytes()).expect("decodes");
        assert_eq!(verify(&same), Ok(leaf));
    }
}

#[test]
fn what_was_signed_is_what_is_read() {
    let chain = agent(Who::FamilySteward, Who::FamilyAgent, family());
    let expected = credential(
        Who::FamilySteward,
        Who::FamilyAgent,
        Role::Agent,
        Some(family()),
    );
    assert_eq!(verify(&chain), Ok(expected));
}

#[test]
fn every_issuer_times_every_role() {
    for issuer in Role::ALL {
        let (issuer_chain, service) = match issuer {
            Role::Operator => (operator(), None),
            Role::Steward => (steward(Who::FamilySteward, family()), Some(family())),
            Role::Registrar => (registrar(), None),
            Role::Relay => (relay(), None),
            Role::Kiosk => (kiosk(Who::Kiosk), None),
            Role::Station => (
                of_service(Who::FamilySteward, Who::Station, Role::Station, family()),
                Some(family()),
            ),
            Role::Agent => (
                agent(Who::FamilySteward, Who::FamilyAgent, family()),
                Some(family()),
            ),
        };
        let signer = [
            Who::Operator,
            Who::FamilySteward,
            Who::Relay,
            Who::Kiosk,
            Who::Station,
            Who::FamilyAgent,
        ]
        .into_iter()
        .find(|who| verify(&issuer_chain).expect("verifies").subject == who.subject())
        .expect("one of them");
        for role in Role::ALL {
            let leaf = link(signer, Who::Stranger, role, service.clone());
            let verified = verify(&below(issuer_chain.clone(), leaf));
            assert_eq!(
                verified.is_ok(),
                role::may_issue(Some(issuer), role),
                "{issuer} certifies {role}: {verified:?}"
            );
        }
    }
}

#[test]
fn nobody_is_certified_under_a_key_that_nobody_made() {
    let mut kiosk = credential(Who::Relay, Who::Kiosk, Role::Kiosk, None);
    let relay = Who::Relay.key();
    kiosk.sign(&relay).expect("a key that somebody made");
    // The neutral point, and −1 in another than its one encoding.
    let mut sign_of_nothing = [0xff; 32];
    sign_of_nothing[0] = 0xec;
    for key in [[0; 32], sign_of_nothing] {
        kiosk.subject = key.into();
        let refused = kiosk.sign(&relay).expect_err("no key");
        assert!(refused.to_string().contains("its subject"), "{refused}");
    }
}

#[test]
fn an_agent_certified_by_a_registrar_is_refused() {
    for service in [None, Some(family())] {
        let chain = below(
            registrar(),
            link(Who::Relay, Who::Stranger, Role::Agent, service),
        );
        assert_eq!(
            verify(&chain),
            Err(ChainError::MayNotIssue {
                issuer: Some(Role::Registrar),
                subject: Role::Agent,
                name: "Stranger".to_owned(),
            })
        );
    }
}

#[test]
fn services_are_handed_down_unchanged() {
    let refused = [
        Chain(vec![link(
            Who::Root,
            Who::FamilySteward,
            Role::Steward,
            None,
        )]),
        Chain(vec![link(
            Who::Root,
            Who::Operator,
            Role::Operator,
            Some(family()),
        )]),
        below(
            operator(),
            link(Who::Operator, Who::Station, Role::Station, Some(family())),
        ),
        below(
            registrar(),
            link(Who::Relay, Who::Kiosk, Role::Kiosk, Some(family())),
        ),
        below(
            steward(Who::FamilySteward, family()),
            link(Who::FamilySteward, Who::Station, Role::Station, None),
        ),
        below(
            steward(Who::FamilySteward, family()),
            link(
                Who::FamilySteward,
                Who::FamilyAgent,
                Role::Agent,
                Some(energy()),
            ),
        ),
    ];
    for chain in &refused {
        assert!(
            matches!(verify(chain), Err(ChainError::Service { .. })),
            "{:?}",
            verify(chain)
        );
    }
}

#[test]
fn the_links_must_join() {
    let of_another_root = Chain(vec![link(
        Who::Stranger,
        Who::Operator,
        Role::Operator,
        None,
    )]);
    let Chain(mut swapped) = kiosk(Who::Kiosk);
    swapped.swap(0, 1);
    let skipping = Chain(vec![
        link(Who::Relay, Who::Kiosk, Role::Kiosk, None),
        link(Who::Root, Who::Operator, Role::Operator, None),
    ]);
    for chain in [of_another_root, Chain(swapped), skipping] {
        assert!(matches!(
            verify(&chain),
            Err(ChainError::Credential {
                error: CredentialError::Issuer { .. },
                ..
            })
        ));
    }
}

#[test]
fn chains_have_a_length() {
    assert_eq!(verify(&Chain(vec![])), Err(ChainError::Links(0)));
    let Chain(one) = operator();
    let long = Chain(vec![one[0].clone(); CHAIN_LINKS_MAX + 1]);
    assert_eq!(verify(&long), Err(ChainError::Links(CHAIN_LINKS_MAX + 1)));
    assert!(Chain::from_bytes(&long.to_bytes()).is_err());
    let heavy = Chain(vec![vec![0; CREDENTIAL_BYTES_MAX + 1]]);
    assert!(Chain::from_bytes(&heavy.to_bytes()).is_err());
    assert!(verify(&heavy).is_err());
}

#[test]
fn claims_are_checked_before_signing() {
    let good = credential(
        Who::FamilySteward,
        Who::FamilyAgent,
        Role::Agent,
        Some(family()),
    );
    let sign = |credential: Credential| credential.sign(&Who::FamilySteward.key());
    let longest = Credential {
        name: "n".repeat(NAME_BYTES_MAX),
        ..good.clone()
    };
    assert!(sign(longest).is_ok());
    let bad = [
        Credential {
            name: String::new(),
            ..good.clone()
        },
        Credential {
            name: "n".repeat(NAME_BYTES_MAX + 1),
            ..good.clone()
        },
        Credential {
            name: "a\nb".to_owned(),
            ..good.clone()
        },
        Credential {
            expires_s: good.not_before_s - 1,
            ..good.clone()
        },
        Credential {
            expires_s: u64::MAX,
            ..good.clone()
        },
        Credential {
            agreement: None,
            ..good.clone()
        },
    ];
    for credential in bad {
        assert!(matches!(
            sign(credential),
            Err(CredentialError::Claim { .. })
        ));
    }
    assert!(matches!(
        good.sign(&Who::EnergySteward.key()),
        Err(CredentialError::Issuer { .. })
    ));
}

#[test]
fn validity_is_told() {
    let credential = credential(Who::Root, Who::Operator, Role::Operator, None);
    assert_eq!(
        credential.validity_at(credential.not_before_s - 1),
        Validity::NotYet
    );
    assert_eq!(
        credential.validity_at(credential.not_before_s),
        Validity::Current
    );
    assert_eq!(
        credential.validity_at(credential.expires_s),
        Validity::Current
    );
    assert_eq!(
        credential.validity_at(credential.expires_s + 1),
        Validity::Expired
    );
}

#[test]
fn the_longest_chain_fits_in_a_hello() {
    let name = "n".repeat(NAME_BYTES_MAX);
    let service = ServiceId::new(&"s".repeat(SERVICE_ID_BYTES_MAX)).expect("a good name");
    let longest = Credential {
        name,
        serial: u64::MAX,
        expires_s: i64::MAX as u64,
        ..credential(
            Who::FamilySteward,
            Who::FamilyAgent,
            Role::Agent,
            Some(service),
        )
    };
    let signed = longest.sign(&Who::FamilySteward.key()).expect("fits");
    assert!(signed.len() <= CREDENTIAL_BYTES_MAX);
    let chain = Chain(vec![signed; CHAIN_LINKS_MAX]);
    assert!(
        chain.to_bytes().len() < 4096 - 128,
        "{}",
        chain.to_bytes().len()
    );
}

#[test]
fn every_altered_or_missing_byte_is_noticed() {
    let Chain(links) = kiosk(Who::Kiosk);
    for (place, link) in links.iter().enumerate() {
        for at in 0..link.len() {
            let mut altered = links.clone();
            altered[place][at] ^= 0x01;
            assert!(verify(&Chain(altered)).is_err(), "link {place}, byte {at}");
            let mut cut = links.clone();
            cut[place].truncate(at);
            assert!(verify(&Chain(cut)).is_err(), "link {place}, cut at {at}");
        }
    }
    let bytes = kiosk(Who::Kiosk).to_bytes();
    for at in 0..bytes.len() {
        assert!(Chain::from_bytes(&bytes[..at]).is_err());
    }
}
