//! The store on real files: what was acknowledged is there, whatever happened to the disk.

#![expect(clippy::unwrap_used, reason = "a test may fail here")]

mod damage;
mod everyday;
mod full_disk;
mod index;
mod kill;
mod world;
