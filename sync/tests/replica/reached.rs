//! How far what an adviser writes has come, seen from their station.

use guichet_sync::envelope::{ChainId, Kind};
use guichet_sync::page::PageId;
use guichet_sync::receipt::Stage;
use guichet_sync::replica::{Input, Thing};

use super::network::Who;
use super::village::Village;

const PAGE_BYTES: usize = 1000;

impl Village {
    /// How far the end of a chain and a page have come, and how much a station still waits for.
    fn seen(&self, who: Who, chain: &ChainId, page: &PageId) -> ([Option<Stage>; 2], u64) {
        let replica = &self.node(who).replica;
        let last = replica.chain_reached(chain).last().copied().flatten();
        let reached = [last, replica.page_reached(page)];
        (reached.map(|it| it.map(|it| it.stage)), replica.outbox().0)
    }
}

#[test]
fn what_a_station_wrote_and_signed_for_itself_is_unsent_until_another_node_has_it() {
    let mut village = Village::new();
    let (_citizen, mut adviser) = village.case();
    village.say(&mut adviser, "Bonjour.");
    village.cut(Who::Relay, Who::Station);

    village.say(&mut adviser, "Je vous rappelle.");
    let said = ChainId {
        case: adviser.case(),
        author: adviser.author(),
        kind: Kind::Act,
    };
    let (manifest, segments) = adviser.page(PAGE_BYTES);
    let page = manifest.id();
    village.put_segments(Who::Station, page, PAGE_BYTES as u64, &segments);
    let complete = true;
    village.write(Who::Station, vec![Thing::Page { manifest, complete }]);
    let book = village.node(Who::Station).replica.book();
    let signed = book.envelope(&said, 1).map(|reached| reached.stage);
    assert_eq!(signed, Some(Stage::Received), "the station has signed");
    assert_eq!(village.seen(Who::Station, &said, &page), ([None; 2], 2));
    village.restart();
    assert_eq!(village.seen(Who::Station, &said, &page), ([None; 2], 2));

    village.input(Who::Kiosk, Input::CaseFollowed(adviser.case()));
    village.join(Who::Relay, Who::Station);
    let received = [Some(Stage::Received); 2];
    assert_eq!(village.seen(Who::Station, &said, &page), (received, 0));
    assert_eq!(village.seen(Who::Kiosk, &said, &page), (received, 0));
}
