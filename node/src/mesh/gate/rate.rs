//! Token buckets, and one of them per address that knocks. IPv6 addresses count by their /64, which
//! is what one subscriber holds. Where the table is full, addresses not in it are refused until
//! buckets fill up again and leave it. Over UDP anybody can write any address on a packet: QUIC has
//! a table of its own, so that forged ones do not fill the one of who comes over TCP. The places for
//! handshakes are shared.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::ConnectionDenied;

use super::Denied;
use crate::mesh::limits::{ARRIVALS_ADDRESSES_MAX, RATE_BURST, RATE_EVERY};

/// How often each address has knocked lately.
#[derive(Debug, Default)]
pub(in crate::mesh) struct Arrivals {
    tcp: Knocks,
    quic: Knocks,
}

/// The same over one of both.
#[derive(Debug, Default)]
struct Knocks {
    buckets: BTreeMap<u64, Bucket>,
}

/// What one source may still do: `RATE_BURST` things at once, then one every `RATE_EVERY`.
#[derive(Debug)]
pub(in crate::mesh) struct Bucket {
    spent: u32,
    since: Instant,
}

impl Arrivals {
    /// Counts an arrival now; an error if its address has come too often. Circuits have no address.
    pub fn check(&mut self, remote: &Multiaddr) -> Result<(), ConnectionDenied> {
        match self.admit(Instant::now(), remote) {
            true => Ok(()),
            false => Err(ConnectionDenied::new(Denied::TooOften)),
        }
    }

    fn admit(&mut self, now: Instant, remote: &Multiaddr) -> bool {
        let knocks = if remote.iter().any(|part| part == Protocol::QuicV1) {
            &mut self.quic
        } else {
            &mut self.tcp
        };
        address_of(remote).is_none_or(|address| knocks.admit(now, address))
    }
}

impl Knocks {
    fn admit(&mut self, now: Instant, address: IpAddr) -> bool {
        let key = key_of(address);
        if !self.buckets.contains_key(&key) {
            if self.buckets.len() >= ARRIVALS_ADDRESSES_MAX {
                self.buckets.retain(|_, bucket| bucket.spent_at(now) > 0);
            }
            if self.buckets.len() >= ARRIVALS_ADDRESSES_MAX {
                return false;
            }
        }
        self.buckets
            .entry(key)
            .or_insert_with(|| Bucket::full(now))
            .take(now)
    }
}

impl Bucket {
    pub fn full(now: Instant) -> Self {
        Self {
            spent: 0,
            since: now,
        }
    }

    /// Takes one token if there is one.
    pub fn take(&mut self, now: Instant) -> bool {
        let spent = self.spent_at(now);
        if spent < self.spent {
            *self = Self { spent, since: now };
        }
        let taken = self.spent < RATE_BURST;
        self.spent += u32::from(taken);
        taken
    }

    fn spent_at(&self, now: Instant) -> u32 {
        let elapsed: Duration = now.saturating_duration_since(self.since);
        let refilled = elapsed.as_millis() / RATE_EVERY.as_millis();
        self.spent
            .saturating_sub(u32::try_from(refilled).unwrap_or(u32::MAX))
    }
}

fn address_of(remote: &Multiaddr) -> Option<IpAddr> {
    remote.iter().find_map(|part| {
        if let Protocol::Ip4(ip) = part {
            Some(ip.into())
        } else if let Protocol::Ip6(ip) = part {
            Some(ip.into())
        } else {
            None
        }
    })
}

fn key_of(address: IpAddr) -> u64 {
    match address.to_canonical() {
        IpAddr::V4(ip) => u64::from(ip.to_bits()),
        IpAddr::V6(ip) => u64::try_from(ip.to_bits() >> 64).expect("64 bits remain") | 1 << 63,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn a_burst_then_one_at_a_time_and_others_unharmed() {
        let (mut arrivals, start) = (Knocks::default(), Instant::now());
        let (flood, member) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let admitted = (0..1000).filter(|_| arrivals.admit(start, flood)).count();
        assert_eq!(admitted, RATE_BURST as usize);
        assert!(arrivals.admit(start, member));
        let later = start + RATE_EVERY;
        assert!(arrivals.admit(later, flood));
        assert!(!arrivals.admit(later, flood));
    }

    #[test]
    fn a_flood_over_udp_shuts_nobody_out_who_comes_over_tcp() {
        let (mut arrivals, now) = (Arrivals::default(), Instant::now());
        let mut comes = |remote: &str| arrivals.admit(now, &remote.parse().expect("an address"));
        let forged = |n: usize| format!("/ip4/10.{}.{}.1/udp/7/quic-v1", n >> 8, n & 255);
        let admitted = (0..2 * ARRIVALS_ADDRESSES_MAX).filter(|n| comes(&forged(*n)));
        assert_eq!(admitted.count(), ARRIVALS_ADDRESSES_MAX);
        assert!(comes("/ip4/192.0.2.1/tcp/7"));
        assert!(!comes("/ip4/192.0.2.1/udp/7/quic-v1"));
    }

    #[test]
    fn the_table_is_bounded_and_empties() {
        let (mut arrivals, start) = (Knocks::default(), Instant::now());
        let address = |n: usize| IpAddr::V4(Ipv4Addr::from_bits(u32::try_from(n).unwrap()));
        for n in 0..ARRIVALS_ADDRESSES_MAX {
            assert!(arrivals.admit(start, address(n)));
        }
        assert!(!arrivals.admit(start, address(ARRIVALS_ADDRESSES_MAX)));
        assert!(
            arrivals.admit(start, address(0)),
            "known addresses still come in"
        );
        let later = start + 2 * RATE_EVERY;
        assert!(arrivals.admit(later, address(ARRIVALS_ADDRESSES_MAX)));
    }
}
