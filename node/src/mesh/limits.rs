//! Every bound of the mesh, by name.

use std::time::Duration;

/// The longest frame on a sync stream, header not counted.
pub const FRAME_BYTES_MAX: usize = 128 * 1024;
/// What a frame counts for at least, so that empty frames fill a queue too.
pub(super) const FRAME_COST_MIN: usize = 1024;
/// Bytes of frames queued towards one peer before `send` answers `Full`.
pub const LINK_OUT_BYTES_MAX: usize = 512 * 1024;
/// Bytes of one peer's frames that the application has not let go; then we read no further.
pub const LINK_IN_BYTES_MAX: usize = 512 * 1024;
/// The longest frame on a signal stream.
pub const SIGNAL_FRAME_BYTES_MAX: usize = 8 * 1024;
/// Bytes of signals queued towards one peer, and of one peer's that the application holds.
pub(super) const SIGNAL_QUEUE_BYTES_MAX: usize = 64 * 1024;
/// Small frames are written together up to this size.
pub(super) const WRITE_BYTES: usize = 16 * 1024;
/// A frame that arrives slowly is told of every so many bytes: its sender is alive.
pub(super) const PROGRESS_BYTES: usize = 8 * 1024;

/// Time of the processor that each member's connections may use in a second beside what carries
/// frames, and which nobody else can take;
pub(super) const TOLL_OWN_EACH_SECOND: Duration = Duration::from_millis(10);
/// and what they may use at once, saved up.
pub(super) const TOLL_SAVED: Duration = Duration::from_millis(200);
/// What those of all members may use together in a second beyond the former,
pub(super) const TOLL_SHARED_EACH_SECOND: Duration = Duration::from_millis(90);
/// and at once.
pub(super) const TOLL_SHARED_SAVED: Duration = Duration::from_millis(400);
/// To carry a frame takes so much, which is not charged there,
pub(super) const CARRYING_FRAME: Duration = Duration::from_micros(100);
/// and for each KiB so much more.
pub(super) const CARRYING_KIB: Duration = Duration::from_micros(10);
/// Whoever has spent everything waits for so long, and again.
pub(super) const TOLL_WAIT: Duration = Duration::from_millis(10);
/// Of those who wait again and again it is told so often.
pub(super) const TOLL_TOLD_EVERY: Duration = Duration::from_secs(1);
/// Members of whom is remembered what they used; those who have everything again are forgotten.
pub(super) const TOLL_ACCOUNTS_MAX: usize = MEMBERS_MAX;

/// The longest hello at the porch, header not counted.
pub const HELLO_BYTES_MAX: usize = 4096;
/// Both hellos must have crossed within this time.
pub(super) const PORCH_EXCHANGE: Duration = Duration::from_secs(5);
/// A connection on the porch without open streams ends after this time.
pub(super) const PORCH_IDLE: Duration = Duration::from_secs(3);
/// A connection on the porch ends after this time, whatever it does.
pub(super) const PORCH_LIFETIME: Duration = Duration::from_secs(10);
/// Connections on the porch at one time; each may hold 2 MiB unread.
pub(super) const PORCH_CONNECTIONS_MAX: u32 = 32;
/// Streams of one connection on the porch.
pub(super) const PORCH_STREAMS_MAX: usize = 2;
/// Connections of one stranger on the porch.
pub(super) const PORCH_PER_PEER_MAX: u32 = 2;

/// Connections to members at one time.
pub(super) const CONNECTIONS_MAX: u32 = 1024;
/// Connections to one member at one time: a primary, those that leave, one that arrives.
pub(super) const PER_PEER_MAX: u32 = 4;
/// Streams of one connection: sync, signals, ping both ways, identify, circuits on a relay.
pub(super) const STREAMS_MAX: usize = 64;
/// Inbound connections at one time whose other end has not yet proved who it is.
pub(super) const HANDSHAKES_MAX: u32 = 64;
/// Members that may be let in.
pub(super) const MEMBERS_MAX: usize = 10_000;

/// Inbound connections of one address (IPv4, or IPv6 /64) at once; new addresses of one member.
pub(super) const RATE_BURST: u32 = 32;
/// Afterwards one more every so often.
pub(super) const RATE_EVERY: Duration = Duration::from_millis(250);
/// Addresses remembered for that.
pub(super) const ARRIVALS_ADDRESSES_MAX: usize = 4096;

/// Addresses kept of one member.
pub const ADDRESSES_MAX: usize = 8;
/// The longest address, in bytes of its text.
pub const ADDRESS_BYTES_MAX: usize = 256;
/// A connection over TCP must be secured and multiplexed within this time.
pub(super) const HANDSHAKE: Duration = Duration::from_secs(5);
/// One over QUIC within this: two tries at a round trip of 600 ms. A dial to a machine that is off
/// fails no sooner, and only then a circuit has its turn.
pub(super) const QUIC_HANDSHAKE: Duration = Duration::from_secs(3);
/// QUIC gives a silent connection up after this time, and keeps one alive that was silent for half
/// of it; the supervisor is to be quicker with both.
pub(super) const QUIC_IDLE: Duration = Duration::from_secs(60);
/// Bytes of one stream that a peer may send over QUIC before they are read.
pub(super) const QUIC_STREAM_BYTES: u32 = 1024 * 1024;
/// The same of all streams of a connection.
pub(super) const QUIC_CONNECTION_BYTES: u32 = 2 * QUIC_STREAM_BYTES;
/// The end that dialled asks for a sign of life when none has come for so long.
pub(super) const PING_IDLE: Duration = Duration::from_secs(15);
/// So soon where something came since it was last asked: what comes in pieces may be missed.
pub(super) const PING_AFTER_FRAME: Duration = Duration::from_secs(2);
/// The other end leaves it to that one for so much longer.
pub(super) const PING_PATIENCE: Duration = Duration::from_secs(5);
/// The end at which a link is in use asks this often, whatever comes; so does one that was not
/// answered.
pub(super) const PING_IN_USE: Duration = Duration::from_millis(750);
/// The other end, asked at this pace, asks itself when it was not for so much longer.
pub(super) const PING_PATIENCE_IN_USE: Duration = Duration::from_millis(500);
/// A link in use that is silent for so long, and for a round trip, is said to be; one on which
/// nothing goes on, and that did not answer for so long, is dialled beside.
pub(super) const SILENCE_IN_USE: Duration = Duration::from_millis(1750);
/// A round trip counts for no more there.
pub(super) const SILENCE_ROUND_TRIP_MAX: Duration = Duration::from_millis(1500);
/// It is dead when it has been silent for so long; one on which nothing goes on, so long after it
/// was asked.
pub(super) const SILENCE_MAX: Duration = Duration::from_secs(5);
/// Questions of one connection without an answer; no more are asked.
pub(super) const QUESTIONS_MAX: usize = 16;
/// A peer that asks more often is answered and not told of.
pub(super) const ASKED_EVERY: Duration = Duration::from_millis(100);
/// Over QUIC a peer that was heard for less than this, or less often, may have been cut off by the
/// line, which lets the first packets of a UDP flow through: the next dial goes over TCP alone.
pub(super) const QUIC_PROVEN: Duration = Duration::from_secs(30);
/// See there.
pub(super) const QUIC_PROVEN_SIGNS: u32 = 40;
/// A primary silent for this long may be replaced by a circuit, or dialled beside when the line returns.
pub(super) const SILENCE_SUSPECT: Duration = Duration::from_secs(2);
/// The sync stream of a new connection must answer within this time.
pub(super) const OPENING: Duration = Duration::from_secs(8);
/// Two connections that differ less in age were dialled by both ends at once.
pub(super) const SIMULTANEOUS: Duration = Duration::from_secs(5);
/// A connection that lost stays this long, so that the other end has seen the one that won.
pub(super) const RETIRING: Duration = Duration::from_secs(1);

/// Closing a connection takes no longer than this.
pub(super) const CLOSING: Duration = Duration::from_secs(1);
/// A connection that stood this long was none of the failures that make us pause.
pub(super) const STEADY: Duration = Duration::from_secs(2);

/// The first pause after a failure; it doubles up to the cap.
pub(super) const RETRY_FIRST: Duration = Duration::from_millis(250);
/// The longest pause between two dials of a relay, or of a member that a relay says is there, at
/// first and wherever somebody waits for it.
pub(super) const DIAL_PAUSE_MAX: Duration = Duration::from_secs(2);
/// What it grows to with a member that nobody says is there, whoever waits.
pub(super) const DIAL_PAUSE_PATIENT_MAX: Duration = Duration::from_secs(60);
/// What the former grows to where nobody waits; that between two visits to a porch as well.
pub(super) const PAUSE_LONG_MAX: Duration = Duration::from_secs(30);
/// While it grows, a pause is at most this part of the time for which nothing has succeeded: so
/// what was away for a while is back at most so much later.
pub(super) const PAUSE_SHARE: u32 = 10;
/// A connection that we dialled and do not want any more stays this long: we may want it again.
pub(super) const LINGERING: Duration = Duration::from_secs(30);
/// The longest pause between two visits to a porch, at first and wherever somebody waits.
pub(super) const VISIT_PAUSE_MAX: Duration = Duration::from_secs(5);
/// The longest pause between two requests for a place on a relay.
pub(super) const RESERVE_PAUSE_MAX: Duration = Duration::from_secs(30);
/// While only a circuit leads to a member, a direct path is tried this often.
pub(super) const DIRECT_AGAIN: Duration = Duration::from_secs(30);
/// The end with the higher subject id lets the other dial first.
pub(super) const POLITENESS: Duration = Duration::from_millis(300);

/// Places that members hold on a relay.
pub(super) const RESERVATIONS_MAX: usize = 1024;
/// Circuits through a relay at one time.
pub(super) const CIRCUITS_MAX: usize = 256;
/// Circuits of one member through a relay.
pub(super) const CIRCUITS_PER_PEER_MAX: usize = 16;
/// A circuit is taken down after this time; its ends dial again.
pub(super) const CIRCUIT_LIFETIME: Duration = Duration::from_secs(24 * 3600);
/// Circuits and places one member may ask for at once on a relay.
pub(super) const RELAY_REQUESTS_BURST: u32 = 32;
/// Afterwards one more every so often.
pub(super) const RELAY_REQUESTS_EVERY: Duration = Duration::from_secs(2);
