//! Page files: one per page, sparse while segments are missing.
//!
//! Behind its header a file holds the sealed segments at a fixed stride. Which of them are there is
//! a matter of the journal: segments are written, the file is synced, and then one journal record
//! says so. Until then they are absent, whatever the file holds.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use minicbor::{Decode, Encode};

use super::{
    catalogue::{PageRecord, Run},
    error::{StoreError, at},
    folder,
    header::{HeaderError, PageHeader, VERSION},
};

/// Plain bytes of a segment; the last one of a page may be shorter.
pub(super) const SEGMENT_PLAIN_BYTES: u64 = 16 * 1024;
/// What sealing adds to a segment.
pub(super) const SEGMENT_SEAL_BYTES: u64 = 16;
/// Most segments of a page (32 MiB).
pub(super) const PAGE_SEGMENTS_MAX: u32 = 2048;

const STRIDE: u64 = SEGMENT_PLAIN_BYTES + SEGMENT_SEAL_BYTES;

/// The shape of a page and which of its segments are here.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub(super) struct Page {
    #[n(0)]
    pub length: u64,
    #[n(1)]
    pub segments: u32,
    /// One bit per segment from the lowest of the first byte on; empty when all are here.
    #[cbor(n(2), with = "minicbor::bytes")]
    bits: Vec<u8>,
}

impl Page {
    /// A page of this shape without segments; none if there is no such shape.
    pub fn new(length: u64, segments: u32) -> Option<Self> {
        let bits = vec![0; segments.div_ceil(8) as usize];
        Self {
            length,
            segments,
            bits,
        }
        .checked()
    }

    /// This page, if its parts fit together.
    pub fn checked(self) -> Option<Self> {
        let fits = (1..=PAGE_SEGMENTS_MAX).contains(&self.segments)
            && u64::from(self.segments) == self.length.div_ceil(SEGMENT_PLAIN_BYTES).max(1)
            && (self.bits.is_empty() || self.bits.len() == self.segments.div_ceil(8) as usize);
        fits.then_some(self)
    }

    pub fn has(&self, index: u32) -> bool {
        index < self.segments
            && (self.bits.is_empty() || self.bits[(index / 8) as usize] & (1 << (index % 8)) != 0)
    }

    /// How many segments are here.
    pub fn present(&self) -> u32 {
        if self.bits.is_empty() {
            return self.segments;
        }
        self.bits.iter().map(|byte| byte.count_ones()).sum()
    }

    /// One bit per segment, from the lowest of the first byte on.
    pub fn bitmap(&self) -> Vec<u8> {
        if !self.bits.is_empty() {
            return self.bits.clone();
        }
        let mut bits = vec![0xff; self.segments.div_ceil(8) as usize];
        if let (Some(last), used @ 1..) = (bits.last_mut(), self.segments % 8) {
            *last = !(0xff << used);
        }
        bits
    }

    pub fn mark(&mut self, first: u32, count: u32) {
        for index in first..first.saturating_add(count).min(self.segments) {
            if let Some(byte) = self.bits.get_mut((index / 8) as usize) {
                *byte |= 1 << (index % 8);
            }
        }
        if self.present() == self.segments {
            self.bits = Vec::new();
        }
    }

    /// The journal's record that these segments, in rising order, are here.
    pub fn record(&self, indices: impl IntoIterator<Item = u32>) -> PageRecord {
        PageRecord {
            length: self.length,
            segments: self.segments,
            runs: runs(indices),
        }
    }

    /// The length of a sealed segment.
    pub const fn segment_len(&self, index: u32) -> u64 {
        let before = (index as u64).saturating_mul(SEGMENT_PLAIN_BYTES);
        let rest = self.length.saturating_sub(before);
        let plain = if rest < SEGMENT_PLAIN_BYTES {
            rest
        } else {
            SEGMENT_PLAIN_BYTES
        };
        plain.saturating_add(SEGMENT_SEAL_BYTES)
    }
}

fn runs(indices: impl IntoIterator<Item = u32>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for index in indices {
        match runs.last_mut() {
            Some(run) if run.first.saturating_add(run.count) == index => {
                run.count = run.count.saturating_add(1);
            }
            _ => runs.push(Run {
                first: index,
                count: 1,
            }),
        }
    }
    runs
}

/// Writes segments and makes them durable; the file and its folders are made if need be.
pub(super) fn write(
    pages: &Path,
    id: &[u8; 32],
    page: &Page,
    segments: &BTreeMap<u32, &[u8]>,
) -> Result<(), StoreError> {
    let path = place(pages, id);
    let new = page.present() == 0;
    let file = folder::new_file(&path, OpenOptions::new().create(true).truncate(false))?;
    if new {
        let header = PageHeader {
            id: *id,
            length: page.length,
            segments: page.segments,
        };
        file.write_all_at(&header.encode(), 0).map_err(at(&path))?;
    }
    for (index, sealed) in segments {
        file.write_all_at(sealed, offset(*index))
            .map_err(at(&path))?;
    }
    file.sync_data().map_err(at(&path))?;
    if new {
        folder::sync_folder(pages)?;
    }
    Ok(())
}

/// Reads a segment that is said to be here.
pub(super) fn read(
    pages: &Path,
    id: &[u8; 32],
    page: &Page,
    index: u32,
) -> Result<Vec<u8>, StoreError> {
    let path = place(pages, id);
    let fault = |error: io::Error| {
        let kind = error.kind();
        let is_gone = matches!(kind, io::ErrorKind::UnexpectedEof | io::ErrorKind::NotFound);
        // A bad place of the disk.
        let is_bad = error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error());
        if is_gone || is_bad {
            return damaged(id);
        }
        at(&path)(error)
    };
    let file = File::open(&path).map_err(fault)?;
    let mut header = [0; PageHeader::LEN];
    file.read_exact_at(&mut header, 0).map_err(fault)?;
    match PageHeader::decode(&header) {
        Ok(header) if header.id == *id => {}
        Ok(_) | Err(HeaderError::Damaged) => return Err(damaged(id)),
        Err(HeaderError::UnknownVersion(found)) => {
            return Err(StoreError::UnknownVersion {
                path,
                found,
                known: VERSION,
            });
        }
    }
    let mut sealed = vec![0; page.segment_len(index) as usize];
    file.read_exact_at(&mut sealed, offset(index))
        .map_err(fault)?;
    Ok(sealed)
}

fn damaged(id: &[u8; 32]) -> StoreError {
    StoreError::PageDamaged { page: name(id) }
}

/// Removes a page's file, durably; it may be absent.
pub(super) fn remove(pages: &Path, id: &[u8; 32]) -> Result<(), StoreError> {
    let path = place(pages, id);
    folder::absent_is_fine(std::fs::remove_file(&path)).map_err(at(&path))?;
    folder::sync_folder(pages)
}

/// Lower-case hex of a page's id.
pub(super) fn name(id: &[u8; 32]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn offset(index: u32) -> u64 {
    (PageHeader::LEN as u64).saturating_add(u64::from(index).saturating_mul(STRIDE))
}

fn place(pages: &Path, id: &[u8; 32]) -> PathBuf {
    pages.join(format!("{}.page", name(id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_counts_its_segments() {
        let mut page = Page::new(10 * SEGMENT_PLAIN_BYTES + 1, 11).expect("a shape");
        page.mark(0, 3);
        page.mark(10, 5);
        assert_eq!(page.present(), 4);
        assert_eq!(page.bitmap(), [0b111, 0b100]);
        assert!(page.has(10) && !page.has(3) && !page.has(11));
        assert_eq!(page.segment_len(10), 1 + SEGMENT_SEAL_BYTES);
        page.mark(3, 7);
        assert_eq!(page.bitmap(), [0xff, 0b111]);
        assert!(page.has(7) && !page.has(11));
    }

    #[test]
    fn shapes_that_cannot_be_are_refused() {
        assert!(Page::new(0, 0).is_none());
        assert!(Page::new(0, 1).is_some());
        assert!(Page::new(SEGMENT_PLAIN_BYTES, 2).is_none());
        assert!(Page::new(SEGMENT_PLAIN_BYTES + 1, 1).is_none());
        assert!(Page::new(u64::MAX, PAGE_SEGMENTS_MAX).is_none());
        assert!(Page::new(32 << 20, PAGE_SEGMENTS_MAX).is_some());
        assert!(Page::new((32 << 20) + 1, PAGE_SEGMENTS_MAX + 1).is_none());
    }

    #[test]
    fn neighbours_become_runs() {
        let run = |first, count| Run { first, count };
        assert_eq!(runs([0, 1, 2, 5, 7, 8]), [run(0, 3), run(5, 1), run(7, 2)]);
    }
}
