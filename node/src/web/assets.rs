//! Style, icons and scripts, embedded in the binary.
//!
//! Their paths carry a digest of all of them, so that a browser may keep them for good and a
//! new program never meets an old script.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

const FILES: [(&str, &str, &str); 30] = [
    ("style.css", CSS, include_str!("assets/style.css")),
    ("papers.css", CSS, include_str!("assets/papers.css")),
    ("call.css", CSS, include_str!("assets/call.css")),
    ("work.css", CSS, include_str!("assets/work.css")),
    ("icons.svg", SVG, include_str!("assets/icons.svg")),
    ("main.js", JS, include_str!("assets/main.js")),
    ("post.js", JS, include_str!("assets/post.js")),
    ("events.js", JS, include_str!("assets/events.js")),
    ("morph.js", JS, include_str!("assets/morph.js")),
    ("field.js", JS, include_str!("assets/field.js")),
    ("area.js", JS, include_str!("assets/area.js")),
    ("begun.js", JS, include_str!("assets/begun.js")),
    ("undo.js", JS, include_str!("assets/undo.js")),
    ("leave.js", JS, include_str!("assets/leave.js")),
    ("reading.js", JS, include_str!("assets/reading.js")),
    ("standing.js", JS, include_str!("assets/standing.js")),
    ("papers.js", JS, include_str!("assets/papers.js")),
    ("print.js", JS, include_str!("assets/print.js")),
    ("sheets.js", JS, include_str!("assets/sheets.js")),
    ("visit.js", JS, include_str!("assets/visit.js")),
    ("call.js", JS, include_str!("assets/call.js")),
    ("clock.js", JS, include_str!("assets/clock.js")),
    ("connection.js", JS, include_str!("assets/connection.js")),
    ("desk.js", JS, include_str!("assets/desk.js")),
    ("devices.js", JS, include_str!("assets/devices.js")),
    ("locking.js", JS, include_str!("assets/locking.js")),
    ("navigate.js", JS, include_str!("assets/navigate.js")),
    ("order.js", JS, include_str!("assets/order.js")),
    ("presence.js", JS, include_str!("assets/presence.js")),
    ("tones.js", JS, include_str!("assets/tones.js")),
];

static DIGEST: LazyLock<String> = LazyLock::new(|| {
    let all: String = FILES.iter().map(|(_, _, text)| *text).collect();
    guichet_keys::sha256(all.as_bytes()).to_string()[..16].to_owned()
});

/// Where an asset is.
pub(super) fn path(name: &str) -> String {
    format!("/assets/{}/{name}", *DIGEST)
}

/// `GET /assets/{digest}/{name}`.
pub(super) async fn serve(Path((digest, name)): Path<(String, String)>) -> Response {
    let file = FILES.iter().find(|(known, ..)| *known == name);
    match file.filter(|_| digest == *DIGEST) {
        Some((_, media_type, text)) => (
            [
                (header::CONTENT_TYPE, *media_type),
                (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            ],
            *text,
        )
            .into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
