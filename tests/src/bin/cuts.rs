//! Cuts a running call between real nodes and browsers again and again, and watches each for a
//! minute; as root.

use std::fmt;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use anyhow::Result;
use clap::Parser;
use guichet_tests::cuts::{self, Outcome, What};
use guichet_tests::figure::say;
use guichet_tests::meeting::{ANSWER, Meeting, SPEAKING};
use guichet_tests::performer::Performer;
use serde_json::json;

/// What is cut unless other cuts are named.
const CUTS: [Cut; 9] = [
    Cut(What::Line, 5),
    Cut(What::Line, 7),
    Cut(What::Line, 10),
    Cut(What::Udp, 3),
    Cut(What::Udp, 15),
    Cut(What::Udp, 20),
    Cut(What::Inward, 7),
    Cut(What::Line, 20),
    Cut(What::Line, 1),
];

/// A cut, and how long it lasts in seconds.
#[derive(Clone, Copy, Debug)]
struct Cut(What, u64);

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.0 {
            What::Line => "line",
            What::Udp => "udp",
            What::Inward => "inward",
        };
        write!(f, "{what}:{}", self.1)
    }
}

impl FromStr for Cut {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a cut; write line:5, udp:3 or inward:7");
        let (what, seconds) = text.split_once(':').ok_or_else(wrong)?;
        let what = match what {
            "line" => What::Line,
            "udp" => What::Udp,
            "inward" => What::Inward,
            _ => return Err(wrong()),
        };
        Ok(Self(what, seconds.parse().map_err(|_| wrong())?))
    }
}

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
    /// These cuts and no others: `line:5,udp:3,inward:7`, in seconds
    #[arg(long, value_delimiter = ',', default_values_t = CUTS)]
    cuts: Vec<Cut>,
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
    let cuts = line.cuts.iter().cycle().enumerate().skip(line.from);
    for (number, Cut(what, seconds)) in cuts.take(line.count) {
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
