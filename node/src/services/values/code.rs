//! Numbers that are names: of a phone, of a person at Social security, of a contract.

use super::signs::plain_digits;
use super::{Reading, refused};

/// The most signs of any of them.
const SIGNS_MAX: usize = 60;

/// Signs that people put between the groups of such a number.
fn parts(c: char) -> bool {
    c.is_whitespace() || matches!(c, '.' | '-' | '/' | '_' | ',' | '\'' | '’' | '\u{ad}')
}

/// Without what stands between the groups; letters large.
pub fn compact(typed: &str) -> String {
    let plain = plain_digits(typed);
    let plain = plain.chars().filter(|&c| !parts(c));
    plain.collect::<String>().to_uppercase()
}

/// Reads a phone number; it is kept without separators: `0473000000`, `+33473000000`.
pub fn phone(typed: &str) -> Reading {
    let rule = || {
        refused(
            "Écrivez les 10 chiffres du numéro, par exemple 04 73 00 00 00\u{202f}; un numéro de \
             l’étranger commence par + et l’indicatif du pays.",
            "Write the 10 digits of the number, for example 04 73 00 00 00; a number from abroad \
             starts with + and the country’s code.",
        )
    };
    if typed.chars().count() > SIGNS_MAX {
        return rule();
    }
    // "+33 (0)4 73 …": the zero in brackets is not dialled behind a country's code.
    let plain = compact(typed).replace("(0)", if abroad(typed) { "" } else { "0" });
    let plain = plain.replace(['(', ')'], "");
    let plain = match plain.strip_prefix("00") {
        Some(rest) => format!("+{rest}"),
        None => plain,
    };
    let digits = plain.strip_prefix('+').unwrap_or(&plain);
    let only_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let fits = match (plain.starts_with('+'), digits.strip_prefix("33")) {
        (true, Some(french)) => french.len() == 9 && !french.starts_with('0'),
        (true, None) => (8..=15).contains(&digits.len()) && !digits.starts_with('0'),
        (false, _) => digits.len() == 10 && digits.starts_with('0'),
    };
    match only_digits && fits {
        true => Reading::Kept(plain),
        false => rule(),
    }
}

fn abroad(typed: &str) -> bool {
    let typed = plain_digits(typed);
    let typed = typed.trim();
    typed.starts_with('+') || typed.starts_with("00")
}

/// Reads the number that Social security gives everybody (NIR), with or without its key.
///
/// Source: INSEE's registry of persons: sex, year, month, department (or `2A`, `2B`), commune,
/// order; the key is 97 less the rest of the division by 97, where 2A counts as 19 and 2B as 18.
pub fn social_security(typed: &str) -> Reading {
    let plain = compact(typed);
    let rule = || {
        refused(
            "Écrivez le numéro en entier, 13 ou 15 signes\u{a0}: des chiffres, et 2A ou 2B pour qui \
             est né en Corse.",
            "Write the whole number, 13 or 15 signs: digits, and 2A or 2B for people born in \
             Corsica.",
        )
    };
    if !matches!(plain.len(), 13 | 15) || !plain.is_ascii() {
        return rule();
    }
    let (number, key) = plain.split_at(13);
    let counted = match &number[5..7] {
        "2A" => format!("{}19{}", &number[..5], &number[7..]),
        "2B" => format!("{}18{}", &number[..5], &number[7..]),
        _ => number.to_owned(),
    };
    let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(&counted) || !all_digits(key) || !matches!(counted.as_bytes()[0], b'1'..=b'8') {
        return rule();
    }
    let rest = counted.parse::<u64>().map_or(0, |number| number % 97);
    match key.is_empty() || key.parse() == Ok(97 - rest) {
        true => Reading::Kept(plain),
        false => refused(
            "Les deux derniers chiffres ne vont pas avec les autres\u{a0}: relisez le numéro sur la \
             carte.",
            "The last two digits do not fit the others: read the number on the card again.",
        ),
    }
}
