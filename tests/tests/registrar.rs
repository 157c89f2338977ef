//! A registrar admits kiosks and nobody else: an adviser whom its key has certified is refused by
//! every node, with all that this adviser signs, over a member's session, in a seed and in a vault.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use guichet::config::Config;
use guichet::folder::{self, Identity, keys::Keys};
use guichet::mesh::{Aim, Circuits, Mesh, MeshConfig, MeshEvent, Patience};
use guichet_keys::vault::{AgentKeys, Cost, Vault};
use guichet_keys::{
    ActClass, AesGcm, AgreementSecret, AuthorBinding, AuthorId, CaseTag, Chain, Credential,
    KeyPurpose, KeyUse, Role, Salt, SecretKey, ServiceId, SignedStatement, SigningKey, Statement,
    SubjectId,
};
use guichet_sync::envelope::{ChainId, Envelope, Header, KeyRef, Kind};
use guichet_sync::replica::Thing;
use guichet_sync::wire::{Frame, Interest, PROTOCOL, Reading};
use guichet_tests::attack::member;
use guichet_tests::network::Place;
use guichet_tests::process::log_file;
use guichet_tests::script::Script;
use guichet_tests::village::{Site, Village};
use guichet_tests::visit::{Visit, receipt_says, unlocked};
use serde_json::{Value, json};

const SERVICE: &str = "caf";
const REFUSED: &str = "may not certify the agent “Faux conseiller”";
const PASSPHRASE: &str = "aaaa-bbbb-cccc-dddd-eeee";

/// A key that certifies, and by what right.
struct Issuer {
    key: SigningKey,
    chain: Chain,
}

/// An adviser and all that shows that a node has believed in them: the certificate, a name to write
/// under, an edit and an act in a case.
struct Adviser {
    keys: AgentKeys,
    things: Vec<Thing>,
}

impl Issuer {
    fn registrar(relay: &Identity) -> Self {
        Self {
            key: SigningKey::from_seed(&relay.node_seed),
            chain: relay.chains.last().unwrap().clone(),
        }
    }

    /// The steward of the service, whose key lies in the network's authority.
    fn steward(network: &Path, seed: &[SignedStatement], root: SubjectId) -> Self {
        let keys = Keys::open(&network.join("authority"), None).unwrap();
        let purpose = KeyPurpose::Steward(ServiceId::new(SERVICE).unwrap());
        let key = SigningKey::from_seed(&keys.read(&purpose).unwrap());
        let certifies = |signed: &SignedStatement| {
            let Statement::Member(chain) = signed.statement() else {
                return None;
            };
            (chain.verify(&root).unwrap().subject == key.subject()).then(|| chain.clone())
        };
        let chain = seed.iter().find_map(certifies).unwrap();
        Self { key, chain }
    }

    fn certify(&self, name: &str, number: u8, service: Option<ServiceId>) -> AgentKeys {
        let (signing, agreement) = ([number; 32], [number + 1; 32]);
        let credential = Credential {
            subject: SigningKey::from_seed(&signing).subject(),
            role: Role::Agent,
            service,
            name: name.into(),
            agreement: Some(AgreementSecret::from_seed(&agreement).public()),
            issuer: self.key.subject(),
            not_before_s: 0,
            expires_s: 4_000_000_000,
            serial: 1,
        };
        let leaf = credential.sign(&self.key).unwrap();
        AgentKeys {
            signing_seed: signing.into(),
            agreement_seed: agreement.into(),
            chains: vec![Chain([vec![leaf], self.chain.0.clone()].concat())],
        }
    }

    /// Certifies somebody, who then writes at a station in a case.
    fn adviser(
        &self,
        (name, number): (&str, u8),
        service: Option<ServiceId>,
        (station, case): (SubjectId, CaseTag),
    ) -> Adviser {
        let keys = self.certify(name, number, service);
        let signer = keys.signing_key();
        let author = AuthorId::from([number; 16]);
        let binding = AuthorBinding {
            author,
            node: station,
            person: Some(signer.subject()),
            case: None,
        };
        let state = |key: &SigningKey, statement| {
            Thing::Statement(SignedStatement::sign(key, 1, 1, &statement).unwrap())
        };
        let write = |kind, class| {
            let usage = KeyUse::Shared;
            let chain = ChainId { case, author, kind };
            let salt = Salt::from([number; 16]);
            let mut header = Header::new(chain, 0, None, KeyRef { usage, epoch: 1 }, salt);
            header.class = class;
            let key = SecretKey::from([number; 32]);
            Thing::Envelope(Envelope::seal(&header, b"faux", &key, &AesGcm, &signer).unwrap())
        };
        let things = vec![
            state(&self.key, Statement::Member(keys.chains[0].clone())),
            state(&signer, Statement::Author(binding)),
            write(Kind::Edit, None),
            write(Kind::Act, Some(ActClass::Agent)),
        ];
        Adviser { keys, things }
    }
}

/// A member of the network that says what a test wants said.
struct Member {
    place: Place,
    identity: Identity,
}

impl Member {
    /// Opens a session with a node and offers it these things; blocks until it has taken note.
    fn offer(&self, to: SubjectId, main: String, things: &[Thing]) {
        let frames: Vec<_> = things
            .iter()
            .map(|thing| Frame::Live {
                what: thing.what(),
                payload: thing.bytes().to_vec(),
            })
            .collect();
        let config = member(&self.identity, &self.place);
        let session = move || {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = runtime.enable_all().build()?;
            runtime.block_on(session(config, to, main, frames));
            Ok(())
        };
        self.place.visit(session).unwrap();
    }
}

async fn session(config: MeshConfig, to: SubjectId, main: String, frames: Vec<Frame>) {
    let (mesh, mut events) = Mesh::start(config).unwrap();
    mesh.allow(to);
    let aim = Aim {
        addresses: vec![main],
        patience: Patience::Brisk,
        circuits: Circuits::Never,
    };
    mesh.seek(to, aim);
    let hello = Frame::Hello {
        version: PROTOCOL,
        features: 0,
        reading: Reading([1; 16]),
        read: None,
        served: None,
        interest: Interest::Cases(vec![]),
    };
    loop {
        let event = events.recv().await.unwrap();
        if let MeshEvent::PeerUp { .. } = event {
            mesh.send(&to, hello.encode()).unwrap();
        } else if let MeshEvent::Frame { frame, .. } = event
            && matches!(Frame::decode(&frame), Ok(Frame::Hello { .. }))
        {
            break;
        }
    }
    for frame in frames {
        mesh.send(&to, frame.encode()).unwrap();
    }
    // A second hello ends the session, once all before it was taken.
    mesh.send(&to, hello.encode()).unwrap();
    while !matches!(events.recv().await.unwrap(), MeshEvent::PeerDown { .. }) {}
}

/// How many statements, edits and acts a node has on its disk.
async fn stored(script: &Script) -> anyhow::Result<[u64; 3]> {
    let status = script.api().get_json("/status").await?;
    let count = |what| status["stored"][what].as_u64().unwrap_or_default();
    Ok([count("statements"), count("edits"), count("acts")])
}

fn log(site: &Site) -> String {
    std::fs::read_to_string(log_file(&site.log).unwrap()).unwrap()
}

fn main_address(site: &Site) -> String {
    let config = Config::read(site.folder()).unwrap();
    format!("/ip4/{}/tcp/{}", config.mesh_host, config.mesh_port)
}

fn identity(site: &Site) -> Identity {
    folder::open(site.folder(), None).unwrap().identity
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adviser_of_a_registrar_is_refused_by_every_node() {
    let mut village = Village::new("registrar", 2, 1).unwrap();
    let relay = identity(&village.relay);
    let root = relay.root;
    let subjects = [&village.relay, &village.kiosks[0], &village.stations[0]]
        .map(|site| identity(site).key.subject());
    let member = Member {
        place: village.kiosks[1].place.clone(),
        identity: identity(&village.kiosks[1]),
    };
    let seed = folder::open(village.relay.folder(), None).unwrap().seed;
    let network = village.relay.folder().parent().unwrap().to_path_buf();
    let (registrar, steward) = (
        Issuer::registrar(&relay),
        Issuer::steward(&network, &seed, root),
    );
    village.relay.start().await.unwrap();
    village.kiosks[0].start().await.unwrap();
    village.stations[0].start().await.unwrap();
    let kiosk = village.kiosks[0].script().unwrap();
    let left = Visit::at(&kiosk).await.unwrap();
    receipt_says(&kiosk, "received").await.unwrap();
    let case = left.case.parse().unwrap();
    let at = (subjects[2], case);
    let sites = [&village.relay, &village.kiosks[0], &village.stations[0]];
    let mut before = Vec::new();
    for site in sites {
        before.push(stored(&site.script().unwrap()).await.unwrap());
    }

    for ((site, to), number) in sites.into_iter().zip(subjects).zip([10, 20, 30]) {
        let forged = registrar.adviser(("Faux conseiller", number), None, at);
        let service = Some(ServiceId::new(SERVICE).unwrap());
        let genuine = steward.adviser(("Vraie conseillère", number + 5), service, at);
        let things = [forged.things, genuine.things].concat();
        tokio::task::block_in_place(|| member.offer(to, main_address(site), &things));
        assert!(log(site).contains(REFUSED), "{}", log(site));
    }
    for (site, [statements, edits, acts]) in sites.into_iter().zip(before) {
        let three_genuine = [statements + 6, edits + 3, acts + 3];
        site.script()
            .unwrap()
            .until("what the genuine ones wrote", stored, |now| {
                assert!(now <= &three_genuine, "{} holds {now:?}", site.log);
                *now == three_genuine
            })
            .await
            .unwrap();
        // An edit and an act: a line that repeats is written once.
        let unbound = log(site).contains("is not bound to anybody");
        assert!(unbound, "{}", site.log);
    }
    left.is_at(&unlocked(&village).await.unwrap())
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_refused_in_a_seed_and_in_a_vault() {
    let mut village = Village::new("planted", 1, 1).unwrap();
    village.start().await.unwrap();
    let kiosk = village.kiosks[0].script().unwrap();
    let left = Visit::at(&kiosk).await.unwrap();
    receipt_says(&kiosk, "received").await.unwrap();
    let case = left.case.parse().unwrap();
    let sites = [&village.relay, &village.kiosks[0], &village.stations[0]];
    let mut before = Vec::new();
    for site in sites {
        before.push(stored(&site.script().unwrap()).await.unwrap());
    }
    village.kill();

    let (relay, station) = (identity(&village.relay), identity(&village.stations[0]));
    let registrar = Issuer::registrar(&relay);
    let at = (station.key.subject(), case);
    let forged = registrar.adviser(("Faux conseiller", 40), None, at);
    for folder in [&village.relay, &village.kiosks[0], &village.stations[0]].map(Site::folder) {
        let planted = forged.things.iter().filter_map(|thing| {
            if let Thing::Statement(signed) = thing {
                return Some(signed.clone());
            }
            None
        });
        let mut seed = folder::open(folder, None).unwrap().seed;
        seed.extend(planted);
        folder::write_seed(folder, &seed).unwrap();
    }
    let adviser = forged.keys.signing_key().subject();
    let vault = Vault::seal(
        &forged.keys,
        PASSPHRASE,
        Cost::STANDARD,
        Salt::from([1; 16]),
    )
    .unwrap();
    folder::write_vault(village.stations[0].folder(), &adviser, &vault).unwrap();

    village.start().await.unwrap();
    let desk = village.stations[0].script().unwrap();
    let order = json!({ "adviser": adviser.to_string(), "passphrase": PASSPHRASE });
    desk.api().post_json("/unlock", &order).await.unwrap();
    let empty = desk.desk().await.unwrap();
    assert_eq!(empty, [""; 0], "there is nothing on this desk");
    assert!(desk.case(&left.case).await.is_err());
    desk.lock().await.unwrap();
    for (site, before) in [&village.relay, &village.kiosks[0], &village.stations[0]]
        .into_iter()
        .zip(before)
    {
        let said = log(site);
        assert!(said.contains(REFUSED), "{said}");
        let now = stored(&site.script().unwrap()).await.unwrap();
        assert_eq!(now, before, "{}", site.log);
    }
    let desk = unlocked(&village).await.unwrap();
    left.is_at(&desk).await.unwrap();
    let view: Value = desk.case(&left.case).await.unwrap();
    assert!(!view.to_string().contains("Faux conseiller"));
}
