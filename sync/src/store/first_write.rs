//! The first write to a disk that took none when the store was opened.
//!
//! Without its index the store could not tell then whether the journal had lost its end, and with
//! it arrival numbers that were given away. Before anything is written behind that end, and numbers
//! are given again, the index is asked.

use super::{
    StoreError,
    folder::Folder,
    journal::{self, Journal},
    opening,
};

/// Fails if the journal ends before what the index has seen: the next start mends it.
pub(super) fn check(folder: &Folder, journal: &Journal) -> Result<(), StoreError> {
    if !folder.index().exists() || folder.index_is_suspect() {
        return Ok(());
    }
    folder.suspect_index()?;
    // One that does not read stays suspect, and the next start makes it anew.
    let Ok((_, loaded)) = opening::load(&folder.index()) else {
        return Ok(());
    };
    folder.trust_index()?;
    match loaded.map(|(catalogue, _)| catalogue.position) {
        Some(seen) if !journal.reaches(&seen) => Err(StoreError::Damaged {
            path: journal::segment_path(&folder.journal(), seen.segment),
            offset: journal.end_of(seen.segment),
        }),
        Some(_) | None => Ok(()),
    }
}
