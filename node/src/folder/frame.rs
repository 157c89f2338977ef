//! The frame of our small binary files: CBOR `[name, version, body]`.

use minicbor::{Decode, Decoder, Encode, Encoder};

const VERSION: u32 = 1;

/// Why bytes are not the file expected.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// Another file, or a truncated one.
    #[error("not a {name} file, or a truncated one: {problem}")]
    Malformed {
        /// What was expected.
        name: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// Written by a later program.
    #[error("a {name} file of version {found}; this program reads version {VERSION}")]
    Version {
        /// What was expected.
        name: &'static str,
        /// The version found.
        found: u32,
    },
}

/// The bytes of the file `name` that holds `body`.
pub fn write<T: Encode<()>>(name: &'static str, body: &T) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    encoder
        .array(3)
        .and_then(|encoder| encoder.str(name))
        .and_then(|encoder| encoder.u32(VERSION))
        .and_then(|encoder| encoder.encode(body))
        .expect("memory takes what is written");
    encoder.into_writer()
}

/// Reads what the file `name` holds.
pub fn read<'b, T: Decode<'b, ()>>(name: &'static str, bytes: &'b [u8]) -> Result<T, FrameError> {
    let malformed = |problem: &dyn std::fmt::Display| FrameError::Malformed {
        name,
        problem: problem.to_string(),
    };
    let mut decoder = Decoder::new(bytes);
    if decoder.array().map_err(|error| malformed(&error))? != Some(3) {
        return Err(malformed(&"not an array of three"));
    }
    if decoder.str().map_err(|error| malformed(&error))? != name {
        return Err(malformed(&"it bears another name"));
    }
    let found = decoder.u32().map_err(|error| malformed(&error))?;
    if found != VERSION {
        return Err(FrameError::Version { name, found });
    }
    let body = decoder.decode().map_err(|error| malformed(&error))?;
    if decoder.position() == bytes.len() {
        Ok(body)
    } else {
        Err(malformed(&"more follows its end"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_file_of_that_name_is_read() {
        let written = write("guichet-test", &7u64);
        assert_eq!(read::<u64>("guichet-test", &written).expect("read"), 7);
        assert!(read::<u64>("guichet-other", &written).is_err());
        for end in 0..written.len() {
            assert!(read::<u64>("guichet-test", &written[..end]).is_err());
        }
        let longer = [&written[..], &[0]].concat();
        assert!(read::<u64>("guichet-test", &longer).is_err());
        let mut later = written.clone();
        let version = later.len() - 2;
        later[version] = 2;
        let said = read::<u64>("guichet-test", &later)
            .expect_err("refused")
            .to_string();
        assert!(said.contains("of version 2"), "{said}");
    }

    #[test]
    fn no_file_ends_who_reads_it() {
        let body = (7_u64, [1_u32, 2], "text".to_owned());
        let written = write("guichet-test", &body);
        crate::hostile::drive(&[&written], |bytes| {
            read::<(u64, [u32; 2], String)>("guichet-test", bytes).is_ok()
        });
    }
}
