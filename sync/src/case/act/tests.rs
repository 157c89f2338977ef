use super::*;

fn message(text: &str) -> Act {
    Act::Message(Message {
        at_ms: 1_790_000_000_000,
        text: text.into(),
        lang: "fr".into(),
    })
}

fn document(pages: usize) -> Act {
    Act::DocumentAdded(DocumentAdded {
        at_ms: 1_790_000_000_000,
        document: DocumentId([7; 16]),
        name: "bail.pdf".into(),
        media_type: "application/pdf".into(),
        pages: vec![Hash::from([9; 32]); pages],
        bytes: 123_456,
        looks: None,
    })
}

fn with_looks(pages: usize, looks: Vec<Look>) -> Act {
    let Act::DocumentAdded(mut document) = document(pages) else {
        unreachable!("it is a document");
    };
    document.looks = Some(looks);
    Act::DocumentAdded(document)
}

fn entry(text: &str) -> Act {
    Act::JournalEntry(JournalEntry {
        at_ms: 1_790_000_000_000,
        event: JournalEvent::TAKEN_OUT_OF_TURN,
        text: text.into(),
    })
}

fn checked(way: IdentityWay) -> Act {
    Act::IdentityChecked(IdentityChecked {
        at_ms: 1_790_000_000_000,
        way,
    })
}

fn check(act: &Act) {
    assert_eq!(
        Act::decode(&act.encode().expect("encodes")).as_ref(),
        Ok(act)
    );
}

fn plain(payload: &[u8]) -> String {
    let plain = inflate(&payload[1..], INFLATED_BYTES_MAX).expect("inflates");
    plain.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn acts_read_back() {
    check(&message("Bonjour, il manque le bail."));
    check(&document(1));
    check(&document(DOCUMENT_PAGES_MAX));
    let look = Look {
        turns: 3,
        preview: Some(Hash::from([8; 32])),
    };
    check(&with_looks(2, vec![look, Look::default()]));
    check(&entry(""));
    check(&entry(&"é".repeat(ENTRY_BYTES_MAX / 2)));
    check(&checked(IdentityWay::QUESTIONS_ANSWERED));
    check(&checked(IdentityWay(u32::MAX)));
    check(&Act::Unknown {
        kind: 77,
        body: vec![0x82, 1, 0x61, b'x'],
    });
}

#[test]
fn the_format_stays() {
    let payload = message("Bonjour").encode().expect("encodes");
    assert_eq!(payload[0], 1);
    assert_eq!(
        plain(&payload),
        "8200831b000001a0c4506c0067426f6e6a6f7572626672"
    );
    assert_eq!(
        plain(&document(1).encode().expect("encodes")),
        concat!(
            "8201861b000001a0c4506c005007070707070707070707070707070707",
            "686261696c2e7064666f6170706c69636174696f6e2f7064668158200909090909090909090909090909090909090909090909090909090909090909",
            "1a0001e240",
        )
    );
    let look = Look {
        turns: 1,
        preview: Some(Hash::from([8; 32])),
    };
    assert_eq!(
        plain(&with_looks(1, vec![look]).encode().expect("encodes")),
        concat!(
            "8201871b000001a0c4506c005007070707070707070707070707070707",
            "686261696c2e7064666f6170706c69636174696f6e2f7064668158200909090909090909090909090909090909090909090909090909090909090909",
            "1a0001e240",
            "81820158200808080808080808080808080808080808080808080808080808080808080808",
        )
    );
    assert_eq!(
        plain(&entry("bébé").encode().expect("encodes")),
        "821840831b000001a0c4506c00006662c3a962c3a9"
    );
    let of = checked(IdentityWay::KNOWN_TO_HOST);
    assert_eq!(
        plain(&of.encode().expect("encodes")),
        "821841821b000001a0c4506c0003"
    );
}

#[test]
fn what_does_not_fit_is_refused() {
    let length = |act: Act| act.encode().expect_err("too long or empty");
    assert_eq!(length(message("")), BadAct::Length("message"));
    assert_eq!(
        length(message(&"x".repeat(MESSAGE_BYTES_MAX + 1))),
        BadAct::Length("message")
    );
    assert_eq!(length(document(0)), BadAct::Length("list of pages"));
    assert_eq!(
        length(document(DOCUMENT_PAGES_MAX + 1)),
        BadAct::Length("list of pages")
    );
    assert_eq!(
        length(with_looks(2, vec![Look::default()])),
        BadAct::Length("list of looks")
    );
    let upside = Look {
        turns: 4,
        preview: None,
    };
    assert_eq!(length(with_looks(1, vec![upside])), BadAct::Turns);
    assert_eq!(
        length(entry(&"x".repeat(ENTRY_BYTES_MAX + 1))),
        BadAct::Length("journal entry")
    );
    let bomb = deflate(VERSION, &vec![0; 1 << 22]);
    assert_eq!(Act::decode(&bomb), Err(BadAct::Length("act")));
    assert_eq!(Act::decode(&[2, 3]), Err(BadAct::Version(2)));
    assert_eq!(Act::decode(&[]), Err(BadAct::Encoding));
    let trailing = deflate(VERSION, &[0x82, 0x18, 77, 1, 1]);
    assert_eq!(Act::decode(&trailing), Err(BadAct::Encoding));
    let mut nested = vec![0x82, 0x18, 77];
    nested.extend([0x81; 60_000]);
    assert_eq!(
        Act::decode(&deflate(VERSION, &nested)),
        Err(BadAct::Encoding)
    );
}

#[test]
fn damaged_acts_are_refused_or_read() {
    let payload = document(3).encode().expect("encodes");
    for at in 0..payload.len() {
        assert!(Act::decode(&payload[..at]).is_err());
        for bit in 0..8 {
            let mut damaged = payload.clone();
            damaged[at] ^= 1 << bit;
            let _ = Act::decode(&damaged);
        }
    }
}

#[test]
fn the_number_of_a_kind_tells_its_class() {
    let allowed = |kind| {
        let act = Act::Unknown {
            kind,
            body: vec![0xf6],
        };
        ActClass::ALL.map(|class| act.allows(class))
    };
    assert_eq!(allowed(0), [true, true, false]);
    assert_eq!(allowed(63), [true, true, false]);
    assert_eq!(allowed(64), [false, true, false]);
    assert_eq!(allowed(128), [false, false, true]);
    assert_eq!(allowed(192), [false, false, false]);
    assert!(entry("x").allows(ActClass::Agent) && !entry("x").allows(ActClass::Citizen));
    assert!(message("x").allows(ActClass::Citizen) && !message("x").allows(ActClass::Decision));
}
