//! The program from outside: what it is asked, what it makes, what it refuses.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A command about a folder.
pub fn guichet(args: &[&str], dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guichet"));
    command.args(args).arg("--dir").arg(dir);
    command.env("GUICHET_LOG", "error");
    command.env_remove("SSLKEYLOGFILE");
    command
}

/// The same, carried out.
pub fn done(args: &[&str], dir: &Path) -> Output {
    guichet(args, dir).output().expect("runs")
}

/// A network with so many nodes, and a folder that lasts as long as it is held.
pub fn network(kiosks: u16, stations: u16) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path().join("network");
    let (kiosks, stations) = (kiosks.to_string(), stations.to_string());
    let counts = ["--kiosks", &kiosks, "--stations", &stations];
    let made = done(
        &[&["network", "init", "--json"][..], &counts].concat(),
        &dir,
    );
    assert!(made.status.success(), "{made:?}");
    let answer: Value = serde_json::from_slice(&made.stdout).expect("JSON");
    for node in answer["nodes"].as_array().expect("a list") {
        assert!(dir.join(node.as_str().expect("text")).is_dir(), "{node}");
    }
    (folder, dir)
}

/// It has refused in one line that says all of this.
pub fn refused(output: &Output, status: i32, expected: &[&str]) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{said}");
    assert_eq!(said.trim_end().lines().count(), 1, "one line: {said}");
    for part in expected {
        assert!(said.contains(part), "{said:?} lacks {part:?}");
    }
}
