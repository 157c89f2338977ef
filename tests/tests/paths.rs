//! The ways between whole nodes: QUIC where it passes, TCP where it does not, one connection, and
//! what the status says of it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use guichet_tests::capture::{Capture, Carrier};
use guichet_tests::process::binary;
use guichet_tests::script::Script;
use guichet_tests::village::{Site, Village};
use guichet_tests::visit::{Visit, unlocked};
use serde_json::Value;

/// Long enough for the answers to several pings on every connection there is, at the pace of links on
/// which nothing goes on.
const WINDOW: Duration = Duration::from_secs(35);
/// Longer than it takes to notice a silence, and to dial again.
const STAYS: Duration = Duration::from_secs(10);
/// A line that is back is used again within this time.
const BACK_WITHIN: Duration = Duration::from_secs(10);

async fn status(site: &Site) -> Value {
    let script = site.script().unwrap();
    script.api().get_json("/status").await.unwrap()
}

/// What a node says of its way to another.
async fn presence(site: &Site, node: &Value) -> Value {
    let status = status(site).await;
    let members = status["members"].as_array().unwrap();
    let member = members.iter().find(|member| member["node"] == *node);
    member.map(|it| it["presence"].clone()).unwrap_or_default()
}

/// Waits until a node says that it reaches another over this, and has measured the way.
async fn until_over(site: &Site, other: &Site, carrier: &str) -> Value {
    let node = status(other).await["node"].clone();
    let look = async |_: &Script| Ok(presence(site, &node).await);
    let over = |it: &Value| it["carrier"] == carrier && it["round_trip_ms"].is_u64();
    let what = format!("{} over {carrier}", other.log);
    let script = site.script().unwrap();
    script.until(&what, look, over).await.unwrap()
}

async fn until_away(site: &Site, other: &Site) {
    let node = status(other).await["node"].clone();
    let look = async |_: &Script| Ok(presence(site, &node).await);
    let away = |it: &Value| it["presence"] == "away";
    let script = site.script().unwrap();
    script.until("nobody there", look, away).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_blocks_one_carrier_works_over_the_other_and_comes_back_on_it() {
    let mut village = Village::new("paths-blocked", 2, 1).unwrap();
    let others = [&village.relay, &village.stations[0]];
    for other in others {
        let network = &village.network;
        let [first, second] = [&village.kiosks[0].place, &village.kiosks[1].place];
        network.silence(first, &other.place).unwrap();
        network.stall(second, &other.place).unwrap();
    }
    village.start().await.unwrap();
    let desk = unlocked(&village).await.unwrap();
    for (kiosk, carrier) in village.kiosks.iter().zip(["tcp", "quic"]) {
        // A kiosk speaks with a station while it has a visit.
        let script = kiosk.script().unwrap();
        let visit = Visit::at(&script).await.unwrap();
        for other in others_of(&village) {
            let way = until_over(kiosk, other, carrier).await;
            assert_eq!(way["route"], "direct", "{way}");
            assert!(way["since_s"].as_u64().unwrap() > 0, "{way}");
        }
        visit.is_at(&desk).await.unwrap();

        village.network.isolate(&kiosk.place).unwrap();
        until_away(kiosk, &village.relay).await;
        script.set(&visit.case, "rent", "413").await.unwrap();
        village.network.rejoin(&kiosk.place).unwrap();
        let back = Instant::now();
        let merged = async |desk: &Script| desk.values(&visit.case, "rent").await;
        let there = |values: &Vec<String>| values == &["413"];
        desk.until("what was written in the cut", merged, there)
            .await
            .unwrap();
        let took = back.elapsed();
        println!("{carrier}: there {took:?} after the line");
        assert!(took < BACK_WITHIN, "{carrier}: {took:?}");
        until_over(kiosk, &village.relay, carrier).await;
    }
}

fn others_of(village: &Village) -> [&Site; 2] {
    [&village.relay, &village.stations[0]]
}

#[tokio::test(flavor = "multi_thread")]
async fn where_both_pass_it_is_one_connection_over_quic_until_udp_is_lost() {
    let village = Village::running("paths-both").await.unwrap();
    let (kiosk, relay, station) = (&village.kiosks[0], &village.relay, &village.stations[0]);
    Visit::at(&kiosk.script().unwrap()).await.unwrap();
    let pairs = [(kiosk, relay), (kiosk, station), (station, relay)];
    for (one, other) in pairs {
        until_over(one, other, "quic").await;
        until_over(other, one, "quic").await;
    }
    let mut command = kiosk.place.command(binary().unwrap());
    let said = command.args(["status", "--dir"]).arg(kiosk.folder());
    let said = String::from_utf8(said.output().unwrap().stdout).unwrap();
    for word in ["carrier: quic", "route: direct", "round_trip_ms: "] {
        assert!(said.contains(word), "{word} in {said}");
    }

    let capture = Capture::begin(&village.network).unwrap();
    tokio::time::sleep(WINDOW).await;
    let streams = capture.end().unwrap();
    for (one, other) in pairs {
        let hosts = [one.place.address(), other.place.address()];
        let between = streams.iter().filter(|it| {
            hosts.contains(it.from.ip()) && hosts.contains(it.to.ip()) && !it.bytes.is_empty()
        });
        let sockets: BTreeSet<_> = between
            .map(|it| (it.carrier, it.from.min(it.to), it.from.max(it.to)))
            .collect();
        let found: Vec<_> = sockets.iter().map(|it| it.0).collect();
        assert_eq!(found, [Carrier::Udp], "{sockets:?}");
    }

    let since = until_over(kiosk, relay, "quic").await["since_s"].clone();
    village.network.silence(&kiosk.place, &relay.place).unwrap();
    let way = until_over(kiosk, relay, "tcp").await;
    assert!(way["since_s"].as_u64() > since.as_u64(), "{way}");
    until_over(kiosk, station, "quic").await;
}

/// A firewall that lets the first packets of a flow pass must not have QUIC tried for ever: it
/// answers each time, wins, and dies.
#[tokio::test(flavor = "multi_thread")]
async fn where_quic_begins_and_dies_it_is_tcp_that_stays() {
    let village = Village::running("paths-tired").await.unwrap();
    let (kiosk, relay) = (&village.kiosks[0], &village.relay);
    Visit::at(&kiosk.script().unwrap()).await.unwrap();
    until_over(kiosk, relay, "quic").await;
    village.network.tire(&kiosk.place, &relay.place).unwrap();
    let way = until_over(kiosk, relay, "tcp").await;
    assert_eq!(way["route"], "direct", "{way}");
    tokio::time::sleep(STAYS).await;
    let after = until_over(kiosk, relay, "tcp").await;
    assert_eq!(after["since_s"], way["since_s"], "the same connection");
}
