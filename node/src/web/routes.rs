//! One route table and one set of handlers for pages and scripts.

mod call;
mod case;
mod case_work;
mod desk;
mod kiosk;
mod papers;
mod table;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header;
use axum::middleware;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use guichet_keys::Role;
use serde_json::json;

use super::counter::{Ask, DOCUMENT_BYTES_MAX, Thing};
use super::guard::{Asker, Fields, Visitor, guard};
use super::problem::Problem;
use super::respond::{done, problem, show};
use super::session::{Contrast, TextSize};
use super::text::Lang;
use super::{Site, assets, events, page};

pub(super) use desk::searched;
pub(super) use table::Table;

/// The routes of a node of this role.
pub(super) fn table(role: Role) -> Table {
    let everywhere = Table::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/assets/{digest}/{name}", get(assets::serve))
        .route("/start/{token}", get(start))
        .route("/open", post(open))
        .route("/preferences", post(prefer))
        .route("/events", get(events::stream))
        .route("/status", get(status));
    let ours = match role {
        Role::Kiosk => kiosk::routes().merge(of_case()),
        Role::Station => desk::routes().merge(case_work::routes()).merge(of_case()),
        Role::Relay | Role::Operator | Role::Steward | Role::Registrar | Role::Agent => {
            Table::new().route("/", get(async || Redirect::to("/status")))
        }
    };
    everywhere.merge(ours)
}

pub(super) fn router(site: Arc<Site>) -> Router {
    table(site.role)
        .into_router()
        .fallback(nowhere)
        .method_not_allowed_fallback(nowhere)
        .layer(axum::extract::DefaultBodyLimit::max(DOCUMENT_BYTES_MAX))
        .layer(middleware::from_fn_with_state(Arc::clone(&site), guard))
        .with_state(site)
}

/// What a kiosk and a station have alike.
fn of_case() -> Table {
    case::routes().merge(papers::routes()).merge(call::routes())
}

async fn nowhere(State(site): State<Arc<Site>>, visitor: Visitor) -> Response {
    problem(&site, &visitor, &Problem::not_found(Thing::Page))
}

async fn start(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Path(token): Path<String>,
) -> Response {
    match site.sessions.start(&token) {
        Some(cookie) => ([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response(),
        None => problem(&site, &visitor, &Problem::UsedStart),
    }
}

async fn open(State(site): State<Arc<Site>>, visitor: Visitor) -> Response {
    let opened = match visitor.who {
        Asker::Script => Ok(json!({ "start_url": site.start_url() })),
        Asker::Session(_) | Asker::Stranger => Err(Problem::NoSession),
    };
    done(&site, &visitor, opened, |_| "/".to_owned())
}

async fn prefer(State(site): State<Arc<Site>>, visitor: Visitor, fields: Fields) -> Response {
    site.sessions.prefer(visitor.cookies(), |preferences| {
        if let Some(lang) = fields.text("lang").and_then(Lang::read) {
            preferences.lang = lang;
        }
        match fields.text("size") {
            Some("normal") => preferences.size = TextSize::Normal,
            Some("large") => preferences.size = TextSize::Large,
            Some("xlarge") => preferences.size = TextSize::XLarge,
            _ => {}
        }
        match fields.text("contrast") {
            Some("plain") => preferences.contrast = Contrast::Plain,
            Some("high") => preferences.contrast = Contrast::High,
            _ => {}
        }
    });
    let back = back(&fields, "/");
    done(&site, &visitor, Ok(()), |()| back)
}

/// Where the page that gave an order wishes to go on.
fn back(fields: &Fields, otherwise: &str) -> String {
    let path = fields.text("back").filter(|path| is_ours(path));
    path.unwrap_or(otherwise).to_owned()
}

/// A path of this site, and of no other.
fn is_ours(path: &str) -> bool {
    path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\r', '\n'])
}

async fn status(State(site): State<Arc<Site>>, visitor: Visitor) -> Response {
    let view = site.counter.ask(Ask::Status).await;
    show(&site, &visitor, view, page::status::draw)
}
