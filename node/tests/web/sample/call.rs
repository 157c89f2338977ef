//! Waiting and calls with invented people.

use guichet::web::view::*;
use guichet_keys::{CaseTag, SubjectId};
use guichet_media::TicketId;

use super::{CASE, NOW_S, Scene, brief, service};

const BOTH: Sending = Sending {
    audio: true,
    video: true,
};

fn party(side: Side) -> CallParty {
    let name = match side {
        Side::Citizen => "Nadia Roche",
        Side::Adviser => "Mairie de Chantelauze",
    };
    CallParty {
        name: name.to_owned(),
        service: brief("caf"),
        privacy: service("caf").privacy,
        case: Some(CaseTag::from(CASE)),
    }
}

fn speaking(side: Side, media: MediaState, own: Sending, theirs: Sending) -> CallView {
    let free = |one: &Colleague| one.availability == Availability::Free;
    CallView::Speaking {
        party: party(side),
        since_s: NOW_S - 480,
        media,
        cut: match media {
            MediaState::Interrupted { since_s } => CutAt::Here {
                since_s: Some(since_s),
            },
            MediaState::Connecting | MediaState::Live => CutAt::Nowhere,
        },
        own,
        theirs,
        passed_to: None,
        successors: match side {
            Side::Citizen => vec![],
            Side::Adviser => colleagues(Scene::Speaking)
                .into_iter()
                .filter(free)
                .collect(),
        },
    }
}

pub fn call(scene: Scene, side: Side) -> CallView {
    let ended = |ended| CallView::None { ended };
    match (scene, side) {
        (Scene::Quiet | Scene::Visit | Scene::Interrupted | Scene::Cut, _)
        | (Scene::Waiting, Side::Adviser) => ended(None),
        (Scene::Waiting, Side::Citizen) => CallView::Waiting(WaitingCall {
            service: brief("caf"),
            case: CaseTag::from(CASE),
            since_s: NOW_S - 240,
            ahead: Some(2),
            advisers: 2,
            minutes: Some((10, 15)),
            line: Line::Up,
            missed: false,
        }),
        (Scene::Ringing, side) => CallView::Ringing(party(side)),
        (Scene::Speaking, side) => speaking(side, MediaState::Live, BOTH, BOTH),
        (Scene::Paused, side) => {
            let media = MediaState::Interrupted {
                since_s: NOW_S - 40,
            };
            let muted = Sending {
                video: false,
                ..BOTH
            };
            speaking(side, media, muted, BOTH)
        }
        (Scene::Over, Side::Citizen) => ended(Some(CallEnding::HungUp)),
        (Scene::Over, Side::Adviser) => ended(Some(CallEnding::TakenBy {
            name: "Karim Benali".to_owned(),
        })),
    }
}

pub fn queue(scene: Scene) -> Vec<QueueRow> {
    let row = |n: u8, name: &str, person: Option<&str>, kiosk: &str, waited_min: u64, turn| {
        let case = CaseBrief {
            case: CaseTag::from([n; 16]),
            title: service(name).forms[0].title.clone(),
            service: brief(name),
            number: None,
        };
        QueueRow {
            ticket: TicketId([n; 16]),
            place: Some(usize::from(n % 16)),
            kiosk: kiosk.to_owned(),
            service: brief(name),
            wanted: Some(case.case),
            case: Some(case),
            person: person.map(str::to_owned),
            filled: (8, 15),
            documents: usize::from(n % 3),
            lang: Some("fr".to_owned()),
            mode: Some(Mode::Voice),
            waited_s: waited_min * 60,
            cut_since_s: None,
            turn,
            unsent_reason: String::new(),
        }
    };
    let mut english = row(
        4,
        "assurance-maladie",
        Some("Amadou Keïta"),
        "Mairie de La Chaux-Verte",
        4,
        Turn::Later,
    );
    english.lang = Some("en".to_owned());
    let mut writing = row(
        3,
        "energie",
        None,
        "Maison commune de Pradel",
        7,
        Turn::HandedOver {
            by: "Claire Dumas".to_owned(),
        },
    );
    writing.mode = Some(Mode::Writing);
    let speaks = |turn| QueueRow {
        place: None,
        ..row(
            0x4a,
            "caf",
            Some("Jeanne Vidal"),
            "Mairie de Chantelauze",
            12,
            turn,
        )
    };
    match scene {
        Scene::Quiet | Scene::Visit | Scene::Interrupted => vec![],
        Scene::Waiting | Scene::Cut => vec![
            speaks(Turn::With {
                name: "Karim Benali".to_owned(),
            }),
            row(
                1,
                "caf",
                Some("Odile Brun"),
                "Mairie de Vernolles",
                12,
                Turn::Next,
            ),
            row(
                2,
                "france-travail",
                Some("Lucien Fayet"),
                "Médiathèque de Vaulnay",
                9,
                Turn::Cut,
            ),
            writing,
            english,
        ],
        Scene::Ringing | Scene::Speaking | Scene::Paused | Scene::Over => {
            vec![speaks(Turn::Mine), english]
        }
    }
}

pub fn colleagues(scene: Scene) -> Vec<Colleague> {
    let one = |n: u8, name: &str, availability, speaks_with: Option<&str>| Colleague {
        station: SubjectId::from([n; 32]),
        name: name.to_owned(),
        availability,
        speaks_with: speaks_with.map(str::to_owned),
        services: vec![brief("caf").name, brief("energie").name],
    };
    match scene {
        Scene::Quiet => vec![],
        Scene::Visit
        | Scene::Interrupted
        | Scene::Cut
        | Scene::Waiting
        | Scene::Ringing
        | Scene::Speaking
        | Scene::Paused
        | Scene::Over => vec![
            one(
                2,
                "Karim Benali",
                Availability::Busy,
                Some("Médiathèque de Vaulnay"),
            ),
            one(3, "Claire Dumas", Availability::Free, None),
            one(4, "Hugo Faure", Availability::Away, None),
        ],
    }
}
