use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use guichet_sync::page::segment_count;

use crate::figure::Figure;
use crate::script::Script;
use crate::village::Village;
use crate::visit::unlocked;

const UPLINK_KBIT_PER_S: u32 = 512;
const DOCUMENTS: u8 = 8;
const DOCUMENT_BYTES: usize = 640 << 10;
/// The line is there for so long, and then cut for [`CUT`].
const LINE: Duration = Duration::from_secs(20);
const CUT: Duration = Duration::from_secs(5);
/// After these cuts the relay and the station have been killed and started again.
const RELAY_DIES: usize = 2;
const STATION_DIES: usize = 3;
const PATIENCE: Duration = Duration::from_secs(600);
/// For so long the line is watched once the kiosk knows that all is received.
const AFTERWARDS: Duration = Duration::from_secs(30);

/// Hands documents over at a kiosk behind a thin line that loses 2 of 100 packets each way and is
/// cut again and again, while relay and station are killed once, and counts what the kiosk has
/// put on its line, lost or not, the pieces of documents that left it again because a cut had lost
/// them, and those that came again. Then, with everything received, the kiosk's line and the relay
/// go and come once more.
pub async fn run() -> Result<Vec<Figure>> {
    let mut village = Village::new("bench-uplink", 1, 1)?;
    village.start().await?;
    let kiosk = village.kiosks[0].script()?;
    let mut desk = unlocked(&village).await?;
    let case = kiosk.begin("caf", "housing").await?;
    kiosk.set(&case, "rent", "412").await?;
    let at_desk = async |desk: &Script| desk.case(&case).await;
    desk.until("the case at the desk", at_desk, |view| {
        view["forms"].is_array()
    })
    .await?;
    let place = village.kiosks[0].place.clone();
    village.network.narrow(&place, UPLINK_KBIT_PER_S)?;
    village.network.lose(&place)?;

    let (begun, before) = (Instant::now(), village.network.sent_bytes(&place)?);
    for number in 0..DOCUMENTS {
        let (name, kind) = (format!("{number}.pdf"), "application/pdf");
        let bytes = document(number);
        kiosk.add(&case, &name, kind, &bytes).await?;
    }
    let (mut cuts, mut came) = (0, 0);
    while !wait_for_all(&kiosk, LINE).await {
        ensure!(begun.elapsed() < PATIENCE, "not everything was received");
        village.network.isolate(&place)?;
        cuts += 1;
        if cuts == RELAY_DIES {
            came += segments_come(&village.relay.script()?).await?;
            village.relay.kill();
            village.relay.start().await?;
        }
        if cuts == STATION_DIES {
            came += segments_come(&village.stations[0].script()?).await?;
            village.stations[0].kill();
            village.stations[0].start().await?;
            desk = unlocked(&village).await?;
        }
        tokio::time::sleep(CUT).await;
        village.network.rejoin(&place)?;
    }
    let took = begun.elapsed();
    let carried = village.network.sent_bytes(&place)? - before;
    for document in desk.documents(&case).await? {
        let number: u8 = document.name.trim_end_matches(".pdf").parse()?;
        let bytes = desk.download(&case, &document.id).await?;
        ensure!(bytes == self::document(number), "{} differs", document.name);
    }
    let sent = segments_sent(&kiosk).await?;
    came += segments_come(&village.relay.script()?).await?;
    came += segments_come(&village.stations[0].script()?).await?;
    let mut figures = through_cuts(took, cuts, carried, (sent, came));
    figures.extend(afterwards(&mut village, &kiosk).await?);
    Ok(figures)
}

/// What it took to get everything across.
fn through_cuts(
    took: Duration,
    cuts: usize,
    carried: u64,
    (sent, came): (u64, u64),
) -> Vec<Figure> {
    let useful = f64::from(DOCUMENTS) * DOCUMENT_BYTES as f64;
    // With each goes a preview, in one piece.
    let pieces = 1 + segment_count(DOCUMENT_BYTES as u64);
    let segments = u64::from(DOCUMENTS) * u64::from(pieces);
    vec![
        figure("documents received after", took.as_secs_f64(), "s"),
        figure("cuts of the line", cuts as f64, "cuts"),
        figure(
            "bytes up the line ÷ bytes of the documents",
            carried as f64 / useful,
            "",
        ),
        figure(
            "pieces of documents that came from the kiosk again, wherever they came",
            came as f64 - segments as f64,
            "pieces",
        ),
        figure(
            "pieces of documents that left and were lost with a cut, and so left again",
            sent as f64 - came as f64,
            "pieces",
        ),
    ]
}

/// With everything received the line and the relay go and come once more.
async fn afterwards(village: &mut Village, kiosk: &Script) -> Result<Vec<Figure>> {
    let place = village.kiosks[0].place.clone();
    let (sent, before) = (
        segments_sent(kiosk).await?,
        village.network.sent_bytes(&place)?,
    );
    village.network.isolate(&place)?;
    village.relay.kill();
    village.relay.start().await?;
    tokio::time::sleep(CUT).await;
    village.network.rejoin(&place)?;
    tokio::time::sleep(AFTERWARDS).await;
    let again = village.network.sent_bytes(&place)? - before;
    let segments_again = segments_sent(kiosk).await? - sent;
    Ok(vec![
        figure(
            "pieces of documents that left after all is received and the relay restarted",
            segments_again as f64,
            "pieces",
        ),
        figure(
            "bytes up the line after all is received and the relay restarted",
            again as f64,
            "B",
        ),
    ])
}

fn figure(name: &str, value: f64, unit: &'static str) -> Figure {
    Figure::of("uplink", name, value, unit, DOCUMENTS.into())
}

/// Pieces of documents that have left a node since it runs.
async fn segments_sent(node: &Script) -> Result<u64> {
    let status = node.api().get_json("/status").await?;
    let sent = status["outbox"]["segments_sent"].as_u64();
    sent.context("segments_sent")
}

/// Pieces of documents that have come to a node from where they were made since it runs.
async fn segments_come(node: &Script) -> Result<u64> {
    let status = node.api().get_json("/status").await?;
    let come = status["stored"]["segments_received"].as_u64();
    come.context("segments_received")
}

/// Whether everything is received within this time, as the kiosk knows it.
async fn wait_for_all(kiosk: &Script, within: Duration) -> bool {
    let all = |states: &Vec<String>| {
        states.len() > usize::from(DOCUMENTS) && states.iter().all(|it| it == "received")
    };
    let waited = kiosk.until_within(within, "receipts", Script::receipt, all);
    waited.await.is_ok()
}

/// A document of noise, so that nothing on the way can make it smaller.
fn document(number: u8) -> Vec<u8> {
    super::transfer::document_of(number, DOCUMENT_BYTES)
}
