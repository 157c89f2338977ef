//! How the other end of a call is in touch: what its node tells, and what its media proves.
//!
//! A notice of the other node ends a loss. Media proves that it lives and no more, so while it
//! arrives nobody gives up. While our own line is cut nobody can be heard, and nobody is lost.

use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Contact {
    own_line_is_cut: bool,
    /// Since when the other node has told nothing.
    untold: Option<Instant>,
    /// Since when it has neither told nor sent anything, and nobody but it is to blame.
    lost: Option<Instant>,
}

impl Contact {
    /// Another call begins: its other end was just heard of.
    pub fn begin(&mut self) {
        (self.untold, self.lost) = (None, None);
    }

    /// The other node is not there any more; whether that is a loss that begins now.
    pub fn gone(&mut self, now: Instant) -> bool {
        self.untold.get_or_insert(now);
        let begins = self.lost.is_none() && !self.own_line_is_cut;
        if begins {
            self.lost = Some(now);
        }
        begins
    }

    /// The other node told something; whether that ends a loss.
    pub fn told(&mut self) -> bool {
        self.untold = None;
        self.lost.take().is_some()
    }

    /// Media of the other end arrives: whoever waits for more has as long again.
    pub fn alive(&mut self, now: Instant) {
        if let Some(lost) = &mut self.lost {
            *lost = now;
        }
    }

    pub fn line_cut(&mut self, now: Instant) {
        if !self.own_line_is_cut {
            self.own_line_is_cut = true;
            self.untold.get_or_insert(now);
            self.lost = None;
        }
    }

    /// Once the line is back, the other end has as long to be heard again as after any loss.
    pub fn line_returned(&mut self, now: Instant) {
        if self.own_line_is_cut {
            self.own_line_is_cut = false;
            self.lost = self.untold.map(|_| now);
        }
    }

    /// Since when it has been neither heard nor heard of, through no fault of this end's line.
    pub fn lost(&self) -> Option<Instant> {
        self.lost
    }

    /// For how long the other node has told nothing.
    pub fn untold_for(&self, now: Instant) -> Duration {
        self.untold
            .map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }

    /// When somebody who waits for so long gives up.
    pub fn gives_up_at(&self, patience: Duration) -> Option<Instant> {
        self.lost.and_then(|lost| lost.checked_add(patience))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_clock;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_notice_ends_a_loss_and_media_only_postpones_giving_up() {
        let start = test_clock();
        let mut contact = Contact::default();
        assert!(contact.gone(start));
        assert!(!contact.gone(start + SECOND), "it began before");
        contact.alive(start + 20 * SECOND);
        let given_up = contact.gives_up_at(30 * SECOND);
        assert_eq!(given_up, Some(start + 50 * SECOND));
        assert_eq!(contact.untold_for(start + 21 * SECOND), 21 * SECOND);
        assert!(contact.told());
        assert_eq!(contact.gives_up_at(30 * SECOND), None);
        contact.alive(start + 22 * SECOND);
        assert_eq!(contact.lost(), None, "media begins no loss");
    }

    #[test]
    fn nobody_is_lost_while_the_own_line_is_cut() {
        let start = test_clock();
        let mut contact = Contact::default();
        contact.gone(start);
        contact.line_cut(start + SECOND);
        assert_eq!(contact.lost(), None);
        assert!(!contact.gone(start + 2 * SECOND));
        contact.line_cut(start + 3 * SECOND);
        contact.line_returned(start + 300 * SECOND);
        contact.line_returned(start + 310 * SECOND);
        assert_eq!(contact.lost(), Some(start + 300 * SECOND));
        assert_eq!(contact.untold_for(start + 300 * SECOND), 300 * SECOND);
        assert!(contact.told());
    }

    #[test]
    fn who_was_told_of_while_the_line_was_cut_is_not_lost_when_it_returns() {
        let start = test_clock();
        let mut contact = Contact::default();
        contact.line_cut(start);
        contact.told();
        contact.line_returned(start + SECOND);
        assert_eq!(contact.lost(), None);
    }
}
