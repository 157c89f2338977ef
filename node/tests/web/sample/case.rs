//! A case as both sides see it.

use guichet::services::FieldDef;
use guichet::web::ids::{DocumentId, FormId};
use guichet::web::view::*;

use super::{
    FORM, NOW_S, Scene, VERSION, call, cases, line, papers, reach, reception, service, visit, work,
};

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
