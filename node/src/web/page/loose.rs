//! What the end of a visit would drop: said before it is dropped, with what can be done about it.

use maud::{Markup, html};

use super::{Frame, icon, token_field};
use crate::web::text::Lang;
use crate::web::view::{CaseBrief, Loose};

/// The list; empty without anything loose. `place` names it on its page: an item keeps its
/// element, so that no order becomes another under somebody's finger.
pub(super) fn list(loose: &[Loose], place: &str, frame: &Frame) -> Markup {
    html! {
        @if !loose.is_empty() {
            ul.loose {
                @for one in loose {
                    @let (what, case) = name_of(one);
                    li id={ (place) "-" (what) "-" (case.case) } { (item(one, frame)) }
                }
            }
        }
    }
}

fn name_of(loose: &Loose) -> (&'static str, &CaseBrief) {
    match loose {
        Loose::Sheets { case, .. } => ("sheets", case),
        Loose::Message { case, .. } => ("message", case),
        Loose::Empty { case } => ("empty", case),
    }
}

fn item(loose: &Loose, frame: &Frame) -> Markup {
    let t = frame.lang();
    match loose {
        Loose::Sheets { case, sheets } => {
            let sheets_of = format!("/cases/{}/sheets", case.case);
            let join = Order {
                action: format!("{sheets_of}/join"),
                mark: "check",
                words: t.loose_join(),
                class: "btn--main",
            };
            let discard = Order {
                action: format!("{sheets_of}/discard"),
                mark: "trash",
                words: t.loose_discard(),
                class: "btn--other",
            };
            html! {
                (icon("scan"))
                p { b { (t.loose_sheets(*sheets)) } " " a href=(sheets_of) { (name(case, t)) } }
                div.row { (order(&join, None, case, frame)) (order(&discard, None, case, frame)) }
            }
        }
        Loose::Message { case, text } => {
            let message = format!("/cases/{}/messages", case.case);
            let send = Order {
                action: message.clone(),
                mark: "send",
                words: t.message_send(),
                class: "btn--main",
            };
            let discard = Order {
                action: format!("{message}/unsent"),
                mark: "trash",
                words: t.loose_discard(),
                class: "btn--other",
            };
            html! {
                (icon("msg"))
                p { b { (t.loose_message()) } " " q { (super::receipt::short(text)) } br; a href={ "/cases/" (case.case) } { (name(case, t)) } }
                div.row { (order(&send, Some(text), case, frame)) (order(&discard, Some(""), case, frame)) }
            }
        }
        Loose::Empty { case } => {
            let give_back = Order {
                action: format!("/cases/{}/back", case.case),
                mark: "trash",
                words: t.loose_give_back(),
                class: "btn--other",
            };
            html! {
                (icon("pen"))
                p { b { (t.loose_empty()) } " " (name(case, t)) }
                div.row {
                    a.btn href={ "/cases/" (case.case) } { (icon("pen")) (t.loose_fill_in()) }
                    (order(&give_back, None, case, frame))
                }
            }
        }
    }
}

struct Order<'a> {
    action: String,
    mark: &'a str,
    words: &'a str,
    class: &'a str,
}

/// An order with what it sends; where there is a text, the line in which it was typed is emptied.
fn order(order: &Order<'_>, text: Option<&str>, case: &CaseBrief, frame: &Frame) -> Markup {
    let name = name(case, frame.lang());
    html! {
        form method="post" action=(order.action) data-order data-empties=[text.map(|_| "#say")] {
            (token_field(frame))
            input type="hidden" name="back" value=(frame.path);
            @if let Some(text) = text { input type="hidden" name="text" value=(text); }
            button.btn.(order.class) { (icon(order.mark)) (order.words) span.vh { ", " (name) } }
            p.field__error role="alert" data-trouble data-keep hidden {}
        }
    }
}

/// A case by its title, and by its number where there are several of that title.
pub(super) fn name(case: &CaseBrief, t: Lang) -> String {
    match case.number {
        Some(number) => t.numbered(t.of(&case.title), number),
        None => t.of(&case.title).to_owned(),
    }
}
