//! What people notice: an edit from the kiosk to the adviser's page, a paper until all of it is
//! there, a wish to speak until the desk shows it, and what the adviser says to the kiosk.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use super::Terms;
use crate::api::Events;
use crate::samples;
use crate::script::{Script, field_path};

const PATIENCE: Duration = Duration::from_secs(20);
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(15);
const PAUSE: Duration = Duration::from_millis(80);
/// Edits to one paper, and to one wish to speak.
const EDITS_TO_ONE: usize = 10;
/// A picture of about 300 kB.
const SIDE_PX: u32 = 316;
/// Papers that one case is given.
const PAPERS_MAX: usize = 40;

/// Milliseconds of each step, in the order they were done.
#[derive(Debug, Default)]
pub struct Noticed {
    /// From the order to put a value, to the adviser's page.
    pub edit_ms: Vec<f64>,
    /// From the order to hand a paper over until the station has all of it.
    pub page_ms: Vec<f64>,
    /// From the order to join the queue until the desk shows it.
    pub ring_ms: Vec<f64>,
    /// From the order to say something to the citizen, to the kiosk's page.
    pub answer_ms: Vec<f64>,
    /// What did not happen at all.
    pub failures: Vec<String>,
}

/// The two sides of the counter, at one case.
pub struct People {
    kiosk: Script,
    desk: Script,
    /// Their case.
    pub case: String,
    field: String,
    count: usize,
    papers: Vec<String>,
}

impl People {
    /// Begins a case at a kiosk; the desk is open.
    pub async fn meet(kiosk: &Script, desk: &Script) -> Result<Self> {
        let case = kiosk.begin("caf", "housing").await?;
        let view = kiosk.case(&case).await?;
        let field = field_path(&view, &case, "last_name")?;
        kiosk.set(&case, "last_name", "Durand").await?;
        let there = async |desk: &Script| desk.case(&case).await;
        desk.until("the case", there, |_| true).await?;
        Ok(Self {
            kiosk: kiosk.clone(),
            desk: desk.clone(),
            case,
            field,
            count: 0,
            papers: Vec::new(),
        })
    }

    /// Works as people do, for so many edits and so long; what fails is told, and not tried again.
    pub async fn work(&mut self, terms: &Terms) -> Noticed {
        self.work_while(terms, || false).await
    }

    /// The same, and as long as something goes on.
    pub async fn work_while(&mut self, terms: &Terms, goes_on: impl Fn() -> bool) -> Noticed {
        let mut noticed = Noticed::default();
        let begun = Instant::now();
        let mut rounds = 0;
        while rounds < terms.edits || begun.elapsed() < terms.lasting || goes_on() {
            let worked = self.round(rounds, &mut noticed).await;
            if let Err(error) = worked {
                noticed.failures.push(format!("{error:#}"));
                return noticed;
            }
            rounds += 1;
            tokio::time::sleep(PAUSE).await;
        }
        noticed
    }

    async fn round(&mut self, round: usize, noticed: &mut Noticed) -> Result<()> {
        noticed.edit_ms.push(self.edit().await.context("an edit")?);
        if round.is_multiple_of(EDITS_TO_ONE) {
            noticed
                .ring_ms
                .push(self.ring().await.context("a wish to speak")?);
        }
        if round % EDITS_TO_ONE == EDITS_TO_ONE / 2 {
            let answer = self.answer().await.context("an answer of the desk")?;
            noticed.answer_ms.push(answer);
        }
        if round % EDITS_TO_ONE == 1 && noticed.page_ms.len() < PAPERS_MAX {
            noticed.page_ms.push(self.page().await.context("a paper")?);
        }
        Ok(())
    }

    async fn edit(&mut self) -> Result<f64> {
        self.count += 1;
        let value = format!("Durand-{:05}", self.count);
        let page = format!("/events?at=/cases/{}", self.case);
        let mut events = self.desk.api().events(&page).await?;
        let order = json!({ "value": value });
        let asked = Instant::now();
        let answer = self.kiosk.api().post(&self.field, &order).await?;
        ensure!(answer.status < 300, "{}: {}", answer.status, answer.text());
        shows(&mut events, &value).await?;
        Ok(ms(asked))
    }

    async fn page(&mut self) -> Result<f64> {
        self.count += 1;
        let picture = samples::png(self.count as u64, SIDE_PX);
        let name = format!("bail-{}.png", self.count);
        let asked = Instant::now();
        self.kiosk
            .add(&self.case, &name, "image/png", &picture)
            .await?;
        let case = &self.case;
        let here = async |desk: &Script| desk.documents(case).await;
        until(&self.desk, "the paper", here, |all| {
            all.iter().any(|it| it.name == name && it.here)
        })
        .await?;
        let took = ms(asked);
        self.papers.push(name);
        Ok(took)
    }

    async fn answer(&mut self) -> Result<f64> {
        self.count += 1;
        let words = format!("Il manque la page {}.", self.count);
        let asked = Instant::now();
        self.desk.say(&self.case, &words).await?;
        let case = &self.case;
        let said = async |kiosk: &Script| kiosk.said(case).await;
        until(&self.kiosk, "the answer", said, |all| all.contains(&words)).await?;
        Ok(ms(asked))
    }

    /// Sees that nothing of what they did is missing: the desk has each paper and each last word,
    /// and the kiosk a receipt for everything.
    pub async fn all_arrived(&self) -> Result<()> {
        let receipt = Script::receipt;
        until(&self.kiosk, "a whole receipt", receipt, |states| {
            !states.is_empty() && states.iter().all(|state| state == "received")
        })
        .await?;
        let here = self.desk.documents(&self.case).await?;
        let has = |name: &String| here.iter().any(|it| it.name == *name && it.here);
        let missing: Vec<_> = self.papers.iter().filter(|name| !has(name)).collect();
        ensure!(missing.is_empty(), "the desk lacks {missing:?}");
        let both = [&self.kiosk, &self.desk];
        let mut sides = Vec::new();
        for side in both {
            let stands = side.values(&self.case, "last_name").await?;
            sides.push((stands, side.said(&self.case).await?));
        }
        ensure!(sides[0] == sides[1], "they differ: {sides:?}");
        Ok(())
    }

    async fn ring(&mut self) -> Result<f64> {
        let asked = Instant::now();
        self.kiosk.join_queue(&self.case).await?;
        let waiting = async |desk: &Script| desk.queue().await;
        let case = self.case.clone();
        let ours = move |rows: &Vec<serde_json::Value>| {
            rows.iter().any(|row| row["case"]["case"] == *case)
        };
        until(&self.desk, "the ticket", waiting, &ours).await?;
        let rang = ms(asked);
        self.kiosk.leave_call().await?;
        until(&self.desk, "no ticket", waiting, |rows| !ours(rows)).await?;
        Ok(rang)
    }
}

async fn shows(events: &mut Events, value: &str) -> Result<()> {
    let begun = Instant::now();
    loop {
        let left = PATIENCE.saturating_sub(begun.elapsed());
        if events.next(left).await?.data.contains(value) {
            return Ok(());
        }
    }
}

async fn until<T: std::fmt::Debug>(
    script: &Script,
    what: &str,
    ask: impl AsyncFn(&Script) -> Result<T>,
    holds: impl Fn(&T) -> bool,
) -> Result<()> {
    let begun = Instant::now();
    loop {
        let last = ask(script).await;
        if last.as_ref().is_ok_and(&holds) {
            return Ok(());
        }
        ensure!(
            begun.elapsed() < PATIENCE,
            "no sign of {what} after {PATIENCE:?}: {}",
            last.err().map_or(String::new(), |error| error.to_string())
        );
        tokio::time::sleep(LOOK_AGAIN_AFTER).await;
    }
}

fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}
