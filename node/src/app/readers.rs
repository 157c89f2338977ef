//! Who else has a case open: advisers, by what their stations tell while they do.
//!
//! Nothing is stored. Who has not been heard of for [`HEARD_FOR`] is shown no more; what was heard
//! of them is kept a while longer, so that an old word told again brings nobody back.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use guichet_keys::{AuthorId, CaseTag, Role, SubjectId};
use guichet_sync::case::{FieldRef, Presence};

use super::cases::{Task, answer};
use super::node::Node;
use crate::clock;
use crate::web::counter::{CaseWork, Change, Refusal, Reply};
use crate::web::view::Reader;

/// How long somebody is shown after they were last heard of: two words of theirs may be lost.
pub const HEARD_FOR: Duration = Duration::from_secs(10);
/// Authors of one case that are kept in mind; of more, those heard of last.
const AUTHORS_MAX: usize = 16;
/// Cases that are kept in mind; of more, those heard of last.
const CASES_MAX: usize = 256;

/// What was heard.
#[derive(Debug, Default)]
pub struct Readers(BTreeMap<CaseTag, BTreeMap<(SubjectId, AuthorId), Heard>>);

/// What a person last told of themselves at one station. They have signed it; the author is only
/// said, and nobody is to silence another person by it.
#[derive(Debug)]
struct Heard {
    field: Option<FieldRef>,
    sequence: u64,
    until: Instant,
    shown: bool,
}

/// What was told in a case: by which author, and after how many others of theirs.
#[derive(Clone, Debug)]
pub struct Word {
    /// The author.
    pub author: AuthorId,
    /// Counts their words.
    pub sequence: u64,
    /// What they told.
    pub presence: Presence,
}

impl Readers {
    /// Takes in a word; gives whether it is news.
    fn hear(&mut self, now: Instant, case: CaseTag, word: Word) -> bool {
        let Word {
            author,
            sequence,
            presence: Presence { person, field },
        } = word;
        let heard = self.0.entry(case).or_default();
        let known = heard.get(&(person, author));
        if known.is_some_and(|known| known.sequence >= sequence) {
            return false;
        }
        let news = known.is_none_or(|known| !known.shown || known.field != field);
        let until = now + HEARD_FOR;
        heard.insert(
            (person, author),
            Heard {
                field,
                sequence,
                until,
                shown: true,
            },
        );
        drop_oldest(heard, AUTHORS_MAX, |heard| heard.until);
        drop_oldest(&mut self.0, CASES_MAX, |heard| {
            heard.values().map(|heard| heard.until).max()
        });
        news
    }

    /// Who is there, each once, by where they were heard of last.
    fn of(&self, case: &CaseTag) -> BTreeMap<SubjectId, Option<&FieldRef>> {
        let mut there: Vec<_> = self
            .0
            .get(case)
            .into_iter()
            .flatten()
            .filter(|(_, heard)| heard.shown)
            .collect();
        there.sort_by_key(|(_, heard)| heard.until);
        let there = there.into_iter();
        there
            .map(|((person, _), heard)| (*person, heard.field.as_ref()))
            .collect()
    }

    /// Which author each person has said to be; an author that two persons claim is nobody's.
    pub fn authors(&self, case: &CaseTag) -> BTreeMap<AuthorId, SubjectId> {
        let mut claims: BTreeMap<AuthorId, BTreeSet<SubjectId>> = BTreeMap::new();
        for (person, author) in self.0.get(case).into_iter().flat_map(BTreeMap::keys) {
            claims.entry(*author).or_default().insert(*person);
        }
        let claims = claims.into_iter();
        claims
            .filter(|(_, persons)| persons.len() == 1)
            .filter_map(|(author, persons)| Some((author, persons.into_iter().next()?)))
            .collect()
    }

    /// When somebody is there no more, unless they are heard of.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let shown = self.0.values().flat_map(BTreeMap::values);
        let shown = shown.filter(|heard| heard.shown);
        shown.map(|heard| heard.until).min()
    }

    /// Time has passed; gives the cases that somebody has left.
    fn lapse(&mut self, now: Instant) -> Vec<CaseTag> {
        let mut left = Vec::new();
        for (case, heard) in &mut self.0 {
            let mut gone = heard.values_mut().filter(|it| it.shown && it.until <= now);
            let any = gone.by_ref().map(|it| it.shown = false).count();
            if any > 0 {
                left.push(*case);
            }
        }
        left
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

/// Drops what is oldest by `at` until no more than `len_max` are left.
pub(super) fn drop_oldest<K: Ord + Clone, V, T: Ord>(
    map: &mut BTreeMap<K, V>,
    len_max: usize,
    at: impl Fn(&V) -> T,
) {
    while map.len() > len_max
        && let Some(oldest) = map
            .iter()
            .min_by_key(|(_, value)| at(value))
            .map(|(key, _)| key.clone())
    {
        map.remove(&oldest);
    }
}

impl Node {
    /// Does what only an adviser does.
    pub(super) fn work(&mut self, work: CaseWork) {
        match work {
            CaseWork::Note { case, text, reply } => {
                self.with_adviser(case, reply, |reply| Task::Note {
                    text,
                    done: Box::new(|saved| answer(reply, saved)),
                })
            }
            CaseWork::Keep {
                case,
                what,
                text,
                typed_at_ms,
                reply,
            } => self.with_adviser(case, reply, |reply| Task::Keep {
                what,
                text,
                typed_at_ms,
                reply,
            }),
            CaseWork::CheckIdentity {
                case,
                way,
                remark,
                reply,
            } => self.with_adviser(case, reply, |reply| Task::CheckIdentity {
                way,
                remark,
                done: Box::new(|saved| answer(reply, saved)),
            }),
            CaseWork::Read {
                case,
                whereabouts,
                reply,
            } => {
                self.read_until = Some(clock::now() + HEARD_FOR);
                self.with_adviser(case, reply, |reply| {
                    answer(reply, Ok(()));
                    Task::Read(whereabouts)
                })
            }
        }
    }

    /// Whether an adviser has a case open at this node.
    pub(super) fn reads_case(&self) -> bool {
        self.read_until.is_some_and(|until| clock::now() < until)
    }

    /// Hands a task to the worker of a case, for the adviser whose vault is open.
    fn with_adviser<T>(
        &mut self,
        case: CaseTag,
        reply: Reply<T>,
        task: impl FnOnce(Reply<T>) -> Task,
    ) {
        let here = self.open_vault().map(drop).ok_or(Refusal::Locked);
        match here.and_then(|()| self.open_case(&case)) {
            Ok(()) => self.cases.hand_in(case, task(reply)),
            Err(refusal) => answer(reply, Err(refusal)),
        }
    }

    /// Somebody told that they have a case open. Only an adviser of its service can have it open.
    pub(super) fn on_read(&mut self, case: CaseTag, word: Word) {
        let directory = self.replica.directory();
        let service = directory
            .case(&case)
            .map(|(statement, _)| &statement.service);
        let person = &word.presence.person;
        let may =
            service.is_some_and(|service| directory.holds(person, Role::Agent, Some(service)));
        if may && self.readers.hear(clock::now(), case, word) {
            self.counter.tell(Change::Case(case));
        }
    }

    /// Time has passed: who is not heard of any more has gone.
    pub(super) fn on_readers_timeout(&mut self) {
        for case in self.readers.lapse(clock::now()) {
            self.counter.tell(Change::Case(case));
        }
    }

    /// Who has a case open, whoever sits here left out.
    pub(super) fn readers_of(&self, case: &CaseTag) -> Vec<Reader> {
        let me = self.open_vault().map(|vault| vault.person);
        let directory = self.replica.directory();
        let there = self.readers.of(case).into_iter();
        let others = there.filter(|(person, _)| Some(*person) != me);
        let mut readers: Vec<_> = others
            .map(|(person, field)| Reader {
                name: directory.name(&person).unwrap_or_default().to_owned(),
                field: field.map(|field| (super::shown::page_form(field.form), field.name.clone())),
            })
            .collect();
        readers.sort_by(|a, b| a.name.cmp(&b.name));
        readers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(author: u8, person: u8, sequence: u64) -> Word {
        Word {
            author: AuthorId::from([author; 16]),
            sequence,
            presence: Presence {
                person: SubjectId::from([person; 32]),
                field: None,
            },
        }
    }

    fn case(number: u16) -> CaseTag {
        let mut bytes = [0; 16];
        bytes[..2].copy_from_slice(&number.to_be_bytes());
        CaseTag::from(bytes)
    }

    fn there(readers: &Readers) -> Vec<SubjectId> {
        readers.of(&case(1)).into_keys().collect()
    }

    #[test]
    fn who_is_not_heard_of_has_gone_and_no_old_word_brings_them_back() {
        let start = clock::now();
        let mut readers = Readers::default();
        assert!(readers.hear(start, case(1), word(1, 7, 0)));
        let later = start + HEARD_FOR / 2;
        assert!(!readers.hear(later, case(1), word(1, 7, 1)), "no news");
        assert!(!readers.hear(later, case(1), word(1, 7, 0)), "an old word");
        assert_eq!(readers.poll_timeout(), Some(later + HEARD_FOR));
        assert_eq!(readers.lapse(start + HEARD_FOR), [], "heard of since");
        assert_eq!(there(&readers), [SubjectId::from([7; 32])]);

        let end = later + HEARD_FOR;
        assert_eq!(readers.lapse(end), [case(1)]);
        assert!(there(&readers).is_empty());
        assert_eq!((readers.lapse(end), readers.poll_timeout()), (vec![], None));
        assert!(!readers.hear(end, case(1), word(1, 7, 1)), "told again");
        assert!(there(&readers).is_empty());
        assert!(readers.hear(end, case(1), word(1, 7, 2)));
    }

    #[test]
    fn an_author_is_who_says_so_and_nobody_if_two_do() {
        let (mut readers, now) = (Readers::default(), clock::now());
        readers.hear(now, case(1), word(1, 7, 0));
        readers.hear(now, case(1), word(2, 8, 0));
        let of =
            |author: u8, person: u8| (AuthorId::from([author; 16]), SubjectId::from([person; 32]));
        let known = readers.authors(&case(1));
        assert_eq!(known.into_iter().collect::<Vec<_>>(), [of(1, 7), of(2, 8)]);
        readers.hear(now, case(1), word(1, 9, 0));
        let known = readers.authors(&case(1));
        assert_eq!(known.into_iter().collect::<Vec<_>>(), [of(2, 8)]);
        assert!(readers.authors(&case(2)).is_empty());
    }

    #[test]
    fn nobody_is_silenced_by_another_person() {
        let (start, mut readers) = (clock::now(), Readers::default());
        assert!(readers.hear(start, case(1), word(1, 8, u64::MAX)));
        assert!(readers.hear(start, case(1), word(1, 7, 0)));
        assert_eq!(there(&readers).len(), 2);
    }

    #[test]
    fn one_person_is_there_once_and_the_table_stays_small() {
        let start = clock::now();
        let mut readers = Readers::default();
        for author in 0..=200 {
            let at = start + Duration::from_millis(u64::from(author));
            readers.hear(at, case(1), word(author, author / 200, 0));
        }
        assert_eq!(readers.0[&case(1)].len(), AUTHORS_MAX);
        assert_eq!(
            there(&readers),
            [0, 1].map(|person| SubjectId::from([person; 32]))
        );
        for number in 0..300 {
            let at = start + Duration::from_secs(1 + u64::from(number));
            readers.hear(at, case(number), word(1, 7, 1_000));
        }
        assert_eq!(readers.0.len(), CASES_MAX);
        assert!(readers.0.contains_key(&case(299)) && !readers.0.contains_key(&case(2)));
    }
}
