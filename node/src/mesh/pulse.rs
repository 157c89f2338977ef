//! The pulse of a link: when to ask the other end for a sign of life, and when to doubt it. A pure
//! machine.
//!
//! Whatever arrives is a sign of life. A link on which nothing goes on is asked now and then, and
//! once as soon as what was coming stops, by the end that dialled it alone; one that a visit or a call uses so often that a cut is known
//! within two seconds. The end that dialled sets the pace, and the other reads it off what it is
//! asked; where that stays away it asks itself, once, before it believes the worst. A link in use
//! that is silent is first told to be so, and given up some seconds later: on a line that loses
//! much, silence is no death. One on which nothing goes on is doubted as soon: another beside it
//! costs nothing that was on its way, and is there at once where the other end has started anew.

use std::time::{Duration, Instant};

use super::limits::{
    PING_AFTER_FRAME, PING_IDLE, PING_IN_USE, PING_PATIENCE, PING_PATIENCE_IN_USE, SILENCE_IN_USE,
    SILENCE_MAX, SILENCE_ROUND_TRIP_MAX,
};

/// What goes on over a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Nothing that somebody waits for.
    Idle,
    /// A visit or a call.
    InUse,
}

/// What a link's silence calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beat {
    /// The other end is to be asked for a sign of life.
    Ask,
    /// A link in use is silent.
    Silent,
    /// A link on which nothing goes on does not answer: another is to be tried beside it.
    Doubt,
    /// The link is dead.
    Dead,
}

/// The pulse of one link.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pulse {
    dialled: bool,
    own: Use,
    theirs: Use,
    heard: Instant,
    /// Since when silence counts: the last sign of life, or the beginning of the use.
    counts_from: Instant,
    asked: Option<Instant>,
    /// When it was asked and has not answered since.
    doubted: Option<Instant>,
    was_asked: Option<Instant>,
    round_trip: Duration,
    silent: bool,
    /// A frame has come since the last question.
    has_carried: bool,
    /// The doubt has been told.
    is_doubt_told: bool,
    signs: u32,
}

impl Pulse {
    /// The pulse of a link that stands since now; `dialled` at the end that dialled it.
    pub fn new(now: Instant, dialled: bool, own: Use) -> Self {
        Self {
            dialled,
            own,
            theirs: Use::Idle,
            heard: now,
            counts_from: now,
            asked: None,
            doubted: None,
            was_asked: None,
            round_trip: Duration::ZERO,
            silent: false,
            has_carried: false,
            is_doubt_told: false,
            signs: 0,
        }
    }

    /// The link has opened: each end asks once, to know the round trip.
    pub fn opened(&mut self) {
        self.asked = None;
    }

    /// When the last sign of life came.
    pub fn heard_at(&self) -> Instant {
        self.heard
    }

    /// How many signs of life have come.
    pub fn signs(&self) -> u32 {
        self.signs
    }

    /// A sign of life came; whether the link had been silent.
    pub fn heard(&mut self, now: Instant) -> bool {
        self.heard = now;
        self.doubted = None;
        self.is_doubt_told = false;
        self.counts_from = self.counts_from.max(now);
        self.signs = self.signs.saturating_add(1);
        let paced = self
            .was_asked
            .is_some_and(|last| now.saturating_duration_since(last) < 3 * PING_IN_USE);
        if !paced {
            self.theirs = Use::Idle;
        }
        std::mem::take(&mut self.silent)
    }

    /// Something of what the link is for came; whether the link had been silent.
    pub fn carried(&mut self, now: Instant) -> bool {
        self.has_carried = true;
        self.heard(now)
    }

    /// The other end asked for a sign of life, which is one; whether the link had been silent. Only
    /// the end that did not dial reads the pace off it: else each would keep the other at it.
    pub fn was_asked(&mut self, now: Instant) -> bool {
        let before = self.was_asked.replace(now);
        let was_silent = self.heard(now);
        let often =
            before.is_some_and(|before| now.saturating_duration_since(before) < 2 * PING_IN_USE);
        self.theirs = if often && !self.dialled {
            Use::InUse
        } else {
            Use::Idle
        };
        was_silent
    }

    /// It answered after so long.
    pub fn answered(&mut self, round_trip: Duration) {
        self.round_trip = round_trip;
    }

    /// What goes on at this end. A link that comes into use has to prove itself at once.
    pub fn set_use(&mut self, now: Instant, own: Use) {
        if own == Use::InUse && self.own == Use::Idle {
            self.asked = None;
            self.counts_from = now;
        }
        self.own = own;
    }

    /// When `beat` has something to say.
    pub fn deadline(&self) -> Instant {
        let asks = self.asks_at().min(self.dead_at());
        let told = self.silent_at().into_iter().chain(self.doubts_at());
        told.fold(asks, Instant::min)
    }

    /// What has fallen due; call again until nothing has.
    pub fn beat(&mut self, now: Instant) -> Option<Beat> {
        if self.dead_at() <= now {
            return Some(Beat::Dead);
        }
        if self.silent_at().is_some_and(|at| at <= now) {
            self.silent = true;
            return Some(Beat::Silent);
        }
        if self.doubts_at().is_some_and(|at| at <= now) {
            self.is_doubt_told = true;
            return Some(Beat::Doubt);
        }
        (self.asks_at() <= now).then(|| {
            self.asked = Some(now);
            self.has_carried = false;
            self.doubted.get_or_insert(now);
            Beat::Ask
        })
    }

    fn in_use(&self) -> bool {
        self.own == Use::InUse || self.theirs == Use::InUse
    }

    fn asks_at(&self) -> Instant {
        let Some(asked) = self.asked else {
            return self.counts_from;
        };
        if self.own == Use::InUse {
            return asked + PING_IN_USE;
        }
        let idle = if self.has_carried {
            PING_AFTER_FRAME
        } else {
            PING_IDLE
        };
        let patience = match (self.theirs, self.dialled) {
            (Use::InUse, _) => PING_IN_USE + PING_PATIENCE_IN_USE,
            (Use::Idle, true) => idle,
            (Use::Idle, false) => idle + PING_PATIENCE,
        };
        (self.heard + patience).max(asked + PING_IN_USE)
    }

    fn silent_at(&self) -> Option<Instant> {
        (self.in_use() && !self.silent).then(|| self.counts_from + self.patience())
    }

    fn doubts_at(&self) -> Option<Instant> {
        let doubted = self.doubted.filter(|_| !self.is_doubt_told)?;
        (!self.in_use() && !self.silent).then(|| doubted + self.patience())
    }

    /// How long an answer may take.
    fn patience(&self) -> Duration {
        SILENCE_IN_USE + self.round_trip.min(SILENCE_ROUND_TRIP_MAX)
    }

    fn dead_at(&self) -> Instant {
        if self.in_use() || self.silent {
            self.counts_from + SILENCE_MAX
        } else {
            self.doubted.unwrap_or_else(|| self.asks_at()) + SILENCE_MAX
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const SECOND: Duration = Duration::from_secs(1);
    const ROUND_TRIP: Duration = Duration::from_millis(60);

    /// Two ends of one line in virtual time: what each asks arrives half a round trip later, and
    /// the answer as late again, unless the line is cut.
    struct Line {
        ends: [Pulse; 2],
        now: Instant,
        cut: bool,
        on_the_way: Vec<(Instant, usize, Carried)>,
        said: Vec<(Instant, usize, Beat)>,
    }

    #[derive(Clone, Copy)]
    enum Carried {
        Question(Instant),
        Answer(Instant),
    }

    impl Line {
        fn new() -> Self {
            let now = Instant::now();
            Self {
                ends: [true, false].map(|dialled| Pulse::new(now, dialled, Use::Idle)),
                now,
                cut: false,
                on_the_way: Vec::new(),
                said: Vec::new(),
            }
        }

        fn pass(&mut self, span: Duration) {
            let end = self.now + span;
            while self.now < end {
                self.now += MS;
                for at in 0..2 {
                    while let Some(beat) = self.ends[at].beat(self.now) {
                        self.said.push((self.now, at, beat));
                        if beat == Beat::Dead {
                            break;
                        }
                        if beat == Beat::Ask {
                            self.send(1 - at, Carried::Question(self.now));
                        }
                    }
                }
                let now = self.now;
                let here = self.on_the_way.extract_if(.., |(at, ..)| *at <= now);
                for (_, to, carried) in here.collect::<Vec<_>>() {
                    match carried {
                        Carried::Question(sent) => {
                            self.ends[to].was_asked(now);
                            self.send(1 - to, Carried::Answer(sent));
                        }
                        Carried::Answer(sent) => {
                            self.ends[to].answered(now - sent);
                            self.ends[to].heard(now);
                        }
                    }
                }
            }
        }

        fn send(&mut self, to: usize, carried: Carried) {
            if !self.cut {
                self.on_the_way
                    .push((self.now + ROUND_TRIP / 2, to, carried));
            }
        }

        fn first(&self, end: usize, beat: Beat) -> Option<Instant> {
            let mut said = self.said.iter();
            said.find(|(_, at, it)| (*at, *it) == (end, beat))
                .map(|(at, ..)| *at)
        }

        fn asked(&self) -> [usize; 2] {
            [0, 1].map(|end| {
                let asks =
                    |(_, at, beat): &&(Instant, usize, Beat)| *at == end && *beat == Beat::Ask;
                self.said.iter().filter(asks).count()
            })
        }
    }

    #[test]
    fn where_nothing_goes_on_one_end_asks_four_times_a_minute() {
        let mut line = Line::new();
        line.pass(SECOND);
        assert_eq!(line.asked(), [1, 1], "each learns the round trip");
        line.said.clear();
        line.pass(600 * SECOND);
        let [dialler, other] = line.asked();
        assert!((38..=41).contains(&dialler), "{dialler}");
        assert_eq!(other, 0);
        assert!(line.said.iter().all(|(.., beat)| *beat == Beat::Ask));
    }

    #[test]
    fn a_cut_is_known_at_both_ends_within_two_seconds_while_the_link_is_used() {
        for phase in (0..750).step_by(50) {
            let mut line = Line::new();
            line.pass(20 * SECOND);
            let now = line.now;
            line.ends[0].set_use(now, Use::InUse);
            line.pass(5 * SECOND + phase * MS);
            line.said.clear();
            line.cut = true;
            let cut = line.now;
            line.pass(10 * SECOND);
            for end in 0..2 {
                let told = line.first(end, Beat::Silent).expect("told") - cut;
                assert!(told <= 2 * SECOND, "end {end}, phase {phase}: {told:?}");
                let dead = line.first(end, Beat::Dead).expect("given up") - cut;
                assert!((4 * SECOND..=6 * SECOND).contains(&dead), "{dead:?}");
            }
        }
    }

    #[test]
    fn a_pause_of_the_line_is_no_death_of_an_idle_link() {
        for phase in 0..20 {
            let mut line = Line::new();
            line.pass(60 * SECOND + phase * SECOND);
            line.cut = true;
            line.pass(4 * SECOND);
            line.cut = false;
            line.pass(60 * SECOND);
            let mild = [Beat::Ask, Beat::Doubt];
            assert!(line.said.iter().all(|(.., beat)| mild.contains(beat)));
        }
    }

    #[test]
    fn an_idle_link_that_dies_is_given_up_within_26_seconds() {
        let mut line = Line::new();
        line.pass(100 * SECOND);
        line.said.clear();
        line.cut = true;
        let cut = line.now;
        line.pass(60 * SECOND);
        for end in 0..2 {
            let dead = line.first(end, Beat::Dead).expect("given up") - cut;
            assert!(dead <= 26 * SECOND, "end {end}: {dead:?}");
            assert!(line.first(end, Beat::Silent).is_none());
        }
    }

    #[test]
    fn an_idle_link_is_doubted_once_and_only_where_it_does_not_answer() {
        for phase in 0..20 {
            let mut line = Line::new();
            line.pass(600 * SECOND + phase * SECOND);
            assert_eq!(line.first(0, Beat::Doubt), None);
            line.said.clear();
            line.cut = true;
            let cut = line.now;
            line.pass(17 * SECOND);
            let doubted = line.first(0, Beat::Doubt).expect("doubted") - cut;
            assert!(doubted <= 17 * SECOND, "phase {phase}: {doubted:?}");
            line.pass(20 * SECOND);
            let doubts = line
                .said
                .iter()
                .filter(|it| (it.1, it.2) == (0, Beat::Doubt));
            assert_eq!(doubts.count(), 1);
        }
    }

    #[test]
    fn a_link_that_comes_into_use_proves_itself_at_once() {
        let mut line = Line::new();
        line.pass(40 * SECOND);
        line.cut = true;
        line.pass(5 * SECOND);
        line.said.clear();
        let begun = line.now;
        line.ends[0].set_use(begun, Use::InUse);
        line.pass(10 * SECOND);
        assert!(line.first(0, Beat::Ask).expect("asked") - begun <= MS);
        assert!(line.first(0, Beat::Silent).expect("told") - begun <= 2 * SECOND);
        assert!(line.first(0, Beat::Dead).expect("given up") - begun <= 6 * SECOND);
    }

    #[test]
    fn when_the_use_ends_nobody_is_taken_for_dead() {
        let mut line = Line::new();
        let now = line.now;
        line.ends[0].set_use(now, Use::InUse);
        line.pass(20 * SECOND);
        let now = line.now;
        line.ends[0].set_use(now, Use::Idle);
        line.said.clear();
        line.pass(120 * SECOND);
        assert!(line.said.iter().all(|(.., beat)| *beat == Beat::Ask));
        let [dialler, other] = line.asked();
        assert!(dialler <= 9 && other <= 3, "{dialler} and {other}");
    }

    #[test]
    fn frames_one_way_do_not_hide_a_cut() {
        let mut line = Line::new();
        let now = line.now;
        line.ends[0].set_use(now, Use::InUse);
        for _ in 0..200 {
            line.pass(50 * MS);
            let now = line.now;
            line.ends[0].heard(now);
        }
        line.said.clear();
        line.cut = true;
        let cut = line.now;
        line.pass(5 * SECOND);
        assert!(line.first(1, Beat::Silent).expect("told") - cut <= 2 * SECOND);
    }

    #[test]
    fn what_was_silent_says_so_when_it_is_heard_again() {
        let now = Instant::now();
        let mut pulse = Pulse::new(now, true, Use::InUse);
        assert!(!pulse.heard(now));
        let later = now + SILENCE_IN_USE;
        assert_eq!(pulse.beat(later), Some(Beat::Silent));
        assert_eq!(pulse.beat(later), Some(Beat::Ask));
        assert_eq!(pulse.beat(later), None);
        assert!(pulse.heard(later + SECOND));
        assert!(!pulse.heard(later + SECOND));
    }
}
