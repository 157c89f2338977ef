//! What was taken from a peer, and when it is told so.

use super::FRAME_OVERHEAD;
use crate::store::RECORD_OVERHEAD_MAX;
use crate::window::LEAST_BYTES;

/// Bytes taken before the peer is told.
const CREDIT_BYTES: u64 = 8 * 1024;
/// Frames taken before the peer is told.
const CREDIT_FRAMES: u64 = 16;

// A sender takes a stored thing for up to a record's meta part larger than it is. What was taken
// and not told must not close its window for ever.
const _: () = assert!(
    CREDIT_BYTES + CREDIT_FRAMES * (FRAME_OVERHEAD + RECORD_OVERHEAD_MAX as u64) < LEAST_BYTES
);

/// What was taken since the session began.
#[derive(Debug, Default)]
pub struct Taken {
    frames: u64,
    told: u64,
    untold_bytes: u64,
}

impl Taken {
    /// A frame of this many bytes was taken.
    pub fn on_frame(&mut self, bytes: u64) {
        self.frames = self.frames.saturating_add(1);
        self.untold_bytes = self.untold_bytes.saturating_add(bytes);
    }

    /// How many frames were taken in all, when there is enough to tell.
    pub fn credit(&mut self) -> Option<u64> {
        let untold = self.frames.saturating_sub(self.told);
        let is_due = self.untold_bytes >= CREDIT_BYTES || untold >= CREDIT_FRAMES;
        is_due.then(|| self.tell())
    }

    /// How many frames were taken in all, if anything is to tell.
    pub fn whole_credit(&mut self) -> Option<u64> {
        (self.frames > self.told).then(|| self.tell())
    }

    fn tell(&mut self) -> u64 {
        (self.told, self.untold_bytes) = (self.frames, 0);
        self.frames
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credit_is_due_after_many_bytes_or_many_frames() {
        let mut taken = Taken::default();
        taken.on_frame(CREDIT_BYTES - 1);
        assert_eq!(taken.credit(), None);
        taken.on_frame(1);
        assert_eq!((taken.credit(), taken.credit()), (Some(2), None));
        (1..CREDIT_FRAMES).for_each(|_| taken.on_frame(0));
        assert_eq!(taken.credit(), None);
        taken.on_frame(0);
        assert_eq!(taken.credit(), Some(2 + CREDIT_FRAMES));
    }
}
