//! A call between a citizen and an adviser, each in a browser with a camera and a microphone of
//! their own, over three real nodes: who is seen and heard is told by colour and by tone.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use guichet_tests::browser::{Browser, Received};
use guichet_tests::meeting::{ANSWER, Meeting, SPEAKING};
use guichet_tests::pages;
use guichet_tests::performer::Performer;
use guichet_tests::process::guichet;
use guichet_tests::village::Site;
use serde_json::Value;

const CITIZEN: Performer = Performer::CITIZEN;
const ADVISER: Performer = Performer::ADVISER;
/// What was said before is still being played for so long at most.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// What `guichet status` says of a call was measured within the last second; two make it sure.
const MEASURED: Duration = Duration::from_secs(2);
const BREAK: Duration = Duration::from_secs(10);

/// Each page, whom it shows, and who sits before it.
fn sides(call: &Meeting) -> [(&Browser, &Performer, &Performer); 2] {
    [
        (&call.kiosk, &ADVISER, &CITIZEN),
        (&call.desk, &CITIZEN, &ADVISER),
    ]
}

async fn both_see_and_hear(call: &Meeting) {
    for (page, other, own) in sides(call) {
        page.until_there(SPEAKING).await.unwrap();
        page.until_seen(other).await.unwrap();
        assert!(
            page.hears(other, own).await.unwrap(),
            "{other:?} is not heard"
        );
    }
}

/// Asks, takes, answers; nobody is seen or heard before the citizen has answered.
async fn meet(name: &str) -> Meeting {
    let call = Meeting::begin(name, &CITIZEN, &ADVISER).await.unwrap();
    call.ring().await.unwrap();
    for page in [&call.kiosk, &call.desk] {
        let frames = page.received().await.map_or(0, |it| it.frames);
        assert_eq!(frames, 0, "before the citizen has answered");
    }
    call.kiosk.click(ANSWER).await.unwrap();
    both_see_and_hear(&call).await;
    call
}

async fn received(call: &Meeting) -> [Received; 2] {
    let (kiosk, desk) = (call.kiosk.received().await, call.desk.received().await);
    [kiosk.unwrap(), desk.unwrap()]
}

fn goes_on(before: &[Received; 2], after: &[Received; 2]) {
    for (before, after) in before.iter().zip(after) {
        assert_eq!(after.connections, before.connections, "another connection");
        assert_eq!(after.ssrc, before.ssrc, "another stream");
        assert!(after.frames > before.frames, "no new picture");
    }
}

/// What `guichet status` says at a node.
fn status(site: &Site) -> Value {
    let folder = site.folder();
    let arguments = ["status", "--dir", folder.to_str().unwrap()];
    guichet(&site.place, &arguments).unwrap().remove(0)
}

/// Both nodes name the way that the call takes, and what passes on it.
async fn status_names_the_way(call: &Meeting) {
    tokio::time::sleep(MEASURED).await;
    let sites = [&call.village.kiosks[0], &call.village.stations[0]];
    let said = sites.map(status);
    for (here, there) in [(0, 1), (1, 0)] {
        let line = &said[here]["call"];
        assert_eq!(line["with"], said[there]["node"], "{line}");
        assert_eq!(line["media"], "live", "{line}");
        let direct = line["direct"].as_str().unwrap();
        let host = sites[there].place.address().to_string();
        assert!(direct.starts_with(&format!("{host}:")), "{line}");
        for measured in ["/sent", "/received"] {
            for kind in ["audio", "video"] {
                let rate = &line.pointer(measured).unwrap()[format!("{kind}_kbit_s")];
                assert!(rate.as_u64() > Some(0), "{kind}{measured}: {line}");
            }
        }
        for measured in ["round_trip_ms", "lost_sent_permille", "estimate_kbit_s"] {
            assert!(line[measured].is_u64(), "{measured}: {line}");
        }
    }
}

/// Whether the adviser hears the citizen.
async fn citizen_is_heard(call: &Meeting) -> bool {
    call.desk.hears(&CITIZEN, &ADVISER).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn both_see_and_hear_the_other_and_a_break_of_ten_seconds_is_a_pause() {
    let call = meet("call").await;
    let (kiosk, desk) = (
        &call.village.kiosks[0].place,
        &call.village.stations[0].place,
    );
    status_names_the_way(&call).await;
    let before = received(&call).await;
    pages::switch(&call.kiosk, "audio").await.unwrap();
    call.desk.until_there(".stage__mute").await.unwrap();
    tokio::time::sleep(LAST_WORDS).await;
    assert!(!citizen_is_heard(&call).await, "mute");

    call.village.network.silence(kiosk, desk).unwrap();
    let silent = Instant::now();
    for page in [&call.kiosk, &call.desk] {
        page.until_there("#call .stage--frozen").await.unwrap();
    }
    println!("said after {:?}", silent.elapsed());
    let interrupted = &status(&call.village.kiosks[0])["call"];
    assert_eq!(interrupted["media"], "interrupted", "{interrupted}");
    tokio::time::sleep(BREAK.saturating_sub(silent.elapsed())).await;
    call.village.network.unsilence(kiosk, desk).unwrap();
    let back = Instant::now();
    for (page, other, _) in sides(&call) {
        page.until_there("#call .stage--clear").await.unwrap();
        page.until_seen(other).await.unwrap();
    }
    println!("seen {:?} after the line", back.elapsed());
    goes_on(&before, &received(&call).await);
    assert!(!citizen_is_heard(&call).await, "mute stays mute");
    assert!(call.kiosk.hears(&ADVISER, &CITIZEN).await.unwrap());

    pages::switch(&call.kiosk, "audio").await.unwrap();
    call.desk.until_gone(".stage__mute").await.unwrap();
    assert!(citizen_is_heard(&call).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_goes_on_while_one_moves_and_comes_back_after_a_reload() {
    let call = meet("call-moves").await;
    let before = received(&call).await;
    call.desk.click("a[href='/desk']").await.unwrap();
    call.desk
        .until("location.pathname === '/desk'")
        .await
        .unwrap();
    call.desk.until_seen(&CITIZEN).await.unwrap();
    pages::take_up(&call.desk, &call.case).await.unwrap();
    call.kiosk.click("nav.dock a[href='/']").await.unwrap();
    call.kiosk.until("location.pathname === '/'").await.unwrap();
    both_see_and_hear(&call).await;
    goes_on(&before, &received(&call).await);

    for page in [&call.kiosk, &call.desk] {
        let reload = "location.reload()";
        page.run(reload, &serde_json::json!([])).await.unwrap();
        both_see_and_hear(&call).await;
    }

    call.hang_up().await.unwrap();
    for page in [&call.kiosk, &call.desk] {
        let closed = "window.connections.every(it => it.connectionState === 'closed')";
        page.until(closed).await.unwrap();
    }
}
