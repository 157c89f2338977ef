//! One field of a template: how it is entered, and what it takes.

use serde::Deserialize;
use serde_json::{Value, json};

use super::CatalogueError;
use crate::web::view::{Choice, FieldKind, TextInput, Words};

/// A field of a form template.
#[derive(Debug)]
pub struct FieldDef {
    /// Its name in the template.
    pub name: String,
    /// Its label.
    pub label: Words,
    /// A hint under the label.
    pub help: Option<Words>,
    /// How it is entered.
    pub kind: FieldKind,
    /// What to say when a value does not fit.
    refusal: Words,
    /// Spaces and dots are dropped before the value is judged and kept.
    compact: bool,
    schema: jsonschema::Validator,
}

/// A value as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    /// Nothing: the field is cleared.
    Empty,
    /// A text, or a day as `2026-11-23`.
    Text(String),
    /// The code of a choice.
    Code(String),
    /// A number, with a point for the decimals.
    Number(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AboutField {
    label: Words,
    help: Option<Words>,
    refusal: Option<Words>,
    #[serde(default)]
    area: bool,
    #[serde(default)]
    masked: bool,
    #[serde(default)]
    compact: bool,
    input: Option<TextInput>,
    choices: Option<Vec<Choice>>,
}

impl FieldDef {
    pub(super) fn parse(place: &str, name: &str, schema: &Value) -> Result<Self, CatalogueError> {
        let wrong = |what: &str| CatalogueError::wrong(place, what);
        let about = schema.get("x-guichet").cloned().unwrap_or(Value::Null);
        let about: AboutField =
            serde_json::from_value(about).map_err(|error| wrong(&format!("x-guichet: {error}")))?;
        let kind = kind(schema, &about).ok_or_else(|| wrong("no way to enter this type"))?;
        if let FieldKind::Choice { choices } = &kind {
            let codes: Vec<_> = choices.iter().map(|choice| json!(choice.code)).collect();
            if schema.get("enum") != Some(&Value::Array(codes)) {
                return Err(wrong("`enum` and the codes of `choices` differ"));
            }
        }
        Ok(Self {
            name: name.to_owned(),
            label: about.label,
            help: about.help,
            refusal: about.refusal.unwrap_or_else(|| refusal(&kind)),
            kind,
            compact: about.compact,
            schema: jsonschema::draft202012::new(schema)
                .map_err(|error| wrong(&error.to_string()))?,
        })
    }

    /// Whether several people write it together.
    pub fn is_area(&self) -> bool {
        self.kind == FieldKind::Area
    }

    /// Judges what was typed, and gives the value to keep; else what to tell the person.
    ///
    /// A text area is judged here too: its whole text.
    pub fn check(&self, typed: &str) -> Result<Typed, Words> {
        let typed = match self.compact {
            true => typed.replace([' ', '\u{a0}', '\u{202f}', '.'], ""),
            false => typed.trim().to_owned(),
        };
        if typed.is_empty() {
            return Ok(Typed::Empty);
        }
        let (value, told) = self.read(&typed).ok_or_else(|| self.refusal.clone())?;
        match self.schema.is_valid(&told) {
            true => Ok(value),
            false => Err(self.refusal.clone()),
        }
    }

    fn read(&self, typed: &str) -> Option<(Typed, Value)> {
        let text = |typed: &str| (Typed::Text(typed.to_owned()), json!(typed));
        match &self.kind {
            FieldKind::Text { .. } | FieldKind::Masked | FieldKind::Area => Some(text(typed)),
            FieldKind::Choice { .. } => Some((Typed::Code(typed.to_owned()), json!(typed))),
            FieldKind::Day => day(typed).map(|day| text(&day)),
            FieldKind::Number => number(typed)
                .and_then(|plain| Some((Typed::Number(plain.clone()), number_json(&plain)?))),
        }
    }

    #[cfg(test)]
    pub(super) fn words(&self) -> Vec<&Words> {
        let choices = match &self.kind {
            FieldKind::Choice { choices } => choices.as_slice(),
            FieldKind::Text { .. }
            | FieldKind::Number
            | FieldKind::Day
            | FieldKind::Masked
            | FieldKind::Area => &[],
        };
        [&self.label, &self.refusal]
            .into_iter()
            .chain(&self.help)
            .chain(choices.iter().map(|choice| &choice.label))
            .collect()
    }
}

fn kind(schema: &Value, about: &AboutField) -> Option<FieldKind> {
    let format = schema.get("format").and_then(Value::as_str);
    match (schema.get("type")?.as_str()?, &about.choices) {
        ("string", Some(choices)) => Some(FieldKind::Choice {
            choices: choices.clone(),
        }),
        ("string", None) if about.area => Some(FieldKind::Area),
        ("string", None) if about.masked => Some(FieldKind::Masked),
        ("string", None) if format == Some("date") => Some(FieldKind::Day),
        ("string", None) => Some(FieldKind::Text {
            input: about.input.unwrap_or(TextInput::Plain),
        }),
        ("number" | "integer", None) => Some(FieldKind::Number),
        _ => None,
    }
}

fn refusal(kind: &FieldKind) -> Words {
    let (fr, en) = match kind {
        FieldKind::Number => (
            "Écrivez un nombre, par exemple 412,50.",
            "Write a number, for example 412.50.",
        ),
        FieldKind::Day => (
            "Écrivez une date, par exemple 01/09/2026.",
            "Write a date, day first, for example 01/09/2026.",
        ),
        FieldKind::Choice { .. } => (
            "Choisissez une des réponses proposées.",
            "Choose one of the answers.",
        ),
        FieldKind::Text { .. } | FieldKind::Masked | FieldKind::Area => (
            "Ce texte n’a pas la forme attendue.",
            "This text does not have the expected form.",
        ),
    };
    Words {
        fr: fr.to_owned(),
        en: en.to_owned(),
    }
}

/// A number as people type it (`1 412,50`), with a point and without spaces.
fn number(typed: &str) -> Option<String> {
    let plain: String = typed
        .chars()
        .filter(|c| !matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '€'))
        .map(|c| if c == ',' { '.' } else { c })
        .collect();
    let digits = plain.strip_prefix('-').unwrap_or(&plain);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    (plain.len() <= 24 && all_digits(whole) && all_digits(part)).then_some(plain)
}

fn number_json(plain: &str) -> Option<Value> {
    match plain.parse::<i64>() {
        Ok(whole) => Some(json!(whole)),
        Err(_) => plain.parse::<f64>().ok().map(|value| json!(value)),
    }
}

/// A day as people type it (`1/9/2026`) or as it is kept (`2026-09-01`), as it is kept.
pub(super) fn day(typed: &str) -> Option<String> {
    let parts: Vec<&str> = typed.split(['/', '-', '.', ' ']).collect();
    let &[first, second, third] = parts.as_slice() else {
        return None;
    };
    let (year, month, day) = match first.len() {
        4 => (first, second, third),
        _ => (third, second, first),
    };
    let read = |text: &str, longest: usize| {
        let plain = text.bytes().all(|b| b.is_ascii_digit()) && text.len() <= longest;
        plain.then(|| text.parse::<u32>().ok()).flatten()
    };
    let (year, month, day) = (read(year, 4)?, read(month, 2)?, read(day, 2)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    ((1850..=2200).contains(&year) && (1..=days).contains(&day))
        .then(|| format!("{year:04}-{month:02}-{day:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(schema: Value) -> FieldDef {
        FieldDef::parse("form.field", "field", &schema).expect("a field")
    }

    fn label() -> Value {
        json!({"fr": "x", "en": "x"})
    }

    #[test]
    fn numbers_are_read_as_people_write_them() {
        let rent = field(json!({"type": "number", "minimum": 0, "maximum": 20000,
            "x-guichet": {"label": label()}}));
        for (typed, kept) in [
            ("412", "412"),
            ("412,50", "412.50"),
            ("1 412 €", "1412"),
            (" 0 ", "0"),
        ] {
            assert_eq!(
                rent.check(typed),
                Ok(Typed::Number(kept.to_owned())),
                "{typed}"
            );
        }
        for typed in [
            "-1",
            "20001",
            "4e3",
            "quatre",
            "1,2,3",
            ",",
            "٤",
            "9999999999999999999999999",
        ] {
            assert!(rent.check(typed).is_err(), "{typed}");
        }
        assert_eq!(rent.check("  "), Ok(Typed::Empty));
    }

    #[test]
    fn days_are_days_of_the_calendar() {
        let entry =
            field(json!({"type": "string", "format": "date", "x-guichet": {"label": label()}}));
        for typed in ["1/9/2026", "01/09/2026", "2026-09-01", "1.9.2026"] {
            assert_eq!(
                entry.check(typed),
                Ok(Typed::Text("2026-09-01".to_owned())),
                "{typed}"
            );
        }
        assert!(entry.check("29/02/2024").is_ok());
        for typed in [
            "29/02/2026",
            "31/04/2026",
            "0/1/2026",
            "1/13/2026",
            "1/9/26",
            "septembre",
            "1/9",
        ] {
            assert!(entry.check(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn a_choice_takes_its_codes_only() {
        let alone = field(
            json!({"type": "string", "enum": ["alone", "couple"], "x-guichet": {"label": label(),
            "choices": [{"code": "alone", "label": label()}, {"code": "couple", "label": label()}]}}),
        );
        assert_eq!(alone.check("couple"), Ok(Typed::Code("couple".to_owned())));
        assert!(alone.check("Couple").is_err());
        let torn = json!({"type": "string", "enum": ["alone"], "x-guichet": {"label": label(), "choices": []}});
        assert!(FieldDef::parse("form.field", "field", &torn).is_err());
    }

    #[test]
    fn a_masked_number_loses_its_spaces_and_is_judged_by_its_pattern() {
        let number = field(
            json!({"type": "string", "pattern": "^[1-8][0-9]{12}([0-9]{2})?$",
            "x-guichet": {"label": label(), "masked": true, "compact": true}}),
        );
        assert_eq!(
            number.check("2 58 07 63 000 000"),
            Ok(Typed::Text("2580763000000".to_owned()))
        );
        assert!(number.check("258").is_err());
    }
}
