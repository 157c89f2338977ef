//! Waiting and calls, as pages show them on both sides of the counter.

use guichet_keys::{CaseTag, SubjectId};
use guichet_media::TicketId;
use serde::Serialize;

use super::{CaseBrief, Line, ServiceBrief, Words};
use crate::web::ids::as_text;

/// Whether an adviser of a service could be spoken with now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reception {
    /// One is free.
    Free,
    /// Advisers are there, all of them in calls.
    Busy,
    /// Nobody is at a desk, as far as can be told from here.
    Nobody,
}

/// The call of a page's person: waiting for it, called, or in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "call")]
pub enum CallView {
    /// None.
    None {
        /// How the last one ended, until another begins.
        ended: Option<CallEnding>,
    },
    /// The citizen waits.
    Waiting(WaitingCall),
    /// Kiosk: an adviser calls, and waits for the citizen's yes. Station: it rings at the kiosk.
    Ringing(CallParty),
    /// They speak.
    Speaking {
        /// With whom.
        #[serde(flatten)]
        party: CallParty,
        /// Since when.
        since_s: u64,
        /// How the media fares.
        media: MediaState,
        /// Where the line is cut, as far as this node knows.
        cut: CutAt,
        /// What leaves from here.
        own: Sending,
        /// What the other side sends.
        theirs: Sending,
        /// Station: the name of the colleague it is handed over to, until they take it.
        passed_to: Option<String>,
        /// Station: the colleagues who could take it over now.
        successors: Vec<Colleague>,
    },
}

/// With whom one speaks, and about what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CallParty {
    /// Kiosk: the adviser's name. Station: the kiosk's name.
    pub name: String,
    /// The service.
    pub service: ServiceBrief,
    /// Who processes the data and why, as the service's catalogue says it.
    pub privacy: Words,
    /// The case that it is about, if it is open here.
    #[serde(serialize_with = "case_as_text")]
    pub case: Option<CaseTag>,
}

/// A place in the queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WaitingCall {
    /// For which service.
    pub service: ServiceBrief,
    /// The case that it is about.
    #[serde(serialize_with = "as_text")]
    pub case: CaseTag,
    /// Since when.
    pub since_s: u64,
    /// How many are before; none while nobody says.
    pub ahead: Option<usize>,
    /// Advisers of the service who are at their desks.
    pub advisers: usize,
    /// An honest range in minutes; none without a basis.
    pub minutes: Option<(u32, u32)>,
    /// Whether this kiosk's line is cut: the place is kept.
    pub line: Line,
    /// Whether a call has just been missed here.
    pub missed: bool,
}

/// How a call or a wait ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "ended")]
pub enum CallEnding {
    /// Whoever sits here left the queue or hung up.
    Left,
    /// The other side hung up or left.
    HungUp,
    /// Nobody answered at the kiosk.
    Missed,
    /// The person at the kiosk did not wish to speak now.
    Declined,
    /// The kiosk cannot be reached.
    Unreachable,
    /// The kiosk has started anew.
    Restarted,
    /// A colleague was first.
    TakenBy {
        /// Their name.
        name: String,
    },
    /// A colleague has taken over.
    Passed,
}

/// How the media of a call fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "media")]
pub enum MediaState {
    /// The two ends look for a way to each other.
    Connecting,
    /// Picture and sound pass.
    Live,
    /// Nothing arrives; it comes back by itself.
    Interrupted {
        /// Since when.
        since_s: u64,
    },
}

/// Where the line to somebody is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "cut")]
pub enum CutAt {
    /// Nowhere that is known.
    Nowhere,
    /// At this node: it hears nobody.
    Here {
        /// Since when, if the node has seen it fall.
        since_s: Option<u64>,
    },
    /// At the other: nobody hears them.
    There {
        /// Since when.
        since_s: u64,
    },
}

/// What one side sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Sending {
    /// Its voice.
    pub audio: bool,
    /// Its picture.
    pub video: bool,
}

/// How one speaks with a citizen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// By voice and picture.
    Voice,
    /// In writing; the picture stays.
    Writing,
}

/// Somebody in the queue, as the desk shows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QueueRow {
    /// Their ticket.
    #[serde(serialize_with = "shown_as_text")]
    pub ticket: TicketId,
    /// Their place, from 1; none for those who are spoken with.
    pub place: Option<usize>,
    /// The kiosk's name.
    pub kiosk: String,
    /// For which service they wait.
    pub service: ServiceBrief,
    /// Their case, if it is here.
    pub case: Option<CaseBrief>,
    /// The case that their ticket names, here or not.
    #[serde(skip)]
    pub wanted: Option<CaseTag>,
    /// Their name, if the form has it.
    pub person: Option<String>,
    /// Fields with a value, and all fields.
    pub filled: (usize, usize),
    /// How many documents.
    pub documents: usize,
    /// The language wanted, as a BCP 47 tag.
    pub lang: Option<String>,
    /// How they wish to speak.
    pub mode: Option<Mode>,
    /// For how long they have waited, in seconds.
    pub waited_s: u64,
    /// Since when nobody hears their kiosk, if nobody does.
    pub cut_since_s: Option<u64>,
    /// What can be done with them.
    pub turn: Turn,
    /// What is typed here as the reason for taking them out of turn, and not sent.
    pub unsent_reason: String,
}

/// Whose turn it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "turn")]
pub enum Turn {
    /// The next: may be taken.
    Next,
    /// Handed over to this adviser by a colleague: may be taken.
    HandedOver {
        /// By whom.
        by: String,
    },
    /// Not the next: may be taken for a reason, which is kept.
    Later,
    /// The line of their kiosk is cut; they keep their place.
    Cut,
    /// This adviser has them.
    Mine,
    /// A colleague calls or speaks with them.
    With {
        /// Who.
        name: String,
    },
}

/// A colleague, as the desk shows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Colleague {
    /// At which station.
    #[serde(serialize_with = "as_text")]
    pub station: SubjectId,
    /// Their name.
    pub name: String,
    /// Whether they can be reached.
    pub availability: Availability,
    /// The kiosk they speak with.
    pub speaks_with: Option<String>,
    /// The services that both serve.
    pub services: Vec<Words>,
}

/// Whether an adviser can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Availability {
    /// Now.
    Free,
    /// They are in a call.
    Busy,
    /// Not at the desk.
    Away,
}

fn shown_as_text<T: std::fmt::Display, S: serde::Serializer>(
    value: &T,
    to: S,
) -> Result<S::Ok, S::Error> {
    to.collect_str(value)
}

fn case_as_text<S: serde::Serializer>(case: &Option<CaseTag>, to: S) -> Result<S::Ok, S::Error> {
    match case {
        Some(case) => to.collect_str(case),
        None => to.serialize_none(),
    }
}
