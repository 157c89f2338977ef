//! Waiting at the kiosk: one's place, one's own picture and sound, and the ways out.

use maud::{Markup, html};

use super::{Around, devices};
use crate::web::page::{Frame, icon};
use crate::web::text::Lang;
use crate::web::view::{Line, WaitingCall};

/// How many people of the queue are drawn.
const DRAWN_MAX: usize = 5;

/// `elsewhere` if the page shows another case than the one that is waited for.
pub(super) fn around<'a>(waiting: &WaitingCall, elsewhere: bool, frame: &Frame) -> Around<'a> {
    let t = frame.lang();
    Around {
        class: "call--waiting",
        label: t.wait_title(),
        title: None,
        before: html! {
            (place(waiting, elsewhere, t))
            @if waiting.missed {
                p.notice.wait role="alert" {
                    (icon("bell")) b { (t.wait_missed()) } span { (t.wait_missed_note()) }
                }
            }
            h2.vh { (t.check_title()) }
        },
        over: html! { span.stage__none { (icon("cam-off")) } },
        after: html! {
            (devices(frame))
            div.call__ways {
                @if waiting.line == Line::Up {
                    p.call__cut { (icon("lock")) span { b { (t.wait_if_cut()) } " " (t.wait_if_cut_note()) } }
                }
                p { (icon("bell")) span { (t.wait_signal()) } }
                button.btn type="button" data-signal aria-label=(t.try_signal()) { (t.try_it()) }
                a.btn.btn--wide href="#say" {
                    (icon("msg")) span { (t.leave_message()) small { (t.wait_no_time()) } }
                }
            }
            div #signal.ring__light.signal data-signal-light data-keep aria-hidden="true" hidden {}
        },
    }
}

/// The rank and an honest range; a change of the place is announced, the estimate is not.
fn place(waiting: &WaitingCall, elsewhere: bool, t: Lang) -> Markup {
    let cut = matches!(waiting.line, Line::Cut { .. });
    let rank = waiting.ahead.filter(|_| !cut).map(|ahead| ahead + 1);
    html! {
        div #place.place {
            p.vh role="status" { (place_words(waiting, t)) }
            div.place__stand aria-hidden="true" {
                @match rank {
                    Some(rank) => {
                        p.place__rank { (rank) sup { (t.place_end(rank)) } }
                        (people(rank - 1))
                    },
                    None => span.place__mark { (icon(if cut { "cut" } else { "clock" })) },
                }
            }
            div {
                @if elsewhere { p.place__for { (t.of(&waiting.service.name)) } }
                @if cut {
                    b { (t.wait_cut()) } p { (t.wait_cut_note()) }
                } @else {
                    b { (estimate(waiting, t)) }
                    p {
                        @if let Some(ahead) = waiting.ahead { (t.place_ahead(ahead)) " " }
                        (t.place_advisers(waiting.advisers))
                    }
                }
            }
        }
    }
}

fn estimate(waiting: &WaitingCall, t: Lang) -> String {
    match (waiting.minutes, waiting.ahead) {
        (Some((from, to)), _) => t.wait_minutes(from, to),
        (None, Some(_)) => t.wait_unknown().to_owned(),
        (None, None) => t.wait_no_place().to_owned(),
    }
}

/// The place as one sentence.
pub(super) fn place_words(waiting: &WaitingCall, t: Lang) -> String {
    match (waiting.line, waiting.ahead) {
        (Line::Cut { .. }, _) => format!("{}.", t.wait_cut()),
        (Line::Up, Some(ahead)) => t.place_is(ahead + 1),
        (Line::Up, None) => format!("{}.", t.wait_no_place()),
    }
}

/// The queue as it stands: those before, and oneself, larger.
fn people(ahead: usize) -> Markup {
    html! {
        p.people {
            @for _ in 0..ahead.min(DRAWN_MAX) { (icon("me")) }
            span.you { (icon("me")) }
        }
    }
}
