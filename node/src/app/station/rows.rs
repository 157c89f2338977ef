//! The desk as a page shows it: who waits, the cases, what needs someone's eyes.
//!
//! A case's line is made by its worker and kept until the case changes. Lines are in the order of
//! arrival on this disk; the clocks of others are only shown.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use guichet_keys::{CaseTag, ServiceId};
use guichet_sync::store::Location;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::StationEvent;
use super::search::find;
use crate::app::calls::describe;
use crate::app::cases::answer;
use crate::app::disk::Done;
use crate::app::node::{Duty, Node};
use crate::app::shown;
use crate::clock;
use crate::times::can_be;
use crate::web::counter::{Change, Refusal, Reply};
use crate::web::view::{Alarm, CaseView, DeskCase, DeskView};

/// A page does not wait longer for a line that has changed: it shows the last that is known, and is
/// told when it is made.
const OUTDATED_AFTER: Duration = Duration::from_millis(100);

/// A case's line, and where it stands among the others.
#[derive(Clone, Debug)]
pub struct Row {
    /// Where the last of its things lies on this disk, in the order of arrival.
    arrived: Option<Location>,
    /// What is shown.
    pub shown: DeskCase,
}

/// What is known of a case's line.
#[derive(Debug, Default)]
pub struct Known {
    /// Grows with every change of the case.
    pub version: u64,
    /// The last that was made, and of which version.
    made: Option<(u64, Row)>,
    /// Whether a worker is making it.
    asked: bool,
    /// Whether a page shows an earlier one meanwhile.
    outdated_shown: bool,
}

/// A worker has made a case's line, or could not.
#[derive(Debug)]
pub struct RowMade {
    case: CaseTag,
    version: u64,
    row: Option<Row>,
    late: bool,
}

enum Line {
    Shown(Row),
    Coming(Coming),
    Closed,
}

/// A line that a worker makes.
struct Coming {
    case: CaseTag,
    page: oneshot::Receiver<Result<CaseView, Refusal>>,
    version: u64,
    changed: Changed,
    last: Option<Row>,
}

enum Made {
    InTime(Option<Row>),
    Late(Row),
}

impl Coming {
    /// The line, or the last that is known where it takes longer. One that was never made is
    /// waited for.
    async fn made_until(
        &mut self,
        until: Instant,
        events: &mpsc::UnboundedSender<StationEvent>,
    ) -> Made {
        let made = match &self.last {
            None => (&mut self.page).await,
            Some(last) => match tokio::time::timeout_at(until, &mut self.page).await {
                Ok(made) => made,
                Err(_) => return Made::Late(last.clone()),
            },
        };
        Made::InTime(self.tell(made, events, false))
    }

    /// The same, however long it takes.
    async fn made(mut self, events: &mpsc::UnboundedSender<StationEvent>, late: bool) {
        let made = (&mut self.page).await;
        self.tell(made, events, late);
    }

    fn tell(
        &self,
        made: Result<Result<CaseView, Refusal>, oneshot::error::RecvError>,
        events: &mpsc::UnboundedSender<StationEvent>,
        late: bool,
    ) -> Option<Row> {
        let row = made.ok().and_then(Result::ok).map(|case| Row {
            arrived: self.changed.arrived,
            shown: desk_case(case, self.changed.at_s),
        });
        let made = RowMade {
            case: self.case,
            version: self.version,
            row: row.clone(),
            late,
        };
        let _the_node_is_stopping = events.send(StationEvent::Row(Box::new(made)));
        row
    }
}

/// When something of a case last arrived.
struct Changed {
    arrived: Option<Location>,
    at_s: Option<u64>,
}

impl Node {
    /// The cases of the unlocked adviser's services.
    fn desk_cases(&self) -> Vec<CaseTag> {
        let Some(vault) = self.open_vault() else {
            return Vec::new();
        };
        let cases = self.replica.directory().cases();
        let readable = cases.filter(|known| {
            vault
                .secrets
                .contains_key(&(known.service.clone(), known.service_epoch))
        });
        readable.map(|known| known.case).collect()
    }

    /// How many cases of the adviser's services lie under keys that their vault does not open; of
    /// a service whose newest key it is, though there be none.
    fn shut_cases(&self) -> BTreeMap<ServiceId, usize> {
        let directory = self.replica.directory();
        let Some(vault) = self.open_vault().filter(|vault| !vault.shut.is_empty()) else {
            return BTreeMap::new();
        };
        let mut shut = BTreeMap::new();
        for (service, epoch) in &vault.shut {
            let newest = directory.service_key(service);
            if newest.is_some_and(|key| key.epoch == *epoch) {
                shut.insert(service.clone(), 0);
            }
        }
        for known in directory.cases() {
            if vault
                .shut
                .contains(&(known.service.clone(), known.service_epoch))
            {
                *shut.entry(known.service.clone()).or_default() += 1;
            }
        }
        shut
    }

    fn shut_alarms(&self, shut: BTreeMap<ServiceId, usize>) -> Vec<Alarm> {
        let alarms = shut.into_iter().filter_map(|(service, cases)| {
            let service = self.services.get(&service)?.brief.clone();
            Some(Alarm::Shut { service, cases })
        });
        alarms.collect()
    }

    /// The desk; lines that are not known are made by the workers first. Of a search, the cases
    /// that are found.
    pub(in crate::app) fn desk(&mut self, search: Option<String>, reply: Reply<DeskView>) {
        let Some(vault) = self.open_vault() else {
            let refusal = self.station().err().unwrap_or(Refusal::Locked);
            return answer(reply, Err(refusal));
        };
        let services = vault
            .secrets
            .keys()
            .filter_map(|(service, _)| self.services.get(service));
        let mut services: Vec<_> = services.map(|service| service.brief.clone()).collect();
        services.dedup();
        let served = vault.services();
        let mut view = DeskView {
            place: self.name.clone(),
            adviser: vault.name.clone(),
            services,
            line: self.heard.line(),
            availability: self.availability(),
            call: self.call_view(),
            queue: self.queue_rows(&served),
            colleagues: self.colleagues(&served),
            cases: Vec::new(),
            search: None,
            outbox: self.outbox().items,
            alarms: self.alarms(),
        };
        let (mut rows, mut coming, mut shut) = (Vec::new(), Vec::new(), self.shut_cases());
        for case in self.desk_cases() {
            match self.line(&case) {
                Line::Shown(row) => rows.push(row),
                Line::Coming(line) => coming.push(line),
                Line::Closed => {
                    if let Some((known, _)) = self.replica.directory().case(&case) {
                        *shut.entry(known.service.clone()).or_default() += 1;
                    }
                }
            }
        }
        view.alarms.extend(self.shut_alarms(shut));
        let Ok(events) = self.station().map(|station| station.events.clone()) else {
            return;
        };
        tokio::spawn(async move {
            let until = Instant::now() + OUTDATED_AFTER;
            let mut late = Vec::new();
            for mut line in coming {
                match line.made_until(until, &events).await {
                    Made::InTime(row) => rows.extend(row),
                    Made::Late(outdated) => {
                        rows.push(outdated);
                        late.push(line);
                    }
                }
            }
            rows.sort_by_key(|row| (Reverse(row.arrived), row.shown.brief.case));
            view.cases = rows.into_iter().map(|row| row.shown).collect();
            describe(&mut view.queue, &view.cases);
            if let Some(words) = search {
                view.search = Some(find(&mut view.cases, words));
            }
            answer(reply, Ok(view));
            for line in late {
                line.made(&events, true).await;
            }
        });
    }

    /// Things of an open case have no effect: that needs someone's eyes.
    pub(in crate::app) fn on_set_aside(&mut self, case: CaseTag, unreadable: u64, aside: u64) {
        tracing::warn!(%case, unreadable, aside, "things of a case have no effect");
        if let Duty::Station(station) = &mut self.duty {
            station.alarms.insert(case, (unreadable, aside));
            self.counter.tell(Change::Desk);
        }
    }

    /// Called once a reason for taking somebody out of turn is durable; of one that is not, the
    /// desk tells.
    pub(in crate::app) fn when_reason_is_kept(&self, case: CaseTag) -> Done {
        let events = self.station().ok().map(|station| station.events.clone());
        Box::new(move |kept| {
            if let (Err(_), Some(events)) = (kept, events) {
                let _the_node_is_stopping = events.send(StationEvent::ReasonLost(case));
            }
        })
    }

    pub(super) fn on_reason_lost(&mut self, case: CaseTag) {
        if let Duty::Station(station) = &mut self.duty
            && station.open.is_some()
        {
            station.reasons_lost.insert(case);
            self.counter.tell(Change::Desk);
        }
    }

    fn alarms(&self) -> Vec<Alarm> {
        let Ok(station) = self.station() else {
            return Vec::new();
        };
        let alarms = station
            .alarms
            .iter()
            .flat_map(|(case, (unreadable, aside))| {
                let (case, unreadable, aside) = (*case, *unreadable, *aside);
                [
                    (
                        unreadable,
                        Alarm::Unreadable {
                            case,
                            items: unreadable,
                        },
                    ),
                    (aside, Alarm::SetAside { case, items: aside }),
                ]
            });
        let alarms = alarms.filter(|(items, _)| *items > 0);
        let lost = station.reasons_lost.iter();
        let lost = lost.map(|case| Alarm::ReasonLost { case: *case });
        alarms.map(|(_, alarm)| alarm).chain(lost).collect()
    }

    /// A case's line: as it is known, or as it is being made.
    fn line(&mut self, case: &CaseTag) -> Line {
        let known = match &mut self.duty {
            Duty::Station(station) => station.rows.entry(*case).or_default(),
            Duty::Kiosk(_) | Duty::Relay => return Line::Closed,
        };
        let version = known.version;
        let last = match &known.made {
            Some((of, row)) if *of == version => return Line::Shown(row.clone()),
            Some((_, row)) if known.asked => {
                known.outdated_shown = true;
                return Line::Shown(row.clone());
            }
            Some((_, row)) => Some(row.clone()),
            None => None,
        };
        let changed = self.changed(case);
        match self.view_case(case) {
            Some(page) => {
                if let Duty::Station(station) = &mut self.duty {
                    station.rows.entry(*case).or_default().asked = true;
                }
                Line::Coming(Coming {
                    case: *case,
                    page,
                    version,
                    changed,
                    last,
                })
            }
            None => last.map_or(Line::Closed, Line::Shown),
        }
    }

    /// A worker has made a case's line, or could not.
    pub(in crate::app) fn on_row(&mut self, made: RowMade) {
        let Duty::Station(station) = &mut self.duty else {
            return;
        };
        let Some(known) = station.rows.get_mut(&made.case) else {
            return;
        };
        known.asked = false;
        if let Some(row) = made.row {
            known.made = Some((made.version, row));
        }
        if made.late | std::mem::take(&mut known.outdated_shown) {
            self.counter.tell(Change::Desk);
        }
    }

    /// Where the last thing of a case lies, and the last believable time at which something came:
    /// by the receipts of the service, and by the kiosk only where there is none.
    fn changed(&self, case: &CaseTag) -> Changed {
        let catalogue = self.replica.catalogue();
        let reached = catalogue.chains_of(case).iter().filter_map(|chain| {
            let next = catalogue.chain(chain)?.next();
            self.replica.book().envelope(chain, next.checked_sub(1)?)
        });
        let now_s = clock::wall_s();
        let believed = |at_s: &u64| can_be(*at_s, now_s);
        let received = reached.map(|reached| reached.at_ms / 1000).filter(believed);
        let opened = self.replica.directory().case_opened_at_s(case);
        Changed {
            arrived: catalogue.latest_of(case),
            at_s: received.max().or(opened.filter(believed)),
        }
    }
}

fn desk_case(case: CaseView, changed_at_s: Option<u64>) -> DeskCase {
    let fields = case
        .forms
        .iter()
        .flat_map(|form| &form.sections)
        .flat_map(|section| &section.fields);
    let filled = fields
        .clone()
        .filter(|field| shown::is_filled(&field.content))
        .count();
    let coming = |document: &&crate::web::view::DocumentView| {
        !matches!(document.arrival, crate::web::view::Arrival::Here)
    };
    DeskCase {
        person: case.person.clone(),
        place: case.place.clone(),
        opened_at_s: case.opened_at_s,
        changed_at_s,
        filled,
        fields: fields.count(),
        documents: case.documents.len(),
        documents_coming: case.documents.iter().filter(coming).count(),
        messages: case.messages.len(),
        unsent_reason: case.unsent_reason,
        brief: case.brief,
    }
}
