//! Which life of its program a node is in: the number by which others order its signals.
//!
//! Whoever has heard a node drops what an earlier life of it tells. So a life is higher than all
//! before it, whatever the clock says: the wall time of the start where that is higher, else one
//! more than the last, which a note of the store keeps. Where no store has it (it was lost, or its
//! disk takes nothing), the clock alone decides.

use guichet_sync::store::Store;

const NOTE: &str = "life";

/// Begins the next life, durably before anything is told in it.
pub(super) fn begin(store: &mut Store, now_ms: u64) -> u64 {
    let noted = store.notes().get(NOTE).map(Vec::as_slice);
    let life = after(noted, now_ms);
    if let Err(error) = store.note(NOTE, &life.to_be_bytes()) {
        tracing::warn!(%error, "the number of this start is not kept");
    }
    life
}

fn after(noted: Option<&[u8]>, now_ms: u64) -> u64 {
    let last = noted.and_then(|noted| noted.try_into().ok());
    let least = last.map_or(0, |last| u64::from_be_bytes(last).saturating_add(1));
    now_ms.max(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_higher_than_all_before_it_whatever_the_clock_says() {
        let noted = |life: u64| Some(life.to_be_bytes());
        for (last, now_ms, expected) in [
            (None, 5, 5),
            (noted(5), 9, 9),
            (noted(9), 9, 10),
            (noted(9), 3, 10),
            (noted(u64::MAX), 3, u64::MAX),
        ] {
            let life = after(last.as_ref().map(<[u8; 8]>::as_slice), now_ms);
            assert_eq!(life, expected, "{last:?}, {now_ms}");
        }
        assert_eq!(after(Some(&[1, 2, 3]), 7), 7, "a note that is none");
    }

    #[test]
    fn a_life_is_kept_by_the_store() {
        let folder = tempfile::tempdir().expect("a folder");
        for (now_ms, expected) in [(900, 900), (100, 901), (100, 902), (2_000, 2_000)] {
            let (mut store, _) = Store::open(folder.path(), [1; 16]).expect("opened");
            assert_eq!(begin(&mut store, now_ms), expected);
        }
    }
}
