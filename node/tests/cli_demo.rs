//! The demo from outside: the real binary, real ports, real signals.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

const READY_WITHIN: Duration = Duration::from_secs(5);
const GONE_WITHIN: Duration = Duration::from_secs(5);

fn guichet() -> Command {
    Command::new(env!("CARGO_BIN_EXE_guichet"))
}

/// Three ports that are free now, each used by one test only.
fn ports() -> [u16; 3] {
    [(); 3]
        .map(|()| TcpListener::bind("127.0.0.1:0").expect("a port"))
        .map(|held| held.local_addr().expect("bound").port())
}

struct Demo {
    parent: Child,
    said: BufReader<ChildStdout>,
    ready: Value,
    took: Duration,
}

impl Demo {
    fn start(dir: &Path, ports: [u16; 3], more: &[&str]) -> Self {
        let began = Instant::now();
        let mut parent = guichet()
            .args(["demo", "--json", "--ports"])
            .arg(ports.map(|port| port.to_string()).join(","))
            .arg("--dir")
            .arg(dir)
            .args(more)
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .expect("the demo starts");
        let mut said = BufReader::new(parent.stdout.take().expect("a pipe"));
        let ready = line(&mut said);
        assert_eq!(ready["event"], "ready", "{ready}");
        let took = began.elapsed();
        Self {
            parent,
            said,
            ready,
            took,
        }
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.parent.id()).expect("a pid");
        kill_process(Pid::from_raw(pid).expect("a pid"), signal).expect("alive");
    }

    fn children(&self) -> Vec<u32> {
        let path = format!("/proc/{0}/task/{0}/children", self.parent.id());
        let of_main = std::fs::read_to_string(path).expect("proc");
        let mut found: Vec<u32> = of_main
            .split_whitespace()
            .map(|pid| pid.parse().expect("a pid"))
            .collect();
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.parent.id())).expect("proc");
        for task in tasks {
            let listed = task.expect("a task").path().join("children");
            let listed = std::fs::read_to_string(listed).unwrap_or_default();
            found.extend(
                listed
                    .split_whitespace()
                    .map(|pid| pid.parse::<u32>().expect("a pid")),
            );
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    fn wait(mut self) -> (ExitStatus, Duration) {
        let began = Instant::now();
        let status = self.parent.wait().expect("waited");
        (status, began.elapsed())
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.parent.kill();
        let _ = self.parent.wait();
    }
}

fn line(said: &mut BufReader<ChildStdout>) -> Value {
    let mut line = String::new();
    said.read_line(&mut line).expect("read");
    serde_json::from_str(&line).unwrap_or_else(|_| panic!("not JSON: {line:?}"))
}

fn healthy(port: u16) -> bool {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let Ok(mut stream) = TcpStream::connect(address) else {
        return false;
    };
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("written");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("read");
    answer.starts_with("HTTP/1.1 200 ")
}

fn gone(pids: &[u32]) -> bool {
    let alive = |pid: &u32| {
        std::fs::read_to_string(format!("/proc/{pid}/stat"))
            .is_ok_and(|stat| !stat.contains(") Z "))
    };
    let began = Instant::now();
    while began.elapsed() < GONE_WITHIN {
        if !pids.iter().any(alive) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

/// What identifies a network: every file made with it, with its content.
fn made(dir: &Path) -> Vec<(String, Vec<u8>)> {
    ["passphrases", "relay/guichet.toml", "kiosk-1/guichet.toml"]
        .map(|file| {
            let content = std::fs::read(dir.join(file)).expect("made at init");
            (file.to_owned(), content)
        })
        .into()
}

#[test]
fn it_starts_stops_and_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path().join("demo");
    let ports = ports();

    let demo = Demo::start(&dir, ports, &[]);
    assert!(demo.took < READY_WITHIN, "ready after {:?}", demo.took);
    assert!(ports.into_iter().all(healthy));
    for (name, port) in ["kiosk", "adviser", "relay"].into_iter().zip(ports) {
        let url = demo.ready[name].as_str().expect("a start URL");
        assert!(
            url.starts_with(&format!("http://127.0.0.1:{port}/")),
            "{url}"
        );
    }
    let children = demo.children();
    assert_eq!(children.len(), 3);
    let first = made(&dir);

    demo.signal(Signal::INT);
    let (status, took) = demo.wait();
    assert!(status.success(), "{status}");
    assert!(took < GONE_WITHIN, "{took:?}");
    assert!(gone(&children));

    let demo = Demo::start(&dir, ports, &[]);
    assert_eq!(made(&dir), first, "the same network");
    let children = demo.children();
    demo.signal(Signal::KILL);
    demo.wait();
    assert!(gone(&children), "children outlive a killed parent");

    let demo = Demo::start(&dir, ports, &["--fresh"]);
    assert_ne!(made(&dir), first, "another network");
    demo.signal(Signal::TERM);
    assert!(demo.wait().0.success());
}

#[test]
fn a_node_that_dies_is_said_and_started_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let ports = ports();
    let mut demo = Demo::start(&folder.path().join("demo"), ports, &[]);
    let victim = demo.children()[0];
    let pid = Pid::from_raw(i32::try_from(victim).expect("a pid")).expect("a pid");
    kill_process(pid, Signal::KILL).expect("alive");
    let ended = line(&mut demo.said);
    assert_eq!(ended["event"], "ended", "{ended}");
    assert!(
        ended["how"].as_str().expect("text").contains("signal: 9"),
        "{ended}"
    );
    let started = line(&mut demo.said);
    assert_eq!(started["event"], "started", "{started}");
    assert_eq!(started["node"], ended["node"]);
    assert!(ports.into_iter().all(healthy));
    demo.signal(Signal::INT);
    assert!(demo.wait().0.success());
}

fn refused(args: &[&str], status: i32, expected: &[&str]) {
    let output = guichet().args(args).output().expect("runs");
    let said = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(status), "{said}");
    assert_eq!(said.trim_end().lines().count(), 1, "one line: {said}");
    for part in expected {
        assert!(said.contains(part), "{said:?} lacks {part:?}");
    }
}

#[test]
fn fresh_refuses_a_folder_that_is_not_ours() {
    let folder = tempfile::tempdir().expect("a folder");
    let precious = folder.path().join("thesis.odt");
    std::fs::write(&precious, "ten years").expect("written");
    let dir = folder.path().to_str().expect("text");
    refused(
        &["demo", "--fresh", "--dir", dir],
        1,
        &[dir, "--fresh deletes only a demo network", "--dir"],
    );
    refused(&["demo", "--dir", dir], 1, &[dir, "not empty", "--dir"]);
    assert!(precious.exists());
}

#[test]
fn a_port_in_use_is_named() {
    let held = TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = held.local_addr().expect("bound").port();
    let [free, other, _] = ports();
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path().join("demo");
    refused(
        &[
            "demo",
            "--dir",
            dir.to_str().expect("text"),
            "--ports",
            &format!("{free},{taken},{other}"),
        ],
        1,
        &[&format!("port {taken}"), "adviser", "--ports"],
    );
}
