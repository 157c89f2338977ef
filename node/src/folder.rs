//! The data folder of a node, and what is read from it at the start.
//!
//! A folder that is ours carries a marker ([`marker`]); the private files in it are readable by
//! their owner only ([`private`]).

pub mod marker;
pub mod private;

use std::path::{Path, PathBuf};

use crate::config::{Config, ConfigError};

/// Name of the file that holds the token for scripts: new at every start.
pub const API_TOKEN: &str = "api-token";
/// Name of the file that says where the local pages are: `127.0.0.1:7001`.
pub const LOCAL_ADDRESS: &str = "local-address";

/// Why a data folder could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Not a node's folder, or in use.
    #[error(transparent)]
    Marker(#[from] marker::MarkerError),
    /// Its settings are wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

/// A node's data folder, held by this process.
#[derive(Debug)]
pub struct Opened {
    /// Where it is.
    pub dir: PathBuf,
    /// Its settings.
    pub config: Config,
    _lock: marker::Lock,
}

/// Opens the data folder `dir` for this process alone.
pub fn open(dir: &Path) -> Result<Opened, FolderError> {
    let lock = marker::lock(dir, marker::Kind::Node)?;
    let config = Config::read(dir)?;
    Ok(Opened {
        dir: dir.to_owned(),
        config,
        _lock: lock,
    })
}
