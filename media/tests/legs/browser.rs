//! A page as str0m plays it: it offers sound and pictures, sends packets that carry its mark, and
//! keeps what it gets.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use str0m::bwe::BweKind;
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::format::{Codec, detect_vp8_keyframe};
use str0m::media::{Direction, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{RtpPacket, RtpWrite};
use str0m::{Candidate, Event, Input, Output, Rtc};

const AUDIO_EVERY: Duration = Duration::from_millis(20);
const AUDIO_BYTES: usize = 80;
const VIDEO_EVERY: Duration = Duration::from_millis(40);
const VIDEO_BYTES_MAX: usize = 1_100;
const KEYFRAME_TIMES: usize = 4;

/// A packet that the page got.
#[derive(Debug, Clone)]
pub struct Got {
    pub at: Instant,
    pub kind: MediaKind,
    pub ssrc: u32,
    pub seq: u64,
    pub time: u32,
    /// Whose packet it is.
    pub mark: u8,
    /// Which of theirs, counted per kind.
    pub count: u32,
    pub keyframe: bool,
}

pub struct Browser {
    pub address: SocketAddr,
    pub mark: u8,
    pub got: Vec<Got>,
    /// When it was asked for a keyframe.
    pub asked: Vec<Instant>,
    /// What it was told to keep its pictures to.
    pub limit_bps: Option<u64>,
    /// The same with all that it was told before.
    pub limits_bps: Vec<(Instant, u64)>,
    pub connected: bool,
    /// Bytes of each packet of pictures, where that is to be fixed.
    pub video_bytes: Option<usize>,
    rtc: Rtc,
    pending: Option<SdpPendingOffer>,
    audio: Mid,
    video: Mid,
    counts: [u32; 2],
    next: [Instant; 2],
    keyframe_due: bool,
    wake: Instant,
    packets: VecDeque<(SocketAddr, SocketAddr, Vec<u8>)>,
}

impl Browser {
    /// A page and what it offers.
    pub fn new(now: Instant, address: SocketAddr, mark: u8) -> (Self, String) {
        let mut rtc = Rtc::builder()
            .clear_codecs()
            .enable_opus(true, false)
            .enable_vp8(true)
            .set_rtp_mode(true)
            .set_crypto_provider(str0m::crypto::from_feature_flags().into())
            .build(now);
        rtc.add_local_candidate(Candidate::host(address, "udp").expect("an address"));
        let mut api = rtc.sdp_api();
        let audio = api.add_media(MediaKind::Audio, Direction::SendRecv, None, None, None);
        let video = api.add_media(MediaKind::Video, Direction::SendRecv, None, None, None);
        let (offer, pending) = api.apply().expect("there are changes");
        let browser = Self {
            address,
            mark,
            got: Vec::new(),
            asked: Vec::new(),
            limit_bps: None,
            limits_bps: Vec::new(),
            connected: false,
            video_bytes: None,
            rtc,
            pending: Some(pending),
            audio,
            video,
            counts: [0; 2],
            next: [now; 2],
            keyframe_due: true,
            wake: now,
            packets: VecDeque::new(),
        };
        (browser, offer.to_sdp_string())
    }

    pub fn answered(&mut self, now: Instant, sdp: &str) {
        let answer = SdpAnswer::from_sdp_string(sdp).expect("an answer");
        let pending = self.pending.take().expect("an offer was made");
        self.rtc
            .sdp_api()
            .accept_answer(pending, answer)
            .expect("the answer fits");
        self.drive(now);
    }

    pub fn receive(&mut self, now: Instant, from: SocketAddr, bytes: &[u8]) {
        let Ok(contents) = bytes.try_into() else {
            return;
        };
        let datagram = Receive {
            proto: Protocol::Udp,
            source: from,
            destination: self.address,
            contents,
        };
        let input = Input::Receive(now, datagram);
        if self.rtc.accepts(&input) {
            self.rtc.handle_input(input).expect("the node speaks well");
            self.drive(now);
        }
    }

    /// When something is to be done.
    pub fn wake(&self) -> Instant {
        if self.connected {
            self.wake.min(self.next[0]).min(self.next[1])
        } else {
            self.wake
        }
    }

    pub fn handle_timeout(&mut self, now: Instant) {
        if self.connected && self.next[0] <= now {
            self.next[0] = now + AUDIO_EVERY;
            self.send(now, MediaKind::Audio, vec![0; AUDIO_BYTES], false);
        }
        if self.connected && self.next[1] <= now {
            self.next[1] = now + VIDEO_EVERY;
            self.send_frame(now);
        }
        self.drive(now);
    }

    /// A datagram that it sends: from, to, payload.
    pub fn poll_packet(&mut self) -> Option<(SocketAddr, SocketAddr, Vec<u8>)> {
        self.packets.pop_front()
    }

    /// What came of this kind from whoever has this mark.
    pub fn got_of(&self, kind: MediaKind, mark: u8) -> Vec<Got> {
        let of = |got: &&Got| got.kind == kind && got.mark == mark;
        self.got.iter().filter(of).cloned().collect()
    }

    fn send_frame(&mut self, now: Instant) {
        let limit_bps = self.limit_bps.unwrap_or(300_000).min(300_000) as usize;
        let mut bytes = limit_bps / 8 * 40 / 1_000;
        let keyframe = std::mem::take(&mut self.keyframe_due);
        if keyframe {
            bytes *= KEYFRAME_TIMES;
        }
        let packets = bytes.div_ceil(VIDEO_BYTES_MAX);
        for packet in 0..packets {
            let mut payload = vec![0; self.video_bytes.unwrap_or(bytes / packets)];
            // The descriptor: start of the first partition or not (RFC 7741 §4.2); then the
            // payload header, whose lowest bit is clear in a keyframe (§4.3).
            payload[0] = if packet == 0 { 0x10 } else { 0x00 };
            payload[1] = u8::from(!keyframe);
            self.send(now, MediaKind::Video, payload, packet + 1 == packets);
        }
    }

    fn send(&mut self, now: Instant, kind: MediaKind, mut payload: Vec<u8>, marker: bool) {
        let (mid, codec, hz, index) = match kind {
            MediaKind::Audio => (self.audio, Codec::Opus, 48, 0),
            MediaKind::Video => (self.video, Codec::Vp8, 90, 1),
        };
        let count = self.counts[index];
        self.counts[index] += 1;
        payload[2] = self.mark;
        payload[3..7].copy_from_slice(&count.to_be_bytes());
        let codecs = self.rtc.codec_config();
        let params = codecs.iter().find(|params| params.spec().codec == codec);
        let pt = params.expect("agreed on").pt();
        // Streams of different pages have nothing in common.
        let seq = u64::from(count) + u64::from(self.mark) * 1_000;
        let ms = now.duration_since(self.epoch()).as_millis() as u32;
        let time = u32::from(self.mark) * 1_000_000 + ms * hz;
        let mut direct = self.rtc.direct_api();
        let stream = direct.stream_tx_by_mid(mid, None).expect("declared");
        let packet = RtpWrite::new(pt, seq.into(), time, now, payload);
        stream.write_rtp(packet.marker(marker).nackable(kind == MediaKind::Video));
        self.drive(now);
    }

    fn epoch(&self) -> Instant {
        super::world::test_clock()
    }

    fn drive(&mut self, now: Instant) {
        let mut timeout = Some(now);
        loop {
            if let Some(now) = timeout.take() {
                self.rtc.handle_input(Input::Timeout(now)).expect("runs");
            }
            match self.rtc.poll_output().expect("runs") {
                Output::Timeout(at) if at > now => {
                    self.wake = at;
                    return;
                }
                Output::Timeout(_) => timeout = Some(now),
                Output::Transmit(packet) => {
                    let bytes = packet.contents.to_vec();
                    self.packets
                        .push_back((packet.source, packet.destination, bytes));
                }
                Output::Event(Event::Connected) => {
                    self.connected = true;
                    self.next = [now; 2];
                }
                Output::Event(Event::KeyframeRequest(_)) => {
                    self.asked.push(now);
                    self.keyframe_due = true;
                }
                Output::Event(Event::EgressBitrateEstimate(BweKind::Remb { estimate, .. })) => {
                    self.limit_bps = Some(estimate.as_u64());
                    self.limits_bps.push((now, estimate.as_u64()));
                }
                Output::Event(Event::RtpPacket(packet)) => self.keep(now, &packet),
                Output::Event(_) => {}
            }
        }
    }

    fn keep(&mut self, now: Instant, packet: &RtpPacket) {
        let mut direct = self.rtc.direct_api();
        let stream = direct.stream_rx(&packet.header.ssrc).expect("known");
        let kind = if stream.mid() == self.audio {
            MediaKind::Audio
        } else {
            MediaKind::Video
        };
        let payload = &packet.payload;
        self.got.push(Got {
            at: now,
            kind,
            ssrc: *packet.header.ssrc,
            seq: *packet.seq_no,
            time: packet.header.timestamp,
            mark: payload[2],
            count: u32::from_be_bytes(payload[3..7].try_into().expect("four bytes")),
            keyframe: kind == MediaKind::Video && detect_vp8_keyframe(payload),
        });
    }
}
