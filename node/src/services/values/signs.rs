//! Signs: those that nobody sees, those that turn a line around, and several ways to write one.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;

/// One line: composed (NFC), without control and invisible signs, trimmed; empty if nothing of it
/// can be seen.
pub fn line(typed: &str) -> String {
    let plain: String = typed
        .chars()
        .map(|c| if breaks(c) || c == '\t' { ' ' } else { c })
        .filter(|&c| !is_control(c) && !turns(c) && !has_no_width(c))
        .collect();
    match is_blank(&plain) {
        true => String::new(),
        false => composed(plain.trim()).into_owned(),
    }
}

/// Several lines: composed (NFC), ended by `\n` alone, without other control signs but tabs and
/// without signs that turn lines around.
pub fn lines(typed: &str) -> String {
    let unix = typed.replace("\r\n", "\n");
    let plain: String = unix
        .chars()
        .map(|c| if breaks(c) { '\n' } else { c })
        .filter(|&c| matches!(c, '\n' | '\t') || !is_control(c) && !turns(c))
        .collect();
    composed(&plain).into_owned()
}

/// What somebody says: several lines, trimmed; nothing if nothing of it can be seen.
pub fn said(typed: &str) -> Option<String> {
    let text = lines(typed);
    (!is_blank(&text)).then(|| text.trim().to_owned())
}

/// A text that came from elsewhere as a page may show it: as many UTF-16 code units, so that
/// positions in it still hold, and nothing that a browser would change or that would turn a line.
pub fn shown(text: &str) -> Cow<'_, str> {
    let odd =
        |c: char| c != '\n' && breaks(c) || c != '\n' && c != '\t' && is_control(c) || turns(c);
    if !text.contains(odd) {
        return Cow::Borrowed(text);
    }
    let mut rest = text.chars().peekable();
    let mut shown = String::with_capacity(text.len());
    while let Some(c) = rest.next() {
        shown.push(match c {
            '\r' if rest.peek() == Some(&'\n') => ' ',
            '\n' | '\t' => c,
            c if breaks(c) => '\n',
            c if is_control(c) || turns(c) => '\u{fffd}',
            c => c,
        });
    }
    Cow::Owned(shown)
}

/// Whether nothing of a text can be seen.
pub fn is_blank(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_whitespace() || is_control(c) || turns(c) || has_no_width(c) || joins(c))
}

fn composed(text: &str) -> Cow<'_, str> {
    ComposingNormalizerBorrowed::new_nfc().normalize(text)
}

/// Signs that end a line.
fn breaks(c: char) -> bool {
    matches!(
        c,
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}

/// Control signs, and those that only annotate.
fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{fff9}'..='\u{fffb}')
}

/// Signs that write what follows in the other direction.
fn turns(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}')
}

/// Signs without width and without meaning in a name or a number.
fn has_no_width(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{feff}'
    )
}

/// Signs that mean something between others and cannot be seen alone.
fn joins(c: char) -> bool {
    matches!(
        c,
        '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{200c}'..='\u{200f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{ffa0}'
            | '\u{e0000}'..='\u{e01ef}'
    )
}

/// The decimal digits of other scripts as the ten of ours; full-width signs as the usual ones.
pub(super) fn plain_digits(text: &str) -> String {
    const ZEROS: [char; 6] = [
        '\u{660}', '\u{6f0}', '\u{7c0}', '\u{966}', '\u{9e6}', '\u{ff10}',
    ];
    let plain = |c: char| {
        let digit = ZEROS.iter().find_map(|&zero| {
            (c as u32)
                .checked_sub(zero as u32)
                .filter(|digit| *digit < 10)
        });
        match (digit.and_then(|digit| char::from_digit(digit, 10)), c) {
            (Some(digit), _) => digit,
            (None, '\u{ff01}'..='\u{ff5e}') => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
            (None, c) if is_dash(c) => '-',
            (None, c) => c,
        }
    };
    text.chars().map(plain).collect()
}

/// Every sign that people take for a hyphen or a minus.
fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe63}')
}
