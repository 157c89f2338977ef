//! Documents on the kiosk's thin line, which is cut again and again: each page goes up once.

use std::time::Duration;

use guichet_sync::limits::SEGMENT_BYTES;
use guichet_sync::page::PageId;
use guichet_sync::replica::{Input, Thing};
use guichet_sync::window::START_BYTES;
use guichet_sync::wire::Presence;

use super::network::Who;
use super::pace::{Chance, Pace};
use super::people::Person;
use super::village::Village;

const DOCUMENTS: usize = 8;
const SEGMENTS: usize = 32;
const DOCUMENT_BYTES: u64 = (SEGMENTS * SEGMENT_BYTES) as u64;
/// Courses of cuts and restarts that are tried.
const SEEDS: u64 = 12;
const SECOND: Duration = Duration::from_secs(1);

/// Both lines of the kiosk are there every 25 s for 20 s.
const UP: Duration = Duration::from_secs(20);
const CUT: Duration = Duration::from_secs(5);
/// Segments that a cut may cost: what is on its way to the relay and to the station, of each at
/// most what a session begins with.
const LOST_EACH_CUT: u32 = 2 * (START_BYTES as usize / SEGMENT_BYTES) as u32;

impl Village {
    /// The relay tells who it sees now.
    fn roster(&mut self) {
        let others = [Who::Kiosk, Who::Station];
        let here = others
            .into_iter()
            .filter(|who| self.are_joined(Who::Relay, *who));
        let member = |who: Who| Presence {
            member: who.subject(),
            online: true,
            addresses: vec![],
        };
        let members = here.map(member).collect();
        self.input(Who::Relay, Input::RosterChanged(members));
    }

    /// A line comes, and the relay's roster says so.
    fn meet(&mut self, a: Who, b: Who) {
        self.connect(a, b);
        self.roster();
    }

    fn suffer(&mut self, then: Then) {
        match then {
            Then::StartsAgain(who) => {
                self.reboot(who);
                self.roster();
            }
            Then::Notices(who) => {
                self.disconnect(Who::Kiosk, who);
                self.roster();
            }
            Then::Mended => {
                let now = self.elapsed();
                self.pace.as_mut().expect("paced").mend(now);
            }
            Then::Meet(one, other) => self.meet(one, other),
        }
    }

    fn up_bytes(&self) -> u64 {
        self.pace.as_ref().map_or(0, |pace| pace.up_bytes)
    }

    /// Segments that came from the kiosk twice, and those that left it again.
    fn twice_and_again(&self) -> (u32, u32) {
        let pace = self.pace.as_ref();
        pace.map_or((0, 0), |pace| (pace.twice(), pace.again()))
    }

    fn have_all(&self, who: Who, pages: &[PageId]) -> bool {
        let replica = &self.node(who).replica;
        pages.iter().all(|page| replica.page_is_complete(page))
    }
}

/// A village whose three nodes are all joined, and whose kiosk has documents to send.
fn village(seed: u64) -> (Village, Person, Vec<PageId>) {
    let mut village = Village::new();
    let (mut citizen, _) = village.case();
    village.meet(Who::Kiosk, Who::Station);
    village.run(SECOND);
    village.pace = Some(Pace::new(seed));
    let pages = documents(&mut village, &mut citizen);
    (village, citizen, pages)
}

fn documents(village: &mut Village, citizen: &mut Person) -> Vec<PageId> {
    let mut things = Vec::new();
    for _ in 0..DOCUMENTS {
        let (manifest, segments) = citizen.page(DOCUMENT_BYTES as usize);
        village.put_segments(Who::Kiosk, manifest.id(), DOCUMENT_BYTES, &segments);
        let complete = true;
        things.push(Thing::Page { manifest, complete });
    }
    let pages = things.iter().map(|thing| PageId(thing.hash())).collect();
    village.input(Who::Kiosk, Input::Written(things));
    pages
}

/// What happens when the kiosk's line is cut.
#[derive(Clone, Copy, Debug)]
enum Then {
    /// This node is killed and starts again.
    StartsAgain(Who),
    /// Kiosk and this node notice that they are parted.
    Notices(Who),
    /// The line carries again what new connections send.
    Mended,
    /// These two meet.
    Meet(Who, Who),
}

/// What happens after a cut, at which of its milliseconds: who notices first, who is back first.
fn after_a_cut(chance: &mut Chance, starts_again: Option<Who>) -> Vec<(u64, Then)> {
    let [relay, station, kiosk] = [Who::Relay, Who::Station, Who::Kiosk];
    let mut then = vec![
        (chance.between(4_300, 4_990), Then::Notices(relay)),
        (chance.between(4_300, 4_990), Then::Notices(station)),
        (CUT.as_millis() as u64, Then::Mended),
        (chance.between(5_200, 8_000), Then::Meet(kiosk, relay)),
        (chance.between(5_200, 8_000), Then::Meet(kiosk, station)),
    ];
    if let Some(who) = starts_again {
        let killed = chance.between(10, 1_000);
        let back = killed + chance.between(300, 7_000);
        then.push((killed, Then::StartsAgain(who)));
        then.push((back, Then::Meet(relay, station)));
    }
    then.sort_by_key(|(at_ms, _)| *at_ms);
    then
}

/// Lets time pass as on a line that is there for 20 s and then cut for 5, until relay and station
/// have all. `starts_again` says who does so at which cut. Gives how long it took, and how many cuts
/// there were.
fn through_cuts(
    village: &mut Village,
    pages: &[PageId],
    chance: &mut Chance,
    starts_again: impl Fn(u32) -> Option<Who>,
) -> (Duration, u32) {
    let begun = village.elapsed();
    let mut cuts = 0;
    loop {
        let up = village.elapsed() + UP;
        while village.elapsed() < up {
            if village.have_all(Who::Station, pages) && village.have_all(Who::Relay, pages) {
                return (village.elapsed() - begun, cuts);
            }
            village.run(SECOND / 4);
        }
        cuts += 1;
        assert!(cuts < 8, "not there after {cuts} cuts");
        village.pace.as_mut().expect("paced").cut();
        let cut = village.elapsed();
        for (at_ms, then) in after_a_cut(chance, starts_again(cuts)) {
            let at = cut + Duration::from_millis(at_ms);
            village.run(at.saturating_sub(village.elapsed()));
            village.suffer(then);
        }
    }
}

#[test]
fn documents_go_up_a_line_that_is_cut_each_25_seconds_once() {
    let mut faults = Vec::new();
    for seed in 0..SEEDS {
        let (mut village, _citizen, pages) = village(seed);
        let restarts = |cut| match cut {
            2 if seed % 4 > 0 => Some(Who::Relay),
            3 if seed % 4 > 0 => Some(Who::Station),
            _ => None,
        };
        let mut chance = Chance::new(seed);
        let (took, cuts) = through_cuts(&mut village, &pages, &mut chance, restarts);
        let documents = DOCUMENTS as u64 * DOCUMENT_BYTES;
        let times = village.up_bytes() as f64 / documents as f64;
        let (twice, again) = village.twice_and_again();
        println!(
            "seed {seed}: {took:?}, {cuts} cuts, {times:.3} times the documents, {twice} twice, \
             {again} again"
        );
        if twice > 0 || again > cuts * LOST_EACH_CUT || times > 1.2 {
            faults.push((seed, cuts, twice, again, times));
        }
    }
    assert_eq!(
        faults,
        [],
        "seed, cuts, came twice, left again, bytes ÷ bytes"
    );
}

#[test]
fn a_relay_or_station_that_starts_again_in_the_middle_costs_the_thin_line_nothing() {
    for who in [Who::Relay, Who::Station] {
        let (mut village, _citizen, pages) = village(7);
        village.run(SECOND * 20);
        village.reboot(who);
        village.roster();
        village.run(SECOND * 3);
        let others = [Who::Relay, Who::Kiosk, Who::Station];
        for other in others.into_iter().filter(|other| *other != who) {
            village.meet(who, other);
        }
        village.run(SECOND * 80);
        for node in [Who::Relay, Who::Station] {
            assert!(
                village.have_all(node, &pages),
                "{who:?} started again: {node:?}"
            );
        }
        let documents = DOCUMENTS as u64 * DOCUMENT_BYTES;
        let times = village.up_bytes() as f64 / documents as f64;
        let (twice, again) = village.twice_and_again();
        println!("{who:?} again: {times:.3} times the documents, {twice} twice, {again} again");
        assert!(twice <= 8, "{who:?}: {twice} came twice");
        assert!(times <= 1.2, "{who:?}: {times:.2} times went up");
    }
}

#[test]
fn what_a_station_has_signed_for_is_not_sent_again_to_a_relay_that_comes_back() {
    for kiosk_first in [true, false] {
        let (mut village, _citizen, pages) = {
            let mut village = Village::new();
            let (mut citizen, _) = village.case();
            village.meet(Who::Kiosk, Who::Station);
            village.disconnect(Who::Kiosk, Who::Relay);
            village.disconnect(Who::Station, Who::Relay);
            village.pace = Some(Pace::new(3));
            let pages = documents(&mut village, &mut citizen);
            (village, citizen, pages)
        };
        village.run(SECOND * 90);
        assert!(village.have_all(Who::Station, &pages), "sent directly");
        let sent = village.pace.as_ref().expect("paced").arrived.len();
        assert_eq!(sent, DOCUMENTS * SEGMENTS);
        let order = match kiosk_first {
            true => [Who::Kiosk, Who::Station],
            false => [Who::Station, Who::Kiosk],
        };
        for who in order {
            village.meet(Who::Relay, who);
            village.run(SECOND * 3);
        }
        village.run(SECOND * 40);
        assert!(village.have_all(Who::Relay, &pages), "{order:?}");
        assert_eq!(village.twice_and_again(), (0, 0), "{order:?}");
    }
}
