//! What the pages say and how they are made, in every scene and both languages.

use std::collections::BTreeSet;

use guichet::web::view::{CaseView, FieldContent, TypedHere, Who};

use super::*;

/// Every page that there is to look at.
async fn every_page() -> Vec<(String, String)> {
    let mut pages = vec![];
    for scene in Scene::ALL {
        for role in [Role::Kiosk, Role::Station, Role::Relay] {
            let paths = sample::paths(role, scene);
            let served = serve(role, scene).await;
            let here = served.browser().await;
            for lang in ["fr", "en"] {
                let prefer = here.post("/preferences").form(&format!("lang={lang}"));
                prefer.send(served.to).await;
                for path in &paths {
                    let answer = here.get(path).send(served.to).await;
                    if answer.status == 200 {
                        pages.push((format!("{role:?} {scene:?} {lang} {path}"), answer.text()));
                    }
                }
            }
        }
    }
    assert!(pages.len() > 160, "{}", pages.len());
    pages
}

/// The values of an attribute, in order.
fn values<'a>(page: &'a str, attribute: &str) -> Vec<&'a str> {
    let start = format!(" {attribute}=\"");
    page.split(start.as_str())
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect()
}

#[tokio::test]
async fn nobody_is_said_to_be_free_on_a_page_whose_line_is_cut() {
    let (mut cut, mut free) = (0, 0);
    for (name, page) in every_page().await {
        let is_cut = ["Ligne coupée", "Line down"]
            .iter()
            .any(|words| page.contains(words));
        let is_free = ["Un conseiller est libre", "An adviser is free"];
        let is_free = is_free.iter().any(|words| page.contains(words));
        assert!(!(is_cut && is_free), "{name}");
        cut += usize::from(is_cut);
        free += usize::from(is_free);
    }
    assert!(cut > 8 && free > 8, "{cut} {free}");
}

#[tokio::test]
async fn every_reference_names_an_element_and_every_id_stands_once() {
    for (name, page) in every_page().await {
        let ids = values(&page, "id");
        let known: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(
            ids.len(),
            known.len(),
            "{name}: an id stands twice: {ids:?}"
        );
        for attribute in [
            "for",
            "aria-labelledby",
            "aria-describedby",
            "aria-controls",
            "popovertarget",
        ] {
            for value in values(&page, attribute) {
                for id in value.split(' ') {
                    assert!(known.contains(id), "{name}: {attribute}={id}");
                }
            }
        }
        for href in values(&page, "href")
            .iter()
            .filter_map(|href| href.strip_prefix('#'))
        {
            assert!(known.contains(href), "{name}: #{href}");
        }
    }
}

#[tokio::test]
async fn every_field_has_a_label_and_every_page_one_title() {
    for (name, page) in every_page().await {
        let labels: BTreeSet<&str> = values(&page, "for").into_iter().collect();
        for tag in ["<input ", "<textarea ", "<select "] {
            for field in page
                .split(tag)
                .skip(1)
                .filter_map(|rest| rest.split('>').next())
            {
                let field = format!(" {field}");
                let kind = values(&field, "type").first().copied().unwrap_or_default();
                let wrapped = matches!(kind, "hidden" | "radio" | "checkbox" | "file");
                let id = values(&field, "id").first().copied().unwrap_or_default();
                assert!(wrapped || labels.contains(id), "{name}: {tag}{field}");
            }
        }
        assert_eq!(page.matches("<h1").count(), 1, "{name}");
        assert_eq!(page.matches("<main").count(), 1, "{name}");
        assert!(
            page.contains("<title>") && page.contains(" · Guichet</title>"),
            "{name}"
        );
    }
}

/// A browser keeps the titles and addresses of the pages that it showed on its disk.
#[tokio::test]
async fn no_title_and_no_address_of_a_page_bears_a_name() {
    let mut named = 0;
    for (name, page) in every_page().await {
        let title = page
            .split("<title>")
            .nth(1)
            .and_then(|rest| rest.split("</title>").next());
        let marked = values(&page, "data-title");
        for told in title.into_iter().chain(marked) {
            assert!(!told.contains("Vidal"), "{name}: {told}");
        }
        named += usize::from(page.contains("Vidal"));
        let into_addresses = page.matches("method=\"get\"").count();
        assert_eq!(
            into_addresses, 0,
            "{name}: what is typed would stand in the address"
        );
    }
    assert!(named > 10, "the control: many pages name her");
}

#[tokio::test]
async fn what_is_not_built_is_absent_and_nothing_is_disabled() {
    for (name, page) in every_page().await {
        for absent in [
            " disabled",
            "rendez-vous</b>",
            "Écouter",
            "Décision",
            "Appeler",
            "Rien à signer",
        ] {
            assert!(!page.contains(absent), "{name}: {absent}");
        }
    }
}

#[tokio::test]
async fn a_page_speaks_one_language_and_sets_french_as_french() {
    for (name, page) in every_page().await {
        if name.contains(" en ") {
            for french in [
                "Enregistr",
                "Terminer",
                "Ligne ",
                "Revenir",
                "Télécharger",
                "Rempli par",
            ] {
                assert!(!page.contains(french), "{name}: {french}");
            }
        } else {
            for (c, space) in [('?', '\u{202f}'), (';', '\u{202f}')] {
                let text: String = page
                    .split('<')
                    .filter_map(|part| part.split_once('>'))
                    .map(|(_, text)| text)
                    .collect();
                let text = text
                    .replace("&quot;", "")
                    .replace("&amp;", "")
                    .replace("&lt;", "")
                    .replace("&gt;", "");
                for (at, _) in text.match_indices(c) {
                    assert_eq!(
                        text[..at].chars().next_back(),
                        Some(space),
                        "{name}: {}",
                        &text[..at]
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn a_page_and_its_json_tell_the_same() {
    let served = serve(Role::Kiosk, Scene::Visit).await;
    let here = served.browser().await;
    let path = format!("/cases/{}", case());
    let json = here
        .get(&path)
        .with("accept", "application/json")
        .send(served.to)
        .await;
    assert_eq!(json.header("content-type"), Some("application/json"));
    let view = json.json();
    assert_eq!(
        view,
        bearer(Request::get(&path)).send(served.to).await.json()
    );
    assert_eq!(view["case"], case());
    let page = here.page(&path).await;
    for message in view["messages"].as_array().expect("messages") {
        assert!(page.contains(message["text"].as_str().expect("a text")));
    }
    for document in view["documents"].as_array().expect("documents") {
        assert!(page.contains(document["name"].as_str().expect("a name")));
    }
    let fields = view["forms"][0]["sections"]
        .as_array()
        .expect("sections")
        .iter();
    for field in fields.flat_map(|section| section["fields"].as_array().expect("fields")) {
        assert!(
            page.contains(
                field["label"]["fr"]
                    .as_str()
                    .expect("French")
                    .split('’')
                    .next()
                    .expect("a part")
            )
        );
    }
}

#[tokio::test]
async fn concurrent_values_are_both_shown_with_their_authors() {
    let served = serve(Role::Kiosk, Scene::Visit).await;
    let page = served
        .browser()
        .await
        .page(&format!("/cases/{}", case()))
        .await;
    let rent = page
        .split("-rent\"")
        .nth(1)
        .and_then(|rest| rest.split("</form>").next())
        .expect("the field");
    assert!(
        rent.contains("name=\"choose\" value=\"412\"")
            && rent.contains("Garder 412<small>par vous")
    );
    assert!(
        rent.contains("name=\"choose\" value=\"421.5\"")
            && rent.contains("Garder 421,5<small>par Nadia Roche")
    );
    let charges = page
        .split("-charges\"")
        .nth(1)
        .and_then(|rest| rest.split("</form>").next())
        .expect("the field");
    assert!(charges.contains("Nadia Roche écrit…"), "{charges}");
    let english = serve(Role::Station, Scene::Visit).await;
    let desk = english.browser().await;
    desk.post("/preferences")
        .form("lang=en")
        .send(english.to)
        .await;
    let page = desk.page(&format!("/cases/{}", case())).await;
    assert!(
        page.contains("Keep 412<small>by the person")
            && page.contains("checked autocomplete=\"off\">No<")
    );
}

#[tokio::test]
async fn a_masked_number_stays_masked() {
    let served = serve(Role::Station, Scene::Visit).await;
    let page = served
        .browser()
        .await
        .page(&format!("/cases/{}", case()))
        .await;
    let number = page
        .split("-social_security\"")
        .nth(1)
        .and_then(|rest| rest.split("</form>").next())
        .expect("the field");
    assert!(
        number.contains("input--masked")
            && !number.contains("password")
            && number.contains("data-mask")
    );
    assert_eq!(
        page.matches("258076300000000").count(),
        1,
        "once, in the masked field"
    );
}

/// A field of the case that is shown.
fn field<'a>(view: &'a mut CaseView, name: &str) -> &'a mut FieldContent {
    let sections = view.forms.iter_mut().flat_map(|form| &mut form.sections);
    let mut fields = sections.flat_map(|section| &mut section.fields);
    let field = fields.find(|field| field.name == name);
    &mut field.expect("the field").content
}

#[tokio::test]
async fn what_is_begun_and_what_does_not_fit_is_shown_as_such() {
    let served = serve_with(Role::Kiosk, |ask| match ask {
        Ask::Case { reply, .. } => {
            let mut view = sample::case(Scene::Visit, Side::Citizen);
            view.unsent_message = "Bonjour, je".to_owned();
            if let FieldContent::Register { typed, .. } = field(&mut view, "address") {
                *typed = Some(TypedHere {
                    value: "4 rue du Lav".to_owned(),
                    seen: "05".repeat(32),
                });
            }
            if let FieldContent::Register { candidates, .. } = field(&mut view, "rent") {
                candidates.truncate(1);
                candidates[0].fits = false;
                candidates[0].by = Who::Somebody;
            }
            drop(reply.send(Ok(view)));
        }
        other => node::answer(other, Scene::Visit, Side::Citizen),
    })
    .await;
    let here = served.browser().await;
    let page = here.page(&format!("/cases/{}", case())).await;
    let form = |name: &str| {
        let rest = page.split(&format!("-{name}\" data-rev")).nth(1);
        rest.and_then(|rest| rest.split("</form>").next())
            .expect("the field")
    };
    assert!(page.contains("value=\"Bonjour, je\""));
    let address = form("address");
    assert!(address.contains("value=\"4 rue du Lav\" data-saved=\"4 rue du Lavoir"));
    assert!(address.contains(&format!("data-seen=\"{}\"", "05".repeat(32))));
    let rent = form("rent");
    assert!(rent.contains("quelqu’un") && rent.contains("n’a pas la forme attendue"));
    assert!(!form("last_name").contains("forme attendue"));
    let version = format!("name=\"version\" value=\"{}\"", sample::VERSION);
    assert!(
        rent.contains(&version),
        "a page without scripts says what it showed"
    );
}

#[tokio::test]
async fn the_receipt_says_no_more_than_is_true() {
    let served = serve(Role::Kiosk, Scene::Visit).await;
    let page = served.browser().await.page("/receipt").await;
    assert!(page.contains("2 éléments sur 5 sont reçus."));
    assert_eq!(
        page.matches("Reçu par la CAF à").count(),
        2,
        "a time only where it is received"
    );
    let steps = page.matches("aria-current=\"step\"").count();
    assert_eq!(steps, 5, "one step a row is the present one");
}

#[tokio::test]
async fn nothing_a_person_writes_becomes_markup() {
    let served = serve_with(Role::Station, |ask| match ask {
        Ask::Case { reply, .. } => {
            let mut view = sample::case(Scene::Visit, Side::Adviser);
            let evil = "\"'><script>alert(1)</script></textarea><img src=x onerror=alert(1)>";
            view.person = Some(evil.to_owned());
            view.place = evil.to_owned();
            view.messages[0].text = evil.to_owned();
            view.messages[0].lang = evil.to_owned();
            view.documents[0].name = evil.to_owned();
            drop(reply.send(Ok(view)));
        }
        other => node::answer(other, Scene::Visit, Side::Adviser),
    })
    .await;
    let page = served
        .browser()
        .await
        .page(&format!("/cases/{}", case()))
        .await;
    assert!(!page.contains("<script>") && !page.contains("<img src=x") && !page.contains("\"'>"));
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
}

#[tokio::test]
async fn the_home_says_what_became_of_the_visit() {
    let interrupted = serve(Role::Kiosk, Scene::Interrupted).await;
    let page = interrupted.browser().await.page("/").await;
    assert!(page.contains("Visite interrompue") && page.contains("action=\"/visit/interruption\""));
    let quiet = serve(Role::Kiosk, Scene::Quiet).await;
    let here = quiet.browser().await;
    assert!(
        here.page("/?ended=1")
            .await
            .contains("Votre visite est terminée")
    );
    let page = here.page("/").await;
    assert!(!page.contains("Visite interrompue") && !page.contains("Votre visite"));
}

#[tokio::test]
async fn a_kiosk_without_a_visit_has_no_cases_to_list() {
    let served = serve(Role::Kiosk, Scene::Quiet).await;
    let list = bearer(Request::get("/cases").with("accept", "application/json"));
    let listed = list.send(served.to).await;
    assert_eq!(listed.status, 200);
    assert_eq!(listed.json(), serde_json::json!({ "cases": [] }));
}
