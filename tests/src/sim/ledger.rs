//! What was promised, and the first promise that was broken.
//!
//! A person is told that something is saved when the machine's disk has it; a receipt is a node's
//! signed word. Both are written down here when they are given, and held against the disks.

use std::collections::{BTreeMap, BTreeSet};

use guichet_keys::{AuthorId, CaseTag, Hash};
use guichet_sync::envelope::{ChainId, Kind};
use guichet_sync::feed::Feed;
use guichet_sync::page::PageId;
use guichet_sync::receipt::{Cover, Receipt, Stage};
use guichet_sync::replica::{Now, Send};
use guichet_sync::store::NewRecord;

use super::disk::{Link, Platter};
use super::line::End;
use super::machine::Machine;

/// An envelope that a person was told is saved.
#[derive(Clone, Copy, Debug)]
pub struct Saved {
    /// Its chain.
    pub chain: ChainId,
    /// Its place.
    pub index: u64,
}

/// What was promised.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Envelopes that somebody was told are saved.
    pub saved: BTreeMap<Hash, Saved>,
    /// Pages that somebody was told are saved, with their case and the hash of their content.
    pub pages: BTreeMap<PageId, (CaseTag, Hash)>,
    /// Authors that wrote on in two copies of one process: what they wrote may lose a fork.
    pub forked: BTreeSet<AuthorId>,
    sent: BTreeSet<(u64, End, u64)>,
    failure: Option<String>,
}

impl Ledger {
    /// Something is wrong; only the first is remembered.
    pub fn fail(&mut self, why: String) {
        self.failure.get_or_insert(why);
    }

    /// Whether something is wrong.
    pub fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// What is wrong, if anything is.
    pub fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// Within one session nothing is sent twice.
    ///
    /// # Errors
    /// It was.
    pub fn count_sent(&mut self, connection: u64, from: End, send: &Send) -> Result<(), String> {
        let Send::Stored { at, .. } = send else {
            return Ok(());
        };
        if self.sent.insert((connection, from, at.offset)) {
            Ok(())
        } else {
            Err(format!("{send:?} was sent twice in one session"))
        }
    }

    /// Sessions are closed for lack of space or of a hello; for anything else somebody is to blame.
    pub fn check_close(&mut self, reason: &str) {
        let excused = ["the disk does not take more", "no hello in time"];
        if !excused.contains(&reason) {
            self.fail(format!("a session was closed: {reason}"));
        }
    }

    /// Every receipt that a machine has just signed must be true of its disk. (A copy also gets
    /// those that the other one signed earlier.)
    ///
    /// # Errors
    /// One is not.
    pub fn check_receipts(
        &self,
        now: Now,
        machine: &Machine,
        records: &[NewRecord],
    ) -> Result<(), String> {
        let own = machine.post.node_key().subject();
        for record in records
            .iter()
            .filter(|record| record.feed == Feed::Receipts)
        {
            let receipt = Receipt::parse(record.payload.clone()).map_err(|e| e.to_string())?;
            if receipt.node() != own || receipt.at_ms() != now.wall_ms {
                continue;
            }
            for cover in receipt.covers() {
                let is_true = match cover {
                    Cover::Chain { chain, next } => {
                        let with_deps = receipt.stage() == Stage::Received;
                        holds_chain(&machine.disk.platter, *chain, *next, with_deps)
                    }
                    Cover::Page { page, .. } => machine.disk.platter.holds_page(page),
                };
                if !is_true {
                    let post = machine.post;
                    return Err(format!(
                        "{post:?} signed {:?} for {cover:?}, which is not durable there",
                        receipt.stage()
                    ));
                }
            }
        }
        Ok(())
    }
}

/// Whether a chain is on a disk up to `next`, and all that it depends on too if that is asked.
fn holds_chain(platter: &Platter, chain: ChainId, next: u64, with_deps: bool) -> bool {
    let mut held: BTreeMap<ChainId, u64> = BTreeMap::new();
    let mut asked = vec![(chain, next)];
    while let Some((chain, next)) = asked.pop() {
        let from = held.get(&chain).copied().unwrap_or(0);
        for index in from..next {
            let links = platter.links(chain, index);
            if links.is_empty() {
                return false;
            }
            let deps = links.iter().flat_map(|link: &Link| &link.deps);
            asked.extend(deps.filter(|_| with_deps).map(|dep| {
                let other = ChainId {
                    author: dep.author,
                    kind: Kind::Edit,
                    ..chain
                };
                (other, dep.index + 1)
            }));
        }
        held.insert(chain, next.max(from));
    }
    true
}
