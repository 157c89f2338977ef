//! What advisers of invented names did in a case.

use guichet::web::ids::FormId;
use guichet::web::view::*;

use super::{FORM, NOW_S, Scene, line, service};

fn colleague() -> Who {
    Who::Adviser("Karim Benali".to_owned())
}

/// At the desk a colleague is in a field; at the kiosk the adviser reads.
pub fn readers(scene: Scene, side: Side) -> Vec<Reader> {
    let (name, field) = match (scene, side) {
        (Scene::Visit | Scene::Speaking, Side::Adviser) => ("Karim Benali", Some("first_name")),
        (Scene::Waiting, Side::Citizen) => ("Nadia Roche", None),
        _ => return vec![],
    };
    vec![Reader {
        name: name.to_owned(),
        field: field.map(|name| (FormId::from(FORM), name.to_owned())),
    }]
}

pub fn identity(scene: Scene, side: Side) -> Option<IdentityView> {
    if matches!(scene, Scene::Waiting | Scene::Quiet) {
        return None;
    }
    let (by, remark) = match side {
        Side::Citizen => (Who::Adviser("Nadia Roche".to_owned()), None),
        Side::Adviser => (Who::Me, Some("Valable jusqu’en mars.".to_owned())),
    };
    Some(IdentityView {
        by,
        at_s: NOW_S - 420,
        way: IdentityWay::IdentityCard,
        remark,
    })
}

pub fn notes(scene: Scene, side: Side) -> Vec<NoteView> {
    if side == Side::Citizen || scene == Scene::Quiet {
        return vec![];
    }
    let mine = match line(scene) {
        Line::Cut { .. } => ItemState::Saved,
        Line::Up => ItemState::Received { at_s: NOW_S },
    };
    let note = |text: &str, by, at_s, state| NoteView {
        text: text.to_owned(),
        by,
        at_s,
        state,
    };
    vec![
        note(
            "Garage compris dans le bail, à déduire du loyer.",
            colleague(),
            NOW_S - 180_000,
            ItemState::EnRoute,
        ),
        note(
            "Rappeler le bailleur pour la page 3.",
            Who::Me,
            NOW_S - 120,
            mine,
        ),
    ]
}

pub fn timeline(side: Side) -> Vec<EventView> {
    if side == Side::Citizen {
        return vec![];
    }
    let title = service("caf").forms[0].title.clone();
    let checked = Happened::IdentityChecked {
        way: IdentityWay::IdentityCard,
        remark: Some("Valable jusqu’en mars.".to_owned()),
    };
    let reason = "Train à 11 h, seule avec deux enfants.".to_owned();
    let place = "Mairie de Chantelauze".to_owned();
    let name = "Bail signé.pdf".to_owned();
    let events = [
        (Happened::CaseOpened { place }, Who::Citizen, 1200),
        (Happened::FormStarted { title }, Who::Citizen, 1199),
        (Happened::DocumentAdded { name }, Who::Citizen, 600),
        (Happened::TakenOutOfTurn { reason }, Who::Me, 480),
        (checked, Who::Me, 420),
        (Happened::MessageWritten, Who::Me, 240),
        (Happened::NoteWritten, colleague(), 130),
        (Happened::MessageWritten, Who::Citizen, 60),
    ];
    let event = |(what, by, ago_s)| EventView {
        what,
        by,
        at_s: NOW_S - ago_s,
    };
    events.map(event).to_vec()
}
