//! A whole network of real nodes: each in a place of its own, lines between.
//!
//! `guichet network init` makes the data folders; what it wrote for one machine
//! is moved to the addresses of the places. Nodes start, stop and die one by
//! one, so a site outlives its node.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::browser::{Browser, Size};
use crate::careless::Care;
use crate::network::{Network, Place};
use crate::performer::Performer;
use crate::process::{Node, artefacts, binary, guichet, log_file};
use crate::script::Script;

const STOP_WITHIN: Duration = Duration::from_secs(5);

/// A relay, kiosks and stations, and the network that joins them.
#[derive(Debug)]
pub struct Village {
    /// The lines.
    pub network: Network,
    /// The relay.
    pub relay: Site,
    /// The kiosks.
    pub kiosks: Vec<Site>,
    /// The stations.
    pub stations: Vec<Site>,
    /// Who may unlock which station.
    pub advisers: Vec<Adviser>,
    folder: TempDir,
}

/// A data folder, its place, and the node that runs there, if one does.
#[derive(Debug)]
pub struct Site {
    /// The name of its log among the artefacts.
    pub log: String,
    /// Where it is.
    pub place: Place,
    /// What its node goes without, from its next start.
    pub without: Option<Care>,
    /// What its node finds in its environment beside the usual, from its next start.
    pub environment: Vec<(String, String)>,
    folder: PathBuf,
    node: Option<Node>,
}

/// An adviser of a station.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adviser {
    /// The station's folder.
    pub station: String,
    /// Their name.
    pub name: String,
    /// What opens their vault.
    pub passphrase: String,
}

impl Village {
    /// Makes a network and its folders; nothing runs yet. `name` begins the names of
    /// the nodes' logs.
    pub fn new(name: &str, kiosks: usize, stations: usize) -> Result<Self> {
        let folder = tempfile::tempdir_in(artefacts()?)?;
        let dir = folder.path().join("network");
        let (k, s) = (kiosks.to_string(), stations.to_string());
        let arguments = ["network", "init", "--kiosks", &k, "--stations", &s, "--dir"];
        guichet(
            &Place::here(),
            &[&arguments[..], &[&dir.to_string_lossy()]].concat(),
        )?;

        let mut network = Network::new()?;
        let mut site = |folder: String| -> Result<Site> {
            let place = network.place(&folder)?;
            Site::new(&dir, &folder, format!("{name}-{folder}"), place)
        };
        let relay = site("relay".into())?;
        let kiosks: Result<Vec<_>> = (1..=kiosks).map(|n| site(format!("kiosk-{n}"))).collect();
        let stations: Result<Vec<_>> = (1..=stations)
            .map(|n| site(format!("station-{n}")))
            .collect();
        let (kiosks, stations) = (kiosks?, stations?);
        for site in kiosks.iter().chain(&stations).chain([&relay]) {
            site.settle(&relay)?;
        }
        let advisers = advisers(&dir)?;
        Ok(Self {
            network,
            relay,
            kiosks,
            stations,
            advisers,
            folder,
        })
    }

    /// Makes a relay, a kiosk and a station, and starts all three.
    pub async fn running(name: &str) -> Result<Self> {
        let mut village = Self::new(name, 1, 1)?;
        village.start().await?;
        Ok(village)
    }

    /// Starts every node that does not run.
    pub async fn start(&mut self) -> Result<()> {
        for site in self.sites() {
            site.start().await?;
        }
        Ok(())
    }

    /// Kills every node at once with signal 9.
    pub fn kill(&mut self) {
        self.sites().for_each(Site::kill);
    }

    /// The first kiosk.
    pub fn kiosk(&mut self) -> &mut Site {
        &mut self.kiosks[0]
    }

    /// The first station.
    pub fn station(&mut self) -> &mut Site {
        &mut self.stations[0]
    }

    /// The adviser of all services at the first station.
    pub fn adviser(&self) -> &Adviser {
        &self.advisers[0]
    }

    /// The first adviser of a station.
    pub fn adviser_at(&self, station: usize) -> &Adviser {
        let folder = format!("station-{}", station + 1);
        let of_it = |adviser: &&Adviser| adviser.station == folder;
        self.advisers
            .iter()
            .find(of_it)
            .expect("each station has one")
    }

    /// Drops every packet between two sites.
    pub fn cut(&self, a: &Site, b: &Site) -> Result<()> {
        self.network.cut(&a.place, &b.place)
    }

    /// Cuts the first kiosk off from all others.
    pub fn isolate_kiosk(&self) -> Result<()> {
        self.network.isolate(&self.kiosks[0].place)
    }

    /// Gives the first kiosk its line back.
    pub fn rejoin_kiosk(&self) -> Result<()> {
        self.network.rejoin(&self.kiosks[0].place)
    }

    /// The folder with all data folders.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The relay, the kiosks and the stations.
    pub fn sites(&mut self) -> impl Iterator<Item = &mut Site> {
        [&mut self.relay]
            .into_iter()
            .chain(&mut self.kiosks)
            .chain(&mut self.stations)
    }
}

impl Site {
    /// The data folder of this name in `dir`, at a place; it logs under `log`.
    pub(crate) fn new(dir: &Path, folder: &str, log: String, place: Place) -> Result<Self> {
        fs::remove_file(log_file(&log)?).or_else(absent)?;
        Ok(Self {
            folder: dir.join(folder),
            log,
            place,
            without: None,
            environment: Vec::new(),
            node: None,
        })
    }

    /// Starts the node, if it does not run.
    pub async fn start(&mut self) -> Result<()> {
        if self.node.is_none() {
            let (place, folder, log) = (&self.place, &self.folder, &self.log);
            let mut command = match self.without {
                None => place.command(binary()?),
                Some(care) => care.without(place)?,
            };
            command.envs(self.environment.iter().cloned());
            self.node = Some(Node::start_as(command, place, folder, log).await?);
        }
        Ok(())
    }

    /// Stops the node as Ctrl-C does, if it runs.
    pub async fn stop(&mut self) -> Result<()> {
        match self.node.take() {
            Some(node) => node.stop(STOP_WITHIN).await.map(drop),
            None => Ok(()),
        }
    }

    /// Kills the node with signal 9, if it runs.
    pub fn kill(&mut self) {
        if let Some(node) = self.node.take() {
            node.kill();
        }
    }

    /// Waits until the node ends by itself and gives its exit status.
    pub async fn ended(&mut self, within: Duration) -> Result<ExitStatus> {
        let mut node = self.node.take().context("no node runs here")?;
        node.process().ended(within).await
    }

    /// The node that runs here.
    pub fn node(&self) -> Result<&Node> {
        self.node
            .as_ref()
            .with_context(|| format!("{} does not run", self.log))
    }

    /// A browser beside the node, in its place.
    pub async fn browser(&self, name: &str, size: Size) -> Result<Browser> {
        Browser::start(&self.place, name, size).await
    }

    /// A browser beside the node, before whose camera and microphone somebody sits.
    pub async fn browser_before(&self, name: &str, performer: &Performer) -> Result<Browser> {
        Browser::start_before(&self.place, name, Size::SCREEN, Some(performer)).await
    }

    /// What a script with the node's token can do.
    pub fn script(&self) -> Result<Script> {
        Ok(Script::new(self.node()?.api()?))
    }

    /// The data folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Lets files in and out through the browser of a kiosk, from its next start.
    pub fn let_files_pass(&self) -> Result<()> {
        self.configure(|settings| {
            settings.insert("kiosk_files".into(), true.into());
        })
    }

    /// Changes settings, before the node starts.
    pub fn configure(&self, change: impl FnOnce(&mut toml::Table)) -> Result<()> {
        let file = self.folder.join("guichet.toml");
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        let mut settings: toml::Table = text.parse()?;
        change(&mut settings);
        fs::write(&file, settings.to_string())?;
        Ok(())
    }

    /// Moves what was written for one machine to the addresses of the places.
    pub(crate) fn settle(&self, relay: &Site) -> Result<()> {
        let own = self.place.address().to_string();
        let of_relay = format!("/ip4/{}/", relay.place.address());
        self.configure(|settings| {
            settings.insert("mesh_host".into(), own.into());
            settings.insert("port".into(), 7001.into());
            let relays = settings
                .get_mut("relays")
                .and_then(toml::Value::as_array_mut);
            for entry in relays.into_iter().flatten() {
                let written = entry.as_str().unwrap_or_default();
                *entry = written.replace("/ip4/127.0.0.1/", &of_relay).into();
            }
        })
    }
}

/// Nothing to delete is as good as deleted.
fn absent(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound {
        Ok(())
    } else {
        Err(error)
    }
}

/// Station, name, services and passphrase, parted by tabs.
pub(crate) fn advisers(dir: &Path) -> Result<Vec<Adviser>> {
    let text = fs::read_to_string(dir.join("passphrases"))?;
    let adviser = |line: &str| {
        let fields: Vec<_> = line.split('\t').collect();
        let (station, name) = (fields.first()?.to_string(), fields.get(1)?.to_string());
        Some(Adviser {
            station,
            name,
            passphrase: fields.last()?.to_string(),
        })
    };
    Ok(text.lines().filter_map(adviser).collect())
}
