//! UDP sockets, one for each address that is reached by itself.

use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::task::{Context, Poll, ready};

use tokio::io::ReadBuf;
use tokio::net::UdpSocket;

/// How many errors of a socket are passed over before it has to wait.
const ERRORS_MAX: usize = 8;

/// A socket that is not read yet.
pub(super) struct Bound {
    pub address: SocketAddr,
    socket: std::net::UdpSocket,
}

/// Binds a port on each address once.
pub(super) fn bind(hosts: &[IpAddr], port: u16, max: usize) -> io::Result<Vec<Bound>> {
    let mut bound: Vec<Bound> = Vec::new();
    for host in hosts {
        if bound.len() == max || bound.iter().any(|other| other.address.ip() == *host) {
            continue;
        }
        let wanted = SocketAddr::new(*host, port);
        let named = |error: io::Error| {
            io::Error::new(error.kind(), format!("no UDP socket at {wanted}: {error}"))
        };
        let socket = std::net::UdpSocket::bind(wanted).map_err(named)?;
        socket.set_nonblocking(true).map_err(named)?;
        let address = socket.local_addr().map_err(named)?;
        bound.push(Bound { address, socket });
    }
    Ok(bound)
}

/// A datagram in the buffer that was given.
pub(super) struct Arrived {
    pub local: SocketAddr,
    pub from: SocketAddr,
    pub length: usize,
}

/// The sockets of a media thread.
pub(super) struct Sockets {
    sockets: Vec<(SocketAddr, UdpSocket)>,
    /// Who is asked first, so that one that is flooded does not silence the others.
    turn: usize,
}

impl Sockets {
    /// To be called inside the runtime that will read them.
    pub fn new(bound: impl Iterator<Item = Bound>) -> io::Result<Self> {
        let sockets = bound
            .map(|bound| Ok((bound.address, UdpSocket::from_std(bound.socket)?)))
            .collect::<io::Result<_>>()?;
        Ok(Self { sockets, turn: 0 })
    }

    /// The next datagram on any of them.
    pub async fn receive(&mut self, buffer: &mut [u8]) -> Arrived {
        poll_fn(|cx| self.poll_receive(cx, buffer)).await
    }

    /// Sends, or does not: a datagram that cannot leave now is a lost one.
    pub fn send(&self, local: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        let from = self.sockets.iter().find(|(address, _)| *address == local);
        if let Some((_, socket)) = from
            && let Err(error) = socket.try_send_to(bytes, to)
        {
            tracing::trace!(%error, "a datagram was not sent");
        }
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<Arrived> {
        let count = self.sockets.len();
        for index in (0..count).map(|step| (self.turn + step) % count) {
            let (local, socket) = &self.sockets[index];
            if let Poll::Ready(Some((from, length))) = poll_one(socket, cx, buffer) {
                let local = *local;
                self.turn = (index + 1) % count;
                return Poll::Ready(Arrived {
                    local,
                    from,
                    length,
                });
            }
        }
        Poll::Pending
    }
}

/// The next datagram of a socket; `None` if it only gives errors, which tell of what was sent to
/// others, or of a network that is down. It is asked again when something else happens.
fn poll_one(
    socket: &UdpSocket,
    cx: &mut Context<'_>,
    buffer: &mut [u8],
) -> Poll<Option<(SocketAddr, usize)>> {
    for _ in 0..ERRORS_MAX {
        let mut read = ReadBuf::new(buffer);
        if let Ok(from) = ready!(socket.poll_recv_from(cx, &mut read)) {
            return Poll::Ready(Some((from, read.filled().len())));
        }
    }
    Poll::Ready(None)
}
