//! The receipt: per item how far it has come, and the way out.

use maud::{Markup, html};

use super::{
    Fit, Frame, brand, call, display, document, icon, idle_clock, line, loose, moment, token_field,
};
use crate::web::live::{Fragment, REVISION};
use crate::web::text::Lang;
use crate::web::time;
use crate::web::view::{
    CallView, ItemState, ReceiptCase, ReceiptItem, ReceiptView, ReceiptWhat, Words,
};

pub(in crate::web) fn draw(view: &ReceiptView, on: &CallView, frame: &Frame) -> Markup {
    let t = frame.lang();
    let body = html! {
        header.bar {
            (brand(None, t))
            p.bar__place { (view.place) }
            (line(&view.line, frame))
            (display(frame))
        }
        (call::kiosk::band(on, frame))
        main.receipt {
            div.col {
                (lead(view, frame))
                (left(view, frame))
                (items(view, frame))
                (now(view, frame))
            }
            (leave(view, frame))
        }
        (idle_clock(&view.idle, &view.loose, frame))
    };
    document(
        frame,
        t.receipt_title(),
        Fit::Screen,
        ("items", t.receipt_skip()),
        body,
    )
}

pub(in crate::web) fn live(view: &ReceiptView, on: &CallView, frame: &Frame) -> Vec<Fragment> {
    vec![
        call::kiosk::band(on, frame),
        line(&view.line, frame),
        lead(view, frame),
        left(view, frame),
        items(view, frame),
        now(view, frame),
        idle_clock(&view.idle, &view.loose, frame),
    ]
}

/// How many items are received, and how many there are; what holds nothing is none.
fn come(view: &ReceiptView) -> (usize, usize) {
    let items = view.cases.iter().flat_map(|case| &case.items);
    let states: Vec<_> = items.filter_map(|item| item.state).collect();
    let is_received = |state: &&ItemState| matches!(state, ItemState::Received { .. });
    (states.iter().filter(is_received).count(), states.len())
}

/// What is not joined, not sent, not filled in: before all else.
fn left(view: &ReceiptView, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let markup = html! {
        section #left.panel.notice-panel data-rev=(REVISION) aria-labelledby="left-title" hidden[view.loose.is_empty()] {
            div.panel__head { h2 #left-title { (icon("warn")) (t.loose_title()) } }
            p.panel__body { (t.loose_lost()) }
            (loose::list(&view.loose, "left", frame))
        }
    };
    Fragment::new("left", markup)
}

/// What happens now: said once nothing is left to decide.
fn now(view: &ReceiptView, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let (received, all) = come(view);
    let markup = html! {
        div #now data-rev=(REVISION) {
            @if view.loose.is_empty() && all > 0 {
                p.notice.info {
                    (icon("info")) b { (t.receipt_now()) }
                    span { (if received == all { t.receipt_now_note() } else { t.receipt_now_later() }) }
                }
            }
        }
    };
    Fragment::new("now", markup)
}

fn lead(view: &ReceiptView, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let (received, all) = come(view);
    let markup = html! {
        div #lead data-rev=(REVISION) {
            h1 { (if all > 0 { t.receipt_h1() } else { t.receipt_h1_empty() }) }
            p.lead role="status" {
                @match (all, view.loose.is_empty()) {
                    (_, false) => (t.receipt_loose(received, all)),
                    (0, true) => (t.receipt_empty()),
                    (all, true) => (t.receipt_lead(received, all)),
                }
            }
        }
    };
    Fragment::new("lead", markup)
}

fn items(view: &ReceiptView, frame: &Frame) -> Fragment {
    let markup = html! {
        div #items.receipts.scroll data-rev=(REVISION) tabindex="0" role="group" aria-label=(frame.lang().receipt_h1()) {
            @for case in &view.cases { (case_panel(case, view.at_s, frame)) }
        }
    };
    Fragment::new("items", markup)
}

fn case_panel(case: &ReceiptCase, now_s: u64, frame: &Frame) -> Markup {
    let t = frame.lang();
    let id = format!("case-{}", case.brief.case);
    let service = &case.brief.service.name;
    html! {
        section.panel aria-labelledby=(id) {
            div.panel__head {
                h2 id=(id) { (t.of(service)) ", " (loose::name(&case.brief, t)) }
                p.small.soft.push { (t.reference(&case.brief.case.to_string()[..8])) }
            }
            @if case.items.is_empty() { p.panel__body.soft { (t.receipt_empty()) } }
            ol.items { @for item in &case.items { li { (row(item, &case.brief.service.named, now_s, t)) } } }
        }
    }
}

fn row(item: &ReceiptItem, service: &Words, now_s: u64, t: Lang) -> Markup {
    let (name, note) = match &item.what {
        ReceiptWhat::Form {
            title,
            filled,
            fields,
        } => (t.of(title).to_owned(), t.filled_of(*filled, *fields)),
        ReceiptWhat::Message { text } => (t.message().to_owned(), t.quoted(&short(text))),
        ReceiptWhat::Document { name, bytes } => (name.clone(), t.bytes(*bytes)),
    };
    html! {
        div { b { (name) } p.small.soft { (note) } }
        @match &item.state {
            Some(state) => (track(&name, state, service, now_s, t)),
            None => p.soft { (t.receipt_nothing()) },
        }
    }
}

/// Saved here, on its way, received.
fn track(name: &str, state: &ItemState, service: &Words, now_s: u64, t: Lang) -> Markup {
    let come = match state {
        ItemState::Saved => 1,
        ItemState::EnRoute => 2,
        ItemState::Received { .. } => 3,
    };
    let received = match state {
        ItemState::Received { at_s } => match time::of_today(t, *at_s, now_s) {
            Some(time) => t.received_at(t.of(service), &time),
            None => t.received_by(t.of(service)),
        },
        ItemState::Saved | ItemState::EnRoute => t.received_by(t.of(service)),
    };
    let steps = [t.saved_here(), t.en_route(), received.as_str()];
    html! {
        ol.track aria-label={ (t.receipt_state()) ": " (name) } {
            @for (place, words) in (1..).zip(steps) {
                @let class = match (place <= come, place == come) {
                    (true, true) => "done end",
                    (true, false) => "done",
                    (false, _) => "later",
                };
                li class=(class) aria-current=[(place == come).then_some("step")] {
                    span.dot { @if place <= come { (icon("check")) } }
                    span { @if place <= come { span.vh { (t.done()) ", " } } (words) }
                }
            }
        }
    }
}

fn leave(view: &ReceiptView, frame: &Frame) -> Markup {
    let t = frame.lang();
    let back = view
        .cases
        .last()
        .map(|case| format!("/cases/{}", case.brief.case));
    html! {
        aside.col aria-labelledby="bye" {
            section.panel.code-panel aria-labelledby="bye" {
                h2 #bye { (t.receipt_leave()) }
                p { (t.receipt_leave_note()) }
                p.small.soft { (moment(view.at_s, t)) ", " (view.place) }
                form method="post" action="/visit/end" {
                    (token_field(frame))
                    button.btn.btn--main.btn--wide { (icon("check")) (t.end_and_erase()) }
                }
                a.btn.btn--wide href=(back.as_deref().unwrap_or("/")) { (icon("back")) (t.back()) }
                a.btn.btn--wide href="/" { (icon("plus")) (t.add_service()) }
            }
            div.notice.wait {
                (icon("clock"))
                p { b { (t.idle_end()) " " span.num role="timer" data-left { (t.seconds_left(view.idle.ends_in_s)) } } }
                form method="post" action="/visit/here" {
                    (token_field(frame))
                    button.btn { (t.still_here()) }
                }
            }
        }
    }
}

pub(super) fn short(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
