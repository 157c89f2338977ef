//! What an adviser searches for, and the name under which an address speaks of it.
//!
//! Browsers keep the addresses and titles of pages on their disk. So neither bears what is known of
//! a person: an address names a search by a random word, and the words are in memory until the desk
//! is locked or opened anew.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::session::Token;

/// How many searches have an address; the oldest makes room.
pub(super) const SEARCHES_MAX: usize = 32;
/// The longest search, in characters.
const CHARS_MAX: usize = 100;
const DESK: &str = "/desk";
const NAMED: &str = "/desk?found=";

/// The searches of a node that have an address.
#[derive(Debug, Default)]
pub(super) struct Searches {
    kept: Mutex<VecDeque<(Token, String)>>,
}

impl Searches {
    /// The address of the desk with what these words are found in; of the whole desk without any.
    pub(super) fn address(&self, words: &str) -> String {
        let Some(words) = trimmed(words) else {
            return DESK.to_owned();
        };
        let token = Token::draw();
        let address = format!("{NAMED}{}", token.as_str());
        let mut kept = self.kept();
        kept.truncate(SEARCHES_MAX - 1);
        kept.push_front((token, words));
        address
    }

    /// The words that this address speaks of.
    pub(super) fn words(&self, address: &str) -> Option<String> {
        let named = address.strip_prefix(NAMED)?;
        let kept = self.kept();
        let (_, words) = kept.iter().find(|(token, _)| token.is(named))?;
        Some(words.clone())
    }

    pub(super) fn forget(&self) {
        self.kept().clear();
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<(Token, String)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is searched for, if anything is; what is longer than it may be is left out.
pub(super) fn trimmed(words: &str) -> Option<String> {
    let words: String = words.trim().chars().take(CHARS_MAX).collect();
    (!words.is_empty()).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_a_search_and_bears_no_word_of_it() {
        let searches = Searches::default();
        let address = searches.address("  Léa Vidal ");
        assert!(!address.contains("Vidal"), "{address}");
        assert_eq!(searches.words(&address).as_deref(), Some("Léa Vidal"));
        assert_eq!(searches.words("/desk?found=1234"), None);
        assert_eq!(searches.words("/desk"), None);
        assert_eq!(searches.address("  "), "/desk");
        searches.forget();
        assert_eq!(searches.words(&address), None);
    }

    #[test]
    fn searches_are_bounded() {
        let searches = Searches::default();
        let first = searches.address("0");
        let rest: Vec<_> = (1..=SEARCHES_MAX)
            .map(|it| searches.address(&it.to_string()))
            .collect();
        assert_eq!(searches.words(&first), None, "the oldest made room");
        assert!(rest.iter().all(|address| searches.words(address).is_some()));
    }
}
