//! Golden vectors: the exact bytes of what nodes tell each other, made from fixed seeds.
//!
//! `golden.txt` holds one vector a line, its name and its bytes in hexadecimal. A difference means
//! that nodes in the field would no longer understand each other. To change a format on purpose,
//! run with `GUICHET_GOLDEN=write` and read the difference before committing.

use std::fmt::Write as _;
use std::path::Path;

use guichet_keys::{AgreementSecret, CaseTag, ServiceId, SigningKey, SubjectId};
use guichet_media::signal::{
    Availability, Body, DeskNotice, Holder, Holding, LegNotice, Mode, Passed, Signal, Stage,
    TicketDetails, TicketNotice,
};
use guichet_media::{CallId, LegDescription, TicketId};

const TICKET: TicketId = TicketId([0x11; 16]);

fn key(number: u8) -> SigningKey {
    SigningKey::from_seed(&[number; 32])
}

fn subject(number: u8) -> SubjectId {
    key(number).subject()
}

fn signed(from: u8, to: Option<SubjectId>, body: Body) -> Vec<u8> {
    let signal = Signal {
        from: subject(from),
        life: 1_790_000_000_000,
        number: 7,
        to,
        body,
    };
    signal.sign(&key(from))
}

fn ticket(stage: Stage) -> Body {
    let details = TicketDetails {
        case: CaseTag::from([0x22; 16]),
        lang: "fr".to_owned(),
        mode: Mode::Writing,
    };
    let service = AgreementSecret::from_seed(&[0x33; 32]).public();
    Body::Ticket(TicketNotice {
        ticket: TICKET,
        service: ServiceId::new("caf").expect("a good name"),
        waited_ms: 90_000,
        stage,
        details: details.seal(&service, &TICKET, &[0x44; 32]).expect("seals"),
    })
}

fn vectors() -> Vec<(&'static str, Vec<u8>)> {
    let holder = Holder {
        station: subject(2),
        person: subject(3),
        round: 2,
    };
    let desk = Body::Desk(DeskNotice {
        person: subject(3),
        services: vec![ServiceId::new("caf").expect("a good name")],
        availability: Availability::Busy,
        holding: Some(Holding {
            ticket: TICKET,
            kiosk: subject(1),
            passed_to: Some(subject(4)),
        }),
        lengths_s: vec![240, 61],
        order: vec![TICKET],
    });
    let leg = Body::Leg(LegNotice {
        call: CallId([0x55; 16]),
        leg: LegDescription {
            generation: 1,
            ufrag: "abcd".to_owned(),
            pwd: "abcdefghijklmnopqrstuv".to_owned(),
            candidates: vec!["192.0.2.7:9".parse().expect("an address")],
        },
        audio: true,
        video: false,
    });
    let passed = Passed {
        known_ms: Some(1_500),
        signed: vec![1, 2, 3],
    };
    vec![
        ("ticket that waits", signed(1, None, ticket(Stage::Waiting))),
        (
            "ticket that rings",
            signed(1, None, ticket(Stage::Ringing(holder))),
        ),
        (
            "ticket answered",
            signed(1, None, ticket(Stage::Answered(holder))),
        ),
        ("ticket gone", signed(1, None, ticket(Stage::Gone))),
        ("desk", signed(2, None, desk)),
        ("leg", signed(2, Some(subject(1)), leg)),
        ("nobody", signed(1, None, Body::Nobody)),
        ("passed on", passed.encode()),
        ("name of a call", holder.call(&TICKET).0.to_vec()),
    ]
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "writing the vectors anew is asked for from outside"
)]
fn signals_keep_their_bytes() {
    let mut text = String::new();
    for (name, bytes) in vectors() {
        let hex = bytes.iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("a string takes all");
            hex
        });
        writeln!(text, "{name}: {hex}").expect("a string takes all");
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden.txt");
    if std::env::var_os("GUICHET_GOLDEN").is_some_and(|value| value == "write") {
        std::fs::write(&file, &text).expect("written");
    }
    let pinned = std::fs::read_to_string(&file).expect("golden.txt");
    assert_eq!(text, pinned);
}

#[test]
fn what_is_pinned_reads_back() {
    for (name, bytes) in vectors().iter().take(7) {
        let signal = Signal::read(bytes).expect(name);
        assert_eq!(
            (signal.life, signal.number),
            (1_790_000_000_000, 7),
            "{name}"
        );
        let again = signal
            .clone()
            .sign(&key(if signal.from == subject(1) { 1 } else { 2 }));
        assert_eq!(&again, bytes, "{name}");
    }
}
