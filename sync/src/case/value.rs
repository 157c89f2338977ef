//! What a register holds, and how it stands in the document: a text, code or number is a string
//! whose first letter tells which.

use automerge::ScalarValue;
use guichet_keys::AuthorId;

/// What a register holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// Emptied.
    Null,
    /// A box, ticked or not.
    Bool(bool),
    /// Free text.
    Text(String),
    /// A choice, by the code it has in the template.
    Code(String),
    /// A number as it was typed.
    Number(String),
    /// Something of a later version, as it stands in the document.
    Unknown(String),
}

impl Value {
    /// The text, code or number, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Code(text) | Self::Number(text) | Self::Unknown(text) => {
                Some(text)
            }
            Self::Null | Self::Bool(_) => None,
        }
    }

    /// As it stands in the document.
    pub(super) fn to_scalar(&self) -> ScalarValue {
        match self {
            Self::Null => ScalarValue::Null,
            Self::Bool(bool) => ScalarValue::Boolean(*bool),
            Self::Text(text) => format!("t{text}").into(),
            Self::Code(code) => format!("c{code}").into(),
            Self::Number(number) => format!("n{number}").into(),
            Self::Unknown(raw) => raw.as_str().into(),
        }
    }

    pub(super) fn from_scalar(scalar: &ScalarValue) -> Self {
        match scalar {
            ScalarValue::Null => Self::Null,
            ScalarValue::Boolean(bool) => Self::Bool(*bool),
            ScalarValue::Str(raw) => match raw.split_at_checked(1) {
                Some(("t", text)) => Self::Text(text.to_owned()),
                Some(("c", code)) => Self::Code(code.to_owned()),
                Some(("n", number)) => Self::Number(number.to_owned()),
                _ => Self::Unknown(raw.to_string()),
            },
            ScalarValue::Bytes(_)
            | ScalarValue::Int(_)
            | ScalarValue::Uint(_)
            | ScalarValue::F64(_)
            | ScalarValue::Counter(_)
            | ScalarValue::Timestamp(_)
            | ScalarValue::Unknown { .. } => Self::Unknown(scalar.to_string()),
        }
    }
}

/// One of the values a register holds: its only one, or one of several put at the same time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The value.
    pub value: Value,
    /// Who put it; of several who put the same value, the last.
    pub author: AuthorId,
    /// When, on their clock: Unix seconds.
    pub at_s: u64,
    /// Names this writing: `<counter>@<author>`.
    pub op: String,
}
