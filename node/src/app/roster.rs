//! When a relay tells who is there. A pure machine.
//!
//! The first change is told at once, and those that follow soon are told together: a member that
//! goes and comes back, or a hundred that come at once, cost the others one word. Nothing is told
//! of a change that changed nothing.

use std::time::{Duration, Instant};

use guichet_sync::wire::Presence;

/// What changes within this time after it was told is told together.
pub const TOLD_EVERY: Duration = Duration::from_millis(500);

/// What was told last, and when more is to be.
#[derive(Debug, Default)]
pub struct Roster {
    told: Vec<Presence>,
    told_at: Option<Instant>,
    due: Option<Instant>,
    newcomer: bool,
}

impl Roster {
    /// Something about somebody may have changed.
    pub fn changed(&mut self, now: Instant) {
        let next = self.told_at.map_or(now, |told| told + TOLD_EVERY);
        self.due.get_or_insert(next.max(now));
    }

    /// Somebody is there who was told nothing yet.
    pub fn joined(&mut self, now: Instant) {
        self.newcomer = true;
        self.changed(now);
    }

    /// When `telling` has something to say.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.due
    }

    /// What is to be told now of those who are there, and of those who left, if anything.
    pub fn telling(&mut self, now: Instant, present: Vec<Presence>) -> Option<Vec<Presence>> {
        self.due.take_if(|due| *due <= now)?;
        let newcomer = std::mem::take(&mut self.newcomer);
        if !newcomer && present == self.told {
            return None;
        }
        self.told_at = Some(now);
        self.told.clone_from(&present);
        Some(present)
    }
}

#[cfg(test)]
mod tests {
    use guichet_keys::SubjectId;

    use super::*;

    fn present(online: &[(u8, bool)]) -> Vec<Presence> {
        let presence = |(member, online): &(u8, bool)| Presence {
            member: SubjectId::from([*member; 32]),
            online: *online,
            addresses: Vec::new(),
        };
        online.iter().map(presence).collect()
    }

    /// Tells of each change at its time, and counts how often anything is told.
    fn told(roster: &mut Roster, start: Instant, changes: &[(u64, &[(u8, bool)])]) -> usize {
        let mut told = 0;
        let mut now = Vec::new();
        let end = changes.last().map_or(0, |(at, _)| *at) + 2_000;
        let mut changes = changes.iter().peekable();
        for ms in 0..end {
            let at = start + Duration::from_millis(ms);
            while let Some((_, change)) = changes.next_if(|(due, _)| *due == ms) {
                now = present(change);
                roster.changed(at);
            }
            told += usize::from(roster.telling(at, now.clone()).is_some());
        }
        assert_eq!(roster.poll_timeout(), None, "nothing is left to tell");
        told
    }

    #[test]
    fn a_change_is_told_at_once_and_a_flap_costs_no_more() {
        let start = Instant::now();
        let mut roster = Roster::default();
        roster.changed(start);
        assert!(roster.telling(start, present(&[(1, true)])).is_some());

        let later = start + Duration::from_secs(60);
        let flap: [(u64, &[(u8, bool)]); 3] = [
            (0, &[(1, false)]),
            (100, &[(1, true)]),
            (200, &[(1, false)]),
        ];
        assert_eq!(told(&mut roster, later, &flap), 1, "it was away, and is");
        let later = later + Duration::from_secs(60);
        let back: [(u64, &[(u8, bool)]); 2] = [(0, &[(1, true)]), (100, &[(1, false)])];
        assert_eq!(told(&mut roster, later, &back), 2);
    }

    #[test]
    fn a_hundred_who_come_within_a_second_are_told_of_in_three_words() {
        let all: Vec<(u8, bool)> = (0..100).map(|member| (member, true)).collect();
        let coming: Vec<(u64, &[(u8, bool)])> = (0..100_usize)
            .map(|member| (member as u64 * 10, &all[..=member]))
            .collect();
        assert_eq!(told(&mut Roster::default(), Instant::now(), &coming), 3);
    }

    #[test]
    fn what_changes_nothing_is_told_to_nobody_but_a_newcomer() {
        let start = Instant::now();
        let mut roster = Roster::default();
        let same: [(u64, &[(u8, bool)]); 3] = [
            (0, &[(1, true)]),
            (900, &[(1, true)]),
            (1_800, &[(1, true)]),
        ];
        assert_eq!(told(&mut roster, start, &same), 1);
        let later = start + Duration::from_secs(60);
        roster.joined(later);
        assert!(roster.telling(later, present(&[(1, true)])).is_some());
    }
}
