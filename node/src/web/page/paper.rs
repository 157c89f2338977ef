//! A document by itself, for the browser's own printing.

use maud::{Markup, html};

use super::{Fit, Frame, document, icon};
use crate::web::view::{CaseView, DocumentView};

pub(in crate::web) fn draw(view: &CaseView, shown: &DocumentView, frame: &Frame) -> Markup {
    let t = frame.lang();
    let case = view.brief.case;
    let body = html! {
        header.bar {
            h1.bar__place { (shown.name) }
            p.push.soft { (t.paper_note()) }
            a.btn href={ "/cases/" (case) "?document=" (shown.document) } { (icon("back")) (t.back_to_case()) }
        }
        main #main.paper data-paper data-name=(shown.name)
            data-part=(t.paper_part()) data-many=(t.paper_many())
            data-pages={ "/cases/" (case) "/documents/" (shown.document) "/pages/{page}.png" } {}
    };
    document(
        frame,
        t.paper_title(),
        Fit::Flow,
        ("main", t.paper_title()),
        body,
    )
}
