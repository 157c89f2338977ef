//! A little room on the disk that is given up first.
//!
//! A node that starts on a full disk still writes a little before it can say that the disk is full.
//! So a file of zeros lies in the data folder while there is room; at a start without room it goes,
//! and it comes back at a start with room.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

/// Name of the file.
pub const FILE: &str = "reserve";
/// Its size in bytes.
pub const BYTES: u64 = 256 * 1024;
/// With less room than this the reserve is given up, in bytes.
const ROOM_MIN: u64 = BYTES;
/// With this room it is laid by, in bytes.
const ROOM_AMPLE: u64 = 16 * BYTES;

/// What became of the reserve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reserve {
    /// It lies there.
    Kept,
    /// It was given up just now, or there is none and no room for one.
    Gone,
}

/// Gives the reserve up where the disk has no room, and lays it by where there is enough.
///
/// # Errors
/// The disk cannot be asked, or takes no writes.
pub fn keep(dir: &Path) -> io::Result<Reserve> {
    let file = dir.join(FILE);
    let disk = rustix::fs::statvfs(dir)?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if free < ROOM_MIN {
        return match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(Reserve::Gone),
        };
    }
    if fs::metadata(&file).is_ok_and(|found| found.len() == BYTES) {
        return Ok(Reserve::Kept);
    }
    if free < ROOM_AMPLE {
        return Ok(Reserve::Gone);
    }
    let mut written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(&file)?;
    let zeros = vec![0; usize::try_from(BYTES).unwrap_or_default()];
    written.write_all(&zeros)?;
    written.sync_all()?;
    Ok(Reserve::Kept)
}
