//! What a machine can check of the invariants in README.md.
//!
//! Each check is a function from its material (a dependency graph, a source
//! text, a licence expression) to a list of violations. The repository must
//! give none; beside it stands a control: a bad sample that must give some.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod licences;
mod packages;
mod promises;
mod rules;
mod source;
mod styles;
mod tree;

/// Fails with one line per violation.
#[track_caller]
fn none(violations: &[String]) {
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

/// Fails unless exactly one violation is there and it says `word`.
#[track_caller]
fn one(violations: &[String], word: &str) {
    assert!(
        violations.len() == 1 && violations[0].contains(word),
        "expected one violation about {word:?}, got {violations:?}"
    );
}
