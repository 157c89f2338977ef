//! The visit of one citizen, and its end.
//!
//! A visit begins with its first case and ends by the button or when nobody
//! touches the screen. Its end closes the cases, and with them goes every key:
//! what is sealed and has not left still leaves. A note on the disk says that
//! a visit is open, and nothing of whom; a start that finds it says *visite
//! interrompue*.

mod note;
mod noting;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use guichet_keys::{ActClass, AuthorId, CaseKeys, CaseTag, KeyUse, ServiceId, Statement};
use guichet_sync::case::Writer;
use guichet_sync::envelope::KeyRef;
use guichet_sync::replica::{Input, Thing};
use tokio::sync::oneshot;

use self::note::VisitNote;
use super::calls::Attended;
use super::cases::{Ending, Task, answer};
use super::node::{Duty, Node};
use super::opened::{Opening, Sent};
use super::shown;
use super::visit::{self, Visit, Written};
use crate::web::counter::{Change, Refusal, Reply, Thing as What, VALUE_BYTES_MAX};
use crate::web::ids::FormId;
use crate::web::view::{
    CaseBrief, HomeView, Idle, Loose, ReceiptView, ServiceCard, ServiceView, VisitState, VisitView,
};
use crate::{clock, entropy};

/// The note on the disk while a visit is open.
pub const VISIT_NOTE: &str = "visit";
/// How long before the end the page warns, unless that is more than half of the time.
const WARNING: Duration = Duration::from_secs(60);

/// Somebody who waits for an adviser may sit still for so many times as long.
const WAITING_FACTOR: u32 = 3;
/// What a page counts down from while a visit does not end by itself.
const NOT_SOON: Duration = Duration::from_secs(24 * 3600);

/// A kiosk's own state.
pub struct Kiosk {
    visit: Option<Visit<Thing>>,
    interrupted: bool,
    note: VisitNote,
    idle: Duration,
}

impl Kiosk {
    /// A kiosk at its start; `interrupted` if a visit was open when it last ended.
    pub fn new(interrupted: bool, idle: Duration) -> Self {
        Self {
            visit: None,
            interrupted,
            note: VisitNote::new(interrupted),
            idle,
        }
    }

    /// Forgets the visit; gives its cases, which are still to be closed.
    pub(super) fn forget(&mut self) -> Vec<CaseTag> {
        let Self {
            visit,
            // Whoever began this visit has been told, or has read it.
            interrupted: _,
            // It goes with the end of the visit, or says that the disk still tells of it.
            note: _,
            idle: _,
        } = self;
        let visit = visit.take().into_iter();
        visit.flat_map(Visit::into_tags).collect()
    }

    fn ends_after(&self, idle: Duration) -> Option<Instant> {
        self.visit.as_ref()?.ends_after(idle)
    }
}

impl Node {
    fn kiosk(&self) -> Result<&Kiosk, Refusal> {
        match &self.duty {
            Duty::Kiosk(kiosk) => Ok(kiosk),
            Duty::Station(_) | Duty::Relay => Err(Refusal::NotFound(What::Page)),
        }
    }

    fn visit(&self) -> Result<&Visit<Thing>, Refusal> {
        let visit = self.kiosk()?.visit.as_ref();
        visit
            .filter(|visit| visit.is_open())
            .ok_or(Refusal::NoVisit)
    }

    fn visit_mut(&mut self) -> Option<&mut Visit<Thing>> {
        match &mut self.duty {
            Duty::Kiosk(kiosk) => kiosk.visit.as_mut(),
            Duty::Station(_) | Duty::Relay => None,
        }
    }

    /// The citizen is there: the idle clock starts again.
    pub(super) fn touch(&mut self) {
        if let Some(visit) = self.visit_mut() {
            visit.touch(clock::now());
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
        self.case_of_visit(case).is_some()
    }

    /// A case of the visit, as it was begun: its service and title, and when it was opened.
    pub(super) fn case_of_visit(&self, case: &CaseTag) -> Option<(&CaseBrief, u64)> {
        self.visit().ok()?.case(case)
    }

    /// The services of the open visit.
    pub(super) fn services_of_visit(&self) -> BTreeSet<ServiceId> {
        let cases = self.visit().into_iter().flat_map(|visit| visit.cases());
        cases.map(|brief| brief.service.service.clone()).collect()
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
        match (self.visit(), self.kiosk()) {
            (Ok(visit), _) => VisitState::Open {
                cases: visit.cases(),
                idle: self.idle(),
                loose: self.loose(),
            },
            (
                Err(_),
                Ok(Kiosk {
                    interrupted: true, ..
                }),
            ) => VisitState::Interrupted,
            (Err(_), _) => VisitState::None,
        }
    }

    /// What the end of the visit would drop: sheets first, which exist nowhere else.
    fn loose(&self) -> Vec<Loose> {
        let Ok(visit) = self.visit() else {
            return Vec::new();
        };
        let cases = visit.cases();
        let brief = |case: &CaseTag| cases.iter().find(|brief| brief.case == *case).cloned();
        let sheets = cases.iter().filter_map(|case| {
            let sheets = self.trays.count(&case.case);
            let case = case.clone();
            (sheets > 0).then_some(Loose::Sheets { case, sheets })
        });
        let others = visit.loose().filter_map(|loose| match loose {
            visit::Loose::Message(case, text) => Some(Loose::Message {
                case: brief(&case.case)?,
                text: text.to_owned(),
            }),
            visit::Loose::Empty(case) => Some(Loose::Empty {
                case: brief(&case.case)?,
            }),
        });
        sheets.chain(others).collect()
    }

    pub(super) fn home(&self) -> Result<HomeView, Refusal> {
        self.kiosk()?;
        let services = self.services.iter().map(|(service, read)| ServiceCard {
            brief: read.brief.clone(),
            reach: self.reach(service),
            reception: self.reception(service),
        });
        Ok(HomeView {
            place: self.name.clone(),
            line: self.heard.line(),
            services: services.collect(),
            visit: self.visit_state(),
        })
    }

    pub(super) fn service_page(&self, service: &ServiceId) -> Result<ServiceView, Refusal> {
        self.kiosk()?;
        let reach = self.reach(service);
        Ok(self.service(service)?.view(
            self.name.clone(),
            self.heard.line(),
            reach,
            self.reception(service),
            self.visit_state(),
        ))
    }

    pub(super) fn visit_page(&self) -> Result<VisitView, Refusal> {
        let cases = self.visit()?.cases();
        Ok(VisitView {
            place: self.name.clone(),
            line: self.heard.line(),
            cases,
            call: self.call_view(),
            idle: self.idle(),
            loose: self.loose(),
        })
    }

    /// Opens a case with one empty form; nothing of it is durable or leaves before something is
    /// written in it.
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
            .ok_or(Refusal::NotFound(What::Template))?
            .title
            .clone();
        let (case, author) = (
            CaseTag::from(entropy::bytes()),
            AuthorId::from(entropy::bytes()),
        );
        let key = self
            .replica
            .directory()
            .service_key(service)
            .ok_or(Refusal::NotFound(What::Service))?;
        let (statement, keys) = CaseKeys::create(case, author, key, &entropy::bytes())
            .map_err(|_| Refusal::NotFound(What::Service))?;
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
            keeps: None,
        };
        let brief = CaseBrief {
            case,
            service: read.brief.clone(),
            title,
            number: None,
        };
        self.begin_case(brief, things.into_iter().flatten().collect())?;
        self.cases.hand_in(case, Task::Open(Box::new(opening)));
        self.note_visit(note::Input::Begun, None);
        Ok(case)
    }

    fn begin_case(&mut self, brief: CaseBrief, statements: Vec<Thing>) -> Result<(), Refusal> {
        let Duty::Kiosk(kiosk) = &mut self.duty else {
            return Err(Refusal::NotFound(What::Page));
        };
        let visit = kiosk.visit.get_or_insert_with(|| Visit::new(clock::now()));
        visit
            .begin(brief, clock::wall_s(), statements)
            .map_err(|visit::Full| Refusal::Full)
    }

    /// Something was written in a case: gives what is to be made durable, if anything.
    pub(super) fn leaves_kiosk(
        &mut self,
        case: &CaseTag,
        things: Vec<Thing>,
    ) -> Option<Vec<Thing>> {
        let Some(visit) = self.visit_mut() else {
            return Some(things);
        };
        match visit.write(case, things) {
            Written::Kept => {
                self.case_entered();
                None
            }
            Written::WithOpening(things) => {
                self.tell_replica(Input::CaseFollowed(*case));
                Some(things)
            }
            Written::Alone(things) => Some(things),
        }
    }

    /// An adviser is to see a case, though nothing is written in it yet: what is to be made durable
    /// for that, if anything.
    pub(super) fn opening_of_empty(&mut self, case: &CaseTag) -> Option<Vec<Thing>> {
        let opening = self.visit_mut()?.let_leave(case)?;
        self.tell_replica(Input::CaseFollowed(*case));
        Some(opening)
    }

    /// What was written last in a case is durable.
    pub(super) fn case_saved(&mut self, case: &CaseTag) {
        if let Some(visit) = self.visit_mut() {
            visit.saved(case);
        }
    }

    /// It is not.
    pub(super) fn case_failed(&mut self, case: &CaseTag) {
        if let Some(visit) = self.visit_mut() {
            visit.failed(case);
        }
    }

    fn case_entered(&mut self) {
        if let Duty::Kiosk(kiosk) = &mut self.duty {
            kiosk.interrupted = false;
        }
        self.touch();
        self.counter.tell(Change::Home);
        self.counter.tell(Change::Visit);
    }

    /// Gives back a case in which nothing is written: nothing of it has left.
    pub(super) fn give_back(&mut self, case: &CaseTag) -> Result<(), Refusal> {
        if !self.in_visit(case) {
            return Err(Refusal::NotFound(What::Case));
        }
        let given = self.visit_mut().map(|visit| visit.give_back(case));
        if given != Some(Ok(())) {
            return Err(Refusal::NotEmpty);
        }
        self.trays.discard(case);
        self.cases.hand_in(*case, Task::Close(None));
        self.tell_replica(Input::CaseLeft(*case));
        self.counter.tell(Change::Case(*case));
        self.counter.tell(Change::Visit);
        self.counter.tell(Change::Home);
        Ok(())
    }

    /// What is typed as a message of a case and not sent; empty to throw it away.
    pub(super) fn message_typed(&mut self, case: &CaseTag, text: String) -> Result<(), Refusal> {
        self.open_case(case)?;
        if text.len() > VALUE_BYTES_MAX {
            let bytes_max = VALUE_BYTES_MAX;
            return Err(Refusal::TooLarge { bytes_max });
        }
        if let Some(visit) = self.visit_mut() {
            visit.typed(case, text);
        }
        self.counter.tell(Change::Visit);
        Ok(())
    }

    /// A message was sent: none is typed any more.
    pub(super) fn message_sent(&mut self, case: &CaseTag) {
        if let Some(visit) = self.visit_mut() {
            visit.typed(case, String::new());
        }
    }

    /// A message was not saved after all: it is typed and not sent, unless another is by now.
    pub(super) fn message_not_sent(&mut self, case: &CaseTag, sent: &Sent) {
        if let (Some(text), Some(visit)) = (sent.message(), self.visit_mut())
            && visit.message(case).is_empty()
        {
            visit.typed(case, text.to_owned());
            self.counter.tell(Change::Visit);
            self.counter.tell(Change::Case(*case));
        }
    }

    /// What is typed as a message of a case and not sent.
    pub(super) fn unsent_message(&self, case: &CaseTag) -> String {
        let visit = self.visit();
        visit.map_or(String::new(), |visit| visit.message(case).to_owned())
    }

    /// Ends the visit: answered once the keys are gone and the disk no longer says that one is
    /// open, or cannot be told.
    pub(super) fn end_visit(&mut self, reply: Option<Reply<()>>) {
        let taken = self.forget_visit();
        let ending = reply.map(|reply| Arc::new(Ending::new(reply)));
        for case in taken {
            self.cases.hand_in(case, Task::Close(ending.clone()));
            self.tell_replica(Input::CaseLeft(case));
        }
        self.note_visit(note::Input::Over, ending);
        self.counter.tell(Change::VisitEnded);
        self.counter.tell(Change::Home);
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
        for brief in visit.cases() {
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
            line: self.heard.line(),
            at_s: clock::wall_s(),
            cases: Vec::new(),
            idle: self.idle(),
            loose: self.loose(),
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
