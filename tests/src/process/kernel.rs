//! What the kernel tells of a process, by its id.

use std::fs;

use anyhow::{Context as _, Result};

/// What a process has used of the processors so far, in seconds of one core.
pub fn processor_seconds(pid: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name, in parentheses, may hold anything; user and system time are the 12th and 13th
    // fields behind it (proc(5)), in ticks of a hundredth.
    let (_, fields) = stat.rsplit_once(')').context("a name in parentheses")?;
    let ticks = fields.split_whitespace().skip(11).take(2);
    let ticks: Vec<f64> = ticks.map(str::parse).collect::<Result<_, _>>()?;
    Ok(ticks.iter().sum::<f64>() / 100.0)
}

/// The resident memory of a process, in bytes.
pub fn resident_bytes(pid: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|it| it.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    Ok(kib.context("VmRSS in /proc")? * 1024)
}

/// The processes that a process has started and that still run.
pub fn children(parent: u32) -> Vec<u32> {
    let listed = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(Result::ok);
    let pids = listed.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| parent_of(*pid) == Some(parent)).collect()
}

/// Whether a process runs.
pub fn runs(pid: u32) -> bool {
    parent_of(pid).is_some()
}

/// The parent of a process that runs: a dead one that nobody has waited for has none.
fn parent_of(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    let state = fields.next()?;
    if state == "Z" {
        None
    } else {
        fields.next()?.parse().ok()
    }
}
