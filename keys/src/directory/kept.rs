//! The statements a directory keeps: one for each place, in an order in which they can
//! be learnt again.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use super::Learned;
use crate::ids::{AuthorId, CaseTag, Hash, ServiceId, SubjectId};
use crate::statement::SignedStatement;

/// What a statement is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// The hash of a chain.
    Member(Hash),
    Revocation {
        subject: SubjectId,
        signer: SubjectId,
    },
    ServiceKey(ServiceId, u32),
    Catalogue(ServiceId, SubjectId),
    Network(SubjectId),
    Author(AuthorId),
    Case(CaseTag),
    Media(SubjectId),
    Unknown(Hash),
}

/// What decides between a new statement and the one that has its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Precedence {
    /// The higher serial; of equal serials the lower hash.
    Serial,
    /// The new one: the other's signer was revoked.
    Newcomer,
}

#[derive(Debug)]
pub(super) struct Kept {
    places: BTreeMap<Place, Held>,
    in_order: BTreeMap<u64, SignedStatement>,
    known: BTreeSet<Hash>,
    per_signer: BTreeMap<SubjectId, usize>,
    next: u64,
}

#[derive(Debug, Clone, Copy)]
struct Held {
    at: u64,
    serial: u64,
}

impl Kept {
    pub(super) fn new() -> Self {
        Self {
            places: BTreeMap::new(),
            in_order: BTreeMap::new(),
            known: BTreeSet::new(),
            per_signer: BTreeMap::new(),
            next: 0,
        }
    }

    pub(super) fn knows(&self, hash: &Hash) -> bool {
        self.known.contains(hash)
    }

    pub(super) fn at(&self, place: &Place) -> Option<&SignedStatement> {
        self.places.get(place).map(|held| &self.in_order[&held.at])
    }

    pub(super) fn within(
        &self,
        places: RangeInclusive<Place>,
    ) -> impl DoubleEndedIterator<Item = &SignedStatement> {
        self.places
            .range(places)
            .map(|(_, held)| &self.in_order[&held.at])
    }

    pub(super) fn places(&self) -> impl Iterator<Item = &Place> {
        self.places.keys()
    }

    pub(super) fn in_order(&self) -> impl Iterator<Item = &SignedStatement> {
        self.in_order.values()
    }

    /// Puts a statement in its place, unless the one there precedes it.
    pub(super) fn put(
        &mut self,
        place: Place,
        serial: u64,
        precedence: Precedence,
        signed: &SignedStatement,
    ) -> Learned {
        let held = self.places.get(&place).copied();
        if let Some(held) = held
            && precedence == Precedence::Serial
            && !precedes(serial, signed, held.serial, &self.in_order[&held.at])
        {
            return Learned::Superseded;
        }
        self.count(signed.signer(), held);
        let at = self.next;
        if let Some(old) = held.and_then(|held| self.in_order.remove(&held.at)) {
            self.known.remove(&old.hash());
        }
        self.places.insert(place, Held { at, serial });
        self.known.insert(signed.hash());
        self.in_order.insert(at, signed.clone());
        self.next = self.next.saturating_add(1);
        Learned::New
    }

    /// Counts a statement for its signer and the one it replaces no more.
    fn count(&mut self, signer: SubjectId, replaced: Option<Held>) {
        let replaced = replaced.map(|held| self.in_order[&held.at].signer());
        if replaced == Some(signer) {
            return;
        }
        let count = self.per_signer.entry(signer).or_default();
        *count = count.saturating_add(1);
        if let Some(count) = replaced.and_then(|signer| self.per_signer.get_mut(&signer)) {
            *count = count.saturating_sub(1);
        }
    }

    /// How many statements of this signer are kept.
    pub(super) fn count_of(&self, signer: &SubjectId) -> usize {
        self.per_signer.get(signer).copied().unwrap_or(0)
    }
}

fn precedes(
    serial: u64,
    signed: &SignedStatement,
    held_serial: u64,
    held: &SignedStatement,
) -> bool {
    serial > held_serial || (serial == held_serial && signed.hash() < held.hash())
}
