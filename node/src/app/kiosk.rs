//! The visit of one citizen, and its end.
//!
//! A visit begins with its first case and ends by the button or when nobody
//! touches the screen. Its end closes the cases, and with them goes every key:
//! what is sealed and has not left still leaves. A note on the disk says that
//! a visit is open, and nothing of whom; a start that finds it says *visite
//! interrompue*.

use std::sync::Arc;
use std::time::{Duration, Instant};

use guichet_keys::{ActClass, AuthorId, CaseKeys, CaseTag, KeyUse, ServiceId, Statement};
use guichet_sync::case::Writer;
use guichet_sync::envelope::KeyRef;
use guichet_sync::replica::Input;
use tokio::sync::oneshot;

use super::calls::Attended;
use super::cases::{Ending, Task, answer};
use super::disk::{Done, Job};
use super::node::{Duty, Node};
use super::opened::Opening;
use super::shown;
use crate::web::counter::{Change, Refusal, Reply, Thing};
use crate::web::ids::FormId;
use crate::web::view::{
    CaseBrief, HomeView, Idle, ReceiptView, ServiceCard, ServiceView, VisitState, VisitView,
};
use crate::{clock, entropy};

/// The note on the disk while a visit is open.
pub const VISIT_NOTE: &str = "visit";
/// Most cases of one visit.
const VISIT_CASES_MAX: usize = 8;
/// How long before the end the page warns, unless that is more than half of the time.
const WARNING: Duration = Duration::from_secs(60);

/// Somebody who waits for an adviser may sit still for so many times as long.
const WAITING_FACTOR: u32 = 3;
/// What a page counts down from while a visit does not end by itself.
const NOT_SOON: Duration = Duration::from_secs(24 * 3600);

/// The visit that is open.
pub struct Visit {
    cases: Vec<CaseBrief>,
    touched_at: Instant,
}

/// A kiosk's own state.
pub struct Kiosk {
    visit: Option<Visit>,
    beginning: Vec<CaseBrief>,
    interrupted: bool,
    idle: Duration,
}

impl Kiosk {
    /// A kiosk at its start; `interrupted` if a visit was open when it last ended.
    pub fn new(interrupted: bool, idle: Duration) -> Self {
        Self {
            visit: None,
            beginning: Vec::new(),
            interrupted,
            idle,
        }
    }

    /// Forgets the visit; gives its cases, which are still to be closed.
    pub(super) fn forget(&mut self) -> Vec<CaseBrief> {
        let Self {
            visit,
            beginning,
            // Whoever began this visit has been told, or has read it.
            interrupted: _,
            idle: _,
        } = self;
        let visit = visit.take().into_iter().flat_map(|visit| visit.cases);
        std::mem::take(beginning).into_iter().chain(visit).collect()
    }

    fn ends_after(&self, idle: Duration) -> Option<Instant> {
        self.visit.as_ref().map(|visit| visit.touched_at + idle)
    }
}

impl Node {
    fn kiosk(&self) -> Result<&Kiosk, Refusal> {
        match &self.duty {
            Duty::Kiosk(kiosk) => Ok(kiosk),
            Duty::Station(_) | Duty::Relay => Err(Refusal::NotFound(Thing::Page)),
        }
    }

    fn visit(&self) -> Result<&Visit, Refusal> {
        self.kiosk()?.visit.as_ref().ok_or(Refusal::NoVisit)
    }

    /// The citizen is there: the idle clock starts again.
    pub(super) fn touch(&mut self) {
        if let Duty::Kiosk(Kiosk {
            visit: Some(visit), ..
        }) = &mut self.duty
        {
            visit.touched_at = clock::now();
        }
    }

    /// When the open visit ends by itself: later for somebody who waits for an adviser, and not
    /// while they are called or spoken with.
    pub(super) fn visit_ends_at(&self) -> Option<Instant> {
        let kiosk = self.kiosk().ok()?;
        match self.attended() {
            Attended::No => kiosk.ends_after(kiosk.idle),
            Attended::Waiting => kiosk.ends_after(kiosk.idle * WAITING_FACTOR),
            Attended::Called => None,
        }
    }

    /// Whether this case belongs to the open visit.
    pub(super) fn in_visit(&self, case: &CaseTag) -> bool {
        self.visit()
            .is_ok_and(|visit| visit.cases.iter().any(|brief| brief.case == *case))
    }

    fn idle(&self) -> Idle {
        let whole = self.kiosk().map_or(Duration::ZERO, |kiosk| kiosk.idle);
        let left = self
            .visit_ends_at()
            .map_or(NOT_SOON, |end| end.saturating_duration_since(clock::now()));
        Idle {
            ends_in_s: left.as_secs(),
            warn_s: WARNING.min(whole / 2).as_secs(),
        }
    }

    /// Whether someone sits here.
    pub(super) fn visit_state(&self) -> VisitState {
        match self.kiosk() {
            Ok(Kiosk {
                visit: Some(visit), ..
            }) => VisitState::Open {
                cases: visit.cases.clone(),
                idle: self.idle(),
            },
            Ok(Kiosk {
                interrupted: true, ..
            }) => VisitState::Interrupted,
            _ => VisitState::None,
        }
    }

    pub(super) fn home(&self) -> Result<HomeView, Refusal> {
        self.kiosk()?;
        let directory = self.replica.directory();
        let services = self.services.iter().map(|(service, read)| ServiceCard {
            brief: read.brief.clone(),
            reach: self
                .presences
                .reach(directory, self.calls.hall.online(), service),
            reception: self.reception(service),
        });
        Ok(HomeView {
            place: self.name.clone(),
            line: self.presences.line(),
            services: services.collect(),
            visit: self.visit_state(),
        })
    }

    pub(super) fn service_page(&self, service: &ServiceId) -> Result<ServiceView, Refusal> {
        self.kiosk()?;
        let reach =
            self.presences
                .reach(self.replica.directory(), self.calls.hall.online(), service);
        Ok(self.service(service)?.view(
            self.name.clone(),
            self.presences.line(),
            reach,
            self.reception(service),
            self.visit_state(),
        ))
    }

    pub(super) fn visit_page(&self) -> Result<VisitView, Refusal> {
        let cases = self.visit()?.cases.clone();
        Ok(VisitView {
            place: self.name.clone(),
            line: self.presences.line(),
            cases,
            call: self.call_view(),
            idle: self.idle(),
        })
    }

    /// Opens a case with one empty form; it is there once its statements and the form are durable.
    pub(super) fn start_case(
        &mut self,
        service: &ServiceId,
        template: String,
        reply: Reply<CaseTag>,
    ) {
        match self.new_case(service, &template) {
            Ok(case) => {
                let form = FormId::from(entropy::bytes());
                let done =
                    Box::new(move |saved: Result<(), Refusal>| answer(reply, saved.map(|()| case)));
                self.cases.hand_in(
                    case,
                    Task::StartForm {
                        form,
                        template,
                        done,
                    },
                );
            }
            Err(refusal) => answer(reply, Err(refusal)),
        }
    }

    fn new_case(&mut self, service: &ServiceId, template: &str) -> Result<CaseTag, Refusal> {
        self.kiosk()?;
        let read = std::sync::Arc::clone(self.service(service)?);
        let title = read
            .form(template)
            .ok_or(Refusal::NotFound(Thing::Template))?
            .title
            .clone();
        let begun = self.visit().map_or(0, |visit| visit.cases.len());
        if begun + self.kiosk()?.beginning.len() >= VISIT_CASES_MAX {
            return Err(Refusal::Full);
        }
        let (case, author) = (
            CaseTag::from(entropy::bytes()),
            AuthorId::from(entropy::bytes()),
        );
        let key = self
            .replica
            .directory()
            .service_key(service)
            .ok_or(Refusal::NotFound(Thing::Service))?;
        let (statement, keys) = CaseKeys::create(case, author, key, &entropy::bytes())
            .map_err(|_| Refusal::NotFound(Thing::Service))?;
        let things = [
            self.bind(&self.signer, author, None, Some(case)),
            self.state(&self.signer, &Statement::Case(statement)),
        ];
        let epoch = keys.newest(KeyUse::Shared).map_or(0, |(epoch, _)| epoch);
        let key = KeyRef {
            usage: KeyUse::Shared,
            epoch,
        };
        let writer = Writer {
            author,
            signer: self.signer.clone(),
            key,
        };
        let opening = Opening {
            keys,
            reader: author,
            writer: Some(writer),
            class: ActClass::Citizen,
            service: read.clone(),
            at: Vec::new(),
        };
        self.cases.hand_in(case, Task::Open(Box::new(opening)));
        self.tell_replica(Input::Written(things.into_iter().flatten().collect()));
        self.tell_replica(Input::CaseFollowed(case));
        let brief = CaseBrief {
            case,
            service: read.brief.clone(),
            title,
        };
        if let Duty::Kiosk(kiosk) = &mut self.duty {
            kiosk.beginning.push(brief);
        }
        self.disk
            .hand_in(Job::Note(VISIT_NOTE, vec![1], Box::new(|_| ())));
        Ok(case)
    }

    fn take_beginning(&mut self, case: &CaseTag) -> Option<CaseBrief> {
        let Duty::Kiosk(kiosk) = &mut self.duty else {
            return None;
        };
        let mut taken = kiosk.beginning.extract_if(.., |brief| brief.case == *case);
        taken.next()
    }

    /// Something of a case is durable: if it was just beginning, it belongs to the visit now.
    pub(super) fn case_saved(&mut self, case: &CaseTag) {
        if let Some(brief) = self.take_beginning(case) {
            self.enter_visit(brief);
        }
    }

    /// Something of a case was not saved: if it was just beginning, it never began.
    pub(super) fn case_failed(&mut self, case: &CaseTag) {
        if self.take_beginning(case).is_none() {
            return;
        }
        self.cases.hand_in(*case, Task::Close(None));
        self.tell_replica(Input::CaseLeft(*case));
        if self.visit().is_err() {
            self.clear_note(Box::new(|_| ()));
        }
    }

    fn enter_visit(&mut self, brief: CaseBrief) {
        let Duty::Kiosk(kiosk) = &mut self.duty else {
            return;
        };
        kiosk.interrupted = false;
        let touched_at = clock::now();
        kiosk
            .visit
            .get_or_insert(Visit {
                cases: Vec::new(),
                touched_at,
            })
            .cases
            .push(brief);
        self.touch();
        self.counter.tell(Change::Home);
        self.counter.tell(Change::Visit);
    }

    /// Ends the visit: answered once the keys are gone and the disk no longer says that one is
    /// open, or cannot be told.
    pub(super) fn end_visit(&mut self, reply: Option<Reply<()>>) {
        let taken = self.forget_visit();
        let ending = reply.map(|reply| Arc::new(Ending::new(reply)));
        for brief in taken {
            let closing = Task::Close(ending.clone());
            self.cases.hand_in(brief.case, closing);
            self.tell_replica(Input::CaseLeft(brief.case));
        }
        self.clear_note(Box::new(|_| drop(ending)));
        self.counter.tell(Change::VisitEnded);
        self.counter.tell(Change::Home);
    }

    /// Somebody has read that a visit was interrupted.
    pub(super) fn interruption_read(&mut self, reply: Reply<()>) {
        if let Duty::Kiosk(kiosk) = &mut self.duty {
            kiosk.interrupted = false;
        }
        self.clear_note(Box::new(|cleared| answer(reply, cleared)));
        self.counter.tell(Change::Home);
    }

    fn clear_note(&self, done: Done) {
        self.disk.hand_in(Job::Note(VISIT_NOTE, Vec::new(), done));
    }

    /// Ends a visit that nobody has touched for too long.
    pub(super) fn end_idle_visit(&mut self) {
        if self.visit_ends_at().is_some_and(|end| end <= clock::now()) {
            tracing::info!("a visit ended by itself");
            self.end_visit(None);
        }
    }

    /// The receipt: how far everything of the visit has come.
    pub(super) fn receipt_page(&self, reply: Reply<ReceiptView>) {
        let visit = match self.visit() {
            Ok(visit) => visit,
            Err(refusal) => return answer(reply, Err(refusal)),
        };
        let mut pages = Vec::new();
        for brief in &visit.cases {
            let context = self.context(&brief.case);
            let edits = shown::edits(&context.stages);
            let (told, page) = oneshot::channel();
            self.cases.hand_in(
                brief.case,
                Task::View {
                    context: Box::new(context),
                    reply: told,
                },
            );
            pages.push((page, edits));
        }
        let mut view = ReceiptView {
            place: self.name.clone(),
            line: self.presences.line(),
            at_s: clock::wall_s(),
            cases: Vec::new(),
            idle: self.idle(),
        };
        tokio::spawn(async move {
            for (page, edits) in pages {
                match page.await {
                    Ok(Ok(case)) => view.cases.push(shown::receipt(case, edits)),
                    Ok(Err(refusal)) => return answer(reply, Err(refusal)),
                    Err(_) => return answer(reply, Err(Refusal::Stopping)),
                }
            }
            answer(reply, Ok(view));
        });
    }
}
