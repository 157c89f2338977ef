//! What only an adviser does in a case: notes, the check of an identity, the history.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};

use super::Table;
use super::case::{case_tag, field_place, read, typed_at_ms, value};
use crate::services::values;
use crate::web::counter::{Ask, CaseWork, Kept, NOTE_BYTES_MAX, Refusal, Whereabouts};
use crate::web::guard::{Fields, Visitor};
use crate::web::problem::Problem;
use crate::web::respond::{done, problem, show};
use crate::web::view::IdentityWay;
use crate::web::{Site, page};

pub(super) fn routes() -> Table {
    Table::new()
        .route("/cases/{case}/messages/unsent", keep(Kept::Message))
        .route("/cases/{case}/notes", post(note))
        .route("/cases/{case}/notes/unsent", keep(Kept::Note))
        .route("/cases/{case}/identity", post(identity))
        .route("/cases/{case}/identity/unsent", keep(Kept::Remark))
        .route("/cases/{case}/reason/unsent", keep(Kept::Reason))
        .route("/cases/{case}/reading", post(reading))
        .route("/cases/{case}/history", get(history))
}

async fn note(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Path(case): Path<String>,
    fields: Fields,
) -> Response {
    let back = format!("/cases/{case}");
    let noted = async {
        let case = case_tag(&case)?;
        let text = words(fields.needed("text")?)?.ok_or(Problem::Malformed)?;
        let note = |reply| Ask::Work(CaseWork::Note { case, text, reply });
        site.counter.ask(note).await.map_err(Problem::from)
    };
    done(&site, &visitor, noted.await, |()| back)
}

/// Keeps a text of this kind that is not sent yet.
fn keep(what: Kept) -> MethodRouter<Arc<Site>> {
    let keep = async move |State(site): State<Arc<Site>>,
                           visitor: Visitor,
                           Path(case): Path<String>,
                           fields: Fields| {
        let kept = async {
            let case = case_tag(&case)?;
            let text = value(fields.needed("text")?)?;
            let typed_at_ms = typed_at_ms(&fields)?;
            let keep = |reply| {
                Ask::Work(CaseWork::Keep {
                    case,
                    what,
                    text,
                    typed_at_ms,
                    reply,
                })
            };
            site.counter.ask(keep).await.map_err(Problem::from)
        };
        done(&site, &visitor, kept.await, |()| format!("/cases/{case}"))
    };
    post(keep)
}

async fn identity(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Path(case): Path<String>,
    fields: Fields,
) -> Response {
    let back = format!("/cases/{case}");
    let checked = async {
        let case = case_tag(&case)?;
        let way = IdentityWay::read(fields.needed("way")?).ok_or(Problem::Malformed)?;
        let remark = words(fields.text("remark").unwrap_or_default())?;
        let check = |reply| {
            Ask::Work(CaseWork::CheckIdentity {
                case,
                way,
                remark,
                reply,
            })
        };
        site.counter.ask(check).await.map_err(Problem::from)
    };
    done(&site, &visitor, checked.await, |()| back)
}

/// A page tells in which field the adviser is.
async fn reading(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Path(case): Path<String>,
    fields: Fields,
) -> Response {
    let back = format!("/cases/{case}");
    let told = async {
        let whereabouts = match (fields.text("form"), fields.text("field")) {
            (Some(form), Some(field)) => {
                let path = (case.clone(), form.to_owned(), field.to_owned());
                Whereabouts::In(field_place(path)?)
            }
            _ => Whereabouts::Outside,
        };
        let case = case_tag(&case)?;
        let read = |reply| {
            Ask::Work(CaseWork::Read {
                case,
                whereabouts,
                reply,
            })
        };
        site.counter.ask(read).await.map_err(Problem::from)
    };
    done(&site, &visitor, told.await, |()| back)
}

/// All that happened.
async fn history(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Path(case): Path<String>,
) -> Response {
    let case = match case_tag(&case) {
        Ok(case) => case,
        Err(trouble) => return problem(&site, &visitor, &trouble),
    };
    let view = read(&site, case).await;
    show(&site, &visitor, view, page::case::history::draw)
}

/// What was typed, if it is anything and not too long.
fn words(typed: &str) -> Result<Option<String>, Problem> {
    let said = values::said(typed);
    match said.as_ref().map_or(0, String::len) {
        0..=NOTE_BYTES_MAX => Ok(said),
        _ => Err(Problem::Refused(Refusal::TooLarge {
            bytes_max: NOTE_BYTES_MAX,
        })),
    }
}
