//! A case: the same routes on both sides of the counter.

use std::sync::Arc;

use axum::Router;
use axum::extract::multipart::Field;
use axum::extract::{
    DefaultBodyLimit, FromRequest as _, Multipart, Path, Query, RawQuery, Request, State,
};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use guichet_keys::CaseTag;
use serde::Deserialize;
use serde_json::json;

use crate::web::counter::{
    Ask, DOCUMENT_BYTES_MAX, FieldPlace, Refusal, Splice, Thing, Upload, VALUE_BYTES_MAX,
};
use crate::web::guard::{DRAIN_BYTES_MAX, Fields, TokenInBody, Visitor, bounded, media_type};
use crate::web::ids::DocumentId;
use crate::web::problem::Problem;
use crate::web::respond::{done, download, problem, show};
use crate::web::view::{CaseView, FieldContent, TextView};
use crate::web::{Site, file, page};

/// The largest part of a form that is no file, in bytes.
const TOKEN_BYTES_MAX: usize = 1 << 10;

pub(super) fn routes() -> Router<Arc<Site>> {
    const FIELD: &str = "/cases/{case}/forms/{form}/fields/{field}";
    Router::new()
        .route("/cases/{case}", get(case))
        .route(FIELD, post(set))
        .route(&format!("{FIELD}/splice"), post(splice))
        .route(&format!("{FIELD}/draft"), post(draft))
        .route("/cases/{case}/messages", post(say))
        .route("/cases/{case}/documents", post(add))
        .route("/cases/{case}/documents/{document}", get(document))
        .route(
            "/cases/{case}/documents/{document}/pages/{page}",
            get(picture),
        )
}

pub(super) fn case_tag(said: &str) -> Result<CaseTag, Problem> {
    said.parse().map_err(|_| Problem::not_found(Thing::Case))
}

fn document_id(said: &str) -> Result<DocumentId, Problem> {
    said.parse()
        .map_err(|_| Problem::not_found(Thing::Document))
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

fn value(said: &str) -> Result<String, Problem> {
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
        let value = value(said.unwrap_or_default())?;
        let seen = fields.text("version").map(str::to_owned);
        let asked = site.counter.ask(|reply| Ask::SetField {
            field,
            value,
            seen,
            reply,
        });
        asked.await.map_err(Problem::from)
    };
    done(&site, &visitor, set.await, |()| back)
}

/// Puts a whole text area, for pages without scripts: only onto the version they were made of.
async fn put_text(
    site: &Site,
    field: FieldPlace,
    version: &str,
    text: &str,
) -> Result<(), Problem> {
    let text = value(text)?.replace("\r\n", "\n");
    let view = read(site, field.case).await?;
    let now = area(&view, &field).ok_or(Problem::not_found(Thing::Field))?;
    if now.version != version {
        return Err(Problem::Changed);
    }
    let Some(splice) = difference(now, &text) else {
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
fn difference(now: &TextView, text: &str) -> Option<Splice> {
    let old: Vec<char> = now.text.chars().collect();
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
        version: now.version.clone(),
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
            version: fields.needed("version")?.to_owned(),
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
        let field = field_place(path)?;
        let value = fields.text("value").map(value).transpose()?;
        let asked = site.counter.ask(|reply| Ask::Draft {
            field,
            value,
            reply,
        });
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
        let text = value(fields.needed("text")?.trim())?;
        if text.is_empty() {
            return Err(Problem::Malformed);
        }
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

#[derive(Deserialize)]
struct Named {
    name: Option<String>,
}

async fn add(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Path(case): Path<String>,
    Query(named): Query<Named>,
    request: Request,
) -> Response {
    let added = async {
        let case = case_tag(&case)?;
        let document = match media_type(request.headers()).as_str() {
            "multipart/form-data" => from_form(&visitor, request).await?,
            _ => upload(
                named.name.as_deref().unwrap_or_default(),
                bounded(request.into_body(), DOCUMENT_BYTES_MAX).await?,
            ),
        };
        if document.bytes.is_empty() {
            return Err(Problem::Malformed);
        }
        let asked = site.counter.ask(|reply| Ask::AddDocument {
            case,
            document,
            reply,
        });
        Ok(json!({ "document": asked.await?.to_string() }))
    };
    let added = added.await;
    done(&site, &visitor, added, |added| {
        let document = added["document"].as_str().unwrap_or_default();
        format!("/cases/{case}?document={document}")
    })
}

fn upload(name: &str, bytes: Vec<u8>) -> Upload {
    Upload {
        name: file::name(name),
        media_type: file::media_type(&bytes).to_owned(),
        bytes,
    }
}

/// The `file` of a form. Where the page's token is not in a header, it stands before the file.
async fn from_form(visitor: &Visitor, mut request: Request) -> Result<Upload, Problem> {
    let mut admitted = request.extensions().get::<TokenInBody>().is_none();
    DefaultBodyLimit::disable().apply(&mut request);
    let malformed = |_| Problem::Malformed;
    let form = Multipart::from_request(request, &()).await;
    let mut form = form.map_err(|_| Problem::Malformed)?;
    while let Some(mut field) = form.next_field().await.map_err(malformed)? {
        match field.name() {
            Some("token") => {
                let said = take(&mut field, TOKEN_BYTES_MAX).await?;
                admitted |= visitor.page_token_is(&String::from_utf8_lossy(&said));
            }
            Some("file") if admitted => {
                let name = field.file_name().unwrap_or_default().to_owned();
                return Ok(upload(&name, take(&mut field, DOCUMENT_BYTES_MAX).await?));
            }
            Some("file") => return Err(Problem::NoToken),
            _ => drop(take(&mut field, TOKEN_BYTES_MAX).await?),
        }
    }
    Err(Problem::Malformed)
}

/// The bytes of one part; of a larger one the rest is read and dropped, as for any body.
async fn take(field: &mut Field<'_>, bytes_max: usize) -> Result<Vec<u8>, Problem> {
    let mut kept = Vec::new();
    let mut read = 0usize;
    while let Some(chunk) = field.chunk().await.map_err(|_| Problem::Malformed)? {
        read += chunk.len();
        if read <= bytes_max {
            kept.extend_from_slice(&chunk);
        } else if read > bytes_max + DRAIN_BYTES_MAX {
            break;
        }
    }
    match read <= bytes_max {
        true => Ok(kept),
        false => Err(Problem::Refused(Refusal::TooLarge { bytes_max })),
    }
}

async fn document(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Path((case, document)): Path<(String, String)>,
) -> Response {
    let found = async {
        let (case, document) = (case_tag(&case)?, document_id(&document)?);
        let asked = site.counter.ask(|reply| Ask::Document {
            case,
            document,
            reply,
        });
        asked.await.map_err(Problem::from)
    };
    match found.await {
        Ok(document) => download(document),
        Err(trouble) => problem(&site, &visitor, &trouble),
    }
}

async fn picture(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Path((case, document, page)): Path<(String, String, String)>,
) -> Response {
    let drawn = async {
        let (case, document) = (case_tag(&case)?, document_id(&document)?);
        let number = page.strip_suffix(".png").and_then(|page| page.parse().ok());
        let page = number
            .filter(|page| *page > 0)
            .ok_or(Problem::not_found(Thing::Page))?;
        let asked = site.counter.ask(|reply| Ask::PagePicture {
            case,
            document,
            page,
            reply,
        });
        asked.await.map_err(Problem::from)
    };
    match drawn.await {
        Ok(png) => ([(header::CONTENT_TYPE, "image/png")], png).into_response(),
        Err(trouble) => problem(&site, &visitor, &trouble),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(old: &str, new: &str, expected: Option<(usize, usize, &str)>) {
        let now = TextView {
            text: old.to_owned(),
            version: "v".to_owned(),
            seq: 1,
            by: None,
            at_s: None,
        };
        let splice = difference(&now, new);
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
