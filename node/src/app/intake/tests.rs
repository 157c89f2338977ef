//! Peers in virtual time: what each gets done, who waits, and who is named.

use super::price::{BLOCK_BYTES, COST_FACTOR, COST_MIN};
use super::*;

fn key(number: u8) -> Key {
    (Lane::Cases, SubjectId::from([number; 32]))
}

fn allowance() -> Allowance {
    Allowance::of(Some(Role::Kiosk), Lane::Cases)
}

fn busy_for(micros: u64) -> Cost {
    Cost {
        busy: Duration::from_micros(micros),
        ..Cost::default()
    }
}

/// Lets time pass in which every frame keeps the loop busy for so long, and counts what each
/// peer got done.
fn run(
    intake: &mut Intake<()>,
    from: Instant,
    lasting: Duration,
    cost: Cost,
) -> BTreeMap<Key, u32> {
    let mut done = BTreeMap::new();
    let mut now = from;
    while now < from + lasting {
        match intake.poll_output(now) {
            Some((key, ())) => {
                now += cost.busy;
                intake.spent(now, key, cost);
                *done.entry(key).or_default() += 1;
            }
            None => {
                let until = intake.poll_timeout().unwrap_or(from + lasting);
                assert!(
                    until > now,
                    "the time that is told is when something can be done"
                );
                now = until;
            }
        }
    }
    done
}

#[test]
fn a_flood_gets_what_is_saved_and_then_its_share() {
    let start = Instant::now();
    let mut intake = Intake::default();
    for _ in 0..100_000 {
        intake.arrived(start, key(1), Some(Role::Kiosk), ());
    }
    let cost = busy_for(1_000);
    let minute = Duration::from_secs(60);
    let done = run(&mut intake, start, minute, cost)[&key(1)];
    let paid = allowance().saved + allowance().each_second * 60;
    let expected = paid.as_millis() as u32 / COST_FACTOR;
    assert!(done.abs_diff(expected) <= 10, "{done}, expected {expected}");
    let floods: Vec<Flood> = intake.floods().collect();
    assert_eq!(floods.len(), 1);
    assert_eq!(floods[0].peer, key(1).1);
}

#[test]
fn ten_that_flood_cost_little_more_than_one_and_all_are_named() {
    let start = Instant::now();
    let minute = Duration::from_secs(60);
    let done = |offenders: u8| {
        let mut intake = Intake::default();
        intake.set_members([(Role::Kiosk, 11)].into());
        for number in 1..=offenders {
            for _ in 0..20_000 {
                intake.arrived(start, key(number), Some(Role::Kiosk), ());
            }
        }
        let done = run(&mut intake, start, minute, busy_for(1_000));
        let named = intake.floods().count();
        assert_eq!((done.len(), named), (offenders.into(), offenders.into()));
        done.into_values().sum::<u32>()
    };
    let (one, ten) = (done(1), done(10));
    assert!(ten <= 2 * one, "{ten} frames of ten, {one} of one");
}

/// Whoever passes on what all kiosks say is not made to wait for it: others' things come behind.
#[test]
fn what_all_kiosks_may_say_fits_what_a_peer_may_pass_on() {
    let edit = Cost {
        busy: Duration::from_micros(300),
        bytes: 600,
        blocks: 1,
    };
    let edit = |role| edit.price(Allowance::of(Some(role), Lane::Cases));
    // A signal costs a station three times as much as who passes it on: its desk shows it.
    let signal = |role| Duration::from_micros(if role == Role::Station { 450 } else { 150 });
    let passed = [
        (
            Lane::Cases,
            Role::Station,
            edit(Role::Kiosk),
            edit(Role::Station),
        ),
        (
            Lane::Cases,
            Role::Relay,
            edit(Role::Kiosk),
            edit(Role::Relay),
        ),
        (
            Lane::Signals,
            Role::Relay,
            signal(Role::Relay),
            signal(Role::Station),
        ),
    ];
    for (lane, passer, taken_in, passed_on) in passed {
        for kiosks in [1, 10] {
            let pot = Terms::of(Some(Role::Kiosk), lane, kiosks).unwrap();
            let saved = Allowance::of(Some(Role::Kiosk), lane).saved;
            let own = saved / OWN_PART as u32 * kiosks as u32;
            let comes_to = |time: Duration| {
                let things = time.as_micros() / taken_in.as_micros();
                passed_on * things as u32
            };
            let may = Allowance::of(Some(passer), lane);
            let each_second = comes_to(pot.each_second);
            assert!(
                each_second <= may.each_second,
                "{passer:?}: {each_second:?}"
            );
            let at_once = comes_to(pot.saved / 2 + own);
            // What comes at once beyond what is saved waits for less than it takes to be named.
            let beyond = at_once.saturating_sub(may.saved);
            let waits = beyond.as_secs_f64() / may.each_second.as_secs_f64();
            assert!(waits < NAMED_AFTER.as_secs_f64(), "{passer:?}: {waits} s");
        }
    }
}

#[test]
fn who_works_while_ten_flood_waits_for_a_frame_of_each() {
    let mut now = Instant::now();
    let mut intake = Intake::default();
    intake.set_members([(Role::Kiosk, 11)].into());
    for number in 1..=10 {
        for _ in 0..20_000 {
            intake.arrived(now, key(number), Some(Role::Kiosk), ());
        }
    }
    let cost = busy_for(1_000);
    let mut longest = Duration::ZERO;
    // Ten edits a second for two minutes.
    for _ in 0..1_200 {
        run(&mut intake, now, Duration::from_millis(100), cost);
        now += Duration::from_millis(101);
        intake.arrived(now, key(0), Some(Role::Kiosk), ());
        let sent = now;
        while let Some((from, ())) = intake.poll_output(now) {
            now += cost.busy;
            intake.spent(now, from, cost);
            if from == key(0) {
                break;
            }
        }
        assert!(intake.accounts[&key(0)].waiting.is_empty(), "it is held");
        longest = longest.max(now - sent);
    }
    assert!(longest <= Duration::from_millis(12), "{longest:?}");
    assert!(intake.floods().all(|it| it.peer != key(0).1));
}

#[test]
fn what_is_kept_costs_beside_the_time_it_takes() {
    let start = Instant::now();
    let mut intake = Intake::default();
    for _ in 0..100_000 {
        intake.arrived(start, key(1), Some(Role::Kiosk), ());
    }
    let cost = Cost {
        blocks: blocks(BLOCK_BYTES + 1),
        ..Cost::default()
    };
    assert_eq!(cost.blocks, 2);
    let done = run(&mut intake, start, Duration::from_secs(60), cost)[&key(1)];
    let paid = allowance().saved + allowance().each_second * 60;
    let each = allowance().each_block * 2 + COST_MIN;
    let expected = u32::try_from(paid.as_micros() / each.as_micros()).unwrap();
    assert!(done.abs_diff(expected) <= 10, "{done}, expected {expected}");
}

#[test]
fn what_others_do_for_a_peer_is_paid_as_well() {
    let start = Instant::now();
    let mut intake = Intake::default();
    for _ in 0..100_000 {
        intake.arrived(start, key(1), Some(Role::Kiosk), ());
    }
    let (minute, cost) = (Duration::from_secs(60), busy_for(1_000));
    let paid = allowance().saved + allowance().each_second * 60;
    let worked = paid / 2;
    intake.worked(start, key(1).1, Some(Role::Kiosk), worked);
    let done = run(&mut intake, start, minute, cost)[&key(1)];
    let expected = (paid - worked).as_millis() as u32 / COST_FACTOR;
    assert!(done.abs_diff(expected) <= 10, "{done}, expected {expected}");
    let named: Vec<SubjectId> = intake.floods().map(|it| it.peer).collect();
    assert_eq!(named, [key(1).1]);
}

#[test]
fn others_wait_for_one_frame_of_a_flood() {
    let start = Instant::now();
    let mut intake = Intake::default();
    for _ in 0..10_000 {
        intake.arrived(start, key(1), Some(Role::Kiosk), ());
    }
    let cost = busy_for(1_000);
    run(&mut intake, start, Duration::from_millis(100), cost);
    let now = start + Duration::from_millis(100);
    intake.arrived(now, key(9), Some(Role::Kiosk), ());
    intake.arrived(now, key(0), Some(Role::Kiosk), ());
    let next: Vec<Key> = (0..3)
        .filter_map(|_| Some(intake.poll_output(now)?.0))
        .collect();
    assert!(next.contains(&key(0)) && next.contains(&key(9)), "{next:?}");
    let after = run(&mut intake, now, Duration::from_secs(30), cost);
    assert!(after[&key(1)] > 0);
    let named: Vec<SubjectId> = intake.floods().map(|it| it.peer).collect();
    assert_eq!(named, [key(1).1], "nobody else is named");
}

#[test]
fn signals_do_not_wait_for_case_files() {
    let start = Instant::now();
    let mut intake = Intake::default();
    for _ in 0..10_000 {
        intake.arrived(start, key(1), Some(Role::Kiosk), ());
    }
    let cost = busy_for(1_000);
    run(&mut intake, start, Duration::from_secs(10), cost);
    let now = start + Duration::from_secs(10);
    let signal = (Lane::Signals, key(1).1);
    intake.arrived(now, signal, Some(Role::Kiosk), ());
    let next: Vec<Key> = (0..2)
        .filter_map(|_| Some(intake.poll_output(now)?.0))
        .collect();
    assert!(next.contains(&signal), "{next:?}");
}

#[test]
fn a_stream_that_ends_takes_nothing_of_the_other_with_it() {
    let start = Instant::now();
    let mut intake = Intake::default();
    let (cases, signals) = (key(1), (Lane::Signals, key(1).1));
    for (ends, stays) in [(cases, signals), (signals, cases)] {
        for (lane, peer) in [cases, signals] {
            intake.arrived(start, (lane, peer), Some(Role::Kiosk), lane);
        }
        intake.ended(ends);
        assert!(intake.is_ready(start));
        assert_eq!(intake.poll_output(start), Some((stays, stays.0)));
        assert_eq!(intake.poll_output(start), None, "what ended is void");
        assert!(!intake.is_ready(start) && intake.poll_timeout().is_none());
    }
}

#[test]
fn a_stream_that_ends_and_begins_anew_saves_nothing() {
    let start = Instant::now();
    let mut intake = Intake::default();
    let cost = busy_for(1_000);
    let mut done = 0;
    for second in 0..60 {
        let now = start + Duration::from_secs(second);
        for _ in 0..2_000 {
            intake.arrived(now, key(1), Some(Role::Kiosk), ());
        }
        let lasting = Duration::from_secs(1);
        done += run(&mut intake, now, lasting, cost)[&key(1)];
        intake.ended(key(1));
        intake.handle_timeout(now + lasting);
    }
    let paid = allowance().saved + allowance().each_second * 60;
    assert!(done <= paid.as_millis() as u32 / COST_FACTOR + 60, "{done}");
}

#[test]
fn a_day_of_an_honest_kiosk_waits_for_nothing_and_is_forgotten() {
    let start = Instant::now();
    let mut intake = Intake::default();
    let cost = busy_for(300);
    // A line that returns brings what was written in a week; then somebody types.
    for _ in 0..2_000 {
        intake.arrived(start, key(1), Some(Role::Kiosk), ());
    }
    let lasting = Duration::from_secs(1);
    assert_eq!(run(&mut intake, start, lasting, cost)[&key(1)], 2_000);
    let mut now = start + lasting;
    for _ in 0..3_000 {
        now += Duration::from_millis(50);
        intake.arrived(now, key(1), Some(Role::Kiosk), ());
        assert!(intake.poll_output(now).is_some());
        intake.spent(now, key(1), cost);
    }
    assert_eq!(intake.floods().count(), 0);
    now += Duration::from_secs(60);
    intake.handle_timeout(now);
    assert!(intake.accounts.is_empty());
}

#[test]
fn a_flood_is_named_for_an_hour() {
    let start = Instant::now();
    let mut intake = Intake::default();
    for _ in 0..10_000 {
        intake.arrived(start, key(1), Some(Role::Kiosk), ());
    }
    let cost = busy_for(1_000);
    run(&mut intake, start, Duration::from_secs(30), cost);
    intake.ended(key(1));
    intake.handle_timeout(start + Duration::from_secs(3_600));
    assert_eq!(intake.floods().count(), 1);
    intake.handle_timeout(start + Duration::from_secs(3_631));
    assert_eq!(intake.floods().count(), 0);
}

#[test]
fn whoever_the_mesh_makes_wait_for_long_is_named_too() {
    let start = Instant::now();
    let mut intake = Intake::<()>::default();
    intake.held(start + NAMED_AFTER / 2, key(1).1, start);
    assert_eq!(intake.floods().count(), 0);
    let end = start + NAMED_AFTER;
    intake.held(end, key(1).1, start);
    let flood = Flood {
        peer: key(1).1,
        since: start,
        until: end,
    };
    assert_eq!(intake.floods().collect::<Vec<_>>(), [flood]);
}

/// Ten that say as much as fits, which is little at once, and say more as soon as it is taken; the
/// node takes in something every half a millisecond, for it has others' work to do.
#[test]
fn ten_that_begin_at_once_are_all_named_soon() {
    let start = Instant::now();
    let (fits, cost) = (64, busy_for(35));
    let key = |number| (Lane::Signals, SubjectId::from([number; 32]));
    let mut intake = Intake::default();
    intake.set_members([(Role::Kiosk, 11)].into());
    for number in 1..=10 {
        for _ in 0..fits {
            intake.arrived(start, key(number), Some(Role::Kiosk), ());
        }
    }
    let mut now = start;
    while now < start + Duration::from_secs(12) {
        now += Duration::from_micros(500);
        if let Some((key, ())) = intake.poll_output(now) {
            intake.spent(now, key, cost);
            intake.arrived(now, key, Some(Role::Kiosk), ());
        }
    }
    assert_eq!(intake.floods().count(), 10);
}
