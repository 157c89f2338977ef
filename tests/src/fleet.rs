//! Many nodes at once: what an idle network costs each of them.
//!
//! Every node runs in a namespace of its own behind one bridge ([`field`]); what passes its
//! interface is counted there. [`places`] is a network of several local ones.

pub mod field;
pub mod lan;
pub mod places;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use crate::figure::Figure;
use crate::network::Place;
use crate::process::{Node, artefacts, guichet, processor_seconds, resident_bytes};
use crate::village::Site;
use field::{Field, Passed};

/// All are to be there within this time, and back after the relay was killed.
const THERE_WITHIN: Duration = Duration::from_secs(300);
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(200);
const HOUR_S: f64 = 3600.0;
const MEGABYTE: f64 = 1e6;

/// How large a fleet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Nodes that run: the relay, a station from three on, and kiosks.
    pub members: usize,
    /// Stations that are enrolled and switched off; with the one that runs, at most
    /// [`guichet::network::STATIONS_MAX`].
    pub away: usize,
}

/// A relay and everybody around it.
#[derive(Debug)]
pub struct Fleet {
    /// The relay.
    pub relay: Site,
    /// Who runs: kiosks first.
    pub others: Vec<Site>,
    kiosks: usize,
    field: Field,
    _folder: TempDir,
}

/// What was counted between two moments.
#[derive(Debug)]
pub struct Count {
    at: Instant,
    kiosks: Vec<Passed>,
    relay_processor_s: f64,
    log_lines: Vec<usize>,
}

impl Fleet {
    /// Makes a network of this size; nothing runs yet.
    pub fn new(size: Size) -> Result<Self> {
        let folder = tempfile::tempdir_in(artefacts()?)?;
        let dir = folder.path().join("network");
        let stations = usize::from(size.members > 2);
        let kiosks = size.members.checked_sub(1 + stations);
        let kiosks = kiosks
            .filter(|it| *it > 0)
            .context("at least two members")?;
        let (k, s) = (kiosks.to_string(), (stations + size.away).to_string());
        let path = dir.to_string_lossy();
        let arguments = ["network", "init", "--kiosks", &k, "--stations", &s, "--dir"];
        let arguments = [&arguments[..], &[&*path]].concat();
        guichet(&Place::here(), &arguments)?;

        let mut field = Field::new()?;
        let mut site = |name: String| -> Result<Site> {
            let place = field.place(&name)?;
            Site::new(&dir, &name, format!("fleet-{name}"), place)
        };
        let relay = site("relay".into())?;
        let names = (1..=kiosks).map(|n| format!("kiosk-{n}"));
        let names = names.chain((1..=stations).map(|n| format!("station-{n}")));
        let others = names.map(site).collect::<Result<Vec<_>>>()?;
        for it in others.iter().chain([&relay]) {
            it.settle(&relay)?;
        }
        Ok(Self {
            relay,
            others,
            kiosks,
            field,
            _folder: folder,
        })
    }

    /// Starts everybody and waits until the relay has them all.
    pub async fn start(&mut self) -> Result<Duration> {
        let begun = Instant::now();
        self.relay.start().await?;
        for site in &mut self.others {
            site.start().await?;
        }
        self.until_all_there().await?;
        Ok(begun.elapsed())
    }

    /// Kills the relay with signal 9, starts it again, and says how long it took until it had
    /// everybody.
    pub async fn lose_relay(&mut self) -> Result<Duration> {
        self.relay.kill();
        let killed = Instant::now();
        self.relay.start().await?;
        self.until_all_there().await?;
        Ok(killed.elapsed())
    }

    /// What has passed so far.
    pub fn count(&self) -> Result<Count> {
        let sites = self.others.iter().chain([&self.relay]);
        let lines = sites.map(|site| Ok(site.node()?.log().lines().count()));
        let kiosks = self.others[..self.kiosks].iter();
        let kiosks = kiosks.map(|site| self.field.passed(&site.place));
        Ok(Count {
            at: Instant::now(),
            kiosks: kiosks.collect::<Result<_>>()?,
            relay_processor_s: processor_seconds(self.relay.node()?.pid())?,
            log_lines: lines.collect::<Result<_>>()?,
        })
    }

    async fn until_all_there(&self) -> Result<()> {
        let begun = Instant::now();
        loop {
            let missing = self.others.len() - self.there().await?;
            if missing == 0 {
                return Ok(());
            }
            if begun.elapsed() > THERE_WITHIN {
                bail!("{missing} are not there after {THERE_WITHIN:?}");
            }
            tokio::time::sleep(LOOK_AGAIN_AFTER).await;
        }
    }

    /// How many the relay is connected to.
    async fn there(&self) -> Result<usize> {
        let status = self.relay.script()?.api().get_json("/status").await?;
        let members = status["members"].as_array().context("members")?;
        let here = members
            .iter()
            .filter(|it| it["presence"]["presence"] == "here");
        let nodes: BTreeSet<_> = here.filter_map(|it| it["node"].as_str()).collect();
        Ok(nodes.len())
    }
}

impl Count {
    /// What passed the first kiosk's interface since then, out and in.
    pub fn kiosk_since(&self, before: &Self) -> Passed {
        self.kiosks[0].since(&before.kiosks[0])
    }

    /// The mean over all kiosks: one ping more or less in the window is much of one kiosk's.
    fn mean_kiosk_since(&self, before: &Self, amount: impl Fn(&Passed) -> u64) -> f64 {
        let pairs = self.kiosks.iter().zip(&before.kiosks);
        let sum: u64 = pairs
            .map(|(after, before)| amount(&after.since(before)))
            .sum();
        sum as f64 / self.kiosks.len() as f64
    }
}

/// Measures one size; `settle` passes before the window begins.
pub async fn measure(size: Size, settle: Duration, window: Duration) -> Result<Vec<Figure>> {
    let mut fleet = Fleet::new(size)?;
    let started = fleet.start().await?;
    tokio::time::sleep(settle).await;
    let before = fleet.count()?;
    tokio::time::sleep(window).await;
    let after = fleet.count()?;
    let span_s = after.at.duration_since(before.at).as_secs_f64();
    let a_kiosk = |amount: fn(&Passed) -> u64| after.mean_kiosk_since(&before, amount);
    let lines = after.log_lines.iter().zip(&before.log_lines);
    let lines = lines
        .map(|(after, before)| after.saturating_sub(*before))
        .max();
    let memory = resident_bytes(fleet.relay.node()?.pid())?;
    let kiosk_memory = resident_bytes(fleet.others[0].node().map(Node::pid)?)?;
    let back = fleet.lose_relay().await?;

    let bench = format!("fleet {} members, {} away", size.members, size.away);
    let an_hour = |amount: f64| amount * HOUR_S / span_s;
    let figure = |name: &str, value: f64, unit| Figure::of(&bench, name, value, unit, 1);
    let of_kiosks =
        |name: &str, value: f64, unit| Figure::of(&bench, name, value, unit, fleet.kiosks);
    Ok(vec![
        figure("all there after", started.as_secs_f64(), "s"),
        of_kiosks(
            "idle kiosk sends",
            an_hour(a_kiosk(|it| it.sent_bytes)) / MEGABYTE,
            "MB/h",
        ),
        of_kiosks(
            "idle kiosk receives",
            an_hour(a_kiosk(|it| it.received_bytes)) / MEGABYTE,
            "MB/h",
        ),
        of_kiosks(
            "idle kiosk sends",
            an_hour(a_kiosk(|it| it.sent_packets)),
            "packets/h",
        ),
        figure(
            "relay uses",
            (after.relay_processor_s - before.relay_processor_s) * 100.0 / span_s,
            "% of a core",
        ),
        figure("relay holds", memory as f64 / MEGABYTE, "MB"),
        figure("kiosk holds", kiosk_memory as f64 / MEGABYTE, "MB"),
        figure(
            "most lines logged by a node",
            an_hour(lines.unwrap_or_default() as f64),
            "lines/h",
        ),
        figure(
            "all back after the relay was killed",
            back.as_secs_f64(),
            "s",
        ),
    ])
}
