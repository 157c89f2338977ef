//! The town of the tests of `media`, as they have it.

#![allow(
    dead_code,
    missing_docs,
    clippy::wildcard_enum_match_arm,
    clippy::module_inception,
    reason = "it belongs to the tests of `media`, which need more of it"
)]

#[path = "../../../media/tests/hall/lines.rs"]
pub mod lines;
#[path = "../../../media/tests/hall/links.rs"]
pub mod links;
#[path = "../../../media/tests/hall/network.rs"]
pub mod network;
#[path = "../../../media/tests/hall/people.rs"]
pub mod people;
#[path = "../../../media/tests/hall/town.rs"]
pub mod town;

/// Where time begins: late enough for whoever has waited long.
fn test_clock() -> std::time::Instant {
    crate::sim::test_clock() + std::time::Duration::from_secs(100_000)
}
