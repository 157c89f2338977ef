//! Nodes on loopback for the tests of the mesh: real swarms, a credential made for the test, and an
//! application that lets in whom the porch admits.

use std::time::{Duration, Instant};

use guichet::mesh::{
    Aim, Circuits, Duty, Mesh, MeshConfig, MeshEvent, MeshEvents, Patience, RelayAddress, Use,
};
use guichet_keys::{Signature, SigningKey, SubjectId};
use tokio::time::timeout;

const DOMAIN: &str = "guichet-test/member";
const PATIENCE: Duration = Duration::from_secs(15);

/// A root, and the chains it signs: the subject and a signature over it.
pub struct Network(SigningKey);

impl Network {
    pub fn new(seed: u8) -> Self {
        Self(SigningKey::from_seed(&[seed; 32]))
    }

    pub fn root(&self) -> SubjectId {
        self.0.subject()
    }

    pub fn chain(&self, subject: &SubjectId) -> Vec<u8> {
        let signature = self.0.sign(DOMAIN, subject.as_bytes());
        [subject.as_bytes().as_slice(), signature.as_bytes()].concat()
    }
}

pub fn subject(seed: u8) -> SubjectId {
    SigningKey::from_seed(&[seed; 32]).subject()
}

/// A mesh and what its application has seen of it.
pub struct Node {
    pub mesh: Mesh,
    pub subject: SubjectId,
    pub main: String,
    pub porch: String,
    events: MeshEvents,
}

impl Node {
    /// A node on any port.
    pub async fn start(network: &Network, seed: u8, duty: Duty, relays: &[&Node]) -> Self {
        let any = "/ip4/127.0.0.1/tcp/0";
        Self::start_on(network, seed, duty, relays, [any, any]).await
    }

    /// A node on the given main address and porch.
    pub async fn start_on(
        network: &Network,
        seed: u8,
        duty: Duty,
        relays: &[&Node],
        [main, porch]: [&str; 2],
    ) -> Self {
        let (subject, root) = (subject(seed), network.root());
        let relays = relays.iter().map(|relay| RelayAddress {
            subject: relay.subject,
            main: relay.main.clone(),
            porch: relay.porch.clone(),
        });
        let config = MeshConfig {
            seed: [seed; 32],
            network: root,
            chain: network.chain(&subject),
            admit: Box::new(move |chain| admit(&root, chain)),
            duty,
            listen: vec![main.to_owned()],
            porch: porch.to_owned(),
            relays: relays.collect(),
            jitter: u64::from(seed),
        };
        let (mesh, events) = Mesh::start(config).expect("loopback is there");
        let mut node = Self {
            mesh,
            subject,
            main: String::new(),
            porch: String::new(),
            events,
        };
        let (main, porch) = node
            .until("both ports are open", |event| match event {
                MeshEvent::Listening { main, porch } => Some((main[0].clone(), porch[0].clone())),
                _ => None,
            })
            .await;
        (node.main, node.porch) = (main, porch);
        node
    }

    /// Lets a member in and seeks it by these addresses, or through a relay; the link is in use.
    pub fn let_in(&self, peer: SubjectId, addresses: Vec<String>) {
        self.mesh.allow(peer);
        let aim = Aim {
            addresses,
            patience: Patience::Brisk,
            circuits: Circuits::WhereNothingElseLeads,
        };
        self.mesh.seek(peer, aim);
        self.mesh.set_use(peer, Use::InUse);
    }

    /// Waits for an event, letting in whom the porch admits.
    pub async fn until<T>(&mut self, what: &str, found: impl FnMut(&MeshEvent) -> Option<T>) -> T {
        self.within(PATIENCE, found)
            .await
            .unwrap_or_else(|| panic!("in vain: {what}"))
    }

    /// The same, with less patience.
    pub async fn within<T>(
        &mut self,
        patience: Duration,
        mut found: impl FnMut(&MeshEvent) -> Option<T>,
    ) -> Option<T> {
        let waiting = async {
            loop {
                let event = self.events.recv().await.expect("the mesh runs");
                if let MeshEvent::Admitted { subject, .. } = &event {
                    self.mesh.allow(*subject);
                    self.mesh.set_use(*subject, Use::InUse);
                }
                if let Some(value) = found(&event) {
                    return value;
                }
            }
        };
        timeout(patience, waiting).await.ok()
    }

    pub async fn until_up(&mut self, peer: &SubjectId) -> Instant {
        self.until("the peer comes up", |event| match event {
            MeshEvent::PeerUp { peer: up, .. } if up == peer => Some(Instant::now()),
            _ => None,
        })
        .await
    }

    pub async fn until_down(&mut self, peer: &SubjectId) -> Instant {
        self.until("the peer goes down", |event| match event {
            MeshEvent::PeerDown { peer: down } if down == peer => Some(Instant::now()),
            _ => None,
        })
        .await
    }

    /// When the stream that is open was lost, and when the next one opened. The other end may have
    /// noticed first and be back already: then there is no news of a loss in between.
    pub async fn until_replaced(&mut self, peer: &SubjectId) -> (Instant, Instant) {
        let (lost, is_up) = self
            .until("the stream is lost", |event| match event {
                MeshEvent::PeerDown { peer: of } if of == peer => Some((Instant::now(), false)),
                MeshEvent::PeerUp { peer: of, .. } if of == peer => Some((Instant::now(), true)),
                _ => None,
            })
            .await;
        let up = if is_up {
            lost
        } else {
            self.until_up(peer).await
        };
        (lost, up)
    }

    /// Whether the queue to a peer gets room within a second.
    pub async fn drained(&mut self, peer: &SubjectId) -> bool {
        let drained = |event: &MeshEvent| match event {
            MeshEvent::Drained { peer: to } if to == peer => Some(()),
            _ => None,
        };
        self.within(Duration::from_secs(1), drained).await.is_some()
    }

    pub async fn until_frame(&mut self, peer: &SubjectId) -> Vec<u8> {
        self.until("a frame arrives", |event| match event {
            MeshEvent::Frame { peer: from, frame } if from == peer => Some(frame.to_vec()),
            _ => None,
        })
        .await
    }
}

fn admit(root: &SubjectId, chain: &[u8]) -> Result<SubjectId, String> {
    let (subject, signature) = chain.split_at_checked(32).ok_or("too short")?;
    let subject = SubjectId::try_from(subject).expect("32 bytes");
    let signature = Signature::try_from(signature).map_err(|e| e.to_string())?;
    guichet_keys::verify(root, DOMAIN, subject.as_bytes(), &signature)
        .map_err(|e| e.to_string())?;
    Ok(subject)
}

/// Waits until both are up for each other.
pub async fn meet(one: &mut Node, other: &mut Node) -> Instant {
    let (first, second) = (one.subject, other.subject);
    tokio::join!(one.until_up(&second), other.until_up(&first)).0
}

/// Waits until both are down for each other.
pub async fn part(one: &mut Node, other: &mut Node) {
    let (first, second) = (one.subject, other.subject);
    tokio::join!(one.until_down(&second), other.until_down(&first));
}
