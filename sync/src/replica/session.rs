//! One replication session with one peer: what goes out next.
//!
//! Both sides begin with a hello that says where each stopped reading the
//! other, and how far each was served. Where both remember the same reading it
//! is resumed; else the reader tells what it holds. Then each feed
//! streams in the order of arrival, skipping what the peer does not follow or
//! holds already, and a [`Frame::Mark`] tells it how far that went. What was
//! just written need not wait behind a long backlog: it goes ahead as
//! [`Frame::Live`], when the peer holds the link before it.
//!
//! Lanes, first to last: control and statements and receipts · drafts ·
//! edits · acts · segments of pages · the backlog of edits and acts. At each
//! call the first lane that has something gives one frame, so that a form
//! edit overtakes a page within one segment.

use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use guichet_keys::{AuthorId, CaseTag, Directory, Hash, Role, SubjectId};

use crate::bitmap::Bitmap;
use crate::catalogue::{Catalogue, Entry, Meta};
use crate::envelope::Kind;
use crate::feed::Feed;
use crate::limits::{HAVE_ENTRIES_MAX, PAGE_BYTES_MAX};
use crate::page::{PageId, sealed_len};
use crate::store::{Location, RECORD_OVERHEAD_MAX};
use crate::window::{LEAST_BYTES, Window};
use crate::wire::{Cursors, Frame, HaveChain, Interest, PROTOCOL, Progress, Reading, What};

use super::pages::Pages;
use super::scope::Scope;

/// More than this many entries behind, and a feed is a backlog.
const BACKLOG: u64 = 64;
/// Entries looked at in one call before a mark is sent.
const SCAN_MAX: usize = 4096;
/// A mark may wait this long for an item that makes it needless.
const MARK_DELAY: Duration = Duration::from_millis(500);
/// Drafts that wait; older ones give way.
const DRAFTS_MAX: usize = 32;
/// Bytes taken before the peer is told.
const CREDIT_BYTES: u64 = 8 * 1024;
/// Frames taken before the peer is told.
const CREDIT_FRAMES: u64 = 16;
/// Bytes of a frame beside its payload, roughly.
const FRAME_OVERHEAD: u64 = 24;
/// Pages that one peer may want at a time; the oldest give way.
const WANTED_MAX: usize = 64;

// A sender takes a stored thing for up to a record's meta part larger than it is. What a peer has
// taken and not told must not close the sender's window for ever.
const _: () = assert!(
    CREDIT_BYTES + CREDIT_FRAMES * (FRAME_OVERHEAD + RECORD_OVERHEAD_MAX as u64) < LEAST_BYTES
);

/// What the transport is asked to send.
#[derive(Debug, PartialEq, Eq)]
pub enum Send {
    /// This frame.
    Frame(Vec<u8>),
    /// A stored thing, in the order of its feed if it has an arrival number, else as live.
    Stored {
        /// Its form.
        what: What,
        /// Its arrival number, for the order of its feed.
        arrival: Option<u64>,
        /// Where its bytes are.
        at: Location,
    },
    /// A stored segment of a page.
    Segment {
        /// Which page.
        page: PageId,
        /// Which segment.
        index: u32,
    },
}

/// What a session looks things up in.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Who may see what.
    pub directory: &'a Directory,
    /// What is durable here.
    pub catalogue: &'a Catalogue,
    /// What is held of each page.
    pub pages: &'a Pages,
}

/// How far the session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The peer's hello has not come.
    AwaitHello,
    /// The peer had no cursor; its list of what it holds has not come.
    AwaitHave,
    /// Both directions stream.
    Streaming,
}

/// Whether the transport takes frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// It does.
    Open,
    /// Its queue is full.
    Full,
}

#[derive(Debug, Default)]
struct Outgoing {
    began: u64,
    next: u64,
    known: BTreeSet<u64>,
    marked: u64,
    mark_due: Option<Instant>,
}

#[derive(Debug, Default)]
struct Incoming {
    next: u64,
    queue: VecDeque<(u64, Option<Hash>)>,
}

#[derive(Debug)]
struct Wanted {
    page: PageId,
    peer_has: Bitmap,
}

/// What our hello says of the readings, both ways.
#[derive(Clone, Copy, Debug)]
pub struct Greeting {
    /// Our reading of the peer that begins.
    pub reading: Reading,
    /// Our last one, and where it stopped.
    pub read: Option<Progress>,
    /// The peer's last one of us, and how far it was served.
    pub served: Option<Progress>,
}

/// The session with one peer.
#[derive(Debug)]
pub struct Session {
    peer: SubjectId,
    stage: Stage,
    greeting: Greeting,
    peer_reading: Option<Reading>,
    has_served: bool,
    scope: Scope,
    control: VecDeque<Vec<u8>>,
    drafts: VecDeque<Vec<u8>>,
    live: VecDeque<(Feed, u64)>,
    introduced: BTreeSet<u64>,
    outgoing: [Outgoing; Feed::COUNT],
    incoming: [Incoming; Feed::COUNT],
    delivered: BTreeSet<Hash>,
    wanted: Vec<Wanted>,
    window: Window,
    transport: Transport,
    taken_frames: u64,
    credited_frames: u64,
    uncredited_bytes: u64,
    bad_items: u32,
    hello_due: Option<Instant>,
}

impl Session {
    /// A session that begins with our hello.
    pub fn new(scope: Scope, greeting: Greeting, interest: Interest, hello_due: Instant) -> Self {
        let hello = Frame::Hello {
            version: PROTOCOL,
            features: 0,
            reading: greeting.reading,
            read: greeting.read,
            served: greeting.served,
            interest,
        };
        Self {
            peer: scope.peer(),
            stage: Stage::AwaitHello,
            greeting,
            peer_reading: None,
            has_served: false,
            scope,
            control: VecDeque::from([hello.encode()]),
            drafts: VecDeque::new(),
            live: VecDeque::new(),
            introduced: BTreeSet::new(),
            outgoing: Default::default(),
            incoming: Default::default(),
            delivered: BTreeSet::new(),
            wanted: Vec::new(),
            window: Window::default(),
            transport: Transport::Open,
            taken_frames: 0,
            credited_frames: 0,
            uncredited_bytes: 0,
            bad_items: 0,
            hello_due: Some(hello_due),
        }
    }

    /// Whose session this is.
    pub fn peer(&self) -> SubjectId {
        self.peer
    }

    /// What the peer may see and wishes to.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The same, to be changed.
    pub fn scope_mut(&mut self) -> &mut Scope {
        &mut self.scope
    }

    /// Whether the hello came in time.
    pub fn is_overdue(&self, now: Instant) -> bool {
        self.hello_due.is_some_and(|due| due <= now)
    }

    /// Whether frames other than the hello may come now.
    pub fn has_greeted(&self) -> bool {
        self.stage != Stage::AwaitHello
    }

    /// The peer's hello came; gives whether we go on reading it where we stopped. If not, it must
    /// be told what is held here. If the peer cannot go on, it will tell what it holds.
    pub fn on_hello(
        &mut self,
        reading: Reading,
        read: Option<Progress>,
        served: Option<Progress>,
    ) -> bool {
        self.hello_due = None;
        self.peer_reading = Some(reading);
        let cursors = Progress::resumed(self.greeting.read, served);
        for (incoming, next) in self.incoming.iter_mut().zip(cursors.unwrap_or([1; 4])) {
            incoming.next = next.max(1);
        }
        let resumed = Progress::resumed(read, self.greeting.served);
        for (outgoing, next) in self.outgoing.iter_mut().zip(resumed.unwrap_or([1; 4])) {
            outgoing.next = next.max(1);
            outgoing.began = outgoing.next;
            outgoing.marked = outgoing.next - 1;
        }
        self.stage = if resumed.is_some() {
            Stage::Streaming
        } else {
            Stage::AwaitHave
        };
        cursors.is_some()
    }

    /// A part of what the peer holds came.
    pub fn on_have(
        &mut self,
        catalogue: &Catalogue,
        chains: &[HaveChain],
        prefixes: &[u8],
        last: bool,
    ) {
        for have in chains {
            let lacking: BTreeSet<_> = catalogue
                .beyond(&have.chain.case, std::slice::from_ref(have))
                .into_iter()
                .collect();
            let Some(chain) = catalogue.chain(&have.chain) else {
                continue;
            };
            let feed = feed_of(have.chain.kind);
            for (_, _, link) in chain
                .links()
                .filter(|(_, _, link)| !lacking.contains(&(feed, link.arrival)))
            {
                self.outgoing[feed.index()].known.insert(link.arrival);
            }
        }
        let prefixes: BTreeSet<&[u8]> = prefixes.chunks_exact(8).collect();
        for (feed, arrival, hash) in catalogue.loose() {
            if prefixes.contains(&hash.as_bytes()[..8]) {
                self.outgoing[feed.index()].known.insert(arrival);
            }
        }
        if last {
            self.stage = Stage::Streaming;
        }
    }

    /// The peer follows a case from now on, and holds this much of it. What lies ahead of the
    /// feed comes in its turn; what was passed over before is sent out of turn.
    pub fn on_follow(
        &mut self,
        catalogue: &Catalogue,
        case: CaseTag,
        have: &[HaveChain],
        prefixes: &[u8],
    ) {
        let followed = self.scope.wishes_for(&case);
        self.scope.follow(case);
        let passed = self.outgoing.each_ref().map(|outgoing| {
            if followed {
                outgoing.began
            } else {
                outgoing.next
            }
        });
        let held: BTreeSet<&[u8]> = prefixes.chunks_exact(8).collect();
        let loose = catalogue
            .loose_of(&case)
            .filter(|(_, _, hash)| !held.contains(&hash.as_bytes()[..8]))
            .map(|(feed, arrival, _)| (feed, arrival));
        let chained = catalogue.beyond(&case, have);
        let behind = |(feed, arrival): &(Feed, u64)| *arrival < passed[feed.index()];
        self.live.extend(loose.chain(chained).filter(behind));
    }

    /// The peer holds this, wherever it has it from.
    pub fn on_peer_holds(&mut self, feed: Feed, arrival: u64) {
        let outgoing = &mut self.outgoing[feed.index()];
        if arrival >= outgoing.next {
            outgoing.known.insert(arrival);
        }
    }

    /// Something became durable here: it may go ahead of a backlog.
    pub fn on_durable(&mut self, catalogue: &Catalogue, feed: Feed, arrival: u64) {
        let next = self.outgoing[feed.index()].next;
        let behind = catalogue.next_arrival(feed).saturating_sub(next);
        if self.stage == Stage::Streaming
            && behind > BACKLOG
            && matches!(feed, Feed::Edits | Feed::Acts)
        {
            self.live.push_back((feed, arrival));
        }
    }

    /// Queues a control frame.
    pub fn push(&mut self, frame: &Frame) {
        self.control.push_back(frame.encode());
    }

    /// Queues what somebody types; the oldest gives way when too many wait.
    pub fn push_draft(&mut self, frame: &Frame) {
        if self.drafts.len() == DRAFTS_MAX {
            self.drafts.pop_front();
        }
        self.drafts.push_back(frame.encode());
    }

    /// The peer wants the segments of a page that it does not have. It may know of the page
    /// before this node does.
    pub fn on_want(&mut self, page: PageId, peer_has: Bitmap) {
        self.on_unwant(page);
        if self.wanted.len() == WANTED_MAX {
            self.wanted.remove(0);
        }
        self.wanted.push(Wanted { page, peer_has });
    }

    /// The peer wants this page no longer.
    pub fn on_unwant(&mut self, page: PageId) {
        self.wanted.retain(|wanted| wanted.page != page);
    }

    /// The peer took this many frames in all.
    pub fn on_credit(&mut self, now: Instant, frames: u64) {
        self.window.on_credit(now, frames);
    }

    /// A frame of this many bytes was taken from the peer.
    pub fn on_taken(&mut self, bytes: u64) {
        self.taken_frames += 1;
        self.uncredited_bytes += bytes;
    }

    /// Tells the peer what was taken, when it is enough to tell.
    pub fn grant_credit(&mut self) {
        let frames = self.taken_frames;
        if self.uncredited_bytes >= CREDIT_BYTES || frames - self.credited_frames >= CREDIT_FRAMES {
            (self.uncredited_bytes, self.credited_frames) = (0, frames);
            self.control.push_back(Frame::Credit { frames }.encode());
        }
    }

    /// Counts an item that was not valid; gives how many there were.
    pub fn on_bad_item(&mut self) -> u32 {
        self.bad_items += 1;
        self.bad_items
    }

    /// An item or mark came; it is settled once `waits_for` is durable here.
    pub fn on_arrival(
        &mut self,
        feed: Feed,
        arrival: u64,
        waits_for: Option<Hash>,
    ) -> Option<Cursors> {
        self.incoming[feed.index()]
            .queue
            .push_back((arrival, waits_for));
        self.settle()
    }

    /// The peer delivered this, which is not durable here yet.
    pub fn on_delivered(&mut self, hash: Hash) {
        self.delivered.insert(hash);
    }

    /// Whether the peer delivered this and it is not durable here yet.
    pub fn awaits(&self, hash: &Hash) -> bool {
        self.delivered.contains(hash)
    }

    /// Something is durable here; gives the new cursors if they moved.
    pub fn on_settled(&mut self, hash: &Hash, feed: Feed, arrival: u64) -> Option<Cursors> {
        if !self.delivered.remove(hash) {
            return None;
        }
        self.on_peer_holds(feed, arrival);
        for (_, waits_for) in self
            .incoming
            .iter_mut()
            .flat_map(|incoming| incoming.queue.iter_mut())
        {
            if waits_for.as_ref() == Some(hash) {
                *waits_for = None;
            }
        }
        self.settle()
    }

    fn settle(&mut self) -> Option<Cursors> {
        let mut moved = false;
        for incoming in &mut self.incoming {
            while let Some((arrival, None)) = incoming.queue.front() {
                incoming.next = incoming.next.max(arrival + 1);
                incoming.queue.pop_front();
                moved = true;
            }
        }
        moved.then(|| self.cursors())
    }

    /// Where we have read the peer to.
    pub fn cursors(&self) -> Cursors {
        [0, 1, 2, 3].map(|feed: usize| self.incoming[feed].next)
    }

    /// Our reading of the peer.
    pub fn reading(&self) -> Reading {
        self.greeting.reading
    }

    /// How far the peer's reading of us was served, if it was at all.
    pub fn served(&self) -> Option<Progress> {
        let next = [0, 1, 2, 3].map(|feed: usize| self.outgoing[feed].next);
        let reading = self.peer_reading.filter(|_| self.has_served)?;
        Some(Progress { reading, next })
    }

    /// The transport's queue is full, or no longer.
    pub fn set_transport(&mut self, transport: Transport) {
        self.transport = transport;
    }

    /// How many things of the feeds the peer has not been sent yet.
    pub fn waiting(&self, catalogue: &Catalogue) -> u64 {
        let behind = |feed: Feed| {
            let outgoing = &self.outgoing[feed.index()];
            catalogue
                .next_arrival(feed)
                .saturating_sub(outgoing.next.max(1))
                .saturating_sub(outgoing.known.len() as u64)
        };
        Feed::ALL.into_iter().map(behind).sum()
    }

    /// When to ask again although nothing came in.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let marks = self
            .outgoing
            .iter()
            .filter_map(|outgoing| outgoing.mark_due);
        marks
            .filter(|_| self.transport == Transport::Open && self.window.has_room())
            .chain(self.hello_due)
            .min()
    }

    /// The next frame to hand to the transport, if there is one and the window is open.
    pub fn poll(&mut self, now: Instant, context: &Context<'_>) -> Option<Send> {
        if self.transport == Transport::Full {
            return None;
        }
        if let Some(frame) = self.control.pop_front() {
            self.window.on_sent(now, frame.len() as u64);
            return Some(Send::Frame(frame));
        }
        if self.stage != Stage::Streaming || !self.window.is_open() {
            return None;
        }
        let send = self.next_send(now, context)?;
        let bytes = match &send {
            Send::Frame(frame) => frame.len() as u64,
            Send::Stored { at, .. } => u64::from(at.len) + FRAME_OVERHEAD,
            Send::Segment { page, index } => {
                let length = context
                    .catalogue
                    .page_length(page)
                    .unwrap_or(PAGE_BYTES_MAX);
                sealed_len(length, *index) + 2 * FRAME_OVERHEAD
            }
        };
        self.window.on_sent(now, bytes);
        Some(send)
    }

    fn next_send(&mut self, now: Instant, context: &Context<'_>) -> Option<Send> {
        let backlog = |session: &Self, feed: Feed| {
            context
                .catalogue
                .next_arrival(feed)
                .saturating_sub(session.outgoing[feed.index()].next)
                > BACKLOG
        };
        let edits_late = backlog(self, Feed::Edits);
        let acts_late = backlog(self, Feed::Acts);
        self.ordered(now, context, Feed::Statements)
            .or_else(|| self.ordered(now, context, Feed::Receipts))
            .or_else(|| self.drafts.pop_front().map(Send::Frame))
            .or_else(|| self.next_live(context))
            .or_else(|| {
                if edits_late {
                    None
                } else {
                    self.ordered(now, context, Feed::Edits)
                }
            })
            .or_else(|| {
                if acts_late {
                    None
                } else {
                    self.ordered(now, context, Feed::Acts)
                }
            })
            .or_else(|| self.next_segment(context))
            .or_else(|| self.ordered(now, context, Feed::Edits))
            .or_else(|| self.ordered(now, context, Feed::Acts))
    }

    fn next_live(&mut self, context: &Context<'_>) -> Option<Send> {
        while let Some((feed, arrival)) = self.live.pop_front() {
            let Some(entry) = context.catalogue.entry(feed, arrival) else {
                continue;
            };
            if self.outgoing[feed.index()].known.contains(&arrival)
                || !self.scope.concerns(context.directory, &entry.meta)
                || !self.peer_holds_prev(context.catalogue, feed, &entry.meta)
            {
                continue;
            }
            if let Some(needed) = self.introduction(context, &entry.meta) {
                self.live.push_front((feed, arrival));
                return Some(needed);
            }
            self.on_peer_holds(feed, arrival);
            return Some(Send::Stored {
                what: entry.meta.what(),
                arrival: None,
                at: entry.at,
            });
        }
        None
    }

    fn peer_holds_prev(&self, catalogue: &Catalogue, feed: Feed, meta: &Meta) -> bool {
        let Meta::Envelope {
            prev: Some(prev), ..
        } = meta
        else {
            return true;
        };
        let outgoing = &self.outgoing[feed.index()];
        catalogue.arrival_of(prev).is_some_and(|(_, arrival)| {
            arrival < outgoing.next || outgoing.known.contains(&arrival)
        })
    }

    /// The statement about an author that the peer needs before `meta` and was not sent.
    fn introduction(&mut self, context: &Context<'_>, meta: &Meta) -> Option<Send> {
        let author = match meta {
            Meta::Envelope {
                chain, index: 0, ..
            } => chain.author,
            Meta::Manifest { author, .. } => *author,
            Meta::Statement {
                case: Some(case),
                author: None,
                ..
            } => context.directory.case(case)?.0.author,
            Meta::Envelope { .. } | Meta::Statement { .. } | Meta::Receipt { .. } => return None,
        };
        let arrival = context.catalogue.author_statement(&author)?;
        let entry = context.catalogue.entry(Feed::Statements, arrival)?;
        let outgoing = &self.outgoing[Feed::Statements.index()];
        let told = arrival < outgoing.next && self.scope.concerns(context.directory, &entry.meta);
        if told || outgoing.known.contains(&arrival) || !self.introduced.insert(arrival) {
            return None;
        }
        self.on_peer_holds(Feed::Statements, arrival);
        Some(Send::Stored {
            what: What::Statement,
            arrival: None,
            at: entry.at,
        })
    }

    fn ordered(&mut self, now: Instant, context: &Context<'_>, feed: Feed) -> Option<Send> {
        let place = feed.index();
        let mut found = None;
        for (arrival, entry) in context
            .catalogue
            .entries_from(feed, self.outgoing[place].next)
            .take(SCAN_MAX)
        {
            if !self.outgoing[place].known.remove(&arrival)
                && self.scope.concerns(context.directory, &entry.meta)
            {
                found = Some((arrival, entry));
                break;
            }
            self.outgoing[place].next = arrival + 1;
        }
        if let Some((arrival, entry)) = found {
            return Some(self.send_ordered(context, feed, arrival, entry));
        }
        self.mark(now, feed)
    }

    fn send_ordered(
        &mut self,
        context: &Context<'_>,
        feed: Feed,
        arrival: u64,
        entry: &Entry,
    ) -> Send {
        if let Some(needed) = self.introduction(context, &entry.meta) {
            return needed;
        }
        self.has_served = true;
        let outgoing = &mut self.outgoing[feed.index()];
        outgoing.next = arrival + 1;
        outgoing.marked = arrival;
        outgoing.mark_due = None;
        Send::Stored {
            what: entry.meta.what(),
            arrival: Some(arrival),
            at: entry.at,
        }
    }

    fn mark(&mut self, now: Instant, feed: Feed) -> Option<Send> {
        let outgoing = &mut self.outgoing[feed.index()];
        if outgoing.next == outgoing.marked + 1 {
            outgoing.mark_due = None;
            return None;
        }
        let due = *outgoing.mark_due.get_or_insert(now + MARK_DELAY);
        if now < due {
            return None;
        }
        self.has_served = true;
        outgoing.mark_due = None;
        outgoing.marked = outgoing.next - 1;
        Some(Send::Frame(
            Frame::Mark {
                feed,
                arrival: outgoing.marked,
            }
            .encode(),
        ))
    }

    fn next_segment(&mut self, context: &Context<'_>) -> Option<Send> {
        for wanted in &mut self.wanted {
            let page = wanted.page;
            let Some((case, ours)) = context.pages.case_of(&page).zip(context.pages.held(&page))
            else {
                continue;
            };
            let Some(index) = ours
                .first_beyond(&wanted.peer_has)
                .filter(|_| self.scope.follows(context.directory, &case))
            else {
                continue;
            };
            wanted.peer_has.insert(index);
            if ours.is_full() && ours.first_beyond(&wanted.peer_has).is_none() {
                self.on_unwant(page);
            }
            return Some(Send::Segment { page, index });
        }
        None
    }
}

fn feed_of(kind: Kind) -> Feed {
    match kind {
        Kind::Edit => Feed::Edits,
        Kind::Act => Feed::Acts,
    }
}

/// Says that a case is followed here, and what is held of it.
pub fn follow_frame(catalogue: &Catalogue, case: CaseTag) -> Frame {
    let mut have = catalogue.have(Some(&case));
    have.truncate(HAVE_ENTRIES_MAX);
    let loose = catalogue.loose_of(&case).take(HAVE_ENTRIES_MAX);
    let prefixes = loose.flat_map(|(_, _, hash)| hash.as_bytes()[..8].to_vec());
    let prefixes = prefixes.collect();
    Frame::Follow {
        case,
        have,
        prefixes,
    }
}

/// Cuts what a node holds, of what the peer may know, into frames for a peer that does not go on
/// from a cursor. Receipts about cases that are not known here came from somebody who knows them.
pub fn have_frames(catalogue: &Catalogue, directory: &Directory, scope: &Scope) -> Vec<Frame> {
    let chains: Vec<_> = catalogue
        .cases()
        .filter(|case| scope.may_see(directory, case))
        .flat_map(|case| catalogue.have(Some(case)))
        .collect();
    let authors: BTreeSet<AuthorId> = chains.iter().map(|have| have.chain.author).collect();
    let may_know = |meta: &Meta| match meta {
        Meta::Statement {
            author: Some(author),
            ..
        } => {
            let theirs = directory.author(author);
            scope.role() != Some(Role::Kiosk)
                || authors.contains(author)
                || theirs.is_some_and(|known| known.binding.node == scope.peer())
        }
        Meta::Statement { case, .. } => case.is_none_or(|case| scope.may_see(directory, &case)),
        Meta::Receipt { cases, .. } => {
            let unknown = |case| directory.case(case).is_none();
            let mut cases = cases.iter();
            cases.any(|case| unknown(case) || scope.may_see(directory, case))
        }
        Meta::Manifest { case, .. } => scope.may_see(directory, case),
        Meta::Envelope { .. } => false,
    };
    let loose = catalogue.loose().filter(|(feed, arrival, _)| {
        let entry = catalogue.entry(*feed, *arrival);
        entry.is_some_and(|entry| may_know(&entry.meta))
    });
    let prefixes: Vec<u8> = loose
        .flat_map(|(_, _, hash)| hash.as_bytes()[..8].to_vec())
        .collect();
    let mut chains = chains.chunks(HAVE_ENTRIES_MAX);
    let mut prefixes = prefixes.chunks(8 * HAVE_ENTRIES_MAX);
    let count = chains.len().max(prefixes.len()).max(1);
    let mut frames = Vec::with_capacity(count);
    for at in 0..count {
        frames.push(Frame::Have {
            chains: chains.next().unwrap_or_default().to_vec(),
            prefixes: prefixes.next().unwrap_or_default().to_vec(),
            last: at + 1 == count,
        });
    }
    frames
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> Session {
        let directory = Directory::new(SubjectId::from([0; 32]));
        let scope = Scope::of(SubjectId::from([1; 32]), &directory);
        let greeting = Greeting {
            reading: Reading([0; 16]),
            read: None,
            served: None,
        };
        Session::new(scope, greeting, Interest::All, crate::test_clock())
    }

    #[test]
    fn a_reading_is_resumed_only_where_both_remember_it() {
        let progress = |reading, next| {
            Some(Progress {
                reading: Reading([reading; 16]),
                next: [next; 4],
            })
        };
        assert_eq!(
            Progress::resumed(progress(1, 7), progress(1, 7)),
            Some([7; 4])
        );
        assert_eq!(
            Progress::resumed(progress(1, 7), progress(1, 9)),
            Some([7; 4])
        );
        assert_eq!(
            Progress::resumed(progress(1, 7), progress(2, 9)),
            None,
            "a copy was read"
        );
        assert_eq!(
            Progress::resumed(progress(1, 7), progress(1, 6)),
            None,
            "an image is older"
        );
        assert_eq!(Progress::resumed(progress(1, 7), None), None);
        assert_eq!(Progress::resumed(None, progress(1, 7)), None);
    }

    #[test]
    fn cursors_move_only_over_what_is_settled() {
        let hash = |byte| Hash::from([byte; 32]);
        let mut session = session();
        session.on_hello(Reading([1; 16]), None, None);
        assert_eq!(session.on_arrival(Feed::Edits, 1, Some(hash(1))), None);
        assert_eq!(session.on_arrival(Feed::Edits, 2, Some(hash(2))), None);
        assert_eq!(
            session.on_arrival(Feed::Acts, 7, None),
            Some([1, 1, 1, 8]),
            "another feed goes on"
        );
        [hash(1), hash(2)]
            .into_iter()
            .for_each(|hash| session.on_delivered(hash));
        assert_eq!(
            session.on_settled(&hash(2), Feed::Edits, 1),
            None,
            "the first is not durable yet"
        );
        assert_eq!(
            session.on_settled(&hash(1), Feed::Edits, 2),
            Some([1, 1, 3, 8])
        );
    }
}
