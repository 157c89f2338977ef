//! Sheets before they are joined, and what is asked about papers.

use guichet::render::Remarks;
use guichet::web::counter::{PaperAsk, PictureTrouble, Refusal, Thing};
use guichet::web::ids::{DocumentId, SheetId};
use guichet::web::view::{
    PrintState, PrintView, PrintingView, ScanTrouble, ScannerView, SheetView, SheetsView, Side,
};

use super::{DOCUMENT, Scene, case};
use crate::node::{file, picture};

fn sheets(scene: Scene, side: Side) -> SheetsView {
    let sheet = |n: u8, turns| SheetView {
        sheet: SheetId::from([n; 8]),
        media_type: "image/png".to_owned(),
        bytes: 1_200_000,
        turns,
    };
    let failed = |trouble| ScannerView::Failed { trouble };
    let three = || vec![sheet(1, 0), sheet(2, 1), sheet(3, 0)];
    let (sheets, scanner) = match scene {
        Scene::Visit | Scene::Speaking => (three(), ScannerView::Ready),
        Scene::Cut => (vec![sheet(1, 0)], failed(ScanTrouble::Jammed)),
        Scene::Quiet | Scene::Ringing => (vec![], ScannerView::Ready),
        Scene::Waiting | Scene::Over => (vec![], ScannerView::None),
        Scene::Interrupted => (vec![], ScannerView::Scanning),
        Scene::Paused => (three(), ScannerView::Scanning),
    };
    SheetsView {
        case: case(scene, side),
        sheets,
        scanner,
        full: false,
    }
}

/// The printer of a scene.
pub fn printing(scene: Scene) -> PrintingView {
    let state = match scene {
        Scene::Quiet | Scene::Interrupted | Scene::Ringing => None,
        Scene::Visit => Some(PrintState::Printed),
        Scene::Cut => Some(PrintState::NeedsAttention),
        Scene::Waiting => Some(PrintState::Printing),
        Scene::Speaking => Some(PrintState::Failed),
        Scene::Paused | Scene::Over => Some(PrintState::Cancelled),
    };
    PrintingView {
        printer: scene != Scene::Interrupted,
        job: state.map(|state| PrintView {
            document: DocumentId::from(DOCUMENT),
            state,
        }),
    }
}

/// Answers a page that asks about papers; gives whether it was still there.
pub fn answer(ask: PaperAsk, scene: Scene, side: Side) -> bool {
    let no_sheet = || Err(Refusal::NotFound(Thing::Sheet));
    let known = |sheet: SheetId| sheet.as_bytes()[0] <= 3;
    match ask {
        PaperAsk::Add { reply, .. } | PaperAsk::Join { reply, .. } => {
            reply.send(Ok(DocumentId::from(DOCUMENT))).is_ok()
        }
        PaperAsk::File { document, reply }
        | PaperAsk::Sheet {
            document, reply, ..
        } => {
            let found = document == DocumentId::from(DOCUMENT);
            let lost = Err(Refusal::NotFound(Thing::Document));
            reply.send(if found { Ok(file()) } else { lost }).is_ok()
        }
        PaperAsk::Picture { drawing, reply, .. } => {
            let none = Err(Refusal::NoPicture(PictureTrouble::NoSuchPage));
            let page = drawing.page;
            reply
                .send(if page <= 2 { Ok(picture(page)) } else { none })
                .is_ok()
        }
        PaperAsk::Remarks { reply, .. } => reply.send(Ok(Remarks::default())).is_ok(),
        PaperAsk::Sheets(reply) => reply.send(Ok(sheets(scene, side))).is_ok(),
        PaperAsk::AddSheet { reply, .. } => reply.send(Ok(SheetId::from([4; 8]))).is_ok(),
        PaperAsk::Scan {
            instead: None,
            reply,
        }
        | PaperAsk::StopScan(reply)
        | PaperAsk::Discard(reply)
        | PaperAsk::Print { reply, .. }
        | PaperAsk::CancelPrint { reply, .. } => reply.send(Ok(())).is_ok(),
        PaperAsk::Scan {
            instead: Some(sheet),
            reply,
        }
        | PaperAsk::Arrange { sheet, reply, .. } => reply
            .send(if known(sheet) { Ok(()) } else { no_sheet() })
            .is_ok(),
        PaperAsk::SheetPicture { sheet, reply, .. } => {
            let number = u32::from(sheet.as_bytes()[0]);
            let drawn = if known(sheet) {
                Ok(picture(number))
            } else {
                Err(Refusal::NotFound(Thing::Sheet))
            };
            reply.send(drawn).is_ok()
        }
    }
}
