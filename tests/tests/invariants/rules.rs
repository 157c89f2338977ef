//! What may not be said in which part of the source tree.

use crate::source::{code, paths, without_body};
use crate::tree::{Text, rust, text, texts};

/// Paths that mean input, output, a clock, a thread or chance; each stands for
/// itself and all below it.
const EFFECTS: [&str; 21] = [
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "std::os",
    "std::io::stdin",
    "std::io::stdout",
    "std::io::stderr",
    "Instant::now",
    "SystemTime::now",
    "tokio",
    "futures",
    "libp2p",
    "axum",
    "rustix",
    "getrandom",
    "rand",
    "rand_core::OsRng",
    "OsRng",
    "SystemRandom",
];

/// What `sync` may say under `src/store` only, beside the effects.
const OF_THE_STORE: [&str; 2] = ["sled", "crc32c"];

const LAW_OF_CORES: &str = "a core has no input, output, clock, thread or chance of its own";
const LAW_OF_STORE: &str = "only sync/src/store may touch the disk";
const LAW_OF_TESTS: &str = "a test runs or is deleted";
const LAW_OF_LEFTOVERS: &str = "finish it or leave it out";
const LAW_OF_PLACES: &str = "the repository names no folder of one machine";

fn is_store(text: &Text) -> bool {
    text.path == "sync/src/store.rs" || text.path.starts_with("sync/src/store/")
}

fn is_core(text: &Text) -> bool {
    let in_core = |core| text.path.starts_with(core);
    ["keys/src/", "media/src/", "sync/src/"]
        .into_iter()
        .any(in_core)
        && !is_store(text)
}

/// The places in the code that say one of these paths. The one `test_clock()` of
/// a core may: an origin of time can be had in no other way.
fn said(text: &Text, banned: &[&str], law: &str) -> Vec<String> {
    paths(&without_body(&code(&text.content), "fn test_clock()"))
        .into_iter()
        .filter(|(_, path)| banned.iter().any(|banned| is_under(path, banned)))
        .map(|(line, path)| format!("{}:{line}: {path}: {law}", text.path))
        .collect()
}

/// A path may be named in full or from its type on (`Instant::now`). A word of
/// one step counts only at the head of a path: `rand` may name a variable.
fn is_under(path: &str, banned: &str) -> bool {
    let from_type = banned.starts_with(char::is_uppercase);
    let path = match path.find(banned) {
        Some(at) if at == 0 || (from_type && path[..at].ends_with("::")) => &path[at..],
        _ => return false,
    };
    let rest = &path[banned.len()..];
    rest.starts_with("::") || (rest.is_empty() && (banned.contains("::") || from_type))
}

/// The lines of a text that hold one of these words.
fn written(path: &str, content: &str, words: &[String], law: &str) -> Vec<String> {
    content
        .lines()
        .enumerate()
        .filter(|(_, line)| words.iter().any(|word| line.contains(word)))
        .map(|(at, line)| format!("{path}:{}: {}: {law}", at + 1, line.trim()))
        .collect()
}

fn against_cores(texts: &[Text]) -> Vec<String> {
    let cores = texts.iter().filter(|text| rust(text) && is_core(text));
    cores
        .flat_map(|text| said(text, &EFFECTS, LAW_OF_CORES))
        .collect()
}

fn against_store(texts: &[Text]) -> Vec<String> {
    let product = |text: &&Text| {
        ["sync/src/", "node/src/"]
            .iter()
            .any(|it| text.path.starts_with(it))
    };
    let outside = texts
        .iter()
        .filter(|text| rust(text) && product(text) && !is_store(text));
    outside
        .flat_map(|text| said(text, &OF_THE_STORE, LAW_OF_STORE))
        .collect()
}

fn ignored_tests(texts: &[Text]) -> Vec<String> {
    let words = [["#[", "ignore"].concat()];
    let rust = texts.iter().filter(|text| rust(text));
    rust.flat_map(|text| written(&text.path, &code(&text.content), &words, LAW_OF_TESTS))
        .collect()
}

fn leftovers(texts: &[Text]) -> Vec<String> {
    let words = [
        ["TO", "DO"].concat(),
        ["FIX", "ME"].concat(),
        ["todo", "!("].concat(),
    ];
    texts
        .iter()
        .flat_map(|text| written(&text.path, &text.content, &words, LAW_OF_LEFTOVERS))
        .collect()
}

fn places_of_one_machine(texts: &[Text]) -> Vec<String> {
    let words = [
        ["/ho", "me/"].concat(),
        ["/wo", "rk/"].concat(),
        ["/ro", "ot/"].concat(),
    ];
    texts
        .iter()
        .flat_map(|text| written(&text.path, &text.content, &words, LAW_OF_PLACES))
        .collect()
}

#[test]
fn cores_have_no_effects() {
    super::none(&against_cores(&texts()));

    let one = |path: &str, content: &str, word| {
        super::one(&against_cores(&[text(path, content)]), word);
    };
    one(
        "keys/src/vault.rs",
        "use std::{collections::BTreeMap, fs};",
        "std::fs",
    );
    one(
        "sync/src/replica.rs",
        "let now = std::time::Instant::now();",
        "Instant::now",
    );
    one(
        "sync/src/replica.rs",
        "let now = Instant::now();",
        "Instant::now",
    );
    one("media/src/call.rs", "use tokio::sync::mpsc;", "tokio");
    one(
        "keys/src/seal.rs",
        "let mut rng = ring::rand::SystemRandom::new();",
        "SystemRandom",
    );

    one(
        "sync/src/a.rs",
        "fn test_clock() { { Instant::now() } } fn f() { Instant::now() }",
        ":1:",
    );

    let good = "// std::fs\nlet rand = rand + 1; let s = \"std::net\"; use std::time::Instant;";
    super::none(&against_cores(&[text("keys/src/seal.rs", good)]));
    super::none(&against_cores(&[text(
        "sync/src/store/file.rs",
        "use std::fs;",
    )]));
}

#[test]
fn only_the_store_touches_the_disk() {
    super::none(&against_store(&texts()));

    let bad = [text("sync/src/case.rs", "use sled::Db;")];
    super::one(&against_store(&bad), "sled::Db");
    super::none(&against_store(&[text(
        "sync/src/store/index.rs",
        "use sled::Db;",
    )]));
}

#[test]
fn every_test_runs() {
    super::none(&ignored_tests(&texts()));

    let attribute = ["#[", "ignore = \"slow\"]\nfn t() {}"].concat();
    super::one(
        &ignored_tests(&[text("node/src/a.rs", &attribute)]),
        "node/src/a.rs:1",
    );
}

#[test]
fn nothing_is_left_for_later() {
    super::none(&leftovers(&texts()));

    let comment = ["// TO", "DO: later"].concat();
    super::one(&leftovers(&[text("node/src/a.rs", &comment)]), "later");
}

#[test]
fn no_machine_is_named() {
    super::none(&places_of_one_machine(&texts()));

    let path = ["see /ho", "me/somebody/notes"].concat();
    super::one(&places_of_one_machine(&[text("README.md", &path)]), "notes");
}

#[test]
fn the_readme_maps_every_crate() {
    let unmapped = |readme: &str| -> Vec<String> {
        let crates = ["keys", "sync", "media", "node", "tests"];
        let missing = crates
            .into_iter()
            .filter(|name| !readme.contains(&format!("`{name}/`")));
        missing
            .map(|name| format!("README.md does not map {name}/"))
            .collect()
    };
    let texts = texts();
    let readme = texts.iter().find(|text| text.path == "README.md");
    super::none(&unmapped(&readme.expect("a README.md").content));

    super::one(&unmapped("`keys/` `sync/` `node/` `tests/`"), "media");
}
