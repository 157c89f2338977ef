//! How large, how many, how often and how long.

use std::time::Duration;

/// Bytes of a datagram that is looked at.
pub const DATAGRAM_BYTES_MAX: usize = 1500;
/// Bytes of an RTP payload that is passed on; with headers and tag it still fits a datagram.
pub const PAYLOAD_BYTES_MAX: usize = 1400;

/// Bytes of a page's offer.
pub const OFFER_BYTES_MAX: usize = 64 * 1024;
/// `a=ssrc` lines in a page's offer.
pub const OFFER_SOURCES_MAX: usize = 32;

/// Bytes of an ICE user fragment.
pub const UFRAG_BYTES_MAX: usize = 32;
/// Bytes of an ICE password.
pub const PWD_BYTES_MAX: usize = 64;
/// Candidates in one description, and addresses that a node binds for either leg.
pub const CANDIDATES_MAX: usize = 8;
/// Candidates of the far end that one leg ever tries.
pub const FAR_CANDIDATES_MAX: usize = 32;
/// The highest generation of a leg that is believed: one a second for as long as a call could last,
/// and far from where counting ends.
pub const GENERATION_MAX: u32 = 1_000_000;
/// Bytes of a certificate, and of its private key.
pub const CERTIFICATE_BYTES_MAX: usize = 4096;

/// Keyframes are asked for at most this often, or once in a round trip where that is longer.
pub const KEYFRAME_PAUSE: Duration = Duration::from_millis(500);
/// A far end that sends and was not heard for this long is quiet (or for three round trips).
pub const QUIET_AFTER: Duration = Duration::from_secs(1);
/// The same of a far end that sends neither sound nor picture: only checks arrive then.
pub const QUIET_AFTER_IDLE: Duration = Duration::from_secs(5);
/// How often a far end that is quiet is asked whether it answers: what a person waits longer for its
/// voice once the line is back, and 20 kbit/s while it is not.
pub const PROBE_INTERVAL: Duration = Duration::from_millis(50);
/// Questions whose answers are still known as such: those of three seconds.
pub const PROBES_MAX: usize = 60;
/// Bytes of the signal that is kept of each node, as a proof of its life.
pub const PROOF_BYTES_MAX: usize = 2 * 1024;
/// How often a call is reported on.
pub const REPORT_INTERVAL: Duration = Duration::from_secs(1);

/// How often each end checks the path between nodes (RFC 7675 asks for 5 s at most); short enough
/// that a far end with nothing else to say is still heard every second.
pub const CHECK_INTERVAL: Duration = Duration::from_millis(800);
/// Checks without an answer until a path is given up: after about 21 s.
pub const CHECKS_MAX: usize = 27;
/// A leg that is not connected by then is given up.
pub const CONNECT_PATIENCE: Duration = Duration::from_secs(30);
/// A description is told again this often until the leg is up, since it may have been lost.
pub const DESCRIBE_INTERVAL: Duration = Duration::from_secs(3);
/// A WAN leg is made at most this often.
pub const RENEW_PAUSE: Duration = Duration::from_secs(1);

/// What the camera may take of the line at most.
pub const VIDEO_BPS_MAX: u64 = 1_500_000;
/// What the page is asked to keep the camera to at the least; encoders do not go lower.
pub const VIDEO_BPS_MIN: u64 = 50_000;
/// What a line is taken for before it was measured: the first keyframe must cross a thin one.
pub const START_BPS: u64 = 300_000;
/// What sound takes of the line, headers included.
pub const AUDIO_BPS: u64 = 50_000;
