//! Which pages are held, how much of each, and from whom the rest is asked.
//!
//! A page is asked from one peer at a time. A relay asks whoever made the page
//! first; everybody else asks a relay first, so that a page goes up a thin line
//! once. A peer that gives nothing for [`STALL`] is left for the next; as long
//! as it gives of pages it was asked for before, the later ones are not late.
//! When all have been asked in vain the next round takes twice as long, until
//! somebody new is there to ask. Small pages are asked for before large ones.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use guichet_keys::{AuthorId, CaseTag, SubjectId};

use crate::bitmap::Bitmap;
use crate::later;
use crate::page::{Manifest, PageError, PageId, Size};

/// How long a peer may give nothing of a page before another is asked.
pub const STALL: Duration = Duration::from_secs(5);
/// How often the time to stall may double.
const DOUBLINGS_MAX: u32 = 6;
/// Most pages asked for at once.
const FETCHES_MAX: usize = 32;

/// One page that is here, whole or in part.
#[derive(Debug)]
struct Page {
    case: CaseTag,
    author: AuthorId,
    held: Bitmap,
    fetch: Fetch,
}

/// How the rest of a page comes here.
#[derive(Debug)]
enum Fetch {
    /// Nothing is missing.
    Whole,
    /// Nobody here wants the rest.
    Unwanted(Box<Manifest>),
    /// Wanted, and nobody is asked now.
    Waiting {
        manifest: Box<Manifest>,
        place: Place,
        left: Option<SubjectId>,
        stalls: u32,
    },
    /// This peer was asked.
    Asked {
        manifest: Box<Manifest>,
        source: SubjectId,
        turn: u64,
        due: Instant,
        stalls: u32,
        landing: BTreeSet<u32>,
    },
}

/// The place of a page among those that wait: small ones first, and then by turn.
type Place = (Size, u64);

/// A change of whom to ask.
#[derive(Debug, PartialEq, Eq)]
pub struct Ask {
    /// Which page.
    pub page: PageId,
    /// Who was asked so far and is no longer.
    pub leave: Option<SubjectId>,
    /// Who is asked now, if anybody is.
    pub from: Option<SubjectId>,
    /// What is held already.
    pub held: Bitmap,
}

/// Every page that is known here.
#[derive(Debug, Default)]
pub struct Pages {
    pages: BTreeMap<PageId, Page>,
    waiting: BTreeSet<(Place, PageId)>,
    asked: BTreeSet<PageId>,
    turns: u64,
}

impl Pages {
    /// Takes in a page of which nothing is missing.
    pub fn insert_whole(&mut self, manifest: &Manifest) {
        self.insert(manifest, Bitmap::full(manifest.segments()), Fetch::Whole);
    }

    /// Takes in a page that nobody wants yet, with what is held of it.
    pub fn insert_part(&mut self, manifest: Manifest, held: Bitmap) {
        let fetch = match held.is_full() {
            true => Fetch::Whole,
            false => Fetch::Unwanted(Box::new(manifest.clone())),
        };
        self.insert(&manifest, held, fetch);
    }

    fn insert(&mut self, manifest: &Manifest, held: Bitmap, fetch: Fetch) {
        let (case, author) = (manifest.head().case, manifest.head().author);
        let page = Page {
            case,
            author,
            held,
            fetch,
        };
        self.pages.insert(manifest.id(), page);
    }

    /// The rest of a page is wanted here.
    pub fn want(&mut self, id: &PageId) {
        let Some(page) = self.pages.get_mut(id) else {
            return;
        };
        if let Fetch::Unwanted(manifest) = std::mem::replace(&mut page.fetch, Fetch::Whole) {
            self.wait(id, manifest, None, 0);
        }
    }

    /// The rest of a page is wanted no longer; gives who was asked for it.
    pub fn leave(&mut self, id: &PageId) -> Option<SubjectId> {
        let page = self.pages.get_mut(id)?;
        let (manifest, source) = match std::mem::replace(&mut page.fetch, Fetch::Whole) {
            Fetch::Waiting {
                manifest, place, ..
            } => {
                self.waiting.remove(&(place, *id));
                (manifest, None)
            }
            Fetch::Asked {
                manifest, source, ..
            } => {
                self.asked.remove(id);
                (manifest, Some(source))
            }
            Fetch::Unwanted(manifest) => (manifest, None),
            Fetch::Whole => return None,
        };
        page.fetch = Fetch::Unwanted(manifest);
        source
    }

    /// Puts a page at the end of those of its size that wait.
    fn wait(&mut self, id: &PageId, manifest: Box<Manifest>, left: Option<SubjectId>, stalls: u32) {
        let Some(page) = self.pages.get_mut(id) else {
            return;
        };
        self.turns = self.turns.saturating_add(1);
        let place = (Size::of(manifest.head().length), self.turns);
        self.waiting.insert((place, *id));
        page.fetch = Fetch::Waiting {
            manifest,
            place,
            left,
            stalls,
        };
    }

    /// Takes a page back from whom it was asked; gives who that was.
    fn take_back(&mut self, id: &PageId) -> Option<SubjectId> {
        let page = self.pages.get_mut(id)?;
        let Fetch::Asked {
            manifest,
            source,
            stalls,
            ..
        } = std::mem::replace(&mut page.fetch, Fetch::Whole)
        else {
            return None;
        };
        self.asked.remove(id);
        self.wait(id, manifest, Some(source), stalls);
        Some(source)
    }

    /// What is held of a page.
    pub fn held(&self, page: &PageId) -> Option<&Bitmap> {
        self.pages.get(page).map(|page| &page.held)
    }

    /// The case of a page.
    pub fn case_of(&self, page: &PageId) -> Option<CaseTag> {
        self.pages.get(page).map(|page| page.case)
    }

    /// Whether every segment of a page is durable here.
    pub fn is_complete(&self, page: &PageId) -> bool {
        self.pages.get(page).is_some_and(|page| page.held.is_full())
    }

    /// The pages of which nothing is missing.
    pub fn complete(&self) -> impl Iterator<Item = (PageId, CaseTag)> + '_ {
        self.pages
            .iter()
            .filter(|(_, page)| page.held.is_full())
            .map(|(id, page)| (*id, page.case))
    }

    /// Whether this segment is asked for and new; checks it against the manifest.
    ///
    /// # Errors
    /// A segment that is not the page's.
    pub fn accept(
        &mut self,
        now: Instant,
        id: &PageId,
        index: u32,
        sealed: &[u8],
    ) -> Result<bool, PageError> {
        let Some(page) = self.pages.get_mut(id) else {
            return Ok(false);
        };
        let Fetch::Asked {
            manifest,
            source,
            turn,
            stalls,
            landing,
            ..
        } = &mut page.fetch
        else {
            return Ok(false);
        };
        if page.held.contains(index) || landing.contains(&index) {
            return Ok(false);
        }
        manifest.check_segment(index, sealed)?;
        *stalls = 0;
        landing.insert(index);
        let (giver, first) = (*source, *turn);
        self.delay(later(now, STALL), giver, first);
        Ok(true)
    }

    /// What a peer was asked for at this turn and since is not late before `until`.
    fn delay(&mut self, until: Instant, giver: SubjectId, first: u64) {
        for id in &self.asked {
            let fetch = self.pages.get_mut(id).map(|page| &mut page.fetch);
            if let Some(Fetch::Asked {
                source, turn, due, ..
            }) = fetch
                && *source == giver
                && *turn >= first
            {
                *due = until.max(*due);
            }
        }
    }

    /// Segments of a page are durable; gives whether nothing is missing now.
    pub fn on_durable(&mut self, id: &PageId, indices: impl IntoIterator<Item = u32>) -> bool {
        let Some(page) = self.pages.get_mut(id) else {
            return false;
        };
        let mut grew = false;
        for index in indices {
            grew |= page.held.insert(index);
            if let Fetch::Asked { landing, .. } = &mut page.fetch {
                landing.remove(&index);
            }
        }
        let whole = grew && page.held.is_full();
        if whole {
            if let Fetch::Waiting { place, .. } = page.fetch {
                self.waiting.remove(&(place, *id));
            }
            self.asked.remove(id);
            page.fetch = Fetch::Whole;
        }
        whole
    }

    /// A peer is gone: what it was asked for, others are.
    pub fn on_lost(&mut self, peer: &SubjectId) {
        let theirs = |id: &&PageId| matches!(self.pages[*id].fetch, Fetch::Asked { source, .. } if source == *peer);
        let lost: Vec<PageId> = self.asked.iter().filter(theirs).copied().collect();
        for id in lost {
            self.take_back(&id);
        }
    }

    /// The disk did not take these segments: they are asked for again, but not at once.
    pub fn on_disk_failed(&mut self, now: Instant, segments: &[(PageId, u32)]) {
        for (id, index) in segments {
            let fetch = self.pages.get_mut(id).map(|page| &mut page.fetch);
            if let Some(Fetch::Asked { due, landing, .. }) = fetch {
                landing.remove(index);
                *due = later(now, STALL);
            }
        }
    }

    /// Somebody is there who may have what nobody gave so far.
    pub fn on_source(&mut self, now: Instant) {
        for id in &self.asked {
            let fetch = self.pages.get_mut(id).map(|page| &mut page.fetch);
            if let Some(Fetch::Asked { due, stalls, .. }) = fetch
                && *stalls > 1
            {
                (*due, *stalls) = (now, 0);
            }
        }
    }

    /// Chooses whom to ask for what waits or has stalled; `sources` lists who may have a page, best
    /// first. A page that stalls goes behind those that wait.
    pub fn ask(
        &mut self,
        now: Instant,
        sources: impl Fn(&CaseTag, &AuthorId) -> Vec<SubjectId>,
    ) -> Vec<Ask> {
        let is_stalled =
            |id: &&PageId| matches!(self.pages[*id].fetch, Fetch::Asked { due, .. } if now >= due);
        let stalled: Vec<PageId> = self.asked.iter().filter(is_stalled).copied().collect();
        let mut left: BTreeMap<PageId, SubjectId> = BTreeMap::new();
        for id in stalled {
            left.extend(self.take_back(&id).map(|source| (id, source)));
        }
        let mut asks = Vec::new();
        let waiting: Vec<(Place, PageId)> = self.waiting.iter().copied().collect();
        for (place, id) in waiting {
            if self.asked.len() >= FETCHES_MAX {
                break;
            }
            let from = self.ask_for(now, place, &id, &sources);
            if let Some(from) = from {
                let leave = left.remove(&id).filter(|old| *old != from);
                asks.push(self.change(id, leave, Some(from)));
            }
        }
        asks.extend(
            left.into_iter()
                .map(|(id, old)| self.change(id, Some(old), None)),
        );
        asks
    }

    fn ask_for(
        &mut self,
        now: Instant,
        place: Place,
        id: &PageId,
        sources: impl Fn(&CaseTag, &AuthorId) -> Vec<SubjectId>,
    ) -> Option<SubjectId> {
        let page = self.pages.get_mut(id)?;
        let Fetch::Waiting { left, stalls, .. } = page.fetch else {
            return None;
        };
        let sources = sources(&page.case, &page.author);
        let each = u32::try_from(sources.len()).unwrap_or(u32::MAX);
        let rounds = stalls.checked_div(each)?;
        let before = left.and_then(|old| sources.iter().position(|source| *source == old));
        let next = before.map_or(0, |at| at.saturating_add(1));
        let source = *sources.get(next).or(sources.first())?;
        let Fetch::Waiting { manifest, .. } = std::mem::replace(&mut page.fetch, Fetch::Whole)
        else {
            return None;
        };
        self.turns = self.turns.saturating_add(1);
        page.fetch = Fetch::Asked {
            manifest,
            source,
            turn: self.turns,
            due: later(now, patience(rounds)),
            stalls: stalls.saturating_add(1),
            landing: BTreeSet::new(),
        };
        self.waiting.remove(&(place, *id));
        self.asked.insert(*id);
        Some(source)
    }

    fn change(&self, page: PageId, leave: Option<SubjectId>, from: Option<SubjectId>) -> Ask {
        let held = self.pages[&page].held.clone();
        Ask {
            page,
            leave,
            from,
            held,
        }
    }

    /// When a page may have stalled.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let due = |id: &PageId| match self.pages[id].fetch {
            Fetch::Asked { due, .. } => Some(due),
            Fetch::Whole | Fetch::Unwanted(_) | Fetch::Waiting { .. } => None,
        };
        self.asked.iter().filter_map(due).min()
    }

    /// How many pages that are wanted are not whole.
    pub fn incomplete(&self) -> usize {
        self.waiting.len().saturating_add(self.asked.len())
    }
}

/// How long a peer may give nothing in this round of asking.
fn patience(rounds: u32) -> Duration {
    let times = 1_u32 << DOUBLINGS_MAX.min(rounds);
    STALL.saturating_mul(times)
}

#[cfg(test)]
mod tests;
