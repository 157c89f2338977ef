//! What one node tells the other of its WAN leg, over their authenticated connection.

use core::net::{IpAddr, SocketAddr};
use std::fmt;

use minicbor::decode::Error;
use minicbor::{Decode, Decoder, Encode, Encoder, encode};

use crate::limits::{CANDIDATES_MAX, GENERATION_MAX, PWD_BYTES_MAX, UFRAG_BYTES_MAX};

/// How to reach a WAN leg.
///
/// CBOR `[generation, ufrag, pwd, candidates]`; a candidate is the bytes of its IP address and of
/// its port (6 or 18 in all). More elements may follow in a later version and are skipped.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct LegDescription {
    /// Which leg of the call this is; the first is 1, one that is made anew counts up, to
    /// [`GENERATION_MAX`] at most.
    #[cbor(n(0), decode_with = "decode_generation")]
    pub generation: u32,
    /// The ICE user fragment (RFC 8839 §5.4), at most [`UFRAG_BYTES_MAX`] bytes.
    #[cbor(
        n(1),
        decode_with = "credential::<_, UFRAG_BYTES_MIN, UFRAG_BYTES_MAX>"
    )]
    pub ufrag: String,
    /// The ICE password, at most [`PWD_BYTES_MAX`] bytes.
    #[cbor(n(2), decode_with = "credential::<_, PWD_BYTES_MIN, PWD_BYTES_MAX>")]
    pub pwd: String,
    /// UDP addresses of the node's own, at most [`CANDIDATES_MAX`].
    #[cbor(
        n(3),
        encode_with = "encode_candidates",
        decode_with = "decode_candidates"
    )]
    pub candidates: Vec<SocketAddr>,
}

const UFRAG_BYTES_MIN: usize = 4;
const PWD_BYTES_MIN: usize = 22;

impl fmt::Debug for LegDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LegDescription")
            .field("generation", &self.generation)
            .field("ufrag", &self.ufrag)
            .field("candidates", &self.candidates.len())
            .finish_non_exhaustive()
    }
}

fn decode_generation<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<u32, Error> {
    let at = d.position();
    let generation = d.u32()?;
    if generation <= GENERATION_MAX {
        Ok(generation)
    } else {
        let text =
            format!("generation {generation} of a leg; at most {GENERATION_MAX} is believed");
        Err(Error::message(text).at(at))
    }
}

/// Whether media can be sent to an address.
pub(crate) fn is_usable(address: &SocketAddr) -> bool {
    let ip = address.ip();
    let broadcast = matches!(ip, IpAddr::V4(ip) if ip.is_broadcast());
    address.port() != 0 && !ip.is_unspecified() && !ip.is_multicast() && !broadcast
}

/// A text of `ice-char` (RFC 8839 §5.1).
fn credential<C, const MIN: usize, const MAX: usize>(
    d: &mut Decoder<'_>,
    _: &mut C,
) -> Result<String, Error> {
    let at = d.position();
    let text = d.str()?;
    let length = text.len();
    let is_ice_char = |c: char| c.is_ascii_alphanumeric() || c == '+' || c == '/';
    if !(MIN..=MAX).contains(&length) {
        let text = format!("{length} bytes of ICE credentials, {MIN} to {MAX} are expected");
        Err(Error::message(text).at(at))
    } else if !text.chars().all(is_ice_char) {
        Err(Error::message("ICE credentials are letters, digits, + and /").at(at))
    } else {
        Ok(text.to_owned())
    }
}

fn encode_candidates<C, W: encode::Write>(
    candidates: &[SocketAddr],
    e: &mut Encoder<W>,
    _: &mut C,
) -> Result<(), encode::Error<W::Error>> {
    e.array(candidates.len() as u64)?;
    for candidate in candidates {
        let port = candidate.port().to_be_bytes();
        match candidate.ip() {
            IpAddr::V4(ip) => e.bytes(&[&ip.octets()[..], &port].concat())?,
            IpAddr::V6(ip) => e.bytes(&[&ip.octets()[..], &port].concat())?,
        };
    }
    Ok(())
}

fn decode_candidates<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<Vec<SocketAddr>, Error> {
    let at = d.position();
    let mut candidates = Vec::new();
    for bytes in d.array_iter::<&minicbor::bytes::ByteSlice>()? {
        if candidates.len() == CANDIDATES_MAX {
            let text = format!("more than {CANDIDATES_MAX} candidates");
            return Err(Error::message(text).at(at));
        }
        let candidate = candidate(bytes?)
            .ok_or_else(|| Error::message("a candidate is no address to send to").at(at))?;
        candidates.push(candidate);
    }
    Ok(candidates)
}

fn candidate(bytes: &[u8]) -> Option<SocketAddr> {
    let (ip, port) = bytes.split_last_chunk::<2>()?;
    let ip = match ip.len() {
        4 => IpAddr::from(<[u8; 4]>::try_from(ip).ok()?),
        16 => IpAddr::from(<[u8; 16]>::try_from(ip).ok()?),
        _ => return None,
    };
    Some(SocketAddr::new(ip, u16::from_be_bytes(*port))).filter(is_usable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(candidates: &[&str]) -> LegDescription {
        LegDescription {
            generation: 3,
            ufrag: "abcd".to_owned(),
            pwd: "p".repeat(PWD_BYTES_MIN),
            candidates: candidates
                .iter()
                .map(|text| text.parse().expect("an address"))
                .collect(),
        }
    }

    fn again(description: &LegDescription) -> Result<LegDescription, Error> {
        minicbor::decode(&minicbor::to_vec(description).expect("encodes"))
    }

    #[test]
    fn is_read_as_written() {
        let most = [
            "192.0.2.1:1",
            "192.0.2.1:65535",
            "[2001:db8::1]:5",
            "127.0.0.1:7",
            "10.0.0.1:8",
            "[::1]:9",
            "169.254.0.1:10",
            "[fe80::1]:11",
        ];
        for candidates in [&most[..], &[]] {
            let description = described(candidates);
            assert_eq!(again(&description).expect("fits"), description);
        }
    }

    #[test]
    fn what_cannot_be_sent_to_is_refused() {
        for bad in [
            "0.0.0.0:5",
            "[::]:5",
            "224.0.0.1:5",
            "[ff02::1]:5",
            "255.255.255.255:5",
            "192.0.2.1:0",
        ] {
            let error = again(&described(&["192.0.2.1:5", bad])).expect_err(bad);
            assert!(error.to_string().contains("no address"), "{error}");
        }
        let nine = ["192.0.2.1:5"; 9];
        assert!(again(&described(&nine)).is_err());
    }

    #[test]
    fn generations_are_bounded() {
        for (generation, fits) in [
            (0, true),
            (GENERATION_MAX, true),
            (GENERATION_MAX + 1, false),
        ] {
            let description = LegDescription {
                generation,
                ..described(&[])
            };
            assert_eq!(again(&description).is_ok(), fits, "{generation}");
        }
    }

    #[test]
    fn credentials_are_bounded() {
        for (ufrag, pwd, fits) in [
            ("u".repeat(32), "p".repeat(64), true),
            ("u".repeat(33), "p".repeat(64), false),
            ("u".repeat(32), "p".repeat(65), false),
            ("u".repeat(3), "p".repeat(22), false),
            ("u".repeat(4), "p".repeat(21), false),
            ("u v w".to_owned(), "p".repeat(22), false),
            ("a:bcd".to_owned(), "p".repeat(22), false),
        ] {
            let description = LegDescription {
                ufrag,
                pwd,
                ..described(&[])
            };
            assert_eq!(again(&description).is_ok(), fits, "{description:?}");
        }
    }

    #[test]
    fn no_password_is_shown() {
        let shown = format!("{:?}", described(&["192.0.2.1:5"]));
        assert!(!shown.contains("ppp") && !shown.contains("192"), "{shown}");
    }
}
