//! An open case: its keys, its chains, and the document and acts they add up to.
//!
//! Envelopes come in any order. An edit is applied once the one before it in
//! its chain and all that it depends on are applied; where a chain forked, the
//! lower hash wins, here and everywhere. What loses, and what was built on it,
//! is set aside: listed, readable, without effect. When an envelope arrives
//! that wins over one already applied, the document is built anew from all
//! envelopes. So the same envelopes give the same case, in whatever order they
//! came.

mod chain;

use std::collections::BTreeMap;
use std::sync::Arc;

use guichet_keys::{
    ActClass, AuthorId, CaseTag, Hash, KeyUse, Salt, Sealer, SecretKey, SigningKey,
};
use zeroize::Zeroizing;

use super::{Act, BadAct, BadBatch, Batch, CaseDoc, Touched};
use crate::envelope::{ChainId, Dep, Envelope, EnvelopeError, Header, KeyRef, Kind};
use crate::limits::ENVELOPE_DEPS_MAX;
use crate::rules::Rules;

use chain::{Body, Chain, Link, Stuck};

/// Who writes here, and with which key it is signed.
pub struct Writer {
    /// The author the envelopes name.
    pub author: AuthorId,
    /// The key bound to that author.
    pub signer: Arc<SigningKey>,
    /// The key that seals what is written.
    pub key: KeyRef,
}

/// An act, who wrote it, and where in which chain.
#[derive(Clone, Debug)]
pub struct SignedAct {
    /// Its author.
    pub author: AuthorId,
    /// Its place in the author's chain of acts.
    pub index: u64,
    /// Its class.
    pub class: ActClass,
    /// Its content.
    pub act: Act,
}

/// An envelope that has no effect, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Its chain.
    pub chain: ChainId,
    /// Its place.
    pub index: u64,
    /// Its name.
    pub hash: Hash,
    /// Whether it did not open, or what it holds is not what it should be.
    pub unreadable: bool,
    /// In words, for a list.
    pub why: String,
}

/// Why something could not be written.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum WriteError<E> {
    /// Nobody may write here now.
    #[error("nobody is writing in this case")]
    NoWriter,
    /// The key for writing is not open.
    #[error("the case's key is not open")]
    NoKey,
    /// The document does not take it.
    #[error(transparent)]
    Edit(E),
    /// It does not fit into an envelope.
    #[error("{0}")]
    Envelope(EnvelopeError),
}

/// What taking in an envelope has changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effect {
    /// Forms and fields that may read otherwise now.
    pub touched: Touched,
    /// Whether acts were added.
    pub acts: bool,
    /// Whether the document was built anew: everything may read otherwise.
    pub rebuilt: bool,
}

/// An open case.
pub struct CaseLog {
    case: CaseTag,
    keys: BTreeMap<KeyRef, SecretKey>,
    sealer: Arc<dyn Sealer>,
    rules: Rules,
    doc: CaseDoc,
    chains: BTreeMap<(Kind, AuthorId), Chain>,
    writer: Option<Writer>,
}

impl CaseLog {
    /// An open case without content yet. `reader` is the document's actor until there is a writer.
    #[must_use]
    pub fn new(
        case: CaseTag,
        keys: BTreeMap<KeyRef, SecretKey>,
        reader: AuthorId,
        sealer: Arc<dyn Sealer>,
        rules: Rules,
    ) -> Self {
        Self {
            case,
            keys,
            sealer,
            rules,
            doc: CaseDoc::new(reader),
            chains: BTreeMap::new(),
            writer: None,
        }
    }

    /// Which case this is.
    #[must_use]
    pub fn case(&self) -> CaseTag {
        self.case
    }

    /// The document.
    #[must_use]
    pub fn doc(&self) -> &CaseDoc {
        &self.doc
    }

    /// A key of the case, if it is open here.
    #[must_use]
    pub fn key(&self, key: &KeyRef) -> Option<&SecretKey> {
        self.keys.get(key)
    }

    /// How things of this case are sealed.
    #[must_use]
    pub fn sealer(&self) -> &dyn Sealer {
        self.sealer.as_ref()
    }

    /// Who writes here.
    #[must_use]
    pub fn writer(&self) -> Option<&Writer> {
        self.writer.as_ref()
    }

    /// From now on this author writes here.
    pub fn set_writer(&mut self, writer: Writer) {
        self.writer = Some(writer);
        self.rebuild();
    }

    /// Whether what this node's writer wrote was set aside: it must go on under another author.
    #[must_use]
    pub fn writer_is_aside(&self) -> bool {
        self.writer.as_ref().is_some_and(|writer| {
            [Kind::Edit, Kind::Act].into_iter().any(|kind| {
                self.chains
                    .get(&(kind, writer.author))
                    .is_some_and(Chain::has_aside)
            })
        })
    }

    /// Takes in an envelope of this case that is durable here; one that is known changes nothing.
    pub fn insert(&mut self, envelope: &Envelope) -> Effect {
        let header = envelope.header();
        let chain = self.chains.entry((header.kind, header.author)).or_default();
        if chain.holds(header.index, &envelope.hash()) {
            return Effect::default();
        }
        let body = Body::open(&self.keys, self.sealer.as_ref(), envelope);
        chain.push(header.index, Link::new(envelope, body));
        // A chain is stuck at what stands in its next place; this may stand there instead.
        if header.index == chain.applied {
            chain.stuck = None;
        }
        let wins = header.index < chain.applied
            && self.rules.lower_hash_wins
            && chain
                .standing(header.index)
                .is_some_and(|standing| envelope.hash() < standing);
        if wins { self.rebuild() } else { self.settle() }
    }

    /// Applies everything that can be applied now.
    fn settle(&mut self) -> Effect {
        let mut effect = Effect::default();
        loop {
            let ready: Vec<_> = self
                .chains
                .keys()
                .filter(|id| self.is_ready(id))
                .copied()
                .collect();
            if ready.is_empty() {
                return effect;
            }
            for id in ready {
                self.apply_next(id, &mut effect);
            }
        }
    }

    fn is_ready(&self, id: &(Kind, AuthorId)) -> bool {
        let chain = &self.chains[id];
        let Some(link) = chain.next(self.rules.lower_hash_wins) else {
            return false;
        };
        chain.stuck.is_none()
            && (!self.rules.deps_before_apply
                || link.deps.iter().all(|dep| {
                    self.chains
                        .get(&(Kind::Edit, dep.author))
                        .is_some_and(|chain| dep.index < chain.applied)
                }))
    }

    fn apply_next(&mut self, id: (Kind, AuthorId), effect: &mut Effect) {
        let Some(chain) = self.chains.get_mut(&id) else {
            return;
        };
        let Some(link) = chain.next(self.rules.lower_hash_wins) else {
            return;
        };
        let hash = link.hash;
        let deps = link.deps.clone();
        let outcome = match &link.body {
            Body::Edit(plain) => self.doc.apply(&id.1, plain).map(|touched| {
                effect.touched.forms.extend(touched.forms);
                effect.touched.fields.extend(touched.fields);
            }),
            Body::Act(..) => {
                effect.acts = true;
                Ok(())
            }
            Body::Withheld => Ok(()),
            Body::Closed(why) => return chain.stuck = Some(Stuck::Refused(why.clone())),
        };
        match outcome {
            Ok(()) => chain.advance(hash, &deps),
            Err(BadBatch::MissingDependency) if self.rules.deps_before_apply => {
                chain.stuck = Some(Stuck::Waits)
            }
            Err(error) => chain.stuck = Some(Stuck::Refused(error.to_string())),
        }
        if chain.stuck.is_none() && id.0 == Kind::Edit {
            let waiting = self
                .chains
                .values_mut()
                .filter(|chain| matches!(chain.stuck, Some(Stuck::Waits)));
            waiting.for_each(|chain| chain.stuck = None);
        }
    }

    fn rebuild(&mut self) -> Effect {
        let author = self
            .writer
            .as_ref()
            .map_or(self.doc.author(), |writer| writer.author);
        self.doc = CaseDoc::new(author);
        self.chains.values_mut().for_each(Chain::restart);
        Effect {
            rebuilt: true,
            ..self.settle()
        }
    }

    /// Changes the document and gives the envelopes that say so, to be made durable in this order.
    ///
    /// There is one envelope, or none if nothing changed; more only for a very long text. The
    /// change shows here at once; until its envelopes are durable it must be shown as not saved.
    ///
    /// # Errors
    /// [`WriteError`]; the document is as it was.
    pub fn edit<E>(
        &mut self,
        salts: &mut dyn FnMut() -> Salt,
        make: impl FnOnce(&mut CaseDoc) -> Result<Batch, E>,
    ) -> Result<Vec<Envelope>, WriteError<E>> {
        let author = self.writer.as_ref().ok_or(WriteError::NoWriter)?.author;
        let batch = make(&mut self.doc).map_err(WriteError::Edit)?;
        let mut envelopes = Vec::new();
        for payload in batch.encode().into_iter().map(Zeroizing::new) {
            match self.write(
                Kind::Edit,
                KeyUse::Shared,
                None,
                self.frontier(author),
                salts(),
                &payload,
            ) {
                Ok(envelope) => {
                    self.append(&envelope, Body::Edit(payload));
                    envelopes.push(envelope);
                }
                Err(error) => {
                    self.withdraw(&envelopes);
                    return Err(error);
                }
            }
        }
        Ok(envelopes)
    }

    /// Takes back what was written and never left: the disk did not take it.
    pub fn withdraw(&mut self, envelopes: &[Envelope]) {
        for envelope in envelopes {
            let header = envelope.header();
            let chain = self.chains.entry((header.kind, header.author)).or_default();
            chain.withdraw(&envelope.hash());
        }
        self.rebuild();
    }

    /// Writes an act and gives its envelope, to be made durable.
    ///
    /// # Errors
    /// [`WriteError`]; nothing is written.
    pub fn act(
        &mut self,
        salt: Salt,
        class: ActClass,
        act: Act,
    ) -> Result<Envelope, WriteError<BadAct>> {
        let plain = Zeroizing::new(act.encode().map_err(WriteError::Edit)?);
        let usage = act.key_use();
        let envelope = self.write(Kind::Act, usage, Some(class), Vec::new(), salt, &plain)?;
        self.append(&envelope, Body::Act(class, act));
        Ok(envelope)
    }

    fn write<E>(
        &self,
        kind: Kind,
        usage: KeyUse,
        class: Option<ActClass>,
        deps: Vec<Dep>,
        salt: Salt,
        plain: &[u8],
    ) -> Result<Envelope, WriteError<E>> {
        let writer = self.writer.as_ref().ok_or(WriteError::NoWriter)?;
        let key_ref = KeyRef {
            usage,
            ..writer.key
        };
        let key = self.keys.get(&key_ref).ok_or(WriteError::NoKey)?;
        let chain = self.chains.get(&(kind, writer.author));
        let (index, prev) = chain.map_or((0, None), |chain| (chain.applied, chain.head));
        let id = ChainId {
            case: self.case,
            author: writer.author,
            kind,
        };
        let mut header = Header::new(id, index, prev, key_ref, salt);
        (header.class, header.deps) = (class, deps);
        Envelope::seal(&header, plain, key, self.sealer.as_ref(), &writer.signer)
            .map_err(WriteError::Envelope)
    }

    /// Adds one's own envelope, whose effect is there already.
    fn append(&mut self, envelope: &Envelope, body: Body) {
        let header = envelope.header();
        let chain = self.chains.entry((header.kind, header.author)).or_default();
        chain.push(header.index, Link::new(envelope, body));
        chain.advance(envelope.hash(), &header.deps);
    }

    /// The last edits of other authors that nobody has built on yet: with them, everything.
    fn frontier(&self, me: AuthorId) -> Vec<Dep> {
        let edits = || {
            self.chains
                .iter()
                .filter(|((kind, _), chain)| *kind == Kind::Edit && chain.applied > 0)
        };
        let tips = edits().filter(|((_, author), _)| *author != me);
        tips.map(|((_, author), chain)| Dep {
            author: *author,
            index: chain.applied.saturating_sub(1),
        })
        .filter(|tip| {
            !edits().any(|(_, chain)| {
                chain
                    .seen
                    .get(&tip.author)
                    .is_some_and(|seen| *seen >= tip.index)
            })
        })
        .take(ENVELOPE_DEPS_MAX)
        .collect()
    }

    /// Every act that stands, by time and then by author.
    #[must_use]
    pub fn acts(&self) -> Vec<SignedAct> {
        let mut acts: Vec<SignedAct> = Vec::new();
        for ((kind, author), chain) in &self.chains {
            if *kind == Kind::Edit {
                continue;
            }
            for (index, link) in (0_u64..).zip(chain.in_effect()) {
                if let Body::Act(class, act) = &link.body {
                    acts.push(SignedAct {
                        author: *author,
                        index,
                        class: *class,
                        act: act.clone(),
                    });
                }
            }
        }
        acts.sort_by_key(|signed| {
            let at_ms = signed.act.at_ms().unwrap_or(0);
            (at_ms, signed.author, signed.index)
        });
        acts
    }

    /// Everyone whose edits or acts stand in this case.
    pub fn authors(&self) -> impl Iterator<Item = AuthorId> + '_ {
        self.chains.keys().map(|(_, author)| *author)
    }

    /// The chain's places that stand, from the first.
    #[must_use]
    pub fn applied(&self, kind: Kind, author: &AuthorId) -> u64 {
        self.chains
            .get(&(kind, *author))
            .map_or(0, |chain| chain.applied)
    }

    /// How many of what is here do not open or hold what they should not, and how many others have
    /// no effect.
    #[must_use]
    pub fn count_aside(&self) -> (u64, u64) {
        let counts = self.chains.values().map(Chain::count_aside);
        counts.fold((0, 0), |sum, of| {
            (sum.0.saturating_add(of.0), sum.1.saturating_add(of.1))
        })
    }

    /// What is here and has no effect.
    #[must_use]
    pub fn set_aside(&self) -> Vec<SetAside> {
        let mut aside = Vec::new();
        for ((kind, author), chain) in &self.chains {
            let id = ChainId {
                case: self.case,
                author: *author,
                kind: *kind,
            };
            let mut standing = chain.in_effect().into_iter().map(|link| link.hash);
            for (index, links) in &chain.places {
                let standing = standing.next();
                for link in links.iter().filter(|link| Some(link.hash) != standing) {
                    let (unreadable, why) = match &chain.stuck {
                        Some(Stuck::Refused(why)) if *index >= chain.applied => {
                            (true, why.as_str())
                        }
                        _ if *index >= chain.applied => (false, "it waits for what it builds on"),
                        _ => (false, "another stands in its place"),
                    };
                    aside.push(SetAside {
                        chain: id,
                        index: *index,
                        hash: link.hash,
                        unreadable,
                        why: why.to_owned(),
                    });
                }
            }
        }
        aside
    }
}
