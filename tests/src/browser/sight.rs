//! What a person sees of a page, and waits for.

use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use serde_json::{Value, json};

use super::{Browser, quoted};

const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(40);

impl Browser {
    /// What an element shows, once it is there.
    pub async fn text(&self, css: &str) -> Result<String> {
        let found = format!("document.querySelector({})", quoted(css));
        let text = self
            .until(&format!("{found} && {{ text: {found}.innerText }}"))
            .await?;
        Ok(text["text"].as_str().unwrap_or_default().to_string())
    }

    /// What a field holds, once it is there.
    pub async fn value(&self, css: &str) -> Result<String> {
        let found = format!("document.querySelector({})", quoted(css));
        let text = self
            .until(&format!("{found} && {{ value: {found}.value }}"))
            .await?;
        Ok(text["value"].as_str().unwrap_or_default().to_string())
    }

    /// How many elements there are now.
    pub async fn count(&self, css: &str) -> Result<u64> {
        let script = "return document.querySelectorAll(arguments[0]).length";
        Ok(self
            .run(script, &json!([css]))
            .await?
            .as_u64()
            .unwrap_or_default())
    }

    /// Waits until an element is there.
    pub async fn until_there(&self, css: &str) -> Result<()> {
        self.until(&format!("document.querySelector({}) !== null", quoted(css)))
            .await
            .map(drop)
    }

    /// Waits until no such element is there.
    pub async fn until_gone(&self, css: &str) -> Result<()> {
        self.until(&format!("document.querySelector({}) === null", quoted(css)))
            .await
            .map(drop)
    }

    /// Waits until one of the elements shows this text.
    pub async fn until_shown(&self, css: &str, text: &str) -> Result<()> {
        let all = format!("[...document.querySelectorAll({})]", quoted(css));
        let shown = format!("{all}.some(it => it.innerText.includes({}))", quoted(text));
        self.until(&shown).await.map(drop)
    }

    /// Waits until a field holds this value.
    pub async fn until_value(&self, css: &str, value: &str) -> Result<()> {
        let field = format!("document.querySelector({})", quoted(css));
        self.until(&format!("{field}?.value === {}", quoted(value)))
            .await
            .map(drop)
    }

    /// Waits until a JavaScript expression is true, and returns its value.
    pub async fn until(&self, expression: &str) -> Result<Value> {
        let script = format!("return {expression}");
        self.patiently(expression, async || {
            let value = self.run(&script, &json!([])).await?;
            let empty = matches!(value, Value::Null | Value::Bool(false));
            if empty {
                Err(anyhow!("it is {value}"))
            } else {
                Ok(value)
            }
        })
        .await
    }

    /// Tries again until it succeeds or patience ends.
    pub(super) async fn patiently<T>(
        &self,
        what: &str,
        attempt: impl AsyncFn() -> Result<T>,
    ) -> Result<T> {
        let end = Instant::now() + self.patience;
        loop {
            let error = match attempt().await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            if Instant::now() >= end {
                return Err(self.explain(what, error).await);
            }
            tokio::time::sleep(LOOK_AGAIN_AFTER).await;
        }
    }

    async fn explain(&self, what: &str, error: anyhow::Error) -> anyhow::Error {
        let picture = self.picture("failure").await;
        let picture =
            picture.map_or_else(|error| format!("{error:#}"), |it| it.display().to_string());
        let address = self.address().await.unwrap_or_default();
        let script = "return document.body.innerText.replace(/\\s+/g, ' ').slice(0, 900)";
        let text = self.run(script, &json!([])).await.unwrap_or_default();
        let console = self.console().await.unwrap_or_default().join("\n  ");
        anyhow!(
            "{}: waited {} s for: {what}\n  last: {error:#}\n  page: {address}\n  text: {text}\n  \
             picture: {picture}\n  console: {console}",
            self.name,
            self.patience.as_secs()
        )
    }
}
