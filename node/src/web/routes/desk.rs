//! The adviser's station: vaults and the desk.

use std::sync::Arc;

use axum::extract::{Query, RawQuery, State};
use axum::response::{Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::call::flag;
use super::{Table, back};
use crate::services::values;
use crate::web::counter::{Ask, Passphrase, Refusal, Thing};
use crate::web::guard::{Fields, Visitor};
use crate::web::problem::Problem;
use crate::web::respond::{done, show};
use crate::web::searches::trimmed;
use crate::web::{Site, page};

/// The longest reason for taking somebody out of turn, in bytes.
const REASON_BYTES_MAX: usize = 4 << 10;

pub(super) fn routes() -> Table {
    Table::new()
        .route("/", get(async || Redirect::to("/desk")))
        .route("/unlock", get(advisers).post(unlock))
        .route("/lock", post(lock))
        .route("/desk", get(desk))
        .route("/desk/search", post(search))
        .route("/desk/take", post(take))
        .route("/desk/attend", post(attend))
        .route("/desk/here", post(here))
        .route("/call/pass", post(pass))
        .route("/cases", get(desk))
}

async fn advisers(State(site): State<Arc<Site>>, visitor: Visitor) -> Response {
    let view = site.counter.ask(Ask::Advisers).await;
    show(&site, &visitor, view, page::unlock::draw)
}

async fn unlock(State(site): State<Arc<Site>>, visitor: Visitor, fields: Fields) -> Response {
    site.searches.forget();
    let unlocked = async {
        let adviser = fields.needed("adviser")?;
        let adviser = adviser
            .parse()
            .map_err(|_| Problem::not_found(Thing::Adviser))?;
        let passphrase = Passphrase::new(fields.needed("passphrase")?.to_owned());
        let asked = site.counter.ask(|reply| Ask::Unlock {
            adviser,
            passphrase,
            reply,
        });
        asked.await.map_err(Problem::from)
    };
    done(&site, &visitor, unlocked.await, |()| "/desk".to_owned())
}

async fn lock(State(site): State<Arc<Site>>, visitor: Visitor) -> Response {
    site.searches.forget();
    let locked = site.counter.ask(Ask::Lock).await;
    done(&site, &visitor, locked.map_err(Problem::from), |()| {
        "/unlock".to_owned()
    })
}

async fn desk(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.as_deref().unwrap_or_default();
    let named = site.searches.words(&format!("/desk?{query}"));
    let search = named.or_else(|| searched(query));
    let view = site.counter.ask(|reply| Ask::Desk { search, reply }).await;
    show(&site, &visitor, view, page::desk::draw)
}

async fn search(State(site): State<Arc<Site>>, visitor: Visitor, fields: Fields) -> Response {
    let address = site
        .searches
        .address(fields.text("search").unwrap_or_default());
    done(&site, &visitor, Ok(()), |()| address)
}

/// The words that a query of the desk searches for.
pub(in crate::web) fn searched(query: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Searched {
        search: Option<String>,
    }
    let uri = format!("/desk?{query}").parse().ok()?;
    let Query(Searched { search }) = Query::try_from_uri(&uri).ok()?;
    trimmed(&search?)
}

/// Takes somebody out of the queue, and goes on with their case.
async fn take(State(site): State<Arc<Site>>, visitor: Visitor, fields: Fields) -> Response {
    let taken = async {
        let ticket = fields.needed("ticket")?;
        let ticket = ticket
            .parse()
            .map_err(|_| Problem::not_found(Thing::Ticket))?;
        let reason = fields.text("reason").and_then(values::said);
        if reason
            .as_ref()
            .is_some_and(|why| why.len() > REASON_BYTES_MAX)
        {
            return Err(Problem::Refused(Refusal::TooLarge {
                bytes_max: REASON_BYTES_MAX,
            }));
        }
        let asked = site.counter.ask(|reply| Ask::TakeTicket {
            ticket,
            reason,
            reply,
        });
        asked.await.map_err(Problem::from)
    };
    done(&site, &visitor, taken.await, |()| back(&fields, "/desk"))
}

async fn attend(State(site): State<Arc<Site>>, visitor: Visitor, fields: Fields) -> Response {
    let told = async {
        let here = flag(&fields, "here")?;
        let asked = site.counter.ask(|reply| Ask::Attend { here, reply });
        asked.await.map_err(Problem::from)
    };
    done(&site, &visitor, told.await, |()| "/desk".to_owned())
}

/// The adviser is still there.
async fn here(State(site): State<Arc<Site>>, visitor: Visitor, fields: Fields) -> Response {
    let heard = site.counter.ask(Ask::StillHere).await;
    done(&site, &visitor, heard.map_err(Problem::from), |()| {
        back(&fields, "/desk")
    })
}

/// Hands the call over to a colleague.
async fn pass(State(site): State<Arc<Site>>, visitor: Visitor, fields: Fields) -> Response {
    let passed = async {
        let station = fields.needed("station")?;
        let station = station
            .parse()
            .map_err(|_| Problem::not_found(Thing::Adviser))?;
        let asked = site.counter.ask(|reply| Ask::PassCall { station, reply });
        asked.await.map_err(Problem::from)
    };
    done(&site, &visitor, passed.await, |()| back(&fields, "/call"))
}
