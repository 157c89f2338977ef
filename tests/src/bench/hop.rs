use std::collections::BTreeMap;
use std::net::SocketAddrV4;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::capture::{Capture, Packet};
use crate::figure::Figure;
use crate::meeting::{ANSWER, Meeting, SPEAKING};
use crate::performer::Performer;

const SETTLE: Duration = Duration::from_secs(4);
const LISTEN: Duration = Duration::from_secs(15);
/// A packet that has not gone on by then was not passed on.
const PASSED_WITHIN: Duration = Duration::from_millis(250);
const RTP_HEADER_BYTES: usize = 12;
/// Payload types of RTCP, as they would be read in RTP (RFC 5761 §4).
const RTCP: std::ops::RangeInclusive<u8> = 64..=95;

/// Listens to a call at the kiosk and on the line. Of every packet of sound and picture the time is
/// told between its coming in on one side of the kiosk's node and its going out on the other. The
/// node numbers packets anew, by the same amount for all of a stream: so one finds the other.
pub async fn run() -> Result<Vec<Figure>> {
    let large = |of: Performer| Performer {
        size: [640, 360],
        ..of
    };
    let (citizen, adviser) = (large(Performer::CITIZEN), large(Performer::ADVISER));
    let meeting = Meeting::begin("bench-hop", &citizen, &adviser).await?;
    meeting.ring().await?;
    meeting.kiosk.click(ANSWER).await?;
    meeting.desk.until_there(SPEAKING).await?;
    tokio::time::sleep(SETTLE).await;
    let port = meeting.kiosk.call_port().await?;
    let kiosk = &meeting.village.kiosks[0].place;
    let inside = Capture::begin_at(kiosk)?;
    let line = Capture::begin(&meeting.village.network)?;
    tokio::time::sleep(LISTEN).await;
    let (inside, line) = (inside.packets()?, line.packets()?);

    let own = kiosk.address();
    let far = meeting.village.stations[0].place.address();
    let out = between(&line, |from, to| *from.ip() == own && *to.ip() == far);
    let back = between(&line, |from, to| *from.ip() == far && *to.ip() == own);
    let from_page = between(&inside, |from, _| from.port() == port);
    let to_page = between(&inside, |_, to| to.port() == port);
    let mut figures = Vec::new();
    for (name, before, after) in [
        ("page to line", &from_page, &out),
        ("line to page", &back, &to_page),
    ] {
        let added_ms = added(before, after);
        ensure!(!added_ms.is_empty(), "{name}: no packet was passed on");
        let p99 = Figure::percentile("hop", &format!("{name}, p99"), &added_ms, 99, "ms");
        figures.push(Figure::spread("hop", name, added_ms, "ms"));
        figures.push(p99);
    }
    Ok(figures)
}

/// The packets of one stream of RTP: where each number was seen first.
type Stream = BTreeMap<u16, Duration>;

/// A stream by its sockets, payload type and source.
type Streams = BTreeMap<(SocketAddrV4, SocketAddrV4, u8, u32), Stream>;

fn between(packets: &[Packet], ours: impl Fn(SocketAddrV4, SocketAddrV4) -> bool) -> Streams {
    let mut streams = Streams::new();
    for packet in packets {
        let Some((from, to, bytes)) = packet.datagram() else {
            continue;
        };
        if bytes.len() <= RTP_HEADER_BYTES || bytes[0] >> 6 != 2 || !ours(from, to) {
            continue;
        }
        let kind = bytes[1] & 0x7f;
        if RTCP.contains(&kind) {
            continue;
        }
        let number = u16::from_be_bytes([bytes[2], bytes[3]]);
        let source = u32::from_be_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]);
        let stream = streams.entry((from, to, kind, source)).or_default();
        stream.entry(number).or_insert(packet.at);
    }
    streams
}

/// Milliseconds from each packet to the one that it became.
fn added(before: &Streams, after: &Streams) -> Vec<f64> {
    let mut added_ms = Vec::new();
    for ((_, _, kind, _), stream) in before {
        let alike = after.iter().filter(|((_, _, other, _), _)| other == kind);
        let matched = alike.map(|(_, other)| passed_as(stream, other));
        let best = matched.max_by_key(Vec::len).unwrap_or_default();
        if best.len() > stream.len() / 2 {
            added_ms.extend(best);
        }
    }
    added_ms
}

/// How long each packet took to become one of another stream. A shift that is one too many fits
/// nearly as many packets as the right one, each a packet later: of those that fit the soonest.
fn passed_as(stream: &Stream, other: &Stream) -> Vec<f64> {
    let mut votes: BTreeMap<u16, usize> = BTreeMap::new();
    for (number, at) in stream {
        let soon = |seen: &Duration| *seen >= *at && *seen - *at < PASSED_WITHIN;
        for (as_number, _) in other.iter().filter(|(_, seen)| soon(seen)) {
            *votes.entry(as_number.wrapping_sub(*number)).or_default() += 1;
        }
    }
    let most = votes.values().copied().max().unwrap_or_default();
    let fitting = votes
        .into_iter()
        .filter(|(_, count)| *count * 10 >= most * 9);
    let passed = fitting.map(|(shift, _)| {
        let passed = stream.iter().filter_map(|(number, at)| {
            let took = other.get(&number.wrapping_add(shift))?.checked_sub(*at)?;
            (took < PASSED_WITHIN).then_some(took.as_secs_f64() * 1e3)
        });
        passed.collect::<Vec<f64>>()
    });
    let mean = |passed: &Vec<f64>| passed.iter().sum::<f64>() / passed.len().max(1) as f64;
    passed
        .min_by(|one, other| mean(one).total_cmp(&mean(other)))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_found_under_its_new_number() {
        let at = Duration::from_millis;
        let stream: Stream = (0..50)
            .map(|n| (65_530_u16.wrapping_add(n), at(20 * u64::from(n))))
            .collect();
        let passed = (0..50).filter(|n| n % 10 != 3);
        let other: Stream = passed
            .map(|n| (700 + n, at(20 * u64::from(n) + 2)))
            .collect();
        let added = passed_as(&stream, &other);
        assert_eq!(added.len(), 45);
        assert!(added.iter().all(|ms| (ms - 2.0).abs() < 0.01), "{added:?}");
    }
}
