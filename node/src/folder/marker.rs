//! The marker: a file that says which of our folders this is, and is locked while it is in use.
//!
//! Nothing is deleted in a folder that does not carry it, and two processes never run in the same
//! one: the lock is the kernel's, so it ends with the process that holds it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::private;

/// The name of the marker in a folder.
pub const FILE: &str = ".guichet";

const VERSION: u32 = 1;
const ATTEMPTS: u32 = 60;
const ATTEMPT_EVERY: Duration = Duration::from_millis(100);

/// What a folder of ours holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The data of one node.
    Node,
    /// A network made by `network init`: its nodes' folders and its authority.
    Network,
    /// The same, made by `demo`, which may delete it.
    Demo,
}

/// Why a folder is not the one expected.
#[derive(Debug, thiserror::Error)]
pub enum MarkerError {
    /// No marker: the folder is not ours.
    #[error("{} is not a folder of guichet (it has no `{FILE}` marker)", dir.display())]
    NotOurs {
        /// Which folder.
        dir: PathBuf,
    },
    /// The marker of another kind of folder.
    #[error("{} is a {found} folder of guichet, not a {expected} folder", dir.display())]
    OtherKind {
        /// Which folder.
        dir: PathBuf,
        /// What its marker says.
        found: &'static str,
        /// What was expected.
        expected: &'static str,
    },
    /// The marker of a version this program does not know.
    #[error("{} was made by another version of guichet ({found}); this one reads version {VERSION}", dir.display())]
    OtherVersion {
        /// Which folder.
        dir: PathBuf,
        /// What its marker says.
        found: String,
    },
    /// Another process works in the folder.
    #[error("another guichet is running in {}; stop it first", dir.display())]
    InUse {
        /// Which folder.
        dir: PathBuf,
    },
    /// The system refused.
    #[error("{}: {source}", file.display())]
    Io {
        /// Which file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A folder held by this process until the value is dropped.
#[derive(Debug)]
pub struct Lock {
    _marker: File,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Network => "network",
            Self::Demo => "demo",
        }
    }
}

/// Puts the marker into `dir`.
pub fn put(dir: &Path, kind: Kind) -> Result<(), private::PrivateFileError> {
    let line = format!("guichet {} {VERSION}\n", kind.word());
    private::write_public(&dir.join(FILE), line.as_bytes())
}

/// Makes sure that `dir` carries the marker of `expected`.
pub fn check(dir: &Path, expected: Kind) -> Result<(), MarkerError> {
    open(dir, expected).map(|_marker| ())
}

/// Takes the folder for this process; waits up to 6 s for one that is just ending.
pub fn lock(dir: &Path, expected: Kind) -> Result<Lock, MarkerError> {
    let marker = open(dir, expected)?;
    for attempt in 1..=ATTEMPTS {
        match marker.try_lock() {
            Ok(()) => return Ok(Lock { _marker: marker }),
            Err(TryLockError::WouldBlock) if attempt < ATTEMPTS => {
                std::thread::sleep(ATTEMPT_EVERY);
            }
            Err(TryLockError::WouldBlock) => break,
            Err(TryLockError::Error(source)) => return Err(io_error(&dir.join(FILE), source)),
        }
    }
    Err(MarkerError::InUse {
        dir: dir.to_owned(),
    })
}

/// Whether a process works in the folder now.
pub fn is_held(dir: &Path, expected: Kind) -> Result<bool, MarkerError> {
    match open(dir, expected)?.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(source)) => Err(io_error(&dir.join(FILE), source)),
    }
}

fn open(dir: &Path, expected: Kind) -> Result<File, MarkerError> {
    let file = dir.join(FILE);
    let plain = match std::fs::symlink_metadata(&file) {
        Ok(found) => found.is_file(),
        // Whose folder it is cannot be seen.
        Err(source) if source.kind() == io::ErrorKind::PermissionDenied => {
            return Err(io_error(&file, source));
        }
        Err(_) => false,
    };
    if !plain {
        return Err(MarkerError::NotOurs {
            dir: dir.to_owned(),
        });
    }
    let marker = OpenOptions::new()
        .read(true)
        .open(&file)
        .map_err(|source| io_error(&file, source))?;
    let mut line = String::new();
    (&marker)
        .take(256)
        .read_to_string(&mut line)
        .map_err(|source| io_error(&file, source))?;
    match read_line(&line) {
        Some((kind, VERSION)) if kind == expected => Ok(marker),
        Some((kind, VERSION)) => Err(MarkerError::OtherKind {
            dir: dir.to_owned(),
            found: kind.word(),
            expected: expected.word(),
        }),
        Some(_) => Err(MarkerError::OtherVersion {
            dir: dir.to_owned(),
            found: line.trim().to_owned(),
        }),
        None => Err(MarkerError::NotOurs {
            dir: dir.to_owned(),
        }),
    }
}

fn read_line(line: &str) -> Option<(Kind, u32)> {
    let mut words = line.split_whitespace();
    if words.next() != Some("guichet") {
        return None;
    }
    let word = words.next()?;
    let kind = [Kind::Node, Kind::Network, Kind::Demo]
        .into_iter()
        .find(|kind| kind.word() == word)?;
    Some((kind, words.next()?.parse().ok()?))
}

fn io_error(file: &Path, source: io::Error) -> MarkerError {
    let file = file.to_owned();
    MarkerError::Io { file, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_said(content: Option<&str>, expected: &str) {
        let folder = tempfile::tempdir().expect("a folder");
        if let Some(content) = content {
            std::fs::write(folder.path().join(FILE), content).expect("written");
        }
        let said = check(folder.path(), Kind::Demo)
            .expect_err("refused")
            .to_string();
        assert!(said.contains(expected), "{said:?} lacks {expected:?}");
    }

    #[test]
    fn only_a_folder_with_the_right_marker_is_ours() {
        check_said(None, "has no `.guichet` marker");
        check_said(Some("something else"), "has no `.guichet` marker");
        check_said(Some("guichet node 1\n"), "is a node folder");
        check_said(Some("guichet demo 2\n"), "another version");

        let folder = tempfile::tempdir().expect("a folder");
        put(folder.path(), Kind::Demo).expect("put");
        check(folder.path(), Kind::Demo).expect("ours");
    }

    #[test]
    fn a_folder_is_held_by_one() {
        let folder = tempfile::tempdir().expect("a folder");
        put(folder.path(), Kind::Node).expect("put");
        let held = lock(folder.path(), Kind::Node).expect("free");
        let waiting = std::thread::spawn({
            let dir = folder.path().to_owned();
            move || lock(&dir, Kind::Node).is_ok()
        });
        std::thread::sleep(Duration::from_millis(300));
        drop(held);
        assert!(waiting.join().expect("no panic"), "taken over when free");
    }
}
