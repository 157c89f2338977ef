//! An unlocked desk that nobody is at: what its [clock](super::idle_lock) is told, and does.

use std::time::Instant;

use super::idle_lock::{Input, Output};
use crate::app::node::{Duty, Node};
use crate::clock;
use crate::web::counter::Change;
use crate::web::view::LockNotice;

impl Node {
    /// Whoever sits here did something: neither the visit nor the desk is left alone.
    pub(in crate::app) fn acted(&mut self) {
        self.touch();
        self.tell_idle_lock(Input::Acted);
    }

    /// When the desk must be looked at again.
    pub(in crate::app) fn desk_due_at(&self) -> Option<Instant> {
        self.station().ok()?.idle.poll_timeout()
    }

    /// Time has passed at the desk.
    pub(in crate::app) fn on_desk_timeout(&mut self) {
        let engaged = self.is_engaged();
        if let Duty::Station(station) = &mut self.duty {
            let now = clock::now();
            station.idle.handle_input(now, Input::Engaged(engaged));
            station.idle.handle_timeout(now);
        }
        self.obey_idle_lock();
    }

    pub(super) fn tell_idle_lock(&mut self, input: Input) {
        if let Duty::Station(station) = &mut self.duty {
            station.idle.handle_input(clock::now(), input);
        }
        self.obey_idle_lock();
    }

    fn obey_idle_lock(&mut self) {
        while let Duty::Station(station) = &mut self.duty
            && let Some(output) = station.idle.poll_output()
        {
            match output {
                Output::Announce | Output::Withdraw => {
                    self.counter.tell(Change::Locking);
                }
                Output::Lock => {
                    tracing::info!("a desk that nobody was at has locked itself");
                    self.lock();
                }
            }
        }
    }

    /// When the desk locks itself, once that is soon.
    pub(in crate::app) fn locking(&self) -> Option<LockNotice> {
        let idle = &self.station().ok()?.idle;
        Some(LockNotice {
            in_s: idle.announced(clock::now())?.as_secs(),
            notice_s: idle.notice().as_secs(),
            sheets: self.trays.lying(),
        })
    }
}
