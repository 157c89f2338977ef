//! The doctor, on real folders: all well, and each ill made real.

#[expect(dead_code, reason = "other tests of the program use more of it")]
mod command;

use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

fn guichet(args: &[&str], dir: &Path) -> Command {
    let mut command = command::guichet(args, dir);
    // No device but the one that a test lays out.
    command.env("CUPS_SERVER", dir.join("no-cups.sock"));
    command.env("SANE_CONFIG_DIR", dir.join("sane"));
    command
}

/// A network whose kiosk has a scanner of SANE's own and wants no printer.
struct Network {
    _folder: tempfile::TempDir,
    dir: PathBuf,
}

impl Network {
    fn new() -> Self {
        let (_folder, dir) = command::network(1, 1);
        let network = Self { _folder, dir };
        let kiosk = network.kiosk();
        let sane = kiosk.join("sane");
        std::fs::create_dir(&sane).expect("made");
        std::fs::write(sane.join("dll.conf"), "test\n").expect("written");
        std::fs::write(sane.join("test.conf"), "number_of_devices 1\n").expect("written");
        network.set("printer = \"none\"");
        network
    }

    fn kiosk(&self) -> PathBuf {
        self.dir.join("kiosk-1")
    }

    /// Adds a line to the kiosk's settings.
    fn set(&self, line: &str) {
        let file = self.kiosk().join("guichet.toml");
        let text = std::fs::read_to_string(&file).expect("made");
        std::fs::write(&file, format!("{line}\n{text}")).expect("written");
    }

    /// The port of this setting of the kiosk.
    fn port(&self, key: &str) -> u16 {
        let text = std::fs::read_to_string(self.kiosk().join("guichet.toml")).expect("made");
        let lines = text.lines();
        let mut values = lines.filter_map(|line| line.strip_prefix(&format!("{key} = ")));
        values.next().expect("set").parse().expect("a port")
    }

    fn run(&self, node: &str) -> Running {
        let mut process = guichet(&["run", "--json"], &self.dir.join(node))
            .stdout(Stdio::piped())
            .spawn()
            .expect("runs");
        let mut line = String::new();
        let mut said = BufReader::new(process.stdout.take().expect("a pipe"));
        said.read_line(&mut line).expect("said");
        assert!(line.contains("start_url"), "{line}");
        Running(process)
    }
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Report {
    output: Output,
    checks: Vec<Value>,
}

impl Report {
    fn of(dir: &Path) -> Self {
        let output = guichet(&["doctor", "--json"], dir).output().expect("runs");
        let said: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let checks = said["checks"].as_array().expect("a list").clone();
        Self { output, checks }
    }

    fn status(&self) -> Option<i32> {
        self.output.status.code()
    }

    /// The findings of this check must be of this verdict, and say this.
    #[track_caller]
    fn says(&self, check: &str, verdict: &str, found: &str) {
        let of_check = self.checks.iter().filter(|it| it["check"] == check);
        let fits = |it: &Value| {
            it["verdict"] == verdict && it["found"].as_str().is_some_and(|it| it.contains(found))
        };
        assert!(
            of_check.clone().any(fits),
            "{check} should be {verdict}, {found:?}: {:#?}",
            self.checks
        );
        let advised = of_check
            .into_iter()
            .all(|it| (it["verdict"] == "ok") ^ it["do"].is_string());
        assert!(advised, "what is not well has advice: {:#?}", self.checks);
    }

    fn ills(&self) -> Vec<&str> {
        let ill = self.checks.iter().filter(|it| it["verdict"] == "ill");
        ill.filter_map(|it| it["check"].as_str()).collect()
    }
}

#[test]
fn a_healthy_node_is_said_to_be_running_or_stopped() {
    let network = Network::new();
    let relay = network.run("relay");
    let stopped = Report::of(&network.kiosk());
    assert_eq!(stopped.status(), Some(0), "{:#?}", stopped.checks);
    stopped.says("node", "warn", "it is stopped");
    stopped.says("keys", "warn", "machine key");
    stopped.says("credential", "ok", "more days");
    stopped.says("clock", "ok", "after the credential");
    stopped.says("disk", "ok", "a write is durable after");
    for port in ["mesh", "porch"] {
        stopped.says(port, "ok", "is free");
    }
    for port in ["pages", "media"] {
        stopped.says(port, "ok", "any free port");
    }
    stopped.says("relay", "ok", "mesh");
    stopped.says("relay", "ok", "porch");
    stopped.says("scanner", "ok", "frontend-tester");
    stopped.says("printer", "ok", "none, by the settings");
    stopped.says("camera", "ok", "the browser's");

    let kiosk = network.run("kiosk-1");
    let running = Report::of(&network.kiosk());
    assert_eq!(running.status(), Some(0), "{:#?}", running.checks);
    running.says("node", "ok", "runs and answers");
    for port in ["pages", "mesh", "porch"] {
        running.says(port, "ok", "answers");
    }
    drop(kiosk);

    let text = guichet(&["doctor"], &network.kiosk())
        .output()
        .expect("runs");
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(text.contains("\nok    credential  valid for"), "{text}");
    assert!(text.contains("\nwarn  keys "), "{text}");
    assert!(text.contains("→ have systemd keep it"), "{text}");
    let relay_itself = Report::of(&network.dir.join("relay"));
    assert_eq!(relay_itself.ills(), [""; 0], "{:#?}", relay_itself.checks);
    drop(relay);
}

#[test]
fn a_relay_that_does_not_answer_is_told() {
    let network = Network::new();
    let report = Report::of(&network.kiosk());
    assert_eq!(report.status(), Some(1));
    assert_eq!(report.ills(), ["relay", "relay"]);
    report.says("relay", "ill", "does not answer");
    let said = String::from_utf8_lossy(&report.output.stderr);
    assert!(said.contains("something is ill"), "{said}");
}

#[test]
fn a_port_that_another_program_has_is_told() {
    let network = Network::new();
    let _relay = network.run("relay");
    let port = network.port("mesh_port");
    let other = TcpListener::bind(("127.0.0.1", port)).expect("free until now");
    let report = Report::of(&network.kiosk());
    assert_eq!(report.status(), Some(1));
    assert_eq!(report.ills(), ["mesh"]);
    report.says("mesh", "ill", "is taken by another program");
    drop(other);
    let other = UdpSocket::bind(("127.0.0.1", port)).expect("free until now");
    let report = Report::of(&network.kiosk());
    assert_eq!(report.status(), Some(0), "{:#?}", report.checks);
    report.says(
        "mesh",
        "warn",
        "(UDP) is taken by another program: TCP alone",
    );
    let kiosk = network.run("kiosk-1");
    Report::of(&network.kiosk()).says("mesh", "ok", "answers");
    drop((kiosk, other));

    // A port changed under a running node.
    let kiosk = network.run("kiosk-1");
    let file = network.kiosk().join("guichet.toml");
    let text = std::fs::read_to_string(&file).expect("made");
    let moved = text.replace(&format!("mesh_port = {port}"), "mesh_port = 1");
    std::fs::write(&file, moved).expect("written");
    let report = Report::of(&network.kiosk());
    assert_eq!(report.ills(), ["mesh"]);
    report.says("mesh", "ill", "the node runs and");
    drop(kiosk);
}

#[test]
fn a_key_that_others_can_read_or_that_is_gone_is_told() {
    let network = Network::new();
    let _relay = network.run("relay");
    let key = network.kiosk().join("keys/node.key");
    let mode = |mode| {
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode)).expect("chmod");
    };
    mode(0o644);
    let report = Report::of(&network.kiosk());
    assert_eq!((report.status(), report.ills()), (Some(1), vec!["keys"]));
    report.says("keys", "ill", "node.key has mode 0644");
    mode(0o600);
    let whole = std::fs::read(&key).expect("there");
    std::fs::write(&key, &whole[..whole.len() - 1]).expect("written");
    let report = Report::of(&network.kiosk());
    report.says("keys", "ill", "node.key");
    std::fs::remove_file(&key).expect("removed");
    Report::of(&network.kiosk()).says("keys", "ill", "node.key");

    std::fs::write(&key, &whole).expect("written");
    mode(0o600);
    std::fs::remove_file(network.kiosk().join("keys/machine.key")).expect("there");
    Report::of(&network.kiosk()).says("keys", "warn", "machine key that seals them is not in");
}

#[test]
fn what_the_node_was_born_with_and_what_it_keeps_is_looked_at() {
    let (network, other) = (Network::new(), Network::new());
    let _relay = network.run("relay");
    let kiosk = network.kiosk();
    let healthy = Report::of(&kiosk);
    healthy.says("network", "ok", "statements that its root vouches for");
    healthy.says("store", "ok", "none yet");

    let seed = kiosk.join("seed.cbor");
    let whole = std::fs::read(&seed).expect("there");
    let told = |found: &str| {
        let report = Report::of(&kiosk);
        assert_eq!(
            (report.status(), report.ills()),
            (Some(1), vec!["network"]),
            "{found}"
        );
        report.says("network", "ill", found);
        let run = guichet(&["run"], &kiosk).output().expect("runs");
        String::from_utf8_lossy(&run.stderr).into_owned()
    };
    std::fs::remove_file(&seed).expect("there");
    let said = told("seed.cbor: No such file");
    let once = said.matches("No such file").count();
    assert_eq!(once, 1, "{said}");
    assert!(said.contains("`guichet doctor --dir"), "{said}");
    std::fs::write(&seed, &whole[..whole.len() - 1]).expect("written");
    told("seed.cbor: ");
    std::fs::copy(other.kiosk().join("seed.cbor"), &seed).expect("copied");
    let report = Report::of(&kiosk);
    report.says("network", "ill", "is not of this node's network");
    std::fs::write(&seed, &whole).expect("written");

    let keys = kiosk.join("keys");
    std::fs::rename(&keys, kiosk.join("own")).expect("moved");
    let lent = Command::new("cp")
        .args(["-r", "--preserve=mode"])
        .arg(other.kiosk().join("keys"))
        .arg(&keys)
        .status();
    assert!(lent.expect("runs").success());
    let report = Report::of(&kiosk);
    assert_eq!(report.ills(), ["keys"]);
    report.says("keys", "ill", "another node's than the credential's");
    std::fs::remove_dir_all(&keys).expect("removed");
    std::fs::rename(kiosk.join("own"), &keys).expect("moved");

    std::fs::write(kiosk.join("store"), "").expect("written");
    let report = Report::of(&kiosk);
    assert_eq!(report.ills(), ["store"]);
    report.says("store", "ill", "store is not a folder");
    std::fs::remove_file(kiosk.join("store")).expect("removed");
    drop(network.run("kiosk-1"));
    Report::of(&kiosk).says("store", "ok", "there");
}

#[test]
fn a_folder_that_is_none_and_settings_that_are_wrong_are_told() {
    let network = Network::new();
    let report = Report::of(&network.dir);
    assert_eq!(report.status(), Some(1));
    report.says("folder", "ill", "network folder");
    network.set("prot = 1");
    Report::of(&network.kiosk()).says("settings", "ill", "`prot`");
    let unknown = guichet(&["doctor", "--all"], &network.kiosk()).output();
    assert_eq!(unknown.expect("runs").status.code(), Some(2));
}

#[test]
fn a_device_that_is_not_there_is_a_warning() {
    let network = Network::new();
    let _relay = network.run("relay");
    std::fs::write(network.kiosk().join("sane/dll.conf"), "\n").expect("written");
    let file = network.kiosk().join("guichet.toml");
    let text = std::fs::read_to_string(&file).expect("made");
    std::fs::write(&file, text.replace("printer = \"none\"\n", "")).expect("written");
    let report = Report::of(&network.kiosk());
    assert_eq!(report.status(), Some(0), "{:#?}", report.checks);
    report.says("scanner", "warn", "none is there");
    report.says("printer", "warn", "none is there");
}

#[test]
fn a_mode_that_the_scanner_does_not_have_is_a_warning() {
    let network = Network::new();
    let file = network.kiosk().join("guichet.toml");
    let text = std::fs::read_to_string(&file).expect("made");
    let lines = text.lines().filter(|line| !line.starts_with("scan_mode"));
    let others: Vec<_> = lines.collect();
    for (mode, verdict, found) in [
        ("Sepia", "warn", "no mode \"Sepia\", its modes: Gray, Color"),
        ("gray", "ok", "\"Gray\", which is used"),
        ("", "ok", "frontend-tester"),
    ] {
        let text = format!("scan_mode = \"{mode}\"\n{}\n", others.join("\n"));
        std::fs::write(&file, text).expect("written");
        Report::of(&network.kiosk()).says("scanner", verdict, found);
    }
}

#[test]
fn a_folder_of_another_user_is_no_strange_folder() {
    let network = Network::new();
    let kiosk = network.kiosk();
    drop(network.run("kiosk-1"));
    // Somebody else than root, or than who has closed the folder to themselves.
    let open_to_pass = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(network._folder.path(), open_to_pass).expect("chmod");
    let program = network.dir.join("guichet");
    std::fs::copy(env!("CARGO_BIN_EXE_guichet"), &program).expect("copied");
    let root = rustix::process::geteuid().is_root();
    let as_other = |args: &[&str]| {
        let mut command = Command::new(&program);
        command.args(args).arg("--dir").arg(&kiosk);
        if root {
            command.uid(65_534).gid(65_534);
        }
        command.output().expect("runs")
    };
    let mode = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("chmod");
    };
    mode(&kiosk, if root { 0o700 } else { 0o000 });
    for command in ["status", "run"] {
        let said = as_other(&[command]);
        let said = String::from_utf8_lossy(&said.stderr).into_owned();
        assert!(said.contains("Permission denied"), "{said}");
        assert!(!said.contains("is not a folder of guichet"), "{said}");
    }
    let said = as_other(&["doctor"]);
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(
        said.contains("the user whom the folder belongs to"),
        "{said}"
    );

    mode(&kiosk, 0o755);
    mode(&kiosk.join("keys"), 0o755);
    let journal = kiosk.join("store/journal/00000001.journal");
    mode(&kiosk.join("store"), 0o777);
    mode(&kiosk.join("store/journal"), 0o777);
    mode(&kiosk.join("store/pages"), 0o777);
    mode(&journal, if root { 0o600 } else { 0o000 });
    let said = as_other(&["doctor"]);
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let told = said.lines().find(|line| line.contains("ILL   store"));
    let told = told.unwrap_or_else(|| panic!("not told: {said}"));
    assert!(told.contains("00000001.journal may not be read"), "{told}");
}
