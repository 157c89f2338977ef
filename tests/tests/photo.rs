//! Papers before the camera and under the eyes: taken, looked at and laid on paper in real
//! browsers, from the keyboard alone wherever a hand might be on it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use guichet_tests::browser::Browser;
use guichet_tests::meeting::Meeting;
use guichet_tests::pages;
use guichet_tests::performer::Performer;
use serde_json::json;

const CITIZEN: Performer = Performer::CITIZEN;
const CAMERA: &str = "document.querySelector('[data-camera]')";
const SHARP: &str = "document.querySelector('#viewer img.page--sharp')";
/// Printing is counted, and opens no window.
const COUNT_PRINTS: &str =
    "window.prints = 0; window.print = () => { window.prints += 1; return undefined; }";

/// Waits until this has the focus.
async fn until_at(page: &Browser, css: &str) {
    let focused = format!("document.activeElement?.matches({:?})", css);
    page.until(&focused).await.unwrap();
}

/// Opens the camera, and waits until it shows something.
async fn open_camera(kiosk: &Browser) {
    kiosk.enter("[data-photo]").await.unwrap();
    let sees = format!("{CAMERA}.querySelector('[data-viewfinder]').videoWidth > 0");
    kiosk.until(&sees).await.unwrap();
    until_at(kiosk, "[data-shoot]").await;
}

async fn until_camera_is_off(kiosk: &Browser) {
    let off = format!("{CAMERA}.hidden && !{CAMERA}.querySelector('[data-viewfinder]').srcObject");
    kiosk.until(&off).await.unwrap();
    until_at(kiosk, "[data-photo]").await;
}

/// Whether the page that is shown is what this performer's camera saw.
async fn shows(page: &Browser, performer: &Performer) -> bool {
    let drawn = format!("{SHARP}?.complete && {SHARP}.naturalWidth > 0");
    page.until(&drawn).await.unwrap();
    let script = format!(
        "const canvas = Object.assign(document.createElement('canvas'), {{ width: 64, height: 36 }});
         const pen = canvas.getContext('2d');
         pen.drawImage({SHARP}, 0, 0, 64, 36);
         return [...pen.getImageData(8, 4, 1, 1).data]"
    );
    let seen = page.run(&script, &json!([])).await.unwrap();
    let [r, g, b] = [0, 1, 2].map(|at| seen[at].as_f64().unwrap());
    let y = 0.299 * r + 0.587 * g + 0.114 * b;
    let seen = [y, 128.0 + 0.564 * (b - y), 128.0 + 0.713 * (r - y)];
    let pairs = performer.colour.iter().zip(seen);
    pairs
        .into_iter()
        .all(|(wanted, seen)| (f64::from(*wanted) - seen).abs() < 45.0)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_photographs_become_a_document_that_is_looked_at_and_laid_on_paper() {
    let meeting = Meeting::begin("photo", &CITIZEN, &Performer::ADVISER);
    let meeting = meeting.await.unwrap();
    let (kiosk, desk) = (&meeting.kiosk, &meeting.desk);
    kiosk.click("#docs ~ a[href$='/sheets']").await.unwrap();

    // Who thinks better of it has taken nothing.
    open_camera(kiosk).await;
    kiosk.enter("[data-unshoot]").await.unwrap();
    until_camera_is_off(kiosk).await;
    assert_eq!(kiosk.count("#tray li").await.unwrap(), 0);

    for number in 1..=2 {
        open_camera(kiosk).await;
        kiosk.enter("[data-shoot]").await.unwrap();
        let there = format!("#tray li:nth-child({number})");
        kiosk.until_there(&there).await.unwrap();
        until_camera_is_off(kiosk).await;
    }
    kiosk.click("#foot form button").await.unwrap();
    let joined = "location.search.startsWith('?document=')";
    kiosk.until(joined).await.unwrap();
    assert!(shows(kiosk, &CITIZEN).await);

    // Whoever steps through a document from the keyboard stays where they are.
    for (step, then) in [
        ("#look-plus", "#viewer .viewer--2"),
        ("#look-plus", "#viewer .viewer--3"),
        ("#look-plus", "#look-plus[aria-disabled=true]"),
        ("#look-turn", "#viewer img[src*='-1.png']"),
        ("#look-go", "#page-2"),
        ("#look-go", "#look-go[aria-disabled=true]"),
        ("#look-back", "#page-1"),
    ] {
        kiosk.enter(step).await.unwrap();
        kiosk.until_there(then).await.unwrap();
        until_at(kiosk, step).await;
    }

    pages::take_up(desk, &meeting.case).await.unwrap();
    let document = pages::document(desk, "Papiers").await.unwrap();
    pages::view(desk, "Papiers").await.unwrap();
    assert!(shows(desk, &CITIZEN).await, "the desk sees the photograph");

    // On paper it is laid once, whatever happens in the case meanwhile.
    desk.before_pages(COUNT_PRINTS).await.unwrap();
    let origin = desk
        .run("return location.origin", &json!([]))
        .await
        .unwrap();
    let paper = format!("{}{document}/paper", origin.as_str().unwrap());
    desk.open(&paper).await.unwrap();
    desk.until("window.prints === 1").await.unwrap();
    let sheets = "img.sheet-of-paper";
    assert_eq!(desk.count(sheets).await.unwrap(), 2);
    desk.run("window.same = true", &json!([])).await.unwrap();
    pages::say(kiosk, "Voici mes papiers.").await.unwrap();
    kiosk
        .until_shown("#messages, .chat", "Voici mes papiers.")
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let script = "return [window.prints, window.same ?? false]";
    let now = desk.run(script, &json!([])).await.unwrap();
    assert_eq!(now, json!([1, true]), "nothing is printed twice");
    assert_eq!(desk.count(sheets).await.unwrap(), 2);
    let complaints = kiosk.console().await.unwrap();
    assert_eq!(complaints, Vec::<String>::new());
}
