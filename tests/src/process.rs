//! Real `guichet` processes, as an operator would start them.
//!
//! The program under test stands beside the test's own binary (`cargo test` and
//! `cargo run` put it there when the workspace is built; cargo tells a package
//! only of its own binaries). What a process logs goes to a file among the
//! artefacts, which outlives the test.

mod kernel;

use std::fs::{self, File};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::api::Api;
use crate::network::Place;
pub use kernel::{children, processor_seconds, resident_bytes, runs};

/// How long a process may take to say that it is ready.
pub const READY_WITHIN: Duration = Duration::from_secs(20);

const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(10);

/// The folder with the programs that cargo has built.
fn programs() -> Result<PathBuf> {
    let own = std::env::current_exe().context("the path of this program")?;
    let folder = own.parent().context("a program stands in a folder")?;
    let tests = folder.ends_with("deps");
    let programs = if tests { folder.parent() } else { Some(folder) };
    Ok(programs.context("a folder above deps")?.to_path_buf())
}

/// Another program under test than the one that cargo has built.
static INSTEAD: OnceLock<PathBuf> = OnceLock::new();

/// Takes another `guichet` for the program under test, in this whole process.
pub fn test_instead(program: &Path) -> Result<()> {
    let found = fs::canonicalize(program).with_context(|| program.display().to_string())?;
    let taken = INSTEAD.get_or_init(|| found.clone());
    ensure!(*taken == found, "{} is under test already", taken.display());
    Ok(())
}

/// The program under test.
pub fn binary() -> Result<PathBuf> {
    INSTEAD
        .get()
        .map_or_else(|| program("guichet"), |it| Ok(it.clone()))
}

/// A program that cargo has built, which must be newer than its sources.
pub fn program(name: &str) -> Result<PathBuf> {
    let binary = programs()?.join(name);
    let built = fs::metadata(&binary).and_then(|it| it.modified());
    let advice = "build it first: cargo build --release --all-targets";
    let built = built.with_context(|| format!("{} is missing; {advice}", binary.display()))?;
    let sources = fs::read_to_string(binary.with_extension("d")).unwrap_or_default();
    let sources = sources.split_once(": ").map_or("", |(_, sources)| sources);
    for source in sources.split_whitespace() {
        let changed = fs::metadata(source).and_then(|it| it.modified());
        let stale = changed.is_ok_and(|changed| changed > built);
        ensure!(
            !stale,
            "{} is older than {source}; {advice}",
            binary.display()
        );
    }
    Ok(binary)
}

/// The folder for what a test leaves to look at: logs and pictures.
pub fn artefacts() -> Result<PathBuf> {
    let target = programs()?
        .parent()
        .context("target/release")?
        .to_path_buf();
    let folder = target.join("guichet-tests");
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// The log of a process of this name.
pub fn log_file(name: &str) -> Result<PathBuf> {
    Ok(artefacts()?.join(format!("{name}.log")))
}

/// Runs one command to its end and returns the JSON lines it prints.
pub fn guichet(place: &Place, arguments: &[&str]) -> Result<Vec<Value>> {
    let mut command = place.command(binary()?);
    let output = command
        .arg("--json")
        .args(arguments)
        .stdin(Stdio::null())
        .output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("guichet {arguments:?}: {}: {}", output.status, said.trim());
    }
    let output = String::from_utf8_lossy(&output.stdout);
    output
        .lines()
        .map(|line| Ok(serde_json::from_str(line)?))
        .collect()
}

/// A process that prints JSON lines; killed when dropped.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    lines: Receiver<Value>,
    log: PathBuf,
}

impl Process {
    /// Starts `guichet --json` with these arguments. `name` is the name of its log.
    pub fn start(place: &Place, name: &str, arguments: &[&str]) -> Result<Self> {
        let mut command = place.command(binary()?);
        command.arg("--json").args(arguments);
        Self::spawn(command, name)
    }

    /// Starts any program that prints JSON lines.
    pub fn spawn(mut command: Command, name: &str) -> Result<Self> {
        let log = log_file(name)?;
        let errors = File::options().create(true).append(true).open(&log)?;
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(errors)
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {command:?}"))?;
        let output = child.stdout.take().context("a pipe was asked for")?;
        let (said, lines) = channel();
        std::thread::spawn(move || {
            let values = serde_json::Deserializer::from_reader(output).into_iter::<Value>();
            for value in values.map_while(Result::ok) {
                // The last one to listen may be gone; the pipe is emptied all the same.
                let _ = said.send(value);
            }
        });
        Ok(Self {
            name: name.to_string(),
            child,
            lines,
            log,
        })
    }

    /// The next line that it prints.
    pub fn line(&self, within: Duration) -> Result<Value> {
        self.lines.recv_timeout(within).map_err(|error| {
            let why = match error {
                RecvTimeoutError::Timeout => "says nothing",
                RecvTimeoutError::Disconnected => "ended",
            };
            anyhow::anyhow!(
                "{} {why}; {}:\n{}",
                self.name,
                self.log.display(),
                self.last_words()
            )
        })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has logged, and those before it under the same name.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Kills it as a power cut would, as far as the process can tell.
    pub fn kill(mut self) {
        self.end();
    }

    /// Asks it to stop as Ctrl-C does and returns how long that took.
    pub async fn stop(mut self, within: Duration) -> Result<Duration> {
        let begun = Instant::now();
        kill_process(self.kernel_pid()?, Signal::INT)?;
        while begun.elapsed() < within {
            if let Some(status) = self.child.try_wait()? {
                ensure!(
                    status.success(),
                    "{} ended with {status}\n{}",
                    self.name,
                    self.last_words()
                );
                return Ok(begun.elapsed());
            }
            tokio::time::sleep(LOOK_AGAIN_AFTER).await;
        }
        bail!(
            "{} goes on {within:?} after it was told to stop\n{}",
            self.name,
            self.last_words()
        )
    }

    /// Waits until it ends by itself and gives its exit status.
    pub async fn ended(&mut self, within: Duration) -> Result<ExitStatus> {
        let begun = Instant::now();
        while begun.elapsed() < within {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            tokio::time::sleep(LOOK_AGAIN_AFTER).await;
        }
        bail!("{} still runs after {within:?}", self.name)
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Its resident memory now, in bytes.
    pub fn resident_bytes(&self) -> Result<u64> {
        resident_bytes(self.pid())
    }

    fn last_words(&self) -> String {
        let log = self.log();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(12)..].join("\n")
    }

    fn kernel_pid(&self) -> Result<Pid> {
        Pid::from_raw(i32::try_from(self.pid())?).context("a process id")
    }

    fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// A node that runs in its data folder.
#[derive(Debug)]
pub struct Node {
    process: Process,
    place: Place,
    folder: PathBuf,
    /// Where its local pages are.
    pub address: SocketAddr,
    /// The address that opens a session, once.
    pub start_url: String,
}

impl Node {
    /// Starts `guichet run` and waits until its pages answer; it logs under `name`.
    pub async fn start(place: &Place, folder: &Path, name: &str) -> Result<Self> {
        Self::start_as(place.command(binary()?), place, folder, name).await
    }

    /// Starts a node by this command, which may be another program or find other things around it.
    pub async fn start_as(
        mut command: Command,
        place: &Place,
        folder: &Path,
        name: &str,
    ) -> Result<Self> {
        command.args(["--json", "run", "--dir"]).arg(folder);
        let process = Process::spawn(command, name)?;
        let ready = process.line(READY_WITHIN)?;
        let text = |key: &str| {
            ready[key]
                .as_str()
                .with_context(|| format!("{key} in {ready}"))
        };
        let address = text("address")?.parse()?;
        let start_url = text("start_url")?.to_string();
        let (place, folder) = (place.clone(), folder.to_path_buf());
        let node = Self {
            process,
            place,
            folder,
            address,
            start_url,
        };
        until_healthy(&node.place, address, READY_WITHIN).await?;
        Ok(node)
    }

    /// Mints another start URL, as `guichet open` does.
    pub fn open(&self) -> Result<String> {
        let dir = self.folder.to_string_lossy();
        let answer = guichet(&self.place, &["open", "--dir", &dir])?;
        let url = answer.first().and_then(|it| it["start_url"].as_str());
        Ok(url.context("a start URL")?.to_string())
    }

    /// Its local pages, with the token that gives a script every right.
    pub fn api(&self) -> Result<Api> {
        Api::new(&self.place, self.address).with_token_of(&self.folder)
    }

    /// Its local pages, without any credential.
    pub fn stranger(&self) -> Api {
        Api::new(&self.place, self.address)
    }

    /// Its data folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// What it has logged, and those before it under the same name.
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// Its process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// Kills it with signal 9.
    pub fn kill(self) {
        self.process.kill();
    }

    /// Stops it as Ctrl-C does and returns how long that took.
    pub async fn stop(self, within: Duration) -> Result<Duration> {
        self.process.stop(within).await
    }
}

/// The three nodes of `guichet demo`, by their start URLs.
#[derive(Debug)]
pub struct Demo {
    /// The parent process.
    pub process: Process,
    /// What it said when all three were ready.
    pub ready: Value,
}

impl Demo {
    /// Starts `guichet demo` on three ports and waits until it says that it is ready.
    pub fn start(folder: &Path, ports: [u16; 3], more: &[&str]) -> Result<Self> {
        let dir = folder.to_string_lossy();
        let ports = ports.map(|port| port.to_string()).join(",");
        let arguments = [&["demo", "--dir", &dir, "--ports", &ports][..], more].concat();
        let process = Process::start(&Place::here(), "demo", &arguments)?;
        let ready = process.line(READY_WITHIN)?;
        Ok(Self { process, ready })
    }

    /// The start URL of `kiosk`, `adviser` or `relay`.
    pub fn start_url(&self, node: &str) -> Result<&str> {
        self.ready[node]
            .as_str()
            .with_context(|| format!("{node} in {}", self.ready))
    }

    /// The process ids of the three nodes.
    pub fn children(&self) -> Vec<u32> {
        children(self.process.pid())
    }
}

/// Waits until `/healthz` answers with success.
pub async fn until_healthy(
    place: &Place,
    address: SocketAddr,
    within: Duration,
) -> Result<Duration> {
    let begun = Instant::now();
    let api = Api::new(place, address);
    loop {
        let last = match api.get("/healthz").await {
            Ok(answer) if answer.status == 200 => return Ok(begun.elapsed()),
            Ok(answer) => format!("status {}", answer.status),
            Err(error) => format!("{error:#}"),
        };
        ensure!(
            begun.elapsed() < within,
            "{address} is not healthy after {within:?}: {last}"
        );
        tokio::time::sleep(LOOK_AGAIN_AFTER).await;
    }
}

/// Three ports that are free now.
pub fn free_ports() -> Result<[u16; 3]> {
    let bind = |_| std::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0));
    let listeners = [0, 1, 2].map(bind);
    let mut ports = [0; 3];
    for (port, listener) in ports.iter_mut().zip(listeners) {
        *port = listener?.local_addr()?.port();
    }
    Ok(ports)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_are_read_and_the_end_is_seen() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo '{\"a\":1}'; echo last words >&2"]);
        let process = Process::spawn(command, "unit-lines").unwrap();
        assert_eq!(process.line(READY_WITHIN).unwrap()["a"], 1);
        let said = process.line(READY_WITHIN).unwrap_err().to_string();
        assert!(
            said.contains("ended") && said.contains("last words"),
            "{said}"
        );
    }

    #[tokio::test]
    async fn a_process_stops_or_is_killed() {
        let sleep = || {
            // A shell cannot trap what was ignored when it began, as it is in the background.
            let mut command = Command::new("env");
            command.args([
                "--default-signal=INT",
                "sh",
                "-c",
                "trap 'exit 0' INT; echo 1; while :; do sleep 0.05; done",
            ]);
            Process::spawn(command, "unit-stop").unwrap()
        };
        let process = sleep();
        process.line(READY_WITHIN).unwrap();
        assert!(process.resident_bytes().unwrap() > 100_000);
        process.stop(Duration::from_secs(5)).await.unwrap();

        let process = sleep();
        process.line(READY_WITHIN).unwrap();
        let pid = process.pid();
        assert!(runs(pid) && children(std::process::id()).contains(&pid));
        drop(process);
        assert!(!runs(pid));
    }
}
