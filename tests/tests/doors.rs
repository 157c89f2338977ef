//! Who knocks at the local pages without a right to: refused clearly, and the
//! node goes on.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use guichet_tests::api::Api;
use guichet_tests::process::until_healthy;
use guichet_tests::village::{Site, Village};
use serde_json::{Value, json};

const VALUE_BYTES: usize = 2_000_000;
const SESSION_WITHIN: std::time::Duration = std::time::Duration::from_secs(5);

/// What a node must answer: the status and the kind of trouble.
type Refusal = (u16, &'static str);

const FOREIGN: Refusal = (403, "foreign");
const NO_SESSION: Refusal = (401, "no-session");
const NO_TOKEN: Refusal = (403, "no-page-token");
const NOT_FOUND: Refusal = (404, "not-found");

async fn check_get(api: &Api, path: &str, expected: Refusal) {
    check(&api.get(path).await.unwrap(), path, expected);
}

async fn check_post(api: &Api, path: &str, body: &Value, expected: Refusal) {
    check(&api.post(path, body).await.unwrap(), path, expected);
}

fn check(answer: &guichet_tests::api::Answer, path: &str, (status, kind): Refusal) {
    let said = answer.json().unwrap_or_default();
    assert_eq!(
        (answer.status, &said["kind"]),
        (status, &json!(kind)),
        "{path}: {}",
        answer.text()
    );
    assert!(
        said["error"].as_str().is_some_and(|it| !it.contains('\n')),
        "one line: {said}"
    );
}

/// The API of a browser that came through a start URL, without its page's token.
async fn session(site: &Site) -> Api {
    let node = site.node().unwrap();
    let origin = format!("http://{}", node.address);
    let path = node.open().unwrap().replace(&origin, "");
    node.stranger().follow(&path).await.unwrap().1
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_requests_are_refused() {
    let mut village = Village::new("doors", 1, 1).unwrap();
    village.start().await.unwrap();
    for site in [&village.relay, &village.kiosks[0], &village.stations[0]] {
        let node = site.node().unwrap();
        let (address, script) = (node.address.to_string(), node.api().unwrap());
        let stranger = node.stranger();
        let order = json!({ "lang": "en" });

        check_get(&stranger, "/status", NO_SESSION).await;
        check_get(&stranger, "/events?at=/", NO_SESSION).await;
        check_post(&stranger, "/preferences", &order, NO_SESSION).await;
        let guess = stranger
            .clone()
            .with_header("Authorization", "Bearer 0123456789abcdef");
        check_get(&guess, "/status", NO_SESSION).await;
        check_get(
            &guess,
            "/start/0123456789abcdef",
            (401, "used-start-address"),
        )
        .await;

        let port = node.address.port();
        for host in [
            "example.org".into(),
            format!("localhost:{port}"),
            format!("{address}.example.org"),
        ] {
            check_get(
                &script.clone().with_header("Host", &host),
                "/status",
                FOREIGN,
            )
            .await;
        }
        for origin in ["http://example.org", "null", "http://127.0.0.1:1"] {
            check_get(
                &script.clone().with_header("Origin", origin),
                "/status",
                FOREIGN,
            )
            .await;
        }

        let session = session(site).await;
        assert_eq!(session.get("/status").await.unwrap().status, 200);
        check_post(&session, "/preferences", &order, FOREIGN).await;
        let own = session
            .clone()
            .with_header("Origin", &format!("http://{address}"));
        check_post(&own, "/preferences", &order, NO_TOKEN).await;
        for from in ["cross-site", "same-site"] {
            let crossed = own.clone().with_header("Sec-Fetch-Site", from);
            check_post(&crossed, "/preferences", &order, FOREIGN).await;
        }

        check_get(&script, "/no/such/page", NOT_FOUND).await;
        let opened = node.start_url.replace(&format!("http://{address}"), "");
        let first = stranger.get(&opened).await.unwrap();
        assert!((300..400).contains(&first.status), "{}", first.status);
        check_get(&stranger, &opened, (401, "used-start-address")).await;
        until_healthy(&site.place, node.address, SESSION_WITHIN)
            .await
            .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_orders_are_refused_and_nothing_is_lost() {
    let mut village = Village::new("orders", 1, 0).unwrap();
    village.kiosk().start().await.unwrap();
    let kiosk = village.kiosks[0].script().unwrap();
    let case = kiosk.begin("caf", "housing").await.unwrap();
    kiosk.set(&case, "rent", "412").await.unwrap();
    let before = kiosk.case(&case).await.unwrap();

    let api = kiosk.api();
    let nobody = "0".repeat(32);
    check_get(api, &format!("/cases/{nobody}"), NOT_FOUND).await;
    check_get(api, "/cases/x", NOT_FOUND).await;
    check_get(api, "/services/none", NOT_FOUND).await;
    let wrong = json!({ "service": "none", "template": "housing" });
    check_post(api, "/visit", &wrong, NOT_FOUND).await;
    let message = json!({ "text": "x".repeat(VALUE_BYTES) });
    check_post(
        api,
        &format!("/cases/{case}/messages"),
        &message,
        (413, "too-large"),
    )
    .await;
    for (field, value, expected) in [
        ("rent", "beaucoup".to_string(), (422, "invalid")),
        ("tenancy", "castle".to_string(), (422, "invalid")),
        ("last_name", "x".repeat(VALUE_BYTES), (413, "too-large")),
    ] {
        check(
            &kiosk.try_set(&case, field, &value).await.unwrap(),
            field,
            expected,
        );
    }
    let no_json = api
        .send("POST", "/visit", "application/json", b"{\"service\":")
        .await
        .unwrap();
    check(&no_json, "/visit", (400, "malformed"));
    let too_many = b"GET / HTTP/1.1\r\n".to_vec();
    let lines = (0..20_000).flat_map(|n| format!("X-{n}: y\r\n").into_bytes());
    let flood: Vec<u8> = too_many.into_iter().chain(lines).chain(*b"\r\n").collect();
    assert!(
        api.raw(&flood)
            .await
            .map_or(true, |answer| answer.status >= 400)
    );

    assert_eq!(
        kiosk.case(&case).await.unwrap()["forms"],
        before["forms"],
        "nothing has changed"
    );
}
