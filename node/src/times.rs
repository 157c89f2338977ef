//! Times that other machines tell.
//!
//! A time from outside is somebody's word: it is shown, and neither sorted by nor computed with.
//! What comes first is told by the order of arrival here. A time that cannot be is said to be one.

pub mod others;
pub mod zone;

/// The first second of 2026: no network of this program is older.
pub const FIRST_S: u64 = 1_767_225_600;

/// How far the clock of another machine may be ahead of this one's and still be believed, in seconds:
/// a machine whose clock was set to its local time is hours ahead, and tells times to come.
pub const AHEAD_MAX_S: u64 = others::OFF_MIN_MS / 1000;

/// Whether a time, in seconds since 1970, can be, if it is `now_s` here.
pub fn can_be(at_s: u64, now_s: u64) -> bool {
    (FIRST_S..=now_s.saturating_add(AHEAD_MAX_S)).contains(&at_s)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_time_is_before_the_program_or_still_to_come() {
        let now_s = FIRST_S + 1_000_000;
        for (at_s, said) in [
            (0, false),
            (FIRST_S - 1, false),
            (FIRST_S, true),
            (now_s + AHEAD_MAX_S, true),
            (now_s + AHEAD_MAX_S + 1, false),
            (u64::MAX, false),
        ] {
            assert_eq!(can_be(at_s, now_s), said, "{at_s}");
        }
        assert!(can_be(u64::MAX, u64::MAX));
        assert!(!can_be(FIRST_S, 0), "by a clock of 1970 nothing can be");
    }
}
