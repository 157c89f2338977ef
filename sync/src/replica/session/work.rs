//! How much a peer may make this node look up.
//!
//! A few bytes can ask for what takes long to find. Each request costs what is looked at for it; a
//! peer may run up a debt that the largest honest first contact stays far below, and works it off
//! with time. Who goes beyond is sent away.

use std::time::Instant;

use crate::limits::{WORK_DEBT_MAX, WORK_PER_SECOND};

/// What a peer's requests have cost and time has not paid back.
#[derive(Debug, Default)]
pub struct Work {
    debt: u64,
    since: Option<Instant>,
}

impl Work {
    /// A request looks at so many things; gives whether the peer may ask for it.
    pub fn spend(&mut self, now: Instant, things: usize) -> bool {
        let since = self.since.replace(now).unwrap_or(now);
        let elapsed = now.saturating_duration_since(since).as_millis();
        let elapsed = u64::try_from(elapsed).unwrap_or(u64::MAX);
        let paid = elapsed.saturating_mul(WORK_PER_SECOND).checked_div(1000);
        let things = u64::try_from(things).unwrap_or(u64::MAX);
        self.debt = self
            .debt
            .saturating_sub(paid.unwrap_or(0))
            .saturating_add(things);
        self.debt <= WORK_DEBT_MAX
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_peer_may_run_up_a_debt_and_works_it_off() {
        let now = crate::test_clock();
        let mut work = Work::default();
        let most = WORK_DEBT_MAX as usize;
        assert!(work.spend(now, most));
        assert!(!work.spend(now, 1));
        let second = Duration::from_secs(1);
        assert!(work.spend(now + second, WORK_PER_SECOND as usize - 1));
        assert!(!work.spend(now + second, 1));
        assert!(work.spend(now + Duration::from_secs(1 << 40), most));
        assert!(!work.spend(now, usize::MAX) && !work.spend(now, usize::MAX));
    }
}
