//! Which of a node's signals are new: a window over their numbers (as in RFC 4303, section 3.4.3),
//! because two ways lead to us and the later notice may come first. What is then said about the same
//! thing with a lower number is over.

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Numbers {
    life: u64,
    highest: u64,
    seen: u64,
    ticket: u64,
    desk: u64,
    leg: u64,
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
    fn an_earlier_life_is_over() {
        let mut numbers = Numbers::default();
        assert!(numbers.take(5, 9));
        assert!(numbers.take(6, 1));
        assert!(!numbers.take(5, 10));
        assert!(!numbers.take(6, 1));
        assert!(numbers.take(6, u64::MAX));
    }
}
