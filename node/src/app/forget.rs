//! The end of a visit: what whoever sat here leaves in the node, as one closed list.
//!
//! Everything that the event loop owns is taken apart field by field, and so is everything in it
//! that holds something of a visit ([`Kiosk`](super::kiosk::Kiosk), `Calls`, `Trays`, `Printing`).
//! A field that is added does not compile before somebody has said here what an end does to it.
//! What a visit has beside this is in the hands of its cases' workers, which drop a case whole,
//! and of the pages' sessions, which are told by [`Change::VisitEnded`].
//!
//! [`Change::VisitEnded`]: crate::web::counter::Change::VisitEnded

use guichet_keys::CaseTag;

use super::node::{Duty, Node};

impl Node {
    /// Forgets whoever sat here; gives the cases of their visit, which are still to be closed.
    pub(super) fn forget_visit(&mut self) -> Vec<CaseTag> {
        // First, for it tells advisers that the person has left.
        self.leave_booth();
        let Self {
            // The node and its network.
            me: _,
            signer: _,
            name: _,
            rules,
            mesh: _,
            presences: _,
            heard: _,
            roster: _,
            intake: _,
            services: _,
            started_at_s: _,
            ills: _,
            damaged: _,
            receipts_heard: _,
            segments_sent: _,
            floor_s: _,
            // Sealed, and still to be sent.
            replica: _,
            disk: _,
            reader: _,
            free_bytes: _,
            waiting: _,
            // What was drawn is in the hands of who asked for it.
            renderer: _,
            // Told and answered by whoever calls this.
            cases: _,
            counter: _,
            // Done above.
            calls: _,
            // Told what goes on here after every event, so after this one.
            dialling: _,
            // An adviser's.
            read_until: _,
            // The visit's own.
            duty,
            trays,
            readers,
            // Which chains were written in.
            others_clocks,
        } = self;
        others_clocks.forget_written();
        trays.clear();
        readers.clear();
        match duty {
            Duty::Kiosk(kiosk) if rules.forget_after_visit => kiosk.forget(),
            Duty::Kiosk(_) | Duty::Station(_) | Duty::Relay => Vec::new(),
        }
    }
}
