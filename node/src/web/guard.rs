//! The door: every request is bounded, then known, then read.
//!
//! The exact `Host` first, against other names for this machine; then `Origin` and
//! `Sec-Fetch-Site`, against other sites, other ports included; then who asks: a session's
//! cookie, or the bearer token of the data folder. An order (`POST`) of a session must come from
//! our own origin and repeat the page's token, in a header or in a field of the form. Only then
//! is its body read; and its connection ends with the answer, since the buffer of one that stays
//! would keep what was said. `/healthz`, the assets and the start addresses need no session.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Form, FromRequest as _, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use futures::StreamExt as _;
use serde_json::Value;

use super::Site;
use super::counter::Refusal;
use super::page::Frame;
use super::problem::Problem;
use super::respond;
use super::session::{Preferences, Session, same};
use crate::clock;

/// The largest body of an order that is no upload, in bytes.
pub const ORDER_BYTES_MAX: usize = 256 << 10;
/// How much of a body that is too large is read and dropped, in bytes.
pub const DRAIN_BYTES_MAX: usize = 64 << 20;
const URL_ENCODED: &str = "application/x-www-form-urlencoded";
/// The header that repeats the page's token.
pub(super) const TOKEN_HEADER: &str = "x-guichet-token";

/// Who asks, and how they want it answered.
#[derive(Clone, Debug)]
pub(super) struct Visitor {
    pub(super) who: Asker,
    pub(super) wants: Wants,
    path: String,
    cookies: String,
}

#[derive(Clone, Debug)]
pub(super) enum Asker {
    /// A program that read the data folder.
    Script,
    /// A page.
    Session(Session),
    /// Nobody we know.
    Stranger,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wants {
    Html,
    Json,
}

/// The fields of an order, from a form or from a JSON object.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields(BTreeMap<String, String>);

/// An upload of a session whose token stands in its first field.
#[derive(Clone, Copy, Debug)]
pub(super) struct TokenInBody;

impl Visitor {
    pub(super) fn preferences(&self) -> Preferences {
        match &self.who {
            Asker::Session(session) => session.preferences,
            Asker::Script | Asker::Stranger => Preferences::default(),
        }
    }

    pub(super) fn frame(&self, site: &Site) -> Frame {
        Frame {
            role: site.role,
            files: site.files,
            preferences: self.preferences(),
            page_token: match &self.who {
                Asker::Session(session) => session.page_token.as_str().to_owned(),
                Asker::Script | Asker::Stranger => String::new(),
            },
            path: self.path.clone(),
            now_s: clock::wall_s(),
        }
    }

    /// Whether files may go this way: always to and from programs, for they do not keep them where
    /// the next citizen sits.
    pub(super) fn may_take_files(&self, site: &Site) -> Result<(), Problem> {
        match &self.who {
            Asker::Script => Ok(()),
            Asker::Session(_) | Asker::Stranger if site.files => Ok(()),
            Asker::Session(_) | Asker::Stranger => Err(Problem::NoFiles),
        }
    }

    pub(super) fn cookies(&self) -> &str {
        &self.cookies
    }

    /// Whether this is the token of the visitor's page.
    pub(super) fn page_token_is(&self, said: &str) -> bool {
        match &self.who {
            Asker::Session(session) => session.page_token.is(said),
            Asker::Script => true,
            Asker::Stranger => false,
        }
    }

    fn of(headers: &HeaderMap, uri: &axum::http::Uri) -> Self {
        let path = uri
            .path_and_query()
            .map_or_else(|| uri.path().to_owned(), ToString::to_string);
        Self {
            who: Asker::Stranger,
            wants: wants(headers),
            path,
            cookies: text(headers, &header::COOKIE)
                .unwrap_or_default()
                .to_owned(),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let known = parts.extensions.get::<Self>().cloned();
        Ok(known.unwrap_or_else(|| Self::of(&parts.headers, &parts.uri)))
    }
}

impl Fields {
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(super) fn needed(&self, name: &str) -> Result<&str, Problem> {
        self.text(name).ok_or(Problem::Malformed)
    }

    pub(super) fn number(&self, name: &str) -> Result<usize, Problem> {
        self.needed(name)?.parse().map_err(|_| Problem::Malformed)
    }

    async fn read(media_type: &str, body: Vec<u8>) -> Option<Self> {
        if body.is_empty() {
            return Some(Self::default());
        }
        match media_type {
            URL_ENCODED => {
                let form = Request::post("/").header(header::CONTENT_TYPE, URL_ENCODED);
                let form = form.body(Body::from(body)).ok()?;
                let Form(pairs) = Form::<Vec<(String, String)>>::from_request(form, &())
                    .await
                    .ok()?;
                Some(Self(pairs.into_iter().collect()))
            }
            "application/json" => {
                let object: BTreeMap<String, Value> = serde_json::from_slice(&body).ok()?;
                let plain = object.into_iter().filter_map(|(name, value)| match value {
                    Value::Null => None,
                    Value::String(text) => Some(Some((name, text))),
                    Value::Number(number) => Some(Some((name, number.to_string()))),
                    Value::Bool(flag) => Some(Some((name, flag.to_string()))),
                    Value::Array(_) | Value::Object(_) => Some(None),
                });
                plain.collect::<Option<_>>().map(Self)
            }
            _ => None,
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Fields {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

/// The middleware before every route.
pub(super) async fn guard(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let mut visitor = Visitor::of(request.headers(), request.uri());
    let order = request.method() == Method::POST;
    let passed = match admit(&site, &mut visitor, &request) {
        Ok(()) => read_order(&visitor, request).await,
        Err(problem) => Err(problem),
    };
    let mut response = match passed {
        Ok(mut request) => {
            request.extensions_mut().insert(visitor);
            next.run(request).await
        }
        Err(problem) => respond::problem(&site, &visitor, &problem),
    };
    harden(response.headers_mut());
    if order {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    response
}

/// Says who asks, or why they are not let in.
fn admit(site: &Site, visitor: &mut Visitor, request: &Request) -> Result<(), Problem> {
    let headers = request.headers();
    let host = text(headers, &header::HOST).or(request.uri().authority().map(|a| a.as_str()));
    if host != Some(site.host.as_str()) {
        return Err(Problem::Foreign);
    }
    let origin = text(headers, &header::ORIGIN);
    if headers.contains_key(header::ORIGIN) && origin != Some(site.origin.as_str()) {
        return Err(Problem::Foreign);
    }
    let initiator = text(headers, &HeaderName::from_static("sec-fetch-site"));
    let navigates = text(headers, &HeaderName::from_static("sec-fetch-mode")) == Some("navigate");
    let order = request.method() == Method::POST;
    if matches!(initiator, Some("cross-site" | "same-site")) && (order || !navigates) {
        return Err(Problem::Foreign);
    }
    if is_open(request.uri().path()) {
        return Ok(());
    }
    visitor.who = known(site, headers).ok_or(Problem::NoSession)?;
    match (&visitor.who, order, origin) {
        (Asker::Session(_), true, None) => Err(Problem::Foreign),
        _ => Ok(()),
    }
}

fn is_open(path: &str) -> bool {
    path == "/healthz" || path.starts_with("/assets/") || path.starts_with("/start/")
}

fn known(site: &Site, headers: &HeaderMap) -> Option<Asker> {
    if let Some(said) = text(headers, &header::AUTHORIZATION) {
        let bearer = said.strip_prefix("Bearer ")?;
        return same(&site.api_token, bearer).then_some(Asker::Script);
    }
    site.sessions
        .find(text(headers, &header::COOKIE)?)
        .map(Asker::Session)
}

/// Reads the fields of an order and checks its token. The body of an upload is left to its
/// route, which checks the token if it stands in the body.
async fn read_order(visitor: &Visitor, request: Request) -> Result<Request, Problem> {
    if request.method() != Method::POST {
        return Ok(request);
    }
    let (mut parts, body) = request.into_parts();
    let said = text(&parts.headers, &HeaderName::from_static(TOKEN_HEADER)).map(str::to_owned);
    let media_type = media_type(&parts.headers);
    if is_upload(parts.uri.path()) {
        match said {
            Some(said) if !visitor.page_token_is(&said) => return Err(Problem::NoToken),
            None if matches!(visitor.who, Asker::Session(_)) => {
                if media_type != "multipart/form-data" {
                    return Err(Problem::NoToken);
                }
                parts.extensions.insert(TokenInBody);
            }
            _ => {}
        }
        return Ok(Request::from_parts(parts, body));
    }
    let body = bounded(body, ORDER_BYTES_MAX).await?;
    let fields = Fields::read(&media_type, body)
        .await
        .ok_or(Problem::Malformed)?;
    let said = said.as_deref().or(fields.text("token")).unwrap_or_default();
    if !visitor.page_token_is(said) {
        return Err(Problem::NoToken);
    }
    parts.extensions.insert(fields);
    Ok(Request::from_parts(parts, Body::empty()))
}

/// A body of at most `bytes_max`. Of a larger one the rest is read and dropped, up to
/// [`DRAIN_BYTES_MAX`], so that the sender hears the answer instead of a broken line.
pub(super) async fn bounded(body: Body, bytes_max: usize) -> Result<Vec<u8>, Problem> {
    let mut stream = body.into_data_stream();
    let mut kept = Vec::new();
    let mut read = 0usize;
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| Problem::Malformed)?;
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

fn is_upload(path: &str) -> bool {
    path.starts_with("/cases/") && (path.ends_with("/documents") || path.ends_with("/sheets"))
}

fn wants(headers: &HeaderMap) -> Wants {
    let accept = text(headers, &header::ACCEPT).unwrap_or_default();
    let bearer = headers.contains_key(header::AUTHORIZATION);
    let names = |media_type: &str| accept.contains(media_type);
    match (names("application/json"), names("text/html"), bearer) {
        (true, false, _) | (false, false, true) => Wants::Json,
        _ => Wants::Html,
    }
}

pub(super) fn media_type(headers: &HeaderMap) -> String {
    let told = text(headers, &header::CONTENT_TYPE).unwrap_or_default();
    let plain = told.split(';').next().unwrap_or_default();
    plain.trim().to_ascii_lowercase()
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

fn harden(headers: &mut HeaderMap) {
    for (name, value) in [
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        (
            "permissions-policy",
            "camera=(self), microphone=(self), speaker-selection=(self), display-capture=(), \
             geolocation=(), usb=(), serial=(), payment=()",
        ),
        ("cache-control", "no-store"),
    ] {
        headers
            .entry(HeaderName::from_static(name))
            .or_insert(HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_body_ends_who_reads_it() {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let runtime = runtime.expect("a runtime");
        let reads = |media_type: &str, bytes: &[u8]| {
            let fields = runtime.block_on(Fields::read(media_type, bytes.to_vec()));
            fields.is_some_and(|fields| {
                let _number = fields.number("at").is_ok();
                fields.text("field").is_some()
            })
        };
        let form = b"field=situation&at=12&delete=3&text=d%C3%A9m%C3%A9nagement+17".as_slice();
        crate::hostile::drive(&[form], |bytes| reads(URL_ENCODED, bytes));
        let json = br#"{"field": "situation", "at": 12, "delete": 3, "text": "17", "on": true}"#;
        crate::hostile::drive(&[json], |bytes| reads("application/json", bytes));
    }
}
