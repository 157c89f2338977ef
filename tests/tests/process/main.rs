//! What the process of a node is: it ends when it must, says why, keeps its memory to itself, and is
//! brought down by nobody's numbers.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod core_file;
mod locked;
mod overseas;
mod owners;
mod stops;
mod told_times;
mod unlocking;
mod wrong_clock;
