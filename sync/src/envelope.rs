//! One signed, sealed step of one author in one case.
//!
//! An envelope is a link of a hash chain: there is one chain per case, author
//! and [`Kind`]. Its header is in the clear, so that a relay can check who
//! wrote it, in what role and in what place, without reading it; the body is
//! sealed under one of the two keys of the case, with the whole header as
//! associated data, and the author's signature covers both. The bytes that
//! were signed are kept and passed on as they are: nothing is ever re-encoded.
//!
//! ```text
//! envelope = CBOR [ header: bstr, ciphertext: bstr, signature: bstr(64) ]
//! header   = CBOR [ version, kind, case, author, index, prev, key use, key epoch,
//!                   class, [ [author, index] … ], salt ]
//! ```
//!
//! The signature is over everything before it, that is the envelope's bytes
//! less its last 66; the hash that names the envelope is over all its bytes.

use guichet_keys::canonical;
use guichet_keys::{
    ActClass, AuthorId, BadSignature, CaseTag, Hash, KeyUse, Salt, SealError, Sealer, SecretKey,
    Signature, SigningKey, SubjectId, sha256, verify,
};
use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

use crate::limits::{CHAIN_INDEX_MAX, ENVELOPE_BYTES_MAX, ENVELOPE_DEPS_MAX};

const VERSION: u8 = 1;
const DOMAIN: &str = "guichet/envelope/1";
/// The signature at the end: a CBOR head of two bytes and 64 bytes.
const SIGNATURE_TAIL: usize = 66;

/// The two kinds of chains of an author in a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Kind {
    /// Changes of the case's document.
    #[n(0)]
    Edit,
    /// An immutable record: a message, a document added, an entry of the journal.
    #[n(1)]
    Act,
}

/// Names one hash chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(array)]
pub struct ChainId {
    /// The case the chain belongs to.
    #[n(0)]
    pub case: CaseTag,
    /// Who writes it.
    #[n(1)]
    pub author: AuthorId,
    /// What it holds.
    #[n(2)]
    pub kind: Kind,
}

/// Says which key of the case seals something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(array)]
pub struct KeyRef {
    /// Shared with the citizen, or for the service only.
    #[n(0)]
    pub usage: KeyUse,
    /// Which epoch of that key.
    #[n(1)]
    pub epoch: u32,
}

/// A place in the chain of another author that must be applied before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(array)]
pub struct Dep {
    /// Whose chain.
    #[n(0)]
    pub author: AuthorId,
    /// The last index that was seen there.
    #[n(1)]
    pub index: u64,
}

/// What stands in the clear before the sealed body.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Header {
    #[n(0)]
    version: u8,
    /// Edit or act.
    #[n(1)]
    pub kind: Kind,
    /// The case.
    #[n(2)]
    pub case: CaseTag,
    /// The author.
    #[n(3)]
    pub author: AuthorId,
    /// The place in the chain, from 0.
    #[n(4)]
    pub index: u64,
    /// Hash of the envelope before; none at index 0.
    #[n(5)]
    pub prev: Option<Hash>,
    /// The key that seals the body.
    #[n(6)]
    pub key: KeyRef,
    /// The class of an act; none for an edit.
    #[cbor(n(7), with = "class_code")]
    pub class: Option<ActClass>,
    /// What must be applied before this edit, beside the chain itself.
    #[n(8)]
    pub deps: Vec<Dep>,
    /// Enters the key derivation, so that no crash or clone repeats a nonce.
    #[n(9)]
    pub salt: Salt,
}

impl Header {
    /// A header of the current version.
    #[must_use]
    pub fn new(chain: ChainId, index: u64, prev: Option<Hash>, key: KeyRef, salt: Salt) -> Self {
        let ChainId { case, author, kind } = chain;
        Self {
            version: VERSION,
            kind,
            case,
            author,
            index,
            prev,
            key,
            class: None,
            deps: Vec::new(),
            salt,
        }
    }

    /// The chain this header continues.
    #[must_use]
    pub fn chain(&self) -> ChainId {
        ChainId {
            case: self.case,
            author: self.author,
            kind: self.kind,
        }
    }

    fn check(&self) -> Result<(), EnvelopeError> {
        if self.version != VERSION {
            return Err(EnvelopeError::Version(self.version));
        }
        if self.prev.is_none() != (self.index == 0) {
            return Err(EnvelopeError::Malformed(
                "only the first of a chain has no previous hash",
            ));
        }
        if self.class.is_some() != (self.kind == Kind::Act) {
            return Err(EnvelopeError::Malformed(
                "an act has a class, an edit has none",
            ));
        }
        if self.deps.len() > ENVELOPE_DEPS_MAX {
            return Err(EnvelopeError::TooManyDeps(self.deps.len()));
        }
        let named = self.deps.iter().map(|dep| dep.index);
        let highest = named.fold(self.index, u64::max);
        if highest > CHAIN_INDEX_MAX {
            return Err(EnvelopeError::Index(highest));
        }
        Ok(())
    }
}

/// Why bytes are not an envelope, or not one that can be opened.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum EnvelopeError {
    /// More bytes than any envelope may have.
    #[error("envelope of {0} bytes; at most {ENVELOPE_BYTES_MAX} are accepted")]
    TooLarge(usize),
    /// Not the structure of an envelope.
    #[error("malformed envelope: {0}")]
    Malformed(&'static str),
    /// A version this program does not know.
    #[error("envelope of version {0}; this program reads version {VERSION}")]
    Version(u8),
    /// Names more dependencies than allowed.
    #[error("envelope names {0} dependencies; at most {ENVELOPE_DEPS_MAX} are accepted")]
    TooManyDeps(usize),
    /// Stands at or names a place that no chain reaches.
    #[error("envelope with the place {0} of a chain; at most {CHAIN_INDEX_MAX} is accepted")]
    Index(u64),
    /// Not signed by the author's key.
    #[error("the envelope's signature does not hold")]
    Signature(#[from] BadSignature),
    /// Does not open under the key given.
    #[error("the envelope does not open: {0}")]
    Seal(#[from] SealError),
}

/// A well-formed envelope; [`Envelope::verify`] tells whether it is genuine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    bytes: Vec<u8>,
    hash: Hash,
    header: Header,
    header_at: std::ops::Range<usize>,
    ciphertext_at: std::ops::Range<usize>,
}

impl Envelope {
    /// Seals `plain` under `key` and signs the whole for the chain's author.
    ///
    /// # Errors
    /// [`EnvelopeError::TooLarge`], [`EnvelopeError::TooManyDeps`] or [`EnvelopeError::Index`] when
    /// the result would be refused by everyone.
    pub fn seal(
        header: &Header,
        plain: &[u8],
        key: &SecretKey,
        sealer: &dyn Sealer,
        signer: &SigningKey,
    ) -> Result<Self, EnvelopeError> {
        header.check()?;
        let clear = minicbor::to_vec(header).expect("encoding into memory cannot fail");
        let sealed = sealer.seal(
            key,
            &header.salt,
            label(header.kind),
            header.index,
            &clear,
            plain,
        );
        let mut bytes =
            Vec::with_capacity(clear.len().saturating_add(sealed.len()).saturating_add(80));
        let mut cbor = minicbor::Encoder::new(&mut bytes);
        (|| cbor.array(3)?.bytes(&clear)?.bytes(&sealed)?.ok())()
            .expect("encoding into memory cannot fail");
        let signature = signer.sign(DOMAIN, &bytes);
        minicbor::Encoder::new(&mut bytes)
            .bytes(signature.as_bytes())
            .expect("encoding into memory cannot fail");
        Self::parse(bytes)
    }

    /// Reads an envelope, checking its size and structure but not its signature.
    ///
    /// # Errors
    /// Anything that is not exactly one envelope of the known version.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, EnvelopeError> {
        if bytes.len() > ENVELOPE_BYTES_MAX {
            return Err(EnvelopeError::TooLarge(bytes.len()));
        }
        let (header_at, ciphertext_at) =
            split(&bytes).ok_or(EnvelopeError::Malformed("not three byte strings"))?;
        let header: Header = canonical::whole(&bytes[header_at.clone()])
            .map_err(|_| EnvelopeError::Malformed("unreadable header"))?;
        header.check()?;
        Ok(Self {
            hash: sha256(&bytes),
            header,
            header_at,
            ciphertext_at,
            bytes,
        })
    }

    /// Checks the author's signature over the exact bytes received.
    ///
    /// # Errors
    /// [`BadSignature`] when `signer` did not sign them.
    pub fn verify(&self, signer: &SubjectId) -> Result<(), BadSignature> {
        let (head, signature) = self
            .bytes
            .split_last_chunk::<64>()
            .expect("parse checked the length");
        let (signed, _) = head
            .split_last_chunk::<2>()
            .expect("parse checked the length");
        verify(signer, DOMAIN, signed, &Signature::from(*signature))
    }

    /// Opens the body.
    ///
    /// # Errors
    /// [`EnvelopeError::Seal`] when the key is another or the bytes were altered.
    pub fn open(
        &self,
        key: &SecretKey,
        sealer: &dyn Sealer,
    ) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
        let clear = &self.bytes[self.header_at.clone()];
        let sealed = &self.bytes[self.ciphertext_at.clone()];
        Ok(sealer.open(
            key,
            &self.header.salt,
            label(self.header.kind),
            self.header.index,
            clear,
            sealed,
        )?)
    }

    /// The exact bytes, as signed.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// SHA-256 of the bytes: the envelope's name in its chain.
    #[must_use]
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// What stands in the clear.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Gives the bytes away.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// The class of an act as a number: 0 for an edit, which has none.
mod class_code {
    use guichet_keys::ActClass;

    pub fn encode<C, W: minicbor::encode::Write>(
        class: &Option<ActClass>,
        encoder: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        let code = match class {
            None => 0,
            Some(ActClass::Citizen) => 1,
            Some(ActClass::Agent) => 2,
            Some(ActClass::Decision) => 3,
        };
        encoder.u8(code)?.ok()
    }

    pub fn decode<C>(
        decoder: &mut minicbor::Decoder<'_>,
        _: &mut C,
    ) -> Result<Option<ActClass>, minicbor::decode::Error> {
        match decoder.u8()? {
            0 => Ok(None),
            1 => Ok(Some(ActClass::Citizen)),
            2 => Ok(Some(ActClass::Agent)),
            3 => Ok(Some(ActClass::Decision)),
            _ => Err(minicbor::decode::Error::message("no such class of acts")),
        }
    }
}

fn label(kind: Kind) -> &'static str {
    match kind {
        Kind::Edit => "edit",
        Kind::Act => "act",
    }
}

/// Where header and ciphertext lie, if the bytes are three definite byte strings and nothing more.
fn split(bytes: &[u8]) -> Option<(std::ops::Range<usize>, std::ops::Range<usize>)> {
    let mut cbor = minicbor::Decoder::new(bytes);
    if cbor.array().ok()?? != 3 {
        return None;
    }
    let header = cbor.bytes().ok()?.len();
    let header_end = cbor.position();
    let sealed = cbor.bytes().ok()?.len();
    let sealed_end = cbor.position();
    let signature = cbor.bytes().ok()?.len();
    let exact = signature == 64
        && cbor.position() == bytes.len()
        && bytes.len().checked_sub(sealed_end) == Some(SIGNATURE_TAIL);
    exact.then_some((
        header_end.checked_sub(header)?..header_end,
        sealed_end.checked_sub(sealed)?..sealed_end,
    ))
}
