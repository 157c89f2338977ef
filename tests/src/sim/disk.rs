//! A disk: what is durable on it, and what waits to be.
//!
//! Jobs are done one after the other, as the disk thread of a node does them: appends that wait
//! together are made durable together, and get their arrival numbers then. A crash loses what
//! waits, and of the write it interrupts any part may remain. Cursors go to the index, which may
//! lose the last of them but keeps none that was never saved.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use guichet_keys::{CaseTag, Hash, SubjectId};
use guichet_sync::bitmap::Bitmap;
use guichet_sync::case::Act;
use guichet_sync::catalogue::Meta;
use guichet_sync::envelope::{ChainId, Dep};
use guichet_sync::feed::Feed;
use guichet_sync::page::{Manifest, PageId, segment_count};
use guichet_sync::store::{Location, NewRecord, PeerCursors, Stored};
use guichet_sync::wire::Epoch;

use super::random::Random;

/// Bytes of a record beside its meta part and payload, as in the journal.
const RECORD_HEADER_BYTES: usize = 26;

/// A document that a person adds: its segments are stored first, then it is told.
#[derive(Debug)]
pub struct NewDocument {
    /// The case it belongs to.
    pub case: CaseTag,
    /// Its pages with their sealed segments.
    pub pages: Vec<(Manifest, Vec<Vec<u8>>)>,
    /// What will be said of it.
    pub act: Act,
}

/// Something to be made durable.
#[derive(Debug)]
pub enum Job {
    /// Records of the journal.
    Append(Vec<NewRecord>),
    /// Room for a page of this plain length.
    BeginPage(PageId, u64),
    /// A segment of a page that a peer sent.
    Segment(PageId, u32, Vec<u8>),
    /// The segments of a document added here.
    Document(Box<NewDocument>),
}

/// What became of jobs.
#[derive(Debug)]
pub enum Done {
    /// These records are durable.
    Stored(Vec<Stored>),
    /// No record that was handed in is.
    StoreFailed,
    /// This segment is durable.
    Segment(PageId, u32),
    /// No segment that was handed in is.
    SegmentsFailed(Vec<(PageId, u32)>),
    /// The document's segments are durable.
    Document(Box<NewDocument>),
    /// Nobody waits for an answer.
    Nothing,
}

#[derive(Clone, Debug)]
struct Record {
    feed: Feed,
    arrival: u64,
    meta: Vec<u8>,
    payload: Arc<[u8]>,
}

/// An envelope as the journal knows it.
#[derive(Clone, Debug)]
pub struct Link {
    /// Its name.
    pub hash: Hash,
    /// The envelope before.
    pub prev: Option<Hash>,
    /// What it depends on.
    pub deps: Vec<Dep>,
}

#[derive(Clone, Debug)]
struct PageFile {
    segments: Vec<Option<Arc<[u8]>>>,
}

/// What is durable.
#[derive(Clone, Debug)]
pub struct Platter {
    /// The life of this store; a copied disk has the same.
    pub epoch: Epoch,
    records: Vec<Record>,
    next: [u64; Feed::COUNT],
    cursors: BTreeMap<SubjectId, PeerCursors>,
    pages: BTreeMap<PageId, PageFile>,
    links: BTreeMap<(ChainId, u64), Vec<Link>>,
}

/// A disk with its queue.
#[derive(Debug)]
pub struct Disk {
    /// What is durable.
    pub platter: Platter,
    /// Whether it takes nothing more.
    pub is_full: bool,
    waiting: VecDeque<Job>,
    current: Option<Job>,
    unflushed: BTreeMap<SubjectId, PeerCursors>,
}

impl Platter {
    /// An empty one.
    pub fn new(epoch: Epoch) -> Self {
        Self {
            epoch,
            records: Vec::new(),
            next: [1; Feed::COUNT],
            cursors: BTreeMap::new(),
            pages: BTreeMap::new(),
            links: BTreeMap::new(),
        }
    }

    /// The envelopes that are here for a place in a chain.
    pub fn links(&self, chain: ChainId, index: u64) -> &[Link] {
        self.links.get(&(chain, index)).map_or(&[], Vec::as_slice)
    }

    /// Every place in a chain of which something is here.
    pub fn places(&self) -> impl Iterator<Item = (&ChainId, u64, &[Link])> {
        self.links
            .iter()
            .map(|(at, links)| (&at.0, at.1, links.as_slice()))
    }

    /// Every record.
    pub fn records(&self) -> Vec<Stored> {
        (0..self.records.len()).map(|at| self.stored(at)).collect()
    }

    /// How far each peer was read.
    pub fn cursors(&self) -> Vec<(SubjectId, PeerCursors)> {
        self.cursors.clone().into_iter().collect()
    }

    /// What is here of each page.
    pub fn pages(&self) -> Vec<(PageId, Vec<u8>)> {
        let bits = |page: &PageFile| {
            let mut bits = Bitmap::empty(page.segments.len() as u32);
            for (index, segment) in page.segments.iter().enumerate() {
                if segment.is_some() {
                    bits.insert(index as u32);
                }
            }
            bits.as_bytes().to_vec()
        };
        self.pages
            .iter()
            .map(|(id, page)| (*id, bits(page)))
            .collect()
    }

    /// The payload of a record.
    pub fn read(&self, at: &Location) -> Option<Vec<u8>> {
        let record = self.records.get(usize::try_from(at.offset).ok()?)?;
        Some(record.payload.to_vec())
    }

    /// A segment of a page.
    pub fn read_segment(&self, page: &PageId, index: u32) -> Option<Vec<u8>> {
        let segment = self.pages.get(page)?.segments.get(index as usize)?;
        segment.as_ref().map(|segment| segment.to_vec())
    }

    /// Whether every segment of a page is here.
    pub fn holds_page(&self, page: &PageId) -> bool {
        let held = |page: &PageFile| page.segments.iter().all(Option::is_some);
        self.pages.get(page).is_some_and(held)
    }

    fn stored(&self, at: usize) -> Stored {
        let record = &self.records[at];
        let len = RECORD_HEADER_BYTES + record.meta.len() + record.payload.len();
        let (offset, len) = (at as u64, len as u32);
        Stored {
            feed: record.feed,
            arrival: record.arrival,
            at: Location {
                segment: 0,
                offset,
                len,
            },
            meta: record.meta.clone(),
        }
    }

    fn append(&mut self, record: NewRecord) -> Stored {
        if let Ok(Meta::Envelope {
            hash,
            chain,
            index,
            prev,
            deps,
        }) = minicbor::decode(&record.meta)
        {
            let links = self.links.entry((chain, index)).or_default();
            links.push(Link { hash, prev, deps });
        }
        let next = &mut self.next[record.feed.index()];
        self.records.push(Record {
            feed: record.feed,
            arrival: *next,
            meta: record.meta,
            payload: record.payload.into(),
        });
        *next += 1;
        self.stored(self.records.len() - 1)
    }

    fn begin_page(&mut self, page: PageId, length: u64) {
        let segments = vec![None; segment_count(length) as usize];
        self.pages.entry(page).or_insert(PageFile { segments });
    }

    fn put_segment(&mut self, page: PageId, index: u32, sealed: Vec<u8>) {
        let file = self.pages.get_mut(&page);
        if let Some(place) = file.and_then(|file| file.segments.get_mut(index as usize)) {
            *place = Some(sealed.into());
        }
    }

    fn put_document(&mut self, document: &NewDocument) {
        for (manifest, segments) in &document.pages {
            self.begin_page(manifest.id(), manifest.head().length);
            for (index, sealed) in (0..).zip(segments) {
                self.put_segment(manifest.id(), index, sealed.clone());
            }
        }
    }
}

impl Disk {
    /// A disk that holds this.
    pub fn new(platter: Platter) -> Self {
        Self {
            platter,
            is_full: false,
            waiting: VecDeque::new(),
            current: None,
            unflushed: BTreeMap::new(),
        }
    }

    /// Whether nothing waits.
    pub fn is_idle(&self) -> bool {
        self.current.is_none() && self.waiting.is_empty()
    }

    /// Adds a job behind the others.
    pub fn push(&mut self, job: Job) {
        self.waiting.push_back(job);
    }

    /// Begins with what waits; gives whether it has begun.
    pub fn start(&mut self) -> bool {
        if self.current.is_some() {
            return false;
        }
        self.current = self.waiting.pop_front();
        if let Some(Job::Append(batch)) = &mut self.current {
            while let Some(Job::Append(more)) = self.waiting.front_mut() {
                batch.append(more);
                self.waiting.pop_front();
            }
        }
        self.current.is_some()
    }

    /// What was begun is done.
    pub fn finish(&mut self) -> Done {
        let Some(job) = self.current.take() else {
            return Done::Nothing;
        };
        if self.is_full {
            return self.refuse(&job);
        }
        match job {
            Job::Append(batch) => {
                let append = |record| self.platter.append(record);
                Done::Stored(batch.into_iter().map(append).collect())
            }
            Job::BeginPage(page, length) => {
                self.platter.begin_page(page, length);
                Done::Nothing
            }
            Job::Segment(page, index, sealed) => {
                self.platter.put_segment(page, index, sealed);
                Done::Segment(page, index)
            }
            Job::Document(document) => {
                self.platter.put_document(&document);
                Done::Document(document)
            }
        }
    }

    fn refuse(&mut self, job: &Job) -> Done {
        let appends = matches!(job, Job::Append(_));
        let mut lost = Vec::new();
        self.waiting.retain(|other| match other {
            Job::Append(_) => !appends,
            Job::BeginPage(..) => appends,
            Job::Segment(page, index, _) => {
                lost.extend((!appends).then_some((*page, *index)));
                appends
            }
            Job::Document(_) => true,
        });
        if let Job::Segment(page, index, _) = job {
            lost.push((*page, *index));
        }
        match job {
            Job::Append(_) => Done::StoreFailed,
            Job::Segment(..) | Job::BeginPage(..) => Done::SegmentsFailed(lost),
            Job::Document(_) => Done::Nothing,
        }
    }

    /// Remembers cursors, not yet for good.
    pub fn save_cursors(&mut self, peer: SubjectId, cursors: PeerCursors) {
        self.unflushed.insert(peer, cursors);
    }

    /// The index is flushed.
    pub fn flush(&mut self) {
        let unflushed = std::mem::take(&mut self.unflushed);
        self.platter.cursors.extend(unflushed);
    }

    /// The machine stops dead.
    pub fn crash(&mut self, random: &mut Random) {
        self.waiting.clear();
        match self.current.take() {
            Some(Job::Append(batch)) if !self.is_full => {
                let torn = random.index(batch.len() + 1);
                for record in batch.into_iter().take(torn) {
                    self.platter.append(record);
                }
            }
            Some(Job::Document(document)) if random.percent(50) => {
                self.platter.put_document(&document);
            }
            _ => {}
        }
        for (peer, cursors) in std::mem::take(&mut self.unflushed) {
            if random.percent(50) {
                self.platter.cursors.insert(peer, cursors);
            }
        }
    }
}
