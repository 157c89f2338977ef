//! Canaries: words that must not be found where plain text must not be.
//!
//! A canary is 32 random letters and digits, put into a field, a name or a
//! message, or 64 bytes somewhere in a document. A [`Search`] looks for all of them at once, as they are and as
//! programs write text: UTF-16, base64, percent and hexadecimal signs, and
//! deflated in any of these forms. Deflate, zlib and gzip hold the same stream,
//! so inflating is tried at every byte. Each search that finds nothing needs a
//! control that finds everything.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use aho_corasick::AhoCorasick;
use anyhow::{Context as _, Result};
use data_encoding::{BASE64, BASE64URL, HEXLOWER, HEXUPPER};

use guichet_sync::limits::SEGMENT_BYTES;

use crate::capture::Stream;

mod inflate;

use inflate::Inflater;

const LENGTH: usize = 32;
const WINDOW_BYTES: usize = 64;
const WINDOWS: usize = 4;
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const CHUNK_BYTES: usize = 16 * 1024 * 1024;
const OVERLAP_BYTES: usize = 128 * 1024;

/// A word or a window of bytes, and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canary {
    /// What was put under these bytes: "message of the citizen".
    pub label: String,
    /// What is looked for.
    pub bytes: Vec<u8>,
}

impl Canary {
    /// Makes a word for `label`.
    pub fn new(label: &str) -> Result<Self> {
        let letter = |byte: u8| ALPHABET[usize::from(byte) % ALPHABET.len()];
        Ok(Self {
            label: label.to_string(),
            bytes: random::<LENGTH>()?.map(letter).to_vec(),
        })
    }

    /// Takes windows at random places of a document; none crosses the border of two
    /// segments, where any storage may part it.
    pub fn windows(label: &str, document: &[u8]) -> Result<Vec<Self>> {
        let window = |number| {
            let segments: Vec<_> = document.chunks(SEGMENT_BYTES).collect();
            let drawn = u64::from_le_bytes(random()?) as usize;
            let segment = segments[drawn % segments.len()];
            let room = segment.len().checked_sub(WINDOW_BYTES);
            let from = (drawn >> 16) % (room.context("a document has segments of 64 bytes")? + 1);
            Ok(Self {
                label: format!("{label}, window {number}"),
                bytes: segment[from..from + WINDOW_BYTES].to_vec(),
            })
        };
        (1..=WINDOWS).map(window).collect()
    }

    /// The word as text; empty for a window.
    pub fn word(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap_or_default()
    }
}

fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).context("the system's randomness")?;
    Ok(bytes)
}

/// How a word was written where it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Writing {
    /// As it is, in ASCII.
    Plain,
    /// Two bytes a letter, the low one first.
    Utf16Le,
    /// Two bytes a letter, the high one first.
    Utf16Be,
    /// Base64 in either alphabet, at any of its three offsets.
    Base64,
    /// A percent sign and two digits for each letter.
    Percent,
    /// Two hexadecimal digits for each letter.
    Hexadecimal,
}

/// A canary where none must be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The canary's label.
    pub label: String,
    /// How it was written.
    pub writing: Writing,
    /// Whether it was in a deflated stream.
    pub deflated: bool,
    /// The file, process or connection.
    pub place: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            label,
            writing,
            deflated,
            place,
        } = self;
        let deflated = if *deflated { ", deflated" } else { "" };
        write!(f, "{label} ({writing:?}{deflated}) in {place}")
    }
}

/// A search for a set of canaries.
#[derive(Debug)]
pub struct Search {
    words: AhoCorasick,
    meanings: Vec<(String, Writing)>,
}

impl Search {
    /// Prepares to look for these canaries.
    pub fn new(canaries: &[Canary]) -> Result<Self> {
        let mut patterns = Vec::new();
        let mut meanings = Vec::new();
        for canary in canaries {
            for (writing, pattern) in writings(&canary.bytes) {
                patterns.push(pattern);
                meanings.push((canary.label.clone(), writing));
            }
        }
        let words = AhoCorasick::new(patterns).context("a search automaton")?;
        Ok(Self { words, meanings })
    }

    /// The labels of the canaries that are not among these findings.
    pub fn missing(&self, findings: &BTreeSet<Finding>) -> BTreeSet<String> {
        let found: BTreeSet<_> = findings.iter().map(|it| &it.label).collect();
        let labels = self.meanings.iter().map(|(label, _)| label);
        labels.filter(|it| !found.contains(it)).cloned().collect()
    }

    /// Looks through bytes and what may be deflated in them.
    pub fn bytes(&self, place: &str, bytes: &[u8]) -> BTreeSet<Finding> {
        let mut findings = BTreeSet::new();
        self.look(place, bytes, &mut findings);
        findings
    }

    /// Looks through the name and the content of every file under a folder.
    pub fn folder(&self, folder: &Path) -> Result<BTreeSet<Finding>> {
        let mut findings = BTreeSet::new();
        let mut folders = vec![folder.to_path_buf()];
        while let Some(folder) = folders.pop() {
            let entries = fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
            for entry in entries {
                let path = entry?.path();
                let place = path.display().to_string();
                self.look(
                    &format!("the name of {place}"),
                    place.as_bytes(),
                    &mut findings,
                );
                if path.is_dir() && !path.is_symlink() {
                    folders.push(path);
                } else if path.is_file() {
                    self.file(&path, &mut findings)?;
                }
            }
        }
        Ok(findings)
    }

    /// Looks through the memory of a process: all that it has written, and the
    /// files that it has mapped. Needs root.
    pub fn memory(&self, pid: u32) -> Result<BTreeSet<Finding>> {
        let mut findings = BTreeSet::new();
        let maps = fs::read_to_string(format!("/proc/{pid}/maps"))?;
        let memory = File::open(format!("/proc/{pid}/mem"))?;
        let mut chunk = vec![0; CHUNK_BYTES];
        for region in maps.lines().filter_map(Region::parse) {
            let place = format!("memory of process {pid}, {}", region.name);
            let mut at = region.begin;
            while at < region.end {
                let length = CHUNK_BYTES.min(usize::try_from(region.end - at)?);
                // A region may have gone, or refuse to be read (a device).
                let Ok(read) = memory.read_at(&mut chunk[..length], at) else {
                    break;
                };
                if region.written {
                    self.look(&place, &chunk[..read], &mut findings);
                } else {
                    self.look_plainly(&place, &chunk[..read], false, &mut findings);
                }
                let whole = read == length && at + (length as u64) < region.end;
                at += if whole {
                    (length - OVERLAP_BYTES) as u64
                } else {
                    region.end - at
                };
            }
        }
        Ok(findings)
    }

    /// Looks through captured traffic.
    pub fn traffic(&self, streams: &[Stream]) -> BTreeSet<Finding> {
        let mut findings = BTreeSet::new();
        for stream in streams {
            let place = format!("what {} sent to {}", stream.from, stream.to);
            self.look(&place, &stream.bytes, &mut findings);
        }
        findings
    }

    fn file(&self, path: &Path, findings: &mut BTreeSet<Finding>) -> Result<()> {
        let place = path.display().to_string();
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error).context(place),
        };
        self.look(&place, &bytes, findings);
        Ok(())
    }

    fn look(&self, place: &str, bytes: &[u8], findings: &mut BTreeSet<Finding>) {
        self.look_plainly(place, bytes, false, findings);
        let mut inflater = Inflater::new();
        let mut at = 0;
        while let Some(next) = inflate::next_start(bytes, at) {
            let inflated = inflater.inflate(&bytes[next..]);
            if inflated.len() >= LENGTH {
                self.look_plainly(place, inflated, true, findings);
            }
            at = next + 1;
        }
    }

    fn look_plainly(
        &self,
        place: &str,
        bytes: &[u8],
        deflated: bool,
        findings: &mut BTreeSet<Finding>,
    ) {
        for found in self.words.find_overlapping_iter(bytes) {
            let (label, writing) = self.meanings[found.pattern().as_usize()].clone();
            findings.insert(Finding {
                label,
                writing,
                deflated,
                place: place.to_string(),
            });
        }
    }
}

/// All the ways in which a word may be written, with what would be found.
fn writings(plain: &[u8]) -> Vec<(Writing, Vec<u8>)> {
    let each = |write: &dyn Fn(u8) -> String| -> Vec<u8> {
        plain
            .iter()
            .flat_map(|byte| write(*byte).into_bytes())
            .collect()
    };
    let mut writings = vec![
        (Writing::Plain, plain.to_vec()),
        (
            Writing::Utf16Le,
            plain.iter().flat_map(|byte| [*byte, 0]).collect(),
        ),
        (
            Writing::Utf16Be,
            plain.iter().flat_map(|byte| [0, *byte]).collect(),
        ),
        (Writing::Percent, each(&|byte| format!("%{byte:02X}"))),
        (Writing::Percent, each(&|byte| format!("%{byte:02x}"))),
        (Writing::Hexadecimal, HEXLOWER.encode(plain).into_bytes()),
        (Writing::Hexadecimal, HEXUPPER.encode(plain).into_bytes()),
    ];
    for encoding in [BASE64, BASE64URL] {
        for before in 0..3 {
            let padded = [&vec![0; before][..], plain].concat();
            let encoded = encoding.encode(&padded).into_bytes();
            // Signs that also carry bits of what stands before or after are left out.
            let begin = (before * 8).div_ceil(6);
            let end = padded.len() * 8 / 6;
            writings.push((Writing::Base64, encoded[begin..end].to_vec()));
        }
    }
    writings.sort();
    writings.dedup();
    writings
}

/// A part of a process's memory.
struct Region<'a> {
    begin: u64,
    end: u64,
    written: bool,
    name: &'a str,
}

impl<'a> Region<'a> {
    /// A line of /proc/PID/maps; `None` where nothing can be read.
    fn parse(line: &'a str) -> Option<Self> {
        let (range, rest) = line.split_once(' ')?;
        let (begin, end) = range.split_once('-')?;
        let (rights, rest) = rest.split_once(' ')?;
        let name = rest.splitn(4, ' ').nth(3).map_or("", str::trim);
        let hexadecimal = |text| u64::from_str_radix(text, 16).ok();
        let kernel = ["[vvar", "[vsyscall]", "[vdso]"]
            .iter()
            .any(|it| name.starts_with(it));
        (rights.starts_with('r') && !kernel).then_some(Self {
            begin: hexadecimal(begin)?,
            end: hexadecimal(end)?,
            written: rights.contains('w'),
            name: if name.is_empty() { "anonymous" } else { name },
        })
    }
}

#[cfg(test)]
mod tests;
