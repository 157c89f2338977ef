//! Bytes that decide: what a driver of decoders and machines does follows from a string of bytes
//! alone, be it a seed's or one that a coverage-guided run makes up.
//!
//! A driver takes valid messages and [alters](alter) them: numbers at the ends of their range, bits
//! flipped, ends cut off. It lives beside what it drives ([`sim::storm`](crate::sim::storm),
//! [`halls`]); a slice of seeds of each of the [`DRIVERS`] runs with the tests, and `tests/fuzz` runs
//! them under libFuzzer.

pub mod halls;
mod town;

use minicbor::data::Type;
use minicbor::{Decoder, Encoder};

use crate::sim::storm;

/// What a drive came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Messages said.
    pub said: u64,
    /// Those of them that were decoded.
    pub decoded: u64,
}

/// Drives one machine, or every decoder, by bytes that decide.
pub type Driver = fn(&[u8]) -> Tally;

/// Every driver by its name. In a corpus the first byte of an input says which it is for.
pub const DRIVERS: [(&str, Driver); 6] = [
    ("relay", storm::drive_relay),
    ("kiosk", storm::drive_kiosk),
    ("station", storm::drive_station),
    ("case", storm::drive_case),
    ("decoders", storm::drive_decoders),
    ("halls", halls::drive),
];

/// Drives what the first byte names by the others.
pub fn drive(input: &[u8]) -> Tally {
    let Some((first, rest)) = input.split_first() else {
        return Tally::default();
    };
    let (_, driver) = DRIVERS[usize::from(*first) % DRIVERS.len()];
    driver(rest)
}

/// The bytes that decide; when they are used up, everything decided is 0.
#[derive(Debug)]
pub struct Choices<'a> {
    bytes: &'a [u8],
}

/// Numbers at the ends of the ranges that formats and machines have.
pub const EXTREMES: [u64; 15] = [
    0,
    1,
    23,
    24,
    255,
    65_535,
    u32::MAX as u64 - 1,
    u32::MAX as u64,
    u32::MAX as u64 + 1,
    (1 << 53) - 2,
    (1 << 53) - 1,
    i64::MAX as u64,
    1 << 63,
    u64::MAX - 1,
    u64::MAX,
];

impl<'a> Choices<'a> {
    /// Decides by these bytes.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// Whether nothing is left to decide by.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.bytes.split_first() else {
            return 0;
        };
        self.bytes = rest;
        *first
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        let number = u16::from_be_bytes([self.byte(), self.byte()]);
        usize::from(number) % end
    }

    /// One of a list that is not empty.
    pub fn pick<'l, T>(&mut self, list: &'l [T]) -> &'l T {
        &list[self.below(list.len())]
    }

    /// A number at an end of a range.
    pub fn extreme(&mut self) -> u64 {
        EXTREMES[usize::from(self.byte()) % EXTREMES.len()]
    }
}

/// Bytes for a seed to decide by.
#[must_use]
pub fn bytes_of(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    };
    std::iter::repeat_with(next).take(len).collect()
}

/// Alters a message: half of the time not at all, mostly one of its numbers.
#[must_use]
pub fn alter(message: &[u8], choices: &mut Choices<'_>) -> Vec<u8> {
    match choices.byte() % 16 {
        0..=7 => message.to_vec(),
        8..=13 => with_number(message, choices),
        14 => {
            let mut flipped = message.to_vec();
            if !flipped.is_empty() {
                let at = choices.below(flipped.len());
                flipped[at] ^= 1 << (choices.byte() % 8);
            }
            flipped
        }
        _ => message[..choices.below(message.len() + 1)].to_vec(),
    }
}

/// The message with one of its numbers at an end of its range, if it has any.
#[must_use]
pub fn with_number(message: &[u8], choices: &mut Choices<'_>) -> Vec<u8> {
    let mut count = 0;
    let counted = rewrite(message, &mut count, None);
    if counted.is_none() || count == 0 {
        return message.to_vec();
    }
    let put = (choices.below(count), choices.extreme());
    rewrite(message, &mut 0, Some(put)).unwrap_or_else(|| message.to_vec())
}

/// A CBOR message with the number at this place replaced, counted through arrays in byte strings
/// too; none if it cannot be read. `seen` counts the numbers.
fn rewrite(message: &[u8], seen: &mut usize, put: Option<(usize, u64)>) -> Option<Vec<u8>> {
    let mut from = Decoder::new(message);
    let mut to = Encoder::new(Vec::new());
    while from.position() < message.len() {
        let start = from.position();
        let kind = from.datatype().ok()?;
        if matches!(kind, Type::U8 | Type::U16 | Type::U32 | Type::U64) {
            let number = from.u64().ok()?;
            let number = put
                .filter(|(at, _)| at == seen)
                .map_or(number, |(_, it)| it);
            *seen += 1;
            to.u64(number).ok()?;
        } else if kind == Type::Array {
            to.array(from.array().ok()??).ok()?;
        } else if kind == Type::Map {
            to.map(from.map().ok()??).ok()?;
        } else if kind == Type::Tag {
            to.tag(from.tag().ok()?).ok()?;
        } else if kind == Type::Bytes {
            let bytes = from.bytes().ok()?;
            let is_array = bytes.first().is_some_and(|first| first >> 5 == 4);
            let mut inside = *seen;
            let inner = is_array.then(|| rewrite(bytes, &mut inside, put)).flatten();
            if inner.is_some() {
                *seen = inside;
            }
            to.bytes(inner.as_deref().unwrap_or(bytes)).ok()?;
        } else {
            from.skip().ok()?;
            let copied = &message[start..from.position()];
            to.writer_mut().extend_from_slice(copied);
        }
    }
    Some(to.into_writer())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_of_a_message_is_found_and_replaced() {
        let inner = minicbor::to_vec((9_u8, "inside")).expect("encodes");
        let bytes = minicbor::bytes::ByteVec::from(inner);
        let message = minicbor::to_vec((7_u8, [1_u64 << 40], "text", (300_u16, None::<u8>), bytes))
            .expect("encodes");
        let mut count = 0;
        assert_eq!(rewrite(&message, &mut count, None), Some(message.clone()));
        assert_eq!(count, 4);
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..4_000 {
            let bytes = bytes_of(seed, 64);
            seen.insert(with_number(&message, &mut Choices::new(&bytes)));
        }
        assert_eq!(seen.len(), count * EXTREMES.len());
    }

    #[test]
    fn half_of_the_messages_stay_as_they_are() {
        let message = minicbor::to_vec((7_u8, "text")).expect("encodes");
        let same = (0..1_000).filter(|seed| {
            let bytes = bytes_of(*seed, 64);
            alter(&message, &mut Choices::new(&bytes)) == message
        });
        assert!((450..650).contains(&same.count()));
    }
}
