//! A call: its WAN leg, what is known of the far end, and whether anything passes yet.

use core::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use str0m::stats::PeerStats;

use crate::call::{CallId, End, Kind, Sending};
use crate::certificate::{Certificate, Fingerprint};
use crate::limits::{AUDIO_BPS, VIDEO_BPS_MAX};
use crate::meter::{Line, Meter, Report};
use crate::silence::Silence;
use crate::wan::Wan;

#[derive(Debug)]
pub(super) struct Call {
    pub id: CallId,
    pub wan: Wan,
    pub silence: Silence,
    pub peer_sending: Switches,
    pub line: Line,
    /// Counts once both people have said yes; until then nothing passes.
    pub open: Option<Meter>,
}

/// What of a person is on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Switches {
    pub audio: Sending,
    pub video: Sending,
}

impl Switches {
    pub const OFF: Self = Self {
        audio: Sending::Off,
        video: Sending::Off,
    };

    pub fn of(self, kind: Kind) -> Sending {
        match kind {
            Kind::Audio => self.audio,
            Kind::Video => self.video,
        }
    }

    fn any(self) -> Sending {
        match (self.audio, self.video) {
            (Sending::Off, Sending::Off) => Sending::Off,
            (Sending::On, _) | (_, Sending::On) => Sending::On,
        }
    }
}

impl Call {
    pub fn new(
        now: Instant,
        id: CallId,
        certificate: Arc<Certificate>,
        end: End,
        peer: Fingerprint,
        hosts: Vec<SocketAddr>,
    ) -> Self {
        Self {
            id,
            wan: Wan::new(now, certificate, end, peer, hosts),
            silence: Silence::new(now),
            peer_sending: Switches::OFF,
            line: Line::default(),
            open: None,
        }
    }

    /// Asks the far end for a keyframe.
    pub fn want_keyframe(&mut self) {
        if let Some(leg) = self.wan.up() {
            leg.want_keyframe();
        }
    }

    /// What is expected to arrive has changed.
    pub fn update_expectation(&mut self, now: Instant) {
        let expected = match self.open {
            Some(_) => self.peer_sending.any(),
            None => Sending::Off,
        };
        self.silence.expect(now, expected);
    }

    /// What the line is to be measured for has changed. While it rings already: the estimator
    /// looks no further than what is desired, and the first pictures are sized by what it found.
    pub fn update_desire(&mut self, video: Sending) {
        self.wan.desire(match video {
            Sending::On => VIDEO_BPS_MAX + AUDIO_BPS,
            Sending::Off => AUDIO_BPS,
        });
    }

    pub fn on_measured(&mut self, stats: &PeerStats) {
        let pair = stats.selected_candidate_pair.as_ref();
        self.line.far = pair.map(|pair| pair.remote.addr);
        let round_trip = self.wan.up().map(|leg| leg.round_trip());
        self.line.round_trip = round_trip.filter(|time| !time.is_zero());
        self.line.lost_sent = stats.egress_loss_fraction;
        self.line.lost_received = stats.ingress_loss_fraction;
    }

    /// How the call is doing, once a second while it is open.
    pub fn report(&mut self, now: Instant, datagrams_dropped: u64) -> Option<Report> {
        let (sent, received) = self.open.as_mut()?.due(now)?;
        let heard_at = self.silence.heard_at();
        Some(Report {
            call: self.id,
            far: self.line.far,
            round_trip: self.line.round_trip,
            lost_sent: self.line.lost_sent,
            lost_received: self.line.lost_received,
            estimate_bps: self.line.estimate_bps,
            sent,
            received,
            silent_for: heard_at.map(|at| now.saturating_duration_since(at)),
            datagrams_dropped,
        })
    }

    pub fn deadline(&self) -> Instant {
        let round_trip = self.line.round_trip.unwrap_or_default();
        let silence = self.silence.deadline(round_trip);
        let report = self.open.as_ref().map(Meter::deadline);
        [silence, report]
            .into_iter()
            .flatten()
            .fold(self.wan.deadline(), Instant::min)
    }
}
