//! Tickets and desks as they were last heard of. One ticket of each kiosk and one desk of each
//! station, so that nobody can fill the hall.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use guichet_keys::{ServiceId, SubjectId};

use super::own::millis;
use super::{DeskNotice, FADING, News, PLACE_KEPT, Stage, TicketId, TicketNotice, Told};
use crate::signal::Body;
use crate::time::after;

/// A ticket as it was last heard of.
#[derive(Clone, Debug)]
pub struct SeenTicket {
    /// Of which kiosk.
    pub kiosk: SubjectId,
    /// What the kiosk says.
    pub notice: TicketNotice,
    /// Since when it has waited, as far as somebody bears it out.
    pub since: Instant,
    /// Whether the kiosk cannot be heard now.
    pub cut: bool,
    first: Instant,
    heard: Instant,
    signed: Vec<u8>,
}

impl SeenTicket {
    fn is_heard(&self, now: Instant) -> bool {
        !self.cut && now.saturating_duration_since(self.heard) < FADING
    }

    /// For how long it has been known here, or to a relay that this node has heard of it.
    fn known_ms(&self, now: Instant) -> u64 {
        millis(now.saturating_duration_since(self.since.min(self.first)))
    }
}

/// A desk as it was last heard of.
#[derive(Clone, Debug)]
pub struct SeenDesk {
    /// At which station.
    pub station: SubjectId,
    /// Which life of the station's program.
    pub life: u64,
    /// What it says.
    pub notice: DeskNotice,
    heard: Instant,
    signed: Vec<u8>,
}

impl SeenDesk {
    /// Whose it is, and its own words.
    pub(super) fn told(&self) -> (SubjectId, Vec<u8>) {
        (self.station, self.signed.clone())
    }
}

/// What is known.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub tickets: BTreeMap<SubjectId, SeenTicket>,
    pub desks: BTreeMap<SubjectId, SeenDesk>,
}

impl Known {
    pub fn ticket(&self, ticket: &TicketId) -> Option<&SeenTicket> {
        self.tickets
            .values()
            .find(|seen| seen.notice.ticket == *ticket)
    }

    /// The service that somebody waits for at a kiosk, or speaks with.
    pub fn service_wanted(&self, kiosk: &SubjectId) -> Option<&ServiceId> {
        self.tickets.get(kiosk).map(|seen| &seen.notice.service)
    }

    /// For how long this kiosk's ticket has been known.
    pub fn known_ms(&self, now: Instant, kiosk: &SubjectId) -> Option<u64> {
        self.tickets.get(kiosk).map(|seen| seen.known_ms(now))
    }

    /// Everything that is heard, to be told to somebody new.
    pub fn all(&self, now: Instant) -> impl Iterator<Item = Told> + '_ {
        let heard = self.tickets.values().filter(move |seen| seen.is_heard(now));
        let tickets = heard.map(move |seen| Told {
            origin: seen.kiosk,
            known_ms: Some(seen.known_ms(now)),
            body: Body::Ticket(seen.notice.clone()),
            signed: seen.signed.clone(),
        });
        let desks = self.desks.values().map(|seen| Told {
            origin: seen.station,
            known_ms: None,
            body: Body::Desk(seen.notice.clone()),
            signed: seen.signed.clone(),
        });
        tickets.chain(desks)
    }

    pub fn desk(&self, station: &SubjectId) -> Option<&SeenDesk> {
        self.desks.get(station)
    }

    pub fn desks(&self) -> impl Iterator<Item = &SeenDesk> {
        self.desks.values()
    }

    pub fn queue(&self, services: &[ServiceId]) -> Vec<&SeenTicket> {
        let mut queue: Vec<&SeenTicket> = self
            .tickets
            .values()
            .filter(|seen| services.contains(&seen.notice.service))
            .collect();
        queue.sort_by_key(|seen| (seen.since, seen.notice.ticket));
        queue
    }

    /// Whether this ticket is known as another kiosk's.
    pub fn names_other(&self, kiosk: &SubjectId, ticket: &TicketId) -> bool {
        self.ticket(ticket).is_some_and(|seen| seen.kiosk != *kiosk)
    }

    pub fn hear_ticket(
        &mut self,
        now: Instant,
        kiosk: SubjectId,
        notice: TicketNotice,
        known_ms: Option<u64>,
        signed: &[u8],
    ) -> Vec<News> {
        let ticket = notice.ticket;
        let known = self.tickets.remove(&kiosk);
        let (before, former) = match known {
            Some(seen) if seen.notice.ticket == ticket => (Some(seen), None),
            other => (None, other),
        };
        let mut news: Vec<News> = former
            .map(|seen| News::TicketGone(seen.notice.ticket))
            .into_iter()
            .collect();
        if notice.stage == Stage::Gone {
            news.extend(before.map(|_| News::TicketGone(ticket)));
            return news;
        }
        let first = before.as_ref().map_or(now, |seen| seen.first);
        let borne_out = now
            .saturating_duration_since(first)
            .max(Duration::from_millis(known_ms.unwrap_or(0)));
        let waited = Duration::from_millis(notice.waited_ms).min(borne_out);
        let told = now.checked_sub(waited).unwrap_or(now);
        // A word is on its way for a while, and may have lain at a relay: the earliest beginning that
        // is borne out is the nearest to the true one.
        let since = before.as_ref().map_or(told, |seen| told.min(seen.since));
        let changed = before.as_ref().is_none_or(|seen| {
            seen.cut || seen.since != since || seen.notice.stage != notice.stage
        });
        let seen = SeenTicket {
            kiosk,
            notice,
            since,
            cut: false,
            first,
            heard: now,
            signed: signed.to_vec(),
        };
        self.tickets.insert(kiosk, seen);
        news.extend(changed.then_some(News::Ticket(ticket)));
        news
    }

    /// A kiosk knows of no ticket: the one it had is over.
    pub fn forget_ticket(&mut self, kiosk: &SubjectId) -> Option<News> {
        let seen = self.tickets.remove(kiosk)?;
        Some(News::TicketForgotten(seen.notice.ticket))
    }

    pub fn hear_desk(
        &mut self,
        now: Instant,
        station: SubjectId,
        life: u64,
        notice: DeskNotice,
        signed: &[u8],
    ) -> News {
        let seen = SeenDesk {
            station,
            life,
            notice,
            heard: now,
            signed: signed.to_vec(),
        };
        let before = self.desks.insert(station, seen);
        let after = &self.desks[&station];
        let same = before.is_some_and(|seen| seen.notice == after.notice && seen.life == life);
        if same {
            News::DeskHeard(station)
        } else {
            News::Desk(station)
        }
    }

    /// What was heard of a node does not fade for a while.
    pub fn keep(&mut self, now: Instant, node: &SubjectId) {
        if let Some(desk) = self.desks.get_mut(node) {
            desk.heard = now;
        }
        if let Some(seen) = self.tickets.get_mut(node) {
            seen.heard = now;
        }
    }

    /// A node is there for nobody.
    pub fn lose(&mut self, now: Instant, node: &SubjectId) -> Vec<News> {
        let desk = self.desks.remove(node).map(|_| News::DeskGone(*node));
        let ticket = self.tickets.get_mut(node).filter(|seen| !seen.cut);
        let ticket = ticket.map(|seen| {
            (seen.cut, seen.heard) = (true, now);
            News::Ticket(seen.notice.ticket)
        });
        desk.into_iter().chain(ticket).collect()
    }

    /// What has not been heard for too long, except desks that stand unheard.
    pub fn fade(&mut self, now: Instant, stands: impl Fn(&SeenDesk) -> bool) -> Vec<News> {
        let faded = |heard: &Instant, after| now.saturating_duration_since(*heard) >= after;
        let desks = self
            .desks
            .extract_if(.., |_, desk| faded(&desk.heard, FADING) && !stands(desk));
        let mut news: Vec<News> = desks.map(|(station, _)| News::DeskGone(station)).collect();
        let over = self
            .tickets
            .extract_if(.., |_, seen| faded(&seen.heard, PLACE_KEPT));
        news.extend(over.map(|(_, seen)| News::TicketGone(seen.notice.ticket)));
        for seen in self.tickets.values_mut() {
            if !seen.cut && faded(&seen.heard, FADING) {
                seen.cut = true;
                news.push(News::Ticket(seen.notice.ticket));
            }
        }
        news
    }

    pub fn next(&self, stands: impl Fn(&SeenDesk) -> bool) -> Option<Instant> {
        let fading = self.desks.values().filter(|desk| !stands(desk));
        let desks = fading.map(|desk| after(desk.heard, FADING));
        let tickets = self
            .tickets
            .values()
            .map(|seen| after(seen.heard, if seen.cut { PLACE_KEPT } else { FADING }));
        desks.chain(tickets).min()
    }
}
