//! Nodes with their pages in virtual time, and the lines between them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use guichet_media::{
    CallId, CallState, Certificate, End, Event, Fingerprint, Input, LegDescription, Output, PageId,
    Report, Sending, Session,
};

use super::browser::Browser;

const LOOPBACK: Duration = Duration::from_micros(100);
const SIGNAL: Duration = Duration::from_millis(40);
/// How often the world may stand still before something is taken to spin.
const STILL_MAX: usize = 10_000;

#[expect(
    clippy::disallowed_methods,
    reason = "an Instant can be had in no other way; tests count from this one"
)]
pub fn test_clock() -> Instant {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    *START.get_or_init(Instant::now)
}

pub struct Node {
    pub session: Session,
    pub fingerprint: Fingerprint,
    pub browser: Option<Browser>,
    /// What the session told, and when.
    pub told: Vec<(Instant, Event)>,
    pages: u64,
}

impl Node {
    pub fn new(certificate: Certificate) -> Self {
        Self {
            fingerprint: certificate.fingerprint(),
            session: Session::new(certificate),
            browser: None,
            told: Vec::new(),
            pages: 0,
        }
    }
}

/// How what nodes tell each other of their legs gets across.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signals {
    Pass,
    Lost,
    /// Kept in [`World::held`].
    Held,
}

/// The line between nodes.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    pub delay: Duration,
    pub cut: bool,
    /// A node at which nothing arrives, though what it sends does elsewhere.
    pub deaf: Option<usize>,
    /// Lost packets in a thousand.
    pub loss: u64,
    /// Bits per second, with a queue of 300 ms; any if `None`.
    pub rate_bps: Option<u64>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Travelling {
    Datagram {
        from: SocketAddr,
        to: SocketAddr,
        bytes: Vec<u8>,
    },
    Signal {
        to: usize,
        nth: usize,
    },
}

pub struct World {
    pub now: Instant,
    pub nodes: Vec<Node>,
    pub line: Line,
    pub signals: Signals,
    /// Descriptions that were held: for whom, of which call, and what.
    pub held: Vec<(usize, CallId, LegDescription)>,
    /// Datagrams that left for another node, whether they arrived or not.
    pub wire: Vec<(SocketAddr, Vec<u8>)>,
    /// Whether calls and pages may be others than this world has made.
    is_bare: bool,
    travelling: BinaryHeap<Reverse<(Instant, u64, Travelling)>>,
    sent: u64,
    signalled: Vec<(CallId, LegDescription)>,
    ends: BTreeMap<CallId, (usize, usize)>,
    line_free: BTreeMap<SocketAddr, Instant>,
    random: u64,
}

pub fn wan_address(node: usize) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::new(10, 0, 0, 1 + node as u8), 7_000))
}

pub fn page_address(node: usize) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 8_000 + node as u16))
}

pub fn call(n: u8) -> CallId {
    CallId([n; 16])
}

/// How many packets of media the caller and the callee sent to each other; sources are numbered
/// by the protocol, and padding has others.
pub fn media_on_wire(wire: &[(SocketAddr, Vec<u8>)]) -> [usize; 2] {
    let sent = |sources: [[u8; 4]; 2]| {
        let is_media = |(_, bytes): &&(SocketAddr, Vec<u8>)| {
            let ssrc = bytes.get(8..12).filter(|_| bytes[1] & 0x7f > 95);
            bytes[0] >= 128 && ssrc.is_some_and(|ssrc| sources.iter().any(|s| s == ssrc))
        };
        wire.iter().filter(is_media).count()
    };
    [
        sent([[0, 0, 1, 1], [0, 0, 1, 2]]),
        sent([[0, 0, 2, 1], [0, 0, 2, 2]]),
    ]
}

impl World {
    pub fn new(nodes: usize) -> Self {
        let mut world = Self {
            now: test_clock(),
            nodes: Vec::new(),
            line: Line {
                delay: Duration::from_millis(30),
                cut: false,
                deaf: None,
                loss: 0,
                rate_bps: None,
            },
            signals: Signals::Pass,
            held: Vec::new(),
            wire: Vec::new(),
            is_bare: false,
            travelling: BinaryHeap::new(),
            sent: 0,
            signalled: Vec::new(),
            ends: BTreeMap::new(),
            line_free: BTreeMap::new(),
            random: 1,
        };
        for index in 0..nodes {
            let certificate = Certificate::generate().expect("made");
            world.nodes.push(Node::new(certificate));
            world.open_addresses(index);
        }
        world
    }

    /// Two nodes in an open call, all sending, two seconds old.
    pub fn in_call() -> Self {
        let mut world = Self::new(2);
        world.open_page(0);
        world.open_page(1);
        world.begin(call(1), 0, 1);
        world.run_ms(1_000);
        world.open(call(1));
        world.run_ms(2_000);
        world
    }

    pub fn open_addresses(&mut self, node: usize) {
        let page = vec![page_address(node)];
        let wan = vec![wan_address(node)];
        self.input(node, Input::AddressesOpened { page, wan });
    }

    /// Loads the page of a node, again if there is one; the page's mark is unique.
    pub fn open_page(&mut self, node: usize) -> u8 {
        let pages = self.nodes[node].pages;
        self.nodes[node].pages += 1;
        let mark = (10 * (node + 1)) as u8 + pages as u8;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 9_000 + u16::from(mark)));
        let (browser, sdp) = Browser::new(self.now, address, mark);
        self.nodes[node].browser = Some(browser);
        let page = PageId(pages);
        self.input(node, Input::PageOffered { page, sdp });
        mark
    }

    pub fn begin(&mut self, call: CallId, caller: usize, callee: usize) {
        self.ends.insert(call, (caller, callee));
        for (node, end, peer) in [(caller, End::Caller, callee), (callee, End::Callee, caller)] {
            let peer = self.nodes[peer].fingerprint;
            self.input(node, Input::CallBegun { call, end, peer });
        }
    }

    /// Both say yes and send everything.
    pub fn open(&mut self, call: CallId) {
        let (caller, callee) = self.ends[&call];
        for node in [caller, callee] {
            self.send(call, node, Sending::On, Sending::On);
            self.input(node, Input::CallOpened { call });
        }
    }

    pub fn end(&mut self, call: CallId) {
        let (caller, callee) = self.ends[&call];
        self.input(caller, Input::CallEnded { call });
        self.input(callee, Input::CallEnded { call });
    }

    /// What a node sends, which it tells the other.
    pub fn send(&mut self, call: CallId, node: usize, audio: Sending, video: Sending) {
        let other = self.other(call, node);
        self.input(node, Input::Sending { audio, video });
        self.input(other, Input::PeerSending { call, audio, video });
    }

    pub fn input(&mut self, node: usize, input: Input) {
        self.nodes[node].session.handle_input(self.now, input);
        self.drain(node);
    }

    /// The same of a call or an offer that this world has not made.
    pub fn input_bare(&mut self, node: usize, input: Input) {
        self.is_bare = true;
        self.input(node, input);
    }

    pub fn run_ms(&mut self, ms: u64) {
        let until = self.now + Duration::from_millis(ms);
        let mut still = 0;
        while let Some(at) = self.next().filter(|at| *at <= until) {
            still = if at > self.now { 0 } else { still + 1 };
            assert!(still < STILL_MAX, "something spins");
            self.now = self.now.max(at);
            self.step();
        }
        self.now = until;
    }

    pub fn browser(&self, node: usize) -> &Browser {
        self.nodes[node].browser.as_ref().expect("a page is open")
    }

    pub fn browser_mut(&mut self, node: usize) -> &mut Browser {
        self.nodes[node].browser.as_mut().expect("a page is open")
    }

    /// The states of calls that a node told since a time.
    pub fn states(&self, node: usize, since: Instant) -> Vec<(Duration, CallState)> {
        let states = self.nodes[node].told.iter().filter_map(|(at, event)| {
            let Event::CallChanged { state, .. } = event else {
                return None;
            };
            (*at >= since).then(|| (*at - since, *state))
        });
        states.collect()
    }

    /// The highest generation that a node described.
    pub fn generation(&self, node: usize) -> u32 {
        let generations = self.nodes[node].told.iter().filter_map(|(_, event)| {
            let Event::Describe { leg, .. } = event else {
                return None;
            };
            Some(leg.generation)
        });
        generations.max().unwrap_or_default()
    }

    pub fn reports(&self, node: usize) -> Vec<Report> {
        let reports = self.nodes[node].told.iter().filter_map(|(_, event)| {
            let Event::Reported(report) = event else {
                return None;
            };
            Some(report.clone())
        });
        reports.collect()
    }

    pub fn other(&self, call: CallId, node: usize) -> usize {
        let (caller, callee) = self.ends[&call];
        if node == caller { callee } else { caller }
    }

    /// A repeatable random number (SplitMix64).
    pub fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.random;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    fn next(&self) -> Option<Instant> {
        let travelling = self.travelling.peek().map(|Reverse((at, ..))| *at);
        let nodes = self.nodes.iter().flat_map(|node| {
            let browser = node.browser.as_ref().map(Browser::wake);
            [node.session.poll_timeout(), browser]
        });
        nodes.chain([travelling]).flatten().min()
    }

    fn step(&mut self) {
        while let Some(Reverse((at, ..))) = self.travelling.peek()
            && *at <= self.now
            && let Some(Reverse((_, _, arrived))) = self.travelling.pop()
        {
            self.arrive(arrived);
        }
        for node in 0..self.nodes.len() {
            let session = &mut self.nodes[node].session;
            if session.poll_timeout().is_some_and(|at| at <= self.now) {
                session.handle_timeout(self.now);
            }
            if let Some(browser) = &mut self.nodes[node].browser
                && browser.wake() <= self.now
            {
                browser.handle_timeout(self.now);
            }
            self.drain(node);
        }
    }

    fn arrive(&mut self, arrived: Travelling) {
        match arrived {
            Travelling::Signal { to, nth } => {
                let (call, leg) = self.signalled[nth].clone();
                self.input(to, Input::Described { call, leg });
            }
            Travelling::Datagram { from, to, bytes } => {
                for node in 0..self.nodes.len() {
                    if to == wan_address(node) || to == page_address(node) {
                        let local = to;
                        let bytes = bytes.clone();
                        self.input(node, Input::Datagram { local, from, bytes });
                    } else if let Some(browser) = &mut self.nodes[node].browser
                        && browser.address == to
                    {
                        browser.receive(self.now, from, &bytes);
                        self.drain(node);
                    }
                }
            }
        }
    }

    fn drain(&mut self, node: usize) {
        while let Some(output) = self.nodes[node].session.poll_output() {
            match output {
                Output::Transmit { local, to, bytes } => self.transmit(local, to, bytes),
                Output::Tell(event) => self.tell(node, event),
            }
        }
        while let Some(browser) = &mut self.nodes[node].browser
            && let Some((from, to, bytes)) = browser.poll_packet()
        {
            self.transmit(from, to, bytes);
        }
    }

    fn tell(&mut self, node: usize, event: Event) {
        if let Event::PageAnswered { sdp, .. } = &event
            && !self.is_bare
            && let Some(browser) = &mut self.nodes[node].browser
        {
            browser.answered(self.now, sdp);
        }
        if let Event::Describe { call, leg } = &event
            && self.ends.contains_key(call)
        {
            self.signal(self.other(*call, node), *call, leg.clone());
        }
        self.nodes[node].told.push((self.now, event));
    }

    fn signal(&mut self, to: usize, call: CallId, leg: LegDescription) {
        match self.signals {
            Signals::Lost => {}
            Signals::Held => self.held.push((to, call, leg)),
            Signals::Pass => {
                let nth = self.signalled.len();
                self.signalled.push((call, leg));
                self.travel(self.now + SIGNAL, Travelling::Signal { to, nth });
            }
        }
    }

    fn transmit(&mut self, from: SocketAddr, to: SocketAddr, bytes: Vec<u8>) {
        if from.ip().is_loopback() {
            let datagram = Travelling::Datagram { from, to, bytes };
            self.travel(self.now + LOOPBACK, datagram);
            return;
        }
        self.wire.push((from, bytes.clone()));
        let lost = self.random() % 1_000 < self.line.loss;
        let deaf = self.line.deaf.is_some_and(|node| to == wan_address(node));
        if self.line.cut || deaf || lost {
            return;
        }
        let mut leaves = self.now;
        if let Some(rate_bps) = self.line.rate_bps {
            let free = self.line_free.entry(from).or_insert(self.now);
            leaves = leaves.max(*free);
            if leaves - self.now > Duration::from_millis(300) {
                return;
            }
            let bits = 8 * (bytes.len() as u64 + 28);
            leaves += Duration::from_micros(bits * 1_000_000 / rate_bps);
            *free = leaves;
        }
        let datagram = Travelling::Datagram { from, to, bytes };
        self.travel(leaves + self.line.delay, datagram);
    }

    fn travel(&mut self, at: Instant, what: Travelling) {
        self.sent += 1;
        self.travelling.push(Reverse((at, self.sent, what)));
    }
}
