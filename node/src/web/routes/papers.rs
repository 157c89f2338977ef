//! The papers of a case: documents, the sheets that are not yet joined, the printer.

use std::sync::Arc;

use axum::extract::multipart::Field;
use axum::extract::{DefaultBodyLimit, FromRequest as _, Multipart, Path, Query, Request, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Json, Response};
use axum::routing::{get, post};
use guichet_keys::CaseTag;
use serde::Deserialize;
use serde_json::json;

use super::Table;
use super::case::{case_tag, read};
use crate::render::Drawing;
use crate::web::counter::{
    Arrange, Ask, DOCUMENT_BYTES_MAX, PaperAsk, Refusal, Reply, Thing, Upload,
};
use crate::web::guard::{DRAIN_BYTES_MAX, Fields, TokenInBody, Visitor, bounded, media_type};
use crate::web::ids::{DocumentId, SheetId};
use crate::web::problem::Problem;
use crate::web::respond::{done, download, problem, show};
use crate::web::{Site, file, page};

/// The largest part of a form that is no file, in bytes.
const TOKEN_BYTES_MAX: usize = 1 << 10;

pub(super) fn routes() -> Table {
    const DOCUMENT: &str = "/cases/{case}/documents/{document}";
    const SHEETS: &str = "/cases/{case}/sheets";
    Table::new()
        .route("/cases/{case}/documents", post(add))
        .route(DOCUMENT, get(document))
        .route(&format!("{DOCUMENT}/sheets/{{number}}"), get(sheet))
        .route(&format!("{DOCUMENT}/pages/{{drawing}}"), get(picture))
        .route(
            &format!("{DOCUMENT}/pages/{{drawing}}/remarks"),
            get(remarks),
        )
        .route(&format!("{DOCUMENT}/paper"), get(paper))
        .route(&format!("{DOCUMENT}/print"), post(print))
        .route(&format!("{DOCUMENT}/print/cancel"), post(cancel_print))
        .route("/cases/{case}/scan", post(scan))
        .route("/cases/{case}/scan/stop", post(stop_scan))
        .route(SHEETS, get(sheets).post(add_sheet))
        .route(&format!("{SHEETS}/join"), post(join))
        .route(&format!("{SHEETS}/discard"), post(discard))
        .route(&format!("{SHEETS}/{{sheet}}"), post(arrange))
        .route(
            &format!("{SHEETS}/{{sheet}}/pictures/{{drawing}}"),
            get(sheet_picture),
        )
}

fn document_id(said: &str) -> Result<DocumentId, Problem> {
    said.parse()
        .map_err(|_| Problem::not_found(Thing::Document))
}

fn sheet_id(said: &str) -> Result<SheetId, Problem> {
    said.parse().map_err(|_| Problem::not_found(Thing::Sheet))
}

fn drawing(said: &str) -> Result<Drawing, Problem> {
    Drawing::of_path(said).ok_or(Problem::not_found(Thing::Page))
}

/// Asks about the papers of a case.
async fn ask<T>(
    site: &Site,
    case: CaseTag,
    ask: impl FnOnce(Reply<T>) -> PaperAsk,
) -> Result<T, Problem> {
    let asked = site.counter.ask(|reply| Ask::Paper(case, ask(reply)));
    asked.await.map_err(Problem::from)
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
        let tag = case_tag(&case)?;
        visitor.may_take_files(&site)?;
        let file = received(&visitor, named, request).await?;
        let added = ask(&site, tag, |reply| PaperAsk::Add { file, reply }).await?;
        Ok(json!({ "document": added.to_string() }))
    };
    let added = added.await;
    done(&site, &visitor, added, |added| {
        let document = added["document"].as_str().unwrap_or_default();
        format!("/cases/{case}?document={document}")
    })
}

async fn document(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Path((case, document)): Path<(String, String)>,
) -> Response {
    let found = async {
        visitor.may_take_files(&site)?;
        let (case, document) = (case_tag(&case)?, document_id(&document)?);
        ask(&site, case, |reply| PaperAsk::File { document, reply }).await
    };
    file_or_problem(&site, &visitor, found.await)
}

async fn sheet(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Path((case, document, number)): Path<(String, String, String)>,
) -> Response {
    let found = async {
        visitor.may_take_files(&site)?;
        let (case, document) = (case_tag(&case)?, document_id(&document)?);
        let number = number
            .parse()
            .map_err(|_| Problem::not_found(Thing::Page))?;
        let sheet = |reply| PaperAsk::Sheet {
            document,
            number,
            reply,
        };
        ask(&site, case, sheet).await
    };
    file_or_problem(&site, &visitor, found.await)
}

async fn picture(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Path((case, document, said)): Path<(String, String, String)>,
) -> Response {
    let drawn = async {
        let (case, document) = (case_tag(&case)?, document_id(&document)?);
        let drawing = drawing(&said)?;
        let picture = |reply| PaperAsk::Picture {
            document,
            drawing,
            reply,
        };
        Ok((drawing, ask(&site, case, picture).await?))
    };
    picture_or_problem(&site, &visitor, drawn.await)
}

/// What the picture of a page does not show, or may not.
async fn remarks(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Path((case, document, said)): Path<(String, String, String)>,
) -> Response {
    let told = async {
        let (case, document) = (case_tag(&case)?, document_id(&document)?);
        let drawing = drawing(&said)?;
        let remarks = |reply| PaperAsk::Remarks {
            document,
            drawing,
            reply,
        };
        ask(&site, case, remarks).await
    };
    match told.await {
        Ok(remarks) => {
            let words = page::remarks(remarks, visitor.preferences().lang);
            Json(json!({ "remarks": remarks, "told": words })).into_response()
        }
        Err(trouble) => problem(&site, &visitor, &trouble),
    }
}

async fn paper(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Path((case, document)): Path<(String, String)>,
) -> Response {
    let found = async {
        // The browser's printing can keep a file as well.
        visitor.may_take_files(&site)?;
        let (case, document) = (case_tag(&case)?, document_id(&document)?);
        let view = read(&site, case).await?;
        let place = view
            .documents
            .iter()
            .position(|one| one.document == document);
        let place = place.ok_or(Problem::not_found(Thing::Document))?;
        Ok((view, place))
    };
    match found.await {
        Ok((view, place)) => show(&site, &visitor, Ok(view), |view, frame| {
            page::paper::draw(view, &view.documents[place], frame)
        }),
        Err(trouble) => problem(&site, &visitor, &trouble),
    }
}

async fn print(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Path((case, document)): Path<(String, String)>,
) -> Response {
    let back = format!("/cases/{case}?document={document}");
    let printed = async {
        let (case, document) = (case_tag(&case)?, document_id(&document)?);
        ask(&site, case, |reply| PaperAsk::Print { document, reply }).await
    };
    done(&site, &visitor, printed.await, |()| back)
}

async fn cancel_print(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Path((case, document)): Path<(String, String)>,
) -> Response {
    let back = format!("/cases/{case}?document={document}");
    let cancelled = async {
        let (case, document) = (case_tag(&case)?, document_id(&document)?);
        let cancel = |reply| PaperAsk::CancelPrint { document, reply };
        ask(&site, case, cancel).await
    };
    done(&site, &visitor, cancelled.await, |()| back)
}

#[derive(Deserialize)]
struct Chosen {
    sheet: Option<String>,
}

async fn sheets(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Path(case): Path<String>,
    Query(Chosen { sheet }): Query<Chosen>,
) -> Response {
    let tag = match case_tag(&case) {
        Ok(tag) => tag,
        Err(trouble) => return problem(&site, &visitor, &trouble),
    };
    let chosen = sheet.and_then(|sheet| sheet.parse().ok());
    let asked = site
        .counter
        .ask(|reply| Ask::Paper(tag, PaperAsk::Sheets(reply)));
    show(&site, &visitor, asked.await, |view, frame| {
        page::sheets::draw(view, chosen, frame)
    })
}

async fn scan(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Path(case): Path<String>,
    fields: Fields,
) -> Response {
    let back = format!("/cases/{case}/sheets");
    let begun = async {
        let instead = fields.text("instead").map(sheet_id).transpose()?;
        ask(&site, case_tag(&case)?, |reply| PaperAsk::Scan {
            instead,
            reply,
        })
        .await
    };
    done(&site, &visitor, begun.await, |()| back)
}

async fn stop_scan(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Path(case): Path<String>,
) -> Response {
    let back = format!("/cases/{case}/sheets");
    let stopped = async { ask(&site, case_tag(&case)?, PaperAsk::StopScan).await };
    done(&site, &visitor, stopped.await, |()| back)
}

async fn add_sheet(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Path(case): Path<String>,
    Query(named): Query<Named>,
    request: Request,
) -> Response {
    let back = format!("/cases/{case}/sheets");
    let added = async {
        let tag = case_tag(&case)?;
        let file = received(&visitor, named, request).await?;
        let added = ask(&site, tag, |reply| PaperAsk::AddSheet { file, reply }).await?;
        Ok(json!({ "sheet": added.to_string() }))
    };
    done(&site, &visitor, added.await, |_| back)
}

async fn arrange(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Path((case, sheet)): Path<(String, String)>,
    fields: Fields,
) -> Response {
    let back = format!("/cases/{case}/sheets");
    let arranged = async {
        let (case, sheet) = (case_tag(&case)?, sheet_id(&sheet)?);
        let arrange = match fields.needed("do")? {
            "turn" => Arrange::Turn,
            "earlier" => Arrange::Earlier,
            "later" => Arrange::Later,
            "remove" => Arrange::Remove,
            _ => return Err(Problem::Malformed),
        };
        let arrange = |reply| PaperAsk::Arrange {
            sheet,
            arrange,
            reply,
        };
        ask(&site, case, arrange).await
    };
    done(&site, &visitor, arranged.await, |()| back)
}

async fn sheet_picture(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Path((case, sheet, said)): Path<(String, String, String)>,
) -> Response {
    let drawn = async {
        let (case, sheet) = (case_tag(&case)?, sheet_id(&sheet)?);
        let drawing = drawing(&said)?;
        let picture = |reply| PaperAsk::SheetPicture {
            sheet,
            drawing,
            reply,
        };
        Ok((drawing, ask(&site, case, picture).await?))
    };
    picture_or_problem(&site, &visitor, drawn.await)
}

/// Where an order of the kiosk's loose things leads, for pages without scripts.
fn back_or(fields: &Fields, otherwise: String) -> String {
    match super::back(fields, "") {
        back if back.is_empty() => otherwise,
        back => back,
    }
}

async fn discard(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Path(case): Path<String>,
    fields: Fields,
) -> Response {
    let back = back_or(&fields, format!("/cases/{case}/sheets"));
    let discarded = async { ask(&site, case_tag(&case)?, PaperAsk::Discard).await };
    done(&site, &visitor, discarded.await, |()| back)
}

async fn join(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Path(case): Path<String>,
    fields: Fields,
) -> Response {
    let joined = async {
        let tag = case_tag(&case)?;
        let name = match fields.text("name").map(str::trim) {
            None | Some("") => visitor.preferences().lang.sheet_name_default(),
            Some(said) => said,
        };
        let name = file::name(name);
        let joined = ask(&site, tag, |reply| PaperAsk::Join { name, reply }).await?;
        Ok(json!({ "document": joined.to_string() }))
    };
    let joined = joined.await;
    done(&site, &visitor, joined, |joined| {
        let document = joined["document"].as_str().unwrap_or_default();
        format!("/cases/{case}?document={document}")
    })
}

fn file_or_problem(site: &Site, visitor: &Visitor, found: Result<Upload, Problem>) -> Response {
    match found {
        Ok(document) => download(document),
        Err(trouble) => problem(site, visitor, &trouble),
    }
}

fn picture_or_problem(
    site: &Site,
    visitor: &Visitor,
    drawn: Result<(Drawing, Vec<u8>), Problem>,
) -> Response {
    match drawn {
        Ok((drawing, picture)) => {
            let media_type = drawing.detail.media_type();
            ([(header::CONTENT_TYPE, media_type)], picture).into_response()
        }
        Err(trouble) => problem(site, visitor, &trouble),
    }
}

/// The one file of an upload: a form's, or the body itself.
async fn received(visitor: &Visitor, named: Named, request: Request) -> Result<Upload, Problem> {
    let file = match media_type(request.headers()).as_str() {
        "multipart/form-data" => from_form(visitor, request).await?,
        _ => upload(
            named.name.as_deref().unwrap_or_default(),
            bounded(request.into_body(), DOCUMENT_BYTES_MAX).await?,
        ),
    };
    match file.bytes.is_empty() {
        true => Err(Problem::Refused(Refusal::EmptyFile)),
        false => Ok(file),
    }
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
