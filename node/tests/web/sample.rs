//! Views with invented people.

use guichet::services::{self, FieldDef, Service};
use guichet::web::ids::{DocumentId, FormId};
use guichet::web::view::*;
use guichet_keys::{CaseTag, ServiceId, SubjectId};

#[path = "sample/call.rs"]
mod call;
#[path = "sample/papers.rs"]
pub mod papers;
#[path = "sample/paths.rs"]
mod paths;
#[path = "sample/work.rs"]
mod work;

pub use call::{call, colleagues, queue};
pub use paths::paths;

/// The version of everything in the case.
pub const VERSION: &str = "0707070707070707070707070707070707070707070707070707070707070707";
pub const NOW_S: u64 = 1_795_427_520;
pub const CASE: [u8; 16] = [0x4a; 16];
pub const OTHER_CASE: [u8; 16] = [0x5b; 16];
pub const FORM: [u8; 8] = [0x11; 8];
pub const DOCUMENT: [u8; 16] = [0xd0; 16];

/// What the scene at the counter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scene {
    Quiet,
    Visit,
    Interrupted,
    Cut,
    /// Someone waits for an adviser; at the desk, several do.
    Waiting,
    /// A call rings, and nobody has answered yet.
    Ringing,
    /// Two people speak.
    Speaking,
    /// The line of their call is cut.
    Paused,
    /// A call has ended.
    Over,
}

impl Scene {
    pub const ALL: [Self; 9] = [
        Self::Quiet,
        Self::Visit,
        Self::Interrupted,
        Self::Cut,
        Self::Waiting,
        Self::Ringing,
        Self::Speaking,
        Self::Paused,
        Self::Over,
    ];
}

pub fn service(name: &str) -> Service {
    let (_, json) = services::demo()
        .into_iter()
        .find(|(short, _)| *short == name)
        .expect("a demo service");
    Service::parse(ServiceId::new(name).expect("short"), json.as_bytes()).expect("a catalogue")
}

fn brief(name: &str) -> ServiceBrief {
    service(name).brief
}

pub fn line(scene: Scene) -> Line {
    match scene {
        Scene::Cut | Scene::Paused => Line::Cut {
            since_s: Some(NOW_S - 40),
        },
        Scene::Quiet
        | Scene::Visit
        | Scene::Interrupted
        | Scene::Waiting
        | Scene::Ringing
        | Scene::Speaking
        | Scene::Over => Line::Up,
    }
}

pub fn cases() -> Vec<CaseBrief> {
    [("caf", CASE), ("energie", OTHER_CASE)]
        .map(|(name, case)| {
            let service = service(name);
            CaseBrief {
                case: CaseTag::from(case),
                title: service.forms[0].title.clone(),
                service: service.brief,
                number: None,
            }
        })
        .to_vec()
}

/// What the end of the visit would drop: in some scenes something of each kind.
pub fn loose(scene: Scene) -> Vec<Loose> {
    if !matches!(scene, Scene::Over | Scene::Cut) {
        return vec![];
    }
    let [caf, mut other] = <[CaseBrief; 2]>::try_from(cases()).expect("two");
    other.number = Some(2);
    let text = "Je vous enverrai la quittance de novembre.".to_owned();
    vec![
        Loose::Sheets {
            case: caf.clone(),
            sheets: 2,
        },
        Loose::Message { case: caf, text },
        Loose::Empty { case: other },
    ]
}

pub const IDLE: Idle = Idle {
    ends_in_s: 600,
    warn_s: 60,
};

pub fn visit(scene: Scene) -> VisitState {
    match scene {
        Scene::Quiet => VisitState::None,
        Scene::Interrupted => VisitState::Interrupted,
        Scene::Visit
        | Scene::Cut
        | Scene::Waiting
        | Scene::Ringing
        | Scene::Speaking
        | Scene::Paused
        | Scene::Over => VisitState::Open {
            cases: cases(),
            idle: IDLE,
            loose: loose(scene),
        },
    }
}

/// While the line is cut nobody is known to be there.
pub fn reception(scene: Scene) -> Reception {
    match line(scene) {
        Line::Up => Reception::Free,
        Line::Cut { .. } => Reception::Nobody,
    }
}

pub fn reach(scene: Scene) -> Reach {
    match line(scene) {
        Line::Up => Reach::Here,
        Line::Cut { .. } => Reach::Cut,
    }
}

pub fn home(scene: Scene) -> HomeView {
    let reach = |name| match (scene, name) {
        (Scene::Cut | Scene::Paused, _) => Reach::Cut,
        (_, "assurance-maladie") => Reach::Kept,
        _ => Reach::Here,
    };
    let reception = |name| match name {
        "caf" => reception(scene),
        "energie" if line(scene) == Line::Up => Reception::Busy,
        _ => Reception::Nobody,
    };
    HomeView {
        place: "Mairie de Chantelauze".to_owned(),
        line: line(scene),
        services: services::demo()
            .into_iter()
            .map(|(name, _)| ServiceCard {
                brief: brief(name),
                reach: reach(name),
                reception: reception(name),
            })
            .collect(),
        visit: visit(scene),
    }
}

fn content(field: &FieldDef, side: Side) -> FieldContent {
    let (citizen, adviser) = match side {
        Side::Citizen => (Who::Me, Who::Adviser("Nadia Roche".to_owned())),
        Side::Adviser => (Who::Citizen, Who::Me),
    };
    let put = |value: &str, by: &Who| Candidate {
        value: value.to_owned(),
        by: by.clone(),
        at_s: NOW_S - 600,
        fits: true,
    };
    if field.is_area() {
        let text = match field.name.as_str() {
            "situation" => {
                "Mon contrat s’est terminé le 31 octobre.\nJe garde ma fille une semaine sur deux."
            }
            _ => "",
        };
        return FieldContent::Area(TextView {
            text: text.to_owned(),
            version: VERSION.to_owned(),
            seq: 7,
            by: (!text.is_empty()).then(|| adviser.clone()),
            at_s: (!text.is_empty()).then_some(NOW_S - 90_000),
        });
    }
    let candidates = match field.name.as_str() {
        "last_name" => vec![put("Vidal", &citizen)],
        "first_name" => vec![put("Jeanne", &citizen)],
        "birth_date" => vec![put("1958-07-04", &citizen)],
        "social_security" => vec![put("258076300000000", &citizen)],
        "address" => vec![put("4 rue du Lavoir, 63000 Chantelauze", &adviser)],
        "move_in" => vec![put("2026-09-01", &citizen)],
        "rent" => vec![put("412", &citizen), put("421.5", &adviser)],
        "household" => vec![put("alone", &citizen)],
        _ => vec![],
    };
    FieldContent::Register {
        candidates,
        version: VERSION.to_owned(),
        typed: None,
        draft: (field.name == "charges").then(|| Draft {
            value: "3".to_owned(),
            by: match side {
                Side::Citizen => adviser,
                Side::Adviser => citizen,
            },
        }),
    }
}

fn documents(side: Side) -> Vec<DocumentView> {
    let (mine, theirs) = match side {
        Side::Citizen => (Who::Me, Who::Adviser("Nadia Roche".to_owned())),
        Side::Adviser => (Who::Citizen, Who::Me),
    };
    let one = |n: u8, name: &str, bytes, by: &Who, state, arrival| DocumentView {
        document: DocumentId::from([n; 16]),
        name: name.to_owned(),
        media_type: "application/pdf".to_owned(),
        bytes,
        by: by.clone(),
        at_s: NOW_S - 600,
        state,
        arrival,
        pages: vec![PageView {
            turns: 0,
            preview: true,
            arrival,
        }],
    };
    let received = ItemState::Received { at_s: NOW_S - 300 };
    vec![
        one(
            0xd0,
            "Bail signé.pdf",
            1_250_000,
            &mine,
            received,
            Arrival::Here,
        ),
        one(
            0xd1,
            "Quittance octobre.png",
            640_000,
            &mine,
            ItemState::EnRoute,
            Arrival::Here,
        ),
        one(
            0xd2,
            "Attestation CAF.pdf",
            88_000,
            &theirs,
            received,
            Arrival::Here,
        ),
        one(
            0xd3,
            "Avis d’impôt 2026.pdf",
            2_400_000,
            &theirs,
            ItemState::Saved,
            Arrival::Coming { percent: 60 },
        ),
    ]
}

fn messages(side: Side) -> Vec<MessageView> {
    let (citizen, adviser) = match side {
        Side::Citizen => (Who::Me, Who::Adviser("Nadia Roche".to_owned())),
        Side::Adviser => (Who::Citizen, Who::Me),
    };
    let received = ItemState::Received { at_s: NOW_S - 60 };
    [
        (
            &adviser,
            "Bonjour Madame. Votre loyer est de 412 €, c’est bien ça\u{202f}?",
            received,
        ),
        (&citizen, "Oui, sans les charges.", received),
        (
            &adviser,
            "La date est en haut de la page 1 du bail.",
            received,
        ),
        (&citizen, "Je la vois, merci.", ItemState::EnRoute),
    ]
    .into_iter()
    .zip(0u64..)
    .map(|((by, text, state), n)| MessageView {
        id: format!("a{n}"),
        text: text.to_owned(),
        lang: "fr".to_owned(),
        by: by.clone(),
        at_s: NOW_S - 240 + n * 60,
        state,
    })
    .collect()
}

pub fn case(scene: Scene, side: Side) -> CaseView {
    let service = service("caf");
    let form = service.form("housing").expect("housing");
    CaseView {
        brief: cases().remove(0),
        side,
        line: line(scene),
        reach: reach(scene),
        reception: reception(scene),
        seq: 7,
        at_s: NOW_S,
        opened_at_s: NOW_S - 1200,
        place: "Mairie de Chantelauze".to_owned(),
        person: (side == Side::Adviser).then(|| "Jeanne Vidal".to_owned()),
        adviser: (side == Side::Adviser).then(|| "Nadia Roche".to_owned()),
        readers: work::readers(scene, side),
        identity: work::identity(scene, side),
        call: call(scene, side),
        kiosk_cut_since_s: (side == Side::Adviser && scene == Scene::Over).then_some(NOW_S - 40),
        unsent: match line(scene) {
            Line::Cut { .. } => 3,
            Line::Up => 0,
        },
        state: match line(scene) {
            Line::Cut { .. } => Some(ItemState::Saved),
            Line::Up => Some(ItemState::EnRoute),
        },
        forms: vec![form.view(FormId::from(FORM), |field| content(field, side))],
        documents: documents(side),
        messages: messages(side),
        printing: papers::printing(scene),
        notes: work::notes(scene, side),
        timeline: work::timeline(side),
        visit: match side {
            Side::Citizen => visit(scene),
            Side::Adviser => VisitState::None,
        },
        unsent_note: String::new(),
        unsent_remark: String::new(),
        unsent_reason: String::new(),
        unsent_message: String::new(),
    }
}

pub fn receipt(scene: Scene) -> ReceiptView {
    let item = |what, state| ReceiptItem {
        what,
        state: Some(state),
    };
    let received = ItemState::Received { at_s: NOW_S - 600 };
    let form = |title: &Words, filled, fields| ReceiptWhat::Form {
        title: title.clone(),
        filled,
        fields,
    };
    let document = |name: &str, bytes| ReceiptWhat::Document {
        name: name.to_owned(),
        bytes,
    };
    let [caf, energy] = <[CaseBrief; 2]>::try_from(cases()).expect("two");
    let said = "Je confirme mon loyer.".to_owned();
    ReceiptView {
        place: "Mairie de Chantelauze".to_owned(),
        line: line(scene),
        at_s: NOW_S,
        cases: vec![
            ReceiptCase {
                items: vec![
                    item(form(&caf.title, 14, 15), received),
                    item(ReceiptWhat::Message { text: said }, received),
                    item(document("Bail signé.pdf", 1_250_000), ItemState::EnRoute),
                    item(document("Quittance octobre.png", 640_000), ItemState::Saved),
                ],
                brief: caf,
            },
            ReceiptCase {
                items: vec![if scene == Scene::Over {
                    ReceiptItem {
                        what: form(&energy.title, 0, 13),
                        state: None,
                    }
                } else {
                    item(form(&energy.title, 6, 13), ItemState::EnRoute)
                }],
                brief: energy,
            },
        ],
        idle: IDLE,
        loose: loose(scene),
    }
}

pub fn unlock(scene: Scene) -> UnlockView {
    let adviser = |n: u8, name: &str, services: &[&str]| AdviserBrief {
        adviser: SubjectId::from([n; 32]),
        name: name.to_owned(),
        services: services.iter().map(|name| brief(name).name).collect(),
    };
    UnlockView {
        place: "CAF, poste 2".to_owned(),
        line: line(scene),
        advisers: vec![
            adviser(
                1,
                "Nadia Roche",
                &["caf", "france-travail", "assurance-maladie", "energie"],
            ),
            adviser(2, "Karim Benali", &["energie"]),
        ],
        outbox: 3,
        open: None,
    }
}

pub fn desk(scene: Scene) -> DeskView {
    let case = |n: u8, name: &str, person: Option<&str>, place: &str, filled, documents| {
        let service = service(name);
        DeskCase {
            brief: CaseBrief {
                case: CaseTag::from([n; 16]),
                title: service.forms[0].title.clone(),
                service: service.brief,
                number: None,
            },
            person: person.map(str::to_owned),
            place: place.to_owned(),
            opened_at_s: NOW_S - 3600,
            changed_at_s: Some(NOW_S - u64::from(n) * 47),
            filled,
            fields: 15,
            documents,
            documents_coming: usize::from(n == 2),
            messages: usize::from(n) + 1,
            unsent_reason: String::new(),
        }
    };
    DeskView {
        place: "CAF, poste 2".to_owned(),
        adviser: "Nadia Roche".to_owned(),
        services: services::demo().map(|(name, _)| brief(name)).to_vec(),
        line: line(scene),
        availability: match call(scene, Side::Adviser) {
            CallView::Speaking { .. } | CallView::Ringing(_) => Availability::Busy,
            CallView::None { .. } | CallView::Waiting(_) => match scene {
                Scene::Over => Availability::Away,
                Scene::Quiet
                | Scene::Visit
                | Scene::Interrupted
                | Scene::Cut
                | Scene::Waiting
                | Scene::Ringing
                | Scene::Speaking
                | Scene::Paused => Availability::Free,
            },
        },
        call: call(scene, Side::Adviser),
        queue: queue(scene),
        colleagues: colleagues(scene),
        cases: vec![
            case(
                0x4a,
                "caf",
                Some("Jeanne Vidal"),
                "Mairie de Chantelauze",
                14,
                3,
            ),
            case(
                2,
                "france-travail",
                Some("Lucien Fayet"),
                "Médiathèque de Vaulnay",
                9,
                2,
            ),
            case(3, "energie", None, "Maison commune de Pradel", 0, 0),
            case(
                4,
                "assurance-maladie",
                Some("Amadou Keïta"),
                "Mairie de La Chaux-Verte",
                13,
                5,
            ),
        ],
        search: None,
        outbox: 2,
        alarms: match line(scene) {
            Line::Cut { .. } => vec![
                Alarm::Shut {
                    service: brief("energie"),
                    cases: 0,
                },
                Alarm::Shut {
                    service: brief("caf"),
                    cases: 3,
                },
                Alarm::Unreadable {
                    case: CaseTag::from([2; 16]),
                    items: 2,
                },
            ],
            Line::Up => vec![],
        },
    }
}

pub fn status(scene: Scene) -> StatusView {
    let member = |n: u8, name: &str, role: &str, presence, waiting| Member {
        node: format!("{n:02x}").repeat(32),
        name: name.to_owned(),
        role: role.to_owned(),
        presence,
        waiting,
    };
    let here = |route| Presence::Here {
        since_s: NOW_S - 7260,
        route,
        round_trip_ms: Some(23),
    };
    let direct = |carrier| here(Route::Direct { carrier });
    let relay = SubjectId::from([0xb1; 32]);
    StatusView {
        role: "relay".to_owned(),
        name: "Relais de Clermont".to_owned(),
        node: "7f".repeat(32),
        network: "1c".repeat(32),
        version: "0.1.0".to_owned(),
        started_at_s: NOW_S - 90_000,
        at_s: NOW_S,
        line: line(scene),
        members: vec![
            member(
                0xa1,
                "Mairie de Chantelauze",
                "kiosk",
                direct(Carrier::Tcp),
                0,
            ),
            member(
                0xa2,
                "Médiathèque de Vaulnay",
                "kiosk",
                here(Route::Relayed { relay }),
                4,
            ),
            member(
                0xa3,
                "Maison commune de Pradel",
                "kiosk",
                Presence::Away {
                    since_s: Some(NOW_S - 7800),
                },
                31,
            ),
            member(0xb1, "CAF, poste 2", "station", direct(Carrier::Quic), 0),
            member(
                0xb2,
                "France Travail, poste 1",
                "station",
                Presence::Away { since_s: None },
                3,
            ),
        ],
        call: (scene == Scene::Speaking).then(|| CallLine {
            with: SubjectId::from([0xb1; 32]),
            media: MediaState::Live,
            direct: Some(([10, 0, 0, 7], 40_312).into()),
            round_trip_ms: Some(61),
            lost_sent_permille: Some(4),
            lost_received_permille: None,
            estimate_kbit_s: Some(812),
            sent: Passed {
                audio_kbit_s: 31,
                video_kbit_s: 402,
            },
            received: Passed::default(),
        }),
        stored: Stored {
            statements: 41,
            receipts: 812,
            edits: 3_204,
            acts: 611,
            pages: 187,
            segments_received: 1_496,
            bytes: 412_000_000,
            bytes_free: 38_400_000_000,
        },
        outbox: Outbox {
            items: 38,
            oldest_at_s: Some(NOW_S - 7800),
            segments_sent: 2_048,
        },
        floods: match scene {
            Scene::Quiet | Scene::Waiting | Scene::Ringing | Scene::Speaking | Scene::Over => {
                vec![]
            }
            Scene::Visit | Scene::Interrupted | Scene::Cut | Scene::Paused => vec![Flood {
                node: "a2".repeat(32),
                name: "Médiathèque de Vaulnay".to_owned(),
                since_s: NOW_S - 900,
                until_s: NOW_S - 240,
            }],
        },
        ills: match scene {
            Scene::Quiet | Scene::Waiting | Scene::Ringing | Scene::Speaking | Scene::Over => {
                vec![]
            }
            Scene::Visit | Scene::Interrupted | Scene::Cut | Scene::Paused => vec![
                Ill::DiskFull,
                Ill::Unreadable {
                    said: "/var/lib/guichet/store/journal/00000001.journal: damaged at byte 4096"
                        .to_owned(),
                },
                Ill::VaultUnreadable {
                    file: "/var/lib/guichet/vaults/0b62.vault".to_owned(),
                },
                Ill::Repaired {
                    what: "journal 000007: 61 bytes of a torn record cut off".to_owned(),
                    lost: false,
                },
                Ill::Repaired {
                    what: "journal 000006: 912 bytes were damaged, all else was kept".to_owned(),
                    lost: true,
                },
                Ill::KeysInFile,
                Ill::CredentialExpired { days: 3 },
            ],
        },
    }
}
