//! What a leg says and hears in STUN beside str0m: it knows who may have written a message, and
//! while the far end is not heard it asks more often than str0m does, so that a line that is back is
//! known within one round trip and a moment.

use core::net::SocketAddr;
use std::collections::VecDeque;
use std::fmt;
use std::time::Instant;

use str0m::ice::{IceCreds, StunMessage, TransId};
use str0m::net::Transmit;

use super::Happening;
use crate::call::End;
use crate::limits::{PROBE_INTERVAL, PROBES_MAX};

/// More than a request with its attributes takes.
const REQUEST_BYTES_MAX: usize = 256;
/// The first bytes of STUN (RFC 7983 §7).
const STUN: std::ops::RangeInclusive<u8> = 0..=3;
/// The priority that a request must name (RFC 8445 §7.1.1); the pair is chosen long since.
const PRIORITY: u32 = 1;

/// What authenticates STUN (RFC 8445 §7.2.2): requests with our password, responses with theirs.
pub(super) struct Credentials {
    ours: IceCreds,
    pub theirs: Option<IceCreds>,
}

impl Credentials {
    pub fn new(ours: IceCreds) -> Self {
        Self { ours, theirs: None }
    }

    pub fn authenticate(&self, message: &StunMessage<'_>) -> bool {
        let credentials = if message.is_binding_request() {
            Some(&self.ours)
        } else {
            self.theirs.as_ref()
        };
        let hmac = str0m::crypto::from_feature_flags().sha1_hmac_provider;
        credentials.is_some_and(|credentials| {
            let password = credentials.pass.as_bytes();
            message.verify(password, |key, parts| hmac.sha1_hmac(key, parts))
        })
    }

    fn request(&self, end: End, id: TransId) -> Option<Vec<u8>> {
        let theirs = self.theirs.as_ref()?;
        let username = format!("{}:{}", theirs.ufrag, self.ours.ufrag);
        let controlling = end == End::Caller;
        let request = StunMessage::binding_request(&username, id, controlling, 0, PRIORITY, false);
        let hmac = str0m::crypto::from_feature_flags().sha1_hmac_provider;
        let mut bytes = vec![0; REQUEST_BYTES_MAX];
        let length = request
            .to_bytes(Some(theirs.pass.as_bytes()), &mut bytes, |key, parts| {
                hmac.sha1_hmac(key, parts)
            })
            .ok()?;
        bytes.truncate(length);
        Some(bytes)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(…)")
    }
}

/// Asks over the path that media took last whether anybody answers.
#[derive(Debug, Default)]
pub(super) struct Probe {
    path: Option<(SocketAddr, SocketAddr)>,
    asking: Option<(End, Instant)>,
    asked: VecDeque<TransId>,
}

impl Probe {
    /// A packet leaves: the path is that of the last that was no check of a path.
    pub fn goes_by(&mut self, transmit: &Transmit) {
        if transmit
            .contents
            .first()
            .is_some_and(|first| !STUN.contains(first))
        {
            self.path = Some((transmit.source, transmit.destination));
        }
    }

    /// Asks from now on, as this end.
    pub fn start(&mut self, now: Instant, end: End) {
        self.asking.get_or_insert((end, now));
    }

    pub fn stop(&mut self) {
        self.asking = None;
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.path.and(self.asking).map(|(_, at)| at)
    }

    pub fn due(&mut self, now: Instant, credentials: &Credentials) -> Option<Happening> {
        let (local, to) = self.path?;
        let (end, at) = self.asking.filter(|(_, at)| *at <= now)?;
        self.asking = at
            .max(now)
            .checked_add(PROBE_INTERVAL)
            .map(|next| (end, next));
        let id = TransId::new();
        let bytes = credentials.request(end, id)?;
        if self.asked.len() >= PROBES_MAX {
            self.asked.pop_front();
        }
        self.asked.push_back(id);
        Some(Happening::Transmit { local, to, bytes })
    }

    /// Whether a message answers one of these: str0m, which did not ask, is not to see it.
    pub fn is_answered_by(&self, message: &StunMessage<'_>) -> bool {
        !message.is_binding_request() && self.asked.contains(&message.trans_id())
    }
}
