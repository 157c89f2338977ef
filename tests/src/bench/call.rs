use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::json;

use crate::browser::Browser;
use crate::figure::Figure;
use crate::meeting::{ANSWER, Meeting, SPEAKING};
use crate::performer::Performer;
use crate::process::{processor_seconds, resident_bytes};

const CALLS: usize = 10;
/// Each look at a page costs its browser what the first frame needs: nobody looks for so long.
const UNWATCHED: Duration = Duration::from_secs(2);
const SETTLE: Duration = Duration::from_secs(3);
const LISTEN: Duration = Duration::from_secs(10);
const MEGABYTE: f64 = 1e6;

/// Calls again and again at 640×360, two browsers on this machine; what is timed runs from the
/// citizen's answer to the first frame that each page shows. Then one call goes on for a while, and
/// what its nodes use is read.
pub async fn run() -> Result<Vec<Figure>> {
    let large = |of: Performer| Performer {
        size: [640, 360],
        ..of
    };
    let (citizen, adviser) = (large(Performer::CITIZEN), large(Performer::ADVISER));
    let meeting = Meeting::begin("bench-call", &citizen, &adviser).await?;
    let (mut kiosk, mut desk) = (Vec::new(), Vec::new());
    for _ in 0..CALLS {
        meeting.ring().await?;
        meeting.kiosk.click(ANSWER).await?;
        tokio::time::sleep(UNWATCHED).await;
        let answered = moment(&meeting.kiosk, "answeredAt").await?;
        kiosk.push(moment(&meeting.kiosk, "firstFrameAt").await? - answered);
        desk.push(moment(&meeting.desk, "firstFrameAt").await? - answered);
        meeting.hang_up().await?;
    }
    let mut figures = vec![
        Figure::spread("call", "answer to the kiosk's first frame", kiosk, "ms"),
        Figure::spread("call", "answer to the desk's first frame", desk, "ms"),
    ];

    meeting.ring().await?;
    meeting.kiosk.click(ANSWER).await?;
    meeting.desk.until_there(SPEAKING).await?;
    tokio::time::sleep(SETTLE).await;
    for (name, site) in [
        ("kiosk", &meeting.village.kiosks[0]),
        ("station", &meeting.village.stations[0]),
    ] {
        let pid = site.node()?.pid();
        let before = processor_seconds(pid)?;
        tokio::time::sleep(LISTEN).await;
        let used = (processor_seconds(pid)? - before) / LISTEN.as_secs_f64();
        let resident = resident_bytes(pid)? as f64 / MEGABYTE;
        let share = format!("{name}: share of one core in a call");
        figures.push(Figure::of("call", &share, used * 100.0, "%", 1));
        let name = format!("{name}: resident in a call");
        figures.push(Figure::of("call", &name, resident, "MB", 1));
    }
    for (name, page) in [("kiosk", &meeting.kiosk), ("desk", &meeting.desk)] {
        let before = page.received().await?;
        tokio::time::sleep(LISTEN).await;
        let after = page.received().await?;
        let frames = (after.frames - before.frames) as f64 / LISTEN.as_secs_f64();
        let name = format!("{name}: frames decoded");
        figures.push(Figure::of("call", &name, frames, "1/s", 1));
    }
    Ok(figures)
}

/// When something happened on a page, on this machine's clock; it is forgotten then.
async fn moment(page: &Browser, name: &str) -> Result<f64> {
    let at = page.until(&format!("window.{name}")).await?;
    let forget = format!("window.{name} = null");
    page.run(&forget, &json!([])).await?;
    at.as_f64().context("a moment")
}
