//! The frame that vaults and key files share.
//!
//! CBOR `[name, version, header, sealed]`: a text, a number and two byte strings. The header is
//! readable by anyone and is associated data of what is sealed.

use minicbor::{Decode, Encode};

use crate::bounded;

const VERSION: u32 = 1;

/// Why bytes are no file of the kind expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// More bytes than such a file has.
    #[error("{length} bytes, at most {max} are allowed")]
    TooLong {
        /// Bytes read.
        length: usize,
        /// The limit.
        max: usize,
    },
    /// Truncated, or not such a file at all.
    #[error("not a {name} file, or a truncated one: {error}")]
    Format {
        /// The kind expected.
        name: &'static str,
        /// What is wrong, and where.
        error: String,
    },
    /// Written by a later version of the program.
    #[error("a {name} file of version {found}, this program reads version {VERSION}: update it")]
    Version {
        /// The kind.
        name: &'static str,
        /// The version found.
        found: u32,
    },
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct Frame<'a> {
    #[b(0)]
    name: &'a str,
    #[n(1)]
    version: u32,
    #[cbor(b(2), with = "minicbor::bytes")]
    header: &'a [u8],
    #[cbor(b(3), with = "minicbor::bytes")]
    sealed: &'a [u8],
}

/// The parts of a file, as they stand in it.
pub(crate) struct Parts<'a> {
    pub(crate) header: &'a [u8],
    pub(crate) sealed: &'a [u8],
}

pub(crate) fn write(name: &'static str, header: &[u8], sealed: &[u8]) -> Vec<u8> {
    let frame = Frame {
        name,
        version: VERSION,
        header,
        sealed,
    };
    minicbor::to_vec(frame).expect("byte strings encode")
}

pub(crate) fn read<'a>(
    name: &'static str,
    bytes: &'a [u8],
    bytes_max: usize,
) -> Result<Parts<'a>, FileError> {
    if bytes.len() > bytes_max {
        return Err(FileError::TooLong {
            length: bytes.len(),
            max: bytes_max,
        });
    }
    let frame: Frame<'a> = bounded::whole(bytes).map_err(|e| format_error(name, &e))?;
    if frame.name != name {
        let error = format!("it calls itself “{}”", frame.name.escape_debug());
        return Err(FileError::Format { name, error });
    }
    if frame.version != VERSION {
        return Err(FileError::Version {
            name,
            found: frame.version,
        });
    }
    Ok(Parts {
        header: frame.header,
        sealed: frame.sealed,
    })
}

pub(crate) fn format_error(name: &'static str, error: &minicbor::decode::Error) -> FileError {
    FileError::Format {
        name,
        error: error.to_string(),
    }
}
