//! The devices of a kiosk that are not the browser's: its scanner and its printer.
//!
//! Both are reached through what the system has for them: a scanner through SANE's `scanimage`,
//! run as a child ([`scanner`]), a printer through CUPS, asked on its socket ([`printer`]). So a
//! driver that hangs, crashes or leaks never takes the node with it, and any scanner or printer
//! that the system knows will do. What goes through them are citizens' papers: they pass by pipes, bounded in size
//! and time; a scan never touches the disk, and a print leaves CUPS's spool once it is over.
//!
//! Camera and microphone belong to the browser; the node never opens them.

pub mod printer;
pub mod scanner;
mod tool;

pub use printer::{
    PrintError, PrintJob, PrintState, Printer, PrinterSettings, PrinterState, Trouble,
};
pub use scanner::{ModeFit, ScanError, Scanner, ScannerSettings, ScannerState};

/// Which device of a kind a node uses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Device {
    /// The one that the system names first.
    #[default]
    First,
    /// The one of this name.
    Named(String),
    /// None, even if the system has some.
    Off,
}

impl Device {
    /// What a setting means: nothing is the first, `none` is none, else it is a name.
    pub fn from_setting(setting: Option<&str>) -> Self {
        match setting {
            None => Self::First,
            Some("none") => Self::Off,
            Some(name) => Self::Named(name.to_owned()),
        }
    }
}
