//! What a browser shows, as pictures.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use data_encoding::BASE64;
use serde_json::{Value, json};

use super::{Browser, Pixels, Size, command};
use crate::process::artefacts;

impl Browser {
    /// What a person sees of an element: its pixels, once it is there.
    pub async fn pixels(&self, css: &str) -> Result<Pixels> {
        self.until_there(css).await?;
        let id = self.find(css).await?;
        let path = format!("/session/{}/element/{id}/screenshot", self.session);
        let picture = command(&self.api, "GET", &path, &Value::Null).await?;
        Pixels::decode(&decode(&picture)?)
    }

    /// Gives the page exactly this much room, whatever the window is.
    pub async fn resize(&self, size: Size) -> Result<()> {
        let Size { width, height } = size;
        let room = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", &room)
            .await
            .map(drop)
    }

    /// A PNG of the whole page, with what only scrolling would bring up.
    pub async fn whole_page(&self) -> Result<Vec<u8>> {
        let metrics = self.devtools("Page.getLayoutMetrics", &json!({})).await?;
        let whole = &metrics["cssContentSize"];
        let wanted = json!({
            "format": "png",
            "captureBeyondViewport": true,
            "clip": {
                "x": 0, "y": 0, "scale": 1, "width": whole["width"], "height": whole["height"],
            },
        });
        let picture = self.devtools("Page.captureScreenshot", &wanted).await?;
        decode(&picture["data"])
    }

    /// Keeps a picture of the page among the artefacts and returns its path.
    pub async fn picture(&self, title: &str) -> Result<PathBuf> {
        let path = format!("/session/{}/screenshot", self.session);
        let picture = command(&self.api, "GET", &path, &Value::Null).await?;
        let file = artefacts()?.join(format!("{}-{title}.png", self.name));
        std::fs::write(&file, decode(&picture)?)?;
        Ok(file)
    }

    pub(super) async fn devtools(&self, order: &str, with: &Value) -> Result<Value> {
        let body = json!({ "cmd": order, "params": with });
        self.post("/goog/cdp/execute", &body).await
    }
}

fn decode(picture: &Value) -> Result<Vec<u8>> {
    let picture = picture.as_str().context("a picture")?;
    Ok(BASE64.decode(picture.as_bytes())?)
}
