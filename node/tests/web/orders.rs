//! Orders and their limits, errors, downloads, and what each role has.

use super::*;

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
        "Écrivez un nombre, de 0 à 20\u{202f}000, par exemple 412,50."
    );
}

#[tokio::test]
async fn a_download_is_the_exact_bytes_and_never_runs() {
    let served = serve(Role::Kiosk, Scene::Visit).await;
    let here = served.browser().await;
    let path = format!("/cases/{}/documents/{}", case(), "d0".repeat(16));
    let answer = here.get(&path).send(served.to).await;
    assert_eq!(answer.body, node::file().bytes);
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
        Ask::Desk { reply, .. } => drop(reply.send(Err(Refusal::Locked))),
        other => node::answer(other, Scene::Quiet, Side::Adviser),
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
    let saved = put(sample::VERSION).send(served.to).await;
    assert_eq!(
        (saved.status, saved.header("location")),
        (303, Some(format!("/cases/{}", case()).as_str()))
    );
    assert!(served.asked().iter().any(|ask| ask.contains("Splice")));
    assert_eq!(put(&"06".repeat(32)).send(served.to).await.status, 409);
    assert_eq!(put("nonsense").send(served.to).await.status, 400);
    assert!(!served.asked().iter().any(|ask| ask.contains("Splice")));
}
