//! A disk that was damaged while the node was off.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use guichet_tests::process::log_file;
use guichet_tests::script::Script;
use guichet_tests::village::{Site, Village};
use guichet_tests::visit::{Visit, receipt_says, unlocked};
use serde_json::Value;

use super::ills;

/// What can happen to a store.
#[derive(Clone, Copy, Debug)]
enum Harm {
    /// Rubbish behind the journal's end, as of a write that was interrupted.
    Rubbish,
    /// The journal ends in the middle of what had been acknowledged.
    Cut,
    /// The same, and no index is left that knows how far it went.
    CutWithoutIndex,
    /// There is no index.
    NoIndex,
    /// The index is not what was written.
    BadIndex,
}

impl Harm {
    const ALL: [Self; 5] = [
        Self::Rubbish,
        Self::NoIndex,
        Self::BadIndex,
        Self::CutWithoutIndex,
        Self::Cut,
    ];

    /// Does it to the store of a node that is off; `cut_at` is a length that its journal once had.
    fn befall(self, site: &Site, cut_at: u64) {
        let store = site.folder().join("store");
        match self {
            Self::Rubbish => {
                let journal = File::options().write(true).open(journal(site)).unwrap();
                let end = journal.metadata().unwrap().len();
                journal.write_all_at(&[0xa5; 700], end).unwrap();
            }
            Self::Cut | Self::CutWithoutIndex => {
                let journal = File::options().write(true).open(journal(site)).unwrap();
                assert!(journal.metadata().unwrap().len() > cut_at + 40);
                journal.set_len(cut_at + 40).unwrap();
            }
            Self::NoIndex | Self::BadIndex => {}
        }
        match self {
            Self::Rubbish | Self::Cut => {}
            Self::NoIndex | Self::CutWithoutIndex => {
                fs::remove_dir_all(store.join("index")).unwrap();
            }
            Self::BadIndex => spoil(&store.join("index")),
        }
    }

    /// What the node says that it did.
    fn repair(self) -> &'static str {
        match self {
            Self::Rubbish => "cut off 700 bytes of an interrupted write",
            Self::Cut => "ends before records that had been saved",
            Self::CutWithoutIndex => "bytes of an interrupted write at byte",
            Self::NoIndex => "index rebuilt from the journal: it was not there",
            Self::BadIndex => "; the old one is ",
        }
    }
}

/// The last segment of the journal.
fn journal(site: &Site) -> PathBuf {
    let folder = fs::read_dir(site.folder().join("store/journal")).unwrap();
    folder.map(|entry| entry.unwrap().path()).max().unwrap()
}

fn spoil(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            spoil(&path);
            continue;
        }
        let file = File::options().write(true).open(&path).unwrap();
        let length = file.metadata().unwrap().len();
        for at in (0..length).step_by(512) {
            file.write_all_at(&[0x5a; 128], at).unwrap();
        }
    }
}

fn journal_length(site: &Site) -> u64 {
    journal(site).metadata().unwrap().len()
}

/// The node has said in its log and its status what it did.
async fn is_said(site: &Site, harm: Harm) {
    let log = fs::read_to_string(log_file(&site.log).unwrap()).unwrap();
    assert!(log.contains(harm.repair()), "{harm:?}: {log}");
    let repaired = ills(&site.script().unwrap(), "repaired").await.unwrap();
    let of_harm = |ill: &&Value| {
        let what = ill["what"].as_str().unwrap_or_default();
        what.contains(harm.repair())
    };
    let said = repaired.iter().find(of_harm);
    let said = said.unwrap_or_else(|| panic!("{harm:?}: {repaired:?}"));
    assert_eq!(said["lost"], matches!(harm, Harm::Cut), "{said}");
}

async fn stored(node: &Script) -> anyhow::Result<[u64; 3]> {
    let status = node.api().get_json("/status").await?;
    let count = |what| status["stored"][what].as_u64().unwrap_or_default();
    Ok([count("edits"), count("acts"), count("pages")])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_station_is_repaired_and_has_everything() {
    let mut village = Village::running("damaged-station").await.unwrap();
    let cut_at = journal_length(&village.stations[0]);
    let kiosk = village.kiosks[0].script().unwrap();
    let left = Visit::at(&kiosk).await.unwrap();
    receipt_says(&kiosk, "received").await.unwrap();
    for harm in Harm::ALL {
        village.station().stop().await.unwrap();
        harm.befall(&village.stations[0], cut_at);
        village.station().start().await.unwrap();
        is_said(&village.stations[0], harm).await;
        let desk = unlocked(&village).await.unwrap();
        left.is_at(&desk).await.unwrap();
        receipt_says(&kiosk, "received").await.unwrap();
        let word = format!("Après {harm:?}");
        kiosk.set(&left.case, "rent", "413").await.unwrap();
        kiosk.set(&left.case, "rent", "412").await.unwrap();
        desk.set(&left.case, "first_name", &word).await.unwrap();
        let name = async |kiosk: &Script| kiosk.values(&left.case, "first_name").await;
        kiosk
            .until("what the desk wrote", name, |it| *it == [word.clone()])
            .await
            .unwrap();
    }
}

/// Behind what its index tells a node does not look when it starts: it finds the damage when it
/// reads, says so, and mends it at the next start.
#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_read_any_more_is_said_and_is_mended_by_the_next_start() {
    let mut village = Village::running("damaged-thing").await.unwrap();
    let kiosk = village.kiosks[0].script().unwrap();
    let left = Visit::at(&kiosk).await.unwrap();
    receipt_says(&kiosk, "received").await.unwrap();
    let at = journal_length(&village.stations[0]);
    kiosk.set(&left.case, "rent", "413").await.unwrap();
    receipt_says(&kiosk, "received").await.unwrap();
    village.station().stop().await.unwrap();
    let journal = journal(&village.stations[0]);
    let journal = File::options().write(true).open(journal).unwrap();
    let length = journal.metadata().unwrap().len();
    assert!(length > at, "nothing was written");
    let zeros = vec![0; usize::try_from(length - at).unwrap()];
    journal.write_all_at(&zeros, at).unwrap();

    village.station().start().await.unwrap();
    let desk = unlocked(&village).await.unwrap();
    desk.case(&left.case).await.unwrap();
    let unreadable = async |desk: &Script| ills(desk, "unreadable").await;
    let told = desk.until("the ill", unreadable, |ills| !ills.is_empty());
    let told = told.await.unwrap();
    assert!(told[0]["said"].as_str().unwrap().contains("damaged"));
    let page = desk.api().clone().with_header("Accept", "text/html");
    let page = page.get("/status").await.unwrap();
    assert!(page.text().contains("Une chose gardée ne se lit plus"));

    village.station().stop().await.unwrap();
    village.station().start().await.unwrap();
    let desk = unlocked(&village).await.unwrap();
    assert!(unreadable(&desk).await.unwrap().is_empty());
    let repaired = ills(&desk, "repaired").await.unwrap();
    assert!(
        repaired.iter().any(|ill| ill["lost"] == true),
        "{repaired:?}"
    );
    let page = desk.api().clone().with_header("Accept", "text/html");
    let page = page.get("/status").await.unwrap().text();
    assert!(page.contains("ce qui n’était pas encore parti est perdu"));
    let rent = async |desk: &Script| desk.values(&left.case, "rent").await;
    let again = |values: &Vec<String>| *values == ["413"];
    desk.until("the last value", rent, again).await.unwrap();
}

/// Whose vault is damaged is on no list: the operator is told, not only the log.
#[tokio::test(flavor = "multi_thread")]
async fn a_vault_that_does_not_read_is_said() {
    let mut village = Village::new("damaged-vault", 1, 1).unwrap();
    let vaults = village.stations[0].folder().join("vaults");
    let vault = fs::read_dir(vaults).unwrap().next().unwrap();
    let vault = File::options().write(true).open(vault.unwrap().path());
    vault.unwrap().write_all_at(&[0xff; 16], 0).unwrap();
    village.station().start().await.unwrap();
    let desk = village.stations[0].script().unwrap();
    assert_eq!(ills(&desk, "vault-unreadable").await.unwrap().len(), 1);
    let page = desk.api().clone().with_header("Accept", "text/html");
    let page = page.get("/status").await.unwrap().text();
    assert!(page.contains("Un coffre ne se lit pas"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_relay_is_repaired_and_has_everything() {
    let mut village = Village::running("damaged-relay").await.unwrap();
    let cut_at = journal_length(&village.relay);
    let kiosk = village.kiosks[0].script().unwrap();
    let left = Visit::at(&kiosk).await.unwrap();
    receipt_says(&kiosk, "received").await.unwrap();
    let before = stored(&village.relay.script().unwrap()).await.unwrap();
    for harm in Harm::ALL {
        village.relay.stop().await.unwrap();
        harm.befall(&village.relay, cut_at);
        village.relay.start().await.unwrap();
        is_said(&village.relay, harm).await;
        village
            .relay
            .script()
            .unwrap()
            .until("everything on the relay", stored, |now| *now == before)
            .await
            .unwrap();
        receipt_says(&kiosk, "received").await.unwrap();
    }
    village.stations[0].kill();
    village.start().await.unwrap();
    left.is_at(&unlocked(&village).await.unwrap())
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_kiosk_is_repaired_and_owes_nothing() {
    let mut village = Village::running("damaged-kiosk").await.unwrap();
    let cut_at = journal_length(&village.kiosks[0]);
    let kiosk = village.kiosks[0].script().unwrap();
    let left = Visit::at(&kiosk).await.unwrap();
    receipt_says(&kiosk, "received").await.unwrap();
    for harm in Harm::ALL {
        village.kiosk().stop().await.unwrap();
        harm.befall(&village.kiosks[0], cut_at);
        village.kiosk().start().await.unwrap();
        is_said(&village.kiosks[0], harm).await;
        let kiosk = village.kiosks[0].script().unwrap();
        let outbox = async |kiosk: &Script| {
            let status = kiosk.api().get_json("/status").await?;
            Ok(status["outbox"]["items"].as_u64())
        };
        kiosk
            .until("an empty outbox", outbox, |items| *items == Some(0))
            .await
            .unwrap();
        let desk = unlocked(&village).await.unwrap();
        left.is_at(&desk).await.unwrap();
        let next = kiosk.begin("caf", "housing").await.unwrap();
        kiosk.set(&next, "rent", "500").await.unwrap();
        let rent = async |desk: &Script| desk.values(&next, "rent").await;
        desk.until("the next visit", rent, |it| *it == ["500"])
            .await
            .unwrap();
        kiosk.end_visit().await.unwrap();
    }
}
