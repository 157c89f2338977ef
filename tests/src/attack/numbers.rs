//! Extreme numbers in every frame: whatever an integer stands for, no value of it ends a node,
//! stops a session of others, or changes what people see.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use guichet_keys::SubjectId;
use guichet_sync::envelope::{ChainId, Kind};
use guichet_sync::feed::Feed;
use guichet_sync::page::PageId;
use guichet_sync::receipt::{Cover, Receipt, Stage};
use guichet_sync::wire::{Frame, HaveChain, Interest, PROTOCOL, Presence, Progress, Reading, What};
use minicbor::Encoder;
use minicbor::data::Type;

use super::enrolled::{Enrolled, Target};
use super::forge::{Forged, Forger, envelope, manifest};
use super::scene::{Scene, Stolen};
use super::{Judge, said};

/// What stands in the place of each integer.
pub const EXTREMES: [u64; 4] = [0, 1 << 63, u64::MAX - 1, u64::MAX];
/// A session that a frame ends is over by then.
const TAKEN_WITHIN: Duration = Duration::from_millis(25);
/// Integers at the head of a frame: its length and its kind.
const HEAD: usize = 1;

/// A kiosk's key, towards the relay and the station.
pub async fn by_kiosk(judge: &mut Judge) -> Result<()> {
    let scene = Scene::begin(judge, Stolen::Kiosk).await?;
    let targets = vec![scene.relay.clone(), scene.station.clone()];
    raid(judge, scene, targets, false).await
}

/// A station's key, towards the relay and the kiosk.
pub async fn by_station(judge: &mut Judge) -> Result<()> {
    let scene = Scene::begin(judge, Stolen::Station).await?;
    let targets = vec![scene.relay.clone(), scene.kiosk.clone()];
    raid(judge, scene, targets, false).await
}

/// A relay's key, towards the kiosk and the station.
pub async fn by_relay(judge: &mut Judge) -> Result<()> {
    let scene = Scene::begin(judge, Stolen::Relay).await?;
    let targets = vec![scene.kiosk.clone(), scene.station.clone()];
    raid(judge, scene, targets, true).await
}

async fn raid(
    judge: &mut Judge,
    mut scene: Scene,
    targets: Vec<Target>,
    receipts: bool,
) -> Result<()> {
    let attacker = Arc::clone(&scene.attacker);
    let mut frames = every_frame(&scene.forger, judge.terms.is_brief())?;
    if receipts {
        frames.extend(extreme_receipts(&attacker, &scene.people.case)?);
    }
    let people = scene.people.case.clone();
    scene
        .raid(judge, move |_| say_all(attacker, targets, frames))
        .await?;
    let receipt = scene.booth.api().get("/receipt").await;
    let status = receipt.map(|answer| answer.status).unwrap_or_default();
    judge.expect("the kiosk's receipt is shown", status == 200, status);
    let case = scene.desk.case(&people).await;
    judge.expect("the case is shown", case.is_ok(), said(&case));
    Ok(())
}

/// Says each frame to each target, in a session that is begun again whenever it is over.
async fn say_all(
    attacker: Arc<Enrolled>,
    targets: Vec<Target>,
    frames: Vec<(String, Vec<u8>)>,
) -> Result<()> {
    let each = targets
        .iter()
        .map(|target| say_to(&attacker, target, &frames));
    futures::future::try_join_all(each).await.map(drop)
}

async fn say_to(attacker: &Enrolled, target: &Target, frames: &[(String, Vec<u8>)]) -> Result<()> {
    attacker.knock(target).await?;
    let mut before = "the hello";
    for (name, frame) in frames {
        say_one(attacker, &target.node, frame)
            .await
            .with_context(|| format!("{} is gone after {before}", target.name))?;
        before = name;
    }
    let last = attacker.until_greeted(&target.node).await;
    ensure!(last, "{} is gone after {before}", target.name);
    Ok(())
}

async fn say_one(attacker: &Enrolled, node: &SubjectId, frame: &[u8]) -> Result<()> {
    ensure!(attacker.until_greeted(node).await, "no session any more");
    let _it_is_over = attacker.send_bytes(node, frame.to_vec()).await;
    tokio::time::sleep(TAKEN_WITHIN).await;
    Ok(())
}

/// Every kind of frame, with each of its integers replaced by each extreme; briefly, by the largest.
fn every_frame(forger: &Forger, briefly: bool) -> Result<Vec<(String, Vec<u8>)>> {
    let mut frames = Vec::new();
    let forged = forger.case(1)?;
    for frame in valid_frames(forger, &forged)? {
        let name: String = format!("{frame:?}").chars().take(24).collect();
        let bytes = frame.encode();
        frames.push((name.clone(), bytes.clone()));
        let altered = with_extremes(&bytes)?.into_iter().enumerate();
        for (number, altered) in altered {
            if briefly && number % EXTREMES.len() != EXTREMES.len() - 1 {
                continue;
            }
            frames.push((format!("{name}, alteration {number}"), altered));
        }
    }
    Ok(frames)
}

/// One frame of each kind, as an honest node would say it.
fn valid_frames(forger: &Forger, forged: &Forged) -> Result<Vec<Frame>> {
    let chain = ChainId {
        case: forged.case,
        author: forged.author,
        kind: Kind::Edit,
    };
    let have = HaveChain {
        chain,
        count: 1,
        digest: [7; 16],
    };
    let edit = forger.edit(forged)?;
    let page = forger.page(forged, 5, &[7; 21])?;
    let progress = Progress {
        reading: Reading([2; 16]),
        next: [1; Feed::COUNT],
    };
    let marks = Feed::ALL.map(|feed| Frame::Mark { feed, arrival: 1 });
    let mut frames: Vec<Frame> = forged.frames().collect();
    frames.extend(marks);
    frames.extend([
        envelope(&edit),
        manifest(&page),
        Frame::Item {
            what: What::Edit,
            arrival: 1,
            payload: edit.bytes().to_vec(),
        },
        Frame::Have {
            chains: vec![have],
            prefixes: vec![7; 8],
            last: true,
        },
        Frame::Follow {
            case: forged.case,
            have: vec![have],
            prefixes: vec![7; 8],
        },
        Frame::Want {
            page: page.id(),
            have: vec![0; 1],
        },
        Frame::Want {
            page: page.id(),
            have: vec![0xff; 60_000],
        },
        Frame::Segment {
            page: page.id(),
            index: 0,
            sealed: vec![7; 21],
        },
        Frame::Segment {
            page: PageId([9; 32].into()),
            index: 1,
            sealed: vec![],
        },
        Frame::Unwant { page: page.id() },
        Frame::Draft {
            case: forged.case,
            sealed: forged.sealed(b"x"),
        },
        Frame::Roster {
            members: vec![Presence {
                member: [7; 32].into(),
                online: true,
                addresses: vec!["/ip4/10.77.9.9/tcp/7".into()],
            }],
        },
        Frame::Credit { frames: 1 },
        Frame::Unfollow { case: forged.case },
        Frame::Hello {
            version: PROTOCOL,
            features: 1,
            reading: Reading([1; 16]),
            read: Some(progress),
            served: Some(progress),
            interest: Interest::Cases(vec![forged.case]),
        },
        Frame::Bye {
            reason: "x".repeat(1000),
        },
    ]);
    Ok(frames)
}

/// Receipts for what others have written, of all times and as far as can be said.
fn extreme_receipts(attacker: &Enrolled, case: &str) -> Result<Vec<(String, Vec<u8>)>> {
    let mut frames = Vec::new();
    for (stage, at_ms) in [Stage::EnRoute, Stage::Received]
        .into_iter()
        .flat_map(|stage| EXTREMES.map(|at_ms| (stage, at_ms)))
    {
        for next in EXTREMES {
            let chain = ChainId {
                case: case.parse()?,
                author: [7; 16].into(),
                kind: Kind::Edit,
            };
            let covers = vec![Cover::Chain { chain, next }];
            let receipt = Receipt::sign(&attacker.key, stage, at_ms, covers);
            let frame = Frame::Live {
                what: What::Receipt,
                payload: receipt.bytes().to_vec(),
            };
            frames.push((format!("{stage:?} at {at_ms} up to {next}"), frame.encode()));
        }
    }
    Ok(frames)
}

/// Copies of a CBOR value with one of its integers replaced, for each integer and extreme.
pub fn with_extremes(bytes: &[u8]) -> Result<Vec<Vec<u8>>> {
    let mut copies = Vec::new();
    for (start, end) in integers(bytes)?.into_iter().skip(HEAD) {
        for extreme in EXTREMES {
            let mut integer = Encoder::new(Vec::new());
            integer.u64(extreme)?;
            copies.push([&bytes[..start], &integer.into_writer(), &bytes[end..]].concat());
        }
    }
    Ok(copies)
}

/// Where the integers of a CBOR value stand.
fn integers(bytes: &[u8]) -> Result<Vec<(usize, usize)>> {
    let mut decoder = minicbor::Decoder::new(bytes);
    let mut found = Vec::new();
    while decoder.position() < bytes.len() {
        let start = decoder.position();
        let kind = decoder.datatype()?;
        if kind == Type::Array {
            decoder.array()?;
        } else if kind == Type::Map {
            decoder.map()?;
        } else if matches!(kind, Type::U8 | Type::U16 | Type::U32 | Type::U64) {
            decoder.u64()?;
            found.push((start, decoder.position()));
        } else {
            decoder.skip()?;
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_integer_is_replaced() {
        let mark = Frame::Mark {
            feed: Feed::Edits,
            arrival: 7,
        };
        let copies = with_extremes(&mark.encode()).unwrap();
        let last = copies.last().unwrap();
        assert_eq!(last[last.len() - 8..], [0xff; 8], "the greatest comes last");
        assert!(Frame::decode(last).is_err(), "our own decoder refuses it");
        assert_eq!(copies.len(), 2 * EXTREMES.len(), "the feed and the arrival");
        assert_eq!(last.len(), 13);
    }
}
