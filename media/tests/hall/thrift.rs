//! What a kiosk at which nobody sits is told of the desks, and that it still knows who is there.

use std::time::Duration;

use guichet_media::desk;
use guichet_media::signal::{Availability, HEARTBEAT};

use super::network::{KIOSKS, MANY_STATIONS, RELAY, family, subject};
use super::town::Town;
use super::waiting::{call, speaks};

const HOUR: Duration = Duration::from_secs(3_600);
/// What is told in this time is told so many times in an hour.
const SPAN: Duration = Duration::from_secs(60);
const SPANS: usize = 60;
const MOMENT: Duration = Duration::from_secs(1);
const IDLE: u8 = KIOSKS[2];

fn desks(town: &Town, kiosk: u8, availability: Availability) -> usize {
    let family = family();
    let desks = town.hall_of(kiosk).desks_of(&family);
    desks
        .filter(|desk| desk.notice.availability == availability)
        .count()
}

/// What signals an idle kiosk is sent in an hour, and what the relay is told of desks meanwhile.
fn hour(stations: &[u8], straight: bool) -> (usize, usize) {
    let mut town = Town::with_advisers(stations);
    if straight {
        stations
            .iter()
            .for_each(|station| town.join(IDLE, *station));
    }
    town.pass(HEARTBEAT + MOMENT);
    assert_eq!(desks(&town, IDLE, Availability::Free), stations.len());
    town.told.clear();
    town.pass(SPAN);
    assert_eq!(desks(&town, IDLE, Availability::Free), stations.len());
    let bytes = |at: u8| {
        let told = town.told.iter().filter(|((_, to), _)| *to == at);
        told.map(|(_, (_, bytes))| bytes).sum::<usize>() * SPANS
    };
    (bytes(IDLE), bytes(RELAY))
}

#[test]
fn an_idle_kiosk_is_told_nothing_again_however_many_desks_there_are() {
    let many: Vec<u8> = MANY_STATIONS.collect();
    for (stations, straight) in [(&many[..5], false), (&many[..], false), (&many[..], true)] {
        let (told, heartbeats) = hour(stations, straight);
        println!(
            "{} desks, straight links {straight}: {told} bytes of signals to an idle kiosk in an \
             hour; every heartbeat would be {heartbeats}",
            stations.len()
        );
        assert_eq!(told, 0);
        assert!(
            heartbeats > 100_000 * stations.len(),
            "they are told to the relay"
        );
    }
}

#[test]
fn an_idle_kiosk_knows_within_moments_who_comes_goes_and_is_cut_off() {
    let stations: Vec<u8> = MANY_STATIONS.take(4).collect();
    let mut town = Town::with_advisers(&stations);
    let there = |town: &Town| desks(town, IDLE, Availability::Free);
    town.pass(MOMENT);
    assert_eq!(there(&town), 4);
    town.at_desk(stations[0], desk::Input::Wished(desk::Wish::Away));
    town.pass(MOMENT);
    assert_eq!(there(&town), 3, "one has a break");
    town.at_desk(stations[1], desk::Input::Locked);
    town.pass(MOMENT);
    assert_eq!(there(&town), 2, "one has locked the vault");
    town.cut(stations[2]);
    town.pass(MOMENT);
    assert_eq!(there(&town), 1, "the relay says that one is gone");
    town.join(stations[2], RELAY);
    town.pass(MOMENT);
    assert_eq!(there(&town), 2, "and back");
    town.kill(stations[2]);
    town.unlock(stations[1]);
    town.at_desk(stations[0], desk::Input::Wished(desk::Wish::Here));
    town.pass(MOMENT);
    assert_eq!(there(&town), 3);
    town.cut(IDLE);
    assert_eq!(there(&town), 0, "of nobody it is known");
    town.join(IDLE, RELAY);
    town.pass(HEARTBEAT + MOMENT);
    assert_eq!(there(&town), 3);
    call(&mut town, KIOSKS[0], stations[3]);
    town.pass(HOUR);
    assert_eq!(there(&town), 2, "one is in a call");
    assert!(speaks(&town, KIOSKS[0], stations[3]));
}

#[test]
fn who_begins_to_wait_is_told_what_an_idle_kiosk_was_not() {
    let stations: Vec<u8> = MANY_STATIONS.take(3).collect();
    for straight in [false, true] {
        let mut town = Town::with_advisers(&stations);
        if straight {
            town.join(IDLE, stations[0]);
        }
        town.pass(MOMENT);
        let first = town.ask(KIOSKS[0]);
        let second = town.ask(KIOSKS[1]);
        town.pass(MOMENT);
        let order = |town: &Town, station: u8| {
            let desk = town.hall_of(IDLE).desk(&subject(station)).expect("known");
            desk.notice.order.clone()
        };
        let third = town.ask(IDLE);
        town.pass(MOMENT);
        for station in &stations {
            assert_eq!(order(&town, *station), [first, second, third]);
        }
        town.take(stations[0], first);
        town.pass(MOMENT);
        for station in &stations {
            assert_eq!(order(&town, *station), [second, third]);
        }
    }
}

#[test]
fn who_was_cut_off_for_a_moment_knows_again_of_every_desk() {
    let stations: Vec<u8> = MANY_STATIONS.take(3).collect();
    for waits in [false, true] {
        let mut town = Town::with_advisers(&stations);
        town.pass(HEARTBEAT + MOMENT);
        let ticket = waits.then(|| town.ask(IDLE));
        town.pass(MOMENT);
        town.cut(IDLE);
        town.join(IDLE, RELAY);
        town.pass(HEARTBEAT + MOMENT);
        assert_eq!(desks(&town, IDLE, Availability::Free), 3, "{waits}");
        for station in &stations {
            let desk = town.hall_of(IDLE).desk(&subject(*station)).expect("known");
            assert_eq!(desk.notice.order, ticket.into_iter().collect::<Vec<_>>());
        }
    }
}
