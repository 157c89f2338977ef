//! Times as people read them, in the legal time of where the machine stands.
//!
//! Of an hour that comes twice, because the clock is put back in autumn, it is said which is meant.
//!
//! Times come from anybody, so every number gives words: beyond the last second of 9999 it is that
//! second, and a time that cannot be, seen from now, is said to be uncertain.

#![warn(clippy::arithmetic_side_effects)]

use super::text::Lang;
use crate::calendar::{MONTHS_EN, MONTHS_FR, civil};
use crate::clock;
use crate::times::can_be;
use crate::times::zone::{LAST_S, PARIS, Twice, Wall, Zone};

const DAY_S: u64 = 86_400;

/// A moment on the clock and calendar of the wall.
struct Local {
    year: u64,
    month: usize,
    day: u64,
    hour: u64,
    minute: u64,
    twice: Option<Twice>,
}

/// `10 h 52`, `10:52`.
pub(super) fn clock(lang: Lang, at_s: u64) -> String {
    clock_of(lang, &local(at_s))
}

fn clock_of(lang: Lang, at: &Local) -> String {
    let Local { hour, minute, .. } = at;
    let shown = match lang {
        Lang::Fr => format!("{hour}\u{a0}h\u{a0}{minute:02}"),
        Lang::En => format!("{hour}:{minute:02}"),
    };
    match at.twice {
        None => shown,
        Some(Twice::Before) => format!("{shown} ({})", lang.summer_time()),
        Some(Twice::After) => format!("{shown} ({})", lang.winter_time()),
    }
}

/// `23 novembre 2026, 10 h 52`; elsewhere than in metropolitan France with whose time it is:
/// `23 novembre 2026, 13 h 52 (heure de La Réunion)`.
pub(super) fn moment(lang: Lang, at_s: u64) -> String {
    moment_in(clock::zone(), lang, at_s)
}

fn moment_in(zone: &Zone, lang: Lang, at_s: u64) -> String {
    let at = local_in(zone, at_s);
    let date = date(lang, at.year, at.month, at.day);
    let moment = format!("{date}, {}", clock_of(lang, &at));
    match place_in(zone, lang, at_s) {
        None => moment,
        Some(place) => format!("{moment} ({place})"),
    }
}

/// Whose time is shown, where it is not that of metropolitan France: `heure de La Réunion`.
pub(super) fn place(lang: Lang, at_s: u64) -> Option<String> {
    place_in(clock::zone(), lang, at_s)
}

fn place_in(zone: &Zone, lang: Lang, at_s: u64) -> Option<String> {
    match zone.name() {
        Some(PARIS) => None,
        Some(name) => Some(lang.time_of(name)),
        // Of rules without a name (`TZ=<+04>-4`) only the difference is known.
        None => {
            let ahead_s = zone.ahead_s(at_s);
            let sign = if ahead_s < 0 { '−' } else { '+' };
            let minutes = ahead_s.unsigned_abs() / 60;
            Some(format!("UTC{sign}{}:{:02}", minutes / 60, minutes % 60))
        }
    }
}

/// `23 nov., 10 h 52`; of another year than now `23 nov. 2025, 10 h 52`.
pub(super) fn short(lang: Lang, at_s: u64, now_s: u64) -> String {
    format!("{}, {}", short_day(lang, at_s, now_s), clock(lang, at_s))
}

fn short_day(lang: Lang, at_s: u64, now_s: u64) -> String {
    const FR: [&str; 12] = [
        "janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.",
        "déc.",
    ];
    let Local {
        year, month, day, ..
    } = local(at_s);
    let month = match lang {
        Lang::Fr => of_month(&FR, month),
        Lang::En => &of_month(&MONTHS_EN, month)[..3],
    };
    match year == local(now_s).year {
        true => format!("{day}\u{a0}{month}"),
        false => format!("{day}\u{a0}{month} {year}"),
    }
}

/// The clock if it is the same day as `now_s`, else the day: `23 nov.`, `23 nov. 2025`.
pub(super) fn lately(lang: Lang, at_s: u64, now_s: u64) -> String {
    match (can_be(at_s, now_s), is_today(at_s, now_s)) {
        (false, _) => lang.time_uncertain().to_owned(),
        (true, true) => clock(lang, at_s),
        (true, false) => short_day(lang, at_s, now_s),
    }
}

/// The clock if it is the same day as `now_s`, else the day as well: `23 nov., 10 h 52`.
pub(super) fn written(lang: Lang, at_s: u64, now_s: u64) -> String {
    match (can_be(at_s, now_s), is_today(at_s, now_s)) {
        (false, _) => lang.time_uncertain().to_owned(),
        (true, true) => clock(lang, at_s),
        (true, false) => short(lang, at_s, now_s),
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
    match can_be(at_s, now_s) {
        false => lang.on_uncertain_day().to_owned(),
        true => seen(lang, at_s, now_s),
    }
}

/// The same of a time that this machine itself saw: whatever its clock, it is no uncertain one.
pub(super) fn seen(lang: Lang, at_s: u64, now_s: u64) -> String {
    match is_today(at_s, now_s) {
        true => lang.at_time(&clock(lang, at_s)),
        false => lang.on_day(&short(lang, at_s, now_s)),
    }
}

/// The clock, if it is the same day as `now_s`.
pub(super) fn of_today(lang: Lang, at_s: u64, now_s: u64) -> Option<String> {
    is_today(at_s, now_s).then(|| clock(lang, at_s))
}

/// Whether it is the same day as `now_s`.
pub(super) fn is_today(at_s: u64, now_s: u64) -> bool {
    is_same_day(clock::zone(), at_s, now_s)
}

fn is_same_day(zone: &Zone, at_s: u64, now_s: u64) -> bool {
    let (at, now) = (local_in(zone, at_s), local_in(zone, now_s));
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
    local_in(clock::zone(), at_s)
}

fn local_in(zone: &Zone, at_s: u64) -> Local {
    let Wall { seconds, twice } = zone.wall(at_s);
    let (year, month, day) = civil(seconds / DAY_S);
    Local {
        year,
        month: usize::try_from(month).unwrap_or(1),
        day,
        hour: seconds / 3600 % 24,
        minute: seconds / 60 % 60,
        twice,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::days;

    #[test]
    fn winter_and_summer_are_told_apart_to_the_second() {
        // 2026: summer from 29 March to 25 October, 01:00 UTC.
        for (at_s, told) in [
            (1_774_745_999, "29 mars 2026, 1\u{a0}h\u{a0}59"),
            (1_774_746_000, "29 mars 2026, 3\u{a0}h\u{a0}00"),
            (
                1_792_889_999,
                "25 octobre 2026, 2\u{a0}h\u{a0}59 (heure d’été)",
            ),
            (
                1_792_890_000,
                "25 octobre 2026, 2\u{a0}h\u{a0}00 (heure d’hiver)",
            ),
            (1_792_893_600, "25 octobre 2026, 3\u{a0}h\u{a0}00"),
            (1_795_427_520, "23 novembre 2026, 10\u{a0}h\u{a0}52"),
        ] {
            assert_eq!(moment(Lang::Fr, at_s), told);
        }
        assert_eq!(moment(Lang::En, 1_795_427_520), "23 November 2026, 10:52");
        assert_eq!(machine(1_795_427_520), "2026-11-23T09:52:00Z");
    }

    #[test]
    fn each_place_reads_its_own_time_and_says_which_it_is() {
        // 23 November 2026, 21:52 UTC: the next day has begun where the sun rises.
        let at_s = 1_795_470_720;
        for (zone, told, day_before) in [
            ("Europe/Paris", "23 novembre 2026, 22\u{a0}h\u{a0}52", false),
            (
                "Indian/Reunion",
                "24 novembre 2026, 1\u{a0}h\u{a0}52 (heure de La Réunion)",
                true,
            ),
            (
                "America/Guadeloupe",
                "23 novembre 2026, 17\u{a0}h\u{a0}52 (heure de la Guadeloupe)",
                false,
            ),
            (
                "Pacific/Noumea",
                "24 novembre 2026, 8\u{a0}h\u{a0}52 (heure de la Nouvelle-Calédonie)",
                false,
            ),
            (
                "America/Argentina/Buenos_Aires",
                "23 novembre 2026, 18\u{a0}h\u{a0}52 (heure de Buenos Aires)",
                false,
            ),
        ] {
            let zone = Zone::named(zone).expect(zone);
            assert_eq!(moment_in(&zone, Lang::Fr, at_s), told);
            assert!(is_same_day(&zone, at_s, at_s - 3600));
            // Two hours before, midnight has or has not passed there.
            assert_eq!(!is_same_day(&zone, at_s, at_s - 7200), day_before, "{told}");
        }
        let la_reunion = Zone::named("Indian/Reunion").expect("a zone");
        let en = moment_in(&la_reunion, Lang::En, at_s);
        assert_eq!(en, "24 November 2026, 1:52 (Reunion time)");
    }

    #[test]
    fn each_place_of_the_republic_has_its_words() {
        for name in [
            "Indian/Reunion",
            "America/Guadeloupe",
            "America/Martinique",
            "America/Marigot",
            "America/St_Barthelemy",
            "America/Cayenne",
            "America/Miquelon",
            "Pacific/Noumea",
            "Pacific/Wallis",
            "Pacific/Marquesas",
            "Pacific/Gambier",
        ] {
            let zone = Zone::named(name).expect(name);
            let said = place_in(&zone, Lang::Fr, 0).expect("it is elsewhere");
            let city = name.rsplit('/').next().unwrap_or_default();
            assert_ne!(said, Lang::Fr.time_elsewhere(&city.replace('_', " ")));
        }
        assert_eq!(place_in(&Zone::paris(), Lang::Fr, 0), None);
    }

    #[test]
    fn today_is_told_by_the_clock_alone() {
        let now_s = 1_795_427_520;
        assert_eq!(recent(Lang::En, now_s - 3600, now_s), "9:52");
        assert_eq!(
            recent(Lang::En, now_s - 86_400, now_s),
            "22 November 2026, 10:52"
        );
        assert_eq!(
            short(Lang::Fr, now_s, now_s),
            "23\u{a0}nov., 10\u{a0}h\u{a0}52"
        );
        assert_eq!(lately(Lang::Fr, now_s - 3600, now_s), "9\u{a0}h\u{a0}52");
        assert_eq!(lately(Lang::Fr, now_s - 86_400, now_s), "22\u{a0}nov.");
        let year_after = now_s + 365 * 86_400;
        assert_eq!(
            written(Lang::Fr, now_s, year_after),
            "23\u{a0}nov. 2026, 10\u{a0}h\u{a0}52",
            "not the day of this year"
        );
        assert_eq!(lately(Lang::En, now_s, year_after), "23\u{a0}Nov 2026");
        assert_eq!(
            when(Lang::Fr, now_s - 86_400, now_s),
            "le 22\u{a0}nov., 10\u{a0}h\u{a0}52"
        );
        assert_eq!(
            seen(Lang::En, now_s - 86_400, now_s),
            "on 22\u{a0}Nov, 10:52"
        );
        assert_eq!(seen(Lang::Fr, 60, 120), "à 1\u{a0}h\u{a0}01");
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
