//! A machine: a disk, and while it runs a process with the real replica and the open cases.

use std::collections::BTreeMap;
use std::sync::Arc;

use guichet_keys::{AesGcm, AuthorId, CaseKeys, CaseTag, Hash, KeyUse, SecretKey};
use guichet_sync::case::{CaseLog, FieldRef, Version, Writer};
use guichet_sync::catalogue::Meta;
use guichet_sync::envelope::{Envelope, KeyRef};
use guichet_sync::page::PageId;
use guichet_sync::replica::{Input, Now, Opening, Replica};
use guichet_sync::rules::Rules;

use super::cast::{Cast, Post};
use super::disk::Disk;
use super::random::Random;

/// The key that people write with: shared, first epoch.
pub const SHARED: KeyRef = KeyRef {
    usage: KeyUse::Shared,
    epoch: guichet_keys::case_key::FIRST_EPOCH,
};

/// A machine at a post.
pub struct Machine {
    /// Where it stands.
    pub post: Post,
    /// Its disk.
    pub disk: Disk,
    /// Counts its starts, so that what concerned an earlier one is known.
    pub life: u32,
    /// What runs, while it runs.
    pub process: Option<Process>,
    /// The shared keys of the cases that the kiosk made; a station opens its own.
    pub keys: BTreeMap<CaseTag, SecretKey>,
    /// Who wrote here last in each case.
    pub authors: BTreeMap<CaseTag, AuthorId>,
    /// How far its clock is off, in milliseconds.
    pub skew_ms: u64,
    /// When the process wants to be woken, in virtual time.
    pub wakes_us: Option<u64>,
}

/// What runs on a machine.
pub struct Process {
    /// The real one.
    pub replica: Replica,
    /// Cases whose key is at hand.
    pub cases: BTreeMap<CaseTag, OpenCase>,
    /// Pages of documents added here that are not told of as saved yet.
    pub unsaved_pages: BTreeMap<PageId, Hash>,
}

/// A case as people here see it.
pub struct OpenCase {
    /// The real one.
    pub log: CaseLog,
    /// What was written and is not told of as saved yet.
    pub unsaved: BTreeMap<Hash, Envelope>,
    /// Versions of text areas that a page somewhere still shows.
    pub shown: Vec<(FieldRef, Version)>,
    /// Whether the writer's introduction failed: somebody else must write.
    pub needs_writer: bool,
    /// Drafts sent so far.
    pub drafts: u64,
}

impl Machine {
    /// A machine that does not run yet.
    pub fn new(post: Post, disk: Disk) -> Self {
        Self {
            post,
            disk,
            life: 0,
            process: None,
            keys: BTreeMap::new(),
            authors: BTreeMap::new(),
            skew_ms: 0,
            wakes_us: None,
        }
    }

    /// Starts the process from what the disk holds. Whoever is named in `writers` goes on writing.
    pub fn boot(
        &mut self,
        now: Now,
        cast: &Cast,
        rules: Rules,
        writers: &BTreeMap<CaseTag, AuthorId>,
        random: &mut Random,
    ) {
        let platter = &self.disk.platter;
        let read = |at: &_| platter.read(at);
        let replica = Replica::open(
            now,
            Opening {
                signer: self.post.node_key(),
                directory: cast.directory(),
                epoch: platter.epoch,
                rules,
                records: platter.records(),
                cursors: platter.cursors(),
                pages: platter.pages(),
                read: &read,
            },
        );
        self.life += 1;
        self.wakes_us = None;
        self.process = Some(Process {
            replica,
            cases: BTreeMap::new(),
            unsaved_pages: BTreeMap::new(),
        });
        self.open_cases(now, cast, rules, writers, random);
    }

    /// Opens every case that is known here and not open, as far as its key is at hand.
    pub fn open_cases(
        &mut self,
        now: Now,
        cast: &Cast,
        rules: Rules,
        writers: &BTreeMap<CaseTag, AuthorId>,
        random: &mut Random,
    ) {
        let Some(process) = &mut self.process else {
            return;
        };
        let known: Vec<CaseTag> = process
            .replica
            .directory()
            .cases()
            .map(|statement| statement.case)
            .collect();
        for case in known {
            if process.cases.contains_key(&case) {
                continue;
            }
            let key = match self.post {
                Post::Relay => None,
                Post::Kiosk => self.keys.get(&case).cloned(),
                Post::FirstStation | Post::SecondStation => {
                    service_opens(cast, self.post, &process.replica, &case)
                }
            };
            let Some(key) = key else { continue };
            let mut open = OpenCase::new(case, key, rules, AuthorId::from(random.bytes()));
            if let Some(author) = writers.get(&case) {
                open.log.set_writer(Writer {
                    author: *author,
                    signer: std::sync::Arc::new(self.post.writer_key()),
                    key: SHARED,
                });
            }
            let mut entries = process.replica.catalogue().contents_of(&case);
            random.shuffle(&mut entries);
            for entry in entries {
                if matches!(entry.meta, Meta::Envelope { .. }) {
                    let bytes = self.disk.platter.read(&entry.at);
                    let envelope = bytes.map(Envelope::parse).and_then(Result::ok);
                    open.log
                        .insert(&envelope.expect("what is durable reads back"));
                }
            }
            process.cases.insert(case, open);
            if self.post == Post::Kiosk {
                process.replica.handle_input(now, Input::CaseFollowed(case));
            }
        }
    }
}

impl OpenCase {
    /// An open case without content.
    pub fn new(case: CaseTag, key: SecretKey, rules: Rules, reader: AuthorId) -> Self {
        let keys = BTreeMap::from([(SHARED, key)]);
        Self {
            log: CaseLog::new(case, keys, reader, Arc::new(AesGcm), rules),
            unsaved: BTreeMap::new(),
            shown: Vec::new(),
            needs_writer: false,
            drafts: 0,
        }
    }
}

fn service_opens(cast: &Cast, post: Post, replica: &Replica, case: &CaseTag) -> Option<SecretKey> {
    let (statement, _) = replica.directory().case(case)?;
    let keys = CaseKeys::open(statement, &cast.service_secret(post)?).ok()?;
    keys.key(SHARED.usage, SHARED.epoch).cloned()
}
