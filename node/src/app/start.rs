//! Putting a node together from its folder.

use std::cell::RefCell;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use data_encoding::HEXLOWER;
use guichet_keys::{Chain, Directory, Role, SigningKey};
use guichet_media::Event;
use guichet_sync::page::PageId;
use guichet_sync::replica::{Input, Opening, Replica, Thing};
use guichet_sync::store::{self, Location, Repair, Store};
use guichet_sync::wire::Epoch;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::calls::Calls;
use super::cases::{Cases, Shared};
use super::disk::Disk;
use super::kiosk::{Kiosk, VISIT_NOTE};
use super::node::{Assembly, Duty, Node, now};
use super::station::Station;
use super::tray::{Printing, TrayEvent, Trays};
use super::{Ready, Sources, life, vault};
use crate::devices::{Device, Printer, Scanner};
use crate::folder::contact::{self, Contact};
use crate::folder::keys::Seal;
use crate::folder::{self, Opened};
use crate::hosts::hosts;
use crate::media::{Media, MediaConfig};
use crate::mesh::{self, Mesh, MeshConfig, MeshEvents, RelayAddress};
use crate::owners::Post;
use crate::render::Renderer;
use crate::web::view::Ill;
use crate::web::{Counter, Settings, Web};
use crate::{Parts, clock, entropy, owners, stop::Stop};

/// The pages' task: it ends when the node is told to stop.
pub(super) type Pages = JoinHandle<std::io::Result<()>>;

/// Starts a node: opens its store, connects it, and serves its pages.
pub(super) async fn start(
    opened: &Opened,
    parts: &Parts,
    mut stop: Stop,
    ready: oneshot::Sender<Ready>,
) -> anyhow::Result<(Node, Sources, Pages)> {
    if let Err(error) = folder::reserve::keep(&opened.dir) {
        tracing::warn!(%error, "no room is kept in reserve");
    }
    let (mut store, found) = Store::open(&opened.store(), entropy::bytes())?;
    let life = life::begin(&mut store, clock::wall_ms());
    let interrupted = store.notes().contains_key(VISIT_NOTE);
    let mut ills = ills(opened, &found.repairs);
    let reader = store.reader();
    let unread = RefCell::new(Vec::new());
    let replica = replica(opened, parts, found, &|at| {
        let read = reader.read(*at);
        read.map_err(|error| unread.borrow_mut().push(error)).ok()
    });
    let unread = unread.into_inner();

    let (counter, asks) = Counter::open();
    let (web, contact) = bind(opened, counter.clone()).await?;
    ills.splice(0..0, contact.refused.as_ref().map(ill_of));
    // Media first: where it has the UDP port of the mesh, members come over TCP alone.
    let (posts, owners) = owners::posts();
    let (media, media_events) = media(opened, posts.of("calls"))
        .with_context(|| set_otherwise(opened, "calls", "`mesh_host` or `media_port`"))?;
    let (mesh, mesh_events) = connect(opened, posts.of("the mesh")).with_context(|| {
        let keys = "`mesh_host`, `mesh_port` or `porch_port`";
        set_otherwise(opened, "the mesh", keys)
    })?;
    let (disk_told, disk_events) = mpsc::unbounded_channel();
    let (cases_told, case_events) = mpsc::unbounded_channel();
    let (station_told, station_events) = mpsc::unbounded_channel();
    let (trays_told, tray_events) = mpsc::unbounded_channel();
    let disk = Disk::start(store, disk_told, posts.of("the disk"))?;
    let shared = Shared {
        sealer: parts.sealer.clone(),
        rules: parts.rules,
        reader: reader.clone(),
        disk: disk.sender(),
        events: cases_told,
    };
    let (vaults, unread_vaults) = vault::list(&opened.vaults);
    let shut = unread_vaults.into_iter();
    ills.extend(shut.map(|file| Ill::VaultUnreadable { file }));
    let duty = match opened.identity.credential.role {
        Role::Kiosk => Duty::Kiosk(Kiosk::new(
            interrupted,
            Duration::from_secs(opened.config.idle_s),
        )),
        Role::Station => Duty::Station(Box::new(Station::new(
            vaults,
            opened.config.lock_after(),
            station_told,
        ))),
        Role::Relay | Role::Operator | Role::Steward | Role::Registrar | Role::Agent => Duty::Relay,
    };
    let signer = Arc::new(SigningKey::from_seed(&opened.identity.node_seed));
    let role = opened.identity.credential.role;
    let mut node = Node::new(Assembly {
        calls: Calls::new(signer.clone(), role, life, media),
        signer,
        name: opened.identity.credential.name.clone(),
        rules: parts.rules,
        duty,
        replica,
        mesh,
        disk,
        reader,
        cases: Cases::start(&shared, &posts)?,
        counter,
        renderer: Renderer::new(),
        trays: trays(opened, parts, trays_told, posts.of("the printer")),
        certified_s: opened.identity.credential.not_before_s,
        ills,
    });
    node.tell_replica(Input::Written(
        opened.seed.iter().cloned().map(Thing::Statement).collect(),
    ));
    unread.iter().for_each(|error| node.on_unreadable(error));
    node.learn_services();
    node.state_certificate(&opened.certificate.fingerprint());

    let address = web.address();
    contact.put_address(&address.to_string())?;
    let start_url = web.start_url();
    let post = posts.of("the pages");
    let pages = tokio::spawn(async move {
        let _post = post;
        web.serve(async move { stop.ordered().await }).await
    });
    let _nobody_waits = ready.send(Ready { address, start_url });
    let (mesh, disk, cases, station) = (mesh_events, disk_events, case_events, station_events);
    Ok((
        node,
        Sources {
            asks,
            mesh,
            disk,
            cases,
            station,
            media: media_events,
            trays: tray_events,
            owners,
        },
        pages,
    ))
}

/// The trays of a kiosk or a station, and the devices beside them; a relay has none.
fn trays(
    opened: &Opened,
    parts: &Parts,
    events: mpsc::UnboundedSender<TrayEvent>,
    post: Post,
) -> Trays {
    let (mut scanner, mut printer) = (opened.config.scanner(), opened.config.printer());
    if opened.identity.credential.role == Role::Relay {
        (scanner.device, printer.queue) = (Device::Off, Device::Off);
    }
    // Nodes that share a print service purge their own jobs and no other's.
    printer.title = format!("guichet {}", opened.identity.key.subject());
    let printing = Printing::start(Printer::new(printer), events.clone(), post);
    Trays::new(Scanner::new(scanner), printing, events, parts.any_file)
}

/// The media thread of a kiosk or a station; a relay carries no call.
fn media(
    opened: &Opened,
    post: Post,
) -> anyhow::Result<(Option<Media>, mpsc::UnboundedReceiver<Event>)> {
    if opened.identity.credential.role == Role::Relay {
        post.vacate();
        return Ok((None, mpsc::unbounded_channel().1));
    }
    let hosts = hosts(opened.config.mesh_host)?;
    let config = MediaConfig {
        certificate: opened.certificate.clone(),
        page_hosts: hosts.clone(),
        wan_hosts: hosts,
        wan_port: opened.config.media_port,
    };
    let (media, events) = Media::start_holding(config, post)?;
    Ok((Some(media), events))
}

fn ills(opened: &Opened, repairs: &[Repair]) -> Vec<Ill> {
    let repaired = repairs.iter().map(|repair| {
        tracing::warn!(%repair, "the store was repaired");
        let (what, lost) = (repair.to_string(), repair.lost_records());
        if matches!(repair, Repair::EndUnread { .. }) {
            return Ill::Unreadable { said: what };
        }
        Ill::Repaired { what, lost }
    });
    let in_file = matches!(opened.seal, Seal::File).then_some(Ill::KeysInFile);
    repaired.chain(in_file).collect()
}

/// What a disk is that does not take the token at the start.
fn ill_of(refused: &std::io::Error) -> Ill {
    if refused.kind() == std::io::ErrorKind::ReadOnlyFilesystem {
        let said = refused.to_string();
        Ill::DiskFailed { said }
    } else {
        Ill::DiskFull
    }
}

fn replica(
    opened: &Opened,
    parts: &Parts,
    found: store::Opened,
    read: &dyn Fn(&Location) -> Option<Vec<u8>>,
) -> Replica {
    let pages = found
        .pages
        .into_iter()
        .map(|page| (PageId(page.id.into()), page.bitmap));
    let cursors = found
        .cursors
        .into_iter()
        .map(|(peer, cursors)| (peer.into(), cursors));
    let opening = Opening {
        signer: SigningKey::from_seed(&opened.identity.node_seed),
        directory: Directory::new(opened.identity.root),
        epoch: Epoch(found.epoch),
        rules: parts.rules,
        records: found.records.iter().collect(),
        cursors: cursors.collect(),
        pages: pages.collect(),
        read,
    };
    Replica::open(now(), opening)
}

/// Which settings decide about what cannot be had.
fn set_otherwise(opened: &Opened, what: &str, keys: &str) -> String {
    let file = opened.dir.join(crate::config::FILE);
    format!(
        "no place for {what}; set another {keys} in {}",
        file.display()
    )
}

async fn bind(opened: &Opened, counter: Counter) -> anyhow::Result<(Web, Contact)> {
    let api_token = HEXLOWER.encode(&entropy::bytes::<32>());
    let port = opened.config.port;
    let settings = Settings {
        role: opened.identity.credential.role,
        node: opened.identity.key.subject().to_string(),
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        api_token: api_token.clone(),
        kiosk_files: opened.config.kiosk_files,
    };
    let web = Web::bind(settings, counter)
        .await
        .with_context(|| set_otherwise(opened, &format!("the pages on port {port}"), "`port`"))?;
    let id = opened.identity.key.subject().to_string();
    let contact = contact::put_token(&opened.dir, &id, api_token.as_bytes())?;
    Ok((web, contact))
}

fn connect(opened: &Opened, post: Post) -> anyhow::Result<(Mesh, MeshEvents)> {
    let (identity, config) = (&opened.identity, &opened.config);
    let root = identity.root;
    let relays = config
        .relays
        .iter()
        .filter(|relay| relay.subject != identity.key.subject());
    let relays = relays.map(|relay| RelayAddress {
        subject: relay.subject,
        main: relay.mesh.to_string(),
        porch: relay.porch.to_string(),
    });
    let listen = |port: u16| match config.mesh_host {
        std::net::IpAddr::V4(host) => format!("/ip4/{host}/tcp/{port}"),
        std::net::IpAddr::V6(host) => format!("/ip6/{host}/tcp/{port}"),
    };
    let carries = identity.credential.role == Role::Relay;
    let config = MeshConfig {
        seed: *identity.node_seed,
        network: root,
        chain: identity
            .chains
            .first()
            .map(Chain::to_bytes)
            .unwrap_or_default(),
        admit: Box::new(move |bytes| {
            let chain = Chain::from_bytes(bytes).map_err(|error| error.to_string())?;
            let credential = chain.verify(&root).map_err(|error| error.to_string())?;
            if credential.role.is_node() {
                Ok(credential.subject)
            } else {
                Err("no node".to_owned())
            }
        }),
        duty: if carries {
            mesh::Duty::Relay
        } else {
            mesh::Duty::Member
        },
        listen: vec![listen(config.mesh_port)],
        porch: listen(config.porch_port),
        relays: relays.collect(),
        jitter: u64::from_be_bytes(entropy::bytes()),
    };
    Ok(Mesh::start_holding(config, post)?)
}
