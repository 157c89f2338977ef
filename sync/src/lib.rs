//! Cases, envelopes, pages and their replication between nodes.

pub mod case;
pub mod feed;
pub mod store;
