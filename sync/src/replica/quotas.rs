//! What each member may make this node keep and pass on.
//!
//! Whoever holds one key of the network can sign without end, and each thing is genuine. So every
//! member has an account: what is taken of theirs is charged to who signed it, by what it holds of
//! this node's memory, and time pays it back, fast for an hour's work and slowly for a day's. What
//! others pass on costs them a small part: those others have charged it at their own doors, and a
//! node that is new must get years of it.
//!
//! Nothing is refused for good. Whoever brings what they made themselves is told nothing of what
//! was taken for a while, and an honest sender waits; who goes on is sent away, and goes on where
//! they stopped. What others bring and must wait is asked for again. An account depends on nothing
//! but its own member, so nobody meets another's bound.
//!
//! Each account is one moment for each bound: when all will be paid back (the generic cell rate
//! algorithm, ITU-T I.371).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use guichet_keys::SubjectId;

use crate::later;
use crate::limits::{
    DRAFTS_AT_ONCE_MAX, DRAFTS_PER_SECOND, MEMBER_BYTES_AT_ONCE, MEMBER_BYTES_PER_DAY,
    MEMBER_BYTES_PER_SECOND, OVERDRAWN_TOLD_S, PASSED_ON_SHARE, ROSTER_CHANGES_AT_ONCE_MAX,
    ROSTER_CHANGES_PER_SECOND,
};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Of what a member has had more than its share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Excess {
    /// Of what is kept: statements, envelopes, announced pages, receipts.
    Things,
    /// Of what is only passed on while somebody types.
    Drafts,
    /// Of news of who is there, as a relay tells it.
    Roster,
}

/// A member who was held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overdrawn {
    /// Who made what is held back.
    pub member: SubjectId,
    /// Of what it was too much.
    pub what: Excess,
    /// Since when, in milliseconds of the Unix epoch, on this node's clock.
    pub since_ms: u64,
    /// How many things were not taken since then; the same one may count more than once.
    pub refused: u64,
}

/// Who brings a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bringer {
    /// Who made it.
    Maker,
    /// Somebody else.
    Other,
}

/// What an account says of a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charge {
    /// It may be taken.
    Within,
    /// It may be taken, and who made it should wait until then.
    Late(Instant),
    /// It is not taken before.
    Beyond(Instant),
}

/// How fast a bound is paid back, and how far ahead of that one may be.
#[derive(Clone, Copy, Debug)]
struct Terms {
    /// What one unit takes to be paid back.
    each: Duration,
    /// Who is further ahead should wait.
    late: Duration,
    /// Nothing is taken that leads further ahead.
    most: Duration,
}

impl Terms {
    const fn per_second(at_once: u64, units: u64) -> Self {
        let late = Duration::from_millis(part(at_once.saturating_mul(1000), units));
        Self {
            each: Duration::from_nanos(part(1_000_000_000, units)),
            late,
            most: late.saturating_mul(2),
        }
    }

    const fn per_day(units: u64) -> Self {
        Self {
            each: Duration::from_nanos(part(DAY.as_secs().saturating_mul(1_000_000_000), units)),
            late: DAY,
            most: DAY,
        }
    }
}

const fn part(of: u64, units: u64) -> u64 {
    match of.checked_div(units) {
        Some(part) => part,
        None => of,
    }
}

const SHORT: Terms = Terms::per_second(MEMBER_BYTES_AT_ONCE, MEMBER_BYTES_PER_SECOND);
const LONG: Terms = Terms::per_day(MEMBER_BYTES_PER_DAY);
const DRAFTS: Terms = Terms::per_second(DRAFTS_AT_ONCE_MAX, DRAFTS_PER_SECOND);
const ROSTER: Terms = Terms::per_second(ROSTER_CHANGES_AT_ONCE_MAX, ROSTER_CHANGES_PER_SECOND);

/// When all that was charged is paid back.
#[derive(Clone, Copy, Debug, Default)]
struct Account(Option<Instant>);

impl Account {
    /// How far ahead of its time it is.
    fn ahead(self, now: Instant) -> Duration {
        self.0
            .map_or(Duration::ZERO, |paid| paid.saturating_duration_since(now))
    }

    fn judge(self, now: Instant, terms: Terms, units: u64) -> Charge {
        let ahead = self.ahead(now);
        let then = ahead.saturating_add(price(terms, units));
        if then > terms.most && ahead > Duration::ZERO {
            Charge::Beyond(later(now, then.saturating_sub(terms.most).min(ahead)))
        } else if then > terms.late {
            Charge::Late(later(now, then.saturating_sub(terms.late)))
        } else {
            Charge::Within
        }
    }

    fn charge(&mut self, now: Instant, terms: Terms, units: u64) {
        let then = self.ahead(now).saturating_add(price(terms, units));
        self.0 = Some(later(now, then));
    }
}

fn price(terms: Terms, units: u64) -> Duration {
    terms
        .each
        .saturating_mul(u32::try_from(units).unwrap_or(u32::MAX))
}

#[derive(Debug, Default)]
struct Member {
    short: Account,
    long: Account,
    drafts: Account,
    roster: Account,
}

impl Member {
    fn is_paid(&self, now: Instant) -> bool {
        [self.short, self.long, self.drafts, self.roster]
            .iter()
            .all(|account| account.ahead(now).is_zero())
    }
}

#[derive(Debug)]
struct Told {
    since_ms: u64,
    refused: u64,
    until: Instant,
}

/// The accounts of all members.
#[derive(Debug, Default)]
pub struct Quotas {
    members: BTreeMap<SubjectId, Member>,
    told: BTreeMap<(SubjectId, Excess), Told>,
}

impl Quotas {
    /// Whether something of this member that holds so many bytes of memory may be kept.
    #[must_use]
    pub fn judge(&self, now: Instant, member: &SubjectId, bringer: Bringer, bytes: u64) -> Charge {
        let Some(account) = self.members.get(member) else {
            return Charge::Within;
        };
        let bytes = shared(bringer, bytes);
        let short = account.short.judge(now, SHORT, bytes);
        let long = account.long.judge(now, LONG, bytes);
        match (short, long) {
            (Charge::Beyond(one), Charge::Beyond(other)) => Charge::Beyond(one.max(other)),
            (beyond @ Charge::Beyond(_), _) | (_, beyond @ Charge::Beyond(_)) => beyond,
            (Charge::Within | Charge::Late(_), _) => short,
        }
    }

    /// It is kept.
    pub fn charge(&mut self, now: Instant, member: SubjectId, bringer: Bringer, bytes: u64) {
        let bytes = shared(bringer, bytes);
        let account = self.members.entry(member).or_default();
        account.short.charge(now, SHORT, bytes);
        account.long.charge(now, LONG, bytes);
    }

    /// Whether one more draft that this peer brings is passed on; it is charged if so.
    pub fn take_draft(&mut self, now: Instant, peer: SubjectId, bringer: Bringer) -> bool {
        let terms = match bringer {
            Bringer::Maker => DRAFTS,
            Bringer::Other => Terms {
                each: DRAFTS
                    .each
                    .checked_div(PASSED_ON_SHARE)
                    .unwrap_or(DRAFTS.each),
                ..DRAFTS
            },
        };
        take(
            &mut self.members.entry(peer).or_default().drafts,
            now,
            terms,
            1,
        )
    }

    /// Whether so many changes that a relay tells of are heard; they are charged if so.
    pub fn take_roster(&mut self, now: Instant, relay: SubjectId, changes: usize) -> bool {
        let changes = u64::try_from(changes).unwrap_or(u64::MAX);
        let account = &mut self.members.entry(relay).or_default().roster;
        take(account, now, ROSTER, changes)
    }

    /// A member was held back; gives whether that is news.
    pub fn on_overdrawn(
        &mut self,
        (now, wall_ms): (Instant, u64),
        member: SubjectId,
        what: Excess,
        refused: u64,
    ) -> bool {
        let until = later(now, Duration::from_secs(OVERDRAWN_TOLD_S));
        let is_news = self
            .told
            .get(&(member, what))
            .is_none_or(|told| told.until <= now);
        if is_news {
            let (since_ms, refused) = (wall_ms, 0);
            let told = Told {
                since_ms,
                refused,
                until,
            };
            self.told.insert((member, what), told);
            self.members.retain(|_, account| !account.is_paid(now));
        }
        if let Some(told) = self.told.get_mut(&(member, what)) {
            told.until = until;
            told.refused = told.refused.saturating_add(refused);
        }
        is_news
    }

    /// Who was held back lately.
    pub fn overdrawn(&self, now: Instant) -> impl Iterator<Item = Overdrawn> + '_ {
        let lately = self.told.iter().filter(move |(_, told)| told.until > now);
        lately.map(|((member, what), told)| Overdrawn {
            member: *member,
            what: *what,
            since_ms: told.since_ms,
            refused: told.refused,
        })
    }
}

fn shared(bringer: Bringer, bytes: u64) -> u64 {
    match bringer {
        Bringer::Maker => bytes,
        Bringer::Other => bytes.div_ceil(u64::from(PASSED_ON_SHARE)),
    }
}

fn take(account: &mut Account, now: Instant, terms: Terms, units: u64) -> bool {
    let is_within = match account.judge(now, terms, units) {
        Charge::Within | Charge::Late(_) => true,
        Charge::Beyond(_) => false,
    };
    if is_within {
        account.charge(now, terms, units);
    }
    is_within
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: u64 = 1024;

    fn node(byte: u8) -> SubjectId {
        SubjectId::from([byte; 32])
    }

    /// How many bytes of a flood are taken within this time.
    fn taken(quotas: &mut Quotas, from: Instant, time: Duration, bringer: Bringer) -> u64 {
        let mut sum = 0;
        for step in 0..time.as_millis() / 10 {
            let now = from + Duration::from_millis(step as u64 * 10);
            while !matches!(quotas.judge(now, &node(1), bringer, KIB), Charge::Beyond(_)) {
                quotas.charge(now, node(1), bringer, KIB);
                sum += KIB;
            }
        }
        sum
    }

    #[test]
    fn a_flood_is_bounded_in_a_minute_and_in_a_day_and_touches_nobody_else() {
        let now = crate::test_clock();
        let minute = Duration::from_secs(60);
        let mut quotas = Quotas::default();
        let most = 2 * MEMBER_BYTES_AT_ONCE + 60 * MEMBER_BYTES_PER_SECOND;
        let sum = taken(&mut quotas, now, minute, Bringer::Maker);
        assert!(sum <= most + KIB && sum > most * 9 / 10, "{sum} of {most}");
        let others = quotas.judge(now + minute, &node(2), Bringer::Maker, MEMBER_BYTES_AT_ONCE);
        assert_eq!(others, Charge::Within);
        let mut day = 0;
        for hour in 0..24 {
            let from = now + minute + Duration::from_secs(3600 * hour);
            let bytes = 3600 * MEMBER_BYTES_PER_SECOND;
            for _ in 0..bytes / (64 * KIB) {
                let at = from + minute * 50;
                if !matches!(
                    quotas.judge(at, &node(1), Bringer::Maker, 64 * KIB),
                    Charge::Beyond(_)
                ) {
                    quotas.charge(at, node(1), Bringer::Maker, 64 * KIB);
                    day += 64 * KIB;
                }
            }
        }
        assert!(day <= 2 * MEMBER_BYTES_PER_DAY, "{day} in a day");
    }

    #[test]
    fn what_others_pass_on_costs_its_maker_a_small_part() {
        let now = crate::test_clock();
        let second = Duration::from_secs(1);
        let own = taken(&mut Quotas::default(), now, second, Bringer::Maker);
        let others = taken(&mut Quotas::default(), now, second, Bringer::Other);
        assert!(
            others / own >= u64::from(PASSED_ON_SHARE) - 1,
            "{others} and {own}"
        );
    }

    #[test]
    fn who_was_held_back_is_told_for_a_while() {
        let now = crate::test_clock();
        let mut quotas = Quotas::default();
        assert!(quotas.on_overdrawn((now, 7), node(1), Excess::Things, 1));
        assert!(!quotas.on_overdrawn((now, 8), node(1), Excess::Things, 2));
        let told = Overdrawn {
            member: node(1),
            what: Excess::Things,
            since_ms: 7,
            refused: 3,
        };
        assert_eq!(quotas.overdrawn(now).collect::<Vec<_>>(), [told]);
        let after = now + Duration::from_secs(OVERDRAWN_TOLD_S);
        assert_eq!(quotas.overdrawn(after).count(), 0);
        assert!(quotas.on_overdrawn((after, 9), node(1), Excess::Things, 1));
    }

    #[test]
    fn what_is_larger_than_a_bound_waits_for_all_to_be_paid_back_and_passes() {
        let now = crate::test_clock();
        let mut quotas = Quotas::default();
        let huge = 9 * MEMBER_BYTES_AT_ONCE;
        quotas.charge(now, node(1), Bringer::Maker, KIB);
        let Charge::Beyond(until) = quotas.judge(now, &node(1), Bringer::Maker, huge) else {
            panic!("it is larger than what may be taken at once");
        };
        let then = quotas.judge(until, &node(1), Bringer::Maker, huge);
        assert!(matches!(then, Charge::Late(_)), "{then:?}");
    }
}
