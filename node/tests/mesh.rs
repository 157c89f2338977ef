//! The mesh between real swarms on loopback.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a test waits for one event among many"
)]

mod mesh {
    mod line;
    mod members;
    mod raw;
    mod strangers;
    mod support;
    mod tolls;
}
