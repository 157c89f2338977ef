//! Walks over a journal segment and tells whole records, an interrupted write and damage apart.

use std::{fs::File, io, ops::Range, os::unix::fs::FileExt};

use super::{
    Location,
    header::SegmentHeader,
    record::{self, HEADER_LEN, Kind, RECORD_BYTES_MAX, Record},
};

const WINDOW_BYTES: usize = 1 << 20;
const _: () = assert!(RECORD_BYTES_MAX <= WINDOW_BYTES);

/// What a walk found besides the records it showed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Walk {
    /// Behind the last byte that counts; what follows was never acknowledged.
    pub end: u64,
    /// Bytes that had been durable and cannot be read any more.
    pub damage: Vec<Range<u64>>,
}

/// How the end of a segment is to be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// A later segment exists, so everything up to here had been durable.
    Sealed(u64),
    /// The last segment: a write may have been interrupted, but not before this point.
    Open { durable: u64 },
}

/// Shows every whole record from `from` on, whose arrival numbers must go on from `next`.
pub(super) fn walk(
    file: &File,
    segment: u32,
    from: u64,
    ending: Ending,
    next: &mut [u64; 4],
    mut visit: impl FnMut(&Record<'_>, Location) -> io::Result<()>,
) -> io::Result<Walk> {
    let file_len = file.metadata()?.len();
    let end = match ending {
        Ending::Sealed(end) => end,
        Ending::Open { durable } => durable.max(file_len),
    };
    let mut window = Window::new(file, segment, end.min(file_len));
    let mut proven = None;
    let mut damage = Vec::new();
    let mut offset = from;
    while offset < end {
        if let Some((record, at)) = window.record(offset, next)? {
            if let Kind::Entry(feed) = record.kind {
                next[feed.index()] = record.arrival.saturating_add(1);
            }
            visit(&record, at)?;
            offset = offset.saturating_add(u64::from(at.len));
            continue;
        }
        let durable = match (proven, ending) {
            (Some(proven), _) => proven,
            (None, Ending::Sealed(end)) => end,
            (None, Ending::Open { durable }) => {
                *proven.insert(durable.max(window.proven_durable(offset, next)?))
            }
        };
        if offset >= durable {
            break;
        }
        let resumed = window
            .resync(offset.saturating_add(1), next)?
            .unwrap_or(end);
        damage.push(offset..resumed);
        offset = resumed;
    }
    Ok(Walk {
        end: offset,
        damage,
    })
}

/// A stretch of the file in memory, moved along as the walk goes on.
struct Window<'a> {
    file: &'a File,
    segment: u32,
    limit: u64,
    start: u64,
    bytes: Vec<u8>,
}

impl<'a> Window<'a> {
    const fn new(file: &'a File, segment: u32, limit: u64) -> Self {
        Self {
            file,
            segment,
            limit,
            start: 0,
            bytes: Vec::new(),
        }
    }

    fn record(
        &mut self,
        offset: u64,
        next: &[u64; 4],
    ) -> io::Result<Option<(Record<'_>, Location)>> {
        let back_max = offset.saturating_sub(SegmentHeader::LEN as u64);
        let Some(header) = self.stretch(offset, HEADER_LEN)?.first_chunk() else {
            return Ok(None);
        };
        let Some(len) = record::claimed_len(header, back_max) else {
            return Ok(None);
        };
        let segment = self.segment;
        let bytes = self.stretch(offset, len as usize)?;
        let Some(record) = record::decode(bytes, segment, offset) else {
            return Ok(None);
        };
        if let Kind::Entry(feed) = record.kind
            && (record.arrival < next[feed.index()] || record.arrival == u64::MAX)
        {
            return Ok(None);
        }
        let at = Location {
            segment,
            offset,
            len,
        };
        Ok(Some((record, at)))
    }

    /// Where the first whole record from `offset` on begins.
    fn resync(&mut self, mut offset: u64, next: &[u64; 4]) -> io::Result<Option<u64>> {
        while offset < self.limit {
            if self.record(offset, next)?.is_some() {
                return Ok(Some(offset));
            }
            offset = offset.saturating_add(1);
        }
        Ok(None)
    }

    /// Up to where the records from `offset` on prove that the file had been durable.
    fn proven_durable(&mut self, mut offset: u64, next: &[u64; 4]) -> io::Result<u64> {
        let mut proven = 0;
        while let Some(found) = self.resync(offset, next)? {
            let Some((record, at)) = self.record(found, next)? else {
                break;
            };
            proven = proven.max(found.saturating_sub(u64::from(record.back)));
            offset = found.saturating_add(u64::from(at.len));
        }
        Ok(proven)
    }

    /// Up to `len` bytes from `offset` on; fewer at the limit.
    fn stretch(&mut self, offset: u64, len: usize) -> io::Result<&[u8]> {
        let len = len.min(usize::try_from(self.limit.saturating_sub(offset)).unwrap_or(len));
        let held = self.start..self.start.saturating_add(self.bytes.len() as u64);
        if offset < held.start || offset.saturating_add(len as u64) > held.end {
            self.fill(offset)?;
        }
        let begin = offset.saturating_sub(self.start) as usize;
        let end = self.bytes.len().min(begin.saturating_add(len));
        Ok(&self.bytes[begin.min(end)..end])
    }

    fn fill(&mut self, offset: u64) -> io::Result<()> {
        let wanted = usize::try_from(self.limit.saturating_sub(offset))
            .unwrap_or(WINDOW_BYTES)
            .min(WINDOW_BYTES);
        self.bytes.resize(wanted, 0);
        self.start = offset;
        let mut filled = 0;
        while filled < wanted {
            match self.file.read_at(
                &mut self.bytes[filled..],
                offset.saturating_add(filled as u64),
            ) {
                Ok(0) => break,
                Ok(count) => filled = filled.saturating_add(count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.bytes.truncate(filled);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::{feed::Feed, store::record::Draft};

    const START: u64 = SegmentHeader::LEN as u64;

    /// Writes of so many records each, as a file and the places of the records.
    fn segment(writes: &[usize]) -> (File, Vec<Location>) {
        let mut bytes = vec![0; SegmentHeader::LEN];
        let mut places = Vec::new();
        for count in writes {
            let mut write = Vec::new();
            for _ in 0..*count {
                let payload = [places.len() as u8; 40];
                let draft = Draft {
                    kind: Kind::Entry(Feed::Acts),
                    meta: b"m",
                    payload: &payload,
                };
                let arrival = places.len() as u64 + 1;
                places.push(draft.encode(1, bytes.len() as u64, arrival, &mut write));
            }
            bytes.extend(write);
        }
        let mut file = tempfile::tempfile().expect("a temporary file");
        file.write_all(&bytes).expect("written");
        (file, places)
    }

    fn spoil(file: &File, offset: u64) {
        file.write_all_at(&[0xff; 4], offset).expect("written");
    }

    fn check(file: &File, ending: Ending) -> (Vec<u64>, Walk) {
        let mut arrivals = Vec::new();
        let walk = walk(file, 1, START, ending, &mut [1; 4], |record, _| {
            arrivals.push(record.arrival);
            Ok(())
        })
        .expect("readable");
        (arrivals, walk)
    }

    const OPEN: Ending = Ending::Open { durable: START };

    fn end(at: Location) -> u64 {
        at.offset + u64::from(at.len)
    }

    #[test]
    fn damage_in_the_last_write_is_an_interrupted_write() {
        let (file, places) = segment(&[2, 3]);
        spoil(&file, places[3].offset + 30);
        let (arrivals, walk) = check(&file, OPEN);
        assert_eq!(arrivals, [1, 2, 3]);
        assert_eq!(walk.end, places[3].offset);
        assert!(walk.damage.is_empty());
    }

    #[test]
    fn damage_before_the_last_write_is_damage_and_the_rest_is_kept() {
        for within in [0, 4, 12, 30] {
            let (file, places) = segment(&[2, 3, 1]);
            spoil(&file, places[3].offset + within);
            let (arrivals, walk) = check(&file, OPEN);
            assert_eq!(arrivals, [1, 2, 3, 5, 6]);
            let lost = places[3].offset..places[4].offset;
            assert_eq!(walk.damage, std::slice::from_ref(&lost));
            assert_eq!(walk.end, end(places[5]));
        }
    }

    #[test]
    fn what_the_index_has_seen_is_no_interrupted_write() {
        let (file, places) = segment(&[1, 1]);
        let durable = end(places[1]);
        spoil(&file, places[1].offset);
        let (_, walk) = check(&file, Ending::Open { durable });
        let lost = places[1].offset..durable;
        assert_eq!(walk.damage, std::slice::from_ref(&lost));
    }

    #[test]
    fn a_sealed_segment_ends_where_it_was_sealed() {
        let (file, places) = segment(&[1, 2]);
        let sealed = places[2].offset;
        let (arrivals, walk) = check(&file, Ending::Sealed(sealed));
        assert_eq!((arrivals, walk.end), (vec![1, 2], sealed));
        let longer = places[2].offset + 500;
        let (arrivals, walk) = check(&file, Ending::Sealed(longer));
        assert_eq!(arrivals, [1, 2, 3]);
        let lost = end(places[2])..longer;
        assert_eq!(walk.damage, std::slice::from_ref(&lost));
    }
}
