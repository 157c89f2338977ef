//! A disk without space: a small tmpfs where this may be mounted, else a limit on the size of files.

use std::{
    env, fs,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    process::Command,
};

use guichet_sync::store::{NewRecord, Opened, Repair, Store, StoreError};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::world::{Acknowledged, EPOCH, LATER_EPOCH, append, check, lost_records, open, record};

const DISK_BYTES: u64 = 8 << 20;
const PAGE: [u8; 32] = [6; 32];
const LIMITED: &str = "GUICHET_TEST_LIMITED_FOLDER";

#[test]
fn a_full_disk_takes_nothing_and_loses_nothing() {
    let Some(disk) = SmallDisk::mount() else {
        return;
    };
    let ballast = disk.path.join("ballast");
    fs::write(&ballast, vec![1; 2 << 20]).unwrap();
    let dir = disk.path.join("store");
    let mut known = fill(&dir);

    let (mut store, opened) = open(&dir, LATER_EPOCH);
    check(&store, &opened, &known);
    assert!(!lost_records(&opened));
    assert!(append(&mut store, vec![bulky(0)]).is_err());

    fs::remove_file(&ballast).unwrap();
    known.extend(append(&mut store, (0..20).map(bulky).collect()).unwrap());
    store.write_segments(&[(PAGE, 1, vec![2; 17])]).unwrap();
    drop(store);
    let (store, opened) = open(&dir, LATER_EPOCH);
    check(&store, &opened, &known);
    assert_eq!(opened.epoch, EPOCH);
    assert_eq!(store.reader().read_segment(PAGE, 1).unwrap(), [2; 17]);
}

#[test]
fn a_read_only_disk_is_read_said_to_be_one_and_written_when_it_can_be() {
    check_read_only(None);
}

/// What an interrupted write left is passed over while the disk takes no writes; it is there to be
/// cut off when it does, and nobody is told meanwhile that it was.
#[test]
fn an_interrupted_write_on_a_read_only_disk_costs_nothing_that_was_durable() {
    check_read_only(Some(Torn::Entry { by: 1 }));
    check_read_only(Some(Torn::Entry { by: 5_000 }));
    check_read_only(Some(Torn::NextSegment));
}

/// Opens a store on a read-only disk whose last write left this, and writes when it can be written.
fn check_read_only(torn: Option<Torn>) {
    let Some(disk) = SmallDisk::mount() else {
        return;
    };
    let dir = disk.path.join("store");
    let (mut store, _) = open(&dir, EPOCH);
    let mut known = append(&mut store, (0..3).map(bulky).collect()).unwrap();
    drop(store);
    let leaves_bytes = matches!(torn, Some(Torn::Entry { .. }));
    if let Some(torn) = torn {
        torn.leave(&dir);
    }
    let left = journal(&dir);
    disk.remount("ro");
    let (mut store, opened) = open(&dir, LATER_EPOCH);
    check(&store, &opened, &known);
    assert_eq!(says_unread(&opened), leaves_bytes, "{:?}", opened.repairs);
    let untouched = |repair: &Repair| {
        matches!(
            repair,
            Repair::IndexUnavailable { .. } | Repair::EndUnread { .. }
        )
    };
    assert!(opened.repairs.iter().all(untouched), "{:?}", opened.repairs);
    assert_eq!(journal(&dir), left, "nothing was cut");
    for _ in 0..2 {
        let error = append(&mut store, vec![bulky(3)]).unwrap_err();
        assert!(matches!(error, StoreError::ReadOnly { .. }), "{error}");
    }
    disk.remount("rw");
    known.extend(append(&mut store, vec![bulky(4)]).unwrap());
    check_live(&store, &known);
    drop(store);
    let (store, opened) = open(&dir, LATER_EPOCH);
    check(&store, &opened, &known);
    assert_eq!(opened.epoch, EPOCH);
    assert!(!lost_records(&opened));
}

fn says_unread(opened: &Opened) -> bool {
    let unread = |repair: &Repair| matches!(repair, Repair::EndUnread { .. });
    opened.repairs.iter().any(unread)
}

/// Only the index knows that the journal went further: as long as the disk takes no writes, it
/// cannot be asked; before the first write it is, and no number is given twice.
#[test]
fn what_a_read_only_disk_lost_of_its_end_is_said_and_no_number_is_given_again() {
    for whole_record in [false, true] {
        let Some(disk) = SmallDisk::mount() else {
            return;
        };
        let dir = disk.path.join("store");
        let (mut store, _) = open(&dir, EPOCH);
        let mut known = append(&mut store, (0..3).map(bulky).collect()).unwrap();
        known.extend(append(&mut store, vec![bulky(3)]).unwrap());
        drop(store);
        let (last, _) = known.pop().unwrap();
        let cut = if whole_record {
            last.at.offset
        } else {
            last.at.offset + 4_000
        };
        let path = dir.join("journal/00000001.journal");
        let file = fs::OpenOptions::new().write(true).open(path).unwrap();
        file.set_len(cut).unwrap();
        drop(file);
        let left = journal(&dir);
        disk.remount("ro");
        let (mut store, opened) = open(&dir, LATER_EPOCH);
        check(&store, &opened, &known);
        assert_eq!(says_unread(&opened), !whole_record);
        disk.remount("rw");
        for _ in 0..2 {
            let refused = append(&mut store, vec![bulky(4)]).unwrap_err().to_string();
            for words in ["damaged", "start the node again"] {
                assert!(refused.contains(words), "{refused}");
            }
            assert_eq!(journal(&dir), left, "nothing was written or cut");
        }
        drop(store);
        let (mut store, opened) = open(&dir, LATER_EPOCH);
        check(&store, &opened, &known);
        assert!(lost_records(&opened), "{:?}", opened.repairs);
        assert_eq!(opened.epoch, LATER_EPOCH);
        let again = append(&mut store, vec![bulky(4)]).unwrap();
        assert!(again[0].0.arrival > last.arrival, "another number");
    }
}

#[test]
fn a_damaged_journal_on_a_read_only_disk_is_said_to_be_both() {
    let Some(disk) = SmallDisk::mount() else {
        return;
    };
    let dir = disk.path.join("store");
    let (mut store, _) = open(&dir, EPOCH);
    let known = append(&mut store, (0..3).map(bulky).collect()).unwrap();
    append(&mut store, (3..6).map(bulky).collect()).unwrap();
    drop(store);
    let path = dir.join("journal/00000001.journal");
    let file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.write_all_at(&[7; 64], known[1].0.at.offset).unwrap();
    drop(file);
    // With its index the store would not read so far back.
    fs::remove_dir_all(dir.join("index")).unwrap();
    disk.remount("ro");
    let refused = Store::open(&dir, LATER_EPOCH).unwrap_err().to_string();
    for words in ["damaged", "read-only", "mount it writable"] {
        assert!(refused.contains(words), "{refused}");
    }
    disk.remount("rw");
    let (_, opened) = open(&dir, LATER_EPOCH);
    assert!(lost_records(&opened));
    assert_eq!(opened.records.len(), 5, "all others are kept");
}

/// What a write that was interrupted leaves.
enum Torn {
    /// The last entry, without so many of its bytes.
    Entry { by: u64 },
    /// A next segment with half a header.
    NextSegment,
}

impl Torn {
    /// Leaves it behind what had been durable.
    fn leave(self, dir: &Path) {
        match self {
            Self::Entry { by } => {
                let (mut store, _) = open(dir, EPOCH);
                append(&mut store, vec![bulky(9)]).unwrap();
                drop(store);
                // The index has not seen it.
                fs::remove_dir_all(dir.join("index")).unwrap();
                let path = dir.join("journal/00000001.journal");
                let file = fs::OpenOptions::new().write(true).open(path).unwrap();
                let length = file.metadata().unwrap().len();
                file.set_len(length - by).unwrap();
            }
            Self::NextSegment => fs::write(dir.join("journal/00000002.journal"), [0; 20]).unwrap(),
        }
    }
}

/// The files of the journal, and how long they are.
fn journal(dir: &Path) -> Vec<(PathBuf, u64)> {
    let files = fs::read_dir(dir.join("journal")).unwrap();
    let mut files: Vec<_> = files
        .map(|file| file.unwrap())
        .map(|file| (file.path(), file.metadata().unwrap().len()))
        .collect();
    files.sort();
    files
}

/// Fills the disk, and sees that the store goes on reading, and writing once there is space.
fn fill(dir: &Path) -> Acknowledged {
    let (mut store, _) = open(dir, EPOCH);
    let ballast = dir.join("ballast");
    fs::write(&ballast, vec![1; 1 << 20]).unwrap();
    store.begin_page(PAGE, 16 * 1024 + 1, 2).unwrap();
    let mut known = Vec::new();
    append_until_full(&mut store, &mut known);
    let segment = store.write_segments(&[(PAGE, 0, vec![1; 16_400])]);
    assert!(matches!(segment, Err(StoreError::DiskFull { .. })));
    check_live(&store, &known);

    fs::remove_file(&ballast).unwrap();
    known.extend(append(&mut store, (0..10).map(bulky).collect()).unwrap());
    store.write_segments(&[(PAGE, 0, vec![1; 16_400])]).unwrap();
    let crumb = dir.join("crumb");
    fs::write(&crumb, vec![1; 64 << 10]).unwrap();
    append_until_full(&mut store, &mut known);
    fs::remove_file(&crumb).unwrap();
    let too_many = append(&mut store, (0..20).map(bulky).collect());
    assert!(matches!(too_many, Err(StoreError::DiskFull { .. })));
    check_live(&store, &known);
    let first = store.reader().read_segment(PAGE, 0).unwrap();
    assert_eq!(first, vec![1; 16_400]);
    known
}

fn append_until_full(store: &mut Store, known: &mut Acknowledged) {
    for group in 0.. {
        let records = (group * 7..group * 7 + 7).map(bulky).collect();
        match append(store, records) {
            Ok(stored) => known.extend(stored),
            Err(StoreError::DiskFull { .. }) => break,
            Err(other) => panic!("{other}"),
        }
    }
    // Smaller writes still fit, until none does.
    for number in 0.. {
        match append(store, vec![record(number)]) {
            Ok(stored) => known.extend(stored),
            Err(StoreError::DiskFull { path }) => {
                let said = StoreError::DiskFull { path }.to_string();
                assert!(said.contains("disk is full"), "{said}");
                break;
            }
            Err(other) => panic!("{other}"),
        }
    }
}

fn check_live(store: &Store, known: &Acknowledged) {
    let reader = store.reader();
    for (stored, payload) in known {
        assert_eq!(&reader.read(stored.at).unwrap(), payload);
    }
}

fn bulky(number: u64) -> NewRecord {
    NewRecord {
        payload: vec![number as u8; 9_000],
        ..record(number)
    }
}

struct SmallDisk {
    path: PathBuf,
    _temporary: tempfile::TempDir,
}

impl SmallDisk {
    /// None where a file system may not be mounted.
    fn mount() -> Option<Self> {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().to_owned();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={DISK_BYTES}"), "tmpfs"])
            .arg(&path)
            .status();
        mounted
            .is_ok_and(|status| status.success())
            .then_some(Self {
                path,
                _temporary: temporary,
            })
    }
}

impl SmallDisk {
    fn remount(&self, option: &str) {
        let remounted = Command::new("mount")
            .args(["-o", &format!("remount,{option}")])
            .arg(&self.path)
            .status();
        assert!(remounted.unwrap().success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _unmounted = Command::new("umount").arg(&self.path).status();
    }
}

#[test]
fn a_limit_on_the_size_of_files_loses_nothing() {
    let temporary = tempfile::tempdir().unwrap();
    let status = Command::new("env")
        .arg("--ignore-signal=XFSZ")
        .arg(env::current_exe().unwrap())
        .args(["--exact", "full_disk::write_within_a_limit", "--nocapture"])
        .env(LIMITED, temporary.path().join("store"))
        .status()
        .unwrap();
    assert!(status.success());
}

/// The child of the test above; without it, there is nothing to do.
#[test]
fn write_within_a_limit() {
    let Ok(folder) = env::var(LIMITED) else {
        return;
    };
    let dir = Path::new(&folder);
    let (mut store, _) = open(dir, EPOCH);
    let mut known = append(&mut store, (0..4).map(record).collect()).unwrap();
    let unlimited = getrlimit(Resource::Fsize);
    let limited = Rlimit {
        current: Some(3 << 20),
        ..unlimited
    };
    setrlimit(Resource::Fsize, limited).unwrap();
    append_until_full(&mut store, &mut known);
    check_live(&store, &known);
    setrlimit(Resource::Fsize, unlimited).unwrap();
    known.extend(append(&mut store, (0..4).map(record).collect()).unwrap());
    drop(store);
    let (store, opened) = open(dir, LATER_EPOCH);
    check(&store, &opened, &known);
    assert_eq!(opened.epoch, EPOCH);
}
