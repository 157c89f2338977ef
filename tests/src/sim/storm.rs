//! What a hostile member may say to a node that is in the middle of its work.
//!
//! A world is played for a while ([`scene`]); the disks of its nodes and the frames that were said
//! to them are kept. From there the real machines are driven by bytes that decide: a [`replica`] at
//! any post, an open [`case`], every [decoder](decoders). What is signed is altered and [signed
//! again](signed), so that it gets past the door.

mod case;
mod decoders;
mod replica;
mod samples;
mod scene;
mod signed;

pub use case::drive_case;
pub use decoders::drive_decoders;
pub use replica::{drive_kiosk, drive_relay, drive_station};

/// The world that is played.
const SEED: u64 = 3;
/// Steps of one storm.
const STEPS_MAX: usize = 64;
