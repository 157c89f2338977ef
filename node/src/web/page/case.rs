//! A case: its forms, documents and messages; the same parts on both sides of the counter.

pub(in crate::web) mod history;
mod identity;
mod notes;

use maud::{Markup, html};

use super::{
    Fit, Frame, brand, call, display, document, documents, field, icon, idle, line, loose, messages,
};
use super::{moment, progress, state, token_field, viewer};
use crate::web::live::{Fragment, REVISION};
use crate::web::time;
use crate::web::view::{CaseView, FormView, Line, Side, VisitState};

pub(in crate::web) fn draw(
    view: &CaseView,
    chosen: Option<viewer::Choice>,
    frame: &Frame,
) -> Markup {
    match view.side {
        Side::Citizen => at_kiosk(view, chosen, frame),
        Side::Adviser => at_desk(view, chosen, frame),
    }
}

pub(in crate::web) fn live(
    view: &CaseView,
    chosen: Option<viewer::Choice>,
    frame: &Frame,
) -> Vec<Fragment> {
    let fields = view.forms.iter().flat_map(|form| {
        let fields = form.sections.iter().flat_map(|section| &section.fields);
        fields.map(|one| field::draw(view, form, one, frame))
    });
    let side = match view.side {
        Side::Citizen => vec![
            cases(view, frame),
            seen(view, frame),
            call::kiosk::at_case(view, frame),
            call::kiosk::commands(view, frame),
        ],
        Side::Adviser => vec![
            head(view, frame),
            dock(view, frame),
            history::list(view, frame),
            notes::list(view, frame),
        ],
    };
    [
        line(&view.line, frame),
        standing(view),
        saved(view, frame),
        documents::list(view, chosen, frame),
        viewer::draw(view, chosen, frame),
        messages::list(view, frame),
    ]
    .into_iter()
    .chain(side)
    .chain(fields)
    .chain(idle(&view.visit, frame))
    .collect()
}

fn at_kiosk(view: &CaseView, chosen: Option<viewer::Choice>, frame: &Frame) -> Markup {
    let t = frame.lang();
    let (service, title) = (t.of(&view.brief.service.name), loose::name(&view.brief, t));
    let body = html! {
        header.bar {
            (brand(None, t))
            (cases(view, frame))
            (line(&view.line, frame))
            (display(frame))
        }
        main.visit.visit--written {
            h1.vh { (service) ", " (title) }
            (call::kiosk::at_case(view, frame))
            div.col { (forms(view, frame)) }
            (documents_panel(view, chosen, frame))
            (messages::panel(view, frame))
        }
        footer.stays {
            (call::kiosk::commands(view, frame))
        }
        @if let Some(idle) = idle(&view.visit, frame) { (idle) }
    };
    let name = format!("{service}, {title}");
    document(frame, &name, Fit::Screen, ("form", t.case_skip()), body)
}

fn at_desk(view: &CaseView, chosen: Option<viewer::Choice>, frame: &Frame) -> Markup {
    let t = frame.lang();
    let adviser = view.adviser.as_deref().unwrap_or_default();
    let body = html! {
        (desk_bar(adviser, line(&view.line, frame), false, frame))
        main.case.case--written data-reading={ "/cases/" (view.brief.case) "/reading" } {
            (head(view, frame))
            (identity::sheet(view, frame))
            div.col.case__story {
                (history::panel(view, frame))
                (notes::panel(view, frame))
            }
            div.col {
                div.case__work { (forms(view, frame)) (documents_panel(view, chosen, frame)) }
            }
            div.case__side {
                (dock(view, frame))
                (messages::panel(view, frame))
            }
        }
    };
    // Browsers keep titles in their history, on the disk: it names the case, not the person.
    let (service, title) = (t.of(&view.brief.service.name), t.of(&view.brief.title));
    let reference = t.reference(&view.brief.case.to_string()[..8]);
    let name = format!("{service}, {title}, {reference}");
    document(frame, &name, Fit::Screen, ("form", t.case_skip()), body)
}

/// The call, docked beside the work.
fn dock(view: &CaseView, frame: &Frame) -> Fragment {
    let here = call::station::Here {
        case: view.brief.case,
        person: view.person.as_deref(),
    };
    call::station::dock(&view.call, Some(here), frame)
}

/// The bar of the desk and of a case at the desk; `live` stands in its middle.
pub(super) fn desk_bar(adviser: &str, live: Fragment, here: bool, frame: &Frame) -> Markup {
    let t = frame.lang();
    html! {
        header.bar {
            (brand(Some("/desk"), t))
            nav.nav aria-label=(t.desk_nav()) {
                a href="/desk" aria-current=(if here { "page" } else { "true" }) {
                    (t.desk_title())
                    @if !here { span.tag.wait data-arrived role="status" {} }
                }
            }
            div.push { (live) }
            (display(frame))
            p.state { (icon("me")) (adviser) }
            form method="post" action="/lock" {
                (token_field(frame))
                button.btn { (icon("lock")) (t.desk_lock()) }
            }
        }
    }
}

/// At the desk: who, what, where, and how far it has come.
fn head(view: &CaseView, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let reference = view.brief.case.to_string();
    let markup = html! {
        div #head.case__head.row data-rev=(REVISION) {
            div {
                h1 { (view.person.as_deref().unwrap_or(t.no_name_yet())) }
                p.soft {
                    (t.of(&view.brief.service.name)) ", " (t.of(&view.brief.title)) ", "
                    (t.reference(&reference[..8])) ". " (view.place) ", " (moment(view.opened_at_s, t))
                }
            }
            (identity::state_of(view, frame))
            p role="status" {
                @if !view.readers.is_empty() { (state("info", "eye", &t.also_here(&view.readers))) }
            }
            p role="status" {
                @if let Some(since_s) = view.kiosk_cut_since_s {
                    (state("bad", "cut", &t.kiosk_cut(&time::seen(t, since_s, view.at_s)))) " " span.small.soft { (t.kiosk_cut_note()) }
                }
            }
        }
    };
    Fragment::new("head", markup)
}

/// At the kiosk: the cases of the visit, this one marked.
fn cases(view: &CaseView, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let alone = std::slice::from_ref(&view.brief);
    let cases = match &view.visit {
        VisitState::Open { cases, .. } => cases.as_slice(),
        VisitState::None | VisitState::Interrupted => alone,
    };
    let markup = html! {
        nav #cases.nav data-rev=(REVISION) aria-label=(t.cases_of_visit()) {
            @for case in cases {
                @let here = (case.case == view.brief.case).then_some("page");
                a href={ "/cases/" (case.case) } aria-current=[here] {
                    (icon(&case.service.icon))
                    span { (t.of(&case.service.name)) span.nav__more { ", " (loose::name(case, t)) } }
                }
            }
        }
    };
    Fragment::new("cases", markup)
}

/// At the kiosk: which advisers read what one writes, and who made sure who one is.
fn seen(view: &CaseView, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let markup = html! {
        div #seen.seen-by.small data-rev=(REVISION) role="status" {
            @if !view.readers.is_empty() { (state("info", "eye", &t.reads_you(&view.readers))) }
            @if let Some(identity) = &view.identity {
                (state("ok", "check", &identity::checked(identity, view, frame)))
            }
        }
    };
    Fragment::new("seen", markup)
}

/// How far the least of all items has come; while something is being saved, the page says so.
fn saved(view: &CaseView, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let (class, mark, words) = match (view.side, view.line) {
        (Side::Adviser, Line::Cut { .. }) if view.unsent > 0 => {
            ("wait", "box", t.unsent(view.unsent))
        }
        _ => match &view.state {
            Some(state) => progress(state, &view.brief.service.named, t),
            None => ("soft", "pen", t.nothing_yet().to_owned()),
        },
    };
    let markup = html! {
        p #saved.push.small data-rev=(REVISION) role="status" {
            span.state.(class).is-saved { (icon(mark)) (words) }
            span.state.wait.is-saving { (icon("clock")) (t.saving()) }
            span.state.bad.is-refused { (icon("warn")) (t.to_correct()) }
        }
    };
    Fragment::new("saved", markup)
}

/// Which forms stand on the page: one that comes later has no place on a page drawn before it, so
/// that this page is looked at anew.
fn standing(view: &CaseView) -> Fragment {
    let forms: Vec<_> = view.forms.iter().map(|one| one.form.to_string()).collect();
    let markup = html! {
        div #standing hidden data-rev=(REVISION) data-forms=(forms.join(" ")) {}
    };
    Fragment::new("standing", markup)
}

fn forms(view: &CaseView, frame: &Frame) -> Markup {
    html! {
        (standing(view))
        @for (place, form) in view.forms.iter().enumerate() {
            (form_panel(view, form, place == 0, frame))
        }
    }
}

fn form_panel(view: &CaseView, form: &FormView, first: bool, frame: &Frame) -> Markup {
    let t = frame.lang();
    let id = match first {
        true => "form".to_owned(),
        false => format!("form-{}", form.form),
    };
    html! {
        section.panel aria-labelledby=(id) {
            div.panel__head {
                h2 id=(id) tabindex="-1" { (t.of(&form.title)) }
                @if first { (saved(view, frame)) }
                @if first && view.side == Side::Citizen { (seen(view, frame)) }
            }
            div.panel__body.scroll tabindex="0" role="group" aria-labelledby=(id) {
                @for section in &form.sections {
                    section.part {
                        h3.part__title { (t.of(&section.title)) }
                        div.form {
                            @for one in &section.fields { (field::draw(view, form, one, frame)) }
                        }
                    }
                }
            }
        }
    }
}

fn documents_panel(view: &CaseView, chosen: Option<viewer::Choice>, frame: &Frame) -> Markup {
    let t = frame.lang();
    html! {
        section.panel.papers aria-labelledby="docs" {
            div.panel__head {
                h2 #docs { (t.documents()) }
                (documents::add(view, frame))
            }
            (viewer::draw(view, chosen, frame))
            (documents::list(view, chosen, frame))
        }
    }
}
