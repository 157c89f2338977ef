//! Whom to ask for a page, and which of those that wait is next.
//!
//! Makers take turns. Of one maker's pages those that were not asked for in vain come first, then
//! small ones, then the older.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::time::{Duration, Instant};

use guichet_keys::{CaseTag, SubjectId};

use super::{Fetch, Page, Pages, Queue, STALL};
use crate::bitmap::Bitmap;
use crate::later;
use crate::page::{PageId, Size};
use crate::replica::places::{Claim, Promise};

/// How often the time to stall may double.
const DOUBLINGS_MAX: u32 = 6;
/// A page that somebody else has whole is not asked from its maker before.
pub(super) const HOLDER_DELAY: Duration = Duration::from_secs(10);
/// Pages of one queue that may wait for somebody better and are looked past.
const LOOK_MAX: usize = 64;

/// Somebody who may have a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// Who.
    pub peer: SubjectId,
    /// Whether it said that it has it, made it, or is known to be able to get it.
    pub is_sure: bool,
}

/// Who may have a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Those who are here, best first.
    pub sources: Vec<Source>,
    /// Somebody has it whole, and is not here now.
    pub is_held_elsewhere: bool,
}

/// A change of whom to ask.
#[derive(Debug, PartialEq, Eq)]
pub struct Ask {
    /// Which page.
    pub page: PageId,
    /// Who was asked so far and is no longer.
    pub leave: Option<SubjectId>,
    /// Who is asked now, if anybody is.
    pub from: Option<SubjectId>,
    /// What has come already.
    pub held: Bitmap,
}

/// What became of a page that waited.
enum Choice {
    /// Somebody is asked.
    Asked(Ask),
    /// Nobody is here who may have it.
    Nobody,
    /// It had better wait for somebody who has it whole.
    Later,
    /// There is no place for it.
    NoPlace,
}

impl Pages {
    /// Chooses whom to ask for what waits or has stalled; `options` says who may have a page.
    pub fn ask(
        &mut self,
        now: Instant,
        options: impl Fn(&PageId, &CaseTag, &SubjectId) -> Options,
    ) -> Vec<Ask> {
        let is_due =
            |id: &&PageId| matches!(self.pages[*id].fetch, Fetch::Asked { due, .. } if now >= due);
        let stalled: Vec<PageId> = self.places.pages().filter(is_due).copied().collect();
        stalled.iter().for_each(|id| self.on_stalled(id));
        if std::mem::take(&mut self.looks_again) {
            self.look_again(&options);
        }
        self.patience = None;
        let mut asks = Vec::new();
        let mut idle = BTreeSet::new();
        while let Some(maker) = self.next_maker(&idle) {
            self.last_maker = Some(maker);
            match self.ask_of_maker(now, maker, &options) {
                Some(ask) => asks.push(ask),
                None => {
                    idle.insert(maker);
                }
            }
        }
        let left = std::mem::take(&mut self.left).into_iter();
        asks.extend(left.filter_map(|(id, old)| self.change(id, Some(old), None)));
        asks
    }

    /// What nothing has come of is asked from somebody who has come and had better be asked.
    fn look_again(&mut self, options: impl Fn(&PageId, &CaseTag, &SubjectId) -> Options) {
        let is_worse = |source: SubjectId, id: &PageId, page: &Page| {
            let sources = options(id, &page.case, &page.maker).sources;
            let best = sources.first();
            page.stalls > 0 && best.is_some_and(|best| best.is_sure && best.peer != source)
        };
        let worse = self.places.pages().filter(|id| {
            let page = &self.pages[*id];
            matches!(page.fetch, Fetch::Asked { source, .. } if is_worse(source, id, page))
        });
        for id in worse.copied().collect::<Vec<_>>() {
            self.take_back(&id);
            self.calm(&id);
        }
    }

    /// The maker whose turn it is, of those whose pages wait.
    fn next_maker(&self, idle: &BTreeSet<SubjectId>) -> Option<SubjectId> {
        let last = (SubjectId::from([0xff; 32]), Promise::Doubtful, Size::Large);
        let after = self
            .last_maker
            .map_or(last, |maker| (maker, last.1, last.2));
        let behind = self
            .waiting
            .range((Bound::Excluded(after), Bound::Unbounded));
        let before = self.waiting.range(..=after);
        let makers = behind.chain(before).map(|((maker, ..), _)| *maker);
        makers.into_iter().find(|maker| !idle.contains(maker))
    }

    /// Asks for the first page of a maker that can be asked for.
    fn ask_of_maker(
        &mut self,
        now: Instant,
        maker: SubjectId,
        options: impl Fn(&PageId, &CaseTag, &SubjectId) -> Options,
    ) -> Option<Ask> {
        let first = (maker, Promise::Fresh, Size::Small);
        let last = (maker, Promise::Doubtful, Size::Large);
        let queues: Vec<Queue> = self
            .waiting
            .range(first..=last)
            .map(|(it, _)| *it)
            .collect();
        for queue in queues {
            let mut looked_at = Bound::Unbounded;
            let mut patient = 0_usize;
            while let Some(at) = self.waiting.get(&queue).and_then(|pages| {
                let mut rest = pages.range((looked_at, Bound::Unbounded));
                rest.next().copied()
            }) {
                looked_at = Bound::Excluded(at);
                match self.ask_for(now, &at.1, &options) {
                    Choice::Asked(ask) => return Some(ask),
                    Choice::Nobody => self.park(&at.1),
                    Choice::Later if patient < LOOK_MAX => patient = patient.saturating_add(1),
                    Choice::Later | Choice::NoPlace => break,
                }
            }
        }
        None
    }

    fn park(&mut self, id: &PageId) {
        if let Some(manifest) = self.take_out(id) {
            self.parked.insert(*id);
            if let Some(page) = self.pages.get_mut(id) {
                page.fetch = Fetch::Parked(manifest);
            }
        }
    }

    fn ask_for(
        &mut self,
        now: Instant,
        id: &PageId,
        options: impl Fn(&PageId, &CaseTag, &SubjectId) -> Options,
    ) -> Choice {
        let turn = self.next_turn();
        let Some(page) = self.pages.get_mut(id) else {
            return Choice::NoPlace;
        };
        let (Some((maker, promise, size)), Fetch::Waiting { left, .. }) =
            (page.queue(), &page.fetch)
        else {
            return Choice::NoPlace;
        };
        let left = *left;
        let Options {
            mut sources,
            is_held_elsewhere,
        } = options(id, &page.case, &page.maker);
        // Who may have it and did not give it is not asked again until something changes.
        sources.retain(|source| source.is_sure || promise == Promise::Fresh);
        let before = left.and_then(|old| sources.iter().position(|it| it.peer == old));
        let next = before.map_or(0, |at| at.saturating_add(1));
        let Some(source) = sources.get(next).or(sources.first()).map(|it| it.peer) else {
            return Choice::Nobody;
        };
        let patient = later(page.since, HOLDER_DELAY);
        if source == maker && is_held_elsewhere && now < patient {
            self.patience = Some(self.patience.map_or(patient, |it| it.min(patient)));
            return Choice::Later;
        }
        let claim = Claim {
            source,
            maker,
            size,
            promise,
        };
        if !self.places.take(*id, claim) {
            return Choice::NoPlace;
        }
        let each = u32::try_from(sources.len()).unwrap_or(u32::MAX);
        let rounds = page.stalls.checked_div(each).unwrap_or(0);
        let leave = self.left.remove(id).filter(|old| *old != source);
        let Some(manifest) = self.take_out(id) else {
            return Choice::NoPlace;
        };
        let Some(page) = self.pages.get_mut(id) else {
            return Choice::NoPlace;
        };
        page.stalls = page.stalls.saturating_add(1);
        page.fetch = Fetch::Asked {
            manifest,
            source,
            asked: turn,
            due: later(now, patience(rounds)),
        };
        page.has_room = true;
        match self.change(*id, leave, Some(source)) {
            Some(ask) => Choice::Asked(ask),
            None => Choice::NoPlace,
        }
    }

    fn change(
        &self,
        page: PageId,
        leave: Option<SubjectId>,
        from: Option<SubjectId>,
    ) -> Option<Ask> {
        let here = self.pages.get(&page)?;
        let mut held = here.held.clone();
        here.landing.iter().for_each(|index| {
            held.insert(*index);
        });
        Some(Ask {
            page,
            leave,
            from,
            held,
        })
    }
}

/// How long a peer may give nothing in this round of asking.
fn patience(rounds: u32) -> Duration {
    let times = 1_u32 << DOUBLINGS_MAX.min(rounds);
    STALL.saturating_mul(times)
}
