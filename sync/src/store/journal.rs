//! The journal: append-only segment files, the truth of the store.
//!
//! A write is one `pwrite` behind the durable end and one `fdatasync`; only then does the durable
//! end move and are arrival numbers given away. A write that fails is cut off again. Where even
//! that is uncertain (a failed `fdatasync` leaves the page cache in an unknown state), the segment
//! is left as it is and the next write begins a new one, whose header says where this one ends.

use std::{
    fs::{self, File, OpenOptions},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use super::{
    Location,
    error::{self, StoreError, at},
    folder,
    header::SegmentHeader,
    index::Position,
    record::{Draft, Kind},
};

/// A segment is closed, and the next one begun, before it grows beyond this.
const SEGMENT_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Most bytes of one append.
pub const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;

const WRITE_BUFFER_BYTES_KEPT: usize = 256 * 1024;

/// Where a record went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Written {
    pub arrival: u64,
    pub at: Location,
}

/// The open end of the journal.
#[derive(Debug)]
pub(super) struct Journal {
    folder: PathBuf,
    path: PathBuf,
    file: File,
    epoch: [u8; 16],
    segment: u32,
    durable_end: u64,
    next: [u64; 4],
    /// What the file holds behind the durable end is not known.
    uncertain: bool,
    /// The file system took no writes when this was opened.
    reading: bool,
    write: Vec<u8>,
}

impl Journal {
    /// Begins a segment with this header.
    pub fn begin(folder: &Path, header: SegmentHeader) -> Result<Self, StoreError> {
        let path = segment_path(folder, header.segment);
        let file = create(folder, &path, &header.encode())?;
        Ok(Self {
            folder: folder.to_owned(),
            path,
            file,
            epoch: header.epoch,
            segment: header.segment,
            durable_end: SegmentHeader::LEN as u64,
            next: header.next,
            uncertain: false,
            reading: false,
            write: Vec::new(),
        })
    }

    /// Goes on behind `end` in an existing segment, cutting off what follows; where the file system
    /// takes no writes, it is only read.
    pub fn resume(
        folder: &Path,
        epoch: [u8; 16],
        segment: u32,
        end: u64,
        next: [u64; 4],
    ) -> Result<Self, StoreError> {
        let path = segment_path(folder, segment);
        let writable = folder::new_file(&path, &mut OpenOptions::new());
        let (file, reading) = match writable {
            Err(StoreError::ReadOnly { .. }) => (File::open(&path).map_err(at(&path))?, true),
            opened => (opened?, false),
        };
        if !reading && file.metadata().map_err(at(&path))?.len() > end {
            file.set_len(end).map_err(at(&path))?;
        }
        file.sync_data().map_err(at(&path))?;
        Ok(Self {
            folder: folder.to_owned(),
            path,
            file,
            epoch,
            segment,
            durable_end: end,
            next,
            uncertain: false,
            reading,
            write: Vec::new(),
        })
    }

    pub const fn epoch(&self) -> [u8; 16] {
        self.epoch
    }

    pub const fn next(&self) -> [u64; 4] {
        self.next
    }

    /// Whether the file system took no writes when it was opened, and nothing was written since.
    pub const fn is_reading(&self) -> bool {
        self.reading
    }

    /// Whether it has all that an index has seen of it.
    pub fn reaches(&self, seen: &Position) -> bool {
        let end = (self.segment, self.durable_end);
        self.epoch == seen.epoch && end >= (seen.segment, seen.offset)
    }

    /// Where it ends, if that is in this segment.
    pub const fn end_of(&self, segment: u32) -> u64 {
        if segment == self.segment {
            self.durable_end
        } else {
            0
        }
    }

    /// Writes all the records, durably, or none.
    pub fn append(&mut self, drafts: &[Draft<'_>]) -> Result<Vec<Written>, StoreError> {
        for draft in drafts {
            draft.check()?;
        }
        let len = drafts.iter().map(Draft::len).sum();
        error::within("bytes of one append", len, BATCH_BYTES_MAX)?;
        self.be_writable()?;
        let full = self.durable_end.saturating_add(len as u64) > SEGMENT_BYTES_MAX
            && self.durable_end > SegmentHeader::LEN as u64;
        if full || self.uncertain {
            // From here on a file of the next number may exist, which says where this one ends.
            self.uncertain = true;
            self.roll(self.epoch)?;
        }
        let mut next = self.next;
        self.write.clear();
        let written = drafts
            .iter()
            .map(|draft| {
                let arrival = if let Kind::Entry(feed) = draft.kind {
                    let arrival = next[feed.index()];
                    next[feed.index()] = arrival.saturating_add(1);
                    arrival
                } else {
                    0
                };
                let at = draft.encode(self.segment, self.durable_end, arrival, &mut self.write);
                Written { arrival, at }
            })
            .collect();
        self.make_durable()?;
        self.next = next;
        Ok(written)
    }

    /// Opens the segment again for writing, if it was opened for reading.
    fn be_writable(&mut self) -> Result<(), StoreError> {
        if !self.reading {
            return Ok(());
        }
        let (epoch, segment, end) = (self.epoch, self.segment, self.durable_end);
        let again = Self::resume(&self.folder, epoch, segment, end, self.next)?;
        if again.reading {
            let path = again.path;
            return Err(StoreError::ReadOnly { path });
        }
        *self = again;
        Ok(())
    }

    /// Closes this segment and begins the next.
    pub fn roll(&mut self, epoch: [u8; 16]) -> Result<(), StoreError> {
        let header = SegmentHeader {
            epoch,
            segment: self.segment.saturating_add(1),
            sealed_len: 0,
            previous_len: self.durable_end,
            next: self.next,
        };
        *self = Self::begin(&self.folder, header)?;
        Ok(())
    }

    fn make_durable(&mut self) -> Result<(), StoreError> {
        let written = self.file.write_all_at(&self.write, self.durable_end);
        let synced = match written {
            Ok(()) => self.file.sync_data().inspect_err(|_| self.uncertain = true),
            Err(error) => Err(error),
        };
        let len = self.write.len() as u64;
        if self.write.capacity() > WRITE_BUFFER_BYTES_KEPT {
            self.write = Vec::new();
        }
        if let Err(error) = synced {
            if self.file.set_len(self.durable_end).is_err() {
                self.uncertain = true;
            }
            return Err(at(&self.path)(error));
        }
        self.durable_end = self.durable_end.saturating_add(len);
        Ok(())
    }
}

/// The file of a segment.
pub(super) fn segment_path(folder: &Path, segment: u32) -> PathBuf {
    folder.join(format!("{segment:08}.journal"))
}

/// The numbers of the segments in a folder, in order.
pub(super) fn segments(folder: &Path) -> Result<Vec<u32>, StoreError> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder).map_err(at(folder))? {
        let name = entry.map_err(at(folder))?.file_name();
        let number = name
            .to_str()
            .and_then(|name| name.strip_suffix(".journal"))
            .filter(|stem| stem.len() == 8)
            .and_then(|stem| stem.parse::<u32>().ok());
        numbers.extend(number);
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Makes a new file with this content durable, or leaves nothing.
pub(super) fn create(folder: &Path, path: &Path, content: &[u8]) -> Result<File, StoreError> {
    let file = folder::new_file(path, OpenOptions::new().create(true).truncate(true))?;
    let durable = file
        .write_all_at(content, 0)
        .and_then(|()| file.sync_all())
        .map_err(at(path))
        .and_then(|()| folder::sync_folder(folder));
    if let Err(error) = durable {
        let _best_effort = fs::remove_file(path);
        return Err(error);
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        feed::Feed,
        store::{Location, NewRecord, Opened, PAYLOAD_BYTES_MAX, Store},
    };

    const EPOCH: [u8; 16] = [1; 16];

    fn record(payload: &[u8]) -> NewRecord {
        NewRecord {
            feed: Feed::Edits,
            meta: Vec::new(),
            payload: payload.to_vec(),
        }
    }

    fn payloads(store: &Store, opened: &Opened) -> Vec<Vec<u8>> {
        let read = |at: Location| store.reader().read(at).expect("whole");
        opened
            .records
            .iter()
            .map(|stored| read(stored.at))
            .collect()
    }

    #[test]
    fn behind_an_uncertain_end_nothing_is_written_or_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut store, _) = Store::open(folder.path(), EPOCH).expect("new");
        store.append(vec![record(b"durable")]).expect("space");
        let end = store.journal.durable_end;
        store
            .append(vec![record(b"unacknowledged")])
            .expect("space");
        store.journal.durable_end = end;
        store.journal.next[Feed::Edits.index()] -= 1;
        store.journal.uncertain = true;

        let next = segment_path(&store.journal.folder, 2);
        fs::create_dir(&next).expect("made");
        for _ in 0..2 {
            assert!(store.append(vec![record(b"refused")]).is_err());
        }
        fs::remove_dir(&next).expect("removed");
        let stored = store.append(vec![record(b"later")]).expect("space");
        assert_eq!((stored[0].arrival, stored[0].at.segment), (2, 2));
        drop(store);
        fs::remove_dir_all(folder.path().join("index")).expect("removed");
        let (store, opened) = Store::open(folder.path(), EPOCH).expect("whole");
        assert_eq!(
            payloads(&store, &opened),
            [b"durable".to_vec(), b"later".to_vec()]
        );
        assert!(
            !opened
                .repairs
                .iter()
                .any(crate::store::Repair::lost_records)
        );
    }

    #[test]
    fn a_segment_is_closed_once_the_next_one_was_tried() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut store, _) = Store::open(folder.path(), EPOCH).expect("new");
        let large = vec![record(&vec![7; PAYLOAD_BYTES_MAX]); 31];
        while store.journal.durable_end + BATCH_BYTES_MAX as u64 <= SEGMENT_BYTES_MAX {
            store.append(large.clone()).expect("space");
        }
        let next = segment_path(&store.journal.folder, 2);
        fs::create_dir(&next).expect("made");
        assert!(store.append(large.clone()).is_err());
        assert!(store.append(vec![record(b"small")]).is_err());
        fs::remove_dir(&next).expect("removed");
        let stored = store.append(vec![record(b"small")]).expect("space");
        assert_eq!(stored[0].at.segment, 2);
    }

    #[test]
    fn records_of_a_later_program_stay_where_they_are() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut store, _) = Store::open(folder.path(), EPOCH).expect("new");
        let draft = Draft {
            kind: Kind::Unknown(200),
            meta: b"m",
            payload: b"from the future",
        };
        let written = store.journal.append(&[draft]).expect("space");
        store.append(vec![record(b"known")]).expect("space");
        drop(store);
        fs::remove_dir_all(folder.path().join("index")).expect("removed");
        let (store, opened) = Store::open(folder.path(), EPOCH).expect("whole");
        assert_eq!(payloads(&store, &opened), [b"known".to_vec()]);
        let future = store.reader().read(written[0].at).expect("whole");
        assert_eq!(future, b"from the future");
    }
}
