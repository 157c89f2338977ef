//! A node whose number of lives begins again from below, since its store is lost and its clock slow.

use std::time::Duration;

use guichet_media::hall::Input;
use guichet_media::signal::{Body, Passed, Signal};

use super::network::{KIOSKS, RELAY, STATIONS, signer, subject};
use super::town::Town;
use super::waiting::call;

const SECOND: Duration = Duration::from_secs(1);

/// Restarts a node in a life that is over for everybody.
fn restart_before(town: &mut Town, number: u8) {
    town.cut(number);
    town.pass(SECOND);
    town.life = 0;
    town.start(number);
    town.life = 1_000;
}

#[test]
fn a_kiosk_that_counts_from_below_is_heard_at_once() {
    let mut town = Town::new();
    town.ask(KIOSKS[0]);
    town.pass(SECOND);
    assert_eq!(town.queue(STATIONS[0]).len(), 1);
    restart_before(&mut town, KIOSKS[0]);
    town.pass(SECOND);
    assert!(town.queue(STATIONS[0]).is_empty(), "nobody waits there now");
    town.ask(KIOSKS[0]);
    town.pass(SECOND);
    assert_eq!(town.queue(STATIONS[0]).len(), 1);
    restart_before(&mut town, KIOSKS[0]);
    call(&mut town, KIOSKS[0], STATIONS[0]);
}

#[test]
fn a_station_that_counts_from_below_is_heard_at_once() {
    let mut town = Town::new();
    town.pass(SECOND);
    town.cut(STATIONS[0]);
    town.pass(SECOND);
    town.life = 0;
    town.unlock(STATIONS[0]);
    call(&mut town, KIOSKS[0], STATIONS[0]);
}

/// Only its own signature moves a node, and what is told back is told to nobody else.
#[test]
fn nobody_else_can_make_a_node_count_on() {
    let mut town = Town::new();
    town.pass(SECOND);
    let mut of = |signing: u8, from: u8| {
        let signal = Signal {
            from: subject(from),
            life: 1_000_000,
            number: 1,
            to: None,
            body: Body::Nobody,
        };
        let signed = signal.sign(&signer(signing));
        let frame = Passed {
            known_ms: None,
            signed,
        };
        town.try_hall(KIOSKS[0], Input::Received(subject(RELAY), frame.encode()))
    };
    assert!(of(KIOSKS[1], KIOSKS[0]).is_err(), "another's signature");
    assert!(of(KIOSKS[0], KIOSKS[0]).is_ok());
    let before = town.told.get(&(RELAY, KIOSKS[0])).copied();
    let stale = Signal {
        from: subject(KIOSKS[0]),
        life: 1,
        number: 1,
        to: None,
        body: Body::Nobody,
    };
    let stale = Passed {
        known_ms: None,
        signed: stale.sign(&signer(KIOSKS[0])),
    };
    for _ in 0..3 {
        town.hall(RELAY, Input::Received(subject(STATIONS[0]), stale.encode()));
    }
    assert_eq!(town.told.get(&(RELAY, KIOSKS[0])).copied(), before);
}
