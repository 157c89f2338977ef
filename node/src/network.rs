//! Making a network: who is in it, and a ready data folder for every node.

mod ports;
mod staged;

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use crate::config::{self, Config};
use crate::folder::{marker, private};
use staged::Staged;

/// Name of the file with the advisers' passphrases, one line each:
/// station, name, passphrase, parted by tabs.
pub const PASSPHRASES: &str = "passphrases";

/// How many nodes of each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Kiosks.
    pub kiosks: u16,
    /// Stations.
    pub stations: u16,
    /// Relays; each also admits kiosks.
    pub relays: u16,
}

/// What was made.
#[derive(Clone, Debug)]
pub struct Made {
    /// The network's root, in hexadecimal.
    pub root: String,
    /// Names of the nodes' folders.
    pub nodes: Vec<String>,
}

/// Why a network could not be made.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// The folder holds something.
    #[error("{} is not empty; choose another folder with --dir", dir.display())]
    NotEmpty {
        /// Which folder.
        dir: PathBuf,
    },
    /// A count is outside its limits.
    #[error("{count} {what} is not possible; use {least} to {most}")]
    Count {
        /// Of what.
        what: &'static str,
        /// How many were asked for.
        count: u16,
        /// The least.
        least: u16,
        /// The most.
        most: u16,
    },
    /// A file could not be written.
    #[error(transparent)]
    File(#[from] private::PrivateFileError),
    /// The system refused.
    #[error("{}: {source}", file.display())]
    Io {
        /// Which file or folder.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// The lines of a passphrase file, as station, name and passphrase.
pub fn read_passphrases(text: &str) -> impl Iterator<Item = [&str; 3]> {
    text.lines().filter_map(|line| {
        let mut fields = line.split('\t');
        Some([fields.next()?, fields.next()?, fields.next()?])
    })
}

/// Makes the network of `plan` in `dir`, which must be empty or not there.
///
/// Everything is made beside `dir` and renamed into its place: `dir` holds a whole network or is
/// as it was.
pub fn init(dir: &Path, kind: marker::Kind, plan: &Plan) -> Result<Made, InitError> {
    plan.check()?;
    let staged = Staged::new(dir)?;
    let made = make(staged.path(), kind, plan)?;
    staged.put_in_place()?;
    Ok(made)
}

fn make(dir: &Path, kind: marker::Kind, plan: &Plan) -> Result<Made, InitError> {
    let nodes = plan.nodes();
    let mut ports = ports::free(2 * nodes.len()).map_err(|source| io_error(dir, source))?;
    for name in &nodes {
        let (Some(mesh_port), Some(porch_port)) = (ports.pop(), ports.pop()) else {
            break;
        };
        let config = Config {
            port: 0,
            mesh_host: Ipv4Addr::LOCALHOST.into(),
            mesh_port,
            porch_port,
            ..Config::default()
        };
        let node = dir.join(name);
        std::fs::create_dir(&node).map_err(|source| io_error(&node, source))?;
        private::write_public(&node.join(config::FILE), config.to_toml().as_bytes())?;
        marker::put(&node, marker::Kind::Node)?;
    }
    private::write(&dir.join(PASSPHRASES), b"")?;
    marker::put(dir, kind)?;
    Ok(Made {
        root: String::new(),
        nodes,
    })
}

fn io_error(file: &Path, source: std::io::Error) -> InitError {
    let file = file.to_owned();
    InitError::Io { file, source }
}

impl Plan {
    fn nodes(&self) -> Vec<String> {
        let relay = |number| match self.relays {
            1 => "relay".to_owned(),
            _ => format!("relay-{number}"),
        };
        (1..=self.relays)
            .map(relay)
            .chain((1..=self.kiosks).map(|number| format!("kiosk-{number}")))
            .chain((1..=self.stations).map(|number| format!("station-{number}")))
            .collect()
    }

    fn check(&self) -> Result<(), InitError> {
        for (what, count, allowed) in [
            ("kiosks", self.kiosks, 0..=200),
            ("stations", self.stations, 0..=50),
            ("relays", self.relays, 1..=8),
        ] {
            if !allowed.contains(&count) {
                return Err(InitError::Count {
                    what,
                    count,
                    least: *allowed.start(),
                    most: *allowed.end(),
                });
            }
        }
        Ok(())
    }
}
