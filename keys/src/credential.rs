//! Credentials, and the chains that lead from one up to root.
//!
//! A credential is a COSE_Sign1 over a CWT claims set (RFC 8392): `iss` and `sub` are the
//! public keys in hexadecimal, `nbf` and `exp` seconds, `cti` the serial (8 bytes, big endian);
//! private claims carry the role (-70001), the service (-70002), the name (-70003) and the
//! X25519 key (-70004). Claims of a later version are passed over.
//!
//! A chain is verified from root downwards, so that every byte is authenticated before it is
//! parsed. The validity in time is told, not enforced: a wrong clock must lock nobody out.
//! What ends a membership is a revocation.

use coset::cbor::value::Value;
use coset::cwt::{ClaimName, ClaimsSet, ClaimsSetBuilder, Timestamp};
use coset::{CborSerializable, CoseError};
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};

use crate::bounded;
use crate::cose::{self, BadSigned};
use crate::ids::{AgreementKey, Hash, ServiceId, SubjectId, sha256};
use crate::limits::{CHAIN_LINKS_MAX, CREDENTIAL_BYTES_MAX, NAME_BYTES_MAX};
use crate::role::{self, Role};
use crate::signing::{SigningKey, is_weak};

const DOMAIN: &str = "guichet/credential/1";

const ROLE: i64 = -70_001;
const SERVICE: i64 = -70_002;
const NAME: i64 = -70_003;
const AGREEMENT: i64 = -70_004;

/// What an issuer says of a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Whose key it is.
    pub subject: SubjectId,
    /// What the subject is.
    pub role: Role,
    /// In which service; stewards, agents and the stations that a steward certified have one.
    pub service: Option<ServiceId>,
    /// What people call the subject: 1 to [`NAME_BYTES_MAX`] bytes without control characters.
    pub name: String,
    /// The subject's X25519 key; an agent has one.
    pub agreement: Option<AgreementKey>,
    /// Who says so.
    pub issuer: SubjectId,
    /// Valid from, in seconds since 1970.
    pub not_before_s: u64,
    /// Valid until, in seconds since 1970.
    pub expires_s: u64,
    /// Of credentials by issuers of one rank the highest serial says the subject's name.
    pub serial: u64,
}

/// Where a moment lies with respect to a credential's validity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// Before it begins.
    NotYet,
    /// Within.
    Current,
    /// After its end.
    Expired,
}

/// What is wrong with a credential.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// It is too long, in another shape, or its signature does not fit.
    #[error(transparent)]
    Signed(#[from] BadSigned),
    /// The claims are no CWT claims set.
    #[error("its claims cannot be read: {0}")]
    Claims(String),
    /// A claim is missing or has a value that it cannot have.
    #[error("its {claim} {problem}")]
    Claim {
        /// Which one.
        claim: &'static str,
        /// What is wrong.
        problem: &'static str,
    },
    /// It names one issuer and another key signs it.
    #[error("it names {named} as issuer, and the key is {signer}'s")]
    Issuer {
        /// In the claims.
        named: SubjectId,
        /// Of the signature.
        signer: SubjectId,
    },
}

impl Credential {
    /// Signs it with the issuer's key; the result is a link of a [`Chain`].
    pub fn sign(&self, issuer: &SigningKey) -> Result<Vec<u8>, CredentialError> {
        self.check()?;
        let signer = issuer.subject();
        if self.issuer != signer {
            return Err(CredentialError::Issuer {
                named: self.issuer,
                signer,
            });
        }
        let payload = self.claims().to_vec().map_err(claims_error)?;
        let bytes = cose::sign(DOMAIN, issuer, payload);
        if bytes.len() > CREDENTIAL_BYTES_MAX {
            let too_long = BadSigned::TooLong {
                length: bytes.len(),
                max: CREDENTIAL_BYTES_MAX,
            };
            return Err(too_long.into());
        }
        Ok(bytes)
    }

    /// Where `now_s`, in seconds since 1970, lies.
    pub fn validity_at(&self, now_s: u64) -> Validity {
        if now_s < self.not_before_s {
            Validity::NotYet
        } else if now_s <= self.expires_s {
            Validity::Current
        } else {
            Validity::Expired
        }
    }

    /// Reads a link and checks that `issuer` signed it.
    fn parse(bytes: &[u8], issuer: &SubjectId) -> Result<Self, CredentialError> {
        let signed = cose::open(DOMAIN, bytes, CREDENTIAL_BYTES_MAX)?;
        if signed.signer != *issuer {
            return Err(CredentialError::Issuer {
                named: *issuer,
                signer: signed.signer,
            });
        }
        let credential = Self::from_claims(&signed.payload)?;
        credential.check()?;
        if credential.issuer != *issuer {
            let named = credential.issuer;
            return Err(CredentialError::Issuer {
                named,
                signer: signed.signer,
            });
        }
        Ok(credential)
    }

    fn check(&self) -> Result<(), CredentialError> {
        let wrong = |claim, problem| Err(CredentialError::Claim { claim, problem });
        if is_weak(&self.subject) {
            return wrong("subject", "is no key that anybody made");
        }
        if self.name.is_empty() || self.name.len() > NAME_BYTES_MAX {
            return wrong("name", "has not 1 to 200 bytes");
        }
        if self.name.chars().any(char::is_control) {
            return wrong("name", "has control characters");
        }
        if self.expires_s < self.not_before_s {
            return wrong("validity", "ends before it begins");
        }
        if i64::try_from(self.expires_s).is_err() {
            return wrong("expiry", "is too far in the future");
        }
        if self.role == Role::Agent && self.agreement.is_none() {
            return wrong("X25519 key", "is missing: an agent needs one to read");
        }
        Ok(())
    }

    fn claims(&self) -> ClaimsSet {
        let seconds =
            |s| Timestamp::WholeSeconds(i64::try_from(s).expect("the check bounds times"));
        let mut claims = ClaimsSetBuilder::new()
            .issuer(self.issuer.to_string())
            .subject(self.subject.to_string())
            .expiration_time(seconds(self.expires_s))
            .not_before(seconds(self.not_before_s))
            .cwt_id(self.serial.to_be_bytes().to_vec())
            .private_claim(ROLE, Value::from(self.role.code()))
            .private_claim(NAME, Value::from(self.name.as_str()));
        if let Some(service) = &self.service {
            claims = claims.private_claim(SERVICE, Value::from(service.as_str()));
        }
        if let Some(key) = &self.agreement {
            claims = claims.private_claim(AGREEMENT, Value::from(key.as_bytes().as_slice()));
        }
        claims.build()
    }

    fn from_claims(payload: &[u8]) -> Result<Self, CredentialError> {
        let claims = ClaimsSet::from_slice(payload).map_err(claims_error)?;
        let private = |id| {
            let named = |(name, value): &(ClaimName, Value)| {
                (*name == ClaimName::PrivateUse(id)).then(|| value.clone())
            };
            claims.rest.iter().find_map(named)
        };
        Ok(Self {
            subject: subject("subject", claims.subject.as_deref())?,
            role: private(ROLE)
                .and_then(|role| u64::try_from(role.as_integer()?).ok())
                .and_then(Role::from_code)
                .ok_or(CredentialError::Claim {
                    claim: "role",
                    problem: "is none we know",
                })?,
            service: private(SERVICE)
                .map(|name| {
                    name.as_text()
                        .and_then(|name| ServiceId::new(name).ok())
                        .ok_or(CredentialError::Claim {
                            claim: "service",
                            problem: "names none",
                        })
                })
                .transpose()?,
            name: private(NAME).and_then(|name| name.into_text().ok()).ok_or(
                CredentialError::Claim {
                    claim: "name",
                    problem: "is missing",
                },
            )?,
            agreement: private(AGREEMENT).map(agreement).transpose()?,
            issuer: subject("issuer", claims.issuer.as_deref())?,
            not_before_s: seconds("not-before time", claims.not_before.as_ref())?,
            expires_s: seconds("expiry", claims.expiration_time.as_ref())?,
            serial: claims
                .cwt_id
                .and_then(|id| id.try_into().ok())
                .map(u64::from_be_bytes)
                .ok_or(CredentialError::Claim {
                    claim: "serial",
                    problem: "has not 8 bytes",
                })?,
        })
    }
}

fn subject(claim: &'static str, text: Option<&str>) -> Result<SubjectId, CredentialError> {
    text.and_then(|text| text.parse().ok())
        .ok_or(CredentialError::Claim {
            claim,
            problem: "is no key in hexadecimal",
        })
}

fn agreement(value: Value) -> Result<AgreementKey, CredentialError> {
    value
        .as_bytes()
        .and_then(|bytes| AgreementKey::try_from(bytes.as_slice()).ok())
        .ok_or(CredentialError::Claim {
            claim: "X25519 key",
            problem: "has not 32 bytes",
        })
}

fn seconds(claim: &'static str, time: Option<&Timestamp>) -> Result<u64, CredentialError> {
    let whole = match time {
        Some(Timestamp::WholeSeconds(seconds)) => u64::try_from(*seconds).ok(),
        Some(Timestamp::FractionalSeconds(_)) | None => None,
    };
    whole.ok_or(CredentialError::Claim {
        claim,
        problem: "is no number of seconds since 1970",
    })
}

fn claims_error(error: CoseError) -> CredentialError {
    CredentialError::Claims(error.to_string())
}

/// Signed credentials from a leaf (first) up to one that root issued (last).
///
/// CBOR: an array of byte strings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain(pub Vec<Vec<u8>>);

/// Why a chain does not lead from its leaf to root.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// The bytes are no chain.
    #[error("this is no chain of credentials: {0}")]
    Format(String),
    /// No link, or more than [`CHAIN_LINKS_MAX`].
    #[error("a chain has 1 to {CHAIN_LINKS_MAX} credentials, this one has {0}")]
    Links(usize),
    /// A credential is not what its issuer signed, or not well formed.
    #[error("credential {link} of the chain (0 is the leaf) is refused: {error}")]
    Credential {
        /// Which one, 0 for the leaf.
        link: usize,
        /// Why.
        error: CredentialError,
    },
    /// The role table does not let this issuer certify this role.
    #[error("{} may not certify the {subject} “{name}”", issuer_name(.issuer))]
    MayNotIssue {
        /// The issuer's role; none is root.
        issuer: Option<Role>,
        /// The subject's role.
        subject: Role,
        /// The subject's name.
        name: String,
    },
    /// The credential is for another service than its issuer's, or for one where it has none.
    #[error("the {role} “{name}” is certified for {}, its issuer for {}",
        service_name(.service), service_name(.issuer_service))]
    Service {
        /// The subject's role.
        role: Role,
        /// The subject's name.
        name: String,
        /// The subject's service.
        service: Option<ServiceId>,
        /// The issuer's service.
        issuer_service: Option<ServiceId>,
    },
}

impl Chain {
    /// Checks every link from root down to the leaf, and gives the leaf.
    pub fn verify(&self, root: &SubjectId) -> Result<Credential, ChainError> {
        let mut links = self.verify_links(root)?;
        Ok(links.swap_remove(0))
    }

    /// The chain in CBOR.
    pub fn to_bytes(&self) -> Vec<u8> {
        minicbor::to_vec(self).expect("byte strings encode")
    }

    /// SHA-256 of the chain in CBOR: its name.
    pub fn hash(&self) -> Hash {
        sha256(&self.to_bytes())
    }

    /// Reads a chain from CBOR; nothing in it is verified yet.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ChainError> {
        bounded::whole(bytes).map_err(|e| ChainError::Format(e.to_string()))
    }

    /// The credentials, leaf first.
    pub(crate) fn verify_links(&self, root: &SubjectId) -> Result<Vec<Credential>, ChainError> {
        let Chain(signed) = self;
        if signed.is_empty() || signed.len() > CHAIN_LINKS_MAX {
            return Err(ChainError::Links(signed.len()));
        }
        let mut issuer: Option<Credential> = None;
        let mut verified = Vec::with_capacity(signed.len());
        for (link, bytes) in signed.iter().enumerate().rev() {
            let key = issuer.as_ref().map_or(root, |issuer| &issuer.subject);
            let credential = Credential::parse(bytes, key)
                .map_err(|error| ChainError::Credential { link, error })?;
            check_issued(issuer.as_ref(), &credential)?;
            issuer = Some(credential.clone());
            verified.push(credential);
        }
        verified.reverse();
        Ok(verified)
    }
}

/// The role table, and the service: root certifies stewards for one and operators for none;
/// whoever is below keeps the service of its issuer.
fn check_issued(issuer: Option<&Credential>, subject: &Credential) -> Result<(), ChainError> {
    let issuer_role = issuer.map(|issuer| issuer.role);
    if !role::may_issue(issuer_role, subject.role) {
        return Err(ChainError::MayNotIssue {
            issuer: issuer_role,
            subject: subject.role,
            name: subject.name.clone(),
        });
    }
    let fits = match issuer {
        None => subject.service.is_some() == (subject.role == Role::Steward),
        Some(issuer) => subject.service == issuer.service,
    };
    if fits {
        return Ok(());
    }
    Err(ChainError::Service {
        role: subject.role,
        name: subject.name.clone(),
        service: subject.service.clone(),
        issuer_service: issuer.and_then(|issuer| issuer.service.clone()),
    })
}

fn issuer_name(issuer: &Option<Role>) -> String {
    issuer.map_or_else(
        || "root".to_owned(),
        |role| format!("the {role} who signed"),
    )
}

fn service_name(service: &Option<ServiceId>) -> &str {
    service.as_ref().map_or("no service", ServiceId::as_str)
}

impl<C> Encode<C> for Chain {
    fn encode<W: encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.array(self.0.len() as u64)?;
        self.0.iter().try_for_each(|link| e.bytes(link)?.ok())
    }
}

impl<'b, C> Decode<'b, C> for Chain {
    fn decode(d: &mut Decoder<'b>, context: &mut C) -> Result<Self, decode::Error> {
        let links = bounded::list::<_, Link, CHAIN_LINKS_MAX>(d, context)?;
        Ok(Chain(links.into_iter().map(|Link(bytes)| bytes).collect()))
    }
}

struct Link(Vec<u8>);

impl<'b, C> Decode<'b, C> for Link {
    fn decode(d: &mut Decoder<'b>, context: &mut C) -> Result<Self, decode::Error> {
        bounded::bytes::<_, CREDENTIAL_BYTES_MAX>(d, context).map(Link)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn naming_root_as_issuer_does_not_make_it_so() {
        let root = SigningKey::from_seed(&[1; 32]);
        let stranger = SigningKey::from_seed(&[2; 32]);
        let credential = Credential {
            subject: stranger.subject(),
            role: Role::Operator,
            service: None,
            name: "Stranger".to_owned(),
            agreement: None,
            issuer: root.subject(),
            not_before_s: 0,
            expires_s: 1,
            serial: 1,
        };
        let claims = || credential.claims().to_vec().expect("encodes");
        let forged = Chain(vec![cose::sign(DOMAIN, &stranger, claims())]);
        let (named, signer) = (root.subject(), stranger.subject());
        let error = CredentialError::Issuer { named, signer };
        assert_eq!(
            forged.verify(&root.subject()),
            Err(ChainError::Credential { link: 0, error })
        );
        let genuine = Chain(vec![cose::sign(DOMAIN, &root, claims())]);
        assert_eq!(genuine.verify(&root.subject()), Ok(credential.clone()));
        let other_domain = Chain(vec![cose::sign("guichet/statement/1", &root, claims())]);
        assert!(other_domain.verify(&root.subject()).is_err());
    }
}
