//! An immutable sealed byte string: a scanned sheet, an uploaded file.
//!
//! A page is cut into segments of 16 KiB, each sealed by itself, so that a
//! page can stop and go on anywhere and every segment can be checked by who
//! cannot read it. The manifest lists the hashes of the sealed segments and
//! is signed by the author; its hash is the page's name.
//!
//! ```text
//! manifest = CBOR [ body: bstr, signature: bstr(64) ]
//! body     = CBOR [ version, salt, case, author, key use, key epoch, length, hashes: bstr(32 × segments) ]
//! ```

use guichet_keys::canonical;
use guichet_keys::{
    AuthorId, BadSignature, CaseTag, Hash, Salt, SealError, Sealer, SecretKey, SigningKey,
    SubjectId, sha256, verify,
};
use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

use crate::envelope::KeyRef;
use crate::limits::{
    MANIFEST_BYTES_MAX, PAGE_BYTES_MAX, SEAL_BYTES, SEGMENT_BYTES, SMALL_PAGE_BYTES_MAX,
};
use crate::signed;

const VERSION: u8 = 1;
const DOMAIN: &str = "guichet/page/1";
const LABEL: &str = "page";

/// Names a page: the SHA-256 of its manifest's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct PageId(#[n(0)] pub Hash);

/// What of a manifest is known before the segments are sealed; the associated data of each of them.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct PageHead {
    #[n(0)]
    version: u8,
    /// Enters the key derivation.
    #[n(1)]
    pub salt: Salt,
    /// The case the page belongs to.
    #[n(2)]
    pub case: CaseTag,
    /// Who made the page.
    #[n(3)]
    pub author: AuthorId,
    /// The key that seals it.
    #[n(4)]
    pub key: KeyRef,
    /// Bytes of plain text.
    #[n(5)]
    pub length: u64,
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct Body {
    #[n(0)]
    head: PageHead,
    #[cbor(n(1), with = "minicbor::bytes")]
    hashes: Vec<u8>,
}

/// A well-formed page manifest; [`Manifest::verify`] tells whether it is genuine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    bytes: Vec<u8>,
    id: PageId,
    head: PageHead,
    /// Where in the bytes the hashes begin: up to 64 KiB, which are not held twice.
    hashes_at: usize,
}

/// Why bytes are not a page or a part of one.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PageError {
    /// The page is empty or longer than allowed.
    #[error("page of {0} bytes; 1 to {PAGE_BYTES_MAX} are accepted")]
    Length(u64),
    /// More bytes than any manifest may have.
    #[error("page manifest of {0} bytes; at most {MANIFEST_BYTES_MAX} are accepted")]
    ManifestTooLarge(usize),
    /// Not the structure of a manifest.
    #[error("malformed page manifest: {0}")]
    Malformed(&'static str),
    /// A version this program does not know.
    #[error("page manifest of version {0}; this program reads version {VERSION}")]
    Version(u8),
    /// Not signed by the author's key.
    #[error("the page manifest's signature does not hold")]
    Signature(#[from] BadSignature),
    /// A segment that the page does not have.
    #[error("segment {0} of a page of {1} segments")]
    NoSuchSegment(u32, u32),
    /// A segment that is not the one the manifest names.
    #[error("segment {0} is not the one its manifest names")]
    WrongSegment(u32),
    /// A segment that its manifest names and that is not as long as its page asks for.
    #[error("segment {0} has {1} bytes; its page asks for {2}")]
    SegmentLength(u32, usize, u64),
    /// Does not open under the key given.
    #[error("the page does not open: {0}")]
    Seal(#[from] SealError),
}

/// How urgent a page is, by its length alone: a preview comes before what it is a picture of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Size {
    /// At most [`SMALL_PAGE_BYTES_MAX`].
    Small,
    /// Any other.
    Large,
}

impl Size {
    /// Of a page of this plain length.
    #[must_use]
    pub fn of(length: u64) -> Self {
        match length <= SMALL_PAGE_BYTES_MAX {
            true => Self::Small,
            false => Self::Large,
        }
    }
}

/// Segments in a page of `length` plain bytes.
#[must_use]
pub fn segment_count(length: u64) -> u32 {
    u32::try_from(length.div_ceil(SEGMENT_BYTES as u64)).unwrap_or(u32::MAX)
}

/// Bytes of a sealed segment of a page of `length` plain bytes.
#[must_use]
pub fn sealed_len(length: u64, index: u32) -> u64 {
    let before = u64::from(index).saturating_mul(SEGMENT_BYTES as u64);
    let plain = length.saturating_sub(before).min(SEGMENT_BYTES as u64);
    plain.saturating_add(SEAL_BYTES as u64)
}

impl PageHead {
    /// The head of a new page of the current version.
    #[must_use]
    pub fn new(salt: Salt, case: CaseTag, author: AuthorId, key: KeyRef, length: u64) -> Self {
        Self {
            version: VERSION,
            salt,
            case,
            author,
            key,
            length,
        }
    }

    /// Seals one segment of plain text.
    #[must_use]
    pub fn seal_segment(
        &self,
        index: u32,
        plain: &[u8],
        key: &SecretKey,
        sealer: &dyn Sealer,
    ) -> Vec<u8> {
        sealer.seal(
            key,
            &self.salt,
            LABEL,
            u64::from(index),
            &self.associated(),
            plain,
        )
    }

    /// Opens one segment.
    ///
    /// # Errors
    /// [`PageError::Seal`] when the key is another or the bytes were altered.
    pub fn open_segment(
        &self,
        index: u32,
        sealed: &[u8],
        key: &SecretKey,
        sealer: &dyn Sealer,
    ) -> Result<Zeroizing<Vec<u8>>, PageError> {
        Ok(sealer.open(
            key,
            &self.salt,
            LABEL,
            u64::from(index),
            &self.associated(),
            sealed,
        )?)
    }

    fn associated(&self) -> Vec<u8> {
        minicbor::to_vec(self).expect("encoding into memory cannot fail")
    }

    fn check(&self) -> Result<(), PageError> {
        if self.version != VERSION {
            return Err(PageError::Version(self.version));
        }
        if self.length == 0 || self.length > PAGE_BYTES_MAX {
            return Err(PageError::Length(self.length));
        }
        Ok(())
    }
}

impl Manifest {
    /// Signs the manifest of a page whose sealed segments have these hashes, in order.
    ///
    /// # Errors
    /// [`PageError::Length`] for an empty or too long page.
    pub fn sign(head: PageHead, hashes: &[Hash], signer: &SigningKey) -> Result<Self, PageError> {
        head.check()?;
        let hashes = hashes.iter().flat_map(|hash| *hash.as_bytes()).collect();
        let body =
            minicbor::to_vec(Body { head, hashes }).expect("encoding into memory cannot fail");
        Self::parse(signed::sign(signer, DOMAIN, &body))
    }

    /// Reads a manifest, checking its size and structure but not its signature.
    ///
    /// # Errors
    /// Anything that is not exactly one manifest of the known version.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, PageError> {
        if bytes.len() > MANIFEST_BYTES_MAX {
            return Err(PageError::ManifestTooLarge(bytes.len()));
        }
        let (body, _) =
            signed::split(&bytes).ok_or(PageError::Malformed("not two byte strings"))?;
        let parsed: Body =
            canonical::whole(body).map_err(|_| PageError::Malformed("unreadable body"))?;
        parsed.head.check()?;
        let (whole, rest) = parsed.hashes.as_chunks::<32>();
        if !rest.is_empty() || whole.len() != segment_count(parsed.head.length) as usize {
            return Err(PageError::Malformed("not one hash for each segment"));
        }
        let hashes_at = hashes_at(&bytes).ok_or(PageError::Malformed("unreadable body"))?;
        Ok(Self {
            id: PageId(sha256(body)),
            head: parsed.head,
            hashes_at,
            bytes,
        })
    }

    /// Checks the author's signature.
    ///
    /// # Errors
    /// [`BadSignature`] when `signer` did not sign it.
    pub fn verify(&self, signer: &SubjectId) -> Result<(), BadSignature> {
        let (body, signature) = signed::split(&self.bytes).expect("parse checked the structure");
        verify(signer, DOMAIN, body, &signature)
    }

    /// Checks that `sealed` is the segment `index` of this page.
    ///
    /// # Errors
    /// [`PageError::NoSuchSegment`], [`PageError::WrongSegment`] or [`PageError::SegmentLength`].
    pub fn check_segment(&self, index: u32, sealed: &[u8]) -> Result<(), PageError> {
        let hashes = self.bytes.get(self.hashes_at..).unwrap_or_default();
        let expected = hashes
            .as_chunks::<32>()
            .0
            .get(index as usize)
            .filter(|_| index < self.segments())
            .ok_or(PageError::NoSuchSegment(index, self.segments()))?;
        if sha256(sealed).as_bytes() != expected {
            return Err(PageError::WrongSegment(index));
        }
        let len = sealed_len(self.head.length, index);
        if sealed.len() as u64 != len {
            return Err(PageError::SegmentLength(index, sealed.len(), len));
        }
        Ok(())
    }

    /// The page's name.
    #[must_use]
    pub fn id(&self) -> PageId {
        self.id
    }

    /// What stands in the clear.
    #[must_use]
    pub fn head(&self) -> &PageHead {
        &self.head
    }

    /// How many segments the page has.
    #[must_use]
    pub fn segments(&self) -> u32 {
        segment_count(self.head.length)
    }

    /// The exact bytes, as signed.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Where in a manifest's bytes the hashes begin.
fn hashes_at(bytes: &[u8]) -> Option<usize> {
    let mut outer = minicbor::Decoder::new(bytes);
    outer.array().ok()?;
    let body = outer.bytes().ok()?;
    let body_at = outer.position().checked_sub(body.len())?;
    let mut inner = minicbor::Decoder::new(body);
    inner.array().ok()?;
    inner.skip().ok()?;
    let hashes = inner.bytes().ok()?;
    let within = inner.position().checked_sub(hashes.len())?;
    body_at.checked_add(within)
}
