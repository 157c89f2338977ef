//! What members must not say, and what is said by none.

use std::time::Duration;

use guichet_media::hall::{Input, Refused};
use guichet_media::signal::{
    Availability, BadSignal, Body, DeskNotice, Passed, SIGNAL_BYTES_MAX, Signal, Stage,
    TicketNotice,
};
use guichet_media::{TicketId, booth};

use super::network::{KIOSKS, RELAY, STATIONS, energy, family, key, person, subject};
use super::town::Town;

pub fn desk_of(who: u8, services: Vec<guichet_keys::ServiceId>) -> Body {
    Body::Desk(DeskNotice {
        person: person(who),
        services,
        availability: Availability::Free,
        holding: None,
        lengths_s: Vec::new(),
        order: Vec::new(),
    })
}

pub fn signed(from: u8, life: u64, number: u64, body: Body) -> Vec<u8> {
    let signal = Signal {
        from: subject(from),
        life,
        number,
        to: None,
        body,
    };
    signal.sign(&key(from))
}

pub fn frame(signed: Vec<u8>) -> Vec<u8> {
    let known_ms = None;
    Passed { known_ms, signed }.encode()
}

pub fn ticket_of(town: &mut Town, kiosk: u8) -> TicketNotice {
    let ticket = town.ask(kiosk);
    town.pass(Duration::from_millis(200));
    let seen = town.hall_of(RELAY).ticket(&ticket).expect("seen");
    seen.notice.clone()
}

#[test]
fn each_says_what_its_role_may_say_and_no_more() {
    let mut town = Town::new();
    let notice = ticket_of(&mut town, KIOSKS[0]);
    let other = TicketNotice {
        ticket: TicketId([9; 16]),
        ..notice.clone()
    };
    let refused = [
        (
            "a desk of a kiosk",
            KIOSKS[1],
            desk_of(STATIONS[0], vec![family()]),
        ),
        (
            "a desk of another's adviser",
            STATIONS[0],
            desk_of(200 - 100, vec![family()]),
        ),
        (
            "a desk of another service",
            STATIONS[0],
            desk_of(STATIONS[0], vec![energy()]),
        ),
        (
            "a ticket of a station",
            STATIONS[0],
            Body::Ticket(other.clone()),
        ),
        ("a ticket of a relay", RELAY, Body::Ticket(other.clone())),
        ("nobody at a station", STATIONS[0], Body::Nobody),
        (
            "a desk of a stranger",
            99,
            desk_of(STATIONS[0], vec![family()]),
        ),
        ("a ticket of a stranger", 99, Body::Ticket(other)),
        ("another's ticket", KIOSKS[1], Body::Ticket(notice)),
    ];
    for (what, from, body) in refused {
        let bytes = frame(signed(from, 1 << 40, 1, body));
        for node in [RELAY, STATIONS[1]] {
            let taken = town.try_hall(node, Input::Received(subject(from), bytes.clone()));
            assert!(
                matches!(
                    taken,
                    Err(Refused::NotTheirs { .. } | Refused::NameTaken(_))
                ),
                "{what}: {taken:?}"
            );
        }
    }
    assert_eq!(town.queue(STATIONS[1]).len(), 1);
}

#[test]
fn nobody_gains_by_claiming_to_have_waited() {
    let mut town = Town::new();
    let first = ticket_of(&mut town, KIOSKS[0]).ticket;
    town.pass(Duration::from_secs(30));
    let notice = ticket_of(&mut town, KIOSKS[1]);
    town.at_booth(KIOSKS[1], booth::Input::Left);
    town.pass(Duration::from_millis(200));
    let liar = TicketNotice {
        ticket: TicketId([7; 16]),
        waited_ms: 3_600_000,
        stage: Stage::Waiting,
        ..notice
    };
    let lie = frame(signed(KIOSKS[1], 1 << 40, 1, Body::Ticket(liar.clone())));
    town.hall(RELAY, Input::Received(subject(KIOSKS[1]), lie));
    town.pass(Duration::from_millis(200));
    assert_eq!(town.queue(STATIONS[0]), [first, liar.ticket]);

    // Beside its own words a kiosk bears out nothing: only a relay is believed there.
    let own = Passed {
        known_ms: Some(3_600_000),
        signed: signed(KIOSKS[1], 1 << 40, 2, Body::Ticket(liar.clone())),
    };
    let own = Input::Received(subject(KIOSKS[1]), own.encode());
    town.hall(STATIONS[0], own);
    assert_eq!(town.queue(STATIONS[0]), [first, liar.ticket]);
}

#[test]
fn a_signal_counts_once_and_an_altered_one_never() {
    let mut town = Town::new();
    let away = signed(
        STATIONS[2],
        1 << 40,
        5,
        desk_of(STATIONS[2], vec![family()]),
    );
    let received = |bytes: Vec<u8>| Input::Received(subject(RELAY), bytes);
    town.hall(KIOSKS[0], received(frame(away.clone())));
    assert!(
        town.hall_of(KIOSKS[0])
            .desk(&subject(STATIONS[2]))
            .is_some()
    );
    let left = Input::Vouched {
        relay: subject(RELAY),
        member: subject(STATIONS[2]),
        there: false,
    };
    town.hall(KIOSKS[0], left);
    town.hall(KIOSKS[0], received(frame(away.clone())));
    let again = town
        .hall_of(KIOSKS[0])
        .desk(&subject(STATIONS[2]))
        .is_some();
    assert!(!again, "replayed");

    for at in 0..away.len() {
        for bit in [1, 0x80] {
            let mut altered = away.clone();
            altered[at] ^= bit;
            let taken = town.try_hall(KIOSKS[0], received(frame(altered)));
            assert!(
                matches!(taken, Err(Refused::Bad(_))),
                "byte {at}: {taken:?}"
            );
        }
        let cut = frame(away[..at].to_vec());
        assert!(town.try_hall(KIOSKS[0], received(cut)).is_err());
    }
}

#[test]
fn what_is_too_large_or_nonsense_is_refused() {
    let mut town = Town::new();
    let received = |bytes: Vec<u8>| Input::Received(subject(RELAY), bytes);
    let mut refuse = |bytes: Vec<u8>| {
        town.try_hall(KIOSKS[0], received(bytes))
            .expect_err("refused")
    };
    assert_eq!(
        refuse(vec![0; SIGNAL_BYTES_MAX + 1]),
        Refused::Bad(BadSignal::TooLong(SIGNAL_BYTES_MAX + 1))
    );
    for bytes in [vec![], vec![0xff; 64], vec![0x9b; 9], vec![0x81; 4000]] {
        assert!(matches!(refuse(bytes), Refused::Bad(BadSignal::Shape(_))));
    }
    let services = vec![family(); guichet_media::signal::DESK_SERVICES_MAX + 1];
    let crowded = signed(STATIONS[0], 1 << 40, 1, desk_of(STATIONS[0], services));
    assert!(matches!(
        refuse(frame(crowded)),
        Refused::Bad(BadSignal::TooMany {
            what: "services",
            ..
        })
    ));
}
