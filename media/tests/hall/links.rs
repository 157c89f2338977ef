//! The links of a town: who is told of whom when one stands or falls, as a node does it.

use std::time::Duration;

use guichet_media::{booth, hall};

use super::network::{RELAY, subject};
use super::town::Town;

/// What travels on a link.
#[derive(Clone)]
pub enum Frame {
    Signal(Vec<u8>),
    /// A relay tells who is there, and who is not any more.
    Roster(Vec<(u8, bool)>),
    /// The other end gave the link up.
    Close,
}

impl Town {
    /// A link stands, at both ends.
    pub fn join(&mut self, one: u8, other: u8) {
        self.life += 1;
        let generation = self.life;
        for (here, there) in [(one, other), (other, one)] {
            if self.links.contains_key(&(here, there)) {
                self.part(here, there);
            }
            self.links.insert((here, there), generation);
            self.hall(here, hall::Input::PeerUp(subject(there)));
            self.line(here, booth::Input::LineReturned);
            self.tell_roster(here, None);
        }
    }

    /// A link falls, at one end.
    pub fn part(&mut self, here: u8, there: u8) {
        if self.links.remove(&(here, there)).is_none() {
            return;
        }
        if self.peers(here).is_empty() {
            self.line(here, booth::Input::LineCut);
        }
        self.hall(here, hall::Input::PeerDown(subject(there)));
        self.tell_roster(here, Some(there));
    }

    /// From now on a link takes so long, each way.
    pub fn slow(&mut self, one: u8, other: u8, delay: Duration) {
        self.delays
            .extend([((one, other), delay), ((other, one), delay)]);
    }

    /// Cuts a node off from everybody, at once and at both ends. What flies is lost.
    pub fn cut(&mut self, number: u8) {
        let peers = self.peers(number);
        self.flying
            .retain(|flight| flight.from != number && flight.to != number);
        for other in peers {
            self.part(number, other);
            self.part(other, number);
        }
    }

    /// Kills a node: it is cut off and forgets.
    pub fn kill(&mut self, number: u8) {
        self.cut(number);
        self.nodes.remove(&number);
    }

    pub fn peers(&self, number: u8) -> Vec<u8> {
        let ends = self.links.keys().filter(|(here, _)| *here == number);
        ends.map(|(_, there)| *there).collect()
    }

    fn tell_roster(&mut self, here: u8, left: Option<u8>) {
        if here != RELAY {
            return;
        }
        let peers = self.peers(RELAY);
        let mut roster: Vec<(u8, bool)> = peers.iter().map(|peer| (*peer, true)).collect();
        roster.extend(left.map(|peer| (peer, false)));
        for to in peers {
            self.fly(RELAY, to, Frame::Roster(roster.clone()), Duration::ZERO);
        }
    }

    /// Sends a frame, which arrives only if its link still stands then.
    pub fn fly(&mut self, from: u8, to: u8, frame: Frame, later: Duration) {
        if let Some(generation) = self.links.get(&(from, to)).copied() {
            let delay = self.delays.get(&(from, to)).copied();
            let at = self.now + delay.unwrap_or(self.delay) + later;
            let flight = super::town::Flight {
                at,
                from,
                to,
                generation,
                frame,
            };
            if let Frame::Signal(bytes) = &flight.frame {
                let told = self.told.entry((from, to)).or_default();
                *told = (told.0 + 1, told.1 + bytes.len());
            }
            self.flying.push(flight);
        }
    }

    pub fn arrive(&mut self, from: u8, to: u8, frame: Frame) {
        match frame {
            Frame::Signal(bytes) => self.hall(to, hall::Input::Received(subject(from), bytes)),
            Frame::Close => self.part(to, from),
            Frame::Roster(members) => {
                for (member, there) in members {
                    let vouched = hall::Input::Vouched {
                        relay: subject(from),
                        member: subject(member),
                        there,
                    };
                    self.hall(to, vouched);
                }
            }
        }
    }
}
