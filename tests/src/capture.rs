//! What crosses the router, as a listener on the line would have it.
//!
//! A packet socket in the router's namespace sees each IP packet once, as it
//! comes in; TCP streams are put together again, so that nothing hides between
//! two segments. Gaps are skipped and counted: a capture that lost packets is no
//! proof of absence. The datagrams of UDP are strung together as they came. The kernel says when
//! a packet was seen: captures at several places of this machine are on one clock, and no thread
//! that is late makes a packet late.

use std::collections::BTreeMap;
use std::io::IoSliceMut;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use nix::sys::socket::sockopt::ReceiveTimestampns;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt};
use nix::sys::time::TimeSpec;
use rustix::net::sockopt::{Timeout, set_socket_recv_buffer_size_force, set_socket_timeout};
use rustix::net::{AddressFamily, SocketType, eth, socket};

use crate::network::{Network, Place};

const PACKET_BYTES_MAX: usize = 128 * 1024;
const KERNEL_BUFFER_BYTES: usize = 32 * 1024 * 1024;
const LOOK_UP_EVERY: Duration = Duration::from_millis(50);
const DRAIN: Duration = Duration::from_secs(2);
const TCP: u8 = 6;
const UDP: u8 = 17;
const UDP_HEADER_BYTES: usize = 8;

/// A capture that goes on until it is ended.
#[derive(Debug)]
pub struct Capture {
    ended: Arc<AtomicBool>,
    reader: JoinHandle<Vec<Packet>>,
}

/// An IP packet, and when it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// When, since the Unix epoch.
    pub at: Duration,
    /// All of it, with its header.
    pub bytes: Vec<u8>,
}

/// What went one way over one TCP connection, or between two UDP sockets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// What carried it.
    pub carrier: Carrier,
    /// Who sent.
    pub from: SocketAddrV4,
    /// To whom.
    pub to: SocketAddrV4,
    /// Everything that was captured, in the order of sending, or for UDP of arriving.
    pub bytes: Vec<u8>,
    /// How often bytes are missing; nobody can tell for UDP.
    pub gaps: usize,
}

/// What carries bytes over IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Carrier {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl Capture {
    /// Begins to keep all that crosses the router of a network.
    pub fn begin(network: &Network) -> Result<Self> {
        Self::begin_at(&network.router())
    }

    /// Begins to keep all that comes in at a place, what it sends to itself included.
    pub fn begin_at(place: &Place) -> Result<Self> {
        let open = || {
            let packets = socket(AddressFamily::PACKET, SocketType::DGRAM, Some(eth::IP))?;
            set_socket_recv_buffer_size_force(&packets, KERNEL_BUFFER_BYTES)?;
            set_socket_timeout(&packets, Timeout::Recv, Some(LOOK_UP_EVERY))?;
            setsockopt(&packets, ReceiveTimestampns, &true)?;
            Ok(packets)
        };
        let packets = place.visit(open).context("a packet socket (root?)")?;
        let ended = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&ended);
        let reader = std::thread::Builder::new()
            .name("capture".into())
            .spawn(move || read(&packets, &told))?;
        Ok(Self { ended, reader })
    }

    /// Ends the capture and returns the streams that crossed.
    pub fn end(self) -> Result<Vec<Stream>> {
        Ok(streams(&self.packets()?))
    }

    /// Ends the capture and returns the packets as they came.
    pub fn packets(self) -> Result<Vec<Packet>> {
        self.ended.store(true, Ordering::Release);
        let packets = self.reader.join();
        packets.map_err(|_| anyhow!("the capture panicked"))
    }
}

fn read(socket: &OwnedFd, ended: &AtomicBool) -> Vec<Packet> {
    let mut packets = Vec::new();
    let mut buffer = vec![0; PACKET_BYTES_MAX];
    let mut ended_at = None;
    loop {
        if ended.load(Ordering::Acquire) {
            // What waits is read still; a line that is never quiet does not hold up the end.
            let at = *ended_at.get_or_insert_with(Instant::now);
            if at.elapsed() > DRAIN {
                return packets;
            }
        }
        match receive(socket, &mut buffer) {
            Ok(packet) => packets.push(packet),
            Err(_) if ended.load(Ordering::Acquire) => return packets,
            Err(_) => {}
        }
    }
}

fn receive(socket: &OwnedFd, buffer: &mut [u8]) -> nix::Result<Packet> {
    let mut control = nix::cmsg_space!(TimeSpec);
    let mut parts = [IoSliceMut::new(buffer)];
    let fd = socket.as_raw_fd();
    let received = recvmsg::<()>(fd, &mut parts, Some(&mut control), MsgFlags::empty())?;
    let stamp = |message| {
        let ControlMessageOwned::ScmTimestampns(at) = message else {
            return None;
        };
        Some(Duration::from(at))
    };
    let at = received.cmsgs()?.find_map(stamp);
    let (at, length) = (at.ok_or(nix::Error::ENODATA)?, received.bytes);
    let bytes = buffer[..length].to_vec();
    Ok(Packet { at, bytes })
}

fn streams(packets: &[Packet]) -> Vec<Stream> {
    let mut segments: BTreeMap<_, Vec<Segment>> = BTreeMap::new();
    for packet in packets {
        if let Some((carrier, from, to, segment)) = Segment::parse(&packet.bytes) {
            let between = (carrier, from, to);
            segments.entry(between).or_default().push(segment);
        }
    }
    let whole = segments
        .into_iter()
        .map(|((carrier, from, to), segments)| match carrier {
            Carrier::Tcp => put_together(from, to, segments),
            Carrier::Udp => Stream {
                carrier,
                from,
                to,
                bytes: segments.iter().flat_map(|it| it.payload).copied().collect(),
                gaps: 0,
            },
        });
    whole.collect()
}

impl Packet {
    /// What a UDP packet carries from where to where; none of any other.
    pub fn datagram(&self) -> Option<(SocketAddrV4, SocketAddrV4, &[u8])> {
        let (carrier, from, to, segment) = Segment::parse(&self.bytes)?;
        (carrier == Carrier::Udp).then_some((from, to, segment.payload))
    }
}

struct Segment<'a> {
    sequence: u32,
    payload: &'a [u8],
}

impl<'a> Segment<'a> {
    fn parse(packet: &'a [u8]) -> Option<(Carrier, SocketAddrV4, SocketAddrV4, Self)> {
        let header = usize::from(packet.first()? & 0x0f) * 4;
        let carrier = match *packet.get(9)? {
            _ if packet.first()? >> 4 != 4 => return None,
            TCP => Carrier::Tcp,
            UDP => Carrier::Udp,
            _ => return None,
        };
        let address = |at: usize| -> Option<Ipv4Addr> {
            let octets: [u8; 4] = packet.get(at..at + 4)?.try_into().ok()?;
            Some(octets.into())
        };
        let length = usize::from(u16::from_be_bytes([*packet.get(2)?, *packet.get(3)?]));
        let inside = packet.get(header..length)?;
        let port = |at: usize| Some(u16::from_be_bytes([*inside.get(at)?, *inside.get(at + 1)?]));
        let (sequence, payload_at) = match carrier {
            Carrier::Tcp => (
                u32::from_be_bytes(inside.get(4..8)?.try_into().ok()?),
                usize::from(inside.get(12)? >> 4) * 4,
            ),
            Carrier::Udp => (0, UDP_HEADER_BYTES),
        };
        let payload = inside.get(payload_at..)?;
        let from = SocketAddrV4::new(address(12)?, port(0)?);
        let to = SocketAddrV4::new(address(16)?, port(2)?);
        Some((carrier, from, to, Self { sequence, payload }))
    }
}

/// Orders segments by their distance from the first one, so that sequence
/// numbers may wrap; what was sent twice is kept once.
fn put_together(from: SocketAddrV4, to: SocketAddrV4, mut segments: Vec<Segment>) -> Stream {
    let origin = segments.first().map_or(0, |first| first.sequence);
    let distance =
        |segment: &Segment| i64::from(segment.sequence.wrapping_sub(origin).cast_signed());
    segments.retain(|segment| !segment.payload.is_empty());
    segments.sort_by_key(distance);
    let mut stream = Stream {
        carrier: Carrier::Tcp,
        from,
        to,
        bytes: Vec::new(),
        gaps: 0,
    };
    let mut next = segments.first().map_or(0, distance);
    for segment in &segments {
        let begin = distance(segment);
        if begin > next {
            stream.gaps += 1;
            next = begin;
        }
        let known = usize::try_from(next - begin).unwrap_or_default();
        let fresh = segment.payload.get(known..).unwrap_or_default();
        stream.bytes.extend_from_slice(fresh);
        next += fresh.len() as i64;
    }
    stream
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{SocketAddr, TcpListener, UdpSocket};

    use super::*;

    #[test]
    fn what_crosses_is_put_together() {
        let mut network = Network::new().unwrap();
        let [a, b] = ["a", "b"].map(|name| network.place(name).unwrap());
        let address = SocketAddr::from((b.address(), 9));
        let listener = b.visit(move || TcpListener::bind(address)).unwrap();
        let capture = Capture::begin(&network).unwrap();

        let mut sender = a.connect(address).unwrap();
        let mut receiver = listener.accept().unwrap().0;
        let sent: Vec<u8> = (0..2_000_000_u32)
            .flat_map(u32::to_le_bytes)
            .take(3_000_000)
            .collect();
        let copy = sent.clone();
        let writer = std::thread::spawn(move || sender.write_all(&copy).unwrap());
        let mut received = Vec::new();
        receiver.read_to_end(&mut received).unwrap();
        writer.join().unwrap();

        let streams = capture.end().unwrap();
        let there = streams
            .iter()
            .find(|stream| SocketAddr::V4(stream.to) == address)
            .unwrap();
        assert_eq!(there.gaps, 0);
        assert!(
            there.bytes == sent,
            "{} of {} bytes",
            there.bytes.len(),
            sent.len()
        );
    }

    #[test]
    fn datagrams_are_kept_too() {
        let mut network = Network::new().unwrap();
        let [a, b] = ["a", "b"].map(|name| network.place(name).unwrap());
        let address = SocketAddr::from((b.address(), 9));
        let receiver = b.visit(move || UdpSocket::bind(address)).unwrap();
        let from = SocketAddr::from((a.address(), 8));
        let sender = a.visit(move || UdpSocket::bind(from)).unwrap();
        let capture = Capture::begin(&network).unwrap();
        for word in ["bon", "jour"] {
            sender.send_to(word.as_bytes(), address).unwrap();
            receiver.recv(&mut [0; 9]).unwrap();
        }
        let streams = capture.end().unwrap();
        let there = |stream: &&Stream| SocketAddr::V4(stream.to) == address;
        let there = streams.iter().find(there).unwrap();
        assert_eq!(
            (there.carrier, &there.bytes[..]),
            (Carrier::Udp, &b"bonjour"[..])
        );
    }

    #[test]
    fn segments_may_overlap_wrap_and_be_missing() {
        let check = |segments: &[(u32, &str)], expected: &str, gaps: usize| {
            let place = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 1);
            let segments = segments.iter().map(|(sequence, payload)| Segment {
                sequence: *sequence,
                payload: payload.as_bytes(),
            });
            let stream = put_together(place, place, segments.collect());
            assert_eq!(String::from_utf8_lossy(&stream.bytes), expected);
            assert_eq!(stream.gaps, gaps);
        };
        check(&[(10, "ab"), (12, "cd")], "abcd", 0);
        check(
            &[(10, "ab"), (14, "ef"), (12, "cd"), (10, "ab")],
            "abcdef",
            0,
        );
        check(&[(10, "abc"), (11, "bcd")], "abcd", 0);
        check(&[(u32::MAX, "ab"), (1, "cd")], "abcd", 0);
        check(&[(10, "ab"), (20, "xy")], "abxy", 1);
    }
}
