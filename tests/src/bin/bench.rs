//! Measures and prints; judges nothing. `bench list` names what there is.

use std::process::ExitCode;

use clap::Parser;
use guichet_tests::bench;
use guichet_tests::figure::{Figure, say};
use serde_json::json;

/// Benchmarks of Guichet: JSON lines with bench, figure, value, unit, n, and p50 and p95 of a
/// distribution
#[derive(Parser)]
#[command(name = "bench")]
struct Line {
    /// `list`, `all`, or the name of a benchmark
    name: String,
    /// With `all`: begin with this one, counted from 0
    #[arg(long, default_value_t = 0)]
    from: usize,
}

#[tokio::main]
async fn main() -> ExitCode {
    let line = Line::parse();
    let benches = match line.name.as_str() {
        "list" => {
            for bench in bench::ALL {
                say(&json!({ "bench": bench.name, "about": bench.about }));
            }
            return ExitCode::SUCCESS;
        }
        "all" => bench::ALL.into_iter().skip(line.from).collect(),
        name => match bench::named(name) {
            Ok(bench) => vec![bench],
            Err(error) => {
                say(&json!({ "failure": format!("{error:#}") }));
                return ExitCode::from(2);
            }
        },
    };
    let mut status = ExitCode::SUCCESS;
    for bench in benches {
        match bench.run().await {
            Ok(figures) => figures.iter().for_each(Figure::print),
            Err(error) => {
                say(&json!({ "bench": bench.name, "failure": format!("{error:#}") }));
                status = ExitCode::FAILURE;
            }
        }
    }
    status
}
