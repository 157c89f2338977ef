//! One node's replica: everything durable here, and a session with each peer.
//!
//! The replica decides and the shell obeys. Things come in from peers or from
//! this node's own writers; each is bounded, checked against the directory and
//! its chain, and handed out to be stored. Only when the store says that it is
//! durable does anything follow from it: cursors move, peers are sent it,
//! receipts are owed, the case that is open is told.
//!
//! ```text
//! frame, local write ──▶ check ──▶ Store ──▶ durable ──▶ cursor · peers · receipt · open case
//! ```
//!
//! [`Replica::handle_input`] takes what happened, [`Replica::handle_timeout`]
//! the passing of [`Replica::poll_timeout`]; after either, the caller drains
//! [`Replica::poll_output`]. The replica reads no disk: a thing to be sent is
//! named by where the store keeps it.

mod book;
mod charging;
mod check;
mod fetching;
mod frames;
mod open;
mod pages;
mod pending;
mod places;
mod quotas;
mod reached;
mod rosters;
mod scope;
mod send;
mod serving;
mod session;
mod storing;
mod unsaved;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use guichet_keys::{CaseTag, Directory, Hash, Role, SigningKey, StatementKind, SubjectId, sha256};

use crate::bitmap::Bitmap;
use crate::catalogue::Catalogue;
use crate::envelope::ChainId;
use crate::later;
use crate::page::{Manifest, PageId};
use crate::rules::Rules;
use crate::store::{Location, NewRecord, PeerCursors, Stored};
use crate::wire::{Epoch, Frame, Interest, Presence, Progress, Reading};

pub use book::{Book, Reached};
pub use check::{Refusal, Thing};
pub use open::Opening;
pub use quotas::{Excess, Overdrawn};
pub use send::Send;

use pages::Pages;
use pending::Pending;
use quotas::Quotas;
use rosters::{Heard, Own};
use scope::Scope;
use serving::Serving;
use session::{Greeting, Session, follow_frame};
use unsaved::Unsaved;

/// A peer says hello within this time.
const HELLO_DELAY: Duration = Duration::from_secs(10);
/// Peers get no credit while more than this waits for the disk.
const LANDING_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Peers that go on without credit are sent away while more than this waits for the disk, what it
/// did not take included.
const HELD_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The time, both kinds: one decides, the other is only recorded.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Monotonic.
    pub instant: Instant,
    /// Milliseconds of the Unix epoch.
    pub wall_ms: u64,
}

/// What happened.
#[derive(Debug)]
pub enum Input {
    /// A stream to this member is open.
    PeerConnected(SubjectId),
    /// It is gone.
    PeerLost(SubjectId),
    /// The peer sent this.
    FrameReceived(SubjectId, Vec<u8>),
    /// This node made these things.
    Written(Vec<Thing>),
    /// The oldest records handed out are durable; as many as there are here, in order.
    Stored(Vec<Stored>),
    /// All records handed out and not yet answered for were not stored.
    StoreFailed,
    /// These segments are durable.
    SegmentsStored(Vec<(PageId, u32)>),
    /// These segments were not stored.
    SegmentsFailed(Vec<(PageId, u32)>),
    /// These segments of a page were damaged on the disk; the store takes them for absent now.
    SegmentsDamaged(Box<Manifest>, Vec<u32>),
    /// This kiosk follows a case from now on.
    CaseFollowed(CaseTag),
    /// This kiosk follows it no longer.
    CaseLeft(CaseTag),
    /// The transport takes no more frames to this peer for now.
    TransportFull(SubjectId),
    /// It takes frames again.
    TransportDrained(SubjectId),
    /// Somebody here is typing; sealed under the case's shared key.
    Typed(CaseTag, Vec<u8>),
    /// These members this relay sees now; who is not among them has gone.
    RosterChanged(Vec<Presence>),
}

/// What to do.
#[derive(Debug)]
pub enum Output {
    /// Hand this to the transport.
    Send(SubjectId, Send),
    /// Close the connection to this peer, and why.
    Close(SubjectId, String),
    /// Make these durable, in this order, and answer [`Input::Stored`]; they fit one append.
    Store(Vec<NewRecord>),
    /// Make room for a page of this plain length before its segments come.
    BeginPage(PageId, u64),
    /// Make this segment durable and answer [`Input::SegmentsStored`].
    StoreSegment(PageId, u32, Vec<u8>),
    /// Remember how far this peer was read.
    SaveCursors(SubjectId, PeerCursors),
    /// Tell the rest of this node.
    Tell(Event),
}

/// What the rest of the node may wish to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A statement of this kind is durable here and known to the directory.
    StatementStored(Hash, StatementKind),
    /// A signer has stated more than is to be expected of one.
    SignerCrowded(SubjectId),
    /// What this member made is held back, since it is too much of this;
    /// [`Replica::overdrawn`] tells more.
    Overdrawn(SubjectId, Excess),
    /// An envelope of this case is durable here.
    EnvelopeStored {
        /// Its chain.
        chain: ChainId,
        /// Its place.
        index: u64,
        /// Its name.
        hash: Hash,
        /// Where its bytes are.
        at: Location,
    },
    /// A page's manifest is durable here.
    ManifestStored(CaseTag, PageId),
    /// Every segment of a page is durable here.
    PageCompleted(CaseTag, PageId),
    /// A receipt about these cases is durable here.
    ReceiptStored(Vec<CaseTag>),
    /// Somebody types in a case followed here.
    DraftReceived(CaseTag, Vec<u8>),
    /// A relay told who is there: what of that is news.
    RosterReceived(SubjectId, Vec<Presence>),
    /// A peer told of so many members, and it cost the time to read it, news or not.
    RosterRead(usize),
    /// A session streams both ways.
    PeerReady(SubjectId),
    /// A thing made here was refused.
    WriteRefused(Hash, Refusal),
    /// The disk refused these things; nothing was acknowledged.
    WriteFailed(Vec<Hash>),
}

/// One node's replica.
pub struct Replica {
    signer: SigningKey,
    me: SubjectId,
    epoch: Epoch,
    rules: Rules,
    directory: Directory,
    catalogue: Catalogue,
    book: Book,
    pages: Pages,
    sessions: BTreeMap<SubjectId, Session>,
    serving: Serving,
    /// When a page that is held back may be held back no longer.
    serving_at: Option<Instant>,
    heard: Heard,
    /// When those who came were last asked for pages, and when those who came since are.
    sourced_at: Option<Instant>,
    sources_due: Option<Instant>,
    roster: Own,
    turn: Option<SubjectId>,
    cursors: BTreeMap<SubjectId, PeerCursors>,
    served: BTreeMap<SubjectId, Progress>,
    readings: u64,
    following: BTreeSet<CaseTag>,
    pending: Pending,
    unsaved: Unsaved,
    quotas: Quotas,
    ask_again: charging::AskAgain,
    segments_from_makers: u64,
    landing_bytes: usize,
    /// Bytes of the last [`Output::Store`].
    batch_bytes: usize,
    receipts_at: Option<Instant>,
    outputs: VecDeque<Output>,
}

impl Replica {
    /// What is known of the network.
    #[must_use]
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// What is durable here.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// How far everything has come.
    #[must_use]
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// What is held of a page.
    #[must_use]
    pub fn page_held(&self, page: &PageId) -> Option<&Bitmap> {
        self.pages.held(page)
    }

    /// Whether every segment of a page is durable here.
    #[must_use]
    pub fn page_is_complete(&self, page: &PageId) -> bool {
        self.pages.is_complete(page)
    }

    /// How many pages wanted here are not whole.
    #[must_use]
    pub fn pages_incomplete(&self) -> usize {
        self.pages.incomplete()
    }

    /// The peers a session streams with.
    pub fn peers(&self) -> impl Iterator<Item = SubjectId> + '_ {
        self.sessions
            .values()
            .filter(|session| session.has_greeted())
            .map(Session::peer)
    }

    /// How many things a peer that is here has not been sent yet.
    #[must_use]
    pub fn waiting_for(&self, peer: &SubjectId) -> u64 {
        self.sessions
            .get(peer)
            .map_or(0, |session| session.waiting(&self.catalogue))
    }

    /// Takes in what happened.
    pub fn handle_input(&mut self, now: Now, input: Input) {
        match input {
            Input::PeerConnected(peer) => self.on_connected(now, peer),
            Input::PeerLost(peer) => self.on_lost(now, &peer),
            Input::FrameReceived(peer, bytes) => self.on_frame(now, peer, &bytes),
            Input::Written(things) => self.on_written(things),
            Input::Stored(stored) => self.on_stored(now, stored),
            Input::StoreFailed => self.on_store_failed(now),
            Input::SegmentsStored(segments) => self.on_segments_stored(now, segments),
            Input::SegmentsFailed(segments) => self.on_segments_failed(now, &segments),
            Input::SegmentsDamaged(manifest, lost) => self.on_damaged(now, *manifest, &lost),
            Input::CaseFollowed(case) => self.on_followed(now, case),
            Input::CaseLeft(case) => {
                if self.following.remove(&case) {
                    self.tell_all(&Frame::Unfollow { case });
                    self.leave_pages_of(now, &case);
                }
            }
            Input::TransportFull(peer) => self.set_transport(&peer, session::Transport::Full),
            Input::TransportDrained(peer) => self.set_transport(&peer, session::Transport::Open),
            Input::Typed(case, sealed) => self.pass_draft(None, case, sealed),
            Input::RosterChanged(members) => {
                let changes = self.roster.update(members);
                self.tell_roster(&changes);
            }
        }
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Now) {
        let overdue: Vec<_> = self
            .sessions
            .values()
            .filter(|session| session.is_overdue(now.instant))
            .map(Session::peer)
            .collect();
        for peer in overdue {
            self.close(now, peer, "no hello in time");
        }
        self.serving_at = self.serving_at.filter(|due| *due > now.instant);
        self.on_sources(now);
        self.ask_for_pages(now);
        self.ask_again(now);
        self.sessions
            .values_mut()
            .for_each(|session| session.pace_no_longer_than(now.instant));
        self.grant_credits(now);
        if self
            .unsaved
            .poll_timeout()
            .is_some_and(|due| due <= now.instant)
        {
            self.store_again();
        }
        if self.receipts_at.is_some_and(|due| due <= now.instant) {
            self.receipts_at = None;
            self.sign_receipts(now);
        }
    }

    /// When [`Replica::handle_timeout`] is due, if nothing else happens before.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let sessions = self.sessions.values().filter_map(Session::poll_timeout);
        sessions
            .chain(self.receipts_at)
            .chain(self.serving_at)
            .chain(self.sources_due)
            .chain(self.pages.poll_timeout())
            .chain(self.unsaved.poll_timeout())
            .chain(self.ask_again.values().copied())
            .min()
    }

    /// The next thing to do; call until there is none.
    pub fn poll_output(&mut self, now: Now) -> Option<Output> {
        if let Some(output) = self.outputs.pop_front() {
            return Some(output);
        }
        let after: Vec<_> = match self.turn {
            Some(turn) => self
                .sessions
                .keys()
                .filter(|peer| **peer > turn)
                .chain(self.sessions.keys().filter(|peer| **peer <= turn))
                .copied()
                .collect(),
            None => self.sessions.keys().copied().collect(),
        };
        for peer in after {
            let session = self
                .sessions
                .get_mut(&peer)
                .expect("the key was just listed");
            let waits_until = Cell::new(self.serving_at);
            let context = session::Context {
                directory: &self.directory,
                catalogue: &self.catalogue,
                pages: &self.pages,
                serving: &self.serving,
                others: fetching::Others {
                    directory: &self.directory,
                    book: &self.book,
                    heard: &self.heard,
                },
                waits_until: &waits_until,
            };
            let send = session.poll(now.instant, &context);
            self.serving_at = waits_until.get();
            if let Some(send) = send {
                if let Send::Segment { page, index } = &send {
                    self.serving.on_sent(now.instant, (page, *index), peer);
                }
                self.turn = Some(peer);
                return Some(Output::Send(peer, send));
            }
        }
        None
    }

    fn set_transport(&mut self, peer: &SubjectId, transport: session::Transport) {
        if let Some(session) = self.sessions.get_mut(peer) {
            session.set_transport(transport);
        }
    }

    fn role(&self) -> Option<Role> {
        self.directory.node_role(&self.me)
    }

    fn interest(&self) -> Interest {
        match self.role() {
            Some(Role::Relay) => Interest::All,
            Some(Role::Station) => Interest::Services(
                self.directory
                    .credentials(&self.me)
                    .filter_map(|credential| credential.service.clone())
                    .collect(),
            ),
            _ => Interest::Cases(self.following.iter().copied().collect()),
        }
    }

    fn on_connected(&mut self, now: Now, peer: SubjectId) {
        self.end_session(now, &peer);
        let read = self.cursors.get(&peer).map(|cursors| Progress {
            reading: Reading(cursors.epoch),
            next: cursors.next,
        });
        let greeting = Greeting {
            reading: self.new_reading(now, &peer),
            read,
            served: self.served.get(&peer).copied(),
        };
        let scope = Scope::of(peer, &self.directory);
        let hello_due = later(now.instant, HELLO_DELAY);
        let session = Session::new(scope, greeting, self.interest(), hello_due);
        self.sessions.insert(peer, session);
    }

    /// A name for a reading that nobody has given before, not even a copy of this node.
    fn new_reading(&mut self, now: Now, peer: &SubjectId) -> Reading {
        self.readings = self.readings.saturating_add(1);
        let Epoch(epoch) = self.epoch;
        let parts: [&[u8]; 5] = [
            &epoch,
            self.me.as_bytes(),
            peer.as_bytes(),
            &now.wall_ms.to_be_bytes(),
            &self.readings.to_be_bytes(),
        ];
        let digest = sha256(&parts.concat());
        Reading(std::array::from_fn(|at| digest.as_bytes()[at]))
    }

    fn end_session(&mut self, now: Now, peer: &SubjectId) {
        if let Some(old) = self.sessions.remove(peer) {
            let flying = old.wishes().flying();
            self.serving.on_lost(now.instant, peer, flying);
            self.served.extend(old.served().map(|it| (*peer, it)));
        }
        self.pages.on_lost(peer);
        self.heard.forget(peer);
    }

    pub(super) fn on_lost(&mut self, now: Now, peer: &SubjectId) {
        self.end_session(now, peer);
        self.ask_for_pages(now);
    }

    pub(super) fn close(&mut self, now: Now, peer: SubjectId, reason: &str) {
        self.on_lost(now, &peer);
        let bye = Frame::Bye {
            reason: reason.to_owned(),
        }
        .encode();
        self.outputs.push_back(Output::Send(peer, Send::Frame(bye)));
        self.outputs
            .push_back(Output::Close(peer, reason.to_owned()));
    }

    fn tell_all(&mut self, frame: &Frame) {
        self.sessions
            .values_mut()
            .filter(|session| session.has_greeted())
            .for_each(|session| session.push(frame));
    }

    fn tell_roster(&mut self, members: &[Presence]) {
        for session in self.sessions.values_mut().filter(|it| it.has_greeted()) {
            rosters::frames(session.scope(), &self.directory, members)
                .iter()
                .for_each(|frame| session.push(frame));
        }
    }

    fn on_followed(&mut self, now: Now, case: CaseTag) {
        if self.following.insert(case) {
            self.tell_all(&follow_frame(&self.catalogue, case));
            self.want_pages_of(now, &case);
        }
    }

    fn on_written(&mut self, things: Vec<Thing>) {
        for thing in things {
            let hash = thing.hash();
            if let Err(refusal) = self.admit(thing, None) {
                self.outputs
                    .push_back(Output::Tell(Event::WriteRefused(hash, refusal)));
            }
        }
    }
}
