//! The way a connection takes to its peer.

use guichet_keys::SubjectId;
use libp2p::Multiaddr;
use libp2p::core::ConnectedPoint;
use libp2p::multiaddr::Protocol;

use super::identity::subject_of;
use super::supervisor::Path;

/// What carries a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// Straight to the peer over TCP.
    Tcp,
    /// Straight to the peer over QUIC.
    Quic,
    /// A circuit through this relay, over whatever leads to it.
    Relayed(SubjectId),
}

impl Route {
    /// The way of a connection; none for a circuit through a relay whose key is no member's.
    pub(super) fn of(endpoint: &ConnectedPoint) -> Option<Self> {
        let far = endpoint.get_remote_address();
        if endpoint.is_relayed() {
            let through = match endpoint {
                ConnectedPoint::Dialer { address, .. } => address,
                ConnectedPoint::Listener { local_addr, .. } => local_addr,
            };
            return relay_in(through).map(Self::Relayed);
        }
        let quic = far.iter().any(|part| part == Protocol::QuicV1);
        Some(if quic { Self::Quic } else { Self::Tcp })
    }

    pub(super) fn path(self) -> Path {
        match self {
            Self::Tcp | Self::Quic => Path::Direct,
            Self::Relayed(_) => Path::Relayed,
        }
    }
}

/// The relay of a circuit: whoever stands before it in the address.
fn relay_in(address: &Multiaddr) -> Option<SubjectId> {
    let mut last = None;
    for part in address {
        match part {
            Protocol::P2p(peer) => last = Some(peer),
            Protocol::P2pCircuit => return last.as_ref().and_then(subject_of),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use libp2p::core::Endpoint;
    use libp2p::core::transport::PortUse;

    use super::*;
    use crate::mesh::identity::keypair;

    fn dialled(address: &str) -> ConnectedPoint {
        ConnectedPoint::Dialer {
            address: address.parse().expect("an address"),
            role_override: Endpoint::Dialer,
            port_use: PortUse::New,
        }
    }

    #[test]
    fn the_way_is_read_from_the_end_that_knows_it() {
        let (relay, peer) = (keypair(&[1; 32]).public(), keypair(&[2; 32]).public());
        let subject = subject_of(&relay.to_peer_id()).expect("an Ed25519 key");
        let (relay, peer) = (relay.to_peer_id(), peer.to_peer_id());
        let check = |endpoint: &ConnectedPoint, expected| {
            assert_eq!(Route::of(endpoint), expected, "{endpoint:?}");
        };
        check(&dialled("/ip4/10.0.0.1/tcp/4001"), Some(Route::Tcp));
        check(
            &dialled("/ip4/10.0.0.1/udp/4001/quic-v1"),
            Some(Route::Quic),
        );
        let circuit = format!("/ip4/10.0.0.1/tcp/1/p2p/{relay}/p2p-circuit");
        let through = Some(Route::Relayed(subject));
        check(&dialled(&format!("{circuit}/p2p/{peer}")), through);
        let arrived = ConnectedPoint::Listener {
            local_addr: circuit.parse().expect("an address"),
            send_back_addr: format!("/p2p/{peer}").parse().expect("an address"),
        };
        check(&arrived, through);
        check(&dialled("/ip4/10.0.0.1/tcp/1/p2p-circuit"), None);
    }
}
