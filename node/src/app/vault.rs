//! Opening a vault: a file, a passphrase, and about a quarter of a second on purpose.

use std::path::{Path, PathBuf};

use guichet_keys::vault::VaultError;
use guichet_keys::{AgentKeys, Vault};

use super::station::VaultFile;
use crate::web::counter::Refusal;

/// Opens the vault in this file; blocks.
pub fn open(path: &Path, passphrase: &str) -> Result<AgentKeys, Refusal> {
    let bytes = std::fs::read(path).map_err(|error| {
        tracing::error!(%error, file = %path.display(), "a vault does not read");
        Refusal::DiskFailed
    })?;
    let vault = Vault::parse(&bytes).map_err(|error| {
        tracing::error!(%error, "a vault does not read");
        Refusal::DiskFailed
    })?;
    vault.open(passphrase).map_err(|error| {
        if error == VaultError::WrongPassphrase {
            return Refusal::WrongPassphrase { pause_s: 0 };
        }
        tracing::error!(%error, "a vault does not open");
        Refusal::DiskFailed
    })
}

/// The vaults in these files, and the names of those files that do not read: their advisers cannot
/// work here.
pub fn list(paths: &[PathBuf]) -> (Vec<VaultFile>, Vec<String>) {
    let (mut vaults, mut unread) = (Vec::new(), Vec::new());
    for path in paths {
        let vault = std::fs::read(path).map_err(|error| error.to_string());
        match vault.and_then(|bytes| Vault::parse(&bytes).map_err(|error| error.to_string())) {
            Ok(vault) => vaults.push(VaultFile {
                adviser: vault.subject(),
                path: path.clone(),
            }),
            Err(error) => {
                tracing::error!(file = %path.display(), error, "a vault does not read");
                unread.push(path.display().to_string());
            }
        }
    }
    (vaults, unread)
}
