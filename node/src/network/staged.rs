//! A folder made beside its place and put there whole.

use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;

use super::{InitError, io_error};
use crate::entropy;

/// A folder under construction, deleted when dropped unless put in place.
pub struct Staged {
    staging: PathBuf,
    place: PathBuf,
}

impl Staged {
    /// Begins the folder that is to be `place`, which must be empty or not there.
    pub fn new(place: &Path) -> Result<Self, InitError> {
        let place = std::path::absolute(place).map_err(|source| io_error(place, source))?;
        if std::fs::read_dir(&place).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(InitError::NotEmpty { dir: place });
        }
        let parent = place.parent().unwrap_or(Path::new("/"));
        std::fs::create_dir_all(parent).map_err(|source| io_error(parent, source))?;
        let name = format!(".guichet-new-{}", HEXLOWER.encode(&entropy::bytes::<4>()));
        let staging = parent.join(name);
        std::fs::create_dir(&staging).map_err(|source| io_error(&staging, source))?;
        Ok(Self { staging, place })
    }

    /// Where to write until the folder is put in place.
    pub fn path(&self) -> &Path {
        &self.staging
    }

    /// Puts the folder where it belongs.
    pub fn put_in_place(self) -> Result<(), InitError> {
        std::fs::rename(&self.staging, &self.place).map_err(|source| io_error(&self.place, source))
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.staging);
    }
}
