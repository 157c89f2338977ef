//! Every format that is signed or sealed, altered: with each bit of each byte turned, cut at every
//! length, followed by more, and larger than any may be. Nothing of it is taken.

use guichet_keys::{AesGcm, SecretKey, sha256};
use guichet_sync::case::{BadDraft, DRAFT_FRAME_BYTES_MAX, SealedDraft};
use guichet_sync::envelope::{Envelope, EnvelopeError};
use guichet_sync::limits::{
    DRAFT_BYTES_MAX, ENVELOPE_BYTES_MAX, FRAME_BYTES_MAX, HAVE_ENTRIES_MAX, INTEREST_CASES_MAX,
    MANIFEST_BYTES_MAX, PAGE_BYTES_MAX, RECEIPT_BYTES_MAX, ROSTER_MAX,
};
use guichet_sync::page::{Manifest, PageError, PageHead};
use guichet_sync::receipt::{Receipt, ReceiptError};
use guichet_sync::wire::{Frame, FrameError, Interest, Reading};

use super::case::{SHARED, Who, edits, key, manifest, receipts, segments, tag};
use super::{kept, wire};

/// Holds what `taken` says of the bytes as they are against what it says of them altered.
fn check(bytes: &[u8], taken: impl Fn(Vec<u8>) -> bool) {
    assert!(taken(bytes.to_vec()), "the bytes themselves are taken");
    for at in 0..bytes.len() {
        assert!(!taken(bytes[..at].to_vec()), "cut at {at}");
        for bit in 0..8 {
            let mut altered = bytes.to_vec();
            altered[at] ^= 1 << bit;
            assert!(!taken(altered), "bit {bit} of byte {at}");
        }
    }
    assert!(!taken([bytes, &[0]].concat()), "a byte more");
}

#[test]
fn an_altered_envelope_is_not_its_authors() {
    for (envelope, who) in edits()
        .iter()
        .zip([Who::Citizen, Who::Citizen, Who::Adviser])
    {
        let author = who.key().subject();
        let genuine = |bytes| Envelope::parse(bytes).is_ok_and(|it| it.verify(&author).is_ok());
        check(envelope.bytes(), genuine);
        assert!(envelope.verify(&Who::Station.key().subject()).is_err());
    }
}

#[test]
fn an_altered_envelope_does_not_open_even_if_signed_again() {
    let [_, envelope, _] = edits();
    let opens =
        |bytes: Vec<u8>| Envelope::parse(bytes).is_ok_and(|it| it.open(&key(), &AesGcm).is_ok());
    let bytes = envelope.bytes();
    let sealed = bytes.len() - 66;
    for at in 0..sealed {
        for bit in 0..8 {
            let mut altered = bytes.to_vec();
            altered[at] ^= 1 << bit;
            assert!(!opens(altered), "bit {bit} of byte {at}");
        }
    }
    assert!(opens(bytes.to_vec()));
    let another = SecretKey::from([0x12; 32]);
    assert!(envelope.open(&another, &AesGcm).is_err());
}

#[test]
fn an_altered_manifest_is_not_its_authors() {
    let author = Who::Citizen.key().subject();
    let genuine = |bytes| Manifest::parse(bytes).is_ok_and(|it| it.verify(&author).is_ok());
    check(manifest().bytes(), genuine);
    assert!(manifest().verify(&Who::Adviser.key().subject()).is_err());
}

#[test]
fn an_altered_segment_is_not_its_pages_and_does_not_open() {
    let page = manifest();
    let [first, last] = segments();
    check(&last, |bytes| page.check_segment(1, &bytes).is_ok());
    let opens = |bytes: Vec<u8>| {
        let opened = page.head().open_segment(1, &bytes, &key(), &AesGcm);
        opened.is_ok()
    };
    check(&last, opens);

    assert_eq!(
        page.check_segment(0, &last),
        Err(PageError::WrongSegment(0))
    );
    assert_eq!(
        page.check_segment(2, &last),
        Err(PageError::NoSuchSegment(2, 2))
    );
    let elsewhere = page.head().open_segment(1, &first, &key(), &AesGcm);
    assert!(elsewhere.is_err(), "a segment opens in its place only");
    let mut head = page.head().clone();
    head.length -= 1;
    assert!(
        head.open_segment(1, &last, &key(), &AesGcm).is_err(),
        "and in its page"
    );
}

#[test]
fn an_altered_receipt_is_nobodys() {
    for (_, receipt) in receipts() {
        check(receipt.bytes(), |bytes| {
            Receipt::parse(bytes).is_ok_and(|it| it.verify().is_ok())
        });
    }
}

/// The same value in another encoding: the version, the first item of the first part, has a longer
/// head than it needs.
fn dressed_otherwise(bytes: &[u8]) -> Vec<u8> {
    let mut cbor = minicbor::Decoder::new(bytes);
    let count = cbor.array().expect("an array").expect("of so many parts");
    let mut parts: Vec<_> = (0..count)
        .map(|_| cbor.bytes().expect("a part").to_vec())
        .collect();
    parts[0].insert(1, 0x18);
    let mut dressed = Vec::new();
    let mut cbor = minicbor::Encoder::new(&mut dressed);
    cbor.array(count).expect("encodes");
    for part in &parts {
        cbor.bytes(part).expect("encodes");
    }
    dressed
}

#[test]
fn nothing_has_two_encodings() {
    let envelope = edits()[0].bytes().to_vec();
    Envelope::parse(envelope.clone()).expect("as its author wrote it");
    let error = Envelope::parse(dressed_otherwise(&envelope));
    assert_eq!(error, Err(EnvelopeError::Malformed("unreadable header")));

    let page = manifest().bytes().to_vec();
    Manifest::parse(page.clone()).expect("as its author wrote it");
    let error = Manifest::parse(dressed_otherwise(&page));
    assert_eq!(error, Err(PageError::Malformed("unreadable body")));

    for (_, receipt) in receipts() {
        let error = Receipt::parse(dressed_otherwise(receipt.bytes()));
        assert_eq!(error, Err(ReceiptError::Malformed("unreadable body")));
    }

    let draft = kept("frame of a draft");
    SealedDraft::parse(&draft).expect("as its author wrote it");
    let error = SealedDraft::parse(&dressed_otherwise(&draft));
    assert!(matches!(error, Err(BadDraft::Encoding)), "{error:?}");
}

#[test]
fn what_is_too_large_is_not_even_read() {
    let zeros = |most: usize| vec![0; most + 1];
    let envelope = Envelope::parse(zeros(ENVELOPE_BYTES_MAX));
    assert_eq!(
        envelope,
        Err(EnvelopeError::TooLarge(ENVELOPE_BYTES_MAX + 1))
    );
    let page = Manifest::parse(zeros(MANIFEST_BYTES_MAX));
    assert_eq!(
        page,
        Err(PageError::ManifestTooLarge(MANIFEST_BYTES_MAX + 1))
    );
    let receipt = Receipt::parse(zeros(RECEIPT_BYTES_MAX));
    assert_eq!(receipt, Err(ReceiptError::TooLarge(RECEIPT_BYTES_MAX + 1)));
    let draft = SealedDraft::parse(&zeros(DRAFT_FRAME_BYTES_MAX));
    assert_eq!(draft, Err(BadDraft::TooLong));
    let frame = Frame::decode(&zeros(FRAME_BYTES_MAX));
    assert_eq!(frame, Err(FrameError::TooLarge(FRAME_BYTES_MAX + 1)));
}

#[test]
fn what_is_too_large_is_not_made_either() {
    let [first, ..] = edits();
    let plain = vec![0; ENVELOPE_BYTES_MAX];
    let sealed = Envelope::seal(first.header(), &plain, &key(), &AesGcm, &Who::Citizen.key());
    assert!(matches!(sealed, Err(EnvelopeError::TooLarge(_))));
    for length in [0, PAGE_BYTES_MAX + 1, u64::MAX] {
        let salt = manifest().head().salt;
        let head = PageHead::new(salt, tag(), Who::Citizen.author(), SHARED, length);
        let page = Manifest::sign(head, &[], &Who::Citizen.key());
        assert_eq!(page, Err(PageError::Length(length)));
    }
    let missing = Manifest::sign(
        manifest().head().clone(),
        &[sha256(b"")],
        &Who::Citizen.key(),
    );
    assert!(
        matches!(missing, Err(PageError::Malformed(_))),
        "one hash of two"
    );
}

/// A frame is neither signed nor sealed: altered, it may be another frame, and it may be none.
#[test]
fn a_frame_is_whole_or_refused() {
    let (mut other, mut none) = (0, 0);
    for (name, bytes) in wire::vectors() {
        for at in 0..bytes.len() {
            let cut = Frame::decode(&bytes[..at]);
            assert_eq!(cut, Err(FrameError::Malformed), "{name} cut at {at}");
            for bit in 0..8 {
                let mut altered = bytes.clone();
                altered[at] ^= 1 << bit;
                match Frame::decode(&altered) {
                    Ok(_) => other += 1,
                    Err(_) => none += 1,
                }
            }
        }
        let more = Frame::decode(&[&bytes[..], &[0]].concat());
        assert_eq!(more, Err(FrameError::Malformed), "{name} and a byte more");
    }
    assert!(other > 1_000 && none > 1_000, "{other} and {none}");
}

#[test]
fn lists_in_a_frame_are_bounded() {
    let refused = |frame: Frame, most: usize| {
        let decoded = Frame::decode(&frame.encode());
        assert_eq!(decoded, Err(FrameError::TooMany(most + 1, most)));
    };
    let hello = |interest| Frame::Hello {
        version: 1,
        features: 0,
        reading: Reading([0; 16]),
        read: None,
        served: None,
        interest,
    };
    let cases = vec![tag(); INTEREST_CASES_MAX + 1];
    refused(hello(Interest::Cases(cases)), INTEREST_CASES_MAX);
    let service = guichet_keys::ServiceId::new("family").expect("a good name");
    let services = vec![service; INTEREST_CASES_MAX + 1];
    refused(hello(Interest::Services(services)), INTEREST_CASES_MAX);
    let prefixes = vec![0; (HAVE_ENTRIES_MAX + 1) * 8];
    let have = Frame::Have {
        chains: vec![],
        prefixes: prefixes.clone(),
        last: true,
    };
    refused(have, HAVE_ENTRIES_MAX);
    let follow = Frame::Follow {
        case: tag(),
        have: vec![],
        prefixes,
    };
    refused(follow, HAVE_ENTRIES_MAX);
    let draft = Frame::Draft {
        case: tag(),
        sealed: vec![0; DRAFT_BYTES_MAX + 1],
    };
    refused(draft, DRAFT_BYTES_MAX);
    let member = guichet_sync::wire::Presence {
        member: Who::Station.key().subject(),
        online: true,
        addresses: vec![],
    };
    let members = vec![member; ROSTER_MAX + 1];
    refused(Frame::Roster { members }, ROSTER_MAX);
}
