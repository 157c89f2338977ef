//! How a store is opened: the index as far as it goes, then the journal behind it.
//!
//! Where the file system takes no writes, the store is opened for reading: without its index, and
//! with a journal that tries again to be written at each append. What does not read at its end is
//! passed over then and said; most likely a write was interrupted, and the first append cuts it
//! off. If it had been durable, only the index knows, and no append is taken (`first_write`). A
//! journal that lost something before its end is not opened.
//!
//! An attempt changes nothing that had been durable. Where the journal has lost something, it is
//! mended, and a second attempt reads all of it.

use std::{path::Path, sync::PoisonError};

use super::{
    Location, Opened, PageOnDisk, Store, StoreError,
    catalogue::{Catalogue, Loading, Records},
    folder::Folder,
    index::{Change, Index, IndexError, Position, sled::SledIndex},
    journal::Journal,
    page,
    reader::Reader,
    record::{Kind, Record},
    repair::{self, Repair},
    segment::{RECORDS_START, Segments},
};

const INDEX_CHANGES_PER_PUT: usize = 1024;

pub(super) fn open(dir: &Path, epoch_if_new: [u8; 16]) -> Result<(Store, Opened), StoreError> {
    let folder = Folder::lock(dir)?;
    let mut repairs = Vec::new();
    let parts = match attempt(&folder, epoch_if_new, &mut repairs)? {
        Attempt::Whole(parts) => parts,
        Attempt::Lost { .. } if folder.is_read_only() => {
            let path = folder.journal();
            return Err(StoreError::DamagedReadOnly { path });
        }
        Attempt::Lost { covered } => {
            repair::mend(&folder, epoch_if_new, covered.as_ref(), &mut repairs)?;
            match attempt(&folder, epoch_if_new, &mut repairs)? {
                Attempt::Whole(parts) => parts,
                Attempt::Lost { .. } => {
                    return Err(StoreError::Damaged {
                        path: folder.journal(),
                        offset: 0,
                    });
                }
            }
        }
    };
    Ok(assemble(folder, *parts, repairs))
}

/// A journal that is whole, or one that must be mended, and what the index had seen of it.
enum Attempt {
    Whole(Box<Parts>),
    Lost { covered: Option<Position> },
}

struct Parts {
    journal: Journal,
    index: Option<Box<dyn Index>>,
    catalogue: Catalogue,
    records: Records,
}

fn attempt(
    folder: &Folder,
    epoch_if_new: [u8; 16],
    repairs: &mut Vec<Repair>,
) -> Result<Attempt, StoreError> {
    let segments = Segments::find(folder, epoch_if_new, repairs)?;
    let (index, loaded) = open_index(folder, repairs)?;
    let covered = loaded
        .as_ref()
        .map(|(catalogue, _)| catalogue.position.clone());
    if !segments.look_whole() || covered.as_ref().is_some_and(|seen| !segments.reach(seen)) {
        return Ok(Attempt::Lost { covered });
    }
    let (catalogue, records) = loaded.unwrap_or_default();
    let mut replay = Replay {
        index,
        catalogue,
        records,
        changes: Vec::new(),
        dropped: Vec::new(),
    };
    let Some((end, next)) = replay.journal(&segments)? else {
        return Ok(Attempt::Lost { covered });
    };
    if covered.is_none() && replay.has_taken_something() && replay.index.is_some() {
        say_rebuilt(repairs);
    }
    let last = segments.last();
    if last.len > end {
        let (file, bytes) = (last.path.clone(), last.len.saturating_sub(end));
        let offset = end;
        repairs.push(match folder.is_read_only() {
            true => Repair::EndUnread {
                file,
                offset,
                bytes,
            },
            false => Repair::InterruptedWrite {
                file,
                offset,
                bytes,
            },
        });
    }
    let epoch = last.header.map_or(epoch_if_new, |header| header.epoch);
    let journal = Journal::resume(&folder.journal(), epoch, last.number, end, next)?;
    replay.finish(folder)?;
    if !folder.is_read_only() {
        folder.trust_index()?;
    }
    Ok(Attempt::Whole(Box::new(Parts {
        journal,
        index: replay.index,
        catalogue: replay.catalogue,
        records: replay.records,
    })))
}

/// Opens the index and reads it; none of it is believed unless all of it is sound.
///
/// It stays suspect until the store is open, so that an index that ends the process, or makes it
/// hang until it is killed, is not tried twice.
#[expect(
    clippy::type_complexity,
    reason = "the two parts go separate ways at once"
)]
fn open_index(
    folder: &Folder,
    repairs: &mut Vec<Repair>,
) -> Result<(Option<Box<dyn Index>>, Option<(Catalogue, Records)>), StoreError> {
    if folder.index_is_suspect()
        && !folder.is_read_only()
        && let Some(aside) = folder.move_index_aside()?
    {
        repairs.push(Repair::IndexRebuilt {
            reason: "the last start did not get past it, or something was found damaged since"
                .to_owned(),
            aside: Some(aside),
        });
    }
    // An index that cannot be marked before it is tried is not tried: the journal is enough.
    if let Err(error) = folder.suspect_index() {
        repairs.push(Repair::IndexUnavailable {
            reason: error.to_string(),
        });
        return Ok((None, None));
    }
    let failed = match load(&folder.index()) {
        Ok((index, loaded)) => return Ok((Some(Box::new(index)), loaded)),
        Err(IndexError::Broken(reason)) => reason,
        Err(IndexError::Disk(error)) => {
            repairs.push(Repair::IndexUnavailable {
                reason: error.to_string(),
            });
            return Ok((None, None));
        }
    };
    repairs.push(Repair::IndexRebuilt {
        reason: failed,
        aside: folder.move_index_aside()?,
    });
    match SledIndex::open(&folder.index()) {
        Ok(index) => Ok((Some(Box::new(index)), None)),
        Err(error) => {
            repairs.push(Repair::IndexUnavailable {
                reason: error.to_string(),
            });
            Ok((None, None))
        }
    }
}

pub(super) fn load(folder: &Path) -> Result<(SledIndex, Option<(Catalogue, Records)>), IndexError> {
    let index = SledIndex::open(folder)?;
    let mut loading = Loading::default();
    index.each(&mut |key, value| loading.take(key, value))?;
    let loaded = loading
        .finish()
        .map_err(|reason| IndexError::Broken(reason.to_owned()))?;
    Ok((index, loaded))
}

fn say_rebuilt(repairs: &mut Vec<Repair>) {
    let said = |repair: &Repair| matches!(repair, Repair::IndexRebuilt { .. });
    if !repairs.iter().any(said) {
        repairs.push(Repair::IndexRebuilt {
            reason: "it was not there".to_owned(),
            aside: None,
        });
    }
}

/// Takes the journal in behind what the index covers.
struct Replay {
    index: Option<Box<dyn Index>>,
    catalogue: Catalogue,
    records: Records,
    changes: Vec<Change>,
    dropped: Vec<[u8; 32]>,
}

impl Replay {
    /// Where the last segment ends and the next arrival numbers; none if something was lost.
    fn journal(&mut self, segments: &Segments) -> Result<Option<(u64, [u64; 4])>, StoreError> {
        let covered = (
            self.catalogue.position.segment,
            self.catalogue.position.offset,
        );
        let mut next = self.catalogue.position.next;
        let mut end = RECORDS_START;
        for (segment, ending) in segments.with_endings(covered) {
            if segment.number < covered.0 {
                continue;
            }
            if segment.number > covered.0
                && let Some(header) = &segment.header
            {
                self.catalogue.begin(header, RECORDS_START);
            }
            let from = self.catalogue.position.offset;
            let walk = segment.walk(from, ending, &mut next, |record, at| {
                self.take(record, at);
                Ok(())
            })?;
            if !walk.damage.is_empty() {
                return Ok(None);
            }
            end = walk.end;
        }
        Ok(Some((end, next)))
    }

    fn take(&mut self, record: &Record<'_>, at: Location) {
        let change = self.catalogue.take(record, at);
        match record.kind {
            Kind::Entry(feed) => self.records.push(feed, record.arrival, at, record.meta),
            Kind::PageDropped => self.dropped.extend(<[u8; 32]>::try_from(record.meta)),
            Kind::Note | Kind::Page | Kind::Unknown(_) => {}
        }
        self.changes.extend(change);
        if self.changes.len() >= INDEX_CHANGES_PER_PUT {
            self.put();
        }
    }

    fn put(&mut self) {
        let mut changes = std::mem::take(&mut self.changes);
        changes.push(self.catalogue.position.change());
        if let Some(index) = &self.index
            && let Err(error) = index.put(&changes)
        {
            tracing::warn!(%error, "the index fails; going on without it until the next start");
            self.index = None;
        }
    }

    fn has_taken_something(&self) -> bool {
        self.catalogue.position.offset > RECORDS_START || self.catalogue.position.segment > 1
    }

    /// Removes the files of dropped pages and brings the index up to date.
    fn finish(&mut self, folder: &Folder) -> Result<(), StoreError> {
        let pages = self.catalogue.pages.read();
        let pages = pages.unwrap_or_else(PoisonError::into_inner);
        for id in &self.dropped {
            if !pages.contains_key(id) && !folder.is_read_only() {
                page::remove(&folder.pages(), id)?;
            }
        }
        drop(pages);
        self.put();
        Ok(())
    }
}

fn assemble(folder: Folder, parts: Parts, repairs: Vec<Repair>) -> (Store, Opened) {
    let Parts {
        journal,
        index,
        catalogue,
        records,
    } = parts;
    let on_disk = |(id, page): (&[u8; 32], &page::Page)| PageOnDisk {
        id: *id,
        length: page.length,
        segments: page.segments,
        bitmap: page.bitmap(),
    };
    let pages = catalogue.pages.read();
    let pages = pages.unwrap_or_else(PoisonError::into_inner);
    let opened = Opened {
        epoch: journal.epoch(),
        next: journal.next(),
        records,
        cursors: catalogue.cursors.iter().map(|(k, v)| (*k, *v)).collect(),
        pages: pages.iter().map(on_disk).collect(),
        repairs,
    };
    drop(pages);
    let store = Store {
        index,
        journal,
        reader: Reader::new(&folder, catalogue.pages.clone()),
        catalogue,
        folder,
    };
    (store, opened)
}
