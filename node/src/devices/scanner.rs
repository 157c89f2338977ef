//! The scanner, through SANE's `scanimage`: one sheet at a time, by a pipe, as a PNG.
//!
//! What comes back is exactly what `scanimage` wrote, or an error. A sheet is only taken when the
//! program ended well and its picture has an end: a driver that dies in mid-scan leaves a PNG that
//! many viewers would show, grey from the middle on.
//!
//! Scanners differ in the names of their modes ([`fit`]) and in whether they know the length of a
//! sheet beforehand ([`pnm`]). What a scanner refuses is learnt once, and kept in mind.

mod fit;
mod pnm;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::Device;
use super::tool::{self, Ran, Run, RunError};
use crate::clock;
use crate::render::DOCUMENT_BYTES_MAX;
use fit::Listed;
pub use fit::ModeFit;

/// The longest that one sheet may take: a slow scanner warms its lamp first.
pub const SCAN_TIME_MAX: Duration = Duration::from_secs(180);
/// The longest that looking for scanners may take: some are looked for on the network.
pub const LIST_TIME_MAX: Duration = Duration::from_secs(20);
/// How long what was found is said again without looking.
pub const STATE_KEPT: Duration = Duration::from_secs(10);

/// The largest sheet of unknown length before it is made small, in bytes: A4 in colour at 600 dpi.
pub const ANYMAP_BYTES_MAX: usize = 128 << 20;

const PROGRAM: &str = "scanimage";
const CONFIG_DIR: &str = "SANE_CONFIG_DIR";
/// How `scanimage` tells of a call of SANE that failed, before it lets go of the scanner.
const GAVE_UP: &str = "scanimage: sane_";
/// How it tells that an option, or its value, is not one of this scanner's.
const REFUSED: [&str; 3] = [
    "setting of option --",
    "unrecognized option",
    "invalid option",
];
/// How libpng tells that the head of a picture stands alone: the driver knew no height.
const NO_ROWS: &str = "No IDATs written";
/// How often one sheet is tried: as set, as listed, in the listed way without the refused mode, and
/// without a height beforehand.
const TRIES_MAX: usize = 4;
const LIST_BYTES_MAX: usize = 64 * 1024;
const PNG_HEAD: &[u8] = b"\x89PNG\r\n\x1a\n";

/// What is scanned, and within which limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScannerSettings {
    /// The program that scans.
    pub program: PathBuf,
    /// Which scanner, as `scanimage -L` names it.
    pub device: Device,
    /// The mode, as the scanner names it; an empty text leaves it to the scanner.
    pub mode: String,
    /// Resolution in dots per inch.
    pub resolution_dpi: u32,
    /// Width of a sheet in millimetres; 0 leaves it to the scanner.
    pub width_mm: u32,
    /// Height of a sheet in millimetres; 0 leaves it to the scanner.
    pub height_mm: u32,
    /// The folder of SANE's own settings; without one that of the environment, else the system's.
    pub config_dir: Option<PathBuf>,
    /// The largest picture that is taken, in bytes.
    pub bytes_max: usize,
    /// The longest that a sheet may take.
    pub time_max: Duration,
}

impl Default for ScannerSettings {
    fn default() -> Self {
        Self {
            program: PROGRAM.into(),
            device: Device::First,
            mode: "Color".to_owned(),
            resolution_dpi: 300,
            width_mm: 210,
            height_mm: 297,
            config_dir: None,
            bytes_max: DOCUMENT_BYTES_MAX,
            time_max: SCAN_TIME_MAX,
        }
    }
}

/// Why there is no sheet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScanError {
    /// No scanner is there, or none is wanted, or SANE is not installed.
    #[error("no scanner is there")]
    Absent,
    /// It scans already, for us or for another program.
    #[error("the scanner is busy")]
    Busy,
    /// Its feeder is empty.
    #[error("the scanner has no sheet")]
    NoPaper,
    /// A sheet is stuck.
    #[error("a sheet is stuck in the scanner")]
    Jammed,
    /// Its cover is open.
    #[error("the scanner's cover is open")]
    CoverOpen,
    /// The picture has more bytes than is allowed.
    #[error("the scanned picture is too large")]
    TooLarge,
    /// It took longer than is allowed.
    #[error("the scanner took too long")]
    TooSlow,
    /// The scan ended in the middle of the sheet.
    #[error("the scan ended in the middle of the sheet")]
    Died,
    /// Anything else, in the words of SANE.
    #[error("the scanner failed: {0}")]
    Failed(String),
}

/// How the scanner is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum ScannerState {
    /// The settings say that there is none.
    Off,
    /// None is there, or not the one of the settings.
    Absent,
    /// It is there.
    Ready {
        /// Maker and model.
        name: String,
    },
    /// It is there, and scans.
    Scanning,
    /// It could not be looked for.
    Ill {
        /// The words of SANE.
        said: String,
    },
}

/// The scanner of a node; cheap to clone.
#[derive(Clone, Debug)]
pub struct Scanner {
    settings: Arc<ScannerSettings>,
    turn: Arc<Mutex<()>>,
    seen: Arc<Mutex<Option<(Instant, ScannerState)>>>,
    known: Arc<Mutex<Known>>,
}

/// What the scanner has taught so far.
#[derive(Clone, Debug, Default)]
struct Known {
    /// Its options, once it has refused one.
    listed: Option<Listed>,
    /// The mode that it lists and refuses all the same.
    refused: Option<String>,
    /// That it does not know a sheet's length beforehand.
    endless: bool,
}

impl Scanner {
    /// The scanner of these settings; nothing is looked for yet.
    pub fn new(settings: ScannerSettings) -> Self {
        Self {
            settings: Arc::new(settings),
            turn: Arc::default(),
            seen: Arc::default(),
            known: Arc::default(),
        }
    }

    /// One sheet as a PNG, byte for byte as `scanimage` wrote it if it can write one. Whoever drops
    /// the future cancels the scan; the scanner is busy until it has stopped.
    pub async fn scan(&self) -> Result<Vec<u8>, ScanError> {
        if self.settings.device == Device::Off {
            return Err(ScanError::Absent);
        }
        let turn = self.turn.clone();
        let turn = turn.try_lock_owned().map_err(|_| ScanError::Busy)?;
        // Looking may open the device too: it has ended first, and is done anew afterwards.
        self.seen.lock().await.take();
        let scanned = self.scan_and_learn(&Arc::new(turn)).await;
        if let Err(error) = &scanned {
            tracing::warn!(%error, "no sheet was scanned");
        }
        scanned
    }

    /// Tries once more whenever the scanner has taught something.
    async fn scan_and_learn(&self, turn: &Arc<OwnedMutexGuard<()>>) -> Result<Vec<u8>, ScanError> {
        let mut known = self.known.lock().await;
        let mut asked = false;
        for _ in 1..TRIES_MAX {
            let ran = tool::run(self.sheet(&known), turn.clone()).await?;
            let refuses = REFUSED.iter().any(|words| ran.said.contains(words));
            if ran.status.success() {
                return judge(ran, known.endless).await;
            } else if refuses && !asked {
                // A scanner may have been put in the place of another.
                (known.listed, known.refused) = (self.listed(turn.clone()).await, None);
                asked = true;
            } else if refuses && known.listed.is_some() && known.refused.is_none() {
                known.refused = self.mode(&known);
            } else if ran.said.contains(NO_ROWS) && !known.endless {
                known.endless = true;
            } else {
                return judge(ran, known.endless).await;
            }
        }
        judge(
            tool::run(self.sheet(&known), turn.clone()).await?,
            known.endless,
        )
        .await
    }

    /// What the scanner lists of its options; none if it cannot be asked.
    async fn listed(&self, held: impl Send + 'static) -> Option<Listed> {
        let mut args = vec!["--all-options".to_owned()];
        args.extend(self.device_name());
        let ran = tool::run(self.question(args), held).await.ok()?;
        let text = String::from_utf8_lossy(&ran.output).into_owned();
        ran.status.success().then(|| Listed::read(&text))
    }

    /// How the mode of the settings fits this scanner; none if it cannot be asked now.
    pub async fn mode_fit(&self) -> Option<ModeFit> {
        let turn = self.turn.clone().try_lock_owned().ok()?;
        let listed = self.listed(turn).await?;
        Some(listed.mode(&self.settings.mode, None))
    }

    /// How the scanner is now, or was at most [`STATE_KEPT`] ago.
    pub async fn state(&self) -> ScannerState {
        if self.settings.device == Device::Off {
            return ScannerState::Off;
        }
        if self.turn.try_lock().is_err() {
            return ScannerState::Scanning;
        }
        let mut seen = self.seen.lock().await;
        if let Some((at, state)) = &*seen
            && clock::now().duration_since(*at) < STATE_KEPT
        {
            return state.clone();
        }
        let state = self.look().await;
        *seen = Some((clock::now(), state.clone()));
        state
    }

    fn sheet(&self, known: &Known) -> Run {
        let settings = &*self.settings;
        let lists = |has: fn(&Listed) -> bool| known.listed.as_ref().is_none_or(has);
        let (format, bytes_max) = match known.endless {
            true => ("pnm", ANYMAP_BYTES_MAX),
            false => ("png", settings.bytes_max),
        };
        let mut args = vec![format!("--format={format}")];
        args.extend(self.device_name());
        if lists(|listed| listed.resolution) {
            args.push(format!("--resolution={}", settings.resolution_dpi));
        }
        args.extend(self.mode(known).map(|mode| format!("--mode={mode}")));
        for (option, length_mm, has) in [
            ("-x", settings.width_mm, lists(|listed| listed.width)),
            ("-y", settings.height_mm, lists(|listed| listed.height)),
        ] {
            if length_mm > 0 && has {
                args.extend([option.to_owned(), length_mm.to_string()]);
            }
        }
        self.run(args, bytes_max, settings.time_max)
    }

    /// The mode to scan in, as far as is known; none leaves it to the scanner.
    fn mode(&self, known: &Known) -> Option<String> {
        let set = &self.settings.mode;
        let as_set = || (!set.is_empty()).then(|| set.clone());
        let Some(listed) = &known.listed else {
            return as_set();
        };
        match listed.mode(set, known.refused.as_deref()) {
            ModeFit::AsSet => as_set(),
            ModeFit::Instead(mode) => Some(mode),
            ModeFit::Unknown(listed) => {
                tracing::warn!(set, ?listed, "scan_mode is none of the scanner's modes");
                None
            }
        }
    }

    fn device_name(&self) -> Option<String> {
        match &self.settings.device {
            Device::Named(name) => Some(format!("--device-name={name}")),
            Device::First | Device::Off => None,
        }
    }

    fn question(&self, args: Vec<String>) -> Run {
        self.run(args, LIST_BYTES_MAX, LIST_TIME_MAX)
    }

    fn run(&self, args: Vec<String>, bytes_max: usize, time_max: Duration) -> Run {
        let config_dir = self
            .settings
            .config_dir
            .clone()
            .map(PathBuf::into_os_string);
        let config_dir = config_dir.or_else(|| std::env::var_os(CONFIG_DIR));
        Run {
            program: self.settings.program.clone(),
            args,
            variables: config_dir
                .map(|dir| (CONFIG_DIR, dir))
                .into_iter()
                .collect(),
            input: Vec::new(),
            bytes_max,
            time_max,
            gave_up: |said| said.contains(GAVE_UP),
        }
    }

    async fn look(&self) -> ScannerState {
        let list = vec!["--formatted-device-list=%d\t%v %m%n".to_owned()];
        let ran = tool::run(self.question(list), ()).await;
        let listed = match ran {
            Ok(ran) if ran.status.success() => String::from_utf8_lossy(&ran.output).into_owned(),
            Ok(ran) => return ScannerState::Ill { said: ran.said },
            Err(RunError::Missing) => return ScannerState::Absent,
            Err(error) => {
                let said = error.to_string();
                return ScannerState::Ill { said };
            }
        };
        let mut found = listed.lines().filter_map(|line| line.split_once('\t'));
        let found = match &self.settings.device {
            Device::Named(wanted) => found.find(|(device, _)| device == wanted),
            Device::First | Device::Off => found.next(),
        };
        match (found, &self.settings.device) {
            (Some((_, name)), _) => ScannerState::Ready {
                name: name.trim().to_owned(),
            },
            (None, Device::Named(device)) => self.knock(device).await,
            (None, Device::First | Device::Off) => ScannerState::Absent,
        }
    }

    /// A scanner that is named need not be listed: it is opened, and not asked for a sheet.
    async fn knock(&self, device: &str) -> ScannerState {
        let args = vec![format!("--device-name={device}"), "--dont-scan".to_owned()];
        match tool::run(self.question(args), ()).await {
            Ok(ran) if ran.status.success() => ScannerState::Ready {
                name: device.to_owned(),
            },
            Ok(ran) if from_words(&ran.said) == ScanError::Absent => ScannerState::Absent,
            Ok(ran) => ScannerState::Ill { said: ran.said },
            Err(error) => ScannerState::Ill {
                said: error.to_string(),
            },
        }
    }
}

async fn judge(ran: Ran, endless: bool) -> Result<Vec<u8>, ScanError> {
    match ran.status.code() {
        None => Err(ScanError::Died),
        Some(0) if endless => {
            let made = tokio::task::spawn_blocking(move || pnm::as_png(&ran.output)).await;
            let picture = made.ok().flatten().ok_or(ScanError::Died)?;
            match picture.len() > DOCUMENT_BYTES_MAX {
                true => Err(ScanError::TooLarge),
                false => Ok(picture),
            }
        }
        Some(0) if is_whole(&ran.output) => Ok(ran.output),
        Some(0) => Err(ScanError::Died),
        Some(_) => Err(from_words(&ran.said)),
    }
}

/// What SANE means: `sane_strstatus` has one text for each status, in English everywhere, and
/// `scanimage` says it last (SANE Standard 1.06, section 4.2.7).
fn from_words(said: &str) -> ScanError {
    let says = |words: &str| said.contains(words);
    if says("Device busy") {
        ScanError::Busy
    } else if says("Document feeder out of documents") {
        ScanError::NoPaper
    } else if says("Document feeder jammed") {
        ScanError::Jammed
    } else if says("Scanner cover is open") {
        ScanError::CoverOpen
    } else if says("no SANE devices found") || cannot_be_opened(said) {
        ScanError::Absent
    } else {
        ScanError::Failed(said.to_owned())
    }
}

/// A scanner that nobody knows is an invalid argument; one that is unplugged, an error of its
/// line. One that may not be opened is there, and somebody should be told.
fn cannot_be_opened(said: &str) -> bool {
    said.contains("open of device") && !said.contains("Access to resource has been denied")
}

/// Whether these are the chunks of a PNG up to and with its end (PNG, third edition, section 5).
fn is_whole(picture: &[u8]) -> bool {
    let Some(mut rest) = picture.strip_prefix(PNG_HEAD) else {
        return false;
    };
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let Some((kind, after)) = after.split_first_chunk::<4>() else {
            return false;
        };
        let length = u32::from_be_bytes(*length) as usize;
        let Some(after) = length.checked_add(4).and_then(|skip| after.get(skip..)) else {
            return false;
        };
        if kind == b"IEND" {
            return after.is_empty();
        }
        rest = after;
    }
    false
}

impl From<RunError> for ScanError {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Missing => Self::Absent,
            RunError::TooLarge => Self::TooLarge,
            RunError::TooSlow => Self::TooSlow,
            RunError::Stuck(said) => from_words(&said),
            RunError::Io(error) => Self::Failed(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sane_says_is_understood() {
        let check = |said: &str, expected: ScanError| assert_eq!(from_words(said), expected);
        check("scanimage: no SANE devices found", ScanError::Absent);
        let open = "scanimage: open of device escl:x failed: ";
        check(&format!("{open}Invalid argument"), ScanError::Absent);
        check(&format!("{open}Error during device I/O"), ScanError::Absent);
        check(&format!("{open}Device busy"), ScanError::Busy);
        let denied = format!("{open}Access to resource has been denied");
        check(&denied, ScanError::Failed(denied.clone()));
    }
}
