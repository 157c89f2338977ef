//! The places that pages on their way here hold, and how they are shared out.
//!
//! A page that was asked for holds a place until it is whole or its source is left. Each source has
//! so many, and of those no maker may hold them all, nor pages of one size, nor pages that nobody
//! gave when they were asked for before: whatever one node announces and does not give, the sheets
//! of others, large ones too, find a place at once.

use std::collections::BTreeMap;

use guichet_keys::SubjectId;

use crate::limits::{
    PLACES_DOUBTFUL_MAX, PLACES_OF_SIZE_MAX, PLACES_OF_SOURCE_MAX, PLACES_SHARE_OF_MAKER,
};
use crate::page::{PageId, Size};

/// Whether a page was asked for in vain before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    /// Not since something of it came.
    Fresh,
    /// At least once.
    Doubtful,
}

/// What a page holds a place for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Who is asked for it.
    pub source: SubjectId,
    /// The node it was made at.
    pub maker: SubjectId,
    /// Its size.
    pub size: Size,
    /// Whether it was asked for in vain.
    pub promise: Promise,
}

/// Places held of one share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Held {
    small: usize,
    large: usize,
    doubtful: usize,
}

impl Held {
    fn of_size(&mut self, size: Size) -> &mut usize {
        match size {
            Size::Small => &mut self.small,
            Size::Large => &mut self.large,
        }
    }

    /// Whether a place is left for this claim in a share that is so many times smaller than a
    /// source's.
    fn has_room(mut self, claim: &Claim, times: usize) -> bool {
        let room = |held: usize, most: usize| held < most.checked_div(times).unwrap_or(most);
        room(self.small.saturating_add(self.large), PLACES_OF_SOURCE_MAX)
            && room(*self.of_size(claim.size), PLACES_OF_SIZE_MAX)
            && (claim.promise == Promise::Fresh || room(self.doubtful, PLACES_DOUBTFUL_MAX))
    }

    fn add(&mut self, claim: &Claim) {
        let size = self.of_size(claim.size);
        *size = size.saturating_add(1);
        if claim.promise == Promise::Doubtful {
            self.doubtful = self.doubtful.saturating_add(1);
        }
    }

    fn remove(&mut self, claim: &Claim) {
        let size = self.of_size(claim.size);
        *size = size.saturating_sub(1);
        if claim.promise == Promise::Doubtful {
            self.doubtful = self.doubtful.saturating_sub(1);
        }
    }
}

/// Who holds which place.
#[derive(Debug, Default)]
pub struct Places {
    claims: BTreeMap<PageId, Claim>,
    of_source: BTreeMap<SubjectId, Held>,
    of_maker: BTreeMap<(SubjectId, SubjectId), Held>,
}

impl Places {
    /// Gives a page a place, if there is one for it.
    pub fn take(&mut self, page: PageId, claim: Claim) -> bool {
        let pair = (claim.source, claim.maker);
        let of_source = self.of_source.get(&claim.source).copied();
        let of_maker = self.of_maker.get(&pair).copied();
        let fits = of_source.unwrap_or_default().has_room(&claim, 1)
            && of_maker
                .unwrap_or_default()
                .has_room(&claim, PLACES_SHARE_OF_MAKER);
        if fits {
            self.free(&page);
            self.of_source.entry(claim.source).or_default().add(&claim);
            self.of_maker.entry(pair).or_default().add(&claim);
            self.claims.insert(page, claim);
        }
        fits
    }

    /// A page needs its place no longer.
    pub fn free(&mut self, page: &PageId) {
        let Some(claim) = self.claims.remove(page) else {
            return;
        };
        let pair = (claim.source, claim.maker);
        if let Some(held) = self.of_source.get_mut(&claim.source) {
            held.remove(&claim);
        }
        if let Some(held) = self.of_maker.get_mut(&pair) {
            held.remove(&claim);
        }
        self.of_source.retain(|_, held| *held != Held::default());
        self.of_maker.retain(|_, held| *held != Held::default());
    }

    /// The pages that hold a place.
    pub fn pages(&self) -> impl Iterator<Item = &PageId> {
        self.claims.keys()
    }

    /// How many places are held.
    pub fn count(&self) -> usize {
        self.claims.len()
    }
}

#[cfg(test)]
mod tests {
    use guichet_keys::sha256;

    use super::*;

    fn node(byte: u8) -> SubjectId {
        SubjectId::from([byte; 32])
    }

    /// How many of a thousand such claims find a place.
    fn taken(places: &mut Places, claim: Claim) -> usize {
        let name = |at: u32| {
            let parts: [&[u8]; 4] = [
                claim.source.as_bytes(),
                claim.maker.as_bytes(),
                &[claim.size as u8, claim.promise as u8],
                &at.to_be_bytes(),
            ];
            PageId(sha256(&parts.concat()))
        };
        (0..1000).filter(|at| places.take(name(*at), claim)).count()
    }

    fn claim(maker: u8, size: Size, promise: Promise) -> Claim {
        Claim {
            source: node(1),
            maker: node(maker),
            size,
            promise,
        }
    }

    #[test]
    fn no_maker_no_size_and_no_doubt_takes_all_places_of_a_source() {
        let mut places = Places::default();
        let doubtful = taken(&mut places, claim(2, Size::Small, Promise::Doubtful));
        assert_eq!(doubtful, PLACES_DOUBTFUL_MAX / PLACES_SHARE_OF_MAKER);
        let small = taken(&mut places, claim(2, Size::Small, Promise::Fresh));
        assert_eq!(small + doubtful, PLACES_OF_SIZE_MAX / PLACES_SHARE_OF_MAKER);
        let large = taken(&mut places, claim(2, Size::Large, Promise::Fresh));
        assert_eq!(
            large + small + doubtful,
            PLACES_OF_SOURCE_MAX / PLACES_SHARE_OF_MAKER
        );
        assert!(large > 0);
        let other = taken(&mut places, claim(3, Size::Small, Promise::Fresh));
        let last = taken(&mut places, claim(4, Size::Large, Promise::Fresh));
        assert!(other > 0 && last > 0);
        assert_eq!(places.count(), PLACES_OF_SOURCE_MAX);
        let elsewhere = Claim {
            source: node(9),
            ..claim(2, Size::Small, Promise::Fresh)
        };
        assert!(taken(&mut places, elsewhere) > 0, "another source is free");
    }

    #[test]
    fn a_place_is_given_back() {
        let mut places = Places::default();
        let mine = claim(2, Size::Large, Promise::Doubtful);
        let most = taken(&mut places, mine);
        let all: Vec<PageId> = places.pages().copied().collect();
        all.iter().for_each(|page| places.free(page));
        assert_eq!(places.count(), 0);
        assert_eq!(taken(&mut places, mine), most);
    }
}
