//! Runs the simulator over many seeds, with all rules or without one of them.

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use guichet_sync::rules::Rules;
use guichet_tests::seeds::Seeds;
use guichet_tests::sim::{self, RULES};
use serde_json::{Map, Value, json};

/// Four nodes in virtual time: a JSON line for each seed, status 1 if an expectation failed
#[derive(Parser)]
#[command(name = "sim")]
struct Line {
    #[command(flatten)]
    seeds: Seeds,
    /// Take this rule out, to see that it is missed
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(RULES))]
    without: Option<String>,
}

fn main() -> ExitCode {
    let line = Line::parse();
    let rules = match &line.without {
        Some(rule) => sim::without(rule).expect("the command line knows the rules"),
        None => Rules::default(),
    };
    line.seeds.run("sim", |seed| {
        let began = Instant::now();
        let outcome = sim::run(seed, rules);
        if let Some(failure) = outcome.failure {
            return Err(failure);
        }
        let mut facts = Map::new();
        facts.insert("trace".into(), format!("{:016x}", outcome.trace).into());
        facts.insert("ms".into(), json!(began.elapsed().as_millis()));
        if let Ok(Value::Object(counts)) = serde_json::to_value(outcome.counts) {
            facts.extend(counts);
        }
        Ok(facts)
    })
}
