//! What pages are shown of waiting and calls.

use guichet_keys::{ServiceId, SubjectId};
use guichet_media::signal::{self, Holder, Stage};
use guichet_media::{Rates, booth, desk, estimate, hall};

use super::{LiveCall, Side};
use crate::app::line::milliseconds;
use crate::app::node::Node;
use crate::clock;
use crate::web::view::{
    Availability, CallEnding, CallLine, CallParty, CallView, Colleague, CutAt, DeskCase, Line,
    MediaState, Mode, Passed, QueueRow, Reception, Sending, Turn, WaitingCall,
};

const NONE_SENT: Sending = Sending {
    audio: false,
    video: false,
};

impl Node {
    /// The desks of a service, as far as it is known now who is there: while this node's own line
    /// is cut, of none.
    fn desks_there(&self, service: &ServiceId) -> impl Iterator<Item = &hall::SeenDesk> {
        let up = self.heard.line() == Line::Up;
        self.calls.hall.desks_of(service).filter(move |_| up)
    }

    /// Whether an adviser of a service could be spoken with now.
    pub(in crate::app) fn reception(&self, service: &ServiceId) -> Reception {
        let desks = self.desks_there(service);
        let states: Vec<_> = desks.map(|desk| desk.notice.availability).collect();
        if states.contains(&signal::Availability::Free) {
            Reception::Free
        } else if states.contains(&signal::Availability::Busy) {
            Reception::Busy
        } else {
            Reception::Nobody
        }
    }

    /// The wait or call of who sits here.
    pub(in crate::app) fn call_view(&self) -> CallView {
        let shown = match &self.calls.side {
            Side::Booth(booth) => self.call_of_booth(booth),
            Side::Desk(desk) => self.call_of_desk(desk),
            Side::Neither => None,
        };
        shown.unwrap_or(CallView::None { ended: None })
    }

    /// How the call fares whose media is prepared or passes.
    pub(in crate::app) fn call_line(&self) -> Option<CallLine> {
        let live = self.calls.call.as_ref()?;
        let report = live.report.as_ref();
        let passed = |rates: Rates| Passed {
            audio_kbit_s: rates.audio_bps / 1_000,
            video_kbit_s: rates.video_bps / 1_000,
        };
        Some(CallLine {
            with: live.peer,
            media: live.media,
            direct: report.and_then(|report| report.far),
            round_trip_ms: report.and_then(|report| report.round_trip.map(milliseconds)),
            lost_sent_permille: report.and_then(|report| report.lost_sent.map(permille)),
            lost_received_permille: report.and_then(|report| report.lost_received.map(permille)),
            estimate_kbit_s: report.and_then(|report| Some(report.estimate_bps? / 1_000)),
            sent: report.map(|report| passed(report.sent)).unwrap_or_default(),
            received: report
                .map(|report| passed(report.received))
                .unwrap_or_default(),
        })
    }

    fn call_of_booth(&self, booth: &booth::Booth) -> Option<CallView> {
        let party = |holder: &Holder| {
            let (_, service, _) = booth.place()?;
            let service = self.services.get(service)?;
            Some(CallParty {
                name: self.person_name(&holder.person),
                service: service.brief.clone(),
                privacy: service.privacy.clone(),
                case: self.calls.subjects.case,
            })
        };
        match booth.state() {
            booth::State::Idle(ended) => Some(CallView::None {
                ended: ended.map(|ending| match ending {
                    booth::Ending::Left => CallEnding::Left,
                    booth::Ending::HungUp => CallEnding::HungUp,
                    booth::Ending::Missed => CallEnding::Missed,
                }),
            }),
            booth::State::Waiting => self.waiting(booth).map(CallView::Waiting),
            booth::State::Ringing(holder, _) => party(holder).map(CallView::Ringing),
            booth::State::Speaking { holder, since, .. } => {
                Some(self.speaking(party(holder)?, *since, booth.lost(), None))
            }
        }
    }

    fn waiting(&self, booth: &booth::Booth) -> Option<WaitingCall> {
        let (ticket, service, _) = booth.place()?;
        let desks = || self.desks_there(service);
        let ahead = estimate::ahead(&ticket, desks());
        let minutes = ahead.and_then(|ahead| estimate::minutes(ahead, desks()));
        let attended =
            |desk: &&hall::SeenDesk| desk.notice.availability != signal::Availability::Away;
        Some(WaitingCall {
            service: self.services.get(service)?.brief.clone(),
            case: self.calls.subjects.case?,
            since_s: self.calls.subjects.since_s,
            ahead,
            advisers: desks().filter(attended).count(),
            minutes: minutes.map(|minutes| (*minutes.start(), *minutes.end())),
            line: self.heard.line(),
            missed: booth.has_missed(),
        })
    }

    fn call_of_desk(&self, desk: &desk::Desk) -> Option<CallView> {
        let party = |holding: &signal::Holding| {
            let seen = self.calls.hall.ticket(&holding.ticket)?;
            let details = self.ticket_details(&holding.ticket);
            let service = self.services.get(&seen.notice.service)?;
            Some(CallParty {
                name: self.person_name(&holding.kiosk),
                service: service.brief.clone(),
                privacy: service.privacy.clone(),
                case: details.map(|details| details.case),
            })
        };
        match desk.state() {
            desk::State::Idle(ended) => Some(CallView::None {
                ended: ended.map(|(_, ending)| self.ending_of_desk(&ending)),
            }),
            desk::State::Taking { holding, .. } | desk::State::Ringing(holding, _) => {
                party(holding).map(CallView::Ringing)
            }
            desk::State::Speaking { holding, since, .. } => {
                let colleague = holding.passed_to.and_then(|to| self.calls.hall.desk(&to));
                let passed_to = colleague.map(|desk| self.person_name(&desk.notice.person));
                Some(self.speaking(party(holding)?, *since, desk.lost(), passed_to))
            }
        }
    }

    fn ending_of_desk(&self, ending: &desk::Ending) -> CallEnding {
        match ending {
            desk::Ending::TakenBy(holder) => CallEnding::TakenBy {
                name: self.person_name(&holder.person),
            },
            desk::Ending::NotAnswered => CallEnding::Missed,
            desk::Ending::Unreachable => CallEnding::Unreachable,
            desk::Ending::Restarted => CallEnding::Restarted,
            desk::Ending::Left => CallEnding::HungUp,
            desk::Ending::Declined => CallEnding::Declined,
            desk::Ending::Released => CallEnding::Left,
            desk::Ending::Passed => CallEnding::Passed,
        }
    }

    fn speaking(
        &self,
        party: CallParty,
        since: std::time::Instant,
        lost: Option<std::time::Instant>,
        passed_to: Option<String>,
    ) -> CallView {
        let live = self.calls.call.as_ref();
        let ago = clock::wall_s_at;
        let media = live.map_or(MediaState::Connecting, |live| live.media);
        let media = match (media, lost) {
            (MediaState::Connecting, Some(lost)) => MediaState::Interrupted { since_s: ago(lost) },
            (media, _) => media,
        };
        CallView::Speaking {
            party,
            since_s: ago(since),
            media,
            cut: live.map_or(CutAt::Nowhere, |live| self.cut_to(&live.peer)),
            own: self.calls.own,
            theirs: live.map_or(NONE_SENT, |live: &LiveCall| live.theirs),
            passed_to,
            successors: self.successors(),
        }
    }

    /// The colleagues who could take the call over now.
    fn successors(&self) -> Vec<Colleague> {
        let service: Vec<ServiceId> = self.service_of_call().into_iter().collect();
        let mut colleagues = self.colleagues(&service);
        colleagues.retain(|colleague| colleague.availability == Availability::Free);
        colleagues
    }

    pub(super) fn person_name(&self, subject: &SubjectId) -> String {
        let directory = self.replica.directory();
        directory.name(subject).unwrap_or_default().to_owned()
    }

    /// Whether the adviser at this station can be reached.
    pub(in crate::app) fn availability(&self) -> Availability {
        match &self.calls.side {
            Side::Desk(desk) => shown_availability(desk.availability()),
            Side::Booth(_) | Side::Neither => Availability::Away,
        }
    }

    /// Who waits, in order; what their forms say is filled in by [`describe`].
    pub(in crate::app) fn queue_rows(&self, services: &[ServiceId]) -> Vec<QueueRow> {
        let next = self.next_ticket(services);
        let mut place = 0;
        let rows = self
            .calls
            .hall
            .queue(services)
            .into_iter()
            .filter_map(|seen| {
                let details = self.ticket_details(&seen.notice.ticket);
                let waits = seen.notice.stage == Stage::Waiting;
                place += usize::from(waits);
                let waited = clock::now().saturating_duration_since(seen.since);
                Some(QueueRow {
                    ticket: seen.notice.ticket,
                    place: waits.then_some(place),
                    kiosk: self.person_name(&seen.kiosk),
                    service: self.services.get(&seen.notice.service)?.brief.clone(),
                    case: None,
                    wanted: details.as_ref().map(|details| details.case),
                    person: None,
                    filled: (0, 0),
                    documents: 0,
                    lang: details.as_ref().map(|details| details.lang.clone()),
                    mode: details.as_ref().map(|details| match details.mode {
                        signal::Mode::Voice => Mode::Voice,
                        signal::Mode::Writing => Mode::Writing,
                    }),
                    waited_s: waited.as_secs(),
                    cut_since_s: self.heard.cut_since(&seen.kiosk),
                    turn: self.turn(seen, next == Some(seen.notice.ticket)),
                    unsent_reason: String::new(),
                })
            });
        rows.collect()
    }

    /// Whether somebody at this kiosk waits or is spoken with.
    pub(in crate::app) fn waits_at(&self, kiosk: &SubjectId) -> bool {
        let services: Vec<_> = self.services.keys().cloned().collect();
        let queue = self.calls.hall.queue(&services);
        queue.iter().any(|seen| seen.kiosk == *kiosk)
    }

    fn turn(&self, seen: &hall::SeenTicket, is_next: bool) -> Turn {
        if let Some(station) = self.handed_by(seen)
            && let Some(desk) = self.calls.hall.desk(&station)
        {
            let by = self.person_name(&desk.notice.person);
            return Turn::HandedOver { by };
        }
        // What a kiosk that is cut off said last may be over.
        let holder = seen.notice.stage.holder();
        match holder.filter(|holder| !seen.cut || self.is_held(seen, holder)) {
            Some(holder) if holder.station == self.me => Turn::Mine,
            Some(holder) => Turn::With {
                name: self.person_name(&holder.person),
            },
            None if seen.cut => Turn::Cut,
            None if is_next => Turn::Next,
            None => Turn::Later,
        }
    }

    /// Whether an adviser still calls or speaks with somebody, as they say themselves.
    fn is_held(&self, seen: &hall::SeenTicket, holder: &Holder) -> bool {
        let holding = match &self.calls.side {
            Side::Desk(desk) if holder.station == self.me => desk.holding().copied(),
            Side::Desk(_) | Side::Booth(_) | Side::Neither => {
                let desk = self.calls.hall.desk(&holder.station);
                desk.and_then(|desk| desk.notice.holding)
            }
        };
        holding.is_some_and(|holding| holding.ticket == seen.notice.ticket)
    }

    /// The other advisers of these services.
    pub(in crate::app) fn colleagues(&self, services: &[ServiceId]) -> Vec<Colleague> {
        let mut colleagues: Vec<Colleague> = self
            .calls
            .hall
            .desks()
            .filter(|desk| desk.station != self.me && self.heard.line() == Line::Up)
            .filter_map(|desk| {
                let common: Vec<_> = desk
                    .notice
                    .services
                    .iter()
                    .filter(|service| services.contains(service))
                    .filter_map(|service| Some(self.services.get(service)?.brief.name.clone()))
                    .collect();
                (!common.is_empty()).then(|| Colleague {
                    station: desk.station,
                    name: self.person_name(&desk.notice.person),
                    availability: shown_availability(desk.notice.availability),
                    speaks_with: desk
                        .notice
                        .holding
                        .map(|holding| self.person_name(&holding.kiosk)),
                    services: common,
                })
            })
            .collect();
        colleagues.sort_by(|a, b| a.name.cmp(&b.name));
        colleagues
    }
}

/// Fills in what the desk's cases know of who waits.
pub(in crate::app) fn describe(rows: &mut [QueueRow], cases: &[DeskCase]) {
    for row in rows {
        let known = cases
            .iter()
            .find(|case| Some(case.brief.case) == row.wanted);
        if let Some(case) = known {
            row.case = Some(case.brief.clone());
            row.person.clone_from(&case.person);
            row.filled = (case.filled, case.fields);
            row.documents = case.documents;
            row.unsent_reason.clone_from(&case.unsent_reason);
        }
    }
}

/// A share from 0 to 1 in thousandths.
fn permille(share: f32) -> u32 {
    (share * 1_000.0).round() as u32
}

fn shown_availability(availability: signal::Availability) -> Availability {
    match availability {
        signal::Availability::Free => Availability::Free,
        signal::Availability::Busy => Availability::Busy,
        signal::Availability::Away => Availability::Away,
    }
}
