//! What the store would refuse is refused at the door, and what it could not take for a while is
//! taken later, however much it is.

use guichet_keys::{Statement, sha256};
use guichet_sync::limits::{RECEIPT_COVERS_MAX, SEGMENT_BYTES};
use guichet_sync::page::{PageHead, PageId};
use guichet_sync::receipt::{Cover, Receipt, Stage};
use guichet_sync::replica::{Input, Output, Thing};
use guichet_sync::store::{BATCH_BYTES_MAX, META_BYTES_MAX, NewRecord, PAYLOAD_BYTES_MAX};
use guichet_sync::wire::{Frame, What};

use super::network::{Who, family, state};
use super::people::SHARED;
use super::village::Village;

const CATALOGUE_BYTES: usize = 60_000;

/// More statements than one append takes.
fn many_statements() -> Vec<Thing> {
    let count = BATCH_BYTES_MAX / CATALOGUE_BYTES + 20;
    let catalogue = |serial: usize| {
        let json = vec![b' '; CATALOGUE_BYTES];
        let service = family();
        let statement = Statement::Catalogue { service, json };
        Thing::Statement(state(Who::FamilySteward, 2 + serial as u64, statement))
    };
    (0..count).map(catalogue).collect()
}

#[test]
fn more_than_one_append_of_statements_is_written_once_a_full_disk_has_space() {
    let mut village = Village::new();
    let (mut citizen, mut adviser) = village.case();
    let things = many_statements();
    let names: Vec<_> = things.iter().map(Thing::hash).collect();
    village.set_full(Who::Relay, true);
    village.write(Who::Relay, things);
    let relay = village.node(Who::Relay);
    assert_eq!(names.iter().filter(|it| relay.holds(it)).count(), 0);
    village.set_full(Who::Relay, false);
    village.settle();
    let relay = village.node(Who::Relay);
    let lost = names.iter().filter(|it| !relay.holds(it)).count();
    assert_eq!((lost, names.len()), (0, 159));
    for who in [Who::Kiosk, Who::Station] {
        if !village.are_joined(Who::Relay, who) {
            village.join(Who::Relay, who);
        }
    }
    village.put(&mut citizen, "rent", "412");
    let rent = village.both_read([&mut citizen, &mut adviser], "rent");
    assert_eq!(rent, ["412"]);
}

#[test]
fn nothing_handed_to_the_store_at_once_is_more_than_one_append_takes() {
    let mut village = Village::new();
    village.input(Who::Relay, Input::Written(many_statements()));
    let now = village.now();
    let replica = village.replica_mut(Who::Relay);
    let mut parts = Vec::new();
    while let Some(output) = replica.poll_output(now) {
        if let Output::Store(records) = output {
            let bytes: usize = records.iter().map(NewRecord::len_on_disk).sum();
            assert!(bytes <= BATCH_BYTES_MAX, "{bytes} bytes at once");
            parts.push(records.len());
        }
    }
    assert_eq!(parts.iter().sum::<usize>(), 159);
    assert_eq!(parts.len(), 2, "as few as there may be");
}

#[test]
fn the_largest_receipt_and_manifest_fit_a_record() {
    let mut village = Village::new();
    let (mut citizen, _) = village.case();
    let cover = |number: usize| Cover::Page {
        case: [number as u8; 16].into(),
        page: PageId(sha256(&[number as u8])),
    };
    let covers = (0..RECEIPT_COVERS_MAX).map(cover).collect();
    let at_ms = guichet_sync::limits::TIME_MS_MAX;
    let receipt = Receipt::sign(&Who::Relay.key(), Stage::EnRoute, at_ms, covers);
    let manifest = citizen.forge_manifest(guichet_sync::limits::PAGE_BYTES_MAX);
    let manifest = Thing::parse(What::Manifest, manifest).expect("a manifest");
    for thing in [Thing::Receipt(receipt), manifest] {
        let meta = minicbor::to_vec(thing.meta()).expect("encodes");
        assert!(meta.len() <= META_BYTES_MAX, "{} bytes of meta", meta.len());
        let bytes = thing.bytes().len();
        assert!(bytes <= PAYLOAD_BYTES_MAX, "{bytes} bytes");
    }
}

#[test]
fn a_signed_segment_of_another_length_is_refused_and_its_neighbours_are_taken() {
    let length = SEGMENT_BYTES + 500;
    for (sealed_bytes, wanted) in [(5, 516), (517, 516), (16_400, 516)] {
        let mut village = Village::new();
        let (mut citizen, _) = village.case();
        let short = vec![0x5a; sealed_bytes];
        let (honest, honest_segments) = citizen.page(3 * SEGMENT_BYTES);
        let (plain, mut segments) = citizen.page(length);
        let hashes = [sha256(&segments[0]), sha256(&short)];
        let head: PageHead = plain.head().clone();
        let manifest = citizen.sign_manifest(head, &hashes);
        let page = manifest.id();
        assert_eq!(manifest.head().key, SHARED);
        village.put_segments(Who::Kiosk, page, length as u64, &segments);
        let whole = 3 * SEGMENT_BYTES as u64;
        village.put_segments(Who::Kiosk, honest.id(), whole, &honest_segments);
        segments[1] = short.clone();
        village.spoil = Some(Box::new(move |frame| {
            if let Frame::Segment {
                page: of,
                index: 1,
                sealed,
            } = frame
                && *of == page
            {
                *sealed = short.clone();
            }
        }));
        let before = village.node(Who::Relay).closed.len();
        let other = honest.id();
        let things = [manifest, honest].map(|manifest| Thing::Page {
            manifest,
            complete: true,
        });
        village.write(Who::Kiosk, things.into());
        let relay = village.node(Who::Relay);
        let why = format!("segment 1 has {sealed_bytes} bytes; its page asks for {wanted}");
        assert_eq!(relay.closed[before..], [why], "charged to who sent it");
        assert!(!relay.replica.page_is_complete(&page));
        village.spoil = Some(Box::new(move |frame| {
            // The kiosk leaves the bad one out from now on.
            if let Frame::Segment { page: of, .. } = frame
                && *of == page
            {
                *frame = Frame::Unwant { page };
            }
        }));
        village.join(Who::Kiosk, Who::Relay);
        assert!(village.node(Who::Relay).replica.page_is_complete(&other));
        assert!(village.node(Who::Station).replica.page_is_complete(&other));
    }
}
