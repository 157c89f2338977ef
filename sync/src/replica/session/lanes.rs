//! Which of all that waits for a peer is sent next.
//!
//! Lanes, first to last: control and statements and receipts · drafts ·
//! edits · acts · segments of pages · the backlog of edits and acts. At each
//! call the first lane that has something gives one frame, so that a form
//! edit overtakes a page within one segment.

use std::time::Instant;

use crate::catalogue::{Catalogue, Entry, Meta};
use crate::feed::Feed;
use crate::replica::send::Send;
use crate::wire::{Frame, What};

use super::{Context, Session};

/// Entries looked at in one call before a mark is sent.
const SCAN_MAX: usize = 4096;

impl Session {
    /// The next thing of the first lane that has one.
    pub(super) fn next_send(&mut self, now: Instant, context: &Context<'_>) -> Option<Send> {
        let edits_late = self.is_backlog(context.catalogue, Feed::Edits);
        let acts_late = self.is_backlog(context.catalogue, Feed::Acts);
        self.ordered(now, context, Feed::Statements)
            .or_else(|| self.ordered(now, context, Feed::Receipts))
            .or_else(|| self.drafts.pop_front().map(Send::Frame))
            .or_else(|| self.next_live(context))
            .or_else(|| {
                if edits_late {
                    None
                } else {
                    self.ordered(now, context, Feed::Edits)
                }
            })
            .or_else(|| {
                if acts_late {
                    None
                } else {
                    self.ordered(now, context, Feed::Acts)
                }
            })
            .or_else(|| {
                let (page, index) = self.wishes.next(now, &self.scope, context)?;
                Some(Send::Segment { page, index })
            })
            .or_else(|| self.ordered(now, context, Feed::Edits))
            .or_else(|| self.ordered(now, context, Feed::Acts))
    }

    fn next_live(&mut self, context: &Context<'_>) -> Option<Send> {
        while let Some((author, (feed, arrival))) = self.live.pop() {
            let Some(entry) = context.catalogue.entry(feed, arrival) else {
                continue;
            };
            if self.outgoing[feed.index()].is_known(arrival)
                || !self.scope.concerns(context.directory, &entry.meta)
                || !self.peer_holds_prev(context.catalogue, feed, &entry.meta)
            {
                continue;
            }
            if let Some(needed) = self.introduction(context, &entry.meta) {
                self.live.put_back(author, (feed, arrival));
                return Some(needed);
            }
            self.on_peer_holds(feed, arrival);
            return Some(Send::Stored {
                what: entry.meta.what(),
                arrival: None,
                at: entry.at,
            });
        }
        None
    }

    fn peer_holds_prev(&self, catalogue: &Catalogue, feed: Feed, meta: &Meta) -> bool {
        let Meta::Envelope {
            prev: Some(prev), ..
        } = meta
        else {
            return true;
        };
        let outgoing = &self.outgoing[feed.index()];
        catalogue
            .arrival_of(prev)
            .is_some_and(|(_, arrival)| outgoing.has_passed(arrival) || outgoing.is_known(arrival))
    }

    /// The statement about an author that the peer needs before `meta` and was not sent.
    fn introduction(&mut self, context: &Context<'_>, meta: &Meta) -> Option<Send> {
        let author = match meta {
            Meta::Envelope {
                chain, index: 0, ..
            } => chain.author,
            Meta::Manifest { author, .. } => *author,
            Meta::Statement {
                case: Some(case),
                author: None,
                ..
            } => context.directory.case(case)?.0.author,
            Meta::Envelope { .. } | Meta::Statement { .. } | Meta::Receipt { .. } => return None,
        };
        let arrival = context.catalogue.author_statement(&author)?;
        let entry = context.catalogue.entry(Feed::Statements, arrival)?;
        let outgoing = &self.outgoing[Feed::Statements.index()];
        let told =
            outgoing.has_passed(arrival) && self.scope.concerns(context.directory, &entry.meta);
        if told || outgoing.is_known(arrival) || !self.introduced.insert(arrival) {
            return None;
        }
        self.on_peer_holds(Feed::Statements, arrival);
        Some(Send::Stored {
            what: What::Statement,
            arrival: None,
            at: entry.at,
        })
    }

    fn ordered(&mut self, now: Instant, context: &Context<'_>, feed: Feed) -> Option<Send> {
        let outgoing = &mut self.outgoing[feed.index()];
        let entries = context.catalogue.entries_from(feed, outgoing.next());
        for (arrival, entry) in entries.take(SCAN_MAX) {
            let is_known = outgoing.take_known(arrival);
            if !is_known && self.scope.concerns(context.directory, &entry.meta) {
                return Some(self.send_ordered(context, feed, arrival, entry));
            }
            outgoing.pass(arrival);
        }
        let arrival = outgoing.mark(now)?;
        self.has_served = true;
        Some(Send::Frame(Frame::Mark { feed, arrival }.encode()))
    }

    fn send_ordered(
        &mut self,
        context: &Context<'_>,
        feed: Feed,
        arrival: u64,
        entry: &Entry,
    ) -> Send {
        if let Some(needed) = self.introduction(context, &entry.meta) {
            return needed;
        }
        self.has_served = true;
        self.outgoing[feed.index()].on_sent(arrival);
        Send::Stored {
            what: entry.meta.what(),
            arrival: Some(arrival),
            at: entry.at,
        }
    }
}
