//! `guichet doctor`: everything on this machine that a node needs, looked at from outside.
//!
//! Each check says what it found and, unless all is well, what to do; none changes anything. They
//! work with the node running or stopped, and say which. What runs holds its ports and answers;
//! what is stopped must find them free. A check that cannot be made because of another one's ill
//! is left out: the first ill is the one to cure.

mod own;
mod reach;

use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};

use super::loopback;
use crate::clock;
use crate::config::Config;
use crate::devices::{ModeFit, Printer, PrinterState, Scanner, ScannerState};
use crate::folder::marker::MarkerError;
use crate::folder::{self, marker};
use crate::render::{self, Drawing, Renderer, Walls};
use guichet_keys::{Credential, Role};

/// A PNG of one grey dot.
const DOT: &[u8] = include_bytes!("doctor/dot.png");

/// How well something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// It works, and somebody should know.
    Warn,
    /// It does not work, or soon will not.
    Ill,
}

/// What one check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at, one word.
    pub check: &'static str,
    /// How well it is.
    pub verdict: Verdict,
    /// What was found, one sentence.
    pub found: String,
    /// What to do.
    #[serde(rename = "do", skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self {
            check,
            verdict: Verdict::Ok,
            found: found.into(),
            advice: None,
        }
    }

    fn warn(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Warn,
            advice: Some(advice.into()),
            ..Self::ok(check, found)
        }
    }

    fn ill(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Ill,
            ..Self::warn(check, found, advice)
        }
    }
}

/// Whether the node of a folder runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Process {
    Running,
    Stopped,
}

/// Looks at all that the node of `dir` needs.
pub async fn examine(dir: &Path) -> Vec<Finding> {
    let process = match marker::is_held(dir, marker::Kind::Node) {
        Ok(true) => Process::Running,
        Ok(false) => Process::Stopped,
        Err(error) => {
            let advice = match &error {
                MarkerError::Io { .. } => "run it as the user whom the folder belongs to",
                MarkerError::NotOurs { .. }
                | MarkerError::OtherKind { .. }
                | MarkerError::OtherVersion { .. }
                | MarkerError::InUse { .. } => {
                    "name a node's data folder with --dir; `guichet network init` makes them"
                }
            };
            return vec![Finding::ill("folder", error.to_string(), advice)];
        }
    };
    let (config, credential) = match known(dir) {
        Ok(known) => known,
        Err(ill) => return vec![ill],
    };
    let role = credential.role;
    let found = format!("{}, data of {}", dir.display(), credential.name);
    let mut findings = vec![Finding::ok("folder", found), state(dir, process).await];
    findings.push(own::keys(dir, &credential));
    findings.push(own::network(dir));
    findings.push(own::credential(&credential, clock::wall_s()));
    findings.push(own::clock(&credential, clock::wall_s(), &config.zone()));
    findings.push(own::store(dir));
    findings.push(own::disk(dir));
    findings.push(own::memory());
    findings.extend(renderer(role).await);
    findings.extend(reach::ports(dir, &config, role, process));
    findings.extend(reach::relays(&config, role).await);
    findings.extend(devices(&config, role).await);
    findings
}

/// The findings as JSON: the worst verdict, and each check.
pub fn as_json(dir: &Path, findings: &[Finding]) -> Value {
    json!({ "dir": dir.display().to_string(), "verdict": worst(findings), "checks": findings })
}

/// The findings for people, one a line, each with what to do below it.
pub fn as_text(findings: &[Finding]) -> String {
    let mut lines = Vec::new();
    for finding in findings {
        let verdict = match finding.verdict {
            Verdict::Ok => "ok",
            Verdict::Warn => "warn",
            Verdict::Ill => "ILL",
        };
        lines.push(format!(
            "{verdict:4}  {:10}  {}",
            finding.check, finding.found
        ));
        if let Some(advice) = &finding.advice {
            lines.push(format!("{:18}→ {advice}", ""));
        }
    }
    lines.join("\n")
}

/// The worst of them.
pub fn worst(findings: &[Finding]) -> Verdict {
    let verdicts = findings.iter().map(|finding| finding.verdict);
    verdicts.max().unwrap_or(Verdict::Ok)
}

fn known(dir: &Path) -> Result<(Config, Credential), Finding> {
    let config = Config::read(dir).map_err(|error| {
        let advice = "correct it; a setting that is left out has a default that works";
        Finding::ill("settings", error.to_string(), advice)
    })?;
    let credentials = folder::credentials(dir).map_err(|error| {
        let advice = "put identity.cbor back from a copy, or have the node certified anew";
        Finding::ill("credential", error.to_string(), advice)
    })?;
    let shown = credentials.into_iter().next().ok_or_else(|| {
        let found = "no credential in the folder";
        Finding::ill("credential", found, "have the node certified anew")
    })?;
    Ok((config, shown))
}

/// What the node says of itself, if it runs.
async fn state(dir: &Path, process: Process) -> Finding {
    if process == Process::Stopped {
        let advice = format!("start it with: guichet run --dir {}", dir.display());
        return Finding::warn("node", "it is stopped", advice);
    }
    let status = match loopback::get(dir, "/status").await {
        Ok(status) => status,
        Err(error) => {
            let found = format!("it runs and does not answer: {error}");
            return Finding::ill("node", found, "look at its log, then restart it");
        }
    };
    let ills = status["ills"].as_array().map_or(&[][..], Vec::as_slice);
    // How its keys are sealed has a check of its own.
    let kinds = ills.iter().filter_map(|ill| ill["ill"].as_str());
    let kinds: Vec<&str> = kinds.filter(|kind| *kind != "keys-in-file").collect();
    if kinds.is_empty() {
        return Finding::ok("node", "it runs and answers");
    }
    let found = format!("it runs and reports: {}", kinds.join(", "));
    let advice = format!("see: guichet status --dir {}", dir.display());
    Finding::warn("node", found, advice)
}

/// The child that draws what anybody may have sent: it draws, and it is confined.
async fn renderer(role: Role) -> Option<Finding> {
    let check = "renderer";
    if role == Role::Relay {
        return None;
    }
    let advice = "see that this kernel has seccomp and that nothing kills `guichet render`";
    let drawn = Renderer::new().draw(DOT, Drawing::of_page(1)).await;
    Some(match (drawn, render::walls()) {
        (Err(error), _) => Finding::ill(check, error.to_string(), advice),
        (Ok(_), Ok(Walls::Both)) => {
            Finding::ok(check, "it draws, confined by landlock and seccomp")
        }
        (Ok(_), Ok(Walls::Seccomp)) => Finding::warn(
            check,
            "it draws, confined by seccomp alone: this kernel has no landlock",
            "boot a kernel of 5.13 or newer with landlock in its `lsm=`",
        ),
        (Ok(_), Err(error)) => Finding::ill(check, error.to_string(), advice),
    })
}

/// Scanner and printer belong to a kiosk; camera and microphone to its browser.
async fn devices(config: &Config, role: Role) -> Vec<Finding> {
    if role == Role::Relay {
        return Vec::new();
    }
    let browser = "the browser's: allowed, tried and chosen on the page, not looked at here";
    let mut findings = vec![Finding::ok("camera", browser)];
    if role == Role::Kiosk {
        let (scanner, printer) = (
            Scanner::new(config.scanner()),
            Printer::new(config.printer()),
        );
        let (found, printer) = tokio::join!(scanner.state(), printer.state());
        let mode = match &found {
            ScannerState::Ready { .. } => scanner.mode_fit().await,
            ScannerState::Off
            | ScannerState::Absent
            | ScannerState::Scanning
            | ScannerState::Ill { .. } => None,
        };
        findings.extend([
            scanner_is(found, mode, &config.scan_mode),
            printer_is(printer),
        ]);
    }
    findings
}

fn scanner_is(state: ScannerState, mode: Option<ModeFit>, set: &str) -> Finding {
    let check = "scanner";
    match state {
        ScannerState::Ready { name } => match mode {
            None | Some(ModeFit::AsSet) => Finding::ok(check, name),
            Some(ModeFit::Instead(mode)) => {
                let found = format!("{name}; it calls the mode {set:?} {mode:?}, which is used");
                Finding::ok(check, found)
            }
            Some(ModeFit::Unknown(modes)) => {
                let modes = match modes.is_empty() {
                    true => "none to choose".to_owned(),
                    false => modes.join(", "),
                };
                let found = format!("{name} has no mode {set:?}, its modes: {modes}");
                let advice = "set scan_mode to one of its modes, or to \"\" to leave it to it";
                Finding::warn(check, found, advice)
            }
        },
        ScannerState::Scanning => Finding::ok(check, "it scans"),
        ScannerState::Off => Finding::ok(check, "none, by the settings"),
        ScannerState::Absent => Finding::warn(
            check,
            "none is there",
            "switch it on and see `scanimage -L` (package sane-utils), or set scanner = \"none\"",
        ),
        ScannerState::Ill { said } => {
            Finding::ill(check, said, "see what `scanimage -L` says as the same user")
        }
    }
}

fn printer_is(state: PrinterState) -> Finding {
    let check = "printer";
    match state {
        PrinterState::Ready { name } => Finding::ok(check, name),
        PrinterState::Off => Finding::ok(check, "none, by the settings"),
        PrinterState::Absent => Finding::warn(
            check,
            "none is there",
            "make a queue (see lpadmin, package cups), name it as `printer` if there are several, \
             or set printer = \"none\"",
        ),
        PrinterState::Waiting { name, trouble } => {
            let trouble = json!(trouble);
            let found = format!("{name} waits: {}", trouble.as_str().unwrap_or_default());
            Finding::ill(check, found, "help it along; `lpstat -p` says more")
        }
        PrinterState::Ill { said } => Finding::ill(check, said, "see what `lpstat -t` says"),
    }
}
