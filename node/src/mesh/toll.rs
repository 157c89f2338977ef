//! What each peer may make its connections do: a pure machine.
//!
//! Below the frames that the application charges for, a peer opens streams, asks for signs of life,
//! tells of itself and has windows moved as often as it likes, and each of its connections has to
//! do with it. So the time that they use is paid for, but for what carries frames: a little of it
//! from what is the peer's own, and the rest from what all share. Whoever has spent what it had
//! waits, with all connections it has or makes anew. Half of what all share is kept for those who
//! have something left, so that those who flood wait for each other, and those who work for nobody.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use guichet_keys::SubjectId;

use super::limits::{
    TOLL_ACCOUNTS_MAX, TOLL_OWN_EACH_SECOND, TOLL_SAVED, TOLL_SHARED_EACH_SECOND,
    TOLL_SHARED_SAVED, TOLL_TOLD_EVERY, TOLL_WAIT,
};

/// Who has less than this part of what may be saved has nearly nothing left.
const SPENT_PART: i64 = 4;

/// The machine.
#[derive(Debug)]
pub(super) struct Tolls {
    accounts: BTreeMap<SubjectId, Account>,
    shared: Shared,
}

#[derive(Debug)]
struct Account {
    /// Below nothing, what was used beyond it.
    nanos: i64,
    at: Instant,
    /// Since when it has not had a second's allowance left, and had to wait.
    held_since: Option<Instant>,
    told_at: Option<Instant>,
}

/// What all share.
#[derive(Debug)]
struct Shared {
    nanos: i64,
    at: Instant,
}

impl Tolls {
    /// Nobody has used anything yet.
    pub fn new(now: Instant) -> Self {
        let shared = Shared {
            nanos: nanos(TOLL_SHARED_SAVED),
            at: now,
        };
        Self {
            accounts: BTreeMap::new(),
            shared,
        }
    }

    /// A connection of this peer used so much time, of which so much for what it is not charged for,
    /// now or shortly before or after.
    pub fn spent(&mut self, now: Instant, peer: SubjectId, used: Duration, free: Duration) {
        if !self.accounts.contains_key(&peer) && self.accounts.len() >= TOLL_ACCOUNTS_MAX {
            let says_something = |account: &Account| account.nanos < 0 || account.is_recent(now);
            self.accounts.retain(|_, account| says_something(account));
        }
        let account = self.accounts.entry(peer).or_insert_with(|| Account {
            nanos: nanos(TOLL_SAVED) / 2,
            at: now,
            held_since: None,
            told_at: None,
        });
        account.settle(now, &mut self.shared);
        // What is free beyond what was used counts for what comes.
        let charged = nanos(used).saturating_sub(nanos(free));
        let left = account.nanos.saturating_sub(charged);
        account.nanos = left.min(nanos(TOLL_SAVED));
    }

    /// Until when the connections of this peer wait, if they have to.
    pub fn held_until(&mut self, now: Instant, peer: &SubjectId) -> Option<Instant> {
        let account = self.accounts.get_mut(peer)?;
        account.settle(now, &mut self.shared);
        if account.nanos >= 0 {
            return None;
        }
        account.held_since.get_or_insert(now);
        Some(now + TOLL_WAIT)
    }

    /// Since when a peer has had to wait again and again; told of now and then.
    pub fn poll_held(&mut self, now: Instant, peer: &SubjectId) -> Option<Instant> {
        let account = self.accounts.get_mut(peer)?;
        let since = account.held_since?;
        let lately = |at: Instant| now.saturating_duration_since(at) < TOLL_TOLD_EVERY;
        if account.told_at.is_some_and(lately) {
            return None;
        }
        account.told_at = Some(now);
        Some(since)
    }
}

impl Account {
    /// Adds what was earned since, as far as what all share gives it.
    fn settle(&mut self, now: Instant, shared: &mut Shared) {
        let own = earned(self.at, now, TOLL_OWN_EACH_SECOND);
        // What is too short to earn anything counts on with what comes.
        if own > 0 {
            let most = nanos(TOLL_SAVED);
            let is_spent = self.nanos < most / SPENT_PART;
            let room = most.saturating_sub(self.nanos).saturating_sub(own);
            let wanted = earned(self.at, now, TOLL_SHARED_EACH_SECOND).min(room);
            let given = shared.draw(now, wanted, is_spent);
            let have = self.nanos.saturating_add(own).saturating_add(given);
            self.nanos = have.min(most);
            self.at = now;
        }
        if self.nanos >= nanos(TOLL_OWN_EACH_SECOND) {
            self.held_since = None;
        }
    }

    /// Whether it was not even looked at for as long as it takes to earn everything again.
    fn is_recent(&self, now: Instant) -> bool {
        earned(self.at, now, TOLL_OWN_EACH_SECOND) < nanos(TOLL_SAVED)
    }
}

impl Shared {
    /// Gives up to so much; half is kept for those who have something left.
    fn draw(&mut self, now: Instant, wanted: i64, is_spent: bool) -> i64 {
        let most = nanos(TOLL_SHARED_SAVED);
        let come = earned(self.at, now, TOLL_SHARED_EACH_SECOND);
        if come > 0 {
            self.nanos = self.nanos.saturating_add(come).min(most);
            self.at = now;
        }
        let kept = if is_spent { most / 2 } else { 0 };
        let given = wanted.clamp(0, self.nanos.saturating_sub(kept).max(0));
        self.nanos = self.nanos.saturating_sub(given);
        given
    }
}

fn earned(from: Instant, now: Instant, each_second: Duration) -> i64 {
    let passed = now.saturating_duration_since(from).as_nanos();
    let earned = passed.saturating_mul(each_second.as_nanos()) / 1_000_000_000;
    i64::try_from(earned).unwrap_or(i64::MAX)
}

fn nanos(time: Duration) -> i64 {
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const SECOND: Duration = Duration::from_secs(1);
    const MINUTE: Duration = Duration::from_secs(60);

    fn peer(number: u32) -> SubjectId {
        let mut id = [0; 32];
        id[..4].copy_from_slice(&number.to_be_bytes());
        SubjectId::from(id)
    }

    /// Lets peers use their connections for so long, a part of a millisecond at a time, whenever
    /// they may; what each used.
    fn flood(tolls: &mut Tolls, from: Instant, lasting: Duration, peers: u32) -> Vec<Duration> {
        let step = MS / 4;
        let mut used = vec![Duration::ZERO; peers as usize];
        let mut held = vec![from; peers as usize];
        let mut now = from;
        while now < from + lasting {
            for (number, (used, held)) in (0..peers).zip(used.iter_mut().zip(&mut held)) {
                if *held > now {
                    continue;
                }
                match tolls.held_until(now, &peer(number)) {
                    Some(until) => *held = until,
                    None => {
                        tolls.spent(now, peer(number), step, Duration::ZERO);
                        *used += step;
                    }
                }
            }
            now += step;
        }
        used
    }

    #[test]
    fn a_flood_gets_what_is_saved_and_then_its_share_and_is_told_of() {
        let start = Instant::now();
        let mut tolls = Tolls::new(start);
        let used = flood(&mut tolls, start, MINUTE, 1)[0];
        let each_second = TOLL_OWN_EACH_SECOND + TOLL_SHARED_EACH_SECOND;
        let paid = TOLL_SAVED / 2 + each_second * 60;
        assert!(used.abs_diff(paid) < paid / 20, "{used:?} of {paid:?}");
        let end = start + MINUTE;
        let since = tolls.poll_held(end, &peer(0)).expect("told");
        assert!(since < start + 5 * SECOND, "{:?}", since - start);
        assert_eq!(tolls.poll_held(end, &peer(0)), None, "now and then");
        assert!(tolls.poll_held(end + TOLL_TOLD_EVERY, &peer(0)).is_some());
    }

    #[test]
    fn ten_that_flood_cost_twice_as_much_as_one_at_most() {
        let start = Instant::now();
        let mut one = Tolls::new(start);
        let alone: Duration = flood(&mut one, start, MINUTE, 1).iter().sum();
        let mut ten = Tolls::new(start);
        let used = flood(&mut ten, start, MINUTE, 10);
        let together: Duration = used.iter().sum();
        assert!(together <= alone * 9 / 4, "{together:?}, one {alone:?}");
        for number in 0..10 {
            assert!(tolls_name(&mut ten, start + MINUTE, number));
        }
    }

    fn tolls_name(tolls: &mut Tolls, now: Instant, number: u32) -> bool {
        tolls.poll_held(now, &peer(number)).is_some()
    }

    #[test]
    fn nobody_else_waits_or_is_told_of() {
        let start = Instant::now();
        let mut tolls = Tolls::new(start);
        let (honest, mut now) = (peer(100), start);
        for _ in 0..60 {
            flood(&mut tolls, now, SECOND, 10);
            now += SECOND;
            assert_eq!(tolls.held_until(now, &honest), None);
            tolls.spent(now, honest, TOLL_SHARED_EACH_SECOND / 2, Duration::ZERO);
            // It is sent much, which is not its doing.
            tolls.spent(now, honest, MS * 200, MS * 150);
            tolls.spent(now, honest, MS * 200, MS * 250);
        }
        assert_eq!(tolls.poll_held(now, &honest), None);
    }

    #[test]
    fn whoever_stops_is_free_again_and_told_of_no_more() {
        let start = Instant::now();
        let mut tolls = Tolls::new(start);
        flood(&mut tolls, start, 20 * SECOND, 1);
        let later = start + 25 * SECOND;
        assert_eq!(tolls.held_until(later, &peer(0)), None);
        assert_eq!(tolls.poll_held(later, &peer(0)), None);
    }

    #[test]
    fn the_table_is_bounded_and_empties() {
        let start = Instant::now();
        let mut tolls = Tolls::new(start);
        let each = u32::try_from(TOLL_ACCOUNTS_MAX).expect("few");
        for number in 0..each {
            tolls.spent(start, peer(number), MS, Duration::ZERO);
        }
        tolls.spent(start + MINUTE, peer(each), MS, Duration::ZERO);
        assert_eq!(tolls.accounts.len(), 1);
    }
}
