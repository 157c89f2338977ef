//! The desk: the station's side of waiting and of a call.
//!
//! An adviser takes a ticket; they have it once the kiosk's own notice names them, and no longer
//! than it does. Whoever comes second learns from the same notice who has it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use guichet_keys::{ServiceId, SubjectId};

use crate::call::{CallId, Declined};
use crate::contact::Contact;
use crate::hall::{SeenTicket, Statement};
use crate::signal::{
    Availability, DESK_SERVICES_MAX, DeskNotice, Holder, Holding, LENGTHS_MAX, ORDER_MAX, Stage,
};
use crate::ticket::TicketId;
use crate::time::after;

/// A kiosk that does not confirm within this time cannot be reached.
pub const TAKING_MAX: Duration = Duration::from_secs(10);
/// An adviser whose page has not been seen for so long is away.
pub const PAGE_UNSEEN_MAX: Duration = Duration::from_secs(30);
/// A kiosk that nobody has answered at yet, and that is known for so long to be cut off, does not
/// ring: it was silent for some seconds before.
pub const UNANSWERED_LOST_MAX: Duration = Duration::from_secs(1);
/// A kiosk that has been cut off for so long is not coming back to this call.
pub const KIOSK_LOST_MAX: Duration = Duration::from_secs(120);

/// What happened.
#[derive(Debug)]
pub enum Input<'a> {
    /// An adviser has opened their vault.
    Unlocked {
        /// Who.
        person: SubjectId,
        /// Of which services.
        services: Vec<ServiceId>,
    },
    /// It is closed.
    Locked,
    /// What the adviser says of themselves.
    Wished(Wish),
    /// A page of theirs is open.
    PageSeen,
    /// They take a ticket.
    Took {
        /// Which.
        seen: &'a SeenTicket,
        /// Why before it was its turn.
        reason: Option<String>,
    },
    /// They hang up, or let the ticket go.
    Released,
    /// They hand over to the adviser at another station.
    Passed(SubjectId),
    /// A ticket was heard of.
    Ticket(&'a SeenTicket),
    /// A ticket is over.
    TicketGone(TicketId),
    /// Its kiosk has started anew and knows nothing of it.
    TicketForgotten(TicketId),
    /// Media of a kiosk's node arrives.
    Alive(SubjectId),
    /// The order in which people wait, as it stands at this desk.
    Ordered(Vec<TicketId>),
}

/// Whether an adviser wishes to be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// They do.
    Here,
    /// They do not.
    Away,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// A ticket is being taken: what is seen and heard from here begins anew.
    Took,
    /// They have a ticket, and took it out of turn: keep the reason.
    OutOfTurn(TicketId, String),
    /// A call with this kiosk is about to begin: prepare its media.
    Begin(CallId, SubjectId),
    /// Both have said yes: let media pass.
    Open(CallId),
    /// The call is over.
    End(CallId),
    /// What pages show has changed.
    Changed,
}

/// Why a ticket that was taken is not had any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Somebody else has it.
    TakenBy(Holder),
    /// Nobody answered at the kiosk.
    NotAnswered,
    /// The kiosk cannot be reached.
    Unreachable,
    /// The kiosk has started anew.
    Restarted,
    /// The citizen left or hung up.
    Left,
    /// The citizen did not wish to speak when the call rang.
    Declined,
    /// This adviser hung up.
    Released,
    /// A colleague has taken over.
    Passed,
}

/// What the adviser does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// No call; how the last one ended, if there was one.
    Idle(Option<(TicketId, Ending)>),
    /// They have taken a ticket, and its kiosk has not said yet whether they have it.
    Taking {
        /// Which.
        holding: Holding,
        /// The colleague who hands it over.
        from: Option<Holder>,
        /// When it is given up.
        until: Instant,
    },
    /// It rings at the kiosk.
    Ringing(Holding, Holder),
    /// They speak.
    Speaking {
        /// With whom.
        holding: Holding,
        /// As which call.
        holder: Holder,
        /// Since when.
        since: Instant,
    },
}

#[derive(Debug)]
struct Adviser {
    person: SubjectId,
    services: Vec<ServiceId>,
    wish: Wish,
    seen: Instant,
    there: bool,
}

/// The machine.
#[derive(Debug)]
pub struct Desk {
    me: SubjectId,
    adviser: Option<Adviser>,
    /// Whose vault was open before.
    former: Option<SubjectId>,
    state: State,
    /// With the kiosk that is called or spoken with.
    contact: Contact,
    /// Why the ticket that is being taken is taken out of turn.
    reason: Option<String>,
    order: Vec<TicketId>,
    lengths_s: VecDeque<u32>,
    outputs: VecDeque<Output>,
}

impl Desk {
    /// A desk whose vaults are closed.
    #[must_use]
    pub fn new(me: SubjectId) -> Self {
        Self {
            me,
            adviser: None,
            former: None,
            state: State::Idle(None),
            contact: Contact::default(),
            reason: None,
            order: Vec::new(),
            lengths_s: VecDeque::new(),
            outputs: VecDeque::new(),
        }
    }

    /// Takes in what happened; drain `poll_output` afterwards and tell the hall `statement`.
    ///
    /// # Errors
    /// What the adviser asks for and cannot have now; nothing has changed then.
    pub fn handle_input(&mut self, now: Instant, input: Input<'_>) -> Result<(), Declined> {
        match input {
            Input::Unlocked {
                person,
                mut services,
            } => {
                services.truncate(DESK_SERVICES_MAX);
                self.adviser = Some(Adviser {
                    person,
                    services,
                    wish: Wish::Here,
                    seen: now,
                    there: true,
                });
                self.turn(State::Idle(None));
            }
            Input::Locked => {
                self.release(now, Ending::Released);
                self.former = self.adviser.take().map(|adviser| adviser.person);
                self.turn(State::Idle(None));
            }
            Input::Wished(wish) => {
                if let Some(adviser) = &mut self.adviser {
                    adviser.wish = wish;
                    self.outputs.push_back(Output::Changed);
                }
            }
            Input::PageSeen => self.page_seen(now),
            Input::Took { seen, reason } => return self.took(now, seen, reason),
            Input::Released => self.release(now, Ending::Released),
            Input::Passed(station) => {
                let State::Speaking { holding, .. } = &mut self.state else {
                    return Err(Declined::NoCall);
                };
                holding.passed_to = Some(station);
                self.outputs.push_back(Output::Changed);
            }
            Input::Ticket(seen) => self.ticket(now, seen),
            Input::TicketGone(ticket) => self.over(now, ticket, Ending::Left),
            Input::TicketForgotten(ticket) => self.over(now, ticket, Ending::Restarted),
            Input::Alive(kiosk) => {
                if self.holding().is_some_and(|holding| holding.kiosk == kiosk) {
                    self.contact.alive(now);
                }
            }
            Input::Ordered(mut order) => {
                order.truncate(ORDER_MAX);
                self.order = order;
            }
        }
        Ok(())
    }

    /// Acts on what has fallen due.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.gives_up_at().is_some_and(|at| at <= now) {
            self.release(now, Ending::Unreachable);
        }
        if let Some(adviser) = &mut self.adviser
            && adviser.there
            && after(adviser.seen, PAGE_UNSEEN_MAX) <= now
        {
            adviser.there = false;
            self.outputs.push_back(Output::Changed);
        }
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to call `handle_timeout` at the latest.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let adviser = self.adviser.as_ref().filter(|adviser| adviser.there);
        let of_page = adviser.map(|adviser| after(adviser.seen, PAGE_UNSEEN_MAX));
        self.gives_up_at().into_iter().chain(of_page).min()
    }

    /// What the adviser does.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Since when the kiosk that is called or spoken with has been cut off, and sends nothing.
    #[must_use]
    pub fn lost(&self) -> Option<Instant> {
        self.holding().and_then(|_| self.contact.lost())
    }

    /// When the kiosk is no longer waited for.
    fn gives_up_at(&self) -> Option<Instant> {
        let unanswered = || self.contact.gives_up_at(UNANSWERED_LOST_MAX);
        match self.state {
            State::Idle(_) => None,
            State::Taking { until, .. } => unanswered().into_iter().chain([until]).min(),
            State::Ringing(..) => unanswered(),
            State::Speaking { .. } => self.contact.gives_up_at(KIOSK_LOST_MAX),
        }
    }

    /// Whether they can be reached.
    #[must_use]
    pub fn availability(&self) -> Availability {
        match &self.adviser {
            Some(_) if self.holding().is_some() => Availability::Busy,
            Some(adviser) if adviser.there && adviser.wish == Wish::Here => Availability::Free,
            Some(_) | None => Availability::Away,
        }
    }

    /// What to tell everybody.
    #[must_use]
    pub fn statement(&self) -> Statement {
        let Some(adviser) = &self.adviser else {
            return self.former.map_or(Statement::Nothing, left);
        };
        Statement::Desk(DeskNotice {
            person: adviser.person,
            services: adviser.services.clone(),
            availability: self.availability(),
            holding: self.holding().copied(),
            lengths_s: self.lengths_s.iter().copied().collect(),
            order: self.order.clone(),
        })
    }

    /// The ticket that they take, call or speak with.
    #[must_use]
    pub fn holding(&self) -> Option<&Holding> {
        match &self.state {
            State::Idle(_) => None,
            State::Taking { holding, .. }
            | State::Ringing(holding, _)
            | State::Speaking { holding, .. } => Some(holding),
        }
    }

    fn is_taking_from(&self, other: &Holder) -> bool {
        matches!(self.state, State::Taking { from: Some(from), .. } if from == *other)
    }

    fn turn(&mut self, state: State) {
        self.state = state;
        self.outputs.push_back(Output::Changed);
    }

    fn page_seen(&mut self, now: Instant) {
        if let Some(adviser) = &mut self.adviser {
            adviser.seen = now;
            if !adviser.there {
                adviser.there = true;
                self.outputs.push_back(Output::Changed);
            }
        }
    }

    fn took(
        &mut self,
        now: Instant,
        seen: &SeenTicket,
        reason: Option<String>,
    ) -> Result<(), Declined> {
        if self.holding().is_some() {
            return Err(Declined::Busy);
        }
        if self.adviser.is_none() {
            return Err(Declined::NoCall);
        }
        let holding = Holding {
            ticket: seen.notice.ticket,
            kiosk: seen.kiosk,
            passed_to: None,
        };
        self.contact.begin();
        self.reason = reason;
        self.outputs.push_back(Output::Took);
        self.turn(State::Taking {
            holding,
            from: seen.notice.stage.holder().copied(),
            until: after(now, TAKING_MAX),
        });
        Ok(())
    }

    fn ticket(&mut self, now: Instant, seen: &SeenTicket) {
        let Some(holding) = self.holding().copied() else {
            return;
        };
        if holding.ticket != seen.notice.ticket || holding.kiosk != seen.kiosk {
            return;
        }
        if seen.cut {
            if self.contact.gone(now) {
                self.outputs.push_back(Output::Changed);
            }
            return;
        }
        if self.contact.told() {
            self.outputs.push_back(Output::Changed);
        }
        let mine = |holder: &&Holder| holder.station == self.me;
        match (&seen.notice.stage, seen.notice.stage.holder().filter(mine)) {
            (Stage::Ringing(_), Some(holder)) => self.rings(now, holding, *holder),
            (Stage::Answered(_), Some(holder)) => self.answered(now, holding, *holder),
            (Stage::Answered(other), None) if self.is_taking_from(other) => {}
            (Stage::Ringing(other) | Stage::Answered(other), None) => {
                let ending = match holding.passed_to {
                    Some(station) if station == other.station => Ending::Passed,
                    Some(_) | None => Ending::TakenBy(*other),
                };
                self.release(now, ending);
            }
            (Stage::Gone, _) => self.release(now, Ending::Left),
            (Stage::Waiting, _) => match self.state {
                State::Ringing(..) => self.release(now, Ending::NotAnswered),
                State::Speaking { .. } if holding.passed_to.is_none() => {
                    self.release(now, Ending::Unreachable);
                }
                State::Idle(_) | State::Taking { .. } | State::Speaking { .. } => {}
            },
        }
    }

    fn rings(&mut self, now: Instant, holding: Holding, holder: Holder) {
        match self.state {
            State::Taking { .. } => {}
            State::Ringing(_, before) | State::Speaking { holder: before, .. }
                if before != holder =>
            {
                self.end_call(now);
            }
            State::Idle(_) | State::Ringing(..) | State::Speaking { .. } => return,
        }
        if let Some(reason) = self.reason.take() {
            self.outputs
                .push_back(Output::OutOfTurn(holding.ticket, reason));
        }
        let call = holder.call(&holding.ticket);
        self.outputs.push_back(Output::Begin(call, holding.kiosk));
        self.turn(State::Ringing(holding, holder));
    }

    fn answered(&mut self, now: Instant, holding: Holding, holder: Holder) {
        if matches!(self.state, State::Speaking { holder: held, .. } if held == holder) {
            return;
        }
        self.rings(now, holding, holder);
        self.outputs
            .push_back(Output::Open(holder.call(&holding.ticket)));
        self.turn(State::Speaking {
            holding,
            holder,
            since: now,
        });
    }

    fn over(&mut self, now: Instant, ticket: TicketId, ending: Ending) {
        if self.holding().is_some_and(|held| held.ticket == ticket) {
            self.release(now, ending);
        }
    }

    fn end_call(&mut self, now: Instant) {
        if let State::Ringing(holding, holder)
        | State::Speaking {
            holding, holder, ..
        } = self.state
        {
            self.outputs
                .push_back(Output::End(holder.call(&holding.ticket)));
        }
        if let State::Speaking { since, .. } = self.state {
            let length = now.saturating_duration_since(since).as_secs();
            self.lengths_s.truncate(LENGTHS_MAX - 1);
            self.lengths_s
                .push_front(u32::try_from(length).unwrap_or(u32::MAX));
        }
    }

    fn release(&mut self, now: Instant, ending: Ending) {
        if let Some(holding) = self.holding().copied() {
            let ending = match (ending, &self.state) {
                // Nobody has spoken yet: no call was ended.
                (Ending::Left, State::Taking { .. } | State::Ringing(..)) => Ending::Declined,
                (ending, _) => ending,
            };
            self.reason = None;
            self.end_call(now);
            self.turn(State::Idle(Some((holding.ticket, ending))));
        }
    }
}

/// A desk that nobody is at any more answers for no service.
fn left(person: SubjectId) -> Statement {
    Statement::Desk(DeskNotice {
        person,
        services: Vec::new(),
        availability: Availability::Away,
        holding: None,
        lengths_s: Vec::new(),
        order: Vec::new(),
    })
}
