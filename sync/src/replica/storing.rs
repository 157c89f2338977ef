//! What is handed to the disk, and what follows once it is durable, or was not taken.
//!
//! Receipts are owed for what is durable, and are signed here.

use std::time::Duration;

use guichet_keys::{Hash, Role, StatementKind};

use crate::bitmap::Bitmap;
use crate::later;
use crate::limits::RECEIPT_COVERS_MAX;
use crate::receipt::{Cover, Receipt, Stage};
use crate::store::{BATCH_BYTES_MAX, NewRecord, Stored};

use super::session::Session;
use super::{Event, HELD_BYTES_MAX, Now, Output, Replica, Thing};

/// Receipts wait this long for company.
const RECEIPT_DELAY: Duration = Duration::from_millis(30);

impl Replica {
    /// Hands a checked thing to the store, behind what the disk did not take before.
    pub(super) fn store(&mut self, thing: Thing) {
        self.store_again();
        self.hand_out(thing);
    }

    /// Whether so much waits for the disk that nothing more is taken from a peer.
    pub(super) fn is_overrun(&self) -> bool {
        self.landing_bytes.saturating_add(self.unsaved.bytes()) > HELD_BYTES_MAX
    }

    /// Hands out again what the disk did not take before.
    pub(super) fn store_again(&mut self) {
        for thing in self.unsaved.take() {
            self.hand_out(thing);
        }
    }

    fn hand_out(&mut self, thing: Thing) {
        let record = NewRecord {
            feed: thing.what().feed(),
            meta: minicbor::to_vec(thing.meta()).expect("encoding into memory cannot fail"),
            payload: thing.bytes().to_vec(),
        };
        self.landing_bytes = self.landing_bytes.saturating_add(record.payload.len());
        self.pending.push(thing);
        let bytes = record.len_on_disk();
        let together = self.batch_bytes.saturating_add(bytes);
        match self.outputs.back_mut() {
            Some(Output::Store(records)) if together <= BATCH_BYTES_MAX => {
                self.batch_bytes = together;
                records.push(record);
            }
            _ => {
                self.batch_bytes = bytes;
                self.outputs.push_back(Output::Store(vec![record]));
            }
        }
    }

    pub(super) fn on_stored(&mut self, now: Now, stored: Vec<Stored>) {
        for record in stored {
            let Some(thing) = self.pending.pop() else {
                return;
            };
            let hash = thing.hash();
            self.landing_bytes = self.landing_bytes.saturating_sub(thing.bytes().len());
            self.catalogue.insert(&record, thing.meta());
            self.on_durable(now, &record, thing);
            let peers: Vec<_> = self.sessions.keys().copied().collect();
            for peer in peers {
                let session = self
                    .sessions
                    .get_mut(&peer)
                    .expect("the key was just listed");
                let moved = session.on_settled(&hash, record.feed, record.arrival);
                session.on_durable(&self.catalogue, record.feed, record.arrival);
                self.save_cursors(peer, moved);
            }
        }
        self.grant_credits(now);
    }

    fn on_durable(&mut self, now: Now, record: &Stored, thing: Thing) {
        let event = match thing {
            Thing::Statement(statement) => {
                let kind = statement.statement().kind();
                if kind == StatementKind::Member {
                    self.on_members(now);
                }
                Event::StatementStored(statement.hash(), kind)
            }
            Thing::Receipt(receipt) => {
                self.enter(&receipt);
                self.on_holder(now, &receipt);
                let mut cases: Vec<_> = receipt.covers().iter().map(Cover::case).collect();
                cases.dedup();
                Event::ReceiptStored(cases)
            }
            Thing::Envelope(envelope) => {
                let chain = envelope.header().chain();
                self.book.on_case(
                    &self.catalogue,
                    &chain.case,
                    self.rules.receipt_after_segments,
                );
                self.owe_receipts(now);
                Event::EnvelopeStored {
                    chain,
                    index: envelope.header().index,
                    hash: envelope.hash(),
                    at: record.at,
                }
            }
            Thing::Page { manifest, complete } => {
                let (id, case) = (manifest.id(), manifest.head().case);
                let maker = self.maker(&manifest);
                if complete {
                    self.pages.insert_whole(now.instant, &manifest, maker);
                } else {
                    let none = Bitmap::empty(manifest.segments());
                    self.pages.insert_part(now.instant, manifest, maker, none);
                    if self.wants_pages_of(&case) {
                        self.pages.want(now.instant, &id);
                    }
                }
                if complete || !self.rules.receipt_after_segments {
                    self.book.on_page(id, case);
                    self.owe_receipts(now);
                }
                self.ask_for_pages(now);
                Event::ManifestStored(case, id)
            }
        };
        self.outputs.push_back(Output::Tell(event));
    }

    /// Whoever delivered something of what was lost begins a new session, to deliver it again.
    pub(super) fn on_store_failed(&mut self, now: Now) {
        let lost: Vec<Thing> = std::iter::from_fn(|| self.pending.pop()).collect();
        let failed: Vec<Hash> = lost.iter().map(Thing::hash).collect();
        self.landing_bytes = 0;
        let believed = lost.into_iter().filter(|thing| match thing {
            Thing::Statement(_) => true,
            Thing::Receipt(receipt) => receipt.node() == self.me,
            Thing::Envelope(_) | Thing::Page { .. } => false,
        });
        self.unsaved.keep(now.instant, believed);
        let delivered = |session: &&Session| {
            let incoming = session.incoming();
            failed.iter().any(|hash| incoming.awaits(hash))
        };
        let sessions = self.sessions.values().filter(delivered);
        for peer in sessions.map(Session::peer).collect::<Vec<_>>() {
            self.end_session(now, &peer);
            self.outputs.push_back(Output::Close(
                peer,
                "the disk does not take more".to_owned(),
            ));
        }
        self.outputs
            .push_back(Output::Tell(Event::WriteFailed(failed)));
    }

    pub(super) fn owe_receipts(&mut self, now: Now) {
        let stage = matches!(self.role(), Some(Role::Relay | Role::Station));
        if stage && self.book.is_due() {
            self.receipts_at
                .get_or_insert(later(now.instant, RECEIPT_DELAY));
        }
    }

    pub(super) fn sign_receipts(&mut self, now: Now) {
        let stage = if self.role() == Some(Role::Relay) {
            Stage::EnRoute
        } else {
            Stage::Received
        };
        while self.book.is_due() {
            let mut book = std::mem::take(&mut self.book);
            let covers = book.take_due(RECEIPT_COVERS_MAX, |case| {
                stage == Stage::EnRoute || self.serves(case)
            });
            self.book = book;
            if !covers.is_empty() {
                self.store(Thing::Receipt(Receipt::sign(
                    &self.signer,
                    stage,
                    now.wall_ms,
                    covers,
                )));
            }
        }
    }
}
