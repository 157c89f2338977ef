//! Replicas of a relay, a kiosk and a station, with real disks and lines in between, and what the
//! hostile do to them: it is refused or set aside, everybody lives, and nothing is lost.

#![allow(missing_docs, reason = "a test program has no interface")]

mod bytes;
mod changes;
#[allow(dead_code, reason = "the tests of documents use more of it")]
#[path = "../case/chunk.rs"]
mod chunk;
mod cost;
mod disk;
mod extremes;
mod held;
#[allow(dead_code, reason = "the rules of keys use more of the network")]
#[path = "../../../keys/tests/rules/network.rs"]
mod network;
mod pace;
mod pages;
mod people;
mod quotas;
mod reached;
mod roles;
mod rosters;
mod thin;
mod village;
