//! Inflating from wherever a stream may begin.
//!
//! Every byte may be the head of a deflated block (RFC 1951), and hardly any is.
//! So a place is first judged by what a block must obey: a dynamic one brings a
//! complete code for its code lengths; a fixed one goes on for as many symbols
//! as a canary takes without pointing before its own beginning. What is stored
//! is plain to see and needs no inflating.

use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

/// Enough for an envelope: 64 KiB sealed, 1 MiB inflated.
const INPUT_BYTES_MAX: usize = 128 * 1024;
const OUTPUT_BYTES_MAX: usize = 1024 * 1024;

/// Random letters cannot be matched: a canary takes 32 symbols.
const SYMBOLS_TO_LAST: usize = 24;
const MATCH_BYTES_MAX: u64 = 258;
const HEAD_BYTES: usize = 16;

/// A decompressor and its output, used again and again.
pub struct Inflater {
    state: Box<DecompressorOxide>,
    output: Vec<u8>,
}

impl Inflater {
    pub fn new() -> Self {
        Self {
            state: Box::default(),
            output: vec![0; OUTPUT_BYTES_MAX],
        }
    }

    /// What comes out until the stream ends or proves to be none.
    pub fn inflate(&mut self, input: &[u8]) -> &[u8] {
        self.state.init();
        let input = &input[..input.len().min(INPUT_BYTES_MAX)];
        let flags = TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        let (_, _, written) = decompress(&mut self.state, input, &mut self.output, 0, flags);
        &self.output[..written]
    }
}

/// The next place at or after `at` where a deflated block may begin.
pub fn next_start(bytes: &[u8], at: usize) -> Option<usize> {
    let heads = bytes.get(at..)?.windows(HEAD_BYTES);
    let found = heads
        .enumerate()
        .find(|(offset, head)| match head[0] >> 1 & 3 {
            1 => lasts(&bytes[at + offset..]),
            2 => has_complete_code(head),
            _ => false,
        });
    found.map(|(offset, _)| at + offset)
}

/// Whether the lengths of the code-length code fill its tree exactly.
fn has_complete_code(head: &[u8]) -> bool {
    let mut bits = Bits { bytes: head, at: 3 };
    let (literals, distances) = (bits.take(5), bits.take(5));
    let count = bits.take(4) + 4;
    let mut leaves = 0;
    for _ in 0..count {
        let length = bits.take(3);
        if length > 0 {
            leaves += 128 >> length;
        }
    }
    literals <= 29 && distances <= 29 && leaves == 128
}

/// Whether a block with the fixed code goes on for long enough, or ends with
/// another one to follow.
fn lasts(bytes: &[u8]) -> bool {
    let mut bits = Bits { bytes, at: 3 };
    let last_block = bytes[0] & 1 == 1;
    let mut written = 0;
    for _ in 0..SYMBOLS_TO_LAST {
        match bits.symbol() {
            0..256 => written += 1,
            256 => return !last_block,
            length @ 257..286 => {
                bits.take(length_extra_bits(length));
                let code = u64::from((bits.take(5) as u8).reverse_bits() >> 3);
                let extra = (code / 2).saturating_sub(1);
                let base = if code < 4 {
                    code
                } else {
                    (2 + code % 2) << extra
                };
                let distance = base + bits.take(extra) + 1;
                if code >= 30 || distance > written {
                    return false;
                }
                written += MATCH_BYTES_MAX;
            }
            _ => return false,
        }
    }
    bits.at <= bytes.len() * 8
}

fn length_extra_bits(symbol: u64) -> u64 {
    match symbol {
        257..265 | 285 => 0,
        _ => (symbol - 261) / 4,
    }
}

/// Bits from the low end of each byte on; zeros behind the last byte.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn look(&self) -> u64 {
        let rest = self.bytes.get(self.at / 8..).unwrap_or_default();
        let mut eight = [0; 8];
        let length = rest.len().min(8);
        eight[..length].copy_from_slice(&rest[..length]);
        u64::from_le_bytes(eight) >> (self.at % 8)
    }

    fn take(&mut self, count: u64) -> u64 {
        let value = self.look() & ((1 << count) - 1);
        self.at += count as usize;
        value
    }

    /// A literal, the end (256) or a length, in the fixed code.
    fn symbol(&mut self) -> u64 {
        let nine = u64::from((self.look() as u16).reverse_bits() >> 7);
        let (seven, eight) = (nine >> 2, nine >> 1);
        let (symbol, length) = match (seven, eight) {
            (0..24, _) => (256 + seven, 7),
            (_, 0x30..0xc0) => (eight - 0x30, 8),
            (_, 0xc0..0xc8) => (280 + eight - 0xc0, 8),
            _ => (144 + nine - 0x190, 9),
        };
        self.at += length;
        symbol
    }
}
