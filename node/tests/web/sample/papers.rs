//! Sheets before they are joined, and what is asked about papers.

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
    let (sheets, scanner) = match scene {
        Scene::Visit => (
            vec![sheet(1, 0), sheet(2, 1), sheet(3, 0)],
            ScannerView::Ready,
        ),
        Scene::Cut => (
            vec![sheet(1, 0)],
            ScannerView::Failed {
                trouble: ScanTrouble::Jammed,
            },
        ),
        _ => (Vec::new(), ScannerView::Scanning),
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
    PrintingView {
        printer: scene == Scene::Visit,
        job: (scene == Scene::Visit).then(|| PrintView {
            document: DocumentId::from(DOCUMENT),
            state: PrintState::Printed,
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
        PaperAsk::Sheets(reply) => reply.send(Ok(sheets(scene, side))).is_ok(),
        PaperAsk::AddSheet { reply, .. } => reply.send(Ok(SheetId::from([4; 8]))).is_ok(),
        PaperAsk::Scan {
            instead: None,
            reply,
        }
        | PaperAsk::StopScan(reply)
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
