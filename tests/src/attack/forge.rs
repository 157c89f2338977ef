//! What the key of an enrolled kiosk lets its holder sign: authors, cases, envelopes and pages of
//! their own. Each is genuine as far as anybody can tell, and says what suits the attack.

use anyhow::{Context as _, Result};
use guichet::folder;
use guichet_keys::{
    ActClass, AesGcm, AuthorBinding, AuthorId, CaseKey, CaseKeys, CaseStatement, CaseTag, Hash,
    KeyUse, Salt, Sealer as _, SecretKey, ServiceId, ServiceKey, SignedStatement, SigningKey,
    Statement, Wrap, sha256,
};
use guichet_sync::case::Act;
use guichet_sync::envelope::{ChainId, Dep, Envelope, Header, KeyRef, Kind};
use guichet_sync::page::{Manifest, PageHead};
use guichet_sync::replica::Thing;
use guichet_sync::wire::{Frame, What};

use super::{random, unbounded};
use crate::village::Site;

/// The service whose cases are forged.
pub const SERVICE: &str = "caf";
/// The number of the kind of a case's statement.
const CASE: u64 = 7;
/// Wraps that fill a large statement, some 190 bytes each.
const FILLING_WRAPS: usize = 340;

/// A key, and the service that it writes to.
pub struct Forger {
    seed: [u8; 32],
    key: SigningKey,
    service: ServiceKey,
}

/// A case that the forger has begun.
pub struct Forged {
    /// Its tag.
    pub case: CaseTag,
    /// Who writes in it.
    pub author: AuthorId,
    key: SecretKey,
    usage: KeyRef,
    /// What nodes must know of it first: its author and its beginning.
    pub statements: Vec<Vec<u8>>,
}

impl Forger {
    /// Signs with this key, to the service as the network of this folder knows it; its node does
    /// not run.
    pub fn new(seed: [u8; 32], site: &Site) -> Result<Self> {
        let service = ServiceId::new(SERVICE)?;
        let statements = folder::open(site.folder(), None)?.seed;
        let keys = statements.iter().filter_map(|signed| {
            if let Statement::ServiceKey(key) = signed.statement() {
                return Some(key.clone());
            }
            None
        });
        let mut of_service = keys.filter(|key| key.service == service);
        let service = of_service.next().context("the service's key")?;
        let key = SigningKey::from_seed(&seed);
        Ok(Self { seed, key, service })
    }

    /// The key.
    pub fn key(&self) -> &SigningKey {
        &self.key
    }

    /// The public half of the service's key.
    pub fn service(&self) -> &ServiceKey {
        &self.service
    }

    /// A new author, for one case or for any.
    pub fn author(&self, case: Option<CaseTag>) -> Result<(AuthorId, SignedStatement)> {
        let author = AuthorId::from(random());
        let binding = AuthorBinding {
            author,
            node: self.key.subject(),
            person: None,
            case,
        };
        let bound = SignedStatement::sign(&self.key, 1, 1, &Statement::Author(binding))?;
        Ok((author, bound))
    }

    /// A new case that says to have begun at this time.
    pub fn case(&self, at_s: u64) -> Result<Forged> {
        let case = CaseTag::from(random());
        let (author, bound) = self.author(Some(case))?;
        let (statement, keys) = CaseKeys::create(case, author, &self.service, &random())?;
        let (epoch, key) = keys.newest(KeyUse::Shared).context("the shared key")?;
        let usage = KeyRef {
            usage: KeyUse::Shared,
            epoch,
        };
        let begun = unbounded::statement(self.seed, (CASE, 1, at_s), &statement)?;
        Ok(Forged {
            case,
            author,
            key: key.clone(),
            usage,
            statements: vec![bound.bytes().to_vec(), begun],
        })
    }

    /// A case of nearly as many bytes as a statement may have.
    pub fn large_case(&self) -> Result<Vec<SignedStatement>> {
        let case = CaseTag::from(random());
        let (author, bound) = self.author(Some(case))?;
        let filler = Wrap {
            recipient: self.service.public,
            enc: random(),
            ciphertext: vec![7; 120],
        };
        let key = CaseKey {
            which: KeyUse::Shared,
            epoch: 1,
            commitment: sha256(&case.as_bytes()[..]),
            wraps: vec![filler; FILLING_WRAPS],
        };
        let statement = CaseStatement {
            case,
            service: self.service.service.clone(),
            service_epoch: self.service.epoch,
            author,
            keys: vec![key],
        };
        let begun = SignedStatement::sign(&self.key, 1, 1, &Statement::Case(statement))?;
        Ok(vec![bound, begun])
    }

    /// An envelope of edits at the beginning of its chain, whose body nobody can read.
    pub fn edit(&self, of: &Forged) -> Result<Envelope> {
        self.envelope(of, Kind::Edit, None, (0, None), b"nothing")
    }

    /// The next edit after another.
    pub fn next_edit(&self, of: &Forged, before: &Envelope) -> Result<Envelope> {
        let place = (before.header().index + 1, Some(before.hash()));
        self.envelope(of, Kind::Edit, None, place, b"nothing")
    }

    /// An edit that says this, at a place of its chain and behind what stands before it.
    pub fn edit_at(
        &self,
        of: &Forged,
        place: (u64, Option<Hash>),
        plain: &[u8],
    ) -> Result<Envelope> {
        self.envelope(of, Kind::Edit, None, place, plain)
    }

    /// A frame with the edit after another, with dependencies of whatever place.
    pub fn depending_edit(&self, of: &Forged, before: &Envelope, deps: Vec<Dep>) -> Result<Frame> {
        let place = (before.header().index + 1, Some(before.hash()));
        let mut header = self.header(of, Kind::Edit, place);
        header.deps = deps;
        let payload = unbounded::edit(&header, b"nothing", &of.key, &self.key)?;
        let what = What::Edit;
        Ok(Frame::Live { what, payload })
    }

    /// An act, as the citizen.
    pub fn act(&self, of: &Forged, before: Option<&Envelope>, act: &Act) -> Result<Envelope> {
        let place = before.map_or((0, None), |it| (it.header().index + 1, Some(it.hash())));
        let plain = act.encode()?;
        let class = Some(ActClass::Citizen);
        self.envelope(of, Kind::Act, class, place, &plain)
    }

    fn envelope(
        &self,
        of: &Forged,
        kind: Kind,
        class: Option<ActClass>,
        place: (u64, Option<Hash>),
        plain: &[u8],
    ) -> Result<Envelope> {
        let mut header = self.header(of, kind, place);
        header.class = class;
        Ok(Envelope::seal(&header, plain, &of.key, &AesGcm, &self.key)?)
    }

    fn header(&self, of: &Forged, kind: Kind, (index, prev): (u64, Option<Hash>)) -> Header {
        let chain = ChainId {
            case: of.case,
            author: of.author,
            kind,
        };
        Header::new(chain, index, prev, of.usage, Salt::from(random()))
    }

    /// A page of so many segments, which nobody has.
    pub fn page_of(&self, of: &Forged, length: u64, segments: usize) -> Result<Manifest> {
        let head = PageHead::new(Salt::from(random()), of.case, of.author, of.usage, length);
        let hashes = vec![Hash::from(random()); segments];
        Ok(Manifest::sign(head, &hashes, &self.key)?)
    }

    /// A page of one segment that says to have so many bytes, and names this segment as its own.
    pub fn page(&self, of: &Forged, length: u64, segment: &[u8]) -> Result<Manifest> {
        let head = PageHead::new(Salt::from(random()), of.case, of.author, of.usage, length);
        Ok(Manifest::sign(head, &[sha256(segment)], &self.key)?)
    }
}

impl Forged {
    /// What somebody types, sealed as if by a page.
    pub fn sealed(&self, plain: &[u8]) -> Vec<u8> {
        AesGcm.seal(&self.key, &Salt::from(random()), "draft", 0, &[], plain)
    }

    /// The frames that tell of it.
    pub fn frames(&self) -> impl Iterator<Item = Frame> + '_ {
        self.statements.iter().map(|bytes| Frame::Live {
            what: What::Statement,
            payload: bytes.clone(),
        })
    }
}

/// A frame that brings a statement.
pub fn statement(signed: &SignedStatement) -> Frame {
    Frame::Live {
        what: What::Statement,
        payload: signed.bytes().to_vec(),
    }
}

/// A frame that brings any thing.
pub fn live(thing: &Thing) -> Frame {
    Frame::Live {
        what: thing.what(),
        payload: thing.bytes().to_vec(),
    }
}

/// A frame that brings an envelope.
pub fn envelope(envelope: &Envelope) -> Frame {
    live(&Thing::Envelope(envelope.clone()))
}

/// A frame that announces a page.
pub fn manifest(manifest: &Manifest) -> Frame {
    live(&Thing::Page {
        manifest: manifest.clone(),
        complete: false,
    })
}
