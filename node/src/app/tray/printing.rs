//! Papers on their way out of the printer.
//!
//! One document is printed at a time, sheet after sheet; who asked sees how far it is. When the
//! visit ends while the printer waits for somebody, the job is cancelled: the next citizen must
//! not find it. One that is on its sheets already ends by itself.

use std::sync::Arc;
use std::time::Duration;

use guichet_keys::CaseTag;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{Notify, oneshot};

use super::TrayEvent;
use crate::app::cases::{Task, answer};
use crate::app::node::Node;
use crate::devices::{self, PrintError, PrintJob, Printer, PrinterState};
use crate::web::counter::{Change, Refusal, Reply, Thing, Upload};
use crate::web::ids::DocumentId;
use crate::web::view::{PrintState, PrintView, PrintingView};

/// How often the printer is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(20);

/// What is known of the printer.
#[derive(Debug)]
pub enum Seen {
    /// Whether it is there.
    Printer(PrinterState),
    /// How far the job of this number is.
    Job(u64, PrintState),
}

/// The printer, and the document that was last sent to it.
pub struct Printing {
    printer: Printer,
    is_there: bool,
    jobs: u64,
    job: Option<Job>,
}

struct Job {
    case: CaseTag,
    view: PrintView,
    cancel: Arc<Notify>,
}

impl Printing {
    /// Nothing is printed yet. What an earlier run left in the printer's queue is purged.
    pub fn start(printer: Printer, events: UnboundedSender<TrayEvent>) -> Self {
        tokio::spawn(watch(printer.clone(), events));
        Self {
            printer,
            is_there: false,
            jobs: 0,
            job: None,
        }
    }

    /// What pages show of it.
    pub fn view(&self) -> PrintingView {
        PrintingView {
            printer: self.is_there,
            job: self.job.as_ref().map(|job| job.view),
        }
    }

    /// The visit is over or the vault is closed.
    pub(super) fn forget(&mut self) {
        if let Some(job) = self.job.take()
            && job.view.state == PrintState::NeedsAttention
        {
            job.cancel.notify_one();
        }
    }

    fn is_printing(&self) -> bool {
        let state = self.job.as_ref().map(|job| job.view.state);
        matches!(
            state,
            Some(PrintState::Printing | PrintState::NeedsAttention)
        )
    }
}

impl Node {
    pub(super) fn print(&mut self, case: CaseTag, document: DocumentId, reply: Reply<()>) {
        if let Err(refusal) = self.open_case(&case) {
            return answer(reply, Err(refusal));
        }
        if self.trays.printing.is_printing() {
            return answer(reply, Err(Refusal::Busy));
        }
        let printing = &mut self.trays.printing;
        printing.jobs += 1;
        let (number, cancel) = (printing.jobs, Arc::new(Notify::new()));
        let (printer, events) = (printing.printer.clone(), self.trays.events.clone());
        let sheet = {
            let cases = self.cases.orders();
            move |number| {
                let (reply, sheet) = oneshot::channel();
                let task = Task::Sheet {
                    document,
                    number,
                    reply,
                };
                cases.hand_in(case, task);
                sheet
            }
        };
        let view = PrintView {
            document,
            state: PrintState::Printing,
        };
        let stop = Arc::clone(&cancel);
        self.trays.printing.job = Some(Job { case, view, cancel });
        self.counter.tell(Change::Case(case));
        tokio::spawn(async move {
            let tell = |state| {
                let seen = Seen::Job(number, state);
                let _the_node_is_stopping = events.send(TrayEvent::Printer(seen));
            };
            let mut begun = Some(reply);
            let mut taken = |result: Result<(), Refusal>| {
                if let Some(reply) = begun.take() {
                    answer(reply, result);
                }
            };
            match print_all(&printer, sheet, &stop, &tell, &mut taken).await {
                Ok(state) => tell(state),
                Err(refusal) => {
                    tell(PrintState::Failed);
                    taken(Err(refusal));
                }
            }
        });
    }

    pub(super) fn cancel_print(&mut self) -> Result<(), Refusal> {
        let job = self.trays.printing.job.as_ref();
        job.ok_or(Refusal::NotFound(Thing::Printer))
            .map(|job| job.cancel.notify_one())
    }

    pub(super) fn on_printer(&mut self, seen: Seen) {
        let printing = &mut self.trays.printing;
        match seen {
            Seen::Printer(state) => {
                let is_there = matches!(
                    state,
                    PrinterState::Ready { .. } | PrinterState::Waiting { .. }
                );
                if std::mem::replace(&mut printing.is_there, is_there) != is_there {
                    self.counter.tell(Change::Status);
                }
            }
            Seen::Job(number, state) => {
                if number == printing.jobs
                    && let Some(job) = &mut printing.job
                {
                    job.view.state = state;
                    self.counter.tell(Change::Case(job.case));
                }
            }
        }
    }
}

/// Purges what is left of an earlier run, and then says whether the printer is there.
async fn watch(printer: Printer, events: UnboundedSender<TrayEvent>) {
    match printer.sweep().await {
        Ok(0) | Err(PrintError::Absent) => {}
        Ok(swept) => tracing::info!(swept, "left print jobs were purged"),
        Err(error) => tracing::warn!(%error, "left print jobs cannot be looked for"),
    }
    loop {
        let seen = Seen::Printer(printer.state().await);
        if events.send(TrayEvent::Printer(seen)).is_err() {
            return;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Prints one sheet after the other; `taken` is called once the printer has the first.
async fn print_all(
    printer: &Printer,
    sheet: impl Fn(u32) -> oneshot::Receiver<Result<Upload, Refusal>>,
    stop: &Notify,
    tell: &impl Fn(PrintState),
    taken: &mut impl FnMut(Result<(), Refusal>),
) -> Result<PrintState, Refusal> {
    for number in 1.. {
        let file = match sheet(number).await.unwrap_or(Err(Refusal::Stopping)) {
            Ok(file) => file,
            Err(Refusal::NotFound(Thing::Page)) if number > 1 => break,
            Err(refusal) => return Err(refusal),
        };
        let job = printer.print(&file.bytes, &file.media_type).await;
        let mut job = job.map_err(|error| refusal(&error))?;
        taken(Ok(()));
        let state = follow(&mut job, stop, tell).await;
        if state != PrintState::Printed {
            return Ok(state);
        }
    }
    Ok(PrintState::Printed)
}

async fn follow(job: &mut PrintJob, stop: &Notify, tell: &impl Fn(PrintState)) -> PrintState {
    let mut state = job.state();
    while !state.is_over() {
        tell(shown(state));
        tokio::select! {
            next = job.changed() => state = next,
            () = stop.notified() => job.cancel(),
        }
    }
    shown(state)
}

fn shown(state: devices::PrintState) -> PrintState {
    match state {
        devices::PrintState::Printing => PrintState::Printing,
        devices::PrintState::Waiting { .. } => PrintState::NeedsAttention,
        devices::PrintState::Done => PrintState::Printed,
        devices::PrintState::Cancelled => PrintState::Cancelled,
        devices::PrintState::Failed => PrintState::Failed,
    }
}

fn refusal(error: &PrintError) -> Refusal {
    tracing::warn!(%error, "a document is not printed");
    match error {
        PrintError::Absent | PrintError::Stopped | PrintError::Failed(_) => {
            Refusal::NotFound(Thing::Printer)
        }
        PrintError::Refused | PrintError::TooLarge => Refusal::NotPrintable,
    }
}
