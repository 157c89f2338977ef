//! Columns of a change chunk: runs of equal values, written as LEB128 numbers.
//!
//! A run of a few bytes may claim 2⁶² rows, so a column is expanded only after its claim has been
//! held against the number of rows the caller allows. Numbers must be written in their shortest
//! form: two readers of one column then never differ.

use super::Malformed;

/// Bytes still to be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.0
    }

    pub(super) fn take(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        let (head, tail) = self.0.split_at_checked(len).ok_or(Malformed::Truncated)?;
        self.0 = tail;
        Ok(head)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (head, tail) = self.0.split_first_chunk().ok_or(Malformed::Truncated)?;
        self.0 = tail;
        Ok(*head)
    }

    pub(super) fn byte(&mut self) -> Result<u8, Malformed> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// An unsigned LEB128 number.
    pub(super) fn unsigned(&mut self) -> Result<u64, Malformed> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return Err(Malformed::Number);
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                let overlong = byte == 0 && shift > 0;
                return if overlong {
                    Err(Malformed::Number)
                } else {
                    Ok(value)
                };
            }
        }
        Err(Malformed::Number)
    }

    /// An unsigned number that counts bytes or rows.
    pub(super) fn length(&mut self) -> Result<usize, Malformed> {
        usize::try_from(self.unsigned()?).map_err(|_| Malformed::Number)
    }

    /// A signed LEB128 number.
    pub(super) fn signed(&mut self) -> Result<i64, Malformed> {
        let mut value = 0_i64;
        let mut before = 0_u8;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            if shift == 63 && byte != 0 && byte != 0x7f {
                return Err(Malformed::Number);
            }
            value |= i64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                let positive = byte == 0 && before & 0x40 == 0;
                let negative = byte == 0x7f && before & 0x40 != 0;
                if shift > 0 && (positive || negative) {
                    return Err(Malformed::Number);
                }
                if byte & 0x40 != 0 && shift < 63 {
                    value |= -0x80 << shift;
                }
                return Ok(value);
            }
            before = byte;
        }
        Err(Malformed::Number)
    }

    /// A length and that many bytes of UTF-8.
    pub(super) fn text(&mut self) -> Result<&'a str, Malformed> {
        let len = self.length()?;
        std::str::from_utf8(self.take(len)?).map_err(|_| Malformed::Utf8)
    }
}

/// The rows of a run-length column whose values `read` reads; at most `rows_max`.
pub(super) fn runs<'a, T: Copy>(
    column: &'a [u8],
    rows_max: usize,
    read: impl Fn(&mut Reader<'a>) -> Result<T, Malformed>,
) -> Result<Vec<Option<T>>, Malformed> {
    let mut reader = Reader::new(column);
    let mut rows = Vec::new();
    while !reader.is_empty() {
        let claim = reader.signed()?;
        let count = match claim {
            0 => reader.unsigned()?,
            _ => claim.unsigned_abs(),
        };
        let count = within(count, rows_max.saturating_sub(rows.len()))?;
        match claim {
            0 => rows.extend(std::iter::repeat_n(None, count)),
            1.. => rows.extend(std::iter::repeat_n(Some(read(&mut reader)?), count)),
            _ => {
                for _ in 0..count {
                    rows.push(Some(read(&mut reader)?));
                }
            }
        }
    }
    Ok(rows)
}

/// The rows of a run-length column of differences, summed up; each sum is a counter.
pub(super) fn deltas(column: &[u8], rows_max: usize) -> Result<Vec<Option<u64>>, Malformed> {
    let mut sum = 0_i64;
    runs(column, rows_max, Reader::signed)?
        .into_iter()
        .map(|row| match row {
            Some(delta) => {
                sum = sum.checked_add(delta).ok_or(Malformed::Number)?;
                u64::try_from(sum).map(Some).map_err(|_| Malformed::Number)
            }
            None => Ok(None),
        })
        .collect()
}

/// The rows of a boolean column: lengths of runs, beginning with `false`; at most `rows_max`.
pub(super) fn booleans(column: &[u8], rows_max: usize) -> Result<Vec<bool>, Malformed> {
    let mut reader = Reader::new(column);
    let mut rows = Vec::new();
    let mut value = false;
    let mut first = true;
    while !reader.is_empty() {
        let count = match reader.unsigned()? {
            0 if first => 0,
            count => within(count, rows_max.saturating_sub(rows.len()))?,
        };
        rows.extend(std::iter::repeat_n(value, count));
        value = !value;
        first = false;
    }
    Ok(rows)
}

fn within(count: u64, room: usize) -> Result<usize, Malformed> {
    match usize::try_from(count) {
        Ok(0) => Err(Malformed::Number),
        Ok(count) if count <= room => Ok(count),
        Ok(_) | Err(_) => Err(Malformed::TooManyRows),
    }
}

#[cfg(test)]
mod tests {
    use super::{Malformed, Reader, booleans, deltas, runs};

    fn check_signed(bytes: &[u8], expect: Result<i64, Malformed>) {
        assert_eq!(Reader::new(bytes).signed(), expect, "{bytes:x?}");
    }

    fn check_unsigned(bytes: &[u8], expect: Result<u64, Malformed>) {
        assert_eq!(Reader::new(bytes).unsigned(), expect, "{bytes:x?}");
    }

    #[test]
    fn numbers() {
        check_unsigned(&[0], Ok(0));
        check_unsigned(&[0x80, 1], Ok(128));
        check_unsigned(&[0xff; 9], Err(Malformed::Truncated));
        check_unsigned(
            &[255, 255, 255, 255, 255, 255, 255, 255, 255, 1],
            Ok(u64::MAX),
        );
        check_unsigned(
            &[255, 255, 255, 255, 255, 255, 255, 255, 255, 2],
            Err(Malformed::Number),
        );
        check_unsigned(&[0x80, 0], Err(Malformed::Number));
        check_signed(&[0x7f], Ok(-1));
        check_signed(&[0x3f], Ok(63));
        check_signed(&[0x40], Ok(-64));
        check_signed(&[0x80, 0x01], Ok(128));
        check_signed(&[0x80, 0x40], Ok(-8192));
        check_signed(
            &[255, 255, 255, 255, 255, 255, 255, 255, 255, 0],
            Ok(i64::MAX),
        );
        check_signed(
            &[128, 128, 128, 128, 128, 128, 128, 128, 128, 0x7f],
            Ok(i64::MIN),
        );
        check_signed(&[0x90, 0], Err(Malformed::Number));
        check_signed(&[0xff, 0x7f], Err(Malformed::Number));
    }

    #[test]
    fn a_run_is_held_against_the_room_before_it_is_expanded() {
        let column = [3, 7, 0, 2, 0x7e, 8, 9];
        let rows = [Some(7), Some(7), Some(7), None, None, Some(8), Some(9)];
        assert_eq!(runs(&column, 7, Reader::unsigned), Ok(rows.to_vec()));
        assert_eq!(
            runs(&column, 6, Reader::unsigned),
            Err(Malformed::TooManyRows)
        );
        let huge = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0xc0, 0, 1];
        assert_eq!(
            runs(&huge, 10_000, Reader::unsigned),
            Err(Malformed::TooManyRows)
        );
        assert_eq!(booleans(&[0, 2, 1], 3), Ok(vec![true, true, false]));
        assert_eq!(booleans(&[0, 2, 1], 2), Err(Malformed::TooManyRows));
        assert_eq!(booleans(&[2, 0, 1], 3), Err(Malformed::Number));
        assert_eq!(deltas(&[0x7e, 5, 0x7e], 2), Ok(vec![Some(5), Some(3)]));
        assert_eq!(deltas(&[0x7e, 5, 0x7a], 2), Err(Malformed::Number));
    }
}
