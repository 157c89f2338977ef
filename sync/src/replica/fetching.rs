//! Pages on their way here: whom to ask, and what comes.

use guichet_keys::{CaseTag, Role, SubjectId};

use crate::limits::SEGMENT_BYTES;
use crate::page::PageId;
use crate::wire::Frame;

use super::session::Session;
use super::{Event, LANDING_BYTES_MAX, Now, Output, Replica};

impl Replica {
    pub(super) fn wants_pages_of(&self, case: &CaseTag) -> bool {
        match self.role() {
            Some(Role::Relay) => true,
            Some(Role::Station) => self.serves(case),
            _ => self.following.contains(case),
        }
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
        let (directory, sessions, relay) = (
            &self.directory,
            &self.sessions,
            self.role() == Some(Role::Relay),
        );
        let asks = self.pages.ask(now.instant, |case, author| {
            let maker = directory.author(author).map(|author| author.binding.node);
            let rank = |session: &Session| match session.scope().role() {
                _ if Some(session.peer()) == maker => Some(usize::from(!relay)),
                Some(Role::Relay) => Some(if relay { 2 } else { 0 }),
                Some(Role::Station) if session.scope().follows(directory, case) => {
                    Some(if relay { 1 } else { 2 })
                }
                _ => None,
            };
            let greeted = sessions.values().filter(|session| session.has_greeted());
            let mut sources: Vec<_> = greeted
                .filter_map(|session| Some((rank(session)?, session.peer())))
                .collect();
            sources.sort_unstable();
            sources.into_iter().map(|(_, peer)| peer).collect()
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

    /// The pages of a case that this kiosk follows from now on are wanted.
    pub(super) fn want_pages_of(&mut self, now: Now, case: &CaseTag) {
        let pages: Vec<_> = self.catalogue.pages_of(case).collect();
        pages.iter().for_each(|page| self.pages.want(page));
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

    pub(super) fn on_segment(
        &mut self,
        now: Now,
        peer: SubjectId,
        page: PageId,
        index: u32,
        sealed: Vec<u8>,
    ) {
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
        self.grant_credits();
    }

    pub(super) fn on_segments_failed(&mut self, now: Now, segments: &[(PageId, u32)]) {
        let bytes = SEGMENT_BYTES.saturating_mul(segments.len());
        self.landing_bytes = self.landing_bytes.saturating_sub(bytes);
        self.pages.on_disk_failed(now.instant, segments);
        self.grant_credits();
    }

    pub(super) fn grant_credits(&mut self) {
        if self.landing_bytes < LANDING_BYTES_MAX {
            self.sessions.values_mut().for_each(Session::grant_credit);
        }
    }
}
