//! The waiting hall: who is next, who has whom, and what becomes of them when nodes go.

mod cuts;
mod extreme;
mod hostile;
mod lines;
mod links;
mod lives;
mod network;
mod order;
mod people;
mod random;
mod thrift;
mod town;
mod waiting;

/// Where time begins.
#[expect(
    clippy::disallowed_methods,
    reason = "an Instant can be had in no other way; tests count from this one"
)]
fn test_clock() -> std::time::Instant {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    *START.get_or_init(std::time::Instant::now) + std::time::Duration::from_secs(100_000)
}
