//! The messages of a case.

use maud::{Markup, html};

use super::{Frame, icon, progress, token_field};
use crate::web::live::{Fragment, REVISION};
use crate::web::time;
use crate::web::view::{CaseView, MessageView, Side, Who};

pub(super) fn panel(view: &CaseView, frame: &Frame) -> Markup {
    let t = frame.lang();
    let label = match view.side {
        Side::Citizen => t.message_to_service(),
        Side::Adviser => t.message_to_person(),
    };
    html! {
        section.panel.letters aria-labelledby="chat" {
            div.panel__head { h2 #chat { (t.messages()) } }
            (list(view, frame))
            form.say method="post" action={ "/cases/" (view.brief.case) "/messages" } data-say {
                (token_field(frame))
                label.vh for="say" { (label) }
                input.input #say name="text" value=(view.unsent_message) placeholder=(label) autocomplete="off" maxlength="4000";
                button.btn { (icon("send")) (t.message_send()) }
            }
        }
    }
}

pub(super) fn list(view: &CaseView, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let markup = html! {
        div #messages.chat.panel__body.scroll data-rev=(REVISION) data-log role="log" aria-labelledby="chat" tabindex="0" {
            @if view.messages.is_empty() { p.chat__empty data-nothing { (t.messages_none()) } }
            @for message in &view.messages { (bubble(view, message, frame)) }
        }
    };
    Fragment::new("messages", markup)
}

fn bubble(view: &CaseView, message: &MessageView, frame: &Frame) -> Markup {
    let t = frame.lang();
    let mine = message.by == Who::Me;
    let foreign = (message.lang != t.tag()).then_some(message.lang.as_str());
    let (_, mark, far) = progress(&message.state, &view.brief.service.named, t);
    html! {
        p.(if mine { "me" } else { "them" }) id={ "m-" (message.id) } {
            small { (t.said(t.who(&message.by))) }
            span lang=[foreign] { (message.text) }
            small.chat__far {
                time.num datetime=(time::machine(message.at_s)) { (time::written(t, message.at_s, view.at_s)) }
                @if mine { " · " (icon(mark)) " " (far) }
            }
        }
    }
}
