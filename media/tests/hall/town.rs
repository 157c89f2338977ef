//! A town in virtual time: real halls, booths and desks, whose frames take a while.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use guichet_keys::{Directory, Role, SubjectId};
use guichet_media::booth::{self, Booth};
use guichet_media::desk::{self, Desk};
use guichet_media::hall::{self, Hall, News};
use guichet_media::signal::Stage;
use guichet_media::{CallId, Declined, TicketId};

use super::lines::Lines;
use super::links::Frame;
use super::network::{self, KIOSKS, RELAY, STATIONS, person, signer, subject};

/// How often a town may stand still before something is taken to spin.
const STILL_MAX: usize = 1_000;

pub enum Side {
    Booth(Booth),
    Desk(Desk),
    Relay,
}

/// A node, and the calls whose media would be prepared or pass there.
pub struct Node {
    pub hall: Hall,
    pub side: Side,
    pub begun: BTreeMap<CallId, SubjectId>,
    pub open: BTreeSet<CallId>,
}

/// A frame on its way over a link.
pub struct Flight {
    pub at: Instant,
    pub from: u8,
    pub to: u8,
    pub generation: u64,
    pub frame: Frame,
}

pub struct Town {
    pub now: Instant,
    /// How long a frame takes.
    pub delay: Duration,
    /// How long it takes on links that differ.
    pub delays: BTreeMap<(u8, u8), Duration>,
    directory: &'static Directory,
    pub nodes: BTreeMap<u8, Node>,
    /// What each end knows of its links, and which generation they are of.
    pub links: BTreeMap<(u8, u8), u64>,
    pub flying: Vec<Flight>,
    pub numbers: BTreeMap<SubjectId, u8>,
    pub lines: Option<Lines>,
    /// Whether strangers' words may make members' own be refused.
    pub is_rough: bool,
    /// Signals that were sent from one to another, and their bytes.
    pub told: BTreeMap<(u8, u8), (usize, usize)>,
    pub life: u64,
}

impl Town {
    /// Everybody is linked to the relay; advisers are at the first two stations.
    pub fn new() -> Self {
        Self::with_advisers(&STATIONS[..2])
    }

    /// Everybody is linked to the relay; advisers are at these stations.
    pub fn with_advisers(stations: &[u8]) -> Self {
        let mut town = Self {
            now: super::test_clock(),
            delay: Duration::from_millis(30),
            delays: BTreeMap::new(),
            directory: network::directory(),
            nodes: BTreeMap::new(),
            links: BTreeMap::new(),
            flying: Vec::new(),
            numbers: BTreeMap::new(),
            lines: None,
            is_rough: false,
            told: BTreeMap::new(),
            life: 0,
        };
        town.start(RELAY);
        KIOSKS.iter().for_each(|kiosk| town.start(*kiosk));
        stations.iter().for_each(|station| town.unlock(*station));
        town
    }

    /// Starts a node and links it to the relay.
    pub fn start(&mut self, number: u8) {
        self.life += 1;
        let (role, side) = match number {
            RELAY => (Role::Relay, Side::Relay),
            kiosk if KIOSKS.contains(&kiosk) => (Role::Kiosk, Side::Booth(Booth::default())),
            _ => (Role::Station, Side::Desk(Desk::new(subject(number)))),
        };
        let node = Node {
            hall: Hall::new(signer(number), role, self.life),
            side,
            begun: BTreeMap::new(),
            open: BTreeSet::new(),
        };
        self.nodes.insert(number, node);
        self.numbers.insert(subject(number), number);
        if number != RELAY {
            self.join(number, RELAY);
        }
    }

    /// Starts a station and opens its adviser's vault.
    pub fn unlock(&mut self, station: u8) {
        self.start(station);
        let unlocked = desk::Input::Unlocked {
            person: person(station),
            services: vec![network::family()],
        };
        self.at_desk(station, unlocked);
    }

    pub fn node(&mut self, number: u8) -> &mut Node {
        self.nodes.get_mut(&number).expect("it runs")
    }

    pub fn line(&mut self, number: u8, input: booth::Input<'_>) {
        if let Some(Node {
            side: Side::Booth(booth),
            ..
        }) = self.nodes.get_mut(&number)
        {
            taken(booth.handle_input(self.now, input));
        }
        self.settle(number);
    }

    pub fn desk_hears(&mut self, number: u8, input: desk::Input<'_>) {
        if let Some(Node {
            side: Side::Desk(desk),
            ..
        }) = self.nodes.get_mut(&number)
        {
            taken(desk.handle_input(self.now, input));
        }
        self.settle(number);
    }

    pub fn hall(&mut self, number: u8, input: hall::Input) {
        if let Some(node) = self.nodes.get_mut(&number) {
            let taken = node.hall.handle_input(self.now, self.directory, input);
            assert!(self.is_rough || taken.is_ok(), "{number}: {taken:?}");
        }
        self.settle(number);
    }

    /// Tries what a node must not take in.
    pub fn try_hall(&mut self, number: u8, input: hall::Input) -> Result<(), hall::Refused> {
        let node = self.nodes.get_mut(&number).expect("it runs");
        let taken = node.hall.handle_input(self.now, self.directory, input);
        self.settle(number);
        taken
    }

    pub fn booth(&self, kiosk: u8) -> &booth::State {
        match &self.nodes[&kiosk].side {
            Side::Booth(booth) => booth.state(),
            Side::Desk(_) | Side::Relay => panic!("{kiosk} is no kiosk"),
        }
    }

    pub fn desk(&self, station: u8) -> &Desk {
        match &self.nodes[&station].side {
            Side::Desk(desk) => desk,
            Side::Booth(_) | Side::Relay => panic!("{station} is no station"),
        }
    }

    /// Since when the other end of its call is lost to a node.
    pub fn lost(&self, number: u8) -> Option<Instant> {
        match &self.nodes[&number].side {
            Side::Booth(booth) => booth.lost(),
            Side::Desk(desk) => desk.lost(),
            Side::Relay => None,
        }
    }

    pub fn hall_of(&self, number: u8) -> &Hall {
        &self.nodes[&number].hall
    }

    /// The tickets that wait, as a station sees them.
    pub fn queue(&self, station: u8) -> Vec<TicketId> {
        order(&self.nodes[&station].hall)
    }

    /// The calls whose media passes at a node.
    pub fn open_calls(&self, number: u8) -> Vec<CallId> {
        self.nodes[&number].open.iter().copied().collect()
    }

    /// The calls whose media is prepared at a node, and with whom.
    pub fn begun_calls(&self, number: u8) -> Vec<(CallId, SubjectId)> {
        let begun = &self.nodes[&number].begun;
        begun.iter().map(|(call, with)| (*call, *with)).collect()
    }

    /// Lets time pass; advisers' pages stay open.
    pub fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        let mut still = 0;
        loop {
            let next = self.next().filter(|next| *next <= end);
            still = if next.is_some_and(|next| next <= self.now) {
                still + 1
            } else {
                0
            };
            assert!(still < STILL_MAX, "something spins");
            self.now = next.unwrap_or(end).max(self.now);
            self.deliver();
            self.look_at_lines();
            let all: Vec<u8> = self.nodes.keys().copied().collect();
            for number in all {
                self.wake(number);
            }
            if next.is_none() {
                return;
            }
        }
    }

    fn next(&self) -> Option<Instant> {
        let timeouts = self.nodes.values().flat_map(|node| {
            let side = match &node.side {
                Side::Booth(booth) => booth.poll_timeout(),
                Side::Desk(desk) => desk.poll_timeout(),
                Side::Relay => None,
            };
            [node.hall.poll_timeout(), side]
        });
        let arrivals = self.flying.iter().map(|flight| flight.at);
        let lines = self.lines.iter().map(|lines| lines.next);
        timeouts.flatten().chain(arrivals).chain(lines).min()
    }

    /// What arrives at a closed line waits, and what comes behind it too, until the line is open or
    /// the link falls.
    fn deliver(&mut self) {
        let now = self.now;
        let due: Vec<_> = self.flying.extract_if(.., |it| it.at <= now).collect();
        for flight in due {
            let Flight { from, to, .. } = flight;
            if self.links.get(&(to, from)) != Some(&flight.generation) {
                continue;
            }
            match &self.lines {
                Some(lines) if !lines.passes(from, to) => {
                    let at = now + super::lines::TICK;
                    let behind = self.flying.iter_mut();
                    behind
                        .filter(|it| it.from == from && it.to == to)
                        .for_each(|it| it.at = it.at.max(at));
                    self.flying.push(Flight { at, ..flight });
                }
                Some(_) | None => self.arrive(from, to, flight.frame),
            }
        }
    }

    fn wake(&mut self, number: u8) {
        let Some(node) = self.nodes.get_mut(&number) else {
            return;
        };
        node.hall.handle_timeout(self.now, self.directory);
        match &mut node.side {
            Side::Booth(booth) => booth.handle_timeout(self.now),
            Side::Desk(desk) => {
                taken(desk.handle_input(self.now, desk::Input::PageSeen));
                desk.handle_timeout(self.now);
            }
            Side::Relay => {}
        }
        self.settle(number);
    }

    /// Hands on what a node's machines say until nothing is left.
    pub fn settle(&mut self, number: u8) {
        loop {
            let Some(node) = self.nodes.get_mut(&number) else {
                return;
            };
            if let Some(output) = node.hall.poll_output() {
                match output {
                    hall::Output::Send(to, frame) => self.send(number, &to, frame),
                    hall::Output::Tell(news) => node.hear(self.now, &news),
                }
                continue;
            }
            if node.act() {
                continue;
            }
            let statement = match &node.side {
                Side::Booth(booth) => booth.statement(),
                Side::Desk(desk) => desk.statement(),
                Side::Relay => hall::Statement::Nothing,
            };
            let stated = hall::Input::Stated(statement);
            let taken = node.hall.handle_input(self.now, self.directory, stated);
            taken.expect("its own statement");
            if !node.hall.has_output() {
                return;
            }
        }
    }

    fn send(&mut self, from: u8, to: &SubjectId, frame: Vec<u8>) {
        let to = self.numbers[to];
        assert!(
            self.links.contains_key(&(from, to)),
            "{from} has no line to {to}"
        );
        self.fly(from, to, Frame::Signal(frame), Duration::ZERO);
    }
}

impl Node {
    fn hear(&mut self, now: Instant, news: &News) {
        match (&mut self.side, news) {
            (Side::Booth(booth), News::Desk(station)) => {
                if let Some(desk) = self.hall.desk(station) {
                    taken(booth.handle_input(now, booth::Input::Desk(desk)));
                }
            }
            (Side::Booth(booth), News::DeskHeard(station)) => {
                taken(booth.handle_input(now, booth::Input::DeskHeard(*station)));
            }
            (Side::Booth(booth), News::DeskGone(station)) => {
                taken(booth.handle_input(now, booth::Input::DeskGone(*station)));
            }
            (Side::Desk(desk), News::Ticket(ticket)) => {
                if let Some(seen) = self.hall.ticket(ticket) {
                    taken(desk.handle_input(now, desk::Input::Ticket(seen)));
                }
                taken(desk.handle_input(now, desk::Input::Ordered(order(&self.hall))));
            }
            (Side::Desk(desk), News::TicketGone(ticket)) => {
                taken(desk.handle_input(now, desk::Input::TicketGone(*ticket)));
                taken(desk.handle_input(now, desk::Input::Ordered(order(&self.hall))));
            }
            (Side::Desk(desk), News::TicketForgotten(ticket)) => {
                taken(desk.handle_input(now, desk::Input::TicketForgotten(*ticket)));
                taken(desk.handle_input(now, desk::Input::Ordered(order(&self.hall))));
            }
            _ => {}
        }
    }

    fn act(&mut self) -> bool {
        match &mut self.side {
            Side::Booth(booth) => match booth.poll_output() {
                Some(booth::Output::Begin(call, with)) => self.begin(call, with),
                Some(booth::Output::Open(call)) => self.open(call),
                Some(booth::Output::End(call)) => self.end(call),
                Some(booth::Output::Joined | booth::Output::Changed) => true,
                None => false,
            },
            Side::Desk(desk) => match desk.poll_output() {
                Some(desk::Output::Begin(call, with)) => self.begin(call, with),
                Some(desk::Output::Open(call)) => self.open(call),
                Some(desk::Output::End(call)) => self.end(call),
                Some(desk::Output::Took | desk::Output::OutOfTurn(..) | desk::Output::Changed) => {
                    true
                }
                None => false,
            },
            Side::Relay => false,
        }
    }

    fn begin(&mut self, call: CallId, with: SubjectId) -> bool {
        assert!(self.begun.insert(call, with).is_none(), "begun twice");
        assert_eq!(self.begun.len(), 1, "one call at a time");
        true
    }

    fn open(&mut self, call: CallId) -> bool {
        assert!(self.begun.contains_key(&call), "opened before it began");
        assert!(self.open.insert(call), "opened twice");
        true
    }

    fn end(&mut self, call: CallId) -> bool {
        assert!(self.begun.remove(&call).is_some(), "ended, and never began");
        self.open.remove(&call);
        true
    }
}

fn taken(taken: Result<(), Declined>) {
    taken.expect("nobody is busy");
}

fn order(hall: &Hall) -> Vec<TicketId> {
    let queue = hall.queue(&[network::family()]);
    let waits = queue
        .into_iter()
        .filter(|seen| seen.notice.stage == Stage::Waiting);
    waits.map(|seen| seen.notice.ticket).collect()
}
