//! The settings of a node: one flat TOML file, `guichet.toml`, in its data folder.
//!
//! Every setting has a default that works, so an empty file is a good file. A key that does not
//! exist is an error that names it: a setting that is silently ignored is worse than none.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use guichet_keys::SubjectId;
use libp2p::Multiaddr;
use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

use crate::devices::{Device, PrinterSettings, ScannerSettings};
use crate::mesh;
use crate::times::zone::Zone;

/// The name of the settings file in a data folder.
pub const FILE: &str = "guichet.toml";

const BYTES_MAX: u64 = 64 * 1024;
/// Characters of a wrong line or value that an error repeats.
const SHOWN_MAX: usize = 200;
const IDLE_S: std::ops::RangeInclusive<u64> = 30..=3_600;
const LOCK_AFTER_MINUTES_MAX: u64 = 480;
const SCAN_DPI: std::ops::RangeInclusive<u32> = 50..=1_200;
const SCAN_MM_MAX: u32 = 1_000;

/// The settings of a node.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Port of the local pages on 127.0.0.1; 0 takes any free one.
    pub port: u16,
    /// Address on which the mesh and the porch listen.
    pub mesh_host: IpAddr,
    /// TCP port of the mesh, and UDP port of QUIC beside it, for members only.
    pub mesh_port: u16,
    /// TCP and UDP port of the porch, where members and strangers say hello.
    pub porch_port: u16,
    /// UDP port of calls with other nodes; 0 takes any free one.
    pub media_port: u16,
    /// The relays to keep a connection to, each as
    /// `<subject> <multiaddr of its mesh> <multiaddr of its porch>`.
    pub relays: Vec<Relay>,
    /// Seconds without a touch after which a visit ends by itself.
    pub idle_s: u64,
    /// Minutes without an act of the adviser after which an unlocked desk locks itself, not while
    /// somebody is called or spoken with; 0 for never.
    pub lock_after_minutes: u64,
    /// Whether people may bring files to a kiosk and take some away, through its browser and onto
    /// the disk of the machine: not where the next citizen would find them.
    pub kiosk_files: bool,
    /// The scanner, as `scanimage -L` names it, or `none`; without it, the first that is found.
    pub scanner: Option<String>,
    /// The mode of scans, as the scanner names it; an empty text leaves it to the scanner.
    pub scan_mode: String,
    /// Resolution of scans in dots per inch.
    pub scan_dpi: u32,
    /// Width of a scanned sheet in millimetres; 0 leaves it to the scanner.
    pub scan_width_mm: u32,
    /// Height of a scanned sheet in millimetres; 0 leaves it to the scanner.
    pub scan_height_mm: u32,
    /// The printer's queue, as `lpstat -e` names it, or `none`; without it, the default of CUPS,
    /// or its only one.
    pub printer: Option<String>,
    /// The zone whose legal time is shown, as the IANA database names it (`Indian/Reunion`); without
    /// it, the machine's own, and metropolitan France's where the machine has none.
    pub time_zone: Option<String>,
    /// What is logged to standard error, as a filter of the `tracing` crate.
    pub log: String,
}

impl Default for Config {
    fn default() -> Self {
        let scan = ScannerSettings::default();
        Self {
            port: 7001,
            mesh_host: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            mesh_port: 7101,
            porch_port: 7201,
            media_port: 0,
            relays: Vec::new(),
            idle_s: 180,
            lock_after_minutes: 10,
            kiosk_files: false,
            scanner: None,
            scan_mode: scan.mode,
            scan_dpi: scan.resolution_dpi,
            scan_width_mm: scan.width_mm,
            scan_height_mm: scan.height_mm,
            printer: None,
            time_zone: None,
            log: "warn,guichet=info".into(),
        }
    }
}

/// Where a relay is reached.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Relay {
    /// Whose key it must prove.
    pub subject: SubjectId,
    /// Where members reach it.
    pub mesh: Multiaddr,
    /// Where members and strangers say hello.
    pub porch: Multiaddr,
}

/// A text that does not say where a relay is.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not `<subject> <multiaddr of its mesh> <multiaddr of its porch>`")]
pub struct NotRelay(String);

impl FromStr for Relay {
    type Err = NotRelay;

    fn from_str(text: &str) -> Result<Self, NotRelay> {
        let read = || {
            let mut words = text.split_whitespace();
            let relay = Self {
                subject: words.next()?.parse().ok()?,
                mesh: words.next()?.parse().ok()?,
                porch: words.next()?.parse().ok()?,
            };
            words.next().is_none().then_some(relay)
        };
        read().ok_or_else(|| NotRelay(text.chars().take(SHOWN_MAX).collect()))
    }
}

impl TryFrom<String> for Relay {
    type Error = NotRelay;

    fn try_from(text: String) -> Result<Self, NotRelay> {
        text.parse()
    }
}

impl From<Relay> for String {
    fn from(relay: Relay) -> Self {
        format!("{} {} {}", relay.subject, relay.mesh, relay.porch)
    }
}

/// Why the settings could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("cannot read {}: {source}", file.display())]
    Unreadable {
        /// Which file.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is larger than any settings file.
    #[error("{} is larger than 64 KiB: not a settings file", file.display())]
    TooLarge {
        /// Which file.
        file: PathBuf,
    },
    /// The file is not TOML, or holds an unknown key or a value of the wrong kind.
    #[error("{}, line {line}, `{written}`: {problem}", file.display())]
    Malformed {
        /// Which file.
        file: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is written in that line; its beginning, if it is long.
        written: String,
        /// What is wrong there.
        problem: String,
    },
    /// A value is outside its limits.
    #[error("{}: {key} = {value} is out of range; use {allowed}", file.display())]
    OutOfRange {
        /// Which file.
        file: PathBuf,
        /// Which setting.
        key: &'static str,
        /// The value found.
        value: String,
        /// What would be right.
        allowed: String,
    },
}

impl Config {
    /// Reads the settings of the data folder `dir`; a missing file means the defaults.
    pub fn read(dir: &Path) -> Result<Self, ConfigError> {
        let file = dir.join(FILE);
        let text = match std::fs::metadata(&file) {
            Err(source) if source.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(source) => return Err(ConfigError::Unreadable { file, source }),
            Ok(found) if found.len() > BYTES_MAX => return Err(ConfigError::TooLarge { file }),
            Ok(_) => match std::fs::read_to_string(&file) {
                Ok(text) => text,
                Err(source) => return Err(ConfigError::Unreadable { file, source }),
            },
        };
        Self::parse(&text, &file)
    }

    /// The settings as a TOML file.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("a flat table of plain values is TOML")
    }

    /// What is scanned, and by which scanner.
    pub fn scanner(&self) -> ScannerSettings {
        ScannerSettings {
            device: Device::from_setting(self.scanner.as_deref()),
            mode: self.scan_mode.clone(),
            resolution_dpi: self.scan_dpi,
            width_mm: self.scan_width_mm,
            height_mm: self.scan_height_mm,
            ..ScannerSettings::default()
        }
    }

    /// How long nobody may act at an unlocked desk before it locks itself; none for ever.
    pub fn lock_after(&self) -> Option<Duration> {
        let after = Duration::from_secs(60 * self.lock_after_minutes);
        (!after.is_zero()).then_some(after)
    }

    /// The zone whose time is shown.
    pub fn zone(&self) -> Zone {
        let named = self.time_zone.as_deref().and_then(Zone::named);
        named.unwrap_or_else(Zone::of_machine)
    }

    /// Which printer prints.
    pub fn printer(&self) -> PrinterSettings {
        PrinterSettings {
            queue: Device::from_setting(self.printer.as_deref()),
            ..PrinterSettings::default()
        }
    }

    fn parse(text: &str, file: &Path) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| line_of(text, span.start));
            let written = text.lines().nth(line - 1).unwrap_or_default().trim();
            ConfigError::Malformed {
                file: file.to_owned(),
                line,
                written: written.chars().take(SHOWN_MAX).collect(),
                problem: error.message().replace('\n', " "),
            }
        })?;
        config.check(file)
    }

    fn check(self, file: &Path) -> Result<Self, ConfigError> {
        let out_of_range = |key, value: String, allowed: String| {
            let file = file.to_owned();
            Err(ConfigError::OutOfRange {
                file,
                key,
                value,
                allowed,
            })
        };
        if !IDLE_S.contains(&self.idle_s) {
            let allowed = format!("{} to {} seconds", IDLE_S.start(), IDLE_S.end());
            return out_of_range("idle_s", self.idle_s.to_string(), allowed);
        }
        if self.lock_after_minutes > LOCK_AFTER_MINUTES_MAX {
            let allowed = format!("1 to {LOCK_AFTER_MINUTES_MAX} minutes, or 0 for never");
            return out_of_range(
                "lock_after_minutes",
                self.lock_after_minutes.to_string(),
                allowed,
            );
        }
        if let Some(name) = &self.time_zone
            && Zone::named(name).is_none()
        {
            let allowed = "the name of a zone, such as Europe/Paris or Indian/Reunion".into();
            return out_of_range("time_zone", name.chars().take(60).collect(), allowed);
        }
        if !SCAN_DPI.contains(&self.scan_dpi) {
            let allowed = format!("{} to {} dpi", SCAN_DPI.start(), SCAN_DPI.end());
            return out_of_range("scan_dpi", self.scan_dpi.to_string(), allowed);
        }
        for (key, length_mm) in [
            ("scan_width_mm", self.scan_width_mm),
            ("scan_height_mm", self.scan_height_mm),
        ] {
            if length_mm > SCAN_MM_MAX {
                let allowed = format!("0 to {SCAN_MM_MAX} mm");
                return out_of_range(key, length_mm.to_string(), allowed);
            }
        }
        for (key, device) in [("scanner", &self.scanner), ("printer", &self.printer)] {
            if device.as_ref().is_some_and(|name| name.trim().is_empty()) {
                let allowed = "a name or \"none\", or leave the line out".into();
                return out_of_range(key, "\"\"".into(), allowed);
            }
        }
        if EnvFilter::try_new(&self.log).is_err() {
            let allowed = "a filter such as \"info\" or \"warn,guichet=debug\"".into();
            return out_of_range("log", format!("{:?}", self.log), allowed);
        }
        if let Some((key, value, allowed)) = self.wrong_port() {
            return out_of_range(key, value, allowed);
        }
        for relay in &self.relays {
            let mut addresses = [&relay.mesh, &relay.porch].into_iter();
            if let Some(wrong) = addresses.find(|it| !mesh::is_dialable(&it.to_string())) {
                let allowed = "addresses like /ip4/10.0.0.1/tcp/7101 or /dns/example.org/tcp/7101";
                return out_of_range("relays", wrong.to_string(), allowed.into());
            }
        }
        Ok(self)
    }

    /// A port that cannot be used beside the others: its setting, its value, what would be right.
    fn wrong_port(&self) -> Option<(&'static str, String, String)> {
        let wrong = |key, port: u16, allowed: &str| Some((key, port.to_string(), allowed.into()));
        for (key, port) in [
            ("mesh_port", self.mesh_port),
            ("porch_port", self.porch_port),
        ] {
            if port == 0 {
                return wrong(key, port, "a fixed port, 1 to 65535");
            }
        }
        if self.mesh_port == self.porch_port {
            return wrong("porch_port", self.porch_port, "a port other than mesh_port");
        }
        let meshes = [self.mesh_port, self.porch_port];
        if meshes.contains(&self.media_port) {
            let allowed = "0, or a port other than mesh_port and porch_port";
            return wrong("media_port", self.media_port, allowed);
        }
        let on_loopback = self.mesh_host.is_unspecified() || self.mesh_host.is_loopback();
        if on_loopback && meshes.contains(&self.port) {
            let allowed = "0, or a port other than mesh_port and porch_port";
            return wrong("port", self.port, allowed);
        }
        None
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes()
        .take(offset)
        .filter(|byte| *byte == b'\n')
        .count()
        + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let said = Config::parse(text, Path::new("guichet.toml"))
            .expect_err("wrong settings are refused")
            .to_string();
        assert!(said.contains(expected), "{said:?} lacks {expected:?}");
        assert!(!said.contains('\n'), "one line: {said:?}");
    }

    fn written() -> Config {
        let subject = "ab".repeat(32);
        let relay = format!("{subject} /ip4/10.0.0.1/tcp/7101 /dns4/example.org/tcp/7201");
        Config {
            port: 7002,
            relays: vec![relay.parse().expect("a relay")],
            ..Config::default()
        }
    }

    #[test]
    fn an_empty_file_means_the_defaults() {
        let read = Config::parse("", Path::new("guichet.toml")).expect("defaults work");
        assert_eq!(read, Config::default());
    }

    #[test]
    fn a_desk_locks_after_ten_minutes_unless_told_otherwise() {
        let after = |text| Config::parse(text, Path::new("guichet.toml")).map(|it| it.lock_after());
        assert_eq!(after("").ok(), Some(Some(Duration::from_secs(600))));
        assert_eq!(after("lock_after_minutes = 0").ok(), Some(None));
        let day = Some(Some(Duration::from_secs(480 * 60)));
        assert_eq!(after("lock_after_minutes = 480").ok(), day);
    }

    #[test]
    fn a_zone_that_is_named_goes_before_that_of_the_machine() {
        let zone = |text| Config::parse(text, Path::new("guichet.toml")).map(|it| it.zone());
        let named = zone("time_zone = \"America/Cayenne\"").expect("a zone");
        assert_eq!(named.name(), Some("America/Cayenne"));
        let utc = zone("time_zone = \"UTC\"").expect("a zone");
        assert_eq!(utc.name(), Some("UTC"), "who says so means it");
        assert_eq!(zone("").expect("settings"), Zone::of_machine());
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        let written = written();
        let read = Config::parse(&written.to_toml(), Path::new("guichet.toml"));
        assert_eq!(read.expect("own output is understood"), written);
    }

    #[test]
    fn what_is_wrong_is_named() {
        check(
            "port = 7001\n prot = 1\n",
            "line 2, `prot = 1`: unknown field `prot`",
        );
        check("port = 99999", "line 1, `port = 99999`: ");
        check("port = \"a\"", "line 1, `port = \"a\"`: ");
        check("port = [", "line 1, `port = [`: ");
        let long = format!("port = \"{}\"", "a".repeat(SHOWN_MAX));
        check(&long, &format!("`{}`: ", &long[..SHOWN_MAX]));
        check("relays = [\"here\"]", "`here` is not `<subject>");
        check("idle_s = 5", "idle_s = 5 is out of range");
        check(
            "lock_after_minutes = 481",
            "lock_after_minutes = 481 is out of range; use 1 to 480 minutes, or 0 for never",
        );
        check(
            "lock_after_minutes = -1",
            "line 1, `lock_after_minutes = -1`: ",
        );
        check("scan_dpi = 20", "scan_dpi = 20 is out of range");
        check("scan_height_mm = 1001", "0 to 1000 mm");
        check(
            "time_zone = \"Reunion\"",
            "time_zone = Reunion is out of range; use the name of a zone, such as Europe/Paris",
        );
        check("mesh_port = 0", "mesh_port = 0 is out of range");
        check("mesh_port = 9\nporch_port = 9", "porch_port = 9 is out of");
        check("media_port = 7101", "media_port = 7101 is out of");
        for taken in [7101, 7201] {
            check(
                &format!("port = {taken}"),
                &format!("port = {taken} is out of"),
            );
        }
        check(
            "log = \"!!!\"",
            "log = \"!!!\" is out of range; use a filter",
        );
        check(
            "printer = \" \"",
            "printer = \"\" is out of range; use a name",
        );
        check(
            "scanner = \"\"",
            "scanner = \"\" is out of range; use a name",
        );
    }

    #[test]
    fn an_address_at_which_no_relay_can_be_is_named() {
        let subject = "ab".repeat(32);
        for wrong in ["/ip4/10.0.0.1", "/unix/a", "/ip4/0.0.0.0/tcp/1"] {
            let right = "/ip4/10.0.0.1/tcp/7101";
            for pair in [format!("{wrong} {right}"), format!("{right} {wrong}")] {
                check(
                    &format!("relays = [\"{subject} {pair}\"]"),
                    &format!("relays = {wrong} is out of range; use addresses like"),
                );
            }
        }
    }

    #[test]
    fn the_pages_may_have_a_port_that_the_mesh_has_at_another_address() {
        let text = "port = 7101\nmesh_host = \"10.0.0.1\"";
        let read = Config::parse(text, Path::new("guichet.toml"));
        assert_eq!(read.map(|it| it.port).ok(), Some(7101));
    }

    #[test]
    fn no_settings_end_who_reads_them() {
        let noted = "# Salle 12, 3 rue de la Mairie\nprinter = \"bureau 2\"\n";
        crate::hostile::drive_text(&[&written().to_toml(), noted], |text| {
            let read = Config::parse(text, Path::new("settings.toml"));
            if let Err(error) = &read {
                assert!(!error.to_string().is_empty());
            }
            read.is_ok()
        });
    }
}
