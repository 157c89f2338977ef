//! The world: machines, lines and what happens when.
//!
//! One queue of happenings in the order of virtual time drives everything. Inputs go into the real
//! replicas, what they put out is carried out here, and the ledger is told of everything that was
//! promised to a person or signed.

mod connections;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::time::{Duration, Instant};

use guichet_keys::{AuthorId, CaseTag, SubjectId};
use guichet_sync::replica::{Event, Input, Now, Output, Send};
use guichet_sync::rules::Rules;
use guichet_sync::wire::Epoch;

use super::cast::{BEGINNING_MS, Cast, Post};
use super::disk::{Disk, Done, Job, Platter};
use super::ledger::Ledger;
use super::line::{End, Line, MILLISECOND};
use super::machine::Machine;
use super::random::Random;
use super::trace::Trace;

/// Steps at one moment before time is said to stand still.
const STEPS_MAX: u32 = 200_000;

/// Something that is going to happen.
#[derive(Clone, Debug)]
pub enum Happening {
    /// A frame reaches this end of a connection.
    Arrive(usize, u64, End, Vec<u8>),
    /// The second end sees the connection.
    Accept(usize, u64),
    /// An end sees that the connection is gone.
    Notice(usize, u64, End),
    /// Somebody dials on this line.
    Dial(usize),
    /// A line that was cut is whole again.
    Mend(usize),
    /// The disk has done what it began.
    Written(usize, u32),
    /// The index of a disk is flushed.
    Flush(usize, u32),
    /// A replica asked to be woken.
    Wake(usize, u32),
    /// A machine starts.
    Start(usize),
    /// There is space on a disk again.
    Space(usize),
}

/// What a run counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// What people did.
    pub operations: u64,
    /// Times that lines were cut.
    pub cuts: u64,
    /// Times that a machine stopped dead and was started again.
    pub restarts: u64,
    /// Machines that were copied.
    pub clones: u64,
    /// Connections.
    pub connections: u64,
    /// Frames handed to a line.
    pub frames: u64,
    /// Stored things among them.
    pub items: u64,
    /// Segments among them.
    pub segments: u64,
    /// Bytes of all.
    pub bytes: u64,
    /// Drafts that somebody saw.
    pub drafts: u64,
    /// Virtual time, in milliseconds.
    pub virtual_ms: u64,
}

/// Everything there is.
pub struct World {
    /// Virtual time, in microseconds.
    pub now_us: u64,
    /// What is left to chance.
    pub random: Random,
    /// The rules that hold.
    pub rules: Rules,
    /// Who plays.
    pub cast: Cast,
    /// All machines; those beyond the first four are copies.
    pub machines: Vec<Machine>,
    /// All lines.
    pub lines: Vec<Line>,
    /// The machine at each post that has the line; the other machines of the post have none.
    pub has_line: BTreeMap<Post, usize>,
    /// What was promised.
    pub ledger: Ledger,
    /// What happened.
    pub trace: Trace,
    /// How much of it.
    pub counts: Counts,
    /// What each of the first machines was told, and by whom, if somebody wants to know.
    pub heard: Option<Vec<(Post, Post, Vec<u8>)>>,
    /// When a frame was last sent or a disk last written.
    pub active_us: u64,
    origin: Instant,
    queue: BinaryHeap<Reverse<(u64, u64)>>,
    happenings: BTreeMap<u64, Happening>,
    number: u64,
    steps: u32,
}

impl World {
    /// Four machines that do not run yet, and lines between them.
    pub fn new(seed: u64, rules: Rules) -> Self {
        let mut random = Random::new(seed);
        let cast = Cast::new();
        let machines: Vec<_> = Post::ALL
            .into_iter()
            .map(|post| {
                let platter = Platter::new(Epoch(random.bytes()));
                let mut machine = Machine::new(post, Disk::new(platter));
                machine.skew_ms = random.below(5_000);
                machine
            })
            .collect();
        let mut lines = Vec::new();
        for (at, first) in Post::ALL.into_iter().enumerate() {
            for second in Post::ALL.into_iter().skip(at + 1) {
                if first == Post::Relay || random.percent(40) {
                    lines.push(Line::draw([first, second], &mut random));
                }
            }
        }
        Self {
            now_us: 0,
            random,
            rules,
            cast,
            has_line: Post::ALL.into_iter().zip(0..).collect(),
            machines,
            lines,
            ledger: Ledger::default(),
            trace: Trace::default(),
            counts: Counts::default(),
            heard: None,
            active_us: 0,
            origin: super::test_clock(),
            queue: BinaryHeap::new(),
            happenings: BTreeMap::new(),
            number: 0,
            steps: 0,
        }
    }

    /// Puts something into the future.
    pub fn after(&mut self, delay_us: u64, happening: Happening) {
        self.at(self.now_us + delay_us, happening);
    }

    fn at(&mut self, at_us: u64, happening: Happening) {
        self.number += 1;
        self.queue.push(Reverse((at_us, self.number)));
        self.happenings.insert(self.number, happening);
    }

    /// The time as a machine sees it.
    pub fn now(&self, machine: usize) -> Now {
        Now {
            instant: self.origin + Duration::from_micros(self.now_us),
            wall_ms: BEGINNING_MS
                + self.now_us / MILLISECOND
                + self.machines.get(machine).map_or(0, |m| m.skew_ms),
        }
    }

    /// Lets everything happen that does before this time.
    pub fn run_until(&mut self, until_us: u64) {
        while self
            .queue
            .peek()
            .is_some_and(|Reverse((at_us, _))| *at_us <= until_us)
        {
            self.step();
            if self.ledger.has_failed() {
                return;
            }
        }
        self.now_us = self.now_us.max(until_us);
    }

    /// Lets the next thing happen.
    fn step(&mut self) {
        let Some(Reverse((at_us, number))) = self.queue.pop() else {
            return;
        };
        let Some(happening) = self.happenings.remove(&number) else {
            return;
        };
        self.steps = if at_us > self.now_us {
            0
        } else {
            self.steps + 1
        };
        if self.steps > STEPS_MAX {
            return self
                .ledger
                .fail(format!("time stands still at {happening:?}"));
        }
        self.now_us = at_us;
        self.trace.add(at_us, &happening);
        match happening {
            Happening::Arrive(line, number, end, bytes) => self.arrive(line, number, end, bytes),
            Happening::Accept(line, number) => self.learn_of(line, number, End::Second),
            Happening::Notice(line, number, end) => self.notice(line, number, end),
            Happening::Dial(line) => self.dial(line),
            Happening::Mend(line) => self.lines[line].cuts -= 1,
            Happening::Written(machine, life) => self.written(machine, life),
            Happening::Flush(machine, life) => {
                if self.machines[machine].life == life {
                    self.machines[machine].disk.flush();
                }
            }
            Happening::Wake(machine, life) => self.wake(machine, life),
            Happening::Start(machine) => self.start(machine, &BTreeMap::new()),
            Happening::Space(machine) => self.machines[machine].disk.is_full = false,
        }
    }

    /// Hands an input to a machine's replica and carries out what follows.
    pub fn feed(&mut self, machine: usize, input: Input) {
        let now = self.now(machine);
        let Some(process) = &mut self.machines[machine].process else {
            return;
        };
        process.replica.handle_input(now, input);
        self.drain(machine);
    }

    fn wake(&mut self, machine: usize, life: u32) {
        let now = self.now(machine);
        let it = &mut self.machines[machine];
        if it.life != life || it.wakes_us.is_some_and(|wakes_us| wakes_us > self.now_us) {
            return;
        }
        it.wakes_us = None;
        if let Some(process) = &mut it.process {
            process.replica.handle_timeout(now);
            self.drain(machine);
        }
    }

    /// Carries out what a replica wants, until it wants nothing more.
    pub fn drain(&mut self, machine: usize) {
        let now = self.now(machine);
        let mut events = VecDeque::new();
        while let Some(process) = &mut self.machines[machine].process {
            let Some(output) = process.replica.poll_output(now) else {
                let Some(event) = events.pop_front() else {
                    break;
                };
                self.tell(machine, event);
                continue;
            };
            match output {
                Output::Send(peer, send) => self.send(machine, &peer, &send),
                Output::Close(peer, reason) => self.close(machine, &peer, &reason),
                Output::Store(records) => {
                    let it = &self.machines[machine];
                    let check = self.ledger.check_receipts(now, it, &records);
                    check.unwrap_or_else(|why| self.ledger.fail(why));
                    self.put(machine, Job::Append(records));
                }
                Output::BeginPage(page, length) => self.put(machine, Job::BeginPage(page, length)),
                Output::StoreSegment(page, index, sealed) => {
                    self.put(machine, Job::Segment(page, index, sealed));
                }
                Output::SaveCursors(peer, cursors) => {
                    self.machines[machine].disk.save_cursors(peer, cursors);
                    let life = self.machines[machine].life;
                    let delay_us = self.random.below(600 * MILLISECOND);
                    self.after(delay_us, Happening::Flush(machine, life));
                }
                Output::Tell(event) => events.push_back(event),
            }
        }
        let Some(process) = &self.machines[machine].process else {
            return;
        };
        let Some(due) = process.replica.poll_timeout() else {
            return;
        };
        let at_us = due.saturating_duration_since(self.origin).as_micros() as u64;
        let at_us = at_us.max(self.now_us);
        let it = &mut self.machines[machine];
        if it.wakes_us.is_none_or(|wakes_us| at_us < wakes_us) {
            it.wakes_us = Some(at_us);
            let life = it.life;
            self.at(at_us, Happening::Wake(machine, life));
        }
    }

    /// Starts a machine; whoever is named goes on writing there.
    pub fn start(&mut self, machine: usize, writers: &BTreeMap<CaseTag, AuthorId>) {
        let now = self.now(machine);
        let it = &mut self.machines[machine];
        if it.process.is_some() {
            return;
        }
        let kept = if self.rules.new_author_at_start {
            writers
        } else {
            &it.authors.clone()
        };
        it.boot(now, &self.cast, self.rules, kept, &mut self.random);
        self.drain(machine);
        self.kick(machine);
    }

    /// Adds a job to a machine's disk.
    pub fn put(&mut self, machine: usize, job: Job) {
        self.machines[machine].disk.push(job);
        self.kick(machine);
    }

    fn kick(&mut self, machine: usize) {
        if self.machines[machine].disk.start() {
            let stalls = self.random.percent(3);
            let most_ms = if stalls { 1_500 } else { 15 };
            let delay_us = 200 + self.random.below(most_ms * MILLISECOND);
            let life = self.machines[machine].life;
            self.after(delay_us, Happening::Written(machine, life));
            self.active_us = self.now_us;
        }
    }

    fn written(&mut self, machine: usize, life: u32) {
        if self.machines[machine].life != life || self.machines[machine].process.is_none() {
            return;
        }
        let done = self.machines[machine].disk.finish();
        match done {
            Done::Stored(stored) => self.feed(machine, Input::Stored(stored)),
            Done::StoreFailed => self.feed(machine, Input::StoreFailed),
            Done::Segment(page, index) => {
                self.feed(machine, Input::SegmentsStored(vec![(page, index)]));
            }
            Done::SegmentsFailed(segments) => {
                self.feed(machine, Input::SegmentsFailed(segments));
            }
            Done::Document(document) => self.tell_of_document(machine, *document),
            Done::Nothing => {}
        }
        self.kick(machine);
    }

    fn send(&mut self, machine: usize, peer: &SubjectId, send: &Send) {
        let platter = &self.machines[machine].disk.platter;
        let frame = send.clone().into_frame(
            |at| platter.read(&at).ok_or(()),
            |page, index| platter.read_segment(&page, index).ok_or(()),
        );
        let Ok(bytes) = frame else {
            return self
                .ledger
                .fail(format!("{send:?} names nothing on the disk"));
        };
        self.counts.frames += 1;
        self.counts.bytes += bytes.len() as u64;
        match send {
            Send::Frame(_) => {}
            Send::Stored { .. } => self.counts.items += 1,
            Send::Segment { .. } => self.counts.segments += 1,
        }
        self.active_us = self.now_us;
        self.transmit(machine, peer, send, bytes);
    }

    fn tell(&mut self, machine: usize, event: Event) {
        self.trace.add(self.now_us, &event);
        self.on_event(machine, event);
    }
}
