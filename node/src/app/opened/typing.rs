//! What is being typed into an open case and not yet put: sealed for others, and shown for a while.

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

/// What somebody else is typing.
pub struct Typing {
    /// What; nothing once they have ended, so that an old draft told again is not shown.
    value: Option<String>,
    /// Who.
    pub author: AuthorId,
    sequence: u64,
    until: Instant,
}

impl Typing {
    /// Nothing is typed any more.
    pub fn end(&mut self) {
        self.value = None;
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
        let known = self.drafts.get(&draft.field);
        if known.is_some_and(|typing| typing.author == author && typing.sequence >= sequence)
            || self
                .log
                .writer()
                .is_some_and(|writer| writer.author == author)
        {
            return false;
        }
        let typing = Typing {
            value: draft.value,
            author,
            sequence,
            until: clock::now() + DRAFT_SHOWN,
        };
        self.drafts.insert(draft.field, typing);
        drop_oldest(&mut self.drafts, DRAFTS_MAX, |typing| typing.until);
        self.seq += 1;
        true
    }

    /// What somebody else is typing into a field, and who.
    pub fn typing(&self, field: &FieldRef) -> Option<(&str, AuthorId)> {
        let typing = self.drafts.get(field)?;
        let value = typing.value.as_deref()?;
        (typing.until > clock::now()).then_some((value, typing.author))
    }
}

/// The key that the citizen and the service share.
pub(super) fn shared_key(log: &CaseLog) -> Option<&SecretKey> {
    log.key(&KeyRef {
        usage: KeyUse::Shared,
        epoch: log.writer()?.key.epoch,
    })
}
