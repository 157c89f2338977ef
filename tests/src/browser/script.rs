//! What a page tells a script, and what it complains of.

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::Browser;

impl Browser {
    /// Runs a script before those of every page that is opened from now on.
    pub async fn before_pages(&self, script: &str) -> Result<()> {
        let before = json!({ "source": script });
        let added = self.devtools("Page.addScriptToEvaluateOnNewDocument", &before);
        added.await.map(drop)
    }

    /// Runs a function body in the page and returns what it returns.
    pub async fn run(&self, script: &str, arguments: &Value) -> Result<Value> {
        self.post(
            "/execute/sync",
            &json!({ "script": script, "args": arguments }),
        )
        .await
    }

    /// The SHA-256, in hexadecimal, of what the page gets from an address.
    pub async fn sha256_of(&self, url: &str) -> Result<String> {
        let script = "const done = arguments[1];
            fetch(arguments[0], { headers: { Accept: '*/*' } })
                .then(answer => answer.ok ? answer.arrayBuffer() : Promise.reject(answer.status))
                .then(bytes => crypto.subtle.digest('SHA-256', bytes))
                .then(hash => done([...new Uint8Array(hash)]
                    .map(byte => byte.toString(16).padStart(2, '0')).join('')))
                .catch(error => done('failed: ' + error))";
        let body = json!({ "script": script, "args": [url] });
        let answer = self.post("/execute/async", &body).await?;
        let hash = answer.as_str().unwrap_or_default().to_string();
        if hash.len() != 64 {
            bail!("{}: {url}: {hash}", self.name);
        }
        Ok(hash)
    }

    /// What the page complained of on its console since the last call; the browser's own hints
    /// (`DEBUG`) are none.
    pub async fn console(&self) -> Result<Vec<String>> {
        let lines = self.post("/se/log", &json!({ "type": "browser" })).await?;
        let lines = lines.as_array().into_iter().flatten();
        Ok(lines
            .filter(|line| line["level"] != "DEBUG")
            .map(|line| format!("{}: {}", line["level"], line["message"]))
            .collect())
    }
}
