//! Waiting, calling, and what becomes of people when a node goes.

use std::time::Duration;

use guichet_media::Declined;
use guichet_media::booth::{self, Ending, MISSED_MAX, RINGING_MAX, STATION_LOST_MAX};
use guichet_media::desk::{self, KIOSK_LOST_MAX, PAGE_UNSEEN_MAX, UNANSWERED_LOST_MAX};
use guichet_media::estimate;
use guichet_media::signal::Availability;

use super::network::{KIOSKS, RELAY, STATIONS, family, secret, subject};
use super::town::Town;

const MOMENT: Duration = Duration::from_millis(200);
const LONG: Duration = Duration::from_secs(20);

pub fn speaks(town: &Town, kiosk: u8, station: u8) -> bool {
    let at_booth = matches!(
        town.booth(kiosk),
        booth::State::Speaking { holder, .. } if holder.station == subject(station)
    );
    let at_desk = matches!(
        town.desk(station).state(),
        desk::State::Speaking { holding, .. } if holding.kiosk == subject(kiosk)
    );
    let calls = town.open_calls(kiosk);
    let in_touch = town.lost(kiosk).is_none() && town.lost(station).is_none();
    at_booth && at_desk && in_touch && calls.len() == 1 && calls == town.open_calls(station)
}

/// A kiosk asks, and an adviser's call rings there.
fn ring(town: &mut Town, kiosk: u8, station: u8) {
    let ticket = town.ask(kiosk);
    town.pass(MOMENT);
    town.take(station, ticket);
    town.pass(MOMENT);
}

/// A call between a kiosk and a station, from asking to speaking.
pub fn call(town: &mut Town, kiosk: u8, station: u8) {
    ring(town, kiosk, station);
    assert!(
        town.open_calls(kiosk).is_empty(),
        "before the citizen's yes"
    );
    assert!(
        town.open_calls(station).is_empty(),
        "before the citizen's yes"
    );
    town.at_booth(kiosk, booth::Input::Answered);
    town.pass(MOMENT);
    assert!(speaks(town, kiosk, station));
}

#[test]
fn a_call_comes_about_and_ends_from_either_end() {
    let mut town = Town::new();
    call(&mut town, KIOSKS[0], STATIONS[0]);
    assert_eq!(town.desk(STATIONS[0]).availability(), Availability::Busy);
    town.pass(LONG);
    assert!(speaks(&town, KIOSKS[0], STATIONS[0]), "it lasts");
    town.at_desk(STATIONS[0], desk::Input::Released);
    town.pass(MOMENT);
    let hung_up = booth::State::Idle(Some(Ending::HungUp));
    assert_eq!(*town.booth(KIOSKS[0]), hung_up);

    call(&mut town, KIOSKS[0], STATIONS[0]);
    town.at_booth(KIOSKS[0], booth::Input::Left);
    town.pass(MOMENT);
    assert!(matches!(
        town.desk(STATIONS[0]).state(),
        desk::State::Idle(Some((_, desk::Ending::Left)))
    ));
    for node in [KIOSKS[0], STATIONS[0]] {
        assert!(town.begun_calls(node).is_empty());
    }
}

#[test]
fn who_does_not_wish_to_speak_has_ended_no_call_and_is_forgotten_when_they_go() {
    let mut town = Town::new();
    call(&mut town, KIOSKS[0], STATIONS[0]);
    town.at_desk(STATIONS[0], desk::Input::Released);
    town.pass(MOMENT);
    ring(&mut town, KIOSKS[0], STATIONS[0]);
    town.at_booth(KIOSKS[0], booth::Input::Left);
    town.pass(MOMENT);
    assert!(matches!(
        town.desk(STATIONS[0]).state(),
        desk::State::Idle(Some((_, desk::Ending::Declined)))
    ));
    let left = booth::State::Idle(Some(Ending::Left));
    assert_eq!(*town.booth(KIOSKS[0]), left);
    town.at_booth(KIOSKS[0], booth::Input::Gone);
    assert_eq!(*town.booth(KIOSKS[0]), booth::State::Idle(None));
}

#[test]
fn the_order_is_that_of_waiting_and_only_the_service_reads_what_it_is_about() {
    let mut town = Town::new();
    let mut tickets = Vec::new();
    for kiosk in [KIOSKS[2], KIOSKS[0], KIOSKS[1]] {
        tickets.push(town.ask(kiosk));
        town.pass(Duration::from_secs(7));
    }
    for station in &STATIONS[..2] {
        assert_eq!(town.queue(*station), tickets);
    }
    town.unlock(STATIONS[2]);
    town.pass(MOMENT);
    assert_eq!(
        town.queue(STATIONS[2]),
        tickets,
        "a station that comes later"
    );
    let seen = town.hall_of(STATIONS[0]).ticket(&tickets[0]).expect("seen");
    let details =
        guichet_media::signal::TicketDetails::open(&seen.notice.details, &secret(), &tickets[0]);
    assert_eq!(details.expect("opens").case.as_bytes(), &[KIOSKS[2]; 16]);
    let other = guichet_keys::AgreementSecret::from_seed(&[9; 32]);
    let sealed = &seen.notice.details;
    assert!(guichet_media::signal::TicketDetails::open(sealed, &other, &tickets[0]).is_none());
}

#[test]
fn one_adviser_gets_a_ticket_and_the_other_learns_who() {
    let mut town = Town::new();
    let ticket = town.ask(KIOSKS[0]);
    town.pass(MOMENT);
    town.take(STATIONS[0], ticket);
    town.take(STATIONS[1], ticket);
    town.pass(MOMENT);
    let rings =
        |town: &Town, station: u8| matches!(town.desk(station).state(), desk::State::Ringing(..));
    let winners: Vec<u8> = STATIONS[..2]
        .iter()
        .copied()
        .filter(|station| rings(&town, *station))
        .collect();
    let [winner] = winners[..] else {
        panic!("{winners:?} all have it");
    };
    let loser = STATIONS[..2].iter().find(|station| **station != winner);
    let state = town.desk(*loser.expect("the other")).state();
    assert!(
        matches!(state, desk::State::Idle(Some((lost, desk::Ending::TakenBy(holder))))
            if *lost == ticket && holder.station == subject(winner)),
        "{state:?}"
    );
}

#[test]
fn a_call_that_is_not_answered_costs_no_place_and_the_second_ends_the_waiting() {
    let mut town = Town::new();
    let ticket = town.ask(KIOSKS[0]);
    town.pass(LONG);
    let since = town
        .hall_of(STATIONS[0])
        .ticket(&ticket)
        .expect("seen")
        .since;
    for missed in 1..=MISSED_MAX {
        town.take(STATIONS[0], ticket);
        town.pass(RINGING_MAX + MOMENT);
        let state = town.desk(STATIONS[0]).state();
        let ended = matches!(state, desk::State::Idle(Some((lost, _))) if *lost == ticket);
        assert!(ended, "{state:?}");
        if missed < MISSED_MAX {
            assert_eq!(*town.booth(KIOSKS[0]), booth::State::Waiting);
            let seen = town.hall_of(STATIONS[1]).ticket(&ticket).expect("seen");
            assert_eq!(seen.since, since);
        }
    }
    assert_eq!(
        *town.booth(KIOSKS[0]),
        booth::State::Idle(Some(Ending::Missed))
    );
    assert!(town.queue(STATIONS[1]).is_empty());
}

#[test]
fn nobody_is_lost_when_the_station_dies_while_it_rings_or_in_the_call() {
    for answered in [false, true] {
        let mut town = Town::new();
        let ticket = town.ask(KIOSKS[0]);
        town.pass(LONG);
        let later = town.ask(KIOSKS[1]);
        town.take(STATIONS[0], ticket);
        town.pass(MOMENT);
        if answered {
            town.at_booth(KIOSKS[0], booth::Input::Answered);
            town.pass(MOMENT);
        }
        town.kill(STATIONS[0]);
        town.pass(STATION_LOST_MAX + MOMENT);
        assert_eq!(*town.booth(KIOSKS[0]), booth::State::Waiting, "{answered}");
        assert_eq!(
            town.queue(STATIONS[1]),
            [ticket, later],
            "its place is kept"
        );
        town.take(STATIONS[1], ticket);
        town.pass(MOMENT);
        town.at_booth(KIOSKS[0], booth::Input::Answered);
        town.pass(MOMENT);
        assert!(speaks(&town, KIOSKS[0], STATIONS[1]));
    }
}

#[test]
fn a_cut_line_interrupts_a_call_and_its_return_finds_it_as_it_was() {
    for cut in [KIOSKS[0], STATIONS[0]] {
        let mut town = Town::new();
        call(&mut town, KIOSKS[0], STATIONS[0]);
        let calls = town.open_calls(KIOSKS[0]);
        town.cut(cut);
        town.pass(STATION_LOST_MAX - MOMENT);
        assert!(!speaks(&town, KIOSKS[0], STATIONS[0]), "it is said");
        assert_eq!(town.open_calls(KIOSKS[0]), calls);
        town.join(cut, RELAY);
        town.pass(LONG);
        assert!(speaks(&town, KIOSKS[0], STATIONS[0]), "{cut} came back");
        assert_eq!(town.open_calls(KIOSKS[0]), calls, "as the same call");
    }
}

#[test]
fn a_kiosk_that_is_gone_is_not_rung_any_more_and_keeps_its_place_whatever_was_answered() {
    for answers in [false, true] {
        let mut town = Town::new();
        ring(&mut town, KIOSKS[0], STATIONS[0]);
        town.cut(KIOSKS[0]);
        town.pass(UNANSWERED_LOST_MAX - MOMENT);
        let rings = matches!(town.desk(STATIONS[0]).state(), desk::State::Ringing(..));
        assert!(rings, "it may come back");
        if answers {
            town.at_booth(KIOSKS[0], booth::Input::Answered);
        }
        town.pass(2 * MOMENT);
        assert!(matches!(
            town.desk(STATIONS[0]).state(),
            desk::State::Idle(Some((_, desk::Ending::Unreachable)))
        ));
        town.join(KIOSKS[0], RELAY);
        town.pass(MOMENT);
        assert_eq!(*town.booth(KIOSKS[0]), booth::State::Waiting, "{answers}");
        assert_eq!(town.queue(STATIONS[0]).len(), 1);
    }
}

#[test]
fn a_kiosk_that_stops_says_so_to_whoever_rings_or_speaks() {
    for answers in [false, true] {
        let mut town = Town::new();
        ring(&mut town, KIOSKS[0], STATIONS[0]);
        if answers {
            town.at_booth(KIOSKS[0], booth::Input::Answered);
            town.pass(MOMENT);
        }
        town.at_booth(KIOSKS[0], booth::Input::Stops);
        town.pass(MOMENT);
        assert!(matches!(
            town.desk(STATIONS[0]).state(),
            desk::State::Idle(Some((_, desk::Ending::Restarted)))
        ));
        assert!(town.queue(STATIONS[1]).is_empty(), "nobody waits there");
    }
}

#[test]
fn a_kiosk_whose_own_line_is_cut_waits_for_its_adviser_as_long_as_they_wait_for_it() {
    let mut town = Town::new();
    call(&mut town, KIOSKS[0], STATIONS[0]);
    town.cut(KIOSKS[0]);
    town.pass(KIOSK_LOST_MAX - MOMENT);
    town.join(KIOSKS[0], RELAY);
    town.pass(MOMENT);
    assert!(speaks(&town, KIOSKS[0], STATIONS[0]));

    town.cut(KIOSKS[0]);
    town.pass(KIOSK_LOST_MAX + LONG);
    assert!(matches!(
        town.desk(STATIONS[0]).state(),
        desk::State::Idle(Some((_, desk::Ending::Unreachable)))
    ));
    town.join(KIOSKS[0], RELAY);
    town.pass(LONG);
    assert_eq!(
        *town.booth(KIOSKS[0]),
        booth::State::Waiting,
        "first in the queue again"
    );
    assert_eq!(town.queue(STATIONS[1]).len(), 1);
}

#[test]
fn a_kiosk_that_starts_anew_ends_what_its_former_life_held() {
    for answered in [false, true] {
        for before_it_is_missed in [false, true] {
            let mut town = Town::new();
            if answered {
                call(&mut town, KIOSKS[0], STATIONS[0]);
            } else {
                let ticket = town.ask(KIOSKS[0]);
                town.pass(MOMENT);
                town.take(STATIONS[0], ticket);
                town.pass(MOMENT);
            }
            town.kill(KIOSKS[0]);
            town.pass(if before_it_is_missed { MOMENT } else { LONG });
            town.start(KIOSKS[0]);
            town.pass(MOMENT);
            // Who rings in vain is told before.
            let ending = match answered || before_it_is_missed {
                true => desk::Ending::Restarted,
                false => desk::Ending::Unreachable,
            };
            let state = *town.desk(STATIONS[0]).state();
            assert!(
                matches!(state, desk::State::Idle(Some((_, said))) if said == ending),
                "{state:?}"
            );
            assert!(town.begun_calls(STATIONS[0]).is_empty());
            assert!(town.queue(STATIONS[1]).is_empty());
            call(&mut town, KIOSKS[0], STATIONS[0]);
        }
    }
}

#[test]
fn a_kiosk_whose_next_citizen_is_heard_of_first_has_no_other_ticket_any_more() {
    let mut town = Town::new();
    call(&mut town, KIOSKS[0], STATIONS[0]);
    town.kill(KIOSKS[0]);
    town.start(KIOSKS[0]);
    let next = town.ask(KIOSKS[0]);
    town.pass(MOMENT);
    assert!(matches!(
        town.desk(STATIONS[0]).state(),
        desk::State::Idle(Some(_))
    ));
    assert_eq!(town.queue(STATIONS[0]), [next]);
}

#[test]
fn an_adviser_who_locks_the_vault_in_a_call_has_hung_up() {
    let mut town = Town::new();
    call(&mut town, KIOSKS[0], STATIONS[0]);
    town.at_desk(STATIONS[0], desk::Input::Locked);
    town.pass(MOMENT);
    let hung_up = booth::State::Idle(Some(Ending::HungUp));
    assert_eq!(*town.booth(KIOSKS[0]), hung_up, "at once");
    assert!(town.begun_calls(KIOSKS[0]).is_empty());
    assert!(town.queue(STATIONS[1]).is_empty());
}

#[test]
fn a_cut_line_costs_no_place() {
    let mut town = Town::new();
    let first = town.ask(KIOSKS[0]);
    town.pass(LONG);
    let second = town.ask(KIOSKS[1]);
    town.pass(MOMENT);
    town.cut(KIOSKS[0]);
    town.pass(LONG);
    let seen = town.hall_of(STATIONS[0]).ticket(&first).expect("kept");
    assert!(seen.cut);
    town.join(KIOSKS[0], RELAY);
    town.pass(MOMENT);
    assert_eq!(town.queue(STATIONS[0]), [first, second]);
    assert!(!town.hall_of(STATIONS[0]).ticket(&first).expect("kept").cut);
}

#[test]
fn who_is_heard_of_late_or_now_and_then_later_has_the_place_that_the_relay_knows() {
    let mut town = Town::new();
    let first = town.ask(KIOSKS[0]);
    town.pass(LONG);
    let second = town.ask(KIOSKS[1]);
    town.pass(MOMENT);
    town.cut(KIOSKS[0]);
    town.unlock(STATIONS[2]);
    town.pass(MOMENT);
    assert_eq!(town.queue(STATIONS[2]), [second]);
    town.join(KIOSKS[0], RELAY);
    town.pass(MOMENT);
    assert_eq!(town.queue(STATIONS[2]), [first, second]);

    let since = |town: &Town| {
        STATIONS.map(|station| town.hall_of(station).ticket(&second).expect("seen").since)
    };
    let mut before = since(&town);
    for delay in [700, 10, 300] {
        town.delay = Duration::from_millis(delay);
        town.pass(LONG);
        for (now, before) in since(&town).into_iter().zip(&mut before) {
            let earlier = before.checked_duration_since(now);
            let earlier = earlier.expect("no slow line moves anybody down");
            assert!(
                earlier < MOMENT,
                "a line of {delay} ms: {earlier:?} earlier"
            );
            *before = now;
        }
    }
}

#[test]
fn a_station_that_starts_anew_has_everybody_in_the_order_in_which_they_came() {
    for later in (100..5_000).step_by(300) {
        let mut town = Town::new();
        let first = town.ask(KIOSKS[0]);
        town.pass(Duration::from_millis(600));
        let second = town.ask(KIOSKS[1]);
        town.pass(MOMENT);
        town.take(STATIONS[0], second);
        town.pass(Duration::from_millis(later));
        town.kill(STATIONS[0]);
        town.pass(STATION_LOST_MAX + MOMENT);
        for _ in 0..20 {
            town.unlock(STATIONS[2]);
            town.pass(LONG);
            assert_eq!(town.queue(STATIONS[2]), [first, second], "{later}");
            town.kill(STATIONS[2]);
            town.pass(MOMENT);
        }
    }
}

#[test]
fn a_call_is_handed_over_without_a_gap() {
    let mut town = Town::new();
    call(&mut town, KIOSKS[0], STATIONS[0]);
    let desk::State::Speaking { holding, .. } = *town.desk(STATIONS[0]).state() else {
        panic!("they speak");
    };
    let ticket = holding.ticket;
    town.at_desk(STATIONS[0], desk::Input::Passed(subject(STATIONS[1])));
    town.pass(LONG);
    assert!(
        speaks(&town, KIOSKS[0], STATIONS[0]),
        "until it is taken over"
    );
    town.take(STATIONS[1], ticket);
    town.cut(KIOSKS[0]);
    town.join(KIOSKS[0], RELAY);
    town.pass(MOMENT);
    town.at_booth(KIOSKS[0], booth::Input::Answered);
    town.pass(MOMENT);
    assert!(speaks(&town, KIOSKS[0], STATIONS[1]));
    assert!(matches!(
        town.desk(STATIONS[0]).state(),
        desk::State::Idle(Some((_, desk::Ending::Passed)))
    ));
    assert!(town.begun_calls(STATIONS[0]).is_empty());
}

#[test]
fn who_has_no_page_open_is_away_and_nobody_is_told_that_they_wait_for_nobody() {
    let mut town = Town::new();
    let station = STATIONS[0];
    let free = |town: &Town| {
        let family = family();
        let desks = town.hall_of(KIOSKS[0]).desks_of(&family);
        desks
            .filter(|desk| desk.notice.availability == Availability::Free)
            .count()
    };
    town.pass(MOMENT);
    assert_eq!(free(&town), 2);
    town.at_desk(station, desk::Input::Wished(desk::Wish::Away));
    town.pass(MOMENT);
    assert_eq!(free(&town), 1);
    town.at_desk(station, desk::Input::Wished(desk::Wish::Here));
    town.at_desk(STATIONS[1], desk::Input::Locked);
    town.pass(LONG);
    assert_eq!(free(&town), 1);

    let mut desk = desk::Desk::new(subject(station));
    desk.handle_input(
        town.now,
        desk::Input::Unlocked {
            person: subject(station + 100),
            services: vec![family()],
        },
    )
    .expect("taken");
    assert_eq!(desk.availability(), Availability::Free);
    desk.handle_timeout(town.now + PAGE_UNSEEN_MAX);
    assert_eq!(desk.availability(), Availability::Away);
    desk.handle_input(town.now + PAGE_UNSEEN_MAX, desk::Input::PageSeen)
        .expect("taken");
    assert_eq!(desk.availability(), Availability::Free);
}

#[test]
fn an_estimate_has_a_basis_or_is_not_made() {
    let mut town = Town::new();
    let before = town.ask(KIOSKS[0]);
    town.pass(MOMENT);
    let ticket = town.ask(KIOSKS[1]);
    town.pass(MOMENT);
    let hall = town.hall_of(KIOSKS[1]);
    let ahead = estimate::ahead(&ticket, hall.desks_of(&family()));
    assert_eq!(ahead, Some(1), "{before} is before");
    assert_eq!(estimate::minutes(1, hall.desks_of(&family())), None);

    town.at_booth(KIOSKS[0], booth::Input::Left);
    town.at_booth(KIOSKS[1], booth::Input::Left);
    for minutes in [4, 6, 10] {
        call(&mut town, KIOSKS[0], STATIONS[0]);
        town.pass(Duration::from_secs(60 * minutes));
        town.at_desk(STATIONS[0], desk::Input::Released);
        town.pass(MOMENT);
    }
    let family = family();
    let desks = || town.hall_of(KIOSKS[1]).desks_of(&family);
    assert_eq!(estimate::minutes(0, desks()), Some(0..=5), "two are free");
    let five = estimate::minutes(5, desks()).expect("a basis");
    assert!(*five.start() >= 6 && *five.end() <= 30, "{five:?}");
}

#[test]
fn who_is_busy_is_told_so_and_nothing_changes() {
    let mut town = Town::new();
    call(&mut town, KIOSKS[0], STATIONS[0]);
    let other = town.ask(KIOSKS[1]);
    town.pass(MOMENT);
    let desk = *town.desk(STATIONS[0]).state();
    assert_eq!(town.try_take(STATIONS[0], other), Err(Declined::Busy));
    assert_eq!(*town.desk(STATIONS[0]).state(), desk);
    assert_eq!(town.queue(STATIONS[1]), [other], "nobody has it");
    for kiosk in [KIOSKS[0], KIOSKS[1]] {
        let (before, tickets) = (*town.booth(kiosk), town.queue(STATIONS[1]));
        assert_eq!(town.try_ask(kiosk), Err(Declined::Busy));
        town.pass(MOMENT);
        assert_eq!(*town.booth(kiosk), before);
        assert_eq!(town.queue(STATIONS[1]), tickets);
    }
    town.at_desk(STATIONS[0], desk::Input::Released);
    town.pass(MOMENT);
    let passed = desk::Input::Passed(subject(STATIONS[1]));
    assert_eq!(town.try_at_desk(STATIONS[0], passed), Err(Declined::NoCall));
    let answered = booth::Input::Answered;
    assert_eq!(
        town.try_at_booth(KIOSKS[0], answered),
        Err(Declined::NoCall)
    );
    assert_eq!(town.try_take(STATIONS[0], other), Ok(()));
}
