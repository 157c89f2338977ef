//! A folder for a store, and what was acknowledged in it.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use guichet_sync::{
    feed::Feed,
    store::{NewRecord, Opened, PeerCursors, Repair, Store, StoreError, Stored},
};
use tempfile::TempDir;

pub const EPOCH: [u8; 16] = [1; 16];
pub const LATER_EPOCH: [u8; 16] = [2; 16];
pub const PEER: [u8; 32] = [9; 32];
pub const CURSORS: PeerCursors = PeerCursors {
    epoch: [8; 16],
    next: [1, 2, 3, 4],
};

/// What a record was given back as, and its payload.
pub type Acknowledged = Vec<(Stored, Vec<u8>)>;

pub struct World {
    _temporary: TempDir,
    pub dir: PathBuf,
}

impl World {
    pub fn new() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let dir = temporary.path().join("store");
        Self {
            _temporary: temporary,
            dir,
        }
    }

    pub fn open(&self) -> (Store, Opened) {
        open(&self.dir, EPOCH)
    }

    pub fn reopen(&self) -> (Store, Opened) {
        open(&self.dir, LATER_EPOCH)
    }

    pub fn segment(&self, number: u32) -> PathBuf {
        self.dir.join(format!("journal/{number:08}.journal"))
    }

    pub fn delete_index(&self) {
        fs::remove_dir_all(self.dir.join("index")).unwrap();
    }

    /// A copy of the folder as it is.
    pub fn copy(&self) -> Self {
        let copy = Self::new();
        copy_folder(&self.dir, &copy.dir);
        copy
    }
}

/// Opens a store that was closed just now; a child that another test is starting may hold its lock
/// for a moment longer.
pub fn open(dir: &Path, epoch: [u8; 16]) -> (Store, Opened) {
    for _ in 0..500 {
        match Store::open(dir, epoch) {
            Err(StoreError::InUse { .. }) => thread::sleep(Duration::from_millis(10)),
            opened => return opened.unwrap(),
        }
    }
    panic!("{} stays in use", dir.display());
}

/// A record whose content follows from its number.
pub fn record(number: u64) -> NewRecord {
    NewRecord {
        feed: Feed::ALL[(number % 4) as usize],
        meta: format!("meta {number}").into_bytes(),
        payload: format!("payload {number}").into_bytes().repeat(3),
    }
}

pub fn append(store: &mut Store, records: Vec<NewRecord>) -> Result<Acknowledged, StoreError> {
    let payloads: Vec<_> = records
        .iter()
        .map(|record| record.payload.clone())
        .collect();
    let stored = store.append(records)?;
    Ok(stored.into_iter().zip(payloads).collect())
}

/// Exactly these records are in the store, in the order of their feeds, and can be read.
pub fn check(store: &Store, opened: &Opened, acknowledged: &[(Stored, Vec<u8>)]) {
    check_but_places(store, opened, acknowledged);
    let mut places: Vec<_> = acknowledged.iter().map(|(stored, _)| stored.at).collect();
    let mut found: Vec<_> = opened.records.iter().map(|stored| stored.at).collect();
    places.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, places);
}

/// The same, where a repair may have moved the records.
pub fn check_but_places(store: &Store, opened: &Opened, acknowledged: &[(Stored, Vec<u8>)]) {
    let mut expected: Vec<_> = acknowledged.iter().collect();
    expected.sort_by_key(|(stored, _)| (stored.feed, stored.arrival));
    let reader = store.reader();
    assert_eq!(opened.records.len(), expected.len());
    for (found, (stored, payload)) in opened.records.iter().zip(expected) {
        assert_eq!(
            (found.feed, found.arrival, &found.meta),
            (stored.feed, stored.arrival, &stored.meta)
        );
        assert_eq!(&reader.read(found.at).unwrap(), payload);
        assert!(found.arrival < opened.next[found.feed.index()]);
    }
}

pub fn lost_records(opened: &Opened) -> bool {
    opened.repairs.iter().any(Repair::lost_records)
}

pub fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
