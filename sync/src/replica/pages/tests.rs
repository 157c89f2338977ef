use guichet_keys::{AuthorId, Hash, KeyUse, Salt, SigningKey, sha256};

use super::asking::HOLDER_DELAY;
use super::*;
use crate::envelope::KeyRef;
use crate::limits::{
    PLACES_DOUBTFUL_MAX, PLACES_OF_SIZE_MAX, PLACES_SHARE_OF_MAKER, SEAL_BYTES, SEGMENT_BYTES,
    SMALL_PAGE_BYTES_MAX,
};
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

const MAKER: u8 = 9;

fn wanted_of(pages: &mut Pages, maker: u8, number: u8, segments: u64) -> PageId {
    let now = crate::test_clock();
    let manifest = manifest(number, segments);
    let (id, none) = (manifest.id(), Bitmap::empty(manifest.segments()));
    pages.insert_part(now, manifest, peer(maker), none);
    pages.want(now, &id);
    id
}

fn wanted(pages: &mut Pages, number: u8, segments: u64) -> PageId {
    wanted_of(pages, MAKER, number, segments)
}

/// These may all have every page.
fn from<const N: usize>(peers: [u8; N]) -> impl Fn(&PageId, &CaseTag, &SubjectId) -> Options {
    move |_, _, _| Options {
        sources: peers.map(sure).to_vec(),
        is_held_elsewhere: false,
    }
}

fn sure(byte: u8) -> Source {
    Source {
        peer: peer(byte),
        is_sure: true,
    }
}

const LARGE: u64 = SMALL_PAGE_BYTES_MAX / SEGMENT_BYTES as u64 + 1;
const SMALL_OF_MAKER: usize = PLACES_OF_SIZE_MAX / PLACES_SHARE_OF_MAKER;

/// The pages that are asked for now.
fn asked(pages: &mut Pages, now: Instant) -> Vec<PageId> {
    let asks = pages.ask(now, from([1]));
    let asked = asks.iter().filter(|ask| ask.from.is_some());
    asked.map(|ask| ask.page).collect()
}

#[test]
fn one_page_that_nobody_gives_does_not_hold_up_the_others() {
    let mut now = crate::test_clock();
    let mut pages = Pages::default();
    let all: BTreeSet<PageId> = (0..100)
        .map(|number| wanted(&mut pages, number, 1))
        .collect();
    let mut seen = BTreeSet::new();
    for _ in 0..20 {
        seen.extend(asked(&mut pages, now));
        assert!(pages.places.count() <= SMALL_OF_MAKER);
        assert!(asked(&mut pages, now).is_empty(), "asked once");
        now += STALL;
    }
    assert_eq!(seen, all);
    let hour = (0..3600).map(|second| asked(&mut pages, now + Duration::from_secs(second)).len());
    assert!(hour.sum::<usize>() < 100 * 20, "asked ever less often");
    let later = now + Duration::from_secs(3600);
    pages.on_source();
    assert!(
        !asked(&mut pages, later).is_empty(),
        "somebody new is there"
    );
    assert_eq!(pages.incomplete(), 100);
}

#[test]
fn what_one_node_announces_and_never_gives_stops_nobody() {
    let mut now = crate::test_clock();
    let mut pages = Pages::default();
    for number in 0..200 {
        wanted_of(&mut pages, 7, number, 1);
    }
    for round in 0..40_u8 {
        let large = wanted(&mut pages, 200 + round % 50, LARGE + u64::from(round));
        let first = asked(&mut pages, now);
        assert!(first.contains(&large), "at once, in round {round}");
        now += Duration::from_secs(1);
        (0..LARGE as u32 + u32::from(round)).for_each(|index| {
            assert_eq!(pages.accept(now, &large, index, &SEALED), Ok(true));
        });
        assert!(pages.on_durable(&large, 0..LARGE as u32 + u32::from(round)));
        now += Duration::from_secs(u64::from(round));
    }
    assert_eq!(pages.incomplete(), 200);
}

#[test]
fn a_page_whose_only_maker_is_away_holds_no_place_and_is_asked_for_when_it_comes() {
    let now = crate::test_clock();
    let mut pages = Pages::default();
    let nobody = |_: &PageId, _: &CaseTag, _: &SubjectId| Options::default();
    let all: BTreeSet<PageId> = (0..9).map(|number| wanted(&mut pages, number, 1)).collect();
    assert!(pages.ask(now, nobody).is_empty());
    assert_eq!((pages.places.count(), pages.parked.len()), (0, all.len()));
    assert_eq!((pages.incomplete(), pages.poll_timeout()), (9, None));
    assert!(asked(&mut pages, now).is_empty(), "until something happens");
    pages.on_source();
    assert_eq!(
        asked(&mut pages, now).into_iter().collect::<BTreeSet<_>>(),
        all
    );

    // Who only may have it is asked once, and not again.
    let maybe = |_: &PageId, _: &CaseTag, _: &SubjectId| Options {
        sources: vec![Source {
            is_sure: false,
            ..sure(1)
        }],
        is_held_elsewhere: false,
    };
    let later = now + STALL * 9;
    let asks = pages.ask(later, maybe);
    let left = asks
        .iter()
        .all(|ask| ask.leave.is_some() && ask.from.is_none());
    assert!(left && asks.len() == all.len(), "it was asked in vain");
    assert_eq!((pages.places.count(), pages.parked.len()), (0, all.len()));
}

#[test]
fn who_has_a_page_whole_is_waited_for_and_asked_before_its_maker() {
    let now = crate::test_clock();
    let mut pages = Pages::default();
    let id = wanted(&mut pages, 1, 9);
    let held = |sources: &[u8]| {
        let sources = sources.iter().copied().map(sure).collect();
        let options = Options {
            sources,
            is_held_elsewhere: true,
        };
        move |_: &PageId, _: &CaseTag, _: &SubjectId| options.clone()
    };
    assert!(pages.ask(now, held(&[MAKER])).is_empty());
    assert_eq!(pages.poll_timeout(), Some(now + HOLDER_DELAY));
    let asks = pages.ask(now + HOLDER_DELAY, held(&[MAKER]));
    assert_eq!(asks[0].from, Some(peer(MAKER)), "but not for ever");
    pages.on_holder(&id);
    let asks = pages.ask(now + HOLDER_DELAY, held(&[4, MAKER]));
    let moved = (asks[0].leave, asks[0].from, asks.len());
    assert_eq!(moved, (Some(peer(MAKER)), Some(peer(4)), 1));
    pages.on_holder(&id);
    assert!(pages.ask(now + HOLDER_DELAY, held(&[4, MAKER])).is_empty());
}

#[test]
fn after_a_cut_pages_are_asked_for_in_the_order_in_which_they_were_wanted() {
    let now = crate::test_clock();
    let mut pages = Pages::default();
    let order: Vec<PageId> = (0..9).map(|number| wanted(&mut pages, number, 1)).collect();
    assert_eq!(asked(&mut pages, now), order);
    pages.on_lost(&peer(1));
    assert_eq!(asked(&mut pages, now), order);
}

#[test]
fn a_peer_that_gives_nothing_is_left_for_the_next() {
    let now = crate::test_clock();
    let mut pages = Pages::default();
    let id = wanted(&mut pages, 1, 2);
    let two = || from([1, 2]);
    assert_eq!(pages.ask(now, two())[0].from, Some(peer(1)));
    assert_eq!(pages.poll_timeout(), Some(now + STALL));
    let later = now + STALL - Duration::from_secs(1);
    assert_eq!(pages.accept(later, &id, 0, &SEALED), Ok(true));
    assert_eq!(
        pages.accept(later, &id, 0, &SEALED),
        Ok(false),
        "it is landing"
    );
    assert!(pages.ask(now + STALL, two()).is_empty(), "it has moved");
    let asks = pages.ask(later + STALL, two());
    assert_eq!(
        (asks[0].leave, asks[0].from),
        (Some(peer(1)), Some(peer(2)))
    );
    pages.on_lost(&peer(2));
    assert_eq!(pages.ask(later + STALL, two())[0].from, Some(peer(1)));
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
    let two = || from([1, 2]);
    assert_eq!(pages.ask(now, two()).len(), 2);
    let later = now + STALL - Duration::from_secs(1);
    assert_eq!(pages.accept(later, &first, 0, &SEALED), Ok(true));
    assert!(pages.ask(now + STALL, two()).is_empty());
    assert_eq!(pages.accept(now + STALL, &second, 0, &SEALED), Ok(true));
    let moved = pages.ask(later + STALL, two());
    assert_eq!(moved.len(), 1, "the later one does not hold up the earlier");
    assert_eq!((moved[0].page, moved[0].from), (first, Some(peer(2))));
}

#[test]
fn all_who_may_have_a_page_are_asked_before_anybody_is_asked_again_later() {
    let now = crate::test_clock();
    let mut pages = Pages::default();
    wanted(&mut pages, 1, 1);
    let mut asked = |stalls: u32| {
        pages
            .ask(now + STALL * stalls, from([1, 2, 3]))
            .first()?
            .from
    };
    let first_round = [0, 1, 2].map(&mut asked);
    assert_eq!(first_round, [1, 2, 3].map(|byte| Some(peer(byte))));
    assert_eq!([3, 4, 5].map(asked), [Some(peer(1)), None, Some(peer(2))]);
}

#[test]
fn what_the_disk_did_not_take_is_asked_for_again_but_not_at_once() {
    let now = crate::test_clock();
    let mut pages = Pages::default();
    let id = wanted(&mut pages, 1, 1);
    let one = || from([1]);
    pages.ask(now, one());
    assert_eq!(pages.accept(now, &id, 0, &SEALED), Ok(true));
    pages.on_disk_failed(now, &[(id, 0)]);
    assert!(pages.ask(now, one()).is_empty());
    assert_eq!(pages.ask(now + STALL, one())[0].from, Some(peer(1)));
    assert_eq!(pages.accept(now, &id, 0, &SEALED), Ok(true));
}

#[test]
fn what_has_come_and_is_not_durable_yet_is_not_asked_for_again() {
    let now = crate::test_clock();
    let mut pages = Pages::default();
    let id = wanted(&mut pages, 1, 3);
    pages.ask(now, from([1, 2]));
    assert_eq!(pages.accept(now, &id, 0, &SEALED), Ok(true));
    pages.on_lost(&peer(1));
    assert_eq!(pages.accept(now, &id, 0, &SEALED), Ok(false), "it landed");
    let asks = pages.ask(now, from([2]));
    assert_eq!((asks.len(), asks[0].held.as_bytes()), (1, &[1][..]));
    pages.on_disk_failed(now, &[(id, 0)]);
    let asks = pages.ask(now + STALL, from([2]));
    assert_eq!((asks.len(), asks[0].held.count()), (1, 0), "it is lost");
}

#[test]
fn what_comes_late_from_who_was_left_counts() {
    let now = crate::test_clock();
    let mut pages = Pages::default();
    let ids: Vec<_> = (0..=PLACES_DOUBTFUL_MAX / PLACES_SHARE_OF_MAKER)
        .map(|number| wanted(&mut pages, number as u8, 1))
        .collect();
    assert_eq!(
        pages.accept(now, &ids[0], 0, &SEALED),
        Ok(false),
        "nobody was asked, and there is no room on the disk"
    );
    pages.ask(now, from([1]));
    pages.ask(now + STALL, from([1]));
    let waits = |id: &&PageId| matches!(pages.pages[*id].fetch, Fetch::Waiting { .. });
    let left = *ids.iter().find(waits).expect("one has no place");
    assert_eq!(pages.accept(now + STALL, &left, 0, &SEALED), Ok(true));
    assert!(pages.on_durable(&left, [0]));
    assert_eq!(pages.incomplete(), ids.len() - 1);
}

#[test]
fn who_comes_and_had_better_be_asked_is_asked_for_what_nothing_has_come_of() {
    let now = crate::test_clock();
    let mut pages = Pages::default();
    let [begun, other] = [1, 2].map(|number| wanted(&mut pages, number, 3));
    assert_eq!(pages.ask(now, from([2])).len(), 2);
    assert_eq!(pages.accept(now, &begun, 0, &SEALED), Ok(true));
    assert!(pages.ask(now, from([1, 2])).is_empty(), "nobody has come");
    pages.on_source();
    let asks = pages.ask(now, from([1, 2]));
    let moved: Vec<_> = asks
        .iter()
        .map(|ask| (ask.page, ask.leave, ask.from))
        .collect();
    assert_eq!(moved, [(other, Some(peer(2)), Some(peer(1)))]);
    pages.on_source();
    assert!(pages.ask(now, from([1, 2])).is_empty(), "it is asked");
}

#[test]
fn who_comes_back_to_a_case_gets_the_rest_of_its_pages() {
    let now = crate::test_clock();
    let mut pages = Pages::default();
    let id = wanted(&mut pages, 1, 1);
    let one = || from([1]);
    pages.ask(now, one());
    assert_eq!(pages.leave(&id), Some(peer(1)));
    assert!(pages.ask(now, one()).is_empty());
    assert_eq!(
        pages.accept(now, &id, 0, &SEALED),
        Ok(false),
        "nobody wants it"
    );
    pages.want(now, &id);
    assert_eq!(pages.ask(now, one()).len(), 1);
}

#[test]
fn small_pages_are_asked_for_before_large_ones() {
    let now = crate::test_clock();
    let mut pages = Pages::default();
    let last = wanted(&mut pages, 1, LARGE);
    let first = wanted(&mut pages, 2, 1);
    let asks = pages.ask(now, from([1]));
    let order: Vec<_> = asks.iter().map(|ask| ask.page).collect();
    assert_eq!(order, [first, last]);
}
