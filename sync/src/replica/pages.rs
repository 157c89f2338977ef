//! Which pages are held, how much of each, and from whom the rest is asked.
//!
//! A page is asked from one peer at a time. A relay asks whoever made the page
//! first; everybody else asks a relay first, so that a page goes up a thin line
//! once. A peer that gives nothing for [`STALL`] is left for the next.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use guichet_keys::{AuthorId, CaseTag, SubjectId};

use crate::bitmap::Bitmap;
use crate::page::{Manifest, PageError, PageId};

/// How long a peer may give nothing of a page before another is asked.
pub const STALL: Duration = Duration::from_secs(5);
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
    /// Nothing is missing, or nobody here wants it.
    Idle,
    /// Wanted, and nobody is asked yet.
    Open(Box<Manifest>),
    /// This peer was asked.
    Asked {
        manifest: Box<Manifest>,
        source: SubjectId,
        moved_at: Instant,
        landing: BTreeSet<u32>,
    },
}

/// A change of whom to ask.
#[derive(Debug, PartialEq, Eq)]
pub struct Ask {
    /// Which page.
    pub page: PageId,
    /// Who was asked so far.
    pub leave: Option<SubjectId>,
    /// Who is asked now.
    pub from: SubjectId,
    /// What is held already.
    pub held: Bitmap,
}

/// Every page that is known here.
#[derive(Debug, Default)]
pub struct Pages {
    pages: BTreeMap<PageId, Page>,
    open: BTreeSet<PageId>,
}

impl Pages {
    /// Takes in a page; `manifest` is given when the rest of it is wanted here.
    pub fn insert(
        &mut self,
        id: PageId,
        case: CaseTag,
        author: AuthorId,
        held: Bitmap,
        manifest: Option<Manifest>,
    ) {
        let fetch = match manifest {
            Some(manifest) if !held.is_full() => Fetch::Open(Box::new(manifest)),
            _ => Fetch::Idle,
        };
        if matches!(fetch, Fetch::Open(_)) {
            self.open.insert(id);
        }
        self.pages.insert(
            id,
            Page {
                case,
                author,
                held,
                fetch,
            },
        );
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
            moved_at,
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
        *moved_at = now;
        landing.insert(index);
        Ok(true)
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
        if grew && page.held.is_full() {
            page.fetch = Fetch::Idle;
            self.open.remove(id);
            return true;
        }
        false
    }

    /// Whoever was asked is gone, or the disk refused: ask anew.
    pub fn on_lost(&mut self, peer: Option<&SubjectId>) {
        for id in &self.open {
            let Some(page) = self.pages.get_mut(id) else {
                continue;
            };
            let lost = matches!(&page.fetch, Fetch::Asked { source, .. } if peer.is_none_or(|peer| peer == source));
            if lost
                && let Fetch::Asked { manifest, .. } =
                    std::mem::replace(&mut page.fetch, Fetch::Idle)
            {
                page.fetch = Fetch::Open(manifest);
            }
        }
    }

    /// Chooses whom to ask for what is open or stalled; `sources` lists who may have a page, best first.
    pub fn ask(
        &mut self,
        now: Instant,
        sources: impl Fn(&CaseTag, &AuthorId) -> Vec<SubjectId>,
    ) -> Vec<Ask> {
        let mut asks = Vec::new();
        for id in self.open.iter().take(FETCHES_MAX) {
            let Some(page) = self.pages.get_mut(id) else {
                continue;
            };
            let leave = match &page.fetch {
                Fetch::Open(_) => None,
                Fetch::Asked {
                    source, moved_at, ..
                } if now >= *moved_at + STALL => Some(*source),
                Fetch::Asked { .. } | Fetch::Idle => continue,
            };
            let sources = sources(&page.case, &page.author);
            let after = leave
                .and_then(|old| sources.iter().position(|source| *source == old))
                .map_or(0, |at| at + 1);
            let Some(from) = sources.get(after).or(sources.first()).copied() else {
                continue;
            };
            let (Fetch::Open(manifest) | Fetch::Asked { manifest, .. }) =
                std::mem::replace(&mut page.fetch, Fetch::Idle)
            else {
                continue;
            };
            page.fetch = Fetch::Asked {
                manifest,
                source: from,
                moved_at: now,
                landing: BTreeSet::new(),
            };
            asks.push(Ask {
                page: *id,
                leave: leave.filter(|old| *old != from),
                from,
                held: page.held.clone(),
            });
        }
        asks
    }

    /// When a page may have stalled.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let asked =
            self.open
                .iter()
                .take(FETCHES_MAX)
                .filter_map(|id| match &self.pages.get(id)?.fetch {
                    Fetch::Asked { moved_at, .. } => Some(*moved_at + STALL),
                    Fetch::Open(_) | Fetch::Idle => None,
                });
        asked.min()
    }

    /// How many pages are not whole.
    pub fn incomplete(&self) -> usize {
        self.open.len()
    }
}
