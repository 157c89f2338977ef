//! A node whose parts are dead is dead: it ends and says so.

use std::time::Duration;

use guichet_tests::careless::{Care, STUMBLE};
use guichet_tests::samples;
use guichet_tests::village::Village;
use guichet_tests::visit::{Visit, receipt_says, unlocked};
use serde_json::json;

const ENDED_WITHIN: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn a_node_whose_worker_panics_ends_with_status_1_says_why_and_loses_nothing() {
    let mut village = Village::new("owner", 1, 1).unwrap();
    village.stations[0].without = Some(Care::Standing);
    village.start().await.unwrap();
    let kiosk = village.kiosks[0].script().unwrap();
    let visit = Visit::at(&kiosk).await.unwrap();
    receipt_says(&kiosk, "received").await.unwrap();
    let desk = unlocked(&village).await.unwrap();
    let kept = json!({ "text": "Vue le 12, dossier complet." });
    let notes = format!("/cases/{}/notes", visit.case);
    desk.api().post_json(&notes, &kept).await.unwrap();

    // Nobody waits for the answer: its process is gone before it comes.
    let fatal = [&samples::png(3, 40)[..], STUMBLE.as_bytes()].concat();
    let answer = desk.add(&visit.case, "note.png", "image/png", &fatal).await;
    assert!(answer.is_err(), "{answer:?}");
    let status = village.stations[0].ended(ENDED_WITHIN).await.unwrap();
    assert_eq!(status.code(), Some(1), "{status}");
    let log = std::fs::read_to_string(
        guichet_tests::process::log_file(&village.stations[0].log).unwrap(),
    );
    let log = log.unwrap();
    let said = log.lines().last().unwrap();
    assert!(
        said.contains("a part of it is dead: the owner of cases-")
            && said.contains(" panicked at "),
        "{said}"
    );
    assert!(!log.contains(STUMBLE), "what was typed is in no log");

    village.stations[0].without = None;
    village.start().await.unwrap();
    let desk = unlocked(&village).await.unwrap();
    visit.is_at(&desk).await.unwrap();
    let view = desk.case(&visit.case).await.unwrap();
    assert_eq!(
        view["notes"].as_array().unwrap().len(),
        1,
        "{}",
        view["notes"]
    );
}
