//! Work for a few bytes: an author who writes the same place of their own chain anew, so that
//! whoever has the case open reads everything before it again.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use guichet_sync::case::{CaseDoc, FieldRef, FormId, Value};
use guichet_sync::envelope::Envelope;
use guichet_sync::wire::Frame;

use super::forge::{Forged, Forger, envelope};

/// Edits of a chain before it is forked from its end.
const CHAIN: usize = 500;
/// Forks of one place: each must have a lower hash than the one before, or it does not stand.
const FORKS: usize = 4;

/// A chain that grows, and then falls back place by place.
pub struct Forking {
    forger: Arc<Forger>,
    forged: Forged,
    doc: CaseDoc,
    payloads: Vec<Vec<u8>>,
    standing: Vec<Envelope>,
    forks: usize,
    grown: bool,
}

impl Forking {
    /// Of a case that nobody knows yet.
    pub fn new(forger: Arc<Forger>) -> Result<Self> {
        let forged = forger.case(1)?;
        Ok(Self {
            doc: CaseDoc::new(forged.author),
            forger,
            forged,
            payloads: Vec::new(),
            standing: Vec::new(),
            forks: 0,
            grown: false,
        })
    }

    /// What comes next.
    pub fn next(&mut self) -> Result<Vec<Frame>> {
        if self.standing.is_empty() && self.grown {
            *self = Self::new(Arc::clone(&self.forger))?;
        }
        if self.grown {
            return Ok(vec![self.fork()?]);
        }
        let begun: Vec<Frame> = match self.payloads.len() {
            0 => self.forged.frames().collect(),
            _ => Vec::new(),
        };
        let next = self.grow()?;
        self.grown = self.standing.len() == CHAIN;
        Ok(begun.into_iter().chain([next]).collect())
    }

    fn grow(&mut self) -> Result<Frame> {
        let form = FormId::from([1; 8]);
        let batch = match self.payloads.len() {
            0 => self.doc.open_form(form, "housing", &[], 1)?,
            number => {
                let name = "last_name".into();
                let value = Value::Text(format!("Durand-{number}"));
                self.doc.set(&FieldRef { form, name }, &value, 1)?
            }
        };
        let payload = batch.encode().into_iter().next().context("an edit")?;
        self.payloads.push(payload);
        let next = self.sealed(self.standing.len())?;
        self.standing.push(next.clone());
        Ok(envelope(&next))
    }

    /// The last place of the chain that stands, written anew.
    fn fork(&mut self) -> Result<Frame> {
        let at = self.standing.len().saturating_sub(1);
        let mut next = self.sealed(at)?;
        while next.hash() >= self.standing[at].hash() {
            next = self.sealed(at)?;
        }
        self.standing[at] = next.clone();
        self.forks += 1;
        if self.forks == FORKS {
            self.forks = 0;
            self.standing.truncate(at);
        }
        Ok(envelope(&next))
    }

    fn sealed(&self, at: usize) -> Result<Envelope> {
        let before = at
            .checked_sub(1)
            .and_then(|before| self.standing.get(before));
        let place = (at as u64, before.map(Envelope::hash));
        self.forger.edit_at(&self.forged, place, &self.payloads[at])
    }
}
