//! The header that every file of the store begins with.
//!
//! Magic, version, length and checksum stand at the same place in every version, so that a
//! program can tell a file from the future (refused) from a damaged one (repaired).
//!
//! ```text
//!  0  8  magic
//!  8  2  version
//! 10  2  length of the header
//! 12  4  CRC-32C over the header without these four bytes
//! 16     fields of this version
//! ```
//! Integers are little-endian.

/// The version that this program writes and reads.
pub(super) const VERSION: u16 = 1;

const PRELUDE_LEN: usize = 16;
const JOURNAL_MAGIC: [u8; 8] = *b"guichetJ";
const PAGE_MAGIC: [u8; 8] = *b"guichetP";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeaderError {
    Damaged,
    UnknownVersion(u16),
}

/// The header of a journal segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SegmentHeader {
    /// The epoch of the store when this segment was begun.
    pub epoch: [u8; 16],
    /// The number that is also in the file's name.
    pub segment: u32,
    /// Where this segment ends, when it was written in one go by a repair; else 0.
    pub sealed_len: u64,
    /// Where the segment before this one durably ends.
    pub previous_len: u64,
    /// The next arrival number of each feed at the beginning of this segment.
    pub next: [u64; 4],
}

impl SegmentHeader {
    pub const LEN: usize = PRELUDE_LEN + 16 + 4 + 8 + 8 + 32;

    pub fn encode(&self) -> Vec<u8> {
        let mut fields = Vec::with_capacity(Self::LEN);
        fields.extend(self.epoch);
        fields.extend(self.segment.to_le_bytes());
        fields.extend(self.sealed_len.to_le_bytes());
        fields.extend(self.previous_len.to_le_bytes());
        for next in self.next {
            fields.extend(next.to_le_bytes());
        }
        frame(JOURNAL_MAGIC, &fields)
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, HeaderError> {
        let fields = unframe(JOURNAL_MAGIC, bytes)?;
        Self::fields(fields).ok_or(HeaderError::Damaged)
    }

    fn fields(bytes: &[u8]) -> Option<Self> {
        let (epoch, rest) = bytes.split_first_chunk()?;
        let (segment, rest) = rest.split_first_chunk()?;
        let (sealed_len, rest) = rest.split_first_chunk()?;
        let (previous_len, mut rest) = rest.split_first_chunk()?;
        let mut next = [0; 4];
        for next in &mut next {
            let (value, after) = rest.split_first_chunk()?;
            *next = u64::from_le_bytes(*value);
            rest = after;
        }
        Some(Self {
            epoch: *epoch,
            segment: u32::from_le_bytes(*segment),
            sealed_len: u64::from_le_bytes(*sealed_len),
            previous_len: u64::from_le_bytes(*previous_len),
            next,
        })
    }
}

/// The header of a page file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PageHeader {
    pub id: [u8; 32],
    /// Length of the plain page in bytes.
    pub length: u64,
    pub segments: u32,
}

impl PageHeader {
    pub const LEN: usize = PRELUDE_LEN + 32 + 8 + 4;

    pub fn encode(&self) -> Vec<u8> {
        let mut fields = Vec::with_capacity(Self::LEN);
        fields.extend(self.id);
        fields.extend(self.length.to_le_bytes());
        fields.extend(self.segments.to_le_bytes());
        frame(PAGE_MAGIC, &fields)
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, HeaderError> {
        let fields = unframe(PAGE_MAGIC, bytes)?;
        Self::fields(fields).ok_or(HeaderError::Damaged)
    }

    fn fields(bytes: &[u8]) -> Option<Self> {
        let (id, rest) = bytes.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (segments, _) = rest.split_first_chunk()?;
        Some(Self {
            id: *id,
            length: u64::from_le_bytes(*length),
            segments: u32::from_le_bytes(*segments),
        })
    }
}

fn frame(magic: [u8; 8], fields: &[u8]) -> Vec<u8> {
    let len = PRELUDE_LEN.saturating_add(fields.len()) as u16;
    let mut bytes = Vec::with_capacity(usize::from(len));
    bytes.extend(magic);
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend(len.to_le_bytes());
    let checksum = crc32c::crc32c_append(crc32c::crc32c(&bytes), fields);
    bytes.extend(checksum.to_le_bytes());
    bytes.extend(fields);
    bytes
}

fn unframe(magic: [u8; 8], bytes: &[u8]) -> Result<&[u8], HeaderError> {
    let (version, checksum, fields) = split(magic, bytes).ok_or(HeaderError::Damaged)?;
    if crc32c::crc32c_append(crc32c::crc32c(&bytes[..12]), fields) != checksum {
        return Err(HeaderError::Damaged);
    }
    if version != VERSION {
        return Err(HeaderError::UnknownVersion(version));
    }
    Ok(fields)
}

fn split(magic: [u8; 8], bytes: &[u8]) -> Option<(u16, u32, &[u8])> {
    let (found, rest) = bytes.split_first_chunk::<8>()?;
    let (version, rest) = rest.split_first_chunk()?;
    let (len, rest) = rest.split_first_chunk()?;
    let (checksum, rest) = rest.split_first_chunk()?;
    let fields_len = usize::from(u16::from_le_bytes(*len)).checked_sub(PRELUDE_LEN)?;
    let fields = rest.get(..fields_len)?;
    (*found == magic).then_some((
        u16::from_le_bytes(*version),
        u32::from_le_bytes(*checksum),
        fields,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> SegmentHeader {
        SegmentHeader {
            epoch: [7; 16],
            segment: 3,
            sealed_len: 0,
            previous_len: 99,
            next: [1, 2, 3, 4],
        }
    }

    #[test]
    fn headers_come_back() {
        let bytes = header().encode();
        assert_eq!(bytes.len(), SegmentHeader::LEN);
        assert_eq!(SegmentHeader::decode(&bytes), Ok(header()));
        let page = PageHeader {
            id: [9; 32],
            length: 17,
            segments: 1,
        };
        assert_eq!(page.encode().len(), PageHeader::LEN);
        assert_eq!(PageHeader::decode(&page.encode()), Ok(page));
        assert_eq!(PageHeader::decode(&bytes), Err(HeaderError::Damaged));
    }

    #[test]
    fn every_changed_byte_and_every_cut_is_noticed() {
        let bytes = header().encode();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 0x10;
            assert_eq!(SegmentHeader::decode(&changed), Err(HeaderError::Damaged));
            assert_eq!(
                SegmentHeader::decode(&bytes[..at]),
                Err(HeaderError::Damaged)
            );
        }
    }

    #[test]
    fn a_later_version_is_told_from_damage() {
        let mut bytes = header().encode();
        bytes[8] = 2;
        let checksum = crc32c::crc32c_append(crc32c::crc32c(&bytes[..12]), &bytes[16..]);
        bytes[12..16].copy_from_slice(&checksum.to_le_bytes());
        assert_eq!(
            SegmentHeader::decode(&bytes),
            Err(HeaderError::UnknownVersion(2))
        );
    }
}
