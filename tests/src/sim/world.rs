//! The world: machines, lines and what happens when.
//!
//! One queue of happenings in the order of virtual time drives everything. Inputs go into the real
//! replicas, what they put out is carried out here, and the ledger is told of everything that was
//! promised to a person or signed.

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
use super::line::{Connection, End, Knows, Line, MILLISECOND, SECOND};
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

    fn transmit(&mut self, machine: usize, peer: &SubjectId, send: &Send, bytes: Vec<u8>) {
        let Some((line, end)) = self.connection_of(machine, peer) else {
            return;
        };
        let at_us = self.lines[line].arrival_us(self.now_us, end, bytes.len(), &mut self.random);
        let Some(connection) = &self.lines[line].connection else {
            return;
        };
        let number = connection.number;
        if matches!(send, Send::Stored { .. })
            && let Err(why) = self.ledger.count_sent(number, end, send)
        {
            self.ledger.fail(why);
        }
        self.at(at_us, Happening::Arrive(line, number, end.other(), bytes));
    }

    /// The open connection of a machine to a peer, and at which end of it the machine is.
    fn connection_of(&self, machine: usize, peer: &SubjectId) -> Option<(usize, End)> {
        let here = self.machines[machine].post;
        let there = self.cast.post(peer)?;
        self.lines.iter().enumerate().find_map(|(at, line)| {
            let end = line.end_at(here)?;
            line.end_at(there)?;
            let connection = line.connection.as_ref()?;
            let open = connection.machines[end as usize] == machine
                && connection.knows[end as usize] == Knows::Open;
            open.then_some((at, end))
        })
    }

    fn arrive(&mut self, line: usize, number: u64, end: End, bytes: Vec<u8>) {
        let Some(connection) = &self.lines[line].connection else {
            return;
        };
        let open = connection.knows[end as usize] == Knows::Open;
        if connection.number != number || !connection.carries || !open {
            return;
        }
        let machine = connection.machines[end as usize];
        let peer = self.peer_of(line, end);
        if let Some(heard) = &mut self.heard
            && let Some(at) = Post::ALL.get(machine)
        {
            let from = self.lines[line].posts[end.other() as usize];
            heard.push((*at, from, bytes.clone()));
        }
        self.feed(machine, Input::FrameReceived(peer, bytes));
    }

    fn peer_of(&self, line: usize, end: End) -> SubjectId {
        self.cast
            .subject(self.lines[line].posts[end.other() as usize])
    }

    fn close(&mut self, machine: usize, peer: &SubjectId, reason: &str) {
        self.ledger.check_close(reason);
        let Some((line, end)) = self.connection_of(machine, peer) else {
            return;
        };
        let Some(connection) = &mut self.lines[line].connection else {
            return;
        };
        connection.knows[end as usize] = Knows::Lost;
        let number = connection.number;
        let last_us = connection.last_arrival_us(end).max(self.now_us);
        self.at(last_us + 1, Happening::Notice(line, number, end.other()));
        self.dial_soon(line);
    }
}

/// Connections come and go.
impl World {
    /// Somebody is going to dial on this line, as supervisors do: soon, but not at once.
    pub fn dial_soon(&mut self, line: usize) {
        if !std::mem::replace(&mut self.lines[line].dials, true) {
            let delay_us = self.random.between(250 * MILLISECOND, 2 * SECOND);
            self.after(delay_us, Happening::Dial(line));
        }
    }

    fn dial(&mut self, line: usize) {
        let it = &mut self.lines[line];
        it.dials = false;
        let machines = it.posts.map(|post| self.has_line[&post]);
        let gone = |connection: &Connection| {
            !connection.carries || connection.knows.contains(&Knows::Lost)
        };
        if it.connection.as_ref().is_some_and(|old| !gone(old)) {
            return;
        }
        let up = machines.iter().all(|m| self.machines[*m].process.is_some());
        if !up || it.cuts > 0 {
            return self.dial_soon(line);
        }
        for end in End::BOTH {
            self.forget_old(line, end);
        }
        self.number += 1;
        self.counts.connections += 1;
        let number = self.number;
        let delay_us = self.lines[line].delay_us;
        let mut connection = Connection::new(number, machines);
        connection.hold(End::First, self.now_us + delay_us + 1);
        self.lines[line].connection = Some(connection);
        self.after(delay_us, Happening::Accept(line, number));
        self.learn_of(line, number, End::First);
    }

    /// An end that has not noticed the loss of the old connection may notice it now, or never.
    fn forget_old(&mut self, line: usize, end: End) {
        let Some(old) = &self.lines[line].connection else {
            return;
        };
        let number = old.number;
        if old.knows[end as usize] == Knows::Open && self.random.percent(50) {
            self.lose(line, number, end);
        }
    }

    /// An end sees the new connection.
    fn learn_of(&mut self, line: usize, number: u64, end: End) {
        let peer = self.peer_of(line, end);
        let Some(connection) = self.lines[line]
            .connection
            .as_mut()
            .filter(|connection| connection.number == number && connection.carries)
        else {
            return;
        };
        let machine = connection.machines[end as usize];
        connection.knows[end as usize] = Knows::Open;
        self.feed(machine, Input::PeerConnected(peer));
    }

    /// Cuts the connection on a line: nothing passes, and each end notices within six seconds.
    pub fn sever(&mut self, line: usize) {
        let Some(connection) = &mut self.lines[line].connection else {
            return;
        };
        if !std::mem::replace(&mut connection.carries, false) {
            return;
        }
        let number = connection.number;
        for end in End::BOTH {
            let delay_us = self.random.below(6 * SECOND);
            self.after(delay_us, Happening::Notice(line, number, end));
        }
    }

    fn notice(&mut self, line: usize, number: u64, end: End) {
        self.lose(line, number, end);
        self.dial_soon(line);
    }

    fn lose(&mut self, line: usize, number: u64, end: End) {
        let peer = self.peer_of(line, end);
        let Some(connection) = self.lines[line]
            .connection
            .as_mut()
            .filter(|connection| connection.number == number)
        else {
            return;
        };
        let knew = std::mem::replace(&mut connection.knows[end as usize], Knows::Lost);
        let machine = connection.machines[end as usize];
        if knew == Knows::Open {
            self.feed(machine, Input::PeerLost(peer));
        }
    }

    /// Everything that a machine has open is gone, without its knowing.
    pub fn drop_lines_of(&mut self, machine: usize) {
        for line in 0..self.lines.len() {
            let touches = self.lines[line].connection.as_ref();
            if touches.is_some_and(|connection| connection.machines.contains(&machine)) {
                self.sever(line);
            }
        }
    }

    /// A line of the posts is dialled wherever there is no connection.
    pub fn dial_everywhere(&mut self) {
        (0..self.lines.len()).for_each(|line| self.dial_soon(line));
    }
}

impl World {
    fn tell(&mut self, machine: usize, event: Event) {
        self.trace.add(self.now_us, &event);
        self.on_event(machine, event);
    }
}
