//! What pages say before a visit ends.

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
