//! A visit at a kiosk: its home, its cases, what is not sent, its receipt.

use guichet::services;
use guichet::web::view::*;
use guichet_keys::CaseTag;

use super::{CASE, NOW_S, OTHER_CASE, Scene, brief, line, reception, service};

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
