//! A node's signed word that something is durable on its disk.
//!
//! ```text
//! receipt = CBOR [ body: bstr, signature: bstr(64) ]
//! body    = CBOR [ version, node, stage, at_ms, [ cover … ] ]
//! ```

use guichet_keys::{BadSignature, CaseTag, Hash, SigningKey, SubjectId, canonical, sha256, verify};
use minicbor::{Decode, Encode};

use crate::envelope::ChainId;
use crate::limits::{CHAIN_INDEX_MAX, RECEIPT_BYTES_MAX, RECEIPT_COVERS_MAX, TIME_MS_MAX};
use crate::page::PageId;
use crate::signed;

const VERSION: u8 = 1;
const DOMAIN: &str = "guichet/receipt/1";

/// How far an item has come, beyond the disk it was written on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum Stage {
    /// *En route*: durable on a relay.
    #[n(1)]
    EnRoute,
    /// *Reçu*: durable on a station of the service, with all that it needs.
    #[n(2)]
    Received,
}

/// What a receipt is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Cover {
    /// A chain up to, and without, the index `next`.
    #[n(0)]
    Chain {
        /// Which chain.
        #[n(0)]
        chain: ChainId,
        /// The first index that is not covered.
        #[n(1)]
        next: u64,
    },
    /// A page with all its segments.
    #[n(1)]
    Page {
        /// The page's case.
        #[n(0)]
        case: CaseTag,
        /// Which page.
        #[n(1)]
        page: PageId,
    },
}

impl Cover {
    /// The case this is about.
    #[must_use]
    pub fn case(&self) -> CaseTag {
        match self {
            Cover::Chain { chain, .. } => chain.case,
            Cover::Page { case, .. } => *case,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
struct Body {
    #[n(0)]
    version: u8,
    #[n(1)]
    node: SubjectId,
    #[n(2)]
    stage: Stage,
    #[n(3)]
    at_ms: u64,
    #[n(4)]
    covers: Vec<Cover>,
}

/// A well-formed receipt; [`Receipt::verify`] tells whether it is genuine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    bytes: Vec<u8>,
    hash: Hash,
    body: Body,
}

/// Why bytes are not a receipt.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ReceiptError {
    /// More bytes than any receipt may have.
    #[error("receipt of {0} bytes; at most {RECEIPT_BYTES_MAX} are accepted")]
    TooLarge(usize),
    /// Not the structure of a receipt.
    #[error("malformed receipt: {0}")]
    Malformed(&'static str),
    /// A version this program does not know.
    #[error("receipt of version {0}; this program reads version {VERSION}")]
    Version(u8),
}

impl Receipt {
    /// Signs a receipt for `covers`, at most [`RECEIPT_COVERS_MAX`] of them.
    #[must_use]
    pub fn sign(signer: &SigningKey, stage: Stage, at_ms: u64, covers: Vec<Cover>) -> Self {
        assert!(
            covers.len() <= RECEIPT_COVERS_MAX,
            "the caller cuts receipts to size"
        );
        let body = Body {
            version: VERSION,
            node: signer.subject(),
            stage,
            at_ms,
            covers,
        };
        let clear = minicbor::to_vec(&body).expect("encoding into memory cannot fail");
        let bytes = signed::sign(signer, DOMAIN, &clear);
        Self {
            hash: sha256(&bytes),
            body,
            bytes,
        }
    }

    /// Reads a receipt, checking its size and structure but not its signature.
    ///
    /// # Errors
    /// Anything that is not exactly one receipt of the known version.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, ReceiptError> {
        if bytes.len() > RECEIPT_BYTES_MAX {
            return Err(ReceiptError::TooLarge(bytes.len()));
        }
        let (clear, _) =
            signed::split(&bytes).ok_or(ReceiptError::Malformed("not two byte strings"))?;
        let body: Body =
            canonical::whole(clear).map_err(|_| ReceiptError::Malformed("unreadable body"))?;
        if body.version != VERSION {
            return Err(ReceiptError::Version(body.version));
        }
        if body.covers.is_empty() || body.covers.len() > RECEIPT_COVERS_MAX {
            return Err(ReceiptError::Malformed("covers nothing, or too much"));
        }
        if body.at_ms > TIME_MS_MAX {
            return Err(ReceiptError::Malformed("signed at a time that is none"));
        }
        let is_beyond = |cover: &Cover| matches!(cover, Cover::Chain { next, .. } if next.saturating_sub(1) > CHAIN_INDEX_MAX);
        if body.covers.iter().any(is_beyond) {
            return Err(ReceiptError::Malformed("covers more than a chain can have"));
        }
        Ok(Self {
            hash: sha256(&bytes),
            body,
            bytes,
        })
    }

    /// Checks the signature of the node that the receipt names.
    ///
    /// # Errors
    /// [`BadSignature`] when that node did not sign it.
    pub fn verify(&self) -> Result<(), BadSignature> {
        let (clear, signature) = signed::split(&self.bytes).expect("parse checked the structure");
        verify(&self.body.node, DOMAIN, clear, &signature)
    }

    /// Who says so.
    #[must_use]
    pub fn node(&self) -> SubjectId {
        self.body.node
    }

    /// How far what it covers has come.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.body.stage
    }

    /// When, in milliseconds of the Unix epoch, on that node's clock.
    #[must_use]
    pub fn at_ms(&self) -> u64 {
        self.body.at_ms
    }

    /// What it covers.
    #[must_use]
    pub fn covers(&self) -> &[Cover] {
        &self.body.covers
    }

    /// SHA-256 of the bytes.
    #[must_use]
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// The exact bytes, as signed.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}
