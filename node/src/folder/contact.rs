//! Where scripts find the running node: the token that it takes from them, and the address of its
//! pages.
//!
//! Both are in the data folder. Where its disk takes nothing more, they are in a runtime folder: a
//! node on a full or read-only disk runs, and has to be reachable to say so. Of several tokens the
//! newest is the running node's.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::private::{self, PrivateFileError};

/// Name of the file that holds the token for scripts: new at every start.
pub const API_TOKEN: &str = "api-token";
/// Name of the file that says where the local pages are: `127.0.0.1:7001`.
pub const LOCAL_ADDRESS: &str = "local-address";
/// The runtime folder of a service of the system; systemd's `RuntimeDirectory=guichet` makes it.
const OF_SYSTEM: &str = "/run/guichet";
/// Digits of the node's id that name its folder among those of other nodes.
const ID_DIGITS: usize = 16;

/// Where a running node's token and address are.
#[derive(Debug)]
pub struct Contact {
    folder: PathBuf,
    /// Why the data folder does not have them.
    pub refused: Option<io::Error>,
}

/// Writes the token of the node `id` into its data folder, or else into a runtime folder.
///
/// # Errors
/// The data folder cannot be written for another reason than its disk, or no runtime folder can.
pub fn put_token(dir: &Path, id: &str, token: &[u8]) -> Result<Contact, PrivateFileError> {
    let runtime = runtime_folders(id);
    let source = match private::write(&dir.join(API_TOKEN), token) {
        Ok(()) => {
            for stale in &runtime {
                let _was_never_there = std::fs::remove_dir_all(stale);
            }
            return Ok(Contact {
                folder: dir.to_owned(),
                refused: None,
            });
        }
        Err(PrivateFileError::Io { source, .. }) if is_the_disk(&source) => source,
        Err(error) => return Err(error),
    };
    let mut made = runtime.into_iter().filter(|folder| make(folder).is_ok());
    let taken = made.find(|folder| private::write(&folder.join(API_TOKEN), token).is_ok());
    let Some(folder) = taken else {
        let file = dir.join(API_TOKEN);
        return Err(PrivateFileError::Io { file, source });
    };
    tracing::warn!(folder = %folder.display(), "the data folder takes no token; it is here");
    Ok(Contact {
        folder,
        refused: Some(source),
    })
}

impl Contact {
    /// Writes where the pages are.
    ///
    /// # Errors
    /// The folder that took the token does not take the address.
    pub fn put_address(&self, address: &str) -> Result<(), PrivateFileError> {
        private::write_public(&self.folder.join(LOCAL_ADDRESS), address.as_bytes())
    }
}

/// The folder with the token and the address of the node of `dir`.
pub fn find(dir: &Path) -> PathBuf {
    let id = super::credentials(dir).ok().and_then(|credentials| {
        let shown = credentials.into_iter().next()?;
        Some(shown.subject.to_string())
    });
    let runtime = id.map(|id| runtime_folders(&id)).unwrap_or_default();
    let written = |folder: &PathBuf| -> Option<SystemTime> {
        let token = std::fs::metadata(folder.join(API_TOKEN)).ok()?;
        token.modified().ok()
    };
    // Of two that are as old, the data folder: it comes last.
    let all = runtime.into_iter().chain([dir.to_owned()]);
    let newest = all
        .filter(|folder| written(folder).is_some())
        .max_by_key(written);
    newest.unwrap_or_else(|| dir.to_owned())
}

/// Where a node may put what it cannot put into its data folder, the best first.
fn runtime_folders(id: &str) -> Vec<PathBuf> {
    let of_service = std::env::var_os("RUNTIME_DIRECTORY").map(PathBuf::from);
    let of_user = std::env::var_os("XDG_RUNTIME_DIR").map(|base| Path::new(&base).join("guichet"));
    let of_system = rustix::process::geteuid()
        .is_root()
        .then(|| PathBuf::from(OF_SYSTEM));
    let name = id.get(..ID_DIGITS).unwrap_or(id);
    let bases = [of_service, of_user, of_system].into_iter().flatten();
    bases.map(|base| base.join(name)).collect()
}

fn make(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Whether the disk is full or takes no writes at all.
fn is_the_disk(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::ReadOnlyFilesystem
    )
}
