//! When a desk that nobody is at locks itself, as a pure machine.
//!
//! Whatever only a person does is an act. After so long without one the desk locks, and says so
//! [`NOTICE_MAX`] before. While somebody is called, spoken with or handed over the clock stands.
//!
//! ```text
//!              acted, engaged                     nobody acts
//!          ┌───────────────────┐          ┌───────────────────────┐
//!          ▼                   │          │                       ▼
//! Closed ─▶ Open ──nobody acts──▶ Noticed ┘                    Closed
//! ```

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long before it locks the desk says so, unless that is more than half of the whole time.
pub const NOTICE_MAX: Duration = Duration::from_secs(60);

/// What has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A vault was opened.
    Unlocked,
    /// It was closed, by whomever.
    Locked,
    /// Somebody at the desk did something.
    Acted,
    /// Whether somebody is called, spoken with or handed over here.
    Engaged(bool),
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Say when the desk will lock.
    Announce,
    /// Take that back.
    Withdraw,
    /// Close the vault.
    Lock,
}

/// The clock of one desk.
#[derive(Debug)]
pub struct IdleLock {
    after: Option<Duration>,
    state: State,
    outputs: VecDeque<Output>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Closed,
    Engaged,
    Open { acted: Instant, announced: bool },
}

impl IdleLock {
    /// Of a desk that locks after so long without an act; without that time, never.
    pub fn new(after: Option<Duration>) -> Self {
        Self {
            after,
            state: State::Closed,
            outputs: VecDeque::new(),
        }
    }

    /// Takes in what has happened.
    pub fn handle_input(&mut self, now: Instant, input: Input) {
        let next = match (input, self.state) {
            (Input::Locked, _) => State::Closed,
            (Input::Unlocked, _) | (Input::Acted, State::Open { .. }) => open(now),
            (Input::Engaged(true), State::Open { .. }) => State::Engaged,
            // Who has just spoken with somebody is there.
            (Input::Engaged(false), State::Engaged) => open(now),
            (Input::Acted | Input::Engaged(_), state) => state,
        };
        if self.is_announced() && !announced(next) {
            self.outputs.push_back(Output::Withdraw);
        }
        self.state = next;
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        let (Some(notice), Some(end)) = (self.notice_at(), self.locks_at()) else {
            return;
        };
        let State::Open { announced, .. } = &mut self.state else {
            return;
        };
        if end <= now {
            self.state = State::Closed;
            self.outputs.push_back(Output::Lock);
        } else if notice <= now && !*announced {
            *announced = true;
            self.outputs.push_back(Output::Announce);
        }
    }

    /// What is to be done next.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When it must be looked at again.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.is_announced() {
            true => self.locks_at(),
            false => self.notice_at(),
        }
    }

    /// How long until it locks, once that is announced.
    pub fn announced(&self, now: Instant) -> Option<Duration> {
        let end = self.locks_at().filter(|_| self.is_announced())?;
        Some(end.saturating_duration_since(now))
    }

    /// How long before it locks it says so.
    pub fn notice(&self) -> Duration {
        NOTICE_MAX.min(self.after.unwrap_or(NOTICE_MAX) / 2)
    }

    fn is_announced(&self) -> bool {
        announced(self.state)
    }

    fn locks_at(&self) -> Option<Instant> {
        match self.state {
            State::Open { acted, .. } => acted.checked_add(self.after?),
            State::Closed | State::Engaged => None,
        }
    }

    fn notice_at(&self) -> Option<Instant> {
        self.locks_at()?.checked_sub(self.notice())
    }
}

fn open(now: Instant) -> State {
    State::Open {
        acted: now,
        announced: false,
    }
}

fn announced(state: State) -> bool {
    match state {
        State::Open { announced, .. } => announced,
        State::Closed | State::Engaged => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AFTER: Duration = Duration::from_secs(600);

    /// A desk in virtual time.
    struct Desk {
        lock: IdleLock,
        start: Instant,
    }

    impl Desk {
        fn open(after: Option<Duration>) -> Self {
            let (start, lock) = (crate::clock::now(), IdleLock::new(after));
            let mut desk = Self { lock, start };
            desk.tell(0, Input::Unlocked);
            desk
        }

        fn tell(&mut self, at_s: u64, input: Input) {
            let now = self.start + Duration::from_secs(at_s);
            self.lock.handle_input(now, input);
        }

        /// What it says by then, each with the second it was said at.
        fn until(&mut self, at_s: u64) -> Vec<(u64, Output)> {
            let end = self.start + Duration::from_secs(at_s);
            let mut said = Vec::new();
            let mut at = self.start;
            loop {
                let seconds = at.duration_since(self.start).as_secs();
                said.extend(std::iter::from_fn(|| self.lock.poll_output()).map(|it| (seconds, it)));
                match self.lock.poll_timeout().filter(|due| *due <= end) {
                    Some(due) => at = due.max(at),
                    None => return said,
                }
                self.lock.handle_timeout(at);
            }
        }
    }

    #[test]
    fn it_says_so_a_minute_before_and_locks() {
        let mut desk = Desk::open(Some(AFTER));
        assert_eq!(desk.until(539), []);
        assert_eq!(desk.until(599), [(540, Output::Announce)]);
        let at = desk.start + Duration::from_secs(570);
        assert_eq!(desk.lock.announced(at), Some(Duration::from_secs(30)));
        assert_eq!(desk.until(600), [(600, Output::Lock)]);
        assert_eq!(desk.lock.announced(at), None);
        assert_eq!(desk.until(10_000), [], "once");
        desk.tell(10_000, Input::Acted);
        assert_eq!(desk.until(20_000), [], "a locked desk stays locked");
    }

    #[test]
    fn an_act_begins_the_time_again_and_takes_the_notice_back() {
        let mut desk = Desk::open(Some(AFTER));
        desk.tell(500, Input::Acted);
        assert_eq!(desk.until(1_050), [(1_040, Output::Announce)]);
        desk.tell(1_050, Input::Acted);
        assert_eq!(desk.lock.poll_output(), Some(Output::Withdraw));
        assert_eq!(
            desk.until(1_650),
            [(1_590, Output::Announce), (1_650, Output::Lock)]
        );
        desk.tell(1_700, Input::Unlocked);
        desk.tell(2_250, Input::Locked);
        assert_eq!(desk.until(9_000), [], "locked by hand");
    }

    #[test]
    fn it_never_locks_while_somebody_is_spoken_with() {
        let mut desk = Desk::open(Some(AFTER));
        assert_eq!(desk.until(550), [(540, Output::Announce)]);
        desk.tell(550, Input::Engaged(true));
        assert_eq!(desk.lock.poll_output(), Some(Output::Withdraw));
        desk.tell(560, Input::Acted);
        assert_eq!(desk.until(100_000), []);
        desk.tell(100_000, Input::Engaged(false));
        assert_eq!(
            desk.until(100_600),
            [(100_540, Output::Announce), (100_600, Output::Lock)]
        );
    }

    #[test]
    fn a_short_time_is_halved_and_none_never_ends() {
        let mut desk = Desk::open(Some(NOTICE_MAX));
        assert_eq!(desk.until(60), [(30, Output::Announce), (60, Output::Lock)]);
        assert_eq!(Desk::open(None).until(1_000_000), []);
        assert_eq!(Desk::open(Some(Duration::MAX)).until(1_000_000), []);
    }
}
