//! The attacker: whoever has the key of a machine that the network has enrolled, and a client of
//! their own. It keeps a connection to each node it is told of, answers what keeps that alive, and
//! says whatever it is told to.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use guichet::folder::{self, Identity};
use guichet::mesh::{Aim, Circuits, Duty, Mesh, MeshConfig, MeshEvent, Patience, SendError, Use};
use guichet_keys::{SigningKey, SubjectId};
use guichet_sync::page::PageId;
use guichet_sync::wire::{Frame, Interest, PROTOCOL, Reading};
use tokio::sync::oneshot;

use crate::network::Place;
use crate::village::Site;

const GREETED_WITHIN: Duration = Duration::from_secs(15);
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(3);
const WANTED_MAX: usize = 4096;

/// The client of whoever has the key.
pub struct Enrolled {
    /// Its key.
    pub key: Arc<SigningKey>,
    mesh: Mesh,
    ear: Arc<Mutex<Ear>>,
    _ends_the_thread: oneshot::Sender<()>,
}

/// How whoever has the key of a machine speaks as its node, from a place.
pub fn member(identity: &Identity, place: &Place) -> MeshConfig {
    let any = format!("/ip4/{}/tcp/0", place.address());
    MeshConfig {
        seed: *identity.node_seed,
        network: identity.root,
        chain: identity.chains[0].to_bytes(),
        admit: Box::new(|_| Err("nobody".into())),
        duty: Duty::Member,
        listen: vec![any.clone()],
        porch: any,
        relays: vec![],
        jitter: 1,
    }
}

/// The seed of the key of a machine whose node does not run.
pub fn seed_of(site: &Site) -> Result<[u8; 32]> {
    Ok(*folder::open(site.folder(), None)?.identity.node_seed)
}

/// A node, and where members reach it.
#[derive(Clone, Debug)]
pub struct Target {
    /// What its log is called.
    pub name: String,
    /// Who it is.
    pub node: SubjectId,
    /// The address of its main door.
    pub door: String,
}

impl Target {
    /// Of a node that does not run yet: its folder is open only then.
    pub fn of(site: &Site) -> Result<Self> {
        let opened = folder::open(site.folder(), None)?;
        let (host, port) = (opened.config.mesh_host, opened.config.mesh_port);
        Ok(Self {
            name: site.log.clone(),
            node: opened.identity.key.subject(),
            door: format!("/ip4/{host}/tcp/{port}"),
        })
    }
}

/// What was heard so far.
#[derive(Debug, Default)]
struct Ear {
    greeted: BTreeSet<SubjectId>,
    lost: BTreeMap<SubjectId, u32>,
    reasons: Vec<String>,
    wanted: VecDeque<(SubjectId, PageId)>,
}

impl Enrolled {
    /// Takes the key of a machine whose node does not run, and sits down where it stood.
    pub fn in_place_of(site: &Site) -> Result<Self> {
        let (place, identity) = (&site.place, folder::open(site.folder(), None)?.identity);
        let key = Arc::new(SigningKey::from_seed(&identity.node_seed));
        let config = member(&identity, place);
        let ear = Arc::<Mutex<Ear>>::default();
        let (ends, ended) = oneshot::channel();
        let (give, take) = mpsc::channel();
        let (place, listening) = (place.clone(), Arc::clone(&ear));
        std::thread::spawn(move || {
            let inside = move || {
                let mut runtime = tokio::runtime::Builder::new_current_thread();
                let runtime = runtime.enable_all().build()?;
                runtime.block_on(listen(config, give, listening, ended));
                Ok(())
            };
            place.visit(inside)
        });
        let mesh = take.recv().context("the attacker's thread")??;
        Ok(Self {
            key,
            mesh,
            ear,
            _ends_the_thread: ends,
        })
    }

    /// Connects to a node, and says hello there as often as the connection is made.
    pub async fn knock(&self, target: &Target) -> Result<()> {
        let Target { node, door, name } = target;
        self.mesh.allow(*node);
        let aim = Aim {
            addresses: vec![door.clone()],
            patience: Patience::Brisk,
            circuits: Circuits::Never,
        };
        self.mesh.seek(*node, aim);
        // However often it is sent away, it comes back as soon as it can.
        self.mesh.set_use(*node, Use::InUse);
        ensure!(self.until_greeted(node).await, "{name} lets nobody in");
        Ok(())
    }

    /// Whether a session is open now.
    pub fn is_greeted(&self, node: &SubjectId) -> bool {
        lock(&self.ear).greeted.contains(node)
    }

    /// Waits until both hellos of a session are said; false if that takes too long.
    pub async fn until_greeted(&self, node: &SubjectId) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < GREETED_WITHIN {
            if self.is_greeted(node) {
                return true;
            }
            tokio::time::sleep(LOOK_AGAIN_AFTER).await;
        }
        false
    }

    /// Sends a frame once there is room; false if the session is over, or takes nothing any more.
    pub async fn send(&self, node: &SubjectId, frame: &Frame) -> bool {
        self.send_bytes(node, frame.encode()).await
    }

    /// The same with bytes that need be no frame.
    pub async fn send_bytes(&self, node: &SubjectId, bytes: Vec<u8>) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < GREETED_WITHIN {
            if !self.is_greeted(node) {
                return false;
            }
            match self.mesh.send(node, bytes.clone()) {
                Ok(()) => return true,
                Err(SendError::Full) => tokio::time::sleep(LOOK_AGAIN_AFTER).await,
                Err(_) => return false,
            }
        }
        false
    }

    /// Sends a signal, if there is room for it.
    pub fn signal(&self, node: &SubjectId, bytes: Vec<u8>) -> bool {
        self.mesh.signal(node, bytes).is_ok()
    }

    /// Hangs up; the connection is made again by itself.
    pub fn hang_up(&self, node: &SubjectId) {
        self.mesh.close(*node);
    }

    /// How often a node has ended the session.
    pub fn lost(&self, node: &SubjectId) -> u32 {
        lock(&self.ear).lost.get(node).copied().unwrap_or_default()
    }

    /// Why nodes said that they end a session.
    pub fn reasons(&self) -> Vec<String> {
        lock(&self.ear).reasons.clone()
    }

    /// The next page that a node asked for, and which node.
    pub fn wanted(&self) -> Option<(SubjectId, PageId)> {
        lock(&self.ear).wanted.pop_front()
    }
}

fn lock(ear: &Mutex<Ear>) -> MutexGuard<'_, Ear> {
    ear.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn listen(
    config: MeshConfig,
    give: mpsc::Sender<Result<Mesh>>,
    ear: Arc<Mutex<Ear>>,
    mut ended: oneshot::Receiver<()>,
) {
    let (mesh, mut events) = match Mesh::start(config) {
        Ok(started) => started,
        Err(error) => {
            let _nobody_waits = give.send(Err(error.into()));
            return;
        }
    };
    if give.send(Ok(mesh.clone())).is_err() {
        return;
    }
    loop {
        let event = tokio::select! {
            event = events.recv() => event,
            _ = &mut ended => return,
        };
        let Some(event) = event else { return };
        hear(&mesh, &ear, event);
    }
}

/// What keeps a session alive is answered here; the rest is noted.
fn hear(mesh: &Mesh, ear: &Mutex<Ear>, event: MeshEvent) {
    match event {
        MeshEvent::PeerUp { peer, .. } => {
            lock(ear).greeted.remove(&peer);
            let _it_is_up = mesh.send(&peer, hello().encode());
        }
        MeshEvent::PeerDown { peer } => {
            let mut ear = lock(ear);
            ear.greeted.remove(&peer);
            *ear.lost.entry(peer).or_default() += 1;
        }
        MeshEvent::Frame { peer, frame } => match Frame::decode(&frame) {
            Ok(Frame::Hello { .. }) => {
                let all = Frame::Have {
                    chains: vec![],
                    prefixes: vec![],
                    last: true,
                };
                let _there_is_room = mesh.send(&peer, all.encode());
                lock(ear).greeted.insert(peer);
            }
            Ok(Frame::Want { page, .. }) => {
                let mut ear = lock(ear);
                if ear.wanted.len() < WANTED_MAX {
                    ear.wanted.push_back((peer, page));
                }
            }
            Ok(Frame::Bye { reason }) => lock(ear).reasons.push(reason),
            Ok(_) | Err(_) => {}
        },
        MeshEvent::Signal { .. }
        | MeshEvent::Admitted { .. }
        | MeshEvent::Drained { .. }
        | MeshEvent::PeerSilent { .. }
        | MeshEvent::PeerBack { .. }
        | MeshEvent::RoundTrip { .. }
        | MeshEvent::Addresses { .. }
        | MeshEvent::Held { .. }
        | MeshEvent::Listening { .. } => {}
    }
}

/// The first frame of a session.
pub fn hello() -> Frame {
    Frame::Hello {
        version: PROTOCOL,
        features: 0,
        reading: Reading([1; 16]),
        read: None,
        served: None,
        interest: Interest::Cases(vec![]),
    }
}
