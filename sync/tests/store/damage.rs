//! A journal that was interrupted, cut or damaged.

use std::{fs, os::unix::fs::FileExt, path::Path};

use guichet_sync::store::{NewRecord, PAYLOAD_BYTES_MAX, Repair, StoreError};

use crate::world::{
    Acknowledged, CURSORS, EPOCH, LATER_EPOCH, PEER, World, append, check, check_but_places,
    lost_records, record,
};

#[test]
fn an_interrupted_write_is_cut_off_wherever_it_stopped() {
    let origin = World::new();
    let (mut store, _) = origin.open();
    let mut known = append(&mut store, (0..4).map(record).collect()).unwrap();
    known.extend(append(&mut store, (4..7).map(record).collect()).unwrap());
    drop(store);
    origin.delete_index();
    let (first_of_last, _) = &known[4];
    let end = fs::metadata(origin.segment(1)).unwrap().len();
    for cut in first_of_last.at.offset..=end {
        let world = origin.copy();
        set_len(&world.segment(1), cut);
        check_cut(&world, &known, cut);
    }
}

#[test]
fn a_write_that_came_through_in_part_is_cut_off() {
    let origin = World::new();
    let (mut store, _) = origin.open();
    let mut known = append(&mut store, (0..4).map(record).collect()).unwrap();
    known.extend(append(&mut store, (4..7).map(record).collect()).unwrap());
    drop(store);
    origin.delete_index();
    let bytes = fs::read(origin.segment(1)).unwrap();
    for spoilt in (known[4].0.at.offset..bytes.len() as u64).step_by(3) {
        let world = origin.copy();
        overwrite(&world.segment(1), spoilt, &[!bytes[spoilt as usize]]);
        check_cut(&world, &known, spoilt);
    }
}

/// All records that end before `cut` are there, and the store works on.
fn check_cut(world: &World, known: &Acknowledged, cut: u64) {
    let end = |at: guichet_sync::store::Location| at.offset + u64::from(at.len);
    let mut whole: Acknowledged = known.clone();
    whole.retain(|(stored, _)| end(stored.at) <= cut);
    let (mut store, opened) = world.reopen();
    check(&store, &opened, &whole);
    assert_eq!(opened.epoch, EPOCH);
    assert!(!lost_records(&opened));
    whole.extend(append(&mut store, vec![record(100)]).unwrap());
    drop(store);
    let (store, opened) = world.reopen();
    check(&store, &opened, &whole);
    assert_eq!(opened.repairs, []);
}

#[test]
fn damage_in_the_middle_costs_only_what_is_damaged() {
    for within in [0, 5, 13, 18, 30, 50] {
        let world = World::new();
        let known = three_writes(&world);
        let spoilt = known[4].0.at;
        overwrite(&world.segment(1), spoilt.offset + within, &[0xff; 2]);
        world.delete_index();
        let (mut store, opened) = world.reopen();
        let mut kept = known.clone();
        kept.remove(4);
        check_but_places(&store, &opened, &kept);
        assert_eq!(opened.epoch, LATER_EPOCH);
        assert_eq!(opened.cursors, []);
        let aside = opened.repairs.iter().find_map(|repair| {
            if let Repair::DamagedSegment { aside, bytes, .. } = repair {
                return Some((aside, *bytes));
            }
            None
        });
        let (aside, bytes) = aside.unwrap();
        assert!(aside.exists());
        assert_eq!(bytes, u64::from(spoilt.len));
        kept.extend(append(&mut store, vec![record(50)]).unwrap());
        drop(store);
        let (store, opened) = world.open();
        check_but_places(&store, &opened, &kept);
        assert_eq!((opened.epoch, opened.repairs), (LATER_EPOCH, vec![]));
    }
}

#[test]
fn damage_that_the_index_hides_is_found_by_reading() {
    let world = World::new();
    let known = three_writes(&world);
    let spoilt = known[2].0.at;
    overwrite(&world.segment(1), spoilt.offset + 40, &[0xff; 2]);
    let (store, opened) = world.reopen();
    assert_eq!(opened.repairs, []);
    let damaged = store.reader().read(spoilt);
    assert!(matches!(damaged, Err(StoreError::Damaged { .. })));
    drop(store);
    let (store, opened) = world.reopen();
    assert!(lost_records(&opened));
    let mut kept = known;
    kept.remove(2);
    check_but_places(&store, &opened, &kept);
    assert_eq!(opened.epoch, LATER_EPOCH);
}

#[test]
fn a_repair_that_was_interrupted_is_done_again() {
    let world = World::new();
    let mut known = three_writes(&world);
    overwrite(&world.segment(1), known[4].0.at.offset + 30, &[0xff; 2]);
    world.delete_index();
    let damaged = fs::read(world.segment(1)).unwrap();
    let (store, _) = world.reopen();
    drop(store);
    fs::write(world.segment(1), damaged).unwrap();
    fs::write(world.dir.join("journal/00000001.salvage"), b"half").unwrap();
    world.delete_index();
    let (store, opened) = world.open();
    known.remove(4);
    check_but_places(&store, &opened, &known);
    assert!(lost_records(&opened));
    drop(store);
    let (_, opened) = world.open();
    assert_eq!(opened.repairs, []);
}

#[test]
fn a_closed_segment_that_lost_its_tail_is_mended() {
    for index_is_there in [true, false] {
        let world = World::new();
        let mut known = two_segments(&world);
        let cut = known.iter().rposition(|(stored, _)| stored.at.segment == 1);
        let (last, _) = known.remove(cut.unwrap());
        set_len(
            &world.segment(1),
            last.at.offset + u64::from(last.at.len) - 1,
        );
        if !index_is_there {
            world.delete_index();
        }
        let (store, opened) = world.reopen();
        check_but_places(&store, &opened, &known);
        assert!(lost_records(&opened));
        assert_eq!(opened.epoch, LATER_EPOCH);
        drop(store);
        let (_, opened) = world.open();
        assert_eq!(opened.repairs, []);
    }
}

#[test]
fn a_segment_that_is_gone_costs_only_itself() {
    let world = World::new();
    let mut known = two_segments(&world);
    fs::remove_file(world.segment(1)).unwrap();
    known.retain(|(stored, _)| stored.at.segment == 2);
    let (store, opened) = world.reopen();
    check_but_places(&store, &opened, &known);
    assert!(lost_records(&opened));
    assert_eq!(opened.epoch, LATER_EPOCH);
    drop(store);
    world.delete_index();
    let (store, opened) = world.open();
    check_but_places(&store, &opened, &known);
    assert!(!lost_records(&opened));
}

#[test]
fn a_damaged_header_costs_no_record() {
    for segment in [1, 2] {
        let world = World::new();
        let known = two_segments(&world);
        overwrite(&world.segment(segment), 9, &[0xff; 20]);
        let (store, opened) = world.reopen();
        check_but_places(&store, &opened, &known);
        assert_eq!(opened.epoch, LATER_EPOCH);
        drop(store);
        let (_, opened) = world.open();
        assert_eq!(opened.repairs, []);
    }
}

#[test]
fn a_segment_that_was_just_being_made_is_no_damage() {
    let world = World::new();
    let known = three_writes(&world);
    let header = fs::read(world.segment(1)).unwrap();
    for len in [0, 7, 50, 83] {
        fs::write(world.segment(2), &header[..len]).unwrap();
        let (store, opened) = world.reopen();
        check(&store, &opened, &known);
        assert_eq!(opened.epoch, EPOCH);
        assert!(matches!(
            opened.repairs[..],
            [Repair::UnfinishedSegment { .. }]
        ));
        assert!(!world.segment(2).exists());
    }
}

#[test]
fn a_journal_that_is_gone_is_not_taken_for_a_new_one() {
    let world = World::new();
    three_writes(&world);
    fs::remove_dir_all(world.dir.join("journal")).unwrap();
    let (_, opened) = world.reopen();
    assert!(lost_records(&opened));
    assert_eq!(opened.epoch, LATER_EPOCH);
    assert!(opened.records.is_empty() && opened.cursors.is_empty());
}

/// Three writes of three records, and a cursor.
fn three_writes(world: &World) -> Acknowledged {
    let (mut store, _) = world.open();
    let mut known = Vec::new();
    for group in 0..3 {
        let records = (0..3).map(|number| record(group * 3 + number));
        known.extend(append(&mut store, records.collect()).unwrap());
    }
    store.set_cursor(PEER, CURSORS).unwrap();
    known
}

/// A journal of two segments.
fn two_segments(world: &World) -> Acknowledged {
    let (mut store, _) = world.open();
    let mut known = Vec::new();
    for group in 0..26_u64 {
        let records = (0..10).map(|number| NewRecord {
            payload: vec![group as u8; PAYLOAD_BYTES_MAX],
            ..record(group * 10 + number)
        });
        known.extend(append(&mut store, records.collect()).unwrap());
    }
    known.extend(append(&mut store, (260..270).map(record).collect()).unwrap());
    assert_eq!(known.last().unwrap().0.at.segment, 2);
    known
}

fn set_len(file: &Path, len: u64) {
    let file = fs::OpenOptions::new().write(true).open(file).unwrap();
    file.set_len(len).unwrap();
}

fn overwrite(file: &Path, offset: u64, bytes: &[u8]) {
    let file = fs::OpenOptions::new().write(true).open(file).unwrap();
    file.write_all_at(bytes, offset).unwrap();
}
