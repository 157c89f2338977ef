//! What all peers of one role may spend together.
//!
//! Without it as many peers would cost as many times as much. Each is paid from the same pot, which
//! fills as fast as honest use of all never needs. Whoever has spent nearly everything leaves half
//! of it to the others (trunk reservation, as in ITU-T E.412), so that those who flood wait for each
//! other, and those who work for nobody.

use std::time::{Duration, Instant};

use guichet_keys::Role;

use super::micros;
use super::price::{Allowance, Lane};

/// How fast a pot fills, and how much it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// In each second.
    pub each_second: Duration,
    /// At once, saved up.
    pub saved: Duration,
}

impl Terms {
    /// What all peers of a role have when there are so many; none for relays: there are few, and
    /// each brings what everybody wrote. A kiosk at which somebody writes something every other
    /// second needs 1 ms a second.
    pub fn of(role: Option<Role>, lane: Lane, members: usize) -> Option<Self> {
        if role == Some(Role::Relay) {
            return None;
        }
        let one = Allowance::of(role, lane);
        let members = u32::try_from(members).unwrap_or(u32::MAX);
        let more = |each: Duration| each.saturating_mul(members);
        Some(Self {
            each_second: one.each_second.saturating_add(more(MEMBER_EACH_SECOND)),
            saved: one
                .saved
                .saturating_mul(2)
                .saturating_add(more(MEMBER_SAVED)),
        })
    }
}

/// What each member adds to what a pot gets in a second,
const MEMBER_EACH_SECOND: Duration = Duration::from_millis(1);
/// and to what it holds.
const MEMBER_SAVED: Duration = Duration::from_millis(10);

/// How a peer stands that draws on a pot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It has something left.
    Solvent,
    /// It has spent nearly everything.
    Spent,
}

/// A pot.
#[derive(Debug)]
pub struct Pot {
    terms: Terms,
    micros: i64,
    at: Instant,
}

impl Pot {
    /// A full one.
    pub fn new(now: Instant, terms: Terms) -> Self {
        Self {
            terms,
            micros: micros(terms.saved),
            at: now,
        }
    }

    /// There are more members, or fewer.
    pub fn set_terms(&mut self, terms: Terms) {
        self.terms = terms;
    }

    /// Gives up to so many microseconds.
    pub fn draw(&mut self, now: Instant, wanted: i64, standing: Standing) -> i64 {
        self.settle(now);
        let left_to_others = match standing {
            Standing::Solvent => 0,
            Standing::Spent => micros(self.terms.saved) / 2,
        };
        let there = self.micros.saturating_sub(left_to_others).max(0);
        let given = wanted.clamp(0, there);
        self.micros = self.micros.saturating_sub(given);
        given
    }

    /// Takes back what was not spent.
    pub fn give_back(&mut self, unspent: i64) {
        let most = micros(self.terms.saved);
        self.micros = self.micros.saturating_add(unspent).min(most);
    }

    fn settle(&mut self, now: Instant) {
        let passed = micros(now.saturating_duration_since(self.at));
        let earned = passed.saturating_mul(micros(self.terms.each_second)) / 1_000_000;
        if earned > 0 {
            self.give_back(earned);
            self.at = now;
        }
    }
}
