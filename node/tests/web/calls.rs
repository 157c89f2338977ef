//! Waiting and calls: what each page shows in each state, and what may be ordered.

use super::*;
use guichet::web::counter::OFFER_BYTES_MAX;

/// The fragment that carries the call, out of a page.
fn call(page: &str) -> &str {
    let part = page.split(" id=\"call\" ").nth(1).expect("a call");
    part.split("</section>").next().expect("its end")
}

#[tokio::test]
async fn the_pictures_stand_once_and_at_the_same_place_whatever_the_state() {
    for scene in Scene::ALL {
        for (role, paths) in [
            (
                Role::Kiosk,
                vec!["/", "/services/caf", "/visit", "/receipt"],
            ),
            (Role::Station, vec!["/desk"]),
        ] {
            let served = serve(role, scene).await;
            let here = served.browser().await;
            let case = format!("/cases/{}", case());
            for path in paths.into_iter().chain([case.as_str()]) {
                let answer = here.get(path).send(served.to).await;
                if answer.status != 200 {
                    continue;
                }
                let page = answer.text();
                assert_eq!(page.matches("data-theirs").count(), 1, "{scene:?} {path}");
                assert_eq!(page.matches("data-own ").count(), 1, "{scene:?} {path}");
                let window = call(&page).split("call__window").nth(1).expect("a window");
                let (_, inside) = window.split_once('>').expect("its content");
                let kept = "<div class=\"stage__pictures\" id=\"pictures\" data-keep>";
                assert!(inside.starts_with(kept), "{scene:?} {path}: {inside}");
            }
        }
    }
}

#[tokio::test]
async fn a_place_in_the_queue_is_a_rank_and_an_honest_range() {
    let served = serve(Role::Kiosk, Scene::Waiting).await;
    let here = served.browser().await;
    let page = here.page(&format!("/cases/{}", case())).await;
    let call = call(&page);
    assert!(call.contains("Vous êtes 3e dans la file.") && call.contains("3<sup>e</sup>"));
    assert!(call.contains("Entre 10 et 15\u{a0}minutes"));
    assert!(page.contains("action=\"/call/leave\"") && call.contains("href=\"#say\""));
    assert!(!page.contains("action=\"/call/answer\""));
    assert!(here.page("/").await.contains("Revenir à ma place"));
}

#[tokio::test]
async fn who_calls_and_who_reads_is_said_before_the_answer() {
    for path in [format!("/cases/{}", case()), "/".to_owned()] {
        let served = serve(Role::Kiosk, Scene::Ringing).await;
        let page = served.browser().await.page(&path).await;
        let call = call(&page);
        assert!(call.contains("Nadia Roche, de la\u{a0}CAF, vous appelle"));
        assert!(call.contains("La CAF lit ce que vous écrivez"));
        assert!(call.contains("action=\"/call/answer\"") && call.contains("Pas maintenant"));
    }
}

#[tokio::test]
async fn what_leaves_from_here_is_said_on_its_buttons_and_never_as_open_over_a_cut() {
    let speaking = serve(Role::Kiosk, Scene::Speaking).await;
    let page = speaking
        .browser()
        .await
        .page(&format!("/cases/{}", case()))
        .await;
    assert!(page.contains("Micro ouvert") && page.contains("Caméra ouverte"));
    assert!(page.contains("stage--clear") && page.contains("Raccrocher"));
    let paused = serve(Role::Kiosk, Scene::Paused).await;
    let page = paused
        .browser()
        .await
        .page(&format!("/cases/{}", case()))
        .await;
    assert!(page.contains("Micro en pause") && page.contains("Caméra coupée"));
    assert!(page.contains("stage--frozen") && page.contains("Tout est gardé."));
    assert!(!page.contains("Micro ouvert") && !page.contains("Caméra ouverte"));
}

#[tokio::test]
async fn only_those_whose_turn_it_is_are_taken_without_a_reason() {
    let served = serve(Role::Station, Scene::Waiting).await;
    let here = served.browser().await;
    let page = here.page("/desk").await;
    let queue = page.split("id=\"queue\"").nth(1).expect("the queue");
    let queue = queue.split("</table>").next().expect("its end");
    let row = |name: &str| {
        let row = queue.split("<tr ").find(|row| row.contains(name));
        row.expect("a row").to_owned()
    };
    assert!(row("Odile Brun").contains("action=\"/desk/take\""));
    assert!(!row("Odile Brun").contains("name=\"reason\""));
    assert!(row("Claire Dumas").contains("action=\"/desk/take\""));
    assert!(row("Amadou Keïta").contains("name=\"reason\""));
    assert!(row("Amadou Keïta").contains("English") && row("Pradel").contains("Écrit"));
    for not_now in ["Lucien Fayet", "Karim Benali"] {
        assert!(!row(not_now).contains("/desk/take"), "{not_now}");
    }
    let take = |reason: &str| {
        let ticket = "01".repeat(16);
        here.post("/desk/take")
            .json(&format!("{{\"ticket\":\"{ticket}\"{reason}}}"))
    };
    for nothing in ["  ", "\u{200b}\u{2800}", "\\u0000"] {
        let refused = take(&format!(",\"reason\":\"{nothing}\""));
        let refused = refused.send(served.to).await;
        assert_eq!(
            (refused.status, &refused.json()["kind"]),
            (409, &"not-their-turn".into()),
            "{nothing:?}"
        );
    }
    let taken = take(",\"reason\":\"Il a un train\"").send(served.to).await;
    assert_eq!(taken.status, 200);
    let asked = served.asked().join(" ");
    assert!(asked.contains("reason: Some(\"Il a un train\")"), "{asked}");
    let long = take(&format!(",\"reason\":\"{}\"", "x".repeat(5_000)));
    served.refused(long, 413, "too-large").await;
    let unknown = here.post("/desk/take").json("{\"ticket\":\"first\"}");
    served.refused(unknown, 404, "not-found").await;
}

#[tokio::test]
async fn a_call_is_handed_to_those_who_are_free() {
    let served = serve(Role::Station, Scene::Speaking).await;
    let here = served.browser().await;
    let page = here.page(&format!("/cases/{}", case())).await;
    let (free, busy) = ("03".repeat(32), "02".repeat(32));
    assert!(call(&page).contains(&free) && !call(&page).contains(&busy));
    let pass = here.post("/call/pass").form(&format!("station={free}"));
    assert_eq!(pass.send(served.to).await.header("location"), Some("/call"));
    let desk = here.page("/desk").await;
    assert!(desk.contains("Dossier de l’appel") && !desk.contains("Faire une pause"));
}

#[tokio::test]
async fn orders_of_a_call_are_read_with_care() {
    let served = serve(Role::Kiosk, Scene::Visit).await;
    let here = served.browser().await;
    let join = |more: &str| {
        here.post("/call")
            .json(&format!("{{\"case\":\"{}\"{more}}}", case()))
    };
    let joined = join(",\"lang\":\"uk\",\"mode\":\"writing\"");
    assert_eq!(joined.send(served.to).await.status, 200);
    let asked = served.asked().join(" ");
    assert!(asked.contains("lang: \"uk\", mode: Writing"), "{asked}");
    assert_eq!(join("").send(served.to).await.status, 200);
    let asked = served.asked().join(" ");
    assert!(asked.contains("lang: \"fr\", mode: Voice"), "{asked}");
    for wrong in [",\"lang\":\"<b>\"", ",\"mode\":\"signs\"", ",\"lang\":\"\""] {
        served.refused(join(wrong), 400, "malformed").await;
    }
    let sending = |said: &str| here.post("/call/sending").json(said);
    let muted = sending("{\"audio\":false,\"video\":true}");
    assert_eq!(muted.send(served.to).await.status, 200);
    let asked = served.asked().join(" ");
    assert!(asked.contains("audio: false, video: true"), "{asked}");
    for wrong in ["{\"audio\":false}", "{\"audio\":1,\"video\":true}"] {
        served.refused(sending(wrong), 400, "malformed").await;
    }
    let offer = |page: &str, bytes: usize| {
        let sdp = "x".repeat(bytes);
        here.post("/call/offer")
            .json(&format!("{{\"page\":{page},\"sdp\":\"{sdp}\"}}"))
    };
    let answer = offer("9007199254740991", OFFER_BYTES_MAX);
    assert_eq!(answer.send(served.to).await.json()["sdp"], "v=0\r\n");
    assert!(served.asked().join(" ").contains("9007199254740991"));
    let long = offer("1", OFFER_BYTES_MAX + 1);
    served.refused(long, 413, "too-large").await;
    for wrong in ["-1", "1.5", "\"first\""] {
        served.refused(offer(wrong, 1), 400, "malformed").await;
    }
}

#[tokio::test]
async fn the_call_is_json_for_programs_and_its_page_for_people() {
    let served = serve(Role::Kiosk, Scene::Waiting).await;
    let here = served.browser().await;
    let told = bearer(Request::get("/call")).send(served.to).await.json();
    assert_eq!(
        (&told["call"], &told["ahead"]),
        (&"waiting".into(), &2.into())
    );
    let page = here.get("/call").send(served.to).await;
    assert_eq!(
        page.header("location"),
        Some(format!("/cases/{}", case()).as_str())
    );
    let station = serve(Role::Station, Scene::Quiet).await;
    let desk = station.browser().await;
    let page = desk.get("/call").send(station.to).await;
    assert_eq!(page.header("location"), Some("/desk"));
    for (served, browser, path) in [
        (&served, &here, "/desk/take"),
        (&served, &here, "/call/pass"),
        (&station, &desk, "/call"),
        (&station, &desk, "/call/answer"),
    ] {
        served.refused(browser.post(path), 404, "not-found").await;
    }
}

#[tokio::test]
async fn what_programs_read_names_nothing_twice() {
    for role in [Role::Kiosk, Role::Station] {
        let served = serve(role, Scene::Visit).await;
        let case = format!("/cases/{}", case());
        for path in ["/visit", "/receipt", "/status", "/desk", "/call", &case] {
            let answer = bearer(Request::get(path)).send(served.to).await;
            if answer.status == 200 {
                answer.json();
            }
        }
    }
}

#[tokio::test]
async fn a_stations_open_page_says_so_and_a_kiosks_does_not() {
    for (role, said) in [(Role::Station, true), (Role::Kiosk, false)] {
        let served = serve(role, Scene::Visit).await;
        let here = served.browser().await;
        let at = format!("/events?at=/cases/{}", case());
        let mut stream = here.get(&at).open(served.to).await;
        super::stream::hear(&mut stream, |text| text.contains("\"id\":\"call\"")).await;
        let mut open = false;
        for _ in 0..50 {
            open |= served.asked().iter().any(|ask| ask.starts_with("PageOpen"));
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        assert_eq!(open, said, "{role:?}");
    }
}

#[tokio::test]
async fn who_takes_somebody_whose_case_is_still_coming_is_told_so() {
    let served = serve_with(Role::Station, |ask| match ask {
        Ask::TakeTicket { reply, .. } => drop(reply.send(Err(Refusal::NotArrived))),
        other => node::answer(other, Scene::Waiting, Side::Adviser),
    })
    .await;
    let here = served.browser().await;
    let fields = format!("ticket={}&reason=Un+train", "02".repeat(16));
    let order = || here.post("/desk/take").form(&fields);
    let told = order()
        .with("accept", "application/json")
        .send(served.to)
        .await;
    assert_eq!(told.status, 409);
    assert_eq!(told.json()["kind"], "not-arrived");
    let page = order().send(served.to).await.text();
    assert!(page.contains("n’est pas encore arrivé"), "{page}");
}
