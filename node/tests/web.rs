//! The local pages against a real server on loopback, with a node that is scripted.

#[path = "web/http.rs"]
mod http;
#[path = "web/pages.rs"]
mod pages;
#[path = "web/sample.rs"]
mod sample;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use guichet::web::counter::{Ask, DOCUMENT_BYTES_MAX, Refusal};
use guichet::web::view::Side;
use guichet::web::{Change, Counter, STREAMS_MAX, Settings, Web};
use guichet_keys::Role;
use http::{Answer, Request};
use sample::Scene;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

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
    serve_with(role, move |ask| sample::answer(ask, scene, side)).await
}

async fn serve_with(role: Role, mut answer: impl FnMut(Ask) + Send + 'static) -> Served {
    let (counter, mut incoming) = Counter::open();
    let settings = Settings {
        role,
        node: "ab".repeat(32),
        listen: ([127, 0, 0, 1], 0).into(),
        api_token: API_TOKEN.to_owned(),
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

#[tokio::test]
async fn only_the_exact_host_is_answered() {
    let served = serve(Role::Kiosk, Scene::Visit).await;
    let port = served.to.port();
    let here = served.browser().await;
    for host in [
        "evil.example".to_owned(),
        format!("localhost:{port}"),
        format!("evil.example:{port}"),
        "127.0.0.1".to_owned(),
        format!("127.0.0.1:{}", port - 1),
        format!("127.0.0.1:{port}.evil.example"),
    ] {
        served
            .refused(here.get("/").with("host", &host), 403, "foreign")
            .await;
        served
            .refused(
                bearer(Request::get("/").with("host", &host)),
                403,
                "foreign",
            )
            .await;
        let health = Request::get("/healthz")
            .with("host", &host)
            .send(served.to)
            .await;
        assert_eq!(health.status, 403, "{host}");
    }
}

#[tokio::test]
async fn another_site_gives_no_order_and_reads_nothing() {
    let served = serve(Role::Kiosk, Scene::Visit).await;
    let here = served.browser().await;
    let other_port = format!("http://127.0.0.1:{}", served.to.port() - 1);
    for origin in [
        "https://evil.example",
        "null",
        &other_port,
        "http://localhost",
    ] {
        let end = here.post("/visit/end").with("origin", origin);
        served.refused(end, 403, "foreign").await;
        served
            .refused(here.get("/receipt").with("origin", origin), 403, "foreign")
            .await;
        served
            .refused(
                bearer(Request::post("/visit/end").with("origin", origin)),
                403,
                "foreign",
            )
            .await;
    }
    for site in ["cross-site", "same-site"] {
        served
            .refused(
                here.post("/visit/end").with("sec-fetch-site", site),
                403,
                "foreign",
            )
            .await;
        let picture = here
            .get("/receipt")
            .with("sec-fetch-site", site)
            .with("sec-fetch-mode", "no-cors");
        served.refused(picture, 403, "foreign").await;
    }
    let silent = here.post("/visit/end").with("origin", "-");
    served.refused(silent, 403, "foreign").await;
    let answer = here.get("/receipt").send(served.to).await;
    assert_eq!(answer.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn without_a_session_there_is_nothing_but_health_and_style() {
    let served = serve(Role::Kiosk, Scene::Visit).await;
    let case = case();
    for path in [
        "/",
        "/status",
        "/visit",
        "/receipt",
        "/services/caf",
        "/events?at=/",
        "/nowhere",
        &format!("/cases/{case}"),
        &format!("/cases/{case}/documents/{}", "d0".repeat(16)),
        &format!("/cases/{case}/documents/{}/pages/1.png", "d0".repeat(16)),
    ] {
        served.refused(Request::get(path), 401, "no-session").await;
        let forged = format!(
            "guichet-{}=; guichet-{}={}",
            "ab".repeat(8),
            "cd".repeat(8),
            "00".repeat(32)
        );
        served
            .refused(Request::get(path).with("cookie", forged), 401, "no-session")
            .await;
        served
            .refused(
                Request::get(path).with("authorization", "Bearer c0ffe"),
                401,
                "no-session",
            )
            .await;
        served
            .refused(
                Request::get(path).with("authorization", "Basic c0ffee"),
                401,
                "no-session",
            )
            .await;
    }
    served
        .refused(Request::post("/visit/end"), 401, "no-session")
        .await;
    assert_eq!(
        Request::get("/healthz").send(served.to).await.text(),
        "ok\n"
    );
    let page = Request::get("/").send(served.to).await.text();
    let style = page
        .split("href=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("a style");
    assert_eq!(Request::get(style).send(served.to).await.status, 200);
}

#[tokio::test]
async fn a_start_address_works_once_and_scripts_mint_others() {
    let served = serve(Role::Kiosk, Scene::Quiet).await;
    served.browser().await;
    let used = served
        .start_url
        .split(&served.to.to_string())
        .nth(1)
        .expect("a path")
        .to_owned();
    served
        .refused(Request::get(&used), 401, "used-start-address")
        .await;
    let minted = bearer(Request::post("/open")).send(served.to).await.json();
    let minted = minted["start_url"].as_str().expect("an address").to_owned();
    assert!(minted.starts_with(&format!("http://{}/start/", served.to)));
    let path = minted
        .split(&served.to.to_string())
        .nth(1)
        .expect("a path")
        .to_owned();
    assert_eq!(Request::get(&path).send(served.to).await.status, 303);
    let here = serve(Role::Kiosk, Scene::Quiet).await;
    let browser = here.browser().await;
    here.refused(browser.post("/open"), 401, "no-session").await;
}

#[tokio::test]
async fn an_order_repeats_the_token_of_its_page() {
    let served = serve(Role::Kiosk, Scene::Visit).await;
    let here = served.browser().await;
    let end = || here.post("/visit/end");
    served
        .refused(end().with("x-guichet-token", "-"), 403, "no-page-token")
        .await;
    served
        .refused(
            end().with("x-guichet-token", "00".repeat(32)),
            403,
            "no-page-token",
        )
        .await;
    served
        .refused(end().with("x-guichet-token", ""), 403, "no-page-token")
        .await;
    let documents = format!("/cases/{}/documents", case());
    let bare = here.post(&documents).with("x-guichet-token", "-");
    served
        .refused(
            bare.clone().body("application/pdf", "%PDF-"),
            403,
            "no-page-token",
        )
        .await;
    let form = |first: &str| {
        format!(
            "--x\r\n{first}--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n%PDF-\r\n--x--\r\n"
        )
    };
    let token =
        |token: &str| format!("content-disposition: form-data; name=\"token\"\r\n\r\n{token}\r\n");
    let upload = |body: String| bare.clone().body("multipart/form-data; boundary=x", body);
    served
        .refused(upload(form(&token("0"))), 403, "no-page-token")
        .await;
    served
        .refused(
            upload(form("").replacen("--x\r\n", "", 1)),
            403,
            "no-page-token",
        )
        .await;
    assert_eq!(
        upload(form(&token(&here.token)))
            .send(served.to)
            .await
            .status,
        303
    );
    assert_eq!(end().json("{}").send(served.to).await.status, 200);
    let hidden = end()
        .with("x-guichet-token", "-")
        .form(&format!("token={}", here.token));
    let ended = hidden.send(served.to).await;
    assert_eq!(
        (ended.status, ended.header("location")),
        (303, Some("/?ended=1"))
    );
    assert_eq!(
        bearer(Request::post("/visit/end"))
            .send(served.to)
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn what_is_too_large_is_refused_and_the_pages_go_on() {
    let served = serve(Role::Kiosk, Scene::Visit).await;
    let here = served.browser().await;
    let value = |bytes: usize| format!("{{\"value\":\"{}\"}}", "x".repeat(bytes));
    let rent = || here.post(&field("rent"));
    served
        .refused(rent().json(&value(2 << 20)), 413, "too-large")
        .await;
    served
        .refused(rent().json(&value((64 << 10) + 1)), 413, "too-large")
        .await;
    let say = here.post(&format!("/cases/{}/messages", case()));
    served
        .refused(
            say.json(&value(70_000).replace("value", "text")),
            413,
            "too-large",
        )
        .await;
    let documents = format!("/cases/{}/documents", case());
    let raw = here
        .post(&documents)
        .body("application/pdf", vec![b'%'; DOCUMENT_BYTES_MAX + 1]);
    served.refused(raw, 413, "too-large").await;
    let mut form =
        b"--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n".to_vec();
    form.resize(form.len() + DOCUMENT_BYTES_MAX + 1, b'%');
    form.extend_from_slice(b"\r\n--x--\r\n");
    let upload = here
        .post(&documents)
        .body("multipart/form-data; boundary=x", form);
    served.refused(upload, 413, "too-large").await;
    assert_eq!(here.get("/").send(served.to).await.status, 200);
    let whole = here
        .post(&documents)
        .body("application/pdf", vec![b'%'; DOCUMENT_BYTES_MAX]);
    assert_eq!(
        whole
            .with("accept", "application/json")
            .send(served.to)
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn what_is_not_there_or_not_understood_is_said_so() {
    let served = serve(Role::Kiosk, Scene::Visit).await;
    let here = served.browser().await;
    let unknown = "77".repeat(16);
    for path in [
        "/nowhere",
        "/desk",
        "/unlock",
        "/cases/short",
        "/cases/..%2f..%2fetc",
        "/services/CAF",
        &format!("/cases/{}", "ZZ".repeat(16)),
        &format!("/cases/{}/documents/xyz", case()),
        &format!("/cases/{}/documents/{unknown}/pages/0.png", case()),
        &format!("/cases/{}/documents/{unknown}/pages/1.gif", case()),
    ] {
        served.refused(here.get(path), 404, "not-found").await;
        let page = here.get(path).send(served.to).await;
        assert_eq!(page.status, 404);
        assert!(
            page.text().contains("<h1>") && page.text().contains("n’a pas changé"),
            "{path}"
        );
    }
    for path in [format!("/cases/{unknown}"), "/services/mairie".to_owned()] {
        let answer = here
            .get(&path)
            .with("accept", "application/json")
            .send(served.to)
            .await;
        assert_eq!(
            (answer.status, &answer.json()["kind"]),
            (404, &"not-found".into()),
            "{path}"
        );
    }
    served
        .refused(
            here.post("/visit").json("{\"service\":\"caf\"}"),
            400,
            "malformed",
        )
        .await;
    served
        .refused(here.post("/visit").json("[1]"), 400, "malformed")
        .await;
    served
        .refused(
            here.post("/visit").json("{\"service\":{}}"),
            400,
            "malformed",
        )
        .await;
    served
        .refused(
            here.post("/visit").body("text/plain", "service=caf"),
            400,
            "malformed",
        )
        .await;
    served
        .refused(
            here.post(&format!("{}/splice", field("situation")))
                .json("{\"version\":\"v\",\"at\":-1,\"delete\":0}"),
            400,
            "malformed",
        )
        .await;
    served
        .refused(here.get("/events?at=/desk"), 400, "malformed")
        .await;
    served
        .refused(
            here.post(&field("rent").replace("/forms/11", "/forms/xx"))
                .json("{}"),
            404,
            "not-found",
        )
        .await;
}

#[tokio::test]
async fn a_node_that_refuses_or_is_gone_is_told_in_words() {
    let served = serve_with(Role::Kiosk, |ask| {
        if let Ask::Home(reply) = ask {
            drop(reply.send(Err(Refusal::DiskFull)));
        }
    })
    .await;
    let home = bearer(Request::get("/")).send(served.to).await;
    assert_eq!(
        (home.status, &home.json()["kind"]),
        (507, &"disk-full".into())
    );
    let visit = bearer(Request::get("/visit")).send(served.to).await;
    assert_eq!(
        (visit.status, &visit.json()["kind"]),
        (503, &"stopping".into())
    );
    let rent = serve(Role::Kiosk, Scene::Visit).await;
    let here = rent.browser().await;
    let wrong = here
        .post(&field("rent"))
        .json("{\"value\":\"quatre\"}")
        .send(rent.to)
        .await;
    assert_eq!(wrong.status, 422);
    assert_eq!(
        wrong.json()["title"],
        "Écrivez un nombre, par exemple 412,50."
    );
}

#[tokio::test]
async fn every_answer_is_closed_to_other_sites_and_to_caches() {
    let served = serve(Role::Kiosk, Scene::Visit).await;
    let here = served.browser().await;
    for path in ["/", "/nowhere", "/status", &format!("/cases/{}", case())] {
        let answer = here.get(path).send(served.to).await;
        let policy = answer.header("content-security-policy").expect("a policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("x-frame-options"), Some("DENY"));
        let page = answer.text();
        for inline in ["<style", " style=", " onclick=", "javascript:"] {
            assert!(!page.contains(inline), "{path}: {inline}");
        }
        assert_eq!(
            page.matches("<script").count(),
            page.matches("<script type=\"module\" src=\"/assets/")
                .count()
        );
    }
}

#[tokio::test]
async fn a_download_is_the_exact_bytes_and_never_runs() {
    let served = serve(Role::Kiosk, Scene::Visit).await;
    let here = served.browser().await;
    let path = format!("/cases/{}/documents/{}", case(), "d0".repeat(16));
    let answer = here.get(&path).send(served.to).await;
    assert_eq!(answer.body, sample::file().bytes);
    assert_eq!(answer.header("content-type"), Some("application/pdf"));
    assert_eq!(
        answer.header("content-disposition"),
        Some(
            "attachment; filename=\"Bail sign_ _1_.pdf\"; filename*=UTF-8''Bail%20sign%C3%A9%20%221%22.pdf"
        )
    );
    assert!(
        answer
            .header("content-security-policy")
            .is_some_and(|policy| policy.contains("sandbox"))
    );
    let picture = here
        .get(&format!("{path}/pages/1.png"))
        .send(served.to)
        .await;
    assert_eq!(picture.header("content-type"), Some("image/png"));
    assert!(picture.body.starts_with(b"\x89PNG"));
    let beyond = here
        .get(&format!("{path}/pages/3.png"))
        .with("accept", "application/json");
    assert_eq!(
        beyond.send(served.to).await.json()["picture"],
        "no-such-page"
    );
}

#[tokio::test]
async fn each_role_has_its_own_pages() {
    let relay = serve(Role::Relay, Scene::Quiet).await;
    let here = relay.browser().await;
    assert_eq!(
        here.get("/").send(relay.to).await.header("location"),
        Some("/status")
    );
    relay
        .refused(here.get(&format!("/cases/{}", case())), 404, "not-found")
        .await;
    relay.refused(here.get("/visit"), 404, "not-found").await;
    let station = serve(Role::Station, Scene::Quiet).await;
    let desk = station.browser().await;
    assert_eq!(
        desk.get("/").send(station.to).await.header("location"),
        Some("/desk")
    );
    station
        .refused(desk.get("/receipt"), 404, "not-found")
        .await;
    let wrong = desk.post("/unlock").json(&format!(
        "{{\"adviser\":\"{}\",\"passphrase\":\"x\"}}",
        "01".repeat(32)
    ));
    let wrong = wrong.send(station.to).await;
    assert_eq!((wrong.status, &wrong.json()["pause_s"]), (403, &5.into()));
    let asked = station.asked().join(" ");
    assert!(
        asked.contains("Unlock") && asked.contains("passphrase: Passphrase,"),
        "{asked}"
    );
}

#[tokio::test]
async fn a_station_that_is_locked_and_a_kiosk_without_a_visit_lead_to_the_door() {
    let locked = serve_with(Role::Station, |ask| match ask {
        Ask::Desk(reply) => drop(reply.send(Err(Refusal::Locked))),
        ask => sample::answer(ask, Scene::Quiet, Side::Adviser),
    })
    .await;
    let desk = locked.browser().await;
    assert_eq!(
        desk.get("/desk").send(locked.to).await.header("location"),
        Some("/unlock")
    );
    assert_eq!(
        bearer(Request::get("/desk")).send(locked.to).await.json()["kind"],
        "locked"
    );
    let quiet = serve(Role::Kiosk, Scene::Quiet).await;
    let here = quiet.browser().await;
    assert_eq!(
        here.get("/visit").send(quiet.to).await.header("location"),
        Some("/")
    );
}

#[tokio::test]
async fn only_loopback_is_listened_on() {
    let (counter, _asked) = Counter::open();
    let settings = Settings {
        role: Role::Kiosk,
        node: "ab".to_owned(),
        listen: ([0, 0, 0, 0], 0).into(),
        api_token: String::new(),
    };
    let refused = Web::bind(settings, counter)
        .await
        .expect_err("reachable by others");
    assert_eq!(refused.kind(), std::io::ErrorKind::InvalidInput);
}

#[tokio::test]
async fn preferences_hold_for_the_visit_and_lead_nowhere_else() {
    let served = serve(Role::Kiosk, Scene::Visit).await;
    let here = served.browser().await;
    let prefer = |body: &str| here.post("/preferences").form(body);
    let back = prefer("lang=en&size=xlarge&contrast=high&back=/receipt")
        .send(served.to)
        .await;
    assert_eq!(back.header("location"), Some("/receipt"));
    let page = here.page("/receipt").await;
    assert!(page.contains("<html lang=\"en\" class=\"kiosk text-xlarge contrast\">"));
    for evil in ["//evil.example", "https://evil.example", "/\\evil.example"] {
        let answer = prefer(&format!("back={evil}")).send(served.to).await;
        assert_eq!(answer.header("location"), Some("/"), "{evil}");
    }
    assert_eq!(
        here.post("/visit/end")
            .json("")
            .send(served.to)
            .await
            .status,
        200
    );
    assert!(
        here.page("/")
            .await
            .contains("<html lang=\"fr\" class=\"kiosk\">")
    );
}

#[tokio::test]
async fn without_scripts_a_text_is_put_only_onto_its_own_version() {
    let served = serve(Role::Kiosk, Scene::Visit).await;
    let here = served.browser().await;
    let put = |version: &str| {
        here.post(&field("situation"))
            .form(&format!("version={version}&text=Nouveau"))
    };
    let saved = put("v7").send(served.to).await;
    assert_eq!(
        (saved.status, saved.header("location")),
        (303, Some(format!("/cases/{}", case()).as_str()))
    );
    assert!(served.asked().iter().any(|ask| ask.contains("Splice")));
    assert_eq!(put("v6").send(served.to).await.status, 409);
    assert!(!served.asked().iter().any(|ask| ask.contains("Splice")));
}

/// Reads server-sent events until `enough` of the text so far.
async fn hear(stream: &mut TcpStream, enough: impl Fn(&str) -> bool) -> String {
    let mut heard = Vec::new();
    let mut chunk = [0; 16 << 10];
    let listening = async {
        while !enough(&String::from_utf8_lossy(&heard)) {
            match stream.read(&mut chunk).await.expect("a stream") {
                0 => break,
                read => heard.extend_from_slice(&chunk[..read]),
            }
        }
    };
    let in_time = tokio::time::timeout(std::time::Duration::from_secs(10), listening).await;
    let heard = String::from_utf8_lossy(&heard).into_owned();
    assert!(in_time.is_ok(), "heard only: {heard}");
    heard
}

#[tokio::test]
async fn events_tell_what_changed_and_nothing_else() {
    let scene = Arc::new(Mutex::new(Scene::Visit));
    let now = Arc::clone(&scene);
    let served = serve_with(Role::Kiosk, move |ask| {
        let scene = *now.lock().expect("no panic");
        sample::answer(ask, scene, Side::Citizen);
    })
    .await;
    let here = served.browser().await;
    let mut stream = here
        .get(&format!("/events?at=/cases/{}", case()))
        .open(served.to)
        .await;
    let first = hear(&mut stream, |text| text.contains("\"id\":\"idle\"")).await;
    assert!(first.contains("text/event-stream") && first.contains("no-store"));
    assert!(first.contains("f-1111111111111111-rent") && first.contains("\"id\":\"messages\""));
    let page = here.page(&format!("/cases/{}", case())).await;
    let rev = first
        .split("\"id\":\"line\",\"rev\":\"")
        .nth(1)
        .or(first.split("\"rev\":\"").nth(1));
    let rev = rev
        .and_then(|rest| rest.split('"').next())
        .expect("a revision");
    assert!(
        page.contains(rev),
        "the page and its stream agree on revisions"
    );
    *scene.lock().expect("no panic") = Scene::Cut;
    served.counter.tell(Change::Case([0x4a; 16].into()));
    let next = hear(&mut stream, |text| text.contains("Ligne coupée")).await;
    assert!(
        !next.contains("-rent") && !next.contains("\"id\":\"messages\""),
        "{next}"
    );
    served.counter.tell(Change::VisitEnded);
    let last = hear(&mut stream, |text| text.contains("event: go")).await;
    assert!(last.contains("/?ended=1"));
}

#[tokio::test]
async fn event_streams_are_bounded_and_a_slow_one_catches_up() {
    let served = serve(Role::Kiosk, Scene::Visit).await;
    let here = served.browser().await;
    let mut open = vec![];
    for _ in 0..STREAMS_MAX {
        let mut stream = here.get("/events?at=/").open(served.to).await;
        hear(&mut stream, |text| text.contains("event: fragment")).await;
        open.push(stream);
    }
    served
        .refused(here.get("/events?at=/"), 503, "crowded")
        .await;
    for _ in 0..2_000 {
        served.counter.tell(Change::Status);
    }
    served.counter.tell(Change::VisitEnded);
    assert_eq!(here.get("/").send(served.to).await.status, 200);
    drop(open);
    let again = async {
        loop {
            let answer: Answer = here
                .get("/events?at=/nowhere")
                .with("accept", "application/json")
                .send(served.to)
                .await;
            assert_eq!(answer.status, 400);
            let mut stream = here.get("/events?at=/").open(served.to).await;
            let heard = hear(&mut stream, |text| text.contains("\r\n\r\n")).await;
            if heard.starts_with("HTTP/1.1 200") {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), again)
        .await
        .expect("room again");
}
