//! What a thing must prove before it is stored, wherever it comes from.
//!
//! Bounded, then authenticated, then believed: the size and structure, the
//! place in its chain, the author's right in the case, and the signature over
//! the exact bytes. A thing that is held already, or on its way to the disk,
//! is not checked again.

use guichet_keys::{
    AuthorId, CaseTag, Hash, Learned, Role, SignedStatement, Statement, SubjectId, Writing,
    directory,
};

use guichet_keys::limits::STATEMENTS_PER_SIGNER_MAX;

use crate::catalogue::Meta;
use crate::envelope::{ChainId, Envelope, EnvelopeError, Kind};
use crate::limits::FORKS_MAX;
use crate::page::{Manifest, PageError};
use crate::receipt::{Cover, Receipt, ReceiptError, Stage};
use crate::wire::What;

use super::charging::HeldBack;
use super::{Event, Now, Output, Replica};

/// A well-formed durable thing.
#[derive(Clone, Debug)]
pub enum Thing {
    /// A network or case statement.
    Statement(SignedStatement),
    /// A receipt.
    Receipt(Receipt),
    /// An envelope.
    Envelope(Envelope),
    /// A page: its manifest, and whether all its segments are on this disk already.
    Page {
        /// The manifest.
        manifest: Manifest,
        /// Whether nothing of it is missing here.
        complete: bool,
    },
}

impl Thing {
    /// Reads a thing from its bytes.
    ///
    /// # Errors
    /// [`Refusal`] when they are not exactly one such thing.
    pub fn parse(what: What, payload: Vec<u8>) -> Result<Self, Refusal> {
        Ok(match what {
            What::Statement => Thing::Statement(SignedStatement::parse(&payload)?),
            What::Receipt => Thing::Receipt(Receipt::parse(payload)?),
            What::Edit | What::Act => {
                let envelope = Envelope::parse(payload)?;
                if (envelope.header().kind == Kind::Edit) != (what == What::Edit) {
                    return Err(Refusal::WrongFeed);
                }
                Thing::Envelope(envelope)
            }
            What::Manifest => Thing::Page {
                manifest: Manifest::parse(payload)?,
                complete: false,
            },
        })
    }

    /// Its name.
    #[must_use]
    pub fn hash(&self) -> Hash {
        match self {
            Thing::Statement(statement) => statement.hash(),
            Thing::Receipt(receipt) => receipt.hash(),
            Thing::Envelope(envelope) => envelope.hash(),
            Thing::Page { manifest, .. } => manifest.id().0,
        }
    }

    /// Its form on the wire.
    #[must_use]
    pub fn what(&self) -> What {
        self.meta().what()
    }

    /// Its exact bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self {
            Thing::Statement(statement) => statement.bytes(),
            Thing::Receipt(receipt) => receipt.bytes(),
            Thing::Envelope(envelope) => envelope.bytes(),
            Thing::Page { manifest, .. } => manifest.bytes(),
        }
    }

    /// What the catalogue keeps of it.
    #[must_use]
    pub fn meta(&self) -> Meta {
        match self {
            Thing::Statement(signed) => {
                let (case, author) = subjects_of(signed);
                Meta::Statement {
                    hash: signed.hash(),
                    case,
                    author,
                }
            }
            Thing::Receipt(receipt) => Meta::of_receipt(receipt),
            Thing::Envelope(envelope) => Meta::of_envelope(envelope),
            Thing::Page { manifest, .. } => Meta::of_manifest(manifest),
        }
    }
}

/// The case and the author that a statement is about, where it is about one.
pub(super) fn subjects_of(signed: &SignedStatement) -> (Option<CaseTag>, Option<AuthorId>) {
    match signed.statement() {
        Statement::Author(binding) => (binding.case, Some(binding.author)),
        Statement::Case(statement) => (Some(statement.case), None),
        Statement::Member(_)
        | Statement::Revocation { .. }
        | Statement::ServiceKey(_)
        | Statement::Catalogue { .. }
        | Statement::Network { .. }
        | Statement::Media { .. }
        | Statement::Unknown { .. } => (None, None),
    }
}

/// Why a thing is not stored.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Refusal {
    /// Not a statement that holds.
    #[error("{0}")]
    Statement(String),
    /// Not an envelope that holds.
    #[error("{0}")]
    Envelope(String),
    /// Not a page manifest that holds.
    #[error("{0}")]
    Page(String),
    /// Not a receipt that holds.
    #[error("{0}")]
    Receipt(String),
    /// An edit sent as an act, or the other way round.
    #[error("an envelope of the other kind than was said")]
    WrongFeed,
    /// The envelope before it is not held.
    #[error("the envelope before it is not held")]
    NoPredecessor,
    /// Too many envelopes for one place in a chain.
    #[error("{FORKS_MAX} envelopes are held for this place already")]
    TooManyForks,
    /// The directory does not let this author do this.
    #[error("{0}")]
    NotAllowed(String),
}

impl From<guichet_keys::statement::StatementError> for Refusal {
    fn from(error: guichet_keys::statement::StatementError) -> Self {
        Refusal::Statement(error.to_string())
    }
}
impl From<EnvelopeError> for Refusal {
    fn from(error: EnvelopeError) -> Self {
        Refusal::Envelope(error.to_string())
    }
}
impl From<PageError> for Refusal {
    fn from(error: PageError) -> Self {
        Refusal::Page(error.to_string())
    }
}
impl From<ReceiptError> for Refusal {
    fn from(error: ReceiptError) -> Self {
        Refusal::Receipt(error.to_string())
    }
}
impl From<directory::Refusal> for Refusal {
    fn from(error: directory::Refusal) -> Self {
        Refusal::NotAllowed(error.to_string())
    }
}

/// What became of a thing that holds.
pub(super) enum Taken {
    /// It is durable here already.
    Held(Hash),
    /// It is on its way to the disk.
    Pending(Hash),
    /// A newer statement stands in its place.
    Superseded,
    /// It is not taken for now: who made it has made much.
    HeldBack(HeldBack),
}

impl Replica {
    /// Takes a thing from a peer.
    pub(super) fn take(
        &mut self,
        from: (Now, SubjectId),
        what: What,
        payload: Vec<u8>,
    ) -> Result<Taken, Refusal> {
        self.admit(Thing::parse(what, payload)?, Some(from))
    }

    /// Checks a thing, whoever it comes from if not from here, and hands it to the store, unless it
    /// is held.
    pub(super) fn admit(
        &mut self,
        thing: Thing,
        from: Option<(Now, SubjectId)>,
    ) -> Result<Taken, Refusal> {
        let hash = thing.hash();
        if self.catalogue.holds(&hash) {
            return Ok(Taken::Held(hash));
        }
        if self.unsaved.contains(&hash) {
            self.store_again();
        }
        if self.pending.contains(&hash) {
            return Ok(Taken::Pending(hash));
        }
        let maker = match &thing {
            Thing::Statement(statement) => statement.signer(),
            Thing::Receipt(receipt) => {
                self.check_receipt(receipt)?;
                receipt.node()
            }
            Thing::Envelope(envelope) => self.check_envelope(envelope)?,
            Thing::Page { manifest, .. } => self.check_page(manifest)?,
        };
        if let Err(left) = self.judge(from, maker, &thing) {
            return Ok(Taken::HeldBack(left));
        }
        if let Thing::Statement(statement) = &thing
            && self.learn(statement)? == Learned::Superseded
        {
            return Ok(Taken::Superseded);
        }
        self.charge(from, maker, &thing);
        self.store(thing);
        Ok(Taken::Pending(hash))
    }

    fn learn(&mut self, statement: &SignedStatement) -> Result<Learned, Refusal> {
        let learned = self.directory.learn(statement.clone())?;
        let signer = statement.signer();
        if learned != Learned::Superseded
            && self.directory.statements_of(&signer) == STATEMENTS_PER_SIGNER_MAX
        {
            let told = Event::SignerCrowded(signer);
            self.outputs.push_back(Output::Tell(told));
        }
        Ok(learned)
    }

    fn check_page(&self, manifest: &Manifest) -> Result<SubjectId, Refusal> {
        let head = manifest.head();
        let signer = self
            .directory
            .may_write(&head.author, &head.case, Writing::Edit)?;
        manifest.verify(&signer).map_err(PageError::from)?;
        Ok(signer)
    }

    /// Gives whose key signed it.
    fn check_envelope(&self, envelope: &Envelope) -> Result<SubjectId, Refusal> {
        let header = envelope.header();
        let chain = header.chain();
        let held = self.catalogue.chain(&chain);
        if let Some((prev, before)) = header.prev.zip(header.index.checked_sub(1)) {
            let stored = held.is_some_and(|held| held.at(before).any(|(hash, _)| hash == prev));
            if !stored && !self.pending.at(chain, before).any(|hash| hash == prev) {
                return Err(Refusal::NoPredecessor);
            }
        }
        if self.standing(&chain, header.index).count() >= FORKS_MAX {
            return Err(Refusal::TooManyForks);
        }
        let writing = header.class.map_or(Writing::Edit, Writing::Act);
        let signer = self
            .directory
            .may_write(&header.author, &header.case, writing)?;
        envelope.verify(&signer).map_err(EnvelopeError::from)?;
        Ok(signer)
    }

    /// What is held for a place in a chain, or on its way to the disk.
    pub(super) fn standing(&self, chain: &ChainId, index: u64) -> impl Iterator<Item = Hash> + '_ {
        let held = self.catalogue.chain(chain).into_iter();
        let stored = held.flat_map(move |held| held.at(index).map(|(hash, _)| hash));
        stored.chain(self.pending.at(*chain, index))
    }

    /// A kiosk whose disk was replaced is still told of its former cases: a receipt may be about
    /// cases that are not known here, but then nothing is believed of it.
    fn check_receipt(&self, receipt: &Receipt) -> Result<(), Refusal> {
        let node = receipt.node();
        let known = |cover: &&Cover| self.directory.case(&cover.case()).is_some();
        let role = match receipt.stage() {
            Stage::EnRoute => Role::Relay,
            Stage::Received => Role::Station,
        };
        let mut covers = receipt.covers().iter().filter(known);
        if !self.directory.holds(&node, role, None)
            || !covers.all(|cover| self.believes(receipt, cover))
        {
            return Err(Refusal::NotAllowed(format!(
                "node {node} may not sign such a receipt"
            )));
        }
        receipt
            .verify()
            .map_err(|error| Refusal::Receipt(error.to_string()))
    }

    /// Whether who signed a receipt may say so of this: a relay of everything, a station of the
    /// cases of its service. Of a case that is not known here nothing is believed.
    pub(super) fn believes(&self, receipt: &Receipt, cover: &Cover) -> bool {
        let node = receipt.node();
        match receipt.stage() {
            Stage::EnRoute => self.directory.holds(&node, Role::Relay, None),
            Stage::Received => self.directory.case(&cover.case()).is_some_and(|(case, _)| {
                self.directory
                    .holds(&node, Role::Station, Some(&case.service))
            }),
        }
    }

    /// Writes into the book what is believed of a receipt.
    pub(super) fn enter(&mut self, receipt: &Receipt) {
        for cover in receipt.covers() {
            if self.believes(receipt, cover) {
                self.book.insert(&self.me, receipt, cover);
            }
        }
    }
}
