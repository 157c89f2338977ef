//! The leg between two nodes: no SDP, both know all numbers beforehand. They are part of the
//! protocol between nodes.

use std::time::{Duration, Instant};

use str0m::bwe::Bitrate;
use str0m::config::DtlsVersion;
use str0m::error::RtcError;
use str0m::format::{Codec, FormatParams};
use str0m::ice::IceCreds;
use str0m::media::{Frequency, MediaKind, Mid, Pt};
use str0m::rtp::{Extension, Ssrc};
use str0m::{Rtc, RtcConfig};

use core::net::SocketAddr;

use super::{Leg, Track, host_candidate};
use crate::call::{End, Kind};
use crate::certificate::{Certificate, Fingerprint};
use crate::description::LegDescription;
use crate::lane::Lane;
use crate::limits::{CHECK_INTERVAL, CHECKS_MAX, REPORT_INTERVAL, START_BPS};

const OPUS: u8 = 111;
const VP8: u8 = 96;
const VP8_RTX: u8 = 97;
const TRANSPORT_SEQUENCE_NUMBER: u8 = 3;

const RTX_PACKETS_MAX: usize = 1_000;
const RTX_AGE_MAX: Duration = Duration::from_secs(3);
/// How much of the pictures may be sent twice: a line that loses a quarter still shows them.
const RTX_SHARE_MAX: f32 = 0.3;

/// The SSRCs of one end.
struct Sources {
    audio: Ssrc,
    video: Ssrc,
    video_rtx: Ssrc,
}

impl Sources {
    fn of(end: End) -> Self {
        let [audio, video, video_rtx] = match end {
            End::Caller => [0x0101, 0x0102, 0x0103],
            End::Callee => [0x0201, 0x0202, 0x0203],
        };
        Self {
            audio: Ssrc::from(audio),
            video: Ssrc::from(video),
            video_rtx: Ssrc::from(video_rtx),
        }
    }
}

impl Leg {
    /// A leg to the node with this certificate, which is not described yet.
    pub fn between_nodes(
        now: Instant,
        certificate: &Certificate,
        end: End,
        peer: Fingerprint,
        hosts: &[SocketAddr],
    ) -> Self {
        let mut leg = Self::new(now, config(), certificate, hosts);
        let far_end = match end {
            End::Caller => End::Callee,
            End::Callee => End::Caller,
        };
        let (near, far) = (Sources::of(end), Sources::of(far_end));
        let (audio, video) = (Mid::from("a"), Mid::from("v"));
        let mut direct = leg.rtc.direct_api();
        direct.set_ice_controlling(end == End::Caller);
        direct.set_remote_fingerprint(peer.to_str0m());
        direct.declare_media(audio, MediaKind::Audio);
        direct.declare_stream_tx(near.audio, None, audio, None);
        direct.expect_stream_rx(far.audio, None, audio, None);
        direct.declare_media(video, MediaKind::Video);
        direct
            .declare_stream_tx(near.video, Some(near.video_rtx), video, None)
            .set_rtx_cache(RTX_PACKETS_MAX, RTX_AGE_MAX, Some(RTX_SHARE_MAX));
        direct.expect_stream_rx(far.video, Some(far.video_rtx), video, None);
        direct.enable_twcc_feedback();
        leg.audio = Some(track(audio, OPUS, Kind::Audio));
        leg.video = Some(track(video, VP8, Kind::Video));
        leg
    }

    /// How the other end reaches this leg.
    pub fn describe(&mut self, generation: u32) -> LegDescription {
        let credentials = self.rtc.direct_api().local_ice_credentials();
        LegDescription {
            generation,
            ufrag: credentials.ufrag,
            pwd: credentials.pass,
            candidates: self.locals.clone(),
        }
    }

    /// The other end told how it is reached: connects to it.
    pub fn connect(
        &mut self,
        now: Instant,
        end: End,
        far: &LegDescription,
    ) -> Result<(), RtcError> {
        let theirs = IceCreds {
            ufrag: far.ufrag.clone(),
            pass: far.pwd.clone(),
        };
        self.credentials.theirs = Some(theirs.clone());
        self.rtc.direct_api().set_remote_ice_credentials(theirs);
        self.try_candidates(&far.candidates);
        self.expect_connection(now);
        self.handshake_at_connection = end == End::Caller;
        match end {
            // The client's first flight is sent again after a second only: it waits for a path.
            End::Caller => Ok(()),
            End::Callee => self.rtc.direct_api().start_dtls(false),
        }
    }

    /// More addresses of the other end.
    pub fn try_candidates(&mut self, candidates: &[SocketAddr]) {
        for candidate in candidates.iter().copied().filter_map(host_candidate) {
            self.rtc.add_remote_candidate(candidate);
        }
        self.touched = true;
    }

    /// What the estimator is to look for.
    pub fn desire(&mut self, bps: u64) {
        let desired = Bitrate::bps(bps);
        self.rtc.bwe().set_bitrate(Bitrate::ZERO, desired);
        self.touched = true;
    }

    /// The far end may not be heard any more: asks more often than usual whether it answers.
    pub fn ask_often(&mut self, now: Instant, end: End) {
        self.probe.start(now, end);
    }

    /// It is heard again.
    pub fn ask_as_usual(&mut self) {
        self.probe.stop();
    }

    /// Nothing is known of the line any more.
    pub fn forget_estimate(&mut self) {
        self.rtc.bwe().reset(Bitrate::bps(START_BPS));
        self.touched = true;
    }

    pub(super) fn start_handshake(&mut self) -> Result<(), RtcError> {
        if std::mem::take(&mut self.handshake_at_connection) {
            self.touched = true;
            self.rtc.direct_api().start_dtls(true)?;
        }
        Ok(())
    }
}

fn track(mid: Mid, pt: u8, kind: Kind) -> Track {
    Track {
        mid,
        pt: Pt::from(pt),
        lane: Lane::new(kind),
        newest: None,
    }
}

fn config() -> RtcConfig {
    let mut config = Rtc::builder()
        .clear_codecs()
        .clear_extension_map()
        .set_extension(
            TRANSPORT_SEQUENCE_NUMBER,
            Extension::TransportSequenceNumber,
        )
        .set_dtls_version(DtlsVersion::Dtls13)
        .set_stats_interval(Some(REPORT_INTERVAL))
        .enable_bwe(Some(Bitrate::bps(START_BPS)));
    config.set_max_stun_rto(CHECK_INTERVAL);
    config.set_max_stun_retransmits(CHECKS_MAX);
    let codecs = config.codec_config();
    codecs.add_config(
        Pt::from(OPUS),
        None,
        Codec::Opus,
        Frequency::FORTY_EIGHT_KHZ,
        Some(2),
        FormatParams {
            use_inband_fec: Some(true),
            ..FormatParams::default()
        },
    );
    codecs.add_config(
        Pt::from(VP8),
        Some(Pt::from(VP8_RTX)),
        Codec::Vp8,
        Frequency::NINETY_KHZ,
        None,
        FormatParams::default(),
    );
    config
}
