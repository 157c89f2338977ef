//! The whole visit, as two people live through it: each in a browser with a camera and a
//! microphone, a scanner and a printer beside the kiosk, three real nodes, a line that is not wide.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "the tests of the devices use more of it")]
#[path = "../../node/tests/devices/virtual_scanner.rs"]
mod virtual_scanner;

use std::collections::BTreeSet;
use std::time::Duration;

use guichet_keys::sha256;
use guichet_tests::browser::Browser;
use guichet_tests::canary::{Canary, Finding, Search};
use guichet_tests::meeting::{ANSWER, Meeting, SPEAKING};
use guichet_tests::pages::{self, field};
use guichet_tests::performer::Performer;
use guichet_tests::print_shop::PrintShop;
use guichet_tests::samples;
use guichet_tests::village::Village;
use serde_json::json;
use virtual_scanner::VirtualScanner;

const CITIZEN: Performer = Performer::CITIZEN;
const ADVISER: Performer = Performer::ADVISER;
const SHEET: &str = "-d test:0 --mode Color --resolution 600 -x 200 -y 200 --format=png";
/// Wide enough for a small call, and a scanned sheet takes seconds.
const UPLINK_KBIT_PER_S: u32 = 2_500;
const SCAN_WITHIN: Duration = Duration::from_secs(60);
const BLUE: [u8; 3] = [30, 60, 200];
const WORDS: [&str; 4] = [
    "last name",
    "address",
    "message of the citizen",
    "message of the adviser",
];

const PDF_LINE: &str = "line of the adviser's PDF";

/// What a thumbnail has been seen to go through, from the page's first look on.
const WATCH_PAPERS: &str = "
    window.papersSeen = [];
    const look = () => {
        const thumb = document.querySelector('a.thumb[data-name=\"Papiers\"]');
        const picture = thumb?.querySelector('img.page');
        if (!thumb) return;
        const drawn = picture?.complete && picture.naturalWidth > 0 ? 'preview' : 'nothing';
        const state = thumb.matches('.thumb--here') ? 'sharp' : drawn;
        if (window.papersSeen.at(-1) !== state) window.papersSeen.push(state);
    };
    setInterval(look, 10);";

struct Said {
    all: Vec<Canary>,
}

impl Said {
    fn new(pdf_line: &str) -> Self {
        let words = WORDS.iter().chain([&pdf_line]);
        let all = words.map(|label| Canary::new(label).unwrap()).collect();
        Self { all }
    }

    fn word(&self, label: &str) -> &str {
        let found = self.all.iter().find(|canary| canary.label == label);
        found.unwrap().word()
    }
}

async fn both_see_and_hear(call: &Meeting) {
    let sides = [
        (&call.kiosk, &ADVISER, &CITIZEN),
        (&call.desk, &CITIZEN, &ADVISER),
    ];
    for (page, other, own) in sides {
        page.until_there(SPEAKING).await.unwrap();
        page.until_seen(other).await.unwrap();
        assert!(page.hears(other, own).await.unwrap(), "{other:?}");
    }
}

/// Each writes a field, and the other reads it.
async fn fill_in(call: &Meeting, said: &Said) {
    for (writer, reader, name) in [
        (&call.kiosk, &call.desk, "last_name"),
        (&call.desk, &call.kiosk, "address"),
    ] {
        let word = said.word(&name.replace('_', " "));
        pages::put(writer, name, word).await.unwrap();
        reader.until_value(&field(name), word).await.unwrap();
    }
}

/// Two sheets are scanned and joined at the kiosk; gives the document.
async fn scan(call: &mut Meeting, scanner: &VirtualScanner) -> String {
    let kiosk = &mut call.kiosk;
    let patience = std::mem::replace(&mut kiosk.patience, SCAN_WITHIN);
    kiosk.click("#docs ~ a[href$='/sheets']").await.unwrap();
    for (number, picture) in [(1, "Color pattern"), (2, "Grid")] {
        scanner.lay(picture);
        kiosk
            .click("#ways form[action$='/scan'] button")
            .await
            .unwrap();
        let there = format!("#tray li:nth-child({number})");
        kiosk.until_there(&there).await.unwrap();
    }
    kiosk.click("#foot form button").await.unwrap();
    kiosk
        .until("location.search.startsWith('?document=')")
        .await
        .unwrap();
    kiosk.patience = patience;
    let address = kiosk.address().await.unwrap();
    let (_, document) = address.split_once("?document=").unwrap();
    document.split('&').next().unwrap().to_owned()
}

async fn until_drawn(page: &Browser) {
    let drawn = "(it => it && it.complete && it.naturalWidth > 0)\
                 (document.querySelector('#viewer img.page--sharp'))";
    page.until(drawn).await.unwrap();
}

async fn receipt_says_received(kiosk: &Browser) {
    kiosk.click("a[href='/receipt']").await.unwrap();
    kiosk.until_there("#items .track").await.unwrap();
    let received = "[...document.querySelectorAll('#items .track')]\
        .every(track => track.querySelector('li:last-child').ariaCurrent === 'step')";
    kiosk.until(received).await.unwrap();
}

/// Each search that finds nothing has its control: these are found.
fn control(found: &BTreeSet<Finding>, said: &Said, wanted: impl Fn(&str) -> bool) {
    let labels = said.all.iter().map(|canary| canary.label.as_str());
    for label in labels.filter(|label| wanted(label)) {
        assert!(found.iter().any(|it| it.label == label), "{label}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_citizen_and_an_adviser_live_through_a_visit_and_nothing_stays_behind() {
    let (scanner, shop) = (VirtualScanner::new("Grid"), PrintShop::open().unwrap());
    let mut village = Village::new("visit", 1, 1).unwrap();
    village.kiosk().let_files_pass().unwrap();
    let site = village.kiosk();
    site.environment = vec![
        (
            "SANE_CONFIG_DIR".into(),
            scanner.dir().display().to_string(),
        ),
        ("CUPS_SERVER".into(), shop.server()),
    ];
    site.configure(|settings| {
        settings.insert("scanner".into(), "test:0".into());
        settings.insert("scan_dpi".into(), 600.into());
        settings.insert("scan_width_mm".into(), 200.into());
        settings.insert("scan_height_mm".into(), 200.into());
    })
    .unwrap();
    village.start().await.unwrap();
    let mut said = Said::new(PDF_LINE);
    let expected = ["Color pattern", "Grid"].map(|picture| {
        scanner.lay(picture);
        scanner.by_hand(SHEET)
    });
    for (sheet, bytes) in ["first sheet", "second sheet"].iter().zip(&expected) {
        said.all.extend(Canary::windows(sheet, bytes).unwrap());
    }
    let search = Search::new(&said.all).unwrap();

    // Waiting, ringing, and the picture once both have said yes.
    let mut call = Meeting::in_village("visit", village, &CITIZEN, &ADVISER)
        .await
        .unwrap();
    call.ring().await.unwrap();
    call.kiosk.click(ANSWER).await.unwrap();
    both_see_and_hear(&call).await;
    fill_in(&call, &said).await;

    // Two sheets: the desk sees a preview before the page, and then every byte.
    let place = call.village.kiosks[0].place.clone();
    call.village
        .network
        .narrow(&place, UPLINK_KBIT_PER_S)
        .unwrap();
    call.desk.run(WATCH_PAPERS, &json!([])).await.unwrap();
    let document = scan(&mut call, &scanner).await;
    call.desk
        .until_there("a.thumb--here[data-name=Papiers]")
        .await
        .unwrap();
    let seen = call
        .desk
        .run("return window.papersSeen", &json!([]))
        .await
        .unwrap();
    let seen: Vec<_> = seen
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|it| it.as_str())
        .collect();
    assert_eq!(&seen[seen.len() - 2..], ["preview", "sharp"], "{seen:?}");
    for side in [&call.kiosk, &call.desk] {
        for (number, bytes) in (1..).zip(&expected) {
            let path = format!("/cases/{}/documents/{document}/sheets/{number}", call.case);
            let hash = sha256(bytes).to_string();
            assert_eq!(side.sha256_of(&path).await.unwrap(), hash, "sheet {number}");
        }
    }
    pages::view(&call.desk, "Papiers").await.unwrap();
    until_drawn(&call.desk).await;
    let larger = "#viewer a[data-look][href*='zoom=2']";
    call.desk.click(larger).await.unwrap();
    call.desk.until_there("#viewer .viewer--2").await.unwrap();
    until_drawn(&call.desk).await;
    both_see_and_hear(&call).await;

    // A PDF comes back, is drawn and printed; the printer waits for paper in between.
    let file = call.village.folder().join("Attestation.pdf");
    let pdf = samples::pdf(BLUE, said.word(PDF_LINE));
    std::fs::write(&file, &pdf).unwrap();
    pages::add(&call.desk, &file).await.unwrap();
    pages::document(&call.kiosk, "Attestation.pdf")
        .await
        .unwrap();
    pages::view(&call.kiosk, "Attestation.pdf").await.unwrap();
    until_drawn(&call.kiosk).await;
    let picture = call.kiosk.pixels("#viewer img.page--sharp").await.unwrap();
    assert!(picture.share(BLUE, 30) > 0.1, "the page is drawn");
    shop.take_paper().unwrap();
    call.kiosk
        .click("#viewer form[action$='/print'] button")
        .await
        .unwrap();
    call.kiosk
        .until_there(".viewer__print .state.wait")
        .await
        .unwrap();
    let spooled = search.folder(&shop.spool()).unwrap();
    control(&spooled, &said, |label| label == PDF_LINE);
    shop.put_paper().unwrap();
    call.kiosk
        .until_there(".viewer__print .state.ok")
        .await
        .unwrap();
    assert_eq!(shop.printed().unwrap().len(), 1);
    assert_eq!(shop.spooled().unwrap(), Vec::<std::path::PathBuf>::new());
    assert_eq!(shop.jobs().unwrap(), "");

    for (writer, reader, label) in [
        (&call.kiosk, &call.desk, "message of the citizen"),
        (&call.desk, &call.kiosk, "message of the adviser"),
    ] {
        let message = said.word(label);
        pages::say(writer, message).await.unwrap();
        reader
            .until_shown("#messages p.them", message)
            .await
            .unwrap();
    }

    call.hang_up().await.unwrap();
    receipt_says_received(&call.kiosk).await;
    let node = call.village.kiosks[0].node().unwrap();
    // That a sheet is found in memory while it lies there is the control of `papers.rs`.
    let memory = search.memory(node.pid()).unwrap();
    control(&memory, &said, |label| WORDS.contains(&label));
    call.kiosk
        .click("form[action='/visit/end'] button")
        .await
        .unwrap();
    call.kiosk.until("location.pathname === '/'").await.unwrap();

    let site = &call.village.kiosks[0];
    let mut left = search.memory(node.pid()).unwrap();
    left.extend(search.folder(site.folder()).unwrap());
    left.extend(search.bytes("log", node.log().as_bytes()));
    left.extend(search.folder(&shop.spool()).unwrap());
    let profile = call.kiosk.quit().await.unwrap();
    // Beside the profile lie the picture and the voice that the camera and the microphone play.
    let profile = profile.path().join("profile");
    left.extend(search.folder(&profile).unwrap());
    let told: Vec<_> = left.iter().map(ToString::to_string).collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
}
