//! How much of the line the camera may take.
//!
//! Of the WAN leg's estimate less what sound takes, three quarters go to the page's encoder as REMB
//! (draft-alvestrand-rmcat-remb), at once when it falls, in steps when it rises, and again every
//! second, since RTCP may get lost. The last quarter is for what the estimator does not count, the
//! headers, and for packets that are sent again: without it a thin line keeps a full queue, which
//! costs a third of the sound.

use std::time::{Duration, Instant};

use crate::limits::{AUDIO_BPS, START_BPS, VIDEO_BPS_MAX, VIDEO_BPS_MIN};
use crate::time::after;

const REPEAT_AFTER: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Budget {
    estimate_bps: u64,
    told: Option<(u64, Instant)>,
}

impl Budget {
    pub fn new() -> Self {
        Self {
            estimate_bps: START_BPS,
            told: None,
        }
    }

    /// The line was measured, or is not known any more.
    pub fn set_estimate(&mut self, bps: u64) {
        self.estimate_bps = bps;
    }

    /// The page is another one: it was told nothing.
    pub fn forget_told(&mut self) {
        self.told = None;
    }

    /// What the page is to be told now, in bits per second.
    pub fn tell(&mut self, now: Instant) -> Option<u64> {
        let free_bps = self.estimate_bps.saturating_sub(AUDIO_BPS);
        let bps = (free_bps / 4)
            .saturating_mul(3)
            .clamp(VIDEO_BPS_MIN, VIDEO_BPS_MAX);
        let due = self.told.is_none_or(|(told, at)| {
            bps < told || bps > told.saturating_add(told / 20) || now >= after(at, REPEAT_AFTER)
        });
        due.then(|| {
            self.told = Some((bps, now));
            bps
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_clock;

    #[test]
    fn sound_comes_first_and_the_camera_has_bounds() {
        let now = test_clock();
        for (estimate_bps, video_bps) in [
            (0, VIDEO_BPS_MIN),
            (60_000, VIDEO_BPS_MIN),
            (450_000, 300_000),
            (u64::MAX, VIDEO_BPS_MAX),
        ] {
            let mut budget = Budget::new();
            budget.set_estimate(estimate_bps);
            assert_eq!(budget.tell(now), Some(video_bps));
        }
    }

    #[test]
    fn falls_at_once_rises_in_steps_and_repeats() {
        let now = test_clock();
        let mut budget = Budget::new();
        let mut tell = |estimate_bps, at: Instant| {
            budget.set_estimate(estimate_bps);
            budget.tell(at)
        };
        assert_eq!(tell(450_000, now), Some(300_000));
        assert_eq!(tell(460_000, now), None);
        assert_eq!(tell(480_000, now), Some(322_500));
        assert_eq!(tell(479_000, now), Some(321_750));
        assert_eq!(tell(479_000, now + REPEAT_AFTER / 2), None);
        assert_eq!(tell(479_000, now + REPEAT_AFTER), Some(321_750));
    }
}
