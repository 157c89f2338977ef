//! What pages ask about papers, and the tasks that do what takes long.

use std::sync::Arc;
use std::time::Duration;

use guichet_keys::CaseTag;
use tokio::sync::oneshot;

use super::{Lying, Of, Scan, ScanNumber, TrayEvent};
use crate::app::cases::{Task, answer};
use crate::app::node::Node;
use crate::app::opened::{Paper, Sheet};
use crate::devices::{ScanError, Scanner};
use crate::entropy;
use crate::render::{Detail, Drawing, Kind, Remarks, RenderError, Renderer};
use crate::web::counter::{
    Change, DOCUMENT_BYTES_MAX, PaperAsk, PictureTrouble, Refusal, Reply, Thing, Upload,
};
use crate::web::file;
use crate::web::ids::{DocumentId, SheetId};
use crate::web::view::{ScanTrouble, SheetsView};

/// A sheet that was turned waits no longer for its preview.
const PREVIEW_TIME_MAX: Duration = Duration::from_secs(5);
/// The first page of a file, small.
const PREVIEW: Drawing = Drawing {
    page: 1,
    turns: 0,
    detail: Detail::Preview,
};

impl Node {
    /// Answers what a page asks about the papers of a case.
    pub(in crate::app) fn on_paper_ask(&mut self, case: CaseTag, ask: PaperAsk) {
        match ask {
            PaperAsk::Add { file, reply } => self.add_file(case, file, reply),
            PaperAsk::File { document, reply } => {
                self.with_case(case, reply, |_, reply| Task::Document { document, reply });
            }
            PaperAsk::Sheet {
                document,
                number,
                reply,
            } => self.with_case(case, reply, |_, reply| Task::Sheet {
                document,
                number,
                reply,
            }),
            PaperAsk::Picture {
                document,
                drawing,
                reply,
            } => {
                let (told, source) = oneshot::channel();
                self.with_case(case, told, |_, reply| Task::Picture {
                    document,
                    drawing,
                    reply,
                });
                let drawn = draw(self.renderer.clone(), source, reply);
                self.trays.run(drawn);
            }
            PaperAsk::Remarks {
                document,
                drawing,
                reply,
            } => {
                let (told, source) = oneshot::channel();
                // Of the document itself, not of the preview that came with it.
                let drawing = Drawing {
                    detail: Detail::Screen,
                    ..drawing
                };
                self.with_case(case, told, |_, reply| Task::Picture {
                    document,
                    drawing,
                    reply,
                });
                let told = remark(self.renderer.clone(), source, reply);
                self.trays.run(told);
            }
            PaperAsk::Sheets(reply) => self.sheets(case, reply),
            PaperAsk::Scan { instead, reply } => {
                let begun = self
                    .open_case(&case)
                    .and_then(|()| self.scan(case, instead));
                answer(reply, begun);
            }
            PaperAsk::StopScan(reply) => {
                let stopped = self.open_case(&case);
                let stopped = stopped.map(|()| self.trays.stop_scan(case));
                self.counter.tell(Change::Case(case));
                answer(reply, stopped);
            }
            PaperAsk::AddSheet { file, reply } => self.add_sheet(case, file, reply),
            PaperAsk::Arrange {
                sheet,
                arrange,
                reply,
            } => {
                let arranged = self.open_case(&case);
                let arranged = arranged.and_then(|()| self.trays.arrange(&case, sheet, arrange));
                self.counter.tell(Change::Case(case));
                answer(reply, arranged);
            }
            PaperAsk::Discard(reply) => {
                let discarded = self.open_case(&case);
                let discarded = discarded.map(|()| self.trays.discard(&case));
                self.counter.tell(Change::Case(case));
                self.counter.tell(Change::Visit);
                answer(reply, discarded);
            }
            PaperAsk::SheetPicture {
                sheet,
                drawing,
                reply,
            } => self.sheet_picture(case, sheet, drawing, reply),
            PaperAsk::Join { name, reply } => self.join(case, name, reply),
            PaperAsk::Print { document, reply } => self.print(case, document, reply),
            PaperAsk::CancelPrint { document, reply } => {
                answer(reply, self.cancel_print(case, document));
            }
        }
    }

    /// Takes in what a task of the tray tells.
    pub(in crate::app) fn on_tray_event(&mut self, event: TrayEvent) {
        match event {
            TrayEvent::Scanned(case, number, came) => self.on_scanned(case, number, came),
            TrayEvent::Shown(of, shown, reply) => answer(reply, self.on_shown(of, shown)),
            TrayEvent::Prepared(of, paper, reply) => match self.trays.is_current(of) {
                Ok(()) => self.with_case(of.case, reply, |_, reply| Task::AddDocument {
                    paper,
                    reply,
                }),
                Err(refusal) => answer(reply, Err(refusal)),
            },
            TrayEvent::Joined(of, sheets, joined, reply) => {
                if self.trays.is_current(of).is_ok() {
                    self.on_joined(of.case, &sheets, joined.is_ok());
                }
                answer(reply, joined);
            }
            TrayEvent::ScannerSeen(state) => {
                if self.trays.seen.replace(state) != self.trays.seen {
                    self.counter.tell(Change::Status);
                }
            }
            TrayEvent::Printer(seen) => self.on_printer(seen),
        }
    }

    fn sheets(&mut self, case: CaseTag, reply: Reply<SheetsView>) {
        let (told, page) = oneshot::channel();
        self.with_case(case, told, |node, reply| Task::View {
            context: Box::new(node.context(&case)),
            reply,
        });
        let (sheets, scanner) = self.trays.view(&case);
        let full = self.trays.has_room(&case, 0, None).is_err();
        let (events, device) = (self.trays.events.clone(), self.trays.scanner.clone());
        tokio::spawn(async move {
            let view = page.await.unwrap_or(Err(Refusal::Stopping));
            let view = view.map(|case| SheetsView {
                case,
                sheets,
                scanner,
                full,
            });
            answer(reply, view);
            // Looking may take seconds; who is shown this page is told when the answer differs.
            let _the_node_is_stopping = events.send(TrayEvent::ScannerSeen(device.state().await));
        });
    }

    fn scan(&mut self, case: CaseTag, instead: Option<SheetId>) -> Result<(), Refusal> {
        if let Some(sheet) = instead {
            self.trays.sheet(&case, sheet).map(drop)?;
        }
        self.trays.has_room(&case, 0, instead)?;
        if self.trays.scan.is_some() {
            return Err(Refusal::Busy);
        }
        self.trays.scans += 1;
        let number = ScanNumber(self.trays.scans);
        let (scanner, renderer) = (self.trays.scanner.clone(), self.renderer.clone());
        let events = self.trays.events.clone();
        let task = self.trays.run(async move {
            let came = scanned(&scanner, &renderer).await;
            let _the_node_is_stopping = events.send(TrayEvent::Scanned(case, number, came));
        });
        self.trays.trouble = None;
        self.trays.scan = Some(Scan {
            number,
            case,
            instead,
            task,
        });
        self.counter.tell(Change::Case(case));
        Ok(())
    }

    fn on_scanned(&mut self, case: CaseTag, number: ScanNumber, came: Result<Lying, ScanTrouble>) {
        // A scan that was stopped may have told its end already.
        let running = self.trays.scan.take_if(|scan| scan.number == number);
        let Some(scan) = running.filter(|scan| scan.case == case) else {
            return;
        };
        let laid = came.and_then(|lying| {
            let laid = self.trays.lay(case, lying, scan.instead);
            laid.map_err(|_| ScanTrouble::NoRoom)
        });
        if let Err(trouble) = laid {
            self.trays.trouble = Some((case, trouble));
        }
        self.counter.tell(Change::Case(case));
    }

    fn add_sheet(&mut self, case: CaseTag, file: Upload, reply: Reply<SheetId>) {
        let ready = self.open_case(&case);
        if let Err(refusal) =
            ready.and_then(|()| self.trays.has_room(&case, file.bytes.len(), None))
        {
            return answer(reply, Err(refusal));
        }
        let (renderer, events) = (self.renderer.clone(), self.trays.events.clone());
        let kind = Kind::of(&file.bytes);
        if !is_picture(kind) {
            return answer(reply, Err(Refusal::WrongKind(kind)));
        }
        let of = self.trays.of(case);
        self.trays.run(async move {
            let lying = lying(file.bytes, &renderer).await;
            let lying = lying.map_err(|error| refusal(&error));
            let _the_node_is_stopping = events.send(TrayEvent::Shown(of, lying, reply));
        });
    }

    fn on_shown(&mut self, of: Of, shown: Result<Lying, Refusal>) -> Result<SheetId, Refusal> {
        let lying = shown?;
        self.trays.is_current(of)?;
        self.open_case(&of.case)?;
        let sheet = lying.sheet;
        self.trays.lay(of.case, lying, None)?;
        self.counter.tell(Change::Case(of.case));
        Ok(sheet)
    }

    fn sheet_picture(
        &mut self,
        case: CaseTag,
        sheet: SheetId,
        asked: Drawing,
        reply: Reply<Vec<u8>>,
    ) {
        let found = self.open_case(&case);
        let lying = match found.and_then(|()| self.trays.sheet(&case, sheet)) {
            Ok(lying) => lying.clone(),
            Err(refusal) => return answer(reply, Err(refusal)),
        };
        let drawing = Drawing {
            page: 1,
            turns: (asked.turns + lying.turns) % 4,
            ..asked
        };
        if drawing.detail == Detail::Preview && drawing.turns == 0 {
            return answer(reply, Ok(lying.preview));
        }
        let renderer = self.renderer.clone();
        self.trays.run(async move {
            let drawn = match drawing.detail {
                Detail::Preview => renderer.draw(&lying.preview, drawing).await,
                Detail::Screen | Detail::Close | Detail::Paper => {
                    renderer.draw(&lying.bytes, drawing).await
                }
            };
            answer(reply, drawn.map_err(|error| refusal(&error)));
        });
    }

    /// A file that can be shown becomes a document of one page; nothing is kept of any other.
    fn add_file(&mut self, case: CaseTag, file: Upload, reply: Reply<DocumentId>) {
        if let Err(refusal) = self.open_case(&case) {
            return answer(reply, Err(refusal));
        }
        if file.bytes.is_empty() {
            return answer(reply, Err(Refusal::EmptyFile));
        }
        if file.bytes.len() > DOCUMENT_BYTES_MAX {
            let bytes_max = DOCUMENT_BYTES_MAX;
            return answer(reply, Err(Refusal::TooLarge { bytes_max }));
        }
        let (renderer, events) = (self.renderer.clone(), self.trays.events.clone());
        let (of, any_file) = (self.trays.of(case), self.trays.any_file);
        self.trays.run(async move {
            let preview = match shown(&file.bytes, &renderer).await {
                Ok(preview) => preview,
                Err(_) if any_file => None,
                Err(refusal) => return answer(reply, Err(refusal)),
            };
            let sheet = Sheet {
                preview,
                bytes: Arc::new(file.bytes),
                turns: 0,
            };
            let paper = Paper {
                name: file.name,
                media_type: file.media_type,
                sheets: vec![sheet],
            };
            let _the_node_is_stopping = events.send(TrayEvent::Prepared(of, paper, reply));
        });
    }

    /// All sheets become one document; they lie in the tray until it is saved.
    fn join(&mut self, case: CaseTag, name: String, reply: Reply<DocumentId>) {
        if let Err(refusal) = self.open_case(&case) {
            return answer(reply, Err(refusal));
        }
        let tray = self.trays.trays.get(&case).cloned().unwrap_or_default();
        let Some(first) = tray.first() else {
            return answer(reply, Err(Refusal::NotFound(Thing::Sheet)));
        };
        if !self.trays.joining.insert(case) {
            return answer(reply, Err(Refusal::Busy));
        }
        let media_type = first.media_type.to_owned();
        let (saved, joined) = oneshot::channel();
        let (renderer, events) = (self.renderer.clone(), self.trays.events.clone());
        let of = self.trays.of(case);
        self.trays.run(async move {
            let sheets: Vec<_> = tray.iter().map(|lying| lying.sheet).collect();
            let paper = Paper {
                name,
                media_type,
                sheets: upright(tray, &renderer).await,
            };
            let _the_node_is_stopping = events.send(TrayEvent::Prepared(of, paper, saved));
            let joined = joined.await.unwrap_or(Err(Refusal::Stopping));
            let _the_node_is_stopping = events.send(TrayEvent::Joined(of, sheets, joined, reply));
        });
    }

    fn on_joined(&mut self, case: CaseTag, sheets: &[SheetId], saved: bool) {
        self.trays.joining.remove(&case);
        if saved && let Some(tray) = self.trays.trays.get_mut(&case) {
            tray.retain(|lying| !sheets.contains(&lying.sheet));
        }
        self.counter.tell(Change::Case(case));
    }
}

/// The sheets of a tray with previews that stand upright.
async fn upright(tray: Vec<Lying>, renderer: &Renderer) -> Vec<Sheet> {
    let mut sheets = Vec::new();
    for lying in tray {
        let preview = match lying.turns {
            0 => Some(lying.preview),
            turns => preview(renderer, &lying.preview, turns).await,
        };
        sheets.push(Sheet {
            bytes: lying.bytes,
            turns: lying.turns,
            preview,
        });
    }
    sheets
}

async fn scanned(scanner: &Scanner, renderer: &Renderer) -> Result<Lying, ScanTrouble> {
    let bytes = scanner.scan().await.map_err(|error| match error {
        ScanError::Absent => ScanTrouble::Absent,
        ScanError::Busy => ScanTrouble::Busy,
        ScanError::NoPaper => ScanTrouble::NoPaper,
        ScanError::Jammed => ScanTrouble::Jammed,
        ScanError::CoverOpen => ScanTrouble::CoverOpen,
        ScanError::TooLarge => ScanTrouble::TooLarge,
        ScanError::TooSlow => ScanTrouble::TooSlow,
        ScanError::Died => ScanTrouble::Died,
        ScanError::Failed(_) => ScanTrouble::Failed,
    })?;
    lying(bytes, renderer).await.map_err(|error| match error {
        RenderError::TooLarge => ScanTrouble::TooLarge,
        RenderError::Damaged => ScanTrouble::Died,
        RenderError::TooSlow => ScanTrouble::TooSlow,
        RenderError::Unsupported
        | RenderError::OtherProgram
        | RenderError::Encrypted
        | RenderError::NoSuchPage
        | RenderError::Busy
        | RenderError::Unavailable(_) => ScanTrouble::Failed,
    })
}

/// Whether files of this kind may be sheets.
fn is_picture(kind: Kind) -> bool {
    matches!(kind, Kind::Png | Kind::Jpeg)
}

/// A sheet of these bytes: only what can be drawn is one.
async fn lying(bytes: Vec<u8>, renderer: &Renderer) -> Result<Lying, RenderError> {
    if !is_picture(Kind::of(&bytes)) {
        return Err(RenderError::Unsupported);
    }
    let preview = renderer.draw_in_turn(&bytes, PREVIEW).await?;
    Ok(Lying {
        sheet: SheetId::from(entropy::bytes()),
        media_type: file::media_type(&bytes),
        bytes: Arc::new(bytes),
        turns: 0,
        preview,
    })
}

/// The preview of a file if it can be shown; none where that takes too long to be known now, or
/// where nothing can be drawn at all.
async fn shown(file: &[u8], renderer: &Renderer) -> Result<Option<Vec<u8>>, Refusal> {
    let kind = Kind::of(file);
    if !kind.is_shown() {
        return Err(Refusal::WrongKind(kind));
    }
    match renderer.draw_in_turn(file, PREVIEW).await {
        Ok(preview) => Ok(Some(preview)),
        Err(RenderError::TooSlow | RenderError::Busy | RenderError::Unavailable(_)) => Ok(None),
        Err(
            error @ (RenderError::Unsupported
            | RenderError::OtherProgram
            | RenderError::Encrypted
            | RenderError::Damaged
            | RenderError::NoSuchPage
            | RenderError::TooLarge),
        ) => Err(refusal(&error)),
    }
}

async fn preview(renderer: &Renderer, document: &[u8], turns: u8) -> Option<Vec<u8>> {
    let drawing = Drawing {
        page: 1,
        turns,
        detail: Detail::Preview,
    };
    let drawn = tokio::time::timeout(PREVIEW_TIME_MAX, renderer.draw(document, drawing)).await;
    drawn.ok()?.ok()
}

/// Has what a worker gives drawn in a process apart.
async fn draw(
    renderer: Renderer,
    source: oneshot::Receiver<Result<(Vec<u8>, Drawing), Refusal>>,
    reply: Reply<Vec<u8>>,
) {
    let drawn = match source.await {
        Ok(Ok((document, drawing))) => renderer
            .draw(&document, drawing)
            .await
            .map_err(|error| refusal(&error)),
        Ok(Err(refusal)) => Err(refusal),
        Err(_) => Err(Refusal::Stopping),
    };
    answer(reply, drawn);
}

/// Has what a worker gives drawn for what is to be said of it.
async fn remark(
    renderer: Renderer,
    source: oneshot::Receiver<Result<(Vec<u8>, Drawing), Refusal>>,
    reply: Reply<Remarks>,
) {
    let told = match source.await {
        Ok(Ok((document, drawing))) => {
            let told = renderer.remarks(&document, drawing).await;
            told.map_err(|error| refusal(&error))
        }
        Ok(Err(refusal)) => Err(refusal),
        Err(_) => Err(Refusal::Stopping),
    };
    answer(reply, told);
}

pub(super) fn refusal(error: &RenderError) -> Refusal {
    Refusal::NoPicture(match error {
        RenderError::Unsupported => PictureTrouble::Unsupported,
        RenderError::OtherProgram => PictureTrouble::OtherProgram,
        RenderError::Encrypted => PictureTrouble::Encrypted,
        RenderError::Damaged => PictureTrouble::Damaged,
        RenderError::NoSuchPage => PictureTrouble::NoSuchPage,
        RenderError::TooLarge | RenderError::TooSlow => PictureTrouble::TooBig,
        RenderError::Busy | RenderError::Unavailable(_) => return Refusal::Busy,
    })
}
