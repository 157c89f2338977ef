//! What a peer's frames mean.

use std::time::Duration;

use guichet_keys::{CaseTag, Role, SubjectId};

use crate::later;
use crate::limits::BAD_ITEMS_MAX;
use crate::store::PeerCursors;
use crate::wire::{Cursors, Frame, PROTOCOL, Presence, Reading, What};

use super::check::Taken;
use super::quotas::{Bringer, Excess};
use super::session::{follow_frame, have_frames};
use super::{Event, LANDING_BYTES_MAX, Now, Output, Replica, rosters};

/// Why a session ends whose peer has more looked up than it may.
const ASKS_TOO_MUCH: &str = "asks for more than a peer may have looked up";
/// Why a session ends whose peer lists what it holds after the end of its list.
const LISTS_AGAIN: &str = "lists again and again what it holds";
/// Those who come within this time are asked for pages together.
const SOURCES_PAUSE: Duration = Duration::from_secs(1);
/// Most characters of a peer's reason that reach a log.
const REASON_CHARS_MAX: usize = 120;

impl Replica {
    pub(super) fn on_frame(&mut self, now: Now, peer: SubjectId, bytes: &[u8]) {
        let Some(session) = self.sessions.get_mut(&peer) else {
            return;
        };
        session.on_taken(bytes.len() as u64);
        let frame = match Frame::decode(bytes) {
            Ok(frame) => frame,
            Err(error) => return self.close(now, peer, &error.to_string()),
        };
        if session.has_greeted() == matches!(frame, Frame::Hello { .. }) {
            return self.close(now, peer, "a session has one hello, and it comes first");
        }
        if frame.is_for_disk() && self.is_overrun() {
            return self.close(now, peer, "the disk does not take more");
        }
        self.dispatch(now, peer, frame);
        if self.landing_bytes < LANDING_BYTES_MAX
            && let Some(session) = self.sessions.get_mut(&peer)
        {
            session.grant_credit(now.instant);
        }
    }

    fn dispatch(&mut self, now: Now, peer: SubjectId, frame: Frame) {
        let Some(session) = self.sessions.get_mut(&peer) else {
            return;
        };
        match frame {
            Frame::Hello {
                version,
                reading,
                read,
                served,
                interest,
                ..
            } => {
                if version == PROTOCOL {
                    session.scope_mut().wish(interest);
                    let resumes = session.on_hello(reading, read, served);
                    self.begin(now, peer, resumes);
                } else {
                    self.close(
                        now,
                        peer,
                        &format!("protocol version {version}; this node speaks {PROTOCOL}"),
                    );
                }
            }
            Frame::Have {
                chains,
                prefixes,
                last,
            } => {
                if !session.awaits_have() {
                    if session.on_bad_item() > BAD_ITEMS_MAX {
                        self.close(now, peer, LISTS_AGAIN);
                    }
                    return;
                }
                let listed = self.catalogue.cost_of(&chains);
                let cost = listed.saturating_add(prefixes.as_chunks::<8>().0.len());
                if !session.spend(now.instant, cost) {
                    return self.close(now, peer, ASKS_TOO_MUCH);
                }
                session.on_have(&self.catalogue, &chains, &prefixes, last);
            }
            Frame::Item {
                what,
                arrival,
                payload,
            } => self.on_item(now, peer, what, Some(arrival), payload),
            Frame::Live { what, payload } => self.on_item(now, peer, what, None, payload),
            Frame::Mark { feed, arrival } => {
                let moved = session.incoming_mut().on_arrival(feed, arrival, None);
                self.save_cursors(peer, moved);
            }
            Frame::Follow {
                case,
                have,
                prefixes,
            } => {
                let listed = self.catalogue.cost_of(&have);
                let once = listed.saturating_add(self.catalogue.size_of(&case));
                let cost = once.saturating_mul(session.follow_price(now.instant, case));
                if !session.spend(now.instant, cost) {
                    return self.close(now, peer, ASKS_TOO_MUCH);
                }
                session.on_follow(&self.catalogue, case, &have, &prefixes);
            }
            Frame::Unfollow { case } => session.on_unfollow(&case),
            Frame::Want { page, have } => self.on_want(now, peer, page, &have),
            Frame::Unwant { page } => self.on_unwant(peer, page),
            Frame::Segment {
                page,
                index,
                sealed,
            } => self.on_segment(now, peer, page, index, sealed),
            Frame::Draft { case, sealed } => {
                if session.scope().follows(&self.directory, &case) || self.following.contains(&case)
                {
                    self.on_draft(now, peer, case, sealed);
                }
            }
            Frame::Roster { members } => {
                let read = Event::RosterRead(members.len());
                self.outputs.push_back(Output::Tell(read));
                if session.scope().role() == Some(Role::Relay) {
                    self.on_roster(now, peer, members);
                }
            }
            Frame::Credit { frames } => session.on_credit(now.instant, frames),
            Frame::Bye { mut reason } => {
                reason.retain(|letter| !letter.is_control());
                let reason = reason.chars().take(REASON_CHARS_MAX).collect();
                self.on_lost(now, &peer);
                self.outputs.push_back(Output::Close(peer, reason));
            }
        }
    }

    /// A relay tells who is there. Only members count, and only what changed costs anything.
    pub(super) fn on_roster(&mut self, now: Now, relay: SubjectId, members: Vec<Presence>) {
        let directory = &self.directory;
        let is_member = |member: &SubjectId| directory.is_member(member);
        let news = self.heard.news(relay, members, is_member);
        if news.is_empty() {
            return;
        }
        if !self.quotas.take_roster(now.instant, relay, news.len()) {
            return self.on_overdrawn(now, relay, Excess::Roster);
        }
        if self.heard.hear(relay, &news) {
            let next = self.sourced_at.map(|at| later(at, SOURCES_PAUSE));
            self.sources_due = Some(next.map_or(now.instant, |next| next.max(now.instant)));
            self.on_sources(now);
        }
        self.outputs
            .push_back(Output::Tell(Event::RosterReceived(relay, news)));
    }

    /// Somebody has become a member whom a relay may have told of before.
    pub(super) fn on_members(&mut self, now: Now) {
        let directory = &self.directory;
        let met = self
            .heard
            .no_strangers(|member| directory.is_member(member));
        for (relay, members) in met {
            self.on_roster(now, relay, members);
        }
    }

    /// Asks whoever has come for pages, if it is time to: members that come and go cost no more.
    pub(super) fn on_sources(&mut self, now: Now) {
        if self.sources_due.is_some_and(|due| due <= now.instant) {
            (self.sources_due, self.sourced_at) = (None, Some(now.instant));
            self.pages.on_source();
            self.ask_for_pages(now);
        }
    }

    /// Both hellos are said.
    fn begin(&mut self, now: Now, peer: SubjectId, resumes: bool) {
        let Some(session) = self.sessions.get_mut(&peer) else {
            return;
        };
        if session.scope().role() == Some(Role::Relay) {
            self.heard.meet(now.instant, peer);
        }
        if !resumes {
            have_frames(&self.catalogue, &self.directory, session.scope())
                .iter()
                .for_each(|frame| session.push(frame));
        }
        for case in &self.following {
            session.push(&follow_frame(&self.catalogue, *case));
        }
        rosters::frames(session.scope(), &self.directory, &self.roster.whole())
            .iter()
            .for_each(|frame| session.push(frame));
        self.outputs.push_back(Output::Tell(Event::PeerReady(peer)));
        self.pages.on_source();
        self.ask_for_pages(now);
    }

    /// A peer passes on what somebody types, as often as people type.
    fn on_draft(&mut self, now: Now, peer: SubjectId, case: CaseTag, sealed: Vec<u8>) {
        let bringer = match self.directory.node_role(&peer) {
            Some(Role::Relay) => Bringer::Other,
            Some(_) | None => Bringer::Maker,
        };
        if self.quotas.take_draft(now.instant, peer, bringer) {
            self.pass_draft(Some(peer), case, sealed);
        } else {
            self.on_overdrawn(now, peer, Excess::Drafts);
        }
    }

    pub(super) fn pass_draft(&mut self, from: Option<SubjectId>, case: CaseTag, sealed: Vec<u8>) {
        let from_relay =
            from.is_some_and(|peer| self.directory.node_role(&peer) == Some(Role::Relay));
        let i_relay = self.role() == Some(Role::Relay);
        if from.is_none() || i_relay {
            let frame = Frame::Draft {
                case,
                sealed: sealed.clone(),
            };
            for session in self
                .sessions
                .values_mut()
                .filter(|session| session.has_greeted())
            {
                let to_relay = session.scope().role() == Some(Role::Relay);
                if Some(session.peer()) != from
                    && !(from_relay && to_relay)
                    && session.scope().follows(&self.directory, &case)
                {
                    session.push_draft(&frame);
                }
            }
        }
        if from.is_some() && !i_relay {
            self.outputs
                .push_back(Output::Tell(Event::DraftReceived(case, sealed)));
        }
    }

    fn on_item(
        &mut self,
        now: Now,
        peer: SubjectId,
        what: What,
        arrival: Option<u64>,
        payload: Vec<u8>,
    ) {
        let taken = self.take((now, peer), what, payload);
        let Some(session) = self.sessions.get_mut(&peer) else {
            return;
        };
        let waits_for = match taken {
            Ok(Taken::Held(hash)) => {
                if let Some((feed, ours)) = self.catalogue.arrival_of(&hash) {
                    session.on_peer_holds(feed, ours);
                }
                None
            }
            Ok(Taken::Pending(hash)) => {
                session.incoming_mut().on_delivered(hash);
                self.rules.cursor_after_durable.then_some(hash)
            }
            Ok(Taken::Superseded) => None,
            Ok(Taken::HeldBack(left)) => {
                return self.on_held_back(now, peer, (what.feed(), arrival), &left);
            }
            Err(refusal) => {
                tracing::warn!(%peer, %refusal, "refused an item");
                if session.on_bad_item() > BAD_ITEMS_MAX {
                    return self.close(now, peer, "too many items that do not hold");
                }
                None
            }
        };
        if let Some(arrival) = arrival {
            let incoming = session.incoming_mut();
            let moved = incoming.on_arrival(what.feed(), arrival, waits_for);
            self.save_cursors(peer, moved);
        }
    }

    pub(super) fn save_cursors(&mut self, peer: SubjectId, moved: Option<Cursors>) {
        let (Some(next), Some(session)) = (moved, self.sessions.get(&peer)) else {
            return;
        };
        let Reading(epoch) = session.reading();
        let cursors = PeerCursors { epoch, next };
        self.cursors.insert(peer, cursors);
        self.outputs.push_back(Output::SaveCursors(peer, cursors));
    }
}
