//! What people type, in two browsers: a value is kept as meant or asked back, and what is typed is
//! not lost, whatever others write meanwhile and however the page goes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use guichet_tests::browser::{Browser, Size, quoted};
use guichet_tests::pages::{self, field, news};
use guichet_tests::script::{Script, field_of, field_path};
use guichet_tests::village::{Adviser, Village};
use serde_json::{Value, json};

/// After this long a page has put what was typed.
const PAUSE: Duration = Duration::from_millis(1_600);

struct Scene {
    village: Village,
    kiosk: Browser,
    desk: Browser,
    /// Scripts at the two nodes.
    at_kiosk: Script,
    at_desk: Script,
    adviser: Adviser,
    case: String,
}

impl Scene {
    async fn new() -> Self {
        let mut village = Village::new("typing", 1, 1).unwrap();
        village.start().await.unwrap();
        let (kiosk, desk) = (&village.kiosks[0], &village.stations[0]);
        let at_kiosk = kiosk.script().unwrap();
        let at_desk = desk.script().unwrap();
        let (kiosk_start, desk_start) = (start(&village.kiosks[0]), start(&village.stations[0]));
        let kiosk = kiosk.browser("typing-kiosk", Size::DESK).await.unwrap();
        let desk = desk.browser("typing-desk", Size::DESK).await.unwrap();
        let adviser = village.adviser().clone();
        kiosk.open(&kiosk_start).await.unwrap();
        let case = pages::begin(&kiosk, "caf", "housing").await.unwrap();
        // A case in which nothing stands does not leave the kiosk.
        pages::put(&kiosk, "last_name", "Lefèvre").await.unwrap();
        pages::unlock(&desk, &desk_start, &adviser).await.unwrap();
        pages::take_up(&desk, &case).await.unwrap();
        Self {
            village,
            kiosk,
            desk,
            at_kiosk,
            at_desk,
            adviser,
            case,
        }
    }

    /// Waits until a field's values are these at both nodes, in any order.
    async fn until_values(&self, name: &str, expected: &[&str]) {
        for script in [&self.at_kiosk, &self.at_desk] {
            let holds = |values: &Vec<String>| {
                let mut values = values.clone();
                values.sort();
                values == expected
            };
            let values = async |script: &Script| script.values(&self.case, name).await;
            script.until(name, values, holds).await.unwrap();
        }
    }

    /// Puts a value by script with the version that was seen.
    async fn put(&self, by: &Script, name: &str, value: &str, seen: &str) -> (u16, Value) {
        let view = by.case(&self.case).await.unwrap();
        let path = field_path(&view, &self.case, name).unwrap();
        let body = json!({ "value": value, "version": seen });
        let answer = by.api().post(&path, &body).await.unwrap();
        (answer.status, answer.json().unwrap_or_default())
    }

    /// The version of a field at a node.
    async fn version(&self, at: &Script, name: &str) -> String {
        let view = at.case(&self.case).await.unwrap();
        let content = &field_of(&view, name).unwrap()["content"];
        content["version"].as_str().unwrap().to_owned()
    }

    /// Puts text into a text area by script, in place of `delete` code units.
    async fn splice(&self, by: &Script, name: &str, at: usize, insert: &str) {
        by.splice(&self.case, name, at, insert).await.unwrap();
    }
}

fn start(site: &guichet_tests::village::Site) -> String {
    site.node().unwrap().start_url.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_is_kept_as_meant() {
    let mut scene = Scene::new().await;
    who_types_is_named(&scene).await;
    a_later_value_stays_beside_one_that_did_not_see_it(&scene).await;
    what_others_put_while_one_types_stays(&scene).await;
    one_name_in_two_spellings_is_one_answer(&scene).await;
    values_are_read_or_asked_back(&scene).await;
    ends_of_lines_and_control_signs(&scene).await;
    ones_own_last_word_is_taken_back(&scene).await;
    a_composed_word_stays_whole(&scene).await;
    what_is_typed_outlives_the_page(&scene).await;
    what_is_not_sent_outlives_the_lock(&scene).await;
    a_killed_browser_loses_nothing(&mut scene).await;
}

/// The adviser has just unlocked and has written nothing yet.
async fn who_types_is_named(scene: &Scene) {
    // No number: it is typed and never put.
    scene
        .desk
        .type_in(&field("income"), "quatorze")
        .await
        .unwrap();
    let typing = format!("document.querySelector(\"{}\").innerText", news("income"));
    let seen = scene
        .kiosk
        .until(&format!("{typing}.includes('écrit') && {typing}"))
        .await
        .unwrap();
    assert!(
        !seen.as_str().unwrap().contains("La personne"),
        "the citizen reads {seen}"
    );
    let news = news("income");
    let name = &scene.adviser.name;
    scene.kiosk.until_shown(&news, name).await.unwrap();
    pages::put(&scene.desk, "income", "14").await.unwrap();
    scene.until_values("income", &["14"]).await;
}

/// Both are online; the second has the first's value already, and their page does not show it.
async fn a_later_value_stays_beside_one_that_did_not_see_it(scene: &Scene) {
    let (one, two) = ("0473000001", "0473000002");
    let seen = scene.version(&scene.at_desk, "phone").await;
    let now = scene.version(&scene.at_kiosk, "phone").await;
    assert_eq!(scene.put(&scene.at_kiosk, "phone", one, &now).await.0, 200);
    scene.until_values("phone", &[one]).await;
    assert_eq!(scene.put(&scene.at_desk, "phone", two, &seen).await.0, 200);
    scene.until_values("phone", &[one, two]).await;
    let view = scene.at_desk.case(&scene.case).await.unwrap();
    let content = &field_of(&view, "phone").unwrap()["content"];
    let by = |value: &str| {
        let all = content["candidates"].as_array().unwrap();
        let one = all.iter().find(|it| it["value"] == value).unwrap();
        one["by"]["who"].clone()
    };
    assert_eq!((by(one), by(two)), (json!("citizen"), json!("me")));
    for nonsense in ["nonsense", "ab", ".", "zz.zz"] {
        let (status, told) = scene.put(&scene.at_desk, "phone", two, nonsense).await;
        assert_eq!(
            (status, &told["kind"]),
            (400, &json!("malformed")),
            "{nonsense}"
        );
    }
    let (status, told) = scene
        .put(&scene.at_desk, "phone", two, &"ab".repeat(32))
        .await;
    assert_eq!((status, &told["kind"]), (409, &json!("changed-meanwhile")));
    scene.until_values("phone", &[one, two]).await;
    // A person chooses, in a page.
    scene
        .kiosk
        .click_on("form[id$='-phone'] button[name=choose]", two)
        .await
        .unwrap();
    scene.until_values("phone", &[two]).await;
}

async fn what_others_put_while_one_types_stays(scene: &Scene) {
    let rent = field("rent");
    scene.kiosk.type_in(&rent, "41").await.unwrap();
    scene.until_values("rent", &["41"]).await;
    scene.at_desk.set(&scene.case, "rent", "650").await.unwrap();
    scene.until_values("rent", &["650"]).await;
    scene
        .kiosk
        .until_shown("form[id$='-rent'] .by", &scene.adviser.name)
        .await
        .unwrap();
    scene.kiosk.type_in(&rent, "2").await.unwrap();
    scene.kiosk.leave().await.unwrap();
    scene.until_values("rent", &["412", "650"]).await;
    for page in [&scene.kiosk, &scene.desk] {
        for value in ["412", "650"] {
            page.until_shown(&news("rent"), value).await.unwrap();
        }
    }
}

async fn one_name_in_two_spellings_is_one_answer(scene: &Scene) {
    let seen = [
        scene.version(&scene.at_kiosk, "first_name").await,
        scene.version(&scene.at_desk, "first_name").await,
    ];
    let (composed, decomposed) = ("Éléonore", "E\u{301}le\u{301}onore");
    let one = scene.put(&scene.at_kiosk, "first_name", composed, &seen[0]);
    let two = scene.put(&scene.at_desk, "first_name", decomposed, &seen[1]);
    let (one, two) = tokio::join!(one, two);
    assert_eq!((one.0, two.0), (200, 200));
    scene.until_values("first_name", &[composed]).await;
}

/// In the page of either side, in both languages, and by script, the same values are kept.
async fn values_are_read_or_asked_back(scene: &Scene) {
    for (name, typed, kept) in [
        ("charges", "12€50", "12.50"),
        ("charges", "1.412,50", "1412.50"),
        ("birth_date", "00/00/1950", "1950-00-00"),
        ("birth_date", "04071958", "1958-07-04"),
        ("social_security", "2 58 07 2a 004 001", "258072A004001"),
        ("phone", "04-73-00-00-00", "0473000000"),
        ("last_name", "Jean\u{202e}DURAND", "JeanDURAND"),
    ] {
        for (writer, script) in [
            (&scene.kiosk, &scene.at_kiosk),
            (&scene.desk, &scene.at_desk),
        ] {
            script.set(&scene.case, name, "").await.unwrap();
            scene.until_values(name, &[]).await;
            script.set(&scene.case, name, typed).await.unwrap();
            scene.until_values(name, &[kept]).await;
            script.set(&scene.case, name, "").await.unwrap();
            scene.until_values(name, &[]).await;
            writer.until_value(&field(name), "").await.unwrap();
            writer.click(&field(name)).await.unwrap();
            writer.commit(typed).await.unwrap();
            writer.leave().await.unwrap();
            scene.until_values(name, &[kept]).await;
        }
    }
    for (name, typed, rule) in [
        ("charges", "1.200", "1200 ou 1,20"),
        ("children", "2,5", "nombre entier, de 0 à 30"),
        (
            "birth_date",
            "31/02/1958",
            "Le 31 février 1958 n’existe pas",
        ),
        ("birth_date", "04/07/2058", "futur"),
        ("birth_date", "04/07/58", "04/07/1958"),
        (
            "social_security",
            "258076311300199",
            "deux derniers chiffres",
        ),
    ] {
        let held = scene.at_kiosk.values(&scene.case, name).await.unwrap();
        let answer = scene.at_desk.try_set(&scene.case, name, typed).await;
        let answer = answer.unwrap();
        assert_eq!(answer.status, 422, "{name}: {typed}");
        assert!(answer.text().contains(rule), "{typed}: {}", answer.text());
        scene.kiosk.fill(&field(name), typed).await.unwrap();
        scene.kiosk.leave().await.unwrap();
        let error = format!("form[id$='-{name}'] .field__error");
        scene.kiosk.until_shown(&error, rule).await.unwrap();
        assert_eq!(
            scene.at_kiosk.values(&scene.case, name).await.unwrap(),
            held
        );
        pages::put(&scene.kiosk, name, "").await.unwrap();
        tokio::time::sleep(PAUSE).await;
        let left = scene.kiosk.value(&field(name)).await.unwrap();
        assert_eq!(left, "", "what was refused and taken back stays away");
    }
    pages::language(&scene.kiosk, "en").await.unwrap();
    pages::put(&scene.kiosk, "charges", "1,200").await.unwrap();
    scene.until_values("charges", &["1200"]).await;
    pages::put(&scene.kiosk, "charges", "1.200").await.unwrap();
    let error = "form[id$='-charges'] .field__error";
    let asked = "is it 1200 or 1.20?";
    scene.kiosk.until_shown(error, asked).await.unwrap();
    pages::put(&scene.kiosk, "charges", "12.50").await.unwrap();
    scene.until_values("charges", &["12.50"]).await;
    pages::language(&scene.kiosk, "fr").await.unwrap();
}

async fn ends_of_lines_and_control_signs(scene: &Scene) {
    let area = field("situation");
    let at_end = format!(
        "const it = document.querySelector({}); it.focus(); \
         it.setSelectionRange(it.value.length, it.value.length)",
        quoted(&area)
    );
    for (insert, typed, whole) in [
        ("A\r\nB\r\nC", "oui", "A\nB\nCoui"),
        ("A\rB", "x", "A\nBx"),
        ("A\0B\u{1b}", "x", "ABx"),
    ] {
        scene.splice(&scene.at_kiosk, "situation", 0, insert).await;
        let shown = whole.strip_suffix(typed).unwrap();
        scene.until_values("situation", &[shown]).await;
        scene.kiosk.until_value(&area, shown).await.unwrap();
        scene.kiosk.run(&at_end, &json!([])).await.unwrap();
        scene.kiosk.type_in(&area, typed).await.unwrap();
        scene.until_values("situation", &[whole]).await;
        scene.desk.until_value(&area, whole).await.unwrap();
        scene.kiosk.fill(&area, "").await.unwrap();
        scene.until_values("situation", &[""]).await;
    }
    // By the page itself.
    scene.kiosk.paste(&area, "A\0B\u{202e}").await.unwrap();
    scene.until_values("situation", &["AB"]).await;
    scene.kiosk.until_value(&area, "AB").await.unwrap();
    scene.kiosk.fill(&area, "").await.unwrap();
    scene.until_values("situation", &[""]).await;
}

async fn ones_own_last_word_is_taken_back(scene: &Scene) {
    let area = field("situation");
    for word in ["un ", "deux ", "trois"] {
        scene.kiosk.type_in(&area, word).await.unwrap();
        tokio::time::sleep(PAUSE).await;
    }
    scene.until_values("situation", &["un deux trois"]).await;
    scene.splice(&scene.at_desk, "situation", 0, "[CAF] ").await;
    let shown = async |text: &str| {
        scene.kiosk.until_value(&area, text).await.unwrap();
        scene.until_values("situation", &[text]).await;
    };
    shown("[CAF] un deux trois").await;
    scene.kiosk.take_back(&area).await.unwrap();
    shown("[CAF] un deux ").await;
    scene.kiosk.take_back(&area).await.unwrap();
    shown("[CAF] un ").await;
    // Into the middle of one's own word.
    scene.splice(&scene.at_desk, "situation", 7, "XX").await;
    shown("[CAF] uXXn ").await;
    scene.kiosk.make_again(&area).await.unwrap();
    shown("[CAF] uXXn deux ").await;
    scene.kiosk.take_back(&area).await.unwrap();
    scene.kiosk.take_back(&area).await.unwrap();
    shown("[CAF] XX").await;
    scene.kiosk.make_again(&area).await.unwrap();
    shown("[CAF] un XX").await;
    scene.kiosk.fill(&area, "").await.unwrap();
    scene.until_values("situation", &[""]).await;
}

async fn a_composed_word_stays_whole(scene: &Scene) {
    let area = field("situation");
    scene.kiosk.type_in(&area, "Bonjour ").await.unwrap();
    scene.until_values("situation", &["Bonjour "]).await;
    for (place, so_far) in ["に", "にh", "にほ", "にほん"].into_iter().enumerate() {
        scene.kiosk.compose(so_far).await.unwrap();
        if place == 1 {
            scene.splice(&scene.at_desk, "situation", 0, "[CAF] ").await;
            let arrived = async |script: &Script| script.values(&scene.case, "situation").await;
            let here = |values: &Vec<String>| values[0].starts_with("[CAF]");
            scene
                .at_kiosk
                .until("the remote word", arrived, here)
                .await
                .unwrap();
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(
        scene.kiosk.value(&area).await.unwrap(),
        "Bonjour にほん",
        "nothing is put in while the word is composed"
    );
    scene.kiosk.commit("日本").await.unwrap();
    let whole = "[CAF] Bonjour 日本";
    scene.kiosk.until_value(&area, whole).await.unwrap();
    scene.until_values("situation", &[whole]).await;
    scene.kiosk.fill(&area, "").await.unwrap();
    scene.until_values("situation", &[""]).await;
}

/// Thirty letters, 80 ms apart, and the page goes at once.
async fn type_slowly(page: &Browser, css: &str, text: &str) {
    page.click(css).await.unwrap();
    for letter in text.chars() {
        page.commit(&letter.to_string()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(80)).await;
    }
}

async fn what_is_typed_outlives_the_page(scene: &Scene) {
    const STREET: &str = "12 rue de la Fontaine-au-Roi, B";
    let (address, say) = (field("address"), "#say");
    for page in [&scene.kiosk, &scene.desk] {
        pages::put(page, "address", "").await.unwrap();
        scene.until_values("address", &[]).await;
        type_slowly(page, &address, STREET).await;
        page.reload().await.unwrap();
        page.until_value(&address, STREET).await.unwrap();
        scene.until_values("address", &[STREET]).await;
    }
    // Back, and what does not fit.
    scene.kiosk.fill(&field("children"), "deux").await.unwrap();
    scene.kiosk.open(&home(&scene.kiosk).await).await.unwrap();
    scene.kiosk.back().await.unwrap();
    scene
        .kiosk
        .until_value(&field("children"), "deux")
        .await
        .unwrap();
    let error = "form[id$='-children'] .field__error";
    scene.kiosk.until_shown(error, "entier").await.unwrap();
    pages::put(&scene.kiosk, "children", "2").await.unwrap();
    scene.until_values("children", &["2"]).await;
    // A message.
    scene.kiosk.type_in(say, "Pas encore").await.unwrap();
    // What was typed in the last 150 ms may be lost.
    tokio::time::sleep(Duration::from_millis(300)).await;
    scene.kiosk.reload().await.unwrap();
    scene.kiosk.until_value(say, "Pas encore").await.unwrap();
    scene.kiosk.enter(say).await.unwrap();
    scene
        .kiosk
        .until_shown("#messages p.me", "Pas encore")
        .await
        .unwrap();
    scene.kiosk.reload().await.unwrap();
    scene.kiosk.until_value(say, "").await.unwrap();
}

async fn home(page: &Browser) -> String {
    let origin = page.run("return location.origin", &json!([])).await;
    format!("{}/", origin.unwrap().as_str().unwrap())
}

async fn what_is_not_sent_outlives_the_lock(scene: &Scene) {
    let desk = &scene.desk;
    desk.type_in("#say", "Bonjour, il manque").await.unwrap();
    desk.type_in("#note", "À revoir").await.unwrap();
    desk.fill(&field("address"), "3 impasse").await.unwrap();
    // What was typed in the last 150 ms may be lost.
    tokio::time::sleep(Duration::from_millis(300)).await;
    scene.at_desk.lock().await.unwrap();
    desk.until("location.pathname === '/unlock'").await.unwrap();
    let (name, words) = (&scene.adviser.name, &scene.adviser.passphrase);
    scene.at_desk.unlock(name, words).await.unwrap();
    let origin = home(desk).await;
    desk.open(&format!("{origin}cases/{}", scene.case))
        .await
        .unwrap();
    desk.until_value("#say", "Bonjour, il manque")
        .await
        .unwrap();
    desk.until_value("#note", "À revoir").await.unwrap();
    desk.until_value(&field("address"), "3 impasse")
        .await
        .unwrap();
    let kiosk = scene.at_kiosk.case(&scene.case).await.unwrap();
    assert!(!kiosk.to_string().contains("À revoir"));
    assert!(!kiosk.to_string().contains("il manque"));
    desk.enter("#say").await.unwrap();
    desk.until_shown("#messages p.me", "il manque")
        .await
        .unwrap();
    desk.reload().await.unwrap();
    desk.until_value("#say", "").await.unwrap();
    desk.until_value("#note", "À revoir").await.unwrap();
    scene.until_values("address", &["3 impasse"]).await;
}

async fn a_killed_browser_loses_nothing(scene: &mut Scene) {
    const STREET: &str = "7 chemin des Vignes";
    pages::put(&scene.kiosk, "address", "").await.unwrap();
    scene.until_values("address", &[]).await;
    scene.kiosk.type_in("#say", "Je reviens").await.unwrap();
    scene
        .kiosk
        .type_in(&field("remarks"), "Vite")
        .await
        .unwrap();
    // Last, so that no leaving of the field puts it.
    type_slowly(&scene.kiosk, &field("address"), STREET).await;
    // What was typed in the last 150 ms may be lost.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let site = &scene.village.kiosks[0];
    let next = site.browser("typing-again", Size::DESK).await.unwrap();
    // Signal 9 for the browser and its driver.
    drop(std::mem::replace(&mut scene.kiosk, next));
    let start = site.node().unwrap().open().unwrap();
    scene.kiosk.open(&start).await.unwrap();
    let to = format!("{}cases/{}", home(&scene.kiosk).await, scene.case);
    scene.kiosk.open(&to).await.unwrap();
    let kiosk = &scene.kiosk;
    kiosk.until_value(&field("address"), STREET).await.unwrap();
    kiosk.until_value("#say", "Je reviens").await.unwrap();
    kiosk.until_value(&field("remarks"), "Vite").await.unwrap();
    scene.until_values("address", &[STREET]).await;
}
