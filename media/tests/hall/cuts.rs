//! Short cuts in running calls, by the thousand: of the whole line or of one way, of any node's
//! line, with and without a straight link and media beside what the relay passes on and vouches
//! for. A cut is a pause: a minute after it both speak in the same call, unless one hung up.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use guichet_media::{booth, desk};

use super::lines::{Closed, Lines};
use super::network::{KIOSKS, RELAY, STATIONS, subject};
use super::random::Random;
use super::town::Town;
use super::waiting::{call, speaks};

const CUTS: usize = 2_000;
const THREADS: usize = 4;
const KIOSK: u8 = KIOSKS[0];
const STATION: u8 = STATIONS[0];
const MINUTE: Duration = Duration::from_secs(60);

/// Who hangs up, during the cut or in the half minute after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum HangsUp {
    Nobody,
    Adviser,
    Citizen,
}

#[derive(Clone, Copy, Debug)]
struct Cut {
    /// How long what is told takes between a node and the relay.
    delays: [(u8, Duration); 2],
    whose: u8,
    closed: Closed,
    lasts: Duration,
    straight: bool,
    media: bool,
    dial_after: Duration,
    /// After the beginning of the cut.
    hangs_up: (HangsUp, Duration),
}

fn one_way(inward: bool) -> Closed {
    Closed {
        inward,
        outward: !inward,
    }
}

const WHOLE: Closed = Closed {
    inward: true,
    outward: true,
};

fn cut(random: &mut Random) -> Cut {
    let lasts = random.ms(500, 20_000);
    let straight = random.below(2) == 0;
    Cut {
        delays: [KIOSK, STATION].map(|node| (node, random.ms(5, 400))),
        whose: random.of(&[KIOSK, KIOSK, STATION, RELAY]),
        closed: random.of(&[WHOLE, WHOLE, one_way(true), one_way(false)]),
        lasts,
        straight,
        media: random.below(4) > 0,
        dial_after: random.ms(100, 2_500),
        hangs_up: (
            random.of(&[
                HangsUp::Nobody,
                HangsUp::Nobody,
                HangsUp::Adviser,
                HangsUp::Citizen,
            ]),
            random.ms(0, lasts.as_millis() as u64 + 30_000),
        ),
    }
}

/// What is wrong a minute after a cut, if anything is.
fn wrong_after(town: &mut Town, cut: &Cut) -> Option<&'static str> {
    let calls = town.open_calls(KIOSK);
    let (who, after) = cut.hangs_up;
    let over = cut.lasts;
    close(town, cut, cut.closed);
    let first = after.min(over);
    town.pass(first);
    if after < over {
        hang_up(town, who);
        town.pass(over - after);
    }
    close(town, cut, Closed::default());
    if after >= over {
        town.pass(after - over);
        hang_up(town, who);
    }
    town.pass(MINUTE);
    let queued = !town.queue(STATION).is_empty() || !town.queue(STATIONS[1]).is_empty();
    let (booth, desk) = (town.booth(KIOSK), town.desk(STATION).state());
    let requeued = matches!(booth, booth::State::Waiting);
    match who {
        HangsUp::Nobody if requeued || queued => Some("requeued"),
        HangsUp::Nobody if !speaks(town, KIOSK, STATION) || town.open_calls(KIOSK) != calls => {
            Some("lost")
        }
        HangsUp::Nobody => None,
        HangsUp::Adviser | HangsUp::Citizen if requeued || queued => {
            Some("requeued though somebody hung up")
        }
        HangsUp::Adviser => {
            let obeyed = *booth == booth::State::Idle(Some(booth::Ending::HungUp));
            (!obeyed).then_some("the adviser's hanging up is not obeyed")
        }
        HangsUp::Citizen => {
            let obeyed = matches!(desk, desk::State::Idle(Some((_, desk::Ending::Left))));
            (!obeyed).then_some("the citizen's hanging up is not obeyed")
        }
    }
}

fn close(town: &mut Town, cut: &Cut, closed: Closed) {
    let lines = town.lines.as_mut().expect("there are lines");
    lines.closed = BTreeMap::from([(cut.whose, closed)]);
}

fn hang_up(town: &mut Town, who: HangsUp) {
    match who {
        HangsUp::Nobody => {}
        HangsUp::Adviser => town.at_desk(STATION, desk::Input::Released),
        HangsUp::Citizen => town.at_booth(KIOSK, booth::Input::Left),
    }
}

/// A town in a call, over these links and no others.
fn town(cut: &Cut) -> Town {
    let mut town = Town::new();
    let mut wanted = vec![(KIOSK, RELAY), (STATION, RELAY), (STATIONS[1], RELAY)];
    if cut.straight {
        wanted.push((KIOSK, STATION));
        town.join(KIOSK, STATION);
    }
    let mut lines = Lines::new(town.now, wanted);
    lines.dial_after = cut.dial_after;
    lines.media = cut.media;
    town.lines = Some(lines);
    town.pass(Duration::from_secs(1));
    call(&mut town, KIOSK, STATION);
    for (node, delay) in cut.delays {
        town.slow(node, RELAY, delay);
    }
    town.pass(Duration::from_secs(3));
    town
}

#[test]
fn a_short_cut_is_a_pause_and_whoever_hangs_up_is_obeyed() {
    let mut random = Random(2_026);
    let cuts: Vec<Cut> = (0..CUTS).map(|_| cut(&mut random)).collect();
    let mut counted: BTreeMap<HangsUp, u64> = BTreeMap::new();
    for cut in &cuts {
        *counted.entry(cut.hangs_up.0).or_default() += 1;
    }
    let judged: Vec<_> = thread::scope(|scope| {
        let parts = cuts.chunks(cuts.len().div_ceil(THREADS));
        let judge = |cut: &Cut| (wrong_after(&mut town(cut), cut), *cut);
        let threads: Vec<_> = parts
            .map(|part| scope.spawn(move || part.iter().map(judge).collect::<Vec<_>>()))
            .collect();
        let judged = threads.into_iter().map(|it| it.join().expect("judges"));
        judged.flatten().collect()
    });
    let mut wrong: BTreeMap<&str, Vec<Cut>> = BTreeMap::new();
    for (what, cut) in judged {
        if let Some(what) = what {
            wrong.entry(what).or_default().push(cut);
        }
    }
    let numbers: Vec<_> = wrong
        .iter()
        .map(|(what, cuts)| (what, cuts.len()))
        .collect();
    println!("{CUTS} cuts of 0.5 to 20 s, hung up by {counted:?}: wrong {numbers:?}");
    let examples: Vec<_> = wrong.iter().map(|(what, cuts)| (what, cuts[0])).collect();
    assert!(wrong.is_empty(), "{numbers:?}, for example {examples:#?}");
}

#[test]
fn nobody_gives_up_while_media_arrives_though_nothing_is_told_for_minutes() {
    let mut random = Random(7);
    let cut = Cut {
        whose: RELAY,
        closed: WHOLE,
        straight: false,
        media: true,
        ..cut(&mut random)
    };
    let mut town = town(&cut);
    let calls = town.open_calls(KIOSK);
    close(&mut town, &cut, WHOLE);
    town.pass(15 * MINUTE);
    assert_eq!(town.open_calls(KIOSK), calls);
    assert_eq!(town.open_calls(STATION), calls);
    close(&mut town, &cut, Closed::default());
    town.pass(MINUTE / 4);
    assert!(speaks(&town, KIOSK, STATION));

    // Media that stops proves nothing any more.
    town.lines.as_mut().expect("lines").media = false;
    town.kill(STATION);
    town.pass(booth::STATION_LOST_MAX + MINUTE / 6);
    assert_eq!(*town.booth(KIOSK), booth::State::Waiting);
}

#[test]
fn any_notice_of_the_station_ends_a_loss_though_nothing_has_changed() {
    for hangs_up in [false, true] {
        let mut town = Town::new();
        call(&mut town, KIOSK, STATION);
        town.at_booth(KIOSK, booth::Input::LineCut);
        town.at_booth(KIOSK, booth::Input::LineReturned);
        assert!(town.lost(KIOSK).is_some(), "until it is heard again");
        if hangs_up {
            town.at_desk(STATION, desk::Input::Released);
        }
        town.pass(MINUTE);
        if hangs_up {
            let hung_up = booth::State::Idle(Some(booth::Ending::HungUp));
            assert_eq!(*town.booth(KIOSK), hung_up);
        } else {
            assert!(speaks(&town, KIOSK, STATION));
        }
    }
}

#[test]
fn a_station_that_starts_anew_in_a_cut_has_not_hung_up() {
    for whole in [false, true] {
        let mut town = Town::new();
        call(&mut town, KIOSK, STATION);
        if whole {
            town.cut(KIOSK);
        }
        town.kill(STATION);
        town.pass(MINUTE / 10);
        town.unlock(STATION);
        if whole {
            town.join(KIOSK, RELAY);
        }
        town.pass(MINUTE / 10);
        let state = town.booth(KIOSK);
        assert_eq!(*state, booth::State::Waiting, "it holds nobody: {whole}");
        assert_eq!(town.queue(STATION).len(), 1, "{}", subject(STATION));
    }
}
