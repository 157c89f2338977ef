//! What a session looks things up in.

use std::cell::Cell;
use std::time::Instant;

use guichet_keys::{Directory, SubjectId};

use crate::bitmap::Bitmap;
use crate::catalogue::Catalogue;
use crate::page::PageId;
use crate::replica::fetching::Others;
use crate::replica::pages::Pages;
use crate::replica::serving::Serving;

/// What a session looks things up in.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Who may see what.
    pub directory: &'a Directory,
    /// What is durable here.
    pub catalogue: &'a Catalogue,
    /// What is held of each page.
    pub pages: &'a Pages,
    /// Who wants what was made here.
    pub serving: &'a Serving,
    /// What others are to each other.
    pub others: Others<'a>,
    /// When a page that was held back may be no longer.
    pub waits_until: &'a Cell<Option<Instant>>,
}

impl Context<'_> {
    /// Whether a peer waits for others to give it this page.
    pub fn is_held_back(&self, now: Instant, page: &PageId, peer: &SubjectId) -> bool {
        let until = self.serving.holds_back(now, page, peer, &self.others);
        self.wait_until(until);
        until.is_some()
    }

    /// What of a page a peer is sent next, if it does not wait for others to give it.
    pub fn next(
        &self,
        now: Instant,
        page: (&PageId, &Bitmap),
        peer: (&SubjectId, &Bitmap),
    ) -> Option<u32> {
        let next = self.serving.next(now, page, peer, &self.others);
        self.wait_until(next.err().flatten());
        next.ok()
    }

    fn wait_until(&self, until: Option<Instant>) {
        let earliest = self.waits_until.get().into_iter().chain(until).min();
        self.waits_until.set(earliest);
    }
}
