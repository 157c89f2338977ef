//! The kiosk: home, services, the visit and its end.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::json;

use crate::web::counter::{Ask, Refusal, Thing};
use crate::web::guard::{Fields, Visitor};
use crate::web::problem::Problem;
use crate::web::respond::{done, problem, show};
use crate::web::{Site, page};

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/", get(home))
        .route("/services/{service}", get(service))
        .route("/visit", get(visit).post(start))
        .route("/cases", get(cases))
        .route("/visit/here", post(here))
        .route("/visit/interruption", post(interruption))
        .route("/visit/end", post(end))
        .route("/receipt", get(receipt))
}

async fn home(State(site): State<Arc<Site>>, visitor: Visitor) -> Response {
    let view = site.counter.ask(Ask::Home).await;
    show(&site, &visitor, view, page::home::draw)
}

async fn service(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Path(service): Path<String>,
) -> Response {
    let Ok(service) = service.parse() else {
        return problem(&site, &visitor, &Problem::not_found(Thing::Service));
    };
    let view = site
        .counter
        .ask(|reply| Ask::Service { service, reply })
        .await;
    show(&site, &visitor, view, page::service::draw)
}

async fn visit(State(site): State<Arc<Site>>, visitor: Visitor) -> Response {
    let view = site.counter.ask(Ask::Visit).await;
    show(&site, &visitor, view, page::visit::draw)
}

/// The cases of the visit; none without one.
async fn cases(State(site): State<Arc<Site>>, visitor: Visitor) -> Response {
    match site.counter.ask(Ask::Visit).await {
        Err(Refusal::NoVisit) => done(&site, &visitor, Ok(json!({ "cases": [] })), |_| {
            "/".to_owned()
        }),
        view => show(&site, &visitor, view, page::visit::draw),
    }
}

async fn start(State(site): State<Arc<Site>>, visitor: Visitor, fields: Fields) -> Response {
    let started = async {
        let service = fields.needed("service")?;
        let service = service
            .parse()
            .map_err(|_| Problem::not_found(Thing::Service))?;
        let template = fields.needed("template")?.to_owned();
        let case = site
            .counter
            .ask(|reply| Ask::StartCase {
                service,
                template,
                reply,
            })
            .await?;
        Ok(json!({ "case": case.to_string() }))
    };
    done(&site, &visitor, started.await, |started| {
        format!("/cases/{}", started["case"].as_str().unwrap_or_default())
    })
}

/// Someone is still there; says when the visit now ends by itself.
async fn here(State(site): State<Arc<Site>>, visitor: Visitor) -> Response {
    let heard = async {
        site.counter.ask(Ask::StillHere).await?;
        let visit = site.counter.ask(Ask::Visit).await?;
        Ok(visit.idle)
    };
    done(&site, &visitor, heard.await, |_| "/visit".to_owned())
}

async fn interruption(State(site): State<Arc<Site>>, visitor: Visitor) -> Response {
    let read = site.counter.ask(Ask::InterruptionRead).await;
    done(&site, &visitor, read.map_err(Problem::from), |()| {
        "/".to_owned()
    })
}

async fn end(State(site): State<Arc<Site>>, visitor: Visitor) -> Response {
    let ended = site.counter.ask(Ask::EndVisit).await;
    if ended.is_ok() {
        site.sessions.forget_preferences();
    }
    done(&site, &visitor, ended.map_err(Problem::from), |()| {
        "/?ended=1".to_owned()
    })
}

async fn receipt(State(site): State<Arc<Site>>, visitor: Visitor) -> Response {
    let view = site.counter.ask(Ask::Receipt).await;
    show(&site, &visitor, view, page::receipt::draw)
}
