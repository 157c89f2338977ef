//! The zone whose legal time a node shows: that of the place where it stands.
//!
//! Times are kept and sent as seconds since 1970 UTC, so that who reads one reads it by the clock on
//! the wall beside them, wherever it was written. The rules are those of the IANA time zone database,
//! which comes with the program.

#![warn(clippy::arithmetic_side_effects)]

use jiff::Timestamp;
use jiff::tz::{AmbiguousOffset, TimeZone};

/// The zone of metropolitan France.
pub const PARIS: &str = "Europe/Paris";
/// What machines are set to that are set to no place.
const NOWHERE: [&str; 6] = [
    "UTC",
    "Etc/UTC",
    "Etc/GMT",
    "Etc/UCT",
    "Etc/Universal",
    "Etc/Zulu",
];
/// The last second of 9999, UTC; ISO 8601 has four digits for a year.
pub const LAST_S: u64 = 253_402_300_799;

/// A place's legal time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    name: Option<String>,
    rules: TimeZone,
}

/// A moment by the clock and calendar on a wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wall {
    /// Seconds since 1970 began there; none is before that or after 9999.
    pub seconds: u64,
    /// Which of two moments that the clock shows alike, because it was put back between them.
    pub twice: Option<Twice>,
}

/// One of two moments of the same night at which a clock shows the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Twice {
    /// Before the clock is put back, in summer time.
    Before,
    /// After it, in winter time.
    After,
}

impl Zone {
    /// The zone of this name in the IANA database: `Indian/Reunion`.
    pub fn named(name: &str) -> Option<Self> {
        let rules = TimeZone::get(name).ok()?;
        // As the database writes it, whatever the case it was asked in.
        let name = rules.iana_name().map(str::to_owned);
        Some(Self { name, rules })
    }

    /// The zone of metropolitan France.
    pub fn paris() -> Self {
        Self::named(PARIS).expect("the zone of Paris comes with the program")
    }

    /// The zone that this machine is set to; metropolitan France's where it is set to none, or to
    /// UTC, as servers are.
    pub fn of_machine() -> Self {
        let rules = TimeZone::try_system().ok().filter(|it| !it.is_unknown());
        let zone = rules.map(|rules| Self {
            name: rules.iana_name().map(str::to_owned),
            rules,
        });
        zone.filter(Self::is_somewhere).unwrap_or_else(Self::paris)
    }

    /// Its name in the IANA database, if it has one.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// What the clock and calendar there show at a moment, in seconds since 1970 UTC.
    pub fn wall(&self, at_s: u64) -> Wall {
        let at_s = at_s.min(LAST_S);
        let at = timestamp(at_s);
        let offset = self.rules.to_offset(at);
        let shown = self.rules.to_ambiguous_timestamp(offset.to_datetime(at));
        let twice = match shown.offset() {
            AmbiguousOffset::Fold { before, .. } if before == offset => Some(Twice::Before),
            AmbiguousOffset::Fold { .. } => Some(Twice::After),
            AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Gap { .. } => None,
        };
        let seconds = at_s.saturating_add_signed(i64::from(offset.seconds()));
        Wall {
            seconds: seconds.min(LAST_S),
            twice,
        }
    }

    /// By how much the clock there is ahead of UTC at a moment, in seconds.
    pub fn ahead_s(&self, at_s: u64) -> i32 {
        self.rules.to_offset(timestamp(at_s)).seconds()
    }

    fn is_somewhere(&self) -> bool {
        let name = self.name();
        name.is_none_or(|name| !NOWHERE.contains(&name)) && self.rules != TimeZone::UTC
    }
}

/// The moment; the last that the rules know of for the very last.
fn timestamp(at_s: u64) -> Timestamp {
    let at_s = i64::try_from(at_s).unwrap_or(i64::MAX);
    Timestamp::from_second(at_s).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::civil;

    /// `2026-11-30 09:05` on the wall.
    fn shown(zone: &str, at_s: u64) -> String {
        let Wall { seconds, twice } = Zone::named(zone).expect(zone).wall(at_s);
        let (year, month, day) = civil(seconds / 86_400);
        let (hour, minute) = (seconds / 3600 % 24, seconds / 60 % 60);
        let twice = match twice {
            None => "",
            Some(Twice::Before) => " first",
            Some(Twice::After) => " second",
        };
        format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}{twice}")
    }

    #[test]
    fn one_moment_is_read_by_each_wall() {
        // 30 November 2026, 22:30 UTC: in the Pacific it is two days.
        let at_s = 1_796_077_800;
        for (zone, told) in [
            ("Europe/Paris", "2026-11-30 23:30"),
            ("Indian/Reunion", "2026-12-01 02:30"),
            ("Indian/Mayotte", "2026-12-01 01:30"),
            ("America/Guadeloupe", "2026-11-30 18:30"),
            ("America/Cayenne", "2026-11-30 19:30"),
            ("America/Miquelon", "2026-11-30 19:30"),
            ("Pacific/Noumea", "2026-12-01 09:30"),
            ("Pacific/Wallis", "2026-12-01 10:30"),
            ("Pacific/Tahiti", "2026-11-30 12:30"),
            ("Pacific/Marquesas", "2026-11-30 13:00"),
        ] {
            assert_eq!(shown(zone, at_s), told, "{zone}");
        }
    }

    #[test]
    fn the_hour_that_comes_twice_is_told_apart_to_the_second() {
        // Paris, 25 October 2026, 01:00 UTC; Saint-Pierre, 1 November 2026, 04:00 UTC.
        for (zone, at_s, told) in [
            ("Europe/Paris", 1_792_886_399, "2026-10-25 01:59"),
            ("Europe/Paris", 1_792_886_400, "2026-10-25 02:00 first"),
            ("Europe/Paris", 1_792_889_999, "2026-10-25 02:59 first"),
            ("Europe/Paris", 1_792_890_000, "2026-10-25 02:00 second"),
            ("Europe/Paris", 1_792_893_599, "2026-10-25 02:59 second"),
            ("Europe/Paris", 1_792_893_600, "2026-10-25 03:00"),
            ("America/Miquelon", 1_793_505_599, "2026-11-01 01:59 first"),
            ("America/Miquelon", 1_793_505_600, "2026-11-01 01:00 second"),
            ("Indian/Reunion", 1_792_890_000, "2026-10-25 05:00"),
            // Nothing comes twice in spring: an hour is left out.
            ("Europe/Paris", 1_774_745_999, "2026-03-29 01:59"),
            ("Europe/Paris", 1_774_746_000, "2026-03-29 03:00"),
        ] {
            assert_eq!(shown(zone, at_s), told, "{zone}");
        }
    }

    #[test]
    fn every_number_is_a_moment_in_every_zone() {
        let powers = (0..64).map(|power| 1_u64 << power);
        for at_s in powers.chain([0, LAST_S, u64::MAX]) {
            for zone in ["Europe/Paris", "Pacific/Kiritimati", "Pacific/Niue"] {
                let zone = Zone::named(zone).expect(zone);
                for at_s in [at_s.saturating_sub(1), at_s, at_s.saturating_add(1)] {
                    assert!(zone.wall(at_s).seconds <= LAST_S);
                    assert!(zone.ahead_s(at_s).abs() <= 14 * 3600);
                }
            }
        }
        assert_eq!(shown("Pacific/Niue", 0), "1970-01-01 00:00");
        assert_eq!(shown("Pacific/Kiritimati", u64::MAX), "9999-12-31 23:59");
    }

    #[test]
    fn a_zone_is_known_by_its_name_alone() {
        for none in ["", "Reunion", "Indian/", "UTC+4", "../etc/passwd"] {
            assert_eq!(Zone::named(none), None, "{none}");
        }
        let named = Zone::named("indian/reunion").expect("in any case");
        assert_eq!(named.name(), Some("Indian/Reunion"));
        assert!(!Zone::named("Etc/UTC").expect("a zone").is_somewhere());
        assert!(!Zone::named("UTC").expect("a zone").is_somewhere());
        assert!(named.is_somewhere());
    }
}
