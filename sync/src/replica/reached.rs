//! How far things have come beyond the disk they were written on.
//!
//! A station signs *received* for its own advisers' work as for all other: it is a station that has
//! it. But such a word says nothing of a second disk, so that here, of what was written at this
//! node, its own word counts only as far as another node has signed too.

use guichet_keys::{AuthorId, CaseTag};

use super::{Reached, Replica};
use crate::catalogue::{Chain, Meta};
use crate::envelope::ChainId;
use crate::page::PageId;
use crate::receipt::Stage;

impl Replica {
    /// How far each envelope of a chain has come, from the first; none while one is on this disk
    /// alone.
    #[must_use]
    pub fn chain_reached(&self, chain: &ChainId) -> Vec<Option<Reached>> {
        let next = self.catalogue.chain(chain).map_or(0, Chain::next);
        let told = self.told_next(chain);
        let reached = |index| self.book.envelope(chain, index).filter(|_| index < told);
        (0..next).map(reached).collect()
    }

    /// How far a page has come; none while it is on this disk alone.
    #[must_use]
    pub fn page_reached(&self, page: &PageId) -> Option<Reached> {
        let Meta::Manifest { author, .. } = &self.catalogue.manifest(page)?.meta else {
            return None;
        };
        let told = !self.is_written_here(author) || self.book.is_elsewhere(page);
        self.book.page(page).filter(|_| told)
    }

    /// How many envelopes and pages written here no station has received, and the case of one of
    /// them.
    #[must_use]
    pub fn outbox(&self) -> (u64, Option<CaseTag>) {
        let chains = self.catalogue.chains();
        let mine = chains.filter(|(id, _)| self.is_written_here(&id.author));
        let envelopes = mine.map(|(id, chain)| {
            let received = self.book.received_next(id).min(self.told_next(id));
            (chain.next().saturating_sub(received), id.case)
        });
        let pages = self.catalogue.pages().filter_map(|page| {
            let Meta::Manifest { case, author, .. } = &self.catalogue.manifest(page)?.meta else {
                return None;
            };
            let received = self
                .page_reached(page)
                .is_some_and(|reached| reached.stage == Stage::Received);
            (self.is_written_here(author) && !received).then_some((1, *case))
        });
        let waiting = envelopes.chain(pages).filter(|(count, _)| *count > 0);
        waiting.fold((0, None), |(sum, case), (count, of)| {
            (u64::saturating_add(sum, count), case.or(Some(of)))
        })
    }

    /// The first index of a chain for which no word counts here.
    fn told_next(&self, chain: &ChainId) -> u64 {
        if self.is_written_here(&chain.author) {
            self.book.elsewhere_next(chain)
        } else {
            u64::MAX
        }
    }

    fn is_written_here(&self, author: &AuthorId) -> bool {
        let author = self.directory.author(author);
        author.is_some_and(|author| author.binding.node == self.me)
    }
}
