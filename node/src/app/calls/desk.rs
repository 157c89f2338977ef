//! A station's side of waiting and calls.

use guichet_keys::{CaseTag, ServiceId, SubjectId};
use guichet_media::TicketId;
use guichet_media::desk::{Input, Output, Wish};
use guichet_media::hall::{News, SeenTicket};
use guichet_media::signal::{Stage, TicketDetails};

use super::{Calls, Side};
use crate::app::cases::{Task, answer};
use crate::app::node::Node;
use crate::app::station::OpenVault;
use crate::clock;
use crate::services::values;
use crate::web::counter::{Change, Refusal, Reply, Thing};

/// The longest reason for taking somebody out of turn, in bytes.
const REASON_BYTES_MAX: usize = 500;

impl Node {
    /// Takes somebody out of the queue; out of turn only for a reason, which stays in the case.
    pub(in crate::app) fn take_ticket(
        &mut self,
        ticket: TicketId,
        reason: Option<String>,
        reply: Reply<()>,
    ) {
        let reason = match self.turn_of(&ticket) {
            Err(refusal) => Err(refusal),
            Ok(Whose::Theirs) => Ok(None),
            Ok(Whose::Anothers) => good_reason(reason).and_then(|reason| {
                self.case_for_reason(&ticket)?;
                Ok(Some(reason))
            }),
        };
        let taken = reason.and_then(|reason| {
            let Calls { hall, side, .. } = &mut self.calls;
            let (Side::Desk(desk), Some(seen)) = (side, hall.ticket(&ticket)) else {
                return Err(Refusal::NotFound(Thing::Ticket));
            };
            let told = desk.handle_input(clock::now(), Input::Took { seen, reason });
            told.map_err(super::refusal)
        });
        self.carry_out_calls();
        answer(reply, taken);
    }

    /// Whether it is the turn of somebody who waits.
    fn turn_of(&self, ticket: &TicketId) -> Result<Whose, Refusal> {
        let vault = self.open_vault().ok_or(Refusal::Locked)?;
        let lost = || Refusal::NotFound(Thing::Ticket);
        let seen = self.calls.hall.ticket(ticket).ok_or_else(lost)?;
        let services = vault.services();
        if !services.contains(&seen.notice.service) || seen.cut {
            return Err(lost());
        }
        match seen.notice.stage {
            _ if self.handed_by(seen).is_some() => Ok(Whose::Theirs),
            Stage::Waiting if self.next_ticket(&services) == Some(*ticket) => Ok(Whose::Theirs),
            Stage::Waiting => Ok(Whose::Anothers),
            Stage::Ringing(holder) | Stage::Answered(holder) => Err(Refusal::TakenBy {
                name: self.person_name(&holder.person),
            }),
            Stage::Gone => Err(lost()),
        }
    }

    /// The station of the colleague who hands this person over to this one.
    pub(super) fn handed_by(&self, seen: &SeenTicket) -> Option<SubjectId> {
        let holder = seen.notice.stage.holder()?;
        let holding = self.calls.hall.desk(&holder.station)?.notice.holding?;
        let to_me = holding.ticket == seen.notice.ticket && holding.passed_to == Some(self.me);
        to_me.then_some(holder.station)
    }

    /// Whether the adviser calls or speaks with somebody, or somebody is handed over to them.
    pub(in crate::app) fn is_engaged(&self) -> bool {
        let services = self.open_vault().map(OpenVault::services);
        let queue = self.calls.hall.queue(&services.unwrap_or_default());
        let mut handed = queue.into_iter().filter_map(|seen| self.handed_by(seen));
        self.holds_somebody() || handed.next().is_some()
    }

    /// Whether the adviser calls or speaks with somebody.
    pub(in crate::app) fn holds_somebody(&self) -> bool {
        match &self.calls.side {
            Side::Desk(desk) => desk.holding().is_some(),
            Side::Booth(_) | Side::Neither => false,
        }
    }

    /// Who is next, of those who can be reached.
    pub(super) fn next_ticket(&self, services: &[ServiceId]) -> Option<TicketId> {
        let queue = self.calls.hall.queue(services);
        let next = queue
            .into_iter()
            .find(|seen| !seen.cut && seen.notice.stage == Stage::Waiting);
        next.map(|seen| seen.notice.ticket)
    }

    fn keep_reason(&mut self, ticket: &TicketId, reason: String) {
        match self.case_for_reason(ticket) {
            Ok(case) => {
                let done = self.when_reason_is_kept(case);
                self.cases
                    .hand_in(case, Task::TookOutOfTurn { reason, done });
            }
            Err(refusal) => tracing::error!(%refusal, "a reason has no case to be kept in"),
        }
    }

    /// The open case in which the reason for taking this person out of turn is kept.
    fn case_for_reason(&mut self, ticket: &TicketId) -> Result<CaseTag, Refusal> {
        let details = self.ticket_details(ticket).ok_or(Refusal::NotArrived)?;
        let opened = self.open_case(&details.case);
        opened
            .map(|()| details.case)
            .map_err(|_| Refusal::NotArrived)
    }

    /// What the service may read of a ticket.
    pub(super) fn ticket_details(&self, ticket: &TicketId) -> Option<TicketDetails> {
        let seen = self.calls.hall.ticket(ticket)?;
        let secret = self
            .open_vault()?
            .secret_of(&seen.notice.details.recipient)?;
        TicketDetails::open(&seen.notice.details, secret, ticket)
    }

    /// Hands the call over to the colleague at another station.
    pub(in crate::app) fn pass_call(&mut self, station: SubjectId, reply: Reply<()>) {
        let service = self.service_of_call();
        let successor = self.calls.hall.desk(&station);
        let successor = successor.filter(|desk| {
            let answers = |service| desk.notice.services.contains(service);
            service.as_ref().is_none_or(answers)
        });
        let passed = match (successor, &mut self.calls.side) {
            (None, _) => Err(Refusal::NotFound(Thing::Adviser)),
            (Some(_), Side::Desk(desk)) => desk
                .handle_input(clock::now(), Input::Passed(station))
                .map_err(super::refusal),
            (Some(_), Side::Booth(_) | Side::Neither) => Err(Refusal::NotFound(Thing::Call)),
        };
        self.carry_out_calls();
        answer(reply, passed);
    }

    /// The service of the person whom the adviser calls or speaks with.
    pub(super) fn service_of_call(&self) -> Option<ServiceId> {
        let Side::Desk(desk) = &self.calls.side else {
            return None;
        };
        let ticket = desk.holding()?.ticket;
        Some(self.calls.hall.ticket(&ticket)?.notice.service.clone())
    }

    /// The adviser wishes to be called, or not.
    pub(in crate::app) fn attend(&mut self, here: bool, reply: Reply<()>) {
        if self.open_vault().is_none() {
            return answer(reply, Err(Refusal::Locked));
        }
        let wish = if here { Wish::Here } else { Wish::Away };
        self.tell_desk(Input::Wished(wish));
        answer(reply, Ok(()));
    }

    /// Tells the desk, and carries out what follows.
    pub(in crate::app) fn tell_desk(&mut self, input: Input<'_>) {
        if let Side::Desk(desk) = &mut self.calls.side {
            super::expect_taken(desk.handle_input(clock::now(), input));
        }
        self.carry_out_calls();
    }

    pub(super) fn on_news_as_desk(&mut self, news: &News) {
        let now = clock::now();
        let services = self.open_vault().map(|vault| vault.services());
        let Calls { hall, side, .. } = &mut self.calls;
        let Side::Desk(desk) = side else {
            return;
        };
        let input = match news {
            News::Ticket(ticket) => hall.ticket(ticket).map(Input::Ticket),
            News::TicketGone(ticket) => Some(Input::TicketGone(*ticket)),
            News::TicketForgotten(ticket) => Some(Input::TicketForgotten(*ticket)),
            News::Desk(_) | News::DeskHeard(_) | News::DeskGone(_) | News::Leg(..) => return,
        };
        if let Some(input) = input {
            super::expect_taken(desk.handle_input(now, input));
        }
        let queue = hall.queue(&services.unwrap_or_default());
        let waits = queue
            .into_iter()
            .filter(|seen| seen.notice.stage == Stage::Waiting);
        let order = waits.map(|seen| seen.notice.ticket).collect();
        super::expect_taken(desk.handle_input(now, Input::Ordered(order)));
    }

    /// Carries out one thing that the desk says; whether there was one.
    pub(super) fn act_as_desk(&mut self) -> bool {
        let Side::Desk(desk) = &mut self.calls.side else {
            return false;
        };
        let Some(output) = desk.poll_output() else {
            return false;
        };
        match output {
            Output::Took => self.send_media(super::BOTH),
            Output::OutOfTurn(ticket, reason) => self.keep_reason(&ticket, reason),
            Output::Begin(call, kiosk) => self.begin_call(call, kiosk),
            Output::Open(call) => self.open_call(call),
            Output::End(call) => self.end_call(call),
            Output::Changed => {
                self.counter.tell(Change::Call);
                self.counter.tell(Change::Desk);
            }
        }
        true
    }
}

/// A reason that can be kept.
fn good_reason(reason: Option<String>) -> Result<String, Refusal> {
    let reason = reason.and_then(|reason| values::said(&reason));
    let reason = reason.ok_or(Refusal::NotTheirTurn)?;
    match reason.len() <= REASON_BYTES_MAX {
        true => Ok(reason),
        false => Err(Refusal::TooLarge {
            bytes_max: REASON_BYTES_MAX,
        }),
    }
}

/// Whose turn it is.
enum Whose {
    Theirs,
    Anothers,
}
