//! Times of others: whatever a case or an act says of when it was, the desk and every page of the
//! service are shown, and honest cases stand where they belong.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use guichet_keys::Hash;
use guichet_keys::limits::TIME_S_MAX;
use guichet_sync::case::{Act, DocumentAdded, DocumentId, Message};
use guichet_sync::envelope::Envelope;
use guichet_sync::limits::TIME_MS_MAX;

use super::enrolled::{Enrolled, Target};
use super::forge::{Forged, Forger, envelope};
use super::scene::{Scene, Stolen};
use super::{Judge, random, said};
use crate::script::Script;

const YEAR_S: u64 = 366 * 86_400;
const SETTLED: Duration = Duration::from_secs(3);

/// A kiosk's key, towards the relay and the station.
pub async fn run(judge: &mut Judge) -> Result<()> {
    let mut scene = Scene::begin(judge, Stolen::Kiosk).await?;
    let (attacker, forger) = (Arc::clone(&scene.attacker), Arc::clone(&scene.forger));
    let next_year_s = guichet::clock::wall_s() + YEAR_S;
    let times_s = [0, 1 << 63, u64::MAX, TIME_S_MAX, next_year_s];
    let cases: Vec<Forged> = times_s
        .into_iter()
        .map(|at_s| forger.case(at_s))
        .collect::<Result<_>>()?;
    let tags: Vec<String> = cases.iter().map(|it| it.case.to_string()).collect();
    let mut frames = Vec::new();
    for (case, at_s) in cases.iter().zip(times_s) {
        frames.extend(case.frames().map(|frame| frame.encode()));
        let acts = acts(&forger, case, at_s)?;
        frames.extend(acts.iter().map(|act| envelope(act).encode()));
    }
    let targets = [scene.relay.clone(), scene.station.clone()];
    scene
        .raid(judge, move |_| bring(attacker, targets, frames))
        .await?;
    tokio::time::sleep(SETTLED).await;
    pages_are_shown(judge, &scene.desk, &scene.people.case, &tags).await;
    scene
        .booth
        .set(&scene.people.case, "last_name", "Lefèvre")
        .await?;
    honest_first(judge, &scene.desk, &scene.people.case).await;
    Ok(())
}

async fn bring(attacker: Arc<Enrolled>, targets: [Target; 2], frames: Vec<Vec<u8>>) -> Result<()> {
    for target in &targets {
        attacker.knock(target).await?;
        for frame in &frames {
            ensure!(
                attacker.send_bytes(&target.node, frame.clone()).await,
                "{} takes no more",
                target.name
            );
        }
    }
    Ok(())
}

/// A message and a document of that time, and of its like in milliseconds.
fn acts(forger: &Forger, case: &Forged, at_s: u64) -> Result<Vec<Envelope>> {
    let mut acts: Vec<Envelope> = Vec::new();
    for at_ms in [at_s, at_s.saturating_mul(1000), TIME_MS_MAX] {
        let message = Act::Message(Message {
            at_ms,
            text: "Bonjour.".into(),
            lang: "fr".into(),
        });
        let document = Act::DocumentAdded(DocumentAdded {
            at_ms,
            document: DocumentId(random()),
            name: "bail.pdf".into(),
            media_type: "application/pdf".into(),
            pages: vec![Hash::from(random())],
            bytes: u64::MAX,
            looks: None,
        });
        for act in [message, document] {
            // What our libraries do not write they do not read either.
            if let Ok(act) = forger.act(case, acts.last(), &act) {
                acts.push(act);
            }
        }
    }
    Ok(acts)
}

async fn pages_are_shown(judge: &mut Judge, desk: &Script, honest: &str, forged: &[String]) {
    let mut paths = vec!["/desk".to_owned(), "/desk?search=bonjour".to_owned()];
    for case in forged.iter().map(String::as_str).chain([honest]) {
        paths.push(format!("/cases/{case}"));
        paths.push(format!("/cases/{case}/history"));
    }
    for accept in ["text/html", "application/json"] {
        let api = desk.api().clone().with_header("Accept", accept);
        for path in &paths {
            let saw = match api.get(path).await {
                Ok(answer) => answer.status.to_string(),
                Err(error) => format!("{error:#}"),
            };
            // A forged case may be refused, and is then none.
            let refused = saw == "404" && !path.contains(honest) && path.contains("/cases/");
            let shown = saw == "200" || refused;
            judge.expect(&format!("{path} is shown as {accept}"), shown, saw);
        }
    }
}

/// The case in which something has just been written stands before those that claim the future.
async fn honest_first(judge: &mut Judge, desk: &Script, honest: &str) {
    let first = async |desk: &Script| desk.desk().await;
    let on_top = |cases: &Vec<String>| cases.first().is_some_and(|case| case == honest);
    let patience = Duration::from_secs(10);
    let seen = desk.until_within(patience, "the honest case on top", first, on_top);
    let seen = seen.await;
    judge.expect("the honest case stands on top", seen.is_ok(), said(&seen));
}
