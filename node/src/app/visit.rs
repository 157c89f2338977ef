//! The visit of one citizen, as a pure machine: its cases, and what of it has not left the kiosk.
//!
//! A case is **begun** with its statements, then with its empty form; both are kept here. While
//! nothing is written in it, nothing of it leaves, and it can be given back. The first thing that
//! is written takes them along. `T` is what is written.
//!
//! ```text
//!            the empty form       the first content        it is durable
//!   Begun ───────────────▶ Kept ───────────────▶ Leaving ───────────────▶ Left
//!                            ▲     not durable      │
//!                            └──────────────────────┘
//! ```
//!
//! What was typed as a message and is not sent lies here as well, so that the end of the visit can
//! name it. Dropping the visit forgets all of it.

use std::time::{Duration, Instant};

use guichet_keys::CaseTag;

use crate::web::view::CaseBrief;

/// Most cases of one visit.
pub const CASES_MAX: usize = 8;

/// The visit.
#[derive(Debug)]
pub struct Visit<T> {
    cases: Vec<Case<T>>,
    /// Since its first case was there; it stays open when the last one is given back.
    open: bool,
    touched_at: Instant,
}

#[derive(Debug)]
struct Case<T> {
    brief: CaseBrief,
    /// Which of the cases of its title, in the order of their opening, from 1.
    ordinal: usize,
    opened_at_s: u64,
    opening: Opening<T>,
    message: String,
}

/// How far the opening of a case is.
#[derive(Debug)]
enum Opening<T> {
    Begun(Vec<T>),
    Kept(Vec<T>),
    Leaving(Vec<T>),
    Left,
}

/// What becomes of things that were written.
#[derive(Debug, PartialEq, Eq)]
pub enum Written<T> {
    /// They are kept: the case is there, and empty.
    Kept,
    /// They are to be made durable; the case leaves with them.
    WithOpening(Vec<T>),
    /// They are to be made durable.
    Alone(Vec<T>),
}

/// Something that the end of the visit would drop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loose<'a> {
    /// A message that was typed and is not sent.
    Message(&'a CaseBrief, &'a str),
    /// A case in which nothing is written.
    Empty(&'a CaseBrief),
}

/// The visit holds as many cases as it can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// Something has been written in the case: it cannot be given back any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotEmpty;

impl<T: Clone> Visit<T> {
    /// A visit without cases.
    pub fn new(now: Instant) -> Self {
        Self {
            cases: Vec::new(),
            open: false,
            touched_at: now,
        }
    }

    /// Begins a case; it is there once its empty form is written.
    ///
    /// # Errors
    /// [`Full`] with [`CASES_MAX`] cases.
    pub fn begin(
        &mut self,
        mut brief: CaseBrief,
        opened_at_s: u64,
        statements: Vec<T>,
    ) -> Result<(), Full> {
        if self.cases.len() >= CASES_MAX {
            return Err(Full);
        }
        brief.number = None;
        let alike = self.cases.iter().filter(|case| is_alike(case, &brief));
        let ordinal = alike.map(|case| case.ordinal).max().unwrap_or(0) + 1;
        self.cases.push(Case {
            brief,
            ordinal,
            opened_at_s,
            opening: Opening::Begun(statements),
            message: String::new(),
        });
        Ok(())
    }

    /// Something was written in a case.
    pub fn write(&mut self, case: &CaseTag, mut things: Vec<T>) -> Written<T> {
        let mut cases = self.cases.iter_mut();
        let Some(found) = cases.find(|one| one.brief.case == *case) else {
            return Written::Alone(things);
        };
        match std::mem::replace(&mut found.opening, Opening::Left) {
            Opening::Begun(mut opening) => {
                opening.append(&mut things);
                found.opening = Opening::Kept(opening);
                self.open = true;
                Written::Kept
            }
            Opening::Kept(opening) => {
                let all = opening.iter().cloned().chain(things).collect();
                found.opening = Opening::Leaving(opening);
                Written::WithOpening(all)
            }
            Opening::Leaving(opening) => {
                found.opening = Opening::Leaving(opening);
                Written::Alone(things)
            }
            Opening::Left => Written::Alone(things),
        }
    }

    /// What was written last in a case is durable.
    pub fn saved(&mut self, case: &CaseTag) {
        if let Some(found) = self.find_mut(case)
            && matches!(found.opening, Opening::Leaving(_))
        {
            found.opening = Opening::Left;
        }
    }

    /// It is not: the opening goes with what is written next.
    pub fn failed(&mut self, case: &CaseTag) {
        if let Some(found) = self.find_mut(case)
            && let Opening::Leaving(opening) = &mut found.opening
        {
            found.opening = Opening::Kept(std::mem::take(opening));
        }
    }

    /// Gives back a case in which nothing is written, or which never came to be.
    ///
    /// # Errors
    /// [`NotEmpty`] once something is, or for a case of nobody.
    pub fn give_back(&mut self, case: &CaseTag) -> Result<(), NotEmpty> {
        let empty = |case: &Case<T>| matches!(case.opening, Opening::Begun(_) | Opening::Kept(_));
        let found = self.find(case).is_some_and(empty);
        self.cases.retain(|one| !found || one.brief.case != *case);
        found.then_some(()).ok_or(NotEmpty)
    }

    /// What is typed as a message, and not sent; empty once it is sent or thrown away.
    pub fn typed(&mut self, case: &CaseTag, message: String) {
        if let Some(found) = self.find_mut(case) {
            found.message = message;
        }
    }

    /// What is typed as a message of a case, and not sent.
    pub fn message(&self, case: &CaseTag) -> &str {
        self.find(case).map_or("", |case| &case.message)
    }

    /// The cases that are there, in the order of their opening; those of one title have numbers.
    pub fn cases(&self) -> Vec<CaseBrief> {
        let there = self.there().map(|case| CaseBrief {
            number: self.number(case),
            ..case.brief.clone()
        });
        there.collect()
    }

    /// Whether somebody sits here.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Takes the opening of an empty case along, though nothing is written in it yet.
    pub fn let_leave(&mut self, case: &CaseTag) -> Option<Vec<T>> {
        match self.is_empty(case).then(|| self.write(case, Vec::new()))? {
            Written::WithOpening(opening) => Some(opening),
            Written::Kept | Written::Alone(_) => None,
        }
    }

    /// Whether a case is there, and nothing is written in it.
    pub fn is_empty(&self, case: &CaseTag) -> bool {
        self.find(case)
            .is_some_and(|case| matches!(case.opening, Opening::Kept(_)))
    }

    /// A case that is there, as it was begun: its brief, and when it was opened.
    pub fn case(&self, case: &CaseTag) -> Option<(&CaseBrief, u64)> {
        let mut there = self.there();
        let found = there.find(|one| one.brief.case == *case)?;
        Some((&found.brief, found.opened_at_s))
    }

    /// What the end of the visit would drop.
    pub fn loose(&self) -> impl Iterator<Item = Loose<'_>> {
        self.there().flat_map(|case| {
            let typed = !case.message.trim().is_empty();
            let message = typed.then_some(Loose::Message(&case.brief, &case.message));
            let empty = matches!(case.opening, Opening::Kept(_));
            message
                .into_iter()
                .chain(empty.then_some(Loose::Empty(&case.brief)))
        })
    }

    /// The citizen is there.
    pub fn touch(&mut self, now: Instant) {
        self.touched_at = now;
    }

    /// When it ends by itself, if it is open and nobody touches anything for so long.
    pub fn ends_after(&self, idle: Duration) -> Option<Instant> {
        self.open.then(|| self.touched_at + idle)
    }

    /// Every case, those that are just beginning included.
    pub fn into_tags(self) -> impl Iterator<Item = CaseTag> {
        self.cases.into_iter().map(|case| case.brief.case)
    }

    fn there(&self) -> impl Iterator<Item = &Case<T>> {
        let is_there = |case: &&Case<T>| !matches!(case.opening, Opening::Begun(_));
        self.cases.iter().filter(is_there)
    }

    fn number(&self, case: &Case<T>) -> Option<usize> {
        let alike = self.cases.iter().filter(|one| is_alike(one, &case.brief));
        (case.ordinal > 1 || alike.count() > 1).then_some(case.ordinal)
    }

    fn find(&self, case: &CaseTag) -> Option<&Case<T>> {
        self.cases.iter().find(|one| one.brief.case == *case)
    }

    fn find_mut(&mut self, case: &CaseTag) -> Option<&mut Case<T>> {
        self.cases.iter_mut().find(|one| one.brief.case == *case)
    }
}

fn is_alike<T>(case: &Case<T>, brief: &CaseBrief) -> bool {
    case.brief.service.service == brief.service.service && case.brief.title == brief.title
}

#[cfg(test)]
mod tests;
