//! The index in sled 0.34.
//!
//! sled may panic on files that were damaged, and its `flush` is no `fsync`: every call is guarded,
//! and nothing depends on what it keeps.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    thread::sleep,
    time::Duration,
};

use super::{Change, Index, IndexError};

const CACHE_BYTES: u64 = 16 * 1024 * 1024;
const FLUSH_EVERY_MS: u64 = 500;
const LOCK_TRIES_MAX: u32 = 100;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// What sled says when its threads of a database that was closed just now still hold the lock; no
/// other process can, since the whole folder is locked.
const LOCKED: &str = "could not acquire lock";

/// A sled database.
#[derive(Debug)]
pub(in crate::store) struct SledIndex {
    /// Present until the drop.
    db: Option<sled::Db>,
}

impl SledIndex {
    /// Opens the database in this folder, which is made if need be.
    #[expect(
        clippy::disallowed_methods,
        reason = "the disk's own thread may wait for a lock"
    )]
    pub fn open(folder: &Path) -> Result<Self, IndexError> {
        let config = sled::Config::new()
            .path(folder)
            .mode(sled::Mode::LowSpace)
            .cache_capacity(CACHE_BYTES)
            .flush_every_ms(Some(FLUSH_EVERY_MS));
        for _ in 1..LOCK_TRIES_MAX {
            match guarded(|| config.open()) {
                Err(IndexError::Broken(reason)) if reason.contains(LOCKED) => sleep(LOCK_PAUSE),
                opened => return Ok(Self { db: Some(opened?) }),
            }
        }
        let db = guarded(|| config.open())?;
        Ok(Self { db: Some(db) })
    }
}

impl Index for SledIndex {
    fn each(&self, visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), IndexError> {
        let Some(db) = &self.db else {
            return Ok(());
        };
        guarded(|| {
            for item in db.iter() {
                let (key, value) = item?;
                visit(&key, &value);
            }
            Ok(())
        })
    }

    fn put(&self, changes: &[Change]) -> Result<(), IndexError> {
        let Some(db) = &self.db else {
            return Ok(());
        };
        guarded(|| {
            let mut batch = sled::Batch::default();
            for change in changes {
                match &change.after {
                    Some(value) => batch.insert(change.key.as_slice(), value.as_slice()),
                    None => batch.remove(change.key.as_slice()),
                }
            }
            db.apply_batch(batch)
        })
    }
}

impl Drop for SledIndex {
    fn drop(&mut self) {
        let db = self.db.take();
        let _the_journal_has_it_all = guarded(|| {
            drop(db);
            Ok(())
        });
    }
}

fn guarded<T>(call: impl FnOnce() -> sled::Result<T>) -> Result<T, IndexError> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(sled::Error::Io(error))) if is_the_disk(&error) => Err(IndexError::Disk(error)),
        Ok(Err(error)) => Err(IndexError::Broken(error.to_string())),
        Err(_panic) => Err(IndexError::Broken("sled panicked".to_owned())),
    }
}

/// sled reports damage as I/O errors too, of other kinds than these.
fn is_the_disk(error: &io::Error) -> bool {
    error.raw_os_error().is_some()
}
