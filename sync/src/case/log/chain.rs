//! One author's chain in an open case: what is known of each place, and how far it is applied.

use std::collections::BTreeMap;

use guichet_keys::{ActClass, AuthorId, Hash, KeyUse, Sealer, SecretKey};
use zeroize::Zeroizing;

use crate::case::Act;
use crate::envelope::{Dep, Envelope, KeyRef, Kind};

/// What an envelope holds, opened.
#[derive(Debug)]
pub enum Body {
    /// A batch of edits.
    Edit(Zeroizing<Vec<u8>>),
    /// An act, and the class it was written in.
    Act(ActClass, Act),
    /// An act for the service alone, where the service's key is not: it stands, and says nothing.
    Withheld,
    /// It does not open, or does not hold what it should: why, in words.
    Closed(String),
}

impl Body {
    /// Opens an envelope with the keys there are.
    pub fn open(
        keys: &BTreeMap<KeyRef, SecretKey>,
        sealer: &dyn Sealer,
        envelope: &Envelope,
    ) -> Self {
        let header = envelope.header();
        let Some(key) = keys.get(&header.key) else {
            let of_service = keys.keys().any(|key| key.usage == KeyUse::Service);
            return match (header.kind, header.key.usage) {
                (Kind::Act, KeyUse::Service) if !of_service => Body::Withheld,
                _ => Body::Closed("its key is not open here".to_owned()),
            };
        };
        let plain = match envelope.open(key, sealer) {
            Ok(plain) => plain,
            Err(error) => return Body::Closed(error.to_string()),
        };
        match (header.kind, header.class) {
            (Kind::Edit, _) => Body::Edit(plain),
            (Kind::Act, None) => Body::Closed("an act without a class".to_owned()),
            (Kind::Act, Some(class)) => match Act::decode(&plain) {
                Ok(act) if act.allows(class) => Body::Act(class, act),
                Ok(_) => {
                    Body::Closed("sealed content of another class than the header says".to_owned())
                }
                Err(error) => Body::Closed(error.to_string()),
            },
        }
    }
}

/// An envelope in its place.
#[derive(Debug)]
pub struct Link {
    /// Its name.
    pub hash: Hash,
    /// The one before it.
    pub prev: Option<Hash>,
    /// What it builds on beside its own chain.
    pub deps: Vec<Dep>,
    /// What it holds.
    pub body: Body,
}

impl Link {
    /// An envelope and what it holds.
    pub fn new(envelope: &Envelope, body: Body) -> Self {
        let header = envelope.header();
        Self {
            hash: envelope.hash(),
            prev: header.prev,
            deps: header.deps.clone(),
            body,
        }
    }
}

/// Why a chain does not go on.
#[derive(Debug)]
pub enum Stuck {
    /// It builds on something that may still come.
    Waits,
    /// Its next envelope cannot be applied.
    Refused(String),
}

/// One author's chain.
#[derive(Debug, Default)]
pub struct Chain {
    /// All that is known of each place, in the order in which it came.
    pub places: BTreeMap<u64, Vec<Link>>,
    /// How many places are applied, from the first.
    pub applied: u64,
    /// Envelopes of all places.
    held: u64,
    /// Those of them that are of applied places.
    below: u64,
    /// What stands in the last place applied.
    pub head: Option<Hash>,
    /// The last edit of each author that what is applied builds on.
    pub seen: BTreeMap<AuthorId, u64>,
    /// Why it does not go on, if that is known.
    pub stuck: Option<Stuck>,
}

impl Chain {
    /// Whether this envelope is here.
    pub fn holds(&self, index: u64, hash: &Hash) -> bool {
        self.places
            .get(&index)
            .is_some_and(|links| links.iter().any(|link| link.hash == *hash))
    }

    /// Takes in one more envelope for a place.
    pub fn push(&mut self, index: u64, link: Link) {
        self.places.entry(index).or_default().push(link);
        self.held = self.held.saturating_add(1);
        if index < self.applied {
            self.below = self.below.saturating_add(1);
        }
    }

    /// Takes an envelope out again.
    pub fn withdraw(&mut self, hash: &Hash) {
        self.places.retain(|_, links| {
            links.retain(|link| link.hash != *hash);
            !links.is_empty()
        });
        let counted = |links: &Vec<Link>| links.len() as u64;
        self.held = self.places.values().map(counted).sum();
        self.below = self
            .places
            .range(..self.applied)
            .map(|it| counted(it.1))
            .sum();
    }

    /// Whether something here is without effect.
    pub fn has_aside(&self) -> bool {
        self.held > self.applied
    }

    /// How many envelopes here are not what should stand there, and how many others have no effect.
    pub fn count_aside(&self) -> (u64, u64) {
        let ahead = self.held.saturating_sub(self.below);
        let lost = self.below.saturating_sub(self.applied);
        match self.stuck {
            Some(Stuck::Refused(_)) => (ahead, lost),
            Some(Stuck::Waits) | None => (0, lost.saturating_add(ahead)),
        }
    }

    /// The envelope that stands in the next place: of those that continue the chain, the lowest hash.
    pub fn next(&self, lower_hash_wins: bool) -> Option<&Link> {
        let mut fitting = self
            .places
            .get(&self.applied)?
            .iter()
            .filter(|link| link.prev == self.head);
        if lower_hash_wins {
            fitting.min_by_key(|link| link.hash)
        } else {
            fitting.next()
        }
    }

    /// Nothing is applied any more.
    pub fn restart(&mut self) {
        self.applied = 0;
        self.below = 0;
        self.head = None;
        self.seen.clear();
        self.stuck = None;
    }

    /// The next place is applied, with what it depended on.
    pub fn advance(&mut self, hash: Hash, deps: &[Dep]) {
        let here = self.places.get(&self.applied).map_or(0, Vec::len) as u64;
        self.below = self.below.saturating_add(here);
        self.applied = self.applied.saturating_add(1);
        self.head = Some(hash);
        for dep in deps {
            let seen = self.seen.entry(dep.author).or_default();
            *seen = dep.index.max(*seen);
        }
    }

    /// What stands, from the first applied place to the last.
    pub fn in_effect(&self) -> Vec<&Link> {
        let mut standing = Vec::new();
        let mut next = self.head;
        let mut at = self.applied;
        while let (Some(place), Some(hash)) = (at.checked_sub(1), next) {
            let links = self.places.get(&place).into_iter().flatten();
            let Some(link) = links.into_iter().find(|link| link.hash == hash) else {
                break;
            };
            standing.push(link);
            (at, next) = (place, link.prev);
        }
        standing.reverse();
        standing
    }

    /// The hash that stands at an applied place, found along the chain from its head.
    pub fn standing(&self, index: u64) -> Option<Hash> {
        let mut at = self.applied.checked_sub(1)?;
        let mut hash = self.head?;
        while at > index {
            hash = self
                .places
                .get(&at)?
                .iter()
                .find(|link| link.hash == hash)?
                .prev?;
            at = at.checked_sub(1)?;
        }
        (at == index).then_some(hash)
    }
}
