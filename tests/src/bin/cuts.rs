//! Cuts a running call between real nodes and browsers again and again, and watches each for a
//! minute; as root.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::Parser;
use guichet_tests::cuts::{self, Outcome, What};
use guichet_tests::figure::say;
use guichet_tests::meeting::{ANSWER, Meeting, SPEAKING};
use guichet_tests::performer::Performer;
use serde_json::json;

/// A cut, and how long it lasts in seconds.
const CUTS: [(What, u64); 9] = [
    (What::Line, 5),
    (What::Line, 7),
    (What::Line, 10),
    (What::Udp, 3),
    (What::Udp, 15),
    (What::Udp, 20),
    (What::Inward, 7),
    (What::Line, 20),
    (What::Line, 1),
];

/// Short cuts in a call: a JSON line for each, status 1 if a call was lost or queued again
#[derive(Parser)]
#[command(name = "cuts")]
struct Line {
    /// Begin with this cut, counted from 0
    #[arg(long, default_value_t = 0)]
    from: usize,
    /// How many; they repeat in the same order
    #[arg(long, default_value_t = CUTS.len())]
    count: usize,
    /// How long each is watched afterwards, in seconds
    #[arg(long, default_value_t = 60)]
    watch_s: u64,
}

async fn meet() -> Result<Meeting> {
    let meeting = Meeting::begin("cuts", &Performer::CITIZEN, &Performer::ADVISER).await?;
    meeting.ring().await?;
    meeting.kiosk.click(ANSWER).await?;
    for page in [&meeting.kiosk, &meeting.desk] {
        page.until_there(SPEAKING).await?;
    }
    meeting.kiosk.until_seen(&Performer::ADVISER).await?;
    Ok(meeting)
}

async fn run(line: &Line) -> Result<bool> {
    let mut meeting = meet().await?;
    let mut all_paused = true;
    let cuts = CUTS.iter().cycle().enumerate().skip(line.from);
    for (number, (what, seconds)) in cuts.take(line.count) {
        let lasts = Duration::from_secs(*seconds);
        let watch = Duration::from_secs(line.watch_s);
        let outcome: Outcome = cuts::cut(&meeting, *what, lasts, watch).await?;
        say(&json!({ "bench": "cuts", "number": number, "cut": outcome }));
        if !outcome.is_pause() {
            all_paused = false;
            meeting = meet().await?;
        }
    }
    Ok(all_paused)
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Line::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&json!({ "bench": "cuts", "failure": format!("{error:#}") }));
            ExitCode::from(2)
        }
    }
}
