//! Who certifies: root, the operator, and a steward for every service.
//!
//! Their keys, and the services' recovery keys, lie in the folder `authority/`, which the operator
//! takes offline once the network stands.

use std::path::Path;

use guichet_keys::keyfile::KeyPurpose;
use guichet_keys::{AgreementKey, AgreementSecret, Chain, Role, ServiceId, SigningKey};
use zeroize::Zeroizing;

use super::founding::{Founding, Issuer, Subject};
use super::{Catalogue, InitError};
use crate::entropy;
use crate::folder::keys::{Keys, KeysError};
use crate::folder::private;

/// Name of the folder of the authority's keys.
pub const FOLDER: &str = "authority";

/// Everyone who certifies in a new network.
pub struct Authority {
    /// The root of trust.
    pub root: Issuer,
    /// Who admits nodes.
    pub operator: Issuer,
    /// One a service, in the order of the catalogues.
    pub stewards: Vec<Steward>,
}

/// The steward of a service.
pub struct Steward {
    /// Which service.
    pub service: ServiceId,
    /// The steward's key.
    pub issuer: Issuer,
    /// What the service's keys are wrapped to, for the day when no adviser is left.
    pub recovery: AgreementKey,
}

impl Authority {
    /// Makes all keys in `dir/authority`.
    pub fn create(
        dir: &Path,
        catalogues: &[Catalogue],
        founding: &mut Founding,
    ) -> Result<Self, InitError> {
        let folder = dir.join(FOLDER);
        private::create_folder(&folder)?;
        let keys = Keys::create(&folder)?;
        let root = Issuer::new(&*draw(&keys, &KeyPurpose::Root)?, Chain(Vec::new()));
        let mut delegate = |purpose: KeyPurpose, role, service, name: &str| {
            let seed = draw(&keys, &purpose)?;
            let key = SigningKey::from_seed(&seed).subject();
            let subject = Subject {
                key,
                role,
                service,
                name,
                agreement: None,
            };
            let chain = founding.certify(&root, &subject)?;
            Ok::<_, InitError>(Issuer::new(&seed, chain))
        };
        let operator = delegate(KeyPurpose::Operator, Role::Operator, None, "Exploitant")?;
        let mut stewards = Vec::new();
        for Catalogue { service, .. } in catalogues {
            let purpose = KeyPurpose::Steward(service.clone());
            let issuer = delegate(purpose, Role::Steward, Some(service), service.as_str())?;
            let recovery = draw(&keys, &KeyPurpose::Recovery(service.clone()))?;
            stewards.push(Steward {
                service: service.clone(),
                issuer,
                recovery: AgreementSecret::from_seed(&recovery).public(),
            });
        }
        Ok(Self {
            root,
            operator,
            stewards,
        })
    }
}

fn draw(keys: &Keys, purpose: &KeyPurpose) -> Result<Zeroizing<[u8; 32]>, KeysError> {
    let seed = Zeroizing::new(entropy::bytes());
    keys.write(purpose, &seed)?;
    Ok(seed)
}
