//! What an adviser does in a case, the history, the search, and who else is there.

use guichet::clock;
use guichet::web::counter::NOTE_BYTES_MAX;
use guichet::web::view::{EventView, Happened, Line, Turn, Who};

use super::*;

#[tokio::test]
async fn notes_and_checks_are_orders_of_a_station_alone() {
    let desk = serve(Role::Station, Scene::Visit).await;
    let here = desk.browser().await;
    let at = |what: &str| format!("/cases/{}/{what}", case());
    let post = |what: &str, fields: &str| here.post(&at(what)).form(fields);
    desk.asked();
    for (what, fields, asked) in [
        ("notes", "text=Garage+compris", "Note { case"),
        (
            "identity",
            "way=passport&remark=",
            "way: Passport, remark: None",
        ),
        (
            "identity",
            "way=passport&remark=Vieux",
            "remark: Some(\"Vieux\")",
        ),
        (
            "identity",
            "way=passport&remark=%E2%80%8B%00",
            "way: Passport, remark: None",
        ),
        (
            "reading",
            "form=1111111111111111&field=rent",
            "In(FieldPlace",
        ),
        ("reading", "", "Outside"),
    ] {
        let answer = post(what, fields).send(desk.to).await;
        assert_eq!(answer.status, 303, "{what}: {}", answer.text());
        let seen = desk.asked().join(" ");
        assert!(seen.contains(asked), "{what} {fields}: {seen}");
    }
    let long = "x".repeat(NOTE_BYTES_MAX + 1);
    for (what, fields, status, kind) in [
        ("notes", "text=+++".to_owned(), 400, "malformed"),
        ("notes", "text=%E2%80%8B".to_owned(), 400, "malformed"),
        ("messages", "text=%00".to_owned(), 400, "malformed"),
        ("messages", "text=%EF%BB%BF+".to_owned(), 400, "malformed"),
        ("notes", format!("text={long}"), 413, "too-large"),
        ("identity", "way=told-so".to_owned(), 400, "malformed"),
        (
            "identity",
            format!("way=passport&remark={long}"),
            413,
            "too-large",
        ),
    ] {
        desk.refused(post(what, &fields), status, kind).await;
    }
    let kiosk = serve(Role::Kiosk, Scene::Visit).await;
    let there = kiosk.browser().await;
    for what in [
        "notes",
        "identity",
        "identity/unsent",
        "reason/unsent",
        "reading",
    ] {
        let order = there.post(&at(what)).form("text=x&way=passport");
        kiosk.refused(order, 404, "not-found").await;
    }
    kiosk
        .refused(there.get(&at("history")), 404, "not-found")
        .await;
}

#[tokio::test]
async fn a_long_history_stays_short_beside_the_work() {
    let served = serve_with(Role::Station, |ask| match ask {
        Ask::Case { reply, .. } => {
            let mut view = sample::case(Scene::Visit, Side::Adviser);
            let event = |n: u64| EventView {
                what: Happened::DocumentAdded {
                    name: format!("page-{n}.pdf"),
                },
                by: Who::Citizen,
                at_s: sample::NOW_S - 1000 + n,
            };
            view.timeline = (0..200).map(event).collect();
            drop(reply.send(Ok(view)));
        }
        other => node::answer(other, Scene::Visit, Side::Adviser),
    })
    .await;
    let here = served.browser().await;
    let path = format!("/cases/{}", case());
    let page = here.page(&path).await;
    let told = |page: &str, n: u32| page.contains(&format!("page-{n}.pdf"));
    assert!(told(&page, 199) && told(&page, 150) && !told(&page, 149));
    assert!(page.contains("Les 50 derniers sur 200"));
    let whole = format!("{path}/history");
    assert!(page.contains(&format!("href=\"{whole}\"")));
    let page = here.page(&whole).await;
    assert!((0..200).all(|n| told(&page, n)));
    let order = page.find("page-0.pdf") < page.find("page-1.pdf");
    assert!(order, "the oldest first");
}

#[tokio::test]
async fn a_search_is_an_address_and_outlasts_news_of_the_page() {
    let served = serve(Role::Station, Scene::Visit).await;
    let here = served.browser().await;
    served.asked();
    let page = here.page("/desk?search=+L%C3%A9a+%3Cb%3E+").await;
    let asked = served.asked().join(" ");
    assert!(asked.contains("search: Some(\"Léa <b>\")"), "{asked}");
    assert!(page.contains("name=\"search\" value=\"Léa &lt;b&gt;\""));
    assert!(page.contains("1 dossier trouvé sur 4") && !page.contains("<b>\u{202f}»"));
    assert!(page.contains("href=\"/desk\">Tous les dossiers"));
    let whole = here.page("/desk?search=++").await;
    assert!(!whole.contains("trouvé"), "nothing is searched for");

    let form = here.post("/desk/search").form("search=+Vidal+");
    let answer = form.send(served.to).await;
    let address = answer
        .header("location")
        .expect("where it is found")
        .to_owned();
    assert!(address.starts_with("/desk?found="), "{address}");
    assert!(!address.contains("Vidal"), "{address}");
    let page = here.page(&address).await;
    assert!(page.contains("value=\"Vidal\"") && page.contains("1 dossier trouvé sur 4"));
    let at = format!(
        "/events?at={}",
        address.replace('?', "%3F").replace('=', "%3D")
    );
    let mut news = here.get(&at).open(served.to).await;
    let told = stream::hear(&mut news, |text| text.contains("\"id\":\"cases\"")).await;
    assert!(told.contains("1 dossier trouvé sur 4"), "{told}");
    here.post("/lock").form("").send(served.to).await;
    let whole = here.page(&address).await;
    assert!(!whole.contains("trouvé"), "it goes with the adviser");

    let json = bearer(Request::get("/desk?search=vidal"))
        .send(served.to)
        .await
        .json();
    assert_eq!(json["search"]["words"], "vidal");
    assert_eq!(json["cases"].as_array().map(Vec::len), Some(1));
    served.asked();
    let long = "x".repeat(300);
    here.page(&format!("/desk?search={long}")).await;
    let asked = served.asked().join(" ");
    assert!(asked.contains(&"x".repeat(100)) && !asked.contains(&"x".repeat(101)));

    let news = here.get("/events?at=%2Fdesk%3Fsearch%3DL%25C3%25A9a");
    let mut news = news.open(served.to).await;
    let told = stream::hear(&mut news, |text| text.contains("\"id\":\"cases\"")).await;
    assert!(told.contains("1 dossier trouvé sur 4"), "{told}");
}

#[tokio::test]
async fn whoever_else_is_there_is_named() {
    let desk = serve(Role::Station, Scene::Visit).await;
    let page = desk
        .browser()
        .await
        .page(&format!("/cases/{}", case()))
        .await;
    assert!(page.contains("Karim Benali est aussi sur ce dossier"));
    let first_name = page
        .split("-first_name\"")
        .nth(1)
        .and_then(|rest| rest.split("</form>").next());
    let first_name = first_name.expect("the field");
    assert!(
        first_name.contains("Karim Benali est dans ce champ"),
        "{first_name}"
    );
    assert_eq!(page.matches("est dans ce champ").count(), 1);
    assert!(page.contains("Identité vérifiée par vous à"));
    assert!(page.contains("Valable jusqu’en mars."));

    let kiosk = serve(Role::Kiosk, Scene::Waiting).await;
    let page = kiosk
        .browser()
        .await
        .page(&format!("/cases/{}", case()))
        .await;
    assert!(page.contains("Nadia Roche lit votre formulaire"));
    let kiosk = serve(Role::Kiosk, Scene::Visit).await;
    let page = kiosk
        .browser()
        .await
        .page(&format!("/cases/{}", case()))
        .await;
    assert!(!page.contains("lit votre formulaire"));
    assert!(page.contains("Identité vérifiée par Nadia Roche à"));
}

/// The page of a case says again and again that it is open; those of a kiosk never.
#[tokio::test]
async fn an_open_page_of_a_case_is_told_of() {
    let at = format!("/events?at=%2Fcases%2F{}", case());
    let told = "whereabouts: AsBefore";
    let desk = serve(Role::Station, Scene::Visit).await;
    let mut news = desk.browser().await.get(&at).open(desk.to).await;
    let mut asked = String::new();
    let begun = std::time::Instant::now();
    while asked.matches(told).count() < 2 {
        assert!(begun.elapsed().as_secs() < 15, "{asked}");
        let _some = tokio::time::timeout(std::time::Duration::from_millis(100), async {
            stream::hear(&mut news, |text| !text.is_empty()).await
        })
        .await;
        asked += &desk.asked().join(" ");
    }
    let kiosk = serve(Role::Kiosk, Scene::Visit).await;
    let mut news = kiosk.browser().await.get(&at).open(kiosk.to).await;
    stream::hear(&mut news, |text| text.contains("\"id\":\"idle\"")).await;
    kiosk.counter.tell(Change::VisitEnded);
    stream::hear(&mut news, |text| text.contains("event: go")).await;
    let asked = kiosk.asked().join(" ");
    assert!(!asked.contains(told), "{asked}");
}

#[tokio::test]
async fn without_a_line_nobody_is_called_and_what_has_not_left_is_said() {
    let (of_today, of_2024) = (clock::wall_s(), 1_704_193_200);
    let since_s = Arc::new(Mutex::new(of_today));
    let cut = Arc::clone(&since_s);
    let served = serve_with(Role::Station, move |ask| match ask {
        Ask::Desk { reply, .. } => {
            let mut view = sample::desk(Scene::Waiting);
            assert!(!view.queue.is_empty());
            view.line = Line::Cut {
                since_s: Some(*cut.lock().expect("no panic")),
            };
            drop(reply.send(Ok(view)));
        }
        other => node::answer(other, Scene::Cut, Side::Adviser),
    })
    .await;
    let here = served.browser().await;
    let page = here.page("/desk").await;
    assert!(page.contains("File d’avant la coupure, à "));
    assert!(
        page.contains("class=\"table table--past\"") && !page.contains("action=\"/desk/take\"")
    );
    assert!(page.contains("Ligne coupée à "));
    *since_s.lock().expect("no panic") = of_2024;
    let page_of_a_later_day = here.page("/desk").await;
    for said in ["Ligne coupée", "File d’avant la coupure,"] {
        let said = format!("{said} le 2\u{a0}janv. 2024, 12\u{a0}h\u{a0}00");
        assert!(page_of_a_later_day.contains(&said), "{said}");
    }
    let page = here.page(&format!("/cases/{}", case())).await;
    assert!(page.contains("Enregistré ici, 3 changements à envoyer"));
    let note = page.split("Rappeler le bailleur").nth(1).expect("the note");
    let note = note.split("</div>").next().expect("its end");
    assert!(note.contains("Enregistré ici"), "{note}");
}

/// The signs of a text box whose words outlive a lock, or are nobody's work.
const KEPT: [&str; 9] = [
    "data-begun=",
    // Kept by the form around it.
    "id=\"say\"",
    "id=\"note\"",
    // A field of the case.
    "-i\" name=\"value\"",
    "-i\" name=\"text\"",
    // It goes with its sheets, which the notice of the lock names.
    "id=\"sheet-name\"",
    // An address, and a secret.
    "type=\"search\"",
    "type=\"password\"",
    "readonly",
];

/// Whatever an adviser may be typing when the desk locks is there again afterwards.
#[tokio::test]
async fn every_text_box_of_the_desk_is_kept() {
    let plain = ["hidden", "radio", "checkbox", "file", "date", "submit"];
    let mut seen = 0;
    for scene in Scene::ALL {
        let served = serve(Role::Station, scene).await;
        let here = served.browser().await;
        for path in sample::paths(Role::Station, scene) {
            let page = here.get(&path).send(served.to).await.text();
            for tag in ["<textarea", "<input"] {
                for found in page.split(tag).skip(1) {
                    let found = found.split('>').next().unwrap_or_default();
                    if plain
                        .iter()
                        .any(|kind| found.contains(&format!("type=\"{kind}\"")))
                    {
                        continue;
                    }
                    seen += 1;
                    let kept = KEPT.iter().any(|sign| found.contains(sign));
                    assert!(kept, "{path} in {scene:?}: {tag}{found}>");
                }
            }
        }
    }
    assert!(seen > 100, "{seen} boxes");
}

#[tokio::test]
async fn what_is_begun_beside_an_order_is_kept_and_shown_again() {
    let served = serve_with(Role::Station, |ask| match ask {
        Ask::Case { reply, .. } => {
            let mut view = sample::case(Scene::Visit, Side::Adviser);
            view.unsent_remark = "Passeport <périmé>".to_owned();
            drop(reply.send(Ok(view)));
        }
        Ask::Desk { reply, .. } => {
            let mut view = sample::desk(Scene::Waiting);
            let later = view.queue.iter_mut().find(|row| row.turn == Turn::Later);
            later.expect("a later one").unsent_reason = "Un train".to_owned();
            drop(reply.send(Ok(view)));
        }
        other => node::answer(other, Scene::Waiting, Side::Adviser),
    })
    .await;
    let here = served.browser().await;
    let page = here.page(&format!("/cases/{}", case())).await;
    assert!(
        page.contains("\nPasseport &lt;périmé&gt;</textarea>"),
        "the remark"
    );
    assert!(here.page("/desk").await.contains("\nUn train</textarea>"));
    served.asked();
    for (path, what) in [("identity/unsent", "Remark"), ("reason/unsent", "Reason")] {
        let order = here.post(&format!("/cases/{}/{path}", case()));
        let answer = order
            .form("text=x&typed_at_ms=1795427520000")
            .send(served.to)
            .await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        let asked = served.asked().join(" ");
        assert!(asked.contains(&format!("what: {what}")), "{asked}");
    }
}

/// A case under a key that the vault does not open is on no list: the desk says that there is one.
#[tokio::test]
async fn cases_that_do_not_open_are_told_at_the_desk() {
    let served = serve(Role::Station, Scene::Cut).await;
    let page = served.browser().await.page("/desk").await;
    for words in [
        "Les dossiers à venir du\u{a0}conseil énergie ne s’ouvriront pas avec votre coffre",
        "3 dossiers de la\u{a0}CAF ne s’ouvrent pas avec votre coffre",
        "Rien n’est perdu",
    ] {
        assert!(page.contains(words), "{words}");
    }
    let json = bearer(Request::get("/desk")).send(served.to).await.json();
    assert_eq!(json["alarms"][1]["alarm"], "shut");
    assert_eq!(json["alarms"][1]["cases"], 3);
}
