//! Cuts in a running call, in two browsers over three real nodes: a short one is a pause for as long
//! as anybody looks, and what is called paused does not arrive.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use guichet_tests::browser::Browser;
use guichet_tests::cuts::{self, What};
use guichet_tests::meeting::{ANSWER, Meeting, SPEAKING};
use guichet_tests::performer::Performer;
use serde_json::json;

const CITIZEN: Performer = Performer::CITIZEN;
const ADVISER: Performer = Performer::ADVISER;
const CUT: Duration = Duration::from_secs(7);
/// The node gave a call up half a minute after the line was back.
const WATCHED: Duration = Duration::from_secs(45);
/// What was under way when the words came is shown for so long at most.
const LAST_FRAMES: Duration = Duration::from_secs(1);

async fn meet(name: &str) -> Meeting {
    let call = Meeting::begin(name, &CITIZEN, &ADVISER).await.unwrap();
    call.ring().await.unwrap();
    call.kiosk.click(ANSWER).await.unwrap();
    for (page, other) in [(&call.kiosk, &ADVISER), (&call.desk, &CITIZEN)] {
        page.until_there(SPEAKING).await.unwrap();
        page.until_seen(other).await.unwrap();
    }
    call
}

async fn says(page: &Browser, css: &str) -> bool {
    let there = format!("return document.querySelector(\"{css}\") !== null");
    page.run(&there, &json!([])).await.unwrap() == json!(true)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_of_seven_seconds_is_a_pause_and_hanging_up_after_it_is_obeyed() {
    let call = meet("cuts").await;
    let outcome = cuts::cut(&call, What::Line, CUT, WATCHED).await.unwrap();
    println!("{}", json!(outcome));
    assert!(outcome.is_pause(), "{outcome:?}");

    let outcome = cuts::cut(&call, What::Line, CUT, LAST_FRAMES).await;
    assert!(outcome.unwrap().is_pause());
    call.hang_up().await.unwrap();
    let ended = call.village.kiosks[0].script().unwrap().call().await;
    let ended = ended.unwrap();
    assert_eq!(ended["ended"]["ended"], "hung-up", "{ended}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_called_paused_does_not_arrive_though_only_what_comes_in_is_cut() {
    const FROZEN: &str = "#call .stage--frozen";
    let call = meet("cuts-one-way").await;
    What::Inward.cut(&call).unwrap();
    let deaf = Instant::now();
    for page in [&call.kiosk, &call.desk] {
        page.until_there(FROZEN).await.unwrap();
        let words = page.text("form[action='/call/sending']").await.unwrap();
        assert!(words.contains("Micro en pause"), "{words}");
        assert!(words.contains("Caméra en pause"), "{words}");
        println!("said after {:?}", deaf.elapsed());
    }
    tokio::time::sleep(LAST_FRAMES).await;
    let frames = call.desk.received().await.unwrap().frames;
    assert!(!call.desk.hears(&CITIZEN, &ADVISER).await.unwrap(), "heard");
    assert_eq!(call.desk.received().await.unwrap().frames, frames, "seen");
    for page in [&call.kiosk, &call.desk] {
        assert!(says(page, FROZEN).await, "the words still stand");
    }
    What::Inward.mend(&call).unwrap();
    for (page, other, own) in [
        (&call.kiosk, &ADVISER, &CITIZEN),
        (&call.desk, &CITIZEN, &ADVISER),
    ] {
        page.until_there("#call .stage--clear").await.unwrap();
        page.until_seen(other).await.unwrap();
        assert!(page.hears(other, own).await.unwrap());
    }
}
