//! Cases, envelopes, pages and their replication between nodes.

pub mod feed;
