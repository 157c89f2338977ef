//! The kiosk: home, services, the visit and its end.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::json;

use super::Table;
use super::case::case_tag;
use crate::web::counter::{Ask, Refusal, Thing};
use crate::web::guard::{Fields, Visitor};
use crate::web::problem::Problem;
use crate::web::respond::{done, problem, show};
use crate::web::view::{CallView, Mode};
use crate::web::{Site, page, scope};

/// The longest language tag, in bytes.
const LANGUAGE_BYTES_MAX: usize = 35;

pub(super) fn routes() -> Table {
    Table::new()
        .route("/", get(home))
        .route("/services/{service}", get(service))
        .route("/visit", get(visit).post(start))
        .route("/cases", get(cases))
        .route("/visit/here", post(here))
        .route("/visit/interruption", post(interruption))
        .route("/visit/end", post(end))
        .route("/receipt", get(receipt))
        .route("/cases/{case}/back", post(give_back))
        .route("/cases/{case}/messages/unsent", post(message_typed))
        .route("/call", post(join))
        .route("/call/answer", post(answer))
}

async fn home(State(site): State<Arc<Site>>, visitor: Visitor) -> Response {
    let view = site.counter.ask(Ask::Home).await;
    let on = on(&site).await;
    show(&site, &visitor, view, |view, frame| {
        page::home::draw(view, &on, frame)
    })
}

/// The call that is on, for pages whose view does not hold it.
async fn on(site: &Site) -> CallView {
    scope::call(&site.counter).await
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
    let on = on(&site).await;
    show(&site, &visitor, view, |view, frame| {
        page::service::draw(view, &on, frame)
    })
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

/// An empty case is given back.
async fn give_back(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Path(case): Path<String>,
) -> Response {
    let given = async {
        let case = case_tag(&case)?;
        let asked = site.counter.ask(|reply| Ask::GiveBack { case, reply });
        asked.await.map_err(Problem::from)
    };
    done(&site, &visitor, given.await, |()| "/visit".to_owned())
}

/// What is typed as a message, and not sent.
async fn message_typed(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Path(case): Path<String>,
    fields: Fields,
) -> Response {
    let kept = async {
        let (case, text) = (case_tag(&case)?, fields.needed("text")?.to_owned());
        let asked = site
            .counter
            .ask(|reply| Ask::MessageTyped { case, text, reply });
        asked.await.map_err(Problem::from)
    };
    let back = super::back(&fields, "/visit");
    done(&site, &visitor, kept.await, |()| back)
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
    let on = on(&site).await;
    show(&site, &visitor, view, |view, frame| {
        page::receipt::draw(view, &on, frame)
    })
}

/// The citizen wishes to speak with an adviser.
async fn join(State(site): State<Arc<Site>>, visitor: Visitor, fields: Fields) -> Response {
    let case = fields.text("case").unwrap_or_default().to_owned();
    let joined = async {
        let case = case.parse().map_err(|_| Problem::not_found(Thing::Case))?;
        let lang = match fields.text("lang") {
            Some(tag) if is_tag(tag) => tag.to_owned(),
            Some(_) => return Err(Problem::Malformed),
            None => visitor.preferences().lang.tag().to_owned(),
        };
        let mode = match fields.text("mode") {
            Some("voice") | None => Mode::Voice,
            Some("writing") => Mode::Writing,
            Some(_) => return Err(Problem::Malformed),
        };
        let asked = site.counter.ask(|reply| Ask::JoinQueue {
            case,
            lang,
            mode,
            reply,
        });
        asked.await.map_err(Problem::from)
    };
    done(&site, &visitor, joined.await, |()| format!("/cases/{case}"))
}

/// A language tag by its look (BCP 47).
fn is_tag(tag: &str) -> bool {
    let part = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    tag.len() <= LANGUAGE_BYTES_MAX && tag.split('-').all(part)
}

async fn answer(State(site): State<Arc<Site>>, visitor: Visitor) -> Response {
    let answered = site.counter.ask(Ask::AnswerCall).await;
    done(&site, &visitor, answered.map_err(Problem::from), |()| {
        "/call".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_told_by_its_look() {
        for tag in ["fr", "en-GB", "zh-Hant-TW", "fr-x-facile"] {
            assert!(is_tag(tag), "{tag}");
        }
        for tag in [
            "",
            "-",
            "fr-",
            "français",
            "fr FR",
            "abcdefghi",
            &"a-".repeat(30),
        ] {
            assert!(!is_tag(tag), "{tag}");
        }
    }
}
