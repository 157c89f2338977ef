//! Three nodes in virtual time: the real replica and the real store of each, and lines that carry
//! frames in order, altered if a test says so.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use guichet_keys::{Hash, Statement, SubjectId};
use guichet_sync::limits::SEGMENT_BYTES;
use guichet_sync::page::{Manifest, PageId, segment_count};
use guichet_sync::replica::{Event, Input, Now, Opening, Output, Refusal, Replica, Send, Thing};
use guichet_sync::rules::Rules;
use guichet_sync::store::Store;
use guichet_sync::wire::{Epoch, Frame};
use tempfile::TempDir;

use super::network::{NOW_S, Who, directory, family_key, state};
use super::pace::{Pace, Passed, Passing};

/// Longer than a receipt waits for company, and than a page may stall.
const SETTLE: Duration = Duration::from_secs(12);
/// What a page's file has before its segments.
const PAGE_HEADER_BYTES: usize = 60;
const STEPS_MAX: usize = 200_000;
const NODES: [Who; 3] = [Who::Relay, Who::Kiosk, Who::Station];

/// Alters what passes.
type Spoil = Box<dyn FnMut(&mut Frame)>;

pub struct Village {
    nodes: Vec<Node>,
    /// Each line, from whom to whom, and which of all that were ever laid it is.
    lines: BTreeMap<(SubjectId, SubjectId), u64>,
    laid: u64,
    passing: Passing,
    /// How long frames take; none: no time at all.
    pub pace: Option<Pace>,
    /// What happens to each frame on its way.
    pub spoil: Option<Spoil>,
    elapsed: Duration,
}

pub struct Node {
    pub who: Who,
    folder: TempDir,
    store: Option<Store>,
    pub replica: Replica,
    /// Why this node closed sessions.
    pub closed: Vec<String>,
    /// What people here wrote that this node refused.
    pub refused: Vec<(Hash, Refusal)>,
    /// What relays told it of whom.
    pub told: Vec<(SubjectId, bool)>,
    /// Its disk takes nothing.
    pub is_full: bool,
}

#[expect(
    clippy::disallowed_methods,
    reason = "an Instant can be had in no other way; tests count from this one"
)]
fn origin() -> Instant {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    *START.get_or_init(Instant::now)
}

fn at(elapsed: Duration) -> Now {
    Now {
        instant: origin() + elapsed,
        wall_ms: NOW_S * 1000 + elapsed.as_millis() as u64,
    }
}

impl Village {
    /// A relay, and a kiosk and a station that are joined to it.
    pub fn new() -> Self {
        let mut village = Self {
            nodes: NODES.map(|who| Node::new(who, at(Duration::ZERO))).into(),
            lines: BTreeMap::new(),
            laid: 0,
            passing: Passing::default(),
            pace: None,
            spoil: None,
            elapsed: Duration::ZERO,
        };
        village.join(Who::Relay, Who::Kiosk);
        village.join(Who::Relay, Who::Station);
        village
    }

    pub fn now(&self) -> Now {
        at(self.elapsed)
    }

    pub fn node(&self, who: Who) -> &Node {
        self.nodes.iter().find(|it| it.who == who).expect("a node")
    }

    /// From now on a node's disk is full, or is no longer.
    pub fn set_full(&mut self, who: Who, is_full: bool) {
        self.node_mut(&who.subject()).is_full = is_full;
    }

    pub fn node_mut(&mut self, subject: &SubjectId) -> &mut Node {
        let found = self
            .nodes
            .iter_mut()
            .find(|it| it.who.subject() == *subject);
        found.expect("a node")
    }

    /// Lays a line between two nodes, and says hello over it.
    pub fn join(&mut self, a: Who, b: Who) {
        self.connect(a, b);
        self.settle();
    }

    /// A peer comes to a node and says this instead of its hello.
    pub fn meet_with(&mut self, from: Who, to: Who, hello: &[u8]) {
        self.lay(to, from);
        self.input(to, Input::PeerConnected(from.subject()));
        self.send(from, to, hello);
    }

    pub fn are_joined(&self, a: Who, b: Who) -> bool {
        self.lines.contains_key(&(a.subject(), b.subject()))
    }

    fn lay(&mut self, from: Who, to: Who) {
        self.laid += 1;
        self.lines.insert((from.subject(), to.subject()), self.laid);
    }

    /// Lays a line; what is said over it has not been said yet.
    pub fn connect(&mut self, a: Who, b: Who) {
        for (from, to) in [(a, b), (b, a)] {
            self.lay(from, to);
            self.input(from, Input::PeerConnected(to.subject()));
        }
    }

    /// Takes a line away; what follows has not happened yet.
    pub fn disconnect(&mut self, a: Who, b: Who) {
        self.part(a.subject(), b.subject());
    }

    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// Takes the line between two nodes away.
    pub fn cut(&mut self, a: Who, b: Who) {
        self.part(a.subject(), b.subject());
        self.settle();
    }

    fn part(&mut self, a: SubjectId, b: SubjectId) {
        for (from, to) in [(a, b), (b, a)] {
            self.lines.remove(&(from, to));
            let now = self.now();
            let node = self.node_mut(&from);
            node.replica.handle_input(now, Input::PeerLost(to));
        }
    }

    /// Something happens at a node; what follows has not happened yet.
    pub fn input(&mut self, who: Who, input: Input) {
        let now = self.now();
        let node = self.node_mut(&who.subject());
        node.replica.handle_input(now, input);
    }

    /// A node sends a frame that its program would not, and everybody comes to rest.
    pub fn send(&mut self, from: Who, to: Who, frame: &[u8]) {
        self.input(to, Input::FrameReceived(from.subject(), frame.to_vec()));
        self.settle();
    }

    pub fn replica_mut(&mut self, who: Who) -> &mut Replica {
        &mut self.node_mut(&who.subject()).replica
    }

    /// Somebody at this node wrote these things, and everybody comes to rest.
    pub fn write(&mut self, who: Who, things: Vec<Thing>) {
        self.input(who, Input::Written(things));
        self.settle();
    }

    /// Puts the segments of a page on a node's disk, as a person's upload does.
    pub fn put_segments(&mut self, who: Who, page: PageId, length: u64, sealed: &[Vec<u8>]) {
        let store = self.node_mut(&who.subject()).store();
        let id = *page.0.as_bytes();
        store
            .begin_page(id, length, segment_count(length))
            .expect("begins");
        let numbered = (0..).zip(sealed).map(|(at, it)| (id, at, it.clone()));
        store
            .write_segments(&numbered.collect::<Vec<_>>())
            .expect("writes");
    }

    /// A byte of a segment goes bad on a node's disk, and the node finds it.
    pub fn damage(&mut self, who: Who, manifest: &Manifest, index: u32) {
        let node = self.node(who);
        let name = manifest.id().0.to_string();
        let path = node.folder.path().join(format!("pages/{name}.page"));
        let mut bytes = std::fs::read(&path).expect("a page");
        bytes[PAGE_HEADER_BYTES + index as usize * (SEGMENT_BYTES + 16) + 5] ^= 1;
        std::fs::write(path, bytes).expect("writes");
        let lost = self.damaged(who, manifest);
        assert_eq!(lost, [index]);
        let id = *manifest.id().0.as_bytes();
        let store = self.node_mut(&who.subject()).store();
        store.lose_segments(id, &lost).expect("writes");
        self.input(
            who,
            Input::SegmentsDamaged(Box::new(manifest.clone()), lost),
        );
    }

    /// The segments on a node's disk that are not the page's.
    pub fn damaged(&self, who: Who, manifest: &Manifest) -> Vec<u32> {
        let id = *manifest.id().0.as_bytes();
        let store = self.node(who).store.as_ref().expect("a node that runs");
        let is_whole = |at, sealed: &[u8]| manifest.check_segment(at, sealed).is_ok();
        let damaged = store.reader().damaged_segments(id, is_whole);
        damaged.expect("reads")
    }

    /// Stops every node dead and starts it again from its disk; lines are laid again.
    pub fn restart(&mut self) {
        let lines = std::mem::take(&mut self.lines);
        self.passing = Passing::default();
        let now = self.now();
        self.nodes.iter_mut().for_each(|node| node.boot(now));
        for (from, to) in lines.keys() {
            let now = self.now();
            let input = Input::PeerConnected(*to);
            self.node_mut(from).replica.handle_input(now, input);
        }
        self.lines = lines;
        self.settle();
    }

    /// Stops one node dead and starts it again from its disk; its lines are gone.
    pub fn reboot(&mut self, who: Who) {
        let others = NODES.into_iter().filter(|other| *other != who);
        for other in others {
            if self.are_joined(who, other) {
                self.part(who.subject(), other.subject());
            }
        }
        let now = self.now();
        self.node_mut(&who.subject()).boot(now);
    }

    /// Time in which nobody does anything, disks included.
    pub fn wait(&mut self, time: Duration) {
        self.elapsed += time;
    }

    /// Lets everything happen that does in some seconds.
    pub fn settle(&mut self) {
        self.run(SETTLE);
    }

    /// Lets everything happen that does in this time.
    pub fn run(&mut self, time: Duration) {
        let until = self.elapsed + time;
        for _ in 0..STEPS_MAX {
            let busy = (0..self.nodes.len()).filter(|at| self.drain(*at)).count() > 0;
            if self.pass() || busy {
                continue;
            }
            let wakes = |node: &Node| node.replica.poll_timeout();
            let due = self.nodes.iter().filter_map(wakes);
            let arrives = self.passing.next().map(|at| origin() + at);
            let Some(due) = due
                .chain(arrives)
                .min()
                .filter(|due| *due <= origin() + until)
            else {
                self.elapsed = until;
                return;
            };
            self.elapsed = self.elapsed.max(due - origin());
            let now = self.now();
            for node in &mut self.nodes {
                if node
                    .replica
                    .poll_timeout()
                    .is_some_and(|due| due <= now.instant)
                {
                    node.replica.handle_timeout(now);
                }
            }
        }
        panic!("the village does not come to rest");
    }

    /// Delivers the next frame; gives whether there was one.
    fn pass(&mut self) -> bool {
        let Some(Passed {
            from,
            to,
            line,
            frame,
        }) = self.passing.take(self.elapsed)
        else {
            return false;
        };
        let is_lost = self.pace.as_ref().is_some_and(|pace| pace.loses(from, to));
        if is_lost || self.lines.get(&(from, to)) != Some(&line) {
            return true;
        }
        let Some(mut bytes) = frame else {
            self.part(from, to);
            return true;
        };
        if let Some(pace) = &mut self.pace {
            pace.on_arrival(from, &bytes);
        }
        if let Some(spoil) = &mut self.spoil {
            let mut frame = Frame::decode(&bytes).expect("what a replica sends is a frame");
            spoil(&mut frame);
            bytes = frame.encode();
        }
        let now = self.now();
        let input = Input::FrameReceived(from, bytes);
        self.node_mut(&to).replica.handle_input(now, input);
        true
    }

    /// Carries out what a node wants now.
    pub fn carry_out_now(&mut self, who: Who) {
        let at = self.nodes.iter().position(|node| node.who == who);
        self.drain(at.expect("a node"));
    }

    /// Carries out what a node wanted before.
    pub fn carry_out(&mut self, who: Who, outputs: Vec<Output>) {
        let at = self.nodes.iter().position(|node| node.who == who);
        self.carry(at.expect("a node"), |_| outputs);
    }

    /// Carries out what a node wants; gives whether it wanted anything.
    fn drain(&mut self, at: usize) -> bool {
        let now = self.now();
        self.carry(at, |replica| {
            std::iter::from_fn(|| replica.poll_output(now)).collect()
        })
    }

    fn carry(&mut self, at: usize, outputs: impl FnOnce(&mut Replica) -> Vec<Output>) -> bool {
        let now = self.now();
        let node = &mut self.nodes[at];
        let from = node.who.subject();
        let (mut busy, mut lost, mut not_stored) = (false, Vec::new(), false);
        for output in outputs(&mut node.replica) {
            busy = true;
            match output {
                Output::Send(to, send) => {
                    let frame = node.frame(send);
                    let line = self.lines.get(&(from, to)).copied().unwrap_or(0);
                    let at = match &mut self.pace {
                        Some(pace) => pace.arrival(self.elapsed, from, to, &frame),
                        None => self.elapsed,
                    };
                    let frame = Some(frame);
                    let passed = Passed {
                        from,
                        to,
                        line,
                        frame,
                    };
                    self.passing.add(at, passed);
                }
                Output::Close(to, reason) => {
                    node.closed.push(reason);
                    let line = self.lines.get(&(from, to)).copied().unwrap_or(0);
                    let frame = None;
                    let passed = Passed {
                        from,
                        to,
                        line,
                        frame,
                    };
                    self.passing.add(self.elapsed, passed);
                }
                Output::Tell(Event::WriteRefused(hash, refusal)) => {
                    node.refused.push((hash, refusal));
                }
                Output::Tell(Event::RosterReceived(_, members)) => {
                    let told = members.iter().map(|it| (it.member, it.online));
                    node.told.extend(told);
                }
                Output::Tell(_) => {}
                Output::Store(_) if node.is_full => not_stored = true,
                Output::StoreSegment(page, index, _) if node.is_full => lost.push((page, index)),
                disk @ (Output::Store(_)
                | Output::BeginPage(..)
                | Output::StoreSegment(..)
                | Output::SaveCursors(..)) => node.keep(now, disk),
            }
        }
        if not_stored {
            node.replica.handle_input(now, Input::StoreFailed);
        }
        if !lost.is_empty() {
            node.replica.handle_input(now, Input::SegmentsFailed(lost));
        }
        busy
    }
}

impl Node {
    fn new(who: Who, now: Now) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (store, replica) = open(who, &folder, now);
        Self {
            who,
            folder,
            store: Some(store),
            replica,
            closed: Vec::new(),
            refused: Vec::new(),
            told: Vec::new(),
            is_full: false,
        }
    }

    fn boot(&mut self, now: Now) {
        self.store = None;
        let (store, replica) = open(self.who, &self.folder, now);
        (self.store, self.replica) = (Some(store), replica);
    }

    fn store(&mut self) -> &mut Store {
        self.store.as_mut().expect("a node that runs")
    }

    /// The bytes of a durable thing.
    pub fn read(&self, at: &guichet_sync::store::Location) -> Vec<u8> {
        let store = self.store.as_ref().expect("a node that runs");
        store.reader().read(*at).expect("what is durable is read")
    }

    pub fn holds(&self, hash: &Hash) -> bool {
        self.replica.catalogue().holds(hash)
    }

    /// How many things are durable here.
    pub fn count(&self) -> u64 {
        let catalogue = self.replica.catalogue();
        let count = |feed| catalogue.count(feed);
        guichet_sync::feed::Feed::ALL.map(count).iter().sum()
    }

    fn frame(&self, send: Send) -> Vec<u8> {
        let store = self.store.as_ref().expect("a node that runs");
        let frame = send.into_frame(
            |at| store.reader().read(at),
            |page, index| store.reader().read_segment(*page.0.as_bytes(), index),
        );
        frame.expect("what is durable is read")
    }

    fn keep(&mut self, now: Now, output: Output) {
        let store = self.store.as_mut().expect("a node that runs");
        let durable = match output {
            Output::Store(records) => Input::Stored(store.append(records).expect("writes")),
            Output::BeginPage(page, length) => {
                let id = *page.0.as_bytes();
                let begun = store.begin_page(id, length, segment_count(length));
                return begun.expect("begins");
            }
            Output::StoreSegment(page, index, sealed) => {
                let segments = vec![(*page.0.as_bytes(), index, sealed)];
                store.write_segments(&segments).expect("writes");
                Input::SegmentsStored(vec![(page, index)])
            }
            Output::SaveCursors(peer, cursors) => {
                let saved = store.set_cursor(*peer.as_bytes(), cursors);
                return saved.expect("remembers");
            }
            Output::Send(..) | Output::Close(..) | Output::Tell(_) => return,
        };
        self.replica.handle_input(now, durable);
    }
}

fn open(who: Who, folder: &TempDir, now: Now) -> (Store, Replica) {
    let (store, opened) = Store::open(folder.path(), [who as u8; 16]).expect("opens");
    let mut directory = directory();
    let key = Statement::ServiceKey(family_key().0);
    directory
        .learn(state(Who::FamilySteward, 1, key))
        .expect("the steward may");
    let reader = store.reader();
    let replica = Replica::open(
        now,
        Opening {
            signer: who.key(),
            directory,
            epoch: Epoch(opened.epoch),
            rules: Rules::default(),
            records: opened.records.iter().collect(),
            cursors: opened
                .cursors
                .into_iter()
                .map(|(peer, cursors)| (SubjectId::from(peer), cursors))
                .collect(),
            pages: opened
                .pages
                .into_iter()
                .map(|page| (PageId(Hash::from(page.id)), page.bitmap))
                .collect(),
            read: &|at| reader.read(*at).ok(),
        },
    );
    (store, replica)
}
