//! What people type, and what is kept of it: a value is kept as it was meant, or asked back.
//!
//! Nothing here reads a clock or knows a page: what was typed comes in with the language of the
//! page and today's day, and out comes the value to keep, a question where two things may be
//! meant, or a refusal that says the rule. Everything that writes a value passes here: pages,
//! scripts, the citizen and the adviser.

mod code;
mod day;
mod number;
mod signs;

use crate::web::Lang;
use crate::web::view::Words;

pub use self::code::{compact, phone, social_security};
pub use self::day::{Day, any_day, birth_day, is_day};
pub use self::number::{Bounds, number};
pub use self::signs::{is_blank, line, lines, said, shown};

/// What is kept of what was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// This.
    Kept(String),
    /// Nothing yet: it may mean two things. The words ask which.
    Unclear(Words),
    /// Nothing: it does not fit. The words say the rule.
    Refused(Words),
}

/// With whose eyes something typed is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reader {
    /// The language of the page it was typed into.
    pub lang: Lang,
    /// The day on which it was typed.
    pub today: Day,
}

/// The same in both languages.
fn words(fr: impl Into<String>, en: impl Into<String>) -> Words {
    Words {
        fr: fr.into(),
        en: en.into(),
    }
}

fn refused(fr: impl Into<String>, en: impl Into<String>) -> Reading {
    Reading::Refused(words(fr, en))
}

fn unclear(fr: impl Into<String>, en: impl Into<String>) -> Reading {
    Reading::Unclear(words(fr, en))
}

#[cfg(test)]
mod tests;
