//! The documents of an open case: sealed, said to be there, and read again.
//!
//! A document is one file or several sheets, and each of these is a page of its own: its exact
//! bytes, sealed. With a page goes a preview where one could be drawn; it is sealed before the
//! page, is small, and so arrives first.

use std::sync::Arc;

use guichet_keys::{Hash, Salt};
use guichet_sync::case::{Act, DocumentAdded, Look};
use guichet_sync::envelope::Envelope;
use guichet_sync::limits::SEGMENT_BYTES;
use guichet_sync::page::{Manifest, PageHead, PageId, segment_count};
use guichet_sync::replica::Thing as Sealed;
use guichet_sync::store::{Reader, StoreError};

use super::OpenCase;
use crate::render::{Detail, Drawing};
use crate::web::counter::{DOCUMENT_BYTES_MAX, PictureTrouble, Refusal, Thing, Upload};
use crate::web::file;
use crate::web::ids::DocumentId;
use crate::{clock, entropy};

/// A document before it is sealed.
pub struct Paper {
    /// The name it is given.
    pub name: String,
    /// What it is.
    pub media_type: String,
    /// One file, or its sheets in order.
    pub sheets: Vec<Sheet>,
}

/// One page of a document before it is sealed.
pub struct Sheet {
    /// Its exact bytes.
    pub bytes: Arc<Vec<u8>>,
    /// Quarter turns clockwise until it stands upright.
    pub turns: u8,
    /// A small picture of it, upright.
    pub preview: Option<Vec<u8>>,
}

/// A document that was sealed and is not yet said to be there.
pub struct SealedPaper {
    /// Its name in the case.
    pub document: DocumentId,
    added: DocumentAdded,
    manifests: Vec<Manifest>,
}

/// One sealed page on its way to the disk.
pub struct SealedPage {
    /// Which.
    pub page: PageId,
    /// Its plain length in bytes.
    pub length: u64,
    /// Its sealed segments, in order.
    pub segments: Vec<Vec<u8>>,
}

/// Why a page of a document is not read.
pub enum Unread {
    /// Whoever asks is told so.
    Refused(Refusal),
    /// What the disk gives is not the page.
    Damaged(PageId),
}

impl From<Refusal> for Unread {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
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
    pub pages: Vec<AttachedPage>,
    /// When it was added.
    pub at_ms: u64,
}

/// One page of a document, as its act says.
#[derive(Clone, Copy, Debug)]
pub struct AttachedPage {
    /// Which.
    pub page: PageId,
    /// Quarter turns clockwise until it stands upright.
    pub turns: u8,
    /// The page that is a small picture of it.
    pub preview: Option<PageId>,
}

impl SealedPaper {
    /// What is to be made durable once every page is: manifests, previews first, and the act.
    pub fn into_things(self, act: Envelope) -> Vec<Sealed> {
        let pages = self.manifests.into_iter().map(|manifest| Sealed::Page {
            manifest,
            complete: true,
        });
        pages.chain([Sealed::Envelope(act)]).collect()
    }
}

impl OpenCase {
    /// Seals a document; gives its pages apart.
    pub fn seal(&self, paper: &Paper) -> Result<(SealedPaper, Vec<SealedPage>), Refusal> {
        let (mut manifests, mut sealed) = (Vec::new(), Vec::new());
        let mut seal = |bytes: &[u8]| -> Result<Hash, Refusal> {
            let (manifest, page) = self.seal_page(bytes)?;
            manifests.push(manifest);
            sealed.push(page);
            Ok(sealed.last().expect("one was just pushed").page.0)
        };
        let mut looks = Vec::new();
        for Sheet { turns, preview, .. } in &paper.sheets {
            looks.push(Look {
                turns: *turns,
                preview: preview.as_deref().map(&mut seal).transpose()?,
            });
        }
        let pages = paper.sheets.iter().map(|sheet| seal(&sheet.bytes));
        let pages = pages.collect::<Result<Vec<_>, _>>()?;
        let document = DocumentId::from(entropy::bytes());
        let says_something = looks.iter().any(|look| *look != Look::default());
        let added = DocumentAdded {
            at_ms: clock::wall_ms(),
            document: guichet_sync::case::DocumentId(*document.as_bytes()),
            name: paper.name.clone(),
            media_type: paper.media_type.clone(),
            pages,
            bytes: paper
                .sheets
                .iter()
                .map(|sheet| sheet.bytes.len() as u64)
                .sum(),
            looks: says_something.then_some(looks),
        };
        let paper = SealedPaper {
            document,
            added,
            manifests,
        };
        Ok((paper, sealed))
    }

    fn seal_page(&self, bytes: &[u8]) -> Result<(Manifest, SealedPage), Refusal> {
        let too_large = Refusal::TooLarge {
            bytes_max: DOCUMENT_BYTES_MAX,
        };
        if bytes.is_empty() || bytes.len() > DOCUMENT_BYTES_MAX {
            return Err(too_large);
        }
        let writer = self.log.writer().ok_or(Refusal::Locked)?;
        let key = self.log.key(&writer.key).ok_or(Refusal::Locked)?;
        let head = PageHead::new(
            Salt::from(entropy::bytes()),
            self.case(),
            writer.author,
            writer.key,
            bytes.len() as u64,
        );
        let sealer = self.log.sealer();
        let segments: Vec<_> = (0..)
            .zip(bytes.chunks(SEGMENT_BYTES))
            .map(|(index, plain)| head.seal_segment(index, plain, key, sealer))
            .collect();
        let hashes: Vec<_> = segments
            .iter()
            .map(|sealed| guichet_keys::sha256(sealed))
            .collect();
        let manifest = Manifest::sign(head, &hashes, &writer.signer).map_err(|_| too_large)?;
        let page = SealedPage {
            page: manifest.id(),
            length: bytes.len() as u64,
            segments,
        };
        Ok((manifest, page))
    }

    /// Says that a document whose pages are durable is there.
    pub fn attach(&mut self, sealed: &SealedPaper) -> Result<Envelope, Refusal> {
        sealed
            .manifests
            .iter()
            .for_each(|manifest| self.insert_manifest(manifest));
        self.act(Act::DocumentAdded(sealed.added.clone()))
    }

    /// The exact bytes of a document that is one file.
    pub fn document(&self, document: DocumentId, reader: &Reader) -> Result<Upload, Unread> {
        let attached = self.attached(document)?;
        let [page] = attached.pages.as_slice() else {
            return Err(Refusal::NotFound(Thing::Document).into());
        };
        Ok(Upload {
            bytes: self.open_page(&page.page, reader)?,
            name: attached.name,
            media_type: attached.media_type,
        })
    }

    /// The exact bytes of one sheet of a document, counted from 1.
    pub fn sheet(
        &self,
        document: DocumentId,
        number: u32,
        reader: &Reader,
    ) -> Result<Upload, Unread> {
        let attached = self.attached(document)?;
        let page = attached
            .page(number)
            .ok_or(Refusal::NotFound(Thing::Page))?;
        let bytes = self.open_page(&page.page, reader)?;
        let media_type = file::media_type(&bytes);
        Ok(Upload {
            name: file::of_sheet(&attached.name, number, media_type),
            media_type: media_type.to_owned(),
            bytes,
        })
    }

    /// What is to be drawn for a picture of a document, and how.
    pub fn picture(
        &self,
        document: DocumentId,
        asked: Drawing,
        reader: &Reader,
    ) -> Result<(Vec<u8>, Drawing), Unread> {
        let attached = self.attached(document)?;
        // The pages inside one file are counted where it is drawn.
        let (page, inside) = match attached.pages.as_slice() {
            [page] => (*page, asked.page),
            _ => (attached.page(asked.page).ok_or(no_such_page())?, 1),
        };
        if asked.detail == Detail::Preview
            && inside == 1
            && let Some(preview) = page.preview
        {
            match self.open_page(&preview, reader) {
                Ok(bytes) => return Ok((bytes, Drawing { page: 1, ..asked })),
                Err(damaged @ Unread::Damaged(_)) => return Err(damaged),
                // The page itself may be here.
                Err(Unread::Refused(_)) => {}
            }
        }
        let drawing = Drawing {
            page: inside,
            turns: (asked.turns + page.turns) % 4,
            ..asked
        };
        Ok((self.open_page(&page.page, reader)?, drawing))
    }

    fn attached(&self, document: DocumentId) -> Result<Attached, Refusal> {
        let acts = self.acts().into_iter();
        let mut documents = acts.filter_map(|signed| attached(&signed.act));
        documents
            .find(|attached| attached.document == document)
            .ok_or(Refusal::NotFound(Thing::Document))
    }

    fn open_page(&self, page: &PageId, reader: &Reader) -> Result<Vec<u8>, Unread> {
        let head = self.manifests.get(page).ok_or_else(coming)?;
        let key = self.log.key(&head.key).ok_or(Refusal::Locked)?;
        let mut bytes = Vec::new();
        for index in 0..segment_count(head.length) {
            let sealed = reader
                .read_segment(*page.0.as_bytes(), index)
                .map_err(|error| {
                    use StoreError::{AbsentSegment, PageDamaged, UnknownPage};
                    if matches!(error, AbsentSegment { .. } | UnknownPage { .. }) {
                        return coming().into();
                    }
                    tracing::error!(%error, "a page of a document does not read");
                    if matches!(error, PageDamaged { .. }) {
                        return Unread::Damaged(*page);
                    }
                    Refusal::DiskFailed.into()
                })?;
            let plain = head.open_segment(index, &sealed, key, self.log.sealer());
            bytes.extend_from_slice(&plain.map_err(|_| Unread::Damaged(*page))?);
        }
        Ok(bytes)
    }
}

impl Attached {
    /// A page, counted from 1.
    fn page(&self, number: u32) -> Option<AttachedPage> {
        let place = usize::try_from(number).ok()?.checked_sub(1)?;
        self.pages.get(place).copied()
    }
}

/// The document that an act adds.
pub fn attached(act: &Act) -> Option<Attached> {
    let Act::DocumentAdded(added) = act else {
        return None;
    };
    let look = |place: usize| {
        let looks = added.looks.as_deref().unwrap_or_default();
        looks.get(place).copied().unwrap_or_default()
    };
    let pages = added.pages.iter().enumerate().map(|(place, page)| {
        let Look { turns, preview } = look(place);
        AttachedPage {
            page: PageId(*page),
            turns,
            preview: preview.map(PageId),
        }
    });
    Some(Attached {
        document: DocumentId::from(added.document.0),
        name: added.name.clone(),
        media_type: added.media_type.clone(),
        bytes: added.bytes,
        pages: pages.collect(),
        at_ms: added.at_ms,
    })
}

/// What is missing of a document comes.
pub fn coming() -> Refusal {
    Refusal::NoPicture(PictureTrouble::NotHereYet)
}

fn no_such_page() -> Refusal {
    Refusal::NoPicture(PictureTrouble::NoSuchPage)
}
