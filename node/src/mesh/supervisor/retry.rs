//! When to try a thing again: pauses double from `RETRY_FIRST` to a cap, each shortened at random
//! by up to a half, so that many nodes do not come back in step.

use std::time::{Duration, Instant};

use crate::mesh::limits::RETRY_FIRST;

/// A repeatable sequence of random numbers (SplitMix64).
#[derive(Debug)]
pub(in crate::mesh) struct Jitter(u64);

impl Jitter {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Between a half and the whole of a pause.
    pub fn shorten(&mut self, pause: Duration) -> Duration {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        let share = u32::try_from(bits >> 48).expect("16 bits remain");
        pause / 2 + pause / 2 * share / u32::from(u16::MAX)
    }
}

/// One thing that is tried until it succeeds.
#[derive(Debug)]
pub(in crate::mesh) struct Retry {
    state: State,
    failures: u32,
    pause_max: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    Waiting { until: Instant },
    Trying,
}

impl Retry {
    /// Nothing to try yet.
    pub fn idle(pause_max: Duration) -> Self {
        Self {
            state: State::Idle,
            failures: 0,
            pause_max,
        }
    }

    /// Caps the pauses from the next one on; one that goes on is as long as it was to be.
    pub fn set_pause_max(&mut self, pause_max: Duration) {
        self.pause_max = pause_max;
    }

    /// Tries at `at`, unless a try is under way or comes sooner.
    pub fn start(&mut self, at: Instant) {
        match self.state {
            State::Idle => self.state = State::Waiting { until: at },
            State::Waiting { until } => {
                self.state = State::Waiting {
                    until: until.min(at),
                }
            }
            State::Trying => {}
        }
    }

    /// Tries at `at`, whatever is under way.
    pub fn restart(&mut self, at: Instant) {
        self.state = State::Waiting { until: at };
    }

    /// Does not wait any longer, if it was waiting.
    pub fn hurry(&mut self, now: Instant) {
        if let State::Waiting { until } = self.state {
            self.state = State::Waiting {
                until: until.min(now),
            };
        }
    }

    /// True once when the time has come; then a try is under way.
    pub fn due(&mut self, now: Instant) -> bool {
        let due = matches!(self.state, State::Waiting { until } if until <= now);
        if due {
            self.state = State::Trying;
        }
        due
    }

    /// The try failed: pauses, then tries again. Ignored where nothing is to be tried.
    pub fn failed(&mut self, now: Instant, jitter: &mut Jitter) {
        if self.state != State::Idle {
            let doubled = RETRY_FIRST.saturating_mul(1 << self.failures.min(16));
            self.failures = self.failures.saturating_add(1);
            let pause = jitter.shorten(doubled.min(self.pause_max));
            self.state = State::Waiting { until: now + pause };
        }
    }

    /// Tries once more after a pause, unless that is under way.
    pub fn again(&mut self, now: Instant, jitter: &mut Jitter) {
        if self.state == State::Idle {
            self.state = State::Trying;
            self.failed(now, jitter);
        }
    }

    /// Stops trying; the next pause is as long as if nothing had succeeded.
    pub fn suspend(&mut self) {
        self.state = State::Idle;
    }

    /// The thing succeeded for good.
    pub fn succeeded(&mut self) {
        self.state = State::Idle;
        self.failures = 0;
    }

    /// How many tries have failed since the last success.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// When to look again.
    pub fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Waiting { until } => Some(until),
            State::Idle | State::Trying => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_the_cap_and_shrink_after_success() {
        let cap = Duration::from_secs(2);
        let (mut retry, mut jitter) = (Retry::idle(cap), Jitter::new(1));
        let mut now = Instant::now();
        retry.start(now);
        let mut pauses = Vec::new();
        for _ in 0..6 {
            assert!(retry.due(now) && !retry.due(now));
            retry.failed(now, &mut jitter);
            let until = retry.deadline().expect("waiting");
            pauses.push(until - now);
            now = until;
        }
        for (pause, whole_ms) in pauses.iter().zip([250, 500, 1000, 2000, 2000, 2000]) {
            let whole = Duration::from_millis(whole_ms);
            assert!(
                (whole / 2..=whole).contains(pause),
                "{pause:?} of {whole:?}"
            );
        }
        assert!(pauses[3] != pauses[4] || pauses[4] != pauses[5], "jittered");
        retry.succeeded();
        retry.start(now);
        assert!(retry.due(now));
        retry.failed(now, &mut jitter);
        assert!(retry.deadline().expect("waiting") - now <= RETRY_FIRST);
    }
}
