//! Nodes that are off: what was saved goes on by itself, and nobody claims more
//! than is true.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use guichet_tests::script::Script;
use guichet_tests::village::{Site, Village};
use guichet_tests::visit::{Visit, receipt_says, unlocked};

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
    let left = Visit::at(&kiosk).await.unwrap();
    receipt_says(&kiosk, "en-route").await.unwrap();
    kiosk.end_visit().await.unwrap();
    assert!(
        outbox(&village.kiosks[0]).await > 0,
        "nothing is received yet"
    );
    village.kiosk().stop().await.unwrap();

    village.station().start().await.unwrap();
    let desk = unlocked(&village).await.unwrap();
    left.is_at(&desk).await.unwrap();

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
    Visit::at(&kiosk).await.unwrap();
    receipt_says(&kiosk, "saved").await.unwrap();
    village.relay.start().await.unwrap();
    receipt_says(&kiosk, "en-route").await.unwrap();
    village.station().start().await.unwrap();
    receipt_says(&kiosk, "received").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_nodes_keep_everything_but_the_kiosk_forgets() {
    let mut village = Village::running("killed").await.unwrap();
    let kiosk = village.kiosks[0].script().unwrap();
    let left = Visit::at(&kiosk).await.unwrap();
    receipt_says(&kiosk, "received").await.unwrap();
    village.kill();

    village.start().await.unwrap();
    let desk = unlocked(&village).await.unwrap();
    left.is_at(&desk).await.unwrap();
    let kiosk = village.kiosks[0].script().unwrap();
    let home = kiosk.api().get_json("/").await.unwrap();
    assert_eq!(home["visit"]["state"], "interrupted");
    assert!(
        kiosk.case(&left.case).await.is_err(),
        "the kiosk still reads the case"
    );
}
