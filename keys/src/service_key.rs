//! The key of a service in one epoch: its public half for everyone, its private half wrapped
//! to each adviser of the service and to the service's recovery key.
//!
//! Wraps have the purpose `"service-key"` and the context `epoch (u32, big endian) ‖ service`.
//! Who reads with an epoch's secret reads every case wrapped to it; an adviser who leaves is
//! shut out of cases under the next epoch, not of those before.

use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

use crate::bounded;
use crate::ids::{AgreementKey, ServiceId};
use crate::limits::WRAPS_MAX;
use crate::secret::derive;
use crate::wrap::{AgreementSecret, Wrap, WrapError};

const PURPOSE: &str = "service-key";

/// A service's key of one epoch. CBOR `[service, epoch, public, wraps, recovery]`.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct ServiceKey {
    /// Whose key.
    #[n(0)]
    pub service: ServiceId,
    /// Its epoch; a higher one is newer.
    #[n(1)]
    pub epoch: u32,
    /// The public half.
    #[n(2)]
    pub public: AgreementKey,
    /// The private half, wrapped to each adviser's X25519 key.
    #[cbor(n(3), decode_with = "bounded::list::<_, _, WRAPS_MAX>")]
    pub wraps: Vec<Wrap>,
    /// The private half, wrapped to the service's recovery key.
    #[n(4)]
    pub recovery: Option<Wrap>,
}

/// Why a service's secret is not opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServiceKeyError {
    /// It is not wrapped to this key.
    #[error(
        "the key of {service} (epoch {epoch}) is not wrapped to {recipient}: ask the steward for a new epoch"
    )]
    NotForUs {
        /// Which service.
        service: ServiceId,
        /// Which epoch.
        epoch: u32,
        /// The public half of the secret given.
        recipient: AgreementKey,
    },
    /// The wrap does not open.
    #[error("the key of {service} (epoch {epoch}): {error}")]
    Wrap {
        /// Which service.
        service: ServiceId,
        /// Which epoch.
        epoch: u32,
        /// Why.
        error: WrapError,
    },
    /// The wrap holds the private half of another key.
    #[error("the key of {service} (epoch {epoch}) holds another secret than its public half says")]
    Mismatch {
        /// Which service.
        service: ServiceId,
        /// Which epoch.
        epoch: u32,
    },
}

impl ServiceKey {
    /// Makes the key of an epoch from 32 random bytes and wraps it.
    pub fn create(
        service: &ServiceId,
        epoch: u32,
        agents: &[AgreementKey],
        recovery: Option<&AgreementKey>,
        entropy: &[u8; 32],
    ) -> Result<(ServiceKey, AgreementSecret), WrapError> {
        let seed = Zeroizing::new(derive(&[], entropy, &[b"guichet/service/1/key"]));
        let secret = AgreementSecret::from_seed(&seed);
        let key = Self::wrap(service, epoch, &secret, agents, recovery, entropy)?;
        Ok((key, secret))
    }

    /// Wraps the secret of an epoch to its advisers, as when one joins.
    pub fn wrap(
        service: &ServiceId,
        epoch: u32,
        secret: &AgreementSecret,
        agents: &[AgreementKey],
        recovery: Option<&AgreementKey>,
        entropy: &[u8; 32],
    ) -> Result<ServiceKey, WrapError> {
        let context = context(service, epoch);
        let wrap = |recipient: &AgreementKey, place: u64| {
            let place = place.to_be_bytes();
            let entropy = derive(&[], entropy, &[b"guichet/service/1/wrap/", &place]);
            Wrap::seal(recipient, PURPOSE, &context, secret.as_bytes(), &entropy)
        };
        let recovery = recovery.map(|recipient| wrap(recipient, 0)).transpose()?;
        let wraps = (1..)
            .zip(agents)
            .map(|(place, agent)| wrap(agent, place))
            .collect::<Result<_, _>>()?;
        Ok(ServiceKey {
            service: service.clone(),
            epoch,
            public: secret.public(),
            wraps,
            recovery,
        })
    }

    /// Opens the service's secret with an adviser's or the recovery secret.
    pub fn open(&self, secret: &AgreementSecret) -> Result<AgreementSecret, ServiceKeyError> {
        let (service, epoch) = (|| self.service.clone(), self.epoch);
        let recipient = secret.public();
        let wrap = self
            .wraps
            .iter()
            .chain(&self.recovery)
            .find(|wrap| wrap.recipient == recipient)
            .ok_or_else(|| ServiceKeyError::NotForUs {
                service: service(),
                epoch,
                recipient,
            })?;
        let opened = wrap
            .open(secret, PURPOSE, &context(&self.service, epoch))
            .map_err(|error| ServiceKeyError::Wrap {
                service: service(),
                epoch,
                error,
            })?;
        <&[u8; 32]>::try_from(opened.as_slice())
            .map(AgreementSecret::from_seed)
            .ok()
            .filter(|opened| opened.public() == self.public)
            .ok_or_else(|| ServiceKeyError::Mismatch {
                service: service(),
                epoch,
            })
    }
}

fn context(service: &ServiceId, epoch: u32) -> Vec<u8> {
    [epoch.to_be_bytes().as_slice(), service.as_str().as_bytes()].concat()
}
