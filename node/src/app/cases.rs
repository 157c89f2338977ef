//! The workers that hold the open cases.
//!
//! An open case has one owner, a worker's thread, and is spoken to by message:
//! documents, keys and plain text are there and nowhere else. What a worker
//! writes it gives back as sealed things; the person is answered once these
//! are durable. Closing a case drops its keys and everything that was opened
//! with them.

use std::collections::BTreeMap;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use guichet_keys::{AuthorId, CaseTag, KeyUse, Sealer, SubjectId};
use guichet_sync::case::{CaseLog, Version, Writer};
use guichet_sync::envelope::Envelope;
use guichet_sync::page::Manifest;
use guichet_sync::replica::Thing;
use guichet_sync::rules::Rules;
use guichet_sync::store::{Location, Reader, StoreError};
use guichet_sync::wire::What;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;

use super::calls::Wished;
use super::disk::{Done, Job};
use super::opened::{OpenCase, Opening, Paper, SealedPaper, SealedUnsent, Sent};
use super::readers::Word;
use super::shown::Context;
use crate::clock;
use crate::owners::Posts;
use crate::render::Drawing;
use crate::web::Lang;
use crate::web::counter::{
    FieldPlace, Kept, Refusal, Reply, Splice, Thing as Lost, Upload, Whereabouts,
};
use crate::web::ids::{DocumentId, FormId};
use crate::web::view::{CaseView, IdentityWay, TextView};

/// How many workers there are.
const WORKERS: usize = 2;
/// To take in one thing may take so long before its author is told to the node: what was written
/// before may have to be read anew for it.
const WORK_UNTOLD: Duration = Duration::from_millis(1);

/// What a worker is asked to do with one case.
pub enum Task {
    /// Open it.
    Open(Box<Opening>),
    /// Close it, forget its keys, and let go of who waits for that.
    Close(Option<Arc<Ending>>),
    /// Take in an envelope or manifest that is durable at this place.
    Insert(What, Location),
    /// Begin an empty form.
    StartForm {
        /// Its name.
        form: FormId,
        /// From which template.
        template: String,
        /// Called once it is durable.
        done: Done,
    },
    /// Put a value into a register, as typed: the template judges it.
    SetField {
        /// Where.
        field: FieldPlace,
        /// What.
        value: String,
        /// The language of the page it was typed into.
        lang: Lang,
        /// The version that the person had before them, if it is known.
        seen: Option<Version>,
        /// When it was typed, on the page's clock; by script, never.
        typed_at_ms: Option<u64>,
        /// Called once it is durable.
        done: Done,
    },
    /// Change a text area.
    Splice {
        /// Where.
        field: FieldPlace,
        /// How.
        splice: Splice,
        /// Gets the text as it stands, once the change is durable.
        reply: Reply<TextView>,
    },
    /// Somebody here is typing.
    Draft {
        /// Where.
        field: FieldPlace,
        /// What, or nothing once the field was left as it was.
        value: Option<String>,
        /// The version that they have before them, if it is known.
        seen: Option<Version>,
        /// When it was typed, on the page's clock.
        typed_at_ms: Option<u64>,
        /// Kept here, and passed on.
        reply: Reply<()>,
    },
    /// Somebody here writes a text and has not sent it.
    Keep {
        /// Which.
        what: Kept,
        /// What they have written so far.
        text: String,
        /// When it was typed, on the page's clock.
        typed_at_ms: Option<u64>,
        /// Kept.
        reply: Reply<()>,
    },
    /// What was sent was not saved: it is begun again.
    Restore(Box<Sent>),
    /// Somebody elsewhere is typing, or has the case open.
    DraftReceived(Vec<u8>),
    /// A message.
    Say {
        /// What.
        text: String,
        /// In which language.
        lang: String,
        /// Called once it is durable.
        done: Done,
    },
    /// The adviser notes something for the service.
    Note {
        /// What.
        text: String,
        /// Called once it is durable.
        done: Done,
    },
    /// The adviser has made sure who the citizen is.
    CheckIdentity {
        /// How.
        way: IdentityWay,
        /// What the service alone reads about it.
        remark: Option<String>,
        /// Called once it is durable.
        done: Done,
    },
    /// The adviser has the case open.
    Read(Whereabouts),
    /// The adviser took somebody out of turn: the reason stays in the case.
    TookOutOfTurn {
        /// In their words.
        reason: String,
        /// Called once it is durable.
        done: Done,
    },
    /// A document.
    AddDocument {
        /// Its sheets and name.
        paper: Paper,
        /// Gets its name once it is durable.
        reply: Reply<DocumentId>,
    },
    /// The pages of a document are durable: say that it is there.
    Attach {
        /// What was sealed.
        sealed: Box<SealedPaper>,
        /// Gets its name once it is durable.
        reply: Reply<DocumentId>,
    },
    /// The exact bytes of a document.
    Document {
        /// Which one.
        document: DocumentId,
        /// Gets them.
        reply: Reply<Upload>,
    },
    /// The exact bytes of one sheet of a document.
    Sheet {
        /// Which document.
        document: DocumentId,
        /// Which sheet, from 1.
        number: u32,
        /// Gets them.
        reply: Reply<Upload>,
    },
    /// What is to be drawn for a picture of a document, and how.
    Picture {
        /// Which document.
        document: DocumentId,
        /// What is asked for.
        drawing: Drawing,
        /// Gets it.
        reply: Reply<(Vec<u8>, Drawing)>,
    },
    /// What there is to show.
    View {
        /// What the case itself does not know.
        context: Box<Context>,
        /// Gets it.
        reply: oneshot::Sender<Result<CaseView, Refusal>>,
    },
    /// The disk did not take these envelopes.
    Withdraw(Vec<Envelope>),
    /// From now on this author writes here.
    SetWriter(Box<Writer>),
}

/// What a worker tells the node.
pub enum CaseEvent {
    /// These things are to be made durable, in this order.
    Written {
        /// In which case.
        case: CaseTag,
        /// What.
        things: Vec<Thing>,
        /// Called once they are, or were refused.
        done: Done,
    },
    /// The pages of a document are durable.
    PagesStored {
        /// In which case.
        case: CaseTag,
        /// What was sealed.
        sealed: Box<SealedPaper>,
        /// Who waits for it.
        reply: Reply<DocumentId>,
    },
    /// A sealed draft or presence for whoever follows the case.
    Typed(CaseTag, Vec<u8>),
    /// What this person has begun in a case and not sent; nothing if it is all sent.
    Unsent(CaseTag, SubjectId, Option<SealedUnsent>),
    /// What was sent was not saved.
    NotSaved(CaseTag, Box<Sent>),
    /// The case of a wish is durable, or is not.
    Left(Box<Wished>, Result<(), Refusal>),
    /// Somebody elsewhere has the case open.
    Read(CaseTag, Word),
    /// The case reads otherwise now.
    Changed(CaseTag),
    /// Something stored does not read.
    Unreadable(StoreError),
    /// So many things of a case have no effect: some do not open, others lost a fork or wait.
    SetAside {
        /// Which case.
        case: CaseTag,
        /// How many do not open.
        unreadable: u64,
        /// How many others.
        aside: u64,
    },
    /// What this node's writer wrote lost a fork: it needs another author.
    NeedsWriter(CaseTag),
    /// What this author wrote took so long to take in.
    Worked(AuthorId, Duration),
}

/// The workers.
pub struct Cases {
    orders: Orders,
    events: UnboundedSender<CaseEvent>,
}

/// A way to the workers; cheap to clone.
#[derive(Clone)]
pub struct Orders {
    workers: Vec<mpsc::Sender<(CaseTag, Task)>>,
}

/// What every worker shares.
#[derive(Clone)]
pub struct Shared {
    /// How things are sealed.
    pub sealer: Arc<dyn Sealer>,
    /// The rules that hold.
    pub rules: Rules,
    /// Reads the store.
    pub reader: Reader,
    /// Writes the pages of documents.
    pub disk: mpsc::Sender<Job>,
    /// Tells the node.
    pub events: UnboundedSender<CaseEvent>,
}

impl Cases {
    /// Starts the workers.
    pub fn start(shared: &Shared, posts: &Posts) -> std::io::Result<Self> {
        let mut workers = Vec::new();
        for number in 0..WORKERS {
            let (tasks, queue) = mpsc::channel();
            let worker = Worker {
                shared: shared.clone(),
                open: BTreeMap::new(),
            };
            let name = format!("cases-{number}");
            let post = posts.of(&name);
            thread::Builder::new().name(name).spawn(move || {
                let _post = post;
                worker.run(&queue)
            })?;
            workers.push(tasks);
        }
        Ok(Self {
            orders: Orders { workers },
            events: shared.events.clone(),
        })
    }

    /// Hands a task to the one worker that owns the case.
    pub fn hand_in(&self, case: CaseTag, task: Task) {
        self.orders.hand_in(case, task);
    }

    /// A way to tell the node of a case, for what is called where the node is not.
    pub fn events(&self) -> UnboundedSender<CaseEvent> {
        self.events.clone()
    }

    /// A way to the workers for what goes on beside the event loop.
    pub fn orders(&self) -> Orders {
        self.orders.clone()
    }
}

impl Orders {
    /// Hands a task to the one worker that owns the case.
    pub fn hand_in(&self, case: CaseTag, task: Task) {
        let owner = usize::from(case.as_bytes()[0]) % self.workers.len();
        if self.workers[owner].send((case, task)).is_err() {
            tracing::error!("a worker has ended");
        }
    }
}

struct Worker {
    shared: Shared,
    open: BTreeMap<CaseTag, OpenCase>,
}

impl Worker {
    fn run(mut self, queue: &mpsc::Receiver<(CaseTag, Task)>) {
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
            refuse(task);
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
        Task::SetField {
            field,
            value,
            lang,
            seen,
            typed_at_ms,
            done,
        } => match open.set(&field, &value, lang, seen.as_ref()) {
            Ok(envelopes) => {
                let sent = open.put(&field, &value, seen.as_ref(), typed_at_ms);
                let done = shared.or_restored(open, sent, done);
                shared.written(case, envelopes, done);
            }
            Err(refusal) => {
                // What does not fit stays as it was typed, for the person to correct.
                if matches!(refusal, Refusal::Invalid(_) | Refusal::Stale)
                    && typed_at_ms.is_some()
                    && open
                        .keep_typed(&field, Some(&value), seen.as_ref(), typed_at_ms)
                        .is_ok()
                {
                    shared.begun(open);
                    shared.tell(CaseEvent::Changed(case));
                }
                done(Err(refusal));
            }
        },
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
        Task::Draft {
            field,
            value,
            seen,
            typed_at_ms,
            reply,
        } => {
            let kept = open.keep_typed(&field, value.as_deref(), seen.as_ref(), typed_at_ms);
            if kept.is_ok() {
                shared.begun(open);
                if let Some(sealed) = open.seal_draft(&field, value) {
                    shared.tell(CaseEvent::Typed(case, sealed));
                }
            }
            answer(reply, kept);
        }
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
            answer(reply, open.document(document, &shared.reader))
        }
        Task::Sheet {
            document,
            number,
            reply,
        } => answer(reply, open.sheet(document, number, &shared.reader)),
        Task::Picture {
            document,
            drawing,
            reply,
        } => answer(reply, open.picture(document, drawing, &shared.reader)),
        Task::View { context, reply } => answer(reply, Ok(open.view(&context))),
        Task::SetWriter(writer) => open.set_writer(*writer),
        Task::Withdraw(envelopes) => {
            open.withdraw(&envelopes);
            shared.tell(CaseEvent::Changed(case));
        }
    }
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

fn refuse(task: Task) {
    let lost = Refusal::NotFound(Lost::Case);
    match task {
        Task::StartForm { done, .. }
        | Task::SetField { done, .. }
        | Task::Say { done, .. }
        | Task::Note { done, .. }
        | Task::CheckIdentity { done, .. }
        | Task::TookOutOfTurn { done, .. } => done(Err(lost)),
        Task::Splice { reply, .. } => answer(reply, Err(lost)),
        Task::AddDocument { reply, .. } | Task::Attach { reply, .. } => answer(reply, Err(lost)),
        Task::Document { reply, .. } | Task::Sheet { reply, .. } => answer(reply, Err(lost)),
        Task::Picture { reply, .. } => answer(reply, Err(lost)),
        Task::View { reply, .. } => answer(reply, Err(lost)),
        Task::Draft { reply, .. } | Task::Keep { reply, .. } => answer(reply, Err(lost)),
        Task::Open(_)
        | Task::Close(_)
        | Task::Insert(..)
        | Task::Restore(_)
        | Task::Read(_)
        | Task::DraftReceived(_)
        | Task::SetWriter(_)
        | Task::Withdraw(_) => {}
    }
}

/// An order that is answered once all who keep this have let go of it.
pub struct Ending(Option<Reply<()>>);

impl Ending {
    /// What answers this.
    pub fn new(reply: Reply<()>) -> Self {
        Self(Some(reply))
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        if let Some(reply) = self.0.take() {
            answer(reply, Ok(()));
        }
    }
}

/// Answers a page, which may have gone away.
pub fn answer<T>(reply: oneshot::Sender<T>, answer: T) {
    let _nobody_waits = reply.send(answer);
}
