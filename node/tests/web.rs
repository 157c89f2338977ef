//! The local pages against a real server on loopback, with a node that is scripted.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a script answers one question itself and leaves the others to the sample"
)]

#[path = "web/calls.rs"]
mod calls;
#[path = "web/door.rs"]
mod door;
#[path = "web/ending.rs"]
mod ending;
#[path = "web/http.rs"]
mod http;
#[path = "web/node.rs"]
mod node;
#[path = "web/orders.rs"]
mod orders;
#[path = "web/pages.rs"]
mod pages;
#[path = "web/sample.rs"]
mod sample;
#[path = "web/stream.rs"]
mod stream;
#[path = "web/work.rs"]
mod work;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use guichet::web::counter::{Ask, DOCUMENT_BYTES_MAX, Refusal};
use guichet::web::view::Side;
use guichet::web::{Change, Counter, STREAMS_MAX, Settings, Web};
use guichet_keys::Role;
use http::{Answer, Request};
use sample::Scene;

const API_TOKEN: &str = "c0ffee";

/// Pages that are served, and every order that reached the node.
struct Served {
    to: SocketAddr,
    start_url: String,
    counter: Counter,
    asked: Arc<Mutex<Vec<String>>>,
}

/// A browser with a session on them.
struct Browser {
    to: SocketAddr,
    cookie: String,
    token: String,
}

async fn serve(role: Role, scene: Scene) -> Served {
    let side = if role == Role::Station {
        Side::Adviser
    } else {
        Side::Citizen
    };
    serve_with(role, move |ask| node::answer(ask, scene, side)).await
}

async fn serve_with(role: Role, answer: impl FnMut(Ask) + Send + 'static) -> Served {
    serve_as(role, true, answer).await
}

async fn serve_as(
    role: Role,
    kiosk_files: bool,
    mut answer: impl FnMut(Ask) + Send + 'static,
) -> Served {
    let (counter, mut incoming) = Counter::open();
    let settings = Settings {
        role,
        node: "ab".repeat(32),
        listen: ([127, 0, 0, 1], 0).into(),
        api_token: API_TOKEN.to_owned(),
        kiosk_files,
    };
    let web = Web::bind(settings, counter.clone()).await.expect("listens");
    let asked = Arc::new(Mutex::new(vec![]));
    let (to, start_url, seen) = (web.address(), web.start_url(), Arc::clone(&asked));
    tokio::spawn(async move {
        while let Some(ask) = incoming.recv().await {
            seen.lock().expect("no panic").push(format!("{ask:?}"));
            answer(ask);
        }
    });
    tokio::spawn(web.serve(std::future::pending()));
    Served {
        to,
        start_url,
        counter,
        asked,
    }
}

impl Served {
    async fn browser(&self) -> Browser {
        let path = self
            .start_url
            .rsplit_once(':')
            .and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
        let opened = Request::get(path.expect("a path")).send(self.to).await;
        assert_eq!(opened.status, 303);
        let line = opened.header("set-cookie").expect("a cookie");
        assert!(line.starts_with("guichet-abababab"), "{line}");
        assert!(
            line.contains("HttpOnly") && line.contains("SameSite=Strict"),
            "{line}"
        );
        let cookie = line.split(';').next().expect("a pair").to_owned();
        let page = Request::get("/status")
            .with("cookie", &cookie)
            .send(self.to)
            .await
            .text();
        let token = page
            .split("name=\"guichet-token\" content=\"")
            .nth(1)
            .expect("a token");
        Browser {
            to: self.to,
            cookie,
            token: token.split('"').next().expect("its end").to_owned(),
        }
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().expect("no panic"))
    }

    /// Sends something that must not get as far as the node.
    async fn refused(&self, request: Request, status: u16, kind: &str) {
        self.asked();
        let answer = request
            .clone()
            .with("accept", "application/json")
            .send(self.to)
            .await;
        assert_eq!(answer.status, status, "{request:?}: {}", answer.text());
        assert_eq!(answer.json()["kind"], kind, "{request:?}");
        for part in ["title", "safe", "todo", "error"] {
            assert!(answer.json()[part].is_string(), "{part}");
        }
        assert_eq!(self.asked(), Vec::<String>::new(), "{request:?}");
    }
}

impl Browser {
    fn get(&self, path: &str) -> Request {
        Request::get(path)
            .with("cookie", &self.cookie)
            .with("accept", "text/html")
    }

    /// An order as the page's scripts give it.
    fn post(&self, path: &str) -> Request {
        Request::post(path)
            .with("cookie", &self.cookie)
            .with("origin", format!("http://{}", self.to))
            .with("x-guichet-token", &self.token)
    }

    async fn page(&self, path: &str) -> String {
        let answer = self.get(path).send(self.to).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.text()
    }
}

fn case() -> String {
    "4a".repeat(16)
}

fn field(name: &str) -> String {
    format!("/cases/{}/forms/{}/fields/{name}", case(), "11".repeat(8))
}

fn bearer(request: Request) -> Request {
    request.with("authorization", format!("Bearer {API_TOKEN}"))
}
