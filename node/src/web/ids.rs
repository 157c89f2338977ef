//! Names of things inside a case, as they stand in a path.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// Says that a path names nothing that could exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a thing: expected {0} hexadecimal digits")]
pub struct BadId(usize);

macro_rules! id {
    ($name:ident, $bytes:literal, $doc:literal) => {
        #[doc = $doc]
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $bytes]);

        impl $name {
            /// The raw bytes.
            pub fn as_bytes(&self) -> &[u8; $bytes] {
                &self.0
            }
        }

        impl From<[u8; $bytes]> for $name {
            fn from(bytes: [u8; $bytes]) -> Self {
                Self(bytes)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                let mut bytes = [0; $bytes];
                data_encoding::HEXLOWER
                    .decode_len(text.len())
                    .ok()
                    .filter(|len| *len == $bytes)
                    .and_then(|_| {
                        data_encoding::HEXLOWER
                            .decode_mut(text.as_bytes(), &mut bytes)
                            .ok()
                    })
                    .map(|_| Self(bytes))
                    .ok_or(BadId($bytes * 2))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    };
}

id!(FormId, 8, "A form of a case.");
id!(DocumentId, 16, "A document of a case.");
id!(SheetId, 8, "A sheet that is not yet joined to a case.");

/// Serialises a thing by its text.
pub(super) fn as_text<T: fmt::Display, S: Serializer>(
    thing: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(thing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_reads_back_and_nothing_else_does() {
        let document = DocumentId::from([0xa5; 16]);
        assert_eq!(document.to_string().parse(), Ok(document));
        for bad in [
            "",
            "a5",
            &"A5".repeat(16),
            &"a5".repeat(17),
            &"zz".repeat(16),
            "../../etc/passwd",
        ] {
            assert!(bad.parse::<DocumentId>().is_err(), "{bad}");
        }
    }
}
