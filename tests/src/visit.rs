//! One visit that a test leaves behind, and the look whether anything of it is missing.

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::samples;
use crate::script::{Script, values_in};
use crate::village::Village;

const MESSAGE: &str = "Je reviendrai avec la quittance.";

/// A visit with three fields, a text, a message and a document.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Its case.
    pub case: String,
    /// The bytes of its document.
    pub document: Vec<u8>,
}

impl Visit {
    /// Makes it at a kiosk and leaves it open.
    pub async fn at(kiosk: &Script) -> Result<Self> {
        let case = kiosk.begin("caf", "housing").await?;
        for (field, value) in [
            ("last_name", "Lefèvre"),
            ("rent", "412"),
            ("tenancy", "tenant"),
        ] {
            kiosk.set(&case, field, value).await?;
        }
        kiosk
            .splice(&case, "situation", 0, "Seule avec deux enfants.")
            .await?;
        kiosk.say(&case, MESSAGE).await?;
        let document = samples::png(7, 150);
        kiosk
            .add(&case, "quittance.png", "image/png", &document)
            .await?;
        Ok(Self { case, document })
    }

    /// Waits until the desk has the document and the message, and sees that all else is there.
    pub async fn is_at(&self, desk: &Script) -> Result<()> {
        let all = async |desk: &Script| -> Result<Value> { desk.case(&self.case).await };
        let view = desk
            .until("the whole case", all, |view| {
                let documents = view["documents"].as_array().into_iter().flatten();
                let mut arrivals = documents.map(|it| &it["arrival"]["arrival"]);
                let here = arrivals.next().is_some_and(|it| it == "here");
                here && view["messages"][0].is_object()
            })
            .await?;
        for (field, value) in [
            ("last_name", "Lefèvre"),
            ("rent", "412"),
            ("tenancy", "tenant"),
            ("situation", "Seule avec deux enfants."),
        ] {
            let there = values_in(&view, field)?;
            ensure!(there == [value], "{field} is {there:?}");
        }
        let said = desk.said(&self.case).await?;
        ensure!(said == [MESSAGE], "said: {said:?}");
        let documents = desk.documents(&self.case).await?;
        ensure!(documents.len() == 1, "documents: {documents:?}");
        let bytes = desk.download(&self.case, &documents[0].id).await?;
        ensure!(bytes == self.document, "the document differs");
        Ok(())
    }
}

/// Waits until the receipt of the open visit says this of each of its three items.
pub async fn receipt_says(kiosk: &Script, state: &str) -> Result<()> {
    let all = |states: &Vec<String>| states.len() == 3 && states.iter().all(|it| it == state);
    kiosk.until(state, Script::receipt, all).await.map(drop)
}

/// The desk of the first station, with the vault of its first adviser open.
pub async fn unlocked(village: &Village) -> Result<Script> {
    unlocked_at(village, 0).await
}

/// The same at another station.
pub async fn unlocked_at(village: &Village, station: usize) -> Result<Script> {
    let desk = village.stations[station].script()?;
    let adviser = village.adviser_at(station);
    desk.unlock(&adviser.name, &adviser.passphrase).await?;
    Ok(desk)
}
