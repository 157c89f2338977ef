//! Extreme numbers in what nodes tell each other of the waiting list and of calls.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use guichet::folder;
use guichet_keys::{Role, ServiceId, Statement, SubjectId, Wrap};
use guichet_media::signal::{
    Availability, Body, DeskNotice, Holder, Holding, LegNotice, Passed, Signal, Stage, TicketNotice,
};
use guichet_media::{CallId, LegDescription, TicketId};

use super::enrolled::{Enrolled, Target};
use super::forge::{Forger, SERVICE};
use super::numbers::EXTREMES;
use super::scene::{Scene, Stolen};
use super::{Judge, random};

/// Signals that do not fit are dropped: they are said slowly enough.
const PAUSE: Duration = Duration::from_millis(8);

/// A kiosk's key.
pub async fn by_kiosk(judge: &mut Judge) -> Result<()> {
    let mut scene = Scene::begin(judge, Stolen::Kiosk).await?;
    let (attacker, forger) = (Arc::clone(&scene.attacker), Arc::clone(&scene.forger));
    let targets = vec![scene.relay.clone(), scene.station.clone()];
    let (station, person) = (scene.station.node, SubjectId::from(random()));
    let mut bodies = tickets(&forger, station, person);
    bodies.extend(legs());
    bodies.push(Body::Nobody);
    scene
        .raid(judge, move |_| tell(attacker, targets, bodies, station))
        .await?;
    let page = scene.desk.api().clone().with_header("Accept", "text/html");
    let desk = page.get("/desk").await.map(|it| it.status);
    let desk = desk.unwrap_or_default();
    judge.expect("the desk is shown", desk == 200, desk);
    Ok(())
}

/// A station's key.
pub async fn by_station(judge: &mut Judge) -> Result<()> {
    let mut person = None;
    let prepare = |village: &mut crate::village::Village| {
        let seed = folder::open(village.stations[1].folder(), None)?;
        let root = seed.identity.root;
        let agents = seed.seed.iter().filter_map(|signed| {
            let Statement::Member(chain) = signed.statement() else {
                return None;
            };
            chain.verify(&root).ok().filter(|it| it.role == Role::Agent)
        });
        person = agents.map(|agent| agent.subject).next();
        Ok(())
    };
    let mut scene = Scene::prepared(judge, Stolen::Station, prepare).await?;
    let person = person.context("an adviser")?;
    let attacker = Arc::clone(&scene.attacker);
    let targets = vec![
        scene.relay.clone(),
        scene.kiosk.clone(),
        scene.station.clone(),
    ];
    let kiosk = scene.kiosk.node;
    let mut bodies = desks(person, kiosk)?;
    bodies.extend(legs());
    scene
        .raid(judge, move |_| tell(attacker, targets, bodies, kiosk))
        .await?;
    let page = scene.booth.api().clone().with_header("Accept", "text/html");
    let home = page.get("/").await.map(|it| it.status).unwrap_or_default();
    judge.expect("the kiosk's page is shown", home == 200, home);
    Ok(())
}

async fn tell(
    attacker: Arc<Enrolled>,
    targets: Vec<Target>,
    bodies: Vec<Body>,
    to: SubjectId,
) -> Result<()> {
    for target in &targets {
        attacker.knock(target).await?;
    }
    let mut lives: Vec<u64> = vec![1, 2];
    lives.extend(EXTREMES);
    for life in lives {
        for (at, body) in bodies.iter().enumerate() {
            let counted = at as u64 + 1;
            for number in [counted, u64::MAX - 100 + counted.min(99)] {
                for known_ms in [None, Some(u64::MAX)] {
                    for target in &targets {
                        let signed = Signal {
                            from: attacker.key.subject(),
                            life,
                            number,
                            to: (at % 2 == 1).then_some(to),
                            body: body.clone(),
                        };
                        let signed = signed.sign(&attacker.key);
                        attacker.signal(&target.node, Passed { known_ms, signed }.encode());
                    }
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    Ok(())
}

/// Tickets that have waited for all times, at every stage.
fn tickets(forger: &Forger, station: SubjectId, person: SubjectId) -> Vec<Body> {
    let holder = |round| Holder {
        station,
        person,
        round,
    };
    let mut bodies = Vec::new();
    for waited_ms in EXTREMES {
        for stage in [
            Stage::Waiting,
            Stage::Ringing(holder(0)),
            Stage::Answered(holder(u32::MAX)),
            Stage::Gone,
        ] {
            bodies.push(ticket(forger, [3; 16], waited_ms, stage));
        }
    }
    bodies
}

/// A ticket for the forged service.
pub fn ticket(forger: &Forger, name: [u8; 16], waited_ms: u64, stage: Stage) -> Body {
    let service = forger.service();
    Body::Ticket(TicketNotice {
        ticket: TicketId(name),
        service: service.service.clone(),
        waited_ms,
        stage,
        details: Wrap {
            recipient: service.public,
            enc: [7; 32],
            ciphertext: vec![7; 64],
        },
    })
}

fn legs() -> Vec<Body> {
    let leg = |generation| {
        Body::Leg(LegNotice {
            call: CallId([7; 16]),
            leg: LegDescription {
                generation,
                ufrag: "meddler".into(),
                pwd: "meddler+meddler+meddler".into(),
                candidates: vec![SocketAddr::from(([255, 255, 255, 255], 0))],
            },
            audio: true,
            video: true,
        })
    };
    [0, 1, u32::MAX].map(leg).into()
}

fn desks(person: SubjectId, kiosk: SubjectId) -> Result<Vec<Body>> {
    let service = ServiceId::new(SERVICE)?;
    let mut bodies = Vec::new();
    for length_s in [0, 1, u32::MAX] {
        for availability in [Availability::Free, Availability::Busy, Availability::Away] {
            let ticket = TicketId([3; 16]);
            bodies.push(Body::Desk(DeskNotice {
                person,
                services: vec![service.clone()],
                availability,
                holding: Some(Holding {
                    ticket,
                    kiosk,
                    passed_to: Some(kiosk),
                }),
                lengths_s: vec![length_s; 8],
                order: vec![ticket; 64],
            }));
        }
    }
    Ok(bodies)
}
