//! What a service offers, read from its catalogue: information, hours and form templates.
//!
//! A catalogue is one JSON object, signed by the service's steward. A form template in it is a
//! JSON Schema (2020-12) of an object; what a schema cannot say (labels in each language, parts
//! and order, which strings are text areas or masked, what a code means) stands in `x-guichet`
//! objects. Reading one checks all of it at once: whoever holds a [`Service`] can draw every
//! field and judge every value, and an incomplete catalogue says where it is wrong.
//!
//! [`demo`] holds the catalogues of the demo's four services.

mod field;
pub mod values;

use guichet_keys::ServiceId;
use serde::Deserialize;
use serde_json::Value;

use crate::web::ids::FormId;
use crate::web::view::{
    FieldContent, FieldView, FormView, Offer, Paper, Reach, SectionView, ServiceBrief, Words,
};

pub use field::{FieldDef, Typed};

/// The largest catalogue, in bytes.
pub const CATALOGUE_BYTES_MAX: usize = 256 << 10;
/// The most fields of a form.
pub const FIELDS_MAX: usize = 200;
/// The marks that a catalogue may name.
pub const ICONS: [&str; 6] = ["family", "work", "heart", "bolt", "home", "doc"];

/// The demo's catalogues: short name and JSON, in the order of the home page.
pub fn demo() -> [(&'static str, &'static str); 4] {
    [
        ("caf", include_str!("services/caf.json")),
        (
            "france-travail",
            include_str!("services/france-travail.json"),
        ),
        (
            "assurance-maladie",
            include_str!("services/assurance-maladie.json"),
        ),
        ("energie", include_str!("services/energie.json")),
    ]
}

/// Why a catalogue cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// More than [`CATALOGUE_BYTES_MAX`].
    #[error("the catalogue has {0} bytes; at most {CATALOGUE_BYTES_MAX} are read")]
    TooLarge(usize),
    /// Not the JSON of a catalogue.
    #[error("the catalogue is not read: {0}")]
    Json(#[from] serde_json::Error),
    /// Something in it does not fit together.
    #[error("{place}: {what}")]
    Wrong {
        /// Where: `housing.rent`.
        place: String,
        /// What.
        what: String,
    },
}

impl CatalogueError {
    fn wrong(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self::Wrong {
            place: place.into(),
            what: what.into(),
        }
    }
}

/// When a service answers.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hours {
    /// At all times.
    Always,
}

/// A service, as its catalogue tells it.
#[derive(Debug)]
pub struct Service {
    /// Name, purpose and mark.
    pub brief: ServiceBrief,
    /// What it does for whom, one sentence.
    pub help: Words,
    /// Who processes the data and why, two sentences.
    pub privacy: Words,
    /// When it answers.
    pub hours: Hours,
    /// How it goes, in order.
    pub steps: Vec<Words>,
    /// The papers to bring.
    pub bring: Vec<Paper>,
    /// Day of the catalogue, as `2026-11-16`.
    pub updated: String,
    /// Its form templates.
    pub forms: Vec<FormTemplate>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CatalogueJson {
    name: Words,
    named: Words,
    about: Words,
    icon: String,
    help: Words,
    privacy: Words,
    hours: Hours,
    steps: Vec<Words>,
    bring: Vec<Paper>,
    updated: String,
    forms: Vec<Value>,
}

impl Service {
    /// Reads and checks a catalogue.
    pub fn parse(service: ServiceId, json: &[u8]) -> Result<Self, CatalogueError> {
        if json.len() > CATALOGUE_BYTES_MAX {
            return Err(CatalogueError::TooLarge(json.len()));
        }
        let told: CatalogueJson = serde_json::from_slice(json)?;
        if !ICONS.contains(&told.icon.as_str()) {
            return Err(CatalogueError::wrong(
                "icon",
                format!("no mark is called {}", told.icon),
            ));
        }
        if values::Day::kept(&told.updated).is_none() {
            return Err(CatalogueError::wrong(
                "updated",
                "not a day like 2026-11-23",
            ));
        }
        let forms: Vec<_> = told
            .forms
            .into_iter()
            .map(FormTemplate::parse)
            .collect::<Result<_, _>>()?;
        if forms.is_empty() {
            return Err(CatalogueError::wrong(
                "forms",
                "a service offers at least one",
            ));
        }
        Ok(Self {
            brief: ServiceBrief {
                service,
                name: told.name,
                named: told.named,
                about: told.about,
                icon: told.icon,
            },
            help: told.help,
            privacy: told.privacy,
            hours: told.hours,
            steps: told.steps,
            bring: told.bring,
            updated: told.updated,
            forms,
        })
    }

    /// The day of a moment, in seconds since 1970 began where it is asked; on a clock that is wrong,
    /// not before the day of the catalogue.
    pub fn today(&self, local_s: u64) -> values::Day {
        let updated = values::Day::kept(&self.updated);
        let today = values::Day::at(local_s);
        updated.map_or(today, |updated| today.max(updated))
    }

    /// The template of that name.
    pub fn form(&self, template: &str) -> Option<&FormTemplate> {
        self.forms.iter().find(|form| form.name == template)
    }

    /// The page of information.
    pub fn view(
        &self,
        place: String,
        line: crate::web::view::Line,
        reach: Reach,
        reception: crate::web::view::Reception,
        visit: crate::web::view::VisitState,
    ) -> crate::web::view::ServiceView {
        crate::web::view::ServiceView {
            brief: self.brief.clone(),
            place,
            line,
            reach,
            reception,
            help: self.help.clone(),
            privacy: self.privacy.clone(),
            steps: self.steps.clone(),
            bring: self.bring.clone(),
            forms: self.forms.iter().map(FormTemplate::offer).collect(),
            updated: self.updated.clone(),
            visit,
        }
    }
}

/// A form, before anyone fills it in.
#[derive(Debug)]
pub struct FormTemplate {
    /// Its short name in the catalogue.
    pub name: String,
    /// Its title.
    pub title: Words,
    /// Its parts, in order; every field is in exactly one.
    pub sections: Vec<Section>,
    /// The fields that together name the person.
    pub person: Vec<String>,
}

/// A part of a form.
#[derive(Debug)]
pub struct Section {
    /// Its title.
    pub title: Words,
    /// Its fields, in order.
    pub fields: Vec<FieldDef>,
}

#[derive(Deserialize)]
struct SchemaJson {
    #[serde(rename = "$schema")]
    dialect: String,
    #[serde(rename = "$id")]
    name: String,
    properties: serde_json::Map<String, Value>,
    #[serde(rename = "x-guichet")]
    about: AboutForm,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AboutForm {
    title: Words,
    sections: Vec<AboutSection>,
    person: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AboutSection {
    title: Words,
    fields: Vec<String>,
}

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

impl FormTemplate {
    fn parse(schema: Value) -> Result<Self, CatalogueError> {
        let told: SchemaJson = serde_json::from_value(schema)?;
        let wrong = |what: String| CatalogueError::wrong(&told.name, what);
        if told.dialect != DIALECT {
            return Err(wrong(format!("$schema is not {DIALECT}")));
        }
        if told.properties.len() > FIELDS_MAX {
            return Err(wrong(format!("more than {FIELDS_MAX} fields")));
        }
        let mut left = told.properties.clone();
        let sections = told
            .about
            .sections
            .into_iter()
            .map(|section| {
                let fields = section.fields.iter().map(|field| {
                    let schema = left
                        .remove(field)
                        .ok_or_else(|| wrong(format!("{field} is no property, or stands twice")))?;
                    FieldDef::parse(&format!("{}.{field}", told.name), field, &schema)
                });
                Ok(Section {
                    title: section.title,
                    fields: fields.collect::<Result<_, CatalogueError>>()?,
                })
            })
            .collect::<Result<Vec<_>, CatalogueError>>()?;
        if let Some(field) = left.keys().next() {
            return Err(wrong(format!("{field} is in no section")));
        }
        let form = Self {
            name: told.name.clone(),
            title: told.about.title,
            sections,
            person: told.about.person,
        };
        match form.person.iter().find(|name| form.field(name).is_none()) {
            Some(name) => Err(wrong(format!("person: {name} is no property"))),
            None => Ok(form),
        }
    }

    /// Every field, in order.
    pub fn fields(&self) -> impl Iterator<Item = &FieldDef> {
        self.sections.iter().flat_map(|section| &section.fields)
    }

    /// The field of that name.
    pub fn field(&self, name: &str) -> Option<&FieldDef> {
        self.fields().find(|field| field.name == name)
    }

    /// The names of the text areas.
    pub fn text_areas(&self) -> Vec<&str> {
        self.fields()
            .filter(|field| field.is_area())
            .map(|field| field.name.as_str())
            .collect()
    }

    /// How the form is offered.
    pub fn offer(&self) -> Offer {
        Offer {
            template: self.name.clone(),
            title: self.title.clone(),
            fields: self.fields().count(),
        }
    }

    /// The form with what its fields hold.
    pub fn view(
        &self,
        form: FormId,
        mut content: impl FnMut(&FieldDef) -> FieldContent,
    ) -> FormView {
        let mut fill = |field: &FieldDef| FieldView {
            name: field.name.clone(),
            label: field.label.clone(),
            help: field.help.clone(),
            kind: field.kind.clone(),
            content: content(field),
        };
        FormView {
            form,
            template: self.name.clone(),
            title: self.title.clone(),
            sections: self
                .sections
                .iter()
                .map(|section| SectionView {
                    title: section.title.clone(),
                    fields: section.fields.iter().map(&mut fill).collect(),
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demo_service(name: &str) -> Service {
        let (_, json) = demo()
            .into_iter()
            .find(|(short, _)| *short == name)
            .expect("one of the demo's");
        Service::parse(name.parse().expect("a short name"), json.as_bytes()).expect("a catalogue")
    }

    #[test]
    fn every_demo_service_reads_and_speaks_both_languages() {
        for (name, json) in demo() {
            let service = Service::parse(name.parse().expect("a short name"), json.as_bytes())
                .unwrap_or_else(|wrong| panic!("{name}: {wrong}"));
            let words = [
                &service.brief.name,
                &service.brief.named,
                &service.brief.about,
                &service.help,
                &service.privacy,
            ]
            .into_iter()
            .chain(&service.steps)
            .chain(
                service
                    .bring
                    .iter()
                    .flat_map(|paper| [&paper.name, &paper.note]),
            )
            .chain(service.forms.iter().map(|form| &form.title))
            .chain(
                service
                    .forms
                    .iter()
                    .flat_map(|form| form.sections.iter().map(|s| &s.title)),
            )
            .chain(
                service
                    .forms
                    .iter()
                    .flat_map(|form| form.fields().flat_map(FieldDef::words)),
            );
            for words in words {
                assert!(
                    !words.fr.is_empty() && !words.en.is_empty(),
                    "{name}: {words:?}"
                );
                french_typography(&words.fr);
            }
        }
    }

    /// Narrow no-break space before `? ! ;`, no-break space before `:`, curly apostrophes.
    fn french_typography(text: &str) {
        let mut before = ' ';
        for c in text.chars() {
            match c {
                '?' | '!' | ';' => assert_eq!(before, '\u{202f}', "{text}"),
                ':' => assert_eq!(before, '\u{a0}', "{text}"),
                '\'' => panic!("straight apostrophe: {text}"),
                _ => {}
            }
            before = c;
        }
    }

    #[test]
    fn the_housing_form_has_every_kind_of_field() {
        use crate::web::view::FieldKind;
        let service = demo_service("caf");
        let form = service.form("housing").expect("the housing form");
        let count = |is: fn(&FieldKind) -> bool| form.fields().filter(|f| is(&f.kind)).count();
        assert!(count(|kind| matches!(kind, FieldKind::Number)) >= 1);
        assert!(count(|kind| matches!(kind, FieldKind::Day)) >= 1);
        assert!(count(|kind| matches!(kind, FieldKind::Choice { .. })) >= 1);
        assert!(count(|kind| matches!(kind, FieldKind::Masked)) >= 1);
        assert_eq!(form.text_areas().len(), 2);
        assert_eq!(form.person, ["first_name", "last_name"]);
    }

    #[test]
    fn what_does_not_fit_together_is_told_by_its_place() {
        let (_, json) = demo()[0];
        for (from, to, told) in [
            ("\"family\"", "\"rocket\"", "icon"),
            ("2020-12/schema", "draft-07/schema", "$schema"),
            (
                "\"fields\": [\"last_name\", ",
                "\"fields\": [",
                "in no section",
            ),
            (
                "\"person\": [\"first_name\"",
                "\"person\": [\"nickname\"",
                "nickname",
            ),
            ("\"type\": \"number\"", "\"type\": \"numbre\"", "rent"),
        ] {
            assert!(json.contains(from), "{from}");
            let broken = json.replace(from, to);
            let wrong = Service::parse("caf".parse().expect("short"), broken.as_bytes())
                .expect_err(to)
                .to_string();
            assert!(wrong.contains(told), "{to}: {wrong}");
        }
        assert!(matches!(
            Service::parse(
                "caf".parse().expect("short"),
                &vec![b' '; CATALOGUE_BYTES_MAX + 1]
            ),
            Err(CatalogueError::TooLarge(_))
        ));
    }
}
