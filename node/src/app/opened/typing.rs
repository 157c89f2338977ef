//! What is being typed into an open case and not yet put: sealed for others, and shown for a while.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use guichet_keys::{AuthorId, KeyUse, SecretKey};
use guichet_sync::case::{CaseLog, Draft, DraftHeader, FieldRef, SealedDraft};
use guichet_sync::envelope::KeyRef;

use super::OpenCase;
use super::writing::field_ref;
use crate::app::readers::drop_oldest;
use crate::clock;
use crate::web::counter::FieldPlace;

/// How long a draft is shown after the last letter.
const DRAFT_SHOWN: Duration = Duration::from_secs(20);
/// Fields of one case whose drafts are kept in mind; of more, those typed into last.
const DRAFTS_MAX: usize = 256;

/// What others are typing, by field.
#[derive(Debug, Default)]
pub(super) struct Drafts(BTreeMap<FieldRef, Typing>);

#[derive(Debug)]
struct Typing {
    /// What; nothing once they have ended, so that an old draft told again is not shown.
    value: Option<String>,
    author: AuthorId,
    sequence: u64,
    until: Instant,
}

impl Drafts {
    /// Takes in a draft, the `sequence`th of its author; gives whether it is news.
    fn hear(&mut self, now: Instant, author: AuthorId, sequence: u64, draft: Draft) -> bool {
        let known = self.0.get(&draft.field);
        if known.is_some_and(|typing| typing.author == author && typing.sequence >= sequence) {
            return false;
        }
        let typing = Typing {
            value: draft.value,
            author,
            sequence,
            until: now + DRAFT_SHOWN,
        };
        self.0.insert(draft.field, typing);
        drop_oldest(&mut self.0, DRAFTS_MAX, |typing| typing.until);
        true
    }

    /// What an author typed is put: it is typed no more.
    pub fn end(&mut self, field: &FieldRef, author: AuthorId) {
        let typing = self.0.get_mut(field);
        if let Some(typing) = typing.filter(|typing| typing.author == author) {
            typing.value = None;
        }
    }

    fn of(&self, now: Instant, field: &FieldRef) -> Option<(&str, AuthorId)> {
        let typing = self.0.get(field).filter(|typing| typing.until > now)?;
        Some((typing.value.as_deref()?, typing.author))
    }
}

impl OpenCase {
    /// Seals what somebody here types.
    pub fn seal_draft(&mut self, place: &FieldPlace, value: Option<String>) -> Option<Vec<u8>> {
        let writer = self.log.writer()?;
        let key = shared_key(&self.log)?;
        let header = DraftHeader {
            case: self.case(),
            author: writer.author,
            key_epoch: writer.key.epoch,
            sequence: self.draft_sequence,
            salt: self.draft_salt,
        };
        let sealed = Draft {
            field: field_ref(place),
            value,
        }
        .seal(&header, self.log.sealer(), key)
        .ok();
        self.draft_sequence += 1;
        sealed
    }

    /// Takes in what somebody elsewhere types; gives whether it is news.
    pub fn take_draft(&mut self, sealed: &[u8]) -> bool {
        let Some(key) = shared_key(&self.log) else {
            return false;
        };
        let Ok(sealed) = SealedDraft::parse(sealed) else {
            return false;
        };
        let Ok(draft) = sealed.open(self.log.sealer(), key) else {
            return false;
        };
        let (author, sequence) = (sealed.header().author, sealed.header().sequence);
        let writer = self.log.writer();
        let news = writer.is_none_or(|writer| writer.author != author)
            && self.drafts.hear(clock::now(), author, sequence, draft);
        self.seq += u64::from(news);
        news
    }

    /// What somebody else is typing into a field, and who.
    pub fn typing(&self, field: &FieldRef) -> Option<(&str, AuthorId)> {
        self.drafts.of(clock::now(), field)
    }
}

/// The key that the citizen and the service share.
pub(super) fn shared_key(log: &CaseLog) -> Option<&SecretKey> {
    log.key(&KeyRef {
        usage: KeyUse::Shared,
        epoch: log.writer()?.key.epoch,
    })
}

#[cfg(test)]
mod tests {
    use guichet_sync::case::FormId;

    use super::*;

    fn field(name: &str) -> FieldRef {
        let form = FormId::from([7; 8]);
        FieldRef {
            form,
            name: name.to_owned(),
        }
    }

    fn draft(name: &str, value: &str) -> Draft {
        Draft {
            field: field(name),
            value: Some(value.to_owned()),
        }
    }

    #[test]
    fn what_is_put_or_old_is_typed_no_more_whatever_is_told_again() {
        let (start, one, other) = (
            clock::now(),
            AuthorId::from([1; 16]),
            AuthorId::from([2; 16]),
        );
        let mut drafts = Drafts::default();
        assert!(drafts.hear(start, one, 5, draft("rent", "41")));
        assert!(!drafts.hear(start, one, 4, draft("rent", "4")), "came late");
        assert_eq!(drafts.of(start, &field("rent")), Some(("41", one)));
        assert_eq!(drafts.of(start + DRAFT_SHOWN, &field("rent")), None);

        drafts.end(&field("rent"), other);
        assert!(drafts.of(start, &field("rent")).is_some(), "another's");
        drafts.end(&field("rent"), one);
        assert!(!drafts.hear(start, one, 5, draft("rent", "41")), "again");
        assert_eq!(drafts.of(start, &field("rent")), None);
        assert!(drafts.hear(start, other, 0, draft("rent", "5")));
        assert!(drafts.hear(start, one, 6, draft("rent", "412")));
        assert_eq!(drafts.of(start, &field("rent")), Some(("412", one)));
    }

    #[test]
    fn of_too_many_fields_the_latest_are_kept() {
        let (start, author) = (clock::now(), AuthorId::from([1; 16]));
        let mut drafts = Drafts::default();
        for number in 0..1_000_u64 {
            let at = start + Duration::from_millis(number);
            assert!(drafts.hear(at, author, number, draft(&format!("f{number}"), "a")));
        }
        assert_eq!(drafts.0.len(), DRAFTS_MAX);
        assert!(drafts.of(start, &field("f999")).is_some());
        assert!(drafts.of(start, &field("f0")).is_none());
    }
}
