//! Carries out what is asked of an open case.

use std::collections::BTreeMap;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use guichet_keys::{CaseTag, KeyUse};
use guichet_sync::case::CaseLog;
use guichet_sync::envelope::Envelope;
use guichet_sync::page::Manifest;
use guichet_sync::replica::Thing;
use guichet_sync::store::Location;
use guichet_sync::wire::What;

use super::{CaseEvent, Shared, Task, answer};
use crate::app::disk::{Done, Job};
use crate::app::opened::{OpenCase, Opening, Paper, SealedPaper, Sent, Unread, coming};
use crate::clock;
use crate::web::counter::{Kept, Put, Refusal, Reply, Typing};
use crate::web::ids::DocumentId;

/// To take in one thing may take so long before its author is told to the node: what was written
/// before may have to be read anew for it.
const WORK_UNTOLD: Duration = Duration::from_millis(1);

/// Owns some of the open cases.
pub(super) struct Worker {
    shared: Shared,
    open: BTreeMap<CaseTag, OpenCase>,
}

impl Worker {
    /// With no case open.
    pub(super) fn new(shared: Shared) -> Self {
        Self {
            shared,
            open: BTreeMap::new(),
        }
    }

    /// Carries out what it is asked until nobody can ask any more.
    pub(super) fn run(mut self, queue: &mpsc::Receiver<(CaseTag, Task)>) {
        while let Ok((case, task)) = queue.recv() {
            self.carry_out(case, task);
        }
    }

    fn carry_out(&mut self, case: CaseTag, task: Task) {
        if let Task::Open(opening) = task {
            self.open_case(case, *opening);
        } else if let Task::Close(ending) = task {
            self.open.remove(&case);
            drop(ending);
        } else if let Some(open) = self.open.get_mut(&case) {
            carry_out(&self.shared, open, task);
        } else {
            task.refuse();
        }
    }

    fn open_case(&mut self, case: CaseTag, opening: Opening) {
        let keys = [KeyUse::Shared, KeyUse::Service]
            .into_iter()
            .filter_map(|usage| {
                let (epoch, key) = opening.keys.newest(usage)?;
                Some((guichet_sync::envelope::KeyRef { usage, epoch }, key.clone()))
            })
            .collect();
        let log = CaseLog::new(
            case,
            keys,
            opening.reader,
            Arc::clone(&self.shared.sealer),
            self.shared.rules,
        );
        let mut open = OpenCase::new(log, opening.service, opening.class);
        if let Some(writer) = opening.writer {
            open.set_writer(writer);
        }
        if let Some((person, sealed)) = &opening.keeps {
            open.keep_for(*person, sealed.as_ref());
        }
        for (what, at) in opening.at {
            insert(&self.shared, &mut open, what, at);
        }
        self.open.insert(case, open);
        self.shared.tell(CaseEvent::Changed(case));
    }
}

impl Shared {
    fn tell(&self, event: CaseEvent) {
        let _the_node_is_stopping = self.events.send(event);
    }

    fn written(&self, case: CaseTag, envelopes: Vec<Envelope>, done: Done) {
        let things = envelopes.into_iter().map(Thing::Envelope).collect();
        self.tell(CaseEvent::Written { case, things, done });
    }

    /// What is begun has changed: where it outlives the open case, the node keeps it sealed.
    fn begun(&self, open: &OpenCase) {
        if let Some(person) = open.keeper() {
            self.tell(CaseEvent::Unsent(open.case(), person, open.seal_unsent()));
        }
    }

    /// As `done`; what is not saved is begun again.
    fn or_restored(&self, open: &OpenCase, sent: Sent, done: Done) -> Done {
        self.begun(open);
        let (case, events) = (open.case(), self.events.clone());
        Box::new(move |saved| {
            if saved.is_err() {
                let _the_node_is_stopping = events.send(CaseEvent::NotSaved(case, Box::new(sent)));
            }
            done(saved);
        })
    }
}

fn carry_out(shared: &Shared, open: &mut OpenCase, task: Task) {
    let case = open.case();
    match task {
        Task::Open(_) | Task::Close(_) => {}
        Task::Insert(what, at) => insert(shared, open, what, at),
        Task::StartForm {
            form,
            template,
            done,
        } => match open.start_form(form, &template) {
            Ok(envelopes) => shared.written(case, envelopes, done),
            Err(refusal) => done(Err(refusal)),
        },
        Task::SetField { put, done } => set(shared, open, put, done),
        Task::Splice {
            field,
            splice,
            reply,
        } => match open.splice(&field, &splice) {
            Ok((envelopes, view)) => {
                shared.written(
                    case,
                    envelopes,
                    Box::new(move |saved| answer(reply, saved.map(|()| view))),
                );
            }
            Err(refusal) => answer(reply, Err(refusal)),
        },
        Task::Draft { typing, reply } => draft(shared, open, typing, reply),
        Task::Keep {
            what,
            text,
            typed_at_ms,
            reply,
        } => {
            let kept = open.keep(what, &text, typed_at_ms);
            shared.begun(open);
            answer(reply, kept);
        }
        Task::Restore(sent) => {
            open.restore(*sent);
            shared.begun(open);
        }
        Task::DraftReceived(sealed) => {
            if open.take_draft(&sealed) {
                shared.tell(CaseEvent::Changed(case));
            } else if let Some(word) = open.take_presence(&sealed) {
                shared.tell(CaseEvent::Read(case, word));
            }
        }
        Task::Read(whereabouts) => {
            if let Some(sealed) = open.seal_presence(whereabouts) {
                shared.tell(CaseEvent::Typed(case, sealed));
            }
        }
        Task::Say { text, lang, done } => {
            let said = open.say(text.clone(), lang).map(|envelope| vec![envelope]);
            send(shared, open, Kept::Message, &text, said, done);
        }
        Task::Note { text, done } => {
            let noted = open.note(text.clone()).map(|envelope| vec![envelope]);
            send(shared, open, Kept::Note, &text, noted, done);
        }
        Task::CheckIdentity { way, remark, done } => {
            let typed = remark.clone().unwrap_or_default();
            let checked = open.check_identity(way, remark);
            send(shared, open, Kept::Remark, &typed, checked, done);
        }
        Task::TookOutOfTurn { reason, done } => {
            let noted = open.note_out_of_turn(reason.clone());
            let noted = noted.map(|envelope| vec![envelope]);
            send(shared, open, Kept::Reason, &reason, noted, done);
        }
        Task::AddDocument { paper, reply } => store_pages(shared, open, &paper, reply),
        Task::Attach { sealed, reply } => attach(shared, open, *sealed, reply),
        Task::Document { document, reply } => {
            answer_read(shared, reply, open.document(document, &shared.reader))
        }
        Task::Sheet {
            document,
            number,
            reply,
        } => answer_read(shared, reply, open.sheet(document, number, &shared.reader)),
        Task::Picture {
            document,
            drawing,
            reply,
        } => answer_read(
            shared,
            reply,
            open.picture(document, drawing, &shared.reader),
        ),
        Task::View { context, reply } => answer(reply, Ok(open.view(&context))),
        Task::SetWriter(writer) => open.set_writer(*writer),
        Task::Withdraw(envelopes) => {
            open.withdraw(&envelopes);
            shared.tell(CaseEvent::Changed(case));
        }
    }
}

/// A value is on its way to the disk, or was refused.
fn set(shared: &Shared, open: &mut OpenCase, put: Put, done: Done) {
    match open.set(&put) {
        Ok(envelopes) => {
            let sent = open.put(put);
            let done = shared.or_restored(open, sent, done);
            shared.written(open.case(), envelopes, done);
        }
        Err(refusal) => {
            // What does not fit stays as it was typed, for the person to correct.
            if matches!(refusal, Refusal::Invalid(_) | Refusal::Stale)
                && put.typed_at_ms.is_some()
                && open.keep_typed(&put.into()).is_ok()
            {
                shared.begun(open);
                shared.tell(CaseEvent::Changed(open.case()));
            }
            done(Err(refusal));
        }
    }
}

/// What is being typed here is kept, and told to whoever follows the case.
fn draft(shared: &Shared, open: &mut OpenCase, typing: Typing, reply: Reply<()>) {
    let kept = open.keep_typed(&typing);
    if kept.is_ok() {
        shared.begun(open);
        if let Some(sealed) = open.seal_draft(&typing.field, typing.value) {
            shared.tell(CaseEvent::Typed(open.case(), sealed));
        }
    }
    answer(reply, kept);
}

/// Answers who wants to see a document; what is damaged of it is to be fetched again.
fn answer_read<T>(shared: &Shared, reply: Reply<T>, read: Result<T, Unread>) {
    let read = read.map_err(|unread| match unread {
        Unread::Refused(refusal) => refusal,
        Unread::Damaged(page) => {
            shared.tell(CaseEvent::PageDamaged(page));
            coming()
        }
    });
    answer(reply, read);
}

/// A text is on its way to the disk, or was refused.
fn send(
    shared: &Shared,
    open: &mut OpenCase,
    what: Kept,
    text: &str,
    written: Result<Vec<Envelope>, Refusal>,
    done: Done,
) {
    match written {
        Ok(envelopes) => {
            let sent = open.sent(what, text);
            let done = shared.or_restored(open, sent, done);
            shared.written(open.case(), envelopes, done);
        }
        Err(refusal) => {
            let sent = open.sent(what, text);
            shared.or_restored(open, sent, done)(Err(refusal));
        }
    }
}

fn insert(shared: &Shared, open: &mut OpenCase, what: What, at: Location) {
    let bytes = match shared.reader.read(at) {
        Ok(bytes) => bytes,
        Err(error) => return shared.tell(CaseEvent::Unreadable(error)),
    };
    match take_in(shared, open, what, bytes) {
        Ok(true) => shared.tell(CaseEvent::Changed(open.case())),
        Ok(false) => {}
        Err(error) => tracing::error!(%error, "a stored thing does not read"),
    }
    if let Some((unreadable, aside)) = open.newly_aside() {
        shared.tell(CaseEvent::SetAside {
            case: open.case(),
            unreadable,
            aside,
        });
    }
    if open.writer_is_aside() {
        shared.tell(CaseEvent::NeedsWriter(open.case()));
    }
}

/// Whether the case reads otherwise with what these bytes hold.
fn take_in(
    shared: &Shared,
    open: &mut OpenCase,
    what: What,
    bytes: Vec<u8>,
) -> Result<bool, String> {
    match what {
        What::Manifest => {
            let manifest = Manifest::parse(bytes).map_err(|error| error.to_string())?;
            open.insert_manifest(&manifest);
            Ok(true)
        }
        What::Edit | What::Act | What::Statement | What::Receipt => {
            let envelope = Envelope::parse(bytes).map_err(|error| error.to_string())?;
            let begun = clock::thread_used();
            let changed = open.insert(&envelope);
            let busy = clock::thread_used().saturating_sub(begun);
            if busy >= WORK_UNTOLD {
                let author = envelope.header().author;
                shared.tell(CaseEvent::Worked(author, busy));
            }
            Ok(changed)
        }
    }
}

/// The segments of a document go to the disk before anything says that they are there.
fn store_pages(shared: &Shared, open: &mut OpenCase, paper: &Paper, reply: Reply<DocumentId>) {
    let (sealed, pages) = match open.seal(paper) {
        Ok(sealed) => sealed,
        Err(refusal) => return answer(reply, Err(refusal)),
    };
    let (case, events) = (open.case(), shared.events.clone());
    let done: Done = Box::new(move |written| match written {
        Ok(()) => {
            let _the_node_is_stopping = events.send(CaseEvent::PagesStored {
                case,
                sealed: Box::new(sealed),
                reply,
            });
        }
        Err(refusal) => answer(reply, Err(refusal)),
    });
    if let Err(mpsc::SendError(Job::Pages(_, done))) = shared.disk.send(Job::Pages(pages, done)) {
        done(Err(Refusal::Stopping));
    }
}

fn attach(shared: &Shared, open: &mut OpenCase, sealed: SealedPaper, reply: Reply<DocumentId>) {
    let (case, document) = (open.case(), sealed.document);
    match open.attach(&sealed) {
        Ok(act) => {
            let things = sealed.into_things(act);
            let done: Done = Box::new(move |saved| answer(reply, saved.map(|()| document)));
            shared.tell(CaseEvent::Written { case, things, done });
        }
        Err(refusal) => answer(reply, Err(refusal)),
    }
}
