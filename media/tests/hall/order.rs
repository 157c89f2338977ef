//! Two ways lead from node to node, and what was said first may come last: it undoes nothing.

use std::time::Duration;

use guichet_keys::Role;
use guichet_media::booth;
use guichet_media::desk::{self, Wish};
use guichet_media::hall::{Hall, Input, Output};
use guichet_media::signal::{Availability, Body, Stage};

use super::hostile::{desk_of, frame, signed, ticket_of};
use super::network::{KIOSKS, RELAY, STATIONS, directory, family, signer, subject};
use super::town::Town;

const SLOW: Duration = Duration::from_millis(700);
const MOMENT: Duration = Duration::from_millis(100);
const MINUTE: Duration = Duration::from_secs(60);

/// A town where the way by the relay is long.
fn town_with_a_slow_relay(kiosk: u8, station: u8) -> Town {
    let mut town = Town::new();
    town.pass(MINUTE);
    for node in [kiosk, station] {
        town.slow(node, RELAY, SLOW);
    }
    town
}

#[test]
fn a_ticket_that_is_gone_does_not_come_back_by_the_longer_way() {
    let (kiosk, station) = (KIOSKS[0], STATIONS[0]);
    let mut town = town_with_a_slow_relay(kiosk, station);
    town.ask(kiosk);
    town.join(kiosk, station);
    town.pass(MOMENT);
    assert_eq!(town.queue(station).len(), 1, "by the shorter way");
    town.at_booth(kiosk, booth::Input::Left);
    town.pass(MOMENT);
    for _ in 0..20 {
        assert!(town.queue(station).is_empty());
        town.pass(MOMENT);
    }
    town.pass(MINUTE);
    assert!(town.queue(station).is_empty());
}

#[test]
fn a_desk_is_as_it_was_last_told() {
    let (kiosk, station) = (KIOSKS[0], STATIONS[0]);
    let mut town = town_with_a_slow_relay(kiosk, station);
    let service = family();
    let told = |town: &Town| {
        let desk = town.hall_of(kiosk).desk(&subject(station));
        desk.map(|desk| desk.notice.availability)
    };
    town.at_desk(station, desk::Input::Wished(Wish::Away));
    town.join(kiosk, station);
    town.pass(MOMENT);
    town.at_desk(station, desk::Input::Wished(Wish::Here));
    town.pass(MOMENT);
    for _ in 0..20 {
        assert_eq!(told(&town), Some(Availability::Free));
        town.pass(MOMENT);
    }
    assert_eq!(town.hall_of(kiosk).desks_of(&service).count(), 2);
}

#[test]
fn of_what_a_node_says_about_one_thing_the_last_word_counts() {
    let (kiosk, station) = (KIOSKS[0], STATIONS[0]);
    let waits = ticket_of(&mut Town::new(), kiosk);
    let gone = guichet_media::signal::TicketNotice {
        stage: Stage::Gone,
        ..waits.clone()
    };
    let desk = || desk_of(station, vec![family()]);
    let cases = [
        (kiosk, Body::Ticket(gone), Body::Ticket(waits.clone())),
        (kiosk, Body::Nobody, Body::Ticket(waits.clone())),
        (kiosk, Body::Ticket(waits), Body::Nobody),
        (station, desk(), desk()),
    ];
    for (from, last, late) in cases {
        for (role, node) in [(Role::Relay, RELAY), (Role::Station, STATIONS[1])] {
            let mut hall = Hall::new(signer(node), role, 1);
            let now = super::test_clock();
            let mut hear = |number, body: &Body| {
                let bytes = frame(signed(from, 9, number, body.clone()));
                let received = Input::Received(subject(from), bytes);
                hall.handle_input(now, directory(), received).unwrap();
                std::iter::from_fn(|| hall.poll_output()).collect::<Vec<Output>>()
            };
            hear(2, &last);
            assert_eq!(hear(1, &late), [], "{last:?}, then {late:?}");
            assert_eq!(hear(1, &late), [], "again");
            if !matches!(late, Body::Nobody) {
                assert_ne!(hear(3, &late), [], "{late:?} is news when it is said last");
            }
        }
    }
}
