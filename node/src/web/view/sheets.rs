//! Sheets that are not yet joined to a case, and the devices that papers pass through.

use serde::Serialize;

use super::CaseView;
use crate::web::ids::{DocumentId, SheetId, as_text};

/// The sheets that are being put together, beside the case they are meant for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SheetsView {
    /// The case.
    pub case: CaseView,
    /// The sheets, in the order in which they will be joined.
    pub sheets: Vec<SheetView>,
    /// The scanner.
    pub scanner: ScannerView,
    /// Whether no more of them can lie here.
    pub full: bool,
}

/// One sheet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SheetView {
    /// Its name.
    #[serde(serialize_with = "as_text")]
    pub sheet: SheetId,
    /// What it is.
    pub media_type: String,
    /// Its size.
    pub bytes: usize,
    /// Quarter turns clockwise, as it is shown and will be joined.
    pub turns: u8,
}

/// What the scanner does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum ScannerView {
    /// It can be used.
    Ready,
    /// There is none.
    None,
    /// It scans a sheet.
    Scanning,
    /// The last sheet did not come.
    Failed {
        /// Why.
        trouble: ScanTrouble,
    },
}

/// Why a sheet did not come. The sheets before it are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScanTrouble {
    /// There is no scanner, or it is unplugged or off.
    Absent,
    /// Somebody else uses it.
    Busy,
    /// No paper lies in it.
    NoPaper,
    /// The paper is stuck.
    Jammed,
    /// Its cover is open.
    CoverOpen,
    /// More bytes or pixels than a sheet may have.
    TooLarge,
    /// It took too long.
    TooSlow,
    /// It ended in the middle of the sheet.
    Died,
    /// No more sheets can lie here.
    NoRoom,
    /// Something else.
    Failed,
}

/// The printer, and what it does for this node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PrintingView {
    /// Whether there is a printer.
    pub printer: bool,
    /// The document that was last sent to it.
    pub job: Option<PrintView>,
}

/// A document at the printer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PrintView {
    /// Which.
    pub document: DocumentId,
    /// How far it is.
    pub state: PrintState,
}

/// How far a document at the printer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrintState {
    /// It is being printed.
    Printing,
    /// The printer waits for somebody: paper, ink, a jam.
    NeedsAttention,
    /// It lies in the printer's tray.
    Printed,
    /// It was cancelled.
    Cancelled,
    /// It was not printed.
    Failed,
}
