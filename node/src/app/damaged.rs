//! Pages of documents that turned out to be damaged on this disk.
//!
//! A page is looked at when it is read: by a person, or for another node. Where what the disk gives
//! is not what the page's manifest names, the disk's thread looks at the whole page and takes what
//! is damaged for absent; the replica fetches it from whoever has it.

use std::collections::BTreeSet;

use guichet_sync::page::{Manifest, PageId};
use guichet_sync::replica::Input;
use guichet_sync::store::StoreError;

use super::disk::Job;
use super::node::Node;
use crate::web::counter::Change;
use crate::web::view::Ill;

/// What is known of damaged pages.
#[derive(Debug, Default)]
pub struct Damaged {
    /// The disk's thread looks at these.
    suspected: BTreeSet<PageId>,
    /// Something of these is missing since.
    missing: BTreeSet<PageId>,
    /// The manifest of the page that was sent of last.
    sent: Option<Manifest>,
}

impl Damaged {
    /// What is told of them.
    pub fn ill(&self) -> Option<Ill> {
        let pages = self.missing.len() as u64;
        (pages > 0).then_some(Ill::PagesDamaged { pages })
    }

    /// A page is whole again.
    pub fn on_complete(&mut self, page: &PageId) {
        self.missing.remove(page);
    }
}

impl Node {
    /// A segment for another node, as its page's manifest names it: nobody is to be blamed by
    /// others for what a disk did.
    pub(super) fn whole_segment(
        &mut self,
        page: PageId,
        index: u32,
    ) -> Result<Vec<u8>, StoreError> {
        let sealed = self.reader.read_segment(*page.0.as_bytes(), index)?;
        if self.damaged.sent.as_ref().map(Manifest::id) != Some(page) {
            self.damaged.sent = Some(self.manifest(&page)?);
        }
        let manifest = self.damaged.sent.as_ref();
        let is_whole = manifest.is_some_and(|it| it.check_segment(index, &sealed).is_ok());
        is_whole.then_some(sealed).ok_or_else(|| damaged(&page))
    }

    /// A page that is read is not what was stored: the disk's thread looks at all of it.
    pub(super) fn on_page_damaged(&mut self, page: PageId) {
        match self.manifest(&page) {
            Ok(_) if !self.damaged.suspected.insert(page) => {}
            Ok(manifest) => self.disk.hand_in(Job::CheckPage(Box::new(manifest))),
            Err(error) => self.on_unreadable(&error),
        }
    }

    /// The disk's thread has looked at a page.
    pub(super) fn on_page_checked(
        &mut self,
        manifest: Box<Manifest>,
        lost: Result<Vec<u32>, StoreError>,
    ) {
        let (page, case) = (manifest.id(), manifest.head().case);
        self.damaged.suspected.remove(&page);
        match lost {
            Ok(lost) if lost.is_empty() => {}
            Ok(lost) => {
                tracing::error!(page = %page.0, ?lost, "parts of a page are damaged; they are fetched again");
                self.damaged.missing.insert(page);
                self.tell_replica(Input::SegmentsDamaged(manifest, lost));
                self.tell_case(case);
                self.counter.tell(Change::Status);
            }
            Err(error) => {
                self.on_unreadable(&damaged(&page));
                self.on_unreadable(&error);
            }
        }
    }

    fn manifest(&self, page: &PageId) -> Result<Manifest, StoreError> {
        let entry = self.replica.catalogue().manifest(page);
        let at = entry.ok_or_else(|| damaged(page))?.at;
        Manifest::parse(self.reader.read(at)?).map_err(|_| damaged(page))
    }
}

fn damaged(page: &PageId) -> StoreError {
    let page = page.0.to_string();
    StoreError::PageDamaged { page }
}
