//! A node that starts on a disk without room, or on one that takes no writes.

use std::process::Command;

use guichet_tests::process::{guichet, until_healthy};
use guichet_tests::script::Script;
use guichet_tests::small_disk::{ReadOnly, SmallDisk};
use guichet_tests::village::{Site, Village};
use guichet_tests::visit::{Visit, receipt_says};
use serde_json::{Value, json};

use super::ills;

const DISK_BYTES: u64 = 24 << 20;
const HEALTHY_WITHIN: std::time::Duration = std::time::Duration::from_secs(5);
/// Sealed pages of the visit: a document and its preview or not.
const PAGES_MIN: u64 = 1;

/// The status as an operator asks for it; the token is wherever the node could put it.
fn status(site: &Site) -> Value {
    let dir = site.folder().to_string_lossy();
    guichet(&site.place, &["status", "--dir", &dir])
        .unwrap()
        .remove(0)
}

fn ill(status: &Value) -> &str {
    status["ills"][0]["ill"].as_str().unwrap_or_default()
}

/// The start address opens the page for a person.
async fn the_page_opens(site: &Site) {
    let node = site.node().unwrap();
    let path = node.start_url.split_once("/start/").unwrap().1;
    let person = node.stranger().with_header("Accept", "text/html");
    let (opened, session) = person.follow(&format!("/start/{path}")).await.unwrap();
    assert!(opened.status < 400, "{}", opened.text());
    let page = session.get("/status").await.unwrap();
    assert_eq!(page.status, 200, "{}", page.text());
    until_healthy(&site.place, node.address, HEALTHY_WITHIN)
        .await
        .unwrap();
}

/// Everything a visit left is at the station, and the relay has lost all that it had.
async fn left_at_the_station(village: &mut Village) -> Visit {
    village.start().await.unwrap();
    let kiosk = village.kiosks[0].script().unwrap();
    let visit = Visit::at(&kiosk).await.unwrap();
    receipt_says(&kiosk, "received").await.unwrap();
    village.kill();
    std::fs::remove_dir_all(village.relay.folder().join("store")).unwrap();
    visit
}

/// The relay, which has nothing, gets the document from the station.
async fn a_page_is_served(village: &mut Village) {
    village.relay.start().await.unwrap();
    let relay = village.relay.script().unwrap();
    let pages = async |relay: &Script| -> anyhow::Result<u64> {
        let status = relay.api().get_json("/status").await?;
        Ok(status["stored"]["pages"].as_u64().unwrap_or_default())
    };
    relay
        .until("a page", pages, |pages| *pages >= PAGES_MIN)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_station_starts_on_a_full_disk_says_so_and_serves() {
    let mut village = Village::new("start-full", 1, 1).unwrap();
    let disk = SmallDisk::under(village.stations[0].folder(), DISK_BYTES).unwrap();
    let visit = left_at_the_station(&mut village).await;
    disk.fill().unwrap();

    // First the reserve is given up; then nothing is left to give up.
    assert!(village.stations[0].folder().join("reserve").exists());
    village.stations[0].start().await.unwrap();
    assert!(!village.stations[0].folder().join("reserve").exists());
    village.stations[0].kill();
    disk.fill().unwrap();
    village.stations[0].start().await.unwrap();
    let told = status(&village.stations[0]);
    assert_eq!(ill(&told), "disk-full", "{told}");
    the_page_opens(&village.stations[0]).await;
    a_page_is_served(&mut village).await;

    disk.free().unwrap();
    let kiosk = village.kiosks[0].start().await;
    kiosk.unwrap();
    writes_again(&village).await;
    village.stations[0].kill();
    village.stations[0].start().await.unwrap();
    assert_eq!(ill(&status(&village.stations[0])), "keys-in-file");
    let desk = guichet_tests::visit::unlocked(&village).await.unwrap();
    visit.is_at(&desk).await.unwrap();
    assert!(village.stations[0].folder().join("reserve").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_station_starts_on_a_read_only_disk_says_so_and_serves() {
    let mut village = Village::new("start-read-only", 1, 1).unwrap();
    let visit = left_at_the_station(&mut village).await;
    let disk = ReadOnly::under(village.stations[0].folder()).unwrap();
    village.stations[0].start().await.unwrap();
    let told = status(&village.stations[0]);
    assert_eq!(ill(&told), "disk-failed", "{told}");
    assert!(
        told["ills"][0]["said"]
            .as_str()
            .unwrap()
            .contains("Read-only"),
        "{told}"
    );
    the_page_opens(&village.stations[0]).await;
    a_page_is_served(&mut village).await;
    let desk = doctor(&village.stations[0]);
    assert!(desk.contains("a write fails"), "{desk}");

    let pid = village.stations[0].node().unwrap().pid();
    disk.writable_for(pid).unwrap();
    village.kiosks[0].start().await.unwrap();
    writes_again(&village).await;
    village.stations[0].kill();
    village.stations[0].start().await.unwrap();
    let desk = guichet_tests::visit::unlocked(&village).await.unwrap();
    visit.is_at(&desk).await.unwrap();
}

/// What the kiosk's home says of a visit before this start.
async fn visit_before(kiosk: &Script) -> Value {
    let home = kiosk.api().get_json("/").await.unwrap();
    home["visit"]["state"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kiosk_whose_disk_takes_nothing_goes_on_saying_that_a_visit_was_interrupted() {
    let mut village = Village::new("start-interrupted", 1, 1).unwrap();
    left_at_the_station(&mut village).await;
    let disk = ReadOnly::under(village.kiosks[0].folder()).unwrap();
    village.kiosks[0].start().await.unwrap();
    let kiosk = village.kiosks[0].script().unwrap();
    assert_eq!(visit_before(&kiosk).await, "interrupted");
    let read = async || {
        let answer = kiosk.api().post("/visit/interruption", &json!({})).await;
        answer.unwrap()
    };
    let refused = read().await;
    assert_eq!(refused.json().unwrap()["kind"], "disk-failed");
    assert_eq!(visit_before(&kiosk).await, "interrupted");

    let pid = village.kiosks[0].node().unwrap().pid();
    disk.writable_for(pid).unwrap();
    let taken = read().await;
    assert_eq!(taken.status, 200, "{}", taken.text());
    assert_eq!(visit_before(&kiosk).await, "none");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kiosk_whose_disk_takes_nothing_says_so_to_who_asks_for_an_adviser_and_notes_the_visit_later()
 {
    let mut village = Village::new("start-visit", 1, 1).unwrap();
    village.start().await.unwrap();
    village.kiosks[0].kill();
    let disk = ReadOnly::under(village.kiosks[0].folder()).unwrap();
    village.kiosks[0].start().await.unwrap();
    let kiosk = village.kiosks[0].script().unwrap();
    assert_eq!(visit_before(&kiosk).await, "none");
    let case = kiosk.begin("caf", "housing").await.unwrap();

    // An adviser would see nothing of a case that does not leave.
    let wish = json!({ "case": case, "lang": "fr", "mode": "voice" });
    let refused = kiosk.api().post("/call", &wish).await.unwrap();
    assert_eq!(refused.json().unwrap()["kind"], "disk-failed");
    assert_eq!(kiosk.call().await.unwrap()["call"], "none");
    let failed = async |kiosk: &Script| ills(kiosk, "disk-failed").await;
    assert!(!failed(&kiosk).await.unwrap().is_empty());

    // Nobody writes anything, and yet the disk is told of the visit.
    let pid = village.kiosks[0].node().unwrap().pid();
    disk.writable_for(pid).unwrap();
    kiosk.until("no ill", failed, Vec::is_empty).await.unwrap();
    kiosk.join_queue(&case).await.unwrap();
    let desk = guichet_tests::visit::unlocked(&village).await.unwrap();
    let opened = async |desk: &Script| Ok(desk.case(&case).await.is_ok());
    desk.until("the case", opened, |it| *it).await.unwrap();
    village.kiosks[0].kill();
    village.kiosks[0].start().await.unwrap();
    let kiosk = village.kiosks[0].script().unwrap();
    assert_eq!(visit_before(&kiosk).await, "interrupted");
}

fn doctor(site: &Site) -> String {
    let mut command: Command = site
        .place
        .command(guichet_tests::process::binary().unwrap());
    let output = command
        .arg("doctor")
        .arg("--dir")
        .arg(site.folder())
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What is written at the kiosk now becomes durable at the station, which signs for it.
async fn writes_again(village: &Village) {
    let kiosk = village.kiosks[0].script().unwrap();
    // Its first visit is over by the kill; this is the next citizen.
    kiosk
        .api()
        .post("/visit/interruption", &json!({}))
        .await
        .unwrap();
    Visit::at(&kiosk).await.unwrap();
    receipt_says(&kiosk, "received").await.unwrap();
    let dir = village.stations[0].folder().to_string_lossy();
    let told = guichet(&village.stations[0].place, &["status", "--dir", &dir]).unwrap();
    let ills = told[0]["ills"].as_array().unwrap();
    let of_disk = ills
        .iter()
        .filter(|ill| ill["ill"].as_str().unwrap().starts_with("disk"));
    assert_eq!(of_disk.count(), 0, "{ills:?}");
}
