//! Nodes that are off: what was saved goes on by itself, and nobody claims more
//! than is true.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use guichet_tests::samples;
use guichet_tests::script::Script;
use guichet_tests::village::{Site, Village};
use serde_json::Value;

const MESSAGE: &str = "Je reviendrai avec la quittance.";

/// A visit with three fields, a message and a document.
struct Left {
    case: String,
    document: Vec<u8>,
}

impl Left {
    async fn at(kiosk: &Script) -> Self {
        let case = kiosk.begin("caf", "housing").await.unwrap();
        for (field, value) in [
            ("last_name", "Lefèvre"),
            ("rent", "412"),
            ("tenancy", "tenant"),
        ] {
            kiosk.set(&case, field, value).await.unwrap();
        }
        kiosk
            .splice(&case, "situation", 0, "Seule avec deux enfants.")
            .await
            .unwrap();
        kiosk.say(&case, MESSAGE).await.unwrap();
        let document = samples::png(7, 150);
        kiosk
            .add(&case, "quittance.png", "image/png", &document)
            .await
            .unwrap();
        Self { case, document }
    }

    async fn is_at(&self, desk: &Script) {
        let has_all =
            async |desk: &Script| -> anyhow::Result<Value> { desk.case(&self.case).await };
        let view = desk
            .until("the whole case", has_all, |view| {
                let documents = view["documents"].as_array().into_iter().flatten();
                let here = documents
                    .filter(|it| it["arrival"]["arrival"] == "here")
                    .count();
                here == 1 && view["messages"].as_array().is_some_and(|it| it.len() == 1)
            })
            .await
            .unwrap();
        let values = |field| guichet_tests::script::values_in(&view, field).unwrap();
        assert_eq!(values("last_name"), ["Lefèvre"]);
        assert_eq!(values("rent"), ["412"]);
        assert_eq!(values("tenancy"), ["tenant"]);
        assert_eq!(values("situation"), ["Seule avec deux enfants."]);
        assert_eq!(desk.said(&self.case).await.unwrap(), [MESSAGE]);
        let documents = desk.documents(&self.case).await.unwrap();
        let bytes = desk.download(&self.case, &documents[0].id).await.unwrap();
        assert!(bytes == self.document, "the document differs");
    }
}

async fn unlocked(village: &Village) -> Script {
    let desk = village.stations[0].script().unwrap();
    let adviser = village.adviser();
    desk.unlock(&adviser.name, &adviser.passphrase)
        .await
        .unwrap();
    desk
}

async fn receipt_says(kiosk: &Script, state: &str) {
    let all = |states: &Vec<String>| states.len() == 3 && states.iter().all(|it| it == state);
    kiosk.until(state, Script::receipt, all).await.unwrap();
}

async fn outbox(site: &Site) -> u64 {
    let status = site
        .script()
        .unwrap()
        .api()
        .get_json("/status")
        .await
        .unwrap();
    status["outbox"]["items"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_station_that_was_off_gets_everything_from_the_relay() {
    let mut village = Village::new("station-off", 1, 1).unwrap();
    village.relay.start().await.unwrap();
    village.kiosk().start().await.unwrap();
    let kiosk = village.kiosks[0].script().unwrap();
    let left = Left::at(&kiosk).await;
    receipt_says(&kiosk, "en-route").await;
    kiosk.end_visit().await.unwrap();
    assert!(
        outbox(&village.kiosks[0]).await > 0,
        "nothing is received yet"
    );
    village.kiosk().stop().await.unwrap();

    village.station().start().await.unwrap();
    let desk = unlocked(&village).await;
    left.is_at(&desk).await;

    village.kiosk().start().await.unwrap();
    let emptied = async |_: &Script| Ok(outbox(&village.kiosks[0]).await);
    village.kiosks[0]
        .script()
        .unwrap()
        .until("an empty outbox", emptied, |it| *it == 0)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_claims_no_more_than_is_true() {
    let mut village = Village::new("receipt", 1, 1).unwrap();
    village.kiosk().start().await.unwrap();
    let kiosk = village.kiosks[0].script().unwrap();
    Left::at(&kiosk).await;
    receipt_says(&kiosk, "saved").await;
    village.relay.start().await.unwrap();
    receipt_says(&kiosk, "en-route").await;
    village.station().start().await.unwrap();
    receipt_says(&kiosk, "received").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_nodes_keep_everything_but_the_kiosk_forgets() {
    let mut village = Village::running("killed").await.unwrap();
    let kiosk = village.kiosks[0].script().unwrap();
    let left = Left::at(&kiosk).await;
    receipt_says(&kiosk, "received").await;
    village.kill();

    village.start().await.unwrap();
    let desk = unlocked(&village).await;
    left.is_at(&desk).await;
    let kiosk = village.kiosks[0].script().unwrap();
    let home = kiosk.api().get_json("/").await.unwrap();
    assert_eq!(home["visit"]["state"], "interrupted");
    assert!(
        kiosk.case(&left.case).await.is_err(),
        "the kiosk still reads the case"
    );
}
