//! What can honestly be said to somebody who waits: a place, and a range of minutes where there is
//! a basis for one.

use std::ops::RangeInclusive;

use crate::hall::SeenDesk;
use crate::signal::Availability;
use crate::ticket::TicketId;

/// Fewer calls than this are no basis.
const CALLS_MIN: usize = 3;

/// The place of a ticket: how many are before it where it stands best, of the desks that somebody
/// attends; none if no such desk lists it.
#[must_use]
pub fn ahead<'a>(ticket: &TicketId, desks: impl Iterator<Item = &'a SeenDesk>) -> Option<usize> {
    let attended = desks.filter(|desk| desk.notice.availability != Availability::Away);
    let places = attended.filter_map(|desk| {
        let mut order = desk.notice.order.iter();
        order.position(|listed| listed == ticket)
    });
    places.min()
}

/// How long the wait will be, in whole minutes: from the lengths of the last calls at the desks of
/// the service, their middle half, spread over the advisers who are there.
#[must_use]
pub fn minutes<'a>(
    ahead: usize,
    desks: impl Iterator<Item = &'a SeenDesk>,
) -> Option<RangeInclusive<u32>> {
    let attended: Vec<_> = desks
        .filter(|desk| desk.notice.availability != Availability::Away)
        .collect();
    let mut lengths: Vec<u32> = attended
        .iter()
        .flat_map(|desk| desk.notice.lengths_s.iter().copied())
        .collect();
    if lengths.len() < CALLS_MIN {
        return None;
    }
    lengths.sort_unstable();
    let quarter = lengths.len() / 4;
    let short = *lengths.get(quarter)?;
    let long = *lengths.iter().rev().nth(quarter)?;
    let free = attended
        .iter()
        .filter(|desk| desk.notice.availability == Availability::Free)
        .count();
    let advisers = u32::try_from(attended.len()).unwrap_or(u32::MAX);
    let rounds = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let soonest = rounds(ahead.saturating_sub(free)).saturating_mul(short);
    let soonest = soonest.checked_div(advisers)?;
    let latest = rounds(ahead.saturating_add(1)).saturating_mul(long);
    let latest = latest.div_ceil(advisers);
    Some(soonest / 60..=latest.div_ceil(60))
}
