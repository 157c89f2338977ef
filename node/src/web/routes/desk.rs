//! The adviser's station: vaults and the desk.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{Redirect, Response};
use axum::routing::{get, post};

use crate::web::counter::{Ask, Passphrase, Thing};
use crate::web::guard::{Fields, Visitor};
use crate::web::problem::Problem;
use crate::web::respond::{done, show};
use crate::web::{Site, page};

pub(super) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/", get(async || Redirect::to("/desk")))
        .route("/unlock", get(advisers).post(unlock))
        .route("/lock", post(lock))
        .route("/desk", get(desk))
        .route("/cases", get(desk))
}

async fn advisers(State(site): State<Arc<Site>>, visitor: Visitor) -> Response {
    let view = site.counter.ask(Ask::Advisers).await;
    show(&site, &visitor, view, page::unlock::draw)
}

async fn unlock(State(site): State<Arc<Site>>, visitor: Visitor, fields: Fields) -> Response {
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
    let locked = site.counter.ask(Ask::Lock).await;
    done(&site, &visitor, locked.map_err(Problem::from), |()| {
        "/unlock".to_owned()
    })
}

async fn desk(State(site): State<Arc<Site>>, visitor: Visitor) -> Response {
    let view = site.counter.ask(Ask::Desk).await;
    show(&site, &visitor, view, page::desk::draw)
}
