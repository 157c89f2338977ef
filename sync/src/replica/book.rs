//! The book of receipts: how far everything has come, and what this node owes its word for.
//!
//! A relay says *en route* for what is durable on its disk. A station says
//! *reçu* for a chain as far as all that it depends on is durable here too,
//! and for a page once all its segments are.

use std::collections::{BTreeMap, BTreeSet};

use guichet_keys::{CaseTag, SubjectId};

use crate::catalogue::{Catalogue, Meta};
use crate::envelope::{ChainId, Kind};
use crate::feed::Feed;
use crate::page::PageId;
use crate::receipt::{Cover, Receipt, Stage};

/// How far a thing has come and when that was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reached {
    /// The stage.
    pub stage: Stage,
    /// When, in milliseconds of the Unix epoch, on the clock of who signed.
    pub at_ms: u64,
}

#[derive(Clone, Debug, Default)]
struct ChainStages {
    en_route: u64,
    received: u64,
    received_at_ms: u64,
    elsewhere: u64,
}

/// What is known of all receipts.
#[derive(Debug, Default)]
pub struct Book {
    chains: BTreeMap<ChainId, ChainStages>,
    pages: BTreeMap<PageId, Reached>,
    holders: BTreeSet<(PageId, SubjectId)>,
    signed: BTreeMap<ChainId, u64>,
    signed_pages: BTreeSet<PageId>,
    closed: BTreeMap<ChainId, u64>,
    due: BTreeSet<ChainId>,
    due_pages: BTreeMap<PageId, CaseTag>,
}

impl Book {
    /// Takes in what a receipt that was found to hold says of one thing.
    pub fn insert(&mut self, me: &SubjectId, receipt: &Receipt, cover: &Cover) {
        match cover {
            Cover::Chain { chain, next } => self.insert_chain(me, receipt, chain, *next),
            Cover::Page { page, .. } => {
                let reached = Reached {
                    stage: receipt.stage(),
                    at_ms: receipt.at_ms(),
                };
                let known = self.pages.entry(*page).or_insert(reached);
                if reached.stage > known.stage {
                    *known = reached;
                }
                if receipt.node() == *me {
                    self.signed_pages.insert(*page);
                    self.due_pages.remove(page);
                } else {
                    self.holders.insert((*page, receipt.node()));
                }
            }
        }
    }

    fn insert_chain(&mut self, me: &SubjectId, receipt: &Receipt, chain: &ChainId, next: u64) {
        let stages = self.chains.entry(*chain).or_default();
        match receipt.stage() {
            Stage::EnRoute => stages.en_route = stages.en_route.max(next),
            Stage::Received if next > stages.received => {
                stages.received = next;
                stages.received_at_ms = receipt.at_ms();
            }
            Stage::Received => {}
        }
        if receipt.node() == *me {
            let signed = self.signed.entry(*chain).or_default();
            *signed = (*signed).max(next);
        } else {
            stages.elsewhere = stages.elsewhere.max(next);
        }
    }

    /// How far an envelope has come by all that was signed, this node's own word included.
    #[must_use]
    pub fn envelope(&self, chain: &ChainId, index: u64) -> Option<Reached> {
        let stages = self.chains.get(chain)?;
        if index < stages.received {
            Some(Reached {
                stage: Stage::Received,
                at_ms: stages.received_at_ms,
            })
        } else if index < stages.en_route {
            Some(Reached {
                stage: Stage::EnRoute,
                at_ms: 0,
            })
        } else {
            None
        }
    }

    /// The first index of a chain that no station has.
    #[must_use]
    pub fn received_next(&self, chain: &ChainId) -> u64 {
        self.chains.get(chain).map_or(0, |stages| stages.received)
    }

    /// The first index of a chain that no other node has signed for: what was written here is on
    /// this disk alone from there on, whatever this node itself has signed.
    #[must_use]
    pub fn elsewhere_next(&self, chain: &ChainId) -> u64 {
        self.chains.get(chain).map_or(0, |stages| stages.elsewhere)
    }

    /// Whether another node has signed for a page.
    #[must_use]
    pub fn is_elsewhere(&self, page: &PageId) -> bool {
        self.holders(page).next().is_some()
    }

    /// The other nodes that have signed for a page: they have it whole.
    pub fn holders(&self, page: &PageId) -> impl Iterator<Item = SubjectId> + '_ {
        let (least, most) = (SubjectId::from([0; 32]), SubjectId::from([0xff; 32]));
        let all = self.holders.range((*page, least)..=(*page, most));
        all.map(|(_, node)| *node)
    }

    /// How far a page has come by all that was signed, this node's own word included.
    #[must_use]
    pub fn page(&self, page: &PageId) -> Option<Reached> {
        self.pages.get(page).copied()
    }

    /// Envelopes of a case became durable: receipts may be due, for them and for what waited for them.
    pub fn on_case(&mut self, catalogue: &Catalogue, case: &CaseTag, with_deps: bool) {
        let chains = catalogue.chains_of(case);
        if with_deps {
            while chains
                .iter()
                .filter(|chain| self.advance(catalogue, chain))
                .count()
                > 0
            {}
        } else {
            chains
                .iter()
                .filter_map(|id| Some((id, catalogue.chain(id)?.next())))
                .for_each(|(id, next)| self.close(id, next));
        }
    }

    /// Moves a chain over every place whose dependencies are closed; gives whether it moved.
    fn advance(&mut self, catalogue: &Catalogue, id: &ChainId) -> bool {
        let Some(chain) = catalogue.chain(id) else {
            return false;
        };
        let from = self.closed.get(id).copied().unwrap_or(0);
        let mut next = from;
        while next < chain.next()
            && chain
                .at(next)
                .all(|(_, link)| self.deps_closed(catalogue, id, link.arrival))
        {
            next = next.saturating_add(1);
        }
        if next > from {
            self.close(id, next);
        }
        next > from
    }

    fn deps_closed(&self, catalogue: &Catalogue, id: &ChainId, arrival: u64) -> bool {
        let feed = if id.kind == Kind::Edit {
            Feed::Edits
        } else {
            Feed::Acts
        };
        let Some(Meta::Envelope { deps, .. }) =
            catalogue.entry(feed, arrival).map(|entry| &entry.meta)
        else {
            return false;
        };
        deps.iter().all(|dep| {
            let chain = ChainId {
                case: id.case,
                author: dep.author,
                kind: Kind::Edit,
            };
            self.closed
                .get(&chain)
                .is_some_and(|closed| dep.index < *closed)
        })
    }

    fn close(&mut self, chain: &ChainId, next: u64) {
        self.closed.insert(*chain, next);
        if self.signed.get(chain).is_none_or(|signed| *signed < next) {
            self.due.insert(*chain);
        }
    }

    /// A page is durable with all its segments: a receipt may be due.
    pub fn on_page(&mut self, page: PageId, case: CaseTag) {
        if !self.signed_pages.contains(&page) {
            self.due_pages.insert(page, case);
        }
    }

    /// Whether this node owes a receipt.
    #[must_use]
    pub fn is_due(&self) -> bool {
        !self.due.is_empty() || !self.due_pages.is_empty()
    }

    /// Takes at most `most` of what is owed, as far as `may_sign` allows for its case.
    pub fn take_due(&mut self, most: usize, may_sign: impl Fn(&CaseTag) -> bool) -> Vec<Cover> {
        let mut covers = Vec::new();
        while covers.len() < most {
            if let Some(chain) = self.due.pop_first() {
                let next = self.closed.get(&chain).copied().unwrap_or(0);
                if next > 0 && may_sign(&chain.case) {
                    self.signed.insert(chain, next);
                    covers.push(Cover::Chain { chain, next });
                }
            } else if let Some((page, case)) = self.due_pages.pop_first() {
                if may_sign(&case) {
                    self.signed_pages.insert(page);
                    covers.push(Cover::Page { case, page });
                }
            } else {
                break;
            }
        }
        covers
    }
}
