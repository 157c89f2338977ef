//! A scanner in trouble, as the citizen before it sees it: what is wrong is said, what can be done
//! instead stays in reach, and the next sheet comes once it is mended. Nothing is reloaded.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "the tests of the devices use more of it")]
#[path = "../../node/tests/devices/virtual_scanner.rs"]
mod virtual_scanner;

use guichet_tests::browser::{Browser, Size, quoted};
use guichet_tests::pages;
use guichet_tests::village::Village;
use serde_json::json;
use virtual_scanner::VirtualScanner;

const SCAN: &str = "#ways form[action$='/scan'] button";

/// A kiosk with this scanner, and its page for papers.
async fn before(scanner: &VirtualScanner, name: &str) -> (Village, Browser) {
    let mut village = Village::new(name, 1, 1).unwrap();
    let site = village.kiosk();
    let dir = scanner.dir().display().to_string();
    site.environment.push(("SANE_CONFIG_DIR".into(), dir));
    site.configure(|settings| {
        settings.insert("scan_dpi".into(), 75.into());
        settings.insert("printer".into(), "none".into());
    })
    .unwrap();
    village.start().await.unwrap();
    let page = village.kiosks[0].browser(name, Size::SCREEN).await.unwrap();
    let start_url = village.kiosks[0].node().unwrap().start_url.clone();
    page.open(&start_url).await.unwrap();
    pages::begin(&page, "caf", "housing").await.unwrap();
    page.click("#docs ~ a[href$='/sheets']").await.unwrap();
    page.until_there(SCAN).await.unwrap();
    page.run("window.same = true", &json!([])).await.unwrap();
    (village, page)
}

/// The camera, the other way in at a kiosk, is there and can be touched.
async fn other_ways_are_open(page: &Browser) {
    let seen = "(it => it?.checkVisibility() && it.clientHeight >= 44)
        (document.querySelector('#ways [data-photo]'))";
    page.until(seen).await.unwrap();
}

/// From now on whatever the ways in say is kept, however briefly they say it.
const LISTEN: &str = "
    const column = document.getElementById('ways').parentNode;
    window.told = [];
    window.listening ??= new MutationObserver(() => window.told.push(document.getElementById('ways').innerText));
    window.listening.observe(column, { childList: true, subtree: true, characterData: true });
";

/// Asks for a sheet, and waits until the page says why there is none.
async fn fails_with(page: &Browser, words: &str) {
    page.run(LISTEN, &json!([])).await.unwrap();
    page.click(SCAN).await.unwrap();
    let reads = "told.some((it) => it.includes('Le scanner lit la feuille'))";
    page.until(reads).await.unwrap();
    let says = format!("told.at(-1).includes({})", quoted(words));
    page.until(&says).await.unwrap();
    page.until_shown("#ways [role=alert]", words).await.unwrap();
    other_ways_are_open(page).await;
}

async fn works_again(page: &Browser) {
    page.click(SCAN).await.unwrap();
    page.until_there("#tray li").await.unwrap();
    page.until_gone("#ways > [role=alert]:not([data-keep])")
        .await
        .unwrap();
    other_ways_are_open(page).await;
    let same = page.run("return window.same", &json!([])).await.unwrap();
    assert_eq!(same, true, "the page was not loaded anew");
    assert_eq!(page.console().await.unwrap(), Vec::<String>::new());
}

async fn journey(name: &str, lines: &str, words: &str) {
    let scanner = VirtualScanner::new("Grid");
    let (_village, page) = before(&scanner, name).await;
    other_ways_are_open(&page).await;
    scanner.set_up(lines);
    // Whoever tries again without mending anything is told again.
    fails_with(&page, words).await;
    fails_with(&page, words).await;
    scanner.lay("Grid");
    works_again(&page).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feeder_without_a_sheet_is_told() {
    let lines = "read-status-code \"SANE_STATUS_NO_DOCS\"\n";
    journey("scanner-empty", lines, "Il n’y a pas de feuille").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stuck_sheet_is_told() {
    let lines = "read-status-code \"SANE_STATUS_JAMMED\"\n";
    journey("scanner-jam", lines, "La feuille est coincée").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_cover_is_told() {
    let lines = "read-status-code \"SANE_STATUS_COVER_OPEN\"\n";
    journey("scanner-cover", lines, "Le capot est ouvert").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scanner_that_is_switched_off_is_told() {
    let scanner = VirtualScanner::new("Grid");
    let (_village, page) = before(&scanner, "scanner-absent").await;
    let drivers = |list: &str| std::fs::write(scanner.dir().join("dll.conf"), list).unwrap();
    drivers("\n");
    // This is known at once: nothing is said to be read.
    for _ in 0..2 {
        page.click(SCAN).await.unwrap();
        page.until_shown("#ways [role=alert]", "est-il allumé et branché")
            .await
            .unwrap();
        other_ways_are_open(&page).await;
    }
    drivers("test\n");
    works_again(&page).await;
}
