//! How far a job has come, judged by what CUPS says of it from look to look.
//!
//! CUPS stops a job for good when one of its filters fails: a file that a driver cannot read, or
//! may not print. Such a job is no longer at work and waits for nobody at the printer; so is one
//! that is held. Neither moves again by itself, and both keep the document in the spool: they have
//! failed. A job that was stopped because its printer was waits for a person, who may come.

use std::time::{Duration, Instant};

use super::state::{PrintState, Trouble};

/// How long a job may be stopped or held, with nothing wrong at its printer, before it has failed:
/// the printer's own trouble may be told a moment later than the job's.
pub(super) const HALTED_MAX: Duration = Duration::from_secs(2);

/// The states of a job (RFC 8011, section 5.3.7).
const HELD: i32 = 4;
const STOPPED: i32 = 6;
const CANCELLED: i32 = 7;
const ABORTED: i32 = 8;
const COMPLETED: i32 = 9;

/// What one look at a job found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// The job is in this state of IPP, and its printer waits for this.
    Job(i32, Option<Trouble>),
    /// CUPS knows no such job: somebody else purged it.
    Gone,
    /// CUPS could not be asked.
    Blind,
}

/// What follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It goes on, and is so.
    Goes(PrintState),
    /// It is over, and ended so.
    Over(PrintState),
    /// Nothing new is known of it.
    Unknown,
    /// It has waited for too long: it is to be cancelled, and has failed.
    GivenUp,
}

/// One job's way, from its handing over.
#[derive(Debug)]
pub(super) struct Progress {
    begun_at: Instant,
    well_at: Instant,
    halted_at: Option<Instant>,
    stuck_max: Duration,
    time_max: Duration,
}

impl Progress {
    /// A job that was handed over at `now`. It may wait for a person for `stuck_max`, and take
    /// `time_max` in all.
    pub fn new(now: Instant, stuck_max: Duration, time_max: Duration) -> Self {
        Self {
            begun_at: now,
            well_at: now,
            halted_at: None,
            stuck_max,
            time_max,
        }
    }

    /// Takes in what was seen at `now`.
    pub fn handle_input(&mut self, now: Instant, look: Look) -> Verdict {
        let verdict = self.judge(now, look);
        let goes = matches!(verdict, Verdict::Goes(_) | Verdict::Unknown);
        let waited = now.duration_since(self.well_at) >= self.stuck_max;
        if goes && (waited || now.duration_since(self.begun_at) >= self.time_max) {
            return Verdict::GivenUp;
        }
        verdict
    }

    fn judge(&mut self, now: Instant, look: Look) -> Verdict {
        let (state, trouble) = match look {
            Look::Job(state, trouble) => (state, trouble),
            Look::Gone => return Verdict::Over(PrintState::Cancelled),
            Look::Blind => return Verdict::Unknown,
        };
        let halted = [HELD, STOPPED].contains(&state) && trouble.is_none();
        let since = *self.halted_at.get_or_insert(now);
        if !halted {
            self.halted_at = None;
        }
        match (state, trouble) {
            (COMPLETED, _) => Verdict::Over(PrintState::Done),
            (ABORTED, _) => Verdict::Over(PrintState::Failed),
            (CANCELLED, _) => Verdict::Over(PrintState::Cancelled),
            (_, Some(trouble)) => Verdict::Goes(PrintState::Waiting { trouble }),
            (_, None) if halted && now.duration_since(since) >= HALTED_MAX => {
                Verdict::Over(PrintState::Failed)
            }
            (_, None) => {
                self.well_at = now;
                Verdict::Goes(PrintState::Printing)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    const PROCESSING: i32 = 5;
    const STUCK_MAX: Duration = Duration::from_secs(300);
    const TIME_MAX: Duration = Duration::from_secs(1800);
    const PAPER: Option<Trouble> = Some(Trouble::NeedsPaper);
    const WAITS: Verdict = Verdict::Goes(PrintState::Waiting {
        trouble: Trouble::NeedsPaper,
    });
    const PRINTS: Verdict = Verdict::Goes(PrintState::Printing);

    /// Each look comes so many milliseconds after the job was handed over.
    fn check(looks: &[(u64, Look, Verdict)]) {
        let begun = clock::now();
        let mut progress = Progress::new(begun, STUCK_MAX, TIME_MAX);
        for (after_ms, look, expected) in looks {
            let now = begun + Duration::from_millis(*after_ms);
            let verdict = progress.handle_input(now, *look);
            assert_eq!(verdict, *expected, "{look:?} after {after_ms} ms");
        }
    }

    #[test]
    fn a_job_that_is_halted_at_a_well_printer_has_failed_within_seconds() {
        for halted in [HELD, STOPPED] {
            check(&[
                (400, Look::Job(PROCESSING, None), PRINTS),
                (800, Look::Job(halted, None), PRINTS),
                (2_799, Look::Job(halted, None), PRINTS),
                (
                    2_800,
                    Look::Job(halted, None),
                    Verdict::Over(PrintState::Failed),
                ),
            ]);
        }
    }

    #[test]
    fn a_job_that_is_halted_by_its_printer_waits_for_a_person() {
        check(&[
            (400, Look::Job(STOPPED, None), PRINTS),
            (800, Look::Job(STOPPED, PAPER), WAITS),
            (9_000, Look::Job(STOPPED, PAPER), WAITS),
            (9_400, Look::Job(STOPPED, None), PRINTS),
            (9_800, Look::Job(PROCESSING, None), PRINTS),
            (20_000, Look::Job(STOPPED, None), PRINTS),
            (309_999, Look::Job(PROCESSING, PAPER), WAITS),
            (320_000, Look::Job(PROCESSING, PAPER), Verdict::GivenUp),
        ]);
    }

    #[test]
    fn every_end_is_told_however_late() {
        let late = 10_000_000;
        for (look, end) in [
            (Look::Job(COMPLETED, PAPER), PrintState::Done),
            (Look::Job(ABORTED, None), PrintState::Failed),
            (Look::Job(CANCELLED, None), PrintState::Cancelled),
            (Look::Gone, PrintState::Cancelled),
        ] {
            check(&[(late, look, Verdict::Over(end))]);
        }
    }

    #[test]
    fn a_job_that_takes_too_long_or_is_never_seen_is_given_up() {
        check(&[
            (299_999, Look::Blind, Verdict::Unknown),
            (300_000, Look::Blind, Verdict::GivenUp),
        ]);
        check(&[(1_799_999, Look::Job(PROCESSING, None), PRINTS)]);
        let half = 299_000;
        let looks: Vec<_> = (1..=6)
            .map(|n| (n * half, Look::Job(PROCESSING, None), PRINTS))
            .chain([(1_800_000, Look::Job(PROCESSING, None), Verdict::GivenUp)])
            .collect();
        check(&looks);
    }
}
