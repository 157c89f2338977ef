//! Pages on their way: in which order they go, and segments that are not what a manifest names.

use std::cell::RefCell;
use std::rc::Rc;

use guichet_sync::limits::{LOSSES_MAX, SEGMENT_BYTES};
use guichet_sync::page::{Manifest, PageId};
use guichet_sync::receipt::Stage;
use guichet_sync::replica::{Input, Thing};
use guichet_sync::wire::Frame;

use super::network::Who;
use super::village::Village;

const PAGE_BYTES: usize = 2 * SEGMENT_BYTES + 100;
const SEGMENTS: usize = 3;
/// Many times what is in flight at once.
const LARGE_SEGMENTS: usize = 60;

/// A change of the second segment of a page on its way.
type Spoil = fn(&mut u32, &mut Vec<u8>);

fn check(spoil: Spoil, why: &str) {
    let mut village = Village::new();
    let (mut citizen, mut adviser) = village.case();
    let (manifest, segments) = citizen.page(PAGE_BYTES);
    let page = manifest.id();
    assert_eq!(segments.len(), SEGMENTS);
    village.put_segments(Who::Kiosk, page, PAGE_BYTES as u64, &segments);
    village.spoil = Some(Box::new(move |frame| {
        if let Frame::Segment { index, sealed, .. } = frame
            && *index == 1
        {
            spoil(index, sealed);
        }
    }));
    let complete = true;
    village.write(Who::Kiosk, vec![Thing::Page { manifest, complete }]);

    let relay = village.node(Who::Relay);
    assert_eq!(relay.closed, [why]);
    let held = relay.replica.page_held(&page).expect("its manifest holds");
    assert!(!held.contains(1), "nothing of it is stored");
    assert!(!village.node(Who::Station).replica.page_is_complete(&page));
    let book = |village: &Village| village.node(Who::Kiosk).replica.book().page(&page);
    assert_eq!(book(&village), None, "nobody signs for it");

    village.spoil = None;
    village.put(&mut citizen, "rent", "412");
    village.join(Who::Kiosk, Who::Relay);
    for who in [Who::Relay, Who::Station] {
        let replica = &village.node(who).replica;
        assert!(replica.page_is_complete(&page), "{who:?} has it whole");
    }
    let reached = book(&village).map(|reached| reached.stage);
    assert_eq!(reached, Some(Stage::Received));
    let rent = village.both_read([&mut citizen, &mut adviser], "rent");
    assert_eq!(rent, ["412"]);
}

#[test]
fn a_segment_that_is_not_its_pages_ends_the_session_and_the_page_comes_whole_later() {
    let other = "segment 1 is not the one its manifest names";
    check(|_, sealed| sealed[7] ^= 1, other);
    check(|_, sealed| sealed.truncate(100), other);
    check(|_, sealed| sealed.clear(), other);
    check(|_, sealed| sealed.resize(60_000, 0), other);
    check(
        |index, _| *index = 2,
        "segment 2 is not the one its manifest names",
    );
    check(|index, _| *index = 3, "segment 3 of a page of 3 segments");
    check(
        |index, _| *index = u32::MAX,
        "segment 4294967295 of a page of 3 segments",
    );
}

/// A page that every node has whole, and how many of its segments have passed on any line since.
fn everywhere(village: &mut Village) -> (Manifest, Rc<RefCell<usize>>) {
    let (mut citizen, _) = village.case();
    let (manifest, segments) = citizen.page(PAGE_BYTES);
    village.put_segments(Who::Kiosk, manifest.id(), PAGE_BYTES as u64, &segments);
    let thing = Thing::Page {
        manifest: manifest.clone(),
        complete: true,
    };
    village.write(Who::Kiosk, vec![thing]);
    let passed = Rc::new(RefCell::new(0));
    let counted = Rc::clone(&passed);
    village.spoil = Some(Box::new(move |frame| {
        *counted.borrow_mut() += usize::from(matches!(frame, Frame::Segment { .. }));
    }));
    (manifest, passed)
}

#[test]
fn of_a_page_that_is_damaged_on_the_disk_what_is_damaged_comes_again_wherever_it_was() {
    let nodes = [Who::Relay, Who::Station, Who::Kiosk];
    let segments = 0..SEGMENTS as u32;
    for (who, index) in segments.flat_map(|index| nodes.map(|who| (who, index))) {
        let mut village = Village::new();
        let (manifest, passed) = everywhere(&mut village);
        let page = manifest.id();
        village.input(who, Input::CaseFollowed(manifest.head().case));
        village.damage(who, &manifest, index);
        assert!(!village.node(who).replica.page_is_complete(&page));
        village.settle();
        let whole = village.node(who).replica.page_is_complete(&page);
        assert!(whole, "{who:?} has it whole");
        assert_eq!(*passed.borrow(), 1, "{who:?}: only what was damaged");
        assert_eq!(village.damaged(who, &manifest), [0; 0], "as it was made");
    }
}

#[test]
fn what_was_damaged_is_missing_until_it_has_come_and_comes_after_a_restart() {
    let mut village = Village::new();
    let (manifest, _) = everywhere(&mut village);
    let page = manifest.id();
    village.cut(Who::Relay, Who::Station);
    village.damage(Who::Station, &manifest, 0);
    village.reboot(Who::Station);
    village.settle();
    let held = village.node(Who::Station).replica.page_held(&page);
    assert_eq!(held.expect("known").count(), SEGMENTS as u32 - 1);
    village.join(Who::Relay, Who::Station);
    assert!(village.node(Who::Station).replica.page_is_complete(&page));
    assert_eq!(village.damaged(Who::Station, &manifest), [0; 0]);
}

#[test]
fn a_disk_that_keeps_nothing_is_not_given_a_page_for_ever() {
    let mut village = Village::new();
    let (manifest, passed) = everywhere(&mut village);
    let page = manifest.id();
    let mut times = 0;
    while times <= LOSSES_MAX && village.node(Who::Station).replica.page_is_complete(&page) {
        village.damage(Who::Station, &manifest, 2);
        village.settle();
        times += 1;
    }
    assert_eq!(
        (times, *passed.borrow()),
        (LOSSES_MAX + 1, LOSSES_MAX as usize)
    );
}

#[test]
fn a_small_page_overtakes_a_large_one_that_was_there_before_it() {
    let mut village = Village::new();
    let (mut citizen, _) = village.case();
    let lengths = [LARGE_SEGMENTS * SEGMENT_BYTES, 2 * SEGMENT_BYTES];
    let mut things = Vec::new();
    for length in lengths {
        let (manifest, segments) = citizen.page(length);
        village.put_segments(Who::Kiosk, manifest.id(), length as u64, &segments);
        let complete = true;
        things.push(Thing::Page { manifest, complete });
    }
    let [large, small] = [things[0].hash(), things[1].hash()].map(PageId);
    let order = Rc::new(RefCell::new(Vec::new()));
    let seen = Rc::clone(&order);
    village.spoil = Some(Box::new(move |frame| {
        if let Frame::Segment { page, .. } = frame {
            seen.borrow_mut().push(*page);
        }
    }));
    village.write(Who::Kiosk, things);
    let order = order.borrow();
    let last_small = order.iter().rposition(|page| *page == small);
    // What was in flight when the small page was asked for is before it, and no more.
    let before = order.iter().take(last_small.expect("it went"));
    let overtaken = before.filter(|page| **page == large).count();
    assert!(overtaken < LARGE_SEGMENTS, "behind {overtaken} segments");
    for page in [large, small] {
        assert!(village.node(Who::Station).replica.page_is_complete(&page));
    }
}

#[test]
fn segments_that_nobody_asked_for_are_passed_over() {
    let mut village = Village::new();
    let (mut citizen, _) = village.case();
    let (manifest, segments) = citizen.page(PAGE_BYTES);
    let page = manifest.id();
    let segment = |index: usize, sealed: Vec<u8>| {
        let index = index as u32;
        Frame::Segment {
            page,
            index,
            sealed,
        }
        .encode()
    };
    for (index, sealed) in segments.iter().enumerate() {
        village.send(Who::Kiosk, Who::Relay, &segment(index, sealed.clone()));
    }
    assert!(village.node(Who::Relay).replica.page_held(&page).is_none());

    village.put_segments(Who::Kiosk, page, PAGE_BYTES as u64, &segments);
    let complete = true;
    village.write(Who::Kiosk, vec![Thing::Page { manifest, complete }]);
    village.send(Who::Kiosk, Who::Relay, &segment(1, vec![0; 50]));
    let relay = village.node(Who::Relay);
    assert_eq!(relay.closed, Vec::<String>::new());
    assert!(relay.replica.page_is_complete(&page));
}

/// More than all places of one peer.
const ANNOUNCED: usize = 3 * guichet_sync::limits::PLACES_OF_SOURCE_MAX;

#[test]
fn pages_that_are_announced_and_never_come_stop_no_other_page() {
    let mut village = Village::new();
    let (mut citizen, mut adviser) = village.case();
    let mut announce = |complete| {
        let (manifest, _) = citizen.page(1_000);
        Thing::Page { manifest, complete }
    };
    let announced: Vec<_> = (0..ANNOUNCED).map(|_| announce(false)).collect();
    village.write(Who::Kiosk, announced);
    assert_eq!(
        village.node(Who::Relay).replica.pages_incomplete(),
        ANNOUNCED
    );

    // Of another maker and of the same, large and small.
    for length in [LARGE_SEGMENTS * SEGMENT_BYTES, SEGMENT_BYTES] {
        for (person, at) in [(&mut adviser, Who::Station), (&mut citizen, Who::Kiosk)] {
            let (manifest, segments) = person.page(length);
            let page = manifest.id();
            village.put_segments(at, page, length as u64, &segments);
            let complete = true;
            village.write(at, vec![Thing::Page { manifest, complete }]);
            for who in [Who::Relay, Who::Station] {
                let replica = &village.node(who).replica;
                assert!(replica.page_is_complete(&page), "{length} bytes at {who:?}");
            }
        }
    }

    // What is announced and whose maker is away waits apart, and comes when it does.
    village.cut(Who::Kiosk, Who::Relay);
    let waiting = village.node(Who::Relay).replica.pages_incomplete();
    assert_eq!(waiting, ANNOUNCED);
}
