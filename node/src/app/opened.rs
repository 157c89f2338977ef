//! One open case in the hands of its worker: its log, and what is only there while it is open.

mod arrivals;
mod papers;
mod reading;
mod typing;
mod unsent;
mod writing;

use std::collections::BTreeMap;
use std::sync::Arc;

use guichet_keys::{ActClass, AuthorId, CaseKeys, CaseTag, Salt, SubjectId};
use guichet_sync::case::{CaseLog, SignedAct, Writer};
use guichet_sync::envelope::{Envelope, Kind};
use guichet_sync::page::{Manifest, PageHead, PageId};
use guichet_sync::store::Location;
use guichet_sync::wire::What;

use super::shown::{self, Context};
use crate::clock;
use crate::entropy;
use crate::services::Service;
use crate::web::view::CaseView;

use arrivals::Arrivals;
pub use papers::{Attached, Paper, SealedPage, SealedPaper, Sheet, Unread, attached, coming};
use reading::Said;
use typing::Drafts;
use unsent::Unsent;
pub use unsent::{SealedUnsent, Sent};

/// What it takes to open a case.
pub struct Opening {
    /// Its keys.
    pub keys: CaseKeys,
    /// The document's actor until there is a writer: any random one.
    pub reader: AuthorId,
    /// Who writes here, if anyone may.
    pub writer: Option<Writer>,
    /// In which class this node's acts are.
    pub class: ActClass,
    /// Its service.
    pub service: Arc<Service>,
    /// Where its envelopes and manifests are, in the order of their arrival.
    pub at: Vec<(What, Location)>,
    /// Whose unsent words outlive the open case, and what they had begun.
    pub keeps: Option<(SubjectId, Option<SealedUnsent>)>,
}

/// An open case.
pub struct OpenCase {
    log: CaseLog,
    service: Arc<Service>,
    class: ActClass,
    arrivals: Arrivals,
    manifests: BTreeMap<PageId, PageHead>,
    drafts: Drafts,
    unsent: Unsent,
    keeper: Option<SubjectId>,
    draft_sequence: u64,
    draft_salt: Salt,
    said: Option<Said>,
    seq: u64,
    aside: (u64, u64),
}

impl OpenCase {
    /// An open case without content yet.
    pub fn new(log: CaseLog, service: Arc<Service>, class: ActClass) -> Self {
        Self {
            log,
            service,
            class,
            arrivals: Arrivals::default(),
            manifests: BTreeMap::new(),
            drafts: Drafts::default(),
            unsent: Unsent::default(),
            keeper: None,
            // Above whatever was told before the case was last closed.
            draft_sequence: clock::wall_ms(),
            draft_salt: Salt::from(entropy::bytes()),
            said: None,
            seq: 1,
            aside: (0, 0),
        }
    }

    /// Which case this is.
    pub fn case(&self) -> CaseTag {
        self.log.case()
    }

    /// Its log.
    pub fn log(&self) -> &CaseLog {
        &self.log
    }

    /// Every act that stands, in the order of arrival.
    pub fn acts(&self) -> Vec<SignedAct> {
        let mut acts = self.log.acts();
        acts.sort_by_key(|act| self.arrivals.of_act(act));
        acts
    }

    /// In which order acts and forms arrived.
    pub fn arrivals(&self) -> &Arrivals {
        &self.arrivals
    }

    /// Its service.
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// Grows with every change.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// From now on this author writes here.
    pub fn set_writer(&mut self, writer: Writer) {
        self.log.set_writer(writer);
    }

    /// How many things do not open and how many others have no effect, if that has changed.
    pub fn newly_aside(&mut self) -> Option<(u64, u64)> {
        let now = self.log.count_aside();
        (now != std::mem::replace(&mut self.aside, now)).then_some(now)
    }

    /// Whether this node's writer lost a fork.
    pub fn writer_is_aside(&self) -> bool {
        self.log.writer_is_aside()
    }

    /// Takes in an envelope; gives whether anything reads otherwise now.
    pub fn insert(&mut self, envelope: &Envelope) -> bool {
        let effect = self.log.insert(envelope);
        let header = envelope.header();
        match header.kind {
            Kind::Act => self.arrivals.on_act(header.author, header.index),
            Kind::Edit => self.arrivals.on_forms(self.log.doc().forms()),
        }
        for field in &effect.touched.fields {
            self.drafts.end(field, header.author);
        }
        self.seq += 1;
        effect.rebuilt
            || effect.acts
            || !effect.touched.forms.is_empty()
            || !effect.touched.fields.is_empty()
    }

    /// Takes in the manifest of a page.
    pub fn insert_manifest(&mut self, manifest: &Manifest) {
        self.manifests
            .insert(manifest.id(), manifest.head().clone());
        self.seq += 1;
    }

    /// Takes back what the disk did not take.
    pub fn withdraw(&mut self, envelopes: &[Envelope]) {
        self.log.withdraw(envelopes);
        self.seq += 1;
    }

    /// What there is to show.
    pub fn view(&self, context: &Context) -> CaseView {
        shown::case(self, context)
    }
}
