//! What a kiosk's browser keeps: nothing of what is typed, as any browser is; and under the policy
//! that ships with the program, no file goes in or out either.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use guichet_tests::browser::{Browser, Setup, Size, kept};
use guichet_tests::canary::{Canary, Search};
use guichet_tests::pages::{self, field};
use guichet_tests::samples;
use guichet_tests::village::Village;
use serde_json::{Value, json};

const NUMBER: &str = "2580763113001";
/// Where Chromium keeps passwords.
const PASSWORDS: &str = "profile/Default/Login Data";
/// Where a browser that keeps everything has what was typed.
const KEPT_IN: [&str; 3] = ["Login Data, locked away", "Web Data", "History"];
/// No page asks for a password by itself: what is none is none for the browser.
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
        screen: true,
        ..Setup::default()
    }
}

/// The visit of somebody who types their number.
async fn visit(page: &Browser) {
    pages::begin(page, "caf", "housing").await.unwrap();
    page.until_there(&field("social_security")).await.unwrap();
    page.run(NOTHING_SECRET, &json!([])).await.unwrap();
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

/// Where the number stands in what a browser left behind, as it is or locked away.
fn found(profile: &Path) -> Vec<String> {
    let number = Canary {
        label: "the number".into(),
        bytes: NUMBER.into(),
    };
    let search = Search::new(&[number]).unwrap();
    let mut found = search.folder(profile).unwrap();
    for (place, plain) in kept(profile).unwrap() {
        found.extend(search.bytes(&format!("{place}, locked away"), &plain));
    }
    found.iter().map(ToString::to_string).collect()
}

/// Types the number where a browser may keep it: into a line of text that it may fill in by itself
/// the next time, and into a password beside a name, as forms have it.
async fn type_elsewhere(page: &Browser) {
    let plain = "const form = document.createElement('form');
        form.innerHTML = '<input id=plain name=plain><button id=go>Go</button>';
        document.body.prepend(form)";
    page.run(plain, &json!([])).await.unwrap();
    page.fill("#plain", NUMBER).await.unwrap();
    page.click("#go").await.unwrap();
    page.until("location.search.startsWith('?plain=')")
        .await
        .unwrap();
    type_as_password(page, "<input name=user value=jean>").await;
}

/// Types the number into a password, with or without something beside it, and sends it.
async fn type_as_password(page: &Browser, beside: &str) {
    let secret = "const form = document.createElement('form');
        form.innerHTML = arguments[0] + '<input id=secret name=secret type=password>';
        document.body.prepend(form)";
    page.run(secret, &json!([beside])).await.unwrap();
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
}

/// What the button of the browser's own offer does.
async fn save_password(page: &Browser, origin: &str) {
    page.open("chrome://password-manager/passwords")
        .await
        .unwrap();
    let save = "return chrome.passwordsPrivate.addPassword({
        url: arguments[0], username: 'jean', password: arguments[1],
        note: '', useAccountStore: false })";
    page.run(save, &json!([format!("{origin}/"), NUMBER]))
        .await
        .unwrap();
    tokio::time::sleep(SOON).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_is_given_no_number_to_keep() {
    let village = village("keeps").await;
    let origin = format!("http://{}", village.kiosks[0].node().unwrap().address);

    let page = browser(&village, "keeps", as_people_do()).await;
    visit(&page).await;
    let profile = page.quit().await.unwrap();
    assert!(
        profile.path().join(PASSWORDS).exists(),
        "a profile as browsers have them"
    );
    assert!(
        !holds(&profile.path().join(PASSWORDS), &origin),
        "it is not even offered to be kept"
    );
    assert_eq!(found(profile.path()), Vec::<String>::new());

    // Where a page of the same node asks for the number as for a password, the browser offers to
    // keep it, and notes where it did.
    let page = browser(&village, "keeps-password", as_people_do()).await;
    type_as_password(&page, "").await;
    let profile = page.quit().await.unwrap();
    assert!(
        holds(&profile.path().join(PASSWORDS), &origin),
        "the control is offered it"
    );
    // And whoever takes the offer, or types elsewhere, leaves the number.
    let page = browser(&village, "keeps-all", as_people_do()).await;
    type_elsewhere(&page).await;
    save_password(&page, &origin).await;
    let profile = page.quit().await.unwrap();
    let found = found(profile.path()).join("\n");
    for place in KEPT_IN {
        assert!(
            found.contains(place),
            "the control finds the number in {place}: {found}"
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

/// Name, value, level and state of each policy that is set, as the browser's own page shows them.
const POLICIES: &str = "
    const rows = [];
    const walk = root => root.querySelectorAll('*').forEach(it => {
        if (it.matches('policy-row')) rows.push(it.shadowRoot);
        if (it.shadowRoot) walk(it.shadowRoot);
    });
    walk(document);
    const said = (row, css) => row.querySelector(css)?.textContent.trim() ?? '';
    return rows.map(row => ['.name', '.value', '.level', '.messages'].map(css => said(row, css)))
        .filter(([, , level]) => level !== '')";

/// Policies of which newer browsers say that another is to be used, and that other, which older ones
/// do not know: both stand there, and each browser obeys one of them.
const SUPERSEDED: [(&str, &str); 2] = [
    ("AutofillAddressEnabled", "AutofillSettings"),
    ("AutofillCreditCardEnabled", "AutofillSettings"),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_line_of_the_policy_that_ships_is_known_and_in_force() {
    let village = village("policy-known").await;
    let file = policy(&village);
    let mut policy: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let lines = policy.as_object_mut().unwrap();
    // Known, though with a value that leaves the test its hand; and one that nobody knows.
    lines.insert("DeveloperToolsAvailability".into(), json!(1));
    lines.insert("NoSuchPolicy".into(), json!(true));
    std::fs::write(&file, policy.to_string()).unwrap();
    let under = Setup {
        policy: Some(&file),
        ..Setup::default()
    };
    let page = browser(&village, "policy-known", under).await;
    page.open("chrome://policy").await.unwrap();
    let all = format!("(() => {{ {POLICIES} }})().length > 0");
    page.until(&all).await.unwrap();
    let shown = page.run(POLICIES, &json!([])).await.unwrap();
    let shown: Vec<[String; 4]> = serde_json::from_value(shown).unwrap();
    let row = |name: &str| {
        let row = shown.iter().find(|[shown, ..]| shown == name);
        row.unwrap_or_else(|| panic!("{name} is not there"))
    };
    // In the browser's language: what it says of one that it obeys, and of one that it does not know.
    let [_, _, level, obeyed] = row("PasswordManagerEnabled");
    let [_, _, _, unknown] = row("NoSuchPolicy");
    assert_ne!(obeyed, unknown, "the control");
    for (name, value) in policy.as_object().unwrap() {
        let [_, told, at, state] = row(name);
        match name.as_str() {
            "NoSuchPolicy" => {}
            // Deprecated, or not known yet: then what stands beside it is obeyed.
            name if state != obeyed => {
                let beside: Vec<_> = SUPERSEDED
                    .iter()
                    .filter_map(|(old, new)| match name {
                        it if it == *old && state != unknown => Some(*new),
                        it if it == *new && state == unknown => Some(*old),
                        _ => None,
                    })
                    .collect();
                assert!(!beside.is_empty(), "{name}: {state}");
                for other in beside {
                    assert_eq!(&row(other)[3], obeyed, "{name}: {state}, and {other}");
                }
            }
            _ => {}
        }
        assert_eq!(at, level, "{name}");
        let told: Value = serde_json::from_str(told).unwrap_or_else(|_| json!(told));
        assert_eq!(&told, value, "{name}");
    }
    assert_eq!(shown.len(), policy.as_object().unwrap().len());
}

#[tokio::test(flavor = "multi_thread")]
async fn under_the_policy_that_ships_no_file_goes_in_or_out() {
    let village = village("policy").await;
    let policy = policy(&village);
    // Without a screen a chooser is given up at once, policy or not.
    let under = Setup {
        policy: Some(&policy),
        screen: true,
        ..Setup::default()
    };
    assert_eq!(tried(&village, "policy", under).await, [false, true, true]);
    let free = Setup {
        screen: true,
        ..Setup::default()
    };
    let control = tried(&village, "no-policy", free).await;
    assert_eq!(control, [true, false, false], "the control");

    let keeps = Setup {
        keeps: true,
        ..under
    };
    let page = browser(&village, "policy-keeps", keeps).await;
    visit(&page).await;
    page.open(&village.kiosks[0].node().unwrap().open().unwrap())
        .await
        .unwrap();
    type_as_password(&page, "").await;
    type_elsewhere(&page).await;
    let origin = format!("http://{}", village.kiosks[0].node().unwrap().address);
    let profile = page.quit().await.unwrap();
    assert!(
        !holds(&profile.path().join(PASSWORDS), &origin),
        "not even a password"
    );
    // In an address it is elsewhere too; no page puts it there.
    let found = found(profile.path()).join("\n");
    for place in KEPT_IN {
        assert!(!found.contains(place), "{found}");
    }
}
