//! The visit: its cases, and the ways on.

use maud::{Markup, html};

use super::{Fit, Frame, brand, call, display, document, icon, idle_clock, line, loose};
use crate::web::live::{Fragment, REVISION};
use crate::web::view::VisitView;

pub(in crate::web) fn draw(view: &VisitView, frame: &Frame) -> Markup {
    let t = frame.lang();
    let body = html! {
        header.bar {
            (brand(Some("/"), t))
            p.bar__place { (view.place) }
            (line(&view.line, frame))
            (display(frame))
        }
        (call::kiosk::band(&view.call, frame))
        main #main.plain {
            h1 { (t.visit_title()) }
            p.lead { (t.visit_lead()) }
            (cases(view, frame))
            (left(view, frame))
            div.row {
                a.btn href="/" { (icon("plus")) (t.add_service()) }
                a.btn.btn--main href="/receipt" { (icon("doc")) (t.visit_end_receipt()) }
            }
        }
        (idle_clock(&view.idle, &view.loose, frame))
    };
    document(
        frame,
        t.visit_title(),
        Fit::Flow,
        ("main", t.visit_title()),
        body,
    )
}

pub(in crate::web) fn live(view: &VisitView, frame: &Frame) -> Vec<Fragment> {
    vec![
        call::kiosk::band(&view.call, frame),
        line(&view.line, frame),
        cases(view, frame),
        left(view, frame),
        idle_clock(&view.idle, &view.loose, frame),
    ]
}

/// What is not joined, not sent, not filled in.
fn left(view: &VisitView, frame: &Frame) -> Fragment {
    let markup = html! {
        div #left data-rev=(REVISION) { (loose::list(&view.loose, "left", frame)) }
    };
    Fragment::new("left", markup)
}

fn cases(view: &VisitView, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let markup = html! {
        div #cases.ways data-rev=(REVISION) {
            @for case in &view.cases {
                a.way href={ "/cases/" (case.case) } {
                    (icon(&case.service.icon))
                    span { b { (t.of(&case.service.name)) } span.small.soft { (loose::name(case, t)) } }
                    (icon("go"))
                }
            }
        }
    };
    Fragment::new("cases", markup)
}
