//! Guichet: a public-service counter at a distance.
//!
//! This package is the shell of the program. The cores decide (`guichet-keys`, `guichet-sync`,
//! `guichet-media`); what is here reads the clock and the disk, holds the sockets, shows the pages
//! and carries out what the cores say. It is a library as well, so that a program in the tests can
//! run the very same node with other [`Parts`]; the shipped binary has no such switch.

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

use guichet_keys::{AesGcm, Sealer};
use guichet_sync::rules::Rules;

pub mod app;
pub mod calendar;
pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
pub mod devices;
pub mod entropy;
pub mod folder;
#[cfg(test)]
mod hostile;
pub mod hosts;
pub mod log;
pub mod media;
pub mod memory;
#[allow(
    clippy::wildcard_enum_match_arm,
    reason = "libp2p's enums are open, and most of their variants mean nothing here"
)]
pub mod mesh;
pub mod network;
pub mod owners;
pub mod render;
pub mod services;
pub mod stop;
pub mod times;
pub mod web;

/// The parts of a node that a test may exchange.
#[derive(Clone)]
pub struct Parts {
    /// How cases and pages are sealed.
    pub sealer: Arc<dyn Sealer>,
    /// The rules of replication and forgetting that hold.
    pub rules: Rules,
    /// Whether a file is kept before anybody knows that it can be shown.
    pub any_file: bool,
}

impl Parts {
    /// The parts that are shipped.
    pub fn shipped() -> Self {
        Self {
            sealer: Arc::new(AesGcm),
            rules: Rules::default(),
            any_file: false,
        }
    }
}

/// Runs the command line `args` (the program's name first) and returns its exit status:
/// 0 done, 1 failed, 2 not understood.
pub fn run(args: impl IntoIterator<Item = OsString>, parts: Parts) -> ExitCode {
    cli::run(args, parts)
}
