//! What pages ask, and who answers.

use guichet_keys::CaseTag;
use guichet_media::desk;

use super::cases::{Task, answer};
use super::node::Node;
use crate::web::counter::{Ask, CaseWork, PaperAsk, Reply};

impl Node {
    /// Answers a page, or has it answered.
    pub(super) fn on_ask(&mut self, ask: Ask) {
        if shows_somebody(&ask) {
            self.acted();
        }
        if wants_others(&ask) {
            self.mesh.encourage();
        }
        match ask {
            Ask::Home(reply) => answer(reply, self.home()),
            Ask::Service { service, reply } => answer(reply, self.service_page(&service)),
            Ask::StartCase {
                service,
                template,
                reply,
            } => self.start_case(&service, template, reply),
            Ask::Visit(reply) => answer(reply, self.visit_page()),
            Ask::Receipt(reply) => self.receipt_page(reply),
            Ask::GiveBack { case, reply } => {
                let given = self.give_back(&case);
                answer(reply, given);
            }
            Ask::MessageTyped { case, text, reply } => {
                let kept = self.message_typed(&case, text);
                answer(reply, kept);
            }
            Ask::EndVisit(reply) => self.end_visit(Some(reply)),
            // Where nothing is open there is nothing to keep open, and no fault.
            Ask::StillHere(reply) => answer(reply, Ok(())),
            Ask::InterruptionRead(reply) => self.interruption_read(reply),
            Ask::Advisers(reply) => answer(reply, self.advisers()),
            Ask::Unlock {
                adviser,
                passphrase,
                reply,
            } => self.unlock(adviser, passphrase, reply),
            Ask::Lock(reply) => {
                self.lock();
                answer(reply, Ok(()));
            }
            Ask::Locking(reply) => answer(reply, Ok(self.locking())),
            Ask::Desk { search, reply } => self.desk(search, reply),
            Ask::Work(work) => self.work(work),
            Ask::Call(reply) => answer(reply, Ok(self.call_view())),
            Ask::JoinQueue {
                case,
                lang,
                mode,
                reply,
            } => self.join_queue(case, lang, mode, reply),
            Ask::AnswerCall(reply) => self.answer_call(reply),
            Ask::LeaveCall(reply) => self.leave_call(reply),
            Ask::TakeTicket {
                ticket,
                reason,
                reply,
            } => self.take_ticket(ticket, reason, reply),
            Ask::PassCall { station, reply } => self.pass_call(station, reply),
            Ask::Attend { here, reply } => self.attend(here, reply),
            Ask::PageOpen(reply) => {
                self.tell_desk(desk::Input::PageSeen);
                answer(reply, Ok(()));
            }
            Ask::OfferMedia { page, sdp, reply } => self.offer_media(page, sdp, reply),
            Ask::SendMedia { sending, reply } => self.switch_media(sending, reply),
            Ask::Status(reply) => answer(reply, Ok(self.status())),
            Ask::Case { case, reply } => self.with_case(case, reply, |node, reply| Task::View {
                context: Box::new(node.context(&case)),
                reply,
            }),
            Ask::Paper(case, ask) => self.on_paper_ask(case, ask),
            Ask::SetField { put, reply } => {
                self.with_case(put.field.case, reply, |_, reply| Task::SetField {
                    put,
                    done: Box::new(|saved| answer(reply, saved)),
                });
            }
            Ask::Splice {
                field,
                splice,
                reply,
            } => {
                self.with_case(field.case, reply, |_, reply| Task::Splice {
                    field,
                    splice,
                    reply,
                });
            }
            Ask::Draft { typing, reply } => {
                self.with_case(typing.field.case, reply, |_, reply| Task::Draft {
                    typing,
                    reply,
                });
            }
            Ask::Say {
                case,
                text,
                lang,
                reply,
            } => {
                let lang = lang.to_owned();
                self.message_sent(&case);
                self.with_case(case, reply, |_, reply| Task::Say {
                    text,
                    lang,
                    done: Box::new(|saved| answer(reply, saved)),
                });
            }
        }
    }

    /// Hands a task to the worker of a case that this node's person may open.
    pub(super) fn with_case<T>(
        &mut self,
        case: CaseTag,
        reply: Reply<T>,
        task: impl FnOnce(&Self, Reply<T>) -> Task,
    ) {
        match self.open_case(&case) {
            Ok(()) => {
                let task = task(self, reply);
                self.cases.hand_in(case, task);
            }
            Err(refusal) => answer(reply, Err(refusal)),
        }
    }
}

/// Whether somebody asks this to whom it matters that others are reached.
fn wants_others(ask: &Ask) -> bool {
    shows_somebody(ask) || matches!(ask, Ask::StartCase { .. } | Ask::Unlock { .. })
}

/// Whether only a person at the screen asks this: what pages ask by themselves, to show what is there
/// or to say that they are open, is no sign of anybody.
fn shows_somebody(ask: &Ask) -> bool {
    match ask {
        Ask::StillHere(_)
        | Ask::SetField { .. }
        | Ask::Splice { .. }
        | Ask::Draft { .. }
        | Ask::MessageTyped { .. }
        | Ask::GiveBack { .. }
        | Ask::Say { .. }
        | Ask::JoinQueue { .. }
        | Ask::AnswerCall(_)
        | Ask::LeaveCall(_)
        | Ask::TakeTicket { .. }
        | Ask::PassCall { .. }
        | Ask::Attend { .. } => true,
        Ask::Work(work) => match work {
            CaseWork::Note { .. } | CaseWork::Keep { .. } | CaseWork::CheckIdentity { .. } => true,
            CaseWork::Read { .. } => false,
        },
        Ask::Paper(_, ask) => match ask {
            PaperAsk::Add { .. }
            | PaperAsk::Scan { .. }
            | PaperAsk::StopScan(_)
            | PaperAsk::AddSheet { .. }
            | PaperAsk::Arrange { .. }
            | PaperAsk::Join { .. }
            | PaperAsk::Discard(_)
            | PaperAsk::Print { .. }
            | PaperAsk::CancelPrint { .. } => true,
            PaperAsk::File { .. }
            | PaperAsk::Sheet { .. }
            | PaperAsk::Picture { .. }
            | PaperAsk::Remarks { .. }
            | PaperAsk::Sheets(_)
            | PaperAsk::SheetPicture { .. } => false,
        },
        Ask::Home(_)
        | Ask::Service { .. }
        | Ask::StartCase { .. }
        | Ask::Visit(_)
        | Ask::Receipt(_)
        | Ask::EndVisit(_)
        | Ask::InterruptionRead(_)
        | Ask::Case { .. }
        | Ask::Advisers(_)
        | Ask::Unlock { .. }
        | Ask::Lock(_)
        | Ask::Locking(_)
        | Ask::Desk { .. }
        | Ask::Call(_)
        | Ask::PageOpen(_)
        | Ask::OfferMedia { .. }
        | Ask::SendMedia { .. }
        | Ask::Status(_) => false,
    }
}
