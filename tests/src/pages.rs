//! The pages as people use them, in a browser.

use std::path::Path;

use anyhow::{Context as _, Result};

use crate::browser::{Browser, quoted};
use crate::village::Adviser;

/// A citizen at the kiosk: comes in, chooses a service, begins a form. Returns the
/// case's tag.
pub async fn begin(kiosk: &Browser, service: &str, template: &str) -> Result<String> {
    kiosk
        .click(&format!("a.service[href='/services/{service}']"))
        .await?;
    kiosk
        .click(&format!(
            "button[name=template][value={}]",
            quoted(template)
        ))
        .await?;
    kiosk
        .until("location.pathname.startsWith('/cases/')")
        .await?;
    case_of(kiosk).await
}

/// An adviser at the station: opens the vault and sees the desk.
pub async fn unlock(station: &Browser, start_url: &str, adviser: &Adviser) -> Result<()> {
    station.open(start_url).await?;
    station.click_on("label.adviser", &adviser.name).await?;
    station.fill("#pass", &adviser.passphrase).await?;
    station
        .click("form[action='/unlock'] button.btn--main")
        .await?;
    station
        .until("location.pathname === '/desk'")
        .await
        .map(drop)
}

/// An adviser at the desk: opens a case once it is listed.
pub async fn take_up(station: &Browser, case: &str) -> Result<()> {
    station.click(&format!("#row-{case} a")).await?;
    station
        .until(&format!("location.pathname === '/cases/{case}'"))
        .await
        .map(drop)
}

/// The case that the page shows.
pub async fn case_of(page: &Browser) -> Result<String> {
    let address = page.address().await?;
    let (_, tag) = address
        .split_once("/cases/")
        .context("not on a case's page")?;
    Ok(tag
        .split(['?', '/', '#'])
        .next()
        .unwrap_or_default()
        .to_string())
}

/// The input or text area of a field.
pub fn field(name: &str) -> String {
    format!("[id$='-{name}-i']")
}

/// What the page says about a field: what another writes, or several answers.
pub fn news(name: &str) -> String {
    format!("form[id$='-{name}'] .field__news")
}

/// Types a value into a field in place of the old one, and leaves it.
pub async fn put(page: &Browser, name: &str, value: &str) -> Result<()> {
    page.fill(&field(name), value).await?;
    page.leave().await
}

/// Touches one of a few.
pub async fn choose(page: &Browser, name: &str, code: &str) -> Result<()> {
    page.click(&format!(
        "form[id$='-{name}'] input[value={}]",
        quoted(code)
    ))
    .await
}

/// Waits until one of a few is chosen, and returns its words on this page.
pub async fn chosen(page: &Browser, name: &str, code: &str) -> Result<String> {
    let input = format!("form[id$='-{name}'] input[value={}]", quoted(code));
    page.until_there(&format!("{input}:checked")).await?;
    page.text(&format!(
        "form[id$='-{name}'] label:has(input[value={}])",
        quoted(code)
    ))
    .await
}

/// Chooses the language of a case's page.
pub async fn language(page: &Browser, tag: &str) -> Result<()> {
    page.click("button[popovertarget=display]").await?;
    page.click(&format!("#display button[name=lang][value={tag}]"))
        .await?;
    page.until(&format!(
        "document.documentElement.lang === {}",
        quoted(tag)
    ))
    .await
    .map(drop)
}

/// Writes a message and sends it.
pub async fn say(page: &Browser, words: &str) -> Result<()> {
    page.fill("#say", words).await?;
    page.enter("#say").await
}

/// Adds a document.
pub async fn add(page: &Browser, file: &Path) -> Result<()> {
    page.upload("form[data-upload] input[type=file]", file)
        .await
}

/// Waits until a document is there in full, and returns the path of its bytes.
pub async fn document(page: &Browser, name: &str) -> Result<String> {
    let link = format!("a.thumb--here[data-name={}]", quoted(name));
    page.until_there(&link).await?;
    let script =
        "return new URLSearchParams(document.querySelector(arguments[0]).search).get('document')";
    let id = page.run(script, &serde_json::json!([link])).await?;
    let case = case_of(page).await?;
    Ok(format!(
        "/cases/{case}/documents/{}",
        id.as_str().unwrap_or_default()
    ))
}

/// Shows a document in the viewer and waits until its first page is drawn.
pub async fn view(page: &Browser, name: &str) -> Result<()> {
    page.run(
        "document.querySelector(arguments[0]).click()",
        &serde_json::json!([format!("a.thumb--here[data-name={}]", quoted(name))]),
    )
    .await?;
    page.until_shown("#viewer [data-name]", name).await?;
    let drawn = "(it => it && it.complete && it.naturalWidth > 0)\
                 (document.querySelector('#viewer img[data-picture]'))";
    page.until(drawn).await.map(drop)
}

/// A citizen on the page of a case asks for an adviser.
pub async fn ask_for_an_adviser(kiosk: &Browser) -> Result<()> {
    kiosk.click("form[action='/call'] .btn--main").await
}

/// An adviser takes whoever is next, and comes to their case.
pub async fn take_next(desk: &Browser) -> Result<()> {
    desk.click("form[action='/desk/take'] .btn--main").await
}

/// Turns the microphone (`audio`) or the camera (`video`) off or on again.
pub async fn switch(page: &Browser, what: &str) -> Result<()> {
    page.click(&format!("form[action='/call/sending'] button[name={what}]"))
        .await
}
