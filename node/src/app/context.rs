//! What the pages of a case need beside the case itself: where, how it is reached, who stands
//! behind each author, how far everything has come.

use std::collections::BTreeMap;

use guichet_keys::{AuthorId, CaseTag};
use guichet_sync::envelope::ChainId;
use guichet_sync::page::PageId;

use super::node::{Duty, Node};
use super::shown::{Context, Stages};
use crate::web::view::{Reach, Reception, Side, VisitState, Who};

/// Nobody sits longer at a kiosk over one case.
const VISIT_S_MAX: u64 = 2 * 3600;

impl Node {
    /// What the pages of a case need beside the case itself.
    pub(super) fn context(&self, case: &CaseTag) -> Context {
        let directory = self.replica.directory();
        let statement = directory.case(case);
        // Of a case that has not left this kiosk, only its visit knows.
        let begun = self.case_of_visit(case);
        let opened_at_s = directory.case_opened_at_s(case);
        let opened_at_s = opened_at_s.or(begun.map(|(_, at_s)| at_s)).unwrap_or(0);
        let place = match (statement, begun) {
            (Some((_, creator)), _) => directory.name(&creator).unwrap_or_default(),
            (None, Some(_)) => &self.name,
            (None, None) => "",
        };
        let place = place.to_owned();
        let service = statement.map(|(statement, _)| &statement.service);
        let service = service.or(begun.map(|(brief, _)| &brief.service.service));
        let reach = service.map_or(Reach::Cut, |service| self.reach(service));
        let reception = service.map_or(Reception::Nobody, |service| self.reception(service));
        let (side, visit) = match &self.duty {
            Duty::Kiosk(_) => (Side::Citizen, self.visit_state()),
            Duty::Station(_) | Duty::Relay => (Side::Adviser, VisitState::None),
        };
        let adviser = self.open_vault().map(|vault| vault.name.clone());
        let (names, stages) = (self.names(case), self.stages(case));
        Context {
            side,
            line: self.heard.line(),
            reach,
            reception,
            names,
            stages,
            opened_at_s,
            place,
            adviser,
            readers: self.readers_of(case),
            call: self.call_view(),
            kiosk_cut_since_s: self.kiosk_cut_since(case),
            printing: self.trays.printing.view(),
            visit,
            unsent_message: self.unsent_message(case),
        }
    }

    /// At the desk: since when the kiosk is not heard at which the case was opened, for as long as
    /// somebody may sit there.
    fn kiosk_cut_since(&self, case: &CaseTag) -> Option<u64> {
        if !matches!(self.duty, Duty::Station(_)) {
            return None;
        }
        let directory = self.replica.directory();
        let (_, kiosk) = directory.case(case)?;
        let opened_at_s = directory.case_opened_at_s(case).unwrap_or(0);
        let since_s = self.heard.cut_since(&kiosk)?;
        let sits_there = since_s.saturating_sub(opened_at_s) < VISIT_S_MAX;
        (sits_there || self.waits_at(&kiosk)).then_some(since_s)
    }

    fn names(&self, case: &CaseTag) -> BTreeMap<AuthorId, Who> {
        let directory = self.replica.directory();
        let me = self.open_vault().map(|vault| vault.person);
        let chains = self.replica.catalogue().chains_of(case);
        let authors = chains.iter().map(|chain| chain.author);
        let mut names: BTreeMap<_, _> = authors
            .filter_map(|author| {
                let binding = directory.author(&author)?.binding;
                let who = match binding.person {
                    None if binding.node == self.me => Who::Me,
                    None if binding.case == Some(*case) => Who::Citizen,
                    None => Who::Somebody,
                    Some(person) if Some(person) == me => Who::Me,
                    Some(person) => {
                        let name = directory.name(&person).map(str::to_owned);
                        name.map_or(Who::Somebody, Who::Adviser)
                    }
                };
                Some((author, who))
            })
            .collect();
        // An author is introduced with the first thing of theirs; who types before that has said
        // who they are, and nobody else is named by it.
        for (author, person) in self.readers.authors(case) {
            let name = directory.name(&person).map(str::to_owned);
            names
                .entry(author)
                .or_insert_with(|| name.map_or(Who::Somebody, Who::Adviser));
        }
        if let Some(vault) = self.open_vault() {
            names.insert(vault.author, Who::Me);
        }
        names
    }

    fn stages(&self, case: &CaseTag) -> Stages {
        let (replica, catalogue) = (&self.replica, self.replica.catalogue());
        let of_chain = |chain: &ChainId| (*chain, replica.chain_reached(chain));
        let of_page = |page: PageId| {
            let percent = replica
                .page_held(&page)
                .map_or(0, |held| held.count() * 100 / held.len().max(1));
            let reached = replica.page_reached(&page);
            (page, (reached, u8::try_from(percent).unwrap_or(0)))
        };
        Stages {
            chains: catalogue.chains_of(case).iter().map(of_chain).collect(),
            pages: catalogue.pages_of(case).map(of_page).collect(),
        }
    }
}
