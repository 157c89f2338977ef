//! Which of a node's signals are new: a window over their numbers (as in RFC 4303, section 3.4.3),
//! because two ways lead to us and the later notice may come first. What is then said about the same
//! thing with a lower number is over.
//!
//! A node that has lost its store, and whose clock is behind, counts its lives on from one that is
//! long over, and nobody listens. It cannot know; but it believes its own signature. So whoever hears
//! it says back one signal of the life that they know, and it begins the next after that.

use std::time::{Duration, Instant};

use crate::limits::PROOF_BYTES_MAX;
use crate::time::after;

/// A node is told back its own words at most this often.
const TOLD_BACK_EVERY: Duration = Duration::from_secs(5);
/// Numbers looked back.
const WIDTH: u64 = 64;

/// What a node's signals are about; of each, its last word counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    /// Whether somebody waits at this kiosk.
    Ticket,
    /// The desk of this station.
    Desk,
    /// Its end of a call.
    Leg,
}

/// What has been heard of one node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Numbers {
    life: u64,
    highest: u64,
    seen: u64,
    ticket: u64,
    desk: u64,
    leg: u64,
    /// A signal of this life.
    proof: Option<Box<[u8]>>,
    told_back: Option<Instant>,
}

impl Numbers {
    /// Takes a number in; whether it is new.
    pub fn take(&mut self, life: u64, number: u64) -> bool {
        if life < self.life {
            return false;
        }
        if life > self.life {
            *self = Self {
                life,
                ..Self::default()
            };
        }
        if let Some(by) = number.checked_sub(self.highest).filter(|by| *by > 0) {
            self.seen = if by < WIDTH { self.seen << by } else { 0 } | 1;
            self.highest = number;
            return true;
        }
        let back = self.highest.saturating_sub(number);
        let bit = 1_u64.checked_shl(u32::try_from(back).unwrap_or(u32::MAX));
        match bit {
            Some(bit) if number > 0 && self.seen & bit == 0 => {
                self.seen |= bit;
                true
            }
            _ => false,
        }
    }

    /// Keeps a signal of this life that was taken in, if none is kept.
    pub fn keep(&mut self, signed: &[u8]) {
        if self.proof.is_none() && signed.len() <= PROOF_BYTES_MAX {
            self.proof = Some(signed.into());
        }
    }

    /// What the node itself is told back that goes on in a life which is over.
    pub fn tell_back(&mut self, now: Instant, life: u64) -> Option<&[u8]> {
        let lately = |at: Instant| after(at, TOLD_BACK_EVERY) > now;
        if life >= self.life || self.told_back.is_some_and(lately) {
            return None;
        }
        let proof = self.proof.as_deref()?;
        self.told_back = Some(now);
        Some(proof)
    }

    /// Whether a number that was taken in is the last word about its topic.
    pub fn is_last_word(&mut self, topic: Topic, number: u64) -> bool {
        let last = match topic {
            Topic::Ticket => &mut self.ticket,
            Topic::Desk => &mut self.desk,
            Topic::Leg => &mut self.leg,
        };
        let is_later = number > *last;
        *last = number.max(*last);
        is_later
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_counts_once_in_any_order_within_the_window() {
        let mut numbers = Numbers::default();
        for (number, new) in [
            (1, true),
            (1, false),
            (3, true),
            (2, true),
            (2, false),
            (70, true),
            (6, false),
            (7, true),
            (7, false),
            (0, false),
        ] {
            assert_eq!(numbers.take(5, number), new, "{number}");
        }
    }

    #[test]
    fn of_each_topic_the_last_word_counts_within_a_life() {
        let mut numbers = Numbers::default();
        for (life, number, topic, last) in [
            (5, 3, Topic::Desk, true),
            (5, 2, Topic::Desk, false),
            (5, 1, Topic::Ticket, true),
            (5, 4, Topic::Desk, true),
            (6, 1, Topic::Desk, true),
        ] {
            assert!(numbers.take(life, number));
            assert_eq!(numbers.is_last_word(topic, number), last, "{life} {number}");
        }
    }

    #[test]
    fn a_life_that_is_over_is_told_back_a_small_word_of_the_one_that_is_known_now_and_then() {
        let (now, mut numbers) = (crate::test_clock(), Numbers::default());
        assert!(numbers.take(9, 1));
        assert_eq!(numbers.tell_back(now, 8), None, "nothing is kept");
        numbers.keep(&vec![1; PROOF_BYTES_MAX + 1]);
        assert_eq!(numbers.tell_back(now, 8), None, "it was too large");
        numbers.keep(&[2; PROOF_BYTES_MAX]);
        numbers.keep(&[3]);
        for life in [9, 10] {
            assert_eq!(numbers.tell_back(now, life), None, "{life}");
        }
        let first = Some(&[2; PROOF_BYTES_MAX][..]);
        assert_eq!(numbers.tell_back(now, 8), first);
        let soon = now + TOLD_BACK_EVERY - Duration::from_millis(1);
        assert_eq!(numbers.tell_back(soon, 8), None, "lately");
        assert_eq!(numbers.tell_back(now + TOLD_BACK_EVERY, 0), first);
        assert!(numbers.take(10, 1));
        assert_eq!(numbers.tell_back(now, 9), None, "a word of another life");
    }

    #[test]
    fn an_earlier_life_is_over() {
        let mut numbers = Numbers::default();
        assert!(numbers.take(5, 9));
        assert!(numbers.take(6, 1));
        assert!(!numbers.take(5, 10));
        assert!(!numbers.take(6, 1));
        assert!(numbers.take(6, u64::MAX));
    }
}
