//! Whoever sits down at a kiosk finds nothing of who sat there before: on no page, in no twin of a
//! page for programs, in no stream of news, and neither in a visit of their own.
//!
//! The walk goes through the routes as the program lists them, so that a new one is walked too.
//! Each walk that finds nothing has its control: before the end the same walk finds everything.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use guichet_keys::Role;
use guichet_tests::api::Api;
use guichet_tests::canary::{Canary, Finding, Search};
use guichet_tests::samples;
use guichet_tests::script::{Script, field_path};
use guichet_tests::village::Village;
use guichet_tests::visit::unlocked;
use serde_json::{Value, json};

/// A stream of news has told all that it has to tell when it is silent for so long.
const SILENCE: Duration = Duration::from_millis(400);
/// What programs read has come to rest when it is the same so many times in a row.
const SETTLED_AFTER: usize = 5;
const IDLE_S: i64 = 30;
/// What tells more about the node or the moment than about who sits there.
const NOT_OF_A_VISIT: [&str; 3] = ["/status", "/healthz", "/events"];
const VOLATILE: [&str; 11] = [
    // Whether an adviser is there.
    "reception",
    "at_s",
    "since_s",
    "opened_at_s",
    "received_at_s",
    "ends_in_s",
    "version",
    "seq",
    "case",
    "form",
    "updated",
];

/// A kiosk, a script at it, and a browser's session without the browser.
struct Walk {
    village: Village,
    kiosk: Script,
    session: Api,
    desk: Script,
    names: BTreeMap<&'static str, String>,
}

/// What a visit leaves, each thing by what it is found by.
struct Left {
    search: Search,
    all: Vec<Canary>,
}

impl Walk {
    async fn begin(name: &str, idle_s: Option<i64>) -> Self {
        let mut village = Village::new(name, 1, 1).unwrap();
        let settings = |it: &mut toml::Table| {
            // Looking for a scanner takes seconds, and tells nothing of a visit.
            it.insert("scanner".into(), "none".into());
            it.extend(idle_s.map(|idle_s| ("idle_s".to_owned(), idle_s.into())));
        };
        village.kiosks[0].configure(settings).unwrap();
        village.start().await.unwrap();
        let site = &village.kiosks[0];
        let node = site.node().unwrap();
        let origin = format!("http://{}", node.address);
        let start = node.open().unwrap().replace(&origin, "");
        let (home, session) = node.stranger().follow(&start).await.unwrap();
        let home = home.text();
        let home = match home.contains("guichet-token") {
            true => home,
            false => {
                let html = session.clone().with_header("Accept", "text/html");
                html.get("/").await.unwrap().text()
            }
        };
        let token = home.split("name=\"guichet-token\" content=\"").nth(1);
        let token = token.unwrap().split('"').next().unwrap();
        let session = session
            .with_header("Origin", &origin)
            .with_header("X-Guichet-Token", token);
        let kiosk = site.script().unwrap();
        let desk = unlocked(&village).await.unwrap();
        Self {
            village,
            kiosk,
            session,
            desk,
            names: BTreeMap::from([("service", "caf".to_owned())]),
        }
    }

    /// Begins a case, and walks from then on through its pages.
    async fn sit_down(&mut self) -> String {
        let case = self.kiosk.begin("caf", "housing").await.unwrap();
        let view = self.kiosk.case(&case).await.unwrap();
        let form = view["forms"][0]["form"].as_str().unwrap().to_owned();
        self.names.insert("case", case.clone());
        self.names.insert("form", form);
        self.names.insert("field", "last_name".into());
        case
    }

    /// The path with every part in braces filled in.
    fn filled(&self, route: &str) -> String {
        let parts = route.split('/').map(|part| {
            let braces = part.find('{').zip(part.rfind('}'));
            let Some((from, to)) = braces else {
                return part.to_owned();
            };
            let name = &part[from + 1..to];
            let value = match name {
                "digest" | "name" | "token" => "x",
                "number" => "1",
                "drawing" => "1-screen-0.png",
                _ => match self.names.get(name) {
                    Some(value) => value,
                    None if ["sheet", "document"].contains(&name) => "none",
                    None => panic!("{route}: teach the walk what {name} is"),
                },
            };
            format!("{}{value}{}", &part[..from], &part[to + 1..])
        });
        parts.collect::<Vec<_>>().join("/")
    }

    /// Every page, every twin and every stream, each with where it was found.
    async fn everything(&self) -> Vec<(String, Vec<u8>)> {
        let mut found = Vec::new();
        let paths = guichet::web::paths(Role::Kiosk);
        assert!(paths.len() > 30, "{paths:?}");
        for route in &paths {
            let path = self.filled(route);
            for (kind, api) in [
                ("text/html", &self.session),
                ("application/json", &self.session),
                ("application/json", self.kiosk.api()),
            ] {
                let api = api.clone().with_header("Accept", kind);
                let answer = api.get(&path).await.unwrap();
                // What was asked for is said again in an answer: nothing that is known only here.
                let said = format!("{:?} {}", answer.headers, answer.text());
                let said = said.replace(&path, "");
                found.push((format!("{path} as {kind}"), said.into_bytes()));
            }
            if let Ok(mut news) = self.session.events(&format!("/events?at={path}")).await {
                while let Ok(event) = news.next(SILENCE).await {
                    found.push((format!("news of {path}"), event.data.into_bytes()));
                }
            }
        }
        found
    }

    async fn find(&self, left: &Left) -> BTreeSet<Finding> {
        let all = self.everything().await;
        let found = all
            .iter()
            .map(|(place, bytes)| left.search.bytes(place, bytes));
        found.flatten().collect()
    }

    /// What programs read of every page, without names and times.
    async fn facts(&self) -> BTreeMap<String, Value> {
        let mut facts = BTreeMap::new();
        for route in guichet::web::paths(Role::Kiosk) {
            if !NOT_OF_A_VISIT.contains(&route.as_str()) {
                let answer = self.kiosk.api().get(&self.filled(&route)).await.unwrap();
                let mut said = answer.json().unwrap_or_default();
                scrub(&mut said);
                facts.insert(route, said);
            }
        }
        facts
    }

    /// The same once nothing changes any more.
    async fn settled(&self) -> BTreeMap<String, Value> {
        let (mut last, mut same) = (self.facts().await, 0);
        while same < SETTLED_AFTER {
            tokio::time::sleep(SILENCE).await;
            let now = self.facts().await;
            same = if now == last { same + 1 } else { 0 };
            last = now;
        }
        last
    }

    /// Fields, a message, a document, sheets, somebody who reads and types, another language, and
    /// a call that was left.
    async fn live(&mut self, case: &str) -> Left {
        let word = |label: &str| Canary::new(label).unwrap();
        let [name, message, file, draft] = [
            "last name",
            "message",
            "file's name",
            "draft of the adviser",
        ]
        .map(word);
        let kiosk = &self.kiosk;
        kiosk.set(case, "last_name", name.word()).await.unwrap();
        kiosk.say(case, message.word()).await.unwrap();
        let png = samples::png(7, 60);
        let file_name = format!("{}.png", file.word());
        let document = kiosk
            .add(case, &file_name, "image/png", &png)
            .await
            .unwrap();
        let sheets = format!("/cases/{case}/sheets");
        let sheet = kiosk
            .api()
            .upload(&sheets, "file", "s.png", "image/png", &png)
            .await;
        let sheet = sheet.unwrap().json().unwrap()["sheet"]
            .as_str()
            .unwrap()
            .to_owned();
        let order = json!({ "lang": "en" });
        self.session
            .post_json("/preferences", &order)
            .await
            .unwrap();
        self.speak(case).await;
        let view = self.desk.case(case).await.unwrap();
        let path = field_path(&view, case, "phone").unwrap();
        let typed = json!({ "value": draft.word() });
        let desk = self.desk.api();
        desk.post_json(&format!("{path}/draft"), &typed)
            .await
            .unwrap();
        desk.post_json(&format!("/cases/{case}/reading"), &json!({}))
            .await
            .unwrap();

        let said = |label: &str, what: &str| Canary {
            label: label.into(),
            bytes: what.as_bytes().to_vec(),
        };
        let all = vec![
            name,
            message,
            file,
            draft,
            said("case", case),
            said("document", &document),
            said("sheet", &sheet),
            said("adviser", &self.village.adviser().name),
            said("how the call ended", "You have left the call or the queue."),
            said(
                "how the call ended, for programs",
                "\"ended\":{\"ended\":\"left\"}",
            ),
            said("language", "<html lang=\"en\""),
        ];
        self.names.insert("document", document);
        self.names.insert("sheet", sheet);
        Left {
            search: Search::new(&all).unwrap(),
            all,
        }
    }

    async fn speak(&self, case: &str) {
        let place = self.kiosk.api().get_json("/").await.unwrap()["place"].clone();
        self.kiosk.join_queue(case).await.unwrap();
        let row = self
            .desk
            .until_turn(place.as_str().unwrap(), "next")
            .await
            .unwrap();
        let taken = self.desk.take(&row, None).await.unwrap();
        assert_eq!(taken.status, 200, "{}", taken.text());
        self.kiosk.until_call("ringing").await.unwrap();
        self.kiosk.answer().await.unwrap();
        self.kiosk.until_call("speaking").await.unwrap();
        self.kiosk
            .api()
            .post_json("/call/leave", &json!({}))
            .await
            .unwrap();
        self.kiosk.until_call("none").await.unwrap();
    }

    /// Until the walk finds all: what an adviser types comes over the line.
    async fn control(&self, left: &Left) {
        let mut missing = BTreeSet::new();
        for _ in 0..3 {
            missing = left.search.missing(&self.find(left).await);
            if missing.is_empty() {
                return;
            }
        }
        panic!(
            "a walk in mid-visit does not find {missing:?} of {:?}",
            left.all
        );
    }

    async fn check_forgotten(&mut self, left: &Left, fresh: &BTreeMap<String, Value>) {
        assert_none(&self.find(left).await, "after the end");
        let names = self.names.clone();
        self.sit_down().await;
        let next = std::mem::replace(&mut self.names, names);
        assert_none(
            &self.find(left).await,
            "at the old addresses, in the next visit",
        );
        self.names = next;
        assert_none(&self.find(left).await, "in the next visit");
        let now = self.settled().await;
        let mut differing = Vec::new();
        differ("", &json!(fresh), &json!(now), &mut differing);
        assert_eq!(differing, Vec::<String>::new(), "not as in the first visit");
    }
}

/// Where two values differ.
fn differ(at: &str, first: &Value, second: &Value, told: &mut Vec<String>) {
    match (first, second) {
        (Value::Object(a), Value::Object(b)) => {
            for name in a.keys().chain(b.keys()).collect::<BTreeSet<_>>() {
                let (a, b) = (&first[name.as_str()], &second[name.as_str()]);
                differ(&format!("{at} {name}"), a, b, told);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (place, (a, b)) in a.iter().zip(b).enumerate() {
                differ(&format!("{at} {place}"), a, b, told);
            }
        }
        (a, b) if a == b => {}
        (a, b) => told.push(format!("{at}: {a} and {b}")),
    }
}

fn assert_none(found: &BTreeSet<Finding>, when: &str) {
    let told: Vec<_> = found.iter().map(ToString::to_string).collect();
    assert!(
        told.is_empty(),
        "{when}, {}:\n{}",
        told.len(),
        told.join("\n")
    );
}

fn scrub(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|name, _| !VOLATILE.contains(&name.as_str()));
            members.values_mut().for_each(scrub);
        }
        Value::Array(items) => items.iter_mut().for_each(scrub),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_next_finds_nothing() {
    let mut walk = Walk::begin("forgotten", None).await;
    let case = walk.sit_down().await;
    let fresh = walk.settled().await;
    let left = walk.live(&case).await;
    walk.control(&left).await;
    walk.kiosk.end_visit().await.unwrap();
    walk.check_forgotten(&left, &fresh).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_after_a_visit_that_nobody_ends() {
    let mut walk = Walk::begin("forgotten-idle", Some(IDLE_S)).await;
    let case = walk.sit_down().await;
    let fresh = walk.settled().await;
    let left = walk.live(&case).await;
    walk.control(&left).await;
    let over = async |kiosk: &Script| Ok(kiosk.api().get("/visit").await?.status);
    let patience = Duration::from_secs(IDLE_S as u64 + 20);
    let ended = walk
        .kiosk
        .until_within(patience, "the end", over, |status| *status == 409);
    ended.await.unwrap();
    walk.check_forgotten(&left, &fresh).await;
}
