//! A place with a router of its own: hosts on 192.168.1.0/24, as in most homes and town halls, and
//! the rest of the world behind address translation.

use std::net::Ipv4Addr;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::network::{Namespace, Network, Place, run, stem};

/// Makes a place the router of a local network.
const ROUTER: &str = "ip link add lan type bridge && ip address add 192.168.1.1/24 dev lan &&
    ip link set lan up && echo 1 > /proc/sys/net/ipv4/ip_forward &&
    nft 'table ip nat {
        chain out {
            type nat hook postrouting priority 100
            oifname line masquerade
        }
    }'";

/// A router, which is a place of a network, and the hosts behind it.
#[derive(Debug)]
pub struct Lan {
    /// The router, as the rest of the world sees the hosts.
    pub router: Place,
    hosts: Vec<Place>,
    stem: String,
}

impl Lan {
    /// A local network without hosts.
    pub fn behind(network: &mut Network, name: &str) -> Result<Self> {
        let router = network.place(name)?;
        let mut make = router.command("sh");
        make.args(["-c", ROUTER]);
        run(make)?;
        let (hosts, stem) = (Vec::new(), format!("{}-{name}", stem()?));
        Ok(Self {
            router,
            hosts,
            stem,
        })
    }

    /// Adds the host 192.168.1.`number`.
    pub fn host(&mut self, number: u8) -> Result<Place> {
        let address = Ipv4Addr::new(192, 168, 1, number);
        let name = format!("{}-{number}", self.stem);
        let namespace = Arc::new(Namespace::new(name.clone())?);
        let line = format!("to{number}");
        let at_router = |args: &[&str]| {
            let mut ip = self.router.command("ip");
            ip.args(args);
            run(ip)
        };
        let pair = ["type", "veth", "peer", "name", "line", "netns", &name];
        at_router(&[&["link", "add", line.as_str()][..], &pair].concat())?;
        at_router(&["link", "set", &line, "master", "lan", "up"])?;
        let ip = |args: &[&str]| run(namespace.command("ip", args));
        ip(&["address", "add", &format!("{address}/24"), "dev", "line"])?;
        ip(&["link", "set", "line", "up"])?;
        ip(&["route", "add", "default", "via", "192.168.1.1"])?;
        let place = Place::within(&namespace, address);
        self.hosts.push(place.clone());
        Ok(place)
    }
}

/// Counts from now on the packets that a place sends to private addresses but these.
pub fn watch(place: &Place, but: &[&Place]) -> Result<()> {
    let but: Vec<String> = but.iter().map(|it| it.address().to_string()).collect();
    let table = format!(
        "table inet strayed {{
            counter strayed {{ }}
            chain out {{
                type filter hook output priority 0
                oifname lo accept
                ip daddr {{ {} }} accept
                ip daddr {{ 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 }} counter name strayed
            }}
        }}",
        but.join(", ")
    );
    let mut watch = place.command("nft");
    watch.arg(table);
    run(watch).map(drop)
}

/// How many packets that was.
pub fn strayed(place: &Place) -> Result<u64> {
    let mut ask = place.command("nft");
    ask.args(["-j", "list", "counter", "inet", "strayed", "strayed"]);
    let told: Value = serde_json::from_str(&run(ask)?)?;
    let listed = told["nftables"].as_array().into_iter().flatten();
    let mut packets = listed.filter_map(|it| it["counter"]["packets"].as_u64());
    packets
        .next()
        .with_context(|| format!("no counter in {told}"))
}
