//! Where a member is, as one relay sees it, and whether its private addresses mean the same here.
//!
//! A relay tells of each member the addresses at which it listens, and the host under which the
//! relay sees it, as an address without a port. Two that are seen under one host are behind one
//! router. Who listens at the very host under which it is seen is not behind any: two such, seen
//! under private hosts, share the network that the relay is in.

use std::net::{IpAddr, Ipv6Addr};

/// A member as a relay sees it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    at: Option<IpAddr>,
    listens: Vec<(IpAddr, String)>,
}

impl Seen {
    /// Reads what a relay told.
    pub fn read(addresses: &[String]) -> Self {
        let mut seen = Self::default();
        for address in addresses {
            let mut parts = address.split('/').skip(1);
            let (kind, host, port) = (parts.next(), parts.next(), parts.next());
            let (Some("ip4" | "ip6"), Some(host)) = (kind, host) else {
                continue;
            };
            match (host.parse::<IpAddr>(), port) {
                (Ok(host), None) => seen.at = Some(host.to_canonical()),
                (Ok(host), Some(_)) => seen.listens.push((host.to_canonical(), address.clone())),
                (Err(_), _) => {}
            }
        }
        seen
    }

    /// Whether both are on one network.
    pub fn is_beside(&self, me: &Self) -> bool {
        let (Some(here), Some(there)) = (me.at, self.at) else {
            return false;
        };
        let behind_one_router = site(here) == site(there);
        let around_the_relay =
            is_private(here) && is_private(there) && me.listens_at(here) && self.listens_at(there);
        behind_one_router || around_the_relay
    }

    /// The addresses at which it may be dialled by who is seen as `me` by the same relay.
    pub fn dialable_from(&self, me: Option<&Self>) -> impl Iterator<Item = &String> {
        let beside = me.is_some_and(|me| self.is_beside(me));
        let reached = move |host: IpAddr| {
            if is_own_or_link(host) {
                beside && self.at == Some(host) && host.is_loopback()
            } else {
                beside || !is_private(host)
            }
        };
        let listens = self.listens.iter().filter(move |(host, _)| reached(*host));
        listens.map(|(_, address)| address)
    }

    fn listens_at(&self, host: IpAddr) -> bool {
        self.listens.iter().any(|(listens, _)| *listens == host)
    }
}

/// What one subscriber has: an IPv4 address, or an IPv6 /64.
fn site(host: IpAddr) -> IpAddr {
    match host {
        IpAddr::V4(_) => host,
        IpAddr::V6(six) => {
            let prefix = u128::from(six) & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from(prefix))
        }
    }
}

/// Whether a host means this machine, or one on this wire.
fn is_own_or_link(host: IpAddr) -> bool {
    match host {
        IpAddr::V4(four) => four.is_loopback() || four.is_link_local(),
        IpAddr::V6(six) => six.is_loopback() || six.is_unicast_link_local(),
    }
}

/// Whether a host means different machines on different networks.
fn is_private(host: IpAddr) -> bool {
    match host {
        IpAddr::V4(four) => {
            let [a, b, ..] = four.octets();
            let shared = a == 100 && (64..128).contains(&b);
            four.is_private() || shared || is_own_or_link(host)
        }
        IpAddr::V6(six) => six.is_unique_local() || is_own_or_link(host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(addresses: &[&str]) -> Seen {
        let addresses: Vec<String> = addresses.iter().map(|it| (*it).to_owned()).collect();
        Seen::read(&addresses)
    }

    fn dialled(me: &[&str], other: &[&str]) -> Vec<String> {
        let (me, other) = (seen(me), seen(other));
        other.dialable_from(Some(&me)).cloned().collect()
    }

    const LAN_A: [&str; 2] = ["/ip4/203.0.113.7", "/ip4/192.168.1.10/tcp/4001"];
    const LAN_A_TOO: [&str; 2] = ["/ip4/203.0.113.7", "/ip4/192.168.1.20/tcp/4001"];
    const LAN_B: [&str; 2] = ["/ip4/198.51.100.9", "/ip4/192.168.1.20/tcp/4001"];
    const PUBLIC: [&str; 2] = ["/ip4/198.51.100.4", "/ip4/198.51.100.4/tcp/4001"];

    #[test]
    fn a_private_address_is_dialled_within_one_network_only() {
        assert_eq!(dialled(&LAN_A, &LAN_A_TOO), [LAN_A_TOO[1]]);
        assert_eq!(dialled(&LAN_A, &LAN_B), [""; 0]);
        assert_eq!(dialled(&PUBLIC, &LAN_B), [""; 0]);
        assert_eq!(dialled(&LAN_A, &PUBLIC), [PUBLIC[1]]);
        let unseen = seen(&LAN_A_TOO[1..]);
        assert_eq!(unseen.dialable_from(Some(&seen(&LAN_A))).count(), 0);
        assert_eq!(seen(&LAN_A_TOO).dialable_from(None).count(), 0);
    }

    #[test]
    fn around_a_private_relay_those_behind_no_router_reach_each_other() {
        let one = ["/ip4/10.77.1.2", "/ip4/10.77.1.2/tcp/4001"];
        let other = ["/ip4/10.77.2.2", "/ip4/10.77.2.2/tcp/4001"];
        let behind = ["/ip4/10.77.3.1", "/ip4/192.168.1.20/tcp/4001"];
        assert_eq!(dialled(&one, &other), [other[1]]);
        assert_eq!(dialled(&one, &behind), [""; 0]);
        assert_eq!(dialled(&behind, &one), [""; 0]);
    }

    #[test]
    fn what_only_means_this_machine_is_dialled_on_this_machine() {
        let one = ["/ip4/127.0.0.1", "/ip4/127.0.0.1/tcp/4001"];
        let other = ["/ip4/127.0.0.1", "/ip4/127.0.0.1/tcp/4002"];
        assert_eq!(dialled(&one, &other), [other[1]]);
        let sly = [
            "/ip4/203.0.113.7",
            "/ip4/127.0.0.1/tcp/22",
            "/ip4/169.254.1.1/tcp/4",
        ];
        assert_eq!(dialled(&LAN_A, &sly), [""; 0]);
    }

    #[test]
    fn one_subscriber_holds_a_64_of_ipv6() {
        let one = ["/ip6/2001:db8:1:2::10", "/ip4/192.168.1.10/tcp/4001"];
        let beside = ["/ip6/2001:db8:1:2::20", "/ip4/192.168.1.20/tcp/4001"];
        let away = [
            "/ip6/2001:db8:1:3::20",
            "/ip6/fd00::20/tcp/4001",
            "/ip6/fe80::1/tcp/4",
        ];
        assert_eq!(dialled(&one, &beside), [beside[1]]);
        assert_eq!(dialled(&one, &away), [""; 0]);
        let global = ["/ip6/2001:db8:9::1", "/ip6/2001:db8:9::1/tcp/4001"];
        assert_eq!(dialled(&one, &global), [global[1]]);
    }

    #[test]
    fn what_is_no_address_is_nothing() {
        let odd = [
            "",
            "/",
            "/ip4",
            "/ip4/",
            "/ip4/x/tcp/1",
            "/dns/a.example/tcp/1",
            "ip4/1.2.3.4",
        ];
        let read = seen(&odd);
        assert_eq!(read.at, None);
        assert_eq!(read.listens, []);
    }

    #[test]
    fn no_roster_ends_who_reads_it() {
        let sample = "/ip4/192.168.1.7/tcp/4001 /ip6/fe80::1/udp/4001/quic-v1 /ip4/82.64.1.2";
        crate::hostile::drive_text(&[sample], |text| {
            let addresses: Vec<String> = text.split(' ').map(str::to_owned).collect();
            let seen = Seen::read(&addresses);
            let _dialable = seen.dialable_from(Some(&seen)).count();
            seen.at.is_some() && seen.listens.len() == 2
        });
    }
}
