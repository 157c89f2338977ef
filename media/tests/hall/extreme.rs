//! Members who sign what no program of ours would: valid frames of extreme numbers, in any order,
//! again and cut short. Nothing panics or spins, and no number is believed that nobody could mean.

use std::time::Duration;

use guichet_media::estimate;
use guichet_media::hall::Input;
use guichet_media::signal::{
    Availability, Body, DeskNotice, Holder, Holding, LENGTH_S_MAX, LENGTHS_MAX, LegNotice,
    ORDER_MAX, Passed, Signal, Stage, TicketDetails, TicketNotice, WAITED_MAX,
};
use guichet_media::{CallId, LegDescription, TicketId, booth, desk};

use super::network::{KIOSKS, RELAY, STATIONS, family, key, person, secret, subject};
use super::random::Random;
use super::town::Town;

const SEEDS: u64 = 60;
const STEPS: usize = 120;

const EXTREMES: [u64; 12] = [
    0,
    1,
    2,
    63,
    64,
    i32::MAX as u64,
    u32::MAX as u64 - 1,
    u32::MAX as u64,
    1 << 53,
    i64::MAX as u64,
    u64::MAX - 1,
    u64::MAX,
];

/// What was sent so far, and how much of it could be read.
#[derive(Default)]
struct Sent {
    frames: Vec<(u8, Vec<u8>)>,
    all: usize,
    read: usize,
    taken: usize,
    /// What people did meanwhile and could.
    done: usize,
}

fn number(random: &mut Random) -> u64 {
    match random.below(3) {
        0 => random.below(u64::MAX),
        1 => random.below(200_000),
        _ => random.of(&EXTREMES),
    }
}

fn round(random: &mut Random) -> u32 {
    u32::try_from(number(random)).unwrap_or(u32::MAX)
}

fn ticket(town: &Town, random: &mut Random) -> TicketId {
    let queue = town.queue(STATIONS[0]);
    match random.below(3) {
        0 if !queue.is_empty() => queue[random.below(queue.len() as u64) as usize],
        1 => TicketId([random.below(4) as u8; 16]),
        _ => match town.desk(STATIONS[0]).state() {
            desk::State::Speaking { holding, .. } => holding.ticket,
            desk::State::Idle(_) | desk::State::Taking { .. } | desk::State::Ringing(..) => {
                TicketId([9; 16])
            }
        },
    }
}

fn stage(random: &mut Random) -> Stage {
    let station = random.of(&STATIONS);
    let holder = Holder {
        station: subject(station),
        person: person(random.of(&STATIONS)),
        round: round(random),
    };
    random.of(&[
        Stage::Waiting,
        Stage::Ringing(holder),
        Stage::Answered(holder),
        Stage::Gone,
    ])
}

fn body(town: &Town, from: u8, random: &mut Random) -> Body {
    if random.below(6) == 0 {
        return Body::Leg(LegNotice {
            call: CallId([random.below(3) as u8; 16]),
            leg: LegDescription {
                generation: round(random),
                ufrag: "abcd".to_owned(),
                pwd: "p".repeat(22),
                candidates: Vec::new(),
            },
            audio: random.below(2) == 0,
            video: random.below(2) == 0,
        });
    }
    if KIOSKS.contains(&from) {
        let ticket = ticket(town, random);
        let details = TicketDetails {
            case: guichet_keys::CaseTag::from([from; 16]),
            lang: "x".repeat(random.below(40) as usize),
            mode: guichet_media::signal::Mode::Voice,
        };
        let key = super::network::service_key().0.public;
        return match details.seal(&key, &ticket, &[from; 32]) {
            Ok(details) if random.below(8) > 0 => Body::Ticket(TicketNotice {
                ticket,
                service: family(),
                waited_ms: number(random),
                stage: stage(random),
                details,
            }),
            Ok(_) | Err(_) => Body::Nobody,
        };
    }
    let count = |max: usize, random: &mut Random| random.below(max as u64 + 2) as usize;
    let lengths = count(LENGTHS_MAX, random);
    let order = count(ORDER_MAX, random);
    Body::Desk(DeskNotice {
        person: person(from),
        services: vec![family(); random.below(3) as usize],
        availability: random.of(&[Availability::Free, Availability::Busy, Availability::Away]),
        holding: (random.below(2) == 0).then(|| Holding {
            ticket: ticket(town, random),
            kiosk: subject(random.of(&KIOSKS)),
            passed_to: (random.below(3) == 0).then(|| subject(random.of(&STATIONS))),
        }),
        lengths_s: (0..lengths).map(|_| round(random)).collect(),
        order: (0..order).map(|_| ticket(town, random)).collect(),
    })
}

/// A new frame of somebody, or one that was sent before, whole or cut.
fn frame(town: &Town, sent: &mut Sent, random: &mut Random) -> (u8, Vec<u8>) {
    if random.below(5) == 0 && !sent.frames.is_empty() {
        let (from, mut bytes) =
            sent.frames[random.below(sent.frames.len() as u64) as usize].clone();
        if random.below(3) == 0 {
            bytes.truncate(random.below(bytes.len() as u64) as usize);
        }
        return (from, bytes);
    }
    let from = random.of(&[
        KIOSKS[0],
        KIOSKS[1],
        KIOSKS[2],
        STATIONS[0],
        STATIONS[1],
        STATIONS[2],
    ]);
    let signal = Signal {
        from: subject(from),
        life: random.of(&[0, 5, 1 << 40, u64::MAX - 1, u64::MAX]),
        number: number(random),
        to: (random.below(8) == 0).then(|| subject(random.of(&STATIONS))),
        body: body(town, from, random),
    };
    let passed = Passed {
        known_ms: (random.below(2) == 0).then(|| number(random)),
        signed: signal.sign(&key(from)),
    };
    sent.frames.push((from, passed.encode()));
    (from, passed.encode())
}

/// Whether it could be done.
fn people_do_something(town: &mut Town, random: &mut Random) -> bool {
    let (kiosk, station) = (random.of(&KIOSKS), random.of(&STATIONS[..2]));
    match random.below(7) {
        0 => town.try_ask(kiosk).is_ok(),
        1 => town.try_at_booth(kiosk, booth::Input::Answered).is_ok(),
        2 => town.try_at_booth(kiosk, booth::Input::Left).is_ok(),
        3 => {
            let first = town.queue(station).first().copied();
            first.is_some_and(|ticket| town.try_take(station, ticket).is_ok())
        }
        4 => town.try_at_desk(station, desk::Input::Released).is_ok(),
        5 => {
            let passed = desk::Input::Passed(subject(random.of(&STATIONS)));
            town.try_at_desk(station, passed).is_ok()
        }
        _ => {
            town.cut(kiosk);
            town.join(kiosk, RELAY);
            true
        }
    }
}

fn nobody_believes_too_much(town: &Town, lived: Duration) {
    let nodes = [RELAY, KIOSKS[0], KIOSKS[1], STATIONS[0], STATIONS[1]];
    for node in nodes {
        let hall = town.hall_of(node);
        for seen in hall.queue(&[family()]) {
            let waited = town.now.saturating_duration_since(seen.since);
            assert!(
                waited <= WAITED_MAX + lived,
                "{node} believes a wait of {waited:?}"
            );
        }
        let family = family();
        if let Some(minutes) = estimate::minutes(ORDER_MAX, hall.desks_of(&family)) {
            let most = (ORDER_MAX as u32 + 1) * LENGTH_S_MAX / 60 + 1;
            assert!(*minutes.end() <= most, "{node} estimates {minutes:?}");
        }
    }
}

#[test]
fn extreme_numbers_are_bounded_and_stop_nobody() {
    let mut sent = Sent::default();
    for seed in 0..SEEDS {
        let mut random = Random(seed);
        let mut town = Town::new();
        town.is_rough = true;
        town.pass(Duration::from_secs(1));
        let begun = town.now;
        for _ in 0..STEPS {
            let (from, bytes) = frame(&town, &mut sent, &mut random);
            let read = Passed::decode(&bytes).and_then(|passed| Signal::read(&passed.signed));
            sent.all += 1;
            sent.read += usize::from(read.is_ok());
            let at = random.of(&[RELAY, RELAY, KIOSKS[0], STATIONS[0], STATIONS[1]]);
            let peer = random.of(&[from, RELAY]);
            if peer != at {
                let taken = town.try_hall(at, Input::Received(subject(peer), bytes));
                sent.taken += usize::from(taken.is_ok());
            }
            if random.below(3) == 0 {
                sent.done += usize::from(people_do_something(&mut town, &mut random));
            }
            let time = random.of(&[0, 10, 100, 1_000, 6_000, 20_000]);
            town.pass(Duration::from_millis(time));
            nobody_believes_too_much(&town, town.now - begun);
        }
        for seen in town.hall_of(STATIONS[0]).queue(&[family()]) {
            let notice = &seen.notice;
            let opened = TicketDetails::open(&notice.details, &secret(), &notice.ticket);
            assert!(opened.is_none_or(|details| details.lang.len() < 40));
        }
        sent.frames.clear();
    }
    println!(
        "{} of {} frames could be read, {} were taken in, {} orders carried out",
        sent.read, sent.all, sent.taken, sent.done
    );
    assert!(sent.done > STEPS, "people still get somewhere");
    assert!(2 * sent.read >= sent.all, "most are to get past the door");
}
