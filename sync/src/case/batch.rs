//! Batches: the changes that one `edit` envelope carries.
//!
//! ```text
//! payload = version (1 byte) ‖ raw deflate ( CBOR [ change: bstr, … ] )
//! ```
//!
//! A change is an uncompressed automerge change chunk. A hundred of them deflate to less than
//! half, so they are compressed together, inside the seal.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::bufread::DeflateDecoder;
use flate2::write::DeflateEncoder;
use minicbor::{Decoder, Encoder};

use super::incoming::BadBatch;

/// Bytes of a payload, so that its envelope stays within 64 KiB.
pub const PAYLOAD_BYTES_MAX: usize = 63 * 1024;
/// Bytes of an inflated payload.
pub(super) const INFLATED_BYTES_MAX: usize = 1024 * 1024;
/// Operations of one payload.
pub(super) const OPS_MAX: usize = 50_000;

const VERSION: u8 = 1;

/// Changes of one author, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    changes: Vec<LocalChange>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct LocalChange {
    chunk: Vec<u8>,
    ops: usize,
}

impl Batch {
    pub(super) fn push(&mut self, chunk: Vec<u8>, ops: usize) {
        self.changes.push(LocalChange { chunk, ops });
    }

    /// Whether nothing was changed.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// How many changes there are.
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    /// Puts the changes of a later batch behind these, so that they leave together.
    pub fn append(&mut self, later: Self) {
        self.changes.extend(later.changes);
    }

    /// The payloads of the envelopes that carry these changes: one, unless a very long text was
    /// put in at once; none if nothing was changed.
    pub fn encode(&self) -> Vec<Vec<u8>> {
        let mut payloads = Vec::new();
        encode_into(&self.changes, &mut payloads);
        payloads
    }
}

fn encode_into(changes: &[LocalChange], payloads: &mut Vec<Vec<u8>>) {
    if changes.is_empty() {
        return;
    }
    let ops: usize = changes.iter().map(|change| change.ops).sum();
    let bytes: usize = changes
        .iter()
        .map(|change| change.chunk.len().saturating_add(8))
        .sum();
    if ops <= OPS_MAX && bytes < INFLATED_BYTES_MAX {
        let payload = deflate(VERSION, &array(changes));
        if payload.len() <= PAYLOAD_BYTES_MAX || changes.len() == 1 {
            payloads.push(payload);
            return;
        }
    }
    let (first, second) = changes.split_at(changes.len().div_ceil(2));
    encode_into(first, payloads);
    encode_into(second, payloads);
}

fn array(changes: &[LocalChange]) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    let written = encoder.array(changes.len() as u64).and_then(|array| {
        changes
            .iter()
            .try_fold(array, |array, change| array.bytes(&change.chunk))
    });
    written.expect("a vector takes any bytes");
    encoder.into_writer()
}

/// The changes in a payload from outside, as many bytes each as it says.
pub(super) fn decode(payload: &[u8]) -> Result<Vec<Vec<u8>>, BadBatch> {
    if payload.len() > PAYLOAD_BYTES_MAX {
        return Err(BadBatch::TooLarge);
    }
    let inflated = match payload.split_first() {
        Some((&VERSION, deflated)) => inflate(deflated, INFLATED_BYTES_MAX)?,
        Some((&version, _)) => return Err(BadBatch::Version(version)),
        None => return Err(BadBatch::Encoding),
    };
    let mut decoder = Decoder::new(&inflated);
    let count = decoder.array()?.ok_or(BadBatch::Encoding)?;
    if count > OPS_MAX as u64 {
        return Err(BadBatch::TooManyOps);
    }
    let mut changes = Vec::new();
    for _ in 0..count {
        changes.push(decoder.bytes()?.to_vec());
    }
    if changes.is_empty() || decoder.position() != inflated.len() {
        return Err(BadBatch::Encoding);
    }
    Ok(changes)
}

/// A version byte and deflated bytes.
pub(super) fn deflate(version: u8, plain: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(vec![version], Compression::best());
    encoder
        .write_all(plain)
        .and_then(|()| encoder.finish())
        .expect("a vector takes any bytes")
}

/// Why deflated bytes from outside are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inflate {
    Damaged,
    TooLarge,
}

/// Inflates at most `bytes_max`; nothing may follow the end of the stream.
pub(super) fn inflate(deflated: &[u8], bytes_max: usize) -> Result<Vec<u8>, Inflate> {
    let mut plain = Vec::new();
    let mut decoder = DeflateDecoder::new(deflated);
    let room = (bytes_max as u64).saturating_add(1);
    decoder
        .by_ref()
        .take(room)
        .read_to_end(&mut plain)
        .map_err(|_| Inflate::Damaged)?;
    if plain.len() > bytes_max {
        return Err(Inflate::TooLarge);
    }
    if decoder.into_inner().is_empty() {
        Ok(plain)
    } else {
        Err(Inflate::Damaged)
    }
}

impl From<Inflate> for BadBatch {
    fn from(error: Inflate) -> Self {
        match error {
            Inflate::Damaged => Self::Encoding,
            Inflate::TooLarge => Self::TooLarge,
        }
    }
}

impl From<minicbor::decode::Error> for BadBatch {
    fn from(_: minicbor::decode::Error) -> Self {
        Self::Encoding
    }
}
