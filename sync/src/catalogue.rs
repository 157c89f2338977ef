//! What is durable here, without the bytes.
//!
//! The store hands in every record it has made durable, with its arrival
//! number; the catalogue knows each by its [`Meta`], which the record carries
//! along on the disk, so that it can be rebuilt without reading a payload.

mod chain;
mod meta;

use std::collections::BTreeMap;

use guichet_keys::{AuthorId, CaseTag, Hash};

use crate::envelope::{ChainId, Kind};
use crate::feed::Feed;
use crate::page::PageId;
use crate::store::{Location, Stored};
use crate::wire::{Cursors, HaveChain};

pub use chain::{Chain, Link};
pub use meta::Meta;

/// A durable thing and where its bytes are.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What it is.
    pub meta: Meta,
    /// Where its bytes are.
    pub at: Location,
}

#[derive(Clone, Debug, Default)]
struct CaseEntries {
    statements: Vec<u64>,
    chains: Vec<ChainId>,
    manifests: Vec<u64>,
    latest: Option<Location>,
}

/// Everything durable on this node's disk.
#[derive(Debug, Default)]
pub struct Catalogue {
    feeds: [BTreeMap<u64, Entry>; Feed::COUNT],
    next: Cursors,
    names: BTreeMap<Hash, (Feed, u64)>,
    chains: BTreeMap<ChainId, Chain>,
    cases: BTreeMap<CaseTag, CaseEntries>,
    authors: BTreeMap<AuthorId, u64>,
    pages: BTreeMap<PageId, u64>,
}

impl Catalogue {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self {
            next: [1; Feed::COUNT],
            ..Self::default()
        }
    }

    /// Takes in a record that is durable now.
    pub fn insert(&mut self, stored: &Stored, meta: Meta) {
        let (feed, arrival) = (stored.feed, stored.arrival);
        let place = feed.index();
        self.next[place] = self.next[place].max(arrival.saturating_add(1));
        self.names.insert(meta.hash(), (feed, arrival));
        match &meta {
            Meta::Statement { case, author, .. } => {
                if let Some(case) = case {
                    self.case_entries(*case, stored.at).statements.push(arrival);
                }
                if let Some(author) = author {
                    self.authors.insert(*author, arrival);
                }
            }
            Meta::Receipt { .. } => {}
            Meta::Envelope {
                hash,
                chain,
                index,
                prev,
                ..
            } => {
                let known = self.chains.contains_key(chain);
                self.chains.entry(*chain).or_default().insert(
                    *index,
                    *hash,
                    Link {
                        prev: *prev,
                        arrival,
                    },
                );
                let entries = self.case_entries(chain.case, stored.at);
                if !known {
                    entries.chains.push(*chain);
                }
            }
            Meta::Manifest { page, case, .. } => {
                self.pages.insert(*page, arrival);
                self.case_entries(*case, stored.at).manifests.push(arrival);
            }
        }
        self.feeds[place].insert(
            arrival,
            Entry {
                meta,
                at: stored.at,
            },
        );
    }

    fn case_entries(&mut self, case: CaseTag, at: Location) -> &mut CaseEntries {
        let entries = self.cases.entry(case).or_default();
        entries.latest = entries.latest.max(Some(at));
        entries
    }

    /// Where the last of what is held of a case lies: its order of arrival on this disk.
    #[must_use]
    pub fn latest_of(&self, case: &CaseTag) -> Option<Location> {
        self.cases.get(case)?.latest
    }

    /// Whether this thing is durable here.
    #[must_use]
    pub fn holds(&self, hash: &Hash) -> bool {
        self.names.contains_key(hash)
    }

    /// Where this thing stands in its feed.
    #[must_use]
    pub fn arrival_of(&self, hash: &Hash) -> Option<(Feed, u64)> {
        self.names.get(hash).copied()
    }

    /// The thing with this arrival number.
    #[must_use]
    pub fn entry(&self, feed: Feed, arrival: u64) -> Option<&Entry> {
        self.feeds[feed.index()].get(&arrival)
    }

    /// The things of a feed from this arrival number on.
    pub fn entries_from(&self, feed: Feed, arrival: u64) -> impl Iterator<Item = (u64, &Entry)> {
        self.feeds[feed.index()]
            .range(arrival..)
            .map(|(arrival, entry)| (*arrival, entry))
    }

    /// The arrival number that comes next in a feed.
    #[must_use]
    pub fn next_arrival(&self, feed: Feed) -> u64 {
        self.next[feed.index()]
    }

    /// What is held of a chain.
    #[must_use]
    pub fn chain(&self, chain: &ChainId) -> Option<&Chain> {
        self.chains.get(chain)
    }

    /// The chains of a case.
    #[must_use]
    pub fn chains_of(&self, case: &CaseTag) -> &[ChainId] {
        self.cases.get(case).map_or(&[], |entries| &entries.chains)
    }

    /// Every case anything is held of.
    pub fn cases(&self) -> impl Iterator<Item = &CaseTag> {
        self.cases.keys()
    }

    /// The envelopes and manifests of a case, where their bytes are, chains in the order of their places.
    pub fn contents_of(&self, case: &CaseTag) -> Vec<Entry> {
        let Some(entries) = self.cases.get(case) else {
            return Vec::new();
        };
        let links = entries.chains.iter().flat_map(|id| {
            let feed = if id.kind == Kind::Edit {
                Feed::Edits
            } else {
                Feed::Acts
            };
            self.chains[id]
                .links()
                .map(move |(_, _, link)| (feed, link.arrival))
        });
        let manifests = entries
            .manifests
            .iter()
            .map(|arrival| (Feed::Acts, *arrival));
        links
            .chain(manifests)
            .filter_map(|(feed, arrival)| self.entry(feed, arrival).cloned())
            .collect()
    }

    /// The statements about a case, its own and its authors', and the manifests of its pages.
    pub fn loose_of(&self, case: &CaseTag) -> impl Iterator<Item = (Feed, u64, Hash)> + '_ {
        let entries = self.cases.get(case);
        let statements = entries.map_or(&[][..], |entries| &entries.statements);
        let manifests = entries.map_or(&[][..], |entries| &entries.manifests);
        let statements = statements.iter().map(|at| (Feed::Statements, *at));
        statements
            .chain(manifests.iter().map(|at| (Feed::Acts, *at)))
            .filter_map(|(feed, at)| Some((feed, at, self.entry(feed, at)?.meta.hash())))
    }

    /// The arrival number of the statement that binds an author.
    #[must_use]
    pub fn author_statement(&self, author: &AuthorId) -> Option<u64> {
        self.authors.get(author).copied()
    }

    /// The manifest of a page.
    #[must_use]
    pub fn manifest(&self, page: &PageId) -> Option<&Entry> {
        self.entry(Feed::Acts, *self.pages.get(page)?)
    }

    /// The plain length of a page.
    #[must_use]
    pub fn page_length(&self, page: &PageId) -> Option<u64> {
        match self.manifest(page)?.meta {
            Meta::Manifest { length, .. } => Some(length),
            Meta::Statement { .. } | Meta::Receipt { .. } | Meta::Envelope { .. } => None,
        }
    }

    /// The pages of a case.
    pub fn pages_of(&self, case: &CaseTag) -> impl Iterator<Item = PageId> + '_ {
        let manifests = self
            .cases
            .get(case)
            .map_or(&[][..], |entries| &entries.manifests);
        manifests
            .iter()
            .filter_map(|arrival| match self.entry(Feed::Acts, *arrival)?.meta {
                Meta::Manifest { page, .. } => Some(page),
                Meta::Statement { .. } | Meta::Receipt { .. } | Meta::Envelope { .. } => None,
            })
    }

    /// How many things of a feed are held.
    #[must_use]
    pub fn count(&self, feed: Feed) -> u64 {
        self.feeds[feed.index()].len() as u64
    }

    /// Bytes of everything held but segments of pages.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.feeds
            .iter()
            .flat_map(BTreeMap::values)
            .map(|entry| u64::from(entry.at.len))
            .sum()
    }

    /// Every chain anything is held of.
    pub fn chains(&self) -> impl Iterator<Item = (&ChainId, &Chain)> {
        self.chains.iter()
    }

    /// Every page whose manifest is durable here.
    pub fn pages(&self) -> impl Iterator<Item = &PageId> {
        self.pages.keys()
    }

    /// What is held of the chains of one case, or of all.
    #[must_use]
    pub fn have(&self, case: Option<&CaseTag>) -> Vec<HaveChain> {
        let describe = |id: &ChainId| {
            self.chains.get(id).map(|chain| HaveChain {
                chain: *id,
                count: chain.count(),
                digest: chain.digest(),
            })
        };
        match case {
            Some(case) => self.chains_of(case).iter().filter_map(describe).collect(),
            None => self.chains.keys().filter_map(describe).collect(),
        }
    }

    /// Hashes of everything that is not in a chain: statements, receipts, manifests.
    pub fn loose(&self) -> impl Iterator<Item = (Feed, u64, Hash)> + '_ {
        self.names.iter().filter_map(|(hash, (feed, arrival))| {
            let entry = self.entry(*feed, *arrival)?;
            (!matches!(entry.meta, Meta::Envelope { .. })).then_some((*feed, *arrival, *hash))
        })
    }

    /// The arrivals that a peer with `have` of a chain is known to hold.
    pub fn held_by(&self, have: &HaveChain) -> impl Iterator<Item = u64> + '_ {
        let chain = self.chains.get(&have.chain);
        let held = chain.map_or(0, |chain| chain.held_by(have));
        let links = chain.into_iter().flat_map(|chain| chain.arrivals());
        links.take(held)
    }

    /// What is not in a chain and has a hash that begins so.
    pub fn loose_named(&self, prefix: &[u8; 8]) -> impl Iterator<Item = (Feed, u64)> + '_ {
        let bound = |rest: u8| {
            let mut bytes = [rest; 32];
            bytes[..8].copy_from_slice(prefix);
            Hash::from(bytes)
        };
        let named = self.names.range(bound(0)..=bound(0xff));
        named.filter_map(|(_, (feed, arrival))| {
            let entry = self.entry(*feed, *arrival)?;
            (!matches!(entry.meta, Meta::Envelope { .. })).then_some((*feed, *arrival))
        })
    }

    /// How many links of chains are looked at for what a peer says that it holds.
    #[must_use]
    pub fn cost_of(&self, have: &[HaveChain]) -> usize {
        let links = |have: &HaveChain| {
            let held = self.chains.get(&have.chain).map_or(0, Chain::len);
            held.min(usize::try_from(have.count).unwrap_or(usize::MAX))
        };
        have.iter()
            .map(links)
            .fold(have.len(), usize::saturating_add)
    }

    /// How many things of a case are held.
    #[must_use]
    pub fn size_of(&self, case: &CaseTag) -> usize {
        let Some(entries) = self.cases.get(case) else {
            return 0;
        };
        let links = entries.chains.iter().filter_map(|id| self.chains.get(id));
        let links = links.map(Chain::len);
        let loose = [entries.statements.len(), entries.manifests.len()];
        links.chain(loose).fold(0, usize::saturating_add)
    }

    /// The envelopes of a case that a peer with `have` of it may lack.
    #[must_use]
    pub fn beyond(&self, case: &CaseTag, have: &[HaveChain]) -> Vec<(Feed, u64)> {
        self.chains_of(case)
            .iter()
            .flat_map(|id| {
                let feed = if id.kind == Kind::Edit {
                    Feed::Edits
                } else {
                    Feed::Acts
                };
                let theirs = have.iter().find(|theirs| theirs.chain == *id);
                self.chains[id]
                    .beyond(theirs)
                    .into_iter()
                    .map(move |arrival| (feed, arrival))
            })
            .collect()
    }
}
