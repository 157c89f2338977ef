//! In which order the acts and forms of a case became known here.
//!
//! The clocks of those who wrote them are theirs. Here something comes before something else if it
//! was durable on this disk before; what is not durable yet comes last.

use std::collections::BTreeMap;

use guichet_keys::AuthorId;
use guichet_sync::case::{FormId, SignedAct};

/// The place of what is not durable yet.
const LAST: u64 = u64::MAX;

/// The order of arrival in one case.
#[derive(Debug, Default)]
pub struct Arrivals {
    next: u64,
    acts: BTreeMap<(AuthorId, u64), u64>,
    forms: BTreeMap<FormId, u64>,
}

impl Arrivals {
    /// An act at this place of its author's chain is durable.
    pub fn on_act(&mut self, author: AuthorId, index: u64) {
        let place = self.next;
        self.acts.entry((author, index)).or_insert(place);
        self.next = place.saturating_add(1);
    }

    /// These forms are in the case now.
    pub fn on_forms(&mut self, forms: impl IntoIterator<Item = FormId>) {
        for form in forms {
            let place = self.next;
            self.forms.entry(form).or_insert(place);
            self.next = place.saturating_add(1);
        }
    }

    /// The place of an act among all acts and forms.
    pub fn of_act(&self, act: &SignedAct) -> u64 {
        let key = (act.author, act.index);
        self.acts.get(&key).copied().unwrap_or(LAST)
    }

    /// The place of a form among all acts and forms.
    pub fn of_form(&self, form: FormId) -> u64 {
        self.forms.get(&form).copied().unwrap_or(LAST)
    }
}
