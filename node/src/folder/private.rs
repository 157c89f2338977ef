//! Files that only their owner may read: keys, tokens, passphrases.
//!
//! They are written beside their place, synced and renamed into it, so that a power cut leaves the
//! old file or the new one; and a file that others could read is refused, not repaired: whoever
//! widened it should know.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

const BYTES_MAX: u64 = 64 * 1024;
const OTHERS: u32 = 0o077;

/// Why a private file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum PrivateFileError {
    /// The system refused.
    #[error("{}: {source}", file.display())]
    Io {
        /// Which file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others than the owner may read or write it.
    #[error(
        "{} has mode {mode:04o}, so that others can reach it; if they have not, run: chmod 600 {}",
        file.display(), file.display()
    )]
    Exposed {
        /// Which file.
        file: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It is a folder, a device or far too large.
    #[error("{} is not a plain file of at most {bytes_max} bytes", file.display())]
    NotPlain {
        /// Which file.
        file: PathBuf,
        /// The limit.
        bytes_max: u64,
    },
}

/// Writes `content` to `file` with mode 0600, durably and at once or not at all.
pub fn write(file: &Path, content: &[u8]) -> Result<(), PrivateFileError> {
    replace(file, content, 0o600).map_err(|source| io_error(file, source))
}

/// Writes what anyone may read, with mode 0644, durably and at once or not at all.
pub fn write_public(file: &Path, content: &[u8]) -> Result<(), PrivateFileError> {
    replace(file, content, 0o644).map_err(|source| io_error(file, source))
}

/// Reads a file that only its owner may reach; at most 64 KiB.
pub fn read(file: &Path) -> Result<Zeroizing<Vec<u8>>, PrivateFileError> {
    let opened = open_plain(file, BYTES_MAX)?;
    let mode = opened
        .metadata()
        .map_err(|source| io_error(file, source))?
        .mode()
        & 0o7777;
    if mode & OTHERS != 0 {
        let file = file.to_owned();
        return Err(PrivateFileError::Exposed { file, mode });
    }
    let mut content = Zeroizing::new(Vec::with_capacity(BYTES_MAX as usize));
    opened
        .take(BYTES_MAX)
        .read_to_end(&mut content)
        .map_err(|source| io_error(file, source))?;
    Ok(content)
}

/// Reads a file that anyone may read; at most `bytes_max`.
pub fn read_public(file: &Path, bytes_max: u64) -> Result<Vec<u8>, PrivateFileError> {
    let mut content = Vec::new();
    open_plain(file, bytes_max)?
        .take(bytes_max)
        .read_to_end(&mut content)
        .map_err(|source| io_error(file, source))?;
    Ok(content)
}

/// Makes the folder `dir` that only its owner may enter.
pub fn create_folder(dir: &Path) -> Result<(), PrivateFileError> {
    DirBuilder::new()
        .mode(0o700)
        .create(dir)
        .map_err(|source| io_error(dir, source))
}

/// The files of `dir` with this extension, in order of their names.
pub fn files_in(dir: &Path, extension: &str) -> Result<Vec<PathBuf>, PrivateFileError> {
    let mut files = std::fs::read_dir(dir)
        .and_then(|entries| {
            entries
                .map(|entry| entry.map(|entry| entry.path()))
                .collect::<io::Result<Vec<_>>>()
        })
        .map_err(|source| io_error(dir, source))?;
    files.retain(|file| file.extension().is_some_and(|found| found == extension));
    files.sort();
    Ok(files)
}

/// Removes a file.
pub fn remove(file: &Path) -> Result<(), PrivateFileError> {
    std::fs::remove_file(file).map_err(|source| io_error(file, source))
}

fn open_plain(file: &Path, bytes_max: u64) -> Result<File, PrivateFileError> {
    let opened = File::open(file).map_err(|source| io_error(file, source))?;
    let found = opened.metadata().map_err(|source| io_error(file, source))?;
    if found.is_file() && found.len() <= bytes_max {
        return Ok(opened);
    }
    Err(PrivateFileError::NotPlain {
        file: file.to_owned(),
        bytes_max,
    })
}

fn replace(file: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let beside = file.with_added_extension("new");
    match std::fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&beside)?;
    let durable = written
        .write_all(content)
        .and_then(|()| written.sync_all())
        .and_then(|()| std::fs::rename(&beside, file));
    if let Err(error) = durable {
        let _best_effort = std::fs::remove_file(&beside);
        return Err(error);
    }
    match file.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

fn io_error(file: &Path, source: io::Error) -> PrivateFileError {
    let file = file.to_owned();
    PrivateFileError::Io { file, source }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn what_others_can_read_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("node.key");
        write(&file, b"secret").expect("written");
        let mode = std::fs::metadata(&file).expect("there").mode() & 0o777;
        assert_eq!(mode, 0o600);
        assert_eq!(read(&file).expect("readable").as_slice(), b"secret");

        for wide in [0o640, 0o604, 0o620, 0o666] {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(wide)).expect("chmod");
            let said = read(&file).expect_err("refused").to_string();
            assert!(said.contains("node.key has mode 06"), "{said}");
            assert!(said.contains("chmod 600"), "{said}");
        }
    }

    #[test]
    fn only_plain_files_of_sane_size_are_read() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(matches!(
            read_public(folder.path(), 10),
            Err(PrivateFileError::NotPlain { .. })
        ));
        let file = folder.path().join("big");
        write(&file, &vec![0; 80 * 1024]).expect("written");
        assert!(matches!(
            read(&file),
            Err(PrivateFileError::NotPlain { .. })
        ));
    }
}
