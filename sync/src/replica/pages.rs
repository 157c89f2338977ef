//! Which pages are held, how much of each, and from whom the rest is asked.
//!
//! A page is asked from one peer at a time; who may have it, and in which order they are asked, is
//! said by whoever asks ([`Options`]). A peer that gives nothing for [`STALL`] is left for the next; as long
//! as it gives of pages it was asked for before, the later ones are not late.
//! When all have been asked in vain the next round takes twice as long, until
//! somebody new is there to ask. Pages hold [places](Places) while they are asked for; makers take
//! turns, and of one maker's pages those that were not asked for in vain come first, then small
//! ones, then the older. A page that nobody here may have is parked: it holds nobody up.

mod asking;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use guichet_keys::{CaseTag, SubjectId};

use super::places::{Places, Promise};
use crate::bitmap::Bitmap;
use crate::later;
use crate::limits::LOSSES_MAX;
use crate::page::{Manifest, PageError, PageId, Size};

pub use asking::{Options, Source};

/// How long a peer may give nothing of a page before another is asked.
pub const STALL: Duration = Duration::from_secs(5);

/// One page that is here, whole or in part.
#[derive(Debug)]
struct Page {
    case: CaseTag,
    maker: SubjectId,
    held: Bitmap,
    /// What has come and is not durable yet.
    landing: BTreeSet<u32>,
    /// There is room for it on the disk.
    has_room: bool,
    /// Its place among the pages of its maker: it keeps it until it stalls.
    turn: u64,
    /// Since when it is wanted.
    since: Instant,
    /// How often it was asked for since something of it came.
    stalls: u32,
    /// How often something of it turned out to be damaged when nothing was missing.
    losses: u32,
    fetch: Fetch,
}

/// How the rest of a page comes here.
#[derive(Debug)]
enum Fetch {
    /// Nothing is missing.
    Whole,
    /// Nobody here wants the rest.
    Unwanted(Box<Manifest>),
    /// Wanted, and nobody is asked now; it was asked from `left` last, in vain.
    Waiting {
        manifest: Box<Manifest>,
        left: Option<SubjectId>,
    },
    /// Wanted, and nobody is here who may have it.
    Parked(Box<Manifest>),
    /// This peer was asked.
    Asked {
        manifest: Box<Manifest>,
        source: SubjectId,
        asked: u64,
        due: Instant,
    },
}

/// The pages of one maker that wait alike: one queue.
type Queue = (SubjectId, Promise, Size);

/// Every page that is known here.
#[derive(Debug, Default)]
pub struct Pages {
    pages: BTreeMap<PageId, Page>,
    waiting: BTreeMap<Queue, BTreeSet<(u64, PageId)>>,
    parked: BTreeSet<PageId>,
    places: Places,
    /// Who was asked for a page and is to be told that it is not any more.
    left: BTreeMap<PageId, SubjectId>,
    last_maker: Option<SubjectId>,
    /// When a page that waits for somebody who has it whole is asked from its maker.
    patience: Option<Instant>,
    /// Somebody may be there who had better be asked for what has been asked for.
    looks_again: bool,
    turns: u64,
}

impl Pages {
    /// Takes in a page that was made at `maker` and of which nothing is missing.
    pub fn insert_whole(&mut self, now: Instant, manifest: &Manifest, maker: SubjectId) {
        let held = Bitmap::full(manifest.segments());
        self.insert(now, manifest, maker, held, Fetch::Whole);
    }

    /// Takes in a page that nobody wants yet, with what is held of it.
    pub fn insert_part(
        &mut self,
        now: Instant,
        manifest: Manifest,
        maker: SubjectId,
        held: Bitmap,
    ) {
        let fetch = match held.is_full() {
            true => Fetch::Whole,
            false => Fetch::Unwanted(Box::new(manifest.clone())),
        };
        self.insert(now, &manifest, maker, held, fetch);
    }

    fn insert(
        &mut self,
        now: Instant,
        manifest: &Manifest,
        maker: SubjectId,
        held: Bitmap,
        fetch: Fetch,
    ) {
        let page = Page {
            case: manifest.head().case,
            maker,
            held,
            landing: BTreeSet::new(),
            has_room: false,
            turn: 0,
            since: now,
            stalls: 0,
            losses: 0,
            fetch,
        };
        self.pages.insert(manifest.id(), page);
    }

    /// The rest of a page is wanted here.
    pub fn want(&mut self, now: Instant, id: &PageId) {
        let turn = self.next_turn();
        let Some(page) = self.pages.get_mut(id) else {
            return;
        };
        if let Fetch::Unwanted(manifest) = std::mem::replace(&mut page.fetch, Fetch::Whole) {
            (page.turn, page.since, page.stalls) = (turn, now, 0);
            self.wait(id, manifest, None);
        }
    }

    /// The rest of a page is wanted no longer; gives who was asked for it.
    pub fn leave(&mut self, id: &PageId) -> Option<SubjectId> {
        let manifest = self.take_out(id)?;
        if let Some(page) = self.pages.get_mut(id) {
            page.fetch = Fetch::Unwanted(manifest);
        }
        self.left.remove(id)
    }

    fn next_turn(&mut self) -> u64 {
        self.turns = self.turns.saturating_add(1);
        self.turns
    }

    /// Takes a page out of wherever it waits or is asked for; none if nothing is missing.
    fn take_out(&mut self, id: &PageId) -> Option<Box<Manifest>> {
        let page = self.pages.get_mut(id)?;
        let queue = page.queue();
        let place = (page.turn, *id);
        match std::mem::replace(&mut page.fetch, Fetch::Whole) {
            Fetch::Whole => None,
            Fetch::Unwanted(manifest) => Some(manifest),
            Fetch::Parked(manifest) => {
                self.parked.remove(id);
                Some(manifest)
            }
            Fetch::Waiting { manifest, .. } => {
                if let Some(queue) = queue
                    && let Some(pages) = self.waiting.get_mut(&queue)
                {
                    pages.remove(&place);
                    if pages.is_empty() {
                        self.waiting.remove(&queue);
                    }
                }
                Some(manifest)
            }
            Fetch::Asked {
                manifest, source, ..
            } => {
                self.places.free(id);
                self.left.insert(*id, source);
                Some(manifest)
            }
        }
    }

    /// Puts a page where its turn says.
    fn wait(&mut self, id: &PageId, manifest: Box<Manifest>, left: Option<SubjectId>) {
        let Some(page) = self.pages.get_mut(id) else {
            return;
        };
        page.fetch = Fetch::Waiting { manifest, left };
        if let Some(queue) = page.queue() {
            let pages = self.waiting.entry(queue).or_default();
            pages.insert((page.turn, *id));
        }
    }

    /// Takes a page back that was asked for in vain: it goes behind the others of its maker.
    fn on_stalled(&mut self, id: &PageId) {
        let turn = self.next_turn();
        if let Some(manifest) = self.take_out(id) {
            if let Some(page) = self.pages.get_mut(id) {
                page.turn = turn;
            }
            let left = self.left.get(id).copied();
            self.wait(id, manifest, left);
        }
    }

    /// Takes a page back that may be asked from somebody better: it keeps its place.
    fn take_back(&mut self, id: &PageId) {
        if let Some(manifest) = self.take_out(id) {
            if let Some(page) = self.pages.get_mut(id) {
                page.stalls = page.stalls.saturating_sub(1);
            }
            self.wait(id, manifest, None);
        }
    }

    /// What is held of a page.
    pub fn held(&self, page: &PageId) -> Option<&Bitmap> {
        self.pages.get(page).map(|page| &page.held)
    }

    /// The case of a page.
    pub fn case_of(&self, page: &PageId) -> Option<CaseTag> {
        self.pages.get(page).map(|page| page.case)
    }

    /// The node a page was made at.
    pub fn maker_of(&self, page: &PageId) -> Option<SubjectId> {
        self.pages.get(page).map(|page| page.maker)
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

    /// Whether this segment is wanted and new, whoever gives it: what comes late from one who was
    /// left need not come again. Checks it against the manifest.
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
        let (manifest, asked) = match &page.fetch {
            Fetch::Asked {
                manifest,
                source,
                asked,
                ..
            } => (manifest, Some((*source, *asked))),
            Fetch::Waiting { manifest, .. } | Fetch::Parked(manifest) => (manifest, None),
            Fetch::Whole | Fetch::Unwanted(_) => return Ok(false),
        };
        if !page.has_room || page.held.contains(index) || page.landing.contains(&index) {
            return Ok(false);
        }
        manifest.check_segment(index, sealed)?;
        page.landing.insert(index);
        if let Some((giver, first)) = asked {
            page.stalls = 0;
            self.delay(later(now, STALL), giver, first);
        }
        Ok(true)
    }

    /// What a peer was asked for at this turn and since is not late before `until`.
    fn delay(&mut self, until: Instant, giver: SubjectId, first: u64) {
        for id in self.places.pages() {
            let fetch = self.pages.get_mut(id).map(|page| &mut page.fetch);
            if let Some(Fetch::Asked {
                source, asked, due, ..
            }) = fetch
                && *source == giver
                && *asked >= first
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
            page.landing.remove(&index);
        }
        let whole = grew && page.held.is_full();
        if whole {
            self.take_out(id);
            self.left.remove(id);
        }
        whole
    }

    /// Segments of a page turned out not to be what was stored: they are missing. Gives whether the
    /// rest may be wanted again: a disk that loses a page more than [`LOSSES_MAX`] times keeps
    /// nothing, and others are not to give it for ever.
    pub fn on_damaged(&mut self, manifest: Manifest, lost: &[u32]) -> bool {
        let Some(page) = self.pages.get_mut(&manifest.id()) else {
            return false;
        };
        lost.iter().for_each(|index| page.held.remove(*index));
        if matches!(page.fetch, Fetch::Whole) && !page.held.is_full() {
            page.losses = page.losses.saturating_add(1);
            page.fetch = Fetch::Unwanted(Box::new(manifest));
        }
        page.losses <= LOSSES_MAX
    }

    /// Whether something of a page had come before, and has to come again.
    pub fn was_damaged(&self, id: &PageId) -> bool {
        self.pages.get(id).is_some_and(|page| page.losses > 0)
    }

    /// A peer is gone: what it was asked for, others are, in the order in which it was wanted.
    pub fn on_lost(&mut self, peer: &SubjectId) {
        for id in self.asked_from(|source, _| source == *peer) {
            self.take_back(&id);
            self.left.remove(&id);
        }
    }

    fn asked_from(&self, chosen: impl Fn(SubjectId, &Page) -> bool) -> Vec<PageId> {
        let is_chosen = |id: &&PageId| {
            let page = &self.pages[*id];
            matches!(page.fetch, Fetch::Asked { source, .. } if chosen(source, page))
        };
        self.places.pages().filter(is_chosen).copied().collect()
    }

    /// The disk did not take these segments: they are asked for again, but not at once.
    pub fn on_disk_failed(&mut self, now: Instant, segments: &[(PageId, u32)]) {
        for (id, index) in segments {
            let Some(page) = self.pages.get_mut(id) else {
                continue;
            };
            page.landing.remove(index);
            if let Fetch::Asked { due, .. } = &mut page.fetch {
                *due = later(now, STALL);
            }
        }
    }

    /// Somebody is there who may have what nobody gave so far, or can get it.
    pub fn on_source(&mut self) {
        self.looks_again = true;
        for id in std::mem::take(&mut self.parked) {
            if let Some(page) = self.pages.get_mut(&id) {
                page.stalls = 0;
            }
            self.take_back(&id);
        }
        for id in self.asked_from(|_, page| page.stalls > 1) {
            self.take_back(&id);
            self.calm(&id);
        }
    }

    /// A page that waits is no longer one that was asked for in vain.
    fn calm(&mut self, id: &PageId) {
        if let Some(manifest) = self.take_out(id) {
            if let Some(page) = self.pages.get_mut(id) {
                page.stalls = 0;
            }
            self.wait(id, manifest, None);
        }
    }

    /// Somebody has a page whole: if it is asked from its maker or waits, it is asked from them.
    pub fn on_holder(&mut self, id: &PageId) {
        let Some(page) = self.pages.get(id) else {
            return;
        };
        match &page.fetch {
            Fetch::Asked { source, .. } if *source == page.maker => self.take_back(id),
            Fetch::Parked(_) | Fetch::Waiting { .. } => self.calm(id),
            Fetch::Asked { .. } | Fetch::Whole | Fetch::Unwanted(_) => {}
        }
    }

    /// When a page may have stalled.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let due = |id: &PageId| match self.pages[id].fetch {
            Fetch::Asked { due, .. } => Some(due),
            Fetch::Whole | Fetch::Unwanted(_) | Fetch::Waiting { .. } | Fetch::Parked(_) => None,
        };
        self.places
            .pages()
            .filter_map(due)
            .chain(self.patience)
            .min()
    }

    /// How many pages that are wanted are not whole.
    pub fn incomplete(&self) -> usize {
        let waiting = self.waiting.values().map(BTreeSet::len);
        let held = [self.parked.len(), self.places.count()];
        waiting.chain(held).fold(0, usize::saturating_add)
    }
}

impl Page {
    /// Where it waits; none if nothing of it is missing.
    fn queue(&self) -> Option<Queue> {
        let manifest = match &self.fetch {
            Fetch::Waiting { manifest, .. } => manifest,
            Fetch::Whole | Fetch::Unwanted(_) | Fetch::Parked(_) | Fetch::Asked { .. } => {
                return None;
            }
        };
        let promise = match self.stalls {
            0 => Promise::Fresh,
            _ => Promise::Doubtful,
        };
        Some((self.maker, promise, Size::of(manifest.head().length)))
    }
}

#[cfg(test)]
mod tests;
