//! Measures fleets of real nodes; judges nothing. As root: it makes network namespaces, which end
//! with it. One at a time: their nodes log into the same files.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Parser;
use guichet_tests::figure::say;
use guichet_tests::fleet::{self, Size};
use serde_json::json;

/// Fleets of Guichet: JSON lines with bench, figure, value, unit, n
#[derive(Parser)]
#[command(name = "fleet")]
struct Line {
    /// How many nodes run: the relay, a station from three on, and kiosks
    #[arg(long, value_delimiter = ',', default_value = "2,10,30,100")]
    members: Vec<usize>,
    /// How many stations are enrolled beside them and switched off
    #[arg(long, value_delimiter = ',', default_value = "0")]
    away: Vec<usize>,
    /// Seconds before the window
    #[arg(long, default_value_t = 60)]
    settle: u64,
    /// Seconds for which is counted
    #[arg(long, default_value_t = 300)]
    window: u64,
    /// Lines go here as well; sizes that stand here already are not measured again
    #[arg(long)]
    out: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Line::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&json!({ "failure": format!("{error:#}") }));
            ExitCode::FAILURE
        }
    }
}

async fn run(line: &Line) -> Result<()> {
    let (settle, window) = (
        Duration::from_secs(line.settle),
        Duration::from_secs(line.window),
    );
    for away in &line.away {
        for members in &line.members {
            let size = Size {
                members: *members,
                away: *away,
            };
            let done = json!({ "done": { "members": members, "away": away } });
            if stands(line, &done.to_string())? {
                continue;
            }
            let figures = fleet::measure(size, settle, window).await;
            let figures = figures.with_context(|| format!("{size:?}"))?;
            for figure in figures {
                keep(line, &json!(figure))?;
            }
            keep(
                line,
                &json!({ "load": fs::read_to_string("/proc/loadavg")?.trim() }),
            )?;
            keep(line, &done)?;
        }
    }
    Ok(())
}

/// Whether a line was written by an earlier run.
fn stands(line: &Line, text: &str) -> Result<bool> {
    let Some(out) = line.out.as_ref().filter(|out| out.exists()) else {
        return Ok(false);
    };
    Ok(fs::read_to_string(out)?.lines().any(|it| it == text))
}

fn keep(line: &Line, value: &serde_json::Value) -> Result<()> {
    say(value);
    if let Some(out) = &line.out {
        let mut file = File::options().create(true).append(true).open(out)?;
        writeln!(file, "{value}")?;
    }
    Ok(())
}
