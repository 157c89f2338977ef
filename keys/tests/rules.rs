//! Who may do what, judged through the public interface on a small network.

#![allow(missing_docs, reason = "a test program has no interface")]

#[path = "rules/chains.rs"]
mod chains;
#[path = "rules/directory.rs"]
mod directory;
#[path = "rules/network.rs"]
mod network;
#[path = "rules/revocation.rs"]
mod revocation;
#[path = "rules/secrets.rs"]
mod secrets;
#[path = "rules/writing.rs"]
mod writing;
