//! Who types in which case, before anything of theirs is in it: so that they are called by name.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use guichet_keys::{AuthorId, CaseTag};

/// Authors of one case that are kept in mind.
pub const TYPISTS_MAX: usize = 16;
/// Cases that are kept in mind; of more, those of which somebody was heard last.
pub const TYPED_CASES_MAX: usize = 256;

/// Authors of whom a draft was heard that opened, by case.
#[derive(Debug, Default)]
pub struct Typists {
    cases: BTreeMap<CaseTag, BTreeSet<AuthorId>>,
    order: VecDeque<CaseTag>,
}

impl Typists {
    /// A draft of this author was heard.
    pub fn heard(&mut self, case: CaseTag, author: AuthorId) {
        if !self.cases.contains_key(&case) {
            self.order.push_back(case);
        }
        let authors = self.cases.entry(case).or_default();
        if authors.len() < TYPISTS_MAX {
            authors.insert(author);
        }
        while self.order.len() > TYPED_CASES_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.cases.remove(&oldest);
        }
    }

    /// Forgets everybody.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The authors of a case.
    pub fn of(&self, case: &CaseTag) -> impl Iterator<Item = AuthorId> + '_ {
        self.cases.get(case).into_iter().flatten().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_too_many_some_are_kept() {
        let mut typists = Typists::default();
        let case = |number: u16| {
            let mut bytes = [0; 16];
            bytes[..2].copy_from_slice(&number.to_be_bytes());
            CaseTag::from(bytes)
        };
        for number in 0..1_000 {
            typists.heard(case(number), AuthorId::from([1; 16]));
        }
        assert_eq!(typists.cases.len(), TYPED_CASES_MAX);
        assert_eq!(typists.of(&case(999)).count(), 1);
        assert_eq!(typists.of(&case(0)).count(), 0);
        for number in 0..=255 {
            typists.heard(case(999), AuthorId::from([number; 16]));
        }
        assert_eq!(typists.of(&case(999)).count(), TYPISTS_MAX);
    }
}
