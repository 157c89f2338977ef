//! An unlocked desk that nobody is at locks itself, and says so before; not in a call.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use guichet_tests::api::Events;
use guichet_tests::browser::{Browser, Size};
use guichet_tests::pages;
use guichet_tests::script::Script;
use guichet_tests::village::Village;
use guichet_tests::visit::unlocked;
use serde_json::{Value, json};

const LOCK_AFTER: Duration = Duration::from_secs(60);
/// Of a minute, half is the notice.
const NOTICE: Duration = Duration::from_secs(30);
const MARGIN: Duration = Duration::from_secs(10);
const NOTICED: &str = "#locking dialog[open]";

async fn village(name: &str, kiosks: usize) -> Village {
    let mut village = Village::new(name, kiosks, 1).unwrap();
    let minute = |settings: &mut toml::Table| {
        settings.insert("lock_after_minutes".into(), 1.into());
    };
    village.stations[0].configure(minute).unwrap();
    village.start().await.unwrap();
    village
}

/// Waits for the next event of this kind in which `word` stands.
async fn told(page: &mut Events, name: &str, word: &str, within: Duration) {
    let end = Instant::now() + within;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let event = page.next(left).await.unwrap();
        if event.name == name && event.data.contains(word) {
            return;
        }
    }
}

async fn speak(kiosk: &Script, desk: &Script) -> String {
    let case = kiosk.begin("caf", "housing").await.unwrap();
    kiosk.set(&case, "rent", "412,50").await.unwrap();
    kiosk.join_queue(&case).await.unwrap();
    let home = kiosk.api().get_json("/").await.unwrap();
    let row = desk.until_turn(home["place"].as_str().unwrap(), "next");
    let row = row.await.unwrap();
    assert_eq!(desk.take(&row, None).await.unwrap().status, 200);
    kiosk.until_call("ringing").await.unwrap();
    kiosk.answer().await.unwrap();
    desk.until_call("speaking").await.unwrap();
    case
}

/// Whoever opens a vault beside a call does not end it.
async fn a_vault_that_is_tried_in_a_call_ends_no_call(village: &Village, desk: &Script) {
    let before = desk.call().await.unwrap();
    let view = desk.api().get_json("/unlock").await.unwrap();
    let id = |name: &str| {
        let mut advisers = view["advisers"].as_array().unwrap().iter();
        let found = advisers.find(|it| it["name"] == name).unwrap();
        found["adviser"].clone()
    };
    let (one, other) = (&village.advisers[0], village.advisers.last().unwrap());
    for (adviser, passphrase, status, kind) in [
        (one, "faux", 403, "wrong-passphrase"),
        (other, other.passphrase.as_str(), 409, "busy"),
        (one, one.passphrase.as_str(), 200, ""),
    ] {
        let order = json!({ "adviser": id(&adviser.name), "passphrase": passphrase });
        let answer = desk.api().post("/unlock", &order).await.unwrap();
        assert_eq!(answer.status, status, "{}", answer.text());
        if status != 200 {
            assert_eq!(answer.json().unwrap()["kind"], kind);
        }
        let after = desk.call().await.unwrap();
        for kept in ["call", "name", "case"] {
            assert_eq!(after[kept], before[kept], "{kind}: {after}");
        }
        // Told on a clock that is read anew, so a second more or less.
        let [began, begins] = [&before, &after].map(|call| call["since_s"].as_u64().unwrap());
        assert!(began.abs_diff(begins) <= 1, "{kind}: {after}");
    }
}

async fn reception(kiosk: &Script) -> Value {
    let home = kiosk.api().get_json("/").await.unwrap();
    let services = home["services"].as_array().unwrap();
    let caf = services.iter().find(|it| it["service"] == "caf").unwrap();
    caf["reception"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_that_nobody_is_at_locks_itself_but_not_in_a_call() {
    let village = village("idle-desk", 1).await;
    let kiosk = village.kiosks[0].script().unwrap();
    let desk = unlocked(&village).await.unwrap();
    let case = speak(&kiosk, &desk).await;
    a_vault_that_is_tried_in_a_call_ends_no_call(&village, &desk).await;

    tokio::time::sleep(LOCK_AFTER + MARGIN).await;
    assert_eq!(desk.call().await.unwrap()["call"], "speaking");
    desk.case(&case).await.unwrap();

    desk.leave_call().await.unwrap();
    let left = Instant::now();
    let page = async |path: &str| desk.api().events(&format!("/events?at={path}")).await;
    let mut at_desk = page("/desk").await.unwrap();
    let mut at_case = page(&format!("/cases/{case}")).await.unwrap();
    told(&mut at_desk, "fragment", "alertdialog", NOTICE + MARGIN).await;
    assert!(left.elapsed() + MARGIN > NOTICE, "{:?}", left.elapsed());
    told(&mut at_case, "fragment", "alertdialog", MARGIN).await;

    // Looking is no act; saying so is one.
    desk.api().get_json("/desk").await.unwrap();
    desk.api()
        .post_json("/desk/here", &json!({}))
        .await
        .unwrap();
    let here = Instant::now();
    told(&mut at_desk, "fragment", "id=\\\"locking\\\"", MARGIN).await;
    for page in [&mut at_desk, &mut at_case] {
        told(page, "go", "/unlock", LOCK_AFTER + MARGIN).await;
    }
    let open = here.elapsed();
    assert!(
        open + Duration::from_secs(2) > LOCK_AFTER,
        "locked after {open:?}"
    );
    let late = desk.api().post("/desk/here", &json!({})).await.unwrap();
    assert!(
        late.status < 300,
        "a gesture that comes too late is no fault"
    );
    let answer = desk.api().get("/desk").await.unwrap();
    assert_eq!(answer.status, 403, "and opens nothing: {}", answer.text());
    let case = desk.api().get(&format!("/cases/{case}")).await.unwrap();
    assert_eq!(case.status, 403, "no key is left: {}", case.text());
    let away = async |kiosk: &Script| Ok(reception(kiosk).await);
    let away = kiosk.until("nobody at the desk", away, |it| it == "nobody");
    away.await.unwrap();
}

/// Waits until the page says that the desk locks soon.
async fn until_noticed(desk: &Browser, unless_before: Duration) {
    let begun = Instant::now();
    while desk.count(NOTICED).await.unwrap() == 0 {
        assert!(begun.elapsed() < NOTICE + MARGIN, "nothing is said");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert!(begun.elapsed() >= unless_before, "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_says_so_before_and_what_was_typed_is_there_again() {
    let mut village = village("idle-page", 2).await;
    let kiosk = village.kiosks[0].script().unwrap();
    let case = kiosk.begin("caf", "housing").await.unwrap();
    kiosk.set(&case, "rent", "412,50").await.unwrap();
    kiosk.join_queue(&case).await.unwrap();
    kiosk.until_call("waiting").await.unwrap();
    let later = village.kiosks[1].script().unwrap();
    let second = later.begin("caf", "housing").await.unwrap();
    later.set(&second, "rent", "512").await.unwrap();
    later.join_queue(&second).await.unwrap();
    let adviser = village.adviser().clone();
    let desk = village.station().browser("idle-desk", Size::SCREEN);
    let desk = desk.await.unwrap();
    let start_url = village.station().node().unwrap().start_url.clone();
    pages::unlock(&desk, &start_url, &adviser).await.unwrap();
    write_in_every_box(&desk, &case).await;

    until_noticed(&desk, NOTICE.saturating_sub(MARGIN)).await;
    desk.until_shown(NOTICED, "Verrouillage dans 30 secondes")
        .await
        .unwrap();
    desk.until_shown(NOTICED, "Il reste").await.unwrap();
    let focused = "document.activeElement.closest('#locking') !== null";
    desk.until(focused).await.unwrap();
    desk.click_on("#locking button", "Rester connecté")
        .await
        .unwrap();
    desk.until_gone("#locking dialog").await.unwrap();
    desk.until("document.activeElement.id === 'note'")
        .await
        .unwrap();

    // Any key is an answer.
    until_noticed(&desk, NOTICE.saturating_sub(MARGIN)).await;
    desk.type_in("#locking button", "x").await.unwrap();
    desk.until_gone("#locking dialog").await.unwrap();

    until_noticed(&desk, NOTICE.saturating_sub(MARGIN)).await;
    tokio::time::sleep(NOTICE).await;
    desk.until("location.pathname === '/unlock'").await.unwrap();
    let start_url = village.station().node().unwrap().open().unwrap();
    pages::unlock(&desk, &start_url, &adviser).await.unwrap();
    every_box_is_as_it_was(&desk, &case).await;
    // What is sent is not begun any more: neither at the page nor in the node.
    desk.click_on("button", "vérification").await.unwrap();
    desk.click("#identity label:has(input[value=known-to-host])")
        .await
        .unwrap();
    desk.click_on("#identity button", "Enregistrer")
        .await
        .unwrap();
    desk.until_shown(".identity", BOXES[3].1).await.unwrap();
    desk.until_value("#identity-remark", "").await.unwrap();
    desk.reload().await.unwrap();
    desk.until_value("#identity-remark", "").await.unwrap();
}

/// Every text box of the desk, with what is typed in it.
const BOXES: [(&str, &str); 4] = [
    (WHY, "Un train à prendre"),
    ("#say", "Bonjour, il manque"),
    ("#note", "À revoir"),
    ("#identity-remark", "Passeport périmé"),
];
const WHY: &str = "#queue textarea[name=reason]";

/// Begins to write wherever an adviser may, and sends nothing.
async fn write_in_every_box(desk: &Browser, case: &str) {
    let boxes = "document.querySelectorAll('textarea, input:is([type=text], :not([type]))').length";
    desk.click_on("#queue button", "Avant son tour")
        .await
        .unwrap();
    desk.type_in(WHY, BOXES[0].1).await.unwrap();
    assert_eq!(
        desk.until(boxes).await.unwrap(),
        1,
        "the desk has other boxes"
    );
    // The line of the case was made before this was typed.
    desk.reload().await.unwrap();
    desk.until_value(WHY, BOXES[0].1).await.unwrap();
    pages::take_up(desk, case).await.unwrap();
    desk.type_in(BOXES[1].0, BOXES[1].1).await.unwrap();
    desk.click_on("button", "vérification").await.unwrap();
    desk.type_in(BOXES[3].0, BOXES[3].1).await.unwrap();
    desk.click_on("#identity button", "Annuler").await.unwrap();
    desk.type_in(BOXES[2].0, BOXES[2].1).await.unwrap();
}

async fn every_box_is_as_it_was(desk: &Browser, case: &str) {
    desk.until_value(BOXES[0].0, BOXES[0].1).await.unwrap();
    pages::take_up(desk, case).await.unwrap();
    for (css, words) in &BOXES[1..] {
        desk.until_value(css, words).await.unwrap();
    }
}
