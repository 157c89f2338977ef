//! A process under attack, seen from outside: memory, processor time, and whether it lives.

use std::fs;
use std::time::Instant;

use anyhow::{Context as _, Result};

use super::Judge;
use crate::process::{processor_seconds, resident_bytes, runs};

/// What an attack may make a node take beside what it had.
const MEMORY_MIB_MAX: f64 = 32.0;
/// What waits at a node of each further one that floods: the credit of both its lanes.
const CREDIT_MIB: f64 = 0.5625;
/// What it may make it use of a core, beside what people's work uses.
const CORE_MAX: f64 = 0.20;
/// Resets the high-water mark of resident memory (proc(5), `clear_refs`).
const RESET_PEAK: &str = "5";

/// A process from some moment on.
pub struct Watch {
    name: String,
    pid: u32,
    resident: u64,
    seconds: f64,
    since: Instant,
}

/// What was seen since.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// The most it held beside what it had, in MiB.
    pub more_mib: f64,
    /// What it used, in cores.
    pub cores: f64,
}

impl Watch {
    /// Begins to watch.
    pub fn begin(name: &str, pid: u32) -> Result<Self> {
        let _only_the_mean_is_known = fs::write(format!("/proc/{pid}/clear_refs"), RESET_PEAK);
        Ok(Self {
            name: name.to_owned(),
            pid,
            resident: resident_bytes(pid)?,
            seconds: processor_seconds(pid)?,
            since: Instant::now(),
        })
    }

    /// What was seen until now; none if the process is gone.
    pub fn seen(&self) -> Option<Seen> {
        let peak = peak_bytes(self.pid).ok()?;
        let used = processor_seconds(self.pid).ok()? - self.seconds;
        Some(Seen {
            more_mib: peak.saturating_sub(self.resident) as f64 / f64::from(1 << 20),
            cores: used / self.since.elapsed().as_secs_f64(),
        })
    }

    /// Judges what it still holds: what waited in queues and sockets was taken in meanwhile, and
    /// people went on working.
    pub fn judge_rest(&self, judge: &mut Judge) {
        let Ok(resident) = resident_bytes(self.pid) else {
            return;
        };
        let more = (resident as f64 - self.resident as f64) / f64::from(1 << 20);
        let held = more <= memory_mib_max(judge);
        let what = format!("{} holds no memory for it afterwards", self.name);
        judge.expect(&what, held, format!("{more:.1} MiB more"));
    }

    /// Whether it is the process that it was.
    pub fn lives(&self) -> bool {
        runs(self.pid)
    }

    /// Judges what it took and used, beside what it used before.
    pub fn judge(&self, judge: &mut Judge, before: Option<Seen>) {
        let name = &self.name;
        let Some(seen) = self.seen() else {
            return judge.expect(&format!("{name} lives on"), false, "the process is gone");
        };
        let saw = format!("{:.1} MiB more at most", seen.more_mib);
        let held = seen.more_mib <= memory_mib_max(judge);
        judge.expect(&format!("{name} takes no memory for it"), held, saw);
        let usual = before.map_or(0.0, |before| before.cores);
        let saw = format!("{:.3} of a core, before {usual:.3}", seen.cores);
        let held = seen.cores - usual <= CORE_MAX;
        judge.expect(&format!("{name} has time for others"), held, saw);
    }
}

fn memory_mib_max(judge: &Judge) -> f64 {
    let others = judge.terms.offenders.saturating_sub(1) as f64;
    MEMORY_MIB_MAX + others * CREDIT_MIB
}

fn peak_bytes(pid: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|it| it.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    Ok(kib.context("VmHWM in /proc")? * 1024)
}
