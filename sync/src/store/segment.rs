//! The segments of a journal as they are found on the disk.

use std::{
    fs::{self, File},
    io,
    ops::RangeInclusive,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use super::{
    Location, StoreError,
    error::at,
    folder::{self, Folder},
    header::{HeaderError, SegmentHeader, VERSION},
    index::Position,
    journal::{self, Journal},
    record::Record,
    repair::Repair,
    scan::{self, Ending, Walk},
};

/// Room for the header of a later version, which has to be recognised.
const HEADER_BYTES_MAX: usize = 4096;
const FIRST: u32 = 1;

/// Where the records of a segment begin.
pub(super) const RECORDS_START: u64 = SegmentHeader::LEN as u64;

/// A place in the journal: segment and offset.
pub(super) type Place = (u32, u64);

/// A segment file.
#[derive(Debug)]
pub(super) struct Segment {
    pub number: u32,
    pub path: PathBuf,
    pub len: u64,
    /// None if it is damaged.
    pub header: Option<SegmentHeader>,
}

impl Segment {
    fn find(folder: &Path, number: u32) -> Result<Self, StoreError> {
        let path = journal::segment_path(folder, number);
        let file = File::open(&path).map_err(at(&path))?;
        let len = file.metadata().map_err(at(&path))?.len();
        let mut head = vec![0; HEADER_BYTES_MAX.min(usize::try_from(len).unwrap_or(usize::MAX))];
        file.read_exact_at(&mut head, 0).map_err(at(&path))?;
        let header = match SegmentHeader::decode(&head) {
            Ok(header) => (header.segment == number).then_some(header),
            Err(HeaderError::Damaged) => None,
            Err(HeaderError::UnknownVersion(found)) => {
                return Err(StoreError::UnknownVersion {
                    path,
                    found,
                    known: VERSION,
                });
            }
        };
        Ok(Self {
            number,
            path,
            len,
            header,
        })
    }

    /// Shows the whole records from `from` on; `next` goes along with their arrival numbers.
    pub fn walk(
        &self,
        from: u64,
        ending: Ending,
        next: &mut [u64; 4],
        visit: impl FnMut(&Record<'_>, Location) -> io::Result<()>,
    ) -> Result<Walk, StoreError> {
        if let Some(header) = &self.header {
            for (next, begun) in next.iter_mut().zip(header.next) {
                *next = begun.max(*next);
            }
        }
        self.file()
            .and_then(|file| scan::walk(&file, self.number, from, ending, next, visit))
            .map_err(at(&self.path))
    }

    fn file(&self) -> io::Result<File> {
        File::open(&self.path)
    }

    /// A segment whose making was interrupted: no record can have followed.
    fn is_unfinished(&self) -> bool {
        self.header.is_none() && self.len <= RECORDS_START
    }
}

/// The segments of a store in order, of which there is at least one.
#[derive(Debug)]
pub(super) struct Segments(Vec<Segment>);

impl Segments {
    /// Finds the segments, begins the first one in an empty folder, and makes durable what the last
    /// one holds. One that was just being made is removed, or passed over where the file system
    /// takes no writes: the next start removes it.
    pub fn find(
        folder: &Folder,
        epoch_if_new: [u8; 16],
        repairs: &mut Vec<Repair>,
    ) -> Result<Self, StoreError> {
        let read_only = folder.is_read_only();
        let folder = folder.journal();
        let mut found = journal::segments(&folder)?
            .into_iter()
            .map(|number| Segment::find(&folder, number))
            .collect::<Result<Vec<_>, _>>()?;
        if let Some(last) = found.pop_if(|last| last.is_unfinished())
            && !read_only
        {
            fs::remove_file(&last.path).map_err(at(&last.path))?;
            folder::sync_folder(&folder)?;
            repairs.push(Repair::UnfinishedSegment { file: last.path });
        }
        if found.is_empty() {
            Journal::begin(
                &folder,
                SegmentHeader {
                    epoch: epoch_if_new,
                    segment: FIRST,
                    sealed_len: 0,
                    previous_len: 0,
                    next: [1; 4],
                },
            )?;
            found.push(Segment::find(&folder, FIRST)?);
        }
        let segments = Self(found);
        let last = segments.last();
        last.file()
            .and_then(|file| file.sync_data())
            .map_err(at(&last.path))?;
        Ok(segments)
    }

    pub fn last(&self) -> &Segment {
        self.0.last().expect("there is at least one")
    }

    pub fn number(&self, number: u32) -> Option<&Segment> {
        self.0.iter().find(|segment| segment.number == number)
    }

    /// The numbers that there should be.
    pub fn range(&self) -> RangeInclusive<u32> {
        FIRST..=self.last().number
    }

    /// Whether this is the journal that the index has seen, with at least as much in it.
    pub fn reach(&self, position: &Position) -> bool {
        self.number(position.segment).is_some_and(|segment| {
            segment.len >= position.offset
                && segment
                    .header
                    .is_some_and(|header| header.epoch == position.epoch)
        })
    }

    /// Every segment and how its end is to be judged; all before `durable` had been durable.
    pub fn with_endings(&self, durable: Place) -> impl Iterator<Item = (&Segment, Ending)> {
        let following = self.0.iter().skip(1).map(Some).chain([None]);
        self.0.iter().zip(following).map(move |(segment, after)| {
            let ending = match after {
                Some(after) => Ending::Sealed(sealed_end(segment, after)),
                None if durable.0 == segment.number => Ending::Open { durable: durable.1 },
                None => Ending::Open { durable: 0 },
            };
            (segment, ending)
        })
    }

    /// Whether headers and lengths of all segments are as they should be.
    pub fn look_whole(&self) -> bool {
        let numbered = self.0.iter().map(|segment| segment.number);
        numbered.eq(self.range())
            && self.with_endings((0, 0)).all(|(segment, ending)| {
                let long_enough = match ending {
                    Ending::Sealed(end) => segment.len >= end,
                    Ending::Open { .. } => true,
                };
                segment.header.is_some() && long_enough
            })
    }
}

fn sealed_end(segment: &Segment, after: &Segment) -> u64 {
    if let Some(header) = &segment.header
        && header.sealed_len != 0
    {
        return header.sealed_len;
    }
    match &after.header {
        Some(header) if after.number.checked_sub(1) == Some(segment.number) => header.previous_len,
        Some(_) | None => segment.len,
    }
}
