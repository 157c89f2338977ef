use guichet_keys::{Hash, KeyUse, Salt, SigningKey, sha256};

use super::*;
use crate::envelope::KeyRef;
use crate::limits::{SEAL_BYTES, SEGMENT_BYTES, SMALL_PAGE_BYTES_MAX};
use crate::page::PageHead;

fn peer(byte: u8) -> SubjectId {
    SubjectId::from([byte; 32])
}

/// Every segment of the pages here.
static SEALED: [u8; SEGMENT_BYTES + SEAL_BYTES] = [b's'; SEGMENT_BYTES + SEAL_BYTES];

/// The manifest of a page whose segments are all the same.
fn manifest(number: u8, segments: u64) -> Manifest {
    let key = KeyRef {
        usage: KeyUse::Shared,
        epoch: 1,
    };
    let (case, author) = (CaseTag::from([1; 16]), AuthorId::from([2; 16]));
    let length = segments * SEGMENT_BYTES as u64;
    let head = PageHead::new(Salt::from([number; 16]), case, author, key, length);
    let hashes: Vec<Hash> = (0..segments).map(|_| sha256(&SEALED)).collect();
    Manifest::sign(head, &hashes, &SigningKey::from_seed(&[3; 32])).expect("a good page")
}

fn wanted(pages: &mut Pages, number: u8, segments: u64) -> PageId {
    let manifest = manifest(number, segments);
    let (id, none) = (manifest.id(), Bitmap::empty(manifest.segments()));
    pages.insert_part(manifest, none);
    pages.want(&id);
    id
}

#[test]
fn one_page_that_nobody_gives_does_not_hold_up_the_others() {
    let mut now = crate::test_clock();
    let mut pages = Pages::default();
    let all: BTreeSet<PageId> = (0..100)
        .map(|number| wanted(&mut pages, number, 1))
        .collect();
    let mut asked = BTreeSet::new();
    for _ in 0..all.len().div_ceil(FETCHES_MAX) {
        let asks = pages.ask(now, |_, _| vec![peer(1)]);
        asked.extend(
            asks.iter()
                .filter(|ask| ask.from.is_some())
                .map(|ask| ask.page),
        );
        assert!(pages.asked.len() <= FETCHES_MAX);
        assert!(
            pages.ask(now, |_, _| vec![peer(1)]).is_empty(),
            "asked once"
        );
        now += STALL;
    }
    assert_eq!(asked, all);
    let asks = |pages: &mut Pages, now| {
        let asks = pages.ask(now, |_, _| vec![peer(1)]);
        asks.iter().filter(|ask| ask.from.is_some()).count()
    };
    let hour = (0..3600).map(|second| asks(&mut pages, now + Duration::from_secs(second)));
    assert!(hour.sum::<usize>() < 100 * 20, "asked ever less often");
    let later = now + Duration::from_secs(3600);
    pages.on_source(later);
    assert_eq!(
        asks(&mut pages, later),
        FETCHES_MAX,
        "somebody new is there"
    );
}

#[test]
fn a_peer_that_gives_nothing_is_left_for_the_next() {
    let now = crate::test_clock();
    let mut pages = Pages::default();
    let id = wanted(&mut pages, 1, 2);
    let two = |_: &CaseTag, _: &AuthorId| vec![peer(1), peer(2)];
    assert_eq!(pages.ask(now, two)[0].from, Some(peer(1)));
    assert_eq!(pages.poll_timeout(), Some(now + STALL));
    let later = now + STALL - Duration::from_secs(1);
    assert_eq!(pages.accept(later, &id, 0, &SEALED), Ok(true));
    assert_eq!(
        pages.accept(later, &id, 0, &SEALED),
        Ok(false),
        "it is landing"
    );
    assert!(pages.ask(now + STALL, two).is_empty(), "it has moved");
    let asks = pages.ask(later + STALL, two);
    assert_eq!(
        (asks[0].leave, asks[0].from),
        (Some(peer(1)), Some(peer(2)))
    );
    pages.on_lost(&peer(2));
    assert_eq!(pages.ask(later + STALL, two)[0].from, Some(peer(1)));
    assert!(pages.accept(now, &id, 1, b"other").is_err());
    assert!(!pages.on_durable(&id, [0]));
    assert!(pages.on_durable(&id, [1]));
    assert_eq!((pages.incomplete(), pages.poll_timeout()), (0, None));
}

#[test]
fn what_was_asked_for_later_is_not_late_while_a_peer_gives_the_earlier() {
    let now = crate::test_clock();
    let mut pages = Pages::default();
    let first = wanted(&mut pages, 1, 9);
    let second = wanted(&mut pages, 2, 9);
    let two = |_: &CaseTag, _: &AuthorId| vec![peer(1), peer(2)];
    assert_eq!(pages.ask(now, two).len(), 2);
    let later = now + STALL - Duration::from_secs(1);
    assert_eq!(pages.accept(later, &first, 0, &SEALED), Ok(true));
    assert!(pages.ask(now + STALL, two).is_empty());
    assert_eq!(pages.accept(now + STALL, &second, 0, &SEALED), Ok(true));
    let moved = pages.ask(later + STALL, two);
    assert_eq!(moved.len(), 1, "the later one does not hold up the earlier");
    assert_eq!((moved[0].page, moved[0].from), (first, Some(peer(2))));
}

#[test]
fn all_who_may_have_a_page_are_asked_before_anybody_is_asked_again_later() {
    let now = crate::test_clock();
    let mut pages = Pages::default();
    wanted(&mut pages, 1, 1);
    let three = |_: &CaseTag, _: &AuthorId| vec![peer(1), peer(2), peer(3)];
    let mut asked = |stalls: u32| pages.ask(now + STALL * stalls, three).first()?.from;
    let first_round = [0, 1, 2].map(&mut asked);
    assert_eq!(first_round, [1, 2, 3].map(|byte| Some(peer(byte))));
    assert_eq!([3, 4, 5].map(asked), [Some(peer(1)), None, Some(peer(2))]);
}

#[test]
fn what_the_disk_did_not_take_is_asked_for_again_but_not_at_once() {
    let now = crate::test_clock();
    let mut pages = Pages::default();
    let id = wanted(&mut pages, 1, 1);
    let one = |_: &CaseTag, _: &AuthorId| vec![peer(1)];
    pages.ask(now, one);
    assert_eq!(pages.accept(now, &id, 0, &SEALED), Ok(true));
    pages.on_disk_failed(now, &[(id, 0)]);
    assert!(pages.ask(now, one).is_empty());
    assert_eq!(pages.ask(now + STALL, one)[0].from, Some(peer(1)));
    assert_eq!(pages.accept(now, &id, 0, &SEALED), Ok(true));
}

#[test]
fn who_comes_back_to_a_case_gets_the_rest_of_its_pages() {
    let now = crate::test_clock();
    let mut pages = Pages::default();
    let id = wanted(&mut pages, 1, 1);
    let one = |_: &CaseTag, _: &AuthorId| vec![peer(1)];
    pages.ask(now, one);
    assert_eq!(pages.leave(&id), Some(peer(1)));
    assert!(pages.ask(now, one).is_empty());
    assert_eq!(
        pages.accept(now, &id, 0, &SEALED),
        Ok(false),
        "nobody wants it"
    );
    pages.want(&id);
    assert_eq!(pages.ask(now, one).len(), 1);
}

#[test]
fn small_pages_are_asked_for_before_large_ones() {
    let now = crate::test_clock();
    let mut pages = Pages::default();
    let large = SMALL_PAGE_BYTES_MAX / SEGMENT_BYTES as u64 + 1;
    let last = wanted(&mut pages, 1, large);
    let first = wanted(&mut pages, 2, 1);
    let asks = pages.ask(now, |_, _| vec![peer(1)]);
    let order: Vec<_> = asks.iter().map(|ask| ask.page).collect();
    assert_eq!(order, [first, last]);
}
