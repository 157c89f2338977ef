//! What is true of the lines, in one place: whether this node hears anybody, and since when a
//! member that it heard is heard no more.
//!
//! Two things count as hearing: that a member is online (a link to it stands, or to a relay that
//! vouches for it), and that its voice or picture arrives. Everything that pages say of a line is
//! drawn from here, so that no two places contradict each other.
//!
//! **Whose cut it is.** While nobody is heard, the line that is cut is this node's own, and nothing
//! is said of others: they are known again once they are heard again.

use std::collections::{BTreeMap, BTreeSet};

use guichet_keys::{ServiceId, SubjectId};
use guichet_media::online::Online;

use super::node::Node;
use crate::clock;
use crate::web::counter::Change;
use crate::web::view::{CutAt, Line, Reach};

/// The machine.
#[derive(Debug)]
pub struct Heard {
    line: Line,
    /// Who has been heard since this node's line was last cut.
    known: BTreeSet<SubjectId>,
    /// Those of them who are not heard now, with the time since when.
    cut: BTreeMap<SubjectId, u64>,
}

impl Default for Heard {
    fn default() -> Self {
        Self {
            line: Line::Cut { since_s: None },
            known: BTreeSet::new(),
            cut: BTreeMap::new(),
        }
    }
}

impl Heard {
    /// Takes in who is there at a time in Unix seconds, and whose voice or picture arrives; whether
    /// anything is told otherwise now.
    pub fn look(&mut self, now_s: u64, online: &Online, media: Option<SubjectId>) -> bool {
        let anybody = media.is_some() || !online.is_cut();
        let line = match (anybody, self.line) {
            (true, _) => Line::Up,
            (false, Line::Up) => Line::Cut {
                since_s: Some(now_s),
            },
            (false, cut @ Line::Cut { .. }) => cut,
        };
        let mut cut = BTreeMap::new();
        if anybody {
            let there = online.members().filter(|member| online.is_online(member));
            self.known.extend(there.copied().chain(media));
            for member in &self.known {
                if Some(*member) != media && !online.is_online(member) {
                    let since_s = self.cut_since(member).unwrap_or(now_s);
                    cut.insert(*member, since_s);
                }
            }
        } else {
            self.known.clear();
        }
        let changed = line != self.line || cut != self.cut;
        (self.line, self.cut) = (line, cut);
        changed
    }

    /// This node's own line.
    pub fn line(&self) -> Line {
        self.line
    }

    /// Since when a member is not heard any more, in Unix seconds, while this node's line is up.
    pub fn cut_since(&self, member: &SubjectId) -> Option<u64> {
        self.cut.get(member).copied()
    }
}

impl Node {
    /// Looks at who is heard, and has pages drawn anew where anything is true no longer.
    pub(super) fn look_who_is_heard(&mut self) {
        let (online, media) = (self.calls.hall.online(), self.calls.arrives_from());
        if self.heard.look(clock::wall_s(), online, media) {
            let changes = [Change::Home, Change::Visit, Change::Desk, Change::Call];
            let all = changes.into_iter().chain([Change::Status]);
            all.for_each(|change| self.counter.tell(change));
        }
    }

    /// How a service can be reached from here.
    pub(super) fn reach(&self, service: &ServiceId) -> Reach {
        if self.heard.line() != Line::Up {
            return Reach::Cut;
        }
        let online = self.calls.hall.online();
        let mut stations = self.replica.directory().stations_of(service);
        match stations.any(|station| online.is_online(&station.subject)) {
            true => Reach::Here,
            false => Reach::Kept,
        }
    }

    /// Where the line to a member is cut.
    pub(super) fn cut_to(&self, member: &SubjectId) -> CutAt {
        match (self.heard.line(), self.heard.cut_since(member)) {
            (Line::Cut { since_s }, _) => CutAt::Here { since_s },
            (Line::Up, Some(since_s)) => CutAt::There { since_s },
            (Line::Up, None) => CutAt::Nowhere,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relay() -> SubjectId {
        SubjectId::from([1; 32])
    }

    fn kiosk() -> SubjectId {
        SubjectId::from([2; 32])
    }

    /// What happens, one thing a second.
    #[derive(Clone, Copy, Debug)]
    enum Step {
        Linked(u8),
        Parted(u8),
        Vouched(bool),
        Media(bool),
    }

    use Step::{Linked, Media, Parted, Vouched};

    /// Lives through these from second 100 on; then tells this node's line, and since when the
    /// kiosk is not heard.
    fn check(steps: &[Step], line: Line, kiosk_cut_since_s: Option<u64>) {
        let (mut heard, mut online, mut media) = (Heard::default(), Online::default(), None);
        for (now_s, step) in (100..).zip(steps) {
            match *step {
                Linked(number) => online.linked(SubjectId::from([number; 32])),
                Parted(number) => drop(online.parted(&SubjectId::from([number; 32]))),
                Vouched(there) => online.vouched(&relay(), kiosk(), there),
                Media(arrives) => media = arrives.then(kiosk),
            }
            heard.look(now_s, &online, media);
        }
        let told = (heard.line(), heard.cut_since(&kiosk()));
        assert_eq!(told, (line, kiosk_cut_since_s), "{steps:?}");
    }

    const fn cut(since_s: u64) -> Line {
        Line::Cut {
            since_s: Some(since_s),
        }
    }

    #[test]
    fn a_line_is_up_while_anybody_is_heard() {
        check(&[], Line::Cut { since_s: None }, None);
        check(&[Linked(1)], Line::Up, None);
        check(&[Linked(1), Parted(1)], cut(101), None);
        check(&[Linked(1), Parted(1), Parted(1)], cut(101), None);
        check(&[Linked(1), Parted(1), Linked(1)], Line::Up, None);
        check(&[Linked(1), Linked(3), Parted(1)], Line::Up, None);
        let speaking = [Linked(2), Media(true), Parted(2)];
        check(&speaking, Line::Up, None);
        check(&[&speaking[..], &[Media(false)]].concat(), cut(103), None);
    }

    #[test]
    fn another_is_cut_off_once_nobody_hears_them() {
        let met = [Linked(1), Vouched(true)];
        let and = |more: &[Step]| [&met, more].concat();
        check(&met, Line::Up, None);
        check(&and(&[Vouched(false)]), Line::Up, Some(102));
        check(&and(&[Vouched(false), Vouched(false)]), Line::Up, Some(102));
        check(&and(&[Vouched(false), Vouched(true)]), Line::Up, None);
        check(&and(&[Linked(2), Parted(2)]), Line::Up, None);
        let alone = and(&[Linked(2), Parted(2), Vouched(false)]);
        check(&alone, Line::Up, Some(104));
        check(&[&alone[..], &[Media(true)]].concat(), Line::Up, None);
        check(&[Linked(1), Vouched(false)], Line::Up, None);
    }

    #[test]
    fn while_the_own_line_is_cut_nothing_is_said_of_others() {
        let cut_off = [Linked(1), Vouched(true), Parted(1)];
        check(&cut_off, cut(102), None);
        let back = [&cut_off[..], &[Linked(1)]].concat();
        check(&back, Line::Up, None);
        let met = [&back[..], &[Vouched(true)]].concat();
        check(&met, Line::Up, None);
        check(&[&met[..], &[Vouched(false)]].concat(), Line::Up, Some(105));
    }

    #[test]
    fn only_what_is_told_otherwise_is_a_change() {
        let (mut heard, mut online) = (Heard::default(), Online::default());
        online.linked(relay());
        assert!(heard.look(1, &online, None));
        assert!(!heard.look(2, &online, None));
        online.vouched(&relay(), kiosk(), true);
        assert!(!heard.look(3, &online, None), "nobody was missing");
        online.vouched(&relay(), kiosk(), false);
        assert!(heard.look(4, &online, None));
        assert!(!heard.look(5, &online, None));
    }
}
