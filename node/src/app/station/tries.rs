//! When a passphrase may be tried: one at a time, and after wrong ones a pause.
//!
//! A try is counted before it is judged, so that many at once are no more than one. Judging takes
//! its time and its memory on purpose (Argon2id); what comes meanwhile, or in a pause, is told how
//! long it waits and is not judged. A pure machine: whoever asks brings the time and, later, what
//! the judging came to.

use std::time::{Duration, Instant};

/// Pauses after so many wrong passphrases in a row, in seconds: none after the first, then these,
/// then the last for ever.
pub const PAUSES_S: [u64; 4] = [0, 5, 30, 120];
/// What judging is believed to take, in seconds: what comes meanwhile may come again then.
pub const JUDGING_S: u64 = 1;

/// The tries at one station; they are for all its vaults together.
#[derive(Debug, Default)]
pub struct Tries {
    counted: usize,
    not_before: Option<Instant>,
    judging: bool,
}

/// Whether a passphrase is judged now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is; [`Tries::judged`] has to be told what came of it.
    Judge,
    /// It is not; it may come again after this.
    Wait {
        /// How long, in whole seconds, at least one.
        pause_s: u64,
    },
}

/// What came of judging a passphrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// It opened the vault.
    Right,
    /// It did not.
    Wrong,
    /// The vault could not be read: nobody knows.
    Unknown,
}

impl Tries {
    /// Somebody tries a passphrase.
    pub fn ask(&mut self, now: Instant) -> Verdict {
        if self.judging {
            return Verdict::Wait { pause_s: JUDGING_S };
        }
        let left = self.not_before.map(|at| at.saturating_duration_since(now));
        if let Some(left) = left.filter(|left| !left.is_zero()) {
            let pause_s = left
                .as_secs()
                .saturating_add(u64::from(left.subsec_nanos() > 0));
            return Verdict::Wait { pause_s };
        }
        self.judging = true;
        self.counted = self.counted.saturating_add(1);
        Verdict::Judge
    }

    /// A passphrase was judged; gives the pause before the next, in seconds.
    pub fn judged(&mut self, now: Instant, judged: Judged) -> u64 {
        self.judging = false;
        match judged {
            Judged::Right => {
                self.counted = 0;
                self.not_before = None;
                0
            }
            Judged::Unknown => {
                self.counted = self.counted.saturating_sub(1);
                0
            }
            Judged::Wrong => {
                let place = self.counted.saturating_sub(1).min(PAUSES_S.len() - 1);
                let pause_s = PAUSES_S[place];
                self.not_before = now.checked_add(Duration::from_secs(pause_s));
                pause_s
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Verdict = Verdict::Wait { pause_s: JUDGING_S };

    #[test]
    fn of_many_at_once_one_is_judged_and_pauses_grow() {
        let mut now = crate::clock::now();
        let mut tries = Tries::default();
        for pause_s in PAUSES_S.into_iter().chain([120, 120]) {
            assert_eq!(tries.ask(now), Verdict::Judge);
            for _ in 0..40 {
                assert_eq!(tries.ask(now), WAIT, "one is being judged");
            }
            now += Duration::from_millis(300);
            assert_eq!(tries.judged(now, Judged::Wrong), pause_s);
            if pause_s > 0 {
                assert_eq!(tries.ask(now), Verdict::Wait { pause_s });
                now += Duration::from_secs(pause_s) - Duration::from_millis(1);
                assert_eq!(tries.ask(now), Verdict::Wait { pause_s: 1 });
                now += Duration::from_millis(1);
            }
        }
        assert_eq!(tries.ask(now), Verdict::Judge);
        assert_eq!(tries.judged(now, Judged::Right), 0);
        for pause_s in [0, 5] {
            assert_eq!(tries.ask(now), Verdict::Judge, "from the beginning");
            assert_eq!(tries.judged(now, Judged::Wrong), pause_s);
        }
    }

    #[test]
    fn a_vault_that_does_not_read_costs_no_try() {
        let now = crate::clock::now();
        let mut tries = Tries::default();
        for _ in 0..10 {
            assert_eq!(tries.ask(now), Verdict::Judge);
            assert_eq!(tries.judged(now, Judged::Unknown), 0);
        }
        assert_eq!(tries.ask(now), Verdict::Judge);
        assert_eq!(tries.judged(now, Judged::Wrong), PAUSES_S[0]);
    }
}
