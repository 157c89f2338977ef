//! The note of the visit on the disk: what its [machine](super::note) is told, and does.

use std::sync::Arc;
use std::time::Instant;

use super::VISIT_NOTE;
use super::note;
use crate::app::cases::{Ending, answer};
use crate::app::disk::Job;
use crate::app::node::{Duty, Node};
use crate::clock;
use crate::web::counter::{Change, Refusal, Reply};

impl Node {
    /// Somebody has read that a visit was interrupted: it is said until the disk says so no more.
    pub(in crate::app) fn interruption_read(&self, reply: Reply<()>) {
        self.disk.hand_in(Job::RemoveNote(VISIT_NOTE, reply));
    }

    /// A note was removed, or could not be.
    pub(in crate::app) fn on_note_removed(
        &mut self,
        key: &str,
        removed: Result<(), Refusal>,
        reply: Reply<()>,
    ) {
        if let Duty::Kiosk(kiosk) = &mut self.duty
            && key == VISIT_NOTE
            && removed.is_ok()
        {
            kiosk.interrupted = false;
            self.counter.tell(Change::Home);
            self.note_visit(note::Input::Read, None);
        }
        answer(reply, removed);
    }

    /// A note was kept, or could not be.
    pub(in crate::app) fn on_noted(&mut self, key: &str, durable: bool) {
        if key == VISIT_NOTE {
            self.note_visit(note::Input::Written { durable }, None);
        }
    }

    /// The disk took something: it may take the note as well.
    pub(in crate::app) fn on_disk_takes(&mut self) {
        self.note_visit(note::Input::DiskWell, None);
    }

    /// When the note of the visit is written again.
    pub(in crate::app) fn visit_note_due_at(&self) -> Option<Instant> {
        self.kiosk().ok()?.note.poll_timeout()
    }

    /// Time has passed.
    pub(in crate::app) fn on_visit_note_timeout(&mut self) {
        if let Duty::Kiosk(kiosk) = &mut self.duty {
            kiosk.note.handle_timeout(clock::now());
        }
        self.write_visit_note(None);
    }

    /// What becomes of the visit is noted on the disk; who waits for its end waits for that as well.
    pub(super) fn note_visit(&mut self, input: note::Input, ending: Option<Arc<Ending>>) {
        if let Duty::Kiosk(kiosk) = &mut self.duty {
            kiosk.note.handle_input(clock::now(), input);
        }
        self.write_visit_note(ending);
    }

    fn write_visit_note(&mut self, ending: Option<Arc<Ending>>) {
        while let Duty::Kiosk(kiosk) = &mut self.duty
            && let Some(note::Write(open)) = kiosk.note.poll_output()
        {
            let value = if open { vec![1] } else { Vec::new() };
            let ending = ending.clone();
            let done = Box::new(|_| drop(ending));
            self.disk.hand_in(Job::Note(VISIT_NOTE, value, done));
        }
    }
}
