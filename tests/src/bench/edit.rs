use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::json;

use super::visit::Visit;
use crate::api::Events;
use crate::figure::Figure;
use crate::script::field_path;

const EDITS: usize = 60;
const EVERY: Duration = Duration::from_millis(1_100);
const QUIET: Duration = Duration::from_secs(1);
const SEEN_WITHIN: Duration = Duration::from_secs(10);

/// Puts a value into one field of the kiosk again and again; what is timed runs from the order to
/// the event with the value in the stream of the adviser's page.
pub async fn run() -> Result<Vec<Figure>> {
    let visit = Visit::begin().await?;
    let view = visit.kiosk.case(&visit.case).await?;
    let path = field_path(&view, &visit.case, "last_name")?;
    let page = format!("/events?at=/cases/{}", visit.case);
    let mut events = visit.desk.api().events(&page).await?;
    while events.next(QUIET).await.is_ok() {}

    let (mut answered, mut seen) = (Vec::new(), Vec::new());
    for number in 0..EDITS {
        let value = format!("Durand-{number:04}");
        let order = json!({ "value": value });
        let asked = Instant::now();
        let post = async {
            let answer = visit.kiosk.api().post(&path, &order).await?;
            ensure!(answer.status < 300, "{}", answer.text());
            anyhow::Ok(asked.elapsed())
        };
        let (posted, shown) = tokio::join!(post, shows(&mut events, &value));
        shown?;
        seen.push(asked.elapsed().as_secs_f64() * 1e3);
        answered.push(posted?.as_secs_f64() * 1e3);
        tokio::time::sleep(EVERY.saturating_sub(asked.elapsed())).await;
    }
    let figure = |name, samples| Figure::spread("edit", name, samples, "ms");
    Ok(vec![
        figure("kiosk: durable and answered", answered),
        figure("adviser's page: the event is there", seen),
    ])
}

async fn shows(events: &mut Events, value: &str) -> Result<()> {
    let begun = Instant::now();
    loop {
        let left = SEEN_WITHIN.saturating_sub(begun.elapsed());
        if events.next(left).await?.data.contains(value) {
            return Ok(());
        }
    }
}
