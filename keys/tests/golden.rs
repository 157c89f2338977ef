//! Golden vectors: the exact bytes of every format, made from fixed seeds.
//!
//! `golden.txt` holds one vector per paragraph, its name and then its bytes in hexadecimal. A
//! difference means that nodes in the field would no longer understand each other. To change a
//! format on purpose, run with `GUICHET_GOLDEN=write` and read the difference before committing.

use std::fmt::Write as _;
use std::path::Path;

use guichet_keys::vault::Cost;
use guichet_keys::*;
use zeroize::Zeroizing;

use network::*;

#[allow(
    dead_code,
    reason = "the rules use more of the network than the vectors do"
)]
#[path = "rules/network.rs"]
mod network;

const HEX_DIGITS_PER_LINE: usize = 96;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes all");
        text
    })
}

fn vectors() -> Vec<(&'static str, Vec<u8>)> {
    [primitives(), statements(), boxes()].concat()
}

fn primitives() -> Vec<(&'static str, Vec<u8>)> {
    let key = SecretKey::from([0x11; 32]);
    let salt = Salt::from([0x22; 16]);
    let signature = Who::Kiosk.key().sign("envelope/1", b"bonjour");
    let sealed = AesGcm.seal(&key, &salt, "page", 7, b"header", b"412 euros");
    let wrap = Wrap::seal(
        &Who::FamilyAgent.agreement().public(),
        "case-key",
        b"context",
        key.as_bytes(),
        &[0x33; 32],
    );
    let Chain(links) = agent(Who::FamilySteward, Who::FamilyAgent, family());
    vec![
        (
            "signature of “bonjour” in the domain envelope/1",
            signature.as_bytes().to_vec(),
        ),
        (
            "agreement key of the kiosk",
            Who::Kiosk.agreement().public().as_bytes().to_vec(),
        ),
        (
            "commitment of a secret key",
            key.commitment().as_bytes().to_vec(),
        ),
        ("sealed “412 euros”", sealed),
        (
            "wrap",
            minicbor::to_vec(wrap.expect("wraps")).expect("encodes"),
        ),
        ("credential of a steward", links[1].clone()),
        ("credential of an agent", links[0].clone()),
        (
            "credential of an operator, without service",
            link(Who::Root, Who::Operator, Role::Operator, None),
        ),
        ("chain", kiosk(Who::Kiosk).to_bytes()),
    ]
}

fn statements() -> Vec<(&'static str, Vec<u8>)> {
    let agents = [Who::FamilyAgent.agreement().public()];
    let recovery = Who::Root.agreement().public();
    let key = ServiceKey::create(&family(), 1, &agents, Some(&recovery), &[0x44; 32]);
    let (key, _) = key.expect("wraps");
    let (case, _) = CaseKeys::create(tag(0x55), author(0x66), &key, &[0x77; 32]).expect("wraps");
    let json = "{\"title\":\"Allocations\"}".as_bytes().to_vec();
    let subject = Who::Kiosk.subject();
    let reason = "volée".to_owned();
    let one_case = AuthorBinding {
        author: author(0x67),
        node: Who::Kiosk.subject(),
        person: None,
        case: Some(tag(0x55)),
    };
    let bytes = |who, statement| state(who, 258, statement).bytes().to_vec();
    vec![
        (
            "member",
            bytes(Who::Relay, Statement::Member(kiosk(Who::Kiosk))),
        ),
        (
            "revocation",
            bytes(Who::Operator, Statement::Revocation { subject, reason }),
        ),
        (
            "service key",
            bytes(Who::FamilySteward, Statement::ServiceKey(key)),
        ),
        (
            "catalogue",
            bytes(
                Who::FamilySteward,
                Statement::Catalogue {
                    service: family(),
                    json: json.clone(),
                },
            ),
        ),
        ("network", bytes(Who::Operator, Statement::Network { json })),
        (
            "author at a kiosk",
            bytes(Who::Kiosk, kiosk_author(Who::Kiosk, 0x66)),
        ),
        (
            "author at a kiosk, of one case",
            bytes(Who::Kiosk, Statement::Author(one_case)),
        ),
        (
            "author, an adviser",
            bytes(Who::FamilyAgent, agent_author(Who::FamilyAgent, 0x68)),
        ),
        ("case", bytes(Who::Kiosk, Statement::Case(case))),
        (
            "media",
            bytes(
                Who::Station,
                Statement::Media {
                    fingerprint: Hash::from([0x88; 32]),
                },
            ),
        ),
        (
            "unknown kind",
            bytes(Who::Relay, Statement::Unknown { kind: 99 }),
        ),
    ]
}

fn boxes() -> Vec<(&'static str, Vec<u8>)> {
    let (service, secret) = family_key();
    let (case, _) =
        CaseKeys::create(tag(0x55), author(0x66), &service, &[0x77; 32]).expect("wraps");
    let keys = CaseKeys::open(&case, &secret).expect("opens");
    let grant = |to, right| {
        let grant = Grant::create(tag(0x55), to, right, NOW_S, &keys, &[0x88; 32]).expect("wraps");
        grant.sign(&Who::FamilyAgent.key()).expect("signs").bytes
    };
    let visit = Grantee::Visit {
        key: Who::Kiosk.agreement().public(),
        node: Who::Kiosk.subject(),
    };
    let adviser = Grantee::Agent {
        key: Who::EnergyAgent.agreement().public(),
        subject: Who::EnergyAgent.subject(),
    };
    let machine = SecretKey::from([0x99; 32]);
    let key_file = |purpose| KeyFile::seal(&purpose, &[0xaa; 32], &machine, Salt::from([0xbb; 16]));
    let agent_keys = AgentKeys {
        signing_seed: Zeroizing::new([0xcc; 32]),
        agreement_seed: Zeroizing::new([0xdd; 32]),
        chains: vec![agent(Who::FamilySteward, Who::FamilyAgent, family())],
    };
    let vault = |cost| {
        Vault::seal(
            &agent_keys,
            "sésame, ouvre-toi",
            cost,
            Salt::from([0xee; 16]),
        )
        .expect("seals")
    };
    vec![
        ("grant to a visit", grant(visit, Right::Write)),
        ("grant to an adviser", grant(adviser, Right::Read)),
        ("key file of a node", key_file(KeyPurpose::Node)),
        (
            "key file of a node's agreement key",
            key_file(KeyPurpose::NodeAgreement),
        ),
        (
            "key file of a steward",
            key_file(KeyPurpose::Steward(family())),
        ),
        ("vault at the standard cost", vault(Cost::STANDARD)),
        (
            "vault of several lanes",
            vault(Cost {
                memory_kib: 64,
                passes: 2,
                lanes: 2,
            }),
        ),
    ]
}

fn shown(vectors: &[(&str, Vec<u8>)]) -> String {
    let mut text = String::new();
    for (name, bytes) in vectors {
        writeln!(text, "{name} ({} bytes)", bytes.len()).expect("a string takes all");
        for line in hex(bytes).as_bytes().chunks(HEX_DIGITS_PER_LINE) {
            let line = std::str::from_utf8(line).expect("digits");
            writeln!(text, "  {line}").expect("a string takes all");
        }
        text.push('\n');
    }
    text
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "writing the vectors anew is asked for from outside"
)]
fn every_format_is_byte_for_byte_what_it_was() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden.txt");
    let made = shown(&vectors());
    if std::env::var_os("GUICHET_GOLDEN").is_some_and(|value| value == "write") {
        std::fs::write(&path, &made).expect("the vectors can be written");
    }
    let golden = std::fs::read_to_string(&path).expect("tests/golden.txt");
    for (made, golden) in made.split("\n\n").zip(golden.split("\n\n")) {
        assert_eq!(made, golden);
    }
    assert_eq!(made, golden, "vectors were added or removed");
}

#[test]
fn the_vectors_are_read_back() {
    for (name, bytes) in statements() {
        let parsed = SignedStatement::parse(&bytes).expect(name);
        assert_eq!(
            (parsed.bytes(), parsed.serial(), parsed.at_s()),
            (&bytes[..], 258, NOW_S)
        );
    }
    for (name, bytes) in boxes() {
        let read = if name.starts_with("grant") {
            SignedGrant::parse(&bytes).is_ok()
        } else if name.starts_with("key file") {
            KeyFile::parse(&bytes)
                .expect(name)
                .open(&SecretKey::from([0x99; 32]))
                .is_ok()
        } else {
            Vault::parse(&bytes)
                .expect(name)
                .open("sésame, ouvre-toi")
                .is_ok()
        };
        assert!(read, "{name}");
    }
}
