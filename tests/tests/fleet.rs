//! What an idle network costs its members, counted and not timed; and a network of several places,
//! in which nobody knocks at somebody else's door.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use guichet_tests::fleet::lan::{strayed, watch};
use guichet_tests::fleet::places::Places;
use guichet_tests::fleet::{Fleet, Size};
use guichet_tests::script::Script;
use guichet_tests::village::Site;
use guichet_tests::visit::Visit;
use serde_json::Value;

const SETTLE: Duration = Duration::from_secs(20);
const MINUTE: Duration = Duration::from_secs(60);
/// How long a connection stays that is not wanted any more.
const LINGERING: Duration = Duration::from_secs(30);
/// Four questions and their answers, what each acknowledges, and as much again.
const PACKETS_MAX: u64 = 40;
/// A seventh of a megabyte an hour.
const BYTES_MAX: u64 = 6_000;
/// Three questions and their answers: fewer, and nobody would notice that the other end is gone.
const BYTES_MIN: u64 = 600;

#[tokio::test(flavor = "multi_thread")]
async fn ten_idle_members_speak_with_the_relay_alone_and_hardly() {
    let size = Size {
        members: 10,
        away: 10,
    };
    let mut fleet = Fleet::new(size).unwrap();
    fleet.start().await.unwrap();
    for site in &fleet.others {
        watch(&site.place, &[&fleet.relay.place]).unwrap();
    }
    tokio::time::sleep(SETTLE).await;
    let before = fleet.count().unwrap();
    tokio::time::sleep(MINUTE).await;
    let passed = fleet.count().unwrap().kiosk_since(&before);
    println!("a minute of an idle kiosk: {passed:?}");
    for packets in [passed.sent_packets, passed.received_packets] {
        assert!((4..=PACKETS_MAX).contains(&packets), "{passed:?}");
    }
    for bytes in [passed.sent_bytes, passed.received_bytes] {
        assert!((BYTES_MIN..=BYTES_MAX).contains(&bytes), "{passed:?}");
    }
    for site in &fleet.others {
        let strayed = strayed(&site.place).unwrap();
        assert_eq!(strayed, 0, "{} speaks with others", site.log);
    }
}

async fn status(site: &Site) -> Value {
    let script = site.script().unwrap();
    script.api().get_json("/status").await.unwrap()
}

/// Waits until a node reaches another so.
async fn until_reached(from: &Site, to: &Site, route: &str) {
    let node = status(to).await["node"].clone();
    let look = async |_: &Script| {
        let status = status(from).await;
        let members = status["members"].as_array().unwrap();
        let member = members.iter().find(|member| member["node"] == node);
        Ok(member.map(|it| it["presence"].clone()).unwrap_or_default())
    };
    let what = format!("{} {route} from {}", to.log, from.log);
    let script = from.script().unwrap();
    let there = |presence: &Value| presence["route"] == route;
    script.until(&what, look, there).await.unwrap();
}

/// What is typed at a kiosk is read at the desk.
async fn crosses(kiosk: &Script, desk: &Script, case: &str, rent: &str) {
    kiosk.set(case, "rent", rent).await.unwrap();
    let values = async |desk: &Script| desk.values(case, "rent").await;
    let there = |values: &Vec<String>| *values == [rent];
    desk.until("what is typed beside", values, there)
        .await
        .unwrap();
}

/// Behind both routers the same private addresses mean different machines.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_knocks_at_a_private_address_of_another_place_and_a_place_alone_still_serves() {
    let mut places = Places::new("places").unwrap();
    places.start().await.unwrap();
    let mut visits = Vec::new();
    for pair in &places.pairs {
        let kiosk = pair.kiosk.script().unwrap();
        visits.push((Visit::at(&kiosk).await.unwrap(), kiosk));
    }
    for (here, there) in [(0, 1), (1, 0)] {
        let [here, there] = [&places.pairs[here], &places.pairs[there]];
        until_reached(&here.kiosk, &here.station, "direct").await;
        until_reached(&here.kiosk, &there.station, "relayed").await;
    }

    // The line to the world goes; an adviser reads what is typed in the same house.
    for pair in &places.pairs {
        let router = &pair.lan.router;
        places.network.cut(router, &places.relay.place).unwrap();
    }
    let mut desks = Vec::new();
    for (pair, (visit, kiosk)) in places.pairs.iter().zip(&visits) {
        let desk = pair.station.script().unwrap();
        let folder = pair.station.folder().file_name().unwrap();
        let mut advisers = places.advisers.iter();
        let adviser = advisers.find(|it| folder == &*it.station).unwrap();
        desk.unlock(&adviser.name, &adviser.passphrase)
            .await
            .unwrap();
        crosses(kiosk, &desk, &visit.case, "413").await;
        desks.push(desk);
    }
    // A link that nobody seeks any more would be closed by now.
    tokio::time::sleep(LINGERING + SETTLE).await;
    for ((visit, kiosk), desk) in visits.iter().zip(&desks) {
        crosses(kiosk, desk, &visit.case, "414").await;
    }
    for site in places.sites() {
        let strayed = strayed(&site.place).unwrap();
        assert_eq!(strayed, 0, "{} knocks at other doors", site.log);
    }
}
