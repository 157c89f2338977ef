//! What is known of a durable thing without its bytes.

use guichet_keys::{AuthorId, CaseTag, Hash};
use minicbor::{Decode, Encode};

use crate::envelope::{ChainId, Dep, Envelope, Kind};
use crate::page::{Manifest, PageId};
use crate::receipt::{Cover, Receipt};
use crate::wire::What;

/// What the catalogue keeps of a durable thing.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Meta {
    /// A network or case statement.
    #[n(0)]
    Statement {
        /// Its name.
        #[n(0)]
        hash: Hash,
        /// The case it is about, if it is about one.
        #[n(1)]
        case: Option<CaseTag>,
        /// The author it binds, if it binds one.
        #[n(2)]
        author: Option<AuthorId>,
    },
    /// A receipt.
    #[n(1)]
    Receipt {
        /// Its name.
        #[n(0)]
        hash: Hash,
        /// The cases it is about.
        #[n(1)]
        cases: Vec<CaseTag>,
    },
    /// An envelope.
    #[n(2)]
    Envelope {
        /// Its name.
        #[n(0)]
        hash: Hash,
        /// Its chain.
        #[n(1)]
        chain: ChainId,
        /// Its place there.
        #[n(2)]
        index: u64,
        /// The envelope before.
        #[n(3)]
        prev: Option<Hash>,
        /// What it depends on.
        #[n(4)]
        deps: Vec<Dep>,
    },
    /// A page manifest.
    #[n(3)]
    Manifest {
        /// Which page.
        #[n(0)]
        page: PageId,
        /// Its case.
        #[n(1)]
        case: CaseTag,
        /// Its author.
        #[n(2)]
        author: AuthorId,
        /// Its plain length in bytes.
        #[n(3)]
        length: u64,
    },
}

impl Meta {
    /// What to keep of an envelope.
    #[must_use]
    pub fn of_envelope(envelope: &Envelope) -> Self {
        let header = envelope.header();
        Self::Envelope {
            hash: envelope.hash(),
            chain: header.chain(),
            index: header.index,
            prev: header.prev,
            deps: header.deps.clone(),
        }
    }

    /// What to keep of a receipt.
    #[must_use]
    pub fn of_receipt(receipt: &Receipt) -> Self {
        let mut cases: Vec<_> = receipt.covers().iter().map(Cover::case).collect();
        cases.sort_unstable();
        cases.dedup();
        Self::Receipt {
            hash: receipt.hash(),
            cases,
        }
    }

    /// What to keep of a manifest.
    #[must_use]
    pub fn of_manifest(manifest: &Manifest) -> Self {
        let head = manifest.head();
        Self::Manifest {
            page: manifest.id(),
            case: head.case,
            author: head.author,
            length: head.length,
        }
    }

    /// The thing's name.
    #[must_use]
    pub fn hash(&self) -> Hash {
        match self {
            Meta::Statement { hash, .. }
            | Meta::Receipt { hash, .. }
            | Meta::Envelope { hash, .. } => *hash,
            Meta::Manifest { page, .. } => page.0,
        }
    }

    /// Whose it is, if it is an author's.
    #[must_use]
    pub fn author(&self) -> Option<AuthorId> {
        match self {
            Meta::Statement { author, .. } => *author,
            Meta::Receipt { .. } => None,
            Meta::Envelope { chain, .. } => Some(chain.author),
            Meta::Manifest { author, .. } => Some(*author),
        }
    }

    /// Its form on the wire.
    #[must_use]
    pub fn what(&self) -> What {
        match self {
            Meta::Statement { .. } => What::Statement,
            Meta::Receipt { .. } => What::Receipt,
            Meta::Envelope {
                chain: ChainId {
                    kind: Kind::Edit, ..
                },
                ..
            } => What::Edit,
            Meta::Envelope {
                chain: ChainId {
                    kind: Kind::Act, ..
                },
                ..
            } => What::Act,
            Meta::Manifest { .. } => What::Manifest,
        }
    }
}
