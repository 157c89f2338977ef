//! Who is charged for what is taken, and what follows where an account is overdrawn.
//!
//! Whoever signed a thing is charged, after it was found genuine: nobody can draw on another's
//! account. A maker that brings more of its own than it may is sent away, and goes on where it
//! stopped. What others bring is nobody's fault: it is left, the cursor stays before it, and it is
//! asked for again.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use guichet_keys::{AuthorBinding, CaseTag, Hash, Role, SignedStatement, Statement, SubjectId};

use crate::feed::Feed;
use crate::later;
use crate::limits::ASKED_AGAIN_MAX;
use crate::wire::Frame;

use super::check::{Thing, subjects_of};
use super::quotas::{Bringer, Charge, Excess, Overdrawn};
use super::session::follow_frame;
use super::{Event, Now, Replica};

/// What is left of a member is asked for again after this time, or later.
const ASK_AGAIN: Duration = Duration::from_secs(60);
/// Bytes of memory that any thing holds in the catalogue, its names and its chain, roughly.
const ENTRY_BYTES: usize = 640;
/// Bytes that each dependency and each thing that a receipt covers holds, roughly.
const PART_BYTES: usize = 160;

/// What is not taken for now.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeldBack {
    pub(super) hash: Hash,
    pub(super) member: SubjectId,
    /// The case it is about, if it is about one.
    pub(super) case: Option<CaseTag>,
    pub(super) bringer: Bringer,
    /// It is not taken before.
    pub(super) until: Instant,
}

/// What is to be asked for again: whose it is, of whom, of which case.
pub(super) type AskAgain = BTreeMap<(SubjectId, SubjectId, CaseTag), Instant>;

impl Thing {
    /// Bytes of memory that it holds once it is durable, roughly.
    fn weight(&self) -> u64 {
        let held = match self {
            // Directories keep the bytes and what they say, of which each wrap is a piece of its own.
            Thing::Statement(statement) => statement.bytes().len().saturating_mul(3),
            Thing::Receipt(receipt) => receipt.covers().len().saturating_mul(PART_BYTES),
            Thing::Envelope(envelope) => envelope.header().deps.len().saturating_mul(PART_BYTES),
            // Its hashes are held until all its segments are here.
            Thing::Page { manifest, .. } => manifest.bytes().len(),
        };
        let weight = held.saturating_add(ENTRY_BYTES);
        u64::try_from(weight).unwrap_or(u64::MAX)
    }

    fn case(&self) -> Option<CaseTag> {
        match self {
            Thing::Statement(statement) => subjects_of(statement).0,
            Thing::Receipt(_) => None,
            Thing::Envelope(envelope) => Some(envelope.header().case),
            Thing::Page { manifest, .. } => Some(manifest.head().case),
        }
    }
}

/// The author that a statement binds, if it binds one.
fn binding(signed: &SignedStatement) -> Option<&AuthorBinding> {
    match signed.statement() {
        Statement::Author(binding) => Some(binding),
        Statement::Member(_)
        | Statement::Revocation { .. }
        | Statement::ServiceKey(_)
        | Statement::Case(_)
        | Statement::Catalogue { .. }
        | Statement::Network { .. }
        | Statement::Media { .. }
        | Statement::Unknown { .. } => None,
    }
}

impl Replica {
    /// Who was held back lately, and of what they had too much.
    pub fn overdrawn(&self, now: Now) -> impl Iterator<Item = Overdrawn> + '_ {
        self.quotas.overdrawn(now.instant)
    }

    /// Whether a thing of this member that a peer brings may be kept now; gives what is left if
    /// not.
    pub(super) fn judge(
        &self,
        from: Option<(Now, SubjectId)>,
        member: SubjectId,
        thing: &Thing,
    ) -> Result<(), HeldBack> {
        let Some((now, peer)) = from else {
            return Ok(());
        };
        let share = self.share_of(&peer, &member, thing);
        let weight = self.weight(thing);
        match self.quotas.judge(now.instant, &member, share, weight) {
            Charge::Within | Charge::Late(_) => Ok(()),
            Charge::Beyond(until) => Err(HeldBack {
                hash: thing.hash(),
                member,
                case: thing.case(),
                bringer: self.bringer(&peer, &member, thing),
                until,
            }),
        }
    }

    /// It is kept: who made it is charged, and is to wait if it is much.
    pub(super) fn charge(
        &mut self,
        from: Option<(Now, SubjectId)>,
        member: SubjectId,
        thing: &Thing,
    ) {
        let Some((now, peer)) = from else {
            return;
        };
        let share = self.share_of(&peer, &member, thing);
        let weight = self.weight(thing);
        let charge = self.quotas.judge(now.instant, &member, share, weight);
        self.quotas.charge(now.instant, member, share, weight);
        let is_makers = self.bringer(&peer, &member, thing) == Bringer::Maker;
        if let Charge::Late(until) = charge
            && is_makers
            && let Some(session) = self.sessions.get_mut(&peer)
        {
            session.pace(until);
        }
    }

    /// What is charged for a thing. Where another stands in its place of the chain already, whoever
    /// has the case open reads everything before it anew: it weighs as much as all of that.
    fn weight(&self, thing: &Thing) -> u64 {
        let again = match thing {
            Thing::Envelope(envelope) => {
                let header = envelope.header();
                let mut standing = self.standing(&header.chain(), header.index);
                standing.next().map_or(0, |_| header.index)
            }
            Thing::Statement(_) | Thing::Receipt(_) | Thing::Page { .. } => 0,
        };
        thing.weight().saturating_mul(again.saturating_add(1))
    }

    /// Whether a peer made what it brings: its key signed it, or its author writes there.
    fn bringer(&self, peer: &SubjectId, member: &SubjectId, thing: &Thing) -> Bringer {
        let author = match thing {
            Thing::Envelope(envelope) => Some(envelope.header().author),
            Thing::Page { manifest, .. } => Some(manifest.head().author),
            Thing::Statement(_) | Thing::Receipt(_) => None,
        };
        let known = author.and_then(|author| self.directory.author(&author));
        let stated = match thing {
            Thing::Statement(signed) => binding(signed),
            Thing::Receipt(_) | Thing::Envelope(_) | Thing::Page { .. } => None,
        };
        let binding = known.as_ref().map(|author| &author.binding).or(stated);
        match peer == member || binding.is_some_and(|it| it.node == *peer) {
            true => Bringer::Maker,
            false => Bringer::Other,
        }
    }

    /// At whose price a thing is charged. Kinds that nobody here can read go to every node and stay
    /// for ever, and a person's things come from the station where they are made: the whole price.
    fn share_of(&self, peer: &SubjectId, member: &SubjectId, thing: &Thing) -> Bringer {
        let is_unknown = matches!(thing, Thing::Statement(signed) if matches!(signed.statement(), Statement::Unknown { .. }));
        let is_persons = self.directory.holds(member, Role::Agent, None)
            && self.directory.node_role(peer) == Some(Role::Station);
        match is_unknown || is_persons {
            true => Bringer::Maker,
            false => self.bringer(peer, member, thing),
        }
    }

    /// A thing that a peer brings is not taken for now.
    pub(super) fn on_held_back(
        &mut self,
        now: Now,
        peer: SubjectId,
        (feed, arrival): (Feed, Option<u64>),
        left: &HeldBack,
    ) {
        self.on_overdrawn(now, left.member, Excess::Things);
        if left.bringer == Bringer::Maker {
            let wait = left.until.saturating_duration_since(now.instant).as_secs();
            let reason = format!(
                "makes more than a member may at once; goes on in {} s",
                wait.saturating_add(1)
            );
            return self.close(now, peer, &reason);
        }
        if let Some(session) = self.sessions.get_mut(&peer) {
            session
                .incoming_mut()
                .on_held_back(feed, arrival, left.hash);
        }
        if let Some(case) = left.case {
            let least = (
                left.member,
                SubjectId::from([0; 32]),
                CaseTag::from([0; 16]),
            );
            let most = (
                left.member,
                SubjectId::from([0xff; 32]),
                CaseTag::from([0xff; 16]),
            );
            if self.ask_again.range(least..=most).count() < ASKED_AGAIN_MAX {
                let due = left.until.max(later(now.instant, ASK_AGAIN));
                self.ask_again
                    .entry((left.member, peer, case))
                    .or_insert(due);
            }
        }
    }

    /// A member was held back: whoever looks after this node is told, once.
    pub(super) fn on_overdrawn(&mut self, now: Now, member: SubjectId, what: Excess) {
        let times = (now.instant, now.wall_ms);
        if self.quotas.on_overdrawn(times, member, what, 1) {
            let told = Event::Overdrawn(member, what);
            self.outputs.push_back(super::Output::Tell(told));
        }
    }

    /// Asks for what was left and may be taken now: to follow a case anew brings all of it that is
    /// not held here.
    pub(super) fn ask_again(&mut self, now: Now) {
        let is_due = |due: &Instant| *due <= now.instant;
        let due: Vec<_> = self
            .ask_again
            .extract_if(.., |_, due| is_due(due))
            .map(|((_, peer, case), _)| (peer, case))
            .collect();
        let everywhere = matches!(self.role(), Some(Role::Relay | Role::Station));
        for (peer, case) in due {
            let is_wanted = everywhere || self.following.contains(&case);
            if let Some(session) = self.sessions.get_mut(&peer)
                && session.has_greeted()
                && is_wanted
            {
                session.push(&Frame::Unfollow { case });
                session.push(&follow_frame(&self.catalogue, case));
            }
        }
    }
}
