//! What a script does at a counter: the same orders as the pages, in JSON.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::api::{Answer, Api};

const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(50);

/// The local pages of a kiosk, a station or a relay, behind its token.
#[derive(Clone, Debug)]
pub struct Script {
    api: Api,
}

/// A document as it is shown in a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether all of it is here.
    pub here: bool,
}

impl Script {
    /// Speaks through this API.
    pub fn new(api: Api) -> Self {
        Self { api }
    }

    /// The API below.
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// A kiosk: opens a case, and a visit if none is open; returns its tag.
    pub async fn begin(&self, service: &str, template: &str) -> Result<String> {
        let body = json!({ "service": service, "template": template });
        text(&self.api.post_json("/visit", &body).await?, "case")
    }

    /// A kiosk: ends and erases the visit.
    pub async fn end_visit(&self) -> Result<()> {
        self.api.post_json("/visit/end", &json!({})).await.map(drop)
    }

    /// A station: opens the vault of the adviser of this name.
    pub async fn unlock(&self, name: &str, passphrase: &str) -> Result<()> {
        let view = self.api.get_json("/unlock").await?;
        let advisers = view["advisers"].as_array().context("advisers")?;
        let found = advisers.iter().find(|it| it["name"] == name);
        let id = text(
            found.with_context(|| format!("no adviser {name}"))?,
            "adviser",
        )?;
        let body = json!({ "adviser": id, "passphrase": passphrase });
        self.api.post_json("/unlock", &body).await.map(drop)
    }

    /// A station: closes the vault.
    pub async fn lock(&self) -> Result<()> {
        self.api.post_json("/lock", &json!({})).await.map(drop)
    }

    /// A station: the tags of the cases on the desk.
    pub async fn desk(&self) -> Result<Vec<String>> {
        let view = self.api.get_json("/desk").await?;
        let cases = view["cases"].as_array().context("cases")?;
        cases.iter().map(|case| text(case, "case")).collect()
    }

    /// Everything that stands in a case.
    pub async fn case(&self, case: &str) -> Result<Value> {
        self.api.get_json(&format!("/cases/{case}")).await
    }

    /// Puts a value into a register.
    pub async fn set(&self, case: &str, field: &str, value: &str) -> Result<()> {
        let answer = self.try_set(case, field, value).await?;
        ensure!(
            (200..300).contains(&answer.status),
            "{field}: {}",
            answer.text()
        );
        Ok(())
    }

    /// Puts a value into a register and returns what the node says to it.
    pub async fn try_set(&self, case: &str, field: &str, value: &str) -> Result<Answer> {
        let view = self.case(case).await?;
        let path = field_path(&view, case, field)?;
        self.api.post(&path, &json!({ "value": value })).await
    }

    /// Puts text at a place of a text area, counted in UTF-16 code units.
    pub async fn splice(&self, case: &str, field: &str, at: usize, insert: &str) -> Result<()> {
        let view = self.case(case).await?;
        let path = format!("{}/splice", field_path(&view, case, field)?);
        let version = text(&field_of(&view, field)?["content"], "version")?;
        let body = json!({ "version": version, "at": at, "delete": 0, "insert": insert });
        self.api.post_json(&path, &body).await.map(drop)
    }

    /// All values of a register, or the one text of a text area.
    pub async fn values(&self, case: &str, field: &str) -> Result<Vec<String>> {
        values_in(&self.case(case).await?, field)
    }

    /// Says something in a case.
    pub async fn say(&self, case: &str, words: &str) -> Result<()> {
        let path = format!("/cases/{case}/messages");
        self.api
            .post_json(&path, &json!({ "text": words }))
            .await
            .map(drop)
    }

    /// What has been said in a case, oldest first.
    pub async fn said(&self, case: &str) -> Result<Vec<String>> {
        let view = self.case(case).await?;
        let messages = view["messages"].as_array().context("messages")?;
        messages
            .iter()
            .map(|message| text(message, "text"))
            .collect()
    }

    /// Adds a document and returns its id.
    pub async fn add(&self, case: &str, name: &str, kind: &str, bytes: &[u8]) -> Result<String> {
        let path = format!("/cases/{case}/documents");
        let answer = self.api.upload(&path, "file", name, kind, bytes).await?;
        ensure!(
            (200..300).contains(&answer.status),
            "{name}: {}",
            answer.text()
        );
        text(&answer.json()?, "document")
    }

    /// The documents of a case, oldest first.
    pub async fn documents(&self, case: &str) -> Result<Vec<Document>> {
        let view = self.case(case).await?;
        let documents = view["documents"].as_array().context("documents")?;
        let document = |it: &Value| -> Result<Document> {
            let here = text(&it["arrival"], "arrival")? == "here";
            Ok(Document {
                id: text(it, "document")?,
                name: text(it, "name")?,
                here,
            })
        };
        documents.iter().map(document).collect()
    }

    /// The bytes of a document.
    pub async fn download(&self, case: &str, document: &str) -> Result<Vec<u8>> {
        let path = format!("/cases/{case}/documents/{document}");
        let answer = self.api.get(&path).await?;
        ensure!(answer.status == 200, "{path}: {}", answer.status);
        Ok(answer.body)
    }

    /// A kiosk: how far each item of the visit has come: `saved`, `en-route`, `received`.
    pub async fn receipt(&self) -> Result<Vec<String>> {
        let view = self.api.get_json("/receipt").await?;
        let cases = view["cases"].as_array().context("cases")?;
        let items = cases
            .iter()
            .flat_map(|case| case["items"].as_array().into_iter().flatten());
        // A form in which nothing is written has not come anywhere.
        let written = items.filter(|item| item["state"].is_string());
        written.map(|item| text(item, "state")).collect()
    }

    /// Waits until something asked again and again is so, and returns it.
    pub async fn until<T>(
        &self,
        what: &str,
        ask: impl AsyncFn(&Self) -> Result<T>,
        holds: impl Fn(&T) -> bool,
    ) -> Result<T>
    where
        T: std::fmt::Debug,
    {
        self.until_within(PATIENCE, what, ask, holds).await
    }

    /// The same, with another patience.
    pub async fn until_within<T>(
        &self,
        patience: Duration,
        what: &str,
        ask: impl AsyncFn(&Self) -> Result<T>,
        holds: impl Fn(&T) -> bool,
    ) -> Result<T>
    where
        T: std::fmt::Debug,
    {
        let begun = Instant::now();
        loop {
            let last = ask(self).await;
            match last {
                Ok(value) if holds(&value) => return Ok(value),
                _ if begun.elapsed() < patience => tokio::time::sleep(LOOK_AGAIN_AFTER).await,
                last => anyhow::bail!("waited {patience:?} for {what}; last: {last:?}"),
            }
        }
    }
}

/// All values of a register, or the one text of a text area, in a case's view.
pub fn values_in(view: &Value, field: &str) -> Result<Vec<String>> {
    let content = &field_of(view, field)?["content"];
    match content["candidates"].as_array() {
        Some(candidates) => candidates.iter().map(|it| text(it, "value")).collect(),
        None => Ok(vec![text(content, "text")?]),
    }
}

/// A field of the first form that has it.
pub fn field_of<'a>(view: &'a Value, name: &str) -> Result<&'a Value> {
    fields(view)
        .map(|(_, field)| field)
        .find(|field| field["name"] == name)
        .with_context(|| format!("no field {name}"))
}

/// Where a field is written.
pub fn field_path(view: &Value, case: &str, name: &str) -> Result<String> {
    let found = fields(view).find(|(_, field)| field["name"] == name);
    let (form, _) = found.with_context(|| format!("no field {name}"))?;
    Ok(format!("/cases/{case}/forms/{form}/fields/{name}"))
}

/// The fields of every form, each with its form.
fn fields(view: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let forms = view["forms"].as_array().into_iter().flatten();
    forms.flat_map(|form| {
        let id = form["form"].as_str().unwrap_or_default();
        let sections = form["sections"].as_array().into_iter().flatten();
        let fields =
            sections.flat_map(|section| section["fields"].as_array().into_iter().flatten());
        fields.map(move |field| (id, field))
    })
}

fn text(value: &Value, key: &str) -> Result<String> {
    Ok(value[key]
        .as_str()
        .with_context(|| format!("{key} in {value}"))?
        .to_string())
}
