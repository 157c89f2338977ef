//! What a kiosk is told of desks, by a relay or by their stations.
//!
//! Nobody waits at most kiosks for most of the day, and a desk tells the same every few seconds: a
//! kiosk hears of a desk when what it shows changes, and again and again only of the desk that has
//! its citizen. That a station is there meanwhile is what its link says, or the word of a relay.

use std::collections::BTreeMap;

use guichet_keys::SubjectId;

use crate::signal::DeskNotice;

/// Which state of a desk: of what everybody may see of it, and of all that it tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Version {
    brief: u64,
    whole: u64,
}

/// What a kiosk has to do with a desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interest {
    /// Nobody waits there for this service: whether an adviser is there is all that it shows.
    Passing,
    /// Somebody does: it shows their place.
    Waiting,
}

/// A desk, and when it was last heard of.
#[derive(Debug)]
struct Heard {
    notice: DeskNotice,
    version: Version,
    at: u64,
}

/// A kiosk's link: when it began to stand, and what was told over it.
#[derive(Debug, Default)]
struct Told {
    since: u64,
    desks: BTreeMap<SubjectId, Version>,
}

/// What was told to whom. Time is counted in notices.
#[derive(Debug, Default)]
pub(super) struct Telling {
    desks: BTreeMap<SubjectId, Heard>,
    told: BTreeMap<SubjectId, Told>,
    notices: u64,
}

impl Telling {
    /// A desk tells this of itself, in a notice that nobody has seen before.
    pub fn heard(&mut self, station: SubjectId, notice: &DeskNotice) {
        self.notices = self.notices.saturating_add(1);
        let now = self.notices;
        let fresh = Version {
            brief: now,
            whole: now,
        };
        let version = match self.desks.get(&station) {
            None => fresh,
            Some(before) if before.notice == *notice => before.version,
            Some(before) if is_same_in_brief(&before.notice, notice) => Version {
                brief: before.version.brief,
                ..fresh
            },
            Some(_) => fresh,
        };
        let heard = Heard {
            notice: notice.clone(),
            version,
            at: now,
        };
        self.desks.insert(station, heard);
    }

    /// Whether a kiosk is to be told of a desk now.
    ///
    /// It counts as told only if the notice is younger than the link: a kiosk that has lost its link
    /// has lost the desk, too, and does not take in again what it had heard before.
    pub fn owes(&mut self, kiosk: SubjectId, station: SubjectId, interest: Interest) -> bool {
        let Some(heard) = self.desks.get(&station) else {
            return false;
        };
        let told = self.told.entry(kiosk).or_default();
        let is_news = told
            .desks
            .get(&station)
            .is_none_or(|before| match interest {
                Interest::Passing => before.brief != heard.version.brief,
                Interest::Waiting => before.whole != heard.version.whole,
            });
        let has_citizen = heard.notice.holding.is_some_and(|held| held.kiosk == kiosk);
        let owes = is_news || has_citizen;
        if owes && heard.at > told.since {
            told.desks.insert(station, heard.version);
        }
        owes
    }

    /// A link stands: nothing was told over it.
    pub fn linked(&mut self, kiosk: SubjectId) {
        let told = Told {
            since: self.notices,
            desks: BTreeMap::new(),
        };
        self.told.insert(kiosk, told);
    }

    /// A link fell.
    pub fn parted(&mut self, kiosk: &SubjectId) {
        self.told.remove(kiosk);
    }

    /// A desk is gone.
    pub fn forget_desk(&mut self, station: &SubjectId) {
        self.desks.remove(station);
        for told in self.told.values_mut() {
            told.desks.remove(station);
        }
    }
}

/// Whether a kiosk at which nobody waits shows the same of both.
fn is_same_in_brief(one: &DeskNotice, other: &DeskNotice) -> bool {
    one.person == other.person
        && one.services == other.services
        && one.availability == other.availability
}
