//! Real changes cut short, with bits turned, with bytes put in and taken out, their length and
//! checksum mended: each is refused, or is a change that leaves a sound document.

use guichet_keys::AuthorId;
use guichet_sync::case::{Batch, CaseDoc, FieldRef, FormId, Value};

use super::chunk::{self, payload};
use super::random::Random;

const FORM: FormId = FormId::from_number(1);

/// Applies bytes that were tampered with. Whatever is taken must leave a sound document.
fn tampered(doc: &CaseDoc, author: AuthorId, bytes: Vec<u8>) -> bool {
    let mut tried = doc.clone();
    let taken = tried.apply(&author, &payload(&[bytes])).is_ok();
    if taken {
        let loaded = CaseDoc::load(author, &tried.save()).expect("loads");
        assert_eq!(loaded.plain(), tried.plain());
    } else {
        assert_eq!(tried.version(), doc.version());
    }
    taken
}

type Write = Box<dyn Fn(&mut CaseDoc) -> Batch>;

/// Changes as people make them, each with the document it arrives at.
fn real_changes() -> Vec<(CaseDoc, AuthorId, Vec<u8>)> {
    let mut doc = CaseDoc::new(AuthorId::from([2; 16]));
    let opened = doc
        .open_form(FORM, "family", &["story"], 10)
        .expect("opens");
    let mut replica = CaseDoc::new(AuthorId::from([9; 16]));
    replica
        .apply(&doc.author(), &opened.encode()[0])
        .expect("applies");
    let mut doc = CaseDoc::new(AuthorId::from([1; 16]));
    doc.apply(&AuthorId::from([2; 16]), &opened.encode()[0])
        .expect("applies");
    let story = FieldRef::new(FORM, "story");
    let mut writes: Vec<Write> = vec![];
    for text in ["412", "421 €"] {
        let rent = FieldRef::new(FORM, "rent");
        let value = Value::Number(text.into());
        writes.push(Box::new(move |doc| {
            doc.set(&rent, &value, 20).expect("sets")
        }));
    }
    for (at, delete, text) in [(0, 0, "Je loue 👩"), (3, 4, ""), (1, 2, "'ai")] {
        let story = story.clone();
        writes.push(Box::new(move |doc| {
            doc.splice(&story, &doc.version(), at, delete, text, 20)
                .expect("types")
        }));
    }
    writes.push(Box::new(|doc| {
        doc.open_form(FormId::from_number(77), "work", &["story"], 20)
            .expect("opens")
    }));
    let author = doc.author();
    writes
        .iter()
        .map(|write| {
            let before = replica.clone();
            let payload = write(&mut doc).encode().remove(0);
            replica.apply(&author, &payload).expect("applies");
            (before, author, chunk::changes(&payload).remove(0))
        })
        .collect()
}

#[test]
fn truncated_and_altered_changes_never_harm() {
    let (mut cases, mut taken) = (0, 0);
    for (doc, author, bytes) in real_changes() {
        for at in 0..bytes.len() {
            for cut in [bytes[..at].to_vec(), chunk::repair(&bytes[..at])] {
                assert!(!tampered(&doc, author, cut));
                cases += 1;
            }
            for bit in 0..8 {
                let mut altered = bytes.clone();
                altered[at] ^= 1 << bit;
                assert!(
                    !tampered(&doc, author, altered.clone()),
                    "the checksum held"
                );
                taken += usize::from(tampered(&doc, author, chunk::repair(&altered)));
                cases += 2;
            }
        }
    }
    let mut random = Random::new(1);
    for (doc, author, bytes) in real_changes() {
        for _ in 0..3_000 {
            let mut altered = bytes.clone();
            for _ in 0..=random.below(4) {
                let at = 9 + random.below(altered.len() - 9);
                match random.below(3) {
                    0 => altered[at] = random.next() as u8,
                    1 => altered.insert(at, random.next() as u8),
                    _ => drop(altered.remove(at)),
                }
            }
            taken += usize::from(tampered(&doc, author, chunk::repair(&altered)));
            cases += 1;
        }
    }
    assert!(cases > 30_000 && taken > 0);
}
