//! A replica is made anew at each start from what the store holds.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use guichet_keys::{Directory, SignedStatement, SigningKey, SubjectId};

use crate::bitmap::Bitmap;
use crate::catalogue::{Catalogue, Meta};
use crate::page::{Manifest, PageId};
use crate::receipt::Receipt;
use crate::rules::Rules;
use crate::store::{Location, PeerCursors, Stored};
use crate::wire::Epoch;

use super::pages::Pages;
use super::{Book, Now, Replica};

/// What a replica starts from.
pub struct Opening<'a> {
    /// The node's key.
    pub signer: SigningKey,
    /// What is known of the network beside what the store holds; at least its root.
    pub directory: Directory,
    /// The life of the store.
    pub epoch: Epoch,
    /// The rules that hold.
    pub rules: Rules,
    /// Every record of the store, in the order of arrival within each feed.
    pub records: Vec<Stored>,
    /// How far each peer was read.
    pub cursors: Vec<(SubjectId, PeerCursors)>,
    /// What is on the disk of each page.
    pub pages: Vec<(PageId, Vec<u8>)>,
    /// Reads the bytes of a record.
    pub read: &'a dyn Fn(&Location) -> Option<Vec<u8>>,
}

impl Replica {
    /// Makes a replica from what the store holds.
    #[must_use]
    pub fn open(now: Now, opening: Opening<'_>) -> Self {
        let me = opening.signer.subject();
        let mut replica = Self {
            me,
            signer: opening.signer,
            epoch: opening.epoch,
            rules: opening.rules,
            directory: opening.directory,
            catalogue: Catalogue::new(),
            book: Book::default(),
            pages: Pages::default(),
            sessions: BTreeMap::new(),
            serving: super::Serving::default(),
            serving_at: None,
            heard: super::Heard::default(),
            sourced_at: None,
            sources_due: None,
            roster: super::Own::default(),
            turn: None,
            cursors: opening.cursors.into_iter().collect(),
            served: BTreeMap::new(),
            readings: 0,
            following: BTreeSet::new(),
            pending: super::Pending::default(),
            unsaved: super::Unsaved::default(),
            quotas: super::Quotas::default(),
            ask_again: BTreeMap::new(),
            segments_from_makers: 0,
            landing_bytes: 0,
            batch_bytes: 0,
            receipts_at: None,
            outputs: VecDeque::new(),
        };
        let mut receipts = Vec::new();
        let mut manifests = Vec::new();
        for record in opening.records {
            let Ok(meta) = minicbor::decode::<Meta>(&record.meta) else {
                tracing::error!(feed = ?record.feed, arrival = record.arrival, "a record of an unknown form is left alone");
                continue;
            };
            match &meta {
                Meta::Statement { .. } => replica.recall_statement((opening.read)(&record.at)),
                Meta::Receipt { .. } => {
                    receipts.extend((opening.read)(&record.at).map(Receipt::parse));
                }
                Meta::Manifest { .. } => manifests.push(record.at),
                Meta::Envelope { .. } => {}
            }
            replica.catalogue.insert(&record, meta);
        }
        let receipts = receipts.into_iter().filter_map(Result::ok);
        receipts.for_each(|receipt| replica.enter(&receipt));
        let on_disk: BTreeMap<PageId, Vec<u8>> = opening.pages.into_iter().collect();
        for at in manifests {
            let Some(Ok(manifest)) = (opening.read)(&at).map(Manifest::parse) else {
                tracing::error!("a stored manifest does not read");
                continue;
            };
            let bits = on_disk.get(&manifest.id()).map_or(&[][..], Vec::as_slice);
            let held = Bitmap::from_bytes(bits, manifest.segments());
            let (id, case) = (manifest.id(), manifest.head().case);
            let maker = replica.maker(&manifest);
            replica
                .pages
                .insert_part(now.instant, manifest, maker, held);
            if replica.wants_pages_of(&case) {
                replica.pages.want(now.instant, &id);
            }
        }
        replica.owe_for_all(now);
        replica
    }

    fn recall_statement(&mut self, bytes: Option<Vec<u8>>) {
        match bytes.map(|bytes| SignedStatement::parse(&bytes)) {
            Some(Ok(statement)) => {
                if let Err(error) = self.directory.learn(statement) {
                    tracing::warn!(%error, "a stored statement no longer holds");
                }
            }
            Some(Err(error)) => tracing::error!(%error, "a stored statement does not read"),
            None => tracing::error!("a stored statement does not read"),
        }
    }

    fn owe_for_all(&mut self, now: Now) {
        let cases: Vec<_> = self.catalogue.cases().copied().collect();
        cases.iter().for_each(|case| {
            self.book
                .on_case(&self.catalogue, case, self.rules.receipt_after_segments)
        });
        let complete: Vec<_> = self.pages.complete().collect();
        complete
            .into_iter()
            .for_each(|(page, case)| self.book.on_page(page, case));
        self.owe_receipts(now);
    }
}
