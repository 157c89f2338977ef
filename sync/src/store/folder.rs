//! The folder of a store: its lock, the places in it, and entries of folders made durable.
//!
//! ```text
//! lock            held (flock) by the process that owns the store
//! journal/        00000001.journal …
//! pages/          page files, named by their id
//! index/          sled; can be deleted
//! index.suspect   present: do not trust the index at the next open
//! index.bad-N/    an index that was moved aside
//! damaged/        journal segments as they were before a repair
//! ```

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use rustix::fs::{FlockOperation, flock};

use super::error::{StoreError, at};

/// How many indexes that were moved aside are kept.
const BAD_INDEXES_KEPT: usize = 2;

/// The folder of a store, locked against other processes while this lives.
#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
    read_only: bool,
    _lock: File,
}

impl Folder {
    pub fn lock(root: &Path) -> Result<Self, StoreError> {
        if !root.exists() {
            make(root)?;
            let parent = root.parent().filter(|parent| *parent != Path::new(""));
            sync_folder(parent.unwrap_or(Path::new(".")))?;
        }
        let path = root.join("lock");
        let writable = new_file(&path, OpenOptions::new().create(true).truncate(false));
        let (lock, read_only) = match writable {
            Err(StoreError::ReadOnly { .. }) => (File::open(&path).map_err(at(&path))?, true),
            opened => (opened?, false),
        };
        flock(&lock, FlockOperation::NonBlockingLockExclusive).map_err(|errno| match errno {
            rustix::io::Errno::WOULDBLOCK => StoreError::InUse {
                path: root.to_owned(),
            },
            other => at(&path)(other.into()),
        })?;
        if !read_only {
            for inner in ["journal", "pages"] {
                make(&root.join(inner))?;
            }
            sync_folder(root)?;
        }
        Ok(Self {
            root: root.to_owned(),
            read_only,
            _lock: lock,
        })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether its file system took no writes when it was locked.
    pub const fn is_read_only(&self) -> bool {
        self.read_only
    }

    pub fn journal(&self) -> PathBuf {
        self.root.join("journal")
    }

    pub fn pages(&self) -> PathBuf {
        self.root.join("pages")
    }

    pub fn index(&self) -> PathBuf {
        self.root.join("index")
    }

    pub fn index_is_suspect(&self) -> bool {
        suspicion(&self.root).exists()
    }

    pub fn suspect_index(&self) -> Result<(), StoreError> {
        suspect_index(&self.root)
    }

    pub fn trust_index(&self) -> Result<(), StoreError> {
        let path = suspicion(&self.root);
        absent_is_fine(fs::remove_file(&path)).map_err(at(&path))
    }

    /// Moves the index aside, so that a new one can be made; where it is now.
    pub fn move_index_aside(&self) -> Result<Option<PathBuf>, StoreError> {
        let index = self.index();
        if !index.exists() {
            return Ok(None);
        }
        let (aside, older) = self.free_name(&self.root, "index.bad-");
        for stale in older.iter().rev().skip(BAD_INDEXES_KEPT - 1) {
            absent_is_fine(fs::remove_dir_all(stale)).map_err(at(stale))?;
        }
        fs::rename(&index, &aside).map_err(at(&index))?;
        sync_folder(&self.root)?;
        Ok(Some(aside))
    }

    /// Keeps a second name of a file under `damaged/`, so that it survives being replaced.
    pub fn keep_damaged(&self, file: &Path) -> Result<PathBuf, StoreError> {
        let folder = self.root.join("damaged");
        make(&folder)?;
        sync_folder(&self.root)?;
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let (aside, _) = self.free_name(&folder, &format!("{name}-"));
        if fs::hard_link(file, &aside).is_err() {
            fs::copy(file, &aside).map_err(at(&aside))?;
            let copy = File::open(&aside).map_err(at(&aside))?;
            copy.sync_all().map_err(at(&aside))?;
        }
        sync_folder(&folder)?;
        Ok(aside)
    }

    /// A name with the next free number, and the names with lower numbers in their order.
    fn free_name(&self, folder: &Path, prefix: &str) -> (PathBuf, Vec<PathBuf>) {
        let mut numbers: Vec<u64> = fs::read_dir(folder)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                let name = entry.file_name();
                name.to_str()?.strip_prefix(prefix)?.parse().ok()
            })
            .collect();
        numbers.sort_unstable();
        let named = |number: u64| folder.join(format!("{prefix}{number}"));
        let next = numbers.last().map_or(1, |last| last.saturating_add(1));
        (named(next), numbers.into_iter().map(named).collect())
    }
}

/// Marks the index as not to be trusted at the next open, which then reads the whole journal.
pub(super) fn suspect_index(root: &Path) -> Result<(), StoreError> {
    let path = suspicion(root);
    File::create(&path).map(drop).map_err(at(&path))
}

fn suspicion(root: &Path) -> PathBuf {
    root.join("index.suspect")
}

/// Makes a folder that only its owner can enter; it may exist.
pub(super) fn make(path: &Path) -> Result<(), StoreError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(at(path))
}

/// Opens a file for reading and writing that only its owner can read.
pub(super) fn new_file(path: &Path, options: &mut OpenOptions) -> Result<File, StoreError> {
    options
        .read(true)
        .write(true)
        .mode(0o600)
        .open(path)
        .map_err(at(path))
}

/// Makes the entries of a folder durable.
pub(super) fn sync_folder(path: &Path) -> Result<(), StoreError> {
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(at(path))
}

pub(super) fn absent_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
