//! The disk's own thread: the one owner of the store.
//!
//! Jobs come in order. What waits is taken together, so that many records
//! become durable with one `fdatasync`. When an append fails, every append
//! handed in before the node has taken note is dropped, so that nothing is
//! made durable that the node believes lost.

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::thread;

use guichet_keys::SubjectId;
use guichet_sync::page::{Manifest, PageId, segment_count};
use guichet_sync::store::{BATCH_BYTES_MAX, NewRecord, PeerCursors, Store, StoreError, Stored};
use tokio::sync::mpsc::UnboundedSender;

use super::opened::SealedPage;
use crate::owners::Post;
use crate::web::counter::{Refusal, Reply};

/// Jobs taken together at most.
const JOBS_MAX: usize = 512;

/// Called when a write has ended.
pub type Done = Box<dyn FnOnce(Result<(), Refusal>) + Send>;

/// What the disk is asked to do.
pub enum Job {
    /// Make these records durable.
    Append(Vec<NewRecord>),
    /// The node has taken note that an append failed: go on.
    Resume,
    /// Make room for a page of this plain length.
    BeginPage(PageId, u64),
    /// Make a segment durable.
    Segment(PageId, u32, Vec<u8>),
    /// Make whole pages durable: all of them or none.
    Pages(Vec<SealedPage>, Done),
    /// See which segments of a page are not what its manifest names, and take them for absent.
    CheckPage(Box<Manifest>),
    /// Remember how far a peer was read.
    Cursors(SubjectId, PeerCursors),
    /// Keep a small value under a key; an empty one removes it.
    Note(&'static str, Vec<u8>, Done),
    /// Remove a note that somebody has read; it is answered as [`DiskEvent::NoteRemoved`].
    RemoveNote(&'static str, Reply<()>),
    /// End, once everything before is done.
    Stop,
}

/// What the disk answers.
#[derive(Debug)]
pub enum DiskEvent {
    /// The oldest records handed in are durable.
    Stored(Vec<Stored>),
    /// None of the records handed in and not yet answered for is.
    AppendFailed(StoreError),
    /// These segments are durable.
    SegmentsStored(Vec<(PageId, u32)>),
    /// These segments were lost.
    SegmentsFailed(StoreError, Vec<(PageId, u32)>),
    /// These segments of a page were damaged, and are absent now.
    PageChecked(Box<Manifest>, Result<Vec<u32>, StoreError>),
    /// Something else was not written; whoever asked for it knows.
    WriteFailed(StoreError),
    /// A small value is kept, or not.
    Noted(&'static str, bool),
    /// A note is gone, or stands as before; who waits for that is still to be told.
    NoteRemoved(&'static str, Result<(), Refusal>, Reply<()>),
    /// Bytes free on the disk, now and then.
    Free(u64),
}

/// The owner of the disk's thread, which ends with it.
pub struct Disk {
    jobs: mpsc::Sender<Job>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Disk {
    /// Starts the thread.
    pub fn start(
        store: Store,
        events: UnboundedSender<DiskEvent>,
        post: Post,
    ) -> std::io::Result<Self> {
        let (jobs, queue) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("disk".to_owned())
            .spawn(move || {
                let _post = post;
                Worker {
                    store,
                    events,
                    refusing: false,
                }
                .run(&queue)
            })?;
        Ok(Self {
            jobs,
            thread: Some(thread),
        })
    }

    /// Hands in a job.
    pub fn hand_in(&self, job: Job) {
        if self.jobs.send(job).is_err() {
            tracing::error!("the disk's thread has ended");
        }
    }

    /// Another way to the same thread.
    pub fn sender(&self) -> mpsc::Sender<Job> {
        self.jobs.clone()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.hand_in(Job::Stop);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the disk's thread panicked");
        }
    }
}

/// What a person is told of a failed write.
pub fn refusal(error: &StoreError) -> Refusal {
    if matches!(error, StoreError::DiskFull { .. }) {
        Refusal::DiskFull
    } else {
        Refusal::DiskFailed
    }
}

struct Worker {
    store: Store,
    events: UnboundedSender<DiskEvent>,
    refusing: bool,
}

#[derive(Default)]
struct Together {
    records: Vec<NewRecord>,
    bytes: usize,
    segments: Vec<Segment>,
    /// The last of each peer: whoever marks every step makes no more writes than others.
    cursors: BTreeMap<SubjectId, PeerCursors>,
}

type Segment = ([u8; 32], u32, Vec<u8>);

fn named(segments: &[Segment]) -> Vec<(PageId, u32)> {
    let name = |(page, index, _): &Segment| (PageId((*page).into()), *index);
    segments.iter().map(name).collect()
}

impl Worker {
    fn run(mut self, queue: &mpsc::Receiver<Job>) {
        self.tell_free();
        let mut stopping = false;
        while !stopping && let Ok(first) = queue.recv() {
            let mut together = Together::default();
            let more = std::iter::from_fn(|| queue.try_recv().ok()).take(JOBS_MAX);
            for job in std::iter::once(first).chain(more) {
                stopping |= matches!(job, Job::Stop);
                self.take(job, &mut together);
            }
            self.flush(&mut together);
        }
    }

    fn take(&mut self, job: Job, together: &mut Together) {
        match job {
            Job::Append(records) => self.join(records, together),
            Job::Segment(page, index, sealed) => {
                together.segments.push((*page.0.as_bytes(), index, sealed))
            }
            Job::Resume => self.refusing = false,
            Job::Stop => {}
            Job::BeginPage(page, length) => {
                if let Err(error) =
                    self.store
                        .begin_page(*page.0.as_bytes(), length, segment_count(length))
                {
                    self.tell(DiskEvent::WriteFailed(error));
                }
            }
            Job::CheckPage(manifest) => {
                let lost = self.check_page(&manifest);
                self.tell(DiskEvent::PageChecked(manifest, lost));
            }
            Job::Pages(pages, done) => done(self.write_pages(pages)),
            Job::Cursors(peer, cursors) => {
                together.cursors.insert(peer, cursors);
            }
            Job::Note(key, value, done) => {
                let noted = self.store.note(key, &value);
                let noted = noted.map_err(|error| self.failed(error));
                self.tell(DiskEvent::Noted(key, noted.is_ok()));
                done(noted);
            }
            Job::RemoveNote(key, reply) => {
                let removed = self.store.note(key, &[]);
                let removed = removed.map_err(|error| self.failed(error));
                self.tell(DiskEvent::NoteRemoved(key, removed, reply));
            }
        }
    }

    /// Takes records to those that become durable together, as long as one append takes them all.
    fn join(&mut self, records: Vec<NewRecord>, together: &mut Together) {
        let lengths = records.iter().map(NewRecord::len_on_disk);
        let bytes = lengths.fold(0, usize::saturating_add);
        if together.bytes.saturating_add(bytes) > BATCH_BYTES_MAX {
            self.flush(together);
        }
        if !self.refusing {
            together.bytes = together.bytes.saturating_add(bytes);
            together.records.extend(records);
        }
    }

    fn flush(&mut self, together: &mut Together) {
        let Together {
            records,
            bytes: _,
            segments,
            cursors,
        } = std::mem::take(together);
        if !records.is_empty() && !self.refusing {
            match self.store.append(records) {
                Ok(stored) => self.tell(DiskEvent::Stored(stored)),
                Err(error) => {
                    self.refusing = true;
                    self.tell(DiskEvent::AppendFailed(error));
                    self.tell_free();
                }
            }
        }
        if !segments.is_empty() {
            self.write_segments(segments);
            self.tell_free();
        }
        // Behind what they cover, which was durable before they moved.
        for (peer, cursors) in cursors {
            if let Err(error) = self.store.set_cursor(*peer.as_bytes(), cursors) {
                tracing::warn!(%error, "a cursor was not kept");
            }
        }
    }

    /// Writes segments together; where that fails page by page, so that one page does not take the
    /// others along.
    fn write_segments(&mut self, mut segments: Vec<Segment>) {
        match self.store.write_segments(&segments) {
            Ok(_) => self.tell(DiskEvent::SegmentsStored(named(&segments))),
            Err(error) => {
                segments.sort_by_key(|(page, ..)| *page);
                let pages: Vec<_> = segments.chunk_by(|one, next| one.0 == next.0).collect();
                if let [page] = pages[..] {
                    return self.tell(DiskEvent::SegmentsFailed(error, named(page)));
                }
                for page in pages {
                    match self.store.write_segments(page) {
                        Ok(_) => self.tell(DiskEvent::SegmentsStored(named(page))),
                        Err(error) => self.tell(DiskEvent::SegmentsFailed(error, named(page))),
                    }
                }
            }
        }
    }

    fn write_pages(&mut self, pages: Vec<SealedPage>) -> Result<(), Refusal> {
        let ids: Vec<_> = pages.iter().map(|page| *page.page.0.as_bytes()).collect();
        let written = pages
            .into_iter()
            .zip(&ids)
            .try_for_each(|(page, id)| self.write_page(*id, page));
        self.tell_free();
        written.map_err(|error| {
            for id in ids {
                if let Err(error) = self.store.drop_page(id) {
                    tracing::warn!(%error, "a page that was not written whole stays on the disk");
                }
            }
            self.failed(error)
        })
    }

    fn check_page(&mut self, manifest: &Manifest) -> Result<Vec<u32>, StoreError> {
        let id = *manifest.id().0.as_bytes();
        let is_whole = |index, sealed: &[u8]| manifest.check_segment(index, sealed).is_ok();
        let lost = self.store.reader().damaged_segments(id, is_whole)?;
        if !lost.is_empty() {
            self.store.lose_segments(id, &lost)?;
        }
        Ok(lost)
    }

    fn write_page(&mut self, id: [u8; 32], page: SealedPage) -> Result<(), StoreError> {
        let numbered = (0..)
            .zip(page.segments)
            .map(|(index, sealed)| (id, index, sealed));
        self.store
            .begin_page(id, page.length, segment_count(page.length))?;
        self.store
            .write_segments(&numbered.collect::<Vec<_>>())
            .map(drop)
    }

    /// Tells the node what did not work, and gives what to tell whoever asked for it.
    fn failed(&self, error: StoreError) -> Refusal {
        let refusal = refusal(&error);
        self.tell(DiskEvent::WriteFailed(error));
        refusal
    }

    fn tell_free(&self) {
        if let Ok(bytes) = self.store.free_bytes() {
            self.tell(DiskEvent::Free(bytes));
        }
    }

    fn tell(&self, event: DiskEvent) {
        let _the_node_is_stopping = self.events.send(event);
    }
}

#[cfg(test)]
mod tests {
    use guichet_sync::feed::Feed;
    use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

    use super::*;

    fn worker(folder: &std::path::Path) -> (Worker, UnboundedReceiver<DiskEvent>) {
        let (store, _) = Store::open(folder, [1; 16]).expect("opens");
        let (events, heard) = unbounded_channel();
        let worker = Worker {
            store,
            events,
            refusing: false,
        };
        (worker, heard)
    }

    #[test]
    fn a_page_whose_segments_do_not_fit_fails_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut worker, mut heard) = worker(folder.path());
        for page in [1, 3] {
            worker.store.begin_page([page; 32], 1, 1).expect("begins");
        }
        let short = vec![0; 5];
        let whole = vec![0; 17];
        let segments = [(1, &whole), (2, &whole), (3, &short), (1, &whole)];
        let segments =
            segments.map(|(page, sealed): (u8, &Vec<u8>)| ([page; 32], 0, sealed.clone()));
        worker.write_segments(segments.to_vec());
        let (mut stored, mut failed) = (Vec::new(), Vec::new());
        while let Ok(event) = heard.try_recv() {
            if let DiskEvent::SegmentsStored(segments) = &event {
                stored.extend(segments.clone());
            }
            if let DiskEvent::SegmentsFailed(_, segments) = &event {
                failed.extend(segments.clone());
            }
        }
        let page = |byte: u8| (PageId([byte; 32].into()), 0);
        assert_eq!(stored, [page(1), page(1)]);
        assert_eq!(failed, [page(2), page(3)]);
    }

    #[test]
    fn of_many_cursors_of_a_peer_the_last_is_written_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut worker, _heard) = worker(folder.path());
        let cursors = |next| PeerCursors {
            epoch: [1; 16],
            next: [next; Feed::COUNT],
        };
        let mut together = Together::default();
        for next in 1..=1000 {
            for peer in [1, 2] {
                let job = Job::Cursors(SubjectId::from([peer; 32]), cursors(next));
                worker.take(job, &mut together);
            }
        }
        assert_eq!(together.cursors.len(), 2, "one write for each peer");
        worker.flush(&mut together);
        drop(worker);
        let (_, opened) = Store::open(folder.path(), [1; 16]).expect("opens");
        let kept = opened.cursors.iter().map(|(_, cursors)| *cursors);
        assert_eq!(kept.collect::<Vec<_>>(), [cursors(1000), cursors(1000)]);
    }

    #[test]
    fn what_waits_together_is_written_in_as_many_appends_as_it_takes() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut worker, mut heard) = worker(folder.path());
        let record = NewRecord {
            feed: Feed::Statements,
            meta: vec![1; 80],
            payload: vec![2; 60_000],
        };
        let mut together = Together::default();
        for _ in 0..4 {
            worker.take(Job::Append(vec![record.clone(); 100]), &mut together);
        }
        worker.flush(&mut together);
        let mut stored = 0;
        while let Ok(event) = heard.try_recv() {
            let DiskEvent::Stored(records) = event else {
                panic!("{event:?}");
            };
            stored += records.len();
        }
        assert_eq!(stored, 400, "24 MB, three appends");
    }
}
