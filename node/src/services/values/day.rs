//! Days as people write them: `04/07/1958`, `04071958`, `1er janvier 1960`, `00/00/1950`.

use super::signs::plain_digits;
use super::{Reader, Reading, refused, unclear};
use crate::calendar::{MONTHS_EN, MONTHS_FR, civil};

/// The years that are days of anybody's life or papers.
const YEARS: std::ops::RangeInclusive<u32> = 1850..=2200;
/// The most signs of a day.
const SIGNS_MAX: usize = 40;

/// A day of the calendar; of a day known in part, month and day may be 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    /// The year.
    pub year: u32,
    /// The month, from 1.
    pub month: u32,
    /// The day of the month, from 1.
    pub day: u32,
}

impl Day {
    /// The day of a moment, in seconds since 1970 began there.
    pub fn at(local_s: u64) -> Self {
        let (year, month, day) = civil(local_s / 86_400);
        let narrow = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        Self {
            year: narrow(year),
            month: narrow(month),
            day: narrow(day),
        }
    }

    /// Reads a day as it is kept: `2026-11-16`.
    pub fn kept(text: &str) -> Option<Self> {
        Self::kept_in_part(text).filter(|day| day.month > 0 && day.day > 0)
    }

    /// As [`kept`](Self::kept); month and day may be 0.
    fn kept_in_part(text: &str) -> Option<Self> {
        let mut parts = text.split('-').map(|part| part.parse::<u32>().ok());
        let mut next = || parts.next().flatten();
        let day = Self {
            year: next()?,
            month: next()?,
            day: next()?,
        };
        (on_calendar(day).is_ok() && day.text() == text).then_some(day)
    }

    fn text(self) -> String {
        let Self { year, month, day } = self;
        format!("{year:04}-{month:02}-{day:02}")
    }

    fn reading(self) -> Reading {
        Reading::Kept(self.text())
    }
}

/// Whether this is a day as it is kept, known in part or in full.
pub fn is_day(text: &str) -> bool {
    Day::kept_in_part(text).is_some_and(|day| day.month > 0 || day.day == 0)
}

/// Reads a day; it is kept as `1958-07-04`.
pub fn any_day(typed: &str, reader: &Reader) -> Reading {
    match written(typed, reader) {
        Ok(day) if day.month == 0 || day.day == 0 => rule(),
        Ok(day) => day.reading(),
        Err(other) => other,
    }
}

/// Reads the day of a birth: never after today, and known in part where the papers say so
/// (`00/00/1950` is kept as `1950-00-00`).
pub fn birth_day(typed: &str, reader: &Reader) -> Reading {
    match written(typed, reader) {
        Ok(day) if day > reader.today => refused(
            "Cette date est dans le futur\u{a0}: écrivez une date de naissance passée.",
            "This date is in the future: write a date of birth in the past.",
        ),
        Ok(day) if day.month == 0 && day.day != 0 => birth_rule(),
        Ok(day) => day.reading(),
        Err(other) if other == rule() => birth_rule(),
        Err(other) => other,
    }
}

fn rule() -> Reading {
    refused(
        "Écrivez le jour, le mois et l’année, par exemple 01/09/2026.",
        "Write day, month and year, for example 01/09/2026.",
    )
}

fn birth_rule() -> Reading {
    refused(
        "Écrivez le jour, le mois et l’année, par exemple 04/07/1958\u{202f}; 00 à la place de ce \
         qui n’est pas connu.",
        "Write day, month and year, for example 04/07/1958; 00 in place of what is not known.",
    )
}

/// The day that stands there, on the calendar; month and day may be 0 if they are written so.
fn written(typed: &str, reader: &Reader) -> Result<Day, Reading> {
    if typed.chars().count() > SIGNS_MAX {
        return Err(rule());
    }
    let typed = plain_digits(typed).to_lowercase();
    let parts = parts(&typed).ok_or_else(rule)?;
    let (day, month, year) = in_order(&parts).ok_or_else(rule)?;
    let number = |text: &str| text.parse::<u32>().map_err(|_| rule());
    let (day_number, month_number, year_number) = (number(day)?, number(month)?, number(year)?);
    match year.len() {
        4 => on_calendar(Day {
            year: year_number,
            month: month_number,
            day: day_number,
        }),
        2 => Err(which_century(day, month, year_number, reader)),
        _ => Err(rule()),
    }
}

/// The runs of digits, a name of a month as its number. A single run of digits is taken apart.
fn parts(typed: &str) -> Option<Vec<String>> {
    let separates = |c: char| c.is_whitespace() || matches!(c, '/' | '-' | '.' | ',' | '\\');
    let pieces = typed.split(separates).filter(|piece| !piece.is_empty());
    let parts: Vec<String> = pieces
        .filter(|piece| !["le", "the", "of"].contains(piece))
        .map(|piece| match piece.bytes().all(|b| b.is_ascii_digit()) {
            true => Some(piece.to_owned()),
            false => ordinal(piece).or_else(|| month_named(piece)),
        })
        .collect::<Option<_>>()?;
    match parts.as_slice() {
        [digits] if matches!(digits.len(), 6 | 8) => Some(taken_apart(digits)),
        _ => Some(parts),
    }
}

/// `04071958`, `19580704`, `040758`.
fn taken_apart(digits: &str) -> Vec<String> {
    let year_first = digits.len() == 8
        && digits[..4].parse().is_ok_and(|year| YEARS.contains(&year))
        && !digits[4..].parse().is_ok_and(|year| YEARS.contains(&year));
    let cuts = match year_first {
        true => [&digits[..4], &digits[4..6], &digits[6..]],
        false => [&digits[..2], &digits[2..4], &digits[4..]],
    };
    cuts.map(str::to_owned).to_vec()
}

/// `1er`, `1st`, `2nd`.
fn ordinal(piece: &str) -> Option<String> {
    let ends = ["er", "ère", "st", "nd", "rd", "th", "e"];
    let digits = ends.iter().find_map(|end| piece.strip_suffix(end))?;
    let plain = (1..=2).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| digits.to_owned())
}

/// The number of a month by its name or the beginning of it, marked so that a day is told apart.
fn month_named(piece: &str) -> Option<String> {
    let bare = |text: &str| text.to_lowercase().replace('é', "e").replace('û', "u");
    let piece = bare(piece);
    if piece.chars().count() < 3 {
        return None;
    }
    let mut found = (0..12).filter(|&month| {
        [MONTHS_FR[month], MONTHS_EN[month]]
            .iter()
            .any(|name| bare(name).starts_with(&piece))
    });
    match (found.next(), found.next()) {
        (Some(month), None) => Some(format!("m{}", month + 1)),
        _ => None,
    }
}

/// Day, month and year, whichever way round they are written.
fn in_order(parts: &[String]) -> Option<(&str, &str, &str)> {
    let [first, second, third] = parts else {
        return None;
    };
    let (day, month, year) = match (first.strip_prefix('m'), second.strip_prefix('m')) {
        // "July 4, 1958"
        (Some(month), None) => (second.as_str(), month, third.as_str()),
        (None, Some(month)) if first.len() == 4 => (third.as_str(), month, first.as_str()),
        (None, Some(month)) => (first.as_str(), month, third.as_str()),
        (None, None) if first.len() == 4 => (third.as_str(), second.as_str(), first.as_str()),
        (None, None) => (first.as_str(), second.as_str(), third.as_str()),
        (Some(_), Some(_)) => return None,
    };
    ((1..=2).contains(&day.len()) && (1..=2).contains(&month.len())).then_some((day, month, year))
}

fn on_calendar(day: Day) -> Result<Day, Reading> {
    if !YEARS.contains(&day.year) {
        let (first, last) = (YEARS.start(), YEARS.end());
        return Err(refused(
            format!("L’année {} ne va pas\u{a0}: de {first} à {last}.", day.year),
            format!("The year {} does not fit: {first} to {last}.", day.year),
        ));
    }
    if day.month > 12 {
        return Err(refused(
            format!(
                "Il n’y a pas de mois {}\u{a0}: écrivez le jour, puis le mois, puis l’année.",
                day.month
            ),
            format!(
                "There is no month {}: write the day, then the month, then the year.",
                day.month
            ),
        ));
    }
    let days = days_of(day.year, day.month);
    if day.day > days {
        let place = usize::try_from(day.month).unwrap_or(1).saturating_sub(1);
        let (fr, en) = (MONTHS_FR[place], MONTHS_EN[place]);
        return Err(refused(
            format!(
                "Le {} {fr} {} n’existe pas\u{a0}: ce mois a {days} jours.",
                day.day, day.year
            ),
            format!(
                "There is no {} {en} {}: that month has {days} days.",
                day.day, day.year
            ),
        ));
    }
    Ok(day)
}

/// The days of a month; of one that is not known, the most that any has.
fn days_of(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// `04/07/58` is asked back: with both centuries where both have been or may come.
fn which_century(day: &str, month: &str, year: u32, reader: &Reader) -> Reading {
    let this = reader.today.year / 100 * 100;
    let (past, present) = (this.saturating_sub(100) + year, this + year);
    let told = |year: u32| format!("{day:0>2}/{month:0>2}/{year}");
    let (fr, en) = match present > reader.today.year + 1 {
        true => (told(past), told(past)),
        false => (
            format!("{} ou {}", told(past), told(present)),
            format!("{} or {}", told(past), told(present)),
        ),
    };
    unclear(
        format!("Est-ce le {fr}\u{202f}? Écrivez l’année en entier."),
        format!("Is it {en}? Write the whole year."),
    )
}
