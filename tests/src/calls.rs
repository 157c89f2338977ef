//! What a script does about waiting and calls.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::api::Answer;
use crate::script::Script;

impl Script {
    /// A kiosk: somebody wishes to speak with an adviser about a case.
    pub async fn join_queue(&self, case: &str) -> Result<()> {
        let body = json!({ "case": case, "lang": "fr", "mode": "voice" });
        self.api().post_json("/call", &body).await.map(drop)
    }

    /// The wait or call of who sits here.
    pub async fn call(&self) -> Result<Value> {
        self.api().get_json("/call").await
    }

    /// Waits until the call is in this state: `none`, `waiting`, `ringing` or `speaking`.
    pub async fn until_call(&self, state: &str) -> Result<Value> {
        let what = format!("a call that is {state}");
        let call = async |script: &Script| script.call().await;
        self.until(&what, call, |call| call["call"] == state).await
    }

    /// A kiosk: the citizen answers.
    pub async fn answer(&self) -> Result<()> {
        let answered = self.api().post_json("/call/answer", &json!({})).await;
        answered.map(drop)
    }

    /// Turns microphone and camera on or off.
    pub async fn switch(&self, audio: bool, video: bool) -> Result<Answer> {
        let body = json!({ "audio": audio, "video": video });
        self.api().post("/call/sending", &body).await
    }

    /// Leaves the queue, or hangs up.
    pub async fn leave_call(&self) -> Result<()> {
        let left = self.api().post_json("/call/leave", &json!({})).await;
        left.map(drop)
    }

    /// A station: everybody in the queue, in order.
    pub async fn queue(&self) -> Result<Vec<Value>> {
        let desk = self.api().get_json("/desk").await?;
        desk["queue"].as_array().cloned().context("a queue")
    }

    /// A station: waits until somebody of this kiosk is in the queue with this turn.
    pub async fn until_turn(&self, kiosk: &str, turn: &str) -> Result<Value> {
        let row = async |script: &Script| {
            let queue = script.queue().await?;
            let row = queue.into_iter().find(|row| row["kiosk"] == kiosk);
            Ok(row.unwrap_or_default())
        };
        let what = format!("{kiosk} in the queue as {turn}");
        self.until(&what, row, |row| row["turn"]["turn"] == turn)
            .await
    }

    /// A station: waits until the case of somebody who waits has arrived; a ticket may be ahead
    /// of it.
    pub async fn until_case_of(&self, row: &Value) -> Result<Value> {
        let ticket = &row["ticket"];
        let row = async |script: &Script| {
            let queue = script.queue().await?;
            let row = queue.into_iter().find(|row| row["ticket"] == *ticket);
            Ok(row.unwrap_or_default())
        };
        let arrived = |row: &Value| !row["case"].is_null();
        self.until("the case of who waits", row, arrived).await
    }

    /// A station: takes somebody out of the queue.
    pub async fn take(&self, row: &Value, reason: Option<&str>) -> Result<Answer> {
        let mut body = json!({ "ticket": row["ticket"] });
        if let Some(reason) = reason {
            body["reason"] = reason.into();
        }
        self.api().post("/desk/take", &body).await
    }
}
