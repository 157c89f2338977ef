//! A disk without room.

use std::time::Duration;

use guichet_tests::api::Answer;
use guichet_tests::process::{guichet, until_healthy};
use guichet_tests::samples;
use guichet_tests::script::Script;
use guichet_tests::small_disk::SmallDisk;
use guichet_tests::village::{Site, Village};
use guichet_tests::visit::{Visit, receipt_says, unlocked};
use serde_json::{Value, json};

use super::ills;

const DISK_BYTES: u64 = 24 << 20;
const HEALTHY_WITHIN: Duration = Duration::from_secs(2);
/// Small writes that may still find room in what the files have already.
const WRITES_MAX: usize = 400;

/// What was acknowledged on a disk that was filling up.
#[derive(Default)]
struct Acknowledged {
    rent: String,
    messages: Vec<String>,
}

impl Acknowledged {
    async fn of(node: &Script, case: &str) -> Self {
        Self {
            rent: node.values(case, "rent").await.unwrap().remove(0),
            messages: node.said(case).await.unwrap(),
        }
    }

    /// Writes edits and messages until the disk takes neither.
    async fn until_refused(&mut self, node: &Script, case: &str) {
        let (mut edits, mut messages) = (true, true);
        for number in 1..=WRITES_MAX {
            if edits {
                let rent = (1000 + number).to_string();
                let answer = node.try_set(case, "rent", &rent).await.unwrap();
                edits = taken(&answer);
                if edits {
                    self.rent = rent;
                }
            }
            if messages {
                let text = format!("Message {number}");
                let answer = say(node, case, &text).await;
                messages = taken(&answer);
                if messages {
                    self.messages.push(text);
                }
            }
            if !edits && !messages {
                return;
            }
        }
        panic!("the disk is not full after {WRITES_MAX} writes");
    }

    async fn are_at(&self, node: &Script, case: &str) {
        let rent = async |node: &Script| node.values(case, "rent").await;
        let said = async |node: &Script| node.said(case).await;
        node.until("the last value", rent, |it| *it == [self.rent.as_str()])
            .await
            .unwrap();
        node.until("every message", said, |it| *it == self.messages)
            .await
            .unwrap();
    }
}

/// Whether an order was carried out; if not, it was refused in so many words.
fn taken(answer: &Answer) -> bool {
    answer.status < 300 || {
        let said = answer.json().unwrap();
        assert_eq!((answer.status, &said["kind"]), (507, &json!("disk-full")));
        assert_eq!(said["error"], "the disk is full");
        false
    }
}

async fn say(node: &Script, case: &str, text: &str) -> Answer {
    let path = format!("/cases/{case}/messages");
    node.api()
        .post(&path, &json!({ "text": text }))
        .await
        .unwrap()
}

async fn add(node: &Script, case: &str) -> Answer {
    let path = format!("/cases/{case}/documents");
    let picture = samples::png(9, 150);
    node.api()
        .upload(&path, "file", "bail.png", "image/png", &picture)
        .await
        .unwrap()
}

/// A message that the disk refuses stays begun, and the end of the visit names it.
async fn what_is_not_saved_is_not_sent(kiosk: &Script, case: &str) {
    const WORDS: &str = "Merci de me rappeler.";
    assert!(!taken(&say(kiosk, case, WORDS).await));
    let begun = async |kiosk: &Script| Ok(kiosk.case(case).await?["unsent_message"].clone());
    let kept = kiosk.until("the message", begun, |text| text == WORDS);
    kept.await.unwrap();
    let receipt = kiosk.api().get_json("/receipt").await.unwrap();
    assert!(receipt["loose"].to_string().contains(WORDS), "{receipt}");
}

/// The node says to everybody who may ask that its disk is full, and lives.
async fn is_said(site: &Site, case: &str) {
    let node = site.script().unwrap();
    assert_eq!(ills(&node, "disk-full").await.unwrap().len(), 1);
    let dir = site.folder().to_string_lossy();
    let told = guichet(&site.place, &["status", "--dir", &dir]).unwrap();
    assert_eq!(told[0]["ills"][0]["ill"], "disk-full", "{told:?}");
    let page = node.api().clone().with_header("Accept", "text/html");
    let status = page.get("/status").await.unwrap();
    assert!(status.text().contains("Le disque est plein"));
    let path = format!("/cases/{case}/messages");
    let refused = page.post(&path, &json!({ "text": "x".repeat(5000) })).await;
    let refused = refused.unwrap();
    assert_eq!(refused.status, 507);
    for words in [
        "Le disque est plein",
        "Ce qui était enregistré l’est toujours",
    ] {
        assert!(refused.text().contains(words), "{}", refused.text());
    }
    let address = site.node().unwrap().address;
    until_healthy(&site.place, address, HEALTHY_WITHIN)
        .await
        .unwrap();
}

async fn is_over(node: &Script) {
    let full = async |node: &Script| ills(node, "disk-full").await;
    node.until("no ill", full, Vec::is_empty).await.unwrap();
}

async fn all_received(kiosk: &Script) {
    let received = |states: &Vec<String>| states.iter().all(|state| state == "received");
    kiosk
        .until("reçu for all", Script::receipt, received)
        .await
        .unwrap();
}

async fn every_document_is_at(desk: &Script, case: &str, count: usize) {
    let documents = async |desk: &Script| desk.documents(case).await;
    desk.until("every document", documents, |all| {
        all.len() == count && all.iter().all(|document| document.here)
    })
    .await
    .unwrap();
}

/// Starts the village: its kiosk, its desk, and the case of a visit of which all is received.
async fn visited(village: &mut Village) -> (Script, Script, String) {
    village.start().await.unwrap();
    let (kiosk, desk) = (
        village.kiosks[0].script().unwrap(),
        unlocked(village).await.unwrap(),
    );
    let Visit { case, .. } = Visit::at(&kiosk).await.unwrap();
    receipt_says(&kiosk, "received").await.unwrap();
    (kiosk, desk, case)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kiosk_with_a_full_disk_says_so_loses_nothing_and_goes_on() {
    let mut village = Village::new("full-kiosk", 1, 1).unwrap();
    let disk = SmallDisk::under(village.kiosks[0].folder(), DISK_BYTES).unwrap();
    let (kiosk, desk, case) = visited(&mut village).await;

    disk.fill().unwrap();
    let mut acknowledged = Acknowledged::of(&kiosk, &case).await;
    assert!(!taken(&add(&kiosk, &case).await));
    let full = async |kiosk: &Script| ills(kiosk, "disk-full").await;
    kiosk
        .until("the ill", full, |ills| ills.len() == 1)
        .await
        .unwrap();
    acknowledged.until_refused(&kiosk, &case).await;
    println!("{} messages found room", acknowledged.messages.len() - 1);
    what_is_not_saved_is_not_sent(&kiosk, &case).await;
    let second = json!({ "service": "energie", "template": "voucher" });
    let second = kiosk.api().post("/visit", &second).await.unwrap();
    let second = second.json().unwrap()["case"].as_str().unwrap().to_owned();
    assert!(!taken(&say(&kiosk, &second, "Rien n’est gardé.").await));
    let back = format!("/cases/{second}/back");
    kiosk.api().post_json(&back, &json!({})).await.unwrap();
    is_said(&village.kiosks[0], &case).await;
    acknowledged.are_at(&kiosk, &case).await;
    acknowledged.are_at(&desk, &case).await;
    let visit = kiosk.api().get_json("/visit").await.unwrap();
    assert_eq!(visit["cases"].as_array().unwrap().len(), 1, "{visit}");

    disk.free().unwrap();
    let rent = kiosk.try_set(&case, "rent", "999").await.unwrap();
    assert!(taken(&rent), "{}", rent.text());
    assert!(taken(&say(&kiosk, &case, "Le disque est vidé.").await));
    assert!(taken(&add(&kiosk, &case).await));
    acknowledged.rent = "999".into();
    acknowledged.messages.push("Le disque est vidé.".into());
    is_over(&kiosk).await;
    all_received(&kiosk).await;

    disk.fill().unwrap();
    kiosk.end_visit().await.unwrap();
    assert!(kiosk.case(&case).await.is_err(), "the kiosk has forgotten");
    disk.free().unwrap();
    village.kill();
    village.start().await.unwrap();
    let desk = unlocked(&village).await.unwrap();
    acknowledged.are_at(&desk, &case).await;
    every_document_is_at(&desk, &case, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_station_with_a_full_disk_says_so_loses_nothing_and_goes_on() {
    let mut village = Village::new("full-station", 1, 1).unwrap();
    let disk = SmallDisk::under(village.stations[0].folder(), DISK_BYTES).unwrap();
    let (kiosk, desk, case) = visited(&mut village).await;

    disk.fill().unwrap();
    let mut acknowledged = Acknowledged::of(&desk, &case).await;
    acknowledged.until_refused(&desk, &case).await;
    println!("{} messages found room", acknowledged.messages.len() - 1);
    assert!(!taken(&add(&desk, &case).await));
    is_said(&village.stations[0], &case).await;
    acknowledged.are_at(&desk, &case).await;
    acknowledged.are_at(&kiosk, &case).await;
    desk.lock().await.unwrap();
    let adviser = village.adviser().clone();
    desk.unlock(&adviser.name, &adviser.passphrase)
        .await
        .unwrap();

    kiosk.set(&case, "rent", "777").await.unwrap();
    kiosk.say(&case, "Il est plein ?").await.unwrap();
    kiosk
        .add(&case, "bail.png", "image/png", &samples::png(9, 150))
        .await
        .unwrap();
    let kept = |states: &Vec<String>| states.iter().filter(|it| *it == "en-route").count() >= 2;
    kiosk
        .until("en route", Script::receipt, kept)
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_secs(8)).await;
    assert!(kept(&kiosk.receipt().await.unwrap()), "nobody has signed");
    let still = Acknowledged::of(&desk, &case).await;
    assert_eq!(still.rent, acknowledged.rent);

    disk.free().unwrap();
    acknowledged.rent = "777".into();
    acknowledged.messages.push("Il est plein ?".into());
    acknowledged.are_at(&desk, &case).await;
    every_document_is_at(&desk, &case, 2).await;
    all_received(&kiosk).await;
    is_over(&desk).await;
    assert!(taken(&desk.try_set(&case, "rent", "778").await.unwrap()));
    assert!(taken(&say(&desk, &case, "Plus maintenant.").await));
    acknowledged.rent = "778".into();
    acknowledged.messages.push("Plus maintenant.".into());
    acknowledged.are_at(&kiosk, &case).await;

    village.kill();
    village.start().await.unwrap();
    let desk = unlocked(&village).await.unwrap();
    acknowledged.are_at(&desk, &case).await;
    every_document_is_at(&desk, &case, 2).await;
    let view: Value = desk.case(&case).await.unwrap();
    assert_eq!(view["documents"].as_array().unwrap().len(), 2);
}

/// An adviser is told that a reason was not saved, for the person was called all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_reason_that_a_full_disk_does_not_keep_is_told_at_the_desk() {
    let mut village = Village::new("full-reason", 2, 1).unwrap();
    let disk = SmallDisk::under(village.stations[0].folder(), DISK_BYTES).unwrap();
    let (first, desk, case) = visited(&mut village).await;
    let later = village.kiosks[1].script().unwrap();
    let second = Visit::at(&later).await.unwrap();
    receipt_says(&later, "received").await.unwrap();
    first.join_queue(&case).await.unwrap();
    first.until_call("waiting").await.unwrap();
    later.join_queue(&second.case).await.unwrap();
    let home = later.api().get_json("/").await.unwrap();
    let row = desk.until_turn(home["place"].as_str().unwrap(), "later");
    let row = row.await.unwrap();

    disk.fill().unwrap();
    let notes = format!("/cases/{}/notes", second.case);
    let note = json!({ "text": "Elle a un train à prendre." });
    for number in 0.. {
        assert!(number < WRITES_MAX, "the disk is not full");
        if !taken(&desk.api().post(&notes, &note).await.unwrap()) {
            break;
        }
    }
    let taken_out = desk.take(&row, Some("Un train à prendre.")).await.unwrap();
    assert_eq!(taken_out.status, 200, "{}", taken_out.text());
    later.until_call("ringing").await.unwrap();
    let alarms = async |desk: &Script| Ok(desk.api().get_json("/desk").await?["alarms"].clone());
    let lost = json!([{ "alarm": "reason-lost", "case": second.case }]);
    let told = desk.until("the alarm", alarms, |told| *told == lost);
    told.await.unwrap();
}
