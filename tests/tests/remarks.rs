//! What the viewer says of a document that is shown in part, or not at all: what it is, and what to
//! do.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use guichet_tests::browser::{Browser, Size, quoted};
use guichet_tests::careless::Care;
use guichet_tests::pages;
use guichet_tests::samples;
use guichet_tests::village::Village;
use serde_json::json;

const GREEN: [u8; 3] = [0, 160, 0];

/// A text in place of another of the same length: the table of a PDF stays right.
fn changed(document: &[u8], old: &str, new: &str) -> Vec<u8> {
    let text = String::from_utf8(document.to_vec()).unwrap();
    assert!(text.contains(old), "{old}");
    let new = format!("{new:<width$}", width = old.len());
    text.replacen(old, &new, 1).into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_is_not_shown_whole_says_so_and_what_to_do() {
    let mut village = Village::new("remarks", 1, 0).unwrap();
    // What cannot be drawn may come from elsewhere: here it is taken.
    village.kiosk().without = Some(Care::Judging);
    village.start().await.unwrap();
    let site = &village.kiosks[0];
    let kiosk = site.browser("remarks", Size::SCREEN).await.unwrap();
    kiosk
        .open(&site.node().unwrap().open().unwrap())
        .await
        .unwrap();
    let case = pages::begin(&kiosk, "caf", "housing").await.unwrap();
    let script = site.script().unwrap();

    let whole = samples::pdf(GREEN, "Bail");
    let no_end = whole.strip_suffix(b"%%EOF\n").unwrap();
    let other = changed(
        &whole,
        "/Type /Font /Subtype /Type1 /BaseFont /Helvetica",
        "/Type /Font",
    );
    let other = changed(
        &other,
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Pages 2 0 R /AcroForm 5 0 R>>",
    );
    let other = changed(&other, "/Type /Font", "/XFA ()");
    let mut arithmetic = vec![0xff, 0xd8, 0xff, 0xc9, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0];
    arithmetic.extend([0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0x64, 0xff, 0xd9]);
    for (name, kind, bytes, words) in [
        (
            "sans-fin.pdf",
            "application/pdf",
            no_end,
            "comparez avec l’original",
        ),
        (
            "xfa.pdf",
            "application/pdf",
            &other,
            "le programme pour lequel il est fait",
        ),
        ("rare.jpg", "image/jpeg", &arithmetic, "en PDF ou en PNG"),
    ] {
        script.add(&case, name, kind, bytes).await.unwrap();
        pages::document(&kiosk, name).await.unwrap();
        look_at(&kiosk, name).await;
        let trouble = "[data-picture-trouble]";
        kiosk.until_shown(trouble, words).await.unwrap();
    }
    // Of one that is whole, nothing is said.
    script
        .add(&case, "bail.pdf", "application/pdf", &whole)
        .await
        .unwrap();
    pages::document(&kiosk, "bail.pdf").await.unwrap();
    pages::view(&kiosk, "bail.pdf").await.unwrap();
    let drawn = "document.querySelector('#viewer img.page--sharp')?.naturalWidth > 0";
    kiosk.until(drawn).await.unwrap();
    let told = "return fetch(document.querySelector('#viewer img').dataset.remarks,
        { headers: { accept: 'application/json' } }).then(it => it.json()).then(it => it.told)";
    assert_eq!(kiosk.run(told, &json!([])).await.unwrap(), "");
    let silent = "return document.querySelector('[data-picture-trouble]').hidden";
    assert_eq!(kiosk.run(silent, &json!([])).await.unwrap(), true);
}

async fn look_at(page: &Browser, name: &str) {
    let click = "document.querySelector(arguments[0]).click()";
    let link = format!("a.thumb--here[data-name={}]", quoted(name));
    page.run(click, &json!([link])).await.unwrap();
    page.until_shown("#viewer [data-name]", name).await.unwrap();
}
