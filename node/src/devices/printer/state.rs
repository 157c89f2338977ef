//! What is said of a printer and of its jobs.

use serde::Serialize;

use super::ipp::{CupsError, Thing};

/// The state of a printer that takes no jobs off its queue (RFC 8011, section 5.4.11).
const STOPPED: i32 = 5;

/// Why a document is not printed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrintError {
    /// No printer is there, or none is wanted, or CUPS does not run.
    #[error("no printer is there")]
    Absent,
    /// The printer does not print this kind of document.
    #[error("the printer does not print this kind of document")]
    Refused,
    /// The queue takes no jobs.
    #[error("the printer takes nothing now")]
    Stopped,
    /// The document has more bytes than is allowed.
    #[error("the document is too large to be printed")]
    TooLarge,
    /// Anything else, for the log.
    #[error("printing failed: {0}")]
    Failed(String),
}

/// What a printer waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trouble {
    /// Paper.
    NeedsPaper,
    /// Somebody who takes out a stuck sheet.
    Jammed,
    /// Somebody who closes its cover.
    CoverOpen,
    /// Ink or toner.
    NoInk,
    /// Power, or its cable.
    Unreachable,
    /// Its operator: it was stopped.
    Stopped,
}

/// How far a job has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum PrintState {
    /// On its way, or on its sheets.
    Printing,
    /// It waits for a person.
    Waiting {
        /// Who must do what.
        trouble: Trouble,
    },
    /// Printed, and forgotten by CUPS.
    Done,
    /// Cancelled, here or elsewhere.
    Cancelled,
    /// Given up: by CUPS, or because it waited for too long.
    Failed,
}

impl PrintState {
    /// Whether nothing more will come.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Cancelled | Self::Failed)
    }
}

/// How the printer is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum PrinterState {
    /// The settings say that there is none.
    Off,
    /// None is there, or not the one of the settings.
    Absent,
    /// It is there.
    Ready {
        /// What CUPS calls it.
        name: String,
    },
    /// It is there, and a person is needed.
    Waiting {
        /// What CUPS calls it.
        name: String,
        /// Who must do what.
        trouble: Trouble,
    },
    /// It could not be asked.
    Ill {
        /// What was wrong.
        said: String,
    },
}

/// What a printer at work waits for; its warnings count, for a sheet lies before it.
pub(super) fn busy_trouble(printer: &Thing) -> Option<Trouble> {
    trouble(printer, |_| true)
}

/// What an idle printer waits for; a warning does not keep it from printing.
pub(super) fn idle_trouble(printer: &Thing) -> Option<Trouble> {
    trouble(printer, |reason| !reason.ends_with("-warning"))
}

/// RFC 8011, section 5.4.12; a reason may end in its severity, or in `-report`.
fn trouble(printer: &Thing, counts: impl Fn(&str) -> bool) -> Option<Trouble> {
    const REASONS: [(&str, Trouble); 12] = [
        ("media-empty", Trouble::NeedsPaper),
        ("media-needed", Trouble::NeedsPaper),
        ("input-tray-missing", Trouble::NeedsPaper),
        ("media-jam", Trouble::Jammed),
        ("cover-open", Trouble::CoverOpen),
        ("door-open", Trouble::CoverOpen),
        ("toner-empty", Trouble::NoInk),
        ("marker-supply-empty", Trouble::NoInk),
        ("offline", Trouble::Unreachable),
        ("shutdown", Trouble::Unreachable),
        ("timed-out", Trouble::Unreachable),
        ("paused", Trouble::Stopped),
    ];
    let named = REASONS.iter().find(|(begin, _)| {
        let mut reasons = printer.texts("printer-state-reasons");
        reasons.any(|reason| reason.starts_with(begin) && counts(reason))
    });
    let stopped = printer.number("printer-state") == Some(STOPPED);
    named
        .map(|(_, trouble)| *trouble)
        .or(stopped.then_some(Trouble::Stopped))
}

impl From<CupsError> for PrintError {
    fn from(error: CupsError) -> Self {
        match error {
            CupsError::NotRunning(_) => Self::Absent,
            CupsError::Broken(_) | CupsError::NotUnderstood => Self::Failed(error.to_string()),
        }
    }
}
