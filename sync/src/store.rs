//! The disk of a node: a journal that is the truth, page files, and an index that is only a copy.
//!
//! The store knows records, feeds and pages as bytes and nothing of cases. One owner (the node's
//! disk thread) writes through `Store`; any number of `Reader`s read beside it.
//!
//! What holds for everything here:
//! - A call that writes returns after `fdatasync` did, or with an error; then nothing of it stays.
//! - Arrival numbers are allotted inside that write, so a number that was ever given away names a
//!   durable record.
//! - An error leaves the store usable: reading goes on, and so does writing once there is space.
//! - Opening repairs what it can and says what it did (`Repair`). If records that had been durable
//!   are gone, or if nobody can say so for sure, the store takes a new epoch and forgets its
//!   cursors: peers then compare vectors and bring back what is missing.
//!
//! It holds sealed bytes only: no key, no plain text, and no names but the ids of pages.

mod catalogue;
mod error;
mod first_write;
mod folder;
mod header;
mod index;
mod journal;
mod opening;
mod page;
mod reader;
mod record;
mod repair;
mod scan;
mod segment;

use std::{
    collections::{BTreeMap, btree_map::Entry},
    path::Path,
    sync::PoisonError,
};

use minicbor::{Decode, Encode};

pub use self::{
    catalogue::Records,
    error::StoreError,
    journal::BATCH_BYTES_MAX,
    reader::Reader,
    record::{META_BYTES_MAX, PAYLOAD_BYTES_MAX, RECORD_OVERHEAD_MAX},
    repair::Repair,
};
use self::{
    catalogue::{Catalogue, PageRecord},
    folder::Folder,
    index::{Change, Index, IndexError},
    journal::{Journal, Written},
    page::Page,
    record::{Draft, Kind, Record},
};
use crate::feed::Feed;

/// Most bytes of a note's key.
pub const NOTE_KEY_BYTES_MAX: usize = 64;
/// Most bytes of a note.
pub const NOTE_BYTES_MAX: usize = 3 * 1024;
/// Most notes of a store.
pub const NOTES_MAX: usize = 1024;
/// Most peers whose cursors are kept.
pub const PEERS_MAX: usize = 4096;

/// A record that is to become durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRecord {
    /// The feed it arrives in.
    pub feed: Feed,
    /// What the catalogue in memory needs of it; at most `META_BYTES_MAX` bytes.
    pub meta: Vec<u8>,
    /// The record itself; at most `PAYLOAD_BYTES_MAX` bytes.
    pub payload: Vec<u8>,
}

impl NewRecord {
    /// Bytes that it takes of an append, at most [`BATCH_BYTES_MAX`] in all.
    #[must_use]
    pub const fn len_on_disk(&self) -> usize {
        RECORD_OVERHEAD_MAX.saturating_add(self.payload.len())
    }
}

/// A durable record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The feed it arrived in.
    pub feed: Feed,
    /// Its number there; numbers rise and are never used twice, but some may be missing.
    pub arrival: u64,
    /// Where its payload is to be read.
    pub at: Location,
    /// What the catalogue in memory needs of it.
    pub meta: Vec<u8>,
}

/// The place of a record in the journal; it holds until the store is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(array)]
pub struct Location {
    /// The journal segment.
    #[n(0)]
    pub segment: u32,
    /// The byte in it where the record begins.
    #[n(1)]
    pub offset: u64,
    /// The length of the record with its header.
    #[n(2)]
    pub len: u32,
}

/// How far this node has a peer's feeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct PeerCursors {
    /// The peer's epoch that the numbers belong to.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub epoch: [u8; 16],
    /// The next arrival number wanted, by `Feed::index`.
    #[n(1)]
    pub next: [u64; Feed::COUNT],
}

/// A page on this disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageOnDisk {
    /// The page.
    pub id: [u8; 32],
    /// Its plain length in bytes.
    pub length: u64,
    /// How many segments it has.
    pub segments: u32,
    /// Which of them are durable: one bit each, from the lowest of the first byte on.
    pub bitmap: Vec<u8>,
}

/// How much of a page is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageProgress {
    /// The page.
    pub id: [u8; 32],
    /// How many segments are durable.
    pub present: u32,
    /// How many segments it has.
    pub segments: u32,
}

impl PageProgress {
    /// Whether every segment is durable.
    pub const fn is_complete(&self) -> bool {
        self.present == self.segments
    }

    fn of(id: [u8; 32], page: &Page) -> Self {
        Self {
            id,
            present: page.present(),
            segments: page.segments,
        }
    }
}

/// What was found when a store was opened.
#[derive(Debug)]
pub struct Opened {
    /// The epoch that this store's arrival numbers belong to.
    pub epoch: [u8; 16],
    /// The next arrival number of each feed, by `Feed::index`.
    pub next: [u64; Feed::COUNT],
    /// Every record.
    pub records: Records,
    /// The cursors of the peers, by peer.
    pub cursors: Vec<([u8; 32], PeerCursors)>,
    /// Every page that was begun and not dropped, by id.
    pub pages: Vec<PageOnDisk>,
    /// What had to be repaired, for the log and the status.
    pub repairs: Vec<Repair>,
}

/// The writing end of a store.
pub struct Store {
    // Dropped before the folder, whose lock must outlive it.
    index: Option<Box<dyn Index>>,
    journal: Journal,
    catalogue: Catalogue,
    reader: Reader,
    folder: Folder,
}

impl Store {
    /// Opens the store in this folder, or makes one.
    ///
    /// `epoch_if_new` is random; it becomes the epoch of a new store, and of one that turns out to
    /// have lost records. Fails if the folder is in use, was written by another version of this
    /// program, or is on a disk that cannot be read or written.
    pub fn open(dir: &Path, epoch_if_new: [u8; 16]) -> Result<(Self, Opened), StoreError> {
        opening::open(dir, epoch_if_new)
    }

    /// Makes the records durable, all or none, with one `fdatasync`.
    ///
    /// At most `BATCH_BYTES_MAX` bytes at once. Gives back the records in the same order.
    pub fn append(&mut self, records: Vec<NewRecord>) -> Result<Vec<Stored>, StoreError> {
        let drafts: Vec<_> = records
            .iter()
            .map(|record| Draft {
                kind: Kind::Entry(record.feed),
                meta: &record.meta,
                payload: &record.payload,
            })
            .collect();
        let written = self.write(&drafts)?;
        Ok(records
            .into_iter()
            .zip(written)
            .map(|(record, written)| Stored {
                feed: record.feed,
                arrival: written.arrival,
                at: written.at,
                meta: record.meta,
            })
            .collect())
    }

    /// Makes room for a page of this shape; nothing happens if it is known.
    ///
    /// Fails if the shape cannot be, or is not that of the page that is known under this id.
    pub fn begin_page(
        &mut self,
        id: [u8; 32],
        length: u64,
        segments: u32,
    ) -> Result<(), StoreError> {
        let misshapen = |what| StoreError::Misshapen {
            page: page::name(&id),
            what,
        };
        match self.page(&id) {
            Ok(page) if (page.length, page.segments) == (length, segments) => return Ok(()),
            Ok(_) => return Err(misshapen("another length")),
            Err(_) => {}
        }
        let page =
            Page::new(length, segments).ok_or_else(|| misshapen("the number of segments"))?;
        self.write_pages(&[(id, page.record([]))])
    }

    /// Makes sealed segments of pages durable; how far each of these pages is now.
    ///
    /// Segments that are there already are left as they are. Fails for a page that was not begun,
    /// and for a segment beyond its end or of another length than the page's shape asks for.
    pub fn write_segments(
        &mut self,
        segments: &[([u8; 32], u32, Vec<u8>)],
    ) -> Result<Vec<PageProgress>, StoreError> {
        let mut by_page: BTreeMap<[u8; 32], Wanted<'_>> = BTreeMap::new();
        for (id, index, sealed) in segments {
            let wanted = match by_page.entry(*id) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => new.insert(Wanted {
                    page: self.page(id)?,
                    segments: BTreeMap::new(),
                }),
            };
            wanted.add(id, *index, sealed)?;
        }
        let mut records = Vec::new();
        for (id, Wanted { page, segments }) in &by_page {
            if !segments.is_empty() {
                page::write(&self.folder.pages(), id, page, segments)?;
                records.push((*id, page.record(segments.keys().copied())));
            }
        }
        self.write_pages(&records)?;
        by_page
            .keys()
            .map(|id| Ok(PageProgress::of(*id, &self.page(id)?)))
            .collect()
    }

    /// Takes segments of a page for absent from now on, because what the disk gives for them is not
    /// what was written; the others stay, and these can be written again.
    ///
    /// Fails for a page that was not begun.
    pub fn lose_segments(&mut self, id: [u8; 32], lost: &[u32]) -> Result<(), StoreError> {
        let page = self.page(&id)?;
        let left = (0..page.segments).filter(|index| page.has(*index) && !lost.contains(index));
        let payload = index::encode(&page.record(left));
        let drafts = [(Kind::PageDropped, &[][..]), (Kind::Page, &payload)];
        self.write(&drafts.map(|(kind, payload)| Draft {
            kind,
            meta: &id,
            payload,
        }))?;
        if self.page(&id)?.present() == 0 {
            // What is written next has a file of its own, not the bad places of this one.
            page::remove(&self.folder.pages(), &id)?;
        }
        Ok(())
    }

    /// Forgets a page and removes its file; nothing happens if it is not known.
    pub fn drop_page(&mut self, id: [u8; 32]) -> Result<(), StoreError> {
        if self.page(&id).is_err() {
            return Ok(());
        }
        let drafts = [Draft {
            kind: Kind::PageDropped,
            meta: &id,
            payload: &[],
        }];
        let written = self.append_drafts(&drafts)?;
        // Before the index covers the record: interrupted here, the next open removes the file.
        let removed = page::remove(&self.folder.pages(), &id);
        self.take(&drafts, &written);
        removed
    }

    /// Remembers how far this node has a peer's feeds.
    ///
    /// To be called after what the cursors cover is durable. They may be lost with the index, and
    /// the first contact is then a comparison of vectors.
    pub fn set_cursor(&mut self, peer: [u8; 32], cursors: PeerCursors) -> Result<(), StoreError> {
        let peers = self.catalogue.cursors.len();
        if !self.catalogue.cursors.contains_key(&peer) {
            error::within("peers with cursors", peers.saturating_add(1), PEERS_MAX)?;
        }
        let change = self.catalogue.set_cursors(peer, cursors);
        self.put(vec![change]);
        Ok(())
    }

    /// Makes a small value of the node durable under this key; an empty one removes it.
    pub fn note(&mut self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        error::within("bytes of a note's key", key.len(), NOTE_KEY_BYTES_MAX)?;
        error::within("bytes of a note", value.len(), NOTE_BYTES_MAX)?;
        if !self.catalogue.notes.contains_key(key) {
            let notes = self.catalogue.notes.len().saturating_add(1);
            error::within("notes", notes, NOTES_MAX)?;
        }
        let held = self.catalogue.notes.get(key).map_or(&[][..], Vec::as_slice);
        if held == value {
            return Ok(());
        }
        self.write(&[Draft {
            kind: Kind::Note,
            meta: key.as_bytes(),
            payload: value,
        }])
        .map(drop)
    }

    /// The notes, by key.
    pub const fn notes(&self) -> &BTreeMap<String, Vec<u8>> {
        &self.catalogue.notes
    }

    /// A reader of this store; it is cheap to clone and may go to any thread.
    pub fn reader(&self) -> Reader {
        self.reader.clone()
    }

    /// Space left on the disk for this process, in bytes.
    pub fn free_bytes(&self) -> Result<u64, StoreError> {
        let root = self.folder.root();
        let disk = rustix::fs::statvfs(root).map_err(|errno| error::at(root)(errno.into()))?;
        Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    /// Whether the index failed and the next start will be slower for it.
    pub const fn has_lost_its_index(&self) -> bool {
        self.index.is_none()
    }

    fn page(&self, id: &[u8; 32]) -> Result<Page, StoreError> {
        let pages = self.catalogue.pages.read();
        let pages = pages.unwrap_or_else(PoisonError::into_inner);
        pages
            .get(id)
            .cloned()
            .ok_or_else(|| StoreError::UnknownPage {
                page: page::name(id),
            })
    }

    fn write_pages(&mut self, pages: &[([u8; 32], PageRecord)]) -> Result<(), StoreError> {
        let encode = |(_, record): &([u8; 32], PageRecord)| index::encode(record);
        let payloads: Vec<_> = pages.iter().map(encode).collect();
        let drafts: Vec<_> = pages
            .iter()
            .zip(&payloads)
            .map(|((id, _), payload)| Draft {
                kind: Kind::Page,
                meta: id,
                payload,
            })
            .collect();
        self.write(&drafts).map(drop)
    }

    fn write(&mut self, drafts: &[Draft<'_>]) -> Result<Vec<Written>, StoreError> {
        if drafts.is_empty() {
            return Ok(Vec::new());
        }
        let written = self.append_drafts(drafts)?;
        self.take(drafts, &written);
        Ok(written)
    }

    fn append_drafts(&mut self, drafts: &[Draft<'_>]) -> Result<Vec<Written>, StoreError> {
        if self.journal.is_reading() {
            first_write::check(&self.folder, &self.journal)?;
        }
        self.journal.append(drafts)
    }

    /// Brings what is durable now into the catalogue and the index.
    fn take(&mut self, drafts: &[Draft<'_>], written: &[Written]) {
        let mut changes = Vec::with_capacity(drafts.len().saturating_add(1));
        for (draft, written) in drafts.iter().zip(written) {
            let record = Record {
                kind: draft.kind,
                back: 0,
                arrival: written.arrival,
                meta: draft.meta,
                payload: draft.payload,
            };
            changes.extend(self.catalogue.take(&record, written.at));
        }
        self.put(changes);
    }

    fn put(&mut self, mut changes: Vec<Change>) {
        let Some(index) = &self.index else {
            return;
        };
        changes.push(self.catalogue.position.change());
        if let Err(error) = index.put(&changes) {
            tracing::warn!(%error, "the index fails; going on without it until the next start");
            self.index = None;
            if matches!(error, IndexError::Broken(_)) {
                let _or_the_next_start_finds_it = self.folder.suspect_index();
            }
        }
    }
}

/// Segments to be written into a page.
struct Wanted<'a> {
    page: Page,
    segments: BTreeMap<u32, &'a [u8]>,
}

impl<'a> Wanted<'a> {
    fn add(&mut self, id: &[u8; 32], index: u32, sealed: &'a [u8]) -> Result<(), StoreError> {
        let page = &self.page;
        if index >= page.segments || sealed.len() as u64 != page.segment_len(index) {
            return Err(StoreError::Misshapen {
                page: page::name(id),
                what: "a segment",
            });
        }
        if !page.has(index) {
            self.segments.insert(index, sealed);
        }
        Ok(())
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("folder", &self.folder)
            .field("journal", &self.journal)
            .finish_non_exhaustive()
    }
}
