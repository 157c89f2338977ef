//! One run per seed: the frame of every program that draws its world at random.
//!
//! A run tells what it did as an object of facts, or that an expectation failed.
//! Every run prints one JSON line with its seed, so a failure is a number to type
//! in again; the last line sums up.

use std::process::ExitCode;

use serde_json::{Map, Value, json};

use crate::figure::say;

/// Which seeds to run.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Seeds {
    /// How many seeds to run, one after another
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// Run this seed alone
    #[arg(long, conflicts_with_all = ["seeds", "from"])]
    seed: Option<u64>,
    /// The first seed, to go on where a run was stopped
    #[arg(long, default_value_t = 0)]
    from: u64,
}

impl Seeds {
    /// These seeds, in order.
    pub fn iter(self) -> impl Iterator<Item = u64> {
        let (from, count) = self.seed.map_or((self.from, self.seeds), |seed| (seed, 1));
        from..from.saturating_add(count)
    }

    /// Runs every seed, whatever fails, and prints a line for each. The status is 1
    /// if an expectation failed.
    pub fn run(
        self,
        program: &str,
        mut run: impl FnMut(u64) -> Result<Map<String, Value>, String>,
    ) -> ExitCode {
        let (mut runs, mut failed) = (0_u64, Vec::new());
        for seed in self.iter() {
            runs += 1;
            let mut line = Map::from_iter([("program".into(), program.into())]);
            line.insert("seed".into(), seed.into());
            match run(seed) {
                Ok(facts) => line.extend(facts),
                Err(failure) => {
                    failed.push(seed);
                    line.insert("failure".into(), failure.into());
                }
            }
            say(&line);
        }
        say(&json!({ "program": program, "runs": runs, "failed": failed }));
        if failed.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_alone_or_many_from_one_on() {
        let list = |seeds, seed, from| Seeds { seeds, seed, from }.iter().collect::<Vec<_>>();
        assert_eq!(list(3, None, 0), [0, 1, 2]);
        assert_eq!(list(2, None, 40), [40, 41]);
        assert_eq!(list(100, Some(7), 0), [7]);
    }

    #[test]
    fn all_seeds_run_and_one_failure_is_told() {
        let seeds = Seeds {
            seeds: 5,
            seed: None,
            from: 0,
        };
        let mut seen = Vec::new();
        let status = seeds.run("unit", |seed| {
            seen.push(seed);
            if seed == 2 {
                Err("two".into())
            } else {
                Ok(Map::new())
            }
        });
        assert_eq!(seen, [0, 1, 2, 3, 4]);
        assert_eq!(format!("{status:?}"), format!("{:?}", ExitCode::FAILURE));
        assert_eq!(
            format!("{:?}", seeds.run("unit", |_| Ok(Map::new()))),
            format!("{:?}", ExitCode::SUCCESS)
        );
    }
}
