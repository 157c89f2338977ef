//! When to ask a sender for a keyframe: at once, then at most once per pause, since each costs as
//! much of the line as a second of pictures.

use std::time::{Duration, Instant};

use crate::limits::KEYFRAME_PAUSE;
use crate::time::after;

#[derive(Debug, Default)]
pub(crate) struct Asking {
    wanted: bool,
    asked_at: Option<Instant>,
}

impl Asking {
    /// A keyframe is missing.
    pub fn want(&mut self) {
        self.wanted = true;
    }

    /// True once when one is to be asked for.
    pub fn due(&mut self, now: Instant, round_trip: Duration) -> bool {
        let pause = KEYFRAME_PAUSE.max(round_trip);
        let due = self.wanted && self.asked_at.is_none_or(|at| after(at, pause) <= now);
        if due {
            self.wanted = false;
            self.asked_at = Some(now);
        }
        due
    }

    /// When to look again.
    pub fn deadline(&self, round_trip: Duration) -> Option<Instant> {
        let asked_at = self.asked_at.filter(|_| self.wanted)?;
        Some(after(asked_at, KEYFRAME_PAUSE.max(round_trip)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_clock;

    #[test]
    fn asks_once_per_pause_and_forgets_nothing() {
        let start = test_clock();
        let mut asking = Asking::default();
        let asked = |asking: &mut Asking, wanted_every_ms: u64, round_trip_ms| {
            let round_trip = Duration::from_millis(round_trip_ms);
            let mut times = Vec::new();
            for ms in 0..2_100 {
                if ms % wanted_every_ms == 0 {
                    asking.want();
                }
                if asking.due(start + Duration::from_millis(ms), round_trip) {
                    times.push(ms);
                }
            }
            times
        };
        assert_eq!(asked(&mut asking, 7, 100), [0, 500, 1_000, 1_500, 2_000]);
        asking = Asking::default();
        assert_eq!(asked(&mut asking, 7, 900), [0, 900, 1_800]);

        asking = Asking::default();
        asking.want();
        assert!(asking.due(start, Duration::ZERO));
        assert_eq!(asking.deadline(Duration::ZERO), None);
        asking.want();
        assert!(!asking.due(start, Duration::ZERO));
        assert_eq!(
            asking.deadline(Duration::ZERO),
            Some(start + KEYFRAME_PAUSE)
        );
    }
}
