//! Many passphrases at once are one try, and a right one is not called wrong for coming too early.

use std::time::{Duration, Instant};

use guichet_tests::api::Api;
use guichet_tests::process::resident_bytes;
use guichet_tests::village::Village;
use serde_json::{Value, json};

const AT_ONCE: usize = 40;
/// One passphrase takes 64 MiB to judge; twice that and a margin.
const GROWTH_BYTES_MAX: u64 = 160 << 20;
const LOOK_EVERY: Duration = Duration::from_millis(5);

async fn tried(api: Api, adviser: String, passphrase: String) -> Value {
    let order = json!({ "adviser": adviser, "passphrase": passphrase });
    let answer = api.post("/unlock", &order).await.unwrap();
    answer
        .json()
        .unwrap_or_else(|_| json!({ "kind": answer.status }))
}

fn kinds(answers: &[Value], kind: &str) -> usize {
    answers.iter().filter(|it| it["kind"] == kind).count()
}

/// The most memory that a process has while `until` is not over.
async fn peak<T>(pid: u32, until: impl Future<Output = T>) -> (T, u64) {
    let mut most = 0;
    let mut until = std::pin::pin!(until);
    loop {
        tokio::select! {
            done = &mut until => return (done, most),
            () = tokio::time::sleep(LOOK_EVERY) => most = most.max(resident_bytes(pid).unwrap()),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn forty_passphrases_at_once_are_one_try_and_little_memory() {
    let mut village = Village::new("unlocking", 1, 1).unwrap();
    village.stations[0].start().await.unwrap();
    let station = village.stations[0].node().unwrap();
    let (api, pid) = (station.api().unwrap(), station.pid());
    let view = api.get_json("/unlock").await.unwrap();
    let adviser = village.adviser();
    let id = view["advisers"].as_array().unwrap().iter().find_map(|it| {
        (it["name"] == adviser.name.as_str()).then(|| it["adviser"].as_str().unwrap().to_owned())
    });
    let id = id.unwrap();

    let before = resident_bytes(pid).unwrap();
    let many = (0..AT_ONCE).map(|n| tried(api.clone(), id.clone(), format!("faux-{n}")));
    let (answers, most) = peak(pid, futures::future::join_all(many)).await;
    let (wrong, later) = (
        kinds(&answers, "wrong-passphrase"),
        kinds(&answers, "try-later"),
    );
    println!(
        "{wrong} judged, {later} put off, {} MiB more",
        most.saturating_sub(before) >> 20
    );
    assert_eq!(wrong + later, AT_ONCE, "{answers:?}");
    assert!(
        (1..=2).contains(&wrong),
        "before the first pause two may be judged: {answers:?}"
    );
    assert!(
        most < before + GROWTH_BYTES_MAX,
        "{before} bytes grew to {most}"
    );

    // Wrong until there is a pause; in it the right one is put off, and judged after it.
    let pause_s = loop {
        let answer = tried(api.clone(), id.clone(), "faux".into()).await;
        if answer["pause_s"].as_u64().unwrap() > 1 {
            break answer["pause_s"].as_u64().unwrap();
        }
    };
    let paused = Instant::now();
    let right = adviser.passphrase.clone();
    let answer = tried(api.clone(), id.clone(), right.clone()).await;
    assert_eq!(answer["kind"], "try-later", "{answer}");
    let left = answer["pause_s"].as_u64().unwrap();
    assert!((1..=pause_s).contains(&left), "{answer}");
    let page = api.clone().with_header("Accept", "text/html");
    let order = json!({ "adviser": id, "passphrase": right });
    let told = page.post("/unlock", &order).await.unwrap();
    assert_eq!(told.status, 429);
    assert!(
        told.text().contains("n’a pas encore été vérifiée"),
        "{}",
        told.text()
    );
    tokio::time::sleep(Duration::from_secs(pause_s + 1).saturating_sub(paused.elapsed())).await;
    api.post_json("/unlock", &order).await.unwrap();
    api.get_json("/desk").await.unwrap();
}
