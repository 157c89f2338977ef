//! The cases on the desk, and the search in them.

use maud::{Markup, html};

use crate::web::live::{Fragment, REVISION};
use crate::web::page::{Frame, icon, token_field};
use crate::web::time;
use crate::web::view::{DeskCase, DeskView};

/// The search: it has an address of its own, so that it outlasts news of the page and needs no
/// script, and that address does not bear its words.
pub(super) fn search(view: &DeskView, frame: &Frame) -> Markup {
    let t = frame.lang();
    let words = view.search.as_ref().map(|search| search.words.as_str());
    html! {
        form.find.push role="search" method="post" action="/desk/search" {
            (token_field(frame))
            label.vh for="search" { (t.search_case()) }
            input.input #search type="search" name="search" value=[words] placeholder=(t.search_hint())
                maxlength="100" autocomplete="off";
            button.btn aria-label=(t.search()) { (icon("find")) }
        }
    }
}

/// How many were found, and the way back to all of them.
pub(super) fn found(view: &DeskView, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let markup = html! {
        div #found.found data-rev=(REVISION) role="status" hidden[view.search.is_none()] {
            @if let Some(search) = &view.search {
                p { (t.found_of(view.cases.len(), search.among, &search.words)) }
                a.btn href="/desk" { (t.search_all()) }
            }
        }
    };
    Fragment::new("found", markup)
}

pub(super) fn list(view: &DeskView, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let markup = html! {
        div #cases.scroll data-rev=(REVISION) tabindex="0" role="group" aria-labelledby="cases-title" {
            @if view.cases.is_empty() && view.search.is_some() {
                p.panel__body { b { (t.search_none()) } " " span.soft { (t.search_none_note()) } }
            } @else if view.cases.is_empty() {
                p.panel__body { b { (t.desk_none()) } " " span.soft { (t.desk_none_note()) } }
            } @else {
                table.table {
                    thead { tr {
                        th scope="col" { (t.col_person()) }
                        th scope="col" { (t.col_request()) }
                        th scope="col" { (t.col_filled()) }
                        th.right scope="col" { (t.col_documents()) }
                        th.right scope="col" { (t.col_messages()) }
                        th scope="col" { (t.col_changed()) }
                        th scope="col" { span.vh { (t.col_action()) } }
                    } }
                    tbody { @for case in &view.cases { (row(case, frame)) } }
                }
            }
        }
    };
    Fragment::new("cases", markup)
}

fn row(case: &DeskCase, frame: &Frame) -> Markup {
    let t = frame.lang();
    let name = case.person.as_deref().unwrap_or(t.no_name_yet());
    let href = format!("/cases/{}", case.brief.case);
    html! {
        tr id={ "row-" (case.brief.case) } {
            th scope="row" { a href=(href) { (name) } small { (case.place) } }
            td { (t.of(&case.brief.title)) small { (t.of(&case.brief.service.name)) ", " (t.reference(&case.brief.case.to_string()[..8])) } }
            td.num { (t.online_of(case.filled, case.fields))
                progress.meter max=(case.fields) value=(case.filled) aria-label=(t.filled_of(case.filled, case.fields)) {}
            }
            td.num.right { (case.documents)
                @if case.documents_coming > 0 { small { (case.documents_coming) " " (t.documents_coming()) } }
            }
            td.num.right { (case.messages) }
            td {
                @match case.changed_at_s {
                    Some(at_s) => time.num datetime=(time::machine(at_s)) { (time::short(t, at_s, frame.now_s)) },
                    None => (t.time_uncertain()),
                }
            }
            td.right { a.btn href=(href) aria-label={ (t.open()) " " (name) ", " (t.of(&case.brief.title)) } { (t.open()) } }
        }
    }
}
