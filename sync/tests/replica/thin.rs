//! Documents on the kiosk's thin line, which is cut again and again: each page goes up once.

use std::time::Duration;

use guichet_sync::limits::SEGMENT_BYTES;
use guichet_sync::page::PageId;
use guichet_sync::replica::{Input, Thing};
use guichet_sync::wire::Presence;

use super::network::Who;
use super::pace::Pace;
use super::people::Person;
use super::village::Village;

const DOCUMENTS: usize = 8;
const SEGMENTS: usize = 32;
const DOCUMENT_BYTES: u64 = (SEGMENTS * SEGMENT_BYTES) as u64;
const SECOND: Duration = Duration::from_secs(1);

/// Both lines of the kiosk are there every 25 s for 20 s.
const UP: Duration = Duration::from_secs(20);
const CUT: Duration = Duration::from_secs(5);

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

    fn cut_kiosk(&mut self) {
        let now = self.elapsed();
        if let Some(pace) = &mut self.pace {
            pace.cut(now);
        }
        self.disconnect(Who::Kiosk, Who::Relay);
        self.disconnect(Who::Kiosk, Who::Station);
        self.roster();
    }

    fn up_bytes(&self) -> u64 {
        self.pace.as_ref().map_or(0, |pace| pace.up_bytes)
    }

    fn twice(&self) -> u32 {
        self.pace.as_ref().map_or(0, Pace::twice)
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

#[test]
fn documents_go_up_a_line_that_is_cut_each_25_seconds_once() {
    for seed in 0..4 {
        let (mut village, _citizen, pages) = village(seed);
        let mut seconds = 0;
        while !village.have_all(Who::Station, &pages) {
            assert!(seconds < 150, "seed {seed}: not there after {seconds} s");
            if seconds % 25 == 20 {
                village.cut_kiosk();
            }
            if seconds > 20 && seconds % 25 == 0 {
                // One line or the other is there first.
                let order = [Who::Relay, Who::Station];
                let first = order[(seed % 2) as usize];
                let second = order[((seed + 1) % 2) as usize];
                village.meet(Who::Kiosk, first);
                village.run(SECOND * (seed / 2) as u32);
                village.meet(Who::Kiosk, second);
            }
            village.run(SECOND);
            seconds += 1;
        }
        assert!(village.have_all(Who::Relay, &pages));
        let documents = DOCUMENTS as u64 * DOCUMENT_BYTES;
        let times = village.up_bytes() as f64 / documents as f64;
        println!(
            "seed {seed}: {seconds} s, {times:.3} times the documents, {} twice",
            village.twice()
        );
        assert_eq!(village.twice(), 0, "seed {seed}: segments came twice");
        assert!(times <= 1.2, "seed {seed}: {times:.2} times went up");
        assert!(UP + CUT == SECOND * 25);
    }
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
        println!(
            "{who:?} again: {times:.3} times the documents, {} twice",
            village.twice()
        );
        assert!(
            village.twice() <= 8,
            "{who:?}: {} came twice",
            village.twice()
        );
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
        assert_eq!(village.twice(), 0, "{order:?}");
    }
}
