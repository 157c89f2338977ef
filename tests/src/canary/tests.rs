use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Instant;

use data_encoding::BASE64_NOPAD;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use super::*;

/// Bytes in which nothing is hidden but that look like anything.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 7_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 56) as u8
    };
    (0..length).map(|_| next()).collect()
}

/// The word among others that are said twice, so that deflating pays.
fn text(word: &str) -> Vec<u8> {
    let around = "Le nom de la personne qui demande une aide au logement";
    format!("[\"{around}\",\"{word}\",\"{around}\"]").into_bytes()
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn utf16(bytes: &[u8], unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    bytes
        .iter()
        .flat_map(|byte| unit(u16::from(*byte)))
        .collect()
}

#[test]
fn every_writing_is_found_and_nothing_else() {
    let canary = Canary::new("planted").unwrap();
    let other = Canary::new("absent").unwrap();
    let search = Search::new(&[canary.clone(), other]).unwrap();
    let check = |writing: Writing, in_deflate: bool, written: &[u8]| {
        let bytes = [&noise(70_001)[..], written, &noise(5_000)].concat();
        let found = search.bytes("here", &bytes);
        let expected = Finding {
            label: "planted".into(),
            writing,
            deflated: in_deflate,
            place: "here".into(),
        };
        assert!(found.contains(&expected), "{expected}: {found:?}");
        assert!(found.iter().all(|it| it.label == "planted"));
    };
    let plain = text(canary.word());
    let percent: String = plain.iter().map(|byte| format!("%{byte:02X}")).collect();
    check(Writing::Plain, false, &plain);
    check(Writing::Utf16Le, false, &utf16(&plain, u16::to_le_bytes));
    check(Writing::Utf16Be, false, &utf16(&plain, u16::to_be_bytes));
    check(Writing::Percent, false, percent.as_bytes());
    check(Writing::Percent, false, percent.to_lowercase().as_bytes());
    check(
        Writing::Hexadecimal,
        false,
        HEXLOWER.encode(&plain).as_bytes(),
    );
    for before in 0..3 {
        let shifted = [&noise(before)[..], &plain].concat();
        check(Writing::Base64, false, BASE64.encode(&shifted).as_bytes());
        check(
            Writing::Base64,
            false,
            BASE64URL.encode(&shifted).as_bytes(),
        );
        check(
            Writing::Base64,
            false,
            BASE64_NOPAD.encode(&shifted).as_bytes(),
        );
    }

    check(Writing::Plain, true, &deflated(&plain));
    check(
        Writing::Plain,
        true,
        &deflated(&[&plain[..], &noise(200_000)].concat()),
    );
    check(
        Writing::Utf16Le,
        true,
        &deflated(&utf16(&plain, u16::to_le_bytes)),
    );
    check(
        Writing::Base64,
        true,
        &deflated(BASE64.encode(&plain).as_bytes()),
    );
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
    zlib.write_all(&plain).unwrap();
    check(Writing::Plain, true, &zlib.finish().unwrap());
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&plain).unwrap();
    check(Writing::Plain, true, &gzip.finish().unwrap());
}

#[test]
fn what_is_absent_is_not_found() {
    let search = Search::new(&[Canary::new("absent").unwrap()]).unwrap();
    let other = text(Canary::new("other").unwrap().word());
    let bytes = [
        &noise(100_000)[..],
        &other,
        &deflated(&other),
        &[0; 100_000],
    ]
    .concat();
    assert_eq!(search.bytes("here", &bytes), BTreeSet::new());
}

#[test]
fn files_and_their_names_are_searched() {
    let canaries = ["content", "name"].map(|label| Canary::new(label).unwrap());
    let search = Search::new(&canaries).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("a/b");
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("file"), deflated(&text(canaries[0].word()))).unwrap();
    fs::write(deep.join(canaries[1].word()), "").unwrap();
    let found = search.folder(folder.path()).unwrap();
    assert_eq!(search.missing(&found), BTreeSet::new());
    assert_eq!(search.missing(&BTreeSet::new()).len(), 2);
}

#[test]
fn windows_of_a_document_are_found_in_it() {
    let document = noise(100_000);
    let windows = Canary::windows("noise", &document).unwrap();
    let search = Search::new(&windows).unwrap();
    let segments = document.chunks(SEGMENT_BYTES);
    let found: BTreeSet<_> = segments.flat_map(|it| search.bytes("here", it)).collect();
    assert_eq!(search.missing(&found), BTreeSet::new());
}

#[test]
fn memory_of_a_process_is_searched() {
    let canaries = ["given", "kept back"].map(|label| Canary::new(label).unwrap());
    let search = Search::new(&canaries).unwrap();
    let mut child = Command::new("sh")
        .args(["-c", "read line; echo; read again"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    writeln!(input, "{}", canaries[0].word()).unwrap();
    let mut answer = [0];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut answer).unwrap();
    let found = search.memory(child.id()).unwrap();
    assert!(
        found
            .iter()
            .any(|it| it.label == "given" && it.place.contains("[heap]")),
        "{found:?}"
    );
    assert!(found.iter().all(|it| it.label == "given"));
    drop(input);
    child.wait().unwrap();
}

#[test]
fn a_search_is_quick_enough_for_a_whole_process() {
    let canaries: Vec<_> = (0..20)
        .map(|n| Canary::new(&n.to_string()).unwrap())
        .collect();
    let search = Search::new(&canaries).unwrap();
    let bytes = noise(8 * 1024 * 1024);
    let begun = Instant::now();
    search.bytes("here", &bytes);
    assert!(
        begun.elapsed().as_secs() < 20,
        "{:?} for 8 MiB",
        begun.elapsed()
    );
}
