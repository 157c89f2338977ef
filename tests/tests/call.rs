//! A call between a citizen and an adviser, each in a browser with a camera and a microphone of
//! their own, over three real nodes: who is seen and heard is told by colour and by tone.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use guichet_tests::browser::{Browser, Received};
use guichet_tests::meeting::{ANSWER, Meeting, SPEAKING};
use guichet_tests::pages;
use guichet_tests::performer::Performer;

const CITIZEN: Performer = Performer::CITIZEN;
const ADVISER: Performer = Performer::ADVISER;
/// What was said before is still being played for so long at most.
const LAST_WORDS: Duration = Duration::from_secs(1);
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
