//! Changes from outside that are wrong: each is refused with a clear error, or is harmless; the
//! node lives, and the document is as it was.

use guichet_keys::AuthorId;
use guichet_sync::case::{BadBatch, CaseDoc, FieldRef, FormId, Malformed, Value};

use super::chunk::{self, Chunk, column, payload};

const FORM: FormId = FormId::from_number(1);
const ME: [u8; 16] = [1; 16];
const OTHER: [u8; 16] = [2; 16];

/// A document with one change of `OTHER`: operations 1 root form, 2 template, 3 fields, 4 text.
fn document() -> CaseDoc {
    let mut other = CaseDoc::new(AuthorId::from(OTHER));
    let batch = other
        .open_form(FORM, "family", &["story"], 10)
        .expect("opens");
    let mut doc = CaseDoc::new(AuthorId::from([9; 16]));
    doc.apply(&other.author(), &batch.encode()[0])
        .expect("applies");
    doc
}

/// What `ME` may well write there: put a number into the field "rent".
fn put(doc: &CaseDoc) -> Chunk {
    Chunk {
        deps: doc.version().to_string(),
        author: ME,
        seq: 1,
        start_op: 5,
        time_s: 20,
        others: vec![OTHER.to_vec()],
        columns: vec![
            (column::OBJECT_ACTOR, vec![0x7f, 1]),
            (column::OBJECT_COUNTER, vec![0x7f, 3]),
            (column::KEY_NAME, vec![0x7f, 4, b'r', b'e', b'n', b't']),
            (column::INSERT, vec![1]),
            (column::ACTION, vec![0x7f, 1]),
            (column::VALUE_META, vec![0x7f, 0x46]),
            (column::VALUE, b"n412".to_vec()),
            (column::REPLACES_COUNT, vec![0x7f, 0]),
        ],
        ..Chunk::default()
    }
}

/// A letter put in at the beginning of the text area.
fn insert(doc: &CaseDoc) -> Chunk {
    put(doc)
        .with(column::OBJECT_COUNTER, &[0x7f, 4])
        .without(column::KEY_NAME)
        .with(column::KEY_COUNTER, &[0x7f, 0])
        .with(column::INSERT, &[0, 1])
        .with(column::VALUE_META, &[0x7f, 0x16])
        .with(column::VALUE, b"x")
}

fn apply(doc: &mut CaseDoc, chunk: &Chunk) -> Result<(), BadBatch> {
    doc.apply(&AuthorId::from(ME), &payload(&[chunk.bytes()]))
        .map(|_| ())
}

fn check(chunk: &Chunk, expect: Result<(), BadBatch>) {
    let mut doc = document();
    let before = (doc.plain(), doc.version());
    assert_eq!(apply(&mut doc, chunk), expect, "{chunk:x?}");
    if expect.is_err() {
        assert_eq!((doc.plain(), doc.version()), before);
    }
}

fn refused(chunk: &Chunk, why: Malformed) {
    check(chunk, Err(BadBatch::Malformed(why)));
}

#[test]
fn a_hand_encoded_change_is_taken() {
    check(&put(&document()), Ok(()));
    check(&insert(&document()), Ok(()));
    let otherwise_encoded = put(&document()).with(column::ACTION, &[1, 1]);
    check(&otherwise_encoded, Err(BadBatch::Refused));
    let mut doc = document();
    let chunk = put(&doc);
    apply(&mut doc, &chunk).expect("applies");
    let rent = doc.register(&FieldRef::new(FORM, "rent"));
    assert_eq!(rent[0].value, Value::Number("412".into()));
    assert_eq!(rent[0].author, AuthorId::from(ME));
}

#[test]
fn run_lengths_that_claim_2_to_the_62_are_not_expanded() {
    let doc = document();
    let values = |value: &[u8]| [&chunk::signed(1 << 62)[..], value].concat();
    let nulls = [&[0][..], &chunk::unsigned(1 << 62)].concat();
    for (spec, value) in [
        (column::OBJECT_ACTOR, &[1][..]),
        (column::OBJECT_COUNTER, &[3]),
        (column::KEY_ACTOR, &[1]),
        (column::KEY_COUNTER, &[3]),
        (column::KEY_NAME, &[1, b'x']),
        (column::ACTION, &[1]),
        (column::VALUE_META, &[0]),
        (column::REPLACES_COUNT, &[0]),
        (column::REPLACES_ACTOR, &[1]),
        (column::REPLACES_COUNTER, &[3]),
    ] {
        refused(
            &put(&doc).with(spec, &values(value)),
            Malformed::TooManyRows,
        );
        refused(&put(&doc).with(spec, &nulls), Malformed::TooManyRows);
    }
    refused(
        &put(&doc).with(column::INSERT, &chunk::unsigned(1 << 62)),
        Malformed::TooManyRows,
    );
    let twice = [&[0][..], &chunk::unsigned(1 << 62)].concat();
    refused(
        &put(&doc).with(column::INSERT, &twice),
        Malformed::TooManyRows,
    );
    let many = [&[1][..], &chunk::unsigned(1 << 62)].concat();
    refused(
        &put(&doc).with(column::REPLACES_COUNT, &many),
        Malformed::TooManyRows,
    );
    let long = [&[1][..], &chunk::unsigned((1 << 62) | 6)].concat();
    refused(
        &put(&doc).with(column::VALUE_META, &long),
        Malformed::ValueTooLong,
    );
    for most in [i64::MIN, i64::MAX] {
        let run = [&chunk::signed(most)[..], &[1]].concat();
        refused(
            &put(&doc).with(column::ACTION, &run),
            Malformed::TooManyRows,
        );
    }
    let whole: Vec<u8> = [&chunk::signed(1 << 62)[..], &[1]].concat();
    let mut all = put(&doc)
        .with(column::ACTION, &whole)
        .with(column::VALUE_META, &values(&[0]));
    all = all
        .with(column::INSERT, &chunk::unsigned(1 << 62))
        .without(column::VALUE);
    refused(&all, Malformed::TooManyRows);
}

/// 76 bytes in which every column says 2⁶² rows, of the author of 16 bytes 1.
const GOLDEN: &str = concat!(
    "856f4a83ee2cb917014200100101010101010101010101010101010101010000000415033409420b560b",
    "7f01788080808080808080408080808080808080c000018080808080808080c00000",
);

#[test]
fn the_golden_hostile_change_is_refused() {
    let mut doc = CaseDoc::new(AuthorId::from([9; 16]));
    let bytes = payload(&[chunk::from_hex(GOLDEN)]);
    let refused = doc.apply(&AuthorId::from(ME), &bytes);
    assert_eq!(refused, Err(BadBatch::Malformed(Malformed::TooManyRows)));
    assert!(doc.forms().is_empty());
}

#[test]
fn columns_must_fit_together() {
    let doc = document();
    for (spec, bytes) in [
        (column::OBJECT_ACTOR, &[1, 2][..]),
        (column::OBJECT_COUNTER, &[1, 0]),
        (column::KEY_ACTOR, &[1, 1]),
        (column::KEY_COUNTER, &[1, 0]),
        (column::INSERT, &[]),
        (column::VALUE_META, &[1, 0x36]),
        (column::REPLACES_ACTOR, &[]),
    ] {
        let chunk = put(&doc).with(spec, bytes);
        if spec == column::REPLACES_ACTOR {
            refused(
                &chunk.with(column::REPLACES_COUNT, &[1, 1]),
                Malformed::Columns,
            );
        } else {
            refused(&chunk, Malformed::Columns);
        }
    }
    refused(
        &put(&doc).with(column::VALUE_META, &[1, 0x56]),
        Malformed::Truncated,
    );
    refused(
        &put(&doc).without(column::ACTION),
        Malformed::Unsupported("no operation"),
    );
    refused(
        &put(&doc).with(column::KEY_NAME, &[1, 0]),
        Malformed::Unsupported("a key of this length"),
    );
    refused(&put(&doc).with(column::VALUE, &[0xff; 4]), Malformed::Utf8);
    let later = [1, 1];
    let chunk = put(&doc)
        .with(column::REPLACES_COUNT, &later)
        .with(column::REPLACES_ACTOR, &[1, 0]);
    refused(
        &chunk.with(column::REPLACES_COUNTER, &[1, 5]),
        Malformed::Columns,
    );
}

#[test]
fn only_what_a_case_holds() {
    let doc = document();
    let kind = Malformed::Unsupported("an operation of another kind");
    for action in [2, 5, 6, 7, 8] {
        refused(&put(&doc).with(column::ACTION, &[1, action]), kind);
    }
    let value = Malformed::Unsupported("a value that is no text, boolean or null");
    for code in [3, 4, 5, 7, 8, 9, 10, 15] {
        refused(
            &put(&doc).with(column::VALUE_META, &[1, 0x40 | code]),
            value,
        );
    }
    let layout = Malformed::Unsupported("an unknown or compressed column");
    for spec in [0x94, 0xa5, 0x4a, 0x5e, 0x77] {
        refused(&put(&doc).with(spec, &[1, 1]), layout);
    }
    let place = Malformed::Unsupported("an operation that does not fit its place");
    let two = insert(&doc)
        .with(column::VALUE_META, &[1, 0x26])
        .with(column::VALUE, b"xy");
    refused(&two, place);
    refused(
        &insert(&doc)
            .with(column::VALUE_META, &[1, 0x06])
            .without(column::VALUE),
        place,
    );
    refused(&insert(&doc).with(column::INSERT, &[1]), place);
    refused(&put(&doc).with(column::INSERT, &[0, 1]), place);
}

#[test]
fn only_single_uncompressed_changes_that_hold() {
    let doc = document();
    for kind in [0, 2, 3, 4, 255] {
        refused(&Chunk { kind, ..put(&doc) }, Malformed::NotAChange);
    }
    refused(
        &Chunk {
            magic: *b"\x85oJ\x84",
            ..put(&doc)
        },
        Malformed::NotAChange,
    );
    refused(
        &Chunk {
            checksum: Some([0; 4]),
            ..put(&doc)
        },
        Malformed::Checksum,
    );
    refused(
        &Chunk {
            behind: vec![0],
            ..put(&doc)
        },
        Malformed::TrailingBytes,
    );
    refused(
        &Chunk {
            extra: vec![1, 2, 3],
            ..put(&doc)
        },
        Malformed::TrailingBytes,
    );
    refused(
        &Chunk {
            behind: put(&doc).bytes(),
            ..put(&doc)
        },
        Malformed::TrailingBytes,
    );
    refused(
        &Chunk {
            message: "x".into(),
            ..put(&doc)
        },
        Malformed::Unsupported("a comment"),
    );
    refused(
        &Chunk {
            time_s: -1,
            ..put(&doc)
        },
        Malformed::Number,
    );
    refused(
        &Chunk {
            time_s: i64::MAX,
            ..put(&doc)
        },
        Malformed::Number,
    );
    refused(
        &Chunk {
            seq: 0,
            ..put(&doc)
        },
        Malformed::Number,
    );
    refused(
        &Chunk {
            start_op: 0,
            ..put(&doc)
        },
        Malformed::Number,
    );
    refused(
        &Chunk {
            start_op: u64::from(u32::MAX),
            ..put(&doc)
        },
        Malformed::Number,
    );
    for others in [
        vec![ME.to_vec()],
        vec![OTHER.to_vec(), OTHER.to_vec()],
        vec![vec![2; 15]],
    ] {
        refused(
            &Chunk {
                others,
                ..put(&doc)
            },
            Malformed::Actors,
        );
    }
    let twice = format!("{0}.{0}", doc.version());
    refused(
        &Chunk {
            deps: twice,
            ..put(&doc)
        },
        Malformed::Unsupported("a dependency twice"),
    );
}

#[test]
fn a_change_must_follow_on_from_what_it_has_seen() {
    let doc = document();
    check(
        &Chunk {
            author: [3; 16],
            ..put(&doc)
        },
        Err(BadBatch::WrongAuthor),
    );
    check(
        &Chunk {
            deps: "ab".repeat(32),
            ..put(&doc)
        },
        Err(BadBatch::MissingDependency),
    );
    check(
        &Chunk {
            seq: 2,
            ..put(&doc)
        },
        Err(BadBatch::MissingDependency),
    );
    check(
        &Chunk {
            start_op: 6,
            ..put(&doc)
        },
        Err(BadBatch::OutOfOrder),
    );
    check(
        &Chunk {
            start_op: 4,
            ..put(&doc)
        },
        Err(BadBatch::OutOfOrder),
    );
    check(
        &Chunk {
            deps: String::new(),
            ..put(&doc)
        },
        Err(BadBatch::OutOfOrder),
    );
    let unseen = Chunk {
        deps: String::new(),
        start_op: 4,
        ..put(&doc)
    };
    check(&unseen, Err(BadBatch::OutOfOrder));
    let stranger = Chunk {
        others: vec![vec![7; 16]],
        ..put(&doc)
    };
    check(&stranger, Err(BadBatch::UnknownReference));
    for object in [1, 2, 4] {
        let expect = if object == 1 {
            Ok(())
        } else {
            Err(BadBatch::UnknownReference)
        };
        check(
            &put(&doc).with(column::OBJECT_COUNTER, &[0x7f, object]),
            expect,
        );
    }
    for object in [1, 2, 3] {
        let chunk = insert(&doc).with(column::OBJECT_COUNTER, &[1, object]);
        check(&chunk, Err(BadBatch::UnknownReference));
    }
    for element in 1..=4 {
        let chunk = insert(&doc).with(column::KEY_ACTOR, &[1, 1]);
        let chunk = chunk.with(column::KEY_COUNTER, &[1, element]);
        check(&chunk, Err(BadBatch::UnknownReference));
    }
}

#[test]
fn payloads_are_bounded() {
    let mut doc = document();
    let before = doc.plain();
    let me = AuthorId::from(ME);
    let mut check = |bytes: &[u8], expect| {
        assert_eq!(doc.apply(&me, bytes), Err(expect));
        assert_eq!(doc.plain(), before);
    };
    check(&[], BadBatch::Encoding);
    check(&[2, 1, 1], BadBatch::Version(2));
    check(&payload(&[]), BadBatch::Encoding);
    check(&vec![1; 64 * 1024], BadBatch::TooLarge);
    check(&payload(&[vec![0; 2 << 20]]), BadBatch::TooLarge);
    check(&payload(&vec![vec![]; 60_000]), BadBatch::TooManyOps);
    check(
        &payload(&[vec![]]),
        BadBatch::Malformed(Malformed::Truncated),
    );
    let mut cut = payload(&[put(&document()).bytes()]);
    cut.push(0);
    check(&cut, BadBatch::Encoding);
    let rows = |count: i64| -> Chunk {
        let run = |value: &[u8]| [&chunk::signed(count)[..], value].concat();
        put(&document())
            .with(column::OBJECT_ACTOR, &run(&[1]))
            .with(column::OBJECT_COUNTER, &run(&[3]))
            .with(column::KEY_NAME, &run(&[4, b'r', b'e', b'n', b't']))
            .with(column::INSERT, &chunk::unsigned(count as u64))
            .with(column::ACTION, &run(&[1]))
            .with(column::VALUE_META, &run(&[0]))
            .with(column::REPLACES_COUNT, &run(&[0]))
            .without(column::VALUE)
    };
    check(
        &payload(&[rows(10_001).bytes()]),
        BadBatch::Malformed(Malformed::TooManyRows),
    );
    let six: Vec<_> = (0..6).map(|_| rows(10_000).bytes()).collect();
    check(&payload(&six), BadBatch::TooManyOps);
}
