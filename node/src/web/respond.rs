//! Answers: a page or its JSON twin, from the same view.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use maud::Markup;
use serde::Serialize;
use serde_json::Value;

use super::Site;
use super::counter::Refusal;
use super::guard::{Visitor, Wants};
use super::page::{self, Frame};
use super::problem::Problem;

/// A view, as a page or as JSON.
pub(super) fn show<V: Serialize>(
    site: &Site,
    visitor: &Visitor,
    view: Result<V, Refusal>,
    draw: impl FnOnce(&V, &Frame) -> Markup,
) -> Response {
    match (view, visitor.wants) {
        (Ok(view), Wants::Json) => Json(view).into_response(),
        (Ok(view), Wants::Html) => {
            Html(draw(&view, &visitor.frame(site)).into_string()).into_response()
        }
        (Err(Refusal::NoVisit), Wants::Html) => Redirect::to("/").into_response(),
        (Err(Refusal::Locked), Wants::Html) => Redirect::to("/unlock").into_response(),
        (Err(refusal), _) => problem(site, visitor, &refusal.into()),
    }
}

/// The end of an order: what it gave as JSON, or the page to go on with.
pub(super) fn done<T: Serialize>(
    site: &Site,
    visitor: &Visitor,
    done: Result<T, Problem>,
    then: impl FnOnce(&T) -> String,
) -> Response {
    match (done, visitor.wants) {
        (Ok(given), Wants::Json) => {
            let given = serde_json::to_value(given).unwrap_or(Value::Null);
            let saved = || serde_json::json!({ "saved": true });
            Json(if given.is_null() { saved() } else { given }).into_response()
        }
        (Ok(given), Wants::Html) => Redirect::to(&then(&given)).into_response(),
        (Err(trouble), _) => problem(site, visitor, &trouble),
    }
}

/// A problem, as a page or as JSON.
pub(super) fn problem(site: &Site, visitor: &Visitor, problem: &Problem) -> Response {
    let frame = visitor.frame(site);
    match visitor.wants {
        Wants::Html => {
            let page = page::trouble::draw(problem, &frame);
            (problem.status(), Html(page.into_string())).into_response()
        }
        Wants::Json => (
            problem.status(),
            [(header::CONTENT_TYPE, "application/problem+json")],
            problem.json(frame.preferences.lang).to_string(),
        )
            .into_response(),
    }
}

/// The exact bytes of a document, to be kept and never to be run.
pub(super) fn download(document: super::counter::Upload) -> Response {
    let plain: String = document
        .name
        .chars()
        .map(|c| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' | '_' | ' ' => c,
            _ => '_',
        })
        .collect();
    let exact: String = document
        .name
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect();
    let disposition = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{exact}");
    let media_type = match super::file::TYPES.contains(&document.media_type.as_str()) {
        true => document.media_type,
        false => super::file::OTHER.to_owned(),
    };
    (
        StatusCode::OK,
        [
            (header::CONTENT_TYPE, media_type),
            (header::CONTENT_DISPOSITION, disposition),
            (
                header::CONTENT_SECURITY_POLICY,
                "default-src 'none'; sandbox; frame-ancestors 'none'".to_owned(),
            ),
        ],
        document.bytes,
    )
        .into_response()
}
