//! A share of the processor for a process, so that a test machine stands for a small one.
//!
//! Control groups do it, of version 2 (`cpu.max`) where the `cpu` controller is there and of
//! version 1 (`cpu.cfs_quota_us`) where it is; needs root. Where neither is, processes share as
//! they like, and [`Share::of_core`] says so.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context as _, Result};

const PERIOD_US: u64 = 100_000;
const GROUPS: &str = "/sys/fs/cgroup";

/// A control group with a limit; removed when dropped, once what is in it has ended.
#[derive(Debug)]
pub struct Share(PathBuf);

impl Share {
    /// Holds a process to so many hundredths of one core; none where this machine cannot.
    pub fn of_core(pid: u32, percent: u64) -> Result<Option<Self>> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("guichet-{}-{count}", std::process::id());
        let quota = PERIOD_US * percent / 100;
        let unified = Path::new(GROUPS).join("cgroup.subtree_control");
        let (folder, file, limit) = if offers_cpu(&unified) {
            let limit = format!("{quota} {PERIOD_US}");
            (Path::new(GROUPS).join(name), "cpu.max", limit)
        } else if Path::new(GROUPS).join("cpu/cpu.cfs_quota_us").exists() {
            let folder = Path::new(GROUPS).join("cpu").join(name);
            (folder, "cpu.cfs_quota_us", quota.to_string())
        } else {
            return Ok(None);
        };
        fs::create_dir(&folder).with_context(|| folder.display().to_string())?;
        let share = Self(folder);
        fs::write(share.0.join(file), limit)?;
        fs::write(share.0.join("cgroup.procs"), pid.to_string())?;
        Ok(Some(share))
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let _still_in_use = fs::remove_dir(&self.0);
    }
}

fn offers_cpu(controllers: &Path) -> bool {
    let listed = fs::read_to_string(controllers).unwrap_or_default();
    listed.split_whitespace().any(|name| name == "cpu")
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::time::Duration;

    use super::*;
    use crate::process::processor_seconds;

    #[test]
    fn a_process_gets_its_share_and_no_more() {
        let mut busy = Command::new("sh")
            .args(["-c", "while :; do :; done"])
            .spawn()
            .unwrap();
        let share = Share::of_core(busy.id(), 10).unwrap();
        let before = processor_seconds(busy.id()).unwrap();
        std::thread::sleep(Duration::from_secs(2));
        let used = processor_seconds(busy.id()).unwrap() - before;
        busy.kill().unwrap();
        busy.wait().unwrap();
        assert!(share.is_none() || used < 0.5, "{used} s of 2");
    }
}
