//! The door to time: nothing else in the program reads a clock.
//!
//! Machines are handed the monotonic [`Instant`] they decide by and the wall time they only show
//! or record; whoever hands it to them asks here.

#![allow(
    clippy::disallowed_methods,
    reason = "the one place where clocks are read"
)]

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};

use crate::times::zone::Zone;

/// Where this machine stands: one place for the whole process, as its clock is one.
static ZONE: OnceLock<Zone> = OnceLock::new();

/// The monotonic time machines decide by.
pub fn now() -> Instant {
    Instant::now()
}

/// How long the thread that asks has used a processor: time in which it was made to wait for one is
/// not in it.
pub fn thread_used() -> Duration {
    let used = clock_gettime(ClockId::ThreadCPUTime);
    let whole = u64::try_from(used.tv_sec).unwrap_or(0);
    Duration::new(whole, u32::try_from(used.tv_nsec).unwrap_or(0))
}

/// Wall time in milliseconds since 1970 UTC; 0 on a clock set before.
pub fn wall_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
        })
}

/// The wall time of a moment, in seconds since 1970 UTC, as this machine's clock has it now.
pub fn wall_s_at(at: Instant) -> u64 {
    let ago = now().saturating_duration_since(at).as_millis();
    wall_ms().saturating_sub(u64::try_from(ago).unwrap_or(u64::MAX)) / 1000
}

/// Wall time in seconds since 1970 UTC; 0 on a clock set before.
pub fn wall_s() -> u64 {
    wall_ms() / 1000
}

/// Has times shown as they are in this zone; the first that is said stands.
pub fn show_in(zone: Zone) {
    let _another_stands = ZONE.set(zone);
}

/// The zone whose time is shown: metropolitan France's until another is said.
pub fn zone() -> &'static Zone {
    ZONE.get_or_init(Zone::paris)
}

/// Wall time as the clock and calendar of the place show it, in seconds since 1970 began there.
pub fn local_s() -> u64 {
    zone().wall(wall_s()).seconds
}
