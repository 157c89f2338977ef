//! Typing that WebDriver does not know: words composed with an input method, and taking back.

use anyhow::Result;
use serde_json::json;

use super::Browser;
use super::hand::CONTROL;

impl Browser {
    /// Shows what a word being composed with an input method looks like so far, at the caret.
    pub async fn compose(&self, so_far: &str) -> Result<()> {
        let end = so_far.encode_utf16().count();
        let composed = json!({ "text": so_far, "selectionStart": end, "selectionEnd": end });
        let composing = self.devtools("Input.imeSetComposition", &composed);
        composing.await.map(drop)
    }

    /// Puts the composed word, or any text, at the caret.
    pub async fn commit(&self, word: &str) -> Result<()> {
        let text = json!({ "text": word });
        self.devtools("Input.insertText", &text).await.map(drop)
    }

    /// Takes back the last thing typed into a field, with Ctrl+Z.
    pub async fn take_back(&self, css: &str) -> Result<()> {
        self.type_in(css, &format!("{CONTROL}z{CONTROL}")).await
    }

    /// Makes again what was taken back, with Ctrl+Y.
    pub async fn make_again(&self, css: &str) -> Result<()> {
        self.type_in(css, &format!("{CONTROL}y{CONTROL}")).await
    }

    /// Loads the page again, as F5 does, and waits until it is there.
    pub async fn reload(&self) -> Result<()> {
        self.post("/refresh", &json!({})).await.map(drop)
    }
}
