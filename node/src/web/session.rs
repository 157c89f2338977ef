//! Who may see the pages: start addresses, sessions and what they prefer.
//!
//! A start address carries a token that opens one session, once. The session is a cookie that
//! scripts cannot read, whose name bears the node's id (cookies ignore ports), and a second
//! token that the page itself carries and that every order must repeat. Both live in memory
//! only: a node that restarts knows nobody.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::text::Lang;
use crate::entropy;

/// How many start addresses may wait to be used.
pub const STARTS_MAX: usize = 32;
/// How many sessions may be open; the one unused for longest makes room.
pub const SESSIONS_MAX: usize = 32;

/// A random word: 32 bytes as hexadecimal digits.
#[derive(Clone, Debug)]
pub(super) struct Token(String);

impl Token {
    pub(super) fn draw() -> Self {
        Self(data_encoding::HEXLOWER.encode(&entropy::bytes::<32>()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Compares without telling by its time where two words differ.
    pub(super) fn is(&self, said: &str) -> bool {
        same(&self.0, said)
    }
}

/// Compares without telling by its time where two words differ.
pub(super) fn same(ours: &str, said: &str) -> bool {
    let differ = |(a, b): (u8, u8)| a ^ b;
    ours.len() == said.len()
        && ours
            .bytes()
            .zip(said.bytes())
            .map(differ)
            .fold(0, |all, one| all | one)
            == 0
}

/// How a session wants its pages; forgotten when a visit ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Preferences {
    pub(super) lang: Lang,
    pub(super) size: TextSize,
    pub(super) contrast: Contrast,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum TextSize {
    #[default]
    Normal,
    Large,
    XLarge,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Contrast {
    #[default]
    Plain,
    High,
}

/// What a request of a session may know of it.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) page_token: Token,
    pub(super) preferences: Preferences,
}

#[derive(Debug)]
struct Open {
    cookie: Token,
    session: Session,
}

#[derive(Debug, Default)]
struct Registry {
    starts: VecDeque<Token>,
    open: VecDeque<Open>,
}

/// Every start address and session of a node; cheap to clone.
#[derive(Clone, Debug)]
pub struct Sessions {
    cookie_name: Arc<str>,
    registry: Arc<Mutex<Registry>>,
}

impl Sessions {
    pub(super) fn new(node: &str) -> Self {
        let short: String = node
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .take(16)
            .collect();
        Self {
            cookie_name: format!("guichet-{short}").into(),
            registry: Arc::default(),
        }
    }

    /// A token for one new session; the oldest of [`STARTS_MAX`] makes room.
    pub fn mint(&self) -> String {
        let token = Token::draw();
        let mut registry = self.registry();
        registry.starts.truncate(STARTS_MAX - 1);
        registry.starts.push_front(token.clone());
        token.0
    }

    /// Uses a start token up; gives the `Set-Cookie` line of the new session.
    pub(super) fn start(&self, said: &str) -> Option<String> {
        let mut registry = self.registry();
        let place = registry.starts.iter().position(|start| start.is(said))?;
        registry.starts.remove(place);
        let cookie = Token::draw();
        let line = format!(
            "{}={}; HttpOnly; SameSite=Strict; Path=/",
            self.cookie_name, cookie.0
        );
        registry.open.truncate(SESSIONS_MAX - 1);
        registry.open.push_front(Open {
            cookie,
            session: Session {
                page_token: Token::draw(),
                preferences: Preferences::default(),
            },
        });
        Some(line)
    }

    /// The session that a `Cookie` header names.
    pub(super) fn find(&self, cookies: &str) -> Option<Session> {
        let mut registry = self.registry();
        let place = self.place(&registry, cookies)?;
        let open = registry.open.remove(place)?;
        let session = open.session.clone();
        registry.open.push_front(open);
        Some(session)
    }

    pub(super) fn prefer(&self, cookies: &str, change: impl FnOnce(&mut Preferences)) {
        let mut registry = self.registry();
        if let Some(place) = self.place(&registry, cookies) {
            change(&mut registry.open[place].session.preferences);
        }
    }

    /// Every session is as if new: the visit has ended.
    pub(super) fn forget_preferences(&self) {
        for open in &mut self.registry().open {
            open.session.preferences = Preferences::default();
        }
    }

    fn place(&self, registry: &Registry, cookies: &str) -> Option<usize> {
        let said = cookies
            .split(';')
            .filter_map(|pair| pair.trim().split_once('='))
            .find_map(|(name, value)| (name == &*self.cookie_name).then_some(value))?;
        registry.open.iter().position(|open| open.cookie.is(said))
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookie(line: &str) -> String {
        line.split(';').next().unwrap_or_default().to_owned()
    }

    #[test]
    fn a_start_address_opens_one_session_once() {
        let sessions = Sessions::new("ab12");
        let start = sessions.mint();
        assert!(sessions.start("").is_none());
        let line = sessions.start(&start).expect("a session");
        assert!(line.starts_with("guichet-ab12=") && line.contains("HttpOnly; SameSite=Strict"));
        assert!(sessions.start(&start).is_none());
        assert!(
            sessions
                .find(&format!("other=1; {}", cookie(&line)))
                .is_some()
        );
        assert!(sessions.find("guichet-ab12=").is_none());
    }

    #[test]
    fn both_tables_are_bounded_and_the_unused_make_room() {
        let sessions = Sessions::new("ab12");
        let first = sessions.mint();
        (0..STARTS_MAX).for_each(|_| drop(sessions.mint()));
        assert!(
            sessions.start(&first).is_none(),
            "the oldest start made room"
        );
        let open = |sessions: &Sessions| cookie(&sessions.start(&sessions.mint()).expect("opens"));
        let (used, unused) = (open(&sessions), open(&sessions));
        for _ in 0..SESSIONS_MAX - 1 {
            open(&sessions);
            assert!(sessions.find(&used).is_some());
        }
        assert!(sessions.find(&unused).is_none());
    }

    #[test]
    fn an_ended_visit_forgets_what_was_preferred() {
        let sessions = Sessions::new("ab12");
        let cookie = cookie(&sessions.start(&sessions.mint()).expect("opens"));
        sessions.prefer(&cookie, |preferences| preferences.lang = Lang::En);
        assert_eq!(
            sessions.find(&cookie).map(|s| s.preferences.lang),
            Some(Lang::En)
        );
        sessions.forget_preferences();
        assert_eq!(
            sessions.find(&cookie).map(|s| s.preferences.lang),
            Some(Lang::Fr)
        );
    }
}
