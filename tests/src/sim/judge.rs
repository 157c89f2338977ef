//! What must be true in the end: everyone has the same, nothing promised is missing, all is quiet.

use std::collections::{BTreeMap, BTreeSet};

use guichet_keys::{AesGcm, AuthorId, CaseTag, Hash, sha256};
use guichet_sync::case::CaseDoc;
use guichet_sync::envelope::ChainId;
use guichet_sync::page::Manifest;
use guichet_sync::receipt::Stage;
use guichet_sync::replica::Reached;

use super::cast::Post;
use super::line::SECOND;
use super::machine::{OpenCase, SHARED};
use super::world::World;

/// All is quiet when nothing was sent or written for this long.
const QUIET_US: u64 = 15 * SECOND;
/// It must be within this time.
const QUIET_MAX_US: u64 = 3_600 * SECOND;
/// Copies take turns at the line at most so often.
const TURNS_MAX: usize = 16;

/// Everything that a machine shows of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Shown {
    version: String,
    plain: String,
    acts: Vec<String>,
    aside: BTreeSet<(ChainId, u64, Hash)>,
}

impl World {
    /// Waits until all is quiet, with every copy having had the line.
    pub fn settle(&mut self) {
        let mut still = 0;
        for _ in 0..TURNS_MAX {
            let before = (self.counts.items, self.counts.segments);
            self.run_until_quiet();
            if self.ledger.has_failed() {
                return;
            }
            still = if before == (self.counts.items, self.counts.segments) {
                still + 1
            } else {
                0
            };
            if still == 3 || self.machines.len() == Post::ALL.len() {
                return;
            }
            self.swap();
            self.dial_everywhere();
        }
        self.ledger
            .fail("copies that take turns never come to rest".to_owned());
    }

    fn run_until_quiet(&mut self) {
        let end_us = self.now_us + QUIET_MAX_US;
        self.active_us = self.now_us;
        while self.now_us < self.active_us + QUIET_US {
            self.run_until(self.now_us + SECOND / 2);
            if self.now_us > end_us {
                self.ledger.fail("it does not become quiet".to_owned());
            }
            if self.ledger.has_failed() {
                return;
            }
        }
    }

    /// Judges the state that was reached, then the same after every machine was started anew.
    pub fn judge(&mut self) {
        (0..self.machines.len()).for_each(|machine| self.open_known_cases(machine));
        let before = self.judge_once();
        for machine in 0..self.machines.len() {
            self.machines[machine].disk.flush();
            self.stop(machine);
        }
        for machine in 0..self.machines.len() {
            self.start(machine, &BTreeMap::new());
            self.open_known_cases(machine);
        }
        let after = self.judge_once();
        match (before, after) {
            (Ok(before), Ok(after)) if before == after => {}
            (Ok(_), Ok(_)) => self
                .ledger
                .fail("a case reads otherwise after a restart".to_owned()),
            (Err(why), _) => self.ledger.fail(why),
            (_, Err(why)) => self.ledger.fail(format!("after a restart, {why}")),
        }
    }

    fn judge_once(&self) -> Result<BTreeMap<CaseTag, Shown>, String> {
        let shown = self.equal()?;
        self.nothing_is_missing(&shown)?;
        self.lower_hashes_stand(&shown)?;
        self.pages_are_whole()?;
        self.everything_is_received()?;
        Ok(shown)
    }

    fn keepers(&self) -> impl Iterator<Item = (usize, CaseTag, &OpenCase)> {
        self.machines.iter().enumerate().flat_map(|(at, machine)| {
            let cases = machine.process.iter().flat_map(|process| &process.cases);
            cases.map(move |(case, open)| (at, *case, open))
        })
    }

    /// All who hold a case's key show the same of it.
    fn equal(&self) -> Result<BTreeMap<CaseTag, Shown>, String> {
        let mut all: BTreeMap<CaseTag, (usize, Shown)> = BTreeMap::new();
        for (machine, case, open) in self.keepers() {
            let shown = shown(open);
            reads_back(open).map_err(|why| format!("case {case} at machine {machine}: {why}"))?;
            match all.get(&case) {
                None => drop(all.insert(case, (machine, shown))),
                Some((_, first)) if *first == shown => {}
                Some((other, first)) => {
                    let what = difference(first, &shown);
                    return Err(format!(
                        "machines {other} and {machine} have other {what} of case {case}"
                    ));
                }
            }
        }
        let stations = [Post::FirstStation, Post::SecondStation].map(|post| self.has_line[&post]);
        for saved in self.ledger.saved.values() {
            let case = saved.chain.case;
            let opened = |at: &usize| {
                let process = self.machines[*at].process.as_ref();
                process.is_some_and(|process| process.cases.contains_key(&case))
            };
            if !stations.iter().all(opened) {
                return Err(format!("case {case} never came to a station"));
            }
        }
        Ok(all
            .into_iter()
            .map(|(case, (_, one))| (case, one))
            .collect())
    }

    /// What was told to be saved is on every disk that may have it, and stands, unless a fork took it.
    fn nothing_is_missing(&self, shown: &BTreeMap<CaseTag, Shown>) -> Result<(), String> {
        let lost = self.may_be_set_aside();
        for (hash, saved) in &self.ledger.saved {
            let (chain, index) = (saved.chain, saved.index);
            for (at, machine) in self.machines.iter().enumerate() {
                let keeps = match machine.post {
                    Post::Kiosk => machine.keys.contains_key(&chain.case),
                    Post::Relay | Post::FirstStation | Post::SecondStation => true,
                };
                let links = machine.disk.platter.links(chain, index);
                if keeps && links.iter().all(|link| link.hash != *hash) {
                    return Err(format!(
                        "{:?} {index} of author {}, told to be saved, is not on machine {at}",
                        chain.kind, chain.author
                    ));
                }
            }
            let aside = shown
                .get(&chain.case)
                .is_none_or(|shown| shown.aside.contains(&(chain, index, *hash)));
            if aside && !lost.contains(&chain.author) {
                return Err(format!(
                    "{:?} {index} of author {}, told to be saved, was set aside",
                    chain.kind, chain.author
                ));
            }
        }
        Ok(())
    }

    /// Authors that wrote on in two copies, and those who built on what they wrote.
    fn may_be_set_aside(&self) -> BTreeSet<AuthorId> {
        let mut authors = self.ledger.forked.clone();
        let relay = &self.machines[self.has_line[&Post::Relay]].disk.platter;
        loop {
            let before = authors.len();
            for (chain, _, links) in relay.places() {
                let mut deps = links.iter().flat_map(|link| &link.deps);
                if deps.any(|dep| authors.contains(&dep.author)) {
                    authors.insert(chain.author);
                }
            }
            if authors.len() == before {
                return authors;
            }
        }
    }

    /// Where a chain forked, what stands is the lowest hash of those that continue what stands before.
    fn lower_hashes_stand(&self, shown: &BTreeMap<CaseTag, Shown>) -> Result<(), String> {
        let relay = &self.machines[self.has_line[&Post::Relay]].disk.platter;
        let mut heads: BTreeMap<ChainId, Option<Hash>> = BTreeMap::new();
        for (chain, index, links) in relay.places() {
            let Some(shown) = shown.get(&chain.case) else {
                continue;
            };
            let head = heads.entry(*chain).or_default();
            let stands = |hash: &Hash| !shown.aside.contains(&(*chain, index, *hash));
            let standing = links.iter().map(|link| link.hash).find(stands);
            let fitting = links.iter().filter(|link| link.prev == *head);
            let lowest = fitting.map(|link| link.hash).min();
            if standing.is_some() && standing != lowest {
                return Err(format!("at {index} of {chain:?} a higher hash stands"));
            }
            *head = standing;
        }
        Ok(())
    }

    fn pages_are_whole(&self) -> Result<(), String> {
        for (page, (case, content)) in &self.ledger.pages {
            for (at, machine) in self.machines.iter().enumerate() {
                let keeps = match machine.post {
                    Post::Kiosk => machine.keys.contains_key(case),
                    Post::Relay | Post::FirstStation | Post::SecondStation => true,
                };
                if !keeps {
                    continue;
                }
                if !machine.disk.platter.holds_page(page) {
                    return Err(format!("page {} is not whole on machine {at}", page.0));
                }
                let plain = machine.process.as_ref().and_then(|process| {
                    let key = process.cases.get(case)?.log.key(&SHARED)?;
                    let entry = process.replica.catalogue().manifest(page)?;
                    let manifest = Manifest::parse(machine.disk.platter.read(&entry.at)?).ok()?;
                    let mut plain = Vec::new();
                    for index in 0..manifest.segments() {
                        let sealed = machine.disk.platter.read_segment(page, index)?;
                        let opened = manifest.head().open_segment(index, &sealed, key, &AesGcm);
                        plain.extend_from_slice(&opened.ok()?);
                    }
                    Some(sha256(&plain))
                });
                if machine.post != Post::Relay && plain != Some(*content) {
                    return Err(format!("page {} reads otherwise on machine {at}", page.0));
                }
            }
        }
        Ok(())
    }

    /// The kiosk knows of everything that a station of the service has it.
    fn everything_is_received(&self) -> Result<(), String> {
        let received = |reached: Option<Reached>| {
            reached.is_some_and(|reached| reached.stage == Stage::Received)
        };
        for machine in self.machines.iter().filter(|it| it.post == Post::Kiosk) {
            let Some(process) = &machine.process else {
                return Err("the kiosk does not run".to_owned());
            };
            let book = process.replica.book();
            for saved in self.ledger.saved.values() {
                let keeps = machine.keys.contains_key(&saved.chain.case);
                if keeps && !received(book.envelope(&saved.chain, saved.index)) {
                    return Err(format!("the kiosk waits for a receipt of {saved:?}"));
                }
            }
            for (page, (case, _)) in &self.ledger.pages {
                if machine.keys.contains_key(case) && !received(book.page(page)) {
                    return Err(format!("the kiosk waits for a receipt of page {}", page.0));
                }
            }
        }
        Ok(())
    }
}

fn shown(open: &OpenCase) -> Shown {
    let acts = open.log.acts().into_iter();
    let aside = open.log.set_aside().into_iter();
    Shown {
        version: open.log.doc().version().to_string(),
        plain: open.log.doc().plain(),
        acts: acts.map(|act| format!("{act:?}")).collect(),
        aside: aside.map(|one| (one.chain, one.index, one.hash)).collect(),
    }
}

/// A document that is saved and loaded again must be the same.
fn reads_back(open: &OpenCase) -> Result<(), String> {
    let doc = open.log.doc();
    let loaded = CaseDoc::load(doc.author(), &doc.save()).map_err(|error| error.to_string())?;
    if loaded.plain() == doc.plain() {
        Ok(())
    } else {
        Err("the document reads otherwise after it was saved and loaded".to_owned())
    }
}

fn difference(first: &Shown, second: &Shown) -> &'static str {
    if first.aside != second.aside {
        "things set aside"
    } else if first.acts != second.acts {
        "acts"
    } else if first.version != second.version {
        "changes"
    } else {
        "fields"
    }
}
