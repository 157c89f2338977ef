//! What stands on the disk: a segment of the journal, and the file of a page.

use std::fs;

use guichet_sync::feed::Feed;
use guichet_sync::store::{NewRecord, PageOnDisk, Store, Stored};

use super::{Vector, kept};

const EPOCH: [u8; 16] = [0x51; 16];
const PAGE: [u8; 32] = [0x52; 32];
const PAGE_BYTES: u64 = 16 * 1024 + 1;
const JOURNAL: &str = "journal/00000001.journal";

fn record(feed: Feed, byte: u8) -> NewRecord {
    NewRecord {
        feed,
        meta: vec![byte; 3],
        payload: vec![byte | 0x80; 9],
    }
}

/// Two writes of records, a note, and a page of which one segment of two came.
fn written(store: &mut Store) {
    let both = vec![record(Feed::Statements, 1), record(Feed::Edits, 2)];
    store.append(both).expect("writes");
    let after = vec![record(Feed::Edits, 3)];
    store.append(after).expect("writes");
    store.note("visit", b"open").expect("notes");
    store.begin_page(PAGE, PAGE_BYTES, 2).expect("begins");
    let segments = vec![(PAGE, 1, vec![0x53; 17])];
    store.write_segments(&segments).expect("writes");
}

fn page_file() -> String {
    format!("pages/{}.page", "52".repeat(32))
}

/// Segments stand at a fixed stride behind a header; what is absent is a hole.
const HEADER_BYTES: usize = 60;
const STRIDE: usize = 16 * 1024 + 16;

pub fn vectors() -> Vec<Vector> {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut store, _) = Store::open(folder.path(), EPOCH).expect("opens");
    written(&mut store);
    drop(store);
    let read = |name: &str| fs::read(folder.path().join(name)).expect("a file");
    let page = read(&page_file());
    let (header, segments) = page.split_at(HEADER_BYTES);
    let (absent, last) = segments.split_at(STRIDE);
    assert!(absent.iter().all(|byte| *byte == 0), "a hole");
    vec![
        ("file of the journal".into(), read(JOURNAL)),
        ("file of a page, its header".into(), header.to_vec()),
        ("file of a page, its second segment".into(), last.to_vec()),
    ]
}

#[test]
fn a_disk_is_read_back() {
    let folder = tempfile::tempdir().expect("a folder");
    for part in ["journal", "pages"] {
        fs::create_dir(folder.path().join(part)).expect("a folder");
    }
    let write = |name: &str, bytes: &[u8]| {
        fs::write(folder.path().join(name), bytes).expect("a file");
    };
    write(JOURNAL, &kept("file of the journal"));
    let header = kept("file of a page, its header");
    let last = kept("file of a page, its second segment");
    write(
        &page_file(),
        &[header, vec![0; STRIDE], last.clone()].concat(),
    );

    let (mut store, opened) = Store::open(folder.path(), [0; 16]).expect("opens");
    assert_eq!((opened.epoch, opened.next), (EPOCH, [2, 1, 3, 1]));
    let bytes = |stored: &Stored| store.reader().read(stored.at).expect("reads");
    let records: Vec<_> = opened
        .records
        .iter()
        .map(|stored| (stored.feed, stored.arrival, bytes(&stored)[0]))
        .collect();
    assert_eq!(
        records,
        [
            (Feed::Statements, 1, 0x81),
            (Feed::Edits, 1, 0x82),
            (Feed::Edits, 2, 0x83)
        ]
    );
    assert_eq!(store.notes()["visit"], b"open");
    let page = PageOnDisk {
        id: PAGE,
        length: PAGE_BYTES,
        segments: 2,
        bitmap: vec![0b10],
    };
    assert_eq!(opened.pages, [page]);
    assert_eq!(store.reader().read_segment(PAGE, 1).expect("reads"), last);
    store.append(vec![record(Feed::Acts, 4)]).expect("goes on");
}
