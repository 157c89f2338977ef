//! The lines under the links of a town, each way of which can be cut: links fall when their ends
//! have heard nothing for a while, and are dialled again; media goes straight or not at all.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use guichet_media::{booth, desk, hall};

use super::links::Frame;
use super::network::subject;
use super::town::Town;

/// How often the lines are looked at.
pub const TICK: Duration = Duration::from_millis(250);
/// A link whose other end is silent for so long is given up.
const SILENCE_MAX: Duration = Duration::from_secs(5);
/// How often the media thread reports.
const REPORT: Duration = Duration::from_secs(1);

/// A node's line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Closed {
    pub inward: bool,
    pub outward: bool,
}

pub struct Lines {
    pub closed: BTreeMap<u8, Closed>,
    /// Links that are dialled again when they fell, and how long after the line is back.
    pub wanted: Vec<(u8, u8)>,
    pub dial_after: Duration,
    /// Whether media finds a way between nodes.
    pub media: bool,
    pub next: Instant,
    heard: BTreeMap<(u8, u8), Instant>,
    open_since: BTreeMap<(u8, u8), Instant>,
    report_at: Instant,
}

impl Lines {
    pub fn new(now: Instant, wanted: Vec<(u8, u8)>) -> Self {
        Self {
            closed: BTreeMap::new(),
            wanted,
            dial_after: REPORT,
            media: true,
            next: now,
            heard: BTreeMap::new(),
            open_since: BTreeMap::new(),
            report_at: now,
        }
    }

    pub fn passes(&self, from: u8, to: u8) -> bool {
        let closed = |node| self.closed.get(&node).copied().unwrap_or_default();
        !closed(from).outward && !closed(to).inward
    }
}

impl Town {
    /// Looks at the lines, once every [`TICK`].
    pub fn look_at_lines(&mut self) {
        let now = self.now;
        let Some(lines) = self.lines.as_mut().filter(|lines| lines.next <= now) else {
            return;
        };
        lines.next = now + TICK;
        let reports = lines.report_at <= now;
        if reports {
            lines.report_at = now + REPORT;
        }
        let wanted = lines.wanted.clone();
        let runs = |number: &u8| self.nodes.contains_key(number);
        let wanted: Vec<(u8, u8)> = wanted
            .into_iter()
            .filter(|(one, other)| runs(one) && runs(other))
            .collect();
        for (one, other) in &wanted {
            for (here, there) in [(*one, *other), (*other, *one)] {
                self.listen(here, there);
            }
            self.dial(*one, *other);
        }
        if reports {
            self.report();
        }
    }

    fn listen(&mut self, here: u8, there: u8) {
        let now = self.now;
        let Some(lines) = &mut self.lines else { return };
        let heard = lines.heard.entry((here, there)).or_insert(now);
        let silent_for = now - *heard;
        if lines.passes(there, here) {
            lines.heard.insert((here, there), now);
        } else if silent_for >= SILENCE_MAX && self.links.contains_key(&(here, there)) {
            self.fly(here, there, Frame::Close, Duration::ZERO);
            self.part(here, there);
        }
    }

    fn dial(&mut self, one: u8, other: u8) {
        let now = self.now;
        let ends = [(one, other), (other, one)];
        let stands = ends.iter().all(|end| self.links.contains_key(end));
        let Some(lines) = &mut self.lines else { return };
        if stands || !lines.passes(one, other) || !lines.passes(other, one) {
            lines.open_since.remove(&(one, other));
            return;
        }
        let open_since = *lines.open_since.entry((one, other)).or_insert(now);
        if open_since + lines.dial_after <= now {
            for end in ends {
                lines.heard.insert(end, now);
            }
            self.join(one, other);
        }
    }

    /// What media threads report: whether the other end of an open call was heard.
    fn report(&mut self) {
        let numbers: Vec<u8> = self.nodes.keys().copied().collect();
        for here in numbers {
            let node = self.node(here);
            let open = node.begun.iter().find(|(call, _)| node.open.contains(call));
            let Some(with) = open.map(|(_, with)| *with) else {
                continue;
            };
            let there = self.numbers[&with];
            let Some(lines) = &self.lines else { return };
            let open_there = self
                .nodes
                .get(&there)
                .is_some_and(|far| !far.open.is_empty());
            if !lines.media || !open_there || !lines.passes(there, here) {
                continue;
            }
            self.hall(here, hall::Input::Alive(subject(there)));
            self.line(here, booth::Input::Alive(subject(there)));
            self.desk_hears(here, desk::Input::Alive(subject(there)));
        }
    }
}
