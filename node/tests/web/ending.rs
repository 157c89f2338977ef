//! What pages say before a visit ends, what a kiosk's browser is not given, and what the desk counts.

use guichet::web::view::Availability;

use super::*;

const LOOSE: [&str; 6] = [
    "2 pages ne sont pas jointes",
    "Je vous enverrai la quittance de novembre.",
    "Rien n’est rempli",
    "/sheets/join\"",
    "/sheets/discard\"",
    "/messages/unsent\"",
];

#[tokio::test]
async fn what_the_end_would_drop_is_named_on_every_page_of_the_visit() {
    let served = serve(Role::Kiosk, Scene::Over).await;
    let browser = served.browser().await;
    let case = format!("/cases/{}", case());
    for path in ["/receipt", "/visit", "/", &case, &format!("{case}/sheets")] {
        let page = browser.page(path).await;
        for words in LOOSE {
            assert!(page.contains(words), "{path} lacks {words}");
        }
    }
    let receipt = browser.page("/receipt").await;
    for untrue in ["Tout est arrivé", "plus rien à faire"] {
        assert!(!receipt.contains(untrue), "{untrue}");
    }
    assert!(receipt.contains("2 éléments sur 4 sont reçus. Il reste à décider."));
    assert!(receipt.contains("Rien à envoyer pour l’instant"));
    assert!(receipt.contains(", n°\u{a0}2"), "cases of one title differ");
    assert_eq!(receipt.matches("aria-current=\"step\"").count(), 4);
}

#[tokio::test]
async fn a_kiosk_neither_takes_files_nor_gives_any() {
    let answer = |ask| node::answer(ask, Scene::Visit, Side::Citizen);
    let closed = serve_as(Role::Kiosk, false, answer).await;
    let open = serve_as(Role::Kiosk, true, answer).await;
    let (shut, free) = (closed.browser().await, open.browser().await);
    let at = |rest: &str| format!("/cases/{}{rest}", case());
    let document = at(&format!("/documents/{}", "d0".repeat(16)));
    for path in [
        document.clone(),
        format!("{document}/sheets/1"),
        format!("{document}/paper"),
    ] {
        closed.refused(shut.get(&path), 403, "no-files").await;
        assert_eq!(free.get(&path).send(open.to).await.status, 200, "{path}");
        let program = bearer(Request::get(&path)).send(closed.to).await;
        assert_eq!(program.status, 200, "{path}");
    }
    let add = shut.post(&at("/documents")).body("image/png", b"\x89PNG");
    closed.refused(add, 403, "no-files").await;
    for (path, offers) in [
        (at(""), ["download", "type=\"file\""].as_slice()),
        (at("/sheets"), &["type=\"file\""]),
    ] {
        let (with, without) = (free.page(&path).await, shut.page(&path).await);
        for offer in offers {
            assert!(with.contains(offer), "{path}: {offer}");
            assert!(!without.contains(offer), "{path}: {offer}");
        }
    }
}

#[tokio::test]
async fn a_search_leaves_the_count_of_all_cases() {
    let served = serve(Role::Station, Scene::Quiet).await;
    let page = served.browser().await.page("/desk?search=Vidal").await;
    assert!(page.contains("1 dossier trouvé sur 4 pour"));
    let station = page.split("id=\"station\"").nth(1).expect("the station");
    assert!(station.contains("4 dossiers"), "{station}");
}

#[tokio::test]
async fn the_title_tells_in_a_break_that_somebody_waits() {
    let served = serve_with(Role::Station, |ask| match ask {
        Ask::Desk { reply, .. } => {
            let mut view = sample::desk(Scene::Waiting);
            view.availability = Availability::Away;
            drop(reply.send(Ok(view)));
        }
        other => node::answer(other, Scene::Waiting, Side::Adviser),
    })
    .await;
    let page = served.browser().await.page("/desk").await;
    let next = page.split("id=\"next\"").nth(1).expect("what comes next");
    let next = next.split('>').next().expect("a tag");
    assert!(next.contains("personnes attendent\""), "{next}");
    assert!(!next.contains("data-ticket"), "nobody is rung in a break");
}
