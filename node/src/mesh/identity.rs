//! A node's `SubjectId` and its libp2p `PeerId` are the same Ed25519 public key, written twice.

use guichet_keys::SubjectId;
use libp2p::identity::{Keypair, PublicKey, ed25519};
use libp2p::{Multiaddr, PeerId, multiaddr::Protocol};

use super::limits::ADDRESS_BYTES_MAX;

/// The node's key pair from the 32 bytes of its Ed25519 seed.
pub(super) fn keypair(seed: &[u8; 32]) -> Keypair {
    let secret = ed25519::SecretKey::try_from_bytes(*seed).expect("any 32 bytes are a seed");
    ed25519::Keypair::from(secret).into()
}

/// The peer of a subject; none if the bytes are no point of the curve.
pub(super) fn peer_of(subject: &SubjectId) -> Option<PeerId> {
    let key = ed25519::PublicKey::try_from_bytes(subject.as_bytes()).ok()?;
    Some(PublicKey::from(key).to_peer_id())
}

/// The subject of a peer; none if its key is not Ed25519.
pub(super) fn subject_of(peer: &PeerId) -> Option<SubjectId> {
    let key = PublicKey::try_decode_protobuf(peer.as_ref().digest()).ok()?;
    Some(SubjectId::from(key.try_into_ed25519().ok()?.to_bytes()))
}

/// A dialable TCP address, without the peer it leads to; none for anything else.
pub(super) fn dialable(text: &str) -> Option<Multiaddr> {
    if text.len() > ADDRESS_BYTES_MAX {
        return None;
    }
    let address: Multiaddr = text.parse().ok()?;
    without_peer(&address)
}

/// As `dialable`, for an address already parsed.
pub(super) fn without_peer(address: &Multiaddr) -> Option<Multiaddr> {
    let mut parts: Vec<Protocol> = address.iter().collect();
    if let Some(Protocol::P2p(_)) = parts.last() {
        parts.pop();
    }
    let host = |part: &Protocol| match part {
        Protocol::Ip4(ip) => !ip.is_unspecified(),
        Protocol::Ip6(ip) => !ip.is_unspecified(),
        other => matches!(
            other,
            Protocol::Dns(_) | Protocol::Dns4(_) | Protocol::Dns6(_)
        ),
    };
    match parts.as_slice() {
        [first, Protocol::Tcp(port)] if host(first) && *port != 0 => {
            Some(parts.into_iter().collect())
        }
        _ => None,
    }
}

/// The numeric host of an address, as an address of its own.
pub(super) fn host_of(address: &Multiaddr) -> Option<String> {
    match address.iter().next()? {
        host @ (Protocol::Ip4(_) | Protocol::Ip6(_)) => Some(Multiaddr::from(host).to_string()),
        _ => None,
    }
}

/// Where QUIC is to be found beside this TCP address: at the UDP port of the same number.
pub(super) fn quic_beside(address: &Multiaddr) -> Option<Multiaddr> {
    let mut parts = address.iter();
    let (Some(host), Some(Protocol::Tcp(port)), None) = (parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    let udp = Multiaddr::from(host).with(Protocol::Udp(port));
    Some(udp.with(Protocol::QuicV1))
}

/// The same addresses with QUIC beside each, which comes first.
pub(super) fn over_both(addresses: &[Multiaddr]) -> Vec<Multiaddr> {
    let quic = addresses.iter().filter_map(quic_beside);
    quic.chain(addresses.iter().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subject_and_peer_are_one_key() {
        let peer = keypair(&[7; 32]).public().to_peer_id();
        let subject = subject_of(&peer).expect("an Ed25519 peer");
        assert_eq!(peer_of(&subject), Some(peer));
    }

    #[test]
    fn quic_has_the_number_of_the_tcp_port() {
        let check = |text: &str, expected: Option<&str>| {
            let address = text.parse().expect("an address");
            let beside = quic_beside(&address).map(|address| address.to_string());
            assert_eq!(beside.as_deref(), expected, "{text}");
        };
        check(
            "/ip4/0.0.0.0/tcp/7101",
            Some("/ip4/0.0.0.0/udp/7101/quic-v1"),
        );
        check(
            "/dns/relais.example/tcp/7",
            Some("/dns/relais.example/udp/7/quic-v1"),
        );
        check("/ip4/10.0.0.1/udp/7/quic-v1", None);
        let peer = keypair(&[7; 32]).public().to_peer_id();
        check(&format!("/ip4/10.0.0.1/tcp/7/p2p/{peer}/p2p-circuit"), None);
    }

    #[test]
    fn only_tcp_addresses_are_dialled() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(
                dialable(text).map(|a| a.to_string()).as_deref(),
                expected,
                "{text}"
            );
        };
        check("/ip4/10.0.0.1/tcp/4001", Some("/ip4/10.0.0.1/tcp/4001"));
        check(
            "/dns/relais.example/tcp/4001",
            Some("/dns/relais.example/tcp/4001"),
        );
        let peer = keypair(&[7; 32]).public().to_peer_id();
        check(
            &format!("/ip6/::1/tcp/9/p2p/{peer}"),
            Some("/ip6/::1/tcp/9"),
        );
        check(&format!("/ip6/::1/tcp/9/p2p/{peer}/p2p-circuit"), None);
        check("/ip4/0.0.0.0/tcp/4001", None);
        check("/ip4/10.0.0.1/tcp/0", None);
        check("/ip4/10.0.0.1/udp/4001/quic-v1", None);
        check("/dnsaddr/relais.example", None);
        check("", None);
        check(&format!("/dns/{}/tcp/1", "a".repeat(300)), None);
    }

    #[test]
    fn no_address_ends_who_reads_it() {
        let samples = [
            "/ip4/192.168.1.7/tcp/4001",
            "/dns4/relais.example.org/tcp/7101",
        ];
        crate::hostile::drive_text(&samples, |text| {
            let address = dialable(text);
            if let Some(address) = &address {
                let _others = (
                    without_peer(address),
                    host_of(address),
                    quic_beside(address),
                );
            }
            address.is_some()
        });
    }
}
