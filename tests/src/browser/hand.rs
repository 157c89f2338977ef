//! What a person does in a page: touch, type, choose.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::{Browser, ELEMENT, quoted};

const ENTER: &str = "\u{e007}";
pub(super) const CONTROL: &str = "\u{e009}";
const DELETE: &str = "\u{e017}";

impl Browser {
    /// Touches an element.
    pub async fn click(&self, css: &str) -> Result<()> {
        self.with(css, "click", &json!({})).await
    }

    /// Touches the first of the elements that shows this text.
    pub async fn click_on(&self, css: &str, text: &str) -> Result<()> {
        let script = "return [...document.querySelectorAll(arguments[0])]
            .find(element => element.innerText.includes(arguments[1]))";
        self.patiently(&format!("click {css} with {text:?}"), async || {
            let found = self.run(script, &json!([css, text])).await?;
            let id = found[ELEMENT].as_str().context("no such element")?;
            self.act(id, "click", &json!({})).await
        })
        .await
    }

    /// Types at the end of what a field holds, key by key.
    pub async fn type_in(&self, css: &str, text: &str) -> Result<()> {
        self.with(css, "value", &json!({ "text": text })).await
    }

    /// Types in place of what a field holds; the field keeps the focus.
    pub async fn fill(&self, css: &str, text: &str) -> Result<()> {
        self.type_in(css, &format!("{CONTROL}a{CONTROL}{DELETE}{text}"))
            .await
    }

    /// Puts text at the caret all at once, as pasting does; the field keeps the focus.
    pub async fn paste(&self, css: &str, text: &str) -> Result<()> {
        self.click(css).await?;
        let script = "return document.execCommand('insertText', false, arguments[0])";
        let done = self.run(script, &json!([text])).await?;
        done.as_bool()
            .filter(|done| *done)
            .context("not pasted")
            .map(drop)
    }

    /// Presses Enter in a field.
    pub async fn enter(&self, css: &str) -> Result<()> {
        self.type_in(css, ENTER).await
    }

    /// Leaves the field that has the focus, as the next touch would.
    pub async fn leave(&self) -> Result<()> {
        self.run("document.activeElement?.blur(); return true", &json!([]))
            .await
            .map(drop)
    }

    /// Chooses an option by its value, as a person's choice would be seen.
    pub async fn choose(&self, css: &str, value: &str) -> Result<()> {
        let css_option = format!("{css} option[value={}]", quoted(value));
        self.click(&css_option).await
    }

    /// Hands a file to a file input.
    pub async fn upload(&self, css: &str, file: &Path) -> Result<()> {
        let file = std::path::absolute(file)?;
        self.type_in(css, &file.to_string_lossy()).await
    }

    /// Does something to an element, once it can be done.
    async fn with(&self, css: &str, action: &str, body: &Value) -> Result<()> {
        self.patiently(&format!("{action} {css}"), async || {
            let id = self.find(css).await?;
            self.act(&id, action, body).await
        })
        .await
    }

    /// Brings an element into the middle, away from bars that stay, and acts on it.
    async fn act(&self, id: &str, action: &str, body: &Value) -> Result<()> {
        let script = "arguments[0].scrollIntoView({ block: 'center' })";
        self.run(script, &json!([{ ELEMENT: id }])).await?;
        let path = format!("/element/{id}/{action}");
        self.post(&path, body).await.map(drop)
    }

    pub(super) async fn find(&self, css: &str) -> Result<String> {
        let body = json!({ "using": "css selector", "value": css });
        let answer = self.post("/element", &body).await?;
        Ok(answer[ELEMENT]
            .as_str()
            .context("an element id")?
            .to_string())
    }
}
