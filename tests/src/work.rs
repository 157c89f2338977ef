//! What a script does at the desk about a case.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::script::Script;

/// A page of a case that is open at a desk; closed when dropped.
#[derive(Debug)]
pub struct OpenPage(JoinHandle<()>);

impl Drop for OpenPage {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Script {
    /// A station: notes something for the service.
    pub async fn note(&self, case: &str, text: &str) -> Result<()> {
        let path = format!("/cases/{case}/notes");
        let noted = self.api().post_json(&path, &json!({ "text": text })).await;
        noted.map(drop)
    }

    /// A station: says how it was made sure who the citizen is.
    pub async fn check_identity(&self, case: &str, way: &str, remark: &str) -> Result<()> {
        let path = format!("/cases/{case}/identity");
        let body = json!({ "way": way, "remark": remark });
        self.api().post_json(&path, &body).await.map(drop)
    }

    /// A station: opens the page of a case, as a browser does.
    pub async fn open_page(&self, case: &str) -> Result<OpenPage> {
        let mut events = self
            .api()
            .events(&format!("/events?at=/cases/{case}"))
            .await?;
        let forever = std::time::Duration::from_secs(3600);
        let listening = async move { while events.next(forever).await.is_ok() {} };
        Ok(OpenPage(tokio::spawn(listening)))
    }

    /// Who has a case open, as this page says.
    pub async fn readers(&self, case: &str) -> Result<Vec<Value>> {
        let view = self.case(case).await?;
        view["readers"].as_array().cloned().context("readers")
    }

    /// Waits until these people and nobody else have a case open.
    pub async fn until_readers(&self, case: &str, names: &[&str]) -> Result<Vec<Value>> {
        let what = format!("{names:?} at the case");
        let readers = async |script: &Script| script.readers(case).await;
        let there = |readers: &Vec<Value>| readers.iter().map(|it| &it["name"]).eq(names.iter());
        self.until(&what, readers, there).await
    }
}
