//! Making a network: who is in it, and a ready data folder for every node.
//!
//! Root certifies the operator and the stewards; the operator certifies the relays, and each relay
//! as registrar, which certifies kiosks; every steward certifies the stations and its service's
//! advisers, and states the service's first key and its catalogue. All of it is written into every
//! folder, so that a kiosk knows all services from birth and needs nobody to create a case.
//!
//! Each station has one adviser of all services; the last station also one of the last service
//! only. In the folder of the network lie the nodes' folders, `authority/` and `passphrases`.

mod adviser;
pub mod authority;
mod founding;
mod node;
mod ports;
mod staged;

use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use guichet_keys::credential::CredentialError;
use guichet_keys::statement::StatementError;
use guichet_keys::vault::VaultError;
use guichet_keys::{Role, ServiceId, ServiceKey, Statement, SubjectId, WrapError};
use zeroize::Zeroizing;

use crate::config::Relay;
use crate::folder::{FolderError, keys, marker, private};
use crate::{clock, entropy, services};
use adviser::NewAdviser;
use authority::Authority;
use founding::Founding;
use node::{Listening, NewNode};
use staged::Staged;

/// Name of the file with the advisers' passphrases, one line each:
/// station, name, services, passphrase, parted by tabs.
pub const PASSPHRASES: &str = "passphrases";

/// Most kiosks of one plan.
const KIOSKS_MAX: u16 = 200;
/// Most stations of one plan. The key of a service is sealed to the adviser of each, in one
/// statement.
pub const STATIONS_MAX: u16 = 100;
/// Most relays of one plan.
const RELAYS_MAX: u16 = 8;

const FIRST_EPOCH: u32 = 1;

const TOWN_HALLS: [&str; 10] = [
    "Mairie d’Ambert",
    "Mairie de Brioude",
    "Mairie de Mauriac",
    "Mairie de Lapalisse",
    "Mairie de Murat",
    "Mairie de Langeac",
    "Mairie de Besse",
    "Mairie de Gannat",
    "Mairie d’Allanche",
    "Mairie de Craponne",
];
const ADVISERS: [&str; 10] = [
    "Nadia Roche",
    "Karim Benali",
    "Sofia Lopes",
    "Hugo Faure",
    "Claire Dumas",
    "Paul Cros",
    "Odile Brun",
    "Yanis Merle",
    "Lucien Fayet",
    "Inès Teyssier",
];

/// How many nodes of each kind, and where they listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Kiosks.
    pub kiosks: u16,
    /// Stations.
    pub stations: u16,
    /// Relays; each is a registrar as well.
    pub relays: u16,
    /// The address on which every node listens for the others.
    pub host: IpAddr,
}

/// A service, with what its steward states of it.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// Which service.
    pub service: ServiceId,
    /// Its forms, hours and information, in JSON.
    pub json: Vec<u8>,
}

impl Catalogue {
    /// The four services of the demo.
    pub fn of_demo() -> Vec<Self> {
        services::demo()
            .into_iter()
            .map(|(name, json)| Self {
                service: ServiceId::new(name).expect("a service's name"),
                json: json.into(),
            })
            .collect()
    }
}

/// What was made.
#[derive(Clone, Debug)]
pub struct Made {
    /// The network's root.
    pub root: SubjectId,
    /// Names of the nodes' folders.
    pub nodes: Vec<String>,
}

/// Why a network could not be made.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// The folder holds something.
    #[error("{} is not empty; choose another folder with --dir", dir.display())]
    NotEmpty {
        /// Which folder.
        dir: PathBuf,
    },
    /// A count is outside its limits.
    #[error("{count} {what} is not possible; use {least} to {most}")]
    Count {
        /// Of what.
        what: &'static str,
        /// How many were asked for.
        count: u16,
        /// The least.
        least: u16,
        /// The most.
        most: u16,
    },
    /// Nobody can be reached at any address at once.
    #[error(
        "the nodes are reached at --host, and {host} is no address of a machine; name one, and set `mesh_host` to {host} afterwards to listen at all of them"
    )]
    Host {
        /// What was asked for.
        host: IpAddr,
    },
    /// A file could not be written.
    #[error(transparent)]
    File(#[from] private::PrivateFileError),
    /// A key could not be written.
    #[error(transparent)]
    Keys(#[from] keys::KeysError),
    /// A node's folder could not be written.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A credential cannot be made.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// A statement cannot be made.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// A service key cannot be wrapped.
    #[error(transparent)]
    Wrap(#[from] WrapError),
    /// A vault cannot be made.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The system refused.
    #[error("{}: {source}", file.display())]
    Io {
        /// Which file or folder.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Makes the network of `plan` in `dir`, which must be empty or not there.
///
/// Everything is made beside `dir` and renamed into its place: `dir` holds a whole network or is
/// as it was.
pub fn init(
    dir: &Path,
    kind: marker::Kind,
    plan: &Plan,
    catalogues: &[Catalogue],
) -> Result<Made, InitError> {
    plan.check()?;
    let staged = Staged::new(dir)?;
    let made = make(staged.path(), plan, catalogues)?;
    marker::put(staged.path(), kind)?;
    staged.put_in_place()?;
    Ok(made)
}

/// The lines of a passphrase file, as station, name, services and passphrase.
pub fn read_passphrases(text: &str) -> impl Iterator<Item = [&str; 4]> {
    text.lines().filter_map(|line| {
        let mut fields = line.split('\t');
        Some([
            fields.next()?,
            fields.next()?,
            fields.next()?,
            fields.next()?,
        ])
    })
}

impl Plan {
    fn check(&self) -> Result<(), InitError> {
        if self.host.is_unspecified() || self.host.is_multicast() {
            return Err(InitError::Host { host: self.host });
        }
        for (what, count, allowed) in [
            ("kiosks", self.kiosks, 0..=KIOSKS_MAX),
            ("stations", self.stations, 0..=STATIONS_MAX),
            ("relays", self.relays, 1..=RELAYS_MAX),
        ] {
            if !allowed.contains(&count) {
                return Err(InitError::Count {
                    what,
                    count,
                    least: *allowed.start(),
                    most: *allowed.end(),
                });
            }
        }
        Ok(())
    }

    fn relay_name(&self, number: u16) -> String {
        match self.relays {
            1 => "relay".to_owned(),
            _ => format!("relay-{number}"),
        }
    }
}

fn make(dir: &Path, plan: &Plan, catalogues: &[Catalogue]) -> Result<Made, InitError> {
    let mut founding = Founding::new(clock::wall_s());
    let authority = Authority::create(dir, catalogues, &mut founding)?;
    let mut site = Site::new(dir, plan)?;
    let relays = make_relays(&mut site, &authority, &mut founding)?;
    make_kiosks(&mut site, &relays, &mut founding)?;
    let advisers = make_stations(&mut site, &authority, &mut founding)?;
    state_services(&authority, catalogues, &advisers, &mut founding)?;
    write_passphrases(dir, &advisers)?;
    let root = authority.root.subject();
    for node in &site.nodes {
        node.finish(root, &relays.addresses, founding.statements())?;
    }
    Ok(Made {
        root,
        nodes: site.names,
    })
}

/// The folder of the network, and the nodes made in it so far.
struct Site<'a> {
    dir: &'a Path,
    plan: &'a Plan,
    ports: Vec<u16>,
    names: Vec<String>,
    nodes: Vec<NewNode>,
}

impl<'a> Site<'a> {
    fn new(dir: &'a Path, plan: &'a Plan) -> Result<Self, InitError> {
        let nodes =
            usize::from(plan.relays) + usize::from(plan.kiosks) + usize::from(plan.stations);
        Ok(Self {
            dir,
            plan,
            ports: ports::free(2 * nodes).map_err(|source| io_error(dir, source))?,
            names: Vec::new(),
            nodes: Vec::new(),
        })
    }

    fn add(&mut self, name: String, title: &str) -> Result<&mut NewNode, InitError> {
        let mut port = || {
            self.ports
                .pop()
                .expect("two ports were found for every node")
        };
        let at = Listening {
            host: self.plan.host,
            mesh_port: port(),
            porch_port: port(),
        };
        let node = NewNode::create(self.dir.join(&name), title, at)?;
        self.names.push(name);
        self.nodes.push(node);
        Ok(self.nodes.last_mut().expect("just pushed"))
    }
}

struct Relays {
    addresses: Vec<Relay>,
    registrar: founding::Issuer,
}

fn make_relays(
    site: &mut Site<'_>,
    authority: &Authority,
    founding: &mut Founding,
) -> Result<Relays, InitError> {
    let mut addresses = Vec::new();
    let mut registrar = None;
    for number in 1..=site.plan.relays {
        let name = site.plan.relay_name(number);
        let relay = site.add(name, &format!("Relais {number}"))?;
        relay.certify(founding, &authority.operator, Role::Relay, None)?;
        relay.certify(founding, &authority.operator, Role::Registrar, None)?;
        addresses.push(relay.as_relay());
        registrar.get_or_insert(relay.issuer());
    }
    Ok(Relays {
        addresses,
        registrar: registrar.expect("a plan has at least one relay"),
    })
}

fn make_kiosks(
    site: &mut Site<'_>,
    relays: &Relays,
    founding: &mut Founding,
) -> Result<(), InitError> {
    for number in 1..=site.plan.kiosks {
        let kiosk = site.add(format!("kiosk-{number}"), &numbered(&TOWN_HALLS, number))?;
        kiosk.certify(founding, &relays.registrar, Role::Kiosk, None)?;
    }
    Ok(())
}

struct Moved {
    station: String,
    adviser: NewAdviser,
}

fn make_stations(
    site: &mut Site<'_>,
    authority: &Authority,
    founding: &mut Founding,
) -> Result<Vec<Moved>, InitError> {
    let mut moved = Vec::new();
    for number in 1..=site.plan.stations {
        let last = number == site.plan.stations;
        let name = format!("station-{number}");
        let station = site.add(name.clone(), &format!("Poste {number}"))?;
        for steward in &authority.stewards {
            let service = Some(&steward.service);
            station.certify(founding, &steward.issuer, Role::Station, service)?;
        }
        let title = numbered(&ADVISERS, number);
        let mut advisers = vec![NewAdviser::create(&title, &authority.stewards, founding)?];
        if last {
            let title = numbered(&ADVISERS, number + 1);
            let only = authority.stewards.last();
            advisers.push(NewAdviser::create(&title, only, founding)?);
        }
        for adviser in advisers {
            adviser.move_in(&station.dir)?;
            moved.push(Moved {
                station: name.clone(),
                adviser,
            });
        }
    }
    Ok(moved)
}

fn state_services(
    authority: &Authority,
    catalogues: &[Catalogue],
    advisers: &[Moved],
    founding: &mut Founding,
) -> Result<(), InitError> {
    for (steward, Catalogue { service, json }) in authority.stewards.iter().zip(catalogues) {
        let readers: Vec<_> = advisers
            .iter()
            .filter(|moved| moved.adviser.services.contains(service))
            .map(|moved| moved.adviser.agreement)
            .collect();
        let drawn = Zeroizing::new(entropy::bytes());
        let recovery = Some(&steward.recovery);
        let (key, _secret) = ServiceKey::create(service, FIRST_EPOCH, &readers, recovery, &drawn)?;
        founding.state(&steward.issuer, &Statement::ServiceKey(key))?;
        let catalogue = Statement::Catalogue {
            service: service.clone(),
            json: json.clone(),
        };
        founding.state(&steward.issuer, &catalogue)?;
    }
    Ok(())
}

fn write_passphrases(dir: &Path, advisers: &[Moved]) -> Result<(), InitError> {
    let mut text = Zeroizing::new(String::with_capacity(200 * advisers.len()));
    for Moved { station, adviser } in advisers {
        let services: Vec<&str> = adviser.services.iter().map(ServiceId::as_str).collect();
        let NewAdviser {
            name, passphrase, ..
        } = adviser;
        let services = services.join(",");
        _ = writeln!(*text, "{station}\t{name}\t{services}\t{}", **passphrase);
    }
    Ok(private::write(&dir.join(PASSPHRASES), text.as_bytes())?)
}

/// A name from the list; from its second round on, with a number.
fn numbered(names: &[&str; 10], number: u16) -> String {
    let place = usize::from(number - 1);
    let name = names[place % names.len()];
    match place / names.len() {
        0 => name.to_owned(),
        round => format!("{name} {}", round + 1),
    }
}

fn io_error(file: &Path, source: std::io::Error) -> InitError {
    let file = file.to_owned();
    InitError::Io { file, source }
}
