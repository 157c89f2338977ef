//! A writer that is killed again and again: what it had acknowledged is there.

use std::{
    env, fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use crate::world::{EPOCH, LATER_EPOCH, World, lost_records, open, record};

const KILLS: u64 = 20;
const GROUP: u64 = 16;
const FOLDER: &str = "GUICHET_TEST_KILL_FOLDER";
const FROM: &str = "GUICHET_TEST_KILL_FROM";

#[test]
fn what_a_killed_writer_acknowledged_is_there() {
    let world = World::new();
    let mut acknowledged = 0;
    for round in 0..KILLS {
        let seen = write_and_kill(&world.dir, acknowledged, 5 + round * 7 % 60);
        let (store, opened) = open(&world.dir, LATER_EPOCH);
        assert!(!lost_records(&opened), "{:?}", opened.repairs);
        assert!(acknowledged == 0 || opened.epoch == EPOCH);
        let found = opened.records.len() as u64;
        assert!(found >= seen, "{found} of {seen} in round {round}");
        let reader = store.reader();
        for stored in opened.records.iter() {
            let number = (stored.arrival - 1) * 4 + stored.feed.index() as u64;
            assert_eq!(stored.meta, record(number).meta);
            assert_eq!(reader.read(stored.at).unwrap(), record(number).payload);
        }
        let noted = store.notes().get("last").map_or(0, |last| {
            u64::from_le_bytes(last.as_slice().try_into().unwrap())
        });
        assert!(noted >= seen.saturating_sub(GROUP) && noted <= found);
        for page in &opened.pages {
            let sealed = vec![page.id[0]; 17];
            if page.bitmap == [1] {
                assert_eq!(reader.read_segment(page.id, 0).unwrap(), sealed);
            }
        }
        acknowledged = found;
    }
    assert!(acknowledged > 0);
}

/// The child of the test above; without it, there is nothing to do.
#[test]
fn write_until_killed() {
    let (Ok(folder), Ok(from)) = (env::var(FOLDER), env::var(FROM)) else {
        return;
    };
    let mut number: u64 = from.parse().unwrap();
    let (mut store, _) = open(Path::new(&folder), EPOCH);
    let mut out = std::io::stdout();
    loop {
        // A write that was interrupted may have left part of a group.
        let group = GROUP - number % GROUP;
        let records = (number..number + group).map(record).collect();
        store.append(records).unwrap();
        number += group;
        writeln!(out, "acknowledged {number}").unwrap();
        store.note("last", &number.to_le_bytes()).unwrap();
        let page = [number as u8; 32];
        store.begin_page(page, 1, 1).unwrap();
        store
            .write_segments(&[(page, 0, vec![page[0]; 17])])
            .unwrap();
        if number.is_multiple_of(64) {
            store.drop_page(page).unwrap();
        }
    }
}

/// How many records the child said were durable before it was killed.
fn write_and_kill(folder: &Path, from: u64, after_ms: u64) -> u64 {
    fs::create_dir_all(folder).unwrap();
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "kill::write_until_killed", "--nocapture"])
        .env(FOLDER, folder)
        .env(FROM, from.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut acknowledged = from;
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut take = |line: Option<Result<String, _>>| {
        let line = line?.ok()?;
        if let Some(number) = line.rsplit_once("acknowledged ") {
            acknowledged = number.1.parse().ok()?;
        }
        Some(line.contains("acknowledged "))
    };
    while take(lines.next()) == Some(false) {}
    thread::sleep(Duration::from_millis(after_ms));
    child.kill().unwrap();
    while take(lines.next()).is_some() {}
    child.wait().unwrap();
    acknowledged
}
