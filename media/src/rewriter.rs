//! One RTP stream without end, made of packets from sources that come and go.
//!
//! Within a source every number is shifted by a constant: what was lost on the way to us stays a
//! gap, so that retransmission and loss statistics beyond us stay true. Where the source changes,
//! or was interrupted by us, sequence numbers go on without a gap and the timestamp moves by the
//! time that has passed. Sequence numbers are extended (64 bits; the low 16 travel, RFC 3550) and
//! begin low, since a receiver takes the first for one of rollover 0 (RFC 3711 §3.3.1).

use std::time::{Duration, Instant};

const FIRST_SEQ: u64 = 1;
/// The least step between packets of different sources: one packet of sound.
const STEP_MIN: Duration = Duration::from_millis(20);

/// What a packet is given in the outgoing stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Extended sequence number.
    pub seq: u64,
    /// RTP timestamp.
    pub time: u32,
}

#[derive(Debug)]
pub(crate) struct Rewriter {
    clock_hz: u64,
    following: Option<Following>,
    newest: Option<(Stamp, Instant)>,
}

/// How the numbers of the current source map to ours.
#[derive(Debug)]
struct Following {
    ssrc: u32,
    seq_first: u64,
    seq_base: u64,
    time_offset: u32,
}

impl Rewriter {
    pub fn new(clock_hz: u64) -> Self {
        Self {
            clock_hz,
            following: None,
            newest: None,
        }
    }

    /// Whether a packet of this source goes on what is being sent.
    pub fn follows(&self, ssrc: u32) -> bool {
        self.following.as_ref().is_some_and(|f| f.ssrc == ssrc)
    }

    /// Takes the next packet for one of a new source, since some were withheld or its leg is new.
    pub fn interrupt(&mut self) {
        self.following = None;
    }

    /// Numbers a packet; `None` for one that is older than the first of its source.
    pub fn stamp(&mut self, now: Instant, ssrc: u32, seq: u64, time: u32) -> Option<Stamp> {
        if !self.follows(ssrc) {
            self.follow(now, ssrc, seq, time);
        }
        let source = self.following.as_ref()?;
        let stamp = Stamp {
            seq: seq
                .checked_sub(source.seq_first)?
                .checked_add(source.seq_base)?,
            time: time.wrapping_add(source.time_offset),
        };
        if self.newest.is_none_or(|(newest, _)| newest.seq < stamp.seq) {
            self.newest = Some((stamp, now));
        }
        Some(stamp)
    }

    fn follow(&mut self, now: Instant, ssrc: u32, seq: u64, time: u32) {
        let begin = match self.newest {
            Some((newest, at)) => Stamp {
                seq: newest.seq.saturating_add(1),
                time: newest.time.wrapping_add(self.ticks(at, now)),
            },
            None => Stamp {
                seq: FIRST_SEQ,
                time,
            },
        };
        self.following = Some(Following {
            ssrc,
            seq_first: seq,
            seq_base: begin.seq,
            time_offset: begin.time.wrapping_sub(time),
        });
    }

    /// The time between, in units of the clock; it wraps as timestamps do.
    fn ticks(&self, from: Instant, to: Instant) -> u32 {
        let elapsed = to.saturating_duration_since(from).max(STEP_MIN);
        let ticks = elapsed
            .as_micros()
            .saturating_mul(u128::from(self.clock_hz))
            / 1_000_000;
        (ticks & u128::from(u32::MAX)) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_clock;

    const MS: Duration = Duration::from_millis(1);

    fn stamp(seq: u64, time: u32) -> Option<Stamp> {
        Some(Stamp { seq, time })
    }

    #[test]
    fn one_source_is_shifted_and_its_gaps_stay() {
        let now = test_clock();
        let mut rewriter = Rewriter::new(48_000);
        assert_eq!(rewriter.stamp(now, 7, 70_000, 5), stamp(1, 5));
        assert_eq!(rewriter.stamp(now, 7, 70_003, 2_885), stamp(4, 2_885));
        assert_eq!(
            rewriter.stamp(now, 7, 70_001, 965),
            stamp(2, 965),
            "one that came late fills its own gap"
        );
        assert_eq!(rewriter.stamp(now, 7, 70_004, 3_845), stamp(5, 3_845));
    }

    #[test]
    fn another_source_goes_on_where_the_last_stopped() {
        let now = test_clock();
        let mut rewriter = Rewriter::new(90_000);
        rewriter.stamp(now, 7, 10, 1_000);
        rewriter.stamp(now, 7, 14, 2_000);
        rewriter.stamp(now + 40 * MS, 7, 12, 1_500);
        let later = now + 500 * MS;
        assert_eq!(
            rewriter.stamp(later, 8, 65_530, 77),
            stamp(6, 2_000 + 45_000),
            "from the newest packet, not from the one that came last"
        );
        assert_eq!(rewriter.stamp(later, 8, 65_540, 177), stamp(16, 47_100));
        assert_eq!(
            rewriter.stamp(later, 8, 65_529, 0),
            None,
            "what came before the first of a source would take the place of another's packet"
        );
    }

    #[test]
    fn what_was_withheld_leaves_no_gap() {
        let now = test_clock();
        let mut rewriter = Rewriter::new(48_000);
        rewriter.stamp(now, 7, 1, 0);
        rewriter.interrupt();
        assert!(!rewriter.follows(7));
        assert_eq!(
            rewriter.stamp(now + 2_000 * MS, 7, 101, 96_000),
            stamp(2, 96_000)
        );
    }

    #[test]
    fn timestamps_move_on_by_a_packet_at_least_and_wrap() {
        let now = test_clock();
        let mut rewriter = Rewriter::new(48_000);
        rewriter.stamp(now, 7, 1, u32::MAX - 9);
        assert_eq!(rewriter.stamp(now, 8, 1, 0), stamp(2, 950));
        let days = Duration::from_secs(3 * 86_400);
        let ticks = (3 * 86_400 * 48_000_u64) as u32;
        assert_eq!(
            rewriter.stamp(now + days, 9, 1, 0),
            stamp(3, 950_u32.wrapping_add(ticks))
        );
    }

    #[test]
    fn long_streams_keep_counting() {
        let now = test_clock();
        let mut rewriter = Rewriter::new(90_000);
        for seq in 0..200_000 {
            let stamp = rewriter.stamp(now, 7, seq, 0).expect("in order");
            assert_eq!(stamp.seq, seq + 1);
        }
        assert_eq!(rewriter.stamp(now, 8, 3, 0).expect("new").seq, 200_001);
    }
}
