//! A kiosk and a desk with one case between them, as most tests of papers and files begin.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::api::Answer;
use crate::script::Script;
use crate::village::Village;
use crate::visit::unlocked;

/// Both sides of the counter, and the case that a citizen has begun there.
#[derive(Debug)]
pub struct Counter {
    /// The nodes, which run.
    pub village: Village,
    /// The first kiosk.
    pub kiosk: Script,
    /// The desk of the first station, unlocked.
    pub desk: Script,
    /// The case's tag.
    pub case: String,
}

impl Counter {
    /// Starts the nodes and opens both sides.
    pub async fn open(mut village: Village) -> Result<Self> {
        village.start().await?;
        let kiosk = village.kiosks[0].script()?;
        let desk = unlocked(&village).await?;
        let case = kiosk.begin("caf", "housing").await?;
        Ok(Self {
            village,
            kiosk,
            desk,
            case,
        })
    }

    /// An address below that of the case.
    pub fn path(&self, rest: &str) -> String {
        format!("/cases/{}/{rest}", self.case)
    }

    /// Gives an order about the case at the kiosk.
    pub async fn order(&self, rest: &str, body: Value) -> Result<Answer> {
        self.kiosk.api().post(&self.path(rest), &body).await
    }

    /// The same, and it is done.
    pub async fn ordered(&self, rest: &str, body: Value) -> Result<Value> {
        let answer = self.order(rest, body).await?;
        ensure!(answer.status == 200, "{rest}: {}", answer.text());
        answer.json().with_context(|| rest.to_owned())
    }

    /// The kiosk's sheets that are not joined yet.
    pub async fn sheets(&self) -> Result<Value> {
        self.kiosk.api().get_json(&self.path("sheets")).await
    }
}
