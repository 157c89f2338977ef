//! The program that drives a browser.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Stdio};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::network::Place;

const STARTS_MAX: usize = 5;
/// Where Debian's Chromium reads what its administrator has decided.
const UNDER_POLICY: &str = "mount -t tmpfs none /etc/chromium \
    && mkdir -p /etc/chromium/policies/managed \
    && cp \"$0\" /etc/chromium/policies/managed/ && exec chromedriver \"$@\"";

/// A chromedriver in a process group that its browser shares; both end when this is dropped.
#[derive(Debug)]
pub(super) struct Driver {
    child: Child,
    port: u16,
}

impl Driver {
    /// Starts one, again if it ends before it has a port; its browser has a window if there is a
    /// display.
    pub fn start(place: &Place, policy: Option<&Path>, display: Option<&str>) -> Result<Self> {
        let mut started = Self::try_start(place, policy, display);
        for _ in 1..STARTS_MAX {
            if started.is_ok() {
                break;
            }
            started = Self::try_start(place, policy, display);
        }
        started
    }

    fn try_start(place: &Place, policy: Option<&Path>, display: Option<&str>) -> Result<Self> {
        let mut command = match policy {
            None => place.command("chromedriver"),
            // Only these processes see the policy: other browsers of the machine go on without.
            Some(policy) => {
                let mut command = place.command("unshare");
                command
                    .args(["--mount", "sh", "-c", UNDER_POLICY])
                    .arg(policy);
                command
            }
        };
        let mut child = command
            .arg("--port=0")
            .envs(display.map(|display| ("DISPLAY", display)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context("cannot start chromedriver (Debian: chromium-driver)")?;
        let output = child.stdout.take().context("a pipe was asked for")?;
        let mut driver = Self { child, port: 0 };
        let mut said = Vec::new();
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        for line in lines.by_ref() {
            let port = line.split_once("started successfully on port ");
            if let Some(port) = port.and_then(|(_, it)| it.trim_end_matches('.').parse().ok()) {
                driver.port = port;
                std::thread::spawn(move || lines.for_each(drop));
                return Ok(driver);
            }
            said.push(line);
        }
        let said = said.join("; ");
        bail!("chromedriver ended without telling its port: {said}")
    }

    /// Where it takes orders, on the loopback address of its place.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process group.
    pub fn group(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.child.wait();
    }
}
