//! What happened in a case: the last of it beside the work, all of it on a page of its own.

use maud::{Markup, html};

use super::desk_bar;
use crate::web::live::{Fragment, REVISION};
use crate::web::page::{Fit, Frame, document, icon, line};
use crate::web::text::Lang;
use crate::web::time;
use crate::web::view::{CaseView, EventView, Happened, Who};

/// What stands beside the work; of more, the last.
const SHOWN_MAX: usize = 50;

/// The whole history.
pub(in crate::web) fn draw(view: &CaseView, frame: &Frame) -> Markup {
    let t = frame.lang();
    let adviser = view.adviser.as_deref().unwrap_or_default();
    let name = view.person.as_deref().unwrap_or(t.no_name_yet());
    let body = html! {
        (desk_bar(adviser, line(&view.line, frame), false, frame))
        main.plain {
            div {
                h1 { (name) }
                p.soft { (t.of(&view.brief.service.name)) ", " (t.of(&view.brief.title)) }
            }
            section.panel aria-labelledby="history" {
                div.panel__head {
                    h2 #history tabindex="-1" { (t.history_all()) }
                    p.soft {
                        (t.history_order())
                        @if let Some(place) = time::place(t, view.at_s) { " (" (place) ")" }
                    }
                    a.btn.push href={ "/cases/" (view.brief.case) } { (icon("back")) (t.history_back()) }
                }
                ol.timeline.panel__body { @for event in &view.timeline { (item(event, view, t)) } }
            }
        }
    };
    document(
        frame,
        t.history_all(),
        Fit::Flow,
        ("history", t.history()),
        body,
    )
}

/// The panel beside the work.
pub(super) fn panel(view: &CaseView, frame: &Frame) -> Markup {
    let t = frame.lang();
    html! {
        section.panel aria-labelledby="history" {
            div.panel__head { h2 #history { (t.history()) } }
            (list(view, frame))
        }
    }
}

/// The last that happened; the very last is in sight.
pub(super) fn list(view: &CaseView, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let all = view.timeline.len();
    let last = &view.timeline[all.saturating_sub(SHOWN_MAX)..];
    let markup = html! {
        div #timeline.panel__body.scroll data-rev=(REVISION) data-log tabindex="0" role="group" aria-labelledby="history" {
            @if last.len() < all {
                p.timeline__more {
                    span.soft { (t.history_last(last.len(), all)) } " "
                    a href={ "/cases/" (view.brief.case) "/history" } { (t.history_all()) }
                }
            }
            ol.timeline { @for event in last { (item(event, view, t)) } }
        }
    };
    Fragment::new("timeline", markup)
}

fn item(event: &EventView, view: &CaseView, t: Lang) -> Markup {
    let when = time::written(t, event.at_s, view.at_s);
    let by = if let Happened::CaseOpened { place } = &event.what {
        place.clone()
    } else {
        t.by(&event.by)
    };
    html! {
        li.(mark(event)) {
            b { (what(&event.what, t)) }
            small { time.num datetime=(time::machine(event.at_s)) { (when) } ", " (by) }
            @if let Some(words) = more(&event.what, t) { small.timeline__words { (words) } }
        }
    }
}

/// Citizen, adviser and service are told apart by more than words.
fn mark(event: &EventView) -> &'static str {
    match (&event.what, &event.by) {
        (Happened::NoteWritten | Happened::TakenOutOfTurn { .. }, _) => "timeline__inner",
        (_, Who::Citizen) => "timeline__theirs",
        (_, Who::Me | Who::Adviser(_) | Who::Somebody) => "timeline__ours",
    }
}

fn what(what: &Happened, t: Lang) -> String {
    match what {
        Happened::CaseOpened { .. } => t.happened_opened().to_owned(),
        Happened::FormStarted { title } => t.happened_form(t.of(title)),
        Happened::DocumentAdded { name } => t.happened_document(name),
        Happened::MessageWritten => t.happened_message().to_owned(),
        Happened::NoteWritten => t.happened_note().to_owned(),
        Happened::IdentityChecked { .. } => t.happened_identity().to_owned(),
        Happened::TakenOutOfTurn { .. } => t.happened_out_of_turn().to_owned(),
    }
}

fn more(what: &Happened, t: Lang) -> Option<String> {
    match what {
        Happened::IdentityChecked { way, remark } => Some(match remark {
            Some(remark) => format!("{}. {remark}", t.way(*way)),
            None => t.way(*way).to_owned(),
        }),
        Happened::TakenOutOfTurn { reason } => Some(t.quoted(reason)),
        Happened::CaseOpened { .. }
        | Happened::FormStarted { .. }
        | Happened::DocumentAdded { .. }
        | Happened::MessageWritten
        | Happened::NoteWritten => None,
    }
}
