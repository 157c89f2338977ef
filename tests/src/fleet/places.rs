//! Two town halls with a service's office each, every one behind a router of its own, and a relay
//! in between: the private addresses of one mean other machines in the other.

use anyhow::Result;
use tempfile::TempDir;

use super::lan::{Lan, watch};
use crate::network::{Network, Place};
use crate::process::{artefacts, guichet};
use crate::village::{Adviser, Site, advisers};

/// The network between the places, and who is there.
#[derive(Debug)]
pub struct Places {
    /// The lines between the places.
    pub network: Network,
    /// The relay, in the open.
    pub relay: Site,
    /// A kiosk and a station behind each router.
    pub pairs: [Pair; 2],
    /// Who may unlock which station.
    pub advisers: Vec<Adviser>,
    _folder: TempDir,
}

/// What stands behind one router.
#[derive(Debug)]
pub struct Pair {
    /// The router.
    pub lan: Lan,
    /// The kiosk.
    pub kiosk: Site,
    /// The station.
    pub station: Site,
}

impl Places {
    /// Makes all of it; nothing runs yet. `name` begins the names of the nodes' logs.
    pub fn new(name: &str) -> Result<Self> {
        let folder = tempfile::tempdir_in(artefacts()?)?;
        let dir = folder.path().join("network");
        let path = dir.to_string_lossy();
        let arguments = [
            "network",
            "init",
            "--kiosks",
            "2",
            "--stations",
            "2",
            "--dir",
        ];
        let arguments = [&arguments[..], &[&*path]].concat();
        guichet(&Place::here(), &arguments)?;
        let mut network = Network::new()?;
        let site = |folder: &str, place| Site::new(&dir, folder, format!("{name}-{folder}"), place);
        let relay = site("relay", network.place("relay")?)?;
        relay.settle(&relay)?;
        let mut pair = |number: u8| -> Result<Pair> {
            let mut lan = Lan::behind(&mut network, &format!("router-{number}"))?;
            let kiosk = site(&format!("kiosk-{number}"), lan.host(10 * number)?)?;
            let station = site(&format!("station-{number}"), lan.host(10 * number + 1)?)?;
            for (own, mate) in [(&kiosk, &station), (&station, &kiosk)] {
                own.settle(&relay)?;
                watch(&own.place, &[&relay.place, &mate.place])?;
            }
            Ok(Pair {
                lan,
                kiosk,
                station,
            })
        };
        let pairs = [pair(1)?, pair(2)?];
        Ok(Self {
            network,
            relay,
            pairs,
            advisers: advisers(&dir)?,
            _folder: folder,
        })
    }

    /// Starts everybody.
    pub async fn start(&mut self) -> Result<()> {
        self.relay.start().await?;
        for pair in &mut self.pairs {
            pair.kiosk.start().await?;
            pair.station.start().await?;
        }
        Ok(())
    }

    /// Everybody behind a router.
    pub fn sites(&self) -> impl Iterator<Item = &Site> {
        self.pairs
            .iter()
            .flat_map(|pair| [&pair.kiosk, &pair.station])
    }
}
