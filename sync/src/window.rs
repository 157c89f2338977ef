//! How much of a session may be on its way at once.
//!
//! Whatever has been handed to the transport cannot be overtaken any more, and is sent again where
//! the line is cut, so little is: enough to keep the line busy, and on a slow line no more than a
//! quarter of a second of it. The peer's credits tell how many frames have
//! arrived; from them come the delivered rate and the least round trip, and from
//! these the window (in the spirit of BBR, Cardwell et al. 2016: rate × round
//! trip). Credits count frames, because the size of a stored thing as a frame is
//! only an estimate here: counted in bytes, the errors would add up.
//!
//! Credits come in heaps where a lost packet held up what is behind it, or where an end was busy. So
//! the rate is what was delivered since the heap before the one in which a frame was sent, and over
//! no less time than it took to send (after Cheng et al. 2017, delivery rate estimation): a heap is
//! no fast line.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// A window before the line is known, and the least on a fast one.
pub const START_BYTES: u64 = 64 * 1024;
/// A window is never smaller.
pub const LEAST_BYTES: u64 = 20 * 1024;
const MOST_BYTES: u64 = 8 * 1024 * 1024;
/// A line that needs longer than this for [`START_BYTES`] is slow.
const QUEUE_MAX: Duration = Duration::from_millis(250);
/// Credits that come within this time are one heap.
const HEAP: Duration = Duration::from_millis(50);

/// What is in flight, and what may be.
#[derive(Debug, Default)]
pub struct Window {
    sent: u64,
    taken: u64,
    marks: VecDeque<Mark>,
    delivered: Option<Delivered>,
    /// The same before the heap of credits that comes now, and since when that comes.
    settled: Option<Delivered>,
    heap: Option<Instant>,
    round_trip_min: Option<Duration>,
    rate_bytes_s: Option<f64>,
    limited: bool,
}

/// What was delivered when.
#[derive(Clone, Copy, Debug)]
struct Delivered {
    /// In all.
    bytes: u64,
    /// When the peer said so; after a pause, when the next frame was sent.
    at: Instant,
    /// When the last of it was sent.
    sent_at: Instant,
}

/// A frame on its way.
#[derive(Clone, Copy, Debug)]
struct Mark {
    /// Bytes sent in all, with this frame.
    sent: u64,
    at: Instant,
    /// What had been delivered then.
    before: Delivered,
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
        let before = match self.settled {
            Some(settled) if self.in_flight() > 0 => settled,
            Some(_) | None => {
                let begun = Delivered {
                    bytes: self.sent,
                    at: now,
                    sent_at: now,
                };
                (self.delivered, self.settled, self.heap) = (Some(begun), Some(begun), None);
                begun
            }
        };
        self.sent = self.sent.saturating_add(bytes);
        self.marks.push_back(Mark {
            sent: self.sent,
            at: now,
            before,
        });
    }

    /// The peer says that it has taken so many frames in all.
    pub fn on_credit(&mut self, now: Instant, frames: u64) {
        let mut newest = None;
        while self.taken < frames
            && let Some(mark) = self.marks.pop_front()
        {
            self.taken = self.taken.saturating_add(1);
            newest = Some(mark);
        }
        let Some(Mark { sent, at, before }) = newest else {
            return;
        };
        let is_in_heap = |since| now.saturating_duration_since(since) < HEAP;
        if !self.heap.is_some_and(is_in_heap) {
            (self.settled, self.heap) = (self.delivered, Some(now));
        }
        self.delivered = Some(Delivered {
            bytes: sent,
            at: now,
            sent_at: at,
        });
        let round_trip = now.saturating_duration_since(at);
        self.round_trip_min = Some(
            self.round_trip_min
                .map_or(round_trip, |least| least.min(round_trip)),
        );
        let elapsed = now
            .saturating_duration_since(before.at)
            .max(at.saturating_duration_since(before.sent_at));
        if !elapsed.is_zero() {
            self.measure(sent.saturating_sub(before.bytes) as f64 / elapsed.as_secs_f64());
        }
    }

    /// Bytes handed over and not yet taken by the peer.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        let delivered = self.delivered.map_or(0, |it| it.bytes);
        self.sent.saturating_sub(delivered)
    }

    /// How many frames were handed over in all.
    #[must_use]
    pub fn frames_sent(&self) -> u64 {
        self.taken.saturating_add(self.marks.len() as u64)
    }

    /// How many of them the peer has taken.
    #[must_use]
    pub fn frames_taken(&self) -> u64 {
        self.taken
    }

    /// So many bytes a second were delivered.
    fn measure(&mut self, rate: f64) {
        self.rate_bytes_s = match self.rate_bytes_s {
            Some(old) if rate < old && self.limited => Some(old * 0.9 + rate * 0.1),
            Some(old) if rate < old => Some(old),
            _ if rate > 0.0 && (self.limited || self.rate_bytes_s.is_some()) => Some(rate),
            unknown => unknown,
        };
        self.limited = false;
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
    fn credits_that_come_in_heaps_make_no_slow_line_a_fast_one() {
        const RATE: f64 = 64_000.0;
        const FRAME: u64 = 16_400;
        const STEP: Duration = Duration::from_millis(10);
        for hold in [300, 700, 1_500].map(Duration::from_millis) {
            let start = crate::test_clock();
            let (mut now, mut window) = (start, Window::default());
            let mut line_free = now;
            let mut on_the_way: VecDeque<Instant> = VecDeque::new();
            let (mut taken, mut most, mut told) = (0, 0, start);
            while now < start + 200 * hold {
                while window.is_open() {
                    window.on_sent(now, FRAME);
                    line_free = line_free.max(now) + Duration::from_secs_f64(FRAME as f64 / RATE);
                    on_the_way.push_back(line_free + Duration::from_millis(60));
                }
                if now > start + 20 * hold {
                    most = most.max(window.in_flight());
                }
                now += STEP;
                // What was lost holds up all behind it, which comes at once but for the last.
                let held = now.saturating_duration_since(told) < hold;
                while !held && on_the_way.front().is_some_and(|at| *at <= now) {
                    on_the_way.pop_front();
                    taken += 1;
                    let is_last = on_the_way.front().is_none_or(|at| *at > now);
                    let at = if is_last { now + 6 * STEP } else { now };
                    window.on_credit(at, taken);
                    told = now;
                }
            }
            // As much as the line carries from one heap to the next, and a quarter more.
            let fits = (1.25 * RATE * (hold.as_secs_f64() + 0.4)) as u64 + FRAME;
            let fits = fits.max(LEAST_BYTES + FRAME);
            assert!(
                most <= fits,
                "{most} in flight where credits come each {hold:?}: {fits}"
            );
        }
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
