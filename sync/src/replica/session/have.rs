//! What a node tells a peer that it holds, where the peer cannot go on from a cursor.

use std::collections::BTreeSet;

use guichet_keys::{AuthorId, CaseTag, Directory, Role};

use crate::catalogue::{Catalogue, Meta};
use crate::limits::HAVE_ENTRIES_MAX;
use crate::replica::scope::Scope;
use crate::wire::Frame;

/// Says that a case is followed here, and what is held of it.
pub fn follow_frame(catalogue: &Catalogue, case: CaseTag) -> Frame {
    let mut have = catalogue.have(Some(&case));
    have.truncate(HAVE_ENTRIES_MAX);
    let loose = catalogue.loose_of(&case).take(HAVE_ENTRIES_MAX);
    let prefixes = loose.flat_map(|(_, _, hash)| hash.as_bytes()[..8].to_vec());
    let prefixes = prefixes.collect();
    Frame::Follow {
        case,
        have,
        prefixes,
    }
}

/// Cuts what a node holds, of what the peer may know, into frames for a peer that does not go on
/// from a cursor. Receipts about cases that are not known here came from somebody who knows them.
pub fn have_frames(catalogue: &Catalogue, directory: &Directory, scope: &Scope) -> Vec<Frame> {
    let chains: Vec<_> = catalogue
        .cases()
        .filter(|case| scope.may_see(directory, case))
        .flat_map(|case| catalogue.have(Some(case)))
        .collect();
    let authors: BTreeSet<AuthorId> = chains.iter().map(|have| have.chain.author).collect();
    let may_know = |meta: &Meta| match meta {
        Meta::Statement {
            author: Some(author),
            ..
        } => {
            let theirs = directory.author(author);
            scope.role() != Some(Role::Kiosk)
                || authors.contains(author)
                || theirs.is_some_and(|known| known.binding.node == scope.peer())
        }
        Meta::Statement { case, .. } => case.is_none_or(|case| scope.may_see(directory, &case)),
        Meta::Receipt { cases, .. } => {
            let unknown = |case| directory.case(case).is_none();
            let mut cases = cases.iter();
            cases.any(|case| unknown(case) || scope.may_see(directory, case))
        }
        Meta::Manifest { case, .. } => scope.may_see(directory, case),
        Meta::Envelope { .. } => false,
    };
    let loose = catalogue.loose().filter(|(feed, arrival, _)| {
        let entry = catalogue.entry(*feed, *arrival);
        entry.is_some_and(|entry| may_know(&entry.meta))
    });
    let prefixes: Vec<u8> = loose
        .flat_map(|(_, _, hash)| hash.as_bytes()[..8].to_vec())
        .collect();
    let mut chains = chains.chunks(HAVE_ENTRIES_MAX);
    let mut prefixes = prefixes.chunks(8 * HAVE_ENTRIES_MAX);
    let count = chains.len().max(prefixes.len()).max(1);
    let mut frames = Vec::with_capacity(count);
    for at in 0..count {
        frames.push(Frame::Have {
            chains: chains.next().unwrap_or_default().to_vec(),
            prefixes: prefixes.next().unwrap_or_default().to_vec(),
            last: at.saturating_add(1) == count,
        });
    }
    frames
}
