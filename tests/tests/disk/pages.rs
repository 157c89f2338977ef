//! Pages of documents that were damaged on the disk while the node was off.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use guichet_tests::process::log_file;
use guichet_tests::script::Script;
use guichet_tests::village::{Site, Village};
use guichet_tests::visit::{Visit, receipt_says, unlocked};

use super::ills;

/// A byte of the first segment of a page.
const SPOILT: usize = 60 + 5;
/// Time for a document to come back.
const BACK_WITHIN: Duration = Duration::from_secs(60);

/// What the pages' files of a node hold, by name.
fn pages(site: &Site) -> BTreeMap<String, Vec<u8>> {
    let folder = fs::read_dir(site.folder().join("store/pages")).unwrap();
    let paths = folder.map(|entry| entry.unwrap().path());
    let page = |path: std::path::PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, fs::read(&path).unwrap())
    };
    paths.map(page).collect()
}

/// Changes a byte of every page of a node that is off.
fn spoil(site: &Site) {
    for (name, mut bytes) in pages(site) {
        bytes[SPOILT] ^= 1;
        fs::write(site.folder().join("store/pages").join(name), bytes).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_page_is_said_and_comes_back_by_itself_from_whoever_has_it() {
    let mut village = Village::new("damaged-page", 1, 2).unwrap();
    village.start().await.unwrap();
    let kiosk = village.kiosks[0].script().unwrap();
    let left = Visit::at(&kiosk).await.unwrap();
    receipt_says(&kiosk, "received").await.unwrap();
    let others = [&village.relay, &village.stations[0], &village.stations[1]];
    let everywhere = async |_: &Script| {
        let made = pages(&village.kiosks[0]);
        Ok(!made.is_empty() && others.iter().all(|site| pages(site) == made))
    };
    kiosk
        .until("its pages everywhere", everywhere, |it| *it)
        .await
        .unwrap();
    for site in village.sites() {
        site.stop().await.unwrap();
    }
    spoil(&village.stations[0]);
    spoil(&village.relay);

    village.station().start().await.unwrap();
    let desk = unlocked(&village).await.unwrap();
    let document = desk.documents(&left.case).await.unwrap().remove(0);
    assert!(document.here, "nobody has looked at it");
    let opened = desk.download(&left.case, &document.id).await;
    assert!(opened.unwrap_err().to_string().ends_with("422"));
    let told = async |desk: &Script| ills(desk, "pages-damaged").await;
    let one = |ills: &Vec<_>| ills.len() == 1;
    desk.until("the damage", told, one).await.unwrap();
    let shown = desk.api().clone().with_header("Accept", "text/html");
    let shown = shown.get("/status").await.unwrap().text();
    assert!(shown.contains("abîmée sur le disque"), "{shown}");
    let document = desk.documents(&left.case).await.unwrap().remove(0);
    assert!(!document.here, "it is on its way again");

    let begun = Instant::now();
    village.start().await.unwrap();
    let opened = async |desk: &Script| desk.download(&left.case, &document.id).await;
    let whole = |bytes: &Vec<u8>| *bytes == left.document;
    desk.until_within(BACK_WITHIN, "the document", opened, whole)
        .await
        .unwrap();
    println!("the document is back after {:?}", begun.elapsed());
    let nothing = |ills: &Vec<_>| ills.is_empty();
    desk.until("no ill", told, nothing).await.unwrap();
    left.is_at(&desk).await.unwrap();
    for site in village.sites() {
        let log = fs::read_to_string(log_file(&site.log).unwrap()).unwrap();
        let blamed = log.contains("is not the one its manifest names");
        assert!(!blamed, "{}: a disk is nobody's deed", site.log);
    }
}
