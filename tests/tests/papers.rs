//! Papers on their way through a visit: scanned at the kiosk, put in order, joined, looked at on
//! both sides, printed. Scanner and printer are real programs; only the sheets are drawn by them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "the tests of the devices use more of it")]
#[path = "../../node/tests/devices/virtual_scanner.rs"]
mod virtual_scanner;

use std::time::Duration;

use guichet_keys::sha256;
use guichet_tests::api::Answer;
use guichet_tests::canary::{Canary, Search};
use guichet_tests::careless::Care;
use guichet_tests::counter::Counter;
use guichet_tests::print_shop::PrintShop;
use guichet_tests::samples;
use guichet_tests::script::Script;
use guichet_tests::village::Village;
use serde_json::{Value, json};
use virtual_scanner::VirtualScanner;

const SHEET: &str = "-d test:0 --mode Color --resolution 600 -x 200 -y 200 --format=png";
/// The kiosk's own process finds the scanner in its environment too.
const NODE: usize = 1;
/// A page that an adviser sends.
const BLUE: [u8; 3] = [30, 60, 200];

/// A kiosk with this scanner and perhaps a printer, whose nodes go without something or nothing.
async fn open(
    name: &str,
    scanner: &VirtualScanner,
    shop: Option<&PrintShop>,
    without: Option<Care>,
) -> Counter {
    let mut village = Village::new(name, 1, 1).unwrap();
    village.sites().for_each(|site| site.without = without);
    let site = village.kiosk();
    let dir = scanner.dir().display().to_string();
    site.environment.push(("SANE_CONFIG_DIR".into(), dir));
    if let Some(shop) = shop {
        let server = shop.server();
        site.environment.push(("CUPS_SERVER".into(), server));
    }
    site.configure(|settings| {
        settings.insert("scanner".into(), "test:0".into());
        settings.insert("scan_dpi".into(), 600.into());
        settings.insert("scan_width_mm".into(), 200.into());
        settings.insert("scan_height_mm".into(), 200.into());
        if shop.is_none() {
            settings.insert("printer".into(), "none".into());
        }
    })
    .unwrap();
    Counter::open(village).await.unwrap()
}

async fn sheets(counter: &Counter) -> Value {
    counter.sheets().await.unwrap()
}

/// Waits until the tray looks so.
async fn until_sheets(counter: &Counter, what: &str, is: impl Fn(&Value) -> bool) -> Value {
    let sheets = async |_: &Script| counter.sheets().await;
    let patience = Duration::from_secs(60);
    let looked = counter.kiosk.until_within(patience, what, sheets, is);
    looked.await.unwrap()
}

async fn scan(counter: &Counter) -> Value {
    let before = count(&sheets(counter).await);
    counter.ordered("scan", json!({})).await.unwrap();
    until_sheets(counter, "one more sheet", |view| count(view) == before + 1).await
}

async fn got(counter: &Counter, of: &Script, rest: &str) -> Answer {
    of.api().get(&counter.path(rest)).await.unwrap()
}

async fn upload(counter: &Counter, bytes: &[u8]) -> Answer {
    let path = counter.path("sheets");
    let api = counter.kiosk.api();
    let sent = api.send("POST", &path, "application/octet-stream", bytes);
    sent.await.unwrap()
}

fn count(view: &Value) -> usize {
    view["sheets"].as_array().map_or(0, Vec::len)
}

fn sheet(view: &Value, place: usize) -> String {
    view["sheets"][place]["sheet"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sheets_are_scanned_put_in_order_joined_and_reach_the_desk_byte_for_byte() {
    let scanner = VirtualScanner::new("Color pattern");
    let counter = open("papers", &scanner, None, None).await;
    let pattern = scanner.by_hand(SHEET);
    let view = scan(&counter).await;
    let first = sheet(&view, 0);
    scanner.lay("Grid");
    let grid = scanner.by_hand(SHEET);
    assert_ne!(sha256(&pattern), sha256(&grid));
    let view = scan(&counter).await;
    let second = sheet(&view, 1);

    let arrange = async |sheet: &str, how: &str| {
        let path = format!("sheets/{sheet}");
        counter.ordered(&path, json!({ "do": how })).await.unwrap()
    };
    arrange(&second, "turn").await;
    arrange(&second, "earlier").await;
    let view = sheets(&counter).await;
    assert_eq!([sheet(&view, 0), sheet(&view, 1)], [second.clone(), first]);
    assert_eq!(view["sheets"][0]["turns"], 1);
    assert_eq!(view["case"]["documents"], json!([]), "not yet joined");
    // What was written after the scans has reached the desk: the sheets would have too.
    let said = "Les pages arrivent.";
    counter.kiosk.say(&counter.case, said).await.unwrap();
    let heard = async |desk: &Script| desk.said(&counter.case).await;
    counter
        .desk
        .until("the message", heard, |said_there| {
            said_there.contains(&said.to_owned())
        })
        .await
        .unwrap();
    let case = counter.desk.case(&counter.case).await.unwrap();
    assert_eq!(case["documents"], json!([]), "nobody sees it before");

    let joined = counter
        .ordered("sheets/join", json!({ "name": "Bail" }))
        .await
        .unwrap();
    let document = joined["document"].as_str().unwrap();
    assert_eq!(count(&sheets(&counter).await), 0, "the tray is empty");
    let here = async |desk: &Script| desk.case(&counter.case).await;
    let case = counter
        .desk
        .until("the document", here, |case| {
            case["documents"][0]["arrival"]["arrival"] == "here"
        })
        .await
        .unwrap();
    let shown = &case["documents"][0];
    assert_eq!(shown["name"], "Bail");
    assert_eq!(shown["pages"].as_array().unwrap().len(), 2);
    assert_eq!(shown["pages"][0]["turns"], 1);
    assert_eq!(shown["pages"][0]["preview"], true);

    for side in [&counter.kiosk, &counter.desk] {
        for (number, bytes) in [(1, &grid), (2, &pattern)] {
            let rest = format!("documents/{document}/sheets/{number}");
            let answer = got(&counter, side, &rest).await;
            assert_eq!(answer.status, 200);
            assert_eq!(sha256(&answer.body), sha256(bytes), "sheet {number}");
        }
        for picture in ["1-screen-0.png", "2-preview-1.jpg", "2-close-3.png"] {
            let rest = format!("documents/{document}/pages/{picture}");
            let answer = got(&counter, side, &rest).await;
            assert_eq!(answer.status, 200, "{picture}: {}", answer.text());
        }
        let rest = format!("documents/{document}/pages/3-screen-0.png");
        assert_eq!(got(&counter, side, &rest).await.status, 422);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_that_fails_is_told_and_loses_nothing() {
    let scanner = VirtualScanner::new("Grid");
    let counter = open("papers-trouble", &scanner, None, None).await;
    scan(&counter).await;

    scanner.slow_down();
    counter.ordered("scan", json!({})).await.unwrap();
    assert_eq!(sheets(&counter).await["scanner"]["state"], "scanning");
    let busy = counter.order("scan", json!({})).await.unwrap();
    assert_eq!(busy.status, 503, "one sheet at a time");
    let scanning = scanner.until_processes(NODE + 1).await;
    let node = counter.village.kiosks[0].node().unwrap().pid();
    let mut scanning = scanning.into_iter();
    let program = scanning.find(|pid| pid.cast_unsigned() != node).unwrap();
    let pid = rustix::process::Pid::from_raw(program).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    let died = |view: &Value| view["scanner"]["trouble"] == "died";
    let view = until_sheets(&counter, "that it died", died).await;
    assert_eq!(count(&view), 1, "the sheet before is kept");

    counter.ordered("scan", json!({})).await.unwrap();
    scanner.until_processes(NODE + 1).await;
    counter.ordered("scan/stop", json!({})).await.unwrap();
    scanner.until_processes(NODE).await;
    let view = sheets(&counter).await;
    assert_eq!(
        (count(&view), &view["scanner"]["state"]),
        (1, &json!("ready"))
    );

    // The visit ends in mid-scan: the scanner stops, and nothing of the sheet that lies there is
    // left in the node.
    let lies = samples::png(17, 160);
    upload(&counter, &lies).await;
    let search = Search::new(&Canary::windows("sheet", &lies).unwrap()).unwrap();
    let memory = |counter: &Counter| {
        let pid = counter.village.kiosks[0].node().unwrap().pid();
        search.memory(pid).unwrap()
    };
    assert_eq!(search.missing(&memory(&counter)).len(), 0, "the control");
    counter.ordered("scan", json!({})).await.unwrap();
    scanner.until_processes(NODE + 1).await;
    counter.kiosk.end_visit().await.unwrap();
    scanner.until_processes(NODE).await;
    let left: Vec<_> = memory(&counter).iter().map(ToString::to_string).collect();
    assert!(left.is_empty(), "{left:?}");
}

/// Lays a sheet down, so many times.
async fn lay(counter: &Counter, sheet: &[u8], times: usize) {
    for _ in 0..times {
        let answer = upload(counter, sheet).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

/// The tray takes no more: from nowhere, until something is taken out of it.
async fn is_full(counter: &Counter, one_more: &[u8]) {
    let before = sheets(counter).await;
    for answer in [
        upload(counter, one_more).await,
        upload(counter, one_more).await,
    ] {
        assert_eq!(answer.status, 409, "{}", answer.text());
        assert_eq!(answer.json().unwrap()["type"], "about:blank#tray-full");
    }
    assert_eq!(
        sheets(counter).await["sheets"],
        before["sheets"],
        "as it was"
    );
    let first = format!("sheets/{}", sheet(&before, 0));
    counter
        .ordered(&first, json!({ "do": "remove" }))
        .await
        .unwrap();
    lay(counter, one_more, 1).await;
    assert_eq!(count(&sheets(counter).await), count(&before));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tray_takes_forty_sheets() {
    let scanner = VirtualScanner::new("Grid");
    let counter = open("papers-many", &scanner, None, None).await;
    let small = samples::png(7, 160);
    lay(&counter, &small, 40).await;
    let view = sheets(&counter).await;
    assert_eq!((count(&view), &view["full"]), (40, &json!(true)));
    let scan = counter.order("scan", json!({})).await.unwrap();
    assert_eq!(scan.status, 409, "{}", scan.text());
    is_full(&counter, &small).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trays_take_160_mib() {
    let scanner = VirtualScanner::new("Grid");
    let counter = open("papers-heavy", &scanner, None, None).await;
    let heavy = samples::png(7, 3_260);
    let sheets = (160 << 20) / heavy.len();
    assert_eq!(sheets, 5);
    lay(&counter, &heavy, sheets).await;
    is_full(&counter, &heavy).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_sheet_is_refused() {
    let scanner = VirtualScanner::new("Grid");
    let counter = open("papers-refused", &scanner, None, None).await;
    let pdf = samples::pdf(BLUE, "a PDF is a document, and no sheet");
    for (what, bytes, status) in [
        ("a PDF", pdf, 415),
        ("nothing", Vec::new(), 400),
        ("20,000 by 20,000 pixels", samples::vast_png(20_000), 422),
        (
            "half a picture",
            samples::png(7, 160)[..1_000].to_vec(),
            422,
        ),
        ("too many bytes", vec![0x89; (32 << 20) + 1], 413),
    ] {
        let answer = upload(&counter, &bytes).await;
        assert_eq!(answer.status, status, "{what}: {}", answer.text());
    }
    assert_eq!(count(&sheets(&counter).await), 0);
    // Twice at once: one document, and the other is told.
    upload(&counter, &samples::png(9, 160)).await;
    let join = || counter.order("sheets/join", json!({ "name": "Bail" }));
    let (one, other) = tokio::join!(join(), join());
    let mut statuses = [one, other].map(|it| it.unwrap().status);
    statuses.sort_unstable();
    assert!(statuses[0] == 200 && statuses[1] != 200, "{statuses:?}");
    let case = counter.kiosk.case(&counter.case).await.unwrap();
    assert_eq!(case["documents"].as_array().unwrap().len(), 1);
    assert_eq!(upload(&counter, &samples::png(7, 160)).await.status, 200);
    let none = "00".repeat(8);
    for (rest, body) in [
        (format!("sheets/{none}"), json!({ "do": "turn" })),
        ("scan".to_owned(), json!({ "instead": none })),
        (format!("documents/{}/print", "00".repeat(16)), json!({})),
    ] {
        let answer = counter.order(&rest, body).await.unwrap();
        assert_eq!(answer.status, 404, "{rest}: {}", answer.text());
    }
    let alive = counter.village.kiosks[0].node().unwrap().stranger();
    assert_eq!(alive.get("/healthz").await.unwrap().status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_print_that_waits_for_paper_is_cancelled_on_wish_and_at_the_visits_end() {
    let (scanner, shop) = (VirtualScanner::new("Grid"), PrintShop::open().unwrap());
    let counter = open("prints", &scanner, Some(&shop), None).await;
    let pdf = samples::pdf(BLUE, "a decision");
    let (case, kiosk) = (&counter.case, &counter.kiosk);
    let document = kiosk.add(case, "Avis.pdf", "application/pdf", &pdf).await;
    let document = document.unwrap();
    let until = async |what: &str, holds: &dyn Fn(&Value) -> bool| {
        let printing = async |kiosk: &Script| Ok(kiosk.case(case).await?["printing"].take());
        let patience = Duration::from_secs(60);
        let seen = kiosk.until_within(patience, what, printing, holds).await;
        seen.unwrap();
    };
    let print = format!("documents/{document}/print");
    until("the printer", &|view| view["printer"] == true).await;
    shop.take_paper().unwrap();
    for ends in [false, true] {
        counter.ordered(&print, json!({})).await.unwrap();
        until("paper", &|view| view["job"]["state"] == "needs-attention").await;
        assert!(!shop.spooled().unwrap().is_empty(), "it waits in the spool");
        let another = counter.order(&print, json!({})).await.unwrap();
        assert_eq!(another.status, 503, "one at a time: {}", another.text());
        if ends {
            kiosk.end_visit().await.unwrap();
        } else {
            counter
                .ordered(&format!("{print}/cancel"), json!({}))
                .await
                .unwrap();
            until("its end", &|view| view["job"]["state"] == "cancelled").await;
        }
        let left = async |_: &Script| Ok((shop.jobs()?, shop.spooled()?.len()));
        let gone = |left: &(String, usize)| *left == (String::new(), 0);
        kiosk.until("an empty spool", left, gone).await.unwrap();
    }
}

/// What phones and offices make, and this program does not draw: a picture in HEIF, a text renamed
/// to look like a picture, a PDF that was cut off.
fn strange_files() -> [(&'static str, &'static str, Vec<u8>, &'static str); 4] {
    let heic = [&b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"[..], &[7; 900]].concat();
    let avif = [&b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf"[..], &[7; 900]].concat();
    let docx = [&b"PK\x03\x04\x14\0\x06\0\x08\0"[..], &[7; 900]].concat();
    let cut = samples::pdf(BLUE, "cut off")[..300].to_vec();
    let (unprintable, unseen) = ("about:blank#not-printable", "about:blank#no-picture");
    [
        ("photo.heic", "image/heic", heic, unprintable),
        ("photo.avif", "image/avif", avif, unprintable),
        ("photo.png", "image/png", docx, unprintable),
        ("bail.pdf", "application/pdf", cut, unseen),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_can_be_drawn_is_printed_and_what_cups_stops_has_failed() {
    let (scanner, shop) = (VirtualScanner::new("Grid"), PrintShop::open().unwrap());
    shop.add_driven_queue().unwrap();
    // What cannot be drawn may come from elsewhere: here it is taken.
    let any = Some(Care::Judging);
    let counter = open("prints-drawn", &scanner, Some(&shop), any).await;
    let (case, kiosk) = (&counter.case, &counter.kiosk);
    let until = async |what: &str, holds: &dyn Fn(&Value) -> bool| {
        let printing = async |kiosk: &Script| Ok(kiosk.case(case).await?["printing"].take());
        let patience = Duration::from_secs(60);
        let seen = kiosk.until_within(patience, what, printing, holds).await;
        seen.unwrap();
    };
    until("the printer", &|view| view["printer"] == true).await;
    for (name, media_type, bytes, kind) in strange_files() {
        let document = kiosk.add(case, name, media_type, &bytes).await.unwrap();
        let answer = counter
            .order(&format!("documents/{document}/print"), json!({}))
            .await
            .unwrap();
        let told: Value = answer.json().unwrap();
        assert_eq!(
            (answer.status, &told["type"]),
            (422, &json!(kind)),
            "{name}"
        );
        let words = told["title"].as_str().unwrap_or_default();
        assert!(!words.is_empty(), "{name}: {told}");
        assert!(!shop.received().exists(), "{name} reached the printer");
        assert_eq!(
            (shop.jobs().unwrap().as_str(), shop.spooled().unwrap().len()),
            ("", 0)
        );
    }

    // A picture goes as it is drawn: on a sheet of A4, as a PDF.
    let picture = samples::png(7, 160);
    let document = kiosk.add(case, "a.png", "image/png", &picture).await;
    let print = format!("documents/{}/print", document.unwrap());
    counter.ordered(&print, json!({})).await.unwrap();
    until("its end", &|view| view["job"]["state"] == "printed").await;
    let printed = std::fs::read(shop.received()).unwrap();
    assert!(printed.starts_with(b"%PDF-1.4") && printed.ends_with(b"%%EOF\n"));

    // What the driver may not print is said to have failed; the next one is printed.
    let pdf = samples::pdf(BLUE, "not to be printed");
    let document = kiosk.add(case, "b.pdf", "application/pdf", &pdf).await;
    let print = format!("documents/{}/print", document.unwrap());
    shop.forbid(true).unwrap();
    counter.ordered(&print, json!({})).await.unwrap();
    let began = std::time::Instant::now();
    until("that it failed", &|view| view["job"]["state"] == "failed").await;
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(
        (shop.jobs().unwrap().as_str(), shop.spooled().unwrap().len()),
        ("", 0)
    );
    shop.forbid(false).unwrap();
    counter.ordered(&print, json!({})).await.unwrap();
    until("its end", &|view| view["job"]["state"] == "printed").await;
    assert_eq!(
        std::fs::read(shop.received()).unwrap(),
        pdf,
        "a PDF goes as it is"
    );
}
