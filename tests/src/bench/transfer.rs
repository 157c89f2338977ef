use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::visit::Visit;
use crate::figure::Figure;
use crate::samples;
use crate::script::Script;

const DOCUMENTS: u8 = 8;
/// The largest document that a node takes.
const DOCUMENT_BYTES: usize = 32 << 20;
const MEBIBYTE: f64 = (1 << 20) as f64;
const PATIENCE: Duration = Duration::from_secs(600);
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(100);

/// Uploads documents at the kiosk one after the other; they go on to the relay and the station as
/// they come. It ends when the station has all of them, durable, and each is what was sent.
pub async fn run() -> Result<Vec<Figure>> {
    let visit = Visit::begin().await?;
    let begun = Instant::now();
    let uploads = async {
        for number in 0..DOCUMENTS {
            let name = format!("{number}.pdf");
            let kind = "application/pdf";
            let bytes = document(number);
            visit.kiosk.add(&visit.case, &name, kind, &bytes).await?;
        }
        anyhow::Ok(begun.elapsed())
    };
    let (uploaded, arrived) = tokio::join!(uploads, all_here(&visit, begun));
    let (uploaded, arrived) = (uploaded?, arrived?);
    for document in visit.desk.documents(&visit.case).await? {
        let number: u8 = document.name.trim_end_matches(".pdf").parse()?;
        let bytes = visit.desk.download(&visit.case, &document.id).await?;
        ensure!(bytes == self::document(number), "{} differs", document.name);
    }
    let all = |states: &Vec<String>| states.iter().all(|it| it == "received");
    let kiosk = &visit.kiosk;
    kiosk.until("receipts", Script::receipt, all).await?;

    let mebibytes = f64::from(DOCUMENTS) * DOCUMENT_BYTES as f64 / MEBIBYTE;
    let rate = |name, time: Duration| {
        let value = mebibytes / time.as_secs_f64();
        Figure::of("transfer", name, value, "MiB/s", DOCUMENTS.into())
    };
    Ok(vec![
        rate("page to kiosk: durable and answered", uploaded),
        rate("page to kiosk to relay to station: durable there", arrived),
    ])
}

async fn all_here(visit: &Visit, begun: Instant) -> Result<Duration> {
    loop {
        let documents = visit.desk.documents(&visit.case).await?;
        let here = documents.iter().filter(|it| it.here).count();
        if here == usize::from(DOCUMENTS) {
            return Ok(begun.elapsed());
        }
        ensure!(
            begun.elapsed() < PATIENCE,
            "{here} of {DOCUMENTS} documents"
        );
        tokio::time::sleep(LOOK_AGAIN_AFTER).await;
    }
}

fn document(number: u8) -> Vec<u8> {
    document_of(number, DOCUMENT_BYTES)
}

/// A document of so many bytes, which nothing on the way can make smaller.
pub fn document_of(seed: u8, bytes: usize) -> Vec<u8> {
    /// More than what a document has around what it holds.
    const AROUND_BYTES: usize = 2_048;
    let mut document = samples::heavy_pdf("Bail", &samples::noise(seed, bytes - AROUND_BYTES));
    document.resize(bytes, b'\n');
    document
}
