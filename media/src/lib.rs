//! Calls: what a person says and shows at one node reaches the page of the person at the other.
//!
//! ```text
//! browser ⇄ page leg ⇄ node ⇄ WAN leg ⇄ node ⇄ page leg ⇄ browser
//! ```
//!
//! A node has one [`Session`]. It holds at most one *page leg*, which the page offers in SDP and
//! which lives as long as the page, and at most one *WAN leg*, which belongs to a call and is made
//! from what the two nodes tell each other ([`LegDescription`]). Each leg is a str0m instance in
//! RTP mode; packets that arrive on one are rewritten and sent on the other, never decoded.
//!
//! What keeps a call alive through cuts, reloaded pages and changes of adviser is that the legs
//! do not know of each other: towards a leg the streams go on with the same SSRC, the next
//! sequence number and a later timestamp, whatever became of their source (`rewriter`). Silence
//! from the far end is noticed after a second and shown (`silence`); a short one ends by itself
//! on the same leg, after a long one both nodes make the WAN leg anew (`wan`).
//!
//! The crate has no sockets, clock or threads: datagrams and the time come in as [`Input`], and
//! what is to be sent or told comes out as [`Output`]. str0m draws its own randomness for keys and
//! credentials.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

mod asking;
pub mod booth;
mod budget;
mod call;
mod certificate;
mod contact;
mod description;
pub mod desk;
pub mod estimate;
mod event;
pub mod hall;
mod lane;
mod leg;
pub mod limits;
mod meter;
mod numbers;
mod offer;
pub mod online;
mod rewriter;
mod session;
pub mod signal;
mod silence;
mod ticket;
mod time;
mod wan;

pub use call::{CallId, CallState, Declined, End, PageId, Sending};
pub use certificate::{Certificate, CertificateError, Fingerprint};
pub use description::LegDescription;
pub use event::{Event, Input, Output};
pub use meter::{Rates, Report};
pub use offer::{OfferRefused, Section};
pub use session::Session;
pub use ticket::{BadTicket, TicketId};

/// Where the time of every unit test begins.
#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "an Instant can be had in no other way; tests count from this one"
)]
pub(crate) fn test_clock() -> std::time::Instant {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    *START.get_or_init(std::time::Instant::now)
}
