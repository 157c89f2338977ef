//! A whole network on one machine: a relay, a kiosk and a station, each a process of its own.
//!
//! The demo makes the network once and then starts the same program three times (`run`), each in
//! a process group of its own, so that Ctrl-C in the terminal reaches only this parent. Every
//! child holds the far end of a pipe as its standard input; it stops when the pipe closes, and the
//! kernel closes it when the parent ends in whatever way. A child that ends by itself is said and
//! started again; one that keeps ending ends the demo.

mod child;

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::json;

use crate::cli::Voice;
use crate::clock;
use crate::config::{self, Config};
use crate::folder::{marker, private};
use crate::network::{self, Catalogue};
use crate::stop::{ControlPipe, Stop};
use child::{Child, Ending};

const STOP_WITHIN: Duration = Duration::from_secs(4);
const RESTART_AFTER: Duration = Duration::from_secs(1);
const ENDINGS_MAX: usize = 3;
const ENDINGS_WITHIN: Duration = Duration::from_secs(60);

/// The ports of the local pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    kiosk: u16,
    station: u16,
    relay: u16,
}

/// What to do with a demo network that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Folder {
    /// Go on with it.
    Keep,
    /// Delete it and make another.
    StartOver,
}

/// `--ports` was not three different ports.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not three different ports, such as 7001,7002,7003")]
pub struct NotPorts(String);

impl FromStr for Ports {
    type Err = NotPorts;

    fn from_str(text: &str) -> Result<Self, NotPorts> {
        let parts: Result<Vec<u16>, _> = text.split(',').map(|part| part.trim().parse()).collect();
        match parts.as_deref() {
            Ok(&[kiosk, station, relay])
                if kiosk != station
                    && station != relay
                    && relay != kiosk
                    && kiosk.min(station).min(relay) > 0 =>
            {
                Ok(Self {
                    kiosk,
                    station,
                    relay,
                })
            }
            _ => Err(NotPorts(text.to_owned())),
        }
    }
}

/// Runs the demo in `dir` until it is told to stop.
pub async fn run(dir: &Path, folder: Folder, ports: Ports, voice: Voice) -> anyhow::Result<()> {
    let mut stop = Stop::listen(ControlPipe::None).context("cannot listen for signals")?;
    if folder == Folder::StartOver {
        delete(dir)?;
    }
    make(dir)?;
    let _lock = marker::lock(dir, marker::Kind::Demo)?;
    let mut nodes = [
        Node::new("kiosk", dir.join("kiosk-1"), ports.kiosk),
        Node::new("adviser", dir.join("station-1"), ports.station),
        Node::new("relay", dir.join("relay"), ports.relay),
    ];
    for node in &nodes {
        drop(marker::lock(&node.dir, marker::Kind::Node)?);
        node.check_port()?;
    }
    let started = tokio::select! {
        started = start(&mut nodes) => started,
        () = stop.ordered() => Ok(()),
    };
    let ran = match started {
        Ok(()) => {
            introduce(dir, &nodes, voice)?;
            tokio::select! {
                ended = watch(&mut nodes, voice) => ended,
                () = stop.ordered() => Ok(()),
            }
        }
        Err(error) => Err(error),
    };
    end(&mut nodes).await;
    ran
}

struct Node {
    label: &'static str,
    dir: PathBuf,
    port: u16,
    child: Option<Child>,
    endings: Vec<Instant>,
}

impl Node {
    fn new(label: &'static str, dir: PathBuf, port: u16) -> Self {
        Self {
            label,
            dir,
            port,
            child: None,
            endings: Vec::new(),
        }
    }

    fn check_port(&self) -> anyhow::Result<()> {
        TcpListener::bind((Ipv4Addr::LOCALHOST, self.port))
            .map(drop)
            .with_context(|| {
                format!(
                    "port {} for the {}'s pages cannot be used; choose others with --ports A,B,C",
                    self.port, self.label
                )
            })
    }

    async fn start(&mut self) -> anyhow::Result<()> {
        let child = Child::start(&self.dir, self.port)
            .await
            .with_context(|| format!("the {} did not start", self.label))?;
        self.child = Some(child);
        Ok(())
    }

    fn url(&self) -> &str {
        self.child.as_ref().map_or("", |child| &child.start_url)
    }

    async fn ended(&mut self) -> Ending {
        match &mut self.child {
            Some(child) => child.ended().await,
            None => std::future::pending().await,
        }
    }
}

/// Deletes the demo network in `dir`, and nothing that is not one.
fn delete(dir: &Path) -> anyhow::Result<()> {
    if !dir.exists() {
        return Ok(());
    }
    let deletable = marker::check(dir, marker::Kind::Demo);
    deletable.context("--fresh deletes only a demo network; choose another folder with --dir")?;
    let lock = marker::lock(dir, marker::Kind::Demo)?;
    for node in ["kiosk-1", "station-1", "relay"] {
        let node = dir.join(node);
        if node.exists() {
            drop(marker::lock(&node, marker::Kind::Node)?);
        }
    }
    std::fs::remove_dir_all(dir).with_context(|| format!("cannot delete {}", dir.display()))?;
    drop(lock);
    Ok(())
}

fn make(dir: &Path) -> anyhow::Result<()> {
    if marker::check(dir, marker::Kind::Demo).is_ok() {
        return Ok(());
    }
    let plan = network::Plan {
        kiosks: 1,
        stations: 1,
        relays: 1,
        host: Ipv4Addr::LOCALHOST.into(),
    };
    network::init(dir, marker::Kind::Demo, &plan, &Catalogue::of_demo())?;
    // Whoever tries the demo sits at their own machine, and may have no scanner.
    let kiosk = dir.join("kiosk-1");
    let config = Config {
        kiosk_files: true,
        ..Config::read(&kiosk)?
    };
    private::write_public(&kiosk.join(config::FILE), config.to_toml().as_bytes())?;
    Ok(())
}

async fn start(nodes: &mut [Node; 3]) -> anyhow::Result<()> {
    let [kiosk, station, relay] = nodes;
    let started = tokio::join!(kiosk.start(), station.start(), relay.start());
    started.0.and(started.1).and(started.2)
}

fn introduce(dir: &Path, nodes: &[Node; 3], voice: Voice) -> anyhow::Result<()> {
    let written = private::read(&dir.join(network::PASSPHRASES))?;
    let written = String::from_utf8_lossy(&written);
    let passphrases: Vec<[&str; 4]> = network::read_passphrases(&written).collect();
    let [kiosk, station, relay] = nodes.each_ref().map(Node::url);
    let mut text = format!(
        "Guichet demo in {}\n\n  kiosk    {kiosk}\n  adviser  {station}\n  relay    {relay}\n\n\
         Passphrases of the advisers (kept in {}):\n",
        dir.display(),
        dir.join(network::PASSPHRASES).display()
    );
    for [_, name, services, passphrase] in &passphrases {
        text.push_str(&format!("  {passphrase}  {name} ({services})\n"));
    }
    text.push_str("\nCtrl-C stops all three.");
    let advisers: Vec<_> = passphrases
        .iter()
        .map(|[station, name, services, passphrase]| {
            let services: Vec<&str> = services.split(',').collect();
            json!({ "station": station, "name": name, "services": services,
                    "passphrase": passphrase })
        })
        .collect();
    voice.tell(
        &json!({ "event": "ready", "kiosk": kiosk, "adviser": station, "relay": relay,
                 "advisers": advisers }),
        &text,
    );
    Ok(())
}

/// Says and mends what ends by itself; returns when a node keeps ending.
async fn watch(nodes: &mut [Node; 3], voice: Voice) -> anyhow::Result<()> {
    let [kiosk, station, relay] = nodes;
    loop {
        let (node, ending) = tokio::select! {
            ending = kiosk.ended() => (&mut *kiosk, ending),
            ending = station.ended() => (&mut *station, ending),
            ending = relay.ended() => (&mut *relay, ending),
        };
        node.child = None;
        voice.tell(
            &json!({ "event": "ended", "node": node.label, "how": ending.to_string() }),
            &format!("The {} ended by itself ({ending}).", node.label),
        );
        let now = clock::now();
        node.endings.push(now);
        node.endings
            .retain(|ended| now.duration_since(*ended) < ENDINGS_WITHIN);
        anyhow::ensure!(
            node.endings.len() < ENDINGS_MAX,
            "the {} ended {ENDINGS_MAX} times within a minute ({ending})",
            node.label
        );
        tokio::time::sleep(RESTART_AFTER).await;
        node.start().await?;
        voice.tell(
            &json!({ "event": "started", "node": node.label, "url": node.url() }),
            &format!("The {} was started again: {}", node.label, node.url()),
        );
    }
}

async fn end(nodes: &mut [Node; 3]) {
    let mut children: Vec<Child> = nodes
        .iter_mut()
        .filter_map(|node| node.child.take())
        .collect();
    for child in &mut children {
        child.tell_to_stop();
    }
    let deadline = tokio::time::sleep(STOP_WITHIN);
    tokio::pin!(deadline);
    for child in &mut children {
        tokio::select! {
            _ = child.ended() => {}
            () = &mut deadline => break,
        }
    }
    for child in &mut children {
        child.kill().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_three_different_ones() {
        let ports: Ports = "1, 2,3".parse().expect("three ports");
        assert_eq!((ports.kiosk, ports.station, ports.relay), (1, 2, 3));
        for wrong in ["", "1,2", "1,2,3,4", "1,1,2", "0,1,2", "a,b,c", "1,2,70000"] {
            let said = wrong.parse::<Ports>().expect_err("refused").to_string();
            assert!(said.contains(wrong), "{said}");
        }
    }
}
