//! What a kiosk's browser keeps: nothing of what is typed, as any browser is; and under the policy
//! that ships with the program, no file goes in or out either.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use guichet_tests::browser::{Browser, Setup, Size};
use guichet_tests::canary::{Canary, Search};
use guichet_tests::pages::{self, field};
use guichet_tests::samples;
use guichet_tests::village::Village;
use serde_json::{Value, json};

const NUMBER: &str = "2580763113001";
/// Where Chromium keeps passwords.
const PASSWORDS: &str = "profile/Default/Login Data";
/// A browser asks only with a screen whether to keep a lone password, so the page is looked at too.
const NOTHING_SECRET: &str = "
    if (document.querySelector('[type=password]')) throw new Error('a password is asked for');";
const ELSEWHERE: &str = "no page of this node";
/// Long enough for a browser to do what it is asked.
const SOON: Duration = Duration::from_secs(3);

async fn village(name: &str) -> Village {
    let mut village = Village::new(name, 1, 0).unwrap();
    village.kiosk().let_files_pass().unwrap();
    village.start().await.unwrap();
    village
}

async fn browser(village: &Village, name: &str, setup: Setup<'_>) -> Browser {
    let site = &village.kiosks[0];
    let browser = Browser::start_with(&site.place, name, Size::SCREEN, setup)
        .await
        .unwrap();
    browser
        .open(&site.node().unwrap().open().unwrap())
        .await
        .unwrap();
    browser
}

fn as_people_do() -> Setup<'static> {
    Setup {
        keeps: true,
        ..Setup::default()
    }
}

/// The visit of somebody who types their number; `before` it, the page may be changed.
async fn visit(page: &Browser, before: &str) {
    pages::begin(page, "caf", "housing").await.unwrap();
    page.until_there(&field("social_security")).await.unwrap();
    page.run(before, &json!([field("social_security")]))
        .await
        .unwrap();
    pages::put(page, "social_security", NUMBER).await.unwrap();
    page.until("!document.querySelector('.field--waiting, .field[data-busy]')")
        .await
        .unwrap();
    // As a page without scripts sends it: then a browser knows best what was typed.
    let send =
        "const { form } = document.querySelector(arguments[0]); window.sent = true; form.submit()";
    page.run(send, &json!([field("social_security")]))
        .await
        .unwrap();
    page.until("window.sent === undefined && document.readyState === 'complete'")
        .await
        .unwrap();
    page.click("#commands a[href='/receipt']").await.unwrap();
    page.click("form[action='/visit/end'] button.btn--main")
        .await
        .unwrap();
    page.until("location.search === '?ended=1'").await.unwrap();
    tokio::time::sleep(SOON).await;
}

fn holds(file: &Path, what: &str) -> bool {
    let bytes = std::fs::read(file).unwrap_or_default();
    bytes
        .windows(what.len())
        .any(|window| window == what.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_is_given_no_number_to_keep() {
    let village = village("keeps").await;
    let origin = format!("http://{}", village.kiosks[0].node().unwrap().address);
    let number = Canary {
        label: "the number".into(),
        bytes: NUMBER.into(),
    };
    let search = Search::new(&[number]).unwrap();

    let page = browser(&village, "keeps", as_people_do()).await;
    visit(&page, NOTHING_SECRET).await;
    let profile = page.quit().await.unwrap();
    assert!(
        profile.path().join(PASSWORDS).exists(),
        "a profile as browsers have them"
    );
    assert!(
        !holds(&profile.path().join(PASSWORDS), &origin),
        "a password is kept"
    );
    let found = search.folder(profile.path()).unwrap();
    assert!(found.is_empty(), "{found:?}");

    // The same visit at a page that asks for the number as for a password.
    let page = browser(&village, "keeps-password", as_people_do()).await;
    visit(
        &page,
        "document.querySelector(arguments[0]).type = 'password'",
    )
    .await;
    // And a line of text that the browser may fill in by itself the next time.
    let plain = "const form = document.createElement('form');
        form.innerHTML = '<input id=plain name=plain><button id=go>Go</button>';
        document.body.prepend(form)";
    page.run(plain, &json!([])).await.unwrap();
    page.fill("#plain", NUMBER).await.unwrap();
    page.click("#go").await.unwrap();
    page.until("location.search.startsWith('?plain=')")
        .await
        .unwrap();
    // And a password beside a name, as forms have it.
    let secret = "const form = document.createElement('form');
        form.innerHTML = '<input name=user value=jean><input id=secret name=secret type=password>';
        document.body.prepend(form)";
    page.run(secret, &json!([])).await.unwrap();
    page.type_in("#secret", NUMBER).await.unwrap();
    page.run(
        "document.querySelector('#secret').form.submit()",
        &json!([]),
    )
    .await
    .unwrap();
    page.until("location.search.includes('secret=')")
        .await
        .unwrap();
    tokio::time::sleep(SOON).await;
    let profile = page.quit().await.unwrap();
    assert!(
        holds(&profile.path().join(PASSWORDS), &origin),
        "the control keeps a password"
    );
    let found: String = search
        .folder(profile.path())
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    for file in ["Web Data", "History"] {
        assert!(
            found.contains(file),
            "the control finds the number in {file}: {found}"
        );
    }
}

/// The policy, without the line that shuts out a test's hand as well.
fn policy(village: &Village) -> PathBuf {
    let shipped =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../node/packaging/chromium/guichet-kiosk.json");
    let mut policy: Value = serde_json::from_slice(&std::fs::read(shipped).unwrap()).unwrap();
    let tools = policy
        .as_object_mut()
        .unwrap()
        .remove("DeveloperToolsAvailability");
    assert_eq!(tools, Some(json!(2)), "nobody looks behind the page");
    let file = village.folder().join("policy.json");
    std::fs::write(&file, policy.to_string()).unwrap();
    file
}

/// Whether a browser takes a file that is offered, refuses to choose one, and stays at the pages.
async fn tried(village: &Village, name: &str, setup: Setup<'_>) -> [bool; 3] {
    let page = browser(village, name, setup).await;
    let case = pages::begin(&page, "caf", "housing").await.unwrap();
    let script = village.kiosks[0].script().unwrap();
    script
        .add(
            &case,
            "bail.pdf",
            "application/pdf",
            &samples::pdf([9, 9, 9], "Bail"),
        )
        .await
        .unwrap();
    pages::document(&page, "bail.pdf").await.unwrap();
    pages::view(&page, "bail.pdf").await.unwrap();
    page.click("#viewer a[download]").await.unwrap();
    let refused = "const input = document.createElement('input');
        input.type = 'file';
        input.addEventListener('cancel', () => { window.refused = true; });
        const button = document.createElement('button');
        button.id = 'choose';
        button.addEventListener('click', () => input.click());
        document.body.prepend(button)";
    page.run(refused, &json!([])).await.unwrap();
    page.click("#choose").await.unwrap();
    tokio::time::sleep(SOON).await;
    let files = std::fs::read_dir(page.downloads())
        .into_iter()
        .flatten()
        .count();
    let refused = page
        .run("return window.refused === true", &json!([]))
        .await
        .unwrap();
    let elsewhere = village.folder().join("elsewhere.txt");
    std::fs::write(&elsewhere, ELSEWHERE).unwrap();
    let _it_may_not = page.open(&format!("file://{}", elsewhere.display())).await;
    let text = page
        .run("return document.documentElement.innerText", &json!([]))
        .await
        .unwrap();
    let blocked = !text.as_str().unwrap().contains(ELSEWHERE);
    [files > 0, refused == true, blocked]
}

#[tokio::test(flavor = "multi_thread")]
async fn under_the_policy_that_ships_no_file_goes_in_or_out() {
    let village = village("policy").await;
    let policy = policy(&village);
    let under = Setup {
        policy: Some(&policy),
        ..Setup::default()
    };
    assert_eq!(tried(&village, "policy", under).await, [false, true, true]);
    // Without a screen a chooser may be given up at once, policy or not.
    let [downloaded, _, blocked] = tried(&village, "no-policy", Setup::default()).await;
    assert!(downloaded && !blocked, "the control");

    let keeps = Setup {
        keeps: true,
        ..under
    };
    let page = browser(&village, "policy-keeps", keeps).await;
    visit(
        &page,
        "document.querySelector(arguments[0]).type = 'password'",
    )
    .await;
    let origin = format!("http://{}", village.kiosks[0].node().unwrap().address);
    let profile = page.quit().await.unwrap();
    assert!(
        !holds(&profile.path().join(PASSWORDS), &origin),
        "not even a password"
    );
}
