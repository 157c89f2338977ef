//! A call that changes hands: from one adviser to another, and over a kiosk that dies in it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use guichet_tests::browser::Browser;
use guichet_tests::meeting::{ANSWER, Meeting, SPEAKING};
use guichet_tests::pages;
use guichet_tests::performer::Performer;
use guichet_tests::village::Village;

const CITIZEN: Performer = Performer::CITIZEN;
const ADVISER: Performer = Performer::ADVISER;
const COLLEAGUE: Performer = Performer::COLLEAGUE;
const NOTE: &str = "Dossier à reprendre pour le garage.";

async fn see_and_hear(kiosk: &Browser, desk: &Browser, adviser: &Performer, not: &Performer) {
    for (page, other, not) in [(kiosk, adviser, not), (desk, &CITIZEN, adviser)] {
        page.until_there(SPEAKING).await.unwrap();
        page.until_seen(other).await.unwrap();
        assert!(page.hears(other, not).await.unwrap(), "{other:?}");
    }
}

async fn hang_up(desk: &Browser) {
    desk.click("form[action='/call/leave'] button")
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_colleague_gets_the_call_the_case_and_the_notes() {
    let mut village = Village::new("handover", 1, 2).unwrap();
    village.start().await.unwrap();
    let second = village.stations[1].node().unwrap().start_url.clone();
    let adviser = village.advisers.iter();
    let mut there = adviser.filter(|adviser| adviser.station == "station-2");
    let second_adviser = there.next().unwrap().clone();
    let meeting = Meeting::in_village("handover", village, &CITIZEN, &ADVISER);
    let meeting = meeting.await.unwrap();
    let stations = &meeting.village.stations;
    let colleague = stations[1].browser_before("handover-colleague", &COLLEAGUE);
    let colleague = colleague.await.unwrap();
    pages::unlock(&colleague, &second, &second_adviser)
        .await
        .unwrap();
    let (kiosk, desk) = (&meeting.kiosk, &meeting.desk);

    meeting.ring().await.unwrap();
    kiosk.click(ANSWER).await.unwrap();
    see_and_hear(kiosk, desk, &ADVISER, &COLLEAGUE).await;
    desk.fill("#note", NOTE).await.unwrap();
    desk.click("form[action$='/notes'] button").await.unwrap();
    desk.until_shown("#notes", NOTE).await.unwrap();

    desk.click("button[popovertarget=pass]").await.unwrap();
    desk.click_on("#pass button[name=station]", &second_adviser.name)
        .await
        .unwrap();
    // Until the colleague has them, the citizen is not left alone.
    desk.until_there(".call__passed").await.unwrap();
    desk.until_seen(&CITIZEN).await.unwrap();

    pages::take_next(&colleague).await.unwrap();
    kiosk.until_there(ANSWER).await.unwrap();
    kiosk.click(ANSWER).await.unwrap();
    see_and_hear(kiosk, &colleague, &COLLEAGUE, &ADVISER).await;
    desk.until_there("#call[data-call=none]").await.unwrap();
    assert_eq!(pages::case_of(&colleague).await.unwrap(), meeting.case);
    colleague.until_shown("#notes", NOTE).await.unwrap();

    hang_up(&colleague).await;
    for page in [kiosk, &colleague] {
        page.until_there("#call[data-call=none]").await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_kiosk_that_died_in_a_call_the_next_citizen_is_served() {
    let meeting = Meeting::begin("kiosk-dies", &CITIZEN, &ADVISER);
    let mut meeting = meeting.await.unwrap();
    meeting.ring().await.unwrap();
    meeting.kiosk.click(ANSWER).await.unwrap();
    see_and_hear(&meeting.kiosk, &meeting.desk, &ADVISER, &COLLEAGUE).await;

    meeting.village.kiosk().kill();
    meeting
        .desk
        .until_there("#call .stage--frozen")
        .await
        .unwrap();
    meeting.village.kiosk().start().await.unwrap();
    // The kiosk that is back says that it holds nobody: the adviser is not left with a still picture.
    meeting
        .desk
        .until_there("#call[data-call=none]")
        .await
        .unwrap();
    meeting.desk.click("a[href='/desk']").await.unwrap();

    // Whoever comes next finds a counter that works.
    let start_url = meeting.village.kiosks[0].node().unwrap().start_url.clone();
    meeting.kiosk.open(&start_url).await.unwrap();
    pages::begin(&meeting.kiosk, "caf", "housing")
        .await
        .unwrap();
    meeting.ring().await.unwrap();
    meeting.kiosk.click(ANSWER).await.unwrap();
    see_and_hear(&meeting.kiosk, &meeting.desk, &ADVISER, &COLLEAGUE).await;
}
