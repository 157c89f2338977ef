//! A station, locked and unlocked.

use guichet::services;
use guichet::web::view::*;
use guichet_keys::{CaseTag, SubjectId};

use super::{NOW_S, Scene, brief, call, colleagues, line, queue, service};

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
