//! What a process leaves when it crashes, and what a child may do that draws a document.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rustix::process::{Pid, Signal, kill_process};

use super::Judge;
use crate::process::{Node, binary, children, runs};
use crate::samples;
use crate::script::Script;
use crate::village::Village;

const CANARY: &str = "Kestrel-Aubergine-4417";
const DEAD_WITHIN: Duration = Duration::from_secs(20);
/// Where a core goes that is not piped away: into the working directory, under this name.
const CORE_PATTERN: &str = "/proc/sys/kernel/core_pattern";
/// A picture that takes long to draw: many pixels.
const SIDE_PX: u32 = 1_800;
const DRAWN_WITHIN: Duration = Duration::from_secs(15);
/// `Seccomp` in /proc/PID/status of a process under a filter (proc(5)).
const FILTERED: &str = "2";

/// A kiosk that may leave cores is killed as a crash would while somebody types.
pub async fn core_file(judge: &mut Judge) -> Result<()> {
    let pattern = fs::read_to_string(CORE_PATTERN)?;
    let name = format!("attack-{}", judge.attack());
    let village = Village::new(&name, 1, 1)?;
    let site = &village.kiosks[0];
    let work = village.folder().join("work");
    fs::create_dir(&work)?;
    let mut command = site.place.command("sh");
    let start = "cd \"$0\" && ulimit -c unlimited && exec \"$@\"";
    command.args(["-c", start]).arg(&work).arg(binary()?);
    let node = Node::start_as(command, &site.place, site.folder(), &site.log).await?;
    let kiosk = Script::new(node.api()?);
    let case = kiosk.begin("caf", "housing").await?;
    kiosk.set(&case, "last_name", CANARY).await?;
    let begun = Instant::now();
    while runs(node.pid()) && begun.elapsed() < DEAD_WITHIN {
        // The first only removes the handler that tells a stack overflow from other faults.
        let _it_may_be_dead = kill_process(pid_of(node.pid())?, Signal::SEGV);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    judge.expect(
        "it has crashed",
        !runs(node.pid()),
        format!("{:?}", begun.elapsed()),
    );
    let left: Vec<PathBuf> = fs::read_dir(&work)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    let saw = told(&left)?;
    let what = format!("no core file (the pattern is {})", pattern.trim());
    judge.expect(&what, left.is_empty(), saw);
    Ok(())
}

/// What was left, and whether what was typed stands in it.
fn told(left: &[PathBuf]) -> Result<String> {
    let mut told = Vec::new();
    for file in left {
        let bytes = fs::read(file)?;
        let finder = aho_corasick::AhoCorasick::new([CANARY])?;
        let typed = finder.find(&bytes).is_some();
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        told.push(format!(
            "{name}: {} bytes, what was typed is in it: {typed}",
            bytes.len()
        ));
    }
    Ok(told.join("; "))
}

fn pid_of(pid: u32) -> Result<Pid> {
    Pid::from_raw(i32::try_from(pid)?).context("a process id")
}

/// The child that draws a slow document at a kiosk is under a system call filter.
pub async fn render(judge: &mut Judge) -> Result<()> {
    let name = format!("attack-{}", judge.attack());
    let mut village = Village::new(&name, 1, 0)?;
    village.kiosks[0].start().await?;
    let node = village.kiosks[0].node()?;
    let (pid, kiosk) = (node.pid(), village.kiosks[0].script()?);
    let case = kiosk.begin("caf", "housing").await?;
    let slow = samples::png(9, SIDE_PX);
    let drawing = {
        let (kiosk, case) = (kiosk.clone(), case.clone());
        tokio::spawn(async move {
            let id = kiosk.add(&case, "plan.png", "image/png", &slow).await?;
            let path = format!("/cases/{case}/documents/{id}/pages/1-close-0.png");
            kiosk.api().get(&path).await
        })
    };
    let begun = Instant::now();
    let mut filters = Vec::new();
    while !drawing.is_finished() && begun.elapsed() < DRAWN_WITHIN {
        filters.extend(children(pid).into_iter().filter_map(filter_of));
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let answer = drawing.await??;
    judge.expect(
        "a child was seen at work",
        !filters.is_empty(),
        filters.len(),
    );
    // A child is seen before it has confined itself, too: what it drew under counts.
    let last = filters.last().cloned().unwrap_or_default();
    let confined = filters.iter().filter(|it| *it == FILTERED).count();
    let saw = format!("{confined} of {} times, at last: {last}", filters.len());
    judge.expect(
        "it is confined while it draws",
        last == FILTERED && confined * 2 > filters.len(),
        saw,
    );
    judge.expect("it answers", answer.status < 500, answer.status);
    Ok(())
}

fn filter_of(pid: u32) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("Seccomp:"))?;
    Some(line.trim().to_owned())
}
