//! What a node tells of itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use guichet_keys::{ServiceId, SigningKey, SubjectId};

use super::{END_TOLD, HEARTBEAT};
use crate::signal::{Body, DeskNotice, Signal, Stage, TicketNotice};

/// What a node tells everybody of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// Nothing.
    Nothing,
    /// Nobody has waited here since the program began.
    Nobody,
    /// Somebody waits here or is spoken with; waiting began then.
    Ticket(TicketNotice, Instant),
    /// An adviser is there.
    Desk(DeskNotice),
}

/// A node's own statement, and what numbers and signs it.
#[derive(Debug)]
pub(super) struct Own {
    signer: Arc<SigningKey>,
    life: u64,
    number: u64,
    statement: Statement,
    next: Option<Instant>,
    until: Option<Instant>,
}

impl Own {
    pub fn new(signer: Arc<SigningKey>, life: u64) -> Self {
        Self {
            signer,
            life,
            number: 0,
            statement: Statement::Nothing,
            next: None,
            until: None,
        }
    }

    /// Changes what is told; whether it has changed.
    pub fn state(&mut self, now: Instant, statement: Statement) -> bool {
        let changed = self.statement != statement;
        if changed {
            let (stands, until) = match &statement {
                Statement::Nothing | Statement::Nobody => (false, None),
                Statement::Ticket(notice, _) if notice.stage == Stage::Gone => {
                    (true, now.checked_add(END_TOLD))
                }
                Statement::Desk(notice) if notice.services.is_empty() => {
                    (true, now.checked_add(END_TOLD))
                }
                Statement::Ticket(..) | Statement::Desk(_) => (true, None),
            };
            self.next = now.checked_add(HEARTBEAT).filter(|_| stands);
            self.until = until;
            self.statement = statement;
        }
        changed
    }

    /// Whether this is a desk that answers for a service.
    pub fn answers(&self, service: &ServiceId) -> bool {
        match &self.statement {
            Statement::Desk(notice) => notice.services.contains(service),
            Statement::Nothing | Statement::Nobody | Statement::Ticket(..) => false,
        }
    }

    /// Whether it is time to tell it again; then the next time is set.
    pub fn due(&mut self, now: Instant) -> bool {
        let due = self.next.is_some_and(|next| next <= now);
        if due {
            let next = now.checked_add(HEARTBEAT);
            self.next = next.filter(|next| self.until.is_none_or(|until| *next <= until));
        }
        due
    }

    pub fn next(&self) -> Option<Instant> {
        self.next
    }

    /// This node itself has signed something in a life: the next goes on after that. Whether it was
    /// not known here.
    pub fn outlive(&mut self, life: u64) -> bool {
        let is_later = life > self.life;
        if is_later {
            (self.life, self.number) = (life.saturating_add(1), 0);
        }
        is_later
    }

    /// What is told now, signed.
    pub fn signed(&mut self, now: Instant) -> Option<(Body, Vec<u8>)> {
        let body = match &self.statement {
            Statement::Nothing => return None,
            Statement::Nobody => Body::Nobody,
            Statement::Ticket(notice, since) => Body::Ticket(TicketNotice {
                waited_ms: millis(now.saturating_duration_since(*since)),
                ..notice.clone()
            }),
            Statement::Desk(notice) => Body::Desk(notice.clone()),
        };
        Some((body.clone(), self.sign(None, body)))
    }

    pub fn sign(&mut self, to: Option<SubjectId>, body: Body) -> Vec<u8> {
        self.number = self.number.saturating_add(1);
        let signal = Signal {
            from: self.signer.subject(),
            life: self.life,
            number: self.number,
            to,
            body,
        };
        signal.sign(&self.signer)
    }
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
