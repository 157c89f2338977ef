//! The note on the disk while a visit is open, as a pure machine. It says that one is, and nothing
//! of whom; a start that finds it says *visite interrompue*.
//!
//! A disk that does not take it takes a citizen's visit all the same, so it is written again and
//! again until it says what is true: else the next citizen would not be told that somebody's visit
//! ended there, or would be told so of a visit that had ended well.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// So long after it was not taken the note is written again.
pub const AGAIN: Duration = Duration::from_secs(5);

/// What has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A visit has begun.
    Begun,
    /// It is over.
    Over,
    /// The oldest write that is not answered for yet was answered: whether it is durable.
    Written {
        /// Whether it is.
        durable: bool,
    },
    /// Somebody has read what the last visit left, and the disk says so no more.
    Read,
    /// The disk took something else.
    DiskWell,
}

/// What is to be written: whether a visit is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Write(pub bool);

/// The note.
#[derive(Debug)]
pub struct VisitNote {
    /// A visit is open.
    open: bool,
    /// One was at the last end of the program, and nobody has read that yet.
    interrupted: bool,
    /// What the disk says.
    durable: bool,
    /// Writes that are not answered for, the oldest first.
    under_way: VecDeque<bool>,
    again_at: Option<Instant>,
    outputs: VecDeque<Write>,
}

impl VisitNote {
    /// As the disk has it at the start.
    pub fn new(durable: bool) -> Self {
        Self {
            open: false,
            interrupted: durable,
            durable,
            under_way: VecDeque::new(),
            again_at: None,
            outputs: VecDeque::new(),
        }
    }

    /// Takes in what has happened.
    pub fn handle_input(&mut self, now: Instant, input: Input) {
        match input {
            // Whoever begins one has been told of the last.
            Input::Begun => (self.open, self.interrupted) = (true, false),
            Input::Over => self.open = false,
            Input::Read => (self.interrupted, self.durable) = (false, false),
            Input::DiskWell => {
                if self.again_at.is_some() {
                    self.write();
                }
                return;
            }
            Input::Written { durable } => {
                if let Some(written) = self.under_way.pop_front()
                    && durable
                {
                    self.durable = written;
                }
                let untrue = self.under_way.is_empty() && self.durable != self.wanted();
                self.again_at = untrue.then(|| now + AGAIN);
                return;
            }
        }
        let last = self.under_way.back().unwrap_or(&self.durable);
        if *last != self.wanted() {
            self.write();
        } else if self.under_way.is_empty() {
            self.again_at = None;
        }
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.again_at.is_some_and(|at| at <= now) {
            self.write();
        }
    }

    /// What is to be written next; each is answered as [`Input::Written`], in order.
    pub fn poll_output(&mut self) -> Option<Write> {
        self.outputs.pop_front()
    }

    /// When to look again.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.again_at
    }

    fn wanted(&self) -> bool {
        self.open || self.interrupted
    }

    fn write(&mut self) {
        let wanted = self.wanted();
        self.again_at = None;
        self.under_way.push_back(wanted);
        self.outputs.push_back(Write(wanted));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A note in virtual time, on a disk that takes writes or not.
    struct Scene {
        note: VisitNote,
        disk: bool,
        takes: bool,
        now: Instant,
    }

    impl Scene {
        fn new(disk: bool) -> Self {
            let (note, now) = (VisitNote::new(disk), crate::clock::now());
            let takes = true;
            Self {
                note,
                disk,
                takes,
                now,
            }
        }

        fn tell(&mut self, input: Input) -> usize {
            self.note.handle_input(self.now, input);
            self.carry_out()
        }

        /// Answers every write; gives how many there were.
        fn carry_out(&mut self) -> usize {
            let mut writes = 0;
            while let Some(Write(open)) = self.note.poll_output() {
                writes += 1;
                self.disk = if self.takes { open } else { self.disk };
                let durable = self.takes;
                self.note.handle_input(self.now, Input::Written { durable });
            }
            writes
        }

        fn pass(&mut self, time: Duration) -> usize {
            let end = self.now + time;
            let mut writes = 0;
            while let Some(due) = self.note.poll_timeout().filter(|due| *due <= end) {
                self.now = due;
                self.note.handle_timeout(due);
                writes += self.carry_out();
            }
            self.now = end;
            writes
        }
    }

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_disk_that_takes_it_is_written_once_for_each_change() {
        let mut scene = Scene::new(false);
        assert_eq!([scene.tell(Input::Begun), scene.tell(Input::Begun)], [1, 0]);
        assert!(scene.disk);
        assert_eq!([scene.tell(Input::Over), scene.tell(Input::Over)], [1, 0]);
        assert!(!scene.disk);
        assert_eq!(scene.pass(MINUTE), 0);
    }

    #[test]
    fn a_disk_that_does_not_is_asked_again_until_it_says_what_is_true() {
        let mut scene = Scene::new(false);
        scene.takes = false;
        scene.tell(Input::Begun);
        assert_eq!(scene.pass(MINUTE), 12, "every five seconds");
        scene.takes = true;
        assert_eq!((scene.tell(Input::DiskWell), scene.disk), (1, true));
        assert_eq!(scene.tell(Input::DiskWell), 0);
        assert_eq!(scene.pass(MINUTE), 0, "it is true now");
        scene.takes = false;
        scene.tell(Input::Over);
        scene.pass(MINUTE);
        scene.takes = true;
        assert_eq!((scene.pass(AGAIN), scene.disk), (1, false));
    }

    #[test]
    fn what_turned_out_true_is_not_written_any_more() {
        let mut scene = Scene::new(false);
        scene.takes = false;
        scene.tell(Input::Begun);
        scene.tell(Input::Over);
        assert_eq!((scene.pass(MINUTE), scene.disk), (0, false));
    }

    #[test]
    fn an_interrupted_visit_is_told_until_somebody_reads_it_or_begins_another() {
        let mut scene = Scene::new(true);
        assert_eq!(scene.pass(MINUTE), 0);
        scene.disk = false;
        assert_eq!(scene.tell(Input::Read), 0, "gone already");
        scene.tell(Input::Begun);
        assert!(scene.disk);
        // The next one's note went with the last one's.
        scene.disk = false;
        assert_eq!((scene.tell(Input::Read), scene.disk), (1, true));

        let mut scene = Scene::new(true);
        assert_eq!(scene.tell(Input::Begun), 0);
        assert_eq!((scene.tell(Input::Over), scene.disk), (1, false));
    }
}
