//! Places behind one bridge: 10.78.0.0/16, as many as are wanted.

use std::net::Ipv4Addr;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::network::{Namespace, Place, run, stem};

/// Hosts of one bridge: what its table of neighbours holds without complaint.
const PLACES_MAX: usize = 1000;

/// Leaves out what every interface of IPv6 says to all others: it would count as theirs.
const QUIET: &str = "for it in /proc/sys/net/ipv6/conf/*/disable_ipv6; do
    if [ -e \"$it\" ]; then echo 1 > \"$it\"; fi; done";

/// A bridge and the places behind it; all of it ends when this is dropped.
#[derive(Debug)]
pub struct Field {
    bridge: Namespace,
    places: Vec<Place>,
    stem: String,
}

/// What has passed the interface of a place, whole IP packets with their Ethernet headers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// Packets out.
    pub sent_packets: u64,
    /// Their bytes.
    pub sent_bytes: u64,
    /// Packets in.
    pub received_packets: u64,
    /// Their bytes.
    pub received_bytes: u64,
}

impl Passed {
    /// What passed since then.
    pub fn since(&self, before: &Self) -> Self {
        Self {
            sent_packets: self.sent_packets - before.sent_packets,
            sent_bytes: self.sent_bytes - before.sent_bytes,
            received_packets: self.received_packets - before.received_packets,
            received_bytes: self.received_bytes - before.received_bytes,
        }
    }
}

impl Field {
    /// A bridge without places.
    pub fn new() -> Result<Self> {
        let stem = stem()?;
        let bridge = Namespace::new(format!("{stem}-bridge"))?;
        let ip = |args: &[&str]| run(bridge.command("ip", args));
        ip(&["link", "add", "bridge", "type", "bridge"])?;
        ip(&["link", "set", "bridge", "up"])?;
        Ok(Self {
            bridge,
            places: Vec::new(),
            stem,
        })
    }

    /// Adds a place; it reaches all others.
    pub fn place(&mut self, name: &str) -> Result<Place> {
        let number = self.places.len() + 1;
        anyhow::ensure!(number <= PLACES_MAX, "at most {PLACES_MAX} places");
        let host =
            Ipv4Addr::from_bits(u32::from(Ipv4Addr::new(10, 78, 1, 0)) + u32::try_from(number)?);
        let namespace = Arc::new(Namespace::new(format!("{}-{name}", self.stem))?);
        run(namespace.command("sh", &["-c", QUIET]))?;
        let (line, within) = (format!("to{number}"), format!("{}-{name}", self.stem));
        let ip = |at: &Namespace, args: &[&str]| run(at.command("ip", args));
        let pair = ["type", "veth", "peer", "name", "line", "netns", &within];
        ip(
            &self.bridge,
            &[&["link", "add", line.as_str()][..], &pair].concat(),
        )?;
        ip(
            &self.bridge,
            &["link", "set", &line, "master", "bridge", "up"],
        )?;
        ip(
            &namespace,
            &["address", "add", &format!("{host}/16"), "dev", "line"],
        )?;
        ip(&namespace, &["link", "set", "line", "up"])?;
        let place = Place::within(&namespace, host);
        self.places.push(place.clone());
        Ok(place)
    }

    /// What has passed the interface of a place since it was made.
    pub fn passed(&self, place: &Place) -> Result<Passed> {
        let mut ask = place.command("ip");
        ask.args(["-s", "-j", "link", "show", "dev", "line"]);
        let told: Value = serde_json::from_str(&run(ask)?)?;
        let of = |way: &str, what: &str| {
            let number = told[0]["stats64"][way][what].as_u64();
            number.with_context(|| format!("{way} {what} in {told}"))
        };
        Ok(Passed {
            sent_packets: of("tx", "packets")?,
            sent_bytes: of("tx", "bytes")?,
            received_packets: of("rx", "packets")?,
            received_bytes: of("rx", "bytes")?,
        })
    }
}
