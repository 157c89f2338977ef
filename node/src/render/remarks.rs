//! What is to be said of a picture of a page that could be drawn.

use serde::Serialize;

/// What a page that is shown does not show, or may not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Remarks {
    /// Signs of its texts are missing: their font does not come with the document and is not here.
    pub signs_missing: bool,
    /// The document has no end: all of it may be there, or not.
    pub no_end: bool,
}

/// The exit status of a child that drew a page of which nothing is to be said.
const NOTHING: u8 = 0;
/// The same of which something is; the lowest bits tell what.
const SOMETHING: u8 = 32;
const SIGNS_MISSING: u8 = 1;
const NO_END: u8 = 2;

impl Remarks {
    /// The exit status that tells them.
    pub(super) fn code(self) -> u8 {
        let bit = |is_so: bool, bit: u8| if is_so { bit } else { 0 };
        match bit(self.signs_missing, SIGNS_MISSING) | bit(self.no_end, NO_END) {
            0 => NOTHING,
            bits => SOMETHING | bits,
        }
    }

    /// Reads an exit status of a page that was drawn.
    pub(super) fn from_code(code: i32) -> Option<Self> {
        let code = u8::try_from(code).ok()?;
        let remarks = Self {
            signs_missing: code & SIGNS_MISSING != 0,
            no_end: code & NO_END != 0,
        };
        (remarks.code() == code).then_some(remarks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_child_remarks_is_what_the_parent_hears() {
        for (signs_missing, no_end, code) in [
            (false, false, 0),
            (true, false, 33),
            (false, true, 34),
            (true, true, 35),
        ] {
            let remarks = Remarks {
                signs_missing,
                no_end,
            };
            assert_eq!(remarks.code(), code);
            assert_eq!(Remarks::from_code(i32::from(code)), Some(remarks));
        }
        for other in [-1, 1, 10, 16, 17, 32, 36, 256, 288] {
            assert_eq!(Remarks::from_code(other), None, "{other}");
        }
    }
}
