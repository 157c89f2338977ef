//! What goes out on a leg as one stream, sound or picture.
//!
//! A decoder can begin only with a keyframe. Until a new source of pictures sends one, its packets
//! stay here, and one is asked for.

use std::time::Instant;

use str0m::format::detect_vp8_keyframe;
use str0m::rtp::RtpPacket;

use crate::call::Kind;
use crate::rewriter::{Rewriter, Stamp};

const AUDIO_CLOCK_HZ: u64 = 48_000;
const VIDEO_CLOCK_HZ: u64 = 90_000;

#[derive(Debug)]
pub(crate) struct Lane {
    kind: Kind,
    rewriter: Rewriter,
}

/// What becomes of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    Pass(Stamp),
    /// It continues pictures that nobody beyond has seen the beginning of.
    KeyframeNeeded,
    Late,
}

impl Lane {
    pub fn new(kind: Kind) -> Self {
        let clock_hz = match kind {
            Kind::Audio => AUDIO_CLOCK_HZ,
            Kind::Video => VIDEO_CLOCK_HZ,
        };
        Self {
            kind,
            rewriter: Rewriter::new(clock_hz),
        }
    }

    pub fn admit(&mut self, now: Instant, packet: &RtpPacket) -> Admission {
        let ssrc = *packet.header.ssrc;
        let begins = self.rewriter.follows(ssrc)
            || self.kind == Kind::Audio
            || detect_vp8_keyframe(&packet.payload);
        if !begins {
            return Admission::KeyframeNeeded;
        }
        self.rewriter
            .stamp(now, ssrc, *packet.seq_no, packet.header.timestamp)
            .map_or(Admission::Late, Admission::Pass)
    }

    /// The next packet is taken for one of a new source.
    pub fn interrupt(&mut self) {
        self.rewriter.interrupt();
    }
}
