use std::fs;

use anyhow::{Context as _, Result};

use crate::figure::Figure;

/// How many cores there are, and how many processes wanted one in the last minute: a figure is
/// worth something only beside these.
pub fn figures(bench: &str) -> Result<Vec<Figure>> {
    let cores = std::thread::available_parallelism()?.get();
    let text = fs::read_to_string("/proc/loadavg")?;
    let load = text.split(' ').next().and_then(|it| it.parse().ok());
    let load = load.context("a load in /proc/loadavg")?;
    Ok(vec![
        Figure::of(bench, "machine: cores", cores as f64, "1", 1),
        Figure::of(bench, "machine: load before, over a minute", load, "1", 1),
    ])
}
