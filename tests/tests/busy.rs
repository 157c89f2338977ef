//! What a person asks for and cannot have now is refused by the node, and nothing changes: neither
//! the call, nor what leaves from here, nor anybody's case.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use guichet_tests::api::Answer;
use guichet_tests::script::Script;
use guichet_tests::village::Village;
use guichet_tests::visit::unlocked;
use serde_json::{Value, json};

const REASON: &str = "Un train à prendre.";
/// What a node would do against its own word, it would have done by then.
const SETTLE: Duration = Duration::from_secs(2);

/// Two kiosks, the first with two cases, and the desk of their service.
struct Scene {
    village: Village,
    one: Script,
    two: Script,
    desk: Script,
    first: String,
    second: String,
    other: String,
    names: [String; 2],
}

impl Scene {
    async fn begin() -> Self {
        let mut village = Village::new("busy", 2, 2).unwrap();
        village.start().await.unwrap();
        let [one, two] = [0, 1].map(|kiosk| village.kiosks[kiosk].script().unwrap());
        let desk = unlocked(&village).await.unwrap();
        let first = one.begin("caf", "housing").await.unwrap();
        let second = one.begin("caf", "housing").await.unwrap();
        let other = two.begin("caf", "housing").await.unwrap();
        let names = [place(&one).await, place(&two).await];
        Self {
            village,
            one,
            two,
            desk,
            first,
            second,
            other,
            names,
        }
    }
}

async fn place(kiosk: &Script) -> String {
    let home = kiosk.api().get_json("/").await.unwrap();
    home["place"].as_str().unwrap().to_owned()
}

async fn post(script: &Script, path: &str, body: Value) -> Answer {
    script.api().post(path, &body).await.unwrap()
}

async fn ask(kiosk: &Script, case: &str) -> Answer {
    let wish = json!({ "case": case, "lang": "fr", "mode": "voice" });
    post(kiosk, "/call", wish).await
}

fn refused(answer: &Answer, status: u16, kind: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.json().unwrap()["kind"], kind, "{}", answer.text());
}

/// The acts that a case tells of.
async fn history(desk: &Script, case: &str) -> String {
    desk.case(case).await.unwrap()["timeline"].to_string()
}

async fn what_needs_a_call_is_refused_without_one(scene: &Scene) {
    let answered = post(&scene.one, "/call/answer", json!({})).await;
    refused(&answered, 404, "not-found");
    for script in [&scene.one, &scene.desk] {
        refused(
            &script.switch(false, false).await.unwrap(),
            404,
            "not-found",
        );
    }
}

async fn a_kiosk_that_waits_cannot_wait_with_another_case(scene: &Scene) {
    scene.one.join_queue(&scene.first).await.unwrap();
    let before = scene.one.until_call("waiting").await.unwrap();
    refused(&ask(&scene.one, &scene.second).await, 409, "busy");
    let after = scene.one.call().await.unwrap();
    assert_eq!(after["case"], *scene.first);
    assert_eq!(after["since_s"], before["since_s"]);
}

/// The first kiosk and the desk speak; the desk's microphone and camera are off.
async fn speak(scene: &Scene) {
    let Scene {
        one, desk, names, ..
    } = scene;
    let row = desk.until_turn(&names[0], "next").await.unwrap();
    assert_eq!(desk.take(&row, None).await.unwrap().status, 200);
    one.until_call("ringing").await.unwrap();
    one.answer().await.unwrap();
    desk.until_call("speaking").await.unwrap();
    assert_eq!(desk.switch(false, false).await.unwrap().status, 200);
}

async fn an_adviser_who_speaks_cannot_take_another(scene: &Scene) {
    let Scene {
        one,
        two,
        desk,
        other,
        names,
        ..
    } = scene;
    refused(&ask(one, &scene.second).await, 409, "busy");
    two.join_queue(other).await.unwrap();
    let row = desk.until_turn(&names[1], "next").await.unwrap();
    let told = async |desk: &Script| Ok(desk.case(other).await?["timeline"].to_string());
    let whole = |told: &String| told.contains("form-started");
    desk.until("the whole case", told, whole).await.unwrap();
    let (before, told) = (desk.call().await.unwrap(), history(desk, other).await);
    for reason in [None, Some(REASON)] {
        refused(&desk.take(&row, reason).await.unwrap(), 409, "busy");
    }
    tokio::time::sleep(SETTLE).await;
    let after = desk.call().await.unwrap();
    for kept in ["call", "name", "case", "since_s", "own"] {
        assert_eq!(after[kept], before[kept], "{kept}: {after}");
    }
    assert_eq!(after["own"], json!({ "audio": false, "video": false }));
    let at_kiosk = one.call().await.unwrap();
    assert_eq!(at_kiosk["theirs"], after["own"], "nothing leaves");
    assert_eq!(history(desk, other).await, told, "no entry");
    assert_eq!(two.call().await.unwrap()["call"], "waiting");
    let still = desk.until_turn(&names[1], "next").await.unwrap();
    assert_eq!(still["ticket"], row["ticket"]);
}

async fn a_colleague_of_another_service_cannot_take_the_call_over(scene: &Scene) {
    let adviser = scene.village.advisers.last().unwrap();
    let elsewhere = scene.village.stations[1].script().unwrap();
    elsewhere
        .unlock(&adviser.name, &adviser.passphrase)
        .await
        .unwrap();
    let desk = &scene.desk;
    let view = async |desk: &Script| desk.api().get_json("/desk").await;
    let there = |view: &Value| view["colleagues"][0]["name"] == *adviser.name;
    let view = desk.until("the colleague", view, there).await.unwrap();
    let station = &view["colleagues"][0]["station"];
    let call = desk.call().await.unwrap();
    assert_eq!(call["successors"], json!([]), "nobody could");
    let passed = post(desk, "/call/pass", json!({ "station": station })).await;
    refused(&passed, 404, "not-found");
    let call = desk.call().await.unwrap();
    assert_eq!(call["passed_to"], Value::Null);
}

async fn the_same_order_is_carried_out_once_it_can_be(scene: &Scene) {
    let Scene {
        one, desk, second, ..
    } = scene;
    desk.leave_call().await.unwrap();
    one.until_call("none").await.unwrap();
    one.join_queue(second).await.unwrap();
    let row = desk.until_turn(&scene.names[0], "later").await.unwrap();
    desk.until_case_of(&row).await.unwrap();
    assert_eq!(desk.take(&row, Some(REASON)).await.unwrap().status, 200);
    one.until_call("ringing").await.unwrap();
    let kept = async |desk: &Script| Ok(history(desk, second).await);
    let told = |told: &String| told.contains(REASON);
    desk.until("the reason", kept, told).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_busy_is_refused_and_nothing_changes() {
    let scene = Scene::begin().await;
    what_needs_a_call_is_refused_without_one(&scene).await;
    a_kiosk_that_waits_cannot_wait_with_another_case(&scene).await;
    speak(&scene).await;
    an_adviser_who_speaks_cannot_take_another(&scene).await;
    a_colleague_of_another_service_cannot_take_the_call_over(&scene).await;
    the_same_order_is_carried_out_once_it_can_be(&scene).await;
}
