//! The keys of a case, and the statement that hands them to its service.
//!
//! A case has two keys: one that citizen and service share, one of the service alone. Each has
//! epochs. Its statement carries, for every key, a public commitment and the wraps to the
//! service's key; nobody else finds a case key there. Wraps have the purpose `"case-key"` and
//! the context `case ‖ use (u8) ‖ epoch (u32, big endian)`.

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};

use crate::bounded;
use crate::ids::{AuthorId, CaseTag, Hash, ServiceId};
use crate::limits::{CASE_KEYS_MAX, WRAPS_MAX};
use crate::secret::{SecretKey, derive};
use crate::service_key::ServiceKey;
use crate::wrap::{AgreementSecret, Wrap, WrapError};

/// The epoch of a case's first keys.
pub const FIRST_EPOCH: u32 = 1;

const CASE_KEY_PURPOSE: &str = "case-key";

/// Who reads with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum KeyUse {
    /// The citizen and the service.
    #[n(0)]
    Shared,
    /// The service alone: notes.
    #[n(1)]
    Service,
}

impl KeyUse {
    fn code(self) -> u8 {
        match self {
            KeyUse::Shared => 0,
            KeyUse::Service => 1,
        }
    }
}

/// One key of a case, as others see it. CBOR `[which, epoch, commitment, wraps]`.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct CaseKey {
    /// Who reads with it.
    #[n(0)]
    pub which: KeyUse,
    /// Its epoch.
    #[n(1)]
    pub epoch: u32,
    /// [`SecretKey::commitment`] of the key.
    #[n(2)]
    pub commitment: Hash,
    /// The key, wrapped to those who may have it.
    #[cbor(n(3), decode_with = "bounded::list::<_, _, WRAPS_MAX>")]
    pub wraps: Vec<Wrap>,
}

impl CaseKey {
    /// Commits to a key and wraps it to one recipient.
    pub(crate) fn wrap(
        case: &CaseTag,
        (which, epoch): (KeyUse, u32),
        key: &SecretKey,
        recipient: &crate::AgreementKey,
        purpose: &str,
        entropy: &[u8; 32],
    ) -> Result<Self, WrapError> {
        let context = context(case, which, epoch);
        let wrap = Wrap::seal(recipient, purpose, &context, key.as_bytes(), entropy)?;
        Ok(CaseKey {
            which,
            epoch,
            commitment: key.commitment(),
            wraps: vec![wrap],
        })
    }

    fn open(
        &self,
        case: &CaseTag,
        wrap: &Wrap,
        secret: &AgreementSecret,
        purpose: &str,
    ) -> Result<SecretKey, CaseKeyError> {
        let (which, epoch) = (self.which, self.epoch);
        let opened = wrap
            .open(secret, purpose, &context(case, which, epoch))
            .map_err(|error| CaseKeyError::Wrap {
                case: *case,
                which,
                epoch,
                error,
            })?;
        let committed = <[u8; 32]>::try_from(opened.as_slice())
            .ok()
            .map(SecretKey::from);
        committed
            .filter(|key| key.commitment() == self.commitment)
            .ok_or(CaseKeyError::Commitment {
                case: *case,
                which,
                epoch,
            })
    }
}

/// A case begins, or gets new keys.
///
/// CBOR `[case, service, service_epoch, author, keys]`.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct CaseStatement {
    /// Which case.
    #[n(0)]
    pub case: CaseTag,
    /// Whose case.
    #[n(1)]
    pub service: ServiceId,
    /// The epoch of the service key that the wraps are for.
    #[n(2)]
    pub service_epoch: u32,
    /// Who created it.
    #[n(3)]
    pub author: AuthorId,
    /// Its keys, each use and epoch once.
    #[cbor(n(4), decode_with = "bounded::list::<_, _, CASE_KEYS_MAX>")]
    pub keys: Vec<CaseKey>,
}

impl CaseStatement {
    /// The key of a use and epoch, as others see it.
    pub fn key(&self, which: KeyUse, epoch: u32) -> Option<&CaseKey> {
        self.keys
            .iter()
            .find(|key| key.which == which && key.epoch == epoch)
    }
}

/// Why a case's keys are not opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CaseKeyError {
    /// No key of the case is wrapped to this secret.
    #[error(
        "no key of case {case} is wrapped to {recipient}: it belongs to another service or epoch"
    )]
    NotForUs {
        /// Which case.
        case: CaseTag,
        /// The public half of the secret given.
        recipient: crate::AgreementKey,
    },
    /// A wrap does not open.
    #[error("the {which:?} key (epoch {epoch}) of case {case}: {error}")]
    Wrap {
        /// Which case.
        case: CaseTag,
        /// Which key.
        which: KeyUse,
        /// Which epoch.
        epoch: u32,
        /// Why.
        error: WrapError,
    },
    /// A wrap holds another key than the statement commits to.
    #[error(
        "the {which:?} key (epoch {epoch}) of case {case} is not the one committed to: do not trust this case"
    )]
    Commitment {
        /// Which case.
        case: CaseTag,
        /// Which key.
        which: KeyUse,
        /// Which epoch.
        epoch: u32,
    },
}

/// The opened keys of one case, wiped when dropped.
#[derive(Debug, Clone, Default)]
pub struct CaseKeys(BTreeMap<(KeyUse, u32), SecretKey>);

impl CaseKeys {
    /// Makes a case's keys from 32 random bytes and wraps them to the service's key.
    ///
    /// Only the shared key comes back: its creator has no use for the service's own.
    pub fn create(
        case: CaseTag,
        author: AuthorId,
        service: &ServiceKey,
        entropy: &[u8; 32],
    ) -> Result<(CaseStatement, CaseKeys), WrapError> {
        let fresh = |label: &[u8]| derive(&[], entropy, &[b"guichet/case/1/", label]);
        let wrap = |which, key: &SecretKey, label: &[u8]| {
            let recipient = &service.public;
            let entropy = fresh(label);
            CaseKey::wrap(
                &case,
                (which, FIRST_EPOCH),
                key,
                recipient,
                CASE_KEY_PURPOSE,
                &entropy,
            )
        };
        let shared = SecretKey::from(fresh(b"shared"));
        let own = SecretKey::from(fresh(b"service"));
        let statement = CaseStatement {
            case,
            service: service.service.clone(),
            service_epoch: service.epoch,
            author,
            keys: vec![
                wrap(KeyUse::Shared, &shared, b"wrap shared")?,
                wrap(KeyUse::Service, &own, b"wrap service")?,
            ],
        };
        let keys = CaseKeys(BTreeMap::from([((KeyUse::Shared, FIRST_EPOCH), shared)]));
        Ok((statement, keys))
    }

    /// Opens every key of the case that is wrapped to this service secret.
    pub fn open(statement: &CaseStatement, secret: &AgreementSecret) -> Result<Self, CaseKeyError> {
        Self::open_wrapped(&statement.case, &statement.keys, secret, CASE_KEY_PURPOSE)
    }

    /// The key of a use and epoch.
    pub fn key(&self, which: KeyUse, epoch: u32) -> Option<&SecretKey> {
        self.0.get(&(which, epoch))
    }

    /// The newest key of a use, with its epoch.
    pub fn newest(&self, which: KeyUse) -> Option<(u32, &SecretKey)> {
        let of_use = self.0.range((which, 0)..=(which, u32::MAX));
        of_use.map(|((_, epoch), key)| (*epoch, key)).next_back()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = ((KeyUse, u32), &SecretKey)> {
        self.0.iter().map(|(named, key)| (*named, key))
    }

    pub(crate) fn open_wrapped(
        case: &CaseTag,
        keys: &[CaseKey],
        secret: &AgreementSecret,
        purpose: &str,
    ) -> Result<Self, CaseKeyError> {
        let recipient = secret.public();
        let mut opened = BTreeMap::new();
        for key in keys {
            if let Some(wrap) = key.wraps.iter().find(|wrap| wrap.recipient == recipient) {
                opened.insert(
                    (key.which, key.epoch),
                    key.open(case, wrap, secret, purpose)?,
                );
            }
        }
        if opened.is_empty() {
            return Err(CaseKeyError::NotForUs {
                case: *case,
                recipient,
            });
        }
        Ok(CaseKeys(opened))
    }
}

fn context(case: &CaseTag, which: KeyUse, epoch: u32) -> Vec<u8> {
    [
        case.as_bytes().as_slice(),
        &[which.code()],
        &epoch.to_be_bytes(),
    ]
    .concat()
}
