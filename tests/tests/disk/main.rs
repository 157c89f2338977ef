//! Disks that are full or damaged under whole nodes: they say so, lose nothing that was
//! acknowledged, and go on.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod damaged;
mod full;
mod pages;
mod start;

use guichet_tests::script::Script;
use serde_json::Value;

/// The ills of a node whose kind is this one, as its status tells them.
async fn ills(node: &Script, kind: &str) -> anyhow::Result<Vec<Value>> {
    let status = node.api().get_json("/status").await?;
    let ills = status["ills"].as_array().into_iter().flatten();
    Ok(ills.filter(|ill| ill["ill"] == kind).cloned().collect())
}
