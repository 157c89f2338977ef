//! A node that crashes in mid-visit leaves nothing of it on the disk.

use std::fs;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use guichet_tests::network::Place;
use guichet_tests::process::{Node, binary};
use guichet_tests::village::Village;
use guichet_tests::visit::Visit;
use rustix::process::{Pid, Signal, kill_process};

const ENDED_WITHIN: Duration = Duration::from_secs(5);
const PATTERN: &str = "/proc/sys/kernel/core_pattern";

/// A command whose program may leave core files, in this folder.
fn with_cores(place: &Place, program: &Path, folder: &Path) -> Command {
    let mut command = place.command("sh");
    command.args(["-c", "ulimit -c unlimited && exec \"$0\" \"$@\""]);
    command.arg(program).current_dir(folder).process_group(0);
    command
}

fn crash(pid: u32) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    kill_process(pid, Signal::SEGV).unwrap();
}

fn core_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .filter(|path| path.to_string_lossy().contains("core"))
        .collect()
}

/// Whether what was typed lies anywhere in this folder.
fn holds(folder: &Path, typed: &str) -> bool {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_file()).any(|path| {
        let bytes = fs::read(path).unwrap();
        bytes
            .windows(typed.len())
            .any(|window| window == typed.as_bytes())
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_in_mid_visit_leaves_no_core_file() {
    let pattern = fs::read_to_string(PATTERN).unwrap();
    assert!(
        !pattern.starts_with('|'),
        "a pattern of files is needed: {pattern}"
    );
    let folder = tempfile::tempdir().unwrap();
    // The same crash of a program without the defence leaves one.
    let mut control = with_cores(&Place::here(), Path::new("sleep"), folder.path())
        .arg("60")
        .spawn()
        .unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    crash(control.id());
    let status = control.wait().unwrap();
    assert!(status.core_dumped(), "{status}");
    let cores = core_files(folder.path());
    assert_eq!(cores.len(), 1, "of `sleep`, by the pattern {pattern}");
    fs::remove_file(&cores[0]).unwrap();

    let mut village = Village::new("core-file", 1, 1).unwrap();
    village.relay.start().await.unwrap();
    let site = &village.kiosks[0];
    let program = binary().unwrap();
    let command = with_cores(&site.place, &program, folder.path());
    let mut node = Node::start_as(command, &site.place, site.folder(), &site.log)
        .await
        .unwrap();
    let kiosk = guichet_tests::script::Script::new(node.api().unwrap());
    let visit = Visit::at(&kiosk).await.unwrap();
    let typed = "9f1c-canari-de-la-visite-77ab";
    kiosk.say(&visit.case, typed).await.unwrap();
    let limits = fs::read_to_string(format!("/proc/{}/limits", node.pid())).unwrap();
    let of_cores = limits
        .lines()
        .find(|line| line.contains("core file"))
        .unwrap();
    assert_eq!(of_cores.split_whitespace().nth(4), Some("0"), "{of_cores}");

    // The first signal meets the handler that looks for an overflow of the stack, and disarms it.
    crash(node.pid());
    tokio::time::sleep(Duration::from_millis(200)).await;
    crash(node.pid());
    let status = node.process().ended(ENDED_WITHIN).await.unwrap();
    assert_eq!(status.signal(), Some(Signal::SEGV.as_raw()));
    assert!(!status.core_dumped(), "{status}");
    for left in [core_files(folder.path()), core_files(site.folder())] {
        assert!(left.is_empty(), "{left:?}");
    }
    assert!(!holds(folder.path(), typed));
}
