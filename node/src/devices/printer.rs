//! The printer, through CUPS: one document is one job, followed to its end and then forgotten.
//!
//! CUPS keeps what it printed, and under which title, for a day or for ever. So every job bears a
//! title that says nothing, is followed by a task until it is over, and is purged then: no file of
//! it stays in the spool. What a node that was killed could not purge, its next start does
//! ([`Printer::sweep`]); jobs of ours are known by their user and title.
//!
//! A job that waits, for paper above all, says for what. One that waits for too long is cancelled:
//! the citizen has gone, and the next one must not find it in the tray. One that CUPS stopped while
//! nothing is wrong at the printer has failed ([`progress`]).

mod ipp;
mod progress;
mod state;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, oneshot, watch};
use tokio::time::{sleep, timeout};

use super::Device;
use crate::clock;
use crate::render::DOCUMENT_BYTES_MAX;
use ipp::{Answer, Cups, CupsError, Operation, Request, Status, Target, Thing};
use progress::{Look, Progress, Verdict};
pub use state::{PrintError, PrintState, PrinterState, Trouble};
use state::{busy_trouble, idle_trouble};

/// How long a job may wait for a person before it is cancelled.
pub const STUCK_MAX: Duration = Duration::from_secs(5 * 60);
/// How long a job may take in all.
pub const JOB_TIME_MAX: Duration = Duration::from_secs(30 * 60);

/// The user in whose name we print.
const USER: &str = "guichet";
const LOOK_EVERY: Duration = Duration::from_millis(400);
const CANCEL_WITHIN: Duration = Duration::from_secs(20);
const PURGE_ATTEMPTS: u32 = 5;
const PURGE_AGAIN_AFTER: Duration = Duration::from_secs(1);
/// The state of a job that is at work.
const PROCESSING: i32 = 5;
/// The state of a job that was cancelled; those after it are over as well (RFC 8011, section 5.3.7).
const CANCELLED: i32 = 7;
/// Jobs that one sweep purges at most.
const SWEPT_MAX: usize = 1_000;

/// Which printer prints, and how its jobs are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrinterSettings {
    /// The queue, as `lpstat -e` names it; without a name the default of CUPS, else its only one.
    pub queue: Device,
    /// The title of every job: nodes that share a CUPS need one each.
    pub title: String,
    /// Where CUPS listens, as its variable `CUPS_SERVER` would say; without it as that does say,
    /// else on the system's socket.
    pub server: Option<String>,
    /// How long a job may wait for a person.
    pub stuck_max: Duration,
}

impl Default for PrinterSettings {
    fn default() -> Self {
        Self {
            queue: Device::First,
            title: "guichet".to_owned(),
            server: None,
            stuck_max: STUCK_MAX,
        }
    }
}

/// The printer of a node; cheap to clone.
#[derive(Clone, Debug)]
pub struct Printer {
    settings: Arc<PrinterSettings>,
    cups: Arc<Cups>,
}

/// A document that is being printed. Dropping it changes nothing: the job is followed to its end.
#[derive(Debug)]
pub struct PrintJob {
    state: watch::Receiver<PrintState>,
    cancel: Arc<Notify>,
}

impl PrintJob {
    /// How far it has come.
    pub fn state(&self) -> PrintState {
        *self.state.borrow()
    }

    /// Waits for its next state; at its end, returns that at once.
    pub async fn changed(&mut self) -> PrintState {
        // After its last state the job is followed no more, which is an error of the channel.
        let _ = self.state.changed().await;
        self.state()
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> PrintState {
        let over = self.state.wait_for(|state| state.is_over()).await;
        // Only the end of the program ends the following before the job.
        over.map_or(PrintState::Failed, |state| *state)
    }

    /// Has it cancelled; its end says when it is.
    pub fn cancel(&self) {
        self.cancel.notify_one();
    }
}

impl Printer {
    /// The printer of these settings; nothing is asked yet.
    pub fn new(settings: PrinterSettings) -> Self {
        let server = settings.server.clone();
        let server = server.or_else(|| std::env::var("CUPS_SERVER").ok());
        Self {
            settings: Arc::new(settings),
            cups: Arc::new(Cups::at(server.as_deref())),
        }
    }

    /// Hands a document over to the printer. Whoever drops the future cancels the job.
    pub async fn print(&self, document: &[u8], media_type: &str) -> Result<PrintJob, PrintError> {
        if document.len() > DOCUMENT_BYTES_MAX {
            return Err(PrintError::TooLarge);
        }
        let queue = self.queue().await?.ok_or(PrintError::Absent)?;
        let request = self
            .request(Operation::PrintJob, Target::Queue(&queue))
            .name("job-name", &self.settings.title)
            .media_type("document-format", media_type);
        let (printer, document) = (self.clone(), document.to_vec());
        let (begun, job) = oneshot::channel();
        tokio::spawn(async move {
            let taken = printer.hand_over(request, document).await;
            let (tell, state) = watch::channel(PrintState::Printing);
            let cancel = Arc::new(Notify::new());
            let job = PrintJob {
                state,
                cancel: cancel.clone(),
            };
            let number = taken.as_ref().ok().copied();
            let heard = begun.send(taken.map(|_| job)).is_ok();
            if let Some(number) = number {
                if !heard {
                    cancel.notify_one();
                }
                printer.follow(number, &queue, &tell, &cancel).await;
            }
        });
        job.await
            .unwrap_or_else(|error| Err(PrintError::Failed(error.to_string())))
    }

    /// How the printer is now.
    pub async fn state(&self) -> PrinterState {
        if self.settings.queue == Device::Off {
            return PrinterState::Off;
        }
        let queue = match self.queue().await {
            Ok(Some(queue)) => queue,
            Ok(None) | Err(PrintError::Absent) => return PrinterState::Absent,
            Err(error) => {
                let said = error.to_string();
                return PrinterState::Ill { said };
            }
        };
        let answer = match self.printer(&queue).await {
            Ok(answer) if answer.status == Status::NOT_FOUND => return PrinterState::Absent,
            Ok(answer) => answer,
            Err(error) => {
                let said = error.to_string();
                return PrinterState::Ill { said };
            }
        };
        let printer = answer.first();
        let name = printer.and_then(|printer| printer.text("printer-info"));
        let name = name.filter(|name| !name.is_empty()).unwrap_or(&queue);
        let name = name.to_owned();
        match printer.and_then(idle_trouble) {
            Some(trouble) => PrinterState::Waiting { name, trouble },
            None => PrinterState::Ready { name },
        }
    }

    /// Purges what an earlier run of this node left in CUPS, whatever became of it; says how many
    /// jobs that were. To be called once, before anything is printed.
    pub async fn sweep(&self) -> Result<usize, PrintError> {
        let request = self
            .request(Operation::Jobs, Target::Cups)
            .keywords("which-jobs", &["all"])
            .yes("my-jobs")
            // CUPS 2.4.2 leaves out the name of a job that it stopped, unless it is asked for what
            // makes it read the job again.
            .keywords(
                "requested-attributes",
                &["job-id", "job-name", "document-format"],
            );
        let answer = self.cups.ask(request, &[]).await?;
        let ours = answer
            .things()
            .iter()
            .filter(|job| job.text("job-name") == Some(&self.settings.title));
        let numbers: Vec<i32> = ours.filter_map(|job| job.number("job-id")).collect();
        let mut swept = 0;
        for number in numbers.into_iter().take(SWEPT_MAX) {
            self.cancel(number).await;
            swept += usize::from(self.purge(number).await);
        }
        Ok(swept)
    }

    fn request(&self, operation: Operation, target: Target<'_>) -> Request {
        Request::new(operation, target, USER)
    }

    /// The queue to print on, if there is one.
    async fn queue(&self) -> Result<Option<String>, PrintError> {
        match &self.settings.queue {
            Device::Off => return Ok(None),
            Device::Named(name) => return Ok(Some(name.clone())),
            Device::First => {}
        }
        let name_of = |printer: &Thing| printer.text("printer-name").map(str::to_owned);
        let wanted = |operation| {
            self.request(operation, Target::Cups)
                .keywords("requested-attributes", &["printer-name"])
        };
        let default = wanted(Operation::DefaultPrinter);
        let answer = self.cups.ask(default, &[]).await?;
        if let Some(name) = answer.first().and_then(name_of) {
            return Ok(Some(name));
        }
        let answer = self.cups.ask(wanted(Operation::Printers), &[]).await?;
        Ok(match answer.things() {
            [only] => name_of(only),
            _ => None,
        })
    }

    async fn printer(&self, queue: &str) -> Result<Answer, CupsError> {
        let wanted = ["printer-info", "printer-state", "printer-state-reasons"];
        let request = self
            .request(Operation::PrinterAttributes, Target::Queue(queue))
            .keywords("requested-attributes", &wanted);
        self.cups.ask(request, &[]).await
    }

    async fn hand_over(&self, request: Request, document: Vec<u8>) -> Result<i32, PrintError> {
        let answer = self.cups.ask(request, &document).await?;
        match answer.status {
            status if status.is_done() => {}
            Status::NOT_FOUND => return Err(PrintError::Absent),
            Status::FORMAT_NOT_SUPPORTED => return Err(PrintError::Refused),
            Status::TOO_LARGE => return Err(PrintError::TooLarge),
            Status::NOT_ACCEPTING => return Err(PrintError::Stopped),
            Status(code) => return Err(PrintError::Failed(format!("IPP status {code:04x}"))),
        }
        let job = answer.first().and_then(|job| job.number("job-id"));
        job.ok_or_else(|| PrintError::Failed(CupsError::NotUnderstood.to_string()))
    }

    /// Watches a job until it is over, and purges it.
    async fn follow(
        &self,
        job: i32,
        queue: &str,
        tell: &watch::Sender<PrintState>,
        cancel: &Notify,
    ) {
        let mut progress = Progress::new(clock::now(), self.settings.stuck_max, JOB_TIME_MAX);
        let end = loop {
            let look = self.look(job, queue).await.unwrap_or_else(|error| {
                tracing::warn!(%error, "a print cannot be followed now");
                Look::Blind
            });
            match progress.handle_input(clock::now(), look) {
                Verdict::Over(state) => break state,
                Verdict::Goes(state) => {
                    tell.send_if_modified(|told| std::mem::replace(told, state) != state);
                }
                Verdict::Unknown => {}
                Verdict::GivenUp => {
                    tracing::warn!("a print waited for too long; it is cancelled");
                    self.cancel(job).await;
                    break PrintState::Failed;
                }
            }
            if timeout(LOOK_EVERY, cancel.notified()).await.is_ok() {
                self.cancel(job).await;
                break PrintState::Cancelled;
            }
        };
        if !self.purge(job).await {
            tracing::error!("a print cannot be purged from the spool; the next start tries again");
        }
        tell.send_replace(end);
    }

    async fn look(&self, job: i32, queue: &str) -> Result<Look, CupsError> {
        let (state, answer) = self.job(job).await?;
        let Some(state) = state else {
            return match answer.status {
                Status::NOT_FOUND => Ok(Look::Gone),
                _ => Err(CupsError::NotUnderstood),
            };
        };
        // What is over needs no printer.
        let printer = match state {
            CANCELLED.. => None,
            _ => Some(self.printer(queue).await?),
        };
        let printer = printer.as_ref().and_then(Answer::first);
        Ok(Look::Job(state, printer.and_then(busy_trouble)))
    }

    /// Cancels a job and gives the printer some time to let go of it. CUPS says of a job that its
    /// printer is about to stop even if none has begun, and never takes it back: only one that is at
    /// work is waited for.
    async fn cancel(&self, job: i32) {
        let over = async {
            let at_work = self.job(job).await?.0 == Some(PROCESSING);
            let request = self.request(Operation::CancelJob, Target::Job(job));
            // What is over already cannot be cancelled, and need not be.
            self.cups.ask(request, &[]).await?;
            while at_work && !self.is_over(job).await? {
                sleep(LOOK_EVERY).await;
            }
            Ok::<(), CupsError>(())
        };
        match timeout(CANCEL_WITHIN, over).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "a print cannot be cancelled"),
            Err(_) => tracing::warn!("the printer does not let go of a print"),
        }
    }

    async fn is_over(&self, job: i32) -> Result<bool, CupsError> {
        let (state, answer) = self.job(job).await?;
        let Some(job) = answer.first() else {
            return Ok(answer.status == Status::NOT_FOUND);
        };
        let mut reasons = job.texts("job-state-reasons");
        Ok(match state {
            Some(CANCELLED) => !reasons.any(|reason| reason == "processing-to-stop-point"),
            Some(state) => state > CANCELLED,
            None => false,
        })
    }

    /// The state of a job, and all that CUPS says of it.
    async fn job(&self, job: i32) -> Result<(Option<i32>, Answer), CupsError> {
        let wanted = ["job-state", "job-state-reasons"];
        let request = self
            .request(Operation::JobAttributes, Target::Job(job))
            .keywords("requested-attributes", &wanted);
        let answer = self.cups.ask(request, &[]).await?;
        let state = answer.first().and_then(|job| job.number("job-state"));
        Ok((state, answer))
    }

    /// Has CUPS forget a job and delete its files; whether it did.
    async fn purge(&self, job: i32) -> bool {
        for attempt in 0..PURGE_ATTEMPTS {
            if attempt > 0 {
                sleep(PURGE_AGAIN_AFTER).await;
            }
            let request = self
                .request(Operation::CancelJob, Target::Job(job))
                .yes("purge-job");
            let answer = self.cups.ask(request, &[]).await;
            if answer
                .is_ok_and(|answer| answer.status.is_done() || answer.status == Status::NOT_FOUND)
            {
                return true;
            }
        }
        false
    }
}
