//! The rules of replication that a test may take out, to see that it is missed.

/// Which rules hold; the product always runs with all of them.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// A cursor moves only after what it covers is durable.
    pub cursor_after_durable: bool,
    /// An edit is applied only after what it depends on.
    pub deps_before_apply: bool,
    /// Of two envelopes for one place in a chain the lower hash wins, everywhere.
    pub lower_hash_wins: bool,
    /// Every start of a program, every visit and every unlocking writes under a new author.
    pub new_author_at_start: bool,
    /// A receipt is signed only after all that it covers is durable, every segment included.
    pub receipt_after_segments: bool,
    /// A kiosk forgets at the end of a visit.
    pub forget_after_visit: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            cursor_after_durable: true,
            deps_before_apply: true,
            lower_hash_wins: true,
            new_author_at_start: true,
            receipt_after_segments: true,
            forget_after_visit: true,
        }
    }
}
