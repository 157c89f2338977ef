//! One child process of the demo, held by a pipe.

use std::fmt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{ChildStdin, Command};

use crate::app::Ready;

const READY_WITHIN: Duration = Duration::from_secs(30);

/// A running child, and the pipe that holds it.
pub struct Child {
    process: tokio::process::Child,
    pipe: Option<ChildStdin>,
    /// The address that opens a session on its pages, once.
    pub start_url: String,
}

/// How a child ended.
pub struct Ending(std::io::Result<ExitStatus>);

impl Child {
    /// Starts the node of `dir` with its pages on `port`, and waits until they answer.
    pub async fn start(dir: &Path, port: u16) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("cannot find this program's file")?;
        let log = std::env::var_os("GUICHET_LOG").unwrap_or_else(|| "warn".into());
        let mut process = Command::new(program)
            .args(["run", "--json", "--until-stdin-closes", "--dir"])
            .arg(dir)
            .args(["--port", &port.to_string()])
            .env("GUICHET_LOG", log)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .context("cannot start a process")?;
        let pipe = process.stdin.take();
        let mut said = String::new();
        if let Some(stdout) = process.stdout.take() {
            let mut lines = BufReader::new(stdout);
            tokio::time::timeout(READY_WITHIN, lines.read_line(&mut said))
                .await
                .context("it did not answer within 30 s")??;
        }
        if said.is_empty() {
            let status = Ending(process.wait().await);
            anyhow::bail!("it ended at once ({status}); what it said is above");
        }
        let ready: Ready = serde_json::from_str(&said).context("it said something else")?;
        Ok(Self {
            process,
            pipe,
            start_url: ready.start_url,
        })
    }

    /// Returns when the child has ended.
    pub async fn ended(&mut self) -> Ending {
        Ending(self.process.wait().await)
    }

    /// Closes the pipe.
    pub fn tell_to_stop(&mut self) {
        self.pipe = None;
    }

    /// Ends what did not stop.
    pub async fn kill(&mut self) {
        let _ = self.process.kill().await;
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Ok(status) => write!(f, "{status}"),
            Err(error) => write!(f, "{error}"),
        }
    }
}
