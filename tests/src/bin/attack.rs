//! Attacks nodes as one enrolled machine could, and judges what comes of it. `attack list` names
//! what there is. Needs root.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use guichet_tests::attack::{self, Terms};
use guichet_tests::figure::say;
use guichet_tests::process;
use serde_json::json;

/// Attacks on Guichet by one enrolled machine: JSON lines with what was expected and what was seen;
/// exit status 1 if an expectation was broken
#[derive(Parser)]
#[command(name = "attack")]
struct Line {
    /// `list`, `all`, or the name of an attack
    name: String,
    /// With `all`: begin with this one, counted from 0
    #[arg(long, default_value_t = 0)]
    from: usize,
    /// Edits that people make before, during and after each attack, at least
    #[arg(long, default_value_t = 200)]
    edits: usize,
    /// Seconds that a flood lasts, at least
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Milliseconds that people may wait in any case
    #[arg(long, default_value_t = 400)]
    short_ms: u64,
    /// Machines that flood at once
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=32))]
    offenders: u8,
    /// Attack this `guichet` instead of the one that was built
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Judge the other way round: each attack that is no probe must break an expectation, as it
    /// does against a program that has the fault
    #[arg(long)]
    expect_broken: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let line = Line::parse();
    let attacks = match line.name.as_str() {
        "list" => {
            for attack in attack::ALL {
                say(&json!({
                    "attack": attack.name,
                    "about": attack.about,
                    "probe": attack.probe,
                }));
            }
            return ExitCode::SUCCESS;
        }
        "all" => attack::ALL.into_iter().skip(line.from).collect(),
        name => match attack::named(name) {
            Ok(attack) => vec![attack],
            Err(error) => return not_understood(&error),
        },
    };
    if let Some(program) = &line.program
        && let Err(error) = process::test_instead(program)
    {
        return not_understood(&error);
    }
    let terms = Terms {
        edits: line.edits,
        lasting: Duration::from_secs(line.seconds),
        short: Duration::from_millis(line.short_ms),
        offenders: line.offenders.into(),
    };
    let mut wrong = Vec::new();
    for attack in attacks {
        if line.expect_broken && attack.probe {
            continue;
        }
        let broken = attack.run(terms).await;
        if broken.is_empty() == line.expect_broken {
            wrong.push(attack.name);
        }
    }
    say(&json!({ "expect_broken": line.expect_broken, "wrong": wrong }));
    if wrong.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn not_understood(error: &anyhow::Error) -> ExitCode {
    say(&json!({ "failure": format!("{error:#}") }));
    ExitCode::from(2)
}
