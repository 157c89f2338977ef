//! The tray: sheets on their way into a case, and papers on their way out of the printer.
//!
//! A sheet that was scanned or photographed lies in the tray of its case, in this node's memory
//! and nowhere else, until all of them are joined to the case as one document: nothing of it is
//! on the disk or seen by an adviser before. The tray goes with the visit, or with the vault.
//! What takes long (scanning, drawing) is done by tasks that tell what came of it.

mod printing;
mod work;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use guichet_keys::CaseTag;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::{AbortHandle, JoinSet};

use super::opened::Paper;
use crate::devices::{Scanner, ScannerState};
use crate::web::counter::{Arrange, Refusal, Reply, Thing};
use crate::web::ids::{DocumentId, SheetId};
use crate::web::view::{ScanTrouble, ScannerView, SheetView};

pub(super) use printing::Printing;

/// Most sheets in one tray.
const SHEETS_MAX: usize = 40;
/// Most bytes in all trays of a node.
const TRAYS_BYTES_MAX: usize = 160 << 20;
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
    any_file: bool,
}

impl Trays {
    /// Empty trays beside these devices; `any_file` where a file is kept that cannot be shown.
    pub fn new(
        scanner: Scanner,
        printing: Printing,
        events: UnboundedSender<TrayEvent>,
        any_file: bool,
    ) -> Self {
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
            any_file,
        }
    }

    /// Empties every tray, and ends all that is on its way into one.
    pub fn clear(&mut self) {
        let Self {
            trays,
            scanner: _,
            seen: _,
            scan,
            scans: _,
            trouble,
            joining,
            round,
            tasks,
            printing,
            events: _,
            any_file: _,
        } = self;
        trays.clear();
        *trouble = None;
        joining.clear();
        *round += 1;
        tasks.abort_all();
        *scan = None;
        printing.visit_over();
    }

    /// How many sheets lie in the tray of a case.
    pub fn count(&self, case: &CaseTag) -> usize {
        self.trays.get(case).map_or(0, Vec::len)
    }

    /// How many sheets lie in all trays.
    pub fn lying(&self) -> usize {
        self.trays.values().map(Vec::len).sum()
    }

    /// Throws away every sheet of a case, unless they are just being joined.
    pub fn discard(&mut self, case: &CaseTag) {
        if !self.joining.contains(case) {
            self.trays.remove(case);
        }
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
