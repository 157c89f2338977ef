//! A kiosk whose clock is wrong says so, and what it writes stands in the order it came in.

use guichet_tests::script::Script;
use guichet_tests::village::Village;
use guichet_tests::visit::{Visit, receipt_says, unlocked};
use serde_json::Value;

const FAKETIME: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

/// What the status of a node says of its clock.
async fn clock(node: &Script) -> anyhow::Result<Option<(String, u64)>> {
    let status = node.api().get_json("/status").await?;
    let ills = status["ills"].as_array().into_iter().flatten();
    let said = ills.filter_map(|ill| {
        let kind = ill["ill"].as_str()?.to_owned();
        Some((kind, ill["by_s"].as_u64()?))
    });
    Ok(said
        .into_iter()
        .find(|(kind, _)| kind.starts_with("clock-")))
}

/// What makes a program see a clock that is off by this.
fn off_by(off: &str) -> Vec<(String, String)> {
    assert!(std::path::Path::new(FAKETIME).exists(), "install faketime");
    [
        ("LD_PRELOAD", FAKETIME),
        ("FAKETIME", off),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ("DONT_FAKE_MONOTONIC", "1"),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .to_vec()
}

/// A village whose first kiosk has a clock that is off by this.
async fn village(name: &str, off: &str) -> Village {
    let mut village = Village::new(name, 1, 1).unwrap();
    village.kiosks[0].environment = off_by(off);
    village.start().await.unwrap();
    village
}

/// The kiosk says the right thing on its status and on the page for the host.
async fn is_said(kiosk: &Script, kind: &str, least_s: u64, words: &str) {
    let said = kiosk
        .until("the clock", clock, Option::is_some)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(said.0, kind);
    assert!(
        (least_s..least_s + 2 * 86_400).contains(&said.1),
        "{said:?}"
    );
    let page = kiosk.api().clone().with_header("Accept", "text/html");
    let shown = page.get("/status").await.unwrap();
    assert!(shown.text().contains(words), "{}", shown.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kiosk_in_1970_says_so_and_the_desk_dates_and_orders_by_arrival() {
    let now_s = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let village = village("clock-1970", &format!("-{}", now_s - 86_400)).await;
    let kiosk = village.kiosks[0].script().unwrap();
    let visit = Visit::at(&kiosk).await.unwrap();
    receipt_says(&kiosk, "received").await.unwrap();
    // A credential begins some hours before it is made.
    is_said(
        &kiosk,
        "clock-behind",
        now_s - 3 * 86_400,
        "retarde d’au moins",
    )
    .await;

    let desk = unlocked(&village).await.unwrap();
    visit.is_at(&desk).await.unwrap();
    desk.say(&visit.case, "Deux").await.unwrap();
    let two = |said: &Vec<String>| said.len() == 2;
    let said = async |node: &Script| node.said(&visit.case).await;
    kiosk.until("the answer", said, two).await.unwrap();
    kiosk.say(&visit.case, "Trois").await.unwrap();
    let three = |said: &Vec<String>| said.len() == 3;
    for node in [&desk, &kiosk] {
        let said = node.until("all three", said, three).await.unwrap();
        assert_eq!(said[1..], ["Deux", "Trois"], "in the order they came in");
    }
    let view: Value = desk.api().get_json("/desk").await.unwrap();
    let at_s = view["cases"][0]["changed_at_s"].as_u64().unwrap();
    assert!(at_s >= now_s, "the service's own time: {view}");
    let page = desk.api().clone().with_header("Accept", "text/html");
    let history = page
        .get(&format!("/cases/{}/history", visit.case))
        .await
        .unwrap();
    assert!(history.text().contains("date incertaine"));
    assert!(!history.text().contains("1970\u{a0}"), "{}", history.text());
    assert!(
        clock(&desk).await.unwrap().is_none(),
        "the station's is right"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kiosk_two_hours_off_hears_it_from_the_others() {
    for (name, off, kind, words) in [
        ("clock-slow", "-7200", "clock-behind", "retarde d’au moins"),
        ("clock-fast", "+7200", "clock-ahead", "avance d’au moins"),
    ] {
        let village = village(name, off).await;
        let kiosk = village.kiosks[0].script().unwrap();
        let visit = Visit::at(&kiosk).await.unwrap();
        receipt_says(&kiosk, "received").await.unwrap();
        is_said(&kiosk, kind, 7200 - 60, words).await;
        let relay = village.relay.script().unwrap();
        assert!(clock(&relay).await.unwrap().is_none());
        // A time that is still to come is nobody's; at the kiosk itself it is now.
        let desk = unlocked(&village).await.unwrap();
        visit.is_at(&desk).await.unwrap();
        for (node, is_uncertain) in [(&desk, kind == "clock-ahead"), (&kiosk, false)] {
            let page = node.api().clone().with_header("Accept", "text/html");
            let shown = page.get(&format!("/cases/{}", visit.case)).await.unwrap();
            let said = shown.text().contains("date incertaine");
            assert_eq!(said, is_uncertain, "{name}: {}", shown.text());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kiosk_is_heard_in_the_queue_whatever_its_clock_was_and_is() {
    const YEAR_S: i64 = 365 * 86_400;
    let mut village = village("clock-jumps", "+0").await;
    let desk = unlocked(&village).await.unwrap();
    let mut place = String::new();
    // The last loses its store as well: it cannot know how far it has counted.
    for (off_s, is_lost) in [
        (YEAR_S, false),
        (0, false),
        (-1_200, false),
        (-YEAR_S, false),
        (0, true),
    ] {
        let site = village.kiosk();
        site.stop().await.unwrap();
        if is_lost {
            std::fs::remove_dir_all(site.folder().join("store")).unwrap();
        }
        site.environment = match off_s {
            0 => Vec::new(),
            _ => off_by(&format!("{off_s:+}")),
        };
        site.start().await.unwrap();
        let kiosk = site.script().unwrap();
        let case = kiosk.begin("caf", "housing").await.unwrap();
        kiosk.set(&case, "last_name", "Vidal").await.unwrap();
        if place.is_empty() {
            let home = kiosk.api().get_json("/").await.unwrap();
            place = home["place"].as_str().unwrap().to_owned();
        }
        kiosk.join_queue(&case).await.unwrap();
        let row = desk.until_turn(&place, "next").await;
        row.unwrap_or_else(|error| panic!("{off_s} s: {error:#}"));
        kiosk.leave_call().await.unwrap();
        let nobody = |queue: &Vec<Value>| queue.is_empty();
        desk.until("nobody who waits", Script::queue, nobody)
            .await
            .unwrap();
    }
}
