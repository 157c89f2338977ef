//! The memory of a node stays out of swap where the system grants it, and the log says where not.

#![allow(
    clippy::print_stdout,
    reason = "it says what this system could not show"
)]

use std::fs;
use std::path::Path;
use std::process::Command;

use guichet_tests::network::Place;
use guichet_tests::process::{Node, binary};
use guichet_tests::village::{Site, Village};

/// The program under a limit of locked memory, in KiB or `unlimited`.
fn limited(place: &Place, program: &Path, limit: &str) -> Command {
    let mut command = place.command("sh");
    let script = format!("ulimit -l {limit} && exec \"$0\" \"$@\"");
    command.args(["-c", &script]).arg(program);
    command
}

/// A number of a process's status, in KiB.
fn status(pid: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// What a node that is started under this limit has locked and uses, in KiB, and its log.
async fn started(site: &Site, limit: &str) -> (u64, u64, String) {
    let command = limited(&site.place, &binary().unwrap(), limit);
    let node = Node::start_as(command, &site.place, site.folder(), &site.log)
        .await
        .unwrap();
    let (locked, used) = (status(node.pid(), "VmLck:"), status(node.pid(), "VmRSS:"));
    (locked, used, node.log())
}

/// Whether a process may be started here that may lock as much as it likes.
fn is_granted() -> bool {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -l unlimited"]);
    command.output().unwrap().status.success()
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_is_locked_where_the_system_grants_it_and_else_it_is_said() {
    let said = "memory may be swapped out";
    let village = Village::new("locked", 1, 1).unwrap();
    // Under a limit it could not keep to, a node locks nothing, says so and works.
    let (locked, used, log) = started(&village.stations[0], "64").await;
    assert_eq!(locked, 0, "of {used} KiB");
    assert!(log.contains(said), "{log}");
    if !is_granted() {
        println!("this system lets nobody lock without a limit: only the refusal was seen");
        return;
    }
    let (locked, used, log) = started(&village.kiosks[0], "unlimited").await;
    assert!(locked >= used, "{locked} KiB of {used} are locked");
    assert!(!log.contains(said), "{log}");
}
