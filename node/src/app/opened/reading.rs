//! Having a case open: said to whoever follows it, and heard of others.

use std::sync::Arc;

use guichet_keys::{AuthorId, Salt};
use guichet_sync::case::{DraftHeader, FieldRef, Presence, SealedPresence};

use super::OpenCase;
use super::typing::shared_key;
use super::writing::field_ref;
use crate::app::readers::Word;
use crate::clock;
use crate::entropy;
use crate::web::counter::Whereabouts;

/// What was last said of who sits here.
pub struct Said {
    author: AuthorId,
    salt: Salt,
    sequence: u64,
    field: Option<FieldRef>,
}

impl OpenCase {
    /// Seals that whoever writes here has the case open.
    pub fn seal_presence(&mut self, whereabouts: Whereabouts) -> Option<Vec<u8>> {
        let writer = self.log.writer()?;
        let (author, signer, epoch) = (writer.author, Arc::clone(&writer.signer), writer.key.epoch);
        if self.said.as_ref().is_none_or(|said| said.author != author) {
            self.said = Some(Said {
                author,
                salt: Salt::from(entropy::bytes()),
                // Above whatever was told before the case was last closed.
                sequence: clock::wall_ms(),
                field: None,
            });
        }
        let said = self.said.as_mut()?;
        match whereabouts {
            Whereabouts::AsBefore => {}
            Whereabouts::Outside => said.field = None,
            Whereabouts::In(place) => said.field = Some(field_ref(&place)),
        }
        let header = DraftHeader {
            case: self.log.case(),
            author,
            key_epoch: epoch,
            sequence: said.sequence,
            salt: said.salt,
        };
        said.sequence += 1;
        let key = shared_key(&self.log)?;
        let field = said.field.as_ref();
        Presence::seal(field, &header, &signer, self.log.sealer(), key).ok()
    }

    /// Opens what somebody elsewhere says of themselves.
    pub fn take_presence(&self, sealed: &[u8]) -> Option<Word> {
        let sealed = SealedPresence::parse(sealed).ok()?;
        let presence = sealed
            .open(self.log.sealer(), shared_key(&self.log)?)
            .ok()?;
        let header = sealed.header();
        (header.case == self.log.case()).then_some(Word {
            author: header.author,
            sequence: header.sequence,
            presence,
        })
    }
}
