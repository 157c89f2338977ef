//! What the journal says, as far as it is kept in memory and in the index.
//!
//! Reading the journal from its beginning, reading the index and then the journal's tail, and
//! having been there when each record was written all lead to the same catalogue.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock, RwLockWriteGuard},
};

use minicbor::{Decode, Encode};

use super::{
    Location, PeerCursors, Stored,
    header::SegmentHeader,
    index::{self, Change, POSITION_KEY, Position},
    page::Page,
    record::{Kind, Record},
};
use crate::feed::Feed;

/// The pages of a store, by id; shared with readers.
pub(super) type Pages = BTreeMap<[u8; 32], Page>;

/// Pages, notes and cursors of a store, and the place in the journal up to where they hold.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    pub pages: Arc<RwLock<Pages>>,
    pub notes: BTreeMap<String, Vec<u8>>,
    pub cursors: BTreeMap<[u8; 32], PeerCursors>,
    pub position: Position,
}

impl Catalogue {
    /// Goes on to the segment with this header, whose records begin at `offset`.
    pub fn begin(&mut self, header: &SegmentHeader, offset: u64) {
        self.position.epoch = header.epoch;
        self.position.segment = header.segment;
        self.position.offset = offset;
        for (next, begun) in self.position.next.iter_mut().zip(header.next) {
            *next = begun.max(*next);
        }
    }

    /// Takes in the record that follows the position; what changes in the index.
    pub fn take(&mut self, record: &Record<'_>, at: Location) -> Option<Change> {
        let change = match record.kind {
            Kind::Entry(feed) => {
                self.position.next[feed.index()] = record.arrival.saturating_add(1);
                Some(entry_change(feed, record, at))
            }
            Kind::Note => self.take_note(record),
            Kind::Page => self.take_page(record),
            Kind::PageDropped => self.take_drop(record),
            Kind::Unknown(_) => None,
        };
        self.position.segment = at.segment;
        self.position.offset = at.offset.saturating_add(u64::from(at.len));
        if let Some(change) = &change {
            self.position.add(change);
        }
        change
    }

    /// Sets a peer's cursors; what changes in the index.
    pub fn set_cursors(&mut self, peer: [u8; 32], cursors: PeerCursors) -> Change {
        let after = index::encode(&cursors);
        let before = self.cursors.insert(peer, cursors);
        let change = Change {
            key: key(b'c', &peer),
            before: before.map(|before| index::encode(&before)),
            after: Some(after),
        };
        self.position.add(&change);
        change
    }

    fn take_note(&mut self, record: &Record<'_>) -> Option<Change> {
        let name = String::from_utf8(record.meta.to_vec()).ok()?;
        let key = key(b'n', record.meta);
        let after = (!record.payload.is_empty()).then(|| record.payload.to_vec());
        let before = match &after {
            Some(value) => self.notes.insert(name, value.clone()),
            None => self.notes.remove(&name),
        };
        Some(Change { key, before, after })
    }

    fn take_page(&mut self, record: &Record<'_>) -> Option<Change> {
        let id: [u8; 32] = record.meta.try_into().ok()?;
        let progress: PageRecord = minicbor::decode(record.payload).ok()?;
        let mut pages = self.write_pages();
        let before = pages.get(&id).map(index::encode);
        let page = match pages.entry(id) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(new) => {
                new.insert(Page::new(progress.length, progress.segments)?)
            }
        };
        for run in progress.runs {
            page.mark(run.first, run.count);
        }
        let after = Some(index::encode(&*page));
        Some(Change {
            key: key(b'p', &id),
            before,
            after,
        })
    }

    fn take_drop(&mut self, record: &Record<'_>) -> Option<Change> {
        let id: [u8; 32] = record.meta.try_into().ok()?;
        let before = self.write_pages().remove(&id)?;
        Some(Change {
            key: key(b'p', &id),
            before: Some(index::encode(&before)),
            after: None,
        })
    }

    fn write_pages(&self) -> RwLockWriteGuard<'_, Pages> {
        self.pages.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The payload of a journal record that tells of segments of a page.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub(super) struct PageRecord {
    #[n(0)]
    pub length: u64,
    #[n(1)]
    pub segments: u32,
    #[n(2)]
    pub runs: Vec<Run>,
}

/// Segments that follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub(super) struct Run {
    #[n(0)]
    pub first: u32,
    #[n(1)]
    pub count: u32,
}

/// Reads an index from its first key to its last.
#[derive(Debug, Default)]
pub(super) struct Loading {
    catalogue: Catalogue,
    records: Records,
    sum: u64,
    covered: Option<Position>,
    foreign: bool,
}

impl Loading {
    pub fn take(&mut self, key: &[u8], value: &[u8]) {
        if key == POSITION_KEY {
            self.covered = minicbor::decode(value).ok();
            return;
        }
        self.sum = self.sum.wrapping_add(index::weight(key, value));
        let taken = key
            .split_first()
            .and_then(|(letter, id)| self.take_item(*letter, id, value));
        self.foreign |= taken.is_none();
    }

    /// The catalogue and the records, if they are what was put into the index.
    pub fn finish(self) -> Result<Option<(Catalogue, Records)>, &'static str> {
        let Some(covered) = self.covered else {
            return if self.sum == 0 && !self.foreign {
                Ok(None)
            } else {
                Err("it does not say up to where it goes")
            };
        };
        if self.foreign {
            return Err("it holds what cannot be read");
        }
        if covered.sum != self.sum {
            return Err("its content is not what was put into it");
        }
        let catalogue = Catalogue {
            position: covered,
            ..self.catalogue
        };
        Ok(Some((catalogue, self.records)))
    }

    fn take_item(&mut self, letter: u8, id: &[u8], value: &[u8]) -> Option<()> {
        match letter {
            b'c' => {
                let cursors = minicbor::decode(value).ok()?;
                self.catalogue.cursors.insert(id.try_into().ok()?, cursors);
            }
            b'n' => {
                let name = String::from_utf8(id.to_vec()).ok()?;
                self.catalogue.notes.insert(name, value.to_vec());
            }
            b'p' => {
                let page = minicbor::decode::<Page>(value).ok()?.checked()?;
                self.catalogue
                    .write_pages()
                    .insert(id.try_into().ok()?, page);
            }
            b'r' => {
                let (feed, arrival) = id.split_first()?;
                let feed = Feed::from_index(usize::from(*feed))?;
                let arrival = u64::from_be_bytes(arrival.try_into().ok()?);
                let entry: Entry = minicbor::decode(value).ok()?;
                self.records.push(feed, arrival, entry.at, &entry.meta);
            }
            _ => return None,
        }
        Some(())
    }
}

/// Every record of a store, packed: about 26 bytes and the meta each.
///
/// Iterates feed by feed, in the order of arrival.
#[derive(Debug, Default, Clone)]
pub struct Records {
    feeds: [Vec<u8>; Feed::COUNT],
    count: usize,
}

impl Records {
    /// How many records there are.
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The records, feed by feed, in the order of arrival.
    pub fn iter(&self) -> impl Iterator<Item = Stored> + '_ {
        Feed::ALL.into_iter().flat_map(|feed| Packed {
            feed,
            rest: &self.feeds[feed.index()],
        })
    }

    pub(super) fn push(&mut self, feed: Feed, arrival: u64, at: Location, meta: &[u8]) {
        let packed = &mut self.feeds[feed.index()];
        packed.extend(arrival.to_le_bytes());
        packed.extend(at.segment.to_le_bytes());
        packed.extend(at.offset.to_le_bytes());
        packed.extend(at.len.to_le_bytes());
        packed.extend((meta.len() as u16).to_le_bytes());
        packed.extend(meta);
        self.count = self.count.saturating_add(1);
    }
}

struct Packed<'a> {
    feed: Feed,
    rest: &'a [u8],
}

impl Iterator for Packed<'_> {
    type Item = Stored;

    fn next(&mut self) -> Option<Stored> {
        let (arrival, rest) = self.rest.split_first_chunk()?;
        let (segment, rest) = rest.split_first_chunk()?;
        let (offset, rest) = rest.split_first_chunk()?;
        let (len, rest) = rest.split_first_chunk()?;
        let (meta_len, rest) = rest.split_first_chunk()?;
        let (meta, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes(*meta_len)))?;
        self.rest = rest;
        Some(Stored {
            feed: self.feed,
            arrival: u64::from_le_bytes(*arrival),
            at: Location {
                segment: u32::from_le_bytes(*segment),
                offset: u64::from_le_bytes(*offset),
                len: u32::from_le_bytes(*len),
            },
            meta: meta.to_vec(),
        })
    }
}

#[derive(Debug, Encode, Decode)]
#[cbor(array)]
struct Entry {
    #[n(0)]
    at: Location,
    #[cbor(n(1), with = "minicbor::bytes")]
    meta: Vec<u8>,
}

fn entry_change(feed: Feed, record: &Record<'_>, at: Location) -> Change {
    let mut id = vec![feed.index() as u8];
    id.extend(record.arrival.to_be_bytes());
    let entry = Entry {
        at,
        meta: record.meta.to_vec(),
    };
    Change {
        key: key(b'r', &id),
        before: None,
        after: Some(index::encode(&entry)),
    }
}

fn key(letter: u8, id: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(id.len().saturating_add(1));
    key.push(letter);
    key.extend(id);
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    type Content = BTreeMap<Vec<u8>, Vec<u8>>;

    /// What an index holds after a page was begun, filled and dropped, a note changed, cursors set
    /// and two records stored.
    fn content() -> (Catalogue, Content) {
        let mut catalogue = Catalogue::default();
        let mut content = Content::new();
        let page = |runs| {
            index::encode(&PageRecord {
                length: 1,
                segments: 1,
                runs,
            })
        };
        let records: [(Kind, &[u8], Vec<u8>); 8] = [
            (Kind::Entry(Feed::Acts), b"meta", b"payload".to_vec()),
            (Kind::Note, b"visit", b"open".to_vec()),
            (Kind::Page, &[7; 32], page(vec![])),
            (Kind::Page, &[7; 32], page(vec![Run { first: 0, count: 1 }])),
            (Kind::Note, b"visit", b"closed".to_vec()),
            (Kind::PageDropped, &[7; 32], Vec::new()),
            (Kind::Page, &[8; 32], page(vec![])),
            (Kind::Entry(Feed::Edits), b"", Vec::new()),
        ];
        for (offset, (kind, meta, payload)) in (0..).zip(&records) {
            let record = Record {
                kind: *kind,
                back: 0,
                arrival: 1,
                meta,
                payload,
            };
            let at = Location {
                segment: 1,
                offset,
                len: 1,
            };
            put(&mut content, catalogue.take(&record, at));
        }
        for next in [[1; 4], [2; 4]] {
            let cursors = PeerCursors {
                epoch: [3; 16],
                next,
            };
            let change = catalogue.set_cursors([9; 32], cursors);
            put(&mut content, Some(change));
        }
        put(&mut content, Some(catalogue.position.change()));
        (catalogue, content)
    }

    fn put(content: &mut Content, change: Option<Change>) {
        let Some(Change { key, before, after }) = change else {
            return;
        };
        let replaced = match after {
            Some(after) => content.insert(key, after),
            None => content.remove(&key),
        };
        assert_eq!(replaced, before);
    }

    fn load(content: &Content) -> Result<Option<(Catalogue, Records)>, &'static str> {
        let mut loading = Loading::default();
        for (key, value) in content {
            loading.take(key, value);
        }
        loading.finish()
    }

    #[test]
    fn the_index_says_what_the_journal_said() {
        let (known, content) = content();
        let (loaded, records) = load(&content).expect("sound").expect("not empty");
        assert_eq!(loaded.position, known.position);
        assert_eq!(loaded.notes, known.notes);
        assert_eq!(loaded.notes["visit"], b"closed");
        assert_eq!(loaded.cursors, known.cursors);
        let pages = |catalogue: &Catalogue| catalogue.write_pages().clone();
        assert_eq!(pages(&loaded), pages(&known));
        assert_eq!(pages(&loaded).len(), 1);
        let feeds: Vec<_> = records.iter().map(|stored| stored.feed).collect();
        assert_eq!(feeds, [Feed::Edits, Feed::Acts]);
        assert!(load(&Content::new()).is_ok_and(|loaded| loaded.is_none()));
    }

    #[test]
    fn an_index_with_anything_changed_is_not_believed() {
        let (_, content) = content();
        for key in content.keys() {
            let mut without = content.clone();
            without.remove(key);
            assert!(load(&without).is_err());
            for byte in 0..content[key].len() {
                let mut changed = content.clone();
                if let Some(value) = changed.get_mut(key) {
                    value[byte] ^= 1;
                }
                assert!(key == POSITION_KEY || load(&changed).is_err());
            }
        }
    }
}
