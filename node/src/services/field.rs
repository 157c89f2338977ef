//! One field of a template: how it is entered, and what it takes.

use guichet_sync::case::Value as Held;
use serde::Deserialize;
use serde_json::{Value, json};

use super::CatalogueError;
use super::values::{self, Bounds, Reader, Reading};
use crate::web::view::{Choice, FieldKind, TextInput, Words};

/// The format of a day of birth: it is not in the future, and may be known in part.
const BIRTH_DATE: &str = "birth-date";
/// The format of the number of French Social security.
const SOCIAL_SECURITY: &str = "nir";

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
    /// What to say when a value does not fit the template.
    refusal: Words,
    /// How what is typed is read.
    reads: Reads,
    /// The most characters, if the template says so.
    chars_max: Option<usize>,
    schema: jsonschema::Validator,
}

/// How what is typed is read.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Reads {
    Line,
    Lines,
    /// The code of a choice.
    Choice,
    Number(Bounds),
    Day,
    BirthDay,
    Phone,
    SocialSecurity,
    /// A number that is a name: what parts its groups is dropped.
    Compact,
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
        let chars_max = schema.get("maxLength").and_then(Value::as_u64);
        Ok(Self {
            name: name.to_owned(),
            label: about.label,
            help: about.help,
            refusal: about.refusal.unwrap_or_else(|| refusal(&kind)),
            reads: reads(schema, &kind, about.compact),
            kind,
            chars_max: chars_max.and_then(|most| usize::try_from(most).ok()),
            schema: jsonschema::draft202012::new(schema)
                .map_err(|error| wrong(&error.to_string()))?,
        })
    }

    /// Whether several people write it together.
    pub fn is_area(&self) -> bool {
        self.kind == FieldKind::Area
    }

    /// Judges what was typed, and gives the value to keep; else what to tell or ask the person.
    ///
    /// A text area is judged here too: its whole text.
    pub fn check(&self, typed: &str, reader: &Reader) -> Result<Typed, Words> {
        if values::is_blank(typed) {
            return Ok(Typed::Empty);
        }
        let kept = match self.read(typed, reader) {
            Reading::Kept(kept) => kept,
            Reading::Unclear(words) | Reading::Refused(words) => return Err(words),
        };
        self.check_length(kept.chars().count())?;
        let told = match self.reads {
            Reads::Number(_) => number_json(&kept).ok_or_else(|| self.refusal.clone())?,
            Reads::Line
            | Reads::Lines
            | Reads::Choice
            | Reads::Day
            | Reads::BirthDay
            | Reads::Phone
            | Reads::SocialSecurity
            | Reads::Compact => json!(kept),
        };
        match (self.schema.is_valid(&told), self.reads) {
            (false, _) => Err(self.refusal.clone()),
            (true, Reads::Choice) => Ok(Typed::Code(kept)),
            (true, Reads::Number(_)) => Ok(Typed::Number(kept)),
            (true, _) => Ok(Typed::Text(kept)),
        }
    }

    /// Whether a value that stands in the case is one that this field takes: what other nodes put
    /// was judged by them, and may be anything.
    pub fn fits(&self, held: &Held) -> bool {
        let text = held.as_str().unwrap_or_default();
        let same = |reading: Reading| reading == Reading::Kept(text.to_owned());
        let told = match (held, self.reads) {
            (Held::Null, _) => return true,
            (Held::Code(code), Reads::Choice) => json!(code),
            (Held::Number(number), Reads::Number(_)) => match number_json(number) {
                Some(told) => told,
                None => return false,
            },
            (Held::Text(_), Reads::Day | Reads::BirthDay) if values::is_day(text) => json!(text),
            (Held::Text(_), Reads::Phone) if same(values::phone(text)) => json!(text),
            (Held::Text(_), Reads::SocialSecurity) if same(values::social_security(text)) => {
                json!(text)
            }
            (Held::Text(_), Reads::Line | Reads::Compact) if !values::is_blank(text) => json!(text),
            (
                Held::Text(_) | Held::Code(_) | Held::Number(_) | Held::Bool(_) | Held::Unknown(_),
                _,
            ) => return false,
        };
        self.schema.is_valid(&told) && self.check_length(text.chars().count()).is_ok()
    }

    /// Whether a text of so many characters is short enough; else how long it may be.
    pub fn check_length(&self, chars: usize) -> Result<(), Words> {
        match self.chars_max {
            Some(most) if chars > most => Err(Words {
                fr: format!("Ce texte est trop long\u{a0}: {most} signes au plus, {chars} ici."),
                en: format!("This text is too long: {most} characters at most, {chars} here."),
            }),
            Some(_) | None => Ok(()),
        }
    }

    fn read(&self, typed: &str, reader: &Reader) -> Reading {
        let line = || values::line(typed);
        match &self.reads {
            Reads::Line => Reading::Kept(line()),
            Reads::Lines => Reading::Kept(values::lines(typed)),
            Reads::Choice => Reading::Kept(typed.trim().to_owned()),
            Reads::Number(bounds) => values::number(&line(), bounds, reader),
            Reads::Day => values::any_day(&line(), reader),
            Reads::BirthDay => values::birth_day(&line(), reader),
            Reads::Phone => values::phone(&line()),
            Reads::SocialSecurity => values::social_security(&line()),
            Reads::Compact => Reading::Kept(values::compact(&line())),
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
        ("string", None) if matches!(format, Some("date" | BIRTH_DATE)) => Some(FieldKind::Day),
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

fn reads(schema: &Value, kind: &FieldKind, compact: bool) -> Reads {
    let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
    let is = |name: &str, value: &str| schema.get(name).and_then(Value::as_str) == Some(value);
    match kind {
        FieldKind::Number => Reads::Number(Bounds {
            whole: is("type", "integer"),
            min: bound("minimum"),
            max: bound("maximum"),
        }),
        FieldKind::Day if is("format", BIRTH_DATE) => Reads::BirthDay,
        FieldKind::Day => Reads::Day,
        FieldKind::Choice { .. } => Reads::Choice,
        FieldKind::Area => Reads::Lines,
        FieldKind::Text { .. } | FieldKind::Masked if is("format", SOCIAL_SECURITY) => {
            Reads::SocialSecurity
        }
        FieldKind::Text {
            input: TextInput::Phone,
        } => Reads::Phone,
        FieldKind::Text { .. } | FieldKind::Masked if compact => Reads::Compact,
        FieldKind::Text { .. } | FieldKind::Masked => Reads::Line,
    }
}

fn number_json(plain: &str) -> Option<Value> {
    let digits = plain.strip_prefix('-').unwrap_or(plain);
    if !digits.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    match plain.parse::<i64>() {
        Ok(whole) => Some(json!(whole)),
        Err(_) => plain.parse::<f64>().ok().map(|value| json!(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::values::Day;
    use crate::web::Lang;

    const READER: Reader = Reader {
        lang: Lang::Fr,
        today: Day {
            year: 2026,
            month: 11,
            day: 30,
        },
    };

    fn field(schema: Value) -> FieldDef {
        FieldDef::parse("form.field", "field", &schema).expect("a field")
    }

    fn label() -> Value {
        json!({"fr": "x", "en": "x"})
    }

    fn text(kept: &str) -> Result<Typed, Words> {
        Ok(Typed::Text(kept.to_owned()))
    }

    #[test]
    fn each_field_is_read_by_its_own_rule() {
        let about = json!({"label": label()});
        let rent = field(json!({"type": "number", "minimum": 0, "maximum": 20000,
            "x-guichet": about}));
        let children = field(json!({"type": "integer", "maximum": 30, "x-guichet": about}));
        let entry = field(json!({"type": "string", "format": "date", "x-guichet": about}));
        let birth = field(json!({"type": "string", "format": "birth-date", "x-guichet": about}));
        let phone = field(json!({"type": "string", "pattern": "^\\+?[0-9]{8,15}$",
            "x-guichet": {"label": label(), "input": "phone", "compact": true}}));
        assert_eq!(
            rent.check("12€50", &READER),
            Ok(Typed::Number("12.50".to_owned()))
        );
        assert!(
            rent.check("20001", &READER)
                .is_err_and(|told| told.fr.contains("de 0 à 20"))
        );
        assert_eq!(rent.check(" \u{200b} ", &READER), Ok(Typed::Empty));
        assert_eq!(
            children.check("2", &READER),
            Ok(Typed::Number("2".to_owned()))
        );
        assert!(
            children
                .check("2,5", &READER)
                .is_err_and(|told| told.fr.contains("entier"))
        );
        assert_eq!(entry.check("1/9/2058", &READER), text("2058-09-01"));
        assert!(birth.check("1/9/2058", &READER).is_err());
        assert_eq!(birth.check("00/00/1950", &READER), text("1950-00-00"));
        assert_eq!(phone.check("04-73-00-00-00", &READER), text("0473000000"));
    }

    #[test]
    fn a_text_that_is_too_long_is_told_its_limit() {
        let name =
            field(json!({"type": "string", "maxLength": 5, "x-guichet": {"label": label()}}));
        assert_eq!(name.check(" E\u{301}lise ", &READER), text("Élise"));
        assert!(name.check("Élisée", &READER).is_err_and(|told| {
            told.fr.contains("5 signes au plus, 6 ici") && told.en.contains("5 characters")
        }));
    }

    #[test]
    fn what_others_put_is_looked_at_again() {
        let about = json!({"label": label()});
        let rent = field(json!({"type": "number", "minimum": 0, "x-guichet": about}));
        let birth = field(json!({"type": "string", "format": "birth-date", "x-guichet": about}));
        let name = field(json!({"type": "string", "maxLength": 5, "x-guichet": about}));
        let nir = field(json!({"type": "string", "format": "nir",
            "x-guichet": {"label": label(), "masked": true}}));
        let text = |text: &str| Held::Text(text.to_owned());
        let number = |text: &str| Held::Number(text.to_owned());
        for (field, held, fits) in [
            (&rent, number("412.50"), true),
            (&rent, number("-1"), false),
            (&rent, number("quatre"), false),
            (&rent, number("NaN"), false),
            (&rent, text("412"), false),
            (&rent, Held::Bool(true), false),
            (&rent, Held::Null, true),
            (&birth, text("1950-00-00"), true),
            (&birth, text("1958-07-04"), true),
            (&birth, text("1958-02-31"), false),
            (&birth, text("hier"), false),
            (&name, text("Zoé"), true),
            (&name, text("Zoé Durand"), false),
            (&name, text("\u{200b}"), false),
            (&name, Held::Code("Zoé".to_owned()), false),
            (&nir, text("258076311300132"), true),
            (&nir, text("258076311300199"), false),
        ] {
            assert_eq!(field.fits(&held), fits, "{held:?}");
        }
    }

    #[test]
    fn a_choice_takes_its_codes_only() {
        let alone = field(
            json!({"type": "string", "enum": ["alone", "couple"], "x-guichet": {"label": label(),
            "choices": [{"code": "alone", "label": label()}, {"code": "couple", "label": label()}]}}),
        );
        assert_eq!(
            alone.check("couple", &READER),
            Ok(Typed::Code("couple".to_owned()))
        );
        assert!(alone.check("Couple", &READER).is_err());
        let torn = json!({"type": "string", "enum": ["alone"], "x-guichet": {"label": label(), "choices": []}});
        assert!(FieldDef::parse("form.field", "field", &torn).is_err());
    }

    #[test]
    fn a_masked_number_loses_its_separators_and_is_judged_by_its_pattern() {
        let schema = json!({"type": "string", "pattern": "^[0-9]{13}$",
            "x-guichet": {"label": label(), "masked": true, "compact": true}});
        let number = field(schema.clone());
        assert_eq!(
            number.check("25-80.763 000/000", &READER),
            text("2580763000000")
        );
        assert!(number.check("258", &READER).is_err());
        let mut schema = schema;
        schema["pattern"] = json!("^[1-8][0-9]{4}([0-9]{2}|2A|2B)[0-9]{6}([0-9]{2})?$");
        schema["format"] = json!("nir");
        let number = field(schema);
        assert_eq!(
            number.check("2 58 07 2a 004 001", &READER),
            text("258072A004001")
        );
        assert!(number.check("258076311300199", &READER).is_err());
    }
}
