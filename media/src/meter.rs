//! How a call is doing, counted up and told once a second.

use core::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::call::{CallId, Kind};
use crate::limits::REPORT_INTERVAL;
use crate::time::after;

/// Bits per second of RTP, headers and payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rates {
    /// Sound.
    pub audio_bps: u64,
    /// Pictures.
    pub video_bps: u64,
}

/// One second of a call, as this node sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Which call.
    pub call: CallId,
    /// The address of the other end that is in use.
    pub far: Option<SocketAddr>,
    /// The round trip to the other end, where it was measured.
    pub round_trip: Option<Duration>,
    /// The share of what was sent that did not arrive, 0 to 1, where it is known.
    pub lost_sent: Option<f32>,
    /// The share of what was to arrive that did not, 0 to 1, where it is known.
    pub lost_received: Option<f32>,
    /// What the line is estimated to carry from here, where it was measured.
    pub estimate_bps: Option<u64>,
    /// What was sent to the other end.
    pub sent: Rates,
    /// What arrived from it.
    pub received: Rates,
    /// How long ago the last packet arrived, if one ever did.
    pub silent_for: Option<Duration>,
    /// Datagrams that no leg accepted since the session began.
    pub datagrams_dropped: u64,
}

impl Report {
    /// Whether something arrived from the other end since the last report.
    #[must_use]
    pub fn is_heard(&self) -> bool {
        self.silent_for.is_some_and(|time| time <= REPORT_INTERVAL)
    }
}

/// What the WAN leg measured of the line.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Line {
    pub far: Option<SocketAddr>,
    pub round_trip: Option<Duration>,
    pub lost_sent: Option<f32>,
    pub lost_received: Option<f32>,
    pub estimate_bps: Option<u64>,
}

const RTP_HEADER_BYTES: u64 = 12;

#[derive(Debug, Default)]
struct Counts {
    audio: u64,
    video: u64,
}

impl Counts {
    fn add(&mut self, kind: Kind, payload_bytes: usize) {
        let count = match kind {
            Kind::Audio => &mut self.audio,
            Kind::Video => &mut self.video,
        };
        *count = count.saturating_add(RTP_HEADER_BYTES.saturating_add(payload_bytes as u64));
    }

    fn take_rates(&mut self, span: Duration) -> Rates {
        let span_ms = u64::try_from(span.as_millis()).unwrap_or(u64::MAX).max(1);
        let rate = |bytes: u64| {
            bytes
                .saturating_mul(8_000)
                .checked_div(span_ms)
                .unwrap_or(0)
        };
        let rates = Rates {
            audio_bps: rate(self.audio),
            video_bps: rate(self.video),
        };
        *self = Self::default();
        rates
    }
}

/// Counts what an open call carries.
#[derive(Debug)]
pub(crate) struct Meter {
    since: Instant,
    sent: Counts,
    received: Counts,
}

impl Meter {
    pub fn new(now: Instant) -> Self {
        Self {
            since: now,
            sent: Counts::default(),
            received: Counts::default(),
        }
    }

    pub fn on_sent(&mut self, kind: Kind, payload_bytes: usize) {
        self.sent.add(kind, payload_bytes);
    }

    pub fn on_received(&mut self, kind: Kind, payload_bytes: usize) {
        self.received.add(kind, payload_bytes);
    }

    /// What was sent and received, once a second.
    pub fn due(&mut self, now: Instant) -> Option<(Rates, Rates)> {
        if now < self.deadline() {
            return None;
        }
        let span = now.saturating_duration_since(self.since);
        self.since = now;
        Some((self.sent.take_rates(span), self.received.take_rates(span)))
    }

    pub fn deadline(&self) -> Instant {
        after(self.since, REPORT_INTERVAL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_clock;

    #[test]
    fn rates_are_per_second_whenever_it_is_asked() {
        let start = test_clock();
        let mut meter = Meter::new(start);
        meter.on_sent(Kind::Audio, 113);
        meter.on_received(Kind::Video, 988);
        assert_eq!(meter.due(start + REPORT_INTERVAL / 2), None);
        let (sent, received) = meter.due(start + 2 * REPORT_INTERVAL).expect("due");
        assert_eq!((sent.audio_bps, sent.video_bps), (500, 0));
        assert_eq!((received.audio_bps, received.video_bps), (0, 4_000));
        let (sent, received) = meter.due(start + 3 * REPORT_INTERVAL).expect("due");
        assert_eq!((sent, received), Default::default());
    }
}
