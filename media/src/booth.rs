//! The booth: the kiosk's side of waiting and of a call. The kiosk owns its call: whoever takes a
//! ticket has it once the kiosk says so.
//!
//! ```text
//!            asked          an adviser takes it         the citizen answers
//!   Idle ───────────▶ Waiting ───────────▶ Ringing ───────────▶ Speaking
//!    ▲                  ▲  ▲   not answered,  │                    │  │
//!    │                  │  └── adviser gone ──┘                    │  │
//!    │                  └───── adviser's station lost ─────────────┘  │
//!    └──────── left · hung up at either end · twice not answered ─────┘
//! ```
//!
//! A place in the queue is kept through everything but an end. Nobody is seen or heard before both
//! have said yes: the adviser by taking the ticket, the citizen by answering.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use guichet_keys::{ServiceId, SubjectId, Wrap};

use crate::call::CallId;
use crate::hall::{SeenDesk, Statement};
use crate::signal::{Holder, Stage, TicketNotice};
use crate::ticket::TicketId;

/// A citizen has this long to answer.
pub const RINGING_MAX: Duration = Duration::from_secs(60);
/// So many calls that nobody answers end the waiting.
pub const MISSED_MAX: u32 = 2;
/// An adviser whose station has been lost for so long is not coming back to this call.
pub const STATION_LOST_MAX: Duration = Duration::from_secs(30);

/// What happened.
#[derive(Debug)]
pub enum Input<'a> {
    /// The citizen wishes to speak with an adviser.
    Asked(Wish),
    /// A desk was heard of.
    Desk(&'a SeenDesk),
    /// A station tells of no adviser any more, or cannot be heard.
    DeskGone(SubjectId),
    /// The citizen answers the call.
    Answered,
    /// The citizen leaves the queue, refuses the call or hangs up.
    Left,
    /// This kiosk's own line is cut: nobody can be heard, and that is nobody's fault.
    LineCut,
    /// It is back.
    LineReturned,
}

/// What a citizen wishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// A new name for the place in the queue.
    pub ticket: TicketId,
    /// Of which service.
    pub service: ServiceId,
    /// What the service may read of it, sealed.
    pub details: Wrap,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// A call with this station's node is about to begin: prepare its media.
    Begin(CallId, SubjectId),
    /// Both have said yes: let media pass.
    Open(CallId),
    /// The call is over.
    End(CallId),
    /// What pages show has changed.
    Changed,
}

/// How the waiting or the call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The citizen left or hung up.
    Left,
    /// The adviser hung up.
    HungUp,
    /// The citizen did not answer.
    Missed,
}

/// Where the citizen stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// No wish; how the last one ended, if there was one.
    Idle(Option<Ending>),
    /// In the queue.
    Waiting,
    /// An adviser calls until then.
    Ringing(Holder, Instant),
    /// In a call since then.
    Speaking {
        /// With whom.
        holder: Holder,
        /// Since when.
        since: Instant,
        /// Since when the adviser's station has not been heard, though others are.
        lost: Option<Instant>,
        /// The station that the adviser hands over to.
        passed_to: Option<SubjectId>,
    },
}

#[derive(Debug)]
struct Place {
    wish: Wish,
    since: Instant,
    rounds: u32,
    missed: u32,
}

/// The machine.
#[derive(Debug)]
pub struct Booth {
    state: State,
    place: Option<Place>,
    line: Line,
    outputs: VecDeque<Output>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    Up,
    Cut,
}

impl Default for Booth {
    fn default() -> Self {
        Self {
            state: State::Idle(None),
            place: None,
            line: Line::Up,
            outputs: VecDeque::new(),
        }
    }
}

impl Booth {
    /// Takes in what happened; drain `poll_output` afterwards and tell the hall `statement`.
    pub fn handle_input(&mut self, now: Instant, input: Input<'_>) {
        match input {
            Input::Asked(wish) => self.asked(now, wish),
            Input::Desk(desk) => self.desk(now, desk),
            Input::DeskGone(station) => self.desk_gone(now, station),
            Input::Answered => {
                if let State::Ringing(holder, _) = self.state {
                    self.outputs.push_back(Output::Open(self.call(&holder)));
                    self.turn(State::Speaking {
                        holder,
                        since: now,
                        lost: None,
                        passed_to: None,
                    });
                }
            }
            Input::Left => self.end(Ending::Left),
            Input::LineCut => self.line_is(Line::Cut, None),
            Input::LineReturned => self.line_is(Line::Up, Some(now)),
        }
    }

    /// Acts on what has fallen due.
    pub fn handle_timeout(&mut self, now: Instant) {
        match self.state {
            State::Ringing(holder, until) if until <= now => self.missed(&holder),
            State::Speaking {
                holder,
                lost: Some(lost),
                ..
            } if lost + STATION_LOST_MAX <= now => self.wait_again(&holder),
            State::Idle(_) | State::Waiting | State::Ringing(..) | State::Speaking { .. } => {}
        }
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to call `handle_timeout` at the latest.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Ringing(_, until) => Some(until),
            State::Speaking { lost, .. } => lost.map(|lost| lost + STATION_LOST_MAX),
            State::Idle(_) | State::Waiting => None,
        }
    }

    /// Where the citizen stands.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The ticket, its service, and since when it waits.
    #[must_use]
    pub fn place(&self) -> Option<(TicketId, &ServiceId, Instant)> {
        let place = self.place.as_ref()?;
        Some((place.wish.ticket, &place.wish.service, place.since))
    }

    /// Whether a call has been missed since the wish.
    #[must_use]
    pub fn has_missed(&self) -> bool {
        self.place.as_ref().is_some_and(|place| place.missed > 0)
    }

    /// What to tell everybody: after its end a ticket is told to be gone.
    #[must_use]
    pub fn statement(&self) -> Statement {
        let Some(place) = &self.place else {
            return Statement::Nobody;
        };
        let stage = match self.state {
            State::Idle(_) => Stage::Gone,
            State::Waiting => Stage::Waiting,
            State::Ringing(holder, _) => Stage::Ringing(holder),
            State::Speaking { holder, .. } => Stage::Answered(holder),
        };
        let notice = TicketNotice {
            ticket: place.wish.ticket,
            service: place.wish.service.clone(),
            waited_ms: 0,
            stage,
            details: place.wish.details.clone(),
        };
        Statement::Ticket(notice, place.since)
    }

    fn holder(&self) -> Option<Holder> {
        match self.state {
            State::Ringing(holder, _) | State::Speaking { holder, .. } => Some(holder),
            State::Idle(_) | State::Waiting => None,
        }
    }

    fn call(&self, holder: &Holder) -> CallId {
        let ticket = self.place.as_ref().map(|place| place.wish.ticket);
        holder.call(&ticket.unwrap_or(TicketId([0; 16])))
    }

    /// Once the line is back, the adviser has as long to be heard again as after any loss.
    fn line_is(&mut self, line: Line, since: Option<Instant>) {
        if self.line != line {
            self.line = line;
            if let State::Speaking { lost, .. } = &mut self.state {
                *lost = since;
            }
        }
    }

    fn turn(&mut self, state: State) {
        self.state = state;
        self.outputs.push_back(Output::Changed);
    }

    fn asked(&mut self, now: Instant, wish: Wish) {
        if matches!(self.state, State::Idle(_)) {
            self.place = Some(Place {
                wish,
                since: now,
                rounds: 0,
                missed: 0,
            });
            self.turn(State::Waiting);
        }
    }

    fn desk(&mut self, now: Instant, desk: &SeenDesk) {
        let Some(place) = &self.place else {
            return;
        };
        let ticket = place.wish.ticket;
        let answers = desk.notice.services.contains(&place.wish.service);
        let holds = answers
            && desk
                .notice
                .holding
                .is_some_and(|holding| holding.ticket == ticket);
        match self.state {
            State::Waiting if holds => self.ring(now, desk),
            State::Ringing(holder, _) if holder.station == desk.station && !holds => {
                self.wait_again(&holder);
            }
            State::Speaking { holder, .. } if holder.station == desk.station => {
                self.desk_of_call(&holder, desk, holds);
            }
            State::Speaking {
                holder, passed_to, ..
            } if holds && passed_to == Some(desk.station) => {
                self.outputs.push_back(Output::End(self.call(&holder)));
                self.ring(now, desk);
            }
            State::Idle(_) | State::Waiting | State::Ringing(..) | State::Speaking { .. } => {}
        }
    }

    /// The desk one speaks with: it goes on, hands over, hangs up, or has started anew.
    fn desk_of_call(&mut self, holder: &Holder, desk: &SeenDesk, holds: bool) {
        let State::Speaking {
            lost, passed_to, ..
        } = &mut self.state
        else {
            return;
        };
        let came_back = lost.take().is_some();
        if holds {
            *passed_to = desk.notice.holding.and_then(|holding| holding.passed_to);
            self.outputs.push_back(Output::Changed);
        } else if desk.notice.person == holder.person && !came_back && passed_to.is_none() {
            self.end(Ending::HungUp);
        } else {
            self.wait_again(holder);
        }
    }

    fn desk_gone(&mut self, now: Instant, station: SubjectId) {
        match &mut self.state {
            State::Ringing(holder, _) if holder.station == station => {
                let holder = *holder;
                self.wait_again(&holder);
            }
            State::Speaking { holder, lost, .. }
                if holder.station == station && self.line == Line::Up =>
            {
                lost.get_or_insert(now);
                self.outputs.push_back(Output::Changed);
            }
            State::Idle(_) | State::Waiting | State::Ringing(..) | State::Speaking { .. } => {}
        }
    }

    fn ring(&mut self, now: Instant, desk: &SeenDesk) {
        let Some(place) = &mut self.place else {
            return;
        };
        place.rounds += 1;
        let holder = Holder {
            station: desk.station,
            person: desk.notice.person,
            round: place.rounds,
        };
        let call = self.call(&holder);
        self.outputs.push_back(Output::Begin(call, holder.station));
        self.turn(State::Ringing(holder, now + RINGING_MAX));
    }

    fn missed(&mut self, holder: &Holder) {
        let Some(place) = &mut self.place else {
            return;
        };
        place.missed += 1;
        if place.missed >= MISSED_MAX {
            self.end(Ending::Missed);
        } else {
            self.wait_again(holder);
        }
    }

    fn wait_again(&mut self, holder: &Holder) {
        self.outputs.push_back(Output::End(self.call(holder)));
        self.turn(State::Waiting);
    }

    fn end(&mut self, ending: Ending) {
        if let Some(holder) = self.holder() {
            self.outputs.push_back(Output::End(self.call(&holder)));
        }
        if !matches!(self.state, State::Idle(_)) {
            self.turn(State::Idle(Some(ending)));
        }
    }
}
