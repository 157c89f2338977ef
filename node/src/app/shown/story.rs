//! What happened in a case, and what the service wrote down for itself.

use guichet_sync::case::{self as acts, Act, JournalEvent, SignedAct};
use guichet_sync::envelope::{ChainId, Kind};

use super::Context;
use crate::app::opened::OpenCase;
use crate::services::values;
use crate::web::view::{EventView, Happened, IdentityView, IdentityWay, NoteView, Side, Who};

/// What the acts of a case tell beside its documents and messages.
#[derive(Debug, Default)]
pub struct Story {
    /// The service's notes, in the order of their arrival.
    pub notes: Vec<NoteView>,
    /// How it was last made sure who the citizen is.
    pub identity: Option<IdentityView>,
    /// All that happened, in the order of arrival; for the service.
    pub timeline: Vec<EventView>,
}

/// Reads the story of a case.
pub fn of(open: &OpenCase, context: &Context) -> Story {
    let acts = open.acts();
    let mut story = Story::default();
    for signed in &acts {
        let by = context.who(&signed.author);
        match &signed.act {
            Act::JournalEntry(entry) if entry.event == JournalEvent::NOTE => {
                let chain = ChainId {
                    case: open.case(),
                    author: signed.author,
                    kind: Kind::Act,
                };
                story.notes.push(NoteView {
                    text: values::shown(&entry.text).into_owned(),
                    by,
                    at_s: entry.at_ms / 1000,
                    state: context.stages.envelope(&chain, signed.index),
                });
            }
            Act::IdentityChecked(checked) => {
                story.identity = Some(IdentityView {
                    by,
                    at_s: checked.at_ms / 1000,
                    way: shown(checked.way),
                    remark: remark(&acts, signed, checked.at_ms),
                });
            }
            Act::Message(_)
            | Act::DocumentAdded(_)
            | Act::JournalEntry(_)
            | Act::Unknown { .. } => {}
        }
    }
    if context.side == Side::Adviser {
        story.timeline = timeline(open, context, &acts);
    }
    story
}

fn timeline(open: &OpenCase, context: &Context, acts: &[SignedAct]) -> Vec<EventView> {
    let doc = open.log().doc();
    let forms = doc.forms().into_iter().filter_map(|form| {
        let title = open.service().form(&doc.template(form)?)?.title.clone();
        let opened = doc.opened(form)?;
        let event = EventView {
            what: Happened::FormStarted { title },
            by: context.who(&opened.author),
            at_s: opened.at_s,
        };
        Some((open.arrivals().of_form(form), event))
    });
    let acts = acts.iter().filter_map(|signed| {
        let (what, at_ms) = happened(signed, acts)?;
        let event = EventView {
            what,
            by: context.who(&signed.author),
            at_s: at_ms / 1000,
        };
        Some((open.arrivals().of_act(signed), event))
    });
    let mut events: Vec<_> = forms.chain(acts).collect();
    events.sort_by_key(|(arrival, _)| *arrival);
    let opened = EventView {
        what: Happened::CaseOpened {
            place: context.place.clone(),
        },
        by: Who::Citizen,
        at_s: context.opened_at_s,
    };
    let events = events.into_iter().map(|(_, event)| event);
    std::iter::once(opened).chain(events).collect()
}

/// What an act is in the timeline, if it stands there by itself.
fn happened(signed: &SignedAct, acts: &[SignedAct]) -> Option<(Happened, u64)> {
    match &signed.act {
        Act::Message(message) => Some((Happened::MessageWritten, message.at_ms)),
        Act::DocumentAdded(added) => {
            let name = added.name.clone();
            Some((Happened::DocumentAdded { name }, added.at_ms))
        }
        Act::IdentityChecked(checked) => {
            let way = shown(checked.way);
            let remark = remark(acts, signed, checked.at_ms);
            Some((Happened::IdentityChecked { way, remark }, checked.at_ms))
        }
        Act::JournalEntry(entry) => match entry.event {
            JournalEvent::TAKEN_OUT_OF_TURN => {
                let reason = entry.text.clone();
                Some((Happened::TakenOutOfTurn { reason }, entry.at_ms))
            }
            JournalEvent::NOTE => Some((Happened::NoteWritten, entry.at_ms)),
            _ => None,
        },
        Act::Unknown { .. } => None,
    }
}

/// What the same adviser wrote down for the service as they checked an identity.
fn remark(acts: &[SignedAct], of: &SignedAct, at_ms: u64) -> Option<String> {
    acts.iter().find_map(|signed| match &signed.act {
        Act::JournalEntry(entry)
            if signed.author == of.author
                && entry.at_ms == at_ms
                && entry.event == JournalEvent::IDENTITY_REMARK =>
        {
            Some(entry.text.clone())
        }
        Act::JournalEntry(_)
        | Act::Message(_)
        | Act::DocumentAdded(_)
        | Act::IdentityChecked(_)
        | Act::Unknown { .. } => None,
    })
}

/// A way as it is shown.
fn shown(way: acts::IdentityWay) -> IdentityWay {
    let mut known = IdentityWay::ALL.into_iter();
    known
        .find(|it| recorded(*it) == way)
        .unwrap_or(IdentityWay::Other)
}

/// A way as it is recorded.
pub fn recorded(way: IdentityWay) -> acts::IdentityWay {
    match way {
        IdentityWay::IdentityCard => acts::IdentityWay::IDENTITY_CARD,
        IdentityWay::Passport => acts::IdentityWay::PASSPORT,
        IdentityWay::ResidencePermit => acts::IdentityWay::RESIDENCE_PERMIT,
        IdentityWay::KnownToHost => acts::IdentityWay::KNOWN_TO_HOST,
        IdentityWay::QuestionsAnswered | IdentityWay::Other => {
            acts::IdentityWay::QUESTIONS_ANSWERED
        }
    }
}
