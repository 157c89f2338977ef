//! Times as people read them, in the legal time of metropolitan France.
//!
//! The rule (European directive 2000/84/EC): UTC+1, and UTC+2 from the last Sunday of March,
//! 01:00 UTC, to the last Sunday of October, 01:00 UTC.
//!
//! Times come from anybody, so every number gives words: beyond the last second of 9999 it is that
//! second, and a time that cannot be, seen from now, is said to be uncertain.

#![warn(clippy::arithmetic_side_effects)]

use super::text::Lang;
use crate::calendar::{MONTHS_EN, MONTHS_FR, civil, days};
use crate::times::can_be;

const DAY_S: u64 = 86_400;
/// The last second of 9999, UTC; ISO 8601 has four digits for a year.
const LAST_S: u64 = 253_402_300_799;
/// A moment on the clock and calendar of the wall.
struct Local {
    year: u64,
    month: usize,
    day: u64,
    hour: u64,
    minute: u64,
}

/// `10 h 52`, `10:52`.
pub(super) fn clock(lang: Lang, at_s: u64) -> String {
    let Local { hour, minute, .. } = local(at_s);
    match lang {
        Lang::Fr => format!("{hour}\u{a0}h\u{a0}{minute:02}"),
        Lang::En => format!("{hour}:{minute:02}"),
    }
}

/// `23 novembre 2026, 10 h 52`.
pub(super) fn moment(lang: Lang, at_s: u64) -> String {
    let Local {
        year, month, day, ..
    } = local(at_s);
    format!("{}, {}", date(lang, year, month, day), clock(lang, at_s))
}

/// `23 nov., 10 h 52`: a moment of these months.
pub(super) fn short(lang: Lang, at_s: u64) -> String {
    format!("{}, {}", short_day(lang, at_s), clock(lang, at_s))
}

fn short_day(lang: Lang, at_s: u64) -> String {
    const FR: [&str; 12] = [
        "janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.",
        "déc.",
    ];
    let Local { month, day, .. } = local(at_s);
    let month = match lang {
        Lang::Fr => of_month(&FR, month),
        Lang::En => &of_month(&MONTHS_EN, month)[..3],
    };
    format!("{day}\u{a0}{month}")
}

/// The clock if it is the same day as `now_s`, else the day: `23 nov.`.
pub(super) fn lately(lang: Lang, at_s: u64, now_s: u64) -> String {
    match (can_be(at_s, now_s), is_today(at_s, now_s)) {
        (false, _) => lang.time_uncertain().to_owned(),
        (true, true) => clock(lang, at_s),
        (true, false) => short_day(lang, at_s),
    }
}

/// The clock if it is the same day as `now_s`, else the day as well: `23 nov., 10 h 52`.
pub(super) fn written(lang: Lang, at_s: u64, now_s: u64) -> String {
    match (can_be(at_s, now_s), is_today(at_s, now_s)) {
        (false, _) => lang.time_uncertain().to_owned(),
        (true, true) => clock(lang, at_s),
        (true, false) => short(lang, at_s),
    }
}

/// The clock if it is the same day as `now_s`, else the whole moment.
pub(super) fn recent(lang: Lang, at_s: u64, now_s: u64) -> String {
    match is_today(at_s, now_s) {
        true => clock(lang, at_s),
        false => moment(lang, at_s),
    }
}

/// In a sentence: `à 10 h 52`, `le 23 nov., 10 h 52`.
pub(super) fn when(lang: Lang, at_s: u64, now_s: u64) -> String {
    match (can_be(at_s, now_s), is_today(at_s, now_s)) {
        (false, _) => lang.on_uncertain_day().to_owned(),
        (true, true) => lang.at_time(&clock(lang, at_s)),
        (true, false) => lang.on_day(&short(lang, at_s)),
    }
}

/// The clock, if it is the same day as `now_s`.
pub(super) fn of_today(lang: Lang, at_s: u64, now_s: u64) -> Option<String> {
    is_today(at_s, now_s).then(|| clock(lang, at_s))
}

/// Whether it is the same day as `now_s`.
fn is_today(at_s: u64, now_s: u64) -> bool {
    let (at, now) = (local(at_s), local(now_s));
    (at.year, at.month, at.day) == (now.year, now.month, now.day)
}

/// `23 novembre 2026` from `2026-11-23`; anything else as it is.
pub(super) fn day(lang: Lang, iso: &str) -> String {
    let parts: Vec<u64> = iso
        .split('-')
        .filter_map(|part| part.parse().ok())
        .collect();
    match parts.as_slice() {
        &[year, month @ 1..=12, day] => date(lang, year, usize::try_from(month).unwrap_or(1), day),
        _ => iso.to_owned(),
    }
}

/// `01/09/2026` from `2026-09-01`, as a field shows it; anything else as it is.
pub(super) fn day_typed(iso: &str) -> String {
    match iso.split('-').collect::<Vec<_>>().as_slice() {
        [year, month, day] if year.len() == 4 => format!("{day}/{month}/{year}"),
        _ => iso.to_owned(),
    }
}

/// `2026-11-23T09:52:00Z`, for `datetime`.
pub(super) fn machine(at_s: u64) -> String {
    let at_s = at_s.min(LAST_S);
    let (year, month, day) = civil(at_s / DAY_S);
    let of_day = at_s % DAY_S;
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        of_day / 3600,
        of_day / 60 % 60,
        of_day % 60
    )
}

fn of_month<'a>(names: &[&'a str; 12], month: usize) -> &'a str {
    names[month.clamp(1, 12).saturating_sub(1)]
}

fn date(lang: Lang, year: u64, month: usize, day: u64) -> String {
    match (lang, day) {
        (Lang::Fr, 1) => format!("1er {} {year}", of_month(&MONTHS_FR, month)),
        (Lang::Fr, _) => format!("{day} {} {year}", of_month(&MONTHS_FR, month)),
        (Lang::En, _) => format!("{day} {} {year}", of_month(&MONTHS_EN, month)),
    }
}

fn local(at_s: u64) -> Local {
    // The last hours of 9999 are winter and stay in their year.
    let at_s = at_s.min(LAST_S - 3600);
    let (year, ..) = civil(at_s / DAY_S);
    let summer = last_sunday_s(year, 3)..last_sunday_s(year, 10);
    let shift_s = if summer.contains(&at_s) { 7200 } else { 3600 };
    let shifted_s = at_s.saturating_add(shift_s);
    let (year, month, day) = civil(shifted_s / DAY_S);
    Local {
        year,
        month: usize::try_from(month).unwrap_or(1),
        day,
        hour: shifted_s / 3600 % 24,
        minute: shifted_s / 60 % 60,
    }
}

/// 01:00 UTC of the last Sunday of a month of 31 days.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "the years are those of `civil`: from 1970 to 9999"
)]
fn last_sunday_s(year: u64, month: u64) -> u64 {
    let last = days(year, month, 31);
    let weekday = (last + 4) % 7;
    (last - weekday) * DAY_S + 3600
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn winter_and_summer_are_told_apart_to_the_second() {
        // 2026: summer from 29 March to 25 October, 01:00 UTC.
        for (at_s, told) in [
            (1_774_745_999, "29 mars 2026, 1\u{a0}h\u{a0}59"),
            (1_774_746_000, "29 mars 2026, 3\u{a0}h\u{a0}00"),
            (1_792_889_999, "25 octobre 2026, 2\u{a0}h\u{a0}59"),
            (1_792_890_000, "25 octobre 2026, 2\u{a0}h\u{a0}00"),
            (1_795_427_520, "23 novembre 2026, 10\u{a0}h\u{a0}52"),
        ] {
            assert_eq!(moment(Lang::Fr, at_s), told);
        }
        assert_eq!(moment(Lang::En, 1_795_427_520), "23 November 2026, 10:52");
        assert_eq!(machine(1_795_427_520), "2026-11-23T09:52:00Z");
    }

    #[test]
    fn today_is_told_by_the_clock_alone() {
        let now_s = 1_795_427_520;
        assert_eq!(recent(Lang::En, now_s - 3600, now_s), "9:52");
        assert_eq!(
            recent(Lang::En, now_s - 86_400, now_s),
            "22 November 2026, 10:52"
        );
        assert_eq!(short(Lang::Fr, now_s), "23\u{a0}nov., 10\u{a0}h\u{a0}52");
        assert_eq!(lately(Lang::Fr, now_s - 3600, now_s), "9\u{a0}h\u{a0}52");
        assert_eq!(lately(Lang::Fr, now_s - 86_400, now_s), "22\u{a0}nov.");
        assert_eq!(clock(Lang::Fr, 0), "1\u{a0}h\u{a0}00");
        assert_eq!(lately(Lang::Fr, 0, now_s), "date incertaine");
        assert_eq!(written(Lang::En, u64::MAX, now_s), "uncertain date");
        assert_eq!(when(Lang::Fr, now_s, now_s), "à 10\u{a0}h\u{a0}52");
        assert_eq!(when(Lang::Fr, 0, now_s), "à une date incertaine");
    }

    #[test]
    fn every_number_gives_words() {
        let powers = (0..64).map(|power| 1_u64 << power);
        let extremes = [
            0,
            LAST_S,
            u64::MAX,
            u64::MAX / 1000,
            i64::MAX.unsigned_abs(),
        ];
        for at_s in powers.chain(extremes) {
            for at_s in [at_s.saturating_sub(1), at_s, at_s.saturating_add(1)] {
                for now_s in [0, 1_795_427_520, u64::MAX] {
                    for lang in [Lang::Fr, Lang::En] {
                        for said in [
                            lately(lang, at_s, now_s),
                            written(lang, at_s, now_s),
                            recent(lang, at_s, now_s),
                            when(lang, at_s, now_s),
                            moment(lang, at_s),
                        ] {
                            assert!(!said.is_empty() && said.len() < 40, "{said}");
                        }
                    }
                    assert_eq!(machine(at_s).len(), "2026-11-23T09:52:00Z".len());
                }
            }
        }
        assert_eq!(machine(u64::MAX), "9999-12-31T23:59:59Z");
        assert_eq!(moment(Lang::En, u64::MAX), "31 December 9999, 23:59");
    }

    #[test]
    fn days_there_and_back() {
        for day in (0..40_000).step_by(17) {
            let (y, m, d) = civil(day);
            assert_eq!(days(y, m, d), day);
        }
        assert_eq!(day(Lang::Fr, "2026-09-01"), "1er septembre 2026");
        assert_eq!(day_typed("2026-09-01"), "01/09/2026");
        assert_eq!(day_typed("bientôt"), "bientôt");
    }
}
