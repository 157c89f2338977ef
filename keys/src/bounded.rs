//! Decoding with bounds: a length that a format claims is compared with its limit before
//! anything of that length is kept.

use minicbor::decode::Error;
use minicbor::{Decode, Decoder};

/// Decodes a value that must fill the input.
pub(crate) fn whole<'b, T: Decode<'b, ()>>(bytes: &'b [u8]) -> Result<T, Error> {
    let mut decoder = Decoder::new(bytes);
    let value = decoder.decode()?;
    end(&decoder)?;
    Ok(value)
}

/// Refuses what follows a complete value.
pub(crate) fn end(decoder: &Decoder<'_>) -> Result<(), Error> {
    let rest = decoder.input().len().saturating_sub(decoder.position());
    if rest == 0 {
        Ok(())
    } else {
        Err(Error::message(format!("{rest} bytes follow the end")).at(decoder.position()))
    }
}

/// A byte string of at most `MAX` bytes.
pub(crate) fn bytes<C, const MAX: usize>(d: &mut Decoder<'_>, _: &mut C) -> Result<Vec<u8>, Error> {
    let at = d.position();
    let bytes = d.bytes()?;
    within::<MAX>(bytes.len(), "bytes", at)?;
    Ok(bytes.to_vec())
}

/// A text of at most `MAX` bytes.
pub(crate) fn text<C, const MAX: usize>(d: &mut Decoder<'_>, _: &mut C) -> Result<String, Error> {
    let at = d.position();
    let text = d.str()?;
    within::<MAX>(text.len(), "bytes", at)?;
    Ok(text.to_owned())
}

/// An array of at most `MAX` items.
pub(crate) fn list<'b, C, T: Decode<'b, C>, const MAX: usize>(
    d: &mut Decoder<'b>,
    context: &mut C,
) -> Result<Vec<T>, Error> {
    let at = d.position();
    let mut items = Vec::new();
    for item in d.array_iter_with(context)? {
        within::<MAX>(items.len().saturating_add(1), "items", at)?;
        items.push(item?);
    }
    Ok(items)
}

fn within<const MAX: usize>(length: usize, unit: &str, at: usize) -> Result<(), Error> {
    if length <= MAX {
        Ok(())
    } else {
        Err(Error::message(format!("{length} {unit}, at most {MAX} are allowed")).at(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_inclusive() {
        let three = minicbor::to_vec(vec![1u8, 2, 3]).expect("encodes");
        let read = |bytes: &[u8]| list::<_, u8, 3>(&mut Decoder::new(bytes), &mut ());
        assert_eq!(read(&three).expect("three fit"), [1, 2, 3]);
        let four = minicbor::to_vec(vec![1u8, 2, 3, 4]).expect("encodes");
        assert!(
            read(&four)
                .expect_err("four do not")
                .to_string()
                .contains("at most 3")
        );

        let abc = minicbor::to_vec("abc").expect("encodes");
        assert_eq!(
            text::<_, 3>(&mut Decoder::new(&abc), &mut ()).expect("fits"),
            "abc"
        );
        assert!(text::<_, 2>(&mut Decoder::new(&abc), &mut ()).is_err());
    }

    #[test]
    fn nothing_may_follow() {
        assert_eq!(whole::<u8>(&[5]).expect("one number"), 5);
        assert!(
            whole::<u8>(&[5, 5])
                .expect_err("two")
                .to_string()
                .contains("1 bytes follow")
        );
    }

    #[test]
    fn a_claimed_length_reserves_nothing() {
        let claims = [0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
        assert!(list::<_, u8, 3>(&mut Decoder::new(&claims), &mut ()).is_err());
    }
}
