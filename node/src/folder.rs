//! The data folder of a node, and what is read from it at the start.
//!
//! | in the folder | what it is |
//! | --- | --- |
//! | `.guichet` | the [marker], locked while the node runs |
//! | `guichet.toml` | the [settings](crate::config) |
//! | `keys/` | the node's private [keys] |
//! | `identity.cbor` | the root of its network and its own credentials |
//! | `seed.cbor` | the statements of the network that it was born with |
//! | `vaults/` | on a station: the advisers' vaults |
//! | `store/` | what it keeps: sealed by design |
//! | `api-token`, `local-address` | how scripts reach the running node ([contact]); new at every start |
//! | `reserve` | [room](reserve) that is given up first |

mod certificate;
pub mod contact;
pub mod frame;
pub mod keys;
pub mod marker;
pub mod private;
pub mod reserve;

use std::path::{Path, PathBuf};

use guichet_keys::credential::ChainError;
use guichet_keys::keyfile::KeyPurpose;
use guichet_keys::statement::StatementError;
use guichet_keys::{
    AgreementSecret, Chain, Credential, Directory, Refusal, SignedStatement, SigningKey, SubjectId,
};
use guichet_media::Certificate;
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

use crate::config::{Config, ConfigError};
use frame::FrameError;
use keys::{Keys, KeysError, Seal};
use private::PrivateFileError;

pub use contact::{API_TOKEN, LOCAL_ADDRESS};

const IDENTITY: &str = "identity.cbor";
const IDENTITY_NAME: &str = "guichet-identity";
const IDENTITY_BYTES_MAX: u64 = 64 * 1024;
const SEED: &str = "seed.cbor";
const SEED_NAME: &str = "guichet-seed";
const SEED_BYTES_MAX: u64 = 64 * 1024 * 1024;
const VAULTS: &str = "vaults";
/// The folder of what a node keeps.
pub const STORE: &str = "store";

/// Why a data folder could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Not a node's folder, or in use.
    #[error(transparent)]
    Marker(#[from] marker::MarkerError),
    /// Its settings are wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A key is missing, exposed or damaged.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] PrivateFileError),
    /// A file holds something else.
    #[error("{}: {source}", file.display())]
    Frame {
        /// Which file.
        file: PathBuf,
        /// What is wrong.
        source: FrameError,
    },
    /// No credential at all.
    #[error("{} holds no credential", file.display())]
    NoCredential {
        /// Which file.
        file: PathBuf,
    },
    /// A credential does not lead to root.
    #[error("{}: {source}", file.display())]
    Chain {
        /// Which file.
        file: PathBuf,
        /// What is wrong.
        source: ChainError,
    },
    /// A credential is for another key than the folder's.
    #[error("{} is for {certified}, and the key in this folder is {ours}", file.display())]
    OtherNode {
        /// Which file.
        file: PathBuf,
        /// Whom the credential is for.
        certified: SubjectId,
        /// Whose key is here.
        ours: SubjectId,
    },
    /// The statements are of another network.
    #[error("{} is not of this node's network: {source}", file.display())]
    OtherNetwork {
        /// Which file.
        file: PathBuf,
        /// What its root does not vouch for.
        source: Box<Refusal>,
    },
    /// A statement is damaged.
    #[error("{}: {source}", file.display())]
    Statement {
        /// Which file.
        file: PathBuf,
        /// What is wrong.
        source: StatementError,
    },
}

/// A node's data folder, held by this process.
#[derive(Debug)]
pub struct Opened {
    /// Where it is.
    pub dir: PathBuf,
    /// Its settings.
    pub config: Config,
    /// Who this node is.
    pub identity: Identity,
    /// Where the key is that seals its private keys.
    pub seal: Seal,
    /// The certificate by which it is known in calls.
    pub certificate: Certificate,
    /// The statements of the network that it was born with, in an order that respects causes.
    pub seed: Vec<SignedStatement>,
    /// The advisers' vaults on a station.
    pub vaults: Vec<PathBuf>,
    _lock: marker::Lock,
}

/// Who a node is: its keys, and what its network certifies of them.
#[derive(Debug)]
pub struct Identity {
    /// The root of its network.
    pub root: SubjectId,
    /// The seed of its Ed25519 key, which is also its libp2p identity.
    pub node_seed: Zeroizing<[u8; 32]>,
    /// Its Ed25519 key.
    pub key: SigningKey,
    /// Its X25519 key.
    pub agreement: AgreementSecret,
    /// What the first chain certifies: its role and name.
    pub credential: Credential,
    /// Its credentials up to root; the first is the one it shows.
    pub chains: Vec<Chain>,
}

impl Opened {
    /// The folder of its store.
    pub fn store(&self) -> PathBuf {
        self.dir.join(STORE)
    }
}

/// Opens the data folder `dir` for this process alone; `credentials` is systemd's folder of
/// credentials, if there is one.
pub fn open(dir: &Path, credentials: Option<&Path>) -> Result<Opened, FolderError> {
    let lock = marker::lock(dir, marker::Kind::Node)?;
    let config = Config::read(dir)?;
    let keys = Keys::open(dir, credentials)?;
    let identity = read_identity(dir, &keys)?;
    let certificate = certificate::open_or_make(&keys)?;
    let seed = read_seed(dir)?;
    let vaults = dir.join(VAULTS);
    let vaults = if vaults.exists() {
        private::files_in(&vaults, "vault")?
    } else {
        Vec::new()
    };
    Ok(Opened {
        dir: dir.to_owned(),
        config,
        identity,
        seal: keys.seal(),
        certificate,
        seed,
        vaults,
        _lock: lock,
    })
}

/// Writes a node's root and credentials; the first chain is the one it shows.
pub fn write_identity(dir: &Path, root: SubjectId, chains: &[Chain]) -> Result<(), FolderError> {
    let chains = chains.to_vec();
    let content = frame::write(IDENTITY_NAME, &Certified { root, chains });
    Ok(private::write_public(&dir.join(IDENTITY), &content)?)
}

/// Writes the statements that a node is born with.
pub fn write_seed(dir: &Path, statements: &[SignedStatement]) -> Result<(), FolderError> {
    let statements: Vec<ByteVec> = statements
        .iter()
        .map(|statement| statement.bytes().to_vec().into())
        .collect();
    let content = frame::write(SEED_NAME, &statements);
    Ok(private::write_public(&dir.join(SEED), &content)?)
}

/// Writes the vault of the adviser `subject`.
pub fn write_vault(dir: &Path, subject: &SubjectId, vault: &[u8]) -> Result<(), FolderError> {
    let folder = dir.join(VAULTS);
    if !folder.exists() {
        private::create_folder(&folder)?;
    }
    Ok(private::write(
        &folder.join(format!("{subject}.vault")),
        vault,
    )?)
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct Certified {
    #[n(0)]
    root: SubjectId,
    #[n(1)]
    chains: Vec<Chain>,
}

/// What the network certifies of the node of `dir`, without its keys: the first is what it shows.
pub fn credentials(dir: &Path) -> Result<Vec<Credential>, FolderError> {
    let (file, Certified { root, chains }) = read_certified(dir)?;
    let verified = chains.iter().map(|chain| {
        chain.verify(&root).map_err(|source| FolderError::Chain {
            file: file.clone(),
            source,
        })
    });
    verified.collect()
}

/// How many statements the node of `dir` was born with, all of which its root vouches for.
pub fn vouched_for(dir: &Path) -> Result<usize, FolderError> {
    let (_, Certified { root, .. }) = read_certified(dir)?;
    let seed = read_seed(dir)?;
    let mut directory = Directory::new(root);
    for statement in &seed {
        let learned = directory.learn(statement.clone());
        learned.map_err(|source| FolderError::OtherNetwork {
            file: dir.join(SEED),
            source: Box::new(source),
        })?;
    }
    Ok(seed.len())
}

fn read_certified(dir: &Path) -> Result<(PathBuf, Certified), FolderError> {
    let file = dir.join(IDENTITY);
    let content = private::read_public(&file, IDENTITY_BYTES_MAX)?;
    match frame::read(IDENTITY_NAME, &content) {
        Ok(certified) => Ok((file, certified)),
        Err(source) => Err(FolderError::Frame { file, source }),
    }
}

fn read_identity(dir: &Path, keys: &Keys) -> Result<Identity, FolderError> {
    let (file, Certified { root, chains }) = read_certified(dir)?;
    let node_seed = keys.read(&KeyPurpose::Node)?;
    let key = SigningKey::from_seed(&node_seed);
    let agreement = AgreementSecret::from_seed(&*keys.read(&KeyPurpose::NodeAgreement)?);
    let mut shown = None;
    for chain in &chains {
        let credential = chain.verify(&root).map_err(|source| FolderError::Chain {
            file: file.clone(),
            source,
        })?;
        if credential.subject != key.subject() {
            return Err(FolderError::OtherNode {
                file,
                certified: credential.subject,
                ours: key.subject(),
            });
        }
        shown.get_or_insert(credential);
    }
    let Some(credential) = shown else {
        return Err(FolderError::NoCredential { file });
    };
    Ok(Identity {
        root,
        node_seed,
        key,
        agreement,
        credential,
        chains,
    })
}

fn read_seed(dir: &Path) -> Result<Vec<SignedStatement>, FolderError> {
    let file = dir.join(SEED);
    let content = private::read_public(&file, SEED_BYTES_MAX)?;
    let statements: Vec<ByteVec> =
        frame::read(SEED_NAME, &content).map_err(|source| FolderError::Frame {
            file: file.clone(),
            source,
        })?;
    statements
        .iter()
        .map(|bytes| {
            SignedStatement::parse(bytes).map_err(|source| FolderError::Statement {
                file: file.clone(),
                source,
            })
        })
        .collect()
}
