//! Kiosks, stations and a relay that speak of who waits and of calls, under what members may sign.
//!
//! It is the town of the tests of `media` with its real halls, booths and desks. What they told each
//! other in a call is told again, with other numbers in it and signed anew, to whoever it is, while
//! people go on and lines fall.

use std::sync::OnceLock;
use std::time::Duration;

use guichet_media::estimate;
use guichet_media::hall::{Hall, Input};
use guichet_media::signal::{Body, LENGTH_S_MAX, LegNotice, ORDER_MAX, Passed, Signal, WAITED_MAX};
use guichet_media::{CallId, LegDescription, booth, desk};
use minicbor::Decoder;
use minicbor::bytes::ByteVec;

use super::town::links::Frame;
use super::town::network::{KIOSKS, RELAY, STATIONS, family, key, subject};
use super::town::town::Town;
use super::{Choices, Tally, alter, with_number};

/// Steps of one drive.
const STEPS_MAX: usize = 60;
/// More notices than a node tells in a drive.
const NEWER: u64 = 1 << 20;
const DOMAIN: &str = "guichet/signal/1";

/// A notice that was told, and by whom.
struct Told {
    from: u8,
    known_ms: Option<u64>,
    signed: Vec<u8>,
}

/// What is told in a town where somebody waits, is called and spoken with.
fn told() -> &'static [Told] {
    static TOLD: OnceLock<Vec<Told>> = OnceLock::new();
    TOLD.get_or_init(|| {
        let mut town = Town::new();
        let mut told = Vec::new();
        listen(&mut town, &mut told, 1);
        let ticket = town.ask(KIOSKS[0]);
        town.ask(KIOSKS[1]);
        listen(&mut town, &mut told, 6);
        town.take(STATIONS[0], ticket);
        listen(&mut town, &mut told, 1);
        town.at_booth(KIOSKS[0], booth::Input::Answered);
        listen(&mut town, &mut told, 1);
        let call = town.open_calls(KIOSKS[0]).first().copied();
        let leg = Body::Leg(leg(call.unwrap_or(CallId([1; 16])), 1));
        let to = subject(STATIONS[0]);
        town.hall(KIOSKS[0], Input::Addressed(to, leg));
        listen(&mut town, &mut told, 6);
        town.at_desk(STATIONS[0], desk::Input::Released);
        listen(&mut town, &mut told, 1);
        told
    })
}

fn leg(call: CallId, generation: u32) -> LegNotice {
    let leg = LegDescription {
        generation,
        ufrag: "abcd".to_owned(),
        pwd: "p".repeat(22),
        candidates: vec![([10, 0, 0, 1], 9).into()],
    };
    LegNotice {
        call,
        leg,
        audio: true,
        video: false,
    }
}

fn listen(town: &mut Town, told: &mut Vec<Told>, seconds: u64) {
    for _ in 0..seconds * 100 {
        for flight in &town.flying {
            let Frame::Signal(bytes) = &flight.frame else {
                continue;
            };
            let Ok(passed) = Passed::decode(bytes) else {
                continue;
            };
            let Ok(signal) = Signal::read(&passed.signed) else {
                continue;
            };
            let is_new = told.iter().all(|it: &Told| it.signed != passed.signed);
            if let (true, Some(from)) = (is_new, town.numbers.get(&signal.from)) {
                told.push(Told {
                    from: *from,
                    known_ms: passed.known_ms,
                    signed: passed.signed,
                });
            }
        }
        town.pass(Duration::from_millis(10));
    }
}

/// Drives a town.
///
/// # Panics
/// A machine spins, believes what nobody could mean, or begins a call twice.
#[must_use]
pub fn drive(bytes: &[u8]) -> Tally {
    let told = told();
    let mut choices = Choices::new(bytes);
    let mut town = Town::new();
    town.is_rough = true;
    town.pass(Duration::from_secs(1));
    let begun = town.now;
    let mut tally = Tally::default();
    for _ in 0..STEPS_MAX {
        if choices.is_empty() {
            break;
        }
        match choices.byte() % 4 {
            0 => people(&mut town, &mut choices),
            _ => say(&mut town, choices.pick(told), &mut choices, &mut tally),
        }
        let ms = *choices.pick(&[0, 10, 100, 1_000, 6_000, 20_000]);
        town.pass(Duration::from_millis(ms));
        let lived = town.now - begun;
        for node in [RELAY, KIOSKS[0], KIOSKS[1], STATIONS[0], STATIONS[1]] {
            believes_what_can_be(town.hall_of(node), &town, lived);
        }
    }
    tally
}

/// Somebody says a notice, altered or not, once or twice.
fn say(town: &mut Town, notice: &Told, choices: &mut Choices<'_>, tally: &mut Tally) {
    let Told { from, signed, .. } = notice;
    let known_ms = match choices.byte() % 3 {
        0 => Some(choices.extreme()),
        _ => notice.known_ms,
    };
    let passed = Passed {
        known_ms,
        signed: match choices.byte() % 4 {
            0 => signed.clone(),
            _ => {
                let newer = newer(*from, signed, tally.said);
                again(*from, &with_number(&newer, choices)).unwrap_or_default()
            }
        },
    };
    let bytes = match choices.byte() % 4 {
        0 => alter(&passed.encode(), choices),
        _ => passed.encode(),
    };
    tally.said += 1;
    let read = Passed::decode(&bytes).and_then(|passed| Signal::read(&passed.signed));
    tally.decoded += u64::from(read.is_ok());
    let at = *choices.pick(&[RELAY, KIOSKS[0], STATIONS[0], STATIONS[1]]);
    let peer = if at == RELAY { *from } else { RELAY };
    for _ in 0..=choices.byte() % 2 {
        let _refused = town.try_hall(at, Input::Received(subject(peer), bytes.clone()));
    }
}

/// A notice as if it were told later than everything before.
fn newer(from: u8, signed: &[u8], count: u64) -> Vec<u8> {
    match Signal::read(signed) {
        Ok(signal) => {
            let number = NEWER + count;
            Signal { number, ..signal }.sign(&key(from))
        }
        Err(_) => signed.to_vec(),
    }
}

/// A notice with its signature as it should be.
fn again(from: u8, signed: &[u8]) -> Option<Vec<u8>> {
    let mut decoder = Decoder::new(signed);
    decoder.array().ok()?;
    decoder.skip().ok()?;
    let payload = decoder.bytes().ok()?;
    let signature = key(from).sign(DOMAIN, payload);
    let [payload, signature] = [payload, signature.as_bytes()].map(|it| ByteVec::from(it.to_vec()));
    minicbor::to_vec((subject(from), payload, signature)).ok()
}

/// Somebody does something; that it cannot be had now is no fault.
fn people(town: &mut Town, choices: &mut Choices<'_>) {
    let (kiosk, station) = (*choices.pick(&KIOSKS), *choices.pick(&STATIONS[..2]));
    let _declined = match choices.byte() % 8 {
        0 | 1 => town.try_ask(kiosk).map(drop),
        2 => town.try_at_booth(kiosk, booth::Input::Answered),
        3 => town.try_at_booth(kiosk, booth::Input::Left),
        4 => {
            let first = town.queue(station).first().copied();
            first.map_or(Ok(()), |ticket| town.try_take(station, ticket))
        }
        5 => town.try_at_desk(station, desk::Input::Released),
        6 => {
            let to = subject(*choices.pick(&STATIONS));
            town.try_at_desk(station, desk::Input::Passed(to))
        }
        _ => {
            town.cut(kiosk);
            town.join(kiosk, RELAY);
            Ok(())
        }
    };
}

fn believes_what_can_be(hall: &Hall, town: &Town, lived: Duration) {
    for seen in hall.queue(&[family()]) {
        let waited = town.now.saturating_duration_since(seen.since);
        assert!(waited <= WAITED_MAX + lived, "a wait of {waited:?}");
    }
    if let Some(minutes) = estimate::minutes(ORDER_MAX, hall.desks_of(&family())) {
        let most = (ORDER_MAX as u32 + 1) * LENGTH_S_MAX / 60 + 1;
        assert!(*minutes.end() <= most, "an estimate of {minutes:?}");
    }
}
