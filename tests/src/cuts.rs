//! Short cuts in a running call, and what both sides see for a while after.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde::Serialize;
use tokio::time::sleep;

use crate::browser::Browser;
use crate::meeting::{Meeting, SPEAKING};
use crate::performer::Performer;
use crate::script::Script;

/// How often both nodes are asked how their call stands.
const LOOK: Duration = Duration::from_millis(500);

/// What is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// Everything that leaves the kiosk or comes to it.
    Line,
    /// UDP between the kiosk and the station: media, and QUIC.
    Udp,
    /// Everything that comes to the kiosk.
    Inward,
}

impl What {
    /// Begins the cut.
    pub fn cut(self, meeting: &Meeting) -> Result<()> {
        let village = &meeting.village;
        let (kiosk, station) = (&village.kiosks[0].place, &village.stations[0].place);
        match self {
            Self::Line => village.network.isolate(kiosk),
            Self::Udp => village.network.silence(kiosk, station),
            Self::Inward => village.network.deafen(kiosk),
        }
    }

    /// Ends it.
    pub fn mend(self, meeting: &Meeting) -> Result<()> {
        let village = &meeting.village;
        let (kiosk, station) = (&village.kiosks[0].place, &village.stations[0].place);
        match self {
            Self::Line => village.network.rejoin(kiosk),
            Self::Udp => village.network.unsilence(kiosk, station),
            Self::Inward => village.network.undeafen(kiosk),
        }
    }
}

/// What became of a call.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// What was cut.
    pub what: What,
    /// For how long, in seconds.
    pub cut_s: f64,
    /// For how long it was watched afterwards, in seconds.
    pub watched_s: f64,
    /// From the end of the cut until both pages were clear again, in milliseconds; none if never.
    pub clear_ms: Option<u128>,
    /// Whether either side was without the call at any time.
    pub lost: bool,
    /// Whether the citizen was in the queue again.
    pub requeued: bool,
    /// Whether both see moving pictures of each other at the end, on the same connections.
    pub goes_on: bool,
}

impl Outcome {
    /// Whether the cut was a pause.
    pub fn is_pause(&self) -> bool {
        !self.lost && !self.requeued && self.goes_on
    }
}

/// Cuts a call for so long, and watches both nodes from then on.
pub async fn cut(
    meeting: &Meeting,
    what: What,
    lasts: Duration,
    watch: Duration,
) -> Result<Outcome> {
    let [kiosk, desk] = [
        meeting.village.kiosks[0].script()?,
        meeting.village.stations[0].script()?,
    ];
    let pages = [&meeting.kiosk, &meeting.desk];
    for page in pages {
        page.until_there(SPEAKING).await?;
    }
    let before = connections(pages).await?;
    what.cut(meeting)?;
    sleep(lasts).await;
    what.mend(meeting)?;
    let mended = Instant::now();
    let mut outcome = Outcome {
        what,
        cut_s: lasts.as_secs_f64(),
        watched_s: watch.as_secs_f64(),
        clear_ms: None,
        lost: false,
        requeued: false,
        goes_on: false,
    };
    while mended.elapsed() < watch {
        let [at_kiosk, at_desk] = [state(&kiosk).await?, state(&desk).await?];
        outcome.requeued |= at_kiosk.0 == "waiting";
        outcome.lost |= at_kiosk.0 != "speaking" || at_desk.0 != "speaking";
        if outcome.clear_ms.is_none() && at_kiosk.1 == "live" && at_desk.1 == "live" {
            outcome.clear_ms = Some(mended.elapsed().as_millis());
        }
        sleep(LOOK).await;
    }
    if !outcome.lost {
        let sees = meeting.kiosk.until_seen(&Performer::ADVISER).await.is_ok()
            && meeting.desk.until_seen(&Performer::CITIZEN).await.is_ok();
        outcome.goes_on = sees && connections(pages).await? == before;
    }
    Ok(outcome)
}

/// The call at a node, and how its media fares.
async fn state(script: &Script) -> Result<(String, String)> {
    let call = script.call().await?;
    let word = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let media = &call["media"];
    let media = if media.is_string() {
        media
    } else {
        &media["media"]
    };
    ensure!(call["call"].is_string(), "a call without a state: {call}");
    Ok((word(&call["call"]), word(media)))
}

async fn connections(pages: [&Browser; 2]) -> Result<[u64; 2]> {
    let [one, other] = pages;
    Ok([
        one.received().await?.connections,
        other.received().await?.connections,
    ])
}
