//! Who plays: a relay, a kiosk, two stations with an adviser each, and the offices that certify
//! them. The keys are the same in every run; what happens differs.

use guichet_keys::{
    AgreementSecret, Chain, Credential, Directory, Role, ServiceId, ServiceKey, SignedStatement,
    SigningKey, Statement, SubjectId,
};

/// When the simulated world begins, in milliseconds of the Unix epoch.
pub const BEGINNING_MS: u64 = 1_790_000_000_000;

/// The place of a node in the network; a cloned machine stands at the post of the one it copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Post {
    /// Holds everything, reads nothing.
    Relay,
    /// Where the citizen writes.
    Kiosk,
    /// Where the first adviser writes.
    FirstStation,
    /// Where the second adviser writes.
    SecondStation,
}

impl Post {
    /// Every post.
    pub const ALL: [Self; 4] = [
        Self::Relay,
        Self::Kiosk,
        Self::FirstStation,
        Self::SecondStation,
    ];

    /// Whether somebody writes there.
    pub fn has_people(self) -> bool {
        self != Self::Relay
    }

    fn number(self) -> u8 {
        match self {
            Self::Relay => 10,
            Self::Kiosk => 11,
            Self::FirstStation => 12,
            Self::SecondStation => 13,
        }
    }

    /// The seed of the node's key.
    pub fn node_seed(self) -> [u8; 32] {
        [self.number(); 32]
    }

    /// The seed of the key that signs what people write there.
    pub fn writer_seed(self) -> [u8; 32] {
        match self {
            Self::Relay | Self::Kiosk => self.node_seed(),
            Self::FirstStation | Self::SecondStation => [self.number() + 10; 32],
        }
    }

    /// The key of the node.
    pub fn node_key(self) -> SigningKey {
        SigningKey::from_seed(&self.node_seed())
    }

    /// The key with which people's writings are signed: at a station the adviser's.
    pub fn writer_key(self) -> SigningKey {
        SigningKey::from_seed(&self.writer_seed())
    }

    fn agreement(self) -> AgreementSecret {
        AgreementSecret::from_seed(&[self.number() + 100; 32])
    }
}

/// Who certifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Office {
    /// The root of the network.
    Root,
    /// Certifies relays and kiosks.
    Operator,
    /// Certifies the advisers of the service and their stations.
    Steward,
}

impl Office {
    const ALL: [Self; 3] = [Self::Root, Self::Operator, Self::Steward];

    /// The seed of its key.
    pub fn seed(self) -> [u8; 32] {
        [self as u8 + 1; 32]
    }

    fn key(self) -> SigningKey {
        SigningKey::from_seed(&self.seed())
    }
}

/// Seeds of the keys of all who sign anything.
pub fn seeds() -> impl Iterator<Item = [u8; 32]> {
    let of_post = |post: Post| [post.node_seed(), post.writer_seed()];
    let posts = Post::ALL.into_iter().flat_map(of_post);
    posts.chain(Office::ALL.map(Office::seed))
}

/// The network's certificates and keys.
pub struct Cast {
    /// Its key, as everyone knows it.
    pub service_key: ServiceKey,
    subjects: [SubjectId; Post::ALL.len()],
    root: SubjectId,
    members: Vec<SignedStatement>,
}

impl Cast {
    /// Certifies everyone.
    pub fn new() -> Self {
        let service = ServiceId::new("allocations").expect("a good name");
        let stations = [Post::FirstStation, Post::SecondStation];
        let agents = stations.map(|station| station.agreement().public());
        let (service_key, _) = ServiceKey::create(&service, 1, &agents, None, &[90; 32])
            .expect("the keys of the cast are good ones");
        let [root, operator, steward] = Office::ALL.map(Office::key);
        let of = Some(&service);
        let operators = delegate(&[], &root, operator.subject(), Role::Operator, None);
        let stewards = delegate(&[], &root, steward.subject(), Role::Steward, of);
        let mut chains = vec![operators.clone(), stewards.clone()];
        for (post, role) in [(Post::Relay, Role::Relay), (Post::Kiosk, Role::Kiosk)] {
            let subject = post.node_key().subject();
            chains.push(delegate(&operators, &operator, subject, role, None));
        }
        for station in stations {
            let node = station.node_key().subject();
            let agent = station.writer_key().subject();
            chains.push(delegate(&stewards, &steward, node, Role::Station, of));
            chains.push(delegate(&stewards, &steward, agent, Role::Agent, of));
        }
        let mut members: Vec<_> = chains
            .into_iter()
            .map(|chain| state(&root, &Statement::Member(Chain(chain))))
            .collect();
        members.push(state(&steward, &Statement::ServiceKey(service_key.clone())));
        let subjects = Post::ALL.map(|post| post.node_key().subject());
        Self {
            service_key,
            subjects,
            root: root.subject(),
            members,
        }
    }

    /// What every node knows from its installation, as it was signed.
    pub fn members(&self) -> &[SignedStatement] {
        &self.members
    }

    /// What every node knows from its installation.
    pub fn directory(&self) -> Directory {
        let mut directory = Directory::new(self.root);
        for member in &self.members {
            directory
                .learn(member.clone())
                .expect("the cast is certified by those who may");
        }
        directory
    }

    /// The name of the node at a post.
    pub fn subject(&self, post: Post) -> SubjectId {
        self.subjects[post as usize]
    }

    /// The post of a node.
    pub fn post(&self, subject: &SubjectId) -> Option<Post> {
        Post::ALL
            .into_iter()
            .find(|post| self.subject(*post) == *subject)
    }

    /// The private half of the service's key, as the adviser at this station opens it.
    pub fn service_secret(&self, station: Post) -> Option<AgreementSecret> {
        self.service_key.open(&station.agreement()).ok()
    }
}

fn delegate(
    above: &[Vec<u8>],
    issuer: &SigningKey,
    subject: SubjectId,
    role: Role,
    service: Option<&ServiceId>,
) -> Vec<Vec<u8>> {
    let agreement = Post::ALL
        .into_iter()
        .find(|post| role == Role::Agent && post.writer_key().subject() == subject)
        .map(|post| post.agreement().public());
    let credential = Credential {
        subject,
        role,
        service: service.cloned(),
        name: format!("{role} of the cast"),
        agreement,
        issuer: issuer.subject(),
        not_before_s: BEGINNING_MS / 1000 - 1,
        expires_s: BEGINNING_MS / 1000 + 1_000_000,
        serial: 1,
    };
    let link = credential.sign(issuer).expect("the credential is whole");
    [&[link], above].concat()
}

fn state(signer: &SigningKey, statement: &Statement) -> SignedStatement {
    SignedStatement::sign(signer, 1, BEGINNING_MS / 1000, statement)
        .expect("the statement is within its limits")
}
