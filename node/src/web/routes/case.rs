//! A case: the same routes on both sides of the counter.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use axum::routing::{get, post};
use guichet_keys::CaseTag;
use guichet_sync::case::Version;

use super::Table;
use crate::services::values;
use crate::web::counter::{Ask, FieldPlace, Put, Refusal, Splice, Thing, Typing, VALUE_BYTES_MAX};
use crate::web::guard::{Fields, Visitor};
use crate::web::problem::Problem;
use crate::web::respond::{done, problem, show};
use crate::web::view::{CaseView, FieldContent, TextView};
use crate::web::{Site, page};

pub(super) fn routes() -> Table {
    const FIELD: &str = "/cases/{case}/forms/{form}/fields/{field}";
    Table::new()
        .route("/cases/{case}", get(case))
        .route(FIELD, post(set))
        .route(&format!("{FIELD}/splice"), post(splice))
        .route(&format!("{FIELD}/draft"), post(draft))
        .route("/cases/{case}/messages", post(say))
}

pub(super) fn case_tag(said: &str) -> Result<CaseTag, Problem> {
    said.parse().map_err(|_| Problem::not_found(Thing::Case))
}

pub(super) fn field_place(
    (case, form, name): (String, String, String),
) -> Result<FieldPlace, Problem> {
    Ok(FieldPlace {
        case: case_tag(&case)?,
        form: form.parse().map_err(|_| Problem::not_found(Thing::Form))?,
        name,
    })
}

fn version(said: &str) -> Result<Version, Problem> {
    said.parse().map_err(|_| Problem::Malformed)
}

/// When something was typed, on the page's clock.
pub(super) fn typed_at_ms(fields: &Fields) -> Result<Option<u64>, Problem> {
    let said = fields.text("typed_at_ms");
    said.map(|said| said.parse().map_err(|_| Problem::Malformed))
        .transpose()
}

pub(super) fn value(said: &str) -> Result<String, Problem> {
    match said.len() <= VALUE_BYTES_MAX {
        true => Ok(said.to_owned()),
        false => Err(Problem::Refused(Refusal::TooLarge {
            bytes_max: VALUE_BYTES_MAX,
        })),
    }
}

pub(super) async fn read(site: &Site, case: CaseTag) -> Result<CaseView, Refusal> {
    site.counter.ask(|reply| Ask::Case { case, reply }).await
}

async fn case(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Path(case): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let case = match case_tag(&case) {
        Ok(case) => case,
        Err(trouble) => return problem(&site, &visitor, &trouble),
    };
    let chosen = query.as_deref().and_then(page::viewer::Choice::read);
    let view = read(&site, case).await;
    show(&site, &visitor, view, |view, frame| {
        page::case::draw(view, chosen, frame)
    })
}

async fn set(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Path(path): Path<(String, String, String)>,
    fields: Fields,
) -> Response {
    let back = format!("/cases/{}", path.0);
    let set = async {
        let field = field_place(path)?;
        if let Some(text) = fields.text("text") {
            return put_text(&site, field, fields.needed("version")?, text).await;
        }
        let said = fields.text("choose").or(fields.text("value"));
        let put = Put {
            field,
            value: value(said.unwrap_or_default())?,
            lang: visitor.preferences().lang,
            seen: fields.text("version").map(version).transpose()?,
            typed_at_ms: typed_at_ms(&fields)?,
        };
        let asked = site.counter.ask(|reply| Ask::SetField { put, reply });
        asked.await.map_err(Problem::from)
    };
    done(&site, &visitor, set.await, |()| back)
}

/// Puts a whole text area, for pages without scripts: only onto the version they were made of.
async fn put_text(site: &Site, field: FieldPlace, seen: &str, text: &str) -> Result<(), Problem> {
    let text = values::lines(&value(text)?);
    let seen = version(seen)?;
    let view = read(site, field.case).await?;
    let now = area(&view, &field).ok_or(Problem::not_found(Thing::Field))?;
    if now.version.parse() != Ok(seen.clone()) {
        return Err(Refusal::Stale.into());
    }
    let Some(splice) = difference(&now.text, seen, &text) else {
        return Ok(());
    };
    let asked = site.counter.ask(|reply| Ask::Splice {
        field,
        splice,
        reply,
    });
    asked.await.map(drop).map_err(Problem::from)
}

fn area<'a>(view: &'a CaseView, field: &FieldPlace) -> Option<&'a TextView> {
    let form = view.forms.iter().find(|form| form.form == field.form)?;
    let mut fields = form.sections.iter().flat_map(|section| &section.fields);
    match &fields.find(|one| one.name == field.name)?.content {
        FieldContent::Area(text) => Some(text),
        FieldContent::Register { .. } => None,
    }
}

/// The one change that makes `text` of what stands there; `None` if it is the same.
fn difference(now: &str, version: Version, text: &str) -> Option<Splice> {
    let old: Vec<char> = now.chars().collect();
    let new: Vec<char> = text.chars().collect();
    if old == new {
        return None;
    }
    let shorter = old.len().min(new.len());
    let same = |(a, b): &(&char, &char)| a == b;
    let head = old.iter().zip(&new).take_while(same).count();
    let tail = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take(shorter - head)
        .take_while(same)
        .count();
    let units = |chars: &[char]| chars.iter().map(|c| c.len_utf16()).sum();
    Some(Splice {
        version,
        at: units(&old[..head]),
        delete: units(&old[head..old.len() - tail]),
        insert: new[head..new.len() - tail].iter().collect(),
    })
}

async fn splice(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Path(path): Path<(String, String, String)>,
    fields: Fields,
) -> Response {
    let back = format!("/cases/{}", path.0);
    let spliced = async {
        let field = field_place(path)?;
        let splice = Splice {
            version: version(fields.needed("version")?)?,
            at: fields.number("at")?,
            delete: fields.number("delete")?,
            insert: value(fields.text("insert").unwrap_or_default())?,
        };
        let asked = site.counter.ask(|reply| Ask::Splice {
            field,
            splice,
            reply,
        });
        asked.await.map_err(Problem::from)
    };
    done(&site, &visitor, spliced.await, |_| back)
}

async fn draft(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Path(path): Path<(String, String, String)>,
    fields: Fields,
) -> Response {
    let back = format!("/cases/{}", path.0);
    let drafted = async {
        let typing = Typing {
            field: field_place(path)?,
            value: fields.text("value").map(value).transpose()?,
            seen: fields.text("version").map(version).transpose()?,
            typed_at_ms: typed_at_ms(&fields)?,
        };
        let asked = site.counter.ask(|reply| Ask::Draft { typing, reply });
        asked.await.map_err(Problem::from)
    };
    done(&site, &visitor, drafted.await, |()| back)
}

async fn say(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Path(case): Path<String>,
    fields: Fields,
) -> Response {
    let back = format!("/cases/{case}");
    let said = async {
        let case = case_tag(&case)?;
        let text = values::said(fields.needed("text")?).ok_or(Problem::Malformed)?;
        let text = value(&text)?;
        let lang = visitor.preferences().lang.tag();
        let asked = site.counter.ask(|reply| Ask::Say {
            case,
            text,
            lang,
            reply,
        });
        asked.await.map_err(Problem::from)
    };
    done(&site, &visitor, said.await, |()| back)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(old: &str, new: &str, expected: Option<(usize, usize, &str)>) {
        let version: Version = "".parse().expect("the empty document's");
        let splice = difference(old, version, new);
        let told = splice.as_ref().map(|s| (s.at, s.delete, s.insert.as_str()));
        assert_eq!(told, expected, "{old:?} to {new:?}");
    }

    #[test]
    fn one_change_makes_one_text_of_another() {
        check("abc", "abc", None);
        check("", "abc", Some((0, 0, "abc")));
        check("abc", "", Some((0, 3, "")));
        check("aa", "aaa", Some((2, 0, "a")));
        check("le loyer", "le petit loyer", Some((3, 0, "petit ")));
        check("a😀b", "a😀😀b", Some((3, 0, "😀")));
    }
}
