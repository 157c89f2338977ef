//! The call of who sits here: the same routes on both sides of the counter.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use guichet_keys::Role;
use serde_json::json;

use super::{Table, back};
use crate::web::counter::{Ask, OFFER_BYTES_MAX, Refusal};
use crate::web::guard::{Fields, Visitor, Wants};
use crate::web::problem::Problem;
use crate::web::respond::{done, show};
use crate::web::view::Sending;
use crate::web::{Site, page};

pub(super) fn routes() -> Table {
    Table::new()
        .route("/call", get(call))
        .route("/call/leave", post(leave))
        .route("/call/offer", post(offer))
        .route("/call/sending", post(sending))
}

/// The call as JSON; for a person, the page that shows it.
async fn call(State(site): State<Arc<Site>>, visitor: Visitor) -> Response {
    let call = site.counter.ask(Ask::Call).await;
    match (&call, visitor.wants) {
        (Ok(call), Wants::Html) => {
            let otherwise = match site.role {
                Role::Station => "/desk",
                Role::Kiosk
                | Role::Relay
                | Role::Operator
                | Role::Steward
                | Role::Registrar
                | Role::Agent => "/visit",
            };
            let to = page::case_of_call(call)
                .map_or(otherwise.to_owned(), |case| format!("/cases/{case}"));
            Redirect::to(&to).into_response()
        }
        _ => show(&site, &visitor, call, |_, _| maud::html! {}),
    }
}

async fn leave(State(site): State<Arc<Site>>, visitor: Visitor, fields: Fields) -> Response {
    let left = site.counter.ask(Ask::LeaveCall).await;
    done(&site, &visitor, left.map_err(Problem::from), |()| {
        back(&fields, "/call")
    })
}

/// A page's connection to this node: an SDP offer, and its answer.
async fn offer(State(site): State<Arc<Site>>, visitor: Visitor, fields: Fields) -> Response {
    let answered = async {
        let page = fields.needed("page")?;
        let page = page.parse().map_err(|_| Problem::Malformed)?;
        let sdp = fields.needed("sdp")?.to_owned();
        if sdp.len() > OFFER_BYTES_MAX {
            return Err(Problem::Refused(Refusal::TooLarge {
                bytes_max: OFFER_BYTES_MAX,
            }));
        }
        let asked = site
            .counter
            .ask(|reply| Ask::OfferMedia { page, sdp, reply });
        Ok(json!({ "sdp": asked.await? }))
    };
    done(&site, &visitor, answered.await, |_| "/call".to_owned())
}

async fn sending(State(site): State<Arc<Site>>, visitor: Visitor, fields: Fields) -> Response {
    let set = async {
        let sending = Sending {
            audio: flag(&fields, "audio")?,
            video: flag(&fields, "video")?,
        };
        let asked = site.counter.ask(|reply| Ask::SendMedia { sending, reply });
        asked.await.map_err(Problem::from)
    };
    done(&site, &visitor, set.await, |()| back(&fields, "/call"))
}

pub(super) fn flag(fields: &Fields, name: &str) -> Result<bool, Problem> {
    match fields.needed(name)? {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Problem::Malformed),
    }
}
