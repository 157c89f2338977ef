//! Papers on their way out of the printer.
//!
//! Only what can be drawn is printed, and as it is drawn: what nobody can look at beforehand never
//! reaches the printer. One document is printed at a time, sheet after sheet; who asked sees how
//! far it is. When the visit is over, the sheet that is being printed is let come out and no other
//! follows; one that waits for paper or for somebody is cancelled, for the next citizen must not
//! find it.

use std::time::Duration;

use guichet_keys::CaseTag;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{oneshot, watch};

use super::{TrayEvent, work};
use crate::app::cases::{Task, answer};
use crate::app::node::Node;
use crate::devices::{self, PrintError, PrintJob, Printer, PrinterState};
use crate::owners::Post;
use crate::render::{Detail, Drawing, RenderError, Renderer};
use crate::web::counter::{Change, PictureTrouble, Refusal, Reply, Thing};
use crate::web::ids::DocumentId;
use crate::web::view::{PrintState, PrintView, PrintingView};

/// The kind of everything that is sent to the printer: CUPS is left nothing to guess, for what it
/// cannot tell it sends raw.
const PAPER: &str = "application/pdf";
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
    wish: watch::Sender<Wish>,
}

/// What is wished of the job; it is never wished back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    /// All of it is printed.
    All,
    /// Nobody takes what has not begun to come out.
    NoMore,
    /// Nothing more comes out.
    Nothing,
}

impl Printing {
    /// Nothing is printed yet. What an earlier run left in the printer's queue is purged.
    pub fn start(printer: Printer, events: UnboundedSender<TrayEvent>, post: Post) -> Self {
        let looking = look_after(printer.clone(), events);
        tokio::spawn(async move {
            let _post = post;
            looking.await;
        });
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
    pub(super) fn visit_over(&mut self) {
        let Self {
            printer: _,
            is_there: _,
            jobs: _,
            job,
        } = self;
        if let Some(job) = job.take() {
            job.wish.send_replace(Wish::NoMore);
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
        if !self.trays.printing.is_there {
            return answer(reply, Err(Refusal::NotFound(Thing::Printer)));
        }
        if self.trays.printing.is_printing() {
            return answer(reply, Err(Refusal::Busy));
        }
        let printing = &mut self.trays.printing;
        printing.jobs += 1;
        let (number, (wish, wished)) = (printing.jobs, watch::channel(Wish::All));
        let (printer, events) = (printing.printer.clone(), self.trays.events.clone());
        let cases = self.cases.orders();
        let page = move |number| {
            let (reply, page) = oneshot::channel();
            let drawing = Drawing {
                page: number,
                turns: 0,
                detail: Detail::Paper,
            };
            let task = Task::Picture {
                document,
                drawing,
                reply,
            };
            cases.hand_in(case, task);
            page
        };
        let renderer = self.renderer.clone();
        let view = PrintView {
            document,
            state: PrintState::Printing,
        };
        self.trays.printing.job = Some(Job { case, view, wish });
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
            match print_all(&printer, &renderer, page, wished, &tell, &mut taken).await {
                Ok(state) => tell(state),
                Err(refusal) => {
                    tell(PrintState::Failed);
                    taken(Err(refusal));
                }
            }
        });
    }

    pub(super) fn cancel_print(
        &mut self,
        case: CaseTag,
        document: DocumentId,
    ) -> Result<(), Refusal> {
        let job = self.trays.printing.job.as_ref();
        let job = job.filter(|job| job.case == case && job.view.document == document);
        let job = job.ok_or(Refusal::NotFound(Thing::Document))?;
        job.wish.send_replace(Wish::Nothing);
        Ok(())
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
async fn look_after(printer: Printer, events: UnboundedSender<TrayEvent>) {
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
    renderer: &Renderer,
    page: impl Fn(u32) -> oneshot::Receiver<Result<(Vec<u8>, Drawing), Refusal>>,
    mut wish: watch::Receiver<Wish>,
    tell: &impl Fn(PrintState),
    taken: &mut impl FnMut(Result<(), Refusal>),
) -> Result<PrintState, Refusal> {
    for number in 1.. {
        let sheet = match page(number).await.unwrap_or(Err(Refusal::Stopping)) {
            Ok((document, drawing)) => on_paper(renderer, document, drawing).await,
            Err(refusal) => Err(refusal),
        };
        let sheet = match sheet {
            Ok(sheet) => sheet,
            Err(Refusal::NoPicture(PictureTrouble::NoSuchPage)) if number > 1 => break,
            Err(refusal) => return Err(refusal),
        };
        if *wish.borrow() != Wish::All {
            return Ok(PrintState::Cancelled);
        }
        let job = printer.print(&sheet, PAPER).await;
        // The printer has it; who waits for it here must not hold it in memory.
        drop(sheet);
        let mut job = job.map_err(|error| refusal(&error))?;
        taken(Ok(()));
        let state = follow(&mut job, &mut wish, tell).await;
        if state != PrintState::Printed {
            return Ok(state);
        }
    }
    Ok(PrintState::Printed)
}

/// What of a document the printer is given: only what can be drawn, as it is drawn.
async fn on_paper(
    renderer: &Renderer,
    document: Vec<u8>,
    drawing: Drawing,
) -> Result<Vec<u8>, Refusal> {
    let drawn = renderer.for_paper(document, drawing).await;
    drawn.map_err(|error| match error {
        RenderError::Unsupported | RenderError::OtherProgram => Refusal::NotPrintable,
        RenderError::Encrypted
        | RenderError::Damaged
        | RenderError::NoSuchPage
        | RenderError::TooLarge
        | RenderError::TooSlow
        | RenderError::Busy
        | RenderError::Unavailable(_) => work::refusal(&error),
    })
}

async fn follow(
    job: &mut PrintJob,
    wish: &mut watch::Receiver<Wish>,
    tell: &impl Fn(PrintState),
) -> PrintState {
    let mut state = job.state();
    while !state.is_over() {
        tell(shown(state));
        let waits = matches!(state, devices::PrintState::Waiting { .. });
        let wished = *wish.borrow_and_update();
        if wished == Wish::Nothing || (wished == Wish::NoMore && waits) {
            job.cancel();
        }
        tokio::select! {
            next = job.changed() => state = next,
            // Without a sender the last wish stands.
            Ok(()) = wish.changed() => {}
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
