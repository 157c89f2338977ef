//! How much of a session may be on its way at once.
//!
//! Whatever has been handed to the transport cannot be overtaken any more, so
//! little is: enough to keep the line busy, and on a slow line no more than a
//! quarter of a second of it. The peer's credits tell how many frames have
//! arrived; from them come the delivered rate and the least round trip, and from
//! these the window (in the spirit of BBR, Cardwell et al. 2016: rate × round
//! trip). Credits count frames, because the size of a stored thing as a frame is
//! only an estimate here: counted in bytes, the errors would add up.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

const START_BYTES: u64 = 64 * 1024;
/// A window is never smaller.
pub const LEAST_BYTES: u64 = 20 * 1024;
const MOST_BYTES: u64 = 8 * 1024 * 1024;
/// A line that needs longer than this for [`START_BYTES`] is slow.
const QUEUE_MAX: Duration = Duration::from_millis(250);
/// The rate is measured over spans of at least this.
const RATE_SPAN: Duration = Duration::from_millis(50);

/// What is in flight, and what may be.
#[derive(Debug, Default)]
pub struct Window {
    sent: u64,
    credited: u64,
    taken: u64,
    marks: VecDeque<(u64, Instant)>,
    round_trip_min: Option<Duration>,
    rate_bytes_s: Option<f64>,
    span: Option<(Instant, u64)>,
    limited: bool,
}

impl Window {
    /// Whether another frame may be handed to the transport.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.in_flight() < self.size()
    }

    /// The same, asked by someone who has a frame to send.
    pub fn is_open(&mut self) -> bool {
        let open = self.has_room();
        self.limited |= !open;
        open
    }

    /// A frame of this size was handed over.
    pub fn on_sent(&mut self, now: Instant, bytes: u64) {
        self.sent = self.sent.saturating_add(bytes);
        self.marks.push_back((self.sent, now));
    }

    /// The peer says that it has taken so many frames in all.
    pub fn on_credit(&mut self, now: Instant, frames: u64) {
        let mut newest = None;
        while self.taken < frames
            && let Some((sent, at)) = self.marks.pop_front()
        {
            self.taken = self.taken.saturating_add(1);
            self.credited = sent;
            newest = Some(at);
        }
        let Some(at) = newest else { return };
        let round_trip = now.saturating_duration_since(at);
        self.round_trip_min = Some(
            self.round_trip_min
                .map_or(round_trip, |least| least.min(round_trip)),
        );
        self.measure(now);
    }

    /// Bytes handed over and not yet taken by the peer.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        self.sent.saturating_sub(self.credited)
    }

    fn measure(&mut self, now: Instant) {
        let Some((since, from)) = self.span else {
            self.span = Some((now, self.credited));
            return;
        };
        let elapsed = now.saturating_duration_since(since);
        if elapsed < RATE_SPAN {
            return;
        }
        let rate = self.credited.saturating_sub(from) as f64 / elapsed.as_secs_f64();
        self.rate_bytes_s = match self.rate_bytes_s {
            Some(old) if rate < old && self.limited => Some(old * 0.9 + rate * 0.1),
            Some(old) if rate < old => Some(old),
            _ if rate > 0.0 && (self.limited || self.rate_bytes_s.is_some()) => Some(rate),
            unknown => unknown,
        };
        self.limited = false;
        self.span = Some((now, self.credited));
    }

    fn size(&self) -> u64 {
        let (Some(rate), Some(round_trip)) = (self.rate_bytes_s, self.round_trip_min) else {
            return START_BYTES;
        };
        let needed = (1.25 * rate * round_trip.as_secs_f64()) as u64;
        let slow = (rate * QUEUE_MAX.as_secs_f64()) as u64;
        let floor = START_BYTES.min(slow).max(LEAST_BYTES);
        needed.clamp(floor, MOST_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends as fast as the window allows over a line of this rate and delay; gives the most that was ever in flight.
    fn most_in_flight(rate_bytes_s: f64, one_way: Duration) -> u64 {
        let mut now = crate::test_clock();
        let mut window = Window::default();
        let mut line_free = now;
        let mut arrivals: VecDeque<(Instant, u64)> = VecDeque::new();
        let (mut frames, mut most) = (0, 0);
        for step in 0..20_000 {
            while window.is_open() {
                window.on_sent(now, 16_400);
                frames += 1;
                line_free = line_free.max(now) + Duration::from_secs_f64(16_400.0 / rate_bytes_s);
                arrivals.push_back((line_free + 2 * one_way, frames));
            }
            if step > 2_000 {
                most = most.max(window.in_flight());
            }
            let (at, credit) = arrivals.pop_front().expect("the window was open");
            now = now.max(at);
            window.on_credit(now, credit);
        }
        most
    }

    #[test]
    fn a_slow_line_gets_a_quarter_of_a_second() {
        let most = most_in_flight(64_000.0, Duration::from_millis(30));
        assert!(
            most <= 2 * 16_400 + LEAST_BYTES,
            "{most} bytes are more than half a second at 512 kbit/s"
        );
    }

    #[test]
    fn what_was_taken_is_no_longer_in_flight_whatever_its_size_was() {
        let now = crate::test_clock();
        let mut window = Window::default();
        for frames in 1..10_000 {
            assert!(
                window.is_open(),
                "after {frames} frames that were all taken"
            );
            window.on_sent(now, 500);
            window.on_credit(now, frames);
            assert_eq!(window.in_flight(), 0);
        }
        window.on_credit(now, u64::MAX);
        window.on_sent(now, 500);
        assert_eq!(
            window.in_flight(),
            500,
            "nobody takes what was not sent yet"
        );
    }

    #[test]
    fn a_fast_long_line_is_kept_full() {
        let most = most_in_flight(12_500_000.0, Duration::from_millis(50));
        assert!(
            most >= 1_250_000,
            "{most} bytes do not fill 100 Mbit/s at 100 ms"
        );
    }
}
