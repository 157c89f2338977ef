//! Encodes automerge change chunks by hand, right or wrong.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::bufread::DeflateDecoder;
use flate2::write::DeflateEncoder;
use guichet_keys::sha256;

/// Specifications of the columns.
pub mod column {
    pub const OBJECT_ACTOR: u64 = 0x01;
    pub const OBJECT_COUNTER: u64 = 0x02;
    pub const KEY_ACTOR: u64 = 0x11;
    pub const KEY_COUNTER: u64 = 0x13;
    pub const KEY_NAME: u64 = 0x15;
    pub const INSERT: u64 = 0x34;
    pub const ACTION: u64 = 0x42;
    pub const VALUE_META: u64 = 0x56;
    pub const VALUE: u64 = 0x57;
    pub const REPLACES_COUNT: u64 = 0x70;
    pub const REPLACES_ACTOR: u64 = 0x71;
    pub const REPLACES_COUNTER: u64 = 0x73;
}

/// The parts of a change chunk.
#[derive(Debug, Clone)]
pub struct Chunk {
    pub magic: [u8; 4],
    /// Another than the right one.
    pub checksum: Option<[u8; 4]>,
    pub kind: u8,
    /// Hashes in hexadecimal with dots between them.
    pub deps: String,
    pub author: [u8; 16],
    pub seq: u64,
    pub start_op: u64,
    pub time_s: i64,
    pub message: String,
    pub others: Vec<Vec<u8>>,
    pub columns: Vec<(u64, Vec<u8>)>,
    /// Behind the columns.
    pub extra: Vec<u8>,
    /// Behind the chunk.
    pub behind: Vec<u8>,
}

impl Default for Chunk {
    fn default() -> Self {
        Self {
            magic: [0x85, 0x6f, 0x4a, 0x83],
            checksum: None,
            kind: 1,
            deps: String::new(),
            author: [0; 16],
            seq: 1,
            start_op: 1,
            time_s: 0,
            message: String::new(),
            others: vec![],
            columns: vec![],
            extra: vec![],
            behind: vec![],
        }
    }
}

impl Chunk {
    pub fn with(mut self, spec: u64, bytes: &[u8]) -> Self {
        self = self.without(spec);
        self.columns.push((spec, bytes.to_vec()));
        self.columns.sort();
        self
    }

    pub fn without(mut self, spec: u64) -> Self {
        self.columns.retain(|(other, _)| *other != spec);
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        let deps: Vec<Vec<u8>> = self
            .deps
            .split('.')
            .filter(|dep| !dep.is_empty())
            .map(from_hex)
            .collect();
        let mut body = unsigned(deps.len() as u64);
        body.extend(deps.concat());
        prefixed(&self.author, &mut body);
        body.extend(unsigned(self.seq));
        body.extend(unsigned(self.start_op));
        body.extend(signed(self.time_s));
        prefixed(self.message.as_bytes(), &mut body);
        body.extend(unsigned(self.others.len() as u64));
        for other in &self.others {
            prefixed(other, &mut body);
        }
        body.extend(unsigned(self.columns.len() as u64));
        for (spec, bytes) in &self.columns {
            body.extend(unsigned(*spec));
            body.extend(unsigned(bytes.len() as u64));
        }
        for (_, bytes) in &self.columns {
            body.extend(bytes);
        }
        body.extend(&self.extra);
        let mut hashed = vec![self.kind];
        prefixed(&body, &mut hashed);
        let checksum = self.checksum.unwrap_or_else(|| checksum(&hashed));
        [&self.magic[..], &checksum, &hashed, &self.behind].concat()
    }
}

/// Mends the length and checksum of a chunk of which the body was altered.
pub fn repair(chunk: &[u8]) -> Vec<u8> {
    let Some((head, rest)) = chunk.split_at_checked(9) else {
        return chunk.to_vec();
    };
    let body = rest
        .iter()
        .position(|byte| byte & 0x80 == 0)
        .map_or(&[][..], |at| &rest[at + 1..]);
    let mut hashed = vec![head[8]];
    prefixed(body, &mut hashed);
    [&head[..4], &checksum(&hashed), &hashed].concat()
}

/// The payload of an envelope with these changes.
pub fn payload(changes: &[Vec<u8>]) -> Vec<u8> {
    let mut cbor = minicbor::Encoder::new(vec![]);
    cbor.array(changes.len() as u64).expect("encodes");
    for change in changes {
        cbor.bytes(change).expect("encodes");
    }
    let mut deflate = DeflateEncoder::new(vec![1], Compression::best());
    deflate.write_all(cbor.writer()).expect("deflates");
    deflate.finish().expect("deflates")
}

/// The changes in a payload.
pub fn changes(payload: &[u8]) -> Vec<Vec<u8>> {
    let mut plain = vec![];
    DeflateDecoder::new(&payload[1..])
        .read_to_end(&mut plain)
        .expect("inflates");
    let mut cbor = minicbor::Decoder::new(&plain);
    let count = cbor.array().expect("decodes").expect("a length");
    (0..count)
        .map(|_| cbor.bytes().expect("decodes").to_vec())
        .collect()
}

pub fn unsigned(mut value: u64) -> Vec<u8> {
    let mut bytes = vec![];
    while value > 0x7f {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

pub fn signed(mut value: i64) -> Vec<u8> {
    let mut bytes = vec![];
    while !(-64..64).contains(&value) {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8 & 0x7f);
    bytes
}

fn prefixed(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend(unsigned(bytes.len() as u64));
    out.extend(bytes);
}

fn checksum(hashed: &[u8]) -> [u8; 4] {
    let hash = sha256(hashed);
    let bytes = hash.as_bytes();
    [bytes[0], bytes[1], bytes[2], bytes[3]]
}

pub fn from_hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .filter_map(|digit| digit.to_digit(16))
        .map(|digit| digit as u8)
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}
