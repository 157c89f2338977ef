use std::time::Duration;

use anyhow::{Result, ensure};

use crate::browser::{Browser, CLOCK};
use crate::figure::Figure;
use crate::meeting::{ANSWER, Meeting, SPEAKING};
use crate::performer::Performer;

const ROUNDS: usize = 3;
/// Encoders, and what evens out the arrival of frames, have found their pace by then.
const SETTLE: Duration = Duration::from_secs(5);
const WATCH: Duration = Duration::from_secs(8);

/// Each page sends pictures that carry their time and reads those of the other, by turns over the
/// nodes and from browser to browser; both at 640×360 and both ways at once.
pub async fn run() -> Result<Vec<Figure>> {
    let (citizen, adviser) = (Performer::CITIZEN, Performer::ADVISER);
    let meeting = Meeting::begin("bench-glass", &citizen, &adviser).await?;
    for page in [&meeting.kiosk, &meeting.desk] {
        page.before_pages(CLOCK).await?;
        page.open(&page.address().await?).await?;
    }
    let (mut nodes, mut plain) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        meeting.ring().await?;
        meeting.kiosk.click(ANSWER).await?;
        for page in [&meeting.kiosk, &meeting.desk] {
            page.until_there(SPEAKING).await?;
            page.until("document.querySelector('video[data-theirs]')?.readyState > 2")
                .await?;
            page.watch_clock().await?;
        }
        nodes.extend(watch(&meeting, "callSeen").await?);
        meeting.hang_up().await?;

        meeting.kiosk.connect_plainly(&meeting.desk).await?;
        plain.extend(watch(&meeting, "plainSeen").await?);
        for page in [&meeting.kiosk, &meeting.desk] {
            page.part_plainly().await?;
        }
    }
    ensure!(!nodes.is_empty() && !plain.is_empty(), "no frame was seen");
    let nodes = Figure::spread("glass", "over the nodes", nodes, "ms");
    let plain = Figure::spread("glass", "browser to browser", plain, "ms");
    let (n, more) = (nodes.n.min(plain.n), nodes.value - plain.value);
    let more = Figure::of("glass", "the nodes add, at the median", more, "ms", n);
    Ok(vec![nodes, plain, more])
}

async fn watch(meeting: &Meeting, seen: &str) -> Result<Vec<f64>> {
    let pages: [&Browser; 2] = [&meeting.kiosk, &meeting.desk];
    tokio::time::sleep(SETTLE).await;
    for page in pages {
        page.ages_ms(seen).await?;
    }
    tokio::time::sleep(WATCH).await;
    let mut ages = Vec::new();
    for page in pages {
        ages.extend(page.ages_ms(seen).await?);
    }
    Ok(ages)
}
