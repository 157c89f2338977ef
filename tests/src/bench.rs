//! Benchmarks: what is measured, by name. They print figures and judge nothing.

use std::future::Future;
use std::pin::Pin;

use anyhow::{Context as _, Result};

use crate::figure::Figure;

mod journal;
mod memory;
mod seal;
mod start;

type Run = fn() -> Pin<Box<dyn Future<Output = Result<Vec<Figure>>>>>;

/// A benchmark.
#[derive(Clone, Copy)]
pub struct Bench {
    /// The name on the command line.
    pub name: &'static str,
    /// What it measures.
    pub about: &'static str,
    run: Run,
}

/// All benchmarks.
pub const ALL: [Bench; 4] = [
    Bench {
        name: "start",
        about: "a node's start, from the command to its first page",
        run: || Box::pin(start::run()),
    },
    Bench {
        name: "memory",
        about: "resident memory of each idle node of the demo",
        run: || Box::pin(memory::run()),
    },
    Bench {
        name: "journal",
        about: "envelopes made durable in groups, and opening the store again",
        run: || Box::pin(std::future::ready(journal::run())),
    },
    Bench {
        name: "seal",
        about: "sealing, opening, signing and wrapping on one core",
        run: || Box::pin(std::future::ready(seal::run())),
    },
];

/// The benchmark of this name.
pub fn named(name: &str) -> Result<Bench> {
    let found = ALL.into_iter().find(|bench| bench.name == name);
    found.with_context(|| format!("no benchmark `{name}`; `bench list` names them"))
}

impl Bench {
    /// Measures.
    pub async fn run(&self) -> Result<Vec<Figure>> {
        (self.run)()
            .await
            .with_context(|| format!("bench {}", self.name))
    }
}
