//! Token buckets, and one of them per address that knocks. IPv6 addresses count by their /64, which
//! is what one subscriber holds. Where the table is full, addresses not in it are refused until
//! buckets fill up again and leave it. Over UDP anybody can write any address on a packet: QUIC has
//! a table of its own, and half of the places for handshakes at most, so that forged addresses do
//! not keep out who comes over TCP.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::{ConnectionDenied, ConnectionId, FromSwarm};

use super::Denied;
use crate::mesh::limits::{ARRIVALS_ADDRESSES_MAX, RATE_BURST, RATE_EVERY};

/// How often each address has knocked lately, and whose handshake over QUIC is under way.
#[derive(Debug)]
pub(in crate::mesh) struct Arrivals {
    tcp: Knocks,
    quic: Knocks,
    quic_handshakes: BTreeSet<ConnectionId>,
    quic_handshakes_max: usize,
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
    /// Nobody has come yet; there are so many places for handshakes.
    pub fn new(handshakes_max: u32) -> Self {
        Self {
            tcp: Knocks::default(),
            quic: Knocks::default(),
            quic_handshakes: BTreeSet::new(),
            quic_handshakes_max: handshakes_max as usize / 2,
        }
    }

    /// Counts an arrival now; an error if its address has come too often, or if QUIC has its share
    /// of handshakes. Circuits have no address.
    pub fn check(
        &mut self,
        connection: ConnectionId,
        remote: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        match self.admit(Instant::now(), connection, remote) {
            true => Ok(()),
            false => Err(ConnectionDenied::new(Denied::TooOften)),
        }
    }

    /// To be told everything that the swarm tells: handshakes end.
    pub fn on_swarm_event(&mut self, event: &FromSwarm) {
        if let FromSwarm::ConnectionEstablished(established) = event {
            self.quic_handshakes.remove(&established.connection_id);
        } else if let FromSwarm::ListenFailure(failure) = event {
            self.quic_handshakes.remove(&failure.connection_id);
        }
    }

    fn admit(&mut self, now: Instant, connection: ConnectionId, remote: &Multiaddr) -> bool {
        let quic = remote.iter().any(|part| part == Protocol::QuicV1);
        if quic && self.quic_handshakes.len() >= self.quic_handshakes_max {
            return false;
        }
        let knocks = if quic { &mut self.quic } else { &mut self.tcp };
        let admitted = address_of(remote).is_none_or(|address| knocks.admit(now, address));
        if quic && admitted {
            self.quic_handshakes.insert(connection);
        }
        admitted
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
    use libp2p::swarm::{ListenError, behaviour::ListenFailure};
    use std::net::Ipv4Addr;

    fn forged(n: usize) -> String {
        format!("/ip4/10.{}.{}.1/udp/7/quic-v1", n >> 8, n & 255)
    }

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
        let (mut arrivals, now) = (Arrivals::new(u32::MAX), Instant::now());
        let mut comes = |remote: &str| {
            let connection = ConnectionId::new_unchecked(0);
            arrivals.admit(now, connection, &remote.parse().expect("an address"))
        };
        let admitted = (0..2 * ARRIVALS_ADDRESSES_MAX).filter(|n| comes(&forged(*n)));
        assert_eq!(admitted.count(), ARRIVALS_ADDRESSES_MAX);
        assert!(comes("/ip4/192.0.2.1/tcp/7"));
        assert!(!comes("/ip4/192.0.2.1/udp/7/quic-v1"));
    }

    #[test]
    fn quic_has_half_of_the_handshakes_and_gets_them_back() {
        let (mut arrivals, now) = (Arrivals::new(8), Instant::now());
        let ids = [0, 1, 2, 3, 4].map(ConnectionId::new_unchecked);
        let came = ids.map(|id| {
            let forged = forged(1).parse().expect("an address");
            arrivals.admit(now, id, &forged)
        });
        assert_eq!(came, [true, true, true, true, false]);
        let tcp = "/ip4/192.0.2.1/tcp/7".parse().expect("an address");
        assert!(arrivals.admit(now, ids[4], &tcp));

        let (local_addr, send_back_addr) = (Multiaddr::empty(), Multiaddr::empty());
        arrivals.on_swarm_event(&FromSwarm::ListenFailure(ListenFailure {
            local_addr: &local_addr,
            send_back_addr: &send_back_addr,
            error: &ListenError::Aborted,
            connection_id: ids[0],
            peer_id: None,
        }));
        assert!(arrivals.admit(now, ids[4], &forged(1).parse().expect("an address")));
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
