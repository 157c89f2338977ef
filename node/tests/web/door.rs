//! Who is let in: host, origin, session, token; and what every answer forbids.

use super::*;

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
async fn only_loopback_is_listened_on() {
    let (counter, _asked) = Counter::open();
    let settings = Settings {
        role: Role::Kiosk,
        node: "ab".to_owned(),
        listen: ([0, 0, 0, 0], 0).into(),
        api_token: String::new(),
        kiosk_files: true,
    };
    let refused = Web::bind(settings, counter)
        .await
        .expect_err("reachable by others");
    assert_eq!(refused.kind(), std::io::ErrorKind::InvalidInput);
}
