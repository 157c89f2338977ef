//! Strangers before the doors of a whole network: at the porch they get a hello, at the main door
//! nothing, and whoever belongs there does not notice.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures::{AsyncReadExt as _, AsyncWriteExt as _};
use guichet::config::{self, Config};
use guichet::folder::{self, Identity};
use guichet_keys::{AgreementSecret, Chain, Credential, Role, SigningKey, SubjectId};
use guichet_sync::wire::Frame;
use guichet_tests::api::Api;
use guichet_tests::network::Place;
use guichet_tests::process::{Node, guichet};
use guichet_tests::raw::Raw;
use guichet_tests::script::Script;
use guichet_tests::village::{Site, Village};
use guichet_tests::visit::unlocked;
use serde_json::Value;

const PORCH: &str = "/guichet/porch/1";
const SYNC: &str = "/guichet/sync/1";
const IDENTIFY: &str = "/ipfs/id/1.0.0";
const PING: &str = "/ipfs/ping/1.0.0";
/// The members' stream last: a connection ends with it.
const OTHERS: [&str; 6] = [
    IDENTIFY,
    "/ipfs/id/push/1.0.0",
    PING,
    "/libp2p/circuit/relay/0.2.0/hop",
    "/libp2p/circuit/relay/0.2.0/stop",
    SYNC,
];
const SHUT_WITHIN: Duration = Duration::from_secs(2);
/// What a stranger's own node may have been sent by a relay, at IP level.
const HELLOS_BYTES_MAX: u64 = 64 * 1024;

/// The two doors of a node, and the hello that everybody hears at one of them.
#[derive(Clone)]
struct Doors {
    main: String,
    porch: String,
    hello: Vec<u8>,
}

/// Somebody with a libp2p client: a key, and what it says at a porch.
#[derive(Clone)]
struct Caller {
    place: Place,
    seed: [u8; 32],
    hello: Vec<u8>,
}

/// What a caller was given at both doors of a node.
#[derive(Debug, PartialEq)]
struct Reception {
    at_porch: Vec<u8>,
    spoken_at_porch: Vec<&'static str>,
    spoken_inside: Vec<&'static str>,
    offered_inside: usize,
    first_frame: Option<Frame>,
    shut: bool,
}

impl Doors {
    fn of(site: &Site) -> Self {
        let (config, identity) = (
            Config::read(site.folder()).unwrap(),
            identity(site.folder()),
        );
        let address = |port| format!("/ip4/{}/tcp/{port}", config.mesh_host);
        Self {
            main: address(config.mesh_port),
            porch: address(config.porch_port),
            hello: hello(identity.root, identity.chains.first()),
        }
    }
}

impl Caller {
    fn new(place: &Place, seed: [u8; 32], network: SubjectId, chain: Option<&Chain>) -> Self {
        Self {
            place: place.clone(),
            seed,
            hello: hello(network, chain),
        }
    }

    /// Tries everything at both doors; blocks.
    fn knock(&self, doors: &Doors) -> Reception {
        let (caller, doors) = (self.clone(), doors.clone());
        let knock = move || {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            Ok(runtime
                .enable_all()
                .build()?
                .block_on(caller.try_all(&doors)))
        };
        self.place.visit(knock).unwrap()
    }

    async fn try_all(&self, doors: &Doors) -> Reception {
        let at_porch = self.visit(&doors.porch).await;
        let porch = Raw::connect(&doors.porch, self.seed).await.unwrap();
        let spoken_at_porch = spoken(&porch).await;
        drop(porch);
        let mut main = Raw::connect(&doors.main, self.seed).await.unwrap();
        let shut = main.closed(SHUT_WITHIN).await;
        let offered_inside = main.offered();
        let main = Raw::connect(&doors.main, self.seed).await.unwrap();
        let spoken_inside = spoken(&main).await;
        drop(main);
        let main = Raw::connect(&doors.main, self.seed).await.unwrap();
        let first_frame = first_frame(&main).await;
        Reception {
            at_porch,
            spoken_at_porch,
            spoken_inside,
            offered_inside,
            first_frame,
            shut,
        }
    }

    async fn visit(&self, porch: &str) -> Vec<u8> {
        let raw = Raw::connect(porch, self.seed).await.unwrap();
        let mut stream = raw.stream(PORCH).await.unwrap();
        stream.write_all(&self.hello).await.unwrap();
        stream.flush().await.unwrap();
        let mut back = Vec::new();
        let _however_it_ends = stream.read_to_end(&mut back).await;
        back
    }
}

async fn spoken(raw: &Raw) -> Vec<&'static str> {
    let mut spoken = Vec::new();
    for protocol in OTHERS {
        if raw.stream(protocol).await.is_some() {
            spoken.push(protocol);
        }
    }
    spoken
}

/// Opens the stream of the members and reads until they say something.
async fn first_frame(raw: &Raw) -> Option<Frame> {
    let mut stream = raw.stream(SYNC).await?;
    stream.write_all(&[0; 4]).await.ok()?;
    stream.flush().await.ok()?;
    loop {
        let mut length = [0; 4];
        stream.read_exact(&mut length).await.ok()?;
        let mut frame = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap()];
        stream.read_exact(&mut frame).await.ok()?;
        if !frame.is_empty() {
            return Some(Frame::decode(&frame).unwrap());
        }
    }
}

/// A hello of the porch, with its length before it.
fn hello(network: SubjectId, chain: Option<&Chain>) -> Vec<u8> {
    let chain = chain.map(Chain::to_bytes).unwrap_or_default();
    let mut hello = minicbor::Encoder::new(Vec::new());
    let fields = (|| {
        hello.array(4)?.u16(1)?.u64(0)?;
        hello.bytes(network.as_bytes())?.bytes(&chain)?.ok()
    })();
    fields.unwrap();
    let hello = hello.into_writer();
    let length = u16::try_from(hello.len()).unwrap().to_be_bytes();
    [&length[..], &hello].concat()
}

fn identity(folder: &Path) -> Identity {
    folder::open(folder, None).unwrap().identity
}

/// An adviser whom a registrar certifies, which is not its business.
fn certified_by_registrar(relay: &Identity, seed: [u8; 32]) -> Chain {
    let registrar = relay.chains.last().unwrap();
    let credential = Credential {
        subject: SigningKey::from_seed(&seed).subject(),
        role: Role::Agent,
        service: None,
        name: "Faux conseiller".into(),
        agreement: Some(AgreementSecret::from_seed(&seed).public()),
        issuer: relay.key.subject(),
        not_before_s: 0,
        expires_s: 4_000_000_000,
        serial: 1,
    };
    let leaf = credential.sign(&relay.key).unwrap();
    Chain([vec![leaf], registrar.0.clone()].concat())
}

/// The folder of a node of another network.
fn of_another_network(village: &Village) -> PathBuf {
    let dir = village.folder().join("another");
    let arguments = [
        "network",
        "init",
        "--kiosks",
        "1",
        "--stations",
        "0",
        "--dir",
    ];
    let place = dir.to_string_lossy();
    guichet(&Place::here(), &[&arguments[..], &[&place]].concat()).unwrap();
    dir.join("kiosk-1")
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_get_the_hello_and_nothing_else_while_members_go_on() {
    let mut village = Village::new("strangers", 2, 1).unwrap();
    let place = village.network.place("stranger").unwrap();
    let sites = [&village.relay, &village.kiosks[0], &village.stations[0]];
    let doors = sites.map(Doors::of);
    let (relay, member) = (
        identity(village.relay.folder()),
        identity(village.kiosks[1].folder()),
    );
    let other = identity(&of_another_network(&village));
    let root = relay.root;
    let registered = certified_by_registrar(&relay, [51; 32]);
    let strangers = [
        Caller::new(&place, [50; 32], root, None),
        Caller::new(&place, [50; 32], root, member.chains.first()),
        Caller::new(&place, [51; 32], root, Some(&registered)),
        Caller::new(&place, *other.node_seed, other.root, other.chains.first()),
        Caller::new(&place, *other.node_seed, root, other.chains.first()),
    ];
    village.relay.start().await.unwrap();
    village.kiosks[0].start().await.unwrap();
    village.stations[0].start().await.unwrap();
    let (kiosk, desk) = (
        village.kiosks[0].script().unwrap(),
        unlocked(&village).await.unwrap(),
    );
    let case = kiosk.begin("caf", "housing").await.unwrap();

    let at = doors.clone();
    let mut knocking = tokio::task::spawn_blocking(move || {
        let knock = |doors: &Doors| strangers.iter().map(|it| it.knock(doors)).collect();
        at.iter().map(knock).collect::<Vec<Vec<Reception>>>()
    });
    let mut crossed = 0;
    let received = loop {
        if let Ok(received) = tokio::time::timeout(Duration::ZERO, &mut knocking).await {
            break received.unwrap();
        }
        crossed += 1;
        let rent = crossed.to_string();
        kiosk.set(&case, "rent", &rent).await.unwrap();
        let rent_there = async |desk: &Script| desk.values(&case, "rent").await;
        desk.until("the edit", rent_there, |there| *there == [rent.clone()])
            .await
            .unwrap();
    };
    println!("{crossed} edits crossed while strangers knocked");
    assert!(crossed > 0, "members work meanwhile");
    for (doors, receptions) in doors.iter().zip(received) {
        for reception in receptions {
            let nothing_else = Reception {
                at_porch: doors.hello.clone(),
                spoken_at_porch: vec![],
                spoken_inside: vec![],
                offered_inside: 0,
                first_frame: None,
                shut: true,
            };
            assert_eq!(reception, nothing_else);
        }
    }

    let known = Caller::new(&place, *member.node_seed, root, member.chains.first());
    for doors in &doors {
        let reception = tokio::task::block_in_place(|| known.knock(doors));
        assert_eq!(reception.at_porch, doors.hello);
        assert_eq!(reception.spoken_at_porch, [""; 0]);
        for protocol in [SYNC, IDENTIFY, PING] {
            assert!(reception.spoken_inside.contains(&protocol), "{reception:?}");
        }
        assert!(matches!(reception.first_frame, Some(Frame::Hello { .. })));
        assert!(reception.offered_inside > 0, "{reception:?}");
        assert!(!reception.shut, "a member is let in");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_of_another_network_stays_alone() {
    let mut village = Village::new("another", 2, 0).unwrap();
    let place = village.network.place("stranger").unwrap();
    let stranger = of_another_network(&village);
    let settled = Config {
        mesh_host: place.address().into(),
        relays: Config::read(village.kiosks[0].folder()).unwrap().relays,
        ..Config::read(&stranger).unwrap()
    };
    fs::write(stranger.join(config::FILE), settled.to_toml()).unwrap();
    village.relay.start().await.unwrap();
    village.kiosks[0].start().await.unwrap();
    let alone = Node::start(&place, &stranger, "another-stranger")
        .await
        .unwrap();
    let kiosk = village.kiosks[0].script().unwrap();
    let visited = async |_: &Script| village.network.traffic(&village.relay.place, &place);
    kiosk
        .until("hellos at the porch", visited, |sent| sent.bytes > 4_000)
        .await
        .unwrap();

    let line = async |api: Api| {
        let status = api.get_json("/status").await.unwrap();
        let here = |it: &&Value| it["presence"]["presence"] == "here";
        let members = status["members"].as_array().unwrap();
        (
            status["line"]["line"].as_str().unwrap().to_owned(),
            members.iter().filter(here).count(),
            members.len(),
        )
    };
    assert_eq!(line(alone.api().unwrap()).await, ("cut".into(), 0, 1));
    let relay = line(village.relay.node().unwrap().api().unwrap()).await;
    assert_eq!(
        relay,
        ("up".into(), 1, 2),
        "the relay knows two kiosks and sees one"
    );
    let sent = village
        .network
        .traffic(&village.relay.place, &place)
        .unwrap();
    println!("a relay sent a stranger's node {} bytes", sent.bytes);
    assert!(sent.bytes < HELLOS_BYTES_MAX);

    village.kiosks[1].start().await.unwrap();
    let second = village.kiosks[1].script().unwrap();
    let up = async |script: &Script| Ok(line(script.api().clone()).await);
    second
        .until("a member's line", up, |(line, ..)| line == "up")
        .await
        .unwrap();
}
