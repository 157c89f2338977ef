//! What a store does when nothing goes wrong, and what it refuses.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use guichet_sync::{
    feed::Feed,
    store::{
        BATCH_BYTES_MAX, META_BYTES_MAX, NOTE_BYTES_MAX, NOTE_KEY_BYTES_MAX, NOTES_MAX, NewRecord,
        PAYLOAD_BYTES_MAX, PEERS_MAX, PageOnDisk, Store, StoreError,
    },
};

use crate::world::{CURSORS, EPOCH, LATER_EPOCH, PEER, World, append, check, lost_records, record};

const PAGE: [u8; 32] = [0xab; 32];

#[test]
fn everything_comes_back_as_it_was() {
    let world = World::new();
    let (mut store, opened) = world.open();
    assert_eq!((opened.epoch, opened.next), (EPOCH, [1; 4]));
    assert!(opened.records.is_empty() && opened.repairs.is_empty());
    let mut known = append(&mut store, (0..10).map(record).collect()).unwrap();
    known.extend(append(&mut store, vec![record(10)]).unwrap());
    store.note("visit", b"open").unwrap();
    store.note("other", b"x").unwrap();
    store.note("other", b"").unwrap();
    store.set_cursor(PEER, CURSORS).unwrap();
    drop(store);
    for _ in 0..2 {
        let (store, opened) = world.reopen();
        assert_eq!((opened.epoch, opened.next), (EPOCH, [4, 4, 4, 3]));
        assert_eq!(opened.repairs, []);
        assert_eq!(opened.cursors, [(PEER, CURSORS)]);
        let notes: Vec<_> = store.notes().iter().collect();
        assert_eq!(notes, [(&"visit".to_owned(), &b"open".to_vec())]);
        check(&store, &opened, &known);
    }
}

#[test]
fn numbers_go_on_after_a_restart() {
    let world = World::new();
    let (mut store, _) = world.open();
    append(&mut store, vec![record(0), record(4)]).unwrap();
    drop(store);
    let (mut store, _) = world.reopen();
    let (stored, _) = &append(&mut store, vec![record(8)]).unwrap()[0];
    assert_eq!((stored.feed, stored.arrival), (Feed::Statements, 3));
}

#[test]
fn a_store_has_one_owner() {
    let world = World::new();
    let (store, _) = world.open();
    let refused = Store::open(&world.dir, EPOCH);
    assert!(matches!(refused, Err(StoreError::InUse { .. })));
    drop(store);
    world.open();
}

#[test]
fn readers_read_beside_the_writer() {
    let world = World::new();
    let (mut store, _) = world.open();
    let reader = store.reader();
    std::thread::scope(|scope| {
        for number in 0..50 {
            let (stored, payload) = append(&mut store, vec![record(number)]).unwrap().remove(0);
            let reader = reader.clone();
            scope.spawn(move || assert_eq!(reader.read(stored.at).unwrap(), payload));
        }
    });
}

#[test]
fn a_page_fills_up_and_survives() {
    let world = World::new();
    let (mut store, _) = world.open();
    let length = 2 * 16 * 1024 + 5;
    let segments: Vec<Vec<u8>> = [16_400, 16_400, 21]
        .iter()
        .enumerate()
        .map(|(index, len)| vec![index as u8 + 1; *len])
        .collect();
    store.begin_page(PAGE, length, 3).unwrap();
    store.begin_page(PAGE, length, 3).unwrap();
    let progress = store
        .write_segments(&[
            (PAGE, 2, segments[2].clone()),
            (PAGE, 0, segments[0].clone()),
        ])
        .unwrap();
    assert_eq!((progress[0].present, progress[0].is_complete()), (2, false));
    let absent = store.reader().read_segment(PAGE, 1);
    assert!(matches!(absent, Err(StoreError::AbsentSegment { .. })));
    drop(store);

    let (mut store, opened) = world.reopen();
    let on_disk = PageOnDisk {
        id: PAGE,
        length,
        segments: 3,
        bitmap: vec![0b101],
    };
    assert_eq!(opened.pages, [on_disk]);
    let other = vec![7; 16_400];
    let progress = store
        .write_segments(&[(PAGE, 1, segments[1].clone()), (PAGE, 0, other)])
        .unwrap();
    assert!(progress[0].is_complete());
    drop(store);

    let (mut store, opened) = world.reopen();
    assert_eq!(opened.pages[0].bitmap, [0b111]);
    let reader = store.reader();
    for (index, segment) in (0..).zip(&segments) {
        assert_eq!(&reader.read_segment(PAGE, index).unwrap(), segment);
    }
    store.drop_page(PAGE).unwrap();
    store.drop_page(PAGE).unwrap();
    assert_eq!(reader.page_progress(PAGE), None);
    assert_eq!(fs::read_dir(world.dir.join("pages")).unwrap().count(), 0);
    drop(store);
    let (_, opened) = world.reopen();
    assert_eq!((opened.pages, opened.repairs), (vec![], vec![]));
}

#[test]
fn a_page_keeps_its_shape() {
    let world = World::new();
    let (mut store, _) = world.open();
    let misshapen = |result| matches!(result, Err(StoreError::Misshapen { .. }));
    assert!(misshapen(store.begin_page(PAGE, 16 * 1024, 2)));
    store.begin_page(PAGE, 16 * 1024 + 1, 2).unwrap();
    assert!(misshapen(store.begin_page(PAGE, 16 * 1024, 1)));
    for (index, len) in [(0, 16_399), (1, 16_400), (2, 17)] {
        let written = store.write_segments(&[(PAGE, index, vec![0; len])]);
        assert!(misshapen(written.map(drop)));
    }
    let unknown = store.write_segments(&[([1; 32], 0, vec![0; 17])]);
    assert!(matches!(unknown, Err(StoreError::UnknownPage { .. })));
    assert_eq!(store.reader().page_progress(PAGE).unwrap().present, 0);
}

#[test]
fn a_page_whose_file_is_gone_can_be_fetched_again() {
    let world = World::new();
    let (mut store, _) = world.open();
    let reader = store.reader();
    for _ in 0..2 {
        store.begin_page(PAGE, 1, 1).unwrap();
        store.write_segments(&[(PAGE, 0, vec![3; 17])]).unwrap();
        assert_eq!(reader.read_segment(PAGE, 0).unwrap(), [3; 17]);
        let path = fs::read_dir(world.dir.join("pages")).unwrap().next();
        let path = path.unwrap().unwrap().path();
        fs::write(&path, fs::read(&path).unwrap().split_last().unwrap().1).unwrap();
        let damaged = reader.read_segment(PAGE, 0);
        assert!(matches!(damaged, Err(StoreError::PageDamaged { .. })));
        store.drop_page(PAGE).unwrap();
    }
}

#[test]
fn segments_that_are_damaged_or_do_not_read_are_absent_and_written_again() {
    type Damage = fn(&mut Vec<u8>);
    let (flip, cut, head): (Damage, Damage, Damage) = (
        |file| file[60 + 16_400 + 7] ^= 1,
        |file| file.truncate(60 + 2 * 16_400),
        |file| file[30] ^= 1,
    );
    let segments = [vec![1; 16_400], vec![2; 16_400], vec![3; 17]];
    let sealed = |index: u32| (PAGE, index, segments[index as usize].clone());
    let all = [sealed(0), sealed(1), sealed(2)];
    for (damage, lost) in [(flip, vec![1]), (cut, vec![2]), (head, vec![0, 1, 2])] {
        let world = World::new();
        let (mut store, _) = world.open();
        store.begin_page(PAGE, 2 * 16 * 1024 + 1, 3).unwrap();
        store.write_segments(&all).unwrap();
        let path = fs::read_dir(world.dir.join("pages")).unwrap().next();
        let path = path.unwrap().unwrap().path();
        let mut bytes = fs::read(&path).unwrap();
        damage(&mut bytes);
        fs::write(&path, bytes).unwrap();
        let is_whole = |index: u32, sealed: &[u8]| segments[index as usize] == sealed;
        let damaged = |store: &Store| store.reader().damaged_segments(PAGE, is_whole).unwrap();
        assert_eq!(damaged(&store), lost);
        store.lose_segments(PAGE, &lost).unwrap();
        assert_eq!(damaged(&store), [0; 0], "what is absent is not damaged");
        for with_index in [true, false] {
            drop(store);
            if !with_index {
                world.delete_index();
            }
            let opened;
            (store, opened) = world.reopen();
            assert!(!lost_records(&opened));
            let present = store.reader().page_progress(PAGE).unwrap().present;
            assert_eq!(present as usize, 3 - lost.len());
        }
        let progress = store.write_segments(&all).unwrap();
        assert!(progress[0].is_complete());
        assert_eq!(damaged(&store), [0; 0]);
    }
}

#[test]
fn the_journal_goes_on_in_a_second_segment() {
    let world = World::new();
    let (mut store, _) = world.open();
    let mut known = Vec::new();
    for number in 0..260_u64 {
        let payload = vec![number as u8; PAYLOAD_BYTES_MAX];
        let record = NewRecord {
            payload,
            ..record(number)
        };
        known.extend(append(&mut store, vec![record]).unwrap());
    }
    let segments = fs::read_dir(world.dir.join("journal")).unwrap().count();
    assert_eq!(segments, 2);
    assert!(fs::metadata(world.segment(1)).unwrap().len() <= 64 << 20);
    drop(store);
    let (store, opened) = world.reopen();
    check(&store, &opened, &known);
    drop(store);
    world.delete_index();
    let (store, opened) = world.reopen();
    check(&store, &opened, &known);
    assert_eq!(opened.epoch, EPOCH);
}

#[test]
fn what_is_too_large_is_refused_and_the_store_goes_on() {
    let world = World::new();
    let (mut store, _) = world.open();
    let too_large = |result| matches!(result, Err(StoreError::TooLarge { .. }));
    let sized = |meta, payload| NewRecord {
        feed: Feed::Acts,
        meta: vec![0; meta],
        payload: vec![0; payload],
    };
    let largest = sized(META_BYTES_MAX, PAYLOAD_BYTES_MAX);
    let mut append_all = |records| append(&mut store, records).map(drop);
    assert!(too_large(append_all(vec![sized(META_BYTES_MAX + 1, 0)])));
    assert!(too_large(append_all(vec![sized(0, PAYLOAD_BYTES_MAX + 1)])));
    let count = BATCH_BYTES_MAX / PAYLOAD_BYTES_MAX;
    assert!(too_large(append_all(vec![largest.clone(); count])));
    append_all(vec![largest.clone(); count - 1]).unwrap();
    append_all(Vec::new()).unwrap();

    assert!(too_large(
        store.note(&"k".repeat(NOTE_KEY_BYTES_MAX + 1), b"")
    ));
    assert!(too_large(store.note("k", &[0; NOTE_BYTES_MAX + 1])));
    store.note("k", &[1; NOTE_BYTES_MAX]).unwrap();
    drop(store);
    let (_, opened) = world.reopen();
    assert_eq!(opened.records.len(), count - 1);
    let next = opened.next[Feed::Acts.index()];
    assert_eq!(next, count as u64);
}

#[test]
fn tables_have_an_end() {
    let world = World::new();
    let (mut store, _) = world.open();
    let id = |number: usize| {
        let mut id = [0; 32];
        id[..8].copy_from_slice(&number.to_le_bytes());
        id
    };
    for number in 0..PEERS_MAX {
        store.set_cursor(id(number), CURSORS).unwrap();
    }
    store.set_cursor(id(1), CURSORS).unwrap();
    let refused = store.set_cursor(id(PEERS_MAX), CURSORS);
    assert!(matches!(refused, Err(StoreError::TooLarge { .. })));
    for number in 0..NOTES_MAX {
        store.note(&number.to_string(), b"x").unwrap();
    }
    store.note("1", b"y").unwrap();
    let refused = store.note("one more", b"x");
    assert!(matches!(refused, Err(StoreError::TooLarge { .. })));
}

#[test]
fn files_of_another_version_are_refused_untouched() {
    let world = World::new();
    let (mut store, _) = world.open();
    append(&mut store, vec![record(0)]).unwrap();
    store.begin_page(PAGE, 1, 1).unwrap();
    store.write_segments(&[(PAGE, 0, vec![3; 17])]).unwrap();
    let page = fs::read_dir(world.dir.join("pages")).unwrap().next();
    make_version_2(&page.unwrap().unwrap().path());
    let refused = store.reader().read_segment(PAGE, 0);
    assert!(matches!(
        refused,
        Err(StoreError::UnknownVersion { found: 2, .. })
    ));
    drop(store);
    make_version_2(&world.segment(1));
    let before = fs::read(world.segment(1)).unwrap();
    let error = Store::open(&world.dir, LATER_EPOCH).unwrap_err();
    assert!(error.to_string().contains("version 2"), "{error}");
    assert_eq!(fs::read(world.segment(1)).unwrap(), before);
}

fn make_version_2(file: &Path) {
    let mut bytes = fs::read(file).unwrap();
    bytes[8] = 2;
    let len = usize::from(u16::from_le_bytes([bytes[10], bytes[11]]));
    let checksum = crc32c(&[&bytes[..12], &bytes[16..len]]);
    bytes[12..16].copy_from_slice(&checksum.to_le_bytes());
    fs::write(file, bytes).unwrap();
}

#[test]
fn the_journal_has_the_layout_that_stays() {
    let world = World::new();
    let (mut store, _) = world.open();
    let known = append(&mut store, vec![record(1), record(2)]).unwrap();
    let bytes = fs::read(world.segment(1)).unwrap();
    let mut header = b"guichetJ\x01\x00\x54\x00".to_vec();
    let mut fields = EPOCH.to_vec();
    fields.extend(1_u32.to_le_bytes());
    fields.extend([0; 16]);
    fields.extend([1_u64.to_le_bytes(); 4].concat());
    header.extend(crc32c(&[&header, &fields]).to_le_bytes());
    header.extend(fields);
    assert_eq!(bytes[..84], header);

    let mut write = Vec::new();
    for (feed, (stored, payload)) in [1_u8, 2].into_iter().zip(&known) {
        let len = 24 + stored.meta.len() + payload.len();
        let place = [
            1_u32.to_le_bytes().as_slice(),
            &stored.at.offset.to_le_bytes(),
        ]
        .concat();
        let mut rest = vec![feed, 0, stored.meta.len() as u8, 0];
        rest.extend((write.len() as u32).to_le_bytes());
        rest.extend(1_u64.to_le_bytes());
        rest.extend(&stored.meta);
        rest.extend(payload);
        let len = (len as u32).to_le_bytes();
        write.extend(len);
        write.extend(crc32c(&[&place, &len, &rest]).to_le_bytes());
        write.extend(rest);
    }
    assert_eq!(bytes[84..], write);
}

/// CRC-32C (RFC 3720, appendix B.4), bit by bit.
fn crc32c(parts: &[&[u8]]) -> u32 {
    let bytes = parts.iter().copied().flatten();
    !bytes.fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0x82f6_3b78 * (crc & 1))
        })
    })
}

#[test]
fn only_the_owner_can_enter() {
    let world = World::new();
    let (mut store, _) = world.open();
    store.begin_page(PAGE, 1, 1).unwrap();
    store.write_segments(&[(PAGE, 0, vec![3; 17])]).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for folder in ["", "journal", "pages"] {
        assert_eq!(mode(&world.dir.join(folder)), 0o700);
    }
    assert_eq!(mode(&world.segment(1)), 0o600);
    let page = fs::read_dir(world.dir.join("pages")).unwrap().next();
    assert_eq!(mode(&page.unwrap().unwrap().path()), 0o600);
    assert!(store.free_bytes().unwrap() > 0);
}
