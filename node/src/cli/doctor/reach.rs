//! Who can reach a node, and whom it reaches: its ports, and its relays.

use std::cmp::Reverse;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::time::Duration;

use guichet_keys::Role;
use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;
use tokio::time::timeout;

use super::{Finding, Process};
use crate::config::{Config, FILE};
use crate::folder::{self, private};

const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// A port of a node, and what is to be had at it.
struct Port {
    check: &'static str,
    key: &'static str,
    address: SocketAddr,
    carriers: &'static [Carrier],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Carrier {
    Tcp,
    /// Of calls, which need it.
    Udp,
    /// Of QUIC, beside TCP.
    UdpToo,
}

/// The ports: of the node if it runs, free for it if it does not.
pub(super) fn ports(dir: &Path, config: &Config, role: Role, process: Process) -> Vec<Finding> {
    const MESH: &[Carrier] = &[Carrier::Tcp, Carrier::UdpToo];
    let page = match process {
        Process::Running => local_address(dir),
        Process::Stopped => None,
    };
    let page = page.unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, config.port)));
    let port = |check, key, port, carriers| Port {
        check,
        key,
        address: SocketAddr::from((config.mesh_host, port)),
        carriers,
    };
    let mut ports = vec![
        Port {
            check: "pages",
            key: "port",
            address: page,
            carriers: &[Carrier::Tcp],
        },
        port("mesh", "mesh_port", config.mesh_port, MESH),
        port("porch", "porch_port", config.porch_port, MESH),
    ];
    if role != Role::Relay {
        let calls = &[Carrier::Udp];
        ports.push(port("media", "media_port", config.media_port, calls));
    }
    ports.iter().map(|port| port.look(process)).collect()
}

impl Port {
    /// The first ill of it, or that there is none.
    fn look(&self, process: Process) -> Finding {
        if self.address.port() == 0 {
            return Finding::ok(self.check, "any free port, by the settings");
        }
        let findings = self.carriers.iter().map(|carrier| match process {
            Process::Running => self.is_used(*carrier),
            Process::Stopped => self.is_free(*carrier),
        });
        let worst = findings.min_by_key(|finding| Reverse(finding.verdict));
        worst.unwrap_or_else(|| Finding::ok(self.check, "nothing is to be had at it"))
    }

    fn is_free(&self, carrier: Carrier) -> Finding {
        let Self { key, address, .. } = self;
        let bound = match carrier {
            Carrier::Tcp => TcpListener::bind(address).map(drop),
            Carrier::Udp | Carrier::UdpToo => UdpSocket::bind(address).map(drop),
        };
        let place = carrier.at(address);
        match bound {
            Ok(()) => Finding::ok(self.check, format!("{place} is free")),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => self.missing(
                carrier,
                format!("{place} is taken by another program"),
                format!("stop that program, or set another `{key}` in {FILE}"),
            ),
            Err(error) => self.missing(
                carrier,
                format!("{place} cannot be had: {error}"),
                format!("set another `{key}` or `mesh_host` in {FILE}"),
            ),
        }
    }

    fn is_used(&self, carrier: Carrier) -> Finding {
        let Self { key, address, .. } = self;
        let place = carrier.at(address);
        let trouble = match carrier {
            Carrier::Tcp => answers(*address)
                .err()
                .map(|error| format!("{place} does not answer: {error}")),
            Carrier::Udp | Carrier::UdpToo => match UdpSocket::bind(address) {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => None,
                Ok(_) | Err(_) => Some(format!("does not hold {place}")),
            },
        };
        match (trouble, carrier) {
            (None, Carrier::Tcp) => Finding::ok(self.check, format!("{place} answers")),
            (None, _) => Finding::ok(self.check, format!("{place} is held")),
            (Some(trouble), _) => self.missing(
                carrier,
                format!("the node runs and {trouble}"),
                format!("look at its log; if `{key}` was changed since it started, restart it"),
            ),
        }
    }

    fn missing(&self, carrier: Carrier, found: String, advice: String) -> Finding {
        if carrier == Carrier::UdpToo {
            let found = format!("{found}: TCP alone has to do");
            return Finding::warn(self.check, found, advice);
        }
        Finding::ill(self.check, found, advice)
    }
}

impl Carrier {
    fn at(self, address: &SocketAddr) -> String {
        match self {
            Self::Tcp => address.to_string(),
            Self::Udp | Self::UdpToo => format!("{address} (UDP)"),
        }
    }
}

/// The relays: a connection to each, as far as TCP goes.
pub(super) async fn relays(config: &Config, role: Role) -> Vec<Finding> {
    let check = "relay";
    if config.relays.is_empty() && role != Role::Relay {
        let found = "the settings name none: only nodes on the same network are reached";
        let advice = format!("name one in `relays` of {FILE}");
        return vec![Finding::warn(check, found, advice)];
    }
    let mut findings = Vec::new();
    for relay in &config.relays {
        for (place, address) in [("mesh", &relay.mesh), ("porch", &relay.porch)] {
            let found = format!("{place} {address}");
            findings.push(match connect(address).await {
                Ok(()) => Finding::ok(check, format!("{found} answers")),
                Err(error) => Finding::ill(
                    check,
                    format!("{found} does not answer: {error}"),
                    "see that the relay runs, and that this machine's network lets it through",
                ),
            });
        }
    }
    findings
}

fn local_address(dir: &Path) -> Option<SocketAddr> {
    let written =
        private::read_public(&folder::contact::find(dir).join(folder::LOCAL_ADDRESS), 64).ok()?;
    std::str::from_utf8(&written).ok()?.trim().parse().ok()
}

fn answers(mut address: SocketAddr) -> io::Result<()> {
    if address.ip().is_unspecified() {
        address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    TcpStream::connect_timeout(&address, CONNECT_WITHIN).map(drop)
}

async fn connect(address: &Multiaddr) -> io::Result<()> {
    let unusable = || io::Error::other("it is no TCP address");
    let (host, port) = host_and_port(address).ok_or_else(unusable)?;
    let connecting = tokio::net::TcpStream::connect((host.as_str(), port));
    let connected = timeout(CONNECT_WITHIN, connecting).await;
    connected.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    Ok(())
}

fn host_and_port(address: &Multiaddr) -> Option<(String, u16)> {
    let mut steps = address.iter();
    let host = steps.next()?;
    let Some(Protocol::Tcp(port)) = steps.next() else {
        return None;
    };
    if let Protocol::Ip4(host) = host {
        return Some((host.to_string(), port));
    }
    if let Protocol::Ip6(host) = host {
        return Some((host.to_string(), port));
    }
    if let Protocol::Dns(name) | Protocol::Dns4(name) | Protocol::Dns6(name) = host {
        return Some((name.into_owned(), port));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_s_address_is_read() {
        let check = |text: &str, expected: Option<(&str, u16)>| {
            let read = host_and_port(&text.parse().expect("a multiaddr"));
            assert_eq!(read, expected.map(|(host, port)| (host.to_owned(), port)));
        };
        check("/ip4/10.0.0.1/tcp/7101", Some(("10.0.0.1", 7101)));
        check("/ip6/::1/tcp/7101", Some(("::1", 7101)));
        check("/dns4/example.org/tcp/7201", Some(("example.org", 7201)));
        check("/ip4/10.0.0.1/udp/7101", None);
        check("/ip4/10.0.0.1", None);
    }
}
