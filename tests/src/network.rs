//! A network of our own: places joined by a router, and lines that can be cut.
//!
//! Each place is a network namespace with one address, 10.77.N.2, and its own
//! loopback; the router, 10.77.N.1 in each subnet, is one more namespace. All
//! addresses live inside, so networks of several tests do not meet. A cut drops
//! the packets between two places in the router, as a dead line does: nobody is
//! told. The router also counts what it carries, at IP level.
//!
//! Making namespaces needs root.

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use serde_json::Value;

const NAMESPACES: &str = "/run/netns";
const PREFIX: &str = "guichet";
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// A process may start another while it is being killed.
const KILL_ROUNDS: usize = 20;
const KILL_AGAIN_AFTER: Duration = Duration::from_millis(5);

/// What the router drops; the counters of each direction come behind it.
const TABLE: &str = "table inet guichet {
    set cut { type ipv4_addr . ipv4_addr; }
    set silent { type ipv4_addr . ipv4_addr; }
    set stalled { type ipv4_addr . ipv4_addr; }
    set tired { type ipv4_addr . ipv4_addr; }
    set lossy { type ipv4_addr; }
    chain forward {
        type filter hook forward priority 0;
        ip saddr . ip daddr @cut drop
        meta l4proto udp ip saddr . ip daddr @silent drop
        meta l4proto tcp ip saddr . ip daddr @stalled drop
        ip saddr @lossy numgen random mod 100 < 2 drop
        ip daddr @lossy numgen random mod 100 < 2 drop
        meta l4proto udp ip saddr . ip daddr @tired ct original packets > 60 drop
        meta l4proto udp ip saddr . ip daddr @tired ct reply packets > 60 drop
    }
}";

/// Lets the router pass packets on, and count those of each flow.
const FORWARD: &str = "echo 1 > /proc/sys/net/ipv4/ip_forward
    echo 1 > /proc/sys/net/netfilter/nf_conntrack_acct";

/// A router and the places around it; all of it ends when this is dropped.
#[derive(Debug)]
pub struct Network {
    router: Arc<Namespace>,
    places: Vec<Place>,
    stem: String,
}

/// Where processes run: a namespace of a [`Network`], or this machine's own.
#[derive(Clone, Debug)]
pub struct Place {
    namespace: Option<Arc<Namespace>>,
    address: Ipv4Addr,
}

/// What the router carried one way between two places, in whole IP packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// How many packets.
    pub packets: u64,
    /// Their size with IP headers.
    pub bytes: u64,
}

impl Network {
    /// Makes a router without places, and sweeps what tests that were killed left.
    pub fn new() -> Result<Self> {
        let stem = stem()?;
        let router = Arc::new(Namespace::new(format!("{stem}-router"))?);
        let forward = router.command("sh", &["-c", FORWARD]);
        run(forward)?;
        run(router.command("nft", &[TABLE]))?;
        Ok(Self {
            router,
            places: Vec::new(),
            stem,
        })
    }

    /// Adds a place; it reaches all others.
    pub fn place(&mut self, name: &str) -> Result<Place> {
        let number = u8::try_from(self.places.len() + 1).context("at most 255 places")?;
        let namespace = Namespace::new(format!("{}-{name}", self.stem))?;
        let address = Ipv4Addr::new(10, 77, number, 2);
        let gateway = Ipv4Addr::new(10, 77, number, 1).to_string();
        let line = format!("to{number}");
        let peer = [
            "type",
            "veth",
            "peer",
            "name",
            "line",
            "netns",
            &namespace.name,
        ];
        let ip = |namespace: &Namespace, args: &[&str]| run(namespace.command("ip", args));

        ip(
            &self.router,
            &[&["link", "add", line.as_str()][..], &peer].concat(),
        )?;
        ip(
            &self.router,
            &["address", "add", &format!("{gateway}/24"), "dev", &line],
        )?;
        ip(&self.router, &["link", "set", &line, "up"])?;
        ip(
            &namespace,
            &["address", "add", &format!("{address}/24"), "dev", "line"],
        )?;
        ip(&namespace, &["link", "set", "line", "up"])?;
        ip(&namespace, &["route", "add", "default", "via", &gateway])?;

        let place = Place {
            namespace: Some(Arc::new(namespace)),
            address,
        };
        for other in &self.places {
            self.count(&place, other)?;
            self.count(other, &place)?;
        }
        self.places.push(place.clone());
        Ok(place)
    }

    /// Drops every packet between two places from now on.
    pub fn cut(&self, a: &Place, b: &Place) -> Result<()> {
        self.change("add", "cut", a, b)
    }

    /// Lets packets through again.
    pub fn mend(&self, a: &Place, b: &Place) -> Result<()> {
        self.change("delete", "cut", a, b)
    }

    /// Drops every UDP packet between two places from now on, and nothing else: what a call and
    /// QUIC are made of.
    pub fn silence(&self, a: &Place, b: &Place) -> Result<()> {
        self.change("add", "silent", a, b)
    }

    /// Lets UDP through again.
    pub fn unsilence(&self, a: &Place, b: &Place) -> Result<()> {
        self.change("delete", "silent", a, b)
    }

    /// Drops every TCP packet between two places from now on, and nothing else.
    pub fn stall(&self, a: &Place, b: &Place) -> Result<()> {
        self.change("add", "stalled", a, b)
    }

    /// Lets the first 60 packets of each flow of UDP pass either way between two places from now on,
    /// as some firewalls do: new flows begin well and die.
    pub fn tire(&self, a: &Place, b: &Place) -> Result<()> {
        self.change("add", "tired", a, b)
    }

    /// Loses 2 of 100 packets of one place, each way, from now on.
    pub fn lose(&self, place: &Place) -> Result<()> {
        let address = place.address;
        let script = format!("add element inet guichet lossy {{ {address} }}");
        run(self.router.command("nft", &[&script])).map(drop)
    }

    /// Cuts one place off from all others.
    pub fn isolate(&self, place: &Place) -> Result<()> {
        self.others(place)
            .try_for_each(|other| self.cut(place, other))
    }

    /// Undoes [`Network::isolate`].
    pub fn rejoin(&self, place: &Place) -> Result<()> {
        self.others(place)
            .try_for_each(|other| self.mend(place, other))
    }

    /// Drops every packet that comes to a place from all others; what it sends arrives.
    pub fn deafen(&self, place: &Place) -> Result<()> {
        self.others(place)
            .try_for_each(|other| self.one_way("add", other, place))
    }

    /// Undoes [`Network::deafen`].
    pub fn undeafen(&self, place: &Place) -> Result<()> {
        self.others(place)
            .try_for_each(|other| self.one_way("delete", other, place))
    }

    /// Lets so much leave a place in a second from now on, and makes the rest wait its turn.
    pub fn narrow(&self, place: &Place, kbit_per_s: u32) -> Result<()> {
        let rate = format!("{kbit_per_s}kbit");
        let shape = [
            "qdisc", "replace", "dev", "line", "root", "tbf", "rate", &rate,
        ];
        let queue = ["burst", "8kb", "latency", "300ms"];
        let mut shaper = place.command("tc");
        shaper.args(shape).args(queue);
        run(shaper).map(drop)
    }

    /// What the router has carried from one place to the other since both exist.
    pub fn traffic(&self, from: &Place, to: &Place) -> Result<Traffic> {
        let listed = run(self.router.command("nft", &["-j", "list", "counters"]))?;
        let listed: Value = serde_json::from_str(&listed).context("nft answers JSON")?;
        let name = counter(from, to);
        let counters = listed["nftables"].as_array().into_iter().flatten();
        let found = counters
            .map(|item| &item["counter"])
            .find(|counter| counter["name"] == name.as_str())
            .with_context(|| format!("no counter {name}"))?;
        Ok(Traffic {
            packets: found["packets"].as_u64().unwrap_or_default(),
            bytes: found["bytes"].as_u64().unwrap_or_default(),
        })
    }

    /// What a place has put on its line since it exists, lost or not, with Ethernet headers.
    pub fn sent_bytes(&self, place: &Place) -> Result<u64> {
        let mut count = place.command("cat");
        count.arg("/sys/class/net/line/statistics/tx_bytes");
        Ok(run(count)?.trim().parse()?)
    }

    /// The router's side of every line, for a capture of what it carries.
    pub fn router(&self) -> Place {
        Place {
            namespace: Some(Arc::clone(&self.router)),
            address: Ipv4Addr::LOCALHOST,
        }
    }

    fn others(&self, place: &Place) -> impl Iterator<Item = &Place> {
        let address = place.address;
        self.places
            .iter()
            .filter(move |other| other.address != address)
    }

    fn count(&self, from: &Place, to: &Place) -> Result<()> {
        let name = counter(from, to);
        let script = format!(
            "add counter inet guichet {name}; add rule inet guichet forward \
             ip saddr {} ip daddr {} counter name {name}",
            from.address, to.address
        );
        run(self.router.command("nft", &[&script])).map(drop)
    }

    fn one_way(&self, verb: &str, from: &Place, to: &Place) -> Result<()> {
        let (from, to) = (from.address, to.address);
        let script = format!("{verb} element inet guichet cut {{ {from} . {to} }}");
        run(self.router.command("nft", &[&script])).map(drop)
    }

    fn change(&self, verb: &str, set: &str, a: &Place, b: &Place) -> Result<()> {
        let (a, b) = (a.address, b.address);
        let script = format!("{verb} element inet guichet {set} {{ {a} . {b}, {b} . {a} }}");
        run(self.router.command("nft", &[&script])).map(drop)
    }
}

impl Place {
    /// What has this address in a namespace.
    pub(crate) fn within(namespace: &Arc<Namespace>, address: Ipv4Addr) -> Self {
        Self {
            namespace: Some(Arc::clone(namespace)),
            address,
        }
    }

    /// This machine as it is, outside every network of ours.
    pub fn here() -> Self {
        Self {
            namespace: None,
            address: Ipv4Addr::LOCALHOST,
        }
    }

    /// The address under which other places reach this one.
    pub fn address(&self) -> Ipv4Addr {
        self.address
    }

    /// A command that will run in this place; its process is the program itself.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let program = program.as_ref();
        match &self.namespace {
            Some(namespace) => namespace.command(&program.to_string_lossy(), &[]),
            None => Command::new(program),
        }
    }

    /// Connects from this place; the socket works anywhere afterwards.
    pub fn connect(&self, to: SocketAddr) -> io::Result<TcpStream> {
        self.visit(move || TcpStream::connect_timeout(&to, CONNECT_WITHIN))
    }

    /// Runs `open` on a thread inside this place: a socket belongs for good to the
    /// place in which it was opened, whoever uses it.
    pub fn visit<T: Send + 'static>(
        &self,
        open: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let Some(namespace) = &self.namespace else {
            return open();
        };
        let entrance = File::open(namespace.path())?;
        let enter = move || {
            move_into_link_name_space(entrance.as_fd(), Some(LinkNameSpaceType::Network))?;
            open()
        };
        let thread = std::thread::Builder::new()
            .name("visitor".into())
            .spawn(enter)?;
        thread
            .join()
            .map_err(|_| io::Error::other("the visiting thread panicked"))?
    }
}

/// A network namespace by name; what runs in it is killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Namespace {
    name: String,
}

impl Namespace {
    pub(crate) fn new(name: String) -> Result<Self> {
        run_ip(&["netns", "add", &name]).context("cannot make a network namespace (root?)")?;
        let namespace = Self { name };
        run(namespace.command("ip", &["link", "set", "lo", "up"]))?;
        Ok(namespace)
    }

    fn path(&self) -> PathBuf {
        Path::new(NAMESPACES).join(&self.name)
    }

    pub(crate) fn command(&self, program: &str, args: &[&str]) -> Command {
        let mut command = Command::new("ip");
        command
            .args(["netns", "exec", &self.name, program])
            .args(args);
        command
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        remove(&self.name);
    }
}

fn counter(from: &Place, to: &Place) -> String {
    format!(
        "from{}to{}",
        from.address.octets()[2],
        to.address.octets()[2]
    )
}

/// What the names of the namespaces of a new network begin with; sweeps away what is left of others.
pub(crate) fn stem() -> Result<String> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    sweep()?;
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    Ok(format!("{PREFIX}-{}-{count}", std::process::id()))
}

/// Removes the namespaces of processes that are gone.
fn sweep() -> Result<()> {
    let Ok(entries) = fs::read_dir(NAMESPACES) else {
        return Ok(());
    };
    for entry in entries {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let mut parts = name.split('-');
        let ours = parts.next() == Some(PREFIX);
        let owner = parts.next().and_then(|pid| pid.parse::<u32>().ok());
        if let (true, Some(owner)) = (ours, owner)
            && !Path::new(&format!("/proc/{owner}")).exists()
        {
            remove(&name);
        }
    }
    Ok(())
}

fn remove(name: &str) {
    for _ in 0..KILL_ROUNDS {
        let inside = run_ip(&["netns", "pids", name]).unwrap_or_default();
        let pids: Vec<Pid> = inside
            .split_whitespace()
            .filter_map(|pid| Pid::from_raw(pid.parse().ok()?))
            .collect();
        if pids.is_empty() {
            break;
        }
        for pid in pids {
            let _ = kill_process(pid, Signal::KILL);
        }
        std::thread::sleep(KILL_AGAIN_AFTER);
    }
    let _ = run_ip(&["netns", "delete", name]);
}

fn run_ip(args: &[&str]) -> Result<String> {
    let mut command = Command::new("ip");
    command.args(args);
    run(command)
}

pub(crate) fn run(mut command: Command) -> Result<String> {
    let output = command
        .output()
        .with_context(|| format!("cannot run {command:?}"))?;
    if !output.status.success() {
        bail!(
            "{command:?}: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests;
