use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;

use crate::capture::Carrier;
use crate::figure::Figure;
use crate::network::{Place, Traffic};
use crate::script::{Script, field_path};
use crate::village::Village;

const EDITS: usize = 20;
/// In this time an edit has gone everywhere and every receipt for it has come back.
const WINDOW: Duration = Duration::from_secs(2);
const SETTLE: Duration = Duration::from_secs(5);

/// The kiosk's lines and what goes over them, in the order of the figures.
const WAYS: [&str; 4] = [
    "kiosk to relay",
    "relay to kiosk",
    "kiosk to station, directly",
    "station to kiosk, directly",
];

/// Puts a value into one field while everybody is there, and reads what the router between the
/// nodes has carried: whole IP packets with their headers, what is acknowledged included. What
/// goes over an idle line in the same time is told apart; the difference of the means comes first.
/// All of it over QUIC, which nodes prefer, and then where no UDP passes, over TCP.
pub async fn run() -> Result<Vec<Figure>> {
    let mut figures = over(Carrier::Udp).await?;
    figures.extend(over(Carrier::Tcp).await?);
    Ok(figures)
}

async fn over(carrier: Carrier) -> Result<Vec<Figure>> {
    let mut village = Village::new("bench-wire", 1, 1)?;
    let name = match carrier {
        Carrier::Udp => "QUIC",
        Carrier::Tcp => {
            let (kiosk, station) = (&village.kiosks[0].place, &village.stations[0].place);
            let relay = &village.relay.place;
            for (one, other) in [(kiosk, relay), (kiosk, station), (station, relay)] {
                village.network.silence(one, other)?;
            }
            "TCP"
        }
    };
    village.start().await?;
    let kiosk = village.kiosks[0].script()?;
    let case = kiosk.begin("caf", "housing").await?;
    let path = field_path(&kiosk.case(&case).await?, &case, "rent")?;
    put(&kiosk, &path, 400).await?;
    let received =
        |states: &Vec<String>| !states.is_empty() && states.iter().all(|it| it == "received");
    kiosk
        .until("a receipt of the station", Script::receipt, received)
        .await?;
    tokio::time::sleep(SETTLE).await;

    let mut idle = Samples::default();
    for _ in 0..EDITS {
        let before = carried(&village)?;
        tokio::time::sleep(WINDOW).await;
        idle.add(&before, &carried(&village)?);
    }
    let mut edits = Samples::default();
    for number in 0..EDITS {
        let before = carried(&village)?;
        put(&kiosk, &path, 401 + number).await?;
        tokio::time::sleep(WINDOW).await;
        edits.add(&before, &carried(&village)?);
    }
    let mut figures = edits.beyond(&idle, name);
    figures.extend(edits.figures("one edit of one field", name));
    figures.extend(idle.figures("idle for as long", name));
    Ok(figures)
}

async fn put(kiosk: &Script, path: &str, value: usize) -> Result<()> {
    let order = json!({ "value": value.to_string() });
    let answer = kiosk.api().post(path, &order).await?;
    ensure!(answer.status < 300, "{}", answer.text());
    Ok(())
}

fn carried(village: &Village) -> Result<[Traffic; WAYS.len()]> {
    let (kiosk, station) = (&village.kiosks[0].place, &village.stations[0].place);
    let relay = &village.relay.place;
    let way = |from: &Place, to: &Place| village.network.traffic(from, to);
    Ok([
        way(kiosk, relay)?,
        way(relay, kiosk)?,
        way(kiosk, station)?,
        way(station, kiosk)?,
    ])
}

/// What was carried each way, once for each time.
#[derive(Default)]
struct Samples {
    bytes: [Vec<f64>; WAYS.len()],
    packets: [Vec<f64>; WAYS.len()],
}

impl Samples {
    fn add(&mut self, before: &[Traffic; WAYS.len()], after: &[Traffic; WAYS.len()]) {
        for (way, (before, after)) in before.iter().zip(after).enumerate() {
            self.bytes[way].push((after.bytes - before.bytes) as f64);
            self.packets[way].push((after.packets - before.packets) as f64);
        }
    }

    /// What each edit has cost beyond what the line carries anyway.
    fn beyond(&self, idle: &Self, over: &str) -> Vec<Figure> {
        let ways = WAYS.iter().zip(self.bytes.iter().zip(&idle.bytes));
        ways.map(|(way, (with, without))| {
            let name = format!("{over}, {way}: one edit of one field, beyond idle");
            Figure::of("wire", &name, mean(with) - mean(without), "B", with.len())
        })
        .collect()
    }

    fn figures(self, what: &str, over: &str) -> Vec<Figure> {
        let figure = |way: &str, samples, unit| {
            let name = format!("{over}, {way}: {what}");
            Figure::spread("wire", &name, samples, unit)
        };
        let mut figures = Vec::new();
        for ((way, bytes), packets) in WAYS.iter().zip(self.bytes).zip(self.packets) {
            figures.push(figure(way, bytes, "B"));
            figures.push(figure(way, packets, "packets"));
        }
        figures
    }
}

fn mean(samples: &[f64]) -> f64 {
    samples.iter().sum::<f64>() / samples.len() as f64
}
