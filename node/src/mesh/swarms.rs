//! The two swarms, on ports of their own, with the same key. Each speaks QUIC, and beside it TCP
//! with Noise and Yamux at the port of the same number, for lines that let only one of them through.
//!
//! QUIC is tried first and TCP some 60 ms later (250 ms and more over the Internet); who answers
//! first is kept, and the other try is dropped. So where both pass it is QUIC, unless a machine is
//! too busy to answer in those 60 ms. QUIC is there after one round trip instead of four, and a
//! packet that is lost holds up its own stream only, so that neither a signal nor an edit waits for
//! a lost piece of a page. What speaks for TCP, the kernel's congestion control, counts little
//! here: how much is on its way is decided above (`sync`'s window). A connection stays on what it
//! began with; when that stops passing, the peer is silent, and is dialled over both again: first
//! over TCP alone, if it was QUIC that never stood for long.

mod brief;

use std::num::NonZeroU32;
use std::time::Duration;

use libp2p::connection_limits::{self, ConnectionLimits};
use libp2p::core::muxing::StreamMuxerBox;
use libp2p::core::transport::{Boxed, OrTransport};
use libp2p::core::upgrade::Version;
use libp2p::dns::{ResolverConfig, ResolverOpts};
use libp2p::identity::Keypair;
use libp2p::swarm::NetworkBehaviour;
use libp2p::swarm::behaviour::toggle::Toggle;
use libp2p::{PeerId, Swarm, Transport, dns, identify, noise, quic, relay, swarm, tcp, yamux};

use super::gate::Gate;
use super::limits::{
    CIRCUIT_LIFETIME, CIRCUITS_MAX, CIRCUITS_PER_PEER_MAX, CONNECTIONS_MAX, HANDSHAKE,
    HANDSHAKES_MAX, PER_PEER_MAX, PORCH_CONNECTIONS_MAX, PORCH_IDLE, PORCH_PER_PEER_MAX,
    PORCH_STREAMS_MAX, QUIC_CONNECTION_BYTES, QUIC_HANDSHAKE, QUIC_IDLE, QUIC_STREAM_BYTES,
    RELAY_REQUESTS_BURST, RELAY_REQUESTS_EVERY, RESERVATIONS_MAX, STREAMS_MAX,
};
use super::link::{self, Links};
use super::meter::Meters;
use super::ping::Pings;
use super::porch::Porch;
use brief::Brief;

/// What members speak with each other. The gate comes first.
#[derive(NetworkBehaviour)]
pub(super) struct Main {
    pub gate: Gate,
    meters: Meters,
    limits: connection_limits::Behaviour,
    pub links: Links,
    pub signals: Links,
    pub pings: Pings,
    identify: identify::Behaviour,
    circuits: relay::client::Behaviour,
    relay: Toggle<relay::Behaviour>,
}

/// What anybody may speak.
#[derive(NetworkBehaviour)]
pub(super) struct Outside {
    limits: connection_limits::Behaviour,
    pub porch: Porch,
}

/// Whether this node carries circuits of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// A relay: it does.
    Relay,
    /// A kiosk or a station: it does not.
    Member,
}

/// The swarm behind the gate.
pub(super) fn main_swarm(key: &Keypair, duty: Duty) -> Swarm<Main> {
    let own = key.public().to_peer_id();
    let (circuit_transport, circuits) = relay::client::new(own);
    let circuits_secured = secured(key, circuit_transport, STREAMS_MAX);
    let transport = either(circuits_secured, direct(key, STREAMS_MAX));
    let limits = ConnectionLimits::default()
        .with_max_pending_incoming(Some(HANDSHAKES_MAX))
        .with_max_established(Some(CONNECTIONS_MAX))
        .with_max_established_per_peer(Some(PER_PEER_MAX));
    let identify = identify::Config::new("guichet/1".into(), key.public())
        .with_agent_version(concat!("guichet/", env!("CARGO_PKG_VERSION")).into())
        .with_push_listen_addr_updates(true)
        .with_cache_size(0);
    let meters = Meters::new();
    let metered = meters.executor();
    let behaviour = Main {
        gate: Gate::new(),
        meters,
        limits: connection_limits::Behaviour::new(limits),
        links: Links::new(link::SYNC),
        signals: Links::new(link::SIGNAL),
        pings: Pings::default(),
        identify: identify::Behaviour::new(identify),
        circuits,
        relay: (duty == Duty::Relay).then(|| circuit_relay(own)).into(),
    };
    let config = swarm::Config::with_executor(metered)
        .with_idle_connection_timeout(Duration::from_secs(600))
        .with_smart_dial()
        .with_substream_upgrade_protocol_override(Version::V1Lazy);
    Swarm::new(transport, behaviour, own, config)
}

/// The swarm before the gate, which says this hello to everybody.
pub(super) fn porch_swarm(key: &Keypair, hello: Vec<u8>) -> Swarm<Outside> {
    let transport = direct(key, PORCH_STREAMS_MAX);
    let limits = ConnectionLimits::default()
        .with_max_pending_incoming(Some(PORCH_CONNECTIONS_MAX))
        .with_max_established_incoming(Some(PORCH_CONNECTIONS_MAX))
        .with_max_established_per_peer(Some(PORCH_PER_PEER_MAX));
    let behaviour = Outside {
        limits: connection_limits::Behaviour::new(limits),
        porch: Porch::new(hello),
    };
    let config = swarm::Config::with_tokio_executor()
        .with_idle_connection_timeout(PORCH_IDLE)
        .with_smart_dial()
        .with_max_negotiating_inbound_streams(PORCH_STREAMS_MAX)
        .with_substream_upgrade_protocol_override(Version::V1Lazy);
    Swarm::new(transport, behaviour, key.public().to_peer_id(), config)
}

type Secured = Boxed<(PeerId, StreamMuxerBox)>;

/// QUIC and TCP, to numeric addresses and to names.
fn direct(key: &Keypair, streams_max: usize) -> Secured {
    let unnamed = || {
        let tcp = tcp::tokio::Transport::new(tcp::Config::new().nodelay(true));
        either(secured(key, tcp, streams_max), over_quic(key, streams_max))
    };
    let named = dns::tokio::Transport::system(unnamed()).unwrap_or_else(|error| {
        tracing::warn!(%error, "names cannot be resolved, only numeric addresses will be dialled");
        let nobody = ResolverConfig::from_parts(None, vec![], vec![]);
        dns::tokio::Transport::custom(unnamed(), nobody, ResolverOpts::default())
    });
    named.boxed()
}

fn either(one: Secured, other: Secured) -> Secured {
    OrTransport::new(one, other)
        .map(|either, _| either.into_inner())
        .boxed()
}

fn over_quic(key: &Keypair, streams_max: usize) -> Secured {
    let mut config = quic::Config::new(key);
    config.handshake_timeout = QUIC_HANDSHAKE;
    config.max_idle_timeout = u32::try_from(QUIC_IDLE.as_millis()).expect("half a minute");
    config.keep_alive_interval = QUIC_IDLE / 2;
    config.max_concurrent_stream_limit = u32::try_from(streams_max).expect("few");
    config.max_stream_data = QUIC_STREAM_BYTES;
    config.max_connection_data = QUIC_CONNECTION_BYTES;
    quic::tokio::Transport::new(config)
        .map(|(peer, muxer), _| (peer, StreamMuxerBox::new(muxer)))
        .boxed()
}

fn secured<T>(key: &Keypair, transport: T, streams_max: usize) -> Secured
where
    T: Transport + Send + Unpin + 'static,
    T::Output: futures::AsyncRead + futures::AsyncWrite + Unpin + Send + 'static,
    T::Error: Send + Sync,
    T::Dial: Send,
    T::ListenerUpgrade: Send,
{
    let noise = noise::Config::new(key).expect("an Ed25519 key signs the Noise key");
    let mut yamux = yamux::Config::default();
    yamux.set_max_num_streams(streams_max);
    transport
        .upgrade(Version::V1Lazy)
        .authenticate(noise)
        .multiplex(yamux)
        .timeout(HANDSHAKE)
        .map(|(peer, muxer), _| (peer, StreamMuxerBox::new(Brief::new(muxer))))
        .boxed()
}

fn circuit_relay(own: PeerId) -> relay::Behaviour {
    let burst = NonZeroU32::new(RELAY_REQUESTS_BURST).expect("not zero");
    let config = relay::Config {
        max_reservations: RESERVATIONS_MAX,
        reservation_rate_limiters: vec![],
        max_circuits: CIRCUITS_MAX,
        max_circuits_per_peer: CIRCUITS_PER_PEER_MAX,
        max_circuit_duration: CIRCUIT_LIFETIME,
        max_circuit_bytes: 0,
        circuit_src_rate_limiters: vec![],
        ..relay::Config::default()
    };
    let config = config
        .reservation_rate_per_peer(burst, RELAY_REQUESTS_EVERY)
        .circuit_src_per_peer(burst, RELAY_REQUESTS_EVERY);
    let mut behaviour = relay::Behaviour::new(own, config);
    behaviour.set_status(Some(relay::Status::Enable));
    behaviour
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::io;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use futures::{AsyncRead, AsyncWrite};
    use libp2p::core::Endpoint;
    use libp2p::core::muxing::StreamMuxerExt;
    use libp2p::core::transport::{DialOpts, ListenerId, MemoryTransport, PortUse, TransportEvent};
    use tokio::time::timeout;

    use super::*;
    use crate::mesh::identity::keypair;
    use crate::mesh::limits::CLOSING;

    /// A line that takes so many bytes and then no more, as one whose other end is gone.
    struct Dying<T> {
        line: T,
        takes: usize,
    }

    impl<T: AsyncRead + Unpin> AsyncRead for Dying<T> {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            into: &mut [u8],
        ) -> Poll<io::Result<usize>> {
            Pin::new(&mut self.line).poll_read(cx, into)
        }
    }

    impl<T: AsyncWrite + Unpin> AsyncWrite for Dying<T> {
        fn poll_write(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            match self.takes.checked_sub(bytes.len()) {
                None => Poll::Pending,
                Some(left) => {
                    self.takes = left;
                    Pin::new(&mut self.line).poll_write(cx, bytes)
                }
            }
        }

        fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.line).poll_flush(cx)
        }

        fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.line).poll_close(cx)
        }
    }

    #[tokio::test]
    async fn closing_over_a_dead_line_ends() {
        let dying = |line, _| Dying {
            line,
            takes: 128 * 1024,
        };
        let dying = MemoryTransport::default().map(dying);
        let mut near = secured(&keypair(&[1; 32]), dying, STREAMS_MAX);
        let line = MemoryTransport::default();
        let mut far = secured(&keypair(&[2; 32]), line, STREAMS_MAX);
        let any = "/memory/0".parse().expect("an address");
        far.listen_on(ListenerId::next(), any).expect("free");
        let listening = poll_fn(|cx| Pin::new(&mut far).poll(cx)).await;
        let TransportEvent::NewAddress { listen_addr, .. } = listening else {
            panic!("no address, but {listening:?}");
        };
        let options = DialOpts {
            role: Endpoint::Dialer,
            port_use: PortUse::New,
        };
        let dial = near.dial(listen_addr, options).expect("a dial");
        let coming = async {
            let coming = poll_fn(|cx| Pin::new(&mut far).poll(cx)).await;
            let TransportEvent::Incoming { upgrade, .. } = coming else {
                panic!("nobody came, but {coming:?}");
            };
            upgrade.await
        };
        tokio::pin!(coming);
        let (_, mut near) = tokio::select! {
            near = dial => near.expect("secured"),
            _ = &mut coming => panic!("it was to wait for a first stream"),
        };

        let mut stream = poll_fn(|cx| near.poll_outbound_unpin(cx))
            .await
            .expect("room");
        let writing = poll_fn(|cx| {
            while Pin::new(&mut stream).poll_write(cx, &[7; 4096]).is_ready() {}
            near.poll_unpin(cx).map(drop)
        });
        let stuck = timeout(Duration::from_millis(300), writing).await.is_err();
        assert!(stuck, "nobody reads");
        let closing = poll_fn(|cx| near.poll_close_unpin(cx));
        let closed = timeout(CLOSING + Duration::from_secs(1), closing).await;
        assert!(matches!(closed, Ok(Ok(()))), "{closed:?}");
    }
}
