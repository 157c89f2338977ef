//! Network statements: signed facts that every member keeps and passes on.
//!
//! A statement is a COSE_Sign1 whose payload is CBOR `[kind, serial, at_s, body]`. Received
//! bytes are kept exactly as they came: they are what is hashed, stored and passed on. A kind
//! of a later version is kept and passed on unread, and further items after the body are passed
//! over. Of what one signer states of one thing a higher serial replaces a lower one; who may state
//! what, and what holds of what several state, is for the [`Directory`](crate::Directory) to judge.

use std::collections::BTreeSet;
use std::sync::Arc;

use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};

use crate::bounded;
use crate::canonical;
use crate::case_key::CaseStatement;
use crate::cose::{self, BadSigned};
use crate::credential::Chain;
use crate::ids::{AuthorId, CaseTag, Hash, ServiceId, SubjectId, sha256};
use crate::limits::{REASON_BYTES_MAX, STATEMENT_BYTES_MAX, TIME_S_MAX};
use crate::role::StatementKind;
use crate::service_key::ServiceKey;
use crate::signing::SigningKey;

const DOMAIN: &str = "guichet/statement/1";

const MEMBER: u64 = 1;
const REVOCATION: u64 = 2;
const SERVICE_KEY: u64 = 3;
const CATALOGUE: u64 = 4;
const NETWORK: u64 = 5;
const AUTHOR: u64 = 6;
const CASE: u64 = 7;
const MEDIA: u64 = 8;

/// What a statement says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// Somebody belongs to the network.
    Member(Chain),
    /// Somebody belongs to it no more, or not to the signer's service. Body `[subject, reason]`.
    Revocation {
        /// Who.
        subject: SubjectId,
        /// Why, for people; at most [`REASON_BYTES_MAX`] bytes.
        reason: String,
    },
    /// A service's key of an epoch.
    ServiceKey(ServiceKey),
    /// A service's forms, hours and information. Body `[service, json]`.
    Catalogue {
        /// Which service.
        service: ServiceId,
        /// The catalogue in JSON; not read here.
        json: Vec<u8>,
    },
    /// What the operator says of the network. Body `[json]`.
    Network {
        /// The description in JSON; not read here.
        json: Vec<u8>,
    },
    /// Who stands behind an author.
    Author(AuthorBinding),
    /// A case begins, or gets new keys.
    Case(CaseStatement),
    /// By which certificate the signer's node is known in calls. Body `[fingerprint]`.
    Media {
        /// SHA-256 of the certificate that it shows in DTLS (RFC 8122, section 5).
        fingerprint: Hash,
    },
    /// A kind of a later version; its body is in the bytes only.
    Unknown {
        /// The number of the kind.
        kind: u64,
    },
}

/// Who stands behind an author of envelopes. CBOR `[author, node, person, case]`.
///
/// A kiosk binds an author to itself and to no person; an adviser binds one to their own key
/// and to the station they sit at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct AuthorBinding {
    /// The author.
    #[n(0)]
    pub author: AuthorId,
    /// The node it writes at.
    #[n(1)]
    pub node: SubjectId,
    /// The adviser it is, or nobody named: the citizen at the kiosk.
    #[n(2)]
    pub person: Option<SubjectId>,
    /// The only case it may write in, if there is but one.
    #[n(3)]
    pub case: Option<CaseTag>,
}

/// Why bytes are no statement, or a statement cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// It is too long, in another shape, or its signature does not fit.
    #[error("this statement is refused: {0}")]
    Signed(#[from] BadSigned),
    /// Its payload cannot be read.
    #[error("this statement of {signer} cannot be read: {error}")]
    Payload {
        /// Who signed it.
        signer: SubjectId,
        /// What is wrong, and where.
        error: String,
    },
}

/// A statement with its signature, in the exact bytes that were signed; cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedStatement(Arc<Signed>);

#[derive(Debug, PartialEq, Eq)]
struct Signed {
    bytes: Vec<u8>,
    hash: Hash,
    signer: SubjectId,
    payload: Payload,
}

impl SignedStatement {
    /// Signs a statement; `at_s` is the wall time in seconds since 1970, for people.
    pub fn sign(
        key: &SigningKey,
        serial: u64,
        at_s: u64,
        statement: &Statement,
    ) -> Result<Self, StatementError> {
        let payload = Payload {
            serial,
            at_s,
            statement: statement.clone(),
        };
        let payload = minicbor::to_vec(&payload).expect("statements encode");
        Self::parse(&cose::sign(DOMAIN, key, payload))
    }

    /// Checks size and signature, then reads; keeps the exact bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, StatementError> {
        let opened = cose::open(DOMAIN, bytes, STATEMENT_BYTES_MAX)?;
        let signer = opened.signer;
        let payload =
            canonical::whole(&opened.payload).map_err(|error| StatementError::Payload {
                signer,
                error: error.to_string(),
            })?;
        let (bytes, hash) = (bytes.to_vec(), sha256(bytes));
        Ok(Self(Arc::new(Signed {
            bytes,
            hash,
            signer,
            payload,
        })))
    }

    /// The bytes to store and pass on.
    pub fn bytes(&self) -> &[u8] {
        &self.0.bytes
    }

    /// SHA-256 of the bytes: its name.
    pub fn hash(&self) -> Hash {
        self.0.hash
    }

    /// Whose key signed it.
    pub fn signer(&self) -> SubjectId {
        self.0.signer
    }

    /// Its place among statements about the same thing.
    pub fn serial(&self) -> u64 {
        self.0.payload.serial
    }

    /// When it was signed, by the signer's clock, in seconds since 1970.
    pub fn at_s(&self) -> u64 {
        self.0.payload.at_s
    }

    /// What it says.
    pub fn statement(&self) -> &Statement {
        &self.0.payload.statement
    }
}

impl Statement {
    /// Its row in the role table.
    pub fn kind(&self) -> StatementKind {
        match self {
            Statement::Member(_) => StatementKind::Member,
            Statement::Revocation { .. } => StatementKind::Revocation,
            Statement::ServiceKey(_) => StatementKind::ServiceKey,
            Statement::Catalogue { .. } => StatementKind::Catalogue,
            Statement::Network { .. } => StatementKind::Network,
            Statement::Author(_) => StatementKind::Author,
            Statement::Case(_) => StatementKind::Case,
            Statement::Media { .. } => StatementKind::Media,
            Statement::Unknown { .. } => StatementKind::Unknown,
        }
    }

    fn code(&self) -> u64 {
        match self {
            Statement::Member(_) => MEMBER,
            Statement::Revocation { .. } => REVOCATION,
            Statement::ServiceKey(_) => SERVICE_KEY,
            Statement::Catalogue { .. } => CATALOGUE,
            Statement::Network { .. } => NETWORK,
            Statement::Author(_) => AUTHOR,
            Statement::Case(_) => CASE,
            Statement::Media { .. } => MEDIA,
            Statement::Unknown { kind } => *kind,
        }
    }

    fn decode_body<C>(kind: u64, d: &mut Decoder<'_>, c: &mut C) -> Result<Self, decode::Error> {
        Ok(match kind {
            MEMBER => Statement::Member(d.decode_with(c)?),
            REVOCATION => {
                let Revocation { subject, reason } = d.decode_with(c)?;
                Statement::Revocation { subject, reason }
            }
            SERVICE_KEY => Statement::ServiceKey(d.decode_with(c)?),
            CATALOGUE => {
                let Catalogue { service, json } = d.decode_with(c)?;
                Statement::Catalogue { service, json }
            }
            NETWORK => {
                let Network { json } = d.decode_with(c)?;
                Statement::Network { json }
            }
            AUTHOR => Statement::Author(d.decode_with(c)?),
            CASE => Statement::Case(case_with_distinct_keys(d.decode_with(c)?)?),
            MEDIA => {
                let Media { fingerprint } = d.decode_with(c)?;
                Statement::Media { fingerprint }
            }
            kind => {
                d.skip()?;
                Statement::Unknown { kind }
            }
        })
    }
}

fn case_with_distinct_keys(statement: CaseStatement) -> Result<CaseStatement, decode::Error> {
    let distinct: BTreeSet<_> = statement
        .keys
        .iter()
        .map(|key| (key.which, key.epoch))
        .collect();
    if distinct.len() == statement.keys.len() {
        Ok(statement)
    } else {
        Err(decode::Error::message("a case key is given twice"))
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Payload {
    serial: u64,
    at_s: u64,
    statement: Statement,
}

impl<C> Encode<C> for Payload {
    fn encode<W: encode::Write>(
        &self,
        e: &mut Encoder<W>,
        c: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.array(4)?
            .u64(self.statement.code())?
            .u64(self.serial)?
            .u64(self.at_s)?;
        match &self.statement {
            Statement::Member(chain) => chain.encode(e, c),
            Statement::Revocation { subject, reason } => Revocation {
                subject: *subject,
                reason: reason.clone(),
            }
            .encode(e, c),
            Statement::ServiceKey(key) => key.encode(e, c),
            Statement::Catalogue { service, json } => Catalogue {
                service: service.clone(),
                json: json.clone(),
            }
            .encode(e, c),
            Statement::Network { json } => Network { json: json.clone() }.encode(e, c),
            Statement::Author(binding) => binding.encode(e, c),
            Statement::Case(case) => case.encode(e, c),
            Statement::Media { fingerprint } => Media {
                fingerprint: *fingerprint,
            }
            .encode(e, c),
            Statement::Unknown { .. } => e.null()?.ok(),
        }
    }
}

impl<'b, C> Decode<'b, C> for Payload {
    fn decode(d: &mut Decoder<'b>, c: &mut C) -> Result<Self, decode::Error> {
        let items = d.array()?.filter(|items| *items >= 4);
        let items =
            items.ok_or_else(|| decode::Error::message("[kind, serial, at, body] is expected"))?;
        let (kind, serial, at_s) = (d.u64()?, d.u64()?, d.u64()?);
        if at_s > TIME_S_MAX {
            let error = format!("the time {at_s} is none: at most {TIME_S_MAX} s are accepted");
            return Err(decode::Error::message(error));
        }
        let statement = Statement::decode_body(kind, d, c)?;
        for _ in 4..items {
            d.skip()?;
        }
        Ok(Payload {
            serial,
            at_s,
            statement,
        })
    }
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct Revocation {
    #[n(0)]
    subject: SubjectId,
    #[cbor(n(1), decode_with = "bounded::text::<_, REASON_BYTES_MAX>")]
    reason: String,
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct Catalogue {
    #[n(0)]
    service: ServiceId,
    #[cbor(n(1), with = "minicbor::bytes")]
    json: Vec<u8>,
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct Network {
    #[cbor(n(0), with = "minicbor::bytes")]
    json: Vec<u8>,
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct Media {
    #[n(0)]
    fingerprint: Hash,
}
