//! What a page may ask about documents, sheets and the printer, always of one case.

use super::{Reply, Upload};
use crate::render::{Drawing, Remarks};
use crate::web::ids::{DocumentId, SheetId};
use crate::web::view::SheetsView;

/// A question or an order about the papers of a case.
#[derive(Debug)]
pub enum PaperAsk {
    /// Adds a file as a document.
    Add {
        /// What, already bounded, with a clean name.
        file: Upload,
        /// Saved, under this name.
        reply: Reply<DocumentId>,
    },
    /// The exact bytes of a document that is one file.
    File {
        /// Which one.
        document: DocumentId,
        /// Its bytes.
        reply: Reply<Upload>,
    },
    /// The exact bytes of one sheet of a document.
    Sheet {
        /// Of which document.
        document: DocumentId,
        /// Which sheet, from 1.
        number: u32,
        /// Its bytes.
        reply: Reply<Upload>,
    },
    /// A picture of one page of a document, drawn in a process apart.
    Picture {
        /// Of which document.
        document: DocumentId,
        /// Which page, and how.
        drawing: Drawing,
        /// A PNG or a JPEG.
        reply: Reply<Vec<u8>>,
    },
    /// What is to be said of the picture of a page.
    Remarks {
        /// Of which document.
        document: DocumentId,
        /// Which page.
        drawing: Drawing,
        /// What it does not show, or may not.
        reply: Reply<Remarks>,
    },
    /// The sheets that are not yet joined to the case.
    Sheets(Reply<SheetsView>),
    /// Scans one more sheet, or one again.
    Scan {
        /// The sheet that the new one takes the place of.
        instead: Option<SheetId>,
        /// The scanner has been asked.
        reply: Reply<()>,
    },
    /// Lets the scanner stop.
    StopScan(Reply<()>),
    /// Adds a picture as a sheet.
    AddSheet {
        /// What, already bounded.
        file: Upload,
        /// It is there, under this name.
        reply: Reply<SheetId>,
    },
    /// Puts a sheet in its place.
    Arrange {
        /// Which one.
        sheet: SheetId,
        /// How.
        arrange: Arrange,
        /// Done.
        reply: Reply<()>,
    },
    /// Throws away every sheet of the case.
    Discard(Reply<()>),
    /// A picture of a sheet.
    SheetPicture {
        /// Which one.
        sheet: SheetId,
        /// How; the sheet's own turns come on top.
        drawing: Drawing,
        /// A PNG or a JPEG.
        reply: Reply<Vec<u8>>,
    },
    /// Joins all sheets to the case, as one document.
    Join {
        /// The document's name.
        name: String,
        /// Saved, under this name; the sheets are gone.
        reply: Reply<DocumentId>,
    },
    /// Prints a document.
    Print {
        /// Which one.
        document: DocumentId,
        /// The printer has been asked.
        reply: Reply<()>,
    },
    /// Cancels what is being printed.
    CancelPrint {
        /// Which document.
        document: DocumentId,
        /// The printer will be told.
        reply: Reply<()>,
    },
}

/// What can be done with a sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrange {
    /// A quarter turn clockwise.
    Turn,
    /// One place towards the first.
    Earlier,
    /// One place towards the last.
    Later,
    /// Away with it.
    Remove,
}
