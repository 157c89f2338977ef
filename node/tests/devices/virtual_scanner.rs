//! SANE's `test` backend, set up by files of its own in a folder of its own.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use guichet::devices::{Device, Scanner, ScannerSettings};
use tempfile::TempDir;

const SLOW: &str = "read-delay true\nread-delay-duration 200000\n";
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A folder of SANE's settings with one virtual scanner of A4, `test:0`.
pub struct VirtualScanner {
    folder: TempDir,
}

impl VirtualScanner {
    /// A scanner that scans this picture of the backend's.
    pub fn new(picture: &str) -> Self {
        Self::with(&format!("test-picture \"{picture}\"\n"))
    }

    /// A scanner with these lines in its settings.
    pub fn with(lines: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("dll.conf"), "test\n").expect("written");
        let scanner = Self { folder };
        scanner.set_up(lines);
        scanner
    }

    /// A scanner whose sheets take minutes.
    pub fn slow() -> Self {
        let scanner = Self::new("Grid");
        scanner.slow_down();
        scanner
    }

    /// From now on these are its settings.
    pub fn set_up(&self, lines: &str) {
        let size = "number_of_devices 1\ngeometry_max 300.0\n";
        let text = format!("{size}{lines}");
        std::fs::write(self.dir().join("test.conf"), text).expect("written");
    }

    /// Another sheet lies on the scanner.
    pub fn lay(&self, picture: &str) {
        self.set_up(&format!("test-picture \"{picture}\"\n"));
    }

    /// From now on a sheet takes minutes.
    pub fn slow_down(&self) {
        self.set_up(SLOW);
    }

    pub fn dir(&self) -> &Path {
        self.folder.path()
    }

    pub fn settings(&self) -> ScannerSettings {
        ScannerSettings {
            device: Device::Named("test:0".to_owned()),
            config_dir: Some(self.dir().to_owned()),
            ..ScannerSettings::default()
        }
    }

    pub fn scanner(&self) -> Scanner {
        Scanner::new(self.settings())
    }

    /// What `scanimage` itself writes with these arguments.
    pub fn by_hand(&self, args: &str) -> Vec<u8> {
        let output = Command::new("scanimage")
            .args(args.split(' '))
            .env("SANE_CONFIG_DIR", self.dir())
            .output()
            .expect("scanimage runs");
        assert!(output.status.success(), "{output:?}");
        output.stdout
    }

    /// The processes that work with this scanner, zombies left out.
    pub fn processes(&self) -> Vec<i32> {
        let wanted = format!("SANE_CONFIG_DIR={}", self.dir().display());
        let mut found = Vec::new();
        for entry in std::fs::read_dir("/proc").expect("/proc") {
            let process = entry.expect("an entry").path();
            let pid = process.file_name().and_then(|name| name.to_str());
            let Some(pid) = pid.and_then(|pid| pid.parse().ok()) else {
                continue;
            };
            let variables = std::fs::read(process.join("environ")).unwrap_or_default();
            let mut variables = variables.split(|byte| *byte == 0);
            if variables.any(|variable| variable == wanted.as_bytes()) {
                found.push(pid);
            }
        }
        found
    }

    /// Waits until so many processes work with this scanner.
    pub async fn until_processes(&self, wanted: usize) -> Vec<i32> {
        let began = Instant::now();
        loop {
            let found = self.processes();
            if found.len() == wanted {
                return found;
            }
            assert!(began.elapsed() < PATIENCE, "{found:?} and not {wanted}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Whether this process has a child that ended and was not waited for.
pub fn zombies() -> usize {
    let own = std::process::id().to_string();
    let entries = std::fs::read_dir("/proc").expect("/proc");
    let zombie = |entry: std::io::Result<std::fs::DirEntry>| {
        let stat = entry.expect("an entry").path().join("stat");
        let stat = std::fs::read_to_string(stat).unwrap_or_default();
        // `pid (name) state parent …`, and a name may hold anything.
        let after = stat.rsplit_once(") ").map_or("", |(_, after)| after);
        let mut words = after.split(' ');
        words.next() == Some("Z") && words.next() == Some(&own)
    };
    entries
        .filter(|entry| entry.is_ok())
        .map(zombie)
        .filter(|it| *it)
        .count()
}
