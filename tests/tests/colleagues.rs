//! Two advisers of one service on one case: they see each other, the citizen sees them, nothing is
//! overwritten, and what is for the service stays with the service, with and without a line.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use guichet_tests::script::{Script, field_of, field_path};
use guichet_tests::village::Village;
use guichet_tests::visit::unlocked_at;
use serde_json::{Value, json};

const MINUTE: Duration = Duration::from_secs(60);
const NOTE: &str = "Garage compris dans le bail, à déduire.";
const REMARK: &str = "Carte périmée depuis mars.";

/// A case that a citizen has begun, and two desks of its service.
struct Scene {
    village: Village,
    kiosk: Script,
    case: String,
    desks: [Script; 2],
    names: [String; 2],
}

impl Scene {
    async fn begin(name: &str) -> Self {
        let mut village = Village::new(name, 1, 2).unwrap();
        village.start().await.unwrap();
        let kiosk = village.kiosks[0].script().unwrap();
        let case = kiosk.begin("caf", "housing").await.unwrap();
        kiosk.set(&case, "last_name", "Lefèvre").await.unwrap();
        let (mut desks, mut names) = (Vec::new(), Vec::new());
        for station in 0..village.stations.len() {
            let desk = unlocked_at(&village, station).await.unwrap();
            let name = async |desk: &Script| desk.values(&case, "last_name").await;
            let there = |values: &Vec<String>| values == &["Lefèvre"];
            desk.until("the case", name, there).await.unwrap();
            desks.push(desk);
            names.push(village.adviser_at(station).name.clone());
        }
        let desks = desks.try_into().unwrap();
        let names = names.try_into().unwrap();
        Self {
            village,
            kiosk,
            case,
            desks,
            names,
        }
    }

    /// Waits until the case at this script's node is so.
    async fn until(&self, script: &Script, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let view = async |script: &Script| script.case(&self.case).await;
        let seen = script.until_within(MINUTE, what, view, holds).await;
        seen.unwrap()
    }
}

fn list<'a>(view: &'a Value, what: &str) -> &'a [Value] {
    view[what].as_array().map_or(&[], Vec::as_slice)
}

fn has(view: &Value, what: &str, text: &str) -> bool {
    list(view, what).iter().any(|it| it["text"] == text)
}

/// The values of a field with who put each, in one order on every node.
fn put(view: &Value, field: &str) -> Vec<(String, Value)> {
    let content = &field_of(view, field).unwrap()["content"];
    let mut values: Vec<_> = list(content, "candidates")
        .iter()
        .map(|it| {
            assert!(it["at_s"].as_u64().unwrap() > 1_700_000_000, "{it}");
            (it["value"].as_str().unwrap().to_owned(), it["by"].clone())
        })
        .collect();
    values.sort_by(|a, b| a.0.cmp(&b.0));
    values
}

#[tokio::test(flavor = "multi_thread")]
async fn advisers_see_each_other_and_the_citizen_sees_that_they_read() {
    let scene = Scene::begin("colleagues").await;
    let Scene {
        kiosk,
        case,
        desks: [one, two],
        names: [first, second],
        ..
    } = &scene;
    for script in [kiosk, one, two] {
        assert_eq!(script.readers(case).await.unwrap(), Vec::<Value>::new());
    }
    let page = one.open_page(case).await.unwrap();
    kiosk.until_readers(case, &[first]).await.unwrap();
    two.until_readers(case, &[first]).await.unwrap();
    assert_eq!(
        one.readers(case).await.unwrap(),
        Vec::<Value>::new(),
        "not oneself"
    );

    let view = one.case(case).await.unwrap();
    let path = field_path(&view, case, "rent").unwrap();
    let form = path.split('/').nth(4).unwrap();
    let told = json!({ "form": form, "field": "rent" });
    let reading = format!("/cases/{case}/reading");
    one.api().post_json(&reading, &told).await.unwrap();
    let place = scene.until(two, "the colleague's field", |view| {
        view["readers"][0]["field"] == json!([form, "rent"])
    });
    place.await;

    let other = two.open_page(case).await.unwrap();
    one.until_readers(case, &[second]).await.unwrap();
    let mut both = [first.as_str(), second.as_str()];
    both.sort_unstable();
    kiosk.until_readers(case, &both).await.unwrap();
    drop(page);
    kiosk.until_readers(case, &[second]).await.unwrap();
    two.until_readers(case, &[]).await.unwrap();
    drop(other);
    kiosk.until_readers(case, &[]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn notes_reach_the_colleague_and_never_the_kiosk() {
    let scene = Scene::begin("colleagues-notes").await;
    let [one, two] = &scene.desks;
    let case = &scene.case;
    one.note(case, NOTE).await.unwrap();
    one.check_identity(case, "identity-card", REMARK)
        .await
        .unwrap();
    one.say(case, "Bonjour.").await.unwrap();

    let told = scene.until(two, "the note", |view| {
        has(view, "notes", NOTE) && has(view, "messages", "Bonjour.")
    });
    let view = told.await;
    let by = json!({ "who": "adviser", "name": scene.names[0] });
    assert_eq!(view["notes"][0]["by"], by);
    assert_eq!(view["identity"]["by"], by);
    assert_eq!(view["identity"]["remark"], REMARK);
    let story: Vec<_> = list(&view, "timeline")
        .iter()
        .map(|it| &it["what"])
        .collect();
    let expected = [
        "case-opened",
        "form-started",
        "note-written",
        "identity-checked",
        "message-written",
    ];
    assert_eq!(story, expected);

    let view = scene.until(&scene.kiosk, "the message after the note", |view| {
        has(view, "messages", "Bonjour.")
    });
    let view = view.await;
    let all = view.to_string();
    assert!(!all.contains("Garage") && !all.contains("périmée"), "{all}");
    assert_eq!(view["identity"]["by"], by);
    assert_eq!(view["identity"]["remark"], Value::Null);
    assert_eq!(list(&view, "timeline"), [] as [Value; 0]);
    for site in [&scene.village.kiosks[0], &scene.village.relay] {
        let log = site.node().unwrap().log();
        assert!(!log.contains("no effect"), "nothing is set aside: {log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_line_the_work_goes_on_and_nothing_is_overwritten() {
    let scene = Scene::begin("colleagues-cut").await;
    let [one, two] = &scene.desks;
    let case = &scene.case;
    let station = &scene.village.stations[0].place;
    scene.village.network.isolate(station).unwrap();
    let cut = scene.until(one, "the cut", |view| view["line"]["line"] == "cut");
    cut.await;

    one.set(case, "rent", "412").await.unwrap();
    one.set(case, "address", "4 rue du Lavoir").await.unwrap();
    one.note(case, NOTE).await.unwrap();
    one.say(case, "Je vous rappelle.").await.unwrap();
    two.set(case, "rent", "500").await.unwrap();
    two.set(case, "phone", "0473001122").await.unwrap();

    // A station signs for what was written at it too, after a while: that is no second disk.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let view = scene
        .until(one, "what is unsent", |view| {
            view["unsent"].as_u64() >= Some(4) && view["state"] == "saved"
        })
        .await;
    assert_eq!(view["notes"][0]["state"], "saved");
    assert_eq!(view["messages"][0]["state"], "saved");
    let desk = one.api().get_json("/desk?search=LEFEVRE").await.unwrap();
    assert_eq!(desk["cases"][0]["case"], **case, "found without a line");
    assert_eq!(desk["search"]["among"], 1);

    scene.village.network.rejoin(station).unwrap();
    let both = |view: &Value| put(view, "rent").len() == 2;
    let all = |view: &Value| {
        both(view) && put(view, "address").len() == 1 && put(view, "phone").len() == 1
    };
    let (me, adviser) = (
        json!({ "who": "me" }),
        |number: usize| json!({ "who": "adviser", "name": scene.names[number] }),
    );
    let at_one = scene.until(one, "both values", all).await;
    let expected = [
        ("412".to_owned(), me.clone()),
        ("500".to_owned(), adviser(1)),
    ];
    assert_eq!(put(&at_one, "rent"), expected);
    let at_two = scene
        .until(two, "all of it", |view| {
            all(view) && has(view, "notes", NOTE)
        })
        .await;
    let expected = [("412".to_owned(), adviser(0)), ("500".to_owned(), me)];
    assert_eq!(put(&at_two, "rent"), expected);
    let at_kiosk = scene.until(&scene.kiosk, "all of it", |view| {
        all(view) && has(view, "messages", "Je vous rappelle.")
    });
    let expected = [
        ("412".to_owned(), adviser(0)),
        ("500".to_owned(), adviser(1)),
    ];
    assert_eq!(put(&at_kiosk.await, "rent"), expected);
    scene
        .until(one, "nothing left to send", |view| view["unsent"] == 0)
        .await;
}
