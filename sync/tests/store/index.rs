//! The index is only a copy: it may lag, vanish or lie, and nothing is lost with it.

use std::{
    fs,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use guichet_sync::store::Repair;

use crate::world::{
    Acknowledged, CURSORS, EPOCH, LATER_EPOCH, PEER, World, append, check, copy_folder,
    lost_records, record,
};

const PAGE: [u8; 32] = [5; 32];

/// A closed store with records, a note, a page with one of two segments, and a cursor.
fn filled(world: &World) -> Acknowledged {
    let (mut store, _) = world.open();
    let mut known = Vec::new();
    for group in 0..20 {
        let records = (0..50).map(|number| record(group * 50 + number));
        known.extend(append(&mut store, records.collect()).unwrap());
    }
    store.note("visit", b"open").unwrap();
    store.begin_page(PAGE, 16 * 1024 + 1, 2).unwrap();
    store.write_segments(&[(PAGE, 1, vec![3; 17])]).unwrap();
    store.set_cursor(PEER, CURSORS).unwrap();
    known
}

/// All that does not live in the index alone is there.
fn check_rebuilt(world: &World, known: &Acknowledged) -> Vec<Repair> {
    let (mut store, opened) = world.reopen();
    check(&store, &opened, known);
    assert_eq!(opened.epoch, EPOCH);
    assert_eq!(store.notes()["visit"], b"open");
    assert_eq!(opened.pages[0].bitmap, [0b10]);
    assert!(!lost_records(&opened));
    assert!(!store.has_lost_its_index());
    store.set_cursor(PEER, CURSORS).unwrap();
    drop(store);
    let (store, again) = world.reopen();
    check(&store, &again, known);
    assert_eq!(again.repairs, []);
    assert_eq!(again.cursors, [(PEER, CURSORS)]);
    opened.repairs
}

#[test]
fn a_deleted_index_is_made_anew() {
    let world = World::new();
    let known = filled(&world);
    world.delete_index();
    let repairs = check_rebuilt(&world, &known);
    assert!(matches!(
        repairs[..],
        [Repair::IndexRebuilt { aside: None, .. }]
    ));
}

#[test]
fn an_index_that_lags_is_brought_up_to_date() {
    let world = World::new();
    let mut known = filled(&world);
    let lagging = World::new();
    copy_folder(&world.dir.join("index"), &lagging.dir);
    let (mut store, _) = world.reopen();
    known.extend(append(&mut store, (2000..2100).map(record).collect()).unwrap());
    store.note("visit", b"closed").unwrap();
    store.write_segments(&[(PAGE, 0, vec![4; 16_400])]).unwrap();
    store.drop_page(PAGE).unwrap();
    drop(store);
    world.delete_index();
    copy_folder(&lagging.dir, &world.dir.join("index"));
    let (store, opened) = world.reopen();
    check(&store, &opened, &known);
    assert_eq!(opened.repairs, []);
    assert_eq!(opened.cursors, [(PEER, CURSORS)]);
    assert_eq!(store.notes()["visit"], b"closed");
    assert_eq!(opened.pages, []);
}

#[test]
fn a_dropped_page_whose_file_is_still_there_is_removed() {
    let world = World::new();
    filled(&world);
    let before = World::new();
    copy_folder(&world.dir, &before.dir);
    let (mut store, _) = world.reopen();
    store.drop_page(PAGE).unwrap();
    drop(store);
    fs::copy(world.segment(1), before.segment(1)).unwrap();
    assert_eq!(fs::read_dir(before.dir.join("pages")).unwrap().count(), 1);
    let (_, opened) = before.reopen();
    assert_eq!(opened.pages, []);
    assert_eq!(fs::read_dir(before.dir.join("pages")).unwrap().count(), 0);
}

#[test]
fn an_index_of_noise_is_moved_aside() {
    let world = World::new();
    let known = filled(&world);
    for file in files(&world.dir.join("index")) {
        let len = fs::metadata(&file).unwrap().len() as usize;
        fs::write(&file, noise(7, len)).unwrap();
    }
    let repairs = check_rebuilt(&world, &known);
    let [
        Repair::IndexRebuilt {
            aside: Some(aside), ..
        },
    ] = &repairs[..]
    else {
        panic!("{repairs:?}");
    };
    assert!(aside.ends_with("index.bad-1") && aside.exists());
}

#[test]
fn an_index_with_some_noise_never_tells_a_lie() {
    let origin = World::new();
    let known = filled(&origin);
    for seed in 0..24 {
        let world = origin.copy();
        let files = files(&world.dir.join("index"));
        let file = &files[seed as usize % files.len()];
        let len = fs::metadata(file).unwrap().len();
        if len == 0 {
            continue;
        }
        let noise = noise(seed, 64 << (seed % 5));
        let mut place = [0; 8];
        place.copy_from_slice(&noise[..8]);
        let written = fs::OpenOptions::new().write(true).open(file).unwrap();
        let within = if seed % 2 == 0 { len } else { len.min(60_000) };
        written
            .write_all_at(&noise, u64::from_le_bytes(place) % within)
            .unwrap();
        check_rebuilt(&world, &known);
    }
}

#[test]
fn an_index_that_ended_the_process_is_not_tried_again() {
    let world = World::new();
    let known = filled(&world);
    fs::write(world.dir.join("index.suspect"), b"").unwrap();
    let repairs = check_rebuilt(&world, &known);
    assert!(matches!(
        repairs[..],
        [Repair::IndexRebuilt { aside: Some(_), .. }]
    ));
}

#[test]
fn few_bad_indexes_are_kept() {
    let world = World::new();
    for _ in 0..5 {
        world.open();
        fs::write(world.dir.join("index.suspect"), b"").unwrap();
    }
    world.open();
    let mut kept: Vec<_> = fs::read_dir(&world.dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("index.bad-"))
        .collect();
    kept.sort();
    assert_eq!(kept, ["index.bad-4", "index.bad-5"]);
}

#[test]
fn an_index_that_has_seen_more_than_the_journal_holds_means_loss() {
    let world = World::new();
    let known = filled(&world);
    let (stored, _) = known.last().unwrap();
    let journal = fs::OpenOptions::new().write(true).open(world.segment(1));
    journal.unwrap().set_len(stored.at.offset + 1).unwrap();
    let (mut store, opened) = world.reopen();
    assert!(lost_records(&opened));
    assert_eq!(opened.epoch, LATER_EPOCH);
    assert_eq!(opened.cursors, []);
    assert!(opened.records.iter().all(|found| found != *stored));
    let again = append(&mut store, vec![record(999)]).unwrap();
    assert_eq!(again[0].0.feed, stored.feed);
    assert!(again[0].0.arrival > stored.arrival);
    drop(store);
    let (_, opened) = world.open();
    assert_eq!((opened.epoch, opened.repairs), (LATER_EPOCH, vec![]));
}

#[test]
fn the_index_of_another_store_is_not_believed() {
    let world = World::new();
    let known = filled(&world);
    let other = World::new();
    drop(crate::world::open(&other.dir, [77; 16]));
    world.delete_index();
    copy_folder(&other.dir.join("index"), &world.dir.join("index"));
    let (store, opened) = world.reopen();
    check(&store, &opened, &known);
    assert_eq!(opened.epoch, LATER_EPOCH);
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    (0..len)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 24) as u8
        })
        .collect()
}
