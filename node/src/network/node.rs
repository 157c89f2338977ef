//! One new node: its keys, its credentials, its data folder.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use guichet_keys::keyfile::KeyPurpose;
use guichet_keys::{
    AgreementKey, AgreementSecret, Chain, Role, ServiceId, SignedStatement, SigningKey, SubjectId,
};
use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;
use zeroize::Zeroizing;

use super::InitError;
use super::founding::{Founding, Issuer, Subject};
use crate::config::{self, Config, Relay};
use crate::entropy;
use crate::folder::keys::Keys;
use crate::folder::{self, marker, private};

/// A node whose folder is being made.
pub struct NewNode {
    /// Where its folder is.
    pub dir: PathBuf,
    /// Its public key.
    pub subject: SubjectId,
    seed: Zeroizing<[u8; 32]>,
    agreement: AgreementKey,
    title: String,
    mesh: SocketAddr,
    porch: SocketAddr,
    chains: Vec<Chain>,
}

/// Where a new node listens.
#[derive(Clone, Copy)]
pub struct Listening {
    /// The address of the mesh and the porch.
    pub host: IpAddr,
    /// The port of the mesh.
    pub mesh_port: u16,
    /// The port of the porch.
    pub porch_port: u16,
}

impl NewNode {
    /// Makes the folder `dir` and the node's keys in it; `title` is what people call the node.
    pub fn create(dir: PathBuf, title: &str, at: Listening) -> Result<Self, InitError> {
        private::create_folder(&dir)?;
        let keys = Keys::create(&dir)?;
        let seed = Zeroizing::new(entropy::bytes());
        let agreement_seed = Zeroizing::new(entropy::bytes());
        keys.write(&KeyPurpose::Node, &seed)?;
        keys.write(&KeyPurpose::NodeAgreement, &agreement_seed)?;
        Ok(Self {
            dir,
            subject: SigningKey::from_seed(&seed).subject(),
            seed,
            agreement: AgreementSecret::from_seed(&agreement_seed).public(),
            title: title.to_owned(),
            mesh: SocketAddr::new(at.host, at.mesh_port),
            porch: SocketAddr::new(at.host, at.porch_port),
            chains: Vec::new(),
        })
    }

    /// Has the node certified; the first credential is the one it shows.
    pub fn certify(
        &mut self,
        founding: &mut Founding,
        issuer: &Issuer,
        role: Role,
        service: Option<&ServiceId>,
    ) -> Result<(), InitError> {
        let subject = Subject {
            key: self.subject,
            role,
            service,
            name: &self.title,
            agreement: Some(self.agreement),
        };
        self.chains.push(founding.certify(issuer, &subject)?);
        Ok(())
    }

    /// The node as an issuer by the last credential it was given.
    pub fn issuer(&self) -> Issuer {
        let chain = self.chains.last().cloned();
        Issuer::new(&self.seed, chain.unwrap_or(Chain(Vec::new())))
    }

    /// Where others find it, as a relay.
    pub fn as_relay(&self) -> Relay {
        Relay {
            subject: self.subject,
            mesh: multiaddr(self.mesh),
            porch: multiaddr(self.porch),
        }
    }

    /// Writes what makes the folder ready to run.
    pub fn finish(
        &self,
        root: SubjectId,
        relays: &[Relay],
        statements: &[SignedStatement],
    ) -> Result<(), InitError> {
        let config = Config {
            port: 0,
            mesh_host: self.mesh.ip(),
            mesh_port: self.mesh.port(),
            porch_port: self.porch.port(),
            relays: relays
                .iter()
                .filter(|relay| relay.subject != self.subject)
                .cloned()
                .collect(),
            ..Config::default()
        };
        private::write_public(&self.dir.join(config::FILE), config.to_toml().as_bytes())?;
        folder::write_identity(&self.dir, root, &self.chains)?;
        folder::write_seed(&self.dir, statements)?;
        marker::put(&self.dir, marker::Kind::Node)?;
        Ok(())
    }
}

fn multiaddr(address: SocketAddr) -> Multiaddr {
    Multiaddr::from(address.ip()).with(Protocol::Tcp(address.port()))
}
