//! Whether two people hear each other.
//!
//! Whatever authenticated packet arrives is a sign of life. That what is said here arrives there,
//! too, is proved by an answer to a check, and by new media: nobody lets out any whose far end is
//! quiet to them. Where neither comes for longer than three round trips, a person waits for words
//! that do not come, or speaks to nobody, and is to be told so; until one comes again, nothing
//! leaves, so that both ends say and do the same though only one way of the line is cut.

use std::time::{Duration, Instant};

use crate::call::{CallState, Sending};
use crate::limits::{QUIET_AFTER, QUIET_AFTER_IDLE};
use crate::time::after;

#[derive(Debug)]
pub(crate) struct Silence {
    state: CallState,
    expected: Sending,
    /// When both ways were last proved, or began to be expected.
    since: Instant,
    /// Half of the patience is over: they are being asked more often.
    doubted: bool,
    heard_at: Option<Instant>,
}

impl Silence {
    pub fn new(now: Instant) -> Self {
        Self {
            state: CallState::Connecting,
            expected: Sending::Off,
            since: now,
            doubted: false,
            heard_at: None,
        }
    }

    pub fn state(&self) -> CallState {
        self.state
    }

    /// When the last packet arrived, if one ever did.
    pub fn heard_at(&self) -> Option<Instant> {
        self.heard_at
    }

    /// The far end sends sound or pictures, or neither.
    pub fn expect(&mut self, now: Instant, expected: Sending) {
        if self.expected == Sending::Off && expected == Sending::On {
            self.since = now;
        }
        self.expected = expected;
    }

    /// A packet arrived.
    pub fn notice(&mut self, now: Instant) {
        self.heard_at = Some(now);
    }

    /// Whether what is said here may leave: not over a line that is said to be cut.
    pub fn lets_out(&self) -> bool {
        self.state != CallState::Quiet
    }

    /// A packet arrived that proves both ways; true where this ends a silence.
    pub fn prove(&mut self, now: Instant) -> bool {
        self.since = now;
        self.doubted = false;
        self.heard_at = Some(now);
        let ended = self.state != CallState::Live;
        self.state = CallState::Live;
        ended
    }

    /// True once when it is time to ask more often whether the far end answers: on a bad line some
    /// answers in a row are lost, and whoever sends neither sound nor picture proves nothing else.
    pub fn doubts(&mut self, now: Instant, round_trip: Duration) -> bool {
        let doubts = self.doubt_at(round_trip).is_some_and(|at| at <= now);
        self.doubted |= doubts;
        doubts
    }

    /// Whether they are being asked more often.
    pub fn is_doubted(&self) -> bool {
        self.doubted
    }

    fn doubt_at(&self, round_trip: Duration) -> Option<Instant> {
        let doubtful = self.state == CallState::Live && !self.doubted;
        let half = self.patience(round_trip).checked_div(2).unwrap_or_default();
        doubtful.then(|| after(self.since, half))
    }

    /// True once when the far end has become quiet.
    pub fn falls(&mut self, now: Instant, round_trip: Duration) -> bool {
        let falls = self.quiet_at(round_trip).is_some_and(|at| at <= now);
        if falls {
            self.state = CallState::Quiet;
        }
        falls
    }

    /// When to look again unless it is heard.
    pub fn deadline(&self, round_trip: Duration) -> Option<Instant> {
        let doubt_at = self.doubt_at(round_trip);
        doubt_at.or_else(|| self.quiet_at(round_trip))
    }

    fn quiet_at(&self, round_trip: Duration) -> Option<Instant> {
        let patience = self.patience(round_trip);
        (self.state == CallState::Live).then(|| after(self.since, patience))
    }

    fn patience(&self, round_trip: Duration) -> Duration {
        let least = match self.expected {
            Sending::On => QUIET_AFTER,
            Sending::Off => QUIET_AFTER_IDLE,
        };
        least.max(round_trip.saturating_mul(3))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_clock;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_sender_is_quiet_after_a_second_or_three_round_trips() {
        let start = test_clock();
        for (round_trip_ms, quiet_ms) in [(0, 1_000), (300, 1_000), (600, 1_800)] {
            let round_trip = Duration::from_millis(round_trip_ms);
            let quiet_at = start + Duration::from_millis(quiet_ms);
            let mut silence = Silence::new(start);
            silence.expect(start, Sending::On);
            assert!(silence.prove(start), "it was not heard before");
            let doubt_at = start + Duration::from_millis(quiet_ms / 2);
            assert_eq!(silence.deadline(round_trip), Some(doubt_at));
            assert!(!silence.doubts(doubt_at - SECOND / 1_000, round_trip));
            assert!(silence.doubts(doubt_at, round_trip));
            assert!(!silence.doubts(doubt_at, round_trip), "once");
            assert_eq!(silence.deadline(round_trip), Some(quiet_at));
            assert!(!silence.falls(quiet_at - SECOND / 1_000, round_trip));
            assert!(silence.falls(quiet_at, round_trip));
            assert_eq!(silence.state(), CallState::Quiet);
            assert!(!silence.falls(quiet_at + SECOND, round_trip), "once");
            assert!(silence.prove(quiet_at + SECOND));
            assert_eq!(silence.state(), CallState::Live);
        }
    }

    #[test]
    fn who_sends_nothing_is_given_more_time() {
        let start = test_clock();
        let mut silence = Silence::new(start);
        silence.prove(start);
        assert!(!silence.falls(start + 4 * SECOND, SECOND / 10));
        silence.expect(start + 4 * SECOND, Sending::On);
        assert!(
            !silence.falls(start + 4 * SECOND, SECOND / 10),
            "the second counts from when something is expected"
        );
        assert!(silence.falls(start + 5 * SECOND, SECOND / 10));
    }

    #[test]
    fn nobody_is_quiet_before_being_heard() {
        let start = test_clock();
        let mut silence = Silence::new(start);
        silence.expect(start, Sending::On);
        assert!(!silence.falls(start + 100 * SECOND, SECOND));
        assert_eq!(silence.state(), CallState::Connecting);
    }
}
