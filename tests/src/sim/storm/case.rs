//! An open case, under what a member who holds its key may write: edits and acts that were altered
//! inside, sealed and signed as they should be, in any order, again.
//!
//! Nothing may end it, and the same envelopes must give the same case in another order.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::sync::Arc;

use flate2::Compression;
use flate2::bufread::DeflateDecoder;
use flate2::write::DeflateEncoder;
use guichet_keys::{AesGcm, AuthorId, Salt, SecretKey, SigningKey};
use guichet_sync::case::CaseLog;
use guichet_sync::envelope::{Dep, Envelope, Header, Kind};
use guichet_sync::rules::Rules;

use super::super::cast::Post;
use super::super::machine::SHARED;
use super::STEPS_MAX;
use super::scene::{Scene, scene};
use crate::fuzz::{Choices, Tally, with_number};

#[path = "../../../../sync/tests/case/chunk.rs"]
#[allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "the tests of the case need more of it; it is given chunks that our own nodes made"
)]
mod chunk;

/// Bytes that an act may inflate to before it is left as it is.
const ACT_BYTES_MAX: u64 = 1 << 16;

/// Drives an open case.
pub fn drive_case(bytes: &[u8]) -> Tally {
    let scene = scene();
    let mut choices = Choices::new(bytes);
    let (case, held) = &scene.case;
    let key = &scene.keys[case];
    let open = || {
        let keys = BTreeMap::from([(SHARED, key.clone())]);
        let reader = AuthorId::from([0xee; 16]);
        CaseLog::new(*case, keys, reader, Arc::new(AesGcm), Rules::default())
    };
    let mut log = open();
    let mut said = Vec::new();
    let mut tally = Tally::default();
    let honest = choices.below(held.len() + 1);
    for (envelope, _) in &held[..honest] {
        log.insert(envelope);
        said.push(envelope.clone());
    }
    for _ in 0..STEPS_MAX {
        if choices.is_empty() {
            break;
        }
        let Some(envelope) = written(scene, key, &mut choices) else {
            continue;
        };
        for _ in 0..=choices.byte() % 2 {
            log.insert(&envelope);
        }
        tally.said += 1;
        said.push(envelope);
    }
    let aside = log.set_aside();
    let unreadable = |envelope: &&Envelope| {
        let found = aside.iter().find(|aside| aside.hash == envelope.hash());
        found.is_some_and(|aside| aside.unreadable)
    };
    let refused = said[honest..].iter().filter(unreadable).count() as u64;
    tally.decoded = tally.said - refused.min(tally.said);
    let mut other = open();
    for envelope in said.iter().rev() {
        other.insert(envelope);
    }
    assert_eq!(shown(&log), shown(&other), "the same in another order");
    tally
}

/// Everything that is shown of a case.
fn shown(log: &CaseLog) -> (String, String, Vec<String>) {
    let acts = log.acts().into_iter();
    (
        log.doc().version().to_string(),
        log.doc().plain(),
        acts.map(|act| format!("{act:?}")).collect(),
    )
}

/// An envelope of the case with something else in it, or with another place.
fn written(scene: &Scene, key: &SecretKey, choices: &mut Choices<'_>) -> Option<Envelope> {
    let (envelope, plain) = choices.pick(&scene.case.1);
    let mut header: Header = envelope.header().clone();
    let mut plain = plain.clone();
    match choices.byte() % 8 {
        0 | 1 => {}
        2 => header.index = choices.extreme(),
        3 => {
            let dep = Dep {
                author: header.author,
                index: choices.extreme(),
            };
            header.deps.push(dep);
        }
        _ => {
            plain = match header.kind {
                Kind::Act => act(&plain, choices)?,
                Kind::Edit => edit(&plain, choices),
            }
        }
    }
    header.salt = Salt::from([choices.byte(); 16]);
    let signer: SigningKey = Post::Kiosk.node_key();
    Envelope::seal(&header, &plain, key, &AesGcm, &signer).ok()
}

/// An act with other numbers in it.
fn act(payload: &[u8], choices: &mut Choices<'_>) -> Option<Vec<u8>> {
    let (version, deflated) = payload.split_first()?;
    let mut plain = Vec::new();
    let inflating = DeflateDecoder::new(deflated);
    inflating.take(ACT_BYTES_MAX).read_to_end(&mut plain).ok()?;
    let altered = with_number(&plain, choices);
    let mut deflating = DeflateEncoder::new(vec![*version], Compression::best());
    deflating.write_all(&altered).ok()?;
    deflating.finish().ok()
}

/// Changes of which one has other bytes in it, and the checksum of what it says.
fn edit(payload: &[u8], choices: &mut Choices<'_>) -> Vec<u8> {
    let mut changes = chunk::changes(payload);
    if changes.is_empty() {
        return payload.to_vec();
    }
    let at = choices.below(changes.len());
    let change = &mut changes[at];
    for _ in 0..=choices.byte() % 2 {
        let at = choices.below(change.len());
        change[at] = *choices.pick(&[0, 1, 0x7f, 0x80, 0xff, change[at].wrapping_add(1)]);
    }
    if let Some(repaired) = repaired(change) {
        *change = repaired;
    }
    chunk::payload(&changes)
}

/// The chunk as its head says it is; none if it is too short to have one.
fn repaired(change: &[u8]) -> Option<Vec<u8>> {
    (change.len() > 9).then(|| chunk::repair(change))
}
