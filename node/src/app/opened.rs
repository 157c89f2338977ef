//! One open case in the hands of its worker: its log, and what is only there while it is open.

mod reading;
mod typing;
mod writing;

use std::collections::BTreeMap;
use std::sync::Arc;

use guichet_keys::{ActClass, AuthorId, CaseKeys, CaseTag, Salt};
use guichet_sync::case::{Act, CaseLog, DocumentAdded, FieldRef, Writer};
use guichet_sync::envelope::Envelope;
use guichet_sync::limits::SEGMENT_BYTES;
use guichet_sync::page::{Manifest, PageHead, PageId};
use guichet_sync::store::{Location, Reader};
use guichet_sync::wire::What;

use super::shown::{self, Context};
use crate::services::Service;
use crate::web::counter::{DOCUMENT_BYTES_MAX, Refusal, Thing, Upload};
use crate::web::ids::DocumentId;
use crate::web::view::CaseView;
use crate::{clock, entropy};

use reading::Said;
use typing::Typing;

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
    /// Where its envelopes and manifests are.
    pub at: Vec<(What, Location)>,
}

/// A document that was sealed and is not yet said to be there.
pub struct SealedDocument {
    /// Its name in the case.
    pub document: DocumentId,
    /// Its one page.
    pub manifest: Manifest,
    name: String,
    media_type: String,
    bytes: u64,
}

/// A document of the case, as its act says.
#[derive(Clone, Debug)]
pub struct Attached {
    /// Its name in the case.
    pub document: DocumentId,
    /// Its file name.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its pages.
    pub pages: Vec<PageId>,
    /// When it was added.
    pub at_ms: u64,
}

/// An open case.
pub struct OpenCase {
    log: CaseLog,
    service: Arc<Service>,
    class: ActClass,
    manifests: BTreeMap<PageId, PageHead>,
    drafts: BTreeMap<FieldRef, Typing>,
    draft_sequence: u64,
    draft_salt: Salt,
    said: Option<Said>,
    seq: u64,
    aside: (u64, u64),
}

impl OpenCase {
    /// An open case without content yet.
    pub fn new(log: CaseLog, service: Arc<Service>, class: ActClass) -> Self {
        let (manifests, drafts) = (BTreeMap::new(), BTreeMap::new());
        Self {
            log,
            service,
            class,
            manifests,
            drafts,
            draft_sequence: 0,
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
        let (unreadable, aside): (Vec<_>, Vec<_>) = self
            .log
            .set_aside()
            .into_iter()
            .partition(|aside| aside.unreadable);
        let now = (unreadable.len() as u64, aside.len() as u64);
        (now != std::mem::replace(&mut self.aside, now)).then_some(now)
    }

    /// Whether this node's writer lost a fork.
    pub fn writer_is_aside(&self) -> bool {
        self.log.writer_is_aside()
    }

    /// Takes in an envelope; gives whether anything reads otherwise now.
    pub fn insert(&mut self, envelope: &Envelope) -> bool {
        let effect = self.log.insert(envelope);
        for field in &effect.touched.fields {
            if self
                .drafts
                .get(field)
                .is_some_and(|typing| typing.author == envelope.header().author)
            {
                self.drafts.remove(field);
            }
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

    /// Seals a document into one page; gives its segments apart.
    pub fn seal_document(
        &self,
        upload: &Upload,
    ) -> Result<(SealedDocument, Vec<Vec<u8>>), Refusal> {
        let too_large = Refusal::TooLarge {
            bytes_max: DOCUMENT_BYTES_MAX,
        };
        if upload.bytes.is_empty() || upload.bytes.len() > DOCUMENT_BYTES_MAX {
            return Err(too_large);
        }
        let writer = self.log.writer().ok_or(Refusal::Locked)?;
        let key = self.log.key(&writer.key).ok_or(Refusal::Locked)?;
        let bytes = upload.bytes.len() as u64;
        let head = PageHead::new(
            Salt::from(entropy::bytes()),
            self.case(),
            writer.author,
            writer.key,
            bytes,
        );
        let sealer = self.log.sealer();
        let segments: Vec<_> = (0..)
            .zip(upload.bytes.chunks(SEGMENT_BYTES))
            .map(|(index, plain)| head.seal_segment(index, plain, key, sealer))
            .collect();
        let hashes: Vec<_> = segments
            .iter()
            .map(|sealed| guichet_keys::sha256(sealed))
            .collect();
        let manifest = Manifest::sign(head, &hashes, &writer.signer).map_err(|_| too_large)?;
        let document = DocumentId::from(entropy::bytes());
        let (name, media_type) = (upload.name.clone(), upload.media_type.clone());
        Ok((
            SealedDocument {
                document,
                manifest,
                name,
                media_type,
                bytes,
            },
            segments,
        ))
    }

    /// Says that a document whose page is durable is there.
    pub fn attach(&mut self, sealed: &SealedDocument) -> Result<Envelope, Refusal> {
        self.insert_manifest(&sealed.manifest);
        self.act(Act::DocumentAdded(DocumentAdded {
            at_ms: clock::wall_ms(),
            document: guichet_sync::case::DocumentId(*sealed.document.as_bytes()),
            name: sealed.name.clone(),
            media_type: sealed.media_type.clone(),
            pages: vec![sealed.manifest.id().0],
            bytes: sealed.bytes,
        }))
    }

    /// Every document, oldest first.
    pub fn attached(&self) -> Vec<Attached> {
        let acts = self.log.acts().into_iter();
        acts.filter_map(|signed| attached(&signed.act)).collect()
    }

    /// The exact bytes of a document.
    pub fn document(&self, document: DocumentId, reader: &Reader) -> Result<Upload, Refusal> {
        let attached = self
            .attached()
            .into_iter()
            .find(|attached| attached.document == document);
        let attached = attached.ok_or(Refusal::NotFound(Thing::Document))?;
        let mut bytes = Vec::new();
        for page in &attached.pages {
            self.open_page(page, reader, &mut bytes)?;
        }
        if bytes.len() as u64 != attached.bytes {
            return Err(Refusal::NotFound(Thing::Document));
        }
        Ok(Upload {
            name: attached.name,
            media_type: attached.media_type,
            bytes,
        })
    }

    fn open_page(
        &self,
        page: &PageId,
        reader: &Reader,
        bytes: &mut Vec<u8>,
    ) -> Result<(), Refusal> {
        let coming = || Refusal::NoPicture(crate::web::counter::PictureTrouble::NotHereYet);
        let head = self.manifests.get(page).ok_or_else(coming)?;
        let key = self.log.key(&head.key).ok_or(Refusal::Locked)?;
        for index in 0..guichet_sync::page::segment_count(head.length) {
            let sealed = reader
                .read_segment(*page.0.as_bytes(), index)
                .map_err(|_| coming())?;
            let plain = head.open_segment(index, &sealed, key, self.log.sealer());
            bytes.extend_from_slice(&plain.map_err(|_| Refusal::DiskFailed)?);
        }
        Ok(())
    }

    /// What there is to show.
    pub fn view(&self, context: &Context) -> CaseView {
        shown::case(self, context)
    }
}

/// The document that an act adds.
pub fn attached(act: &Act) -> Option<Attached> {
    let Act::DocumentAdded(added) = act else {
        return None;
    };
    Some(Attached {
        document: DocumentId::from(added.document.0),
        name: added.name.clone(),
        media_type: added.media_type.clone(),
        bytes: added.bytes,
        pages: added.pages.iter().map(|page| PageId(*page)).collect(),
        at_ms: added.at_ms,
    })
}
