//! Every decoder of `keys`, `sync` and `media` that takes bytes from outside.

use guichet_keys::{Chain, KeyFile, SignedGrant, SignedStatement, Vault};
use guichet_media::Certificate;
use guichet_media::signal::{Passed, Signal};
use guichet_sync::case::{Act, SealedDraft, SealedPresence};
use guichet_sync::replica::Thing;
use guichet_sync::wire::Frame;

use super::STEPS_MAX;
use super::scene::scene;
use crate::fuzz::{Choices, Tally, alter};

/// Drives every decoder: each in turn with what it is for, and all others with the same bytes.
pub fn drive_decoders(bytes: &[u8]) -> Tally {
    let scene = scene();
    let mut choices = Choices::new(bytes);
    let mut tally = Tally::default();
    for _ in 0..STEPS_MAX {
        if choices.is_empty() {
            break;
        }
        let signed = choices.pick(&scene.things);
        let bytes = match choices.byte() % 4 {
            0 => alter(&signed.bytes, &mut choices),
            _ => signed.altered(&mut choices),
        };
        let thing = Thing::parse(signed.what, bytes.clone());
        tally.said += 1;
        tally.decoded += u64::from(thing.is_ok());
        if let Ok(thing) = thing {
            assert_eq!(thing.bytes(), bytes, "nothing is encoded anew");
            let _meta = thing.meta();
        }
        let sample = choices.pick(&scene.samples);
        let altered = sample.altered(&mut choices);
        tally.said += 1;
        tally.decoded += u64::from(sample.reads(&altered));
        for other in [&bytes, &altered] {
            READERS.iter().for_each(|read| {
                read(other);
            });
        }
    }
    tally
}

/// The decoders of what is not a thing to be stored.
const READERS: [fn(&[u8]) -> bool; 12] = [
    |bytes| Frame::decode(bytes).is_ok(),
    |bytes| SealedDraft::parse(bytes).is_ok(),
    |bytes| SealedPresence::parse(bytes).is_ok(),
    |bytes| Act::decode(bytes).is_ok(),
    |bytes| SignedStatement::parse(bytes).is_ok(),
    |bytes| Chain::from_bytes(bytes).is_ok(),
    |bytes| SignedGrant::parse(bytes).is_ok(),
    |bytes| KeyFile::parse(bytes).is_ok(),
    |bytes| Vault::parse(bytes).is_ok(),
    |bytes| Certificate::from_bytes(bytes).is_ok(),
    |bytes| Passed::decode(bytes).is_ok(),
    |bytes| Signal::read(bytes).is_ok(),
];
