//! What a vault opens of the keys of its adviser's services, and what it does not: cases under a
//! key that stays shut cannot be read here, and the adviser is told.

use std::collections::BTreeMap;

use guichet_keys::service_key::ServiceKeyError;
use guichet_keys::{AgreementSecret, ServiceId, ServiceKey};

/// The keys of services, by service and epoch.
#[derive(Debug, Default)]
pub struct ServiceSecrets {
    /// Those that open.
    pub opened: BTreeMap<(ServiceId, u32), AgreementSecret>,
    /// Those that do not, and why.
    pub shut: BTreeMap<(ServiceId, u32), ServiceKeyError>,
}

impl ServiceSecrets {
    /// Opens what this secret opens.
    pub fn open<'a>(
        keys: impl IntoIterator<Item = &'a ServiceKey>,
        secret: &AgreementSecret,
    ) -> Self {
        let mut secrets = Self::default();
        for key in keys {
            let of = (key.service.clone(), key.epoch);
            match key.open(secret) {
                Ok(opened) => drop(secrets.opened.insert(of, opened)),
                Err(error) => drop(secrets.shut.insert(of, error)),
            }
        }
        secrets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(number: u8) -> AgreementSecret {
        AgreementSecret::from_seed(&[number; 32])
    }

    fn key(service: &str, epoch: u32, agent: u8) -> ServiceKey {
        let service = ServiceId::new(service).expect("a short name");
        let agents = [secret(agent).public()];
        let made = ServiceKey::create(&service, epoch, &agents, None, &[9; 32]);
        made.expect("wraps").0
    }

    #[test]
    fn a_key_that_does_not_open_is_told_beside_those_that_do() {
        let mut swapped = key("caf", 3, 1);
        swapped.public = secret(5).public();
        let keys = [key("caf", 1, 1), key("caf", 2, 7), swapped];
        let secrets = ServiceSecrets::open(&keys, &secret(1));
        let epochs = |(_, epoch): &(ServiceId, u32)| *epoch;
        assert_eq!(secrets.opened.keys().map(epochs).collect::<Vec<_>>(), [1]);
        let shut: Vec<_> = secrets.shut.values().collect();
        assert!(matches!(
            shut[0],
            ServiceKeyError::NotForUs { epoch: 2, .. }
        ));
        assert!(matches!(
            shut[1],
            ServiceKeyError::Mismatch { epoch: 3, .. }
        ));
    }
}
