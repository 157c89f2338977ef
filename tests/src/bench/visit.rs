use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::api::Api;
use crate::network::Place;
use crate::process::{Demo, artefacts, free_ports};
use crate::script::Script;

/// The three nodes of the demo on loopback, on the disk that holds the build, with a visit at the
/// kiosk and an adviser who has its case on the desk.
pub struct Visit {
    /// At the kiosk.
    pub kiosk: Script,
    /// At the station.
    pub desk: Script,
    /// The tag of the case.
    pub case: String,
    // The demo ends before its folder.
    _demo: Demo,
    _folder: TempDir,
}

impl Visit {
    /// Begins the visit, and waits until the adviser has the case.
    pub async fn begin() -> Result<Self> {
        let folder = tempfile::tempdir_in(artefacts()?)?;
        let dir = folder.path().join("demo");
        let ports = free_ports()?;
        let demo = Demo::start(&dir, ports, &[])?;
        let [at_kiosk, at_station, _] = ports;
        let kiosk = script(at_kiosk, &dir.join("kiosk-1"))?;
        let desk = script(at_station, &dir.join("station-1"))?;
        let adviser = &demo.ready["advisers"][0];
        let said = |key: &str| {
            let text = adviser[key].as_str();
            text.with_context(|| format!("{key} of an adviser"))
        };
        desk.unlock(said("name")?, said("passphrase")?).await?;
        let case = kiosk.begin("caf", "housing").await?;
        // A case in which nothing is written does not leave the kiosk.
        kiosk.set(&case, "tenancy", "tenant").await?;
        let has_form = |view: &serde_json::Value| {
            let forms = view["forms"].as_array();
            forms.is_some_and(|forms| !forms.is_empty())
        };
        let at_desk = async |desk: &Script| desk.case(&case).await;
        desk.until("the case at the desk", at_desk, has_form)
            .await?;
        Ok(Self {
            kiosk,
            desk,
            case,
            _demo: demo,
            _folder: folder,
        })
    }
}

fn script(port: u16, folder: &Path) -> Result<Script> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let api = Api::new(&Place::here(), address).with_token_of(folder)?;
    Ok(Script::new(api))
}
