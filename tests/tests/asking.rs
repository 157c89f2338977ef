//! What comes before a call, in two browsers: a number that is not for everybody's eyes, camera and
//! microphone tried out, how one wishes to speak, and the ways out of the queue. Then the camera,
//! turned off and on.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use guichet_tests::browser::Browser;
use guichet_tests::meeting::{ANSWER, Meeting, SPEAKING};
use guichet_tests::pages::{self, field};
use guichet_tests::performer::Performer;
use serde_json::json;

const CITIZEN: Performer = Performer::CITIZEN;
const ADVISER: Performer = Performer::ADVISER;
const NUMBER: &str = "2580463113042";
/// What was seen before is still being shown for so long at most.
const LAST_FRAMES: Duration = Duration::from_secs(1);
const WAITING: &str = "#call[data-call=waiting]";
const NOBODY: &str = "#call[data-call=none]";
const LEAVE: &str = "form[action='/call/leave'] button";
/// How the letters of a field are drawn.
const MASKED: &str = "disc";
const IN_CLEAR: &str = "none";
/// The one row of the queue.
const ROW: &str = "#queue tbody tr";

/// Typed with the page's own hands: read only while one is at it, and never shown whole elsewhere.
async fn a_number_is_masked_until_it_is_touched(call: &Meeting) {
    let input = field("social_security");
    let is = async |page: &Browser, mask: &str| {
        let style = format!("getComputedStyle(document.querySelector(\"{input}\"))");
        let shown = format!("{style}.webkitTextSecurity === '{mask}'");
        page.until(&shown).await.unwrap();
    };
    is(&call.kiosk, MASKED).await;
    pages::put(&call.kiosk, "social_security", NUMBER)
        .await
        .unwrap();
    pages::take_up(&call.desk, &call.case).await.unwrap();
    call.desk.until_value(&input, NUMBER).await.unwrap();
    for page in [&call.kiosk, &call.desk] {
        is(page, MASKED).await;
        page.click(".masked [data-mask]").await.unwrap();
        is(page, IN_CLEAR).await;
        page.leave().await.unwrap();
        is(page, MASKED).await;
    }
    call.desk.click("a[href='/desk']").await.unwrap();
}

/// The picture is one's own, the meter moves with the voice, and what was measured is said.
async fn devices_are_tried_out(kiosk: &Browser) {
    for device in ["camera", "microphone"] {
        let good = format!("#devices [data-device={device}][data-state=good]");
        kiosk.until_there(&good).await.unwrap();
    }
    let own = "document.querySelector('video[data-own]').videoWidth > 0";
    kiosk.until(own).await.unwrap();
    let level = "document.querySelector('#devices [data-level]').value";
    for heard in ["> 40", "< 5"] {
        kiosk.until(&format!("{level} {heard}")).await.unwrap();
    }
    kiosk.click("#devices [data-sound]").await.unwrap();
    kiosk
        .until_there("#devices [data-played]:not([hidden])")
        .await
        .unwrap();
}

/// Another microphone is chosen; what it gives is measured and will be sent.
async fn another_microphone_is_chosen(kiosk: &Browser) {
    kiosk.click("#devices summary").await.unwrap();
    let last = "[...document.querySelectorAll('#use-microphone option')].at(-1)?.value";
    let id = kiosk.until(last).await.unwrap();
    let id = id.as_str().unwrap();
    kiosk.choose("#use-microphone", id).await.unwrap();
    let used = "return JSON.parse(sessionStorage.getItem('guichet-devices')).microphone";
    assert_eq!(kiosk.run(used, &json!([])).await.unwrap(), id);
    let heard = "document.querySelector('#devices [data-level]').value > 40";
    kiosk.until(heard).await.unwrap();
}

/// Asks to write, in English.
async fn ask_in_writing(kiosk: &Browser) {
    kiosk
        .click(".choice:has(input[name=mode][value=writing])")
        .await
        .unwrap();
    kiosk.choose("#talk-lang", "en").await.unwrap();
    pages::ask_for_an_adviser(kiosk).await.unwrap();
    kiosk.until_there(WAITING).await.unwrap();
}

/// A camera that is off shows nothing to the other side, and it is said; then it shows again.
async fn a_camera_goes_off_and_on(call: &Meeting) {
    pages::switch(&call.kiosk, "video").await.unwrap();
    let off = ".stage__calm .state svg use[href$='cam-off']";
    call.desk.until_there(off).await.unwrap();
    tokio::time::sleep(LAST_FRAMES).await;
    let before = call.desk.received().await.unwrap().frames;
    tokio::time::sleep(LAST_FRAMES).await;
    let after = call.desk.received().await.unwrap().frames;
    assert_eq!(before, after, "nothing is shown");
    assert!(call.desk.hears(&CITIZEN, &ADVISER).await.unwrap());
    pages::switch(&call.kiosk, "video").await.unwrap();
    call.desk.until_gone(off).await.unwrap();
    call.desk.until_seen(&CITIZEN).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_tries_things_out_says_how_and_may_leave() {
    let call = Meeting::begin("asking", &CITIZEN, &ADVISER).await.unwrap();
    let (kiosk, desk) = (&call.kiosk, &call.desk);
    a_number_is_masked_until_it_is_touched(&call).await;

    ask_in_writing(kiosk).await;
    desk.until_there(ROW).await.unwrap();
    let row = desk.text(ROW).await.unwrap();
    for words in ["Écrit", "English"] {
        assert!(row.contains(words), "{words} in {row}");
    }
    devices_are_tried_out(kiosk).await;
    another_microphone_is_chosen(kiosk).await;

    // A message instead of waiting.
    kiosk.click(".call__ways a[href='#say']").await.unwrap();
    pages::say(kiosk, "Je repasse demain.").await.unwrap();
    kiosk.click(LEAVE).await.unwrap();
    kiosk.until_there(NOBODY).await.unwrap();
    desk.until_gone(ROW).await.unwrap();
    let closed = "window.connections.every(it => it.connectionState === 'closed')";
    kiosk.until(closed).await.unwrap();

    // Called, and not now: the adviser is told, and nobody was seen.
    call.ring().await.unwrap();
    desk.until_shown("#messages p.them", "Je repasse demain.")
        .await
        .unwrap();
    kiosk
        .click("#ring form[action='/call/leave'] button")
        .await
        .unwrap();
    for page in [kiosk, desk] {
        page.until_there(NOBODY).await.unwrap();
    }
    desk.click("a[href='/desk']").await.unwrap();
    desk.until_gone(ROW).await.unwrap();

    call.ring().await.unwrap();
    kiosk.click(ANSWER).await.unwrap();
    for (page, other) in [(kiosk, &ADVISER), (desk, &CITIZEN)] {
        page.until_there(SPEAKING).await.unwrap();
        page.until_seen(other).await.unwrap();
    }
    assert!(desk.hears(&CITIZEN, &ADVISER).await.unwrap());
    a_camera_goes_off_and_on(&call).await;
}
