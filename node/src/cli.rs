//! The command line: what a person or a script says to the program, and what it answers.
//!
//! Human text by default, JSON on demand (one object a line); exit status 0, 1 (failed) or 2 (not
//! understood). An error is one line on standard error that says what was wrong, with what value,
//! and what to do. `run` is the node itself; `open`, `status` and `case` speak to a running node
//! through its local pages ([`loopback`]); `doctor` looks at what a node needs from outside.

pub mod doctor;
pub mod loopback;
pub mod say;

use std::ffi::OsString;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use serde_json::json;
use tokio::sync::oneshot;

use crate::folder::FolderError;
use crate::log::Thrifty;
use crate::stop::{ControlPipe, Stop};
use crate::{Parts, app, clock, demo, folder, memory, network, owners, render};
pub use say::Voice;

/// How long work in the background (a passphrase being judged, a name being looked up) may go on
/// once the node has stopped.
const LAST_WORK_MAX: Duration = Duration::from_millis(500);

#[derive(Parser)]
#[command(
    name = "guichet",
    version,
    about = "A public-service counter at a distance: kiosk, adviser's station and relay"
)]
struct Line {
    /// Answer in JSON, one object a line
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a whole network on this machine: one kiosk, one station, one relay
    Demo(Demo),
    /// Make a network
    Network {
        #[command(subcommand)]
        command: NetworkCommand,
    },
    /// Run the node of a data folder
    Run(Run),
    /// Print a new start URL of the running node
    Open(Node),
    /// Say how the running node is
    Status(Node),
    /// Check what the node needs: keys, credential, disk, clock, ports, relays, devices
    Doctor(Node),
    /// Look at cases on the running node
    Case {
        #[command(subcommand)]
        command: CaseCommand,
    },
    /// Draw one page of the document on standard input
    #[command(hide = true)]
    Render(render::Drawing),
}

#[derive(Args)]
struct Demo {
    /// Folder of the demo network
    #[arg(long, default_value = "guichet-demo")]
    dir: PathBuf,
    /// Delete the demo network in the folder and start over
    #[arg(long)]
    fresh: bool,
    /// Ports of the local pages of the kiosk, the station and the relay
    #[arg(long, value_name = "A,B,C", default_value = "7001,7002,7003")]
    ports: demo::Ports,
}

#[derive(Subcommand)]
enum NetworkCommand {
    /// Make keys, statements and a ready data folder for every node of a network
    Init(Init),
}

#[derive(Args)]
struct Init {
    /// How many kiosks
    #[arg(long)]
    kiosks: u16,
    /// How many stations
    #[arg(long)]
    stations: u16,
    /// How many relays; each also admits kiosks
    #[arg(long, default_value_t = 1)]
    relays: u16,
    /// Address on which every node listens for the others
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,
    /// Folder to make
    #[arg(long, default_value = "guichet-network")]
    dir: PathBuf,
}

#[derive(Args)]
struct Run {
    /// Data folder of the node
    #[arg(long)]
    dir: PathBuf,
    /// Port of the local pages, instead of the one in guichet.toml
    #[arg(long)]
    port: Option<u16>,
    /// Stop when standard input closes
    #[arg(long, hide = true)]
    until_stdin_closes: bool,
}

#[derive(Args)]
struct Node {
    /// Data folder of the node
    #[arg(long)]
    dir: PathBuf,
}

#[derive(Subcommand)]
enum CaseCommand {
    /// List the cases that this node can read now
    List(Node),
    /// Show one case
    Show {
        /// Tag of the case, 32 hexadecimal digits
        tag: String,
        #[command(flatten)]
        node: Node,
    },
}

/// Runs the command line `args` and returns its exit status.
pub fn run(args: impl IntoIterator<Item = OsString>, parts: Parts) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let json = args.iter().any(|arg| arg == "--json");
    let voice = Voice::new(json);
    let line = match Line::try_parse_from(args) {
        Ok(line) => line,
        Err(error) if error.use_stderr() => {
            voice.fail(&say::one_line(&error));
            return ExitCode::from(2);
        }
        Err(asked) => return ended(voice.text(&asked.to_string()), voice),
    };
    if let Command::Render(drawing) = line.command {
        return render::child(drawing);
    }
    ended(obey(line.command, voice, parts), voice)
}

fn ended(done: anyhow::Result<()>, voice: Voice) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            voice.fail(&say::reasons(&error));
            ExitCode::FAILURE
        }
    }
}

fn obey(command: Command, voice: Voice, parts: Parts) -> anyhow::Result<()> {
    if std::env::var_os("SSLKEYLOGFILE").is_some() {
        anyhow::bail!(
            "SSLKEYLOGFILE is set, so that session keys would be written to a file; unset it"
        );
    }
    match command {
        Command::Demo(Demo { dir, fresh, ports }) => {
            live(demo::run(&dir, start_over(fresh), ports, voice))
        }
        Command::Network {
            command: NetworkCommand::Init(init),
        } => make_network(&init, voice),
        Command::Run(run) => run_node(&run, voice, parts),
        Command::Open(Node { dir }) => {
            let answer = runtime()?.block_on(loopback::post(&dir, "/open"))?;
            let url = answer["start_url"].as_str().unwrap_or_default();
            voice.answer(&answer, url)
        }
        Command::Status(Node { dir }) => show(&dir, "/status", voice),
        Command::Doctor(Node { dir }) => examine(&dir, voice),
        Command::Case { command } => match command {
            CaseCommand::List(Node { dir }) => {
                let answer = runtime()?
                    .block_on(loopback::get(&dir, "/cases"))
                    .map_err(|error| why_no_cases(error, &dir))?;
                voice.answer(&answer, &say::cases(&answer))
            }
            CaseCommand::Show { tag, node } => {
                let tag: String = checked_tag(&tag)?;
                show(&node.dir, &format!("/cases/{tag}"), voice)
            }
        },
        Command::Render(_) => unreachable!("drawn before anything else"),
    }
}

/// A relay opens no cases, and a station none while nobody has unlocked it.
fn why_no_cases(error: loopback::AskError, dir: &Path) -> anyhow::Error {
    let advice = match &error {
        loopback::AskError::Refused { status: 404, .. } => {
            "; a relay opens no cases, ask a kiosk or a station".to_owned()
        }
        loopback::AskError::Refused { status: 403, .. } => {
            format!(
                "; unlock it on its page: guichet open --dir {}",
                dir.display()
            )
        }
        loopback::AskError::Refused { .. }
        | loopback::AskError::NotRunning { .. }
        | loopback::AskError::Marker(_)
        | loopback::AskError::Folder(_)
        | loopback::AskError::Broken { .. }
        | loopback::AskError::NotUnderstood { .. } => String::new(),
    };
    anyhow::anyhow!("{error}{advice}")
}

fn start_over(fresh: bool) -> demo::Folder {
    if fresh {
        demo::Folder::StartOver
    } else {
        demo::Folder::Keep
    }
}

fn checked_tag(tag: &str) -> anyhow::Result<String> {
    let right = tag.len() == 32 && tag.bytes().all(|byte| byte.is_ascii_hexdigit());
    anyhow::ensure!(
        right,
        "`{tag}` is not a case tag (32 hexadecimal digits); `guichet case list` names them"
    );
    Ok(tag.to_ascii_lowercase())
}

fn make_network(init: &Init, voice: Voice) -> anyhow::Result<()> {
    let plan = network::Plan {
        kiosks: init.kiosks,
        stations: init.stations,
        relays: init.relays,
        host: init.host,
    };
    let kind = folder::marker::Kind::Network;
    let made = network::init(&init.dir, kind, &plan, &network::Catalogue::of_demo())?;
    let passphrases = init.dir.join(network::PASSPHRASES);
    let authority = init.dir.join(network::authority::FOLDER);
    let said = voice.answer(
        &json!({ "dir": shown(&init.dir), "nodes": made.nodes, "root": made.root.to_string(),
                 "passphrases": shown(&passphrases), "authority": shown(&authority) }),
        &format!(
            "Network {} in {}: {}\n\
             Hand each adviser their line of {} and delete it; take {} offline.",
            made.root,
            init.dir.display(),
            made.nodes.join(", "),
            passphrases.display(),
            authority.display()
        ),
    );
    said.with_context(|| format!("the network is in {}", init.dir.display()))
}

/// A path in JSON: where it is no text, the signs that are none are replaced.
fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn run_node(run: &Run, voice: Voice, parts: Parts) -> anyhow::Result<()> {
    let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    let mut opened =
        folder::open(&run.dir, credentials.as_deref()).map_err(|error| advised(error, &run.dir))?;
    if let Some(port) = run.port {
        opened.config.port = port;
    }
    start_log(&opened.config.log)?;
    clock::show_in(opened.config.zone());
    match memory::keep().context("cannot forbid core files")? {
        memory::Swapped::Never => {}
        memory::Swapped::Perhaps => {
            tracing::info!("memory may be swapped out; see `guichet doctor`")
        }
    }
    owners::note_panics();
    let control_pipe = if run.until_stdin_closes {
        ControlPipe::StandardInput
    } else {
        ControlPipe::None
    };
    live(async move {
        let stop = Stop::listen(control_pipe).context("cannot listen for signals")?;
        let (ready, started) = oneshot::channel();
        tokio::spawn(async move {
            if let Ok(ready) = started.await {
                let ready: app::Ready = ready;
                voice.tell(&json!(ready), &ready.start_url);
            }
        });
        app::run(opened, parts, stop, ready).await
    })
}

/// What ails a folder, and who says what to do about it.
fn advised(error: FolderError, dir: &Path) -> anyhow::Error {
    let advice = match &error {
        // They say it themselves.
        FolderError::Marker(_) | FolderError::Config(_) => String::new(),
        FolderError::Keys(_)
        | FolderError::File(_)
        | FolderError::Frame { .. }
        | FolderError::NoCredential { .. }
        | FolderError::Chain { .. }
        | FolderError::OtherNode { .. }
        | FolderError::OtherNetwork { .. }
        | FolderError::Statement { .. } => {
            format!("; `guichet doctor --dir {}` says what to do", dir.display())
        }
    };
    anyhow::anyhow!("{error}{advice}")
}

fn start_log(filter: &str) -> anyhow::Result<()> {
    let asked = std::env::var("GUICHET_LOG").unwrap_or_else(|_| filter.to_owned());
    let filter = tracing_subscriber::EnvFilter::try_new(&asked).map_err(|_| {
        anyhow::anyhow!("GUICHET_LOG is `{asked}`, which is not a log filter; try `info`")
    })?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(Thrifty::new(std::io::stderr))
        .with_ansi(false)
        .log_internal_errors(false)
        .init();
    Ok(())
}

fn show(dir: &Path, path: &str, voice: Voice) -> anyhow::Result<()> {
    let answer = runtime()?.block_on(loopback::get(dir, path))?;
    voice.answer(&answer, &say::outline(&answer))
}

fn examine(dir: &Path, voice: Voice) -> anyhow::Result<()> {
    let findings = runtime()?.block_on(doctor::examine(dir));
    voice.answer(
        &doctor::as_json(dir, &findings),
        &doctor::as_text(&findings),
    )?;
    let worst = doctor::worst(&findings);
    anyhow::ensure!(
        worst < doctor::Verdict::Ill,
        "something is ill; what to do is said beside it"
    );
    Ok(())
}

/// Runs something to its end; a panic is an error like others, and what still goes on in the
/// background is not waited for.
fn live(run: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let runtime = runtime()?;
    let ended = catch_unwind(AssertUnwindSafe(|| runtime.block_on(run)));
    runtime.shutdown_timeout(LAST_WORK_MAX);
    ended.unwrap_or_else(|_| {
        anyhow::bail!("the event loop panicked at {}", owners::panicked_at());
    })
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the worker threads")
}
