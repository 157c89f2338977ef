//! The tray: sheets on their way into a case, and papers on their way out of the printer.
//!
//! A sheet that was scanned or photographed lies in the tray of its case, in this node's memory
//! and nowhere else, until all of them are joined to the case as one document: nothing of it is
//! on the disk or seen by an adviser before. The tray goes with the visit, or with the vault.
//! What takes long (scanning, drawing) is done by tasks that tell what came of it.

mod printing;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use guichet_keys::CaseTag;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;
use tokio::task::{AbortHandle, JoinSet};

use super::cases::{Task, answer};
use super::node::Node;
use super::opened::{Paper, Sheet};
use crate::devices::{ScanError, Scanner, ScannerState};
use crate::entropy;
use crate::render::{Detail, Drawing, RenderError, Renderer};
use crate::web::counter::{
    Arrange, Change, DOCUMENT_BYTES_MAX, PaperAsk, PictureTrouble, Refusal, Reply, Thing, Upload,
};
use crate::web::file;
use crate::web::ids::{DocumentId, SheetId};
use crate::web::view::{ScanTrouble, ScannerView, SheetView, SheetsView};

pub(super) use printing::Printing;

/// Most sheets in one tray.
const SHEETS_MAX: usize = 40;
/// Most bytes in all trays of a node.
const TRAYS_BYTES_MAX: usize = 160 << 20;
/// A document waits no longer for its preview.
const PREVIEW_TIME_MAX: Duration = Duration::from_secs(5);

/// What a task of the tray tells.
pub enum TrayEvent {
    /// The scanner was asked, and this came of it.
    Scanned(CaseTag, ScanNumber, Result<Lying, ScanTrouble>),
    /// A picture was looked at, and is or is no sheet.
    Shown(Of, Result<Lying, Refusal>, Reply<SheetId>),
    /// A document has its previews.
    Prepared(Of, Paper, Reply<DocumentId>),
    /// The sheets of a tray became a document, or did not.
    Joined(
        Of,
        Vec<SheetId>,
        Result<DocumentId, Refusal>,
        Reply<DocumentId>,
    ),
    /// The scanner was looked for.
    ScannerSeen(ScannerState),
    /// Something of the printer.
    Printer(printing::Seen),
}

/// For which case something is done, and in which round: what was begun before the trays were
/// cleared comes too late for whoever sits here then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Of {
    case: CaseTag,
    round: u64,
}

/// Which of the scans of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScanNumber(u64);

/// A sheet in the tray.
#[derive(Clone)]
pub struct Lying {
    sheet: SheetId,
    media_type: &'static str,
    bytes: Arc<Vec<u8>>,
    turns: u8,
    preview: Vec<u8>,
}

/// The scan that runs.
struct Scan {
    number: ScanNumber,
    case: CaseTag,
    instead: Option<SheetId>,
    task: AbortHandle,
}

/// Everything about papers that the event loop owns.
pub struct Trays {
    trays: BTreeMap<CaseTag, Vec<Lying>>,
    scanner: Scanner,
    seen: Option<ScannerState>,
    scan: Option<Scan>,
    scans: u64,
    trouble: Option<(CaseTag, ScanTrouble)>,
    joining: BTreeSet<CaseTag>,
    round: u64,
    tasks: JoinSet<()>,
    pub(super) printing: Printing,
    events: UnboundedSender<TrayEvent>,
}

impl Trays {
    /// Empty trays beside these devices.
    pub fn new(scanner: Scanner, printing: Printing, events: UnboundedSender<TrayEvent>) -> Self {
        Self {
            trays: BTreeMap::new(),
            scanner,
            seen: None,
            scan: None,
            scans: 0,
            trouble: None,
            joining: BTreeSet::new(),
            round: 0,
            tasks: JoinSet::new(),
            printing,
            events,
        }
    }

    /// Empties every tray, and ends all that is on its way into one.
    pub fn clear(&mut self) {
        self.trays.clear();
        self.trouble = None;
        self.joining.clear();
        self.round += 1;
        self.tasks.abort_all();
        self.scan = None;
        self.printing.visit_over();
    }

    fn of(&self, case: CaseTag) -> Of {
        let round = self.round;
        Of { case, round }
    }

    /// Whether what was begun then is still wanted.
    fn is_current(&self, of: Of) -> Result<(), Refusal> {
        match of.round == self.round {
            true => Ok(()),
            false => Err(Refusal::NotFound(Thing::Case)),
        }
    }

    /// Runs a task that ends with the tray, whatever it holds.
    fn run(&mut self, task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        while self.tasks.try_join_next().is_some() {}
        self.tasks.spawn(task)
    }

    fn stop_scan(&mut self, case: CaseTag) {
        if let Some(scan) = self.scan.take_if(|scan| scan.case == case) {
            scan.task.abort();
        }
    }

    /// Whether a sheet of so many bytes may lie in this tray, in the place of another or not.
    fn has_room(
        &self,
        case: &CaseTag,
        bytes: usize,
        instead: Option<SheetId>,
    ) -> Result<(), Refusal> {
        let others =
            |case_of: &CaseTag, lying: &&Lying| case_of != case || Some(lying.sheet) != instead;
        let kept = self
            .trays
            .iter()
            .flat_map(|(case_of, tray)| tray.iter().filter(move |lying| others(case_of, lying)));
        let kept: usize = kept.map(|lying| lying.bytes.len()).sum();
        let tray = self.trays.get(case).into_iter().flatten();
        let sheets = tray.filter(|lying| Some(lying.sheet) != instead).count();
        match sheets < SHEETS_MAX && kept + bytes <= TRAYS_BYTES_MAX {
            true => Ok(()),
            false => Err(Refusal::TrayFull),
        }
    }

    /// Lays a sheet down, in the place of another or behind the last.
    fn lay(
        &mut self,
        case: CaseTag,
        lying: Lying,
        instead: Option<SheetId>,
    ) -> Result<(), Refusal> {
        self.has_room(&case, lying.bytes.len(), instead)?;
        self.trouble.take_if(|(of, _)| *of == case);
        let tray = self.trays.entry(case).or_default();
        let place = instead.and_then(|old| tray.iter().position(|sheet| sheet.sheet == old));
        match place.and_then(|place| tray.get_mut(place)) {
            Some(old) => *old = lying,
            None => tray.push(lying),
        }
        Ok(())
    }

    fn sheet(&self, case: &CaseTag, sheet: SheetId) -> Result<&Lying, Refusal> {
        let mut tray = self.trays.get(case).into_iter().flatten();
        tray.find(|lying| lying.sheet == sheet)
            .ok_or(Refusal::NotFound(Thing::Sheet))
    }

    fn arrange(&mut self, case: &CaseTag, sheet: SheetId, arrange: Arrange) -> Result<(), Refusal> {
        if self.joining.contains(case) {
            return Err(Refusal::Busy);
        }
        let lost = Refusal::NotFound(Thing::Sheet);
        let tray = self.trays.get_mut(case).ok_or(lost.clone())?;
        let place = tray.iter().position(|lying| lying.sheet == sheet);
        let place = place.ok_or(lost)?;
        match arrange {
            Arrange::Turn => tray[place].turns = (tray[place].turns + 1) % 4,
            Arrange::Earlier if place > 0 => tray.swap(place, place - 1),
            Arrange::Later if place + 1 < tray.len() => tray.swap(place, place + 1),
            Arrange::Earlier | Arrange::Later => {}
            Arrange::Remove => drop(tray.remove(place)),
        }
        Ok(())
    }

    fn view(&self, case: &CaseTag) -> (Vec<SheetView>, ScannerView) {
        let sheets = self.trays.get(case).into_iter().flatten();
        let sheets = sheets.map(|lying| SheetView {
            sheet: lying.sheet,
            media_type: lying.media_type.to_owned(),
            bytes: lying.bytes.len(),
            turns: lying.turns,
        });
        (sheets.collect(), self.scanner_view(case))
    }

    fn scanner_view(&self, case: &CaseTag) -> ScannerView {
        if self.scan.is_some() {
            return ScannerView::Scanning;
        }
        match (&self.trouble, &self.seen) {
            (Some((of, trouble)), _) if of == case => ScannerView::Failed { trouble: *trouble },
            (_, None | Some(ScannerState::Ready { .. } | ScannerState::Scanning)) => {
                ScannerView::Ready
            }
            (_, Some(ScannerState::Off | ScannerState::Absent)) => ScannerView::None,
            (_, Some(ScannerState::Ill { .. })) => ScannerView::Failed {
                trouble: ScanTrouble::Failed,
            },
        }
    }
}

impl Node {
    /// Answers what a page asks about the papers of a case.
    pub(super) fn on_paper_ask(&mut self, case: CaseTag, ask: PaperAsk) {
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
    pub(super) fn on_tray_event(&mut self, event: TrayEvent) {
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
                Detail::Screen | Detail::Close => renderer.draw(&lying.bytes, drawing).await,
            };
            answer(reply, drawn.map_err(|error| refusal(&error)));
        });
    }

    /// A file becomes a document of one page, with a preview where one can be drawn in time.
    fn add_file(&mut self, case: CaseTag, file: Upload, reply: Reply<DocumentId>) {
        if let Err(refusal) = self.open_case(&case) {
            return answer(reply, Err(refusal));
        }
        if file.bytes.is_empty() || file.bytes.len() > DOCUMENT_BYTES_MAX {
            let bytes_max = DOCUMENT_BYTES_MAX;
            return answer(reply, Err(Refusal::TooLarge { bytes_max }));
        }
        let (renderer, events) = (self.renderer.clone(), self.trays.events.clone());
        let of = self.trays.of(case);
        self.trays.run(async move {
            let sheet = Sheet {
                preview: preview(&renderer, &file.bytes, 0).await,
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
        | RenderError::Encrypted
        | RenderError::NoSuchPage
        | RenderError::Busy
        | RenderError::Unavailable(_) => ScanTrouble::Failed,
    })
}

/// A sheet of these bytes: only what can be drawn is one.
async fn lying(bytes: Vec<u8>, renderer: &Renderer) -> Result<Lying, RenderError> {
    let media_type = file::media_type(&bytes);
    if !matches!(media_type, "image/png" | "image/jpeg") {
        return Err(RenderError::Unsupported);
    }
    let drawing = Drawing {
        detail: Detail::Preview,
        ..Drawing::of_page(1)
    };
    let preview = renderer.draw_in_turn(&bytes, drawing).await?;
    Ok(Lying {
        sheet: SheetId::from(entropy::bytes()),
        media_type,
        bytes: Arc::new(bytes),
        turns: 0,
        preview,
    })
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

fn refusal(error: &RenderError) -> Refusal {
    Refusal::NoPicture(match error {
        RenderError::Unsupported => PictureTrouble::Unsupported,
        RenderError::Encrypted => PictureTrouble::Encrypted,
        RenderError::Damaged => PictureTrouble::Damaged,
        RenderError::NoSuchPage => PictureTrouble::NoSuchPage,
        RenderError::TooLarge | RenderError::TooSlow => PictureTrouble::TooBig,
        RenderError::Busy | RenderError::Unavailable(_) => return Refusal::Busy,
    })
}
