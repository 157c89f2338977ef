//! What README.md, SECURITY.md and CHANGELOG.md say of the repository and its numbers.

use std::collections::BTreeSet;

use guichet::config::Config;
use guichet::folder::reserve;
use guichet_keys::Role;
use guichet_keys::vault::Cost;
use guichet_media::limits as media;
use guichet_sync::limits as sync;

use crate::tree::{Text, root, rust, text, texts};

const DOCUMENTS: [&str; 3] = ["README.md", "SECURITY.md", "CHANGELOG.md"];
const CRATES: [&str; 5] = ["keys", "sync", "media", "node", "tests"];
/// Words of a name that can be nothing but a test's.
const WORDS_OF_A_TEST: usize = 4;

/// What stands between two backticks, outside blocks of code.
fn quoted(document: &str) -> Vec<&str> {
    let fences = document.split("```").step_by(2);
    fences
        .flat_map(|part| part.split('`').skip(1).step_by(2))
        .collect()
}

/// Files and tests that a document names and that are not there.
fn missing(document: &Text, is_there: &dyn Fn(&str) -> bool, code: &str) -> Vec<String> {
    let mut folder = String::new();
    let mut missing = Vec::new();
    for word in quoted(&document.content) {
        let path = word.split_once('/').map(|(first, _)| first);
        let named = if path.is_some_and(|first| CRATES.contains(&first)) && !word.contains(' ') {
            folder = word
                .rsplit_once('/')
                .map_or("", |(folder, _)| folder)
                .to_owned();
            is_there(word.trim_end_matches('/'))
        } else if word.ends_with(".rs") {
            // Beside the file that was named before.
            is_there(&format!("{folder}/{word}"))
        } else if is_test(word) {
            code.contains(&format!("fn {word}("))
        } else {
            continue;
        };
        if !named {
            missing.push(format!(
                "{} names `{word}`, which is not there",
                document.path
            ));
        }
    }
    missing
}

fn is_test(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c == '_';
    word.chars().all(plain) && word.split('_').count() >= WORDS_OF_A_TEST
}

#[test]
fn what_the_documents_name_is_there() {
    let texts = texts();
    let code: String = texts
        .iter()
        .filter(|it| rust(it))
        .map(|it| it.content.as_str())
        .collect();
    let is_there = |path: &str| root().join(path).exists();
    for name in DOCUMENTS {
        let document = texts.iter().find(|it| it.path == name).unwrap();
        super::none(&missing(document, &is_there, &code));
    }

    let there = |path: &str| path == "keys/src/a.rs" || path == "keys/src/b.rs";
    let check = |content: &str, word| {
        let found = missing(
            &text("README.md", content),
            &there,
            "fn this_is_a_test() {}",
        );
        super::one(&found, word);
    };
    check("`keys/src/a.rs`, `keys/src/c.rs`", "keys/src/c.rs");
    check("`keys/src/a.rs`, `b.rs`, `c.rs`", "`c.rs`");
    check("`this_is_a_test`, `this_is_no_test`", "this_is_no_test");
}

/// The routes of the table at the head of the pages' code, with `{}` for every part in braces.
fn listed(code: &str) -> BTreeSet<String> {
    let rows = code.lines().filter_map(|line| line.strip_prefix("//! | `"));
    let mut full: Vec<String> = Vec::new();
    for row in rows {
        let cell = row.split(" | ").next().unwrap_or_default();
        for path in cell.split("`, `").map(|path| path.trim_end_matches('`')) {
            let path = path.split('?').next().unwrap_or_default();
            let path = match path.strip_prefix('…') {
                // The end of a path of which the beginning was written before.
                Some(end) => {
                    let first = end.split('/').nth(1).unwrap_or_default();
                    let first = format!("/{first}/");
                    let mut before = full.iter().rev().map(|it| format!("{it}/"));
                    let before = before.find(|it| it.contains(&first)).unwrap();
                    let (beginning, _) = before.split_once(&first).unwrap();
                    format!("{beginning}{end}")
                }
                None => path.to_owned(),
            };
            full.push(path);
        }
    }
    full.iter().map(|path| without_names(path)).collect()
}

fn without_names(path: &str) -> String {
    let parts = path.split('/').map(|part| match part.contains('{') {
        true => "{}",
        false => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

#[test]
fn every_route_is_listed_at_the_head_of_the_pages_code() {
    let texts = texts();
    let head = texts
        .iter()
        .find(|it| it.path == "node/src/web.rs")
        .unwrap();
    let listed = listed(&head.content);
    let roles = [Role::Kiosk, Role::Station, Role::Relay];
    let served = roles.into_iter().flat_map(guichet::web::paths);
    let served: BTreeSet<String> = served.map(|path| without_names(&path)).collect();
    let differing: Vec<_> = listed.symmetric_difference(&served).cloned().collect();
    super::none(&differing);
}

/// Sentences with a number, each made of the number that the program goes by.
fn numbers() -> Vec<(&'static str, String)> {
    let account = format!(
        "{} MiB at once, {} KiB a second, {} MiB a day",
        sync::MEMBER_BYTES_AT_ONCE >> 20,
        sync::MEMBER_BYTES_PER_SECOND >> 10,
        sync::MEMBER_BYTES_PER_DAY >> 20
    );
    let argon2 = Cost::STANDARD;
    assert_eq!(argon2.passes, 3, "written as a word");
    assert_eq!(sync::FORKS_MAX, 8, "written as a word");
    assert_eq!(sync::PASSED_ON_SHARE, 16, "written as a word");
    assert_eq!(media::GENERATION_MAX, 1_000_000, "written as a word");
    let lock_after = Config::default().lock_after_minutes;
    vec![
        (
            "SECURITY.md",
            format!("Argon2id, {} MiB, three passes", argon2.memory_kib >> 10),
        ),
        ("SECURITY.md", account.clone()),
        ("CHANGELOG.md", account),
        ("SECURITY.md", "a leg to a million".to_owned()),
        ("SECURITY.md", "more than eight rival envelopes".to_owned()),
        ("SECURITY.md", "with a sixteenth".to_owned()),
        (
            "SECURITY.md",
            format!("`lock_after_minutes` ({lock_after})"),
        ),
        ("README.md", format!("`lock_after_minutes` ({lock_after};")),
        (
            "CHANGELOG.md",
            format!("`reserve` of {} KiB", reserve::BYTES >> 10),
        ),
    ]
}

#[test]
fn the_documents_say_the_numbers_that_the_program_goes_by() {
    let texts = texts();
    let said = numbers().into_iter().filter_map(|(name, sentence)| {
        let document = texts.iter().find(|it| it.path == name).unwrap();
        let said = document.content.contains(&sentence);
        (!said).then(|| format!("{name} does not say {sentence:?}"))
    });
    super::none(&said.collect::<Vec<_>>());
}
