//! How far this machine's clock is off, by what others sign.
//!
//! What was written here a moment ago and is signed for by another node was signed since: so the
//! time that receipt tells is the present, on the clock of who signed it. Elapsed time is that of
//! the monotonic clock, which no wrong wall clock touches. Most of those who told must agree that
//! this clock is off before it is said to be. A pure machine: times come in as arguments.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use guichet_keys::SubjectId;
use guichet_sync::envelope::ChainId;
use guichet_sync::receipt::{Cover, Receipt};

use super::FIRST_S;

/// What was written longer ago says nothing about the present.
pub const FRESH: Duration = Duration::from_secs(60);
/// A clock that differs by less is right, in milliseconds.
pub const OFF_MIN_MS: u64 = 5 * 60 * 1000;
/// Things written here that are remembered.
pub const WRITTEN_MAX: usize = 64;
/// Nodes whose word is remembered.
pub const TELLERS_MAX: usize = 64;

/// How this machine's clock is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Off {
    /// It is behind by at least so many seconds.
    Behind {
        /// How many.
        by_s: u64,
    },
    /// It is ahead by at least so many seconds.
    Ahead {
        /// How many.
        by_s: u64,
    },
}

/// The words of others about the time.
#[derive(Debug, Default)]
pub struct Others {
    written: VecDeque<(ChainId, u64, Instant)>,
    /// Milliseconds by which each clock is ahead of this one.
    told: BTreeMap<SubjectId, i64>,
}

impl Others {
    /// Something was written here, at this place of a chain.
    pub fn on_written(&mut self, now: Instant, chain: ChainId, index: u64) {
        if self.written.len() >= WRITTEN_MAX {
            self.written.pop_front();
        }
        self.written.push_back((chain, index, now));
    }

    /// What was written is nobody's business any more; what others told stays.
    pub fn forget_written(&mut self) {
        self.written.clear();
    }

    /// Whether a receipt that comes now can tell anything.
    pub fn listens(&self, now: Instant) -> bool {
        let last = self.written.back();
        last.is_some_and(|(.., at)| now.saturating_duration_since(*at) <= FRESH)
    }

    /// Another node's receipt has come.
    pub fn on_receipt(&mut self, now: Instant, wall_ms: u64, receipt: &Receipt) {
        let is_fresh = |cover: &Cover| {
            let Cover::Chain { chain, next } = cover else {
                return false;
            };
            self.written.iter().any(|(written, index, at)| {
                let fresh = now.saturating_duration_since(*at) <= FRESH;
                fresh && written == chain && index < next
            })
        };
        if !receipt.covers().iter().any(is_fresh) {
            return;
        }
        if self.told.len() >= TELLERS_MAX && !self.told.contains_key(&receipt.node()) {
            self.told.pop_first();
        }
        let ahead = i128::from(receipt.at_ms()).saturating_sub(i128::from(wall_ms));
        let ahead = i64::try_from(ahead).unwrap_or(if ahead < 0 { i64::MIN } else { i64::MAX });
        self.told.insert(receipt.node(), ahead);
    }

    /// How the clock is wrong, if it is, at `now_s`; it cannot be before `floor_s`, when something
    /// was signed that this node has held from its beginning.
    pub fn off(&self, now_s: u64, floor_s: u64) -> Option<Off> {
        let floor_s = floor_s.max(FIRST_S);
        if now_s < floor_s {
            return Some(Off::Behind {
                by_s: floor_s.saturating_sub(now_s),
            });
        }
        let most = self.told.len() / 2;
        let far = |ahead: bool| {
            let told = self.told.values().filter(move |told| (**told > 0) == ahead);
            let told = told.map(|told| told.unsigned_abs());
            told.filter(|off| *off >= OFF_MIN_MS).collect::<Vec<_>>()
        };
        let least_s = |far: &[u64]| far.iter().min().map_or(0, |off| off / 1000);
        let (ahead, behind) = (far(true), far(false));
        if ahead.len() > most {
            let by_s = least_s(&ahead);
            Some(Off::Behind { by_s })
        } else if behind.len() > most {
            let by_s = least_s(&behind);
            Some(Off::Ahead { by_s })
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use guichet_keys::{AuthorId, CaseTag, SigningKey};
    use guichet_sync::envelope::Kind;
    use guichet_sync::receipt::Stage;

    use super::*;

    const NOW_S: u64 = FIRST_S + 30_000_000;

    fn chain(number: u8) -> ChainId {
        ChainId {
            case: CaseTag::from([number; 16]),
            author: AuthorId::from([number; 16]),
            kind: Kind::Edit,
        }
    }

    fn receipt(of: u8, at_ms: u64, chain: ChainId, next: u64) -> Receipt {
        let signer = SigningKey::from_seed(&[of; 32]);
        Receipt::sign(
            &signer,
            Stage::EnRoute,
            at_ms,
            vec![Cover::Chain { chain, next }],
        )
    }

    /// What is said after these nodes told these differences, in seconds, of what was just written.
    fn check(told_s: &[(u8, i64)], said: Option<Off>) {
        let start = crate::clock::now();
        let mut others = Others::default();
        others.on_written(start, chain(1), 3);
        for (of, ahead_s) in told_s {
            let at_ms = (NOW_S * 1000).saturating_add_signed(ahead_s.saturating_mul(1000));
            let receipt = receipt(*of, at_ms, chain(1), 4);
            others.on_receipt(start + FRESH, NOW_S * 1000, &receipt);
        }
        assert_eq!(others.off(NOW_S, 0), said, "{told_s:?}");
    }

    #[test]
    fn the_clock_is_wrong_when_most_say_so() {
        check(&[], None);
        check(&[(1, 299), (2, -299)], None);
        check(&[(1, 300)], Some(Off::Behind { by_s: 300 }));
        check(&[(1, -7200)], Some(Off::Ahead { by_s: 7200 }));
        check(&[(1, 7200), (2, 0)], None);
        check(&[(1, 7200), (2, -7200)], None);
        check(
            &[(1, 7200), (2, 7230), (3, 0)],
            Some(Off::Behind { by_s: 7200 }),
        );
        check(&[(1, i64::MAX), (2, 0), (3, 1)], None);
        check(&[(1, 7200), (1, 2)], None);
    }

    #[test]
    fn only_what_was_written_a_moment_ago_tells_the_time() {
        let start = crate::clock::now();
        let mut others = Others::default();
        let old = receipt(1, 0, chain(1), 4);
        assert!(!others.listens(start));
        others.on_receipt(start, NOW_S * 1000, &old);
        others.on_written(start, chain(1), 4);
        assert!(others.listens(start));
        others.forget_written();
        assert!(!others.listens(start));
        others.on_written(start, chain(1), 4);
        others.on_receipt(start, NOW_S * 1000, &old);
        others.on_receipt(start, NOW_S * 1000, &receipt(1, 0, chain(2), 9));
        let late = start + FRESH + Duration::from_millis(1);
        others.on_receipt(late, NOW_S * 1000, &receipt(1, 0, chain(1), 5));
        assert!(!others.listens(late));
        assert_eq!(others.off(NOW_S, 0), None, "none of these was fresh");
    }

    #[test]
    fn no_clock_is_before_what_the_node_was_born_with() {
        let others = Others::default();
        let behind = |now_s, floor_s| others.off(now_s, floor_s);
        assert_eq!(behind(0, 0), Some(Off::Behind { by_s: FIRST_S }));
        assert_eq!(behind(NOW_S, NOW_S + 9), Some(Off::Behind { by_s: 9 }));
        assert_eq!(behind(NOW_S, NOW_S), None);
        assert_eq!(behind(u64::MAX, u64::MAX), None);
    }

    #[test]
    fn the_tables_stay_small() {
        let start = crate::clock::now();
        let mut others = Others::default();
        for number in 0..200 {
            others.on_written(start, chain(number), 0);
            let receipt = receipt(number, u64::MAX, chain(number), 1);
            others.on_receipt(start, 0, &receipt);
        }
        assert_eq!(others.written.len(), WRITTEN_MAX);
        assert_eq!(others.told.len(), TELLERS_MAX);
        assert!(matches!(others.off(NOW_S, 0), Some(Off::Behind { .. })));
    }
}
