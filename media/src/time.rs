//! Times to come.

use std::time::{Duration, Instant};

/// A while later; no later at the end of what a clock can tell.
pub(crate) fn after(at: Instant, wait: Duration) -> Instant {
    at.checked_add(wait).unwrap_or(at)
}
