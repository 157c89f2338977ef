//! Who can reach a node, and whom it reaches: its ports, and its relays.

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

/// The ports: of the node if it runs, free for it if it does not.
pub(super) fn ports(dir: &Path, config: &Config, role: Role, process: Process) -> Vec<Finding> {
    let page = match process {
        Process::Running => local_address(dir),
        Process::Stopped => None,
    };
    let page = page.unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, config.port)));
    let mesh = |port| SocketAddr::from((config.mesh_host, port));
    let mut ports = vec![
        ("pages", "port", page),
        ("mesh", "mesh_port", mesh(config.mesh_port)),
        ("porch", "porch_port", mesh(config.porch_port)),
    ];
    if role != Role::Relay {
        ports.push(("media", "media_port", mesh(config.media_port)));
    }
    ports
        .into_iter()
        .map(|(check, key, address)| match (process, check) {
            _ if address.port() == 0 => Finding::ok(check, "any free port, by the settings"),
            (Process::Running, "media") => held(address),
            (Process::Running, _) => answers(check, key, address),
            (Process::Stopped, "media") => free(check, key, address, bind_udp(address)),
            (Process::Stopped, _) => free(check, key, address, bind_tcp(address)),
        })
        .collect()
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
    let written = private::read_public(&dir.join(folder::LOCAL_ADDRESS), 64).ok()?;
    std::str::from_utf8(&written).ok()?.trim().parse().ok()
}

fn bind_tcp(address: SocketAddr) -> io::Result<()> {
    TcpListener::bind(address).map(drop)
}

fn bind_udp(address: SocketAddr) -> io::Result<()> {
    UdpSocket::bind(address).map(drop)
}

fn free(check: &'static str, key: &str, address: SocketAddr, bound: io::Result<()>) -> Finding {
    match bound {
        Ok(()) => Finding::ok(check, format!("{address} is free")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Finding::ill(
            check,
            format!("{address} is taken by another program"),
            format!("stop that program, or set another `{key}` in {FILE}"),
        ),
        Err(error) => Finding::ill(
            check,
            format!("{address} cannot be had: {error}"),
            format!("set another `{key}` or `mesh_host` in {FILE}"),
        ),
    }
}

fn answers(check: &'static str, key: &str, address: SocketAddr) -> Finding {
    let mut asked = address;
    if asked.ip().is_unspecified() {
        asked.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    match TcpStream::connect_timeout(&asked, CONNECT_WITHIN) {
        Ok(_) => Finding::ok(check, format!("{address} answers")),
        Err(error) => Finding::ill(
            check,
            format!("the node runs and {address} does not answer: {error}"),
            format!("look at its log; if `{key}` was changed since it started, restart it"),
        ),
    }
}

fn held(address: SocketAddr) -> Finding {
    match bind_udp(address) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            Finding::ok("media", format!("{address} (UDP) is held"))
        }
        Ok(()) | Err(_) => Finding::ill(
            "media",
            format!("the node runs and does not hold {address} (UDP)"),
            "look at its log; if `media_port` was changed since it started, restart it",
        ),
    }
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
