//! The one encoding of what is hashed or signed: CBOR (RFC 8949) of definite lengths, each head in
//! its shortest form, without floats, and no byte after the item.
//!
//! Two encodings of one thing would be two hashes of it, and so two names.

use minicbor::decode::Error;
use minicbor::{Decode, Decoder};

use crate::bounded;

/// Decodes a value that fills the input and is in its one encoding.
///
/// What a later version appends to an array is passed over by the formats; it is held to the same
/// encoding.
///
/// # Errors
/// Anything else, with the place where it begins.
pub fn whole<'b, T: Decode<'b, ()>>(bytes: &'b [u8]) -> Result<T, Error> {
    check(bytes)?;
    let mut decoder = Decoder::new(bytes);
    let value = decoder.decode()?;
    bounded::end(&decoder)?;
    Ok(value)
}

/// Checks that the input is one item in its one encoding.
///
/// # Errors
/// Anything else, with the place where it begins.
pub fn check(bytes: &[u8]) -> Result<(), Error> {
    let mut rest = bytes;
    // Lengths are definite, so a count of what is still to come is all that nesting needs.
    let mut items: u64 = 1;
    while items > 0 {
        let at = bytes.len().saturating_sub(rest.len());
        let fail = |what: &str| Error::message(what).at(at);
        let (major, value, after) = head(rest).map_err(fail)?;
        let (string, more) = match major {
            2 | 3 => (value, 0),
            4 => (0, value),
            5 => (0, value.saturating_mul(2)),
            6 => (0, 1),
            _ => (0, 0),
        };
        let string = usize::try_from(string).unwrap_or(usize::MAX);
        rest = after
            .get(string..)
            .ok_or_else(|| fail("it ends within a string"))?;
        items = items.saturating_sub(1).saturating_add(more);
        // Each item has a byte at least.
        if items > rest.len() as u64 {
            return Err(fail("it claims more items than there are"));
        }
    }
    if rest.is_empty() {
        return Ok(());
    }
    let at = bytes.len().saturating_sub(rest.len());
    Err(Error::message(format!("{} bytes follow the end", rest.len())).at(at))
}

/// Major type, argument, and what follows the head.
fn head(bytes: &[u8]) -> Result<(u8, u64, &[u8]), &'static str> {
    let (first, rest) = bytes.split_first().ok_or("it ends too soon")?;
    let (major, short) = (first >> 5, first & 0x1f);
    let length = match short {
        0..24 => return Ok((major, u64::from(short), rest)),
        24 => 1,
        25 => 2,
        26 => 4,
        27 => 8,
        28.. => return Err("its length is not definite"),
    };
    if major == 7 {
        return Err("it holds a float or a simple value that no format has");
    }
    let (argument, after) = rest
        .split_at_checked(length)
        .ok_or("it ends within a head")?;
    let value = argument
        .iter()
        .fold(0, |value, byte| value << 8 | u64::from(*byte));
    let shortest = match length {
        1 => 24,
        2 => 1 << 8,
        4 => 1 << 16,
        _ => 1 << 32,
    };
    if value < shortest {
        return Err("a head is longer than it must be");
    }
    Ok((major, value, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(bytes: &[u8]) -> String {
        check(bytes).expect_err("not its one encoding").to_string()
    }

    #[test]
    fn what_our_encoder_writes_is_in_its_one_encoding() {
        for number in [0, 23, 24, 255, 256, 65_535, 65_536, 1 << 32, u64::MAX] {
            let bytes = minicbor::to_vec((number, "é", [1u8, 2], None::<bool>, true));
            let bytes = bytes.expect("encodes");
            check(&bytes).expect("the one encoding");
            for at in 0..bytes.len() {
                assert!(check(&bytes[..at]).is_err(), "{number} cut at {at}");
            }
        }
        let map = [0xa1, 0x01, 0xc1, 0x82, 0x20, 0x40];
        check(&map).expect("a map with a tagged array");
    }

    #[test]
    fn every_head_has_one_length() {
        for major in 0..7_u8 {
            let head = |short: u8| major << 5 | short;
            for longer in [
                &[head(24), 23][..],
                &[head(25), 0, 255],
                &[head(26), 0, 0, 255, 255],
                &[head(27), 0, 0, 0, 0, 255, 255, 255, 255],
            ] {
                let said = refused(longer);
                assert!(
                    said.contains("longer than it must be"),
                    "{longer:x?}: {said}"
                );
            }
        }
    }

    #[test]
    fn lengths_are_definite_and_nothing_follows() {
        for indefinite in [&[0x9f, 0xff][..], &[0x5f, 0xff], &[0xbf, 0xff], &[0xff]] {
            let said = refused(indefinite);
            assert!(said.contains("not definite"), "{indefinite:x?}: {said}");
        }
        assert!(refused(&[0x81, 0x01, 0x02]).contains("1 bytes follow"));
        assert!(refused(&[]).contains("too soon"));
    }

    #[test]
    fn no_format_has_floats() {
        for float in [
            &[0xf9, 0, 0][..],
            &[0xfa, 0, 0, 0, 0],
            &[0xfb, 0, 0, 0, 0, 0, 0, 0, 0],
            &[0xf8, 0xff],
        ] {
            assert!(refused(float).contains("float"), "{float:x?}");
        }
    }

    #[test]
    fn a_claimed_length_costs_nothing() {
        for claims in [0x9b_u8, 0xbb, 0x5b, 0x7b] {
            let mut bytes = vec![claims];
            bytes.extend([0xff; 8]);
            assert!(check(&bytes).is_err());
        }
        // Half a million arrays in one another.
        assert!(check(&vec![0x81; 1 << 19]).is_err());
    }

    #[test]
    fn a_value_is_read_whole() {
        assert_eq!(whole::<u8>(&[5]).expect("one number"), 5);
        assert!(whole::<u8>(&[0x18, 5]).is_err());
        assert!(whole::<u8>(&[5, 5]).is_err());
    }
}
