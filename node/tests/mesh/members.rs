//! Members of one network: admission through the porch, frames both ways, coming back.

use std::time::{Duration, Instant};

use super::line::Line;
use super::support::{Network, Node, meet, part};
use guichet::mesh::limits::FRAME_BYTES_MAX;
use guichet::mesh::{Duty, MeshEvent, Route, SendError};

#[tokio::test(flavor = "multi_thread")]
async fn three_nodes_meet_through_the_porch_and_frames_cross() {
    let network = Network::new(1);
    let mut relay = Node::start(&network, 2, Duty::Relay, &[]).await;
    let mut kiosk = Node::start(&network, 3, Duty::Member, &[&relay]).await;
    let mut station = Node::start(&network, 4, Duty::Member, &[&relay]).await;
    meet(&mut kiosk, &mut relay).await;
    let (hub, desk) = (relay.subject, station.subject);
    tokio::join!(station.until_up(&hub), async {
        if relay.mesh.queued_bytes(&desk).is_none() {
            relay.until_up(&desk).await;
        }
    });

    let long = vec![7; FRAME_BYTES_MAX];
    kiosk
        .mesh
        .send(&relay.subject, b"bonjour".to_vec())
        .expect("room");
    kiosk.mesh.send(&relay.subject, long.clone()).expect("room");
    assert_eq!(relay.until_frame(&kiosk.subject).await, b"bonjour");
    assert_eq!(relay.until_frame(&kiosk.subject).await, long);
    relay
        .mesh
        .send(&station.subject, long.clone())
        .expect("room");
    assert_eq!(station.until_frame(&relay.subject).await, long);

    assert_eq!(
        kiosk.mesh.send(&station.subject, vec![1]),
        Err(SendError::Down)
    );
    kiosk.let_in(station.subject, vec![station.main.clone()]);
    station.let_in(kiosk.subject, vec![kiosk.main.clone()]);
    meet(&mut kiosk, &mut station).await;
    station
        .mesh
        .send(&kiosk.subject, b"entendu".to_vec())
        .expect("room");
    assert_eq!(kiosk.until_frame(&station.subject).await, b"entendu");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_killed_and_back_is_reached_again_at_once() {
    let network = Network::new(1);
    let mut relay = Node::start(&network, 2, Duty::Relay, &[]).await;
    let mut kiosk = Node::start(&network, 3, Duty::Member, &[&relay]).await;
    meet(&mut kiosk, &mut relay).await;

    let (subject, main, porch) = (relay.subject, relay.main.clone(), relay.porch.clone());
    drop(relay);
    kiosk.until_down(&subject).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let back = Instant::now();
    let mut relay = Node::start_on(&network, 2, Duty::Relay, &[], [&main, &porch]).await;
    let up = meet(&mut kiosk, &mut relay).await;
    let took = up - back;
    println!(
        "the relay came up {} ms after its restart",
        took.as_millis()
    );
    assert!(took < Duration::from_secs(6), "took {took:?}");

    relay
        .mesh
        .send(&kiosk.subject, b"de retour".to_vec())
        .expect("room");
    assert_eq!(kiosk.until_frame(&subject).await, b"de retour");

    let (subject, main, porch) = (kiosk.subject, kiosk.main.clone(), kiosk.porch.clone());
    drop(kiosk);
    relay.until_down(&subject).await;
    let back = Instant::now();
    let at = [main.as_str(), porch.as_str()];
    let mut kiosk = Node::start_on(&network, 3, Duty::Member, &[&relay], at).await;
    let up = meet(&mut kiosk, &mut relay).await;
    println!(
        "the kiosk came up {} ms after its restart",
        (up - back).as_millis()
    );
    assert!(up - back < Duration::from_secs(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn simultaneous_dials_leave_one_connection_and_nobody_goes_down() {
    let network = Network::new(1);
    let mut nodes = [
        Node::start(&network, 5, Duty::Member, &[]).await,
        Node::start(&network, 6, Duty::Member, &[]).await,
    ];
    let places: Vec<_> = nodes
        .iter()
        .map(|node| (node.subject, node.main.clone()))
        .collect();
    for (node, (peer, main)) in nodes.iter().zip(places.iter().rev()) {
        node.let_in(*peer, vec![]);
        node.let_in(*peer, vec![main.clone()]);
    }
    let [one, other] = &mut nodes;
    tokio::join!(one.until_up(&places[1].0), other.until_up(&places[0].0));
    let steady = Duration::from_millis(2500);
    let down = |event: &MeshEvent| matches!(event, MeshEvent::PeerDown { .. }).then_some(());
    let downs = tokio::join!(one.within(steady, down), other.within(steady, down));
    assert_eq!(downs, (None, None), "nobody appears to have left");
    one.mesh
        .send(&places[1].0, b"un seul".to_vec())
        .expect("room");
    assert_eq!(other.until_frame(&places[0].0).await, b"un seul");
    other
        .mesh
        .send(&places[0].0, b"lien".to_vec())
        .expect("room");
    assert_eq!(one.until_frame(&places[1].0).await, b"lien");
}

#[tokio::test(flavor = "multi_thread")]
async fn members_without_a_direct_path_meet_on_a_circuit() {
    let network = Network::new(1);
    let mut relay = Node::start(&network, 2, Duty::Relay, &[]).await;
    let mut kiosk = Node::start(&network, 3, Duty::Member, &[&relay]).await;
    let mut station = Node::start(&network, 4, Duty::Member, &[&relay]).await;
    let hub = relay.subject;
    let letting_in = relay.within(Duration::from_secs(4), |_| None::<()>);
    let meeting = async {
        tokio::join!(kiosk.until_up(&hub), station.until_up(&hub));
        kiosk.let_in(station.subject, vec![]);
        station.let_in(kiosk.subject, vec![]);
        let path = |peer| {
            move |event: &MeshEvent| match event {
                MeshEvent::PeerUp {
                    peer: up, route, ..
                } if *up == peer => Some(*route),
                _ => None,
            }
        };
        let (one, other) = (path(station.subject), path(kiosk.subject));
        tokio::join!(
            kiosk.until("a circuit", one),
            station.until("a circuit", other)
        )
    };
    let (_, paths) = tokio::join!(letting_in, meeting);
    assert_eq!(paths, (Route::Relayed(hub), Route::Relayed(hub)));
    let long = vec![3; FRAME_BYTES_MAX];
    for _ in 0..3 {
        kiosk
            .mesh
            .send(&station.subject, long.clone())
            .expect("room");
    }
    for _ in 0..3 {
        assert_eq!(
            station.until_frame(&kiosk.subject).await,
            long,
            "past 128 KiB in a circuit"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_fills_its_own_queue_only() {
    let network = Network::new(1);
    let mut relay = Node::start(&network, 2, Duty::Relay, &[]).await;
    let mut kiosk = Node::start(&network, 3, Duty::Member, &[&relay]).await;
    meet(&mut kiosk, &mut relay).await;
    let frame = vec![1; FRAME_BYTES_MAX];
    let mut sent = 0;
    let full = async {
        loop {
            match kiosk.mesh.send(&relay.subject, frame.clone()) {
                Ok(()) => sent += 1,
                Err(SendError::Full) if kiosk.drained(&relay.subject).await => {}
                Err(SendError::Full) => break,
                Err(other) => panic!("{other}"),
            }
        }
    };
    full.await;
    assert!(
        sent < 64,
        "{sent} frames of 128 KiB were taken although nobody reads"
    );
    for number in 0..sent {
        assert_eq!(
            relay.until_frame(&kiosk.subject).await.len(),
            frame.len(),
            "frame {number}"
        );
    }
    kiosk
        .mesh
        .send(&relay.subject, b"encore".to_vec())
        .expect("room again");
    assert_eq!(relay.until_frame(&kiosk.subject).await, b"encore");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_shut_out_is_cut_off_and_stays_out() {
    let network = Network::new(1);
    let mut relay = Node::start(&network, 2, Duty::Relay, &[]).await;
    let mut kiosk = Node::start(&network, 3, Duty::Member, &[&relay]).await;
    meet(&mut kiosk, &mut relay).await;
    relay.mesh.forbid(kiosk.subject);
    part(&mut kiosk, &mut relay).await;
    let up = |event: &MeshEvent| matches!(event, MeshEvent::PeerUp { .. }).then_some(());
    assert_eq!(kiosk.within(Duration::from_secs(2), up).await, None);
    assert!(relay.mesh.refusals().strangers > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_freezes_under_load_is_dead_within_six_seconds_and_replaced() {
    let network = Network::new(1);
    let mut kiosk = Node::start(&network, 3, Duty::Member, &[]).await;
    let mut station = Node::start(&network, 4, Duty::Member, &[]).await;
    // The first connection can only go over the line: the station has no address yet.
    let line = Line::to(&station.main).await;
    station.let_in(kiosk.subject, vec![]);
    kiosk.let_in(station.subject, vec![line.address.clone()]);
    meet(&mut kiosk, &mut station).await;
    line.freeze();
    let frozen = Instant::now();
    fill(&kiosk, &station).await;
    line.thaw();
    let (desk, booth) = (station.subject, kiosk.subject);
    let ends = tokio::join!(kiosk.until_replaced(&desk), station.until_replaced(&booth));
    for (lost, up) in [ends.0, ends.1] {
        let [lost, up] = [lost - frozen, up - frozen];
        println!("frozen; lost after {lost:?}, up after {up:?}");
        assert!(lost < Duration::from_secs(6) && up < Duration::from_secs(8));
    }
    kiosk
        .mesh
        .send(&station.subject, b"de nouveau".to_vec())
        .expect("room");
    assert_eq!(station.until_frame(&kiosk.subject).await, b"de nouveau");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_is_closed_is_reached_again_after_a_pause() {
    let network = Network::new(1);
    let mut kiosk = Node::start(&network, 3, Duty::Member, &[]).await;
    let mut station = Node::start(&network, 4, Duty::Member, &[]).await;
    station.let_in(kiosk.subject, vec![]);
    kiosk.let_in(station.subject, vec![station.main.clone()]);
    meet(&mut kiosk, &mut station).await;
    for _ in 0..2 {
        kiosk.mesh.close(station.subject);
        let closed = Instant::now();
        part(&mut kiosk, &mut station).await;
        let pause = meet(&mut kiosk, &mut station).await - closed;
        println!("closed; up again after {} ms", pause.as_millis());
        assert!(pause > Duration::from_millis(1900), "{pause:?}");
        assert!(pause < Duration::from_secs(4), "{pause:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_to_an_earlier_stream_enters_no_later_one() {
    let network = Network::new(1);
    let mut kiosk = Node::start(&network, 3, Duty::Member, &[]).await;
    let mut station = Node::start(&network, 4, Duty::Member, &[]).await;
    kiosk.let_in(station.subject, vec![]);
    station.let_in(kiosk.subject, vec![kiosk.main.clone()]);
    station.until_up(&kiosk.subject).await;
    station.mesh.close(kiosk.subject);
    station.until_down(&kiosk.subject).await;
    station.until_up(&kiosk.subject).await;

    for salute in [b"premier", b"dernier"] {
        kiosk.until_up(&station.subject).await;
        let _an_earlier_stream_is_gone = kiosk.mesh.send(&station.subject, salute.to_vec());
    }
    assert_eq!(station.until_frame(&kiosk.subject).await, b"dernier");
}

/// Sends until nothing more is taken.
async fn fill(from: &Node, to: &Node) {
    for _ in 0..4 {
        while from
            .mesh
            .send(&to.subject, vec![1; FRAME_BYTES_MAX])
            .is_ok()
        {}
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}
