//! The addresses of this machine.

use std::io;
use std::net::{IpAddr, Ipv4Addr};

/// Most addresses that media is offered on.
const HOSTS_MAX: usize = 4;

/// Where media can be reached when the mesh listens on `listen`: there, or, if that is any address,
/// on those of the network interfaces that are up; loopback only where there is nothing else.
///
/// # Errors
/// What the system says when it is asked for its interfaces.
pub fn hosts(listen: IpAddr) -> io::Result<Vec<IpAddr>> {
    if !listen.is_unspecified() {
        return Ok(vec![listen]);
    }
    let addresses = if_addrs::get_if_addrs()?;
    let mut hosts: Vec<IpAddr> = addresses
        .iter()
        .filter(|interface| !interface.is_loopback() && !interface.is_link_local())
        .map(if_addrs::Interface::ip)
        .filter(|host| host.is_ipv4() || listen.is_ipv6())
        .collect();
    hosts.sort_unstable();
    hosts.dedup();
    hosts.truncate(HOSTS_MAX);
    if hosts.is_empty() {
        hosts.push(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    Ok(hosts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_given_address_is_taken_and_any_address_becomes_real_ones() {
        let given = IpAddr::from([192, 0, 2, 7]);
        assert_eq!(hosts(given).expect("given"), [given]);
        let any = hosts(Ipv4Addr::UNSPECIFIED.into()).expect("asked");
        assert!(!any.is_empty() && any.iter().all(|host| !host.is_unspecified()));
    }
}
