//! Pages on their way here: whom to ask, and what comes.

use std::time::Instant;

use guichet_keys::{CaseTag, Directory, Role, SubjectId};

use crate::bitmap::Bitmap;
use crate::limits::{PAGE_SEGMENTS_MAX, SEGMENT_BYTES};
use crate::page::{Manifest, PageId};
use crate::receipt::{Cover, Receipt};
use crate::wire::Frame;

use super::pages::{Options, Source};
use super::rosters::Heard;
use super::serving::View;
use super::session::Session;
use super::{Book, Event, LANDING_BYTES_MAX, Now, Output, Replica};

/// What is known of others: who sees whom, and who has signed for what.
#[derive(Clone, Copy)]
pub(super) struct Others<'a> {
    pub(super) directory: &'a Directory,
    pub(super) book: &'a Book,
    pub(super) heard: &'a Heard,
}

impl View for Others<'_> {
    fn are_joined(&self, now: Instant, one: &SubjectId, other: &SubjectId) -> bool {
        self.heard.are_joined(now, one, other)
    }

    fn is_relay(&self, peer: &SubjectId) -> bool {
        self.directory.node_role(peer) == Some(Role::Relay)
    }

    fn holders(&self, page: &PageId) -> Vec<SubjectId> {
        self.book.holders(page).collect()
    }
}

impl Others<'_> {
    /// Who may have a page. First who has signed for it, relays before stations; then, so that a
    /// page goes up the line of its maker once, a relay asks the maker, and everybody else a relay
    /// that sees the maker; then whoever may have a part of it.
    fn options<'s>(
        &self,
        sessions: impl Iterator<Item = &'s Session>,
        relay: bool,
        page: &PageId,
        case: &CaseTag,
        maker: &SubjectId,
    ) -> Options {
        let rank = |session: &Session| {
            let (peer, role) = (session.peer(), session.scope().role());
            match role {
                _ if self.book.holders(page).any(|holder| holder == peer) => {
                    Some((usize::from(role != Some(Role::Relay)), true))
                }
                _ if peer == *maker => Some((if relay { 2 } else { 3 }, true)),
                Some(Role::Relay) if self.heard.sees(&peer, maker) => {
                    Some((if relay { 3 } else { 2 }, true))
                }
                Some(Role::Relay) => Some((4, false)),
                Some(Role::Station) if session.scope().follows(self.directory, case) => {
                    Some((5, false))
                }
                _ => None,
            }
        };
        let greeted = sessions.filter(|session| session.has_greeted());
        let mut sources: Vec<_> = greeted
            .filter_map(|session| Some((rank(session)?, session.peer())))
            .collect();
        sources.sort_unstable();
        let source = |((_, is_sure), peer)| Source { peer, is_sure };
        Options {
            sources: sources.into_iter().map(source).collect(),
            is_held_elsewhere: self.book.is_elsewhere(page),
        }
    }
}

impl Replica {
    pub(super) fn wants_pages_of(&self, case: &CaseTag) -> bool {
        match self.role() {
            Some(Role::Relay) => true,
            Some(Role::Station) => self.serves(case),
            _ => self.following.contains(case),
        }
    }

    /// The node a page was made at.
    pub(super) fn maker(&self, manifest: &Manifest) -> SubjectId {
        let author = self.directory.author(&manifest.head().author);
        author.map_or(self.me, |author| author.binding.node)
    }

    /// Whether this station holds a credential of the case's service.
    pub(super) fn serves(&self, case: &CaseTag) -> bool {
        let service = self
            .directory
            .case(case)
            .map(|(statement, _)| &statement.service);
        service.is_some() && self.directory.holds(&self.me, Role::Station, service)
    }

    pub(super) fn ask_for_pages(&mut self, now: Now) {
        let others = Others {
            directory: &self.directory,
            book: &self.book,
            heard: &self.heard,
        };
        let (sessions, relay) = (&self.sessions, self.role() == Some(Role::Relay));
        let asks = self.pages.ask(now.instant, |page, case, maker| {
            others.options(sessions.values(), relay, page, case, maker)
        });
        for ask in asks {
            if let Some(peer) = ask.leave {
                self.unwant(&peer, ask.page);
            }
            let Some(from) = ask.from else { continue };
            if let Some(length) = self.catalogue.page_length(&ask.page) {
                self.outputs.push_back(Output::BeginPage(ask.page, length));
            }
            if let Some(session) = self.sessions.get_mut(&from) {
                if self.pages.was_damaged(&ask.page) {
                    session.grant_whole_credit(now.instant);
                }
                session.push(&Frame::Want {
                    page: ask.page,
                    have: ask.held.as_bytes().to_vec(),
                });
            }
        }
    }

    fn unwant(&mut self, peer: &SubjectId, page: PageId) {
        if let Some(session) = self.sessions.get_mut(peer) {
            session.push(&Frame::Unwant { page });
        }
    }

    /// A peer wants what it does not have of a page.
    pub(super) fn on_want(&mut self, now: Now, peer: SubjectId, page: PageId, have: &[u8]) {
        let peer_has = Bitmap::from_bytes(have, PAGE_SEGMENTS_MAX);
        let Some(session) = self.sessions.get_mut(&peer) else {
            return;
        };
        if self.pages.maker_of(&page) == Some(self.me)
            && let Some(ours) = self.pages.held(&page)
        {
            let theirs = Bitmap::from_bytes(have, ours.len());
            let theirs = session.wishes().with_flying(&page, theirs);
            self.serving.on_want(now.instant, page, peer, theirs);
        }
        if let Some(oldest) = session.wishes_mut().want(page, peer_has) {
            self.serving.on_unwant(&oldest, &peer);
        }
    }

    pub(super) fn on_unwant(&mut self, peer: SubjectId, page: PageId) {
        self.serving.on_unwant(&page, &peer);
        if let Some(session) = self.sessions.get_mut(&peer) {
            session.wishes_mut().unwant(page);
        }
    }

    /// Somebody has signed for a page: they have it whole.
    pub(super) fn on_holder(&mut self, now: Now, receipt: &Receipt) {
        let node = receipt.node();
        let is_here = self.sessions.get(&node).is_some_and(Session::has_greeted);
        if !is_here || node == self.me {
            return;
        }
        for cover in receipt.covers() {
            if let Cover::Page { page, .. } = cover {
                self.pages.on_holder(page);
            }
        }
        self.ask_for_pages(now);
    }

    /// The pages of a case that this kiosk follows from now on are wanted.
    pub(super) fn want_pages_of(&mut self, now: Now, case: &CaseTag) {
        let pages: Vec<_> = self.catalogue.pages_of(case).collect();
        pages
            .iter()
            .for_each(|page| self.pages.want(now.instant, page));
        self.ask_for_pages(now);
    }

    /// The pages of a case that this kiosk follows no longer are not.
    pub(super) fn leave_pages_of(&mut self, now: Now, case: &CaseTag) {
        let pages: Vec<_> = self.catalogue.pages_of(case).collect();
        for page in pages {
            if let Some(peer) = self.pages.leave(&page) {
                self.unwant(&peer, page);
            }
        }
        self.ask_for_pages(now);
    }

    /// How many segments have come from the node their page was made at, those that had come
    /// before included.
    #[must_use]
    pub fn segments_from_makers(&self) -> u64 {
        self.segments_from_makers
    }

    pub(super) fn on_segment(
        &mut self,
        now: Now,
        peer: SubjectId,
        page: PageId,
        index: u32,
        sealed: Vec<u8>,
    ) {
        if self.pages.maker_of(&page) == Some(peer) {
            self.segments_from_makers = self.segments_from_makers.saturating_add(1);
        }
        match self.pages.accept(now.instant, &page, index, &sealed) {
            Ok(true) => {
                self.landing_bytes = self.landing_bytes.saturating_add(SEGMENT_BYTES);
                self.outputs
                    .push_back(Output::StoreSegment(page, index, sealed));
            }
            Ok(false) => {}
            Err(error) => self.close(now, peer, &error.to_string()),
        }
    }

    pub(super) fn on_segments_stored(&mut self, now: Now, segments: Vec<(PageId, u32)>) {
        for (page, index) in segments {
            self.landing_bytes = self.landing_bytes.saturating_sub(SEGMENT_BYTES);
            if self.pages.on_durable(&page, [index])
                && let Some(case) = self.pages.case_of(&page)
            {
                self.book.on_page(page, case);
                self.owe_receipts(now);
                self.outputs
                    .push_back(Output::Tell(Event::PageCompleted(case, page)));
                self.ask_for_pages(now);
            }
        }
        self.grant_credits(now);
    }

    /// What was damaged counts as missing, and is wanted like all that is missing.
    pub(super) fn on_damaged(&mut self, now: Now, manifest: Manifest, lost: &[u32]) {
        let (id, case) = (manifest.id(), manifest.head().case);
        if self.pages.on_damaged(manifest, lost) && self.wants_pages_of(&case) {
            self.pages.want(now.instant, &id);
            self.ask_for_pages(now);
        }
    }

    pub(super) fn on_segments_failed(&mut self, now: Now, segments: &[(PageId, u32)]) {
        let bytes = SEGMENT_BYTES.saturating_mul(segments.len());
        self.landing_bytes = self.landing_bytes.saturating_sub(bytes);
        self.pages.on_disk_failed(now.instant, segments);
        self.grant_credits(now);
    }

    pub(super) fn grant_credits(&mut self, now: Now) {
        if self.landing_bytes < LANDING_BYTES_MAX {
            self.sessions
                .values_mut()
                .for_each(|session| session.grant_credit(now.instant));
        }
    }
}
