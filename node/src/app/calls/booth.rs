//! A kiosk's side of waiting and calls.

use guichet_keys::CaseTag;
use guichet_media::TicketId;
use guichet_media::booth::{Input, Output, State, Wish};
use guichet_media::hall::News;
use guichet_media::signal::{Mode, TicketDetails};

use super::{Calls, Side};
use crate::app::cases::{CaseEvent, answer};
use crate::app::node::Node;
use crate::web::counter::{Change, Refusal, Reply, Thing};
use crate::web::view;
use crate::{clock, entropy};

/// What the open wish is about: only this node's memory knows.
#[derive(Default)]
pub struct Subjects {
    /// The case.
    pub case: Option<CaseTag>,
    /// Since when, in Unix seconds.
    pub since_s: u64,
}

/// Whether somebody is known to sit at the kiosk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attended {
    /// Not by what they do with an adviser.
    No,
    /// They wait for one.
    Waiting,
    /// One calls or speaks with them.
    Called,
}

/// A wish that waits until an adviser could see its case.
pub struct Wished {
    case: CaseTag,
    wish: Wish,
    reply: Reply<()>,
}

impl Node {
    /// The citizen wishes to speak with an adviser about a case of the visit.
    pub(in crate::app) fn join_queue(
        &mut self,
        case: CaseTag,
        lang: String,
        mode: view::Mode,
        reply: Reply<()>,
    ) {
        let wish = match self.wish(case, lang, mode) {
            Ok(wish) => wish,
            Err(refusal) => return answer(reply, Err(refusal)),
        };
        let wished = Wished { case, wish, reply };
        // Who waits or speaks already is refused below.
        let free = self.attended() == Attended::No;
        match free.then(|| self.opening_of_empty(&case)).flatten() {
            // The adviser is to see the case, though nothing is written in it yet: a disk that does
            // not take it is told now, and not to somebody who waits in vain to be understood.
            Some(opening) => {
                let events = self.cases.events();
                let done = Box::new(move |saved| {
                    let left = CaseEvent::Left(Box::new(wished), saved);
                    let _the_node_is_stopping = events.send(left);
                });
                self.write_down(case, opening, Vec::new(), done);
            }
            None => self.on_case_left(wished, Ok(())),
        }
    }

    /// The case of a wish is on its way to the service, or could not be saved.
    pub(in crate::app) fn on_case_left(&mut self, wished: Wished, saved: Result<(), Refusal>) {
        let Wished { case, wish, reply } = wished;
        // The visit may have ended meanwhile.
        let lost = Refusal::NotFound(Thing::Case);
        let there = self.in_visit(&case).then_some(()).ok_or(lost);
        let joined = saved.and(there);
        let joined = joined.and_then(|()| self.ask_booth(Input::Asked(wish)));
        if joined.is_ok() {
            self.calls.subjects = Subjects {
                case: Some(case),
                since_s: clock::wall_s(),
            };
        }
        self.carry_out_calls();
        answer(reply, joined);
    }

    fn wish(&self, case: CaseTag, lang: String, mode: view::Mode) -> Result<Wish, Refusal> {
        let lost = || Refusal::NotFound(Thing::Case);
        if !matches!(self.calls.side, Side::Booth(_)) {
            return Err(lost());
        }
        let (brief, _) = self.case_of_visit(&case).ok_or_else(lost)?;
        let service = brief.service.service.clone();
        let directory = self.replica.directory();
        let key = directory
            .service_key(&service)
            .ok_or(Refusal::NotFound(Thing::Service))?;
        let ticket = TicketId(entropy::bytes());
        let details = TicketDetails {
            case,
            lang,
            mode: match mode {
                view::Mode::Voice => Mode::Voice,
                view::Mode::Writing => Mode::Writing,
            },
        };
        let details = details
            .seal(&key.public, &ticket, &entropy::bytes())
            .map_err(|_| Refusal::TooLarge { bytes_max: 64 })?;
        Ok(Wish {
            ticket,
            service,
            details,
        })
    }

    /// The citizen answers the adviser who calls.
    pub(in crate::app) fn answer_call(&mut self, reply: Reply<()>) {
        let answered = self.ask_booth(Input::Answered);
        self.carry_out_calls();
        answer(reply, answered);
    }

    /// What a person asks of the booth; what follows is still to be carried out.
    fn ask_booth(&mut self, input: Input<'_>) -> Result<(), Refusal> {
        let Side::Booth(booth) = &mut self.calls.side else {
            return Err(Refusal::NotFound(Thing::Call));
        };
        let told = booth.handle_input(clock::now(), input);
        told.map_err(super::refusal)
    }

    /// Tells the booth, and carries out what follows.
    pub(super) fn tell_booth(&mut self, input: Input<'_>) {
        if let Side::Booth(booth) = &mut self.calls.side {
            super::expect_taken(booth.handle_input(clock::now(), input));
        }
        self.carry_out_calls();
    }

    /// Whether somebody waits or is spoken with here: then they are not soon taken for gone.
    pub(in crate::app) fn attended(&self) -> Attended {
        let Side::Booth(booth) = &self.calls.side else {
            return Attended::No;
        };
        match booth.state() {
            State::Idle(_) => Attended::No,
            State::Waiting => Attended::Waiting,
            State::Ringing(..) | State::Speaking { .. } => Attended::Called,
        }
    }

    /// Whoever waited or spoke here is gone with the visit.
    pub(in crate::app) fn leave_booth(&mut self) {
        self.tell_booth(Input::Gone);
        self.calls.forget();
    }

    pub(super) fn on_news_as_booth(&mut self, news: &News) {
        let now = clock::now();
        let Calls { hall, side, .. } = &mut self.calls;
        let Side::Booth(booth) = side else {
            return;
        };
        let input = match news {
            News::Desk(station) => hall.desk(station).map(Input::Desk),
            News::DeskHeard(station) => Some(Input::DeskHeard(*station)),
            News::DeskGone(station) => Some(Input::DeskGone(*station)),
            News::Ticket(_) | News::TicketGone(_) | News::TicketForgotten(_) | News::Leg(..) => {
                None
            }
        };
        if let Some(input) = input {
            super::expect_taken(booth.handle_input(now, input));
        }
    }

    /// Carries out one thing that the booth says; whether there was one.
    pub(super) fn act_as_booth(&mut self) -> bool {
        let Side::Booth(booth) = &mut self.calls.side else {
            return false;
        };
        let Some(output) = booth.poll_output() else {
            return false;
        };
        match output {
            Output::Joined => self.send_media(super::BOTH),
            Output::Begin(call, station) => self.begin_call(call, station),
            Output::Open(call) => self.open_call(call),
            Output::End(call) => self.end_call(call),
            Output::Changed => {
                self.touch();
                self.counter.tell(Change::Call);
                self.counter.tell(Change::Visit);
            }
        }
        true
    }
}
