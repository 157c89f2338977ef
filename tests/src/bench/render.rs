use std::time::Instant;

use anyhow::{Result, ensure};

use super::visit::Visit;
use crate::figure::Figure;

const ACTS: usize = 200;
const TIMES: usize = 50;

/// Writes 200 messages into a case and asks for its page again and again, as a browser does.
pub async fn run() -> Result<Vec<Figure>> {
    let visit = Visit::begin().await?;
    for number in 0..ACTS {
        let text = format!("Message {number} : il manque encore la quittance de novembre.");
        visit.kiosk.say(&visit.case, &text).await?;
    }
    let whole = async |desk: &crate::script::Script| desk.case(&visit.case).await;
    let all = |view: &serde_json::Value| {
        let messages = view["messages"].as_array();
        messages.is_some_and(|messages| messages.len() == ACTS)
    };
    visit.desk.until("all messages", whole, all).await?;

    let mut figures = Vec::new();
    for (name, script) in [("kiosk", &visit.kiosk), ("desk", &visit.desk)] {
        let page = script.api().clone().with_header("Accept", "text/html");
        let path = format!("/cases/{}", visit.case);
        let (mut samples, mut bytes) = (Vec::new(), 0);
        for _ in 0..TIMES {
            let asked = Instant::now();
            let answer = page.get(&path).await?;
            samples.push(asked.elapsed().as_secs_f64() * 1e3);
            ensure!(answer.status == 200, "{}", answer.text());
            bytes = answer.body.len();
        }
        let page = format!("{name}: page of a case with {ACTS} acts");
        figures.push(Figure::spread("render", &page, samples, "ms"));
        let size = format!("{name}: its size");
        figures.push(Figure::of("render", &size, bytes as f64 / 1e3, "kB", 1));
    }
    Ok(figures)
}
