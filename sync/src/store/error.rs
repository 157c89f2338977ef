//! What can go wrong on a disk, in words for the person who has to do something about it.

use std::{
    io,
    path::{Path, PathBuf},
};

use thiserror::Error;

/// Why the disk did not do what was asked; whatever was acknowledged before is still there.
#[derive(Debug, Error)]
pub enum StoreError {
    /// No space, no quota, or the file size limit is reached; try again once space is free.
    #[error("{}: the disk is full; free some space, nothing saved so far is lost", .path.display())]
    DiskFull {
        /// The file that could not grow.
        path: PathBuf,
    },
    /// The file system takes no writes.
    #[error("{}: the file system is read-only; check the disk and mount it writable", .path.display())]
    ReadOnly {
        /// The file that could not be written.
        path: PathBuf,
    },
    /// The operating system reported a failure of its own.
    #[error("{}: {source}; check the disk and the rights of the data folder", .path.display())]
    Io {
        /// The file or folder concerned.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Another process holds the folder.
    #[error("{}: the store is in use by another process; stop that one first", .path.display())]
    InUse {
        /// The folder of the store.
        path: PathBuf,
    },
    /// The file was written by a program with another format.
    #[error("{}: format version {found} is unknown to this program, which reads version {known}; use a newer program", .path.display())]
    UnknownVersion {
        /// The file concerned.
        path: PathBuf,
        /// The version in its header.
        found: u16,
        /// The version this program writes and reads.
        known: u16,
    },
    /// The bytes on the disk are not those that were written.
    #[error("{}: damaged at byte {offset}; start the node again: it keeps what can be read and asks its peers for the rest", .path.display())]
    Damaged {
        /// The file concerned.
        path: PathBuf,
        /// Where the damage begins.
        offset: u64,
    },
    /// The journal has lost something, and its file system takes no writes.
    #[error("{}: damaged, and the file system is read-only; mount it writable and start the node again: it keeps what can be read and asks its peers for the rest", .path.display())]
    DamagedReadOnly {
        /// The folder of the journal.
        path: PathBuf,
    },
    /// The file of a page is not what was written; the page has to be dropped and fetched again.
    #[error("page {page}: its file is damaged or gone; it has to be fetched again")]
    PageDamaged {
        /// The page in lower-case hex.
        page: String,
    },
    /// A value passes its named limit.
    #[error("{what}: {size} is beyond the limit of {limit}")]
    TooLarge {
        /// What was measured, with its unit.
        what: &'static str,
        /// Its size.
        size: u64,
        /// The most that is stored.
        limit: u64,
    },
    /// The page was never begun here, or was dropped.
    #[error("page {page}: not in this store")]
    UnknownPage {
        /// The page in lower-case hex.
        page: String,
    },
    /// The segment is not here yet.
    #[error("page {page}: segment {index} is not here yet")]
    AbsentSegment {
        /// The page in lower-case hex.
        page: String,
        /// The place of the segment in the page.
        index: u32,
    },
    /// The segment or the page has not the shape it was announced with.
    #[error("page {page}: {what} does not fit the shape of the page")]
    Misshapen {
        /// The page in lower-case hex.
        page: String,
        /// What does not fit.
        what: &'static str,
    },
}

/// Names the file in a failure of the operating system.
pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| {
        let kind = source.kind();
        if is_full(kind) {
            StoreError::DiskFull { path }
        } else if kind == io::ErrorKind::ReadOnlyFilesystem {
            StoreError::ReadOnly { path }
        } else {
            StoreError::Io { path, source }
        }
    }
}

const fn is_full(kind: io::ErrorKind) -> bool {
    matches!(
        kind,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}

pub(super) fn within(what: &'static str, size: usize, limit: usize) -> Result<(), StoreError> {
    if size <= limit {
        return Ok(());
    }
    Err(StoreError::TooLarge {
        what,
        size: size as u64,
        limit: limit as u64,
    })
}
