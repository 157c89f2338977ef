//! The node: what its one event loop owns.
//!
//! The loop takes what happened (a frame, an ask of a page, an answer of the
//! disk or of a worker, the passing of time), hands it to the machine it
//! concerns, and then carries out what the replica says until there is nothing
//! left to do.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use guichet_keys::{
    AuthorBinding, AuthorId, CaseTag, Hash, Role, ServiceId, SignedStatement, SigningKey,
    Statement, SubjectId,
};
use guichet_sync::envelope::{Envelope, Kind};
use guichet_sync::feed::Feed;
use guichet_sync::receipt::Receipt;
use guichet_sync::replica::{Event, Input, Now, Output, Replica, Send, Thing};
use guichet_sync::rules::Rules;
use guichet_sync::store::{Reader, StoreError};
use guichet_sync::wire::What;

use super::calls::Calls;
use super::cases::{CaseEvent, Cases, Task};
use super::damaged::Damaged;
use super::dialling::Dialling;
use super::disk::{Disk, DiskEvent, Done, Job, refusal};
use super::heard::Heard;
use super::intake::{self, Intake};
use super::kiosk::Kiosk;
use super::line::Presences;
use super::readers::Readers;
use super::roster::Roster;
use super::station::Station;
use super::tray::Trays;
use crate::clock;
use crate::mesh::{Frame, Mesh};
use crate::render::Renderer;
use crate::services::Service;
use crate::times::others::{Off, Others};
use crate::web::counter::{Change, Counter, Refusal};
use crate::web::view::Ill;

/// Bytes handed to one connection and not taken by it, beyond which no more is handed over.
const QUEUED_BYTES_MAX: usize = 256 * 1024;

/// A member of whom a roster tells counts as so much that is kept: a relay tells twice a second of
/// all who are there, and who tells more often pays for it.
const PRESENCE_BYTES: usize = 40;

/// Stored things that do not read, of which the status tells.
const UNREADABLE_TOLD_MAX: usize = 8;

/// What is written and not durable yet, and who waits for it.
pub(super) struct Waiting {
    case: CaseTag,
    envelopes: Vec<Envelope>,
    done: Done,
}

/// What a node does beside storing and forwarding.
pub enum Duty {
    /// It stands in a town hall.
    Kiosk(Kiosk),
    /// It stands in a service's office.
    Station(Box<Station>),
    /// Nothing else.
    Relay,
}

impl Duty {
    fn role(&self) -> Role {
        match self {
            Self::Kiosk(_) => Role::Kiosk,
            Self::Station(_) => Role::Station,
            Self::Relay => Role::Relay,
        }
    }
}

/// Everything the event loop owns.
pub struct Node {
    pub(super) me: SubjectId,
    pub(super) signer: Arc<SigningKey>,
    pub(super) name: String,
    pub(super) rules: Rules,
    pub(super) duty: Duty,
    pub(super) replica: Replica,
    pub(super) mesh: Mesh,
    // Dropped before the disk, whose thread ends when no worker can write any more.
    pub(super) cases: Cases,
    pub(super) disk: Disk,
    pub(super) reader: Reader,
    pub(super) counter: Counter,
    pub(super) renderer: Renderer,
    pub(super) presences: Presences,
    pub(super) heard: Heard,
    pub(super) dialling: Dialling,
    pub(super) roster: Roster,
    pub(super) intake: Intake<Frame>,
    pub(super) calls: Calls,
    pub(super) trays: Trays,
    pub(super) readers: Readers,
    pub(super) read_until: Option<Instant>,
    pub(super) services: BTreeMap<ServiceId, Arc<Service>>,
    pub(super) started_at_s: u64,
    pub(super) ills: Vec<Ill>,
    pub(super) damaged: Damaged,
    pub(super) free_bytes: u64,
    pub(super) others_clocks: Others,
    pub(super) receipts_heard: u64,
    pub(super) segments_sent: u64,
    pub(super) floor_s: u64,
    pub(super) waiting: BTreeMap<Hash, Waiting>,
}

/// What a node is put together from.
pub struct Assembly {
    /// The node's key.
    pub signer: Arc<SigningKey>,
    /// Its name.
    pub name: String,
    /// The rules that hold.
    pub rules: Rules,
    /// What it does.
    pub duty: Duty,
    /// What it holds.
    pub replica: Replica,
    /// Its connections.
    pub mesh: Mesh,
    /// Its disk.
    pub disk: Disk,
    /// Reads the disk.
    pub reader: Reader,
    /// Its workers.
    pub cases: Cases,
    /// Its pages' window.
    pub counter: Counter,
    /// Draws documents.
    pub renderer: Renderer,
    /// Waiting and calls.
    pub calls: Calls,
    /// Sheets, scanner and printer.
    pub trays: Trays,
    /// When its credential began, in seconds since 1970: its clock cannot be before.
    pub certified_s: u64,
    /// What had to be repaired at the start, and what else is not as it should be.
    pub ills: Vec<Ill>,
}

impl Node {
    /// Puts a node together.
    pub fn new(parts: Assembly) -> Self {
        let receipts_heard = parts.replica.catalogue().next_arrival(Feed::Receipts);
        let (me, role) = (parts.signer.subject(), parts.duty.role());
        let mut node = Self {
            me,
            signer: parts.signer,
            name: parts.name,
            rules: parts.rules,
            duty: parts.duty,
            replica: parts.replica,
            mesh: parts.mesh,
            disk: parts.disk,
            reader: parts.reader,
            cases: parts.cases,
            counter: parts.counter,
            renderer: parts.renderer,
            presences: Presences::default(),
            heard: Heard::default(),
            dialling: Dialling::new(me, role),
            roster: Roster::default(),
            intake: Intake::default(),
            calls: parts.calls,
            trays: parts.trays,
            readers: Readers::default(),
            read_until: None,
            services: BTreeMap::new(),
            started_at_s: clock::wall_s(),
            ills: parts.ills,
            damaged: Damaged::default(),
            free_bytes: 0,
            others_clocks: Others::default(),
            receipts_heard,
            segments_sent: 0,
            floor_s: parts.certified_s,
            waiting: BTreeMap::new(),
        };
        node.learn_services();
        node
    }

    /// Takes in what happened to the replica, and carries out what follows.
    pub(super) fn tell_replica(&mut self, input: Input) {
        self.tell_replica_counting(input);
    }

    /// The same; gives how many blocks are kept for it.
    pub(super) fn tell_replica_counting(&mut self, input: Input) -> u32 {
        self.replica.handle_input(now(), input);
        self.carry_out()
    }

    /// Time has passed.
    pub(super) fn on_timeout(&mut self) {
        self.replica.handle_timeout(now());
        self.carry_out();
        self.intake.handle_timeout(clock::now());
        self.on_calls_timeout();
        self.on_readers_timeout();
        self.end_idle_visit();
        self.on_visit_note_timeout();
    }

    /// Carries out what the replica says until there is nothing left to do; gives how many blocks
    /// are to be written, or were read of who is there.
    fn carry_out(&mut self) -> u32 {
        let mut kept = 0_u32;
        while let Some(output) = self.replica.poll_output(now()) {
            match output {
                Output::Send(peer, send) => self.send(peer, send),
                Output::Close(peer, reason) => {
                    tracing::info!(%peer, reason, "a session is closed");
                    self.mesh.close(peer);
                }
                Output::Store(records) => {
                    let blocks = records.iter().map(|it| intake::blocks(it.len_on_disk()));
                    kept = blocks.fold(kept, u32::saturating_add);
                    self.disk.hand_in(Job::Append(records));
                }
                Output::BeginPage(page, length) => self.disk.hand_in(Job::BeginPage(page, length)),
                Output::StoreSegment(page, index, sealed) => {
                    self.disk.hand_in(Job::Segment(page, index, sealed))
                }
                Output::SaveCursors(peer, cursors) => {
                    self.disk.hand_in(Job::Cursors(peer, cursors))
                }
                Output::Tell(Event::RosterRead(members)) => {
                    let blocks = intake::blocks(members.saturating_mul(PRESENCE_BYTES));
                    kept = kept.saturating_add(blocks);
                }
                Output::Tell(event) => self.on_event(event),
            }
        }
        kept
    }

    fn send(&mut self, peer: SubjectId, send: Send) {
        self.segments_sent += u64::from(matches!(send, Send::Segment { .. }));
        let (reader, page) = (self.reader.clone(), send.page());
        let frame = send.into_frame(
            |at| reader.read(at),
            |page, index| self.whole_segment(page, index),
        );
        match frame.map(|frame| self.mesh.send(&peer, frame)) {
            Ok(Ok(())) => {
                if self
                    .mesh
                    .queued_bytes(&peer)
                    .is_some_and(|queued| queued > QUEUED_BYTES_MAX)
                {
                    self.replica.handle_input(now(), Input::TransportFull(peer));
                }
            }
            Ok(Err(error)) => tracing::debug!(%peer, %error, "a frame was not sent"),
            Err(error) => {
                tracing::warn!(%peer, "the session is closed: what is owed does not read");
                match (&error, page) {
                    (StoreError::PageDamaged { .. }, Some(page)) => self.on_page_damaged(page),
                    _ => self.on_unreadable(&error),
                }
                self.mesh.close(peer);
            }
        }
    }

    fn on_event(&mut self, event: Event) {
        match event {
            Event::StatementStored(hash, kind) => {
                self.on_saved(&hash);
                self.on_statement(kind);
                self.counter.tell(Change::Home);
                self.counter.tell(Change::Desk);
            }
            Event::EnvelopeStored {
                chain, hash, at, ..
            } => {
                self.on_saved(&hash);
                let what = if chain.kind == Kind::Edit {
                    What::Edit
                } else {
                    What::Act
                };
                self.cases.hand_in(chain.case, Task::Insert(what, at));
                self.tell_case(chain.case);
            }
            Event::ManifestStored(case, page) => {
                self.on_saved(&page.0);
                if let Some(entry) = self.replica.catalogue().manifest(&page) {
                    self.cases
                        .hand_in(case, Task::Insert(What::Manifest, entry.at));
                }
                self.tell_case(case);
            }
            Event::PageCompleted(case, page) => {
                self.damaged.on_complete(&page);
                self.tell_case(case);
            }
            Event::ReceiptStored(cases) => {
                self.hear_receipts();
                cases.into_iter().for_each(|case| self.tell_case(case));
            }
            Event::DraftReceived(case, sealed) => {
                self.cases.hand_in(case, Task::DraftReceived(sealed))
            }
            Event::RosterReceived(relay, members) => self.on_roster(relay, members),
            // What it cost is charged to whom it came from.
            Event::RosterRead(_) => {}
            Event::SignerCrowded(signer) => {
                tracing::error!(%signer, "has made more statements than is to be expected of one");
            }
            Event::Overdrawn(member, what) => {
                tracing::warn!(%member, ?what, "makes more than its share; what is too much is held back");
            }
            Event::PeerReady(peer) => {
                tracing::info!(%peer, "a session streams");
                self.on_newcomer();
            }
            Event::WriteRefused(hash, refusal) => {
                tracing::error!(%refusal, "what was written here is refused here");
                self.on_failed(&hash, Refusal::Busy);
            }
            Event::WriteFailed(hashes) => {
                let refusal = self.disk_refusal();
                hashes
                    .iter()
                    .for_each(|hash| self.on_failed(hash, refusal.clone()));
            }
        }
    }

    /// What others sign for tells their time.
    fn hear_receipts(&mut self) {
        let catalogue = self.replica.catalogue();
        let from = self.receipts_heard;
        self.receipts_heard = catalogue.next_arrival(Feed::Receipts);
        if !self.others_clocks.listens(clock::now()) {
            return;
        }
        for (_, entry) in catalogue.entries_from(Feed::Receipts, from) {
            // One that does not read is told where it is needed; here it only tells a time.
            let receipt = self.reader.read(entry.at).ok().map(Receipt::parse);
            if let Some(Ok(receipt)) = receipt
                && receipt.node() != self.me
            {
                self.others_clocks
                    .on_receipt(clock::now(), clock::wall_ms(), &receipt);
            }
        }
    }

    /// How this machine's clock is wrong, as far as anybody can tell.
    pub(super) fn clock_off(&self) -> Option<Off> {
        self.others_clocks.off(clock::wall_s(), self.floor_s)
    }

    fn disk_refusal(&self) -> Refusal {
        if self.ills.contains(&Ill::DiskFull) {
            Refusal::DiskFull
        } else {
            Refusal::DiskFailed
        }
    }

    pub(super) fn tell_case(&mut self, case: CaseTag) {
        self.forget_row(&case);
        self.counter.tell(Change::Case(case));
        match &self.duty {
            Duty::Kiosk(_) => self.counter.tell(Change::Visit),
            Duty::Station(_) => self.counter.tell(Change::Desk),
            Duty::Relay => {}
        }
        self.counter.tell(Change::Status);
    }

    fn on_saved(&mut self, hash: &Hash) {
        if let Some(waiting) = self.waiting.remove(hash) {
            self.case_saved(&waiting.case);
            (waiting.done)(Ok(()));
        }
    }

    fn on_failed(&mut self, hash: &Hash, refusal: Refusal) {
        if let Some(waiting) = self.waiting.remove(hash) {
            (waiting.done)(Err(refusal));
            self.cases
                .hand_in(waiting.case, Task::Withdraw(waiting.envelopes));
            self.case_failed(&waiting.case);
        }
    }

    /// Has what was written in a case made durable; `done` is called once the last of it is.
    pub(super) fn write(&mut self, case: CaseTag, things: Vec<Thing>, done: Done) {
        let envelopes = things.iter().filter_map(|thing| match thing {
            Thing::Envelope(envelope) => Some(envelope.clone()),
            Thing::Statement(_) | Thing::Receipt(_) | Thing::Page { .. } => None,
        });
        let envelopes = envelopes.collect();
        match self.leaves_kiosk(&case, things) {
            Some(things) => self.write_down(case, things, envelopes, done),
            None => done(Ok(())),
        }
    }

    /// Has things made durable; `envelopes` are withdrawn from the case where they are not.
    pub(super) fn write_down(
        &mut self,
        case: CaseTag,
        things: Vec<Thing>,
        envelopes: Vec<Envelope>,
        done: Done,
    ) {
        let Some(last) = things.last().map(Thing::hash) else {
            return done(Ok(()));
        };
        for header in envelopes.iter().map(Envelope::header) {
            self.others_clocks
                .on_written(clock::now(), header.chain(), header.index);
        }
        let waiting = Waiting {
            case,
            envelopes,
            done,
        };
        self.waiting.insert(last, waiting);
        self.tell_replica(Input::Written(things));
    }

    /// Takes in what a worker tells.
    pub(super) fn on_case_event(&mut self, event: CaseEvent) {
        match event {
            CaseEvent::Written { case, things, done } => self.write(case, things, done),
            CaseEvent::PagesStored {
                case,
                sealed,
                reply,
            } => {
                self.cases.hand_in(case, Task::Attach { sealed, reply });
            }
            CaseEvent::Typed(case, sealed) => self.tell_replica(Input::Typed(case, sealed)),
            CaseEvent::Unsent(case, person, sealed) => self.keep_unsent(case, person, sealed),
            CaseEvent::NotSaved(case, sent) => {
                self.message_not_sent(&case, &sent);
                self.cases.hand_in(case, Task::Restore(sent));
            }
            CaseEvent::Left(wished, saved) => self.on_case_left(*wished, saved),
            CaseEvent::Read(case, word) => self.on_read(case, word),
            CaseEvent::Changed(case) => self.tell_case(case),
            CaseEvent::Unreadable(error) => self.on_unreadable(&error),
            CaseEvent::PageDamaged(page) => self.on_page_damaged(page),
            CaseEvent::SetAside {
                case,
                unreadable,
                aside,
            } => self.on_set_aside(case, unreadable, aside),
            CaseEvent::NeedsWriter(case) => self.renew_writer(case),
            CaseEvent::Worked(author, busy) => self.on_worked(author, busy),
        }
    }

    /// Takes in what the disk answers.
    pub(super) fn on_disk_event(&mut self, event: DiskEvent) {
        match event {
            DiskEvent::Stored(stored) => {
                self.on_disk_well();
                self.tell_replica(Input::Stored(stored));
            }
            DiskEvent::AppendFailed(error) => {
                self.on_disk_ill(&error);
                self.disk.hand_in(Job::Resume);
                self.tell_replica(Input::StoreFailed);
            }
            DiskEvent::SegmentsStored(segments) => {
                self.tell_replica(Input::SegmentsStored(segments));
                self.counter.tell(Change::Status);
            }
            DiskEvent::SegmentsFailed(error, segments) => {
                self.on_disk_ill(&error);
                self.tell_replica(Input::SegmentsFailed(segments));
            }
            DiskEvent::PageChecked(manifest, lost) => self.on_page_checked(manifest, lost),
            DiskEvent::WriteFailed(error) => self.on_disk_ill(&error),
            DiskEvent::Noted(key, durable) => {
                self.on_noted(key, durable);
                if durable {
                    self.on_disk_well();
                }
            }
            DiskEvent::NoteRemoved(key, removed, reply) => {
                self.on_note_removed(key, removed, reply)
            }
            DiskEvent::Free(bytes) => self.free_bytes = bytes,
        }
    }

    /// It took something: what was ill with it is over.
    fn on_disk_well(&mut self) {
        self.ills
            .retain(|ill| !matches!(ill, Ill::DiskFull | Ill::DiskFailed { .. }));
        self.on_disk_takes();
    }

    /// What is stored does not read: whoever looks after this node is told, once for each thing.
    pub(super) fn on_unreadable(&mut self, error: &StoreError) {
        let said = error.to_string();
        let unreadable = |ill: &&Ill| matches!(ill, Ill::Unreadable { .. });
        let told = self.ills.iter().filter(unreadable).count() >= UNREADABLE_TOLD_MAX;
        let ill = Ill::Unreadable { said };
        if !told && !self.ills.contains(&ill) {
            tracing::error!(%error, "a stored thing does not read");
            self.ills.insert(0, ill);
            self.counter.tell(Change::Status);
        }
    }

    fn on_disk_ill(&mut self, error: &StoreError) {
        tracing::error!(%error, "the disk did not take what was written");
        let ill = if refusal(error) == Refusal::DiskFull {
            Ill::DiskFull
        } else {
            Ill::DiskFailed {
                said: error.to_string(),
            }
        };
        if !self.ills.contains(&ill) {
            self.ills.insert(0, ill);
        }
        self.counter.tell(Change::Status);
    }

    /// The role of this node.
    pub(super) fn role(&self) -> Role {
        self.duty.role()
    }

    /// Signs a statement of this node's own.
    pub(super) fn state(&self, signer: &SigningKey, statement: &Statement) -> Option<Thing> {
        let signed = SignedStatement::sign(signer, clock::wall_ms(), clock::wall_s(), statement);
        signed
            .map_err(|error| tracing::error!(%error, "a statement cannot be made"))
            .ok()
            .map(Thing::Statement)
    }

    /// Binds an author to this node, and to a person or a case.
    pub(super) fn bind(
        &self,
        signer: &SigningKey,
        author: AuthorId,
        person: Option<SubjectId>,
        case: Option<CaseTag>,
    ) -> Option<Thing> {
        self.state(
            signer,
            &Statement::Author(AuthorBinding {
                author,
                node: self.me,
                person,
                case,
            }),
        )
    }
}

/// The time, both kinds.
pub fn now() -> Now {
    Now {
        instant: clock::now(),
        wall_ms: clock::wall_ms(),
    }
}
