//! When to try a thing again: pauses double from `RETRY_FIRST` to a cap, each shortened at random
//! by up to a half, so that many nodes do not come back in step. The cap itself may grow with the
//! time for which nothing succeeds: who was away for seconds is found within seconds, and who is
//! away for days is not knocked at every other second.

use std::time::{Duration, Instant};

use crate::mesh::limits::{PAUSE_SHARE, RETRY_FIRST};

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

/// How long the pauses may become.
#[derive(Debug, Clone, Copy)]
pub(in crate::mesh) struct Cap {
    at_first: Duration,
    in_the_end: Duration,
}

impl Cap {
    /// The same however long nothing succeeds.
    pub fn steady(max: Duration) -> Self {
        Self::growing(max, max)
    }

    /// Grows from one to the other.
    pub fn growing(at_first: Duration, in_the_end: Duration) -> Self {
        Self {
            at_first,
            in_the_end,
        }
    }

    fn after(self, failing: Duration) -> Duration {
        (failing / PAUSE_SHARE).clamp(self.at_first, self.in_the_end)
    }
}

/// One thing that is tried until it succeeds.
#[derive(Debug)]
pub(in crate::mesh) struct Retry {
    state: State,
    failures: u32,
    failing_since: Option<Instant>,
    cap: Cap,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    Waiting { until: Instant },
    Trying,
}

impl Retry {
    /// Nothing to try yet.
    pub fn idle(cap: Cap) -> Self {
        Self {
            state: State::Idle,
            failures: 0,
            failing_since: None,
            cap,
        }
    }

    /// Caps the pauses from the next one on; one that goes on is as long as it was to be.
    pub fn set_cap(&mut self, cap: Cap) {
        self.cap = cap;
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

    /// Somebody waits now, or the line has changed: where the pauses had grown they begin anew, and
    /// the one that goes on ends. Where they had not, this changes nothing, however often it is said.
    pub fn encourage(&mut self, now: Instant) {
        let failing = self.failing_since.map(|since| now.duration_since(since));
        if failing.is_some_and(|failing| self.cap.after(failing) > self.cap.at_first) {
            self.forget_failures();
            self.hurry(now);
        }
    }

    /// The next pauses are as short as the first.
    pub fn forget_failures(&mut self) {
        self.failures = 0;
        self.failing_since = None;
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
            let since = *self.failing_since.get_or_insert(now);
            let longest = self.cap.after(now.duration_since(since));
            let pause = jitter.shorten(doubled.min(longest));
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
        self.forget_failures();
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
        let (mut retry, mut jitter) = (Retry::idle(Cap::steady(cap)), Jitter::new(1));
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

    /// Tries and fails for so long; gives when.
    fn fail_for(
        retry: &mut Retry,
        jitter: &mut Jitter,
        from: Instant,
        span: Duration,
    ) -> Vec<Instant> {
        let mut tries = Vec::new();
        while let Some(at) = retry.deadline().filter(|at| *at < from + span) {
            assert!(retry.due(at));
            retry.failed(at, jitter);
            tries.push(at);
        }
        tries
    }

    #[test]
    fn a_pause_is_a_tenth_of_the_outage_at_most_and_ends_when_somebody_waits() {
        let (short, long) = (Duration::from_secs(2), Duration::from_secs(30));
        let mut retry = Retry::idle(Cap::growing(short, long));
        let (mut jitter, start) = (Jitter::new(1), Instant::now());
        retry.start(start);
        let hour = Duration::from_secs(3600);
        let tries = fail_for(&mut retry, &mut jitter, start, hour);
        for pair in tries.windows(2) {
            let (pause, outage) = (pair[1] - pair[0], pair[0] - start);
            let longest = (outage / PAUSE_SHARE).clamp(short, long);
            assert!(pause <= longest, "{pause:?} after {outage:?}");
        }
        let last_minutes = tries.iter().filter(|at| **at > start + hour / 2).count();
        assert!(
            (60..=120).contains(&last_minutes),
            "{last_minutes} in half an hour"
        );

        let now = start + hour;
        retry.encourage(now);
        assert_eq!(retry.deadline(), Some(now), "at once");
        for _ in 0..100 {
            retry.encourage(now);
        }
        let minute = Duration::from_secs(60);
        let again = fail_for(&mut retry, &mut jitter, now, minute);
        assert!(
            (20..=60).contains(&again.len()),
            "{} in a minute",
            again.len()
        );
    }

    #[test]
    fn a_steady_cap_does_not_grow_and_nobody_hurries_what_has_not_paused_long() {
        let cap = Duration::from_secs(2);
        let mut retry = Retry::idle(Cap::steady(cap));
        let (mut jitter, start) = (Jitter::new(1), Instant::now());
        retry.start(start);
        let hour = Duration::from_secs(3600);
        let tries = fail_for(&mut retry, &mut jitter, start, hour);
        assert!(tries.windows(2).all(|pair| pair[1] - pair[0] <= cap));
        let waits = retry.deadline();
        retry.encourage(start + hour);
        assert_eq!(retry.deadline(), waits);
    }
}
