//! The state of this node, for its operator.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use guichet_keys::{Role, SubjectId, Validity};
use guichet_sync::feed::Feed;

use super::line::role_word;
use super::node::{Node, now};
use crate::clock;
use crate::times::can_be;
use crate::times::others::Off;
use crate::web::view::{Flood, Ill, Member, Outbox, StatusView, Stored};

/// Hours after which something that has not left is an ill.
const OUTBOX_OLD_H: u64 = 4;

impl Node {
    /// The state of this node.
    pub(super) fn status(&self) -> StatusView {
        let directory = self.replica.directory();
        // A kiosk knows nothing of other kiosks: it never speaks with one.
        let known = |role: Role| role != Role::Kiosk || self.role() != Role::Kiosk;
        let members = directory.members().filter(|member| {
            member.role.is_node() && member.subject != self.me && known(member.role)
        });
        let mut members: Vec<_> = members
            .map(|member| Member {
                node: member.subject.to_string(),
                name: member.name.clone(),
                role: role_word(member.role).to_owned(),
                presence: self.presences.presence(&member.subject),
                waiting: self.replica.waiting_for(&member.subject),
            })
            .collect();
        members.sort_by(|a, b| (&a.role, &a.name, &a.node).cmp(&(&b.role, &b.name, &b.node)));
        members.dedup_by(|a, b| a.node == b.node);
        StatusView {
            role: role_word(self.role()).to_owned(),
            name: self.name.clone(),
            node: self.me.to_string(),
            network: directory.root().to_string(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at_s: self.started_at_s,
            at_s: clock::wall_s(),
            line: self.heard.line(),
            members,
            call: self.call_line(),
            stored: self.stored(),
            outbox: self.outbox(),
            ills: self.all_ills(),
            floods: self.floods(),
        }
    }

    /// Who sends more than there is time for, or makes more than may be kept of one member.
    fn floods(&self) -> Vec<Flood> {
        let sending = self.intake.floods();
        let at_s = clock::wall_s_at;
        let sending = sending.map(|it| (it.peer, at_s(it.since), at_s(it.until)));
        let now_s = clock::wall_s();
        let making = self.replica.overdrawn(now());
        let making = making.map(|it| (it.member, it.since_ms / 1000, now_s));
        let mut times: BTreeMap<SubjectId, (u64, u64)> = BTreeMap::new();
        for (member, since_s, until_s) in sending.chain(making) {
            let (first, last) = times.entry(member).or_insert((since_s, until_s));
            *first = since_s.min(*first);
            *last = until_s.max(*last);
        }
        let directory = self.replica.directory();
        let flood = |(member, (since_s, until_s)): (SubjectId, (u64, u64))| Flood {
            node: member.to_string(),
            name: directory.name(&member).unwrap_or_default().to_owned(),
            since_s,
            until_s,
        };
        let mut floods: Vec<Flood> = times.into_iter().map(flood).collect();
        floods.sort_by_key(|it| Reverse(it.until_s));
        floods
    }

    fn stored(&self) -> Stored {
        let catalogue = self.replica.catalogue();
        let count = |feed| catalogue.count(feed);
        Stored {
            statements: count(Feed::Statements),
            receipts: count(Feed::Receipts),
            edits: count(Feed::Edits),
            acts: count(Feed::Acts),
            pages: catalogue.pages().count() as u64,
            segments_received: self.replica.segments_from_makers(),
            bytes: catalogue.bytes(),
            bytes_free: self.free_bytes,
        }
    }

    /// What was written here and no station has signed for.
    pub(super) fn outbox(&self) -> Outbox {
        if self.role() == Role::Relay {
            return Outbox::default();
        }
        let (items, oldest_case) = self.replica.outbox();
        let oldest_at_s =
            oldest_case.and_then(|case| self.replica.directory().case_opened_at_s(&case));
        Outbox {
            items,
            oldest_at_s,
            segments_sent: self.segments_sent,
        }
    }

    fn all_ills(&self) -> Vec<Ill> {
        let mut ills = self.ills.clone();
        ills.extend(self.damaged.ill());
        let now_s = clock::wall_s();
        for credential in self.replica.directory().credentials(&self.me) {
            if credential.validity_at(now_s) == Validity::Expired {
                ills.push(Ill::CredentialExpired {
                    days: now_s.saturating_sub(credential.expires_s) / 86_400,
                });
                break;
            }
        }
        match self.clock_off() {
            Some(Off::Behind { by_s }) => ills.push(Ill::ClockBehind { by_s }),
            Some(Off::Ahead { by_s }) => ills.push(Ill::ClockAhead { by_s }),
            None => {}
        }
        let oldest_at_s = self.outbox().oldest_at_s;
        // The clock of another may have told it; a time that cannot be is no age.
        let age_s = oldest_at_s
            .filter(|oldest| can_be(*oldest, now_s))
            .map_or(0, |oldest| now_s.saturating_sub(oldest));
        if age_s >= OUTBOX_OLD_H * 3600 {
            ills.push(Ill::OutboxOld {
                hours: age_s / 3600,
            });
        }
        ills
    }
}
