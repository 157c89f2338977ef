//! One truth about the line: what a page says of it in one place it says in every place, and the
//! adviser is told of the kiosk's cut on the case and on the desk.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use guichet_tests::browser::Browser;
use guichet_tests::meeting::{ANSWER, Meeting, SPEAKING};
use guichet_tests::pages;
use guichet_tests::performer::Performer;
use guichet_tests::script::Script;
use serde_json::{Value, json};

/// From the node's knowing to the pages' saying.
const TOLD_WITHIN: Duration = Duration::from_secs(2);
const CUT: Duration = Duration::from_secs(14);

/// Keeps what stands in the bar and over the picture together, each pair once in a row.
const WATCH: &str = "
    window.said = [];
    const words = (css) => document.querySelector(css)?.innerText.trim() ?? '';
    setInterval(() => {
        const now = [words('#line'), words('#call .stage__calm h2')];
        if (JSON.stringify(window.said.at(-1)) !== JSON.stringify(now)) window.said.push(now);
    }, 20);";

async fn said(page: &Browser) -> Vec<(String, String)> {
    let said = page.run("return window.said", &json!([])).await.unwrap();
    serde_json::from_value(said).unwrap()
}

/// When the node knew it, by its JSON.
async fn known(node: &Script, path: &str, cut: impl Fn(&Value) -> bool) -> Instant {
    let ask = async |node: &Script| node.api().get_json(path).await;
    node.until("a cut", ask, cut).await.unwrap();
    Instant::now()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_is_said_of_whose_line_it_is_and_nowhere_otherwise() {
    let call = Meeting::begin("one-line", &Performer::CITIZEN, &Performer::ADVISER)
        .await
        .unwrap();
    pages::put(&call.kiosk, "last_name", "Lefèvre")
        .await
        .unwrap();
    call.ring().await.unwrap();
    call.kiosk.click(ANSWER).await.unwrap();
    for page in [&call.kiosk, &call.desk] {
        page.until_there(SPEAKING).await.unwrap();
        page.until("document.querySelector('video[data-theirs]')?.videoWidth > 0")
            .await
            .unwrap();
        page.run(WATCH, &json!([])).await.unwrap();
    }
    let (kiosk, desk) = (
        call.village.kiosks[0].script().unwrap(),
        call.village.stations[0].script().unwrap(),
    );
    let case = format!("/cases/{}", call.case);

    call.village.isolate_kiosk().unwrap();
    let begun = Instant::now();
    let at_kiosk = async {
        let knew = known(&kiosk, "/", |home| home["line"]["line"] == "cut").await;
        let home = kiosk.api().get_json("/").await.unwrap();
        let mut services = home["services"].as_array().unwrap().iter();
        assert!(
            services.all(|service| service["reception"] == "nobody"),
            "nobody is known to be there: {home}"
        );
        call.kiosk
            .until_shown("#line", "Ligne coupée à")
            .await
            .unwrap();
        call.kiosk
            .until_shown("#call h2", "La ligne est coupée")
            .await
            .unwrap();
        knew.elapsed()
    };
    let at_desk = async {
        let knew = known(&desk, &case, |case| case["kiosk_cut_since_s"].is_u64()).await;
        call.desk
            .until_shown("#head", "Ligne de la borne coupée à")
            .await
            .unwrap();
        call.desk
            .until_shown("#call h2", "La ligne de la borne est coupée")
            .await
            .unwrap();
        let row = |view: &Value| view["queue"][0]["cut_since_s"].is_u64();
        known(&desk, "/desk", row).await;
        knew.elapsed()
    };
    let (kiosk_took, desk_took) = tokio::join!(at_kiosk, at_desk);
    println!(
        "{}",
        json!({ "kiosk_told_after_ms": kiosk_took.as_millis(), "desk_told_after_ms": desk_took.as_millis(), "all_ms": begun.elapsed().as_millis() })
    );
    assert!(
        kiosk_took < TOLD_WITHIN && desk_took < TOLD_WITHIN,
        "{kiosk_took:?} {desk_took:?}"
    );

    tokio::time::sleep(CUT.saturating_sub(begun.elapsed())).await;
    call.village.rejoin_kiosk().unwrap();
    for page in [&call.kiosk, &call.desk] {
        page.until("!document.querySelector('#call .stage__calm h2')")
            .await
            .unwrap();
        page.until_shown("#line", "La connexion est bonne")
            .await
            .unwrap();
    }
    call.desk
        .until("!document.querySelector('#head')?.innerText.includes('borne coupée')")
        .await
        .unwrap();
    for (bar, call) in said(&call.kiosk).await {
        let good = bar.contains("bonne");
        assert!(
            !good || !call.contains("La ligne est coupée"),
            "{bar:?} beside {call:?}"
        );
    }
    for (bar, call) in said(&call.desk).await {
        assert!(
            !call.contains("La ligne est coupée"),
            "the desk's own line is not cut: {bar:?}, {call:?}"
        );
    }
}
