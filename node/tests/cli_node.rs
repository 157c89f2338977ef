//! A running node from outside: start, ask, stop.

mod command;

use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use command::{done, guichet, network, refused};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

const RUN: [&str; 4] = ["run", "--json", "--port", "0"];
const STOP_WITHIN: Duration = Duration::from_secs(5);

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).expect("text")
}

fn json(output: &Output) -> Value {
    serde_json::from_str(&text(output)).expect("JSON")
}

struct Node {
    process: Child,
    dir: PathBuf,
    start_url: String,
}

impl Node {
    fn start(dir: &Path) -> Self {
        Self::started(guichet(&RUN, dir), dir)
    }

    fn started(mut command: Command, dir: &Path) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().expect("runs");
        // Nobody reads a log that was piped to us.
        drop(process.stderr.take());
        let mut line = String::new();
        let mut said = BufReader::new(process.stdout.take().expect("a pipe"));
        said.read_line(&mut line).expect("said");
        let ready: Value = serde_json::from_str(&line).expect("JSON");
        let start_url = ready["start_url"].as_str().expect("a URL").to_owned();
        let address = ready["address"].as_str().expect("an address");
        assert!(start_url.starts_with(&format!("http://{address}/")));
        Self {
            process,
            dir: dir.to_owned(),
            start_url,
        }
    }

    fn stop(mut self) {
        let pid = i32::try_from(self.process.id()).expect("a pid");
        kill_process(Pid::from_raw(pid).expect("a pid"), Signal::TERM).expect("alive");
        let began = Instant::now();
        let status = self.process.wait().expect("waited");
        assert!(status.success(), "{status}");
        assert!(began.elapsed() < STOP_WITHIN, "{:?}", began.elapsed());
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_running_node_is_asked_through_its_folder() {
    let (_folder, dir) = network(1, 1);
    let kiosk = Node::start(&dir.join("kiosk-1"));

    let opened = json(&done(&["open", "--json"], &kiosk.dir));
    let url = opened["start_url"].as_str().expect("a URL");
    assert_ne!(url, kiosk.start_url, "a start URL serves once");
    let opened = text(&done(&["open"], &kiosk.dir));
    assert!(opened.starts_with("http://127.0.0.1:"), "{opened}");

    let status = json(&done(&["status", "--json"], &kiosk.dir));
    assert_eq!(status["role"], "kiosk", "{status}");
    let status = text(&done(&["status"], &kiosk.dir));
    assert!(status.contains("role: kiosk"), "{status}");

    let unknown = "0".repeat(32);
    let output = done(&["case", "show", &unknown], &kiosk.dir);
    refused(&output, 1, &["the node refused", "HTTP 404"]);

    let token = kiosk.dir.join("api-token");
    let genuine = std::fs::read_to_string(&token).expect("a token");
    std::fs::write(&token, "0".repeat(64)).expect("written");
    refused(&done(&["status"], &kiosk.dir), 1, &["the node refused"]);
    std::fs::write(&token, genuine).expect("written");

    let second = done(&["run"], &kiosk.dir);
    refused(&second, 1, &["another guichet is running in", "kiosk-1"]);

    let list = |node: &Node| done(&["case", "list"], &node.dir);
    let relay = Node::start(&dir.join("relay"));
    refused(&list(&relay), 1, &["HTTP 404", "ask a kiosk or a station"]);
    let station = Node::start(&dir.join("station-1"));
    refused(&list(&station), 1, &["locked", "guichet open --dir"]);
    drop((relay, station));

    let dir = kiosk.dir.clone();
    kiosk.stop();
    refused(&done(&["status"], &dir), 1, &["no node is running"]);
    let again = Node::start(&dir);
    assert_eq!(json(&done(&["status", "--json"], &dir))["role"], "kiosk");
    again.stop();
}

#[test]
fn who_has_no_place_to_listen_at_is_told_why_and_which_setting_decides() {
    let (_folder, dir) = network(1, 0);
    let kiosk = dir.join("kiosk-1");
    let settings = kiosk.join("guichet.toml");
    let whole = std::fs::read_to_string(&settings).expect("made");
    let set = |key: &str, value: &str| {
        let others = whole.lines().filter(|line| !line.starts_with(key));
        let others: Vec<_> = others.collect();
        let text = format!("{key} = {value}\n{}\n", others.join("\n"));
        std::fs::write(&settings, text).expect("written");
    };
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("bound").port().to_string();
    for key in ["port", "mesh_port", "porch_port"] {
        set(key, &port);
        let reason = ["Address already in use", "guichet.toml", key];
        refused(&done(&["run"], &kiosk), 1, &reason);
    }
    let noise = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let port = noise.local_addr().expect("bound").port().to_string();
    set("media_port", &port);
    let reason = ["Address already in use", "guichet.toml", "media_port"];
    refused(&done(&["run"], &kiosk), 1, &reason);
    set("mesh_host", "\"192.0.2.1\"");
    let reason = [
        "Cannot assign requested address",
        "guichet.toml",
        "mesh_host",
    ];
    refused(&done(&["run"], &kiosk), 1, &reason);
}

#[test]
fn a_udp_port_that_another_program_has_is_named_in_the_log_with_the_reason() {
    let (_folder, dir) = network(1, 0);
    let kiosk = dir.join("kiosk-1");
    let text = std::fs::read_to_string(kiosk.join("guichet.toml")).expect("made");
    let port = text
        .lines()
        .find_map(|line| line.strip_prefix("mesh_port = "));
    let port: u16 = port.expect("set").parse().expect("a port");
    let _noise = UdpSocket::bind(("127.0.0.1", port)).expect("free until now");
    let mut process = guichet(&["run"], &kiosk)
        .env("GUICHET_LOG", "warn")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("runs");
    let mut line = String::new();
    let mut said = BufReader::new(process.stdout.take().expect("a pipe"));
    said.read_line(&mut line).expect("said");
    process.kill().expect("alive");
    let ended = process.wait_with_output().expect("ended");
    let log = String::from_utf8_lossy(&ended.stderr);
    assert!(line.starts_with("http://"), "TCP remains: {line}{log}");
    let told = log.lines().find(|line| line.contains("no QUIC there"));
    let told = told.unwrap_or_else(|| panic!("not said: {log}"));
    assert!(told.contains("Address already in use"), "{told}");
    assert!(told.contains(&port.to_string()), "{told}");
}

#[test]
fn nothing_ends_because_what_it_says_cannot_be_written() {
    let full = || -> Stdio {
        let file = std::fs::File::options().write(true).open("/dev/full");
        file.expect("a device").into()
    };
    let (_folder, dir) = network(1, 0);
    let kiosk = dir.join("kiosk-1");
    for (line, code) in [("status", 1), ("no-command", 2)] {
        let mut failing = guichet(&[line], &kiosk);
        let ended = failing.stderr(full()).status().expect("runs");
        assert_eq!(ended.code(), Some(code), "{line}");
    }
    for stderr in [full, Stdio::piped] {
        let mut run = guichet(&RUN, &kiosk);
        run.env("GUICHET_LOG", "trace").stderr(stderr());
        let node = Node::started(run, &kiosk);
        for _second in 0..3 {
            let status = json(&done(&["status", "--json"], &kiosk));
            assert_eq!(status["role"], "kiosk");
            std::thread::sleep(Duration::from_millis(500));
        }
        node.stop();
    }
}

/// `/dev/full` takes nothing, as a full disk.
#[test]
fn an_answer_that_cannot_be_written_is_no_success() {
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path().join("network");
    let full = || std::fs::File::create("/dev/full").expect("a full disk");
    let init = ["network", "init", "--kiosks", "1", "--stations", "1"];
    let made = guichet(&init, &dir).stdout(full()).output().expect("runs");
    refused(
        &made,
        1,
        &["the network is in", "the answer cannot be written"],
    );
    let node = Node::start(&dir.join("kiosk-1"));
    for args in [
        &["status"][..],
        &["status", "--json"],
        &["open"],
        &["case", "list"],
        &["doctor"],
    ] {
        let mut asked = guichet(args, &node.dir);
        let said = asked.stdout(full()).output().expect("runs");
        refused(&said, 1, &["the answer cannot be written", "No space left"]);
        // Who has read enough asks for no more.
        let mut asked = guichet(args, &node.dir);
        let mut asked = asked.stdout(Stdio::piped()).spawn().expect("runs");
        drop(asked.stdout.take());
        let status = asked.wait().expect("waited");
        assert!(status.code() == Some(0) || args == ["doctor"], "{args:?}");
    }
    node.stop();
}
