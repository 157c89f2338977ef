//! Case files that merge, and their replication between nodes.
//!
//! What people write in a case becomes [envelopes](envelope) and [pages](page):
//! sealed, signed, in hash chains. The [`replica`] of each node keeps those it
//! may hold and hands them on; the [`store`] is its disk; an open [`case`] is
//! what the envelopes add up to for someone who holds the keys. Nothing here
//! but the store does any input or output, and nothing at all reads a clock or
//! draws randomness: both come in as arguments.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

pub mod bitmap;
pub mod case;
pub mod catalogue;
pub mod envelope;
pub mod feed;
pub mod limits;
pub mod page;
pub mod receipt;
pub mod replica;
pub mod rules;
mod signed;
pub mod store;
pub mod window;
pub mod wire;

/// This much later; the same moment if the clock cannot tell.
pub(crate) fn later(now: std::time::Instant, delay: std::time::Duration) -> std::time::Instant {
    now.checked_add(delay).unwrap_or(now)
}

/// Where the time of every unit test begins.
#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "an Instant can be had in no other way; tests count from this one"
)]
pub(crate) fn test_clock() -> std::time::Instant {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    *START.get_or_init(std::time::Instant::now)
}
