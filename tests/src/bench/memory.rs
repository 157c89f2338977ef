use std::time::Duration;

use anyhow::{Result, ensure};

use crate::figure::Figure;
use crate::process::{Demo, free_ports, resident_bytes};

const SETTLE: Duration = Duration::from_secs(5);
const SAMPLES: usize = 5;
const EVERY: Duration = Duration::from_secs(1);
const MEGABYTE: f64 = 1e6;

/// Starts the demo, lets it be, and reads the resident memory of its nodes.
pub async fn run() -> Result<Vec<Figure>> {
    let folder = tempfile::tempdir()?;
    let demo = Demo::start(&folder.path().join("demo"), free_ports()?, &[])?;
    tokio::time::sleep(SETTLE).await;
    let nodes = demo.children();
    ensure!(nodes.len() == 3, "the demo has {} children", nodes.len());
    let mut samples = vec![Vec::new(); nodes.len()];
    for _ in 0..SAMPLES {
        for (node, samples) in nodes.iter().zip(&mut samples) {
            samples.push(resident_bytes(*node)? as f64 / MEGABYTE);
        }
        tokio::time::sleep(EVERY).await;
    }
    let mut figures = Vec::new();
    for (node, samples) in nodes.iter().zip(samples) {
        let name = format!("{}: resident, idle", name_of(*node)?);
        figures.push(Figure::spread("memory", &name, samples, "MB"));
    }
    Ok(figures)
}

/// The data folder's name, from the command line.
fn name_of(pid: u32) -> Result<String> {
    let line = std::fs::read(format!("/proc/{pid}/cmdline"))?;
    let line = String::from_utf8_lossy(&line).into_owned();
    let words: Vec<_> = line.split('\0').collect();
    let folder = words
        .iter()
        .skip_while(|word| **word != "--dir")
        .nth(1)
        .copied();
    Ok(folder
        .unwrap_or("node")
        .rsplit('/')
        .next()
        .unwrap_or("node")
        .to_string())
}
