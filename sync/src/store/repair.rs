//! Mends a journal that lost what had been durable.
//!
//! First a new segment with a new epoch is begun, so that from here on no peer relies on the old
//! arrival numbers, whatever happens next. Then every damaged segment is kept under another name
//! and replaced by one that holds what can still be read. The index is moved aside before all
//! that, because its places do not hold any more. Interrupted anywhere, the next open finds the
//! damage again and starts over.

use std::{
    fmt,
    fs::{self, OpenOptions},
    io::{BufWriter, Seek, SeekFrom, Write},
    os::unix::fs::FileExt,
    path::PathBuf,
};

use super::{
    StoreError,
    error::at,
    folder::{self, Folder},
    header::SegmentHeader,
    index::Position,
    journal::{self, Journal},
    record::Draft,
    scan::{Ending, Walk},
    segment::{RECORDS_START, Segment, Segments},
};

/// What had to be done to open a store.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Repair {
    /// The end of a write that was never acknowledged was cut off.
    InterruptedWrite {
        /// The journal segment.
        file: PathBuf,
        /// Where it was cut.
        offset: u64,
        /// How much was cut off.
        bytes: u64,
    },
    /// The end of the journal does not read, on a disk that takes no writes: a write that was never
    /// acknowledged, or records that had been durable. Nothing was done about it yet.
    EndUnread {
        /// The journal segment.
        file: PathBuf,
        /// Where what reads ends.
        offset: u64,
        /// How much follows.
        bytes: u64,
    },
    /// A journal segment that was being made when the node stopped was removed.
    UnfinishedSegment {
        /// The journal segment.
        file: PathBuf,
    },
    /// The index was made anew from the journal.
    IndexRebuilt {
        /// What was wrong with it.
        reason: String,
        /// Where the old one is, if there was one.
        aside: Option<PathBuf>,
    },
    /// The disk does not let the index be used; the store works without it.
    IndexUnavailable {
        /// What the disk said.
        reason: String,
    },
    /// Records that had been durable cannot be read any more; all others were kept.
    DamagedSegment {
        /// The journal segment, now with what could be read.
        file: PathBuf,
        /// The segment as it was found.
        aside: PathBuf,
        /// How many bytes could not be read.
        bytes: u64,
    },
    /// A whole journal segment is gone.
    MissingSegment {
        /// The journal segment, now empty.
        file: PathBuf,
    },
    /// The journal is not the one that the index has seen: records may be gone from its end.
    MissingTail {
        /// The journal segment that ends too early.
        file: PathBuf,
    },
}

impl Repair {
    /// Whether records that had been durable are gone, for which the store took a new epoch.
    pub const fn lost_records(&self) -> bool {
        matches!(
            self,
            Self::DamagedSegment { .. } | Self::MissingSegment { .. } | Self::MissingTail { .. }
        )
    }
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InterruptedWrite {
                file,
                offset,
                bytes,
            } => write!(
                f,
                "{}: cut off {bytes} bytes of an interrupted write at byte {offset}; none of them had been acknowledged",
                file.display()
            ),
            Self::EndUnread {
                file,
                offset,
                bytes,
            } => write!(
                f,
                "{}: the last {bytes} bytes, from byte {offset} on, do not read, and the file system is read-only; mount it writable and start the node again: if they had been saved, it says so and asks its peers for them",
                file.display()
            ),
            Self::UnfinishedSegment { file } => write!(
                f,
                "{}: removed; it was just being made when the node stopped",
                file.display()
            ),
            Self::IndexRebuilt { reason, aside } => {
                write!(f, "index rebuilt from the journal: {reason}")?;
                match aside {
                    Some(aside) => write!(f, "; the old one is {}", aside.display()),
                    None => Ok(()),
                }
            }
            Self::IndexUnavailable { reason } => write!(
                f,
                "no index until the next start, which will be slower: {reason}"
            ),
            Self::DamagedSegment { file, aside, bytes } => write!(
                f,
                "{}: {bytes} bytes were damaged, all else was kept; the file as it was is {}",
                file.display(),
                aside.display()
            ),
            Self::MissingSegment { file } => write!(
                f,
                "{}: the file is gone, and the records in it; peers are asked for them",
                file.display()
            ),
            Self::MissingTail { file } => write!(
                f,
                "{}: ends before records that had been saved; peers are asked for them",
                file.display()
            ),
        }
    }
}

/// Mends the journal; `covered` is what the index had seen of it.
pub(super) fn mend(
    folder: &Folder,
    epoch: [u8; 16],
    covered: Option<&Position>,
    repairs: &mut Vec<Repair>,
) -> Result<(), StoreError> {
    if let Some(aside) = folder.move_index_aside()? {
        repairs.push(Repair::IndexRebuilt {
            reason: "the journal had to be mended".to_owned(),
            aside: Some(aside),
        });
    }
    let segments = Segments::find(folder, epoch, repairs)?;
    if let Some(position) = covered
        && !segments.reach(position)
    {
        let file = journal::segment_path(&folder.journal(), position.segment);
        repairs.push(Repair::MissingTail { file });
    }
    let durable = covered.map_or((0, 0), |position| (position.segment, position.offset));
    let mut next = [1; 4];
    let mut judged = Vec::new();
    for (segment, ending) in segments.with_endings(durable) {
        let walk = segment.walk(RECORDS_START, ending, &mut next, |_, _| Ok(()))?;
        judged.push((segment, walk));
    }
    if let Some(position) = covered {
        for (next, seen) in next.iter_mut().zip(position.next) {
            *next = seen.max(*next);
        }
    }
    if let Some((last, walk)) = judged.last() {
        let folder = folder.journal();
        let mut journal = Journal::resume(&folder, epoch, last.number, walk.end, next)?;
        journal.roll(epoch)?;
    }
    let mut previous_len = 0;
    let mut judged = judged.into_iter().peekable();
    for number in segments.range() {
        let header = SegmentHeader {
            epoch,
            segment: number,
            sealed_len: RECORDS_START,
            previous_len,
            next: [1; 4],
        };
        previous_len = match judged.next_if(|(segment, _)| segment.number == number) {
            Some((segment, walk)) if walk.damage.is_empty() && segment.header.is_some() => walk.end,
            Some((segment, walk)) => salvage(folder, segment, &walk, header, repairs)?,
            None => {
                let file = journal::segment_path(&folder.journal(), number);
                journal::create(&folder.journal(), &file, &header.encode())?;
                repairs.push(Repair::MissingSegment { file });
                RECORDS_START
            }
        };
    }
    Ok(())
}

/// Replaces a segment by one that holds its whole records; the length of the new one.
fn salvage(
    folder: &Folder,
    segment: &Segment,
    walk: &Walk,
    header: SegmentHeader,
    repairs: &mut Vec<Repair>,
) -> Result<u64, StoreError> {
    let aside = folder.keep_damaged(&segment.path)?;
    let path = segment.path.with_extension("salvage");
    let mut options = OpenOptions::new();
    let file = folder::new_file(&path, options.create(true).truncate(true))?;
    let mut copy = BufWriter::new(&file);
    copy.seek(SeekFrom::Start(RECORDS_START))
        .map_err(at(&path))?;
    let mut sealed_len = RECORDS_START;
    let mut bytes = Vec::new();
    let ending = Ending::Sealed(walk.end);
    segment.walk(RECORDS_START, ending, &mut [1; 4], |record, _| {
        let draft = Draft {
            kind: record.kind,
            meta: record.meta,
            payload: record.payload,
        };
        bytes.clear();
        draft.encode(segment.number, sealed_len, record.arrival, &mut bytes);
        sealed_len = sealed_len.saturating_add(bytes.len() as u64);
        copy.write_all(&bytes)
    })?;
    copy.flush().map_err(at(&path))?;
    let header = SegmentHeader {
        sealed_len,
        ..header
    };
    file.write_all_at(&header.encode(), 0)
        .and_then(|()| file.sync_all())
        .map_err(at(&path))?;
    fs::rename(&path, &segment.path).map_err(at(&segment.path))?;
    folder::sync_folder(&folder.journal())?;
    let damage = walk
        .damage
        .iter()
        .map(|range| range.end.saturating_sub(range.start));
    repairs.push(Repair::DamagedSegment {
        file: segment.path.clone(),
        aside,
        bytes: damage.sum(),
    });
    Ok(sealed_len)
}
