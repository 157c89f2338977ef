//! What taking in a frame costs, and what a peer may spend.

use std::time::Duration;

use guichet_keys::Role;

/// Beside the loop, the disk, the workers and the connection have to do with what was taken in:
/// about as much again.
pub(super) const COST_FACTOR: u32 = 2;
/// The shortest frame costs the connection and the loop this much.
pub(super) const COST_MIN: Duration = Duration::from_micros(50);
/// To decrypt and carry it costs the connection so much for each KiB, on other threads.
const COST_OF_KIB: Duration = Duration::from_micros(4);
/// What is kept is counted in blocks of so many bytes.
pub(super) const BLOCK_BYTES: usize = 4096;

/// What goes separately, so that a call does not wait for case files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// Frames of the sync protocol.
    Cases,
    /// Signals of waiting rooms and calls.
    Signals,
}

/// Time that one peer may use on one lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// In each second.
    pub each_second: Duration,
    /// At once, saved up.
    pub saved: Duration,
    /// What one more block costs that this node is made to keep: it is written, held in memory, and
    /// passed on to others.
    pub each_block: Duration,
}

/// What taking in one frame came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Time of the processor, on the loop's thread.
    pub busy: Duration,
    /// Bytes of the frame.
    pub bytes: usize,
    /// Blocks that the node keeps for it: see [`blocks`].
    pub blocks: u32,
}

impl Cost {
    /// What is charged for it.
    pub(super) fn price(self, allowance: Allowance) -> Duration {
        let kib = u32::try_from(self.bytes / 1024).unwrap_or(u32::MAX);
        let worked = self.busy.saturating_mul(COST_FACTOR);
        let worked = worked.saturating_add(COST_OF_KIB.saturating_mul(kib));
        let kept = allowance.each_block.saturating_mul(self.blocks);
        worked.max(COST_MIN).saturating_add(kept)
    }
}

/// How many blocks a record of so many bytes is: one for each [`BLOCK_BYTES`] begun.
pub fn blocks(record_bytes: usize) -> u32 {
    u32::try_from(record_bytes.div_ceil(BLOCK_BYTES)).unwrap_or(u32::MAX)
}

impl Allowance {
    /// What a peer of this role has. A relay brings what many wrote and said; a kiosk what one person
    /// writes, or what was written there while its line was cut. A machine alone says something of
    /// itself some times a second, and in the seconds of a call's set-up some dozen times: what it
    /// may say at a relay stays below what the relay may pass on of it. A desk says something at each
    /// change of the queue.
    pub fn of(role: Option<Role>, lane: Lane) -> Self {
        let (each_second, saved, each_block) = match (lane, role) {
            (Lane::Signals, Some(Role::Relay)) => (150_000, 4_000_000, 0),
            (Lane::Signals, Some(Role::Station)) => (40_000, 1_000_000, 0),
            (
                Lane::Signals,
                None
                | Some(Role::Kiosk | Role::Operator | Role::Steward | Role::Registrar | Role::Agent),
            ) => (10_000, 150_000, 0),
            (Lane::Cases, Some(Role::Relay)) => (150_000, 4_000_000, 250),
            (Lane::Cases, Some(Role::Station)) => (100_000, 3_000_000, 1_000),
            (
                Lane::Cases,
                None
                | Some(Role::Kiosk | Role::Operator | Role::Steward | Role::Registrar | Role::Agent),
            ) => (60_000, 1_500_000, 1_500),
        };
        Self {
            each_second: Duration::from_micros(each_second),
            saved: Duration::from_micros(saved),
            each_block: Duration::from_micros(each_block),
        }
    }
}
