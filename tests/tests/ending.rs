//! The end of a visit drops nothing without a word: what is not joined, not sent, not filled in is
//! named on the receipt and in the dialog before a visit ends by itself; nothing is said to be
//! received that holds nothing; an empty case can be given back, and nothing of it has left.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use guichet_tests::browser::{Browser, Size};
use guichet_tests::pages;
use guichet_tests::samples;
use guichet_tests::script::Script;
use guichet_tests::village::Village;
use guichet_tests::visit::unlocked;

/// Long enough for an empty case to be received, if it left.
const LEFT_BY_NOW: Duration = Duration::from_secs(3);
const IDLE_S: i64 = 30;
const MESSAGE: &str = "La quittance suivra demain.";
const SEND: &str = "#left form[action$='/messages'] button";
const JOIN: &str = "form[action$='/sheets/join'] button";

struct Scene {
    village: Village,
    page: Browser,
    kiosk: Script,
    desk: Script,
    case: String,
}

impl Scene {
    async fn begin(name: &str, idle_s: Option<i64>) -> Self {
        let mut village = Village::new(name, 1, 1).unwrap();
        if let Some(idle_s) = idle_s {
            let idle = |it: &mut toml::Table| drop(it.insert("idle_s".into(), idle_s.into()));
            village.kiosks[0].configure(idle).unwrap();
        }
        village.start().await.unwrap();
        let desk = unlocked(&village).await.unwrap();
        let site = &village.kiosks[0];
        let page = site.browser(name, Size::SCREEN).await.unwrap();
        let kiosk = site.script().unwrap();
        page.open(&site.node().unwrap().start_url).await.unwrap();
        let case = pages::begin(&page, "caf", "housing").await.unwrap();
        Self {
            village,
            page,
            kiosk,
            desk,
            case,
        }
    }

    async fn lay_a_sheet(&self) {
        let png = samples::png(7, 60);
        let sheets = format!("/cases/{}/sheets", self.case);
        let api = self.kiosk.api();
        let laid = api
            .upload(&sheets, "file", "s.png", "image/png", &png)
            .await;
        assert_eq!(laid.unwrap().status, 200);
    }

    async fn go(&self, path: &str) {
        let node = self.village.kiosks[0].node().unwrap();
        let address = format!("http://{}{path}", node.address);
        self.page.open(&address).await.unwrap();
    }

    async fn words(&self) -> String {
        let text = self.page.text("body").await.unwrap();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    async fn says_nothing_of_a_receipt(&self) {
        let words = self.words().await;
        for word in [
            "Reçu",
            "votre reçu",
            "Tout est arrivé",
            "C’est enregistré",
            "plus rien à faire",
        ] {
            assert!(!words.contains(word), "{word:?} in {words:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_case_has_left_nothing_and_is_given_back() {
    let scene = Scene::begin("empty", None).await;
    let page = &scene.page;
    tokio::time::sleep(LEFT_BY_NOW).await;
    scene.says_nothing_of_a_receipt().await;
    page.until_shown("#saved", "Rien d’écrit").await.unwrap();
    assert_eq!(scene.desk.desk().await.unwrap(), Vec::<String>::new());

    scene.go("/services/caf").await;
    page.click("button[name=template][value=housing]")
        .await
        .unwrap();
    page.until("location.pathname.startsWith('/cases/')")
        .await
        .unwrap();
    let second = pages::case_of(page).await.unwrap();
    assert_ne!(second, scene.case);
    for (place, number) in [(1, "n°\u{a0}1"), (2, "n°\u{a0}2")] {
        let tab = format!("#cases a:nth-child({place})");
        page.until_shown(&tab, number).await.unwrap();
    }
    scene.go("/receipt").await;
    scene.says_nothing_of_a_receipt().await;
    page.until_shown("#lead", "Rien n’est parti").await.unwrap();
    assert_eq!(page.count("#left .loose > li").await.unwrap(), 2);

    page.click(&format!("#left form[action='/cases/{second}/back'] button"))
        .await
        .unwrap();
    page.until("document.querySelectorAll('#left .loose > li').length === 1")
        .await
        .unwrap();
    assert!(scene.kiosk.case(&second).await.is_err());
    scene.go(&format!("/cases/{}", scene.case)).await;
    pages::put(page, "last_name", "Lefèvre").await.unwrap();
    let desk = async |desk: &Script| desk.desk().await;
    let only = scene
        .desk
        .until("the case", desk, |cases| !cases.is_empty())
        .await
        .unwrap();
    assert_eq!(only, [scene.case.as_str()]);
    page.until_shown("#saved", "Reçu par la CAF").await.unwrap();
    page.until_gone("#commands form[action$='/back']")
        .await
        .unwrap();
    let api = scene.kiosk.api();
    let back = format!("/cases/{}/back", scene.case);
    let refused = api.post(&back, &serde_json::json!({})).await.unwrap();
    assert_eq!(
        (refused.status, refused.json().unwrap()["kind"].as_str()),
        (409, Some("not-empty"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_receipt_names_what_is_not_joined_and_not_sent() {
    let scene = Scene::begin("loose", None).await;
    let page = &scene.page;
    pages::put(page, "last_name", "Lefèvre").await.unwrap();
    page.fill("#say", MESSAGE).await.unwrap();
    scene.lay_a_sheet().await;
    let typed = async |kiosk: &Script| kiosk.api().get_json("/receipt").await;
    let both = |view: &serde_json::Value| view["loose"].as_array().is_some_and(|it| it.len() == 2);
    scene
        .kiosk
        .until("two loose things", typed, both)
        .await
        .unwrap();
    scene.go(&format!("/cases/{}", scene.case)).await;
    page.until_value("#say", MESSAGE).await.unwrap();

    scene.go("/receipt").await;
    page.until_shown("#left", "1 page n’est pas jointe")
        .await
        .unwrap();
    page.until_shown("#left", MESSAGE).await.unwrap();
    page.until_shown("#lead", "1 élément sur 1 est reçu. Il reste à décider.")
        .await
        .unwrap();
    let words = scene.words().await;
    assert!(
        !words.contains("Tout est arrivé") && !words.contains("plus rien à faire"),
        "{words}"
    );

    page.click(&format!("#left {JOIN}")).await.unwrap();
    page.until_shown("#items", "Papiers").await.unwrap();
    page.click(SEND).await.unwrap();
    page.until_gone("#left .loose").await.unwrap();
    page.until_shown("#lead", "3 éléments sur 3 sont reçus. Tout est arrivé.")
        .await
        .unwrap();
    assert_eq!(scene.desk.said(&scene.case).await.unwrap(), [MESSAGE]);
    assert_eq!(scene.desk.documents(&scene.case).await.unwrap().len(), 1);

    scene.go(&format!("/cases/{}", scene.case)).await;
    page.until_value("#say", "").await.unwrap();
    page.fill("#say", "Non, rien.").await.unwrap();
    scene.lay_a_sheet().await;
    scene.go("/receipt").await;
    for what in ["sheets/discard", "messages/unsent"] {
        page.click(&format!("#left form[action$='{what}'] button"))
            .await
            .unwrap();
    }
    page.until_gone("#left .loose").await.unwrap();
    let sheets = format!("/cases/{}/sheets", scene.case);
    let view = scene.kiosk.api().get_json(&sheets).await.unwrap();
    assert_eq!(view["sheets"], serde_json::json!([]));
    assert_eq!(scene.kiosk.said(&scene.case).await.unwrap(), [MESSAGE]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_warning_before_the_end_names_it_too_and_joins() {
    let scene = Scene::begin("warning", Some(IDLE_S)).await;
    let page = &scene.page;
    pages::put(page, "last_name", "Lefèvre").await.unwrap();
    page.fill("#say", MESSAGE).await.unwrap();
    scene.lay_a_sheet().await;
    page.until_there("#idle dialog[open]").await.unwrap();
    page.until_shown("#idle dialog", "1 page n’est pas jointe")
        .await
        .unwrap();
    page.until_shown("#idle dialog", MESSAGE).await.unwrap();
    page.click(&format!("#idle {JOIN}")).await.unwrap();
    page.until_gone("#idle dialog[open]").await.unwrap();
    page.until_there("a.thumb[data-name='Papiers']")
        .await
        .unwrap();
    page.until_value("#say", MESSAGE).await.unwrap();
}
