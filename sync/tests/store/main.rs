//! The store on real files: what was acknowledged is there, whatever happened to the disk.

#![expect(clippy::unwrap_used, reason = "a test may fail here")]
#![expect(
    clippy::disallowed_methods,
    reason = "children are told what to do by the environment, and waited for"
)]

mod damage;
mod everyday;
mod full_disk;
mod index;
mod kill;
mod world;
