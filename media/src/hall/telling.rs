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

/// What was told to whom.
#[derive(Debug, Default)]
pub(super) struct Telling {
    desks: BTreeMap<SubjectId, (DeskNotice, Version)>,
    told: BTreeMap<SubjectId, BTreeMap<SubjectId, Version>>,
    versions: u64,
}

impl Telling {
    /// A desk tells this of itself.
    pub fn heard(&mut self, station: SubjectId, notice: &DeskNotice) {
        let before = self.desks.get(&station);
        if before.is_some_and(|(known, _)| known == notice) {
            return;
        }
        self.versions = self.versions.saturating_add(1);
        let same_in_brief = before.filter(|(known, _)| is_same_in_brief(known, notice));
        let version = Version {
            brief: same_in_brief.map_or(self.versions, |(_, version)| version.brief),
            whole: self.versions,
        };
        self.desks.insert(station, (notice.clone(), version));
    }

    /// Whether a kiosk is to be told of a desk now; then it counts as told.
    pub fn owes(&mut self, kiosk: SubjectId, station: SubjectId, interest: Interest) -> bool {
        let Some((notice, version)) = self.desks.get(&station) else {
            return false;
        };
        let told = self.told.entry(kiosk).or_default();
        let is_news = told.get(&station).is_none_or(|before| match interest {
            Interest::Passing => before.brief != version.brief,
            Interest::Waiting => before.whole != version.whole,
        });
        let has_citizen = notice.holding.is_some_and(|held| held.kiosk == kiosk);
        if is_news || has_citizen {
            told.insert(station, *version);
        }
        is_news || has_citizen
    }

    /// A link fell: whatever was told over it may not have come.
    pub fn forget(&mut self, member: &SubjectId) {
        self.told.remove(member);
    }

    /// A desk is gone.
    pub fn forget_desk(&mut self, station: &SubjectId) {
        self.desks.remove(station);
        for told in self.told.values_mut() {
            told.remove(station);
        }
    }
}

/// Whether a kiosk at which nobody waits shows the same of both.
fn is_same_in_brief(one: &DeskNotice, other: &DeskNotice) -> bool {
    one.person == other.person
        && one.services == other.services
        && one.availability == other.availability
}
