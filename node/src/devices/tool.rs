//! One run of a program of the system.
//!
//! The child gets an environment of what is named, no file of ours but its three pipes, and a
//! process group of its own. It lives in a task of its own as well: whoever waits for it may stop
//! waiting, and then it is told to end, given some time to leave its device in order, and killed
//! with all that it started.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use tokio::sync::oneshot;
use tokio::time::timeout;

/// What is kept of a child's words on standard error.
const SAID_BYTES_MAX: usize = 2048;
/// How long a child that gave up or was told to end may take to leave its device in order.
const END_WITHIN: Duration = Duration::from_secs(3);

/// What to run, and how far it may go.
pub(super) struct Run {
    /// The program; a mere name is looked for in `PATH`.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its whole environment but for `PATH`.
    pub variables: Vec<(&'static str, OsString)>,
    /// What it reads on standard input.
    pub input: Vec<u8>,
    /// The most bytes that it may write on standard output.
    pub bytes_max: usize,
    /// The longest that it may take.
    pub time_max: Duration,
    /// Whether it has given up, judged by its words on standard error: then it has
    /// [`END_WITHIN`] left.
    pub gave_up: fn(&str) -> bool,
}

/// How a run ended by itself.
#[derive(Debug)]
pub(super) struct Ran {
    /// Its exit status.
    pub status: ExitStatus,
    /// All of its standard output.
    pub output: Vec<u8>,
    /// The end of its standard error, in one line.
    pub said: String,
}

/// Why a run did not end by itself.
#[derive(Debug, thiserror::Error)]
pub(super) enum RunError {
    /// The system has no such program.
    #[error("the program is not installed")]
    Missing,
    /// It wrote more than it may.
    #[error("it wrote too much")]
    TooLarge,
    /// It took longer than it may.
    #[error("it took too long")]
    TooSlow,
    /// It gave up with these words, and did not end.
    #[error("{0}")]
    Stuck(String),
    /// The system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Runs it to its end, holding `held` until it and all that it started are gone. Whoever drops the
/// future ends the run.
pub(super) async fn run<T: Send + 'static>(run: Run, held: T) -> Result<Ran, RunError> {
    let (waiting, nobody_waits) = oneshot::channel::<()>();
    let task = tokio::spawn(async move {
        let ran = live(run, nobody_waits).await;
        drop(held);
        ran
    });
    let ran = task.await;
    drop(waiting);
    ran.unwrap_or_else(|error| Err(io::Error::other(error).into()))
}

async fn live(run: Run, nobody_waits: oneshot::Receiver<()>) -> Result<Ran, RunError> {
    let mut group = Group::start(run.program, run.args, run.variables)?;
    let ended = tokio::select! {
        ended = timeout(run.time_max, group.talk(&run.input, run.bytes_max, run.gave_up)) => {
            ended.unwrap_or(Err(RunError::TooSlow))
        }
        _ = nobody_waits => Err(io::Error::from(io::ErrorKind::Interrupted).into()),
    };
    if ended.is_err() {
        group.end().await;
    }
    ended
}

/// A child and whatever it starts.
struct Group {
    leader: Child,
    id: Option<Pid>,
}

impl Group {
    fn start(
        program: PathBuf,
        args: Vec<String>,
        variables: Vec<(&str, OsString)>,
    ) -> Result<Self, RunError> {
        let path = std::env::var_os("PATH").map(|path| ("PATH", path));
        let leader = Command::new(program)
            .args(args)
            .env_clear()
            .envs(path)
            .envs(variables)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| {
                if error.kind() == io::ErrorKind::NotFound {
                    RunError::Missing
                } else {
                    error.into()
                }
            })?;
        let id = leader
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw);
        Ok(Self { leader, id })
    }

    /// Feeds the child and hears it until it ends.
    async fn talk(
        &mut self,
        input: &[u8],
        bytes_max: usize,
        gave_up: fn(&str) -> bool,
    ) -> Result<Ran, RunError> {
        let mut stdin = self.leader.stdin.take().expect("standard input is a pipe");
        let stdout = self
            .leader
            .stdout
            .take()
            .expect("standard output is a pipe");
        let stderr = self.leader.stderr.take().expect("standard error is a pipe");
        let mut output = Vec::new();
        let mut bounded = stdout.take(bytes_max as u64 + 1);
        let feed = async move {
            // A child that refuses what it is given stops reading; its status says why.
            let _ = stdin.write_all(input).await;
            drop(stdin);
            Ok(())
        };
        let read = async {
            bounded.read_to_end(&mut output).await?;
            if output.len() > bytes_max {
                return Err(RunError::TooLarge);
            }
            Ok(())
        };
        let ((), (), said) = tokio::try_join!(feed, read, last_words(stderr, gave_up))?;
        let status = self.leader.wait().await?;
        self.signal(Signal::KILL);
        Ok(Ran {
            status,
            output,
            said,
        })
    }

    /// Tells the group to end, and sees to it.
    async fn end(&mut self) {
        self.signal(Signal::TERM);
        let ended = timeout(END_WITHIN, self.leader.wait()).await;
        self.signal(Signal::KILL);
        if ended.is_err() {
            let _ = self.leader.wait().await;
        }
    }

    fn signal(&self, signal: Signal) {
        if let Some(id) = self.id {
            // A group in which nobody is left is gone already.
            let _ = kill_process_group(id, signal);
        }
    }
}

impl Drop for Group {
    /// The runtime ends before the child did.
    fn drop(&mut self) {
        if self.leader.id().is_some() {
            self.signal(Signal::KILL);
        }
    }
}

/// What the child says until it closes its standard error.
async fn last_words(
    mut stderr: impl AsyncRead + Unpin,
    gave_up: fn(&str) -> bool,
) -> Result<String, RunError> {
    let mut said = Vec::new();
    let mut piece = [0; 512];
    loop {
        let words = in_one_line(&said);
        let read = if gave_up(&words) {
            // A driver that reports an error well may hang all the same when it lets go.
            match timeout(END_WITHIN, stderr.read(&mut piece)).await {
                Ok(read) => read?,
                Err(_) => return Err(RunError::Stuck(words)),
            }
        } else {
            stderr.read(&mut piece).await?
        };
        if read == 0 {
            return Ok(words);
        }
        said.extend_from_slice(&piece[..read]);
        let excess = said.len().saturating_sub(SAID_BYTES_MAX);
        said.drain(..excess);
    }
}

fn in_one_line(said: &[u8]) -> String {
    let words = String::from_utf8_lossy(said);
    let lines: Vec<&str> = words.lines().map(str::trim).collect();
    lines.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_child_that_gave_up_and_hangs_is_not_waited_for() {
        let ran = run(
            Run {
                program: "sh".into(),
                args: vec![
                    "-c".to_owned(),
                    "echo 'the lid is open' >&2; sleep 600".to_owned(),
                ],
                variables: Vec::new(),
                input: Vec::new(),
                bytes_max: 0,
                time_max: Duration::from_secs(60),
                gave_up: |said| said.contains("open"),
            },
            (),
        );
        let ran = ran.await;
        assert!(
            matches!(&ran, Err(RunError::Stuck(said)) if said == "the lid is open"),
            "{ran:?}"
        );
    }
}
