//! One record of the journal, as bytes.
//!
//! ```text
//!  0  4  length of the record, header included
//!  4  4  CRC-32C over segment number, offset in the file, and the record without these four bytes
//!  8  1  kind
//!  9  1  zero
//! 10  2  length of the meta part
//! 12  4  bytes back to the beginning of the write that this record was part of
//! 16  8  arrival number (0 for what is in no feed)
//! 24     meta, then payload
//! ```
//! Integers are little-endian. The checksum covers the place, so bytes that look like a record but
//! stand elsewhere (inside a payload, in a stale block) are none. A write begins only when the one
//! before it is durable: hence a record that names the beginning of its write proves that all
//! before that point had been durable, and tells a damaged disk from an interrupted write.

use super::{Location, error};
use crate::{feed::Feed, store::StoreError};

/// Most bytes of `NewRecord::meta`.
pub const META_BYTES_MAX: usize = 512;
/// Most bytes of `NewRecord::payload`.
pub const PAYLOAD_BYTES_MAX: usize = 256 * 1024;

pub(super) const HEADER_LEN: usize = 24;
/// Most bytes of a record beside its payload.
pub const RECORD_OVERHEAD_MAX: usize = HEADER_LEN + META_BYTES_MAX;
pub(super) const RECORD_BYTES_MAX: usize = RECORD_OVERHEAD_MAX + PAYLOAD_BYTES_MAX;

/// What a record is; unknown kinds are left where they are, for a later program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Entry(Feed),
    Note,
    Page,
    PageDropped,
    Unknown(u8),
}

impl Kind {
    const fn byte(self) -> u8 {
        match self {
            Self::Entry(feed) => feed.index() as u8,
            Self::Note => 16,
            Self::Page => 17,
            Self::PageDropped => 18,
            Self::Unknown(byte) => byte,
        }
    }

    const fn from_byte(byte: u8) -> Self {
        if let Some(feed) = Feed::from_index(byte as usize) {
            return Self::Entry(feed);
        }
        match byte {
            16 => Self::Note,
            17 => Self::Page,
            18 => Self::PageDropped,
            other => Self::Unknown(other),
        }
    }
}

/// A record to be written; its arrival number comes with the write.
#[derive(Debug, Clone, Copy)]
pub(super) struct Draft<'a> {
    pub kind: Kind,
    pub meta: &'a [u8],
    pub payload: &'a [u8],
}

impl Draft<'_> {
    pub fn check(&self) -> Result<(), StoreError> {
        error::within("bytes of meta in a record", self.meta.len(), META_BYTES_MAX)?;
        error::within("bytes of a record", self.payload.len(), PAYLOAD_BYTES_MAX)
    }

    pub const fn len(&self) -> usize {
        HEADER_LEN
            .saturating_add(self.meta.len())
            .saturating_add(self.payload.len())
    }

    /// Appends the record to the bytes of a write that begins at `write_offset`.
    pub fn encode(
        &self,
        segment: u32,
        write_offset: u64,
        arrival: u64,
        write: &mut Vec<u8>,
    ) -> Location {
        let start = write.len();
        let at = Location {
            segment,
            offset: write_offset.saturating_add(start as u64),
            len: self.len() as u32,
        };
        write.extend(at.len.to_le_bytes());
        write.extend([0; 4]);
        write.extend([self.kind.byte(), 0]);
        write.extend((self.meta.len() as u16).to_le_bytes());
        write.extend((start as u32).to_le_bytes());
        write.extend(arrival.to_le_bytes());
        write.extend(self.meta);
        write.extend(self.payload);
        let checksum = checksum(at, &write[start..]);
        write[start..][4..8].copy_from_slice(&checksum.to_le_bytes());
        at
    }
}

/// A record as it stands in the journal.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record<'a> {
    pub kind: Kind,
    /// Bytes back to the beginning of its write.
    pub back: u32,
    pub arrival: u64,
    pub meta: &'a [u8],
    pub payload: &'a [u8],
}

/// The length that a record's first bytes claim, if a record of this program could begin so.
pub(super) fn claimed_len(header: &[u8; HEADER_LEN], offset: u64) -> Option<u32> {
    let claim = Claim::read(header)?;
    let len = claim.len as usize;
    let plausible = (HEADER_LEN..=RECORD_BYTES_MAX).contains(&len)
        && usize::from(claim.meta_len) <= META_BYTES_MAX.min(len.saturating_sub(HEADER_LEN))
        && header[9] == 0
        && u64::from(claim.back) <= offset;
    plausible.then_some(claim.len)
}

/// Reads the record that stands at this place; none if it is not whole.
pub(super) fn decode(bytes: &[u8], segment: u32, offset: u64) -> Option<Record<'_>> {
    let header = bytes.first_chunk::<HEADER_LEN>()?;
    let len = claimed_len(header, offset)?;
    let claim = Claim::read(header)?;
    let bytes = bytes.get(..len as usize)?;
    let at = Location {
        segment,
        offset,
        len,
    };
    if checksum(at, bytes) != claim.checksum {
        return None;
    }
    let (meta, payload) = bytes[HEADER_LEN..].split_at(usize::from(claim.meta_len));
    Some(Record {
        kind: Kind::from_byte(claim.kind),
        back: claim.back,
        arrival: claim.arrival,
        meta,
        payload,
    })
}

struct Claim {
    len: u32,
    checksum: u32,
    kind: u8,
    meta_len: u16,
    back: u32,
    arrival: u64,
}

impl Claim {
    fn read(header: &[u8; HEADER_LEN]) -> Option<Self> {
        let (len, rest) = header.split_first_chunk()?;
        let (checksum, rest) = rest.split_first_chunk()?;
        let ([kind, _zero], rest) = rest.split_first_chunk()?;
        let (meta_len, rest) = rest.split_first_chunk()?;
        let (back, rest) = rest.split_first_chunk()?;
        let (arrival, _) = rest.split_first_chunk()?;
        Some(Self {
            len: u32::from_le_bytes(*len),
            checksum: u32::from_le_bytes(*checksum),
            kind: *kind,
            meta_len: u16::from_le_bytes(*meta_len),
            back: u32::from_le_bytes(*back),
            arrival: u64::from_le_bytes(*arrival),
        })
    }
}

fn checksum(at: Location, record: &[u8]) -> u32 {
    let place = crc32c::crc32c(&at.segment.to_le_bytes());
    let place = crc32c::crc32c_append(place, &at.offset.to_le_bytes());
    let head = crc32c::crc32c_append(place, &record[..4]);
    crc32c::crc32c_append(head, &record[8..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> (Vec<u8>, Location) {
        let draft = Draft {
            kind: Kind::Entry(Feed::Edits),
            meta: b"meta",
            payload: b"payload",
        };
        let mut write = Vec::new();
        let at = draft.encode(2, 1_000, 41, &mut write);
        (write, at)
    }

    #[test]
    fn a_record_comes_back_at_its_place_only() {
        let (bytes, at) = written();
        let record = decode(&bytes, at.segment, at.offset).expect("whole");
        assert_eq!(record.kind, Kind::Entry(Feed::Edits));
        assert_eq!(
            (record.arrival, record.meta, record.payload),
            (41, &b"meta"[..], &b"payload"[..])
        );
        assert!(decode(&bytes, at.segment, at.offset + 1).is_none());
        assert!(decode(&bytes, at.segment + 1, at.offset).is_none());
    }

    #[test]
    fn every_changed_byte_and_every_cut_is_noticed() {
        let (bytes, at) = written();
        for place in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[place] ^= 1 << bit;
                assert!(decode(&changed, at.segment, at.offset).is_none());
            }
            assert!(decode(&bytes[..place], at.segment, at.offset).is_none());
        }
    }

    #[test]
    fn kinds_keep_their_bytes() {
        for byte in 0..=u8::MAX {
            assert_eq!(Kind::from_byte(byte).byte(), byte);
        }
        assert_eq!(Kind::from_byte(2), Kind::Entry(Feed::Edits));
        assert_eq!(Kind::from_byte(17), Kind::Page);
    }
}
