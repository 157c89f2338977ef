//! The village of an attack: a relay, a kiosk and a station that work, and the place of one more
//! machine, from which the attacker speaks.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use tokio::task::JoinSet;

use super::enrolled::{Enrolled, Target};
use super::forge::Forger;
use super::honest::People;
use super::watch::{Seen, Watch};
use super::{Judge, Terms, said};
use crate::network::Place;
use crate::process::until_healthy;
use crate::script::Script;
use crate::share::Share;
use crate::village::{Site, Village};

/// What each node has of a core, in hundredths: a small machine, and room for the others here.
const SHARE_PERCENT: u64 = 60;
const HEALTHY_WITHIN: Duration = Duration::from_secs(5);
/// An attack that comes to an end by itself does so in this time after people have worked.
const OVER_WITHIN: Duration = Duration::from_secs(180);

/// A node that uses less of a core for so long has nothing left to do.
const QUIET_CORES: f64 = 0.15;
const QUIET_FOR: Duration = Duration::from_secs(1);
const QUIET_WITHIN: Duration = Duration::from_secs(90);

/// Whose key the attacker has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stolen {
    /// That of the second kiosk.
    Kiosk,
    /// That of the second station.
    Station,
    /// That of the relay, which has shown the kiosk and the station to each other and is off.
    Relay,
}

/// Everything about one attack.
pub struct Scene {
    /// The nodes.
    pub village: Village,
    /// The relay.
    pub relay: Target,
    /// The kiosk at which somebody sits.
    pub kiosk: Target,
    /// The station of the adviser.
    pub station: Target,
    /// The citizen and the adviser.
    pub people: People,
    /// What the desk says.
    pub desk: Script,
    /// What the kiosk says.
    pub booth: Script,
    /// The attacker's client.
    pub attacker: Arc<Enrolled>,
    /// What the attacker's key can sign.
    pub forger: Arc<Forger>,
    /// The attacker, and whoever floods beside them.
    pub offenders: Vec<Offender>,
    /// Where the attacker sits.
    pub elsewhere: Place,
    /// The seed of the stolen key.
    pub seed: [u8; 32],
    stolen: Stolen,
    _shares: Vec<Share>,
}

/// A machine whose key is stolen.
#[derive(Clone)]
pub struct Offender {
    /// The client of whoever has the key.
    pub client: Arc<Enrolled>,
    /// What the key can sign.
    pub forger: Arc<Forger>,
}

/// How an attack comes to its end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    ByItself,
    WhenTold,
}

/// Tells an attack to end.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Whether it is to end.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Offender {
    /// Takes the key of a machine whose node does not run, and sits down where it stood.
    fn in_place_of(site: &Site) -> Result<Self> {
        let seed = super::enrolled::seed_of(site)?;
        Ok(Self {
            forger: Arc::new(Forger::new(seed, site)?),
            client: Arc::new(Enrolled::in_place_of(site)?),
        })
    }
}

impl Scene {
    /// Starts the nodes, opens the desk and a case, and gives the attacker the key.
    pub async fn begin(judge: &Judge, stolen: Stolen) -> Result<Self> {
        Self::prepared(judge, stolen, |_| Ok(())).await
    }

    /// The same, with something done to the village before anything runs.
    pub async fn prepared(
        judge: &Judge,
        stolen: Stolen,
        prepare: impl FnOnce(&mut Village) -> Result<()>,
    ) -> Result<Self> {
        let name = format!("attack-{}", judge.attack());
        let offenders = judge.terms.offenders;
        let (kiosks, stations) = match stolen {
            Stolen::Kiosk => (1 + offenders, 1),
            Stolen::Station => (1, 1 + offenders),
            Stolen::Relay => (1, 1),
        };
        let mut village = Village::new(&name, kiosks, stations)?;
        prepare(&mut village)?;
        let relay = Target::of(&village.relay)?;
        let kiosk = Target::of(&village.kiosks[0])?;
        let station = Target::of(&village.stations[0])?;
        let from = match stolen {
            Stolen::Kiosk => &village.kiosks[1..],
            Stolen::Station => &village.stations[1..],
            Stolen::Relay => std::slice::from_ref(&village.relay),
        };
        let first = from.first().context("nobody floods")?;
        let seed = super::enrolled::seed_of(first)?;
        let elsewhere = first.place.clone();
        let mut early = Vec::new();
        if stolen != Stolen::Relay {
            early = from
                .iter()
                .map(Offender::in_place_of)
                .collect::<Result<_>>()?;
        }
        // Its folder is open only while its node does not run.
        let forger = Arc::new(Forger::new(seed, first)?);
        village.relay.start().await?;
        village.kiosks[0].start().await?;
        village.stations[0].start().await?;
        let (booth, desk) = (
            village.kiosks[0].script()?,
            crate::visit::unlocked(&village).await?,
        );
        let people = People::meet(&booth, &desk).await?;
        let mut offenders = early;
        if stolen == Stolen::Relay {
            until_direct(&desk).await?;
            village.relay.kill();
            let client = Arc::new(Enrolled::in_place_of(&village.relay)?);
            offenders.push(Offender { client, forger });
        }
        let Offender { client, forger } = offenders.first().context("nobody floods")?.clone();
        let mut shares = Vec::new();
        for site in village.sites().filter(|site| site.node().is_ok()) {
            shares.extend(Share::of_core(site.node()?.pid(), SHARE_PERCENT)?);
        }
        Ok(Self {
            village,
            relay,
            kiosk,
            station,
            people,
            desk,
            booth,
            attacker: client,
            forger,
            offenders,
            elsewhere,
            seed,
            stolen,
            _shares: shares,
        })
    }

    /// The nodes that the attacker can speak with.
    pub fn attacked_nodes(&self) -> Vec<Target> {
        let others = match self.stolen {
            Stolen::Kiosk => [&self.relay, &self.station],
            Stolen::Station => [&self.relay, &self.kiosk],
            Stolen::Relay => [&self.kiosk, &self.station],
        };
        others.map(Target::clone).into()
    }

    /// The nodes that run.
    pub fn nodes(&mut self) -> impl Iterator<Item = &mut Site> {
        self.village.sites().filter(|site| site.node().is_ok())
    }

    /// The node of this target.
    pub fn site(&mut self, target: &Target) -> Result<&mut Site> {
        let mut sites = self.village.sites();
        sites
            .find(|site| site.log == target.name)
            .context("a node of this name")
    }

    /// The relay and the station, once the attacker has a session with each.
    pub async fn reached(&self) -> Result<[Target; 2]> {
        let targets = [self.relay.clone(), self.station.clone()];
        for target in &targets {
            self.attacker.knock(target).await?;
        }
        Ok(targets)
    }

    /// People work; a flood comes for as long as is asked for; it is over, and they go on. What they
    /// notice and what the nodes take is judged.
    pub async fn flood<F>(
        &mut self,
        judge: &mut Judge,
        attack: impl FnOnce(Stop) -> F,
    ) -> Result<()>
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let terms = judge.terms;
        self.attacked(judge, terms, Ends::WhenTold, attack).await
    }

    /// The same with an attack that ends by itself.
    pub async fn raid<F>(&mut self, judge: &mut Judge, attack: impl FnOnce(Stop) -> F) -> Result<()>
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let terms = judge.terms.brief();
        self.attacked(judge, terms, Ends::ByItself, attack).await
    }

    async fn attacked<F>(
        &mut self,
        judge: &mut Judge,
        terms: Terms,
        ends: Ends,
        attack: impl FnOnce(Stop) -> F,
    ) -> Result<()>
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let calm = terms.brief();
        self.until_quiet().await?;
        let usual = self.watches()?;
        let before = self.people.work(&calm).await;
        ensure!(before.failures.is_empty(), "{:?}", before.failures);
        let usual: Vec<Option<Seen>> = usual.iter().map(Watch::seen).collect();

        let watches = self.watches()?;
        let stop = Stop::default();
        let attacking = tokio::spawn(attack(stop.clone()));
        let goes_on = || ends == Ends::ByItself && !attacking.is_finished();
        let during = self.people.work_while(&terms, goes_on).await;
        stop.set();
        let attacked = tokio::time::timeout(OVER_WITHIN, attacking);
        let attacked = attacked.await.context("the attack does not end")??;
        judge.compare("during", &before, &during);
        for (watch, usual) in watches.iter().zip(usual) {
            watch.judge(judge, usual);
        }
        if let Err(error) = attacked {
            judge.expect(
                "the attack could be carried out",
                false,
                format!("{error:#}"),
            );
        }
        if during.failures.is_empty() {
            // As long as the flood: what it left behind may come to light late.
            let after = self.people.work(&terms).await;
            judge.compare("after", &before, &after);
            for watch in &watches {
                watch.judge_rest(judge);
            }
            let arrived = self.people.all_arrived().await;
            let what = "all that people did has arrived";
            judge.expect(what, arrived.is_ok(), said(&arrived));
        }
        self.all_live(judge, &watches).await
    }

    /// Waits until the nodes have done what they were given to do.
    async fn until_quiet(&mut self) -> Result<()> {
        let begun = Instant::now();
        while begun.elapsed() < QUIET_WITHIN {
            let watches = self.watches()?;
            tokio::time::sleep(QUIET_FOR).await;
            let busy = |watch: &Watch| watch.seen().is_some_and(|seen| seen.cores > QUIET_CORES);
            if !watches.iter().any(busy) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Every node that ran still runs as the same process, answers, and says nothing is ill.
    pub async fn all_live(&mut self, judge: &mut Judge, watches: &[Watch]) -> Result<()> {
        for (site, watch) in self.nodes().zip(watches) {
            let what = format!("{} lives, answers and is well", site.log);
            let address = site.node()?.address;
            let healthy = until_healthy(&site.place, address, HEALTHY_WITHIN).await;
            let saw = match (watch.lives(), healthy) {
                (false, _) => Err("the process is gone".to_owned()),
                (true, Err(error)) => Err(format!("{error:#}")),
                (true, Ok(_)) => ills(&site.script()?).await,
            };
            judge.expect(&what, saw.is_ok(), saw.err().unwrap_or_default());
        }
        Ok(())
    }

    /// A watch over each node that runs.
    pub fn watches(&mut self) -> Result<Vec<Watch>> {
        self.nodes()
            .map(|site| Watch::begin(&site.log, site.node()?.pid()))
            .collect()
    }
}

/// Has all offenders do their part at once, until each has ended.
pub async fn together<W, F>(parts: Vec<W>, offend: impl Fn(W) -> F) -> Result<()>
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let mut under_way: JoinSet<Result<()>> = parts.into_iter().map(offend).collect();
    while let Some(ended) = under_way.join_next().await {
        ended??;
    }
    Ok(())
}

/// What is ill at a node beside that its keys lie in a file, as they do in every test.
async fn ills(node: &Script) -> Result<(), String> {
    let status = node.api().get_json("/status").await;
    let status = status.map_err(|error| format!("{error:#}"))?;
    let ills = status["ills"].as_array().cloned().unwrap_or_default();
    let ills: Vec<Value> = ills
        .into_iter()
        .filter(|ill| ill["ill"] != "keys-in-file")
        .collect();
    if ills.is_empty() {
        Ok(())
    } else {
        Err(format!("{ills:?}"))
    }
}

/// Waits until the station has a direct line to a kiosk.
async fn until_direct(desk: &Script) -> Result<()> {
    let status = async |desk: &Script| desk.api().get_json("/status").await;
    let direct = |status: &Value| {
        let members = status["members"].as_array().into_iter().flatten();
        let mut kiosks = members.filter(|member| member["role"] == "kiosk");
        kiosks.any(|kiosk| kiosk["presence"]["route"] == "direct")
    };
    desk.until("a direct line", status, direct).await.map(drop)
}
