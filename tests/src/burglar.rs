//! Somebody with the whole folder of a station and one adviser's passphrase, who
//! knows every format and tries every key on every lock.
//!
//! Keys are what the passphrase opens in any vault, what stands in the files of
//! keys, sealed or at any place in the clear, and whatever these open in turn.
//! Locks are the wraps of service keys and case keys, whomever they name as
//! their recipient, and the envelopes themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use guichet::folder;
use guichet::folder::keys::Keys;
use guichet_keys::{
    AesGcm, AgreementSecret, CaseKey, CaseKeys, CaseStatement, CaseTag, KeyFile, SecretKey,
    ServiceKey, SignedStatement, Statement, Vault, Wrap,
};
use guichet_sync::catalogue::Meta;
use guichet_sync::envelope::Envelope;
use guichet_sync::store::Store;

const KEY_BYTES: usize = 32;

/// What came of it.
#[derive(Debug, Default)]
pub struct Haul {
    /// How many vaults opened.
    pub vaults: usize,
    /// How many keys were tried.
    pub tried: usize,
    /// Of each case, how many of its keys opened.
    pub keys: BTreeMap<CaseTag, Share>,
    /// Of each case, how many of its envelopes opened.
    pub envelopes: BTreeMap<CaseTag, Share>,
}

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// These opened.
    pub opened: usize,
    /// There are so many.
    pub of: usize,
}

/// Everything in a folder that is locked, and every key that lies about.
struct Loot {
    services: Vec<ServiceKey>,
    cases: Vec<CaseStatement>,
    envelopes: Vec<Envelope>,
    lying_about: BTreeSet<[u8; KEY_BYTES]>,
}

/// Tries everything; the node of the folder must not run.
pub fn break_in(dir: &Path, passphrase: &str) -> Result<Haul> {
    let loot = Loot::of(dir)?;
    let mut haul = Haul::default();
    let mut keys = loot.lying_about.clone();
    for vault in files(&dir.join("vaults"))? {
        let vault = Vault::parse(&fs::read(vault)?)?;
        if let Ok(opened) = vault.open(passphrase) {
            haul.vaults += 1;
            keys.extend([*opened.signing_seed, *opened.agreement_seed]);
        }
    }
    let mut fresh: Vec<_> = keys.iter().copied().collect();
    while let Some(key) = fresh.pop() {
        let found = loot.opened_by(&key);
        fresh.extend(found.into_iter().filter(|key| keys.insert(*key)));
    }
    haul.tried = keys.len();
    let keys: Vec<_> = keys.into_iter().map(SecretKey::from).collect();
    let commitments: BTreeSet<_> = keys.iter().map(SecretKey::commitment).collect();
    for case in &loot.cases {
        let share = haul.keys.entry(case.case).or_default();
        let opened = case
            .keys
            .iter()
            .map(|key| commitments.contains(&key.commitment));
        opened.for_each(|opened| share.count(opened));
    }
    for envelope in &loot.envelopes {
        let share = haul.envelopes.entry(envelope.header().case).or_default();
        let opens = |key| envelope.open(key, &AesGcm).is_ok();
        share.count(keys.iter().any(opens));
    }
    Ok(haul)
}

impl Share {
    /// Whether all of several opened.
    pub fn is_whole(&self) -> bool {
        self.opened == self.of && self.of > 0
    }

    /// Whether none of several opened.
    pub fn is_none(&self) -> bool {
        self.opened == 0 && self.of > 0
    }

    fn count(&mut self, opened: bool) {
        self.of += 1;
        self.opened += usize::from(opened);
    }
}

impl Loot {
    fn of(dir: &Path) -> Result<Self> {
        let opened = folder::open(dir, None)?;
        let mut loot = Self {
            services: Vec::new(),
            cases: Vec::new(),
            envelopes: Vec::new(),
            lying_about: keys_in(dir)?,
        };
        opened.seed.iter().for_each(|it| loot.take(it));
        let (store, found) = Store::open(&opened.store(), [0; 16])?;
        for record in found.records.iter() {
            let bytes = store.reader().read(record.at)?;
            match minicbor::decode(&record.meta)? {
                Meta::Statement { .. } => loot.take(&SignedStatement::parse(&bytes)?),
                Meta::Envelope { .. } => loot.envelopes.push(Envelope::parse(bytes)?),
                Meta::Receipt { .. } | Meta::Manifest { .. } => {}
            }
        }
        Ok(loot)
    }

    fn take(&mut self, statement: &SignedStatement) {
        match statement.statement() {
            Statement::ServiceKey(key) => self.services.push(key.clone()),
            Statement::Case(case) => self.cases.push(case.clone()),
            Statement::Member(_)
            | Statement::Revocation { .. }
            | Statement::Catalogue { .. }
            | Statement::Network { .. }
            | Statement::Author(_)
            | Statement::Media { .. }
            | Statement::Unknown { .. } => {}
        }
    }

    /// Everything that this key opens, each wrap as if it were made for it.
    fn opened_by(&self, key: &[u8; KEY_BYTES]) -> Vec<[u8; KEY_BYTES]> {
        let secret = AgreementSecret::from_seed(key);
        let recipient = secret.public();
        let mine = |wrap: &Wrap| Wrap {
            recipient,
            ..wrap.clone()
        };
        let services = self.services.iter().flat_map(|service| {
            let wraps = service.wraps.iter().chain(&service.recovery);
            wraps.filter_map(|wrap| {
                let service = ServiceKey {
                    wraps: vec![mine(wrap)],
                    recovery: None,
                    ..service.clone()
                };
                Some(*service.open(&secret).ok()?.as_bytes())
            })
        });
        let cases = self.cases.iter().flat_map(|case| {
            let keys = case.keys.iter();
            let wraps = keys.flat_map(|key| key.wraps.iter().map(move |wrap| (key, wrap)));
            wraps.filter_map(|(key, wrap)| {
                let alone = CaseKey {
                    wraps: vec![mine(wrap)],
                    ..key.clone()
                };
                let case = CaseStatement {
                    keys: vec![alone],
                    ..case.clone()
                };
                let opened = CaseKeys::open(&case, &secret).ok()?;
                Some(*opened.key(key.which, key.epoch)?.as_bytes())
            })
        });
        services.chain(cases).collect()
    }
}

/// What the files of keys hold, and every 32 bytes that stand in them.
fn keys_in(dir: &Path) -> Result<BTreeSet<[u8; KEY_BYTES]>> {
    let keys = Keys::open(dir, None)?;
    let mut found = BTreeSet::new();
    for file in files(&dir.join("keys"))? {
        let bytes = fs::read(file)?;
        let windows = bytes.windows(KEY_BYTES);
        found.extend(windows.filter_map(|it| <[u8; KEY_BYTES]>::try_from(it).ok()));
        if let Ok(sealed) = KeyFile::parse(&bytes) {
            found.insert(*keys.read(sealed.purpose())?);
        }
    }
    Ok(found)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    entries.map(|entry| Ok(entry?.path())).collect()
}
