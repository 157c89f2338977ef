//! The WAN leg of a call, through all the legs that take each other's place.
//!
//! A leg has a generation. Both ends begin with 1; who loses a leg makes the next, and who hears
//! of a higher generation makes that one. So both ends come to hold legs of the same generation,
//! whichever noticed first and in whatever order they hear of each other. An end that began again
//! (its node was restarted) is heard as a lower generation, and told ours, or as other credentials
//! of the same one, and answered with the next. Descriptions are told again until the leg is up:
//! one may have been lost with the connection that carried it.

use core::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use str0m::rtp::RtpPacket;

use crate::call::{End, Kind};
use crate::certificate::{Certificate, Fingerprint};
use crate::description::{LegDescription, is_usable};
use crate::leg::{Happening, Leg, Sent};
use crate::limits::{
    AUDIO_BPS, CANDIDATES_MAX, DESCRIBE_INTERVAL, FAR_CANDIDATES_MAX, GENERATION_MAX, RENEW_PAUSE,
};
use crate::time::after;

#[derive(Debug)]
pub(crate) struct Wan {
    certificate: Arc<Certificate>,
    end: End,
    peer: Fingerprint,
    hosts: Vec<SocketAddr>,
    generation: u32,
    theirs: Option<LegDescription>,
    stage: Stage,
    made_at: Instant,
    desired_bps: u64,
    tell: Option<LegDescription>,
}

#[derive(Debug)]
enum Stage {
    /// The last leg was lost too soon after it was made.
    Resting {
        until: Instant,
    },
    /// There is a leg, and the other end may not know it: it is told (again) then.
    Telling {
        leg: Box<Leg>,
        at: Instant,
    },
    Up {
        leg: Box<Leg>,
    },
}

/// What comes out of the WAN leg.
#[derive(Debug)]
pub(crate) enum WanHappening {
    Describe(LegDescription),
    Leg(Happening),
}

impl Wan {
    pub fn new(
        now: Instant,
        certificate: Arc<Certificate>,
        end: End,
        peer: Fingerprint,
        hosts: Vec<SocketAddr>,
    ) -> Self {
        let mut wan = Self {
            certificate,
            end,
            peer,
            hosts,
            generation: 1,
            theirs: None,
            stage: Stage::Resting { until: now },
            made_at: now,
            desired_bps: AUDIO_BPS,
            tell: None,
        };
        wan.make(now);
        wan
    }

    /// More sockets of ours can be reached.
    pub fn open_hosts(&mut self, hosts: &[SocketAddr]) {
        self.hosts = hosts.to_vec();
        if let Stage::Telling { leg, .. } | Stage::Up { leg } = &mut self.stage {
            leg.open_hosts(hosts);
            self.tell = Some(leg.describe(self.generation));
        }
    }

    /// The other end told how its leg is reached.
    pub fn on_description(&mut self, now: Instant, mut theirs: LegDescription) {
        if theirs.generation > GENERATION_MAX {
            return;
        }
        theirs.candidates.retain(is_usable);
        theirs.candidates.truncate(CANDIDATES_MAX);
        let ours = self.generation;
        let same_leg = self
            .theirs
            .as_ref()
            .is_none_or(|known| known.ufrag == theirs.ufrag && known.pwd == theirs.pwd);
        if theirs.generation > ours {
            self.renew(now, theirs.generation, Some(theirs));
        } else if theirs.generation < ours {
            self.tell_again();
        } else if same_leg {
            self.learn(now, theirs);
        } else {
            self.renew(now, ours.saturating_add(1), None);
        }
    }

    pub fn receive(
        &mut self,
        now: Instant,
        local: SocketAddr,
        from: SocketAddr,
        bytes: &[u8],
    ) -> bool {
        self.leg_mut()
            .is_some_and(|leg| leg.receive(now, local, from, bytes))
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        if let Some(leg) = self.leg_mut() {
            leg.handle_timeout();
        }
        match &mut self.stage {
            Stage::Resting { until } if *until <= now => self.make(now),
            Stage::Telling { at, .. } if *at <= now => {
                *at = after(now, DESCRIBE_INTERVAL);
                self.tell_again();
            }
            Stage::Resting { .. } | Stage::Telling { .. } | Stage::Up { .. } => {}
        }
    }

    /// What has come out; to be called until it gives `None`.
    pub fn poll(&mut self, now: Instant) -> Option<WanHappening> {
        if let Some(ours) = self.tell.take() {
            return Some(WanHappening::Describe(ours));
        }
        let happening = self.leg_mut()?.poll(now)?;
        if matches!(happening, Happening::Lost) {
            self.renew(now, self.generation.saturating_add(1), None);
            return self.poll(now);
        }
        if matches!(happening, Happening::Connected) {
            self.stage_up(now);
        }
        Some(WanHappening::Leg(happening))
    }

    pub fn deadline(&self) -> Instant {
        match &self.stage {
            Stage::Resting { until } => *until,
            Stage::Telling { leg, at } => leg.deadline().min(*at),
            Stage::Up { leg } => leg.deadline(),
        }
    }

    /// The leg, while media can pass.
    pub fn up(&mut self) -> Option<&mut Leg> {
        match &mut self.stage {
            Stage::Up { leg } => Some(leg),
            Stage::Resting { .. } | Stage::Telling { .. } => None,
        }
    }

    /// The far end may not be heard any more.
    pub fn ask_often(&mut self, now: Instant) {
        let end = self.end;
        if let Some(leg) = self.up() {
            leg.ask_often(now, end);
        }
    }

    pub fn send(&mut self, now: Instant, kind: Kind, packet: &RtpPacket) -> Sent {
        self.up()
            .map_or(Sent::Nothing, |leg| leg.send(now, kind, packet))
    }

    /// What the estimator is to look for.
    pub fn desire(&mut self, bps: u64) {
        self.desired_bps = bps;
        if let Some(leg) = self.leg_mut() {
            leg.desire(bps);
        }
    }

    fn leg_mut(&mut self) -> Option<&mut Leg> {
        match &mut self.stage {
            Stage::Telling { leg, .. } | Stage::Up { leg } => Some(leg),
            Stage::Resting { .. } => None,
        }
    }

    fn stage_up(&mut self, now: Instant) {
        let resting = Stage::Resting { until: now };
        self.stage = match std::mem::replace(&mut self.stage, resting) {
            Stage::Telling { leg, .. } | Stage::Up { leg } => Stage::Up { leg },
            resting @ Stage::Resting { .. } => resting,
        };
    }

    fn tell_again(&mut self) {
        let generation = self.generation;
        self.tell = self.leg_mut().map(|leg| leg.describe(generation));
    }

    /// Gives the leg up for one of this generation.
    fn renew(&mut self, now: Instant, generation: u32, theirs: Option<LegDescription>) {
        self.generation = generation;
        self.theirs = theirs;
        let until = after(self.made_at, RENEW_PAUSE);
        self.stage = Stage::Resting { until };
        if until <= now {
            self.make(now);
        }
    }

    fn make(&mut self, now: Instant) {
        let mut leg = Leg::between_nodes(now, &self.certificate, self.end, self.peer, &self.hosts);
        leg.desire(self.desired_bps);
        self.tell = Some(leg.describe(self.generation));
        self.made_at = now;
        self.stage = Stage::Telling {
            leg: Box::new(leg),
            at: after(now, DESCRIBE_INTERVAL),
        };
        if let Some(theirs) = self.theirs.take() {
            self.learn(now, theirs);
        }
    }

    /// Takes what is new in a description of the leg that ours belongs to.
    fn learn(&mut self, now: Instant, theirs: LegDescription) {
        let end = self.end;
        let known = self.theirs.take();
        let connects = match (&mut self.stage, known) {
            (Stage::Resting { .. }, _) => {
                self.theirs = Some(theirs);
                return;
            }
            (Stage::Telling { leg, .. } | Stage::Up { leg }, None) => {
                leg.connect(now, end, &theirs)
            }
            (Stage::Telling { leg, .. } | Stage::Up { leg }, Some(mut known)) => {
                let mut more = theirs.candidates.clone();
                more.retain(|candidate| !known.candidates.contains(candidate));
                more.truncate(FAR_CANDIDATES_MAX.saturating_sub(known.candidates.len()));
                leg.try_candidates(&more);
                known.candidates.extend(more);
                self.theirs = Some(known);
                return;
            }
        };
        match connects {
            Ok(()) => self.theirs = Some(theirs),
            Err(_) => self.renew(now, self.generation.saturating_add(1), None),
        }
    }
}
