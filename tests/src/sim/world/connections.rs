//! Connections come and go, and carry frames while they stand.

use guichet_keys::SubjectId;
use guichet_sync::replica::{Input, Send};

use super::super::cast::Post;
use super::super::line::{Connection, End, Knows, MILLISECOND, SECOND};
use super::{Happening, World};

impl World {
    pub(super) fn transmit(
        &mut self,
        machine: usize,
        peer: &SubjectId,
        send: &Send,
        bytes: Vec<u8>,
    ) {
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

    pub(super) fn arrive(&mut self, line: usize, number: u64, end: End, bytes: Vec<u8>) {
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

    pub(super) fn close(&mut self, machine: usize, peer: &SubjectId, reason: &str) {
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

    /// Somebody is going to dial on this line, as supervisors do: soon, but not at once.
    pub fn dial_soon(&mut self, line: usize) {
        if !std::mem::replace(&mut self.lines[line].dials, true) {
            let delay_us = self.random.between(250 * MILLISECOND, 2 * SECOND);
            self.after(delay_us, Happening::Dial(line));
        }
    }

    pub(super) fn dial(&mut self, line: usize) {
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
    pub(super) fn learn_of(&mut self, line: usize, number: u64, end: End) {
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

    pub(super) fn notice(&mut self, line: usize, number: u64, end: End) {
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
