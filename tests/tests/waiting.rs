//! The waiting list of whole nodes: order, one winner each, the reason for taking somebody out of
//! turn, handing over, and nobody lost when a station dies.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io;
use std::time::{Duration, Instant};

use futures::AsyncWriteExt as _;
use guichet::config::Config;
use guichet::folder;
use guichet_keys::{ServiceKey, SigningKey, Statement, Wrap};
use guichet_media::TicketId;
use guichet_media::signal::{Body, Passed, Signal, Stage, TicketNotice};
use guichet_tests::network::Place;
use guichet_tests::raw::Raw;
use guichet_tests::script::Script;
use guichet_tests::village::{Site, Village};
use guichet_tests::visit::{unlocked, unlocked_at};
use serde_json::{Value, json};
use tokio::sync::oneshot;

const MINUTE: Duration = Duration::from_secs(60);
/// Time for an adviser to read that a kiosk is gone: some seconds of silence, and what a loaded
/// machine takes.
const RUNG_WITHIN: Duration = Duration::from_secs(15);
const SYNC: &str = "/guichet/sync/1";
const SIGNAL: &str = "/guichet/signal/1";
/// The first frame each way.
const NOTHING: [u8; 4] = [0; 4];
/// Signals that say nothing, for the station to be busy with.
const IDLE_WORDS: [[u8; 5]; 50] = [[0, 0, 0, 1, 0]; 50];
const TRIES: u8 = 30;

/// Three kiosks at which somebody has begun a case, and two stations with their desks open.
struct Scene {
    village: Village,
    kiosks: Vec<Script>,
    cases: Vec<String>,
    names: Vec<String>,
    desks: Vec<Script>,
}

impl Scene {
    async fn begin(name: &str) -> Self {
        let mut village = Village::new(name, 3, 2).unwrap();
        village.start().await.unwrap();
        let (mut kiosks, mut cases, mut names) = (Vec::new(), Vec::new(), Vec::new());
        for site in &village.kiosks {
            let kiosk = site.script().unwrap();
            let case = kiosk.begin("caf", "housing").await.unwrap();
            names.push(text(&kiosk.api().get_json("/").await.unwrap()["place"]));
            kiosk
                .set(&case, "last_name", names.last().unwrap())
                .await
                .unwrap();
            cases.push(case);
            kiosks.push(kiosk);
        }
        let mut desks = Vec::new();
        for station in 0..village.stations.len() {
            desks.push(unlocked_at(&village, station).await.unwrap());
        }
        Self {
            village,
            kiosks,
            cases,
            names,
            desks,
        }
    }

    async fn join(&self, kiosk: usize) {
        let case = &self.cases[kiosk];
        self.kiosks[kiosk].join_queue(case).await.unwrap();
        for desk in &self.desks {
            let name = &self.names[kiosk];
            let rows = async |desk: &Script| desk.queue().await;
            let there = |rows: &Vec<Value>| rows.iter().any(|row| row["kiosk"] == **name);
            desk.until("the newcomer", rows, there).await.unwrap();
        }
    }

    /// An adviser takes somebody whose turn it is, and the citizen answers.
    async fn speak(&self, kiosk: usize, desk: usize, turn: &str) {
        let row = self.desks[desk]
            .until_turn(&self.names[kiosk], turn)
            .await
            .unwrap();
        let taken = self.desks[desk].take(&row, None).await.unwrap();
        assert_eq!(taken.status, 200, "{}", taken.text());
        self.kiosks[kiosk].until_call("ringing").await.unwrap();
        self.kiosks[kiosk].answer().await.unwrap();
        for script in [&self.kiosks[kiosk], &self.desks[desk]] {
            script.until_call("speaking").await.unwrap();
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_is_kept_each_has_one_adviser_and_out_of_turn_needs_a_reason() {
    let scene = Scene::begin("waiting").await;
    for kiosk in [1, 2, 0] {
        scene.join(kiosk).await;
    }
    for desk in &scene.desks {
        let queue = desk.queue().await.unwrap();
        let order: Vec<_> = queue.iter().map(|row| text(&row["kiosk"])).collect();
        assert_eq!(order, [1, 2, 0].map(|kiosk| scene.names[kiosk].clone()));
        assert_eq!(queue[0]["lang"], "fr");
        assert_eq!(queue[0]["person"], *scene.names[1], "from the form");
        assert_eq!(queue[0]["case"]["case"], *scene.cases[1]);
    }
    for (ahead, kiosk) in [1, 2, 0].into_iter().enumerate() {
        let placed = async |kiosk: &Script| kiosk.call().await;
        let call = scene.kiosks[kiosk].until("a place", placed, |call| call["ahead"] == ahead);
        let call = call.await.unwrap();
        assert_eq!(call["minutes"], Value::Null, "nobody knows yet");
        assert_eq!(call["advisers"], 2);
    }

    let first = scene.desks[0]
        .until_turn(&scene.names[1], "next")
        .await
        .unwrap();
    let (one, other) = tokio::join!(
        scene.desks[0].take(&first, None),
        scene.desks[1].take(&first, None)
    );
    let answers = [one.unwrap(), other.unwrap()];
    scene.kiosks[1].until_call("ringing").await.unwrap();
    let mut calls = Vec::new();
    for (desk, answer) in scene.desks.iter().zip(&answers) {
        let told = async |desk: &Script| desk.call().await;
        let settled = |call: &Value| {
            let late = answer.status == 409;
            late || call["call"] == "ringing" || call["ended"]["ended"] == "taken-by"
        };
        calls.push(desk.until("one winner", told, settled).await.unwrap());
    }
    let rings = |call: &Value| call["call"] == "ringing";
    assert_eq!(calls.iter().filter(|call| rings(call)).count(), 1);
    let winner = calls.iter().position(rings).unwrap();
    let station = format!("station-{}", winner + 1);
    let mut advisers = scene.village.advisers.iter();
    let name = &advisers.find(|it| it.station == station).unwrap().name;
    let (loser, answer) = (&calls[1 - winner], &answers[1 - winner]);
    let told = match answer.status {
        409 => answer.text(),
        _ => loser["ended"].to_string(),
    };
    assert!(
        told.contains("taken-by") && told.contains(&**name),
        "{told}"
    );

    let desk = &scene.desks[1 - winner];
    let later = desk.until_turn(&scene.names[0], "later").await.unwrap();
    let refused = desk.take(&later, None).await.unwrap();
    assert_eq!(refused.status, 409, "{}", refused.text());
    desk.until_case_of(&later).await.unwrap();
    let taken = desk.take(&later, Some("Attend depuis hier, train à 11 h."));
    assert_eq!(taken.await.unwrap().status, 200);
    scene.kiosks[0].until_call("ringing").await.unwrap();
    let waits = scene.kiosks[2].until_call("waiting").await.unwrap();
    assert_eq!(waits["call"], "waiting");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_lost_when_a_station_dies_and_a_call_is_handed_over() {
    let mut scene = Scene::begin("stations-die").await;
    scene.join(0).await;
    scene.speak(0, 0, "next").await;
    let colleague = scene.desks[0].api().get_json("/desk").await.unwrap();
    let station = colleague["colleagues"][0]["station"].clone();
    let passed = json!({ "station": station });
    scene.desks[0]
        .api()
        .post_json("/call/pass", &passed)
        .await
        .unwrap();
    scene.speak(0, 1, "handed-over").await;
    let over = scene.desks[0].until_call("none").await.unwrap();
    assert_eq!(over["ended"]["ended"], "passed");

    scene.join(1).await;
    scene.village.stations[1].kill();
    let row = scene.desks[0]
        .until_turn(&scene.names[1], "next")
        .await
        .unwrap();
    scene.desks[0].take(&row, None).await.unwrap();
    scene.kiosks[1].until_call("ringing").await.unwrap();
    scene.village.stations[0].kill();
    let call = async |kiosk: &Script| kiosk.call().await;
    let alone = |call: &Value| call["call"] == "waiting" && call["ahead"].is_null();
    let waits = scene.kiosks[1].until_within(MINUTE, "a place, and nobody there", call, alone);
    waits.await.unwrap();
    let waits = |call: &Value| call["call"] == "waiting";
    let again = scene.kiosks[0].until_within(MINUTE, "a place again", call, waits);
    again.await.unwrap();

    scene.village.stations[0].start().await.unwrap();
    scene.desks[0] = unlocked(&scene.village).await.unwrap();
    scene.desks[0]
        .until_turn(&scene.names[0], "next")
        .await
        .unwrap();
    scene.speak(0, 0, "next").await;
    scene.kiosks[0].leave_call().await.unwrap();
    let over = scene.desks[0].until_call("none").await.unwrap();
    assert_eq!(over["ended"]["ended"], "hung-up");
}

/// What a kiosk says on its stream of signals may come before its stream of case files is open. It
/// says it so many times that the one is often still in the queue when the other happens.
#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_comes_as_the_other_stream_opens_gets_its_place() {
    let mut village = Village::new("as-it-opens", 1, 1).unwrap();
    let kiosk = Kiosk::of(&village.kiosks[0], &village.stations[0]);
    village.stations[0].start().await.unwrap();
    let desk = unlocked(&village).await.unwrap();
    for number in 1..=TRIES {
        let name = TicketId([number; 16]);
        let ticket = kiosk.ticket(name, number.into());
        let (said, over) = oneshot::channel();
        let telling = kiosk.clone();
        let telling = tokio::task::spawn_blocking(move || telling.tell(&ticket, over));
        let rows = async |desk: &Script| desk.queue().await;
        let there = |rows: &Vec<Value>| rows.iter().any(|row| row["ticket"] == name.to_string());
        let what = format!("ticket {number}");
        desk.until(&what, rows, there).await.unwrap();
        drop(said);
        telling.await.unwrap().unwrap();
    }
}

/// A reason for taking somebody out of turn stays in their case: as long as that has not arrived,
/// nobody is taken.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_called_out_of_turn_before_their_case_is_there_keeps_waiting() {
    let mut village = Village::new("not-arrived", 2, 1).unwrap();
    let ahead = Kiosk::of(&village.kiosks[1], &village.stations[0]);
    for site in [&mut village.relay, &mut village.kiosks[0]] {
        site.start().await.unwrap();
    }
    village.station().start().await.unwrap();
    let desk = unlocked(&village).await.unwrap();
    let kiosk = village.kiosks[0].script().unwrap();
    let case = kiosk.begin("caf", "housing").await.unwrap();
    kiosk.set(&case, "last_name", "Vidal").await.unwrap();
    kiosk.join_queue(&case).await.unwrap();
    let first = |rows: &Vec<Value>| rows.len() == 1;
    desk.until("the first", Script::queue, first).await.unwrap();

    let name = TicketId([7; 16]);
    let ticket = ahead.ticket(name, 1);
    let (said, over) = oneshot::channel();
    let telling = tokio::task::spawn_blocking(move || ahead.tell(&ticket, over));
    let both = |rows: &Vec<Value>| rows.len() == 2;
    let rows = desk.until("the second", Script::queue, both).await.unwrap();
    let second = &rows[1];
    assert_eq!(second["ticket"], name.to_string());
    assert_eq!(second["turn"]["turn"], "later");
    for (reason, kind) in [
        (None, "not-their-turn"),
        (Some("Train à 11 h."), "not-arrived"),
    ] {
        let refused = desk.take(second, reason).await.unwrap();
        assert_eq!(refused.status, 409, "{}", refused.text());
        assert_eq!(refused.json().unwrap()["kind"], kind);
    }
    assert_eq!(desk.call().await.unwrap()["call"], "none");
    assert_eq!(desk.queue().await.unwrap()[1]["turn"]["turn"], "later");
    drop(said);
    telling.await.unwrap().unwrap();
}

/// A kiosk whose node does not run, and a client with its key.
#[derive(Clone)]
struct Kiosk {
    place: Place,
    seed: [u8; 32],
    service: ServiceKey,
    /// The main door of the station.
    door: String,
}

impl Kiosk {
    fn of(kiosk: &Site, station: &Site) -> Self {
        let config = Config::read(station.folder()).unwrap();
        let opened = folder::open(kiosk.folder(), None).unwrap();
        let keys = opened.seed.iter().filter_map(|it| {
            if let Statement::ServiceKey(key) = it.statement() {
                Some(key)
            } else {
                None
            }
        });
        let mut of_service = keys.filter(|key| key.service.as_str() == "caf");
        Self {
            place: kiosk.place.clone(),
            seed: *opened.identity.node_seed,
            service: of_service.next().unwrap().clone(),
            door: format!("/ip4/{}/tcp/{}", config.mesh_host, config.mesh_port),
        }
    }

    /// Somebody waits.
    fn ticket(&self, name: TicketId, number: u64) -> Vec<u8> {
        let signer = SigningKey::from_seed(&self.seed);
        let notice = TicketNotice {
            ticket: name,
            service: self.service.service.clone(),
            waited_ms: 0,
            stage: Stage::Waiting,
            details: Wrap {
                recipient: self.service.public,
                enc: [7; 32],
                ciphertext: vec![7; 64],
            },
        };
        let signal = Signal {
            from: signer.subject(),
            life: 1,
            number,
            to: None,
            body: Body::Ticket(notice),
        };
        let (known_ms, signed) = (None, signal.sign(&signer));
        Passed { known_ms, signed }.encode()
    }

    /// Connects, says that somebody waits, and opens the stream of case files, all but at once; stays
    /// until it is over. Blocks.
    fn tell(&self, ticket: &[u8], over: oneshot::Receiver<()>) -> io::Result<()> {
        let length = u32::try_from(ticket.len()).unwrap().to_be_bytes();
        let said = [&NOTHING[..], IDLE_WORDS.as_flattened(), &length, ticket].concat();
        let (door, seed) = (self.door.clone(), self.seed);
        self.place.visit(move || {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            runtime.enable_all().build()?.block_on(async {
                let raw = Raw::connect(&door, seed).await.unwrap();
                let mut cases = raw.stream(SYNC).await.unwrap();
                let mut signals = raw.stream(SIGNAL).await.unwrap();
                signals.write_all(&said).await?;
                cases.write_all(&NOTHING).await?;
                tokio::try_join!(signals.flush(), cases.flush())?;
                let _the_test_is_over = over.await;
                Ok(())
            })
        })
    }
}

/// A machine that is restarted, for an update or in the evening, hangs up on nobody.
#[tokio::test(flavor = "multi_thread")]
async fn who_speaks_keeps_their_place_when_the_station_is_told_to_stop() {
    let mut scene = Scene::begin("station-stops").await;
    scene.join(0).await;
    scene.speak(0, 0, "next").await;
    for site in &mut scene.village.stations {
        site.stop().await.unwrap();
    }
    let told = async |kiosk: &Script| kiosk.call().await;
    let has_left = |call: &Value| call["call"] != "speaking";
    let over = scene.kiosks[0].until_within(MINUTE, "the call is over", told, has_left);
    let over = over.await.unwrap();
    assert_eq!(over["call"], "waiting", "{over}");

    scene.village.stations[0].start().await.unwrap();
    let desk = unlocked(&scene.village).await.unwrap();
    let row = desk.until_turn(&scene.names[0], "next").await.unwrap();
    desk.take(&row, None).await.unwrap();
    scene.kiosks[0].until_call("ringing").await.unwrap();
}

/// What becomes of a kiosk that an adviser rings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Killed,
    /// In the moment before the adviser takes who waits there.
    KilledBefore,
    ToldToStop,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kiosk_that_ends_is_not_rung_any_more_and_its_adviser_reads_why() {
    let mut scene = Scene::begin("kiosk-ends").await;
    let fates = [
        (Fate::Killed, "unreachable"),
        (Fate::KilledBefore, "unreachable"),
        (Fate::ToldToStop, "restarted"),
    ];
    for (kiosk, (fate, ending)) in fates.into_iter().enumerate() {
        scene.join(kiosk).await;
        let desk = &scene.desks[0];
        let row = desk.until_turn(&scene.names[kiosk], "next").await.unwrap();
        if fate == Fate::KilledBefore {
            scene.village.kiosks[kiosk].kill();
        }
        let taken = desk.take(&row, None).await.unwrap();
        assert_eq!(taken.status, 200, "{}", taken.text());
        if fate != Fate::KilledBefore {
            scene.kiosks[kiosk].until_call("ringing").await.unwrap();
        }
        desk.until_call("ringing").await.unwrap();
        let begun = Instant::now();
        match fate {
            Fate::Killed => scene.village.kiosks[kiosk].kill(),
            Fate::KilledBefore => {}
            Fate::ToldToStop => scene.village.kiosks[kiosk].stop().await.unwrap(),
        }
        let call = async |desk: &Script| desk.call().await;
        let over = |call: &Value| call["call"] == "none";
        let told = desk.until_within(RUNG_WITHIN, "that it rings no more", call, over);
        let told = told.await.unwrap();
        println!("{fate:?}: told after {:?}", begun.elapsed());
        assert_eq!(told["ended"]["ended"], ending, "{fate:?}");
        if fate == Fate::ToldToStop {
            let rows = desk.queue().await.unwrap();
            let waits = rows.iter().any(|row| row["kiosk"] == *scene.names[kiosk]);
            assert!(!waits, "nobody waits there: {rows:?}");
        } else {
            let row = desk.until_turn(&scene.names[kiosk], "cut").await.unwrap();
            let taken = desk.take(&row, None).await.unwrap();
            assert_eq!(taken.status, 404, "it is known at once: {}", taken.text());
        }
    }
}
