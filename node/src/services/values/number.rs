//! Numbers as people write them: `1 412,50 €`, `1.412,50`, `12€50`.

use super::signs::plain_digits;
use super::{Reader, Reading, unclear, words};
use crate::web::Lang;
use crate::web::view::Words;

/// The most signs of a number.
const SIGNS_MAX: usize = 40;
/// The most digits of a number that is kept.
const DIGITS_MAX: usize = 15;

/// What a field takes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bounds {
    /// Whole numbers only.
    pub whole: bool,
    /// The least, if there is one.
    pub min: Option<f64>,
    /// The most, if there is one.
    pub max: Option<f64>,
}

/// Reads a number; it is kept with a point and without groups: `1412.50`.
pub fn number(typed: &str, bounds: &Bounds, reader: &Reader) -> Reading {
    if typed.chars().count() > SIGNS_MAX {
        return Reading::Refused(rule(bounds));
    }
    let kept = match plain(typed, reader.lang) {
        Plain::Number(plain) => kept(&plain, bounds),
        Plain::Either(one, other) => match (kept(&one, bounds), kept(&other, bounds)) {
            (None, None) => None,
            (Some(one), None) if bounds.whole => Some(one),
            _ => return which(typed.trim(), &one, &other),
        },
        Plain::None => None,
    };
    kept.map_or_else(|| Reading::Refused(rule(bounds)), Reading::Kept)
}

/// The number as it is kept, if the field takes it.
fn kept(plain: &str, bounds: &Bounds) -> Option<String> {
    let value: f64 = plain.parse().ok()?;
    let digits = plain.bytes().filter(u8::is_ascii_digit).count();
    let fits = bounds.min.is_none_or(|min| value >= min)
        && bounds.max.is_none_or(|max| value <= max)
        && digits <= DIGITS_MAX;
    match (fits, bounds.whole) {
        (false, _) => None,
        (true, false) => Some(plain.to_owned()),
        (true, true) if value.fract() == 0.0 => plain.split('.').next().map(str::to_owned),
        (true, true) => None,
    }
}

/// The rule of a field, in a sentence.
fn rule(bounds: &Bounds) -> Words {
    let (kind_fr, kind_en) = match bounds.whole {
        true => ("un nombre entier", "a whole number"),
        false => ("un nombre", "a number"),
    };
    let (range_fr, range_en) = match (bounds.min, bounds.max) {
        (Some(min), Some(max)) => (
            format!(", de {} à {}", french(min), french(max)),
            format!(" from {} to {}", english(min), english(max)),
        ),
        (Some(min), None) => (
            format!(", au moins {}", french(min)),
            format!(" of at least {}", english(min)),
        ),
        (None, Some(max)) => (
            format!(", au plus {}", french(max)),
            format!(" of at most {}", english(max)),
        ),
        (None, None) => (String::new(), String::new()),
    };
    let (example_fr, example_en) = match bounds.whole {
        true => ("", ""),
        false => (", par exemple 412,50", ", for example 412.50"),
    };
    words(
        format!("Écrivez {kind_fr}{range_fr}{example_fr}."),
        format!("Write {kind_en}{range_en}{example_en}."),
    )
}

fn which(typed: &str, one: &str, other: &str) -> Reading {
    unclear(
        format!(
            "«\u{a0}{typed}\u{a0}»\u{a0}: est-ce {} ou {}\u{202f}? Écrivez l’un ou l’autre.",
            one.replace('.', ","),
            other.replace('.', ",")
        ),
        format!("“{typed}”: is it {one} or {other}? Write one or the other."),
    )
}

/// What stands there.
enum Plain {
    Number(String),
    Either(String, String),
    None,
}

/// A separator between digits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sep {
    Point,
    Comma,
    Space,
    Apostrophe,
    Euro,
}

impl Sep {
    fn of(c: char) -> Option<Self> {
        match c {
            '.' => Some(Self::Point),
            ',' | '\u{66b}' => Some(Self::Comma),
            '\'' | '’' | '\u{2bc}' | '\u{66c}' => Some(Self::Apostrophe),
            '€' => Some(Self::Euro),
            c if c.is_whitespace() => Some(Self::Space),
            _ => None,
        }
    }
}

fn plain(typed: &str, lang: Lang) -> Plain {
    let typed = plain_digits(typed).to_lowercase();
    let typed = typed.trim();
    let (minus, typed) = match typed.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", typed.strip_prefix('+').unwrap_or(typed)),
    };
    let Some((groups, seps)) = taken_apart(without_unit(typed)) else {
        return Plain::None;
    };
    let signed = |text: String| match text.bytes().all(|b| matches!(b, b'0' | b'.')) {
        true => text,
        false => format!("{minus}{text}"),
    };
    match joined(&groups, &seps, lang) {
        Plain::Number(plain) => Plain::Number(signed(plain)),
        Plain::Either(one, other) => Plain::Either(signed(one), signed(other)),
        Plain::None => Plain::None,
    }
}

/// The digits without what is written before or after them for euros.
fn without_unit(typed: &str) -> &str {
    let typed = typed.trim().strip_prefix('€').unwrap_or(typed).trim();
    let units = ["€", "euros", "euro", "eur"];
    let unit = units.iter().find_map(|unit| typed.strip_suffix(unit));
    unit.unwrap_or(typed).trim()
}

/// The runs of digits, and what stands between them.
fn taken_apart(typed: &str) -> Option<(Vec<String>, Vec<Sep>)> {
    let (mut groups, mut seps) = (vec![String::new()], Vec::new());
    for c in typed.chars() {
        if c.is_ascii_digit() {
            groups.last_mut()?.push(c);
            continue;
        }
        let sep = Sep::of(c)?;
        match (groups.last()?.is_empty(), seps.last_mut()) {
            // "12, 50" and "12 €50": spaces beside another separator say nothing.
            (true, Some(_)) if sep == Sep::Space => {}
            (true, Some(last)) if *last == Sep::Space => *last = sep,
            (true, Some(_)) => return None,
            (_, _) => {
                seps.push(sep);
                groups.push(String::new());
            }
        }
    }
    groups
        .iter()
        .any(|group| !group.is_empty())
        .then_some((groups, seps))
}

/// What the groups of digits mean together.
fn joined(groups: &[String], seps: &[Sep], lang: Lang) -> Plain {
    let Some((&last, before)) = seps.split_last() else {
        return Plain::Number(whole(&groups.concat()));
    };
    let (Some(tail), head) = (groups.last(), &groups[..groups.len() - 1]) else {
        return Plain::None;
    };
    let all_grouped = grouped(groups) && seps.iter().all(|sep| *sep == last);
    let decimal = || decimal(head, before, tail);
    match last {
        // Only groups: "1 200", "1'200'000".
        Sep::Space | Sep::Apostrophe if all_grouped => Plain::Number(whole(&groups.concat())),
        Sep::Space if head.len() == 1 && tail.len() <= 2 => either(head, tail),
        Sep::Space | Sep::Apostrophe => Plain::None,
        // "12€50"; "12€5" may be five cents.
        Sep::Euro if tail.len() == 2 => decimal(),
        Sep::Euro if tail.len() == 1 && grouped_by(head, before) => Plain::Either(
            format!("{}.0{tail}", whole(&head.concat())),
            format!("{}.{tail}0", whole(&head.concat())),
        ),
        Sep::Euro => Plain::None,
        // "1.200.000": the same sign twice is no decimal point.
        Sep::Point | Sep::Comma if seps.len() > 1 && all_grouped => {
            Plain::Number(whole(&groups.concat()))
        }
        // "1.200": three digits behind the only sign may be thousands. An English page's comma
        // is never a decimal point.
        Sep::Comma if seps.len() == 1 && all_grouped && lang == Lang::En => {
            Plain::Number(whole(&groups.concat()))
        }
        Sep::Point | Sep::Comma if seps.len() == 1 && all_grouped => Plain::Either(
            whole(&groups.concat()),
            format!(
                "{}.{}",
                whole(&head.concat()),
                tail.strip_suffix('0').unwrap_or(tail)
            ),
        ),
        // "1.412,50", "1 412.50": the last of two signs is the decimal one.
        Sep::Point | Sep::Comma if !before.contains(&last) => decimal(),
        Sep::Point | Sep::Comma => Plain::None,
    }
}

/// "12 50" may be 12.50, or 1250 torn apart.
fn either(head: &[String], tail: &str) -> Plain {
    let head = whole(&head.concat());
    match tail.len() {
        2 => Plain::Either(format!("{head}.{tail}"), format!("{head}{tail}")),
        _ => Plain::None,
    }
}

fn decimal(head: &[String], before: &[Sep], tail: &str) -> Plain {
    let whole = whole(&head.concat());
    match (grouped_by(head, before), tail.is_empty()) {
        (false, _) => Plain::None,
        (true, true) if head.concat().is_empty() => Plain::None,
        (true, true) => Plain::Number(whole),
        (true, false) => Plain::Number(format!("{whole}.{tail}")),
    }
}

/// Whether what stands before the decimal sign is one run of digits, or thousands in groups that
/// are all parted by one sign.
fn grouped_by(groups: &[String], seps: &[Sep]) -> bool {
    let one_sign = seps.windows(2).all(|two| two[0] == two[1]);
    let no_euro = !seps.contains(&Sep::Euro);
    groups.len() == 1 || one_sign && no_euro && grouped(groups)
}

/// One to three digits, not beginning with a zero, and then three and three.
fn grouped(groups: &[String]) -> bool {
    let Some((first, rest)) = groups.split_first() else {
        return false;
    };
    (1..=3).contains(&first.len())
        && !first.starts_with('0')
        && !rest.is_empty()
        && rest.iter().all(|group| group.len() == 3)
}

/// Digits without zeros in front.
fn whole(digits: &str) -> String {
    match digits.trim_start_matches('0') {
        "" => "0".to_owned(),
        digits => digits.to_owned(),
    }
}

fn french(value: f64) -> String {
    spaced(value, '\u{202f}').replace('.', ",")
}

fn english(value: f64) -> String {
    spaced(value, ',')
}

/// A bound with its thousands in groups.
fn spaced(value: f64, sign: char) -> String {
    let plain = value.to_string();
    let (whole, part) = plain.split_once('.').unwrap_or((&plain, ""));
    let mut told = String::new();
    for (place, c) in whole.chars().enumerate() {
        let left = whole.len() - place;
        if place > 0 && left % 3 == 0 && !told.ends_with('-') {
            told.push(sign);
        }
        told.push(c);
    }
    match part {
        "" => told,
        part => format!("{told}.{part}"),
    }
}
