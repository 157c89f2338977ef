//! One replication session with one peer.
//!
//! Both sides begin with a hello that says where each stopped reading the
//! other, and how far each was served. Where both remember the same reading it
//! is resumed; else the reader tells what it holds. Then each feed
//! streams in the order of arrival, skipping what the peer does not follow or
//! holds already, and a [`Frame::Mark`] tells it how far that went. What was
//! just written need not wait behind a long backlog: it goes ahead as
//! [`Frame::Live`], when the peer holds the link before it. What of all that
//! waits goes first is decided in `lanes.rs`.

mod context;
mod have;
mod incoming;
mod lanes;
mod live;
mod outgoing;
mod taken;
mod wishes;
mod work;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use guichet_keys::{AuthorId, CaseTag, Hash, SubjectId};

use crate::catalogue::Catalogue;
use crate::envelope::Kind;
use crate::feed::Feed;
use crate::later;
use crate::limits::{FOLLOW_AGAIN_PRICE, FOLLOWED_MAX, PAGE_BYTES_MAX};
use crate::page::sealed_len;
use crate::window::Window;
use crate::wire::{Cursors, Frame, HaveChain, Interest, PROTOCOL, Progress, Reading};

use super::scope::Scope;
use super::send::Send;

pub use context::Context;
pub use have::{follow_frame, have_frames};

use incoming::Incoming;
use live::Live;
use outgoing::Outgoing;
use taken::Taken;
use wishes::Wishes;
use work::Work;

/// Drafts that wait; older ones give way.
const DRAFTS_MAX: usize = 32;
/// To follow a case again within this time costs more.
const FOLLOW_PAUSE: Duration = Duration::from_secs(10);
/// Bytes of a frame beside its payload, roughly.
const FRAME_OVERHEAD: u64 = 24;

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
    live: Live,
    followed: BTreeSet<CaseTag>,
    answered: BTreeMap<CaseTag, Instant>,
    work: Work,
    introduced: BTreeSet<u64>,
    outgoing: [Outgoing; Feed::COUNT],
    incoming: Incoming,
    wishes: Wishes,
    window: Window,
    transport: Transport,
    taken: Taken,
    /// The peer is told nothing of what was taken before, so that it waits.
    paced: Option<Instant>,
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
            live: Live::default(),
            followed: BTreeSet::new(),
            answered: BTreeMap::new(),
            work: Work::default(),
            introduced: BTreeSet::new(),
            outgoing: Default::default(),
            incoming: Incoming::default(),
            wishes: Wishes::default(),
            window: Window::default(),
            transport: Transport::Open,
            taken: Taken::default(),
            paced: None,
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

    /// How far the peer was read.
    pub fn incoming(&self) -> &Incoming {
        &self.incoming
    }

    /// The same, to be changed.
    pub fn incoming_mut(&mut self) -> &mut Incoming {
        &mut self.incoming
    }

    /// The pages that the peer wants.
    pub fn wishes(&self) -> &Wishes {
        &self.wishes
    }

    /// The same, to be changed.
    pub fn wishes_mut(&mut self) -> &mut Wishes {
        &mut self.wishes
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
        self.incoming.begin(cursors.unwrap_or([1; Feed::COUNT]));
        let resumed = Progress::resumed(read, self.greeting.served);
        let next = resumed.unwrap_or([1; Feed::COUNT]);
        for (outgoing, next) in self.outgoing.iter_mut().zip(next) {
            outgoing.begin(next);
        }
        self.stage = if resumed.is_some() {
            Stage::Streaming
        } else {
            Stage::AwaitHave
        };
        cursors.is_some()
    }

    /// Whether the peer may have something looked up that costs as much as so many things.
    pub fn spend(&mut self, now: Instant, things: usize) -> bool {
        self.work.spend(now, things)
    }

    /// Whether the peer's list of what it holds is still to come, or to be ended.
    pub fn awaits_have(&self) -> bool {
        self.stage == Stage::AwaitHave
    }

    /// How many times the cost of a first answer it costs to follow a case now: who leaves and comes
    /// back has just been answered.
    pub fn follow_price(&mut self, now: Instant, case: CaseTag) -> usize {
        let is_recent = |at: &Instant| later(*at, FOLLOW_PAUSE) > now;
        if self.answered.len() >= FOLLOWED_MAX {
            self.answered.retain(|_, at| is_recent(at));
        }
        let before = self.answered.get(&case).copied();
        if before.is_some_and(|at| is_recent(&at)) {
            return FOLLOW_AGAIN_PRICE;
        }
        if self.answered.len() < FOLLOWED_MAX {
            self.answered.insert(case, now);
        }
        1
    }

    /// A part of what the peer holds came. Who goes on where it stopped has nothing to tell.
    pub fn on_have(
        &mut self,
        catalogue: &Catalogue,
        chains: &[HaveChain],
        prefixes: &[u8],
        last: bool,
    ) {
        if self.stage != Stage::AwaitHave {
            return;
        }
        for have in chains {
            let feed = feed_of(have.chain.kind);
            for arrival in catalogue.held_by(have) {
                self.outgoing[feed.index()].on_listed(arrival);
            }
        }
        let (prefixes, _) = prefixes.as_chunks::<8>();
        for (feed, arrival) in prefixes.iter().flat_map(|it| catalogue.loose_named(it)) {
            self.outgoing[feed.index()].on_listed(arrival);
        }
        if last {
            self.stage = Stage::Streaming;
        }
    }

    /// The peer follows a case from now on, and holds this much of it; said again it means nothing
    /// new. What lies ahead of the feed comes in its turn; what was passed over before is sent out
    /// of turn.
    pub fn on_follow(
        &mut self,
        catalogue: &Catalogue,
        case: CaseTag,
        have: &[HaveChain],
        prefixes: &[u8],
    ) {
        let followed = self.scope.wishes_for(&case);
        self.scope.follow(case);
        if self.followed.len() >= FOLLOWED_MAX || !self.followed.insert(case) {
            return;
        }
        let passed = self.outgoing.each_ref().map(|outgoing| {
            if followed {
                outgoing.began()
            } else {
                outgoing.next()
            }
        });
        let held: BTreeSet<&[u8]> = prefixes.chunks_exact(8).collect();
        let loose = catalogue
            .loose_of(&case)
            .filter(|(_, _, hash)| !held.contains(&hash.as_bytes()[..8]))
            .map(|(feed, arrival, _)| (feed, arrival));
        let chained = catalogue.beyond(&case, have);
        let behind = |(feed, arrival): &(Feed, u64)| *arrival < passed[feed.index()];
        for thing in loose.chain(chained).filter(behind) {
            self.live.push(author_of(catalogue, thing), thing);
        }
    }

    /// The peer follows a case no longer.
    pub fn on_unfollow(&mut self, case: &CaseTag) {
        self.followed.remove(case);
        self.scope.unfollow(case);
    }

    /// The peer holds this, wherever it has it from.
    pub fn on_peer_holds(&mut self, feed: Feed, arrival: u64) {
        self.outgoing[feed.index()].on_peer_holds(arrival);
    }

    /// Something became durable here: it may go ahead of a backlog.
    pub fn on_durable(&mut self, catalogue: &Catalogue, feed: Feed, arrival: u64) {
        if self.stage == Stage::Streaming
            && self.is_backlog(catalogue, feed)
            && matches!(feed, Feed::Edits | Feed::Acts)
        {
            let thing = (feed, arrival);
            self.live.push(author_of(catalogue, thing), thing);
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

    /// The peer took this many frames in all.
    pub fn on_credit(&mut self, now: Instant, frames: u64) {
        self.window.on_credit(now, frames);
        self.wishes.on_taken(self.window.frames_taken());
    }

    /// A frame of this many bytes was taken from the peer.
    pub fn on_taken(&mut self, bytes: u64) {
        self.taken.on_frame(bytes);
    }

    /// The peer is to wait until then: it is not told what was taken.
    pub fn pace(&mut self, until: Instant) {
        self.paced = Some(until);
    }

    /// Whoever need not wait any more is told again.
    pub fn pace_no_longer_than(&mut self, now: Instant) {
        self.paced = self.paced.filter(|until| *until > now);
    }

    /// Tells the peer what was taken, when it is enough to tell and it need not wait.
    pub fn grant_credit(&mut self, now: Instant) {
        self.pace_no_longer_than(now);
        if self.paced.is_none()
            && let Some(frames) = self.taken.credit()
        {
            self.control.push_back(Frame::Credit { frames }.encode());
        }
    }

    /// Tells the peer all that was taken, so that it holds nothing for on its way that has come.
    pub fn grant_whole_credit(&mut self, now: Instant) {
        self.pace_no_longer_than(now);
        if self.paced.is_none()
            && let Some(frames) = self.taken.whole_credit()
        {
            self.control.push_back(Frame::Credit { frames }.encode());
        }
    }

    /// Counts an item that was not valid; gives how many there were.
    pub fn on_bad_item(&mut self) -> u32 {
        self.bad_items = self.bad_items.saturating_add(1);
        self.bad_items
    }

    /// Something is durable here; gives the new cursors if they moved.
    pub fn on_settled(&mut self, hash: &Hash, feed: Feed, arrival: u64) -> Option<Cursors> {
        if !self.incoming.take_delivered(hash) {
            return None;
        }
        self.on_peer_holds(feed, arrival);
        self.incoming.on_settled(hash)
    }

    /// Our reading of the peer.
    pub fn reading(&self) -> Reading {
        self.greeting.reading
    }

    /// How far the peer's reading of us was served, if it was at all.
    pub fn served(&self) -> Option<Progress> {
        let next = self.outgoing.each_ref().map(Outgoing::next);
        let reading = self.peer_reading.filter(|_| self.has_served)?;
        Some(Progress { reading, next })
    }

    /// The transport's queue is full, or no longer.
    pub fn set_transport(&mut self, transport: Transport) {
        self.transport = transport;
    }

    /// How many things of the feeds the peer has not been sent yet.
    pub fn waiting(&self, catalogue: &Catalogue) -> u64 {
        let waiting =
            |feed: Feed| self.outgoing[feed.index()].waiting(catalogue.next_arrival(feed));
        Feed::ALL.into_iter().map(waiting).sum()
    }

    /// When to ask again although nothing came in.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let marks = self.outgoing.iter().filter_map(Outgoing::poll_timeout);
        marks
            .filter(|_| self.transport == Transport::Open && self.window.has_room())
            .chain(self.hello_due)
            .chain(self.paced)
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
            Send::Stored { at, .. } => u64::from(at.len).saturating_add(FRAME_OVERHEAD),
            Send::Segment { page, index } => {
                let length = context
                    .catalogue
                    .page_length(page)
                    .unwrap_or(PAGE_BYTES_MAX);
                sealed_len(length, *index).saturating_add(2 * FRAME_OVERHEAD)
            }
        };
        self.window.on_sent(now, bytes);
        if let Send::Segment { page, index } = &send {
            let frame = self.window.frames_sent();
            self.wishes.on_sent(frame, *page, *index);
        }
        Some(send)
    }

    fn is_backlog(&self, catalogue: &Catalogue, feed: Feed) -> bool {
        self.outgoing[feed.index()].is_backlog(catalogue.next_arrival(feed))
    }
}

fn feed_of(kind: Kind) -> Feed {
    match kind {
        Kind::Edit => Feed::Edits,
        Kind::Act => Feed::Acts,
    }
}

/// Whose a thing is.
fn author_of(catalogue: &Catalogue, (feed, arrival): (Feed, u64)) -> Option<AuthorId> {
    catalogue.entry(feed, arrival)?.meta.author()
}
