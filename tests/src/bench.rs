//! Benchmarks: what is measured, by name. They print figures and judge nothing.

use std::future::Future;
use std::pin::Pin;

use anyhow::{Context as _, Result};

use crate::figure::Figure;

mod call;
mod edit;
mod glass;
mod hop;
mod journal;
mod machine;
mod memory;
mod render;
mod seal;
mod start;
mod transfer;
mod uplink;
mod visit;
mod wire;

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
pub const ALL: [Bench; 12] = [
    Bench {
        name: "start",
        about: "a start of a node and of the demo, from the command to the first page",
        run: || Box::pin(start::run()),
    },
    Bench {
        name: "memory",
        about: "resident memory of each idle node of the demo",
        run: || Box::pin(memory::run()),
    },
    Bench {
        name: "edit",
        about: "an edit from its POST at the kiosk to the event on the adviser's page",
        run: || Box::pin(edit::run()),
    },
    Bench {
        name: "call",
        about: "a call at 640×360: answer to first frame, and what its nodes use (as root)",
        run: || Box::pin(call::run()),
    },
    Bench {
        name: "hop",
        about: "what a node adds to a packet of a call between its page and the line (as root)",
        run: || Box::pin(hop::run()),
    },
    Bench {
        name: "glass",
        about: "picture made to picture seen: over the nodes, and from browser to browser (as root)",
        run: || Box::pin(glass::run()),
    },
    Bench {
        name: "render",
        about: "the page of a case with 200 acts",
        run: || Box::pin(render::run()),
    },
    Bench {
        name: "journal",
        about: "envelopes made durable in groups, and opening the store again",
        run: || Box::pin(std::future::ready(journal::run())),
    },
    Bench {
        name: "transfer",
        about: "256 MiB of documents from the kiosk through the relay to the station",
        run: || Box::pin(transfer::run()),
    },
    Bench {
        name: "uplink",
        about: "documents up a thin line through cuts: bytes carried per byte of document (as root)",
        run: || Box::pin(uplink::run()),
    },
    Bench {
        name: "seal",
        about: "sealing, opening, signing and wrapping on one core",
        run: || Box::pin(std::future::ready(seal::run())),
    },
    Bench {
        name: "wire",
        about: "what one edit of one field costs on the line, in whole IP packets (as root)",
        run: || Box::pin(wire::run()),
    },
];

/// The benchmark of this name.
pub fn named(name: &str) -> Result<Bench> {
    let found = ALL.into_iter().find(|bench| bench.name == name);
    found.with_context(|| format!("no benchmark `{name}`; `bench list` names them"))
}

impl Bench {
    /// Measures; the figures of the machine, as it was before, come first.
    pub async fn run(&self) -> Result<Vec<Figure>> {
        let mut figures = machine::figures(self.name)?;
        let measured = (self.run)().await;
        figures.extend(measured.with_context(|| format!("bench {}", self.name))?);
        Ok(figures)
    }
}
