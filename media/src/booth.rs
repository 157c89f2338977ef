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

use crate::call::{CallId, Declined};
use crate::contact::Contact;
use crate::desk::KIOSK_LOST_MAX;
use crate::hall::{FADING, SeenDesk, Statement};
use crate::signal::{Holder, Stage, TicketNotice};
use crate::ticket::TicketId;
use crate::time::after;

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
    /// A desk that is as it was has said so again.
    DeskHeard(SubjectId),
    /// Media of a station's node arrives.
    Alive(SubjectId),
    /// A station tells of no adviser any more, or cannot be heard.
    DeskGone(SubjectId),
    /// The citizen answers the call.
    Answered,
    /// The citizen leaves the queue, refuses the call or hangs up.
    Left,
    /// The citizen has left the kiosk: whoever comes next reads nothing of a wait or a call.
    Gone,
    /// The program is told to stop: nobody waits or speaks here any more.
    Stops,
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
    /// A wish was taken up: what is seen and heard from here begins anew.
    Joined,
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
    /// With the station of the adviser who calls or speaks.
    contact: Contact,
    /// Which life of its program they called from.
    life: u64,
    outputs: VecDeque<Output>,
}

impl Default for Booth {
    fn default() -> Self {
        Self {
            state: State::Idle(None),
            place: None,
            contact: Contact::default(),
            life: 0,
            outputs: VecDeque::new(),
        }
    }
}

impl Booth {
    /// Takes in what happened; drain `poll_output` afterwards and tell the hall `statement`.
    ///
    /// # Errors
    /// What a person asks for and cannot have now; nothing has changed then.
    pub fn handle_input(&mut self, now: Instant, input: Input<'_>) -> Result<(), Declined> {
        match input {
            Input::Asked(wish) => return self.asked(now, wish),
            Input::Desk(desk) => self.desk(now, desk),
            Input::DeskHeard(station) => {
                if self.is_with(station) && self.contact.told() {
                    self.outputs.push_back(Output::Changed);
                }
            }
            Input::Alive(station) => {
                if self.is_with(station) {
                    self.contact.alive(now);
                }
            }
            Input::DeskGone(station) => self.desk_gone(now, station),
            Input::Answered => return self.answered(now),
            Input::Left => self.end(Ending::Left),
            Input::Gone => self.gone(),
            Input::Stops => {
                self.place = None;
                self.turn(State::Idle(None));
            }
            Input::LineCut => self.contact.line_cut(now),
            Input::LineReturned => self.contact.line_returned(now),
        }
        Ok(())
    }

    /// Acts on what has fallen due.
    pub fn handle_timeout(&mut self, now: Instant) {
        let gives_up = self.gives_up_at().is_some_and(|at| at <= now);
        match self.state {
            State::Ringing(holder, _) | State::Speaking { holder, .. } if gives_up => {
                self.wait_again(&holder);
            }
            State::Ringing(holder, until) if until <= now => self.missed(&holder),
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
        let rings_until = match self.state {
            State::Ringing(_, until) => Some(until),
            State::Idle(_) | State::Waiting | State::Speaking { .. } => None,
        };
        rings_until.into_iter().chain(self.gives_up_at()).min()
    }

    /// Since when the station of whoever calls or speaks has been neither heard nor heard of,
    /// though others are.
    #[must_use]
    pub fn lost(&self) -> Option<Instant> {
        self.holder().and_then(|_| self.contact.lost())
    }

    fn gives_up_at(&self) -> Option<Instant> {
        let holder = self.holder();
        holder.and_then(|_| self.contact.gives_up_at(STATION_LOST_MAX))
    }

    fn is_with(&self, station: SubjectId) -> bool {
        self.holder()
            .is_some_and(|holder| holder.station == station)
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

    /// The ticket is told to be gone for as long as anybody asks for it; how it ended, nobody reads.
    fn gone(&mut self) {
        self.end(Ending::Left);
        if self.state != State::Idle(None) {
            self.turn(State::Idle(None));
        }
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

    fn turn(&mut self, state: State) {
        self.state = state;
        self.outputs.push_back(Output::Changed);
    }

    fn asked(&mut self, now: Instant, wish: Wish) -> Result<(), Declined> {
        if !matches!(self.state, State::Idle(_)) {
            return Err(Declined::Busy);
        }
        self.place = Some(Place {
            wish,
            since: now,
            rounds: 0,
            missed: 0,
        });
        self.outputs.push_back(Output::Joined);
        self.turn(State::Waiting);
        Ok(())
    }

    fn answered(&mut self, now: Instant) -> Result<(), Declined> {
        let State::Ringing(holder, _) = self.state else {
            return Err(Declined::NoCall);
        };
        self.outputs.push_back(Output::Open(self.call(&holder)));
        self.turn(State::Speaking {
            holder,
            since: now,
            passed_to: None,
        });
        Ok(())
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
            State::Ringing(holder, _) if holder.station == desk.station => {
                self.contact.told();
                if !holds {
                    self.wait_again(&holder);
                }
            }
            State::Speaking { holder, .. } if holder.station == desk.station => {
                self.desk_of_call(now, &holder, desk, holds);
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

    /// The desk one speaks with: it goes on, hands over, hangs up, has started anew, or could not
    /// reach this kiosk for so long that it gave up.
    fn desk_of_call(&mut self, now: Instant, holder: &Holder, desk: &SeenDesk, holds: bool) {
        let untold = self.contact.untold_for(now);
        self.contact.told();
        let State::Speaking {
            passed_to, since, ..
        } = &mut self.state
        else {
            return;
        };
        // It gave up ringing, and knows nothing of the answer.
        let is_unanswered = !untold.is_zero() && untold >= now.saturating_duration_since(*since);
        let is_same = desk.notice.person == holder.person && desk.life == self.life;
        let may_have_given_up = untold.saturating_add(FADING) >= KIOSK_LOST_MAX;
        if holds {
            *passed_to = desk.notice.holding.and_then(|holding| holding.passed_to);
            self.outputs.push_back(Output::Changed);
        } else if is_same && !may_have_given_up && !is_unanswered && passed_to.is_none() {
            self.end(Ending::HungUp);
        } else {
            self.wait_again(holder);
        }
    }

    /// While it rings, somebody else may call at once; a call that is spoken in is waited for.
    fn desk_gone(&mut self, now: Instant, station: SubjectId) {
        if !self.is_with(station) {
            return;
        }
        let is_loss = self.contact.gone(now);
        match self.state {
            State::Ringing(holder, _) if is_loss => self.wait_again(&holder),
            State::Speaking { .. } if is_loss => self.outputs.push_back(Output::Changed),
            State::Idle(_) | State::Waiting | State::Ringing(..) | State::Speaking { .. } => {}
        }
    }

    fn ring(&mut self, now: Instant, desk: &SeenDesk) {
        let Some(place) = &mut self.place else {
            return;
        };
        place.rounds = place.rounds.saturating_add(1);
        let holder = Holder {
            station: desk.station,
            person: desk.notice.person,
            round: place.rounds,
        };
        self.contact.begin();
        self.life = desk.life;
        let call = self.call(&holder);
        self.outputs.push_back(Output::Begin(call, holder.station));
        self.turn(State::Ringing(holder, after(now, RINGING_MAX)));
    }

    fn missed(&mut self, holder: &Holder) {
        let Some(place) = &mut self.place else {
            return;
        };
        place.missed = place.missed.saturating_add(1);
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
