//! One leg: a str0m instance and the lanes that go out on it.
//!
//! str0m asks that its output be drained after every input; [`Leg::poll`] does so, and the owner
//! of a leg polls it until nothing comes before anything else goes in.

use core::net::SocketAddr;
use std::time::{Duration, Instant};

use str0m::bwe::{Bitrate, BweKind};
use str0m::format::Codec;
use str0m::ice::StunMessage;
use str0m::media::{KeyframeRequestKind, Media, MediaKind, Mid, Pt};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{RtpPacket, RtpWrite};
use str0m::stats::PeerStats;
use str0m::{Candidate, Rtc, RtcConfig};

use crate::asking::Asking;
use crate::call::Kind;
use crate::certificate::Certificate;
use crate::lane::{Admission, Lane};
use crate::limits::{CONNECT_PATIENCE, DATAGRAM_BYTES_MAX, PAYLOAD_BYTES_MAX};
use crate::time::after;

mod early;
mod page;
mod probe;
mod wan;

use early::Early;
use probe::{Credentials, Probe};

/// How often str0m is driven at one point of time before others have their turn.
const ROUNDS_MAX: usize = 200;
/// The turn that the others have then.
const TURN: Duration = Duration::from_millis(1);
#[derive(Debug)]
pub(crate) struct Leg {
    rtc: Rtc,
    locals: Vec<SocketAddr>,
    credentials: Credentials,
    probe: Probe,
    audio: Option<Track>,
    video: Option<Track>,
    asking: Asking,
    round_trip: Option<Duration>,
    progress: Progress,
    /// As the client of DTLS this end speaks first, once there is a path.
    handshake_at_connection: bool,
    /// What the far end said as soon as it had found its path, which this end has not found yet:
    /// str0m would take none of it, and it is said again after a second only.
    early: Early,
    /// Something is to be driven through str0m before its output is complete.
    touched: bool,
    heard: bool,
    answered: bool,
    wake: Instant,
}

#[derive(Debug)]
struct Track {
    mid: Mid,
    pt: Pt,
    lane: Lane,
    /// The highest sequence number that arrived.
    newest: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// Nobody is there to connect to yet.
    Waiting,
    Connecting {
        until: Instant,
    },
    Connected,
    Lost,
}

/// What comes out of a leg.
#[derive(Debug)]
pub(crate) enum Happening {
    Transmit {
        local: SocketAddr,
        to: SocketAddr,
        bytes: Vec<u8>,
    },
    /// DTLS is done, media may pass.
    Connected,
    /// The leg is of no more use.
    Lost,
    /// A packet arrived, and nothing else is to be done about it.
    Heard,
    /// The far end answered a check: what is sent from here arrives, too.
    Answered,
    Media(Kind, Box<RtpPacket>),
    /// The same of a packet that is no newer than one that came before: it was late or sent again.
    Resent(Kind, Box<RtpPacket>),
    KeyframeWanted,
    Estimated {
        bps: u64,
    },
    Measured(PeerStats),
}

/// What became of a packet that was to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sent {
    Bytes(usize),
    KeyframeNeeded,
    Nothing,
}

impl Leg {
    fn new(
        now: Instant,
        config: RtcConfig,
        certificate: &Certificate,
        hosts: &[SocketAddr],
    ) -> Self {
        let provider = str0m::crypto::from_feature_flags();
        let mut rtc = config
            .set_crypto_provider(provider.into())
            .set_dtls_cert(certificate.to_str0m())
            .set_rtp_mode(true)
            .build(now);
        let ours = rtc.direct_api().local_ice_credentials();
        let mut leg = Self {
            rtc,
            locals: Vec::new(),
            credentials: Credentials::new(ours),
            probe: Probe::default(),
            audio: None,
            video: None,
            asking: Asking::default(),
            round_trip: None,
            progress: Progress::Waiting,
            handshake_at_connection: false,
            early: Early::Kept(Vec::new()),
            touched: true,
            heard: false,
            answered: false,
            wake: now,
        };
        leg.open_hosts(hosts);
        leg
    }

    /// More sockets of ours can be reached.
    pub fn open_hosts(&mut self, hosts: &[SocketAddr]) {
        for host in hosts {
            if self.locals.contains(host) {
                continue;
            }
            if let Some(candidate) = host_candidate(*host) {
                self.rtc.add_local_candidate(candidate);
                self.locals.push(*host);
                self.touched = true;
            }
        }
    }

    fn expect_connection(&mut self, now: Instant) {
        if self.progress == Progress::Waiting {
            let until = after(now, CONNECT_PATIENCE);
            self.progress = Progress::Connecting { until };
        }
    }

    pub fn is_connected(&self) -> bool {
        self.progress == Progress::Connected
    }

    /// Zero until it was measured.
    pub fn round_trip(&self) -> Duration {
        self.round_trip.unwrap_or_default()
    }

    /// Takes a datagram that is for this leg; false for any other.
    pub fn receive(
        &mut self,
        now: Instant,
        local: SocketAddr,
        from: SocketAddr,
        bytes: &[u8],
    ) -> bool {
        if bytes.len() > DATAGRAM_BYTES_MAX || !self.locals.contains(&local) {
            return false;
        }
        let Ok(contents) = bytes.try_into() else {
            return false;
        };
        let datagram = Receive {
            proto: Protocol::Udp,
            source: from,
            destination: local,
            contents,
        };
        let input = str0m::Input::Receive(now, datagram);
        // str0m takes all from the nominated address for the far end's: checked here, a stranger
        // who writes that address on a datagram is not heard.
        let authenticated = match StunMessage::parse(bytes) {
            Ok(message) if self.credentials.authenticate(&message) => {
                self.answered |= message.is_successful_binding_response();
                if self.probe.is_answered_by(&message) {
                    return true;
                }
                true
            }
            Ok(_) => return false,
            Err(_) => false,
        };
        if !self.rtc.accepts(&input) {
            return self.keep_early(local, from, bytes);
        }
        self.heard |= authenticated;
        // A record that DTLS refuses may be anybody's; a handshake that failed runs out of time.
        self.rtc.handle_input(input).is_ok()
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self) {
        self.touched = true;
    }

    /// What has come out; to be called until it gives `None`.
    pub fn poll(&mut self, now: Instant) -> Option<Happening> {
        if self.progress == Progress::Lost {
            return None;
        }
        if std::mem::take(&mut self.answered) {
            self.heard = false;
            return Some(Happening::Answered);
        }
        if std::mem::take(&mut self.heard) {
            return Some(Happening::Heard);
        }
        if let Some(probe) = self.probe.due(now, &self.credentials) {
            return Some(probe);
        }
        if matches!(self.progress, Progress::Connecting { until } if until <= now) {
            return Some(self.lose());
        }
        if self.asking.due(now, self.round_trip()) {
            self.request_keyframe();
        }
        let mut touched = std::mem::take(&mut self.touched);
        for _ in 0..ROUNDS_MAX {
            if touched && self.rtc.handle_input(str0m::Input::Timeout(now)).is_err() {
                return Some(self.lose());
            }
            touched = false;
            match self.rtc.poll_output() {
                Ok(str0m::Output::Transmit(transmit)) => {
                    self.probe.goes_by(&transmit);
                    return Some(Happening::Transmit {
                        local: transmit.source,
                        to: transmit.destination,
                        bytes: transmit.contents.to_vec(),
                    });
                }
                Ok(str0m::Output::Event(event)) => {
                    if let Some(happening) = self.understand(event) {
                        return Some(happening);
                    }
                }
                Ok(str0m::Output::Timeout(_)) if matches!(self.early, Early::Due(_)) => {
                    self.read_early(now);
                    touched = true;
                }
                Ok(str0m::Output::Timeout(at)) if at > now => {
                    self.wake = at;
                    return None;
                }
                Ok(str0m::Output::Timeout(_)) => touched = true,
                Err(_) => return Some(self.lose()),
            }
        }
        self.wake = after(now, TURN);
        None
    }

    /// When time must be told.
    pub fn deadline(&self) -> Instant {
        let patience = match self.progress {
            Progress::Connecting { until } => Some(until),
            Progress::Waiting | Progress::Connected | Progress::Lost => None,
        };
        let asking = self.asking.deadline(self.round_trip());
        [patience, asking, self.probe.deadline()]
            .into_iter()
            .flatten()
            .fold(self.wake, Instant::min)
    }

    /// Sends a packet that arrived on another leg.
    pub fn send(&mut self, now: Instant, kind: Kind, packet: &RtpPacket) -> Sent {
        if !self.is_connected() {
            return Sent::Nothing;
        }
        let Some(track) = self.track(kind) else {
            return Sent::Nothing;
        };
        let stamp = match track.lane.admit(now, packet) {
            Admission::Pass(stamp) => stamp,
            Admission::KeyframeNeeded => return Sent::KeyframeNeeded,
            Admission::Late => return Sent::Nothing,
        };
        let (mid, pt) = (track.mid, track.pt);
        let mut direct = self.rtc.direct_api();
        let Some(stream) = direct.stream_tx_by_mid(mid, None) else {
            return Sent::Nothing;
        };
        let payload = packet.payload.clone();
        let bytes = payload.len();
        stream.write_rtp(
            RtpWrite::new(pt, stamp.seq.into(), stamp.time, packet.timestamp, payload)
                .marker(packet.header.marker)
                .nackable(kind == Kind::Video),
        );
        self.touched = true;
        Sent::Bytes(bytes)
    }

    /// The next packet to be sent is taken for one of a new source.
    pub fn interrupt(&mut self, kind: Kind) {
        if let Some(track) = self.track(kind) {
            track.lane.interrupt();
        }
    }

    /// Asks whoever sends pictures on this leg for a keyframe, now or as soon as it may.
    pub fn want_keyframe(&mut self) {
        self.asking.want();
        self.touched = true;
    }

    /// Asks whoever sends pictures on this leg to keep to a rate.
    pub fn limit_video(&mut self, bps: u64) {
        let Some(mid) = self.video.as_ref().map(|track| track.mid) else {
            return;
        };
        if let Some(stream) = self.rtc.direct_api().stream_rx_by_mid(mid, None) {
            stream.request_remb(Bitrate::bps(bps));
            self.touched = true;
        }
    }

    fn request_keyframe(&mut self) {
        let Some(mid) = self.video.as_ref().map(|track| track.mid) else {
            return;
        };
        if let Some(stream) = self.rtc.direct_api().stream_rx_by_mid(mid, None) {
            stream.request_keyframe(KeyframeRequestKind::Pli);
            self.touched = true;
        }
    }

    fn lose(&mut self) -> Happening {
        self.progress = Progress::Lost;
        Happening::Lost
    }

    fn track(&mut self, kind: Kind) -> Option<&mut Track> {
        match kind {
            Kind::Audio => self.audio.as_mut(),
            Kind::Video => self.video.as_mut(),
        }
    }

    #[allow(
        clippy::wildcard_enum_match_arm,
        reason = "str0m's events are open, and most of them mean nothing here"
    )]
    fn understand(&mut self, event: str0m::Event) -> Option<Happening> {
        use str0m::Event;
        match event {
            Event::Connected => {
                self.progress = Progress::Connected;
                Some(Happening::Connected)
            }
            Event::IceConnectionStateChange(state) if state.is_disconnected() => Some(self.lose()),
            Event::IceConnectionStateChange(state) if state.is_connected() => {
                self.early.fall_due();
                self.start_handshake().err().map(|_| self.lose())
            }
            Event::Closed => Some(self.lose()),
            Event::MediaAdded(media) => {
                self.agree(media.mid, media.kind);
                None
            }
            Event::RtpPacket(packet) => self.media(packet),
            Event::KeyframeRequest(_) => Some(Happening::KeyframeWanted),
            Event::EgressBitrateEstimate(BweKind::Twcc { estimate, .. }) => {
                Some(Happening::Estimated {
                    bps: estimate.as_u64(),
                })
            }
            Event::PeerStats(stats) => {
                let pair = stats.selected_candidate_pair.as_ref();
                self.round_trip = pair
                    .and_then(|pair| pair.current_round_trip_time)
                    .or(stats.rtt);
                Some(Happening::Measured(stats))
            }
            Event::SenderFeedback(_) => Some(Happening::Heard),
            _ => None,
        }
    }

    fn media(&mut self, packet: RtpPacket) -> Option<Happening> {
        let mut direct = self.rtc.direct_api();
        let mid = direct.stream_rx(&packet.header.ssrc)?.mid();
        let is = |track: &Option<Track>| track.as_ref().is_some_and(|track| track.mid == mid);
        let kind = match () {
            () if is(&self.audio) => Kind::Audio,
            () if is(&self.video) => Kind::Video,
            () => return Some(Happening::Heard),
        };
        let seq = *packet.seq_no;
        let is_new = self.track(kind).is_some_and(|track| {
            let is_new = track.newest.is_none_or(|newest| newest < seq);
            track.newest = track.newest.max(Some(seq));
            is_new
        });
        // str0m would write a longer one past the end of its buffer.
        if packet.payload.len() > PAYLOAD_BYTES_MAX {
            return Some(Happening::Heard);
        }
        Some(match is_new {
            true => Happening::Media(kind, packet.into()),
            false => Happening::Resent(kind, packet.into()),
        })
    }

    /// What the page offered is agreed on; the tracks of a WAN leg are known beforehand.
    fn agree(&mut self, mid: Mid, kind: MediaKind) {
        let (kind, codec) = match kind {
            MediaKind::Audio => (Kind::Audio, Codec::Opus),
            MediaKind::Video => (Kind::Video, Codec::Vp8),
        };
        let agreed = self.rtc.media(mid).map_or(&[][..], Media::remote_pts);
        let params = self
            .rtc
            .codec_config()
            .iter()
            .find(|params| params.spec().codec == codec && agreed.contains(&params.pt()));
        let Some(pt) = params.map(|params| params.pt()) else {
            return;
        };
        let lane = Lane::new(kind);
        let track = match kind {
            Kind::Audio => &mut self.audio,
            Kind::Video => &mut self.video,
        };
        track.get_or_insert(Track {
            mid,
            pt,
            lane,
            newest: None,
        });
    }
}

fn host_candidate(address: SocketAddr) -> Option<Candidate> {
    Candidate::host(address, "udp").ok()
}
