//! A node that answers with invented people.

use guichet::services;
use guichet::services::values::{Day, Reader};
use guichet::web::counter::{Ask, CaseWork, Refusal, Thing, Upload};
use guichet::web::view::{Search, Side, TextView, VisitState, VisitView, Who};
use guichet_keys::CaseTag;

use crate::sample::*;

/// Answers as a node in that scene would. Writes are taken and forgotten.
pub fn answer(ask: Ask, scene: Scene, side: Side) {
    let known = |case: CaseTag| case == CaseTag::from(CASE);
    let lost = Refusal::NotFound(Thing::Case);
    let sent = match ask {
        Ask::Home(reply) => reply.send(Ok(home(scene))).is_ok(),
        Ask::Service {
            service: name,
            reply,
        } => {
            let found = services::demo()
                .into_iter()
                .any(|(known, _)| known == name.as_str());
            let view = found.then(|| {
                let place = "Mairie de Chantelauze".to_owned();
                service(name.as_str()).view(
                    place,
                    line(scene),
                    reach(scene),
                    reception(scene),
                    visit(scene),
                )
            });
            reply
                .send(view.ok_or(Refusal::NotFound(Thing::Service)))
                .is_ok()
        }
        Ask::StartCase { reply, .. } => reply.send(Ok(CaseTag::from(CASE))).is_ok(),
        Ask::Visit(reply) => {
            let view = VisitView {
                place: "Mairie de Chantelauze".to_owned(),
                line: line(scene),
                cases: cases(),
                call: call(scene, side),
                idle: IDLE,
                loose: loose(scene),
            };
            let open = matches!(visit(scene), VisitState::Open { .. });
            reply
                .send(open.then_some(view).ok_or(Refusal::NoVisit))
                .is_ok()
        }
        Ask::Receipt(reply) => reply.send(Ok(receipt(scene))).is_ok(),
        Ask::GiveBack { reply, .. } => reply.send(Err(Refusal::NotEmpty)).is_ok(),
        Ask::MessageTyped { reply, .. } => reply.send(Ok(())).is_ok(),
        Ask::EndVisit(reply)
        | Ask::StillHere(reply)
        | Ask::InterruptionRead(reply)
        | Ask::AnswerCall(reply)
        | Ask::LeaveCall(reply)
        | Ask::PageOpen(reply)
        | Ask::Lock(reply) => reply.send(Ok(())).is_ok(),
        Ask::Locking(reply) => reply.send(Ok(None)).is_ok(),
        Ask::Case { case: tag, reply } => reply
            .send(if known(tag) {
                Ok(case(scene, side))
            } else {
                Err(lost)
            })
            .is_ok(),
        Ask::SetField { put, reply } => {
            let service = service("caf");
            let form = service.form("housing").expect("housing");
            let said = match form.field(&put.field.name) {
                None => Err(Refusal::NotFound(Thing::Field)),
                Some(known) => known
                    .check(
                        &put.value,
                        &Reader {
                            lang: put.lang,
                            today: Day::at(NOW_S),
                        },
                    )
                    .map(drop)
                    .map_err(Refusal::Invalid),
            };
            reply.send(said).is_ok()
        }
        Ask::Splice { splice, reply, .. } => reply
            .send(Ok(TextView {
                text: splice.insert,
                version: VERSION.to_owned(),
                seq: 8,
                by: Some(Who::Me),
                at_s: Some(NOW_S),
            }))
            .is_ok(),
        Ask::Draft { reply, .. } | Ask::Say { reply, .. } => reply.send(Ok(())).is_ok(),
        Ask::Paper(_, ask) => crate::sample::papers::answer(ask, scene, side),
        Ask::Advisers(reply) => reply.send(Ok(unlock(scene))).is_ok(),
        Ask::Unlock {
            passphrase, reply, ..
        } => {
            let right = passphrase.expose() == "quatre mots au hasard";
            reply
                .send(if right {
                    Ok(())
                } else {
                    Err(Refusal::WrongPassphrase { pause_s: 5 })
                })
                .is_ok()
        }
        Ask::Call(reply) => reply.send(Ok(call(scene, side))).is_ok(),
        Ask::JoinQueue { reply, .. }
        | Ask::PassCall { reply, .. }
        | Ask::Attend { reply, .. }
        | Ask::SendMedia { reply, .. } => reply.send(Ok(())).is_ok(),
        Ask::TakeTicket { reason, reply, .. } => {
            let said = reason.is_some().then_some(()).ok_or(Refusal::NotTheirTurn);
            reply.send(said).is_ok()
        }
        Ask::OfferMedia { reply, .. } => reply.send(Ok("v=0\r\n".to_owned())).is_ok(),
        Ask::Desk { search, reply } => {
            let mut view = desk(scene);
            let among = view.cases.len();
            view.cases
                .truncate(if search.is_some() { 1 } else { among });
            view.search = search.map(|words| Search { words, among });
            reply.send(Ok(view)).is_ok()
        }
        Ask::Work(
            CaseWork::Note { reply, .. }
            | CaseWork::Keep { reply, .. }
            | CaseWork::CheckIdentity { reply, .. }
            | CaseWork::Read { reply, .. },
        ) => reply.send(Ok(())).is_ok(),
        Ask::Status(reply) => reply.send(Ok(status(scene))).is_ok(),
    };
    let _the_page_has_gone = !sent;
}

pub fn file() -> Upload {
    Upload {
        name: "Bail signé \"1\".pdf".to_owned(),
        media_type: "application/pdf".to_owned(),
        bytes: b"%PDF-1.7\nnot much of one\n".to_vec(),
    }
}

/// A page with lines on it.
pub fn picture(page: u32) -> Vec<u8> {
    let (width, height) = (600, 848);
    let ink = |x: u32, y: u32| {
        let in_line = y % 36 < 9 && (70..530).contains(&x) && (90..760).contains(&y);
        let ragged = x < 330 + (y / 36 * 67 + page * 31) % 200;
        if in_line && ragged { 90 } else { 255 }
    };
    let pixels: Vec<u8> = (0..height)
        .flat_map(|y| (0..width).map(move |x| ink(x, y)))
        .collect();
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().expect("a header");
    writer.write_image_data(&pixels).expect("pixels");
    writer.finish().expect("an end");
    bytes
}
