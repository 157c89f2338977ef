//! What a stranger gets from a node, and what a member gets that breaks the rules.

use std::time::Duration;

use super::raw::Raw;
use super::support::{Network, Node, meet, subject};
use futures::{AsyncReadExt, AsyncWriteExt};
use guichet::mesh::limits::{FRAME_BYTES_MAX, HELLO_BYTES_MAX};
use guichet::mesh::{Duty, MeshEvent};

const PORCH: &str = "/guichet/porch/1";
const SYNC: &str = "/guichet/sync/1";
const OTHERS: [&str; 6] = [
    SYNC,
    "/ipfs/id/1.0.0",
    "/ipfs/id/push/1.0.0",
    "/ipfs/ping/1.0.0",
    "/libp2p/circuit/relay/0.2.0/hop",
    "/libp2p/circuit/relay/0.2.0/stop",
];
const SHORT: Duration = Duration::from_millis(1500);

fn hello(network: &Network, chain: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = minicbor::Encoder::new(&mut bytes);
    let encoded = encoder
        .array(4)
        .and_then(|e| e.u16(1))
        .and_then(|e| e.u64(0))
        .and_then(|e| e.bytes(network.root().as_bytes()))
        .and_then(|e| e.bytes(chain));
    encoded.expect("a vector takes all bytes");
    bytes
}

/// Sends bytes at a porch and returns all that comes back.
async fn visit(porch: &str, seed: u8, says: &[u8]) -> Vec<u8> {
    let raw = Raw::connect(porch, [seed; 32])
        .await
        .expect("a porch is open to anybody");
    let mut stream = raw
        .stream(PORCH)
        .await
        .expect("it speaks the porch's protocol");
    let length = u16::try_from(says.len()).expect("short").to_be_bytes();
    stream
        .write_all(&[&length, says].concat())
        .await
        .expect("taken");
    stream.flush().await.expect("taken");
    let mut back = Vec::new();
    // How the porch ends the stream does not matter here, only what it said before.
    let _ended = stream.read_to_end(&mut back).await;
    back
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_gets_the_hello_and_nothing_else() {
    let (network, other) = (Network::new(1), Network::new(99));
    let relay = Node::start(&network, 2, Duty::Relay, &[]).await;
    let kiosk = Node::start(&network, 3, Duty::Member, &[&relay]).await;
    let station = Node::start(&network, 4, Duty::Member, &[&relay]).await;
    let strange = subject(50);
    for mut node in [relay, kiosk, station] {
        let own = hello(&network, &network.chain(&node.subject));
        let expected = [
            &u16::try_from(own.len()).expect("short").to_be_bytes(),
            &own[..],
        ]
        .concat();
        let hellos = [
            hello(&network, &[]),
            hello(&network, &other.chain(&strange)),
            hello(&network, &network.chain(&node.subject)),
            hello(&other, &other.chain(&strange)),
            b"GET / HTTP/1.1\r\n\r\n".to_vec(),
            vec![],
        ];
        for says in &hellos {
            assert_eq!(visit(&node.porch, 50, says).await, expected);
        }
        let raw = Raw::connect(&node.porch, [50; 32])
            .await
            .expect("a porch is open to anybody");
        for protocol in OTHERS {
            assert!(
                raw.stream(protocol).await.is_none(),
                "{protocol} on the porch"
            );
        }
        let mut raw = Raw::connect(&node.main, [50; 32])
            .await
            .expect("keys are exchanged");
        assert!(raw.closed(SHORT).await, "the gate shuts");
        assert_eq!(raw.offered(), 0, "streams of the node's own");
        let raw = Raw::connect(&node.main, [50; 32])
            .await
            .expect("keys are exchanged");
        for protocol in OTHERS {
            assert!(
                raw.stream(protocol).await.is_none(),
                "{protocol} behind the gate"
            );
        }
        let noticed = |event: &MeshEvent| match event {
            MeshEvent::Admitted { subject, .. } if *subject == strange => Some(()),
            MeshEvent::PeerUp { peer, .. } if *peer == strange => Some(()),
            _ => None,
        };
        assert_eq!(node.within(Duration::from_millis(200), noticed).await, None);
        assert_eq!(node.mesh.refusals().strangers, hellos.len() as u64 + 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_is_admitted_by_the_same_visit() {
    let network = Network::new(1);
    let mut relay = Node::start(&network, 2, Duty::Relay, &[]).await;
    let member = subject(50);
    visit(&relay.porch, 50, &hello(&network, &network.chain(&member))).await;
    let admitted = |event: &MeshEvent| match event {
        MeshEvent::Admitted { subject, .. } => Some(*subject),
        _ => None,
    };
    assert_eq!(relay.until("admission", admitted).await, member);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_that_says_too_much_or_nothing_is_sent_away() {
    let network = Network::new(1);
    let relay = Node::start(&network, 2, Duty::Relay, &[]).await;
    let mut raw = Raw::connect(&relay.porch, [50; 32])
        .await
        .expect("open to anybody");
    let mut stream = raw
        .stream(PORCH)
        .await
        .expect("it speaks the porch's protocol");
    let length = u16::try_from(HELLO_BYTES_MAX + 1)
        .expect("short")
        .to_be_bytes();
    stream.write_all(&length).await.expect("taken");
    stream.flush().await.expect("taken");
    drop(stream);
    let mut silent = Raw::connect(&relay.porch, [51; 32])
        .await
        .expect("open to anybody");
    let (one, other) = tokio::join!(
        raw.closed(Duration::from_secs(5)),
        silent.closed(Duration::from_secs(5))
    );
    assert!(one && other);
    let mut idle = Raw::connect(&relay.porch, [52; 32])
        .await
        .expect("open to anybody");
    let held = idle
        .stream(PORCH)
        .await
        .expect("it speaks the porch's protocol");
    assert!(
        idle.closed(Duration::from_secs(10)).await,
        "an exchange has its time"
    );
    drop(held);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_breaks_the_rules_is_closed_and_nobody_else() {
    let network = Network::new(1);
    let mut relay = Node::start(&network, 2, Duty::Relay, &[]).await;
    let mut kiosk = Node::start(&network, 3, Duty::Member, &[&relay]).await;
    meet(&mut kiosk, &mut relay).await;
    let member = subject(50);
    relay.mesh.allow(member);
    let too_long = u32::try_from(FRAME_BYTES_MAX).expect("short") + 1;
    let opening = [0; 4];
    let breaches: [&[u8]; 4] = [
        &[opening, too_long.to_be_bytes()].concat(),
        &[opening, u32::MAX.to_be_bytes()].concat(),
        &[opening, opening].concat(),
        &[0, 0, 0, 1, 7],
    ];
    for (count, breach) in breaches.iter().enumerate() {
        let mut raw = Raw::connect(&relay.main, [50; 32]).await.expect("a member");
        let mut stream = raw.stream(SYNC).await.expect("a member");
        stream.write_all(breach).await.expect("taken");
        stream.flush().await.expect("taken");
        assert!(raw.closed(SHORT).await, "breach {count}");
        assert_eq!(relay.mesh.refusals().misbehaved, count as u64 + 1);
    }
    kiosk
        .mesh
        .send(&relay.subject, b"toujours servi".to_vec())
        .expect("room");
    assert_eq!(relay.until_frame(&kiosk.subject).await, b"toujours servi");
}

#[tokio::test(flavor = "multi_thread")]
async fn members_stay_served_while_a_stranger_floods_both_ports() {
    let network = Network::new(1);
    let mut relay = Node::start(&network, 2, Duty::Relay, &[]).await;
    let mut kiosk = Node::start(&network, 3, Duty::Member, &[&relay]).await;
    meet(&mut kiosk, &mut relay).await;
    let (main, porch) = (relay.main.clone(), relay.porch.clone());
    let flood = tokio::spawn(async move {
        for seed in 100..200 {
            tokio::join!(
                Raw::connect(&main, [seed; 32]),
                Raw::connect(&porch, [seed; 32])
            );
        }
    });
    for number in 0..20_u8 {
        kiosk.mesh.send(&relay.subject, vec![number]).expect("room");
        assert_eq!(relay.until_frame(&kiosk.subject).await, [number]);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    flood.await.expect("the flood ends");
    assert!(
        relay.mesh.refusals().limited > 0,
        "the rate of arrivals is limited"
    );
}
