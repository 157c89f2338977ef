//! One new adviser: a person's keys, in a vault on a station.

use std::path::Path;

use data_encoding::BASE32_NOPAD;
use guichet_keys::vault::{AgentKeys, Cost, Vault};
use guichet_keys::{AgreementKey, AgreementSecret, Role, Salt, ServiceId, SigningKey, SubjectId};
use zeroize::Zeroizing;

use super::InitError;
use super::authority::Steward;
use super::founding::{Founding, Subject};
use crate::{entropy, folder};

/// An adviser, before the vault is closed.
pub struct NewAdviser {
    /// What people call them.
    pub name: String,
    /// The services they serve.
    pub services: Vec<ServiceId>,
    /// What opens the vault.
    pub passphrase: Zeroizing<String>,
    /// What service keys are wrapped to.
    pub agreement: AgreementKey,
    subject: SubjectId,
    keys: AgentKeys,
}

impl NewAdviser {
    /// Makes the keys of an adviser of these stewards' services, and has them certified.
    pub fn create<'a>(
        name: &str,
        stewards: impl IntoIterator<Item = &'a Steward>,
        founding: &mut Founding,
    ) -> Result<Self, InitError> {
        let mut keys = AgentKeys {
            signing_seed: Zeroizing::new(entropy::bytes()),
            agreement_seed: Zeroizing::new(entropy::bytes()),
            chains: Vec::new(),
        };
        let subject = SigningKey::from_seed(&keys.signing_seed).subject();
        let agreement = AgreementSecret::from_seed(&keys.agreement_seed).public();
        let mut services = Vec::new();
        for steward in stewards {
            let certified = Subject {
                key: subject,
                role: Role::Agent,
                service: Some(&steward.service),
                name,
                agreement: Some(agreement),
            };
            keys.chains
                .push(founding.certify(&steward.issuer, &certified)?);
            services.push(steward.service.clone());
        }
        Ok(Self {
            name: name.to_owned(),
            services,
            passphrase: draw_passphrase(),
            agreement,
            subject,
            keys,
        })
    }

    /// Closes the vault on the station of the folder `station`; takes a quarter of a second.
    pub fn move_in(&self, station: &Path) -> Result<(), InitError> {
        let salt = Salt::from(entropy::bytes());
        let vault = Vault::seal(&self.keys, &self.passphrase, Cost::STANDARD, salt)?;
        folder::write_vault(station, &self.subject, &vault)?;
        Ok(())
    }
}

/// Five groups of four letters or digits: 100 random bits.
fn draw_passphrase() -> Zeroizing<String> {
    let drawn = Zeroizing::new(entropy::bytes::<13>());
    let letters = Zeroizing::new(BASE32_NOPAD.encode(&*drawn).to_ascii_lowercase());
    let groups: Vec<&str> = (0..5)
        .map(|group| &letters[4 * group..4 * group + 4])
        .collect();
    Zeroizing::new(groups.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passphrases_are_five_groups_and_differ() {
        let one = draw_passphrase();
        assert_eq!(one.len(), 24);
        assert!(one.split('-').all(|group| group.len() == 4));
        assert_ne!(*one, *draw_passphrase());
    }
}
