//! Ports that are free when a network is made, and kept from then on.

use std::io;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};

/// `count` different ports on which nothing listens now, over TCP or over UDP.
///
/// They lie below the range from which the kernel takes ports for outgoing connections, so that a
/// stopped node finds its ports free again.
pub fn free(count: usize) -> io::Result<Vec<u16>> {
    let mut found = Vec::with_capacity(count);
    let start = u16::from_be_bytes(crate::entropy::bytes()) % SPAN;
    for offset in 0..SPAN {
        if found.len() == count {
            return Ok(found);
        }
        let port = FIRST + (start + offset) % SPAN;
        let at = (Ipv4Addr::UNSPECIFIED, port);
        if TcpListener::bind(at).is_ok() && UdpSocket::bind(at).is_ok() {
            found.push(port);
        }
    }
    Err(io::ErrorKind::AddrInUse.into())
}

const FIRST: u16 = 12_000;
const SPAN: u16 = 20_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ports_are_different_and_free() {
        let mut ports = free(40).expect("there are free ports");
        for port in &ports {
            TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).expect("free");
            UdpSocket::bind((Ipv4Addr::LOCALHOST, *port)).expect("free");
        }
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 40);
    }
}
