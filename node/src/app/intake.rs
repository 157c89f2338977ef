//! What each peer may make this node do: a pure machine.
//!
//! What peers send waits here, each in a queue of its own, until the event loop has time for it.
//! What a peer costs is measured and paid from an allowance that its role has; whoever has spent
//! theirs waits, and the mesh reads no more from them once what waits fills their credit. The
//! others have their turns in between, so one peer's flood costs that peer's time only. A token
//! bucket for each, with a deficit round robin between them (Shreedhar and Varghese, 1995), filled
//! from one [`Pot`] for each role, so that many peers cost little more than one.

mod pot;
mod price;

pub use price::{Allowance, Cost, Lane, blocks};

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Bound;
use std::time::{Duration, Instant};

use guichet_keys::{Role, SubjectId};

use pot::{Pot, Standing, Terms};

/// Who has spent everything waits until it has this much again: frames are taken in bundles.
const BUNDLE: Duration = Duration::from_millis(5);
/// Who was made to wait this long, without a second's allowance in between, is named.
const NAMED_AFTER: Duration = Duration::from_secs(5);
/// This part of what a peer may save is its own; the rest, and what it earns, come from the pot of
/// its role. Who has less than half of that has spent nearly everything.
const OWN_PART: i64 = 10;
/// For so long after it was last made to wait.
const NAMED_FOR: Duration = Duration::from_secs(3600);

/// A peer that sends more than this node has time for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flood {
    /// Which.
    pub peer: SubjectId,
    /// When it was first made to wait.
    pub since: Instant,
    /// Until when it was, as far as is known.
    pub until: Instant,
}

type Key = (Lane, SubjectId);

/// The machine; `T` is what was sent.
#[derive(Debug)]
pub struct Intake<T> {
    accounts: BTreeMap<Key, Account<T>>,
    /// Those of them where something waits.
    waiting: BTreeSet<Key>,
    served: Option<Key>,
    members: BTreeMap<Role, usize>,
    pots: BTreeMap<(Lane, Option<Role>), Pot>,
    floods: BTreeMap<SubjectId, (Instant, Instant)>,
}

#[derive(Debug)]
struct Account<T> {
    waiting: VecDeque<T>,
    role: Option<Role>,
    allowance: Allowance,
    /// Below nothing, what the last one cost too much.
    micros: i64,
    at: Instant,
    /// Since when it has not had a second's allowance left, and something had to wait.
    held_since: Option<Instant>,
}

impl<T> Default for Intake<T> {
    fn default() -> Self {
        Self {
            accounts: BTreeMap::new(),
            waiting: BTreeSet::new(),
            served: None,
            members: BTreeMap::new(),
            pots: BTreeMap::new(),
            floods: BTreeMap::new(),
        }
    }
}

impl<T> Intake<T> {
    /// So many members of each role may send something.
    pub fn set_members(&mut self, members: BTreeMap<Role, usize>) {
        self.members = members;
        for ((lane, role), pot) in &mut self.pots {
            if let Some(terms) = terms(&self.members, *role, *lane) {
                pot.set_terms(terms);
            }
        }
    }

    /// Something was sent by a peer of this role.
    pub fn arrived(&mut self, now: Instant, key: Key, role: Option<Role>, sent: T) {
        self.account(now, key, role).waiting.push_back(sent);
        self.waiting.insert(key);
    }

    fn account(&mut self, now: Instant, key: Key, role: Option<Role>) -> &mut Account<T> {
        let allowance = Allowance::of(role, key.0);
        if let Entry::Vacant(place) = self.pots.entry((key.0, role))
            && let Some(terms) = terms(&self.members, role, key.0)
        {
            place.insert(Pot::new(now, terms));
        }
        let pot = self.pots.get_mut(&(key.0, role));
        let account = self.accounts.entry(key).or_insert_with(|| {
            let mut account = Account {
                waiting: VecDeque::new(),
                role,
                allowance,
                micros: 0,
                at: now,
                held_since: None,
            };
            let saved = micros(allowance.saved);
            let own = account.own();
            account.micros = own + drawn(pot, now, saved - own, Standing::Spent);
            account
        });
        (account.role, account.allowance) = (role, allowance);
        account
    }

    /// What was sent there and not taken in is void: the stream has ended. What was spent stays spent.
    pub fn ended(&mut self, key: Key) {
        if let Some(account) = self.accounts.get_mut(&key) {
            account.waiting.clear();
        }
        self.waiting.remove(&key);
    }

    /// Whether something can be taken in now.
    pub fn is_ready(&self, now: Instant) -> bool {
        self.those_waiting().any(|account| account.has(now))
    }

    /// What is to be taken in next; `spent` says afterwards what it cost.
    pub fn poll_output(&mut self, now: Instant) -> Option<(Key, T)> {
        let after = self.served.map_or(Bound::Unbounded, Bound::Excluded);
        let behind = self.waiting.range((after, Bound::Unbounded));
        let keys: Vec<Key> = behind.chain(&self.waiting).copied().collect();
        keys.into_iter().find_map(|key| {
            let sent = self.poll_output_of(now, key)?;
            self.served = Some(key);
            Some((key, sent))
        })
    }

    /// The same, of one.
    pub fn poll_output_of(&mut self, now: Instant, key: Key) -> Option<T> {
        let account = self.accounts.get_mut(&key)?;
        if !account.has(now) {
            return None;
        }
        account.settle(now, self.pots.get_mut(&(key.0, account.role)));
        // What it would have earned by now may not be in the pot.
        if account.micros <= 0 {
            return None;
        }
        let sent = account.waiting.pop_front();
        if account.waiting.is_empty() {
            self.waiting.remove(&key);
        }
        sent
    }

    /// What was taken in last from there came to so much.
    pub fn spent(&mut self, now: Instant, key: Key, cost: Cost) {
        if let Some(account) = self.accounts.get(&key) {
            self.pay(now, key, cost.price(account.allowance));
        }
    }

    /// What a peer of this role wrote kept others of this node busy for so long, whoever brought it.
    pub fn worked(&mut self, now: Instant, peer: SubjectId, role: Option<Role>, busy: Duration) {
        let key = (Lane::Cases, peer);
        self.account(now, key, role);
        self.pay(now, key, busy);
    }

    fn pay(&mut self, now: Instant, key: Key, price: Duration) {
        let Some(account) = self.accounts.get_mut(&key) else {
            return;
        };
        account.settle(now, self.pots.get_mut(&(key.0, account.role)));
        account.micros = account.micros.saturating_sub(micros(price));
        if account.micros <= 0 && !account.waiting.is_empty() {
            account.held_since.get_or_insert(now);
        }
        if let Some(since) = account.held_since {
            self.held(now, key.1, since);
        }
    }

    /// A peer has been made to wait since then, here or by the mesh.
    pub fn held(&mut self, now: Instant, peer: SubjectId, since: Instant) {
        if now.saturating_duration_since(since) >= NAMED_AFTER {
            self.floods.entry(peer).or_insert((since, now)).1 = now;
        }
    }

    /// When something that waits is paid for.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.those_waiting().map(Account::ready_at).min()
    }

    fn those_waiting(&self) -> impl Iterator<Item = &Account<T>> {
        let waiting = self.waiting.iter();
        waiting.filter_map(|key| self.accounts.get(key))
    }

    /// Time has passed: what says nothing any more is forgotten.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.accounts.retain(|(lane, _), account| {
            let mut pot = self.pots.get_mut(&(*lane, account.role));
            account.settle(now, pot.as_deref_mut());
            let saved = micros(account.allowance.saved);
            let stays = !account.waiting.is_empty() || account.micros < saved;
            if !stays && let Some(pot) = pot {
                pot.give_back(saved - account.own());
            }
            stays
        });
        self.floods
            .retain(|_, (_, until)| now.saturating_duration_since(*until) < NAMED_FOR);
    }

    /// Who had to wait lately because it sent more than it may.
    pub fn floods(&self) -> impl Iterator<Item = Flood> {
        let named = self.floods.iter();
        named.map(|(peer, (since, until))| Flood {
            peer: *peer,
            since: *since,
            until: *until,
        })
    }
}

impl<T> Account<T> {
    /// Whether the next thing may be taken in: something is left, or it has waited for a bundle.
    fn has(&self, now: Instant) -> bool {
        if self.micros > 0 {
            return true;
        }
        self.ready_at() <= now
    }

    fn ready_at(&self) -> Instant {
        if self.micros > 0 {
            return self.at;
        }
        let missing = micros(BUNDLE).saturating_sub(self.micros);
        let each_second = micros(self.allowance.each_second).max(1);
        let wait = missing.saturating_mul(1_000_000) / each_second;
        self.at + Duration::from_micros(wait.unsigned_abs().saturating_add(1))
    }

    /// What it has without the pot.
    fn own(&self) -> i64 {
        micros(self.allowance.saved) / OWN_PART
    }

    /// Adds what was earned since, as far as the pot gives it.
    fn settle(&mut self, now: Instant, pot: Option<&mut Pot>) {
        let passed = now.saturating_duration_since(self.at);
        let earned = micros(passed).saturating_mul(micros(self.allowance.each_second)) / 1_000_000;
        // A rest of less than a microsecond counts on with what comes.
        if earned > 0 {
            let most = micros(self.allowance.saved);
            let wanted = earned.min(most.saturating_sub(self.micros));
            let standing = match self.micros < self.own() / 2 {
                true => Standing::Spent,
                false => Standing::Solvent,
            };
            self.micros = self
                .micros
                .saturating_add(drawn(pot, now, wanted, standing));
            self.at = now;
        }
        if self.micros >= micros(self.allowance.each_second) {
            self.held_since = None;
        }
    }
}

fn terms(members: &BTreeMap<Role, usize>, role: Option<Role>, lane: Lane) -> Option<Terms> {
    let members = role.and_then(|role| members.get(&role)).copied();
    Terms::of(role, lane, members.unwrap_or_default())
}

/// What a pot gives; who has none has all that is asked for.
fn drawn(pot: Option<&mut Pot>, now: Instant, wanted: i64, standing: Standing) -> i64 {
    match pot {
        Some(pot) => pot.draw(now, wanted, standing),
        None => wanted,
    }
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX / 2_000_000)
}

#[cfg(test)]
mod tests;
