//! The kiosk's home: the services, and the visit that is open, over or interrupted.

use maud::{Markup, html};

use super::{Fit, Frame, brand, call, document, icon, idle, line, loose, token_field, tools};
use crate::web::live::{Fragment, REVISION};
use crate::web::view::{CallView, CaseBrief, HomeView, Reach, Reception, ServiceCard, VisitState};

pub(in crate::web) fn draw(view: &HomeView, on: &CallView, frame: &Frame) -> Markup {
    let t = frame.lang();
    let body = html! {
        header.bar {
            (brand(Some("/"), t))
            p.bar__place { (view.place) }
            (tools(frame))
        }
        (call::kiosk::band(on, frame))
        main #main.home {
            div.home__hello {
                h1 { (t.home_hello()) }
                p.lead { (t.home_lead()) }
            }
            (notices(view, frame))
            section aria-labelledby="now" {
                h2 #now tabindex="-1" {
                    @match view.visit {
                        VisitState::Open { .. } => (t.home_add()),
                        VisitState::None | VisitState::Interrupted => (t.home_services()),
                    }
                }
                (services(view, frame))
            }
            (aside(view, frame))
        }
        footer.bottom {
            (line(&view.line, frame))
            p.state.soft.push { (icon("lock")) (t.home_forgets()) }
        }
        @if let Some(idle) = idle(&view.visit, frame) { (idle) }
    };
    document(
        frame,
        t.home_title(),
        Fit::Flow,
        ("now", t.home_skip()),
        body,
    )
}

pub(in crate::web) fn live(view: &HomeView, on: &CallView, frame: &Frame) -> Vec<Fragment> {
    let parts = [
        call::kiosk::band(on, frame),
        notices(view, frame),
        services(view, frame),
        aside(view, frame),
        line(&view.line, frame),
    ];
    parts.into_iter().chain(idle(&view.visit, frame)).collect()
}

/// An interrupted visit, or the end of one.
fn notices(view: &HomeView, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let ended = frame.path == "/?ended=1" && view.visit == VisitState::None;
    let markup = html! {
        div #notices.home__notices data-rev=(REVISION) role="status" {
            @if view.visit == VisitState::Interrupted {
                section.door aria-labelledby="what" {
                    span.door__lock { (icon("lock")) }
                    div {
                        h2 #what { (t.interrupted()) }
                        p { (t.interrupted_why()) }
                        p { b { (t.interrupted_kept()) } " " (t.interrupted_again()) }
                    }
                    form.door__do method="post" action="/visit/interruption" {
                        (token_field(frame))
                        button.btn { (icon("check")) (t.interrupted_read()) }
                    }
                }
            }
            @if ended {
                div.notice.ok {
                    (icon("check")) b { (t.ended()) } span { (t.ended_note()) }
                }
            }
        }
    };
    Fragment::new("notices", markup)
}

fn services(view: &HomeView, frame: &Frame) -> Fragment {
    let markup = html! {
        ul #services.services.services--two data-rev=(REVISION) {
            @for card in &view.services { li { (service(card, frame)) } }
        }
    };
    Fragment::new("services", markup)
}

fn service(card: &ServiceCard, frame: &Frame) -> Markup {
    let t = frame.lang();
    let ServiceCard {
        brief,
        reach,
        reception,
    } = card;
    let (class, mark, words, note) = call::kiosk::reception(*reach, *reception, t);
    let go = match reach {
        Reach::Here => t.start_here(),
        Reach::Kept => t.start_kept(),
        Reach::Cut => t.start_cut(),
    };
    let free = *reach == Reach::Here && *reception != Reception::Nobody;
    let free = free.then_some("service--free");
    html! {
        a.service.(free.unwrap_or("service--later")) href={ "/services/" (brief.service) } {
            span.service__what {
                span.service__icon { (icon(&brief.icon)) }
                span.service__name { (t.of(&brief.name)) }
                span.service__about { (t.of(&brief.about)) }
            }
            span.service__state.(class) { (icon(mark)) b { (words) } small.soft { (note) } }
            span.service__do { (go) " " (icon("go")) }
        }
    }
}

fn aside(view: &HomeView, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let markup = html! {
        section #aside.home__aside data-rev=(REVISION) aria-labelledby="aside-title" {
            @match &view.visit {
                VisitState::Open { cases, .. } => (open_visit(cases, frame)),
                VisitState::None | VisitState::Interrupted => {
                    h2 #aside-title { (t.home_how()) }
                    ol.says.says--home {
                        li { (t.home_how_choose()) }
                        li { (t.home_how_fill()) }
                        li { (t.home_how_leave()) }
                    }
                    p.notice.ok { (icon("lock")) b { (t.home_private()) } span { (t.home_private_note()) } }
                    p.notice.info { (icon("box")) b { (t.home_safe()) } span { (t.home_safe_note()) } }
                }
            }
        }
    };
    Fragment::new("aside", markup)
}

fn open_visit(cases: &[CaseBrief], frame: &Frame) -> Markup {
    let t = frame.lang();
    html! {
        h2 #aside-title { (t.visit_open()) }
        div.ways {
            @for case in cases {
                a.way href={ "/cases/" (case.case) } {
                    (icon(&case.service.icon))
                    span { b { (t.of(&case.service.name)) } span.small.soft { (loose::name(case, t)) } }
                    (icon("go"))
                }
            }
        }
        a.btn.btn--wide href="/receipt" { (icon("doc")) (t.visit_end_receipt()) }
    }
}
