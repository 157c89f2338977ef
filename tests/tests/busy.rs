//! What a person asks for and cannot have now is refused by the node, and nothing changes: neither
//! the call, nor what leaves from here, nor anybody's case.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use guichet_tests::api::Answer;
use guichet_tests::script::Script;
use guichet_tests::village::Village;
use serde_json::{Value, json};

const REASON: &str = "Un train à prendre.";
/// What a node would do against its own word, it would have done by then.
const SETTLE: Duration = Duration::from_secs(2);

fn refused(answer: &Answer, status: u16, kind: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.json().unwrap()["kind"], kind, "{}", answer.text());
}

/// What a call says, without the times that pass.
async fn call(script: &Script) -> Value {
    let mut call = script.call().await.unwrap();
    call.as_object_mut().unwrap().remove("line");
    call
}

/// The acts that a case tells of.
async fn history(desk: &Script, case: &str) -> String {
    desk.case(case).await.unwrap()["timeline"].to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_busy_is_refused_and_nothing_changes() {
    let mut village = Village::new("busy", 2, 1).unwrap();
    village.start().await.unwrap();
    let [one, two] = [0, 1].map(|kiosk| village.kiosks[kiosk].script().unwrap());
    let desk = village.stations[0].script().unwrap();
    let adviser = village.adviser();
    desk.unlock(&adviser.name, &adviser.passphrase)
        .await
        .unwrap();
    let first = one.begin("caf", "housing").await.unwrap();
    let second = one.begin("caf", "housing").await.unwrap();
    let other = two.begin("caf", "housing").await.unwrap();
    for case in [&first, &other] {
        let view = async |desk: &Script| Ok(desk.case(case).await.is_ok());
        desk.until("the case", view, |there| *there).await.unwrap();
    }
    let mut names = Vec::new();
    for kiosk in [&one, &two] {
        let home = kiosk.api().get_json("/").await.unwrap();
        names.push(home["place"].as_str().unwrap().to_owned());
    }

    // Nobody waits or speaks: there is nothing to answer, to switch or to pass on.
    let post = async |script: &Script, path: &str, body: Value| {
        script.api().post(path, &body).await.unwrap()
    };
    refused(
        &post(&one, "/call/answer", json!({})).await,
        404,
        "not-found",
    );
    refused(&one.switch(false, false).await.unwrap(), 404, "not-found");
    refused(&desk.switch(false, false).await.unwrap(), 404, "not-found");

    // A kiosk that waits with one case asks for another.
    one.join_queue(&first).await.unwrap();
    let before = one.until_call("waiting").await.unwrap();
    let asked = json!({ "case": second, "lang": "fr", "mode": "voice" });
    refused(&post(&one, "/call", asked.clone()).await, 409, "busy");
    let after = call(&one).await;
    for kept in ["case", "since_s"] {
        assert_eq!(after[kept], before[kept], "{kept}: {after}");
    }
    assert_eq!(after["case"], *first);

    // An adviser in a call, microphone and camera off, takes another ticket for a reason.
    let row = desk.until_turn(&names[0], "next").await.unwrap();
    assert_eq!(desk.take(&row, None).await.unwrap().status, 200);
    one.until_call("ringing").await.unwrap();
    one.answer().await.unwrap();
    desk.until_call("speaking").await.unwrap();
    assert_eq!(desk.switch(false, false).await.unwrap().status, 200);
    refused(&post(&one, "/call", asked).await, 409, "busy");
    two.join_queue(&other).await.unwrap();
    let row = desk.until_turn(&names[1], "next").await.unwrap();
    let (at_desk, told) = (call(&desk).await, history(&desk, &other).await);
    for reason in [None, Some(REASON)] {
        refused(&desk.take(&row, reason).await.unwrap(), 409, "busy");
    }
    tokio::time::sleep(SETTLE).await;
    let now = call(&desk).await;
    assert_eq!(now["own"], json!({ "audio": false, "video": false }));
    for kept in ["call", "name", "case", "since_s"] {
        assert_eq!(now[kept], at_desk[kept], "{kept}: {now}");
    }
    assert_eq!(call(&one).await["theirs"], now["own"], "nothing leaves");
    assert_eq!(history(&desk, &other).await, told, "no entry");
    assert_eq!(two.call().await.unwrap()["call"], "waiting");
    let still = desk.until_turn(&names[1], "next").await.unwrap();
    assert_eq!(still["ticket"], row["ticket"]);

    // The call over, the same order is carried out.
    desk.leave_call().await.unwrap();
    one.until_call("none").await.unwrap();
    one.join_queue(&second).await.unwrap();
    let row = desk.until_turn(&names[0], "later").await.unwrap();
    assert_eq!(desk.take(&row, Some(REASON)).await.unwrap().status, 200);
    one.until_call("ringing").await.unwrap();
    let kept = async |desk: &Script| Ok(history(desk, &second).await);
    desk.until("the reason", kept, |told| told.contains(REASON))
        .await
        .unwrap();
    let own = call(&desk).await;
    assert_eq!(own["call"], "ringing", "{own}");
}
