//! What nodes tell each other of the waiting list and of calls: small signed notices.
//!
//! A notice tells a whole state, not a step: the ticket as it stands, the desk as it stands, the leg
//! as it stands. It is told again every [`HEARTBEAT`] and whenever it changes, so a lost one is
//! made good by the next, and nobody needs an acknowledgement. A notice is signed by the node it
//! speaks of, so that a relay can pass it on and alter nothing; beside it a relay writes only for
//! how long it has known the ticket.
//!
//! A [`Signal`] is CBOR `[from, payload, signature]`; the payload is CBOR `[life, number, to,
//! body]` and is signed in the domain `guichet/signal/1`. Never stored.

use std::time::Duration;

use guichet_keys::{ServiceId, Signature, SigningKey, SubjectId, Wrap, canonical, sha256};
use minicbor::{Decode, Encode};

use crate::call::CallId;
use crate::description::LegDescription;
use crate::ticket::TicketId;

/// How often what has not changed is told again.
pub const HEARTBEAT: Duration = Duration::from_secs(5);
/// Bytes of one frame on the signal stream.
pub const SIGNAL_BYTES_MAX: usize = 8 * 1024;
/// Services of one desk.
pub const DESK_SERVICES_MAX: usize = 16;
/// Tickets of which a desk tells the order.
pub const ORDER_MAX: usize = 64;
/// Calls of which a desk tells the length.
pub const LENGTHS_MAX: usize = 8;
/// The longest wait that is believed; a longer one counts as this.
pub const WAITED_MAX: Duration = Duration::from_secs(24 * 3_600);
/// The longest call that an estimate is made from, in seconds; a longer one counts as this.
pub const LENGTH_S_MAX: u32 = 4 * 3_600;

const DOMAIN: &str = "guichet/signal/1";

/// What a frame on the signal stream holds.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Passed {
    /// For how long whoever passes a ticket on has known it, in milliseconds; none from itself.
    #[n(0)]
    pub known_ms: Option<u64>,
    /// The signed notice.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub signed: Vec<u8>,
}

/// A notice, and who tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signal {
    /// Which node.
    pub from: SubjectId,
    /// Which life of its program: the wall time of its start, in milliseconds, or higher, so that it
    /// is higher than all before.
    pub life: u64,
    /// Counts up from 1 within a life.
    pub number: u64,
    /// Whom it is for; everybody whom it concerns, if nobody is named.
    pub to: Option<SubjectId>,
    /// What it says.
    pub body: Body,
}

/// What a notice says.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Body {
    /// A kiosk: somebody waits, is called, or is spoken with.
    #[n(0)]
    Ticket(#[n(0)] TicketNotice),
    /// A station: an adviser is there.
    #[n(1)]
    Desk(#[n(0)] DeskNotice),
    /// Either end of a call: where its media is reached.
    #[n(2)]
    Leg(#[n(0)] LegNotice),
    /// A kiosk: since its program began nobody has waited here. What it told in a life before is
    /// over.
    #[n(3)]
    Nobody,
}

/// A ticket as its kiosk tells it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct TicketNotice {
    /// Which ticket.
    #[n(0)]
    pub ticket: TicketId,
    /// For which service.
    #[n(1)]
    pub service: ServiceId,
    /// For how long the kiosk says that it waits, in milliseconds.
    #[n(2)]
    pub waited_ms: u64,
    /// How far it has come.
    #[n(3)]
    pub stage: Stage,
    /// A [`TicketDetails`], sealed to the service.
    #[n(4)]
    pub details: Wrap,
}

/// How far a ticket has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Stage {
    /// It waits.
    #[n(0)]
    Waiting,
    /// An adviser calls, and the citizen has not answered yet.
    #[n(1)]
    Ringing(#[n(0)] Holder),
    /// The citizen has answered.
    #[n(2)]
    Answered(#[n(0)] Holder),
    /// It is over.
    #[n(3)]
    Gone,
}

impl Stage {
    /// Who has it, if somebody does.
    #[must_use]
    pub fn holder(&self) -> Option<&Holder> {
        match self {
            Stage::Ringing(holder) | Stage::Answered(holder) => Some(holder),
            Stage::Waiting | Stage::Gone => None,
        }
    }
}

/// The adviser who has a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Holder {
    /// At which station.
    #[n(0)]
    pub station: SubjectId,
    /// Who.
    #[n(1)]
    pub person: SubjectId,
    /// The how manieth call of this ticket it is.
    #[n(2)]
    pub round: u32,
}

impl Holder {
    /// The name of their call.
    #[must_use]
    pub fn call(&self, ticket: &TicketId) -> CallId {
        let parts = [
            ticket.0.as_slice(),
            self.station.as_bytes(),
            &self.round.to_be_bytes(),
        ];
        let mut name = [0; 16];
        name.copy_from_slice(&sha256(&parts.concat()).as_bytes()[..16]);
        CallId(name)
    }
}

/// A desk as its station tells it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct DeskNotice {
    /// The adviser whose vault is open.
    #[n(0)]
    pub person: SubjectId,
    /// For which services they answer; at most [`DESK_SERVICES_MAX`].
    #[n(1)]
    pub services: Vec<ServiceId>,
    /// Whether they can be reached.
    #[n(2)]
    pub availability: Availability,
    /// The ticket they call or speak with.
    #[n(3)]
    pub holding: Option<Holding>,
    /// How long their last calls took, in seconds; at most [`LENGTHS_MAX`].
    #[n(4)]
    pub lengths_s: Vec<u32>,
    /// The tickets that wait, as they stand at this desk; at most [`ORDER_MAX`].
    #[n(5)]
    pub order: Vec<TicketId>,
}

/// Whether an adviser can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Availability {
    /// Now.
    #[n(0)]
    Free,
    /// They are in a call.
    #[n(1)]
    Busy,
    /// They are not at the desk.
    #[n(2)]
    Away,
}

/// The ticket that a desk has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Holding {
    /// Which.
    #[n(0)]
    pub ticket: TicketId,
    /// Of which kiosk.
    #[n(1)]
    pub kiosk: SubjectId,
    /// The station of the colleague who is to take over.
    #[n(2)]
    pub passed_to: Option<SubjectId>,
}

/// Where the media of a call is reached at one of its ends, and what comes from there.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct LegNotice {
    /// Which call.
    #[n(0)]
    pub call: CallId,
    /// Where.
    #[n(1)]
    pub leg: LegDescription,
    /// Whether a voice comes from there.
    #[n(2)]
    pub audio: bool,
    /// Whether a picture comes from there.
    #[n(3)]
    pub video: bool,
}

/// Why bytes are no signal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSignal {
    /// More bytes than any may have.
    #[error("a signal of {0} bytes; at most {SIGNAL_BYTES_MAX} are accepted")]
    TooLong(usize),
    /// Not a signal that this program knows.
    #[error("an unreadable signal: {0}")]
    Shape(String),
    /// A list in it that is longer than allowed.
    #[error("a signal with {count} {what}; at most {max} are accepted")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        count: usize,
        /// The limit.
        max: usize,
    },
    /// The signature does not fit.
    #[error("a signal that {0} has not signed")]
    Signature(SubjectId),
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct Payload {
    #[n(0)]
    life: u64,
    #[n(1)]
    number: u64,
    #[n(2)]
    to: Option<SubjectId>,
    #[n(3)]
    body: Body,
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct Signed {
    #[n(0)]
    from: SubjectId,
    #[cbor(n(1), with = "minicbor::bytes")]
    payload: Vec<u8>,
    #[cbor(n(2), with = "minicbor::bytes")]
    signature: [u8; 64],
}

impl Signal {
    /// Its bytes, signed; `key` is that of `from`.
    #[must_use]
    pub fn sign(self, key: &SigningKey) -> Vec<u8> {
        let payload = encode(&Payload {
            life: self.life,
            number: self.number,
            to: self.to,
            body: self.body,
        });
        let signature = *key.sign(DOMAIN, &payload).as_bytes();
        encode(&Signed {
            from: self.from,
            payload,
            signature,
        })
    }

    /// Checks size and signature, then reads.
    ///
    /// # Errors
    /// Anything that is not exactly one signal within the limits, signed by whom it names.
    pub fn read(bytes: &[u8]) -> Result<Self, BadSignal> {
        let signed: Signed = whole(bytes)?;
        let from = signed.from;
        guichet_keys::verify(
            &from,
            DOMAIN,
            &signed.payload,
            &Signature::from(signed.signature),
        )
        .map_err(|_| BadSignal::Signature(from))?;
        let mut payload: Payload = whole(&signed.payload)?;
        payload.body.check()?;
        payload.body.bound();
        Ok(Self {
            from,
            life: payload.life,
            number: payload.number,
            to: payload.to,
            body: payload.body,
        })
    }
}

impl Passed {
    /// The frame's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads a frame, and not yet the notice in it.
    ///
    /// # Errors
    /// Too long, or not exactly one frame.
    pub fn decode(bytes: &[u8]) -> Result<Self, BadSignal> {
        let mut passed: Self = whole(bytes)?;
        passed.known_ms = passed.known_ms.map(bounded_wait);
        Ok(passed)
    }
}

impl Body {
    fn check(&self) -> Result<(), BadSignal> {
        let Body::Desk(desk) = self else {
            return Ok(());
        };
        let lists = [
            ("services", desk.services.len(), DESK_SERVICES_MAX),
            ("lengths", desk.lengths_s.len(), LENGTHS_MAX),
            ("tickets", desk.order.len(), ORDER_MAX),
        ];
        match lists.into_iter().find(|(_, count, max)| count > max) {
            Some((what, count, max)) => Err(BadSignal::TooMany { what, count, max }),
            None => Ok(()),
        }
    }
}

impl Body {
    /// Brings numbers from outside into the range that is believed.
    fn bound(&mut self) {
        match self {
            Self::Ticket(notice) => notice.waited_ms = bounded_wait(notice.waited_ms),
            Self::Desk(notice) => {
                for length in &mut notice.lengths_s {
                    *length = (*length).min(LENGTH_S_MAX);
                }
            }
            Self::Leg(_) | Self::Nobody => {}
        }
    }
}

fn bounded_wait(ms: u64) -> u64 {
    let max_ms = u64::try_from(WAITED_MAX.as_millis()).unwrap_or(u64::MAX);
    ms.min(max_ms)
}

/// How one speaks with a citizen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Mode {
    /// By voice and picture.
    #[n(0)]
    Voice,
    /// In writing; the picture stays.
    #[n(1)]
    Writing,
}

/// What only the service may read of a ticket; at most 240 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct TicketDetails {
    /// The case that it is about.
    #[n(0)]
    pub case: guichet_keys::CaseTag,
    /// The language wanted, as a BCP 47 tag.
    #[n(1)]
    pub lang: String,
    /// How the citizen wishes to speak.
    #[n(2)]
    pub mode: Mode,
}

impl TicketDetails {
    const PURPOSE: &'static str = "ticket";

    /// Seals them to a service; `entropy` is random and used for nothing else.
    ///
    /// # Errors
    /// The language's tag is too long, or the key is none.
    pub fn seal(
        &self,
        service: &guichet_keys::AgreementKey,
        ticket: &TicketId,
        entropy: &[u8; 32],
    ) -> Result<Wrap, guichet_keys::WrapError> {
        Wrap::seal(service, Self::PURPOSE, &ticket.0, &encode(self), entropy)
    }

    /// Opens them with the service's key.
    #[must_use]
    pub fn open(
        sealed: &Wrap,
        secret: &guichet_keys::AgreementSecret,
        ticket: &TicketId,
    ) -> Option<Self> {
        let opened = sealed.open(secret, Self::PURPOSE, &ticket.0).ok()?;
        whole(&opened).ok()
    }
}

fn encode<T: Encode<()>>(value: &T) -> Vec<u8> {
    minicbor::to_vec(value).expect("encoding into memory cannot fail")
}

fn whole<'b, T: Decode<'b, ()>>(bytes: &'b [u8]) -> Result<T, BadSignal> {
    if bytes.len() > SIGNAL_BYTES_MAX {
        return Err(BadSignal::TooLong(bytes.len()));
    }
    canonical::whole(bytes).map_err(|error| BadSignal::Shape(error.to_string()))
}
