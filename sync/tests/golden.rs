//! Golden vectors: the exact bytes of every format of cases, of the wire and of the disk, made
//! from fixed keys.
//!
//! `golden.txt` holds one vector per paragraph, its name and then its bytes in hexadecimal. A
//! difference means that nodes in the field would no longer understand each other, or their own
//! disks. To change a format on purpose, run with `GUICHET_GOLDEN=write` and read the difference
//! before committing.

#![allow(missing_docs, reason = "a test program has no interface")]

#[path = "golden/altered.rs"]
mod altered;
#[path = "golden/case.rs"]
mod case;
#[path = "golden/disk.rs"]
mod disk;
#[path = "golden/wire.rs"]
mod wire;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const HEX_DIGITS_PER_LINE: usize = 96;

/// A name and bytes.
pub type Vector = (String, Vec<u8>);

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes all");
        text
    })
}

fn from_hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text
        .chars()
        .filter_map(|digit| digit.to_digit(16))
        .collect();
    let pairs = digits.chunks_exact(2);
    pairs.map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()
}

fn vectors() -> Vec<Vector> {
    [case::vectors(), wire::vectors(), disk::vectors()].concat()
}

fn shown(vectors: &[Vector]) -> String {
    let mut text = String::new();
    for (name, bytes) in vectors {
        writeln!(text, "{name} ({} bytes)", bytes.len()).expect("a string takes all");
        for line in hex(bytes).as_bytes().chunks(HEX_DIGITS_PER_LINE) {
            let line = std::str::from_utf8(line).expect("digits");
            writeln!(text, "  {line}").expect("a string takes all");
        }
        text.push('\n');
    }
    text
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden.txt")
}

/// The bytes of a vector as they stand in the file.
pub fn kept(name: &str) -> Vec<u8> {
    let golden = std::fs::read_to_string(path()).expect("tests/golden.txt");
    let heading = format!("{name} (");
    let paragraph = golden.split("\n\n").find(|it| it.starts_with(&heading));
    let (_, digits) = paragraph
        .and_then(|it| it.split_once('\n'))
        .unwrap_or_else(|| panic!("no vector `{name}`"));
    from_hex(digits)
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "writing the vectors anew is asked for from outside"
)]
fn every_format_is_byte_for_byte_what_it_was() {
    let made = shown(&vectors());
    if std::env::var_os("GUICHET_GOLDEN").is_some_and(|value| value == "write") {
        std::fs::write(path(), &made).expect("the vectors can be written");
    }
    let golden = std::fs::read_to_string(path()).expect("tests/golden.txt");
    for (made, golden) in made.split("\n\n").zip(golden.split("\n\n")) {
        assert_eq!(made, golden);
    }
    assert_eq!(made, golden, "vectors were added or removed");
}
