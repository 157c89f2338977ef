//! The documents of a case: how far each has come, and a way to add one.

use maud::{Markup, html};

use super::{Frame, icon, progress, token_field};
use crate::web::live::{Fragment, REVISION};
use crate::web::view::{Arrival, CaseView, DocumentView, Who};

/// The button that adds a document.
pub(super) fn add(view: &CaseView, frame: &Frame) -> Markup {
    let t = frame.lang();
    html! {
        form.push.upload method="post" enctype="multipart/form-data" data-upload
            action={ "/cases/" (view.brief.case) "/documents" }
            data-too-large=(t.document_too_large()) data-sending=(t.document_sending()) data-failed=(t.document_failed())
        {
            (token_field(frame))
            label.btn {
                (icon("plus")) span { (t.document_add()) span.vh { " " (t.document_add_what()) } }
                input.vh type="file" name="file" accept=".pdf,.png,.jpg,.jpeg,application/pdf,image/png,image/jpeg"
                    aria-describedby="upload-hint";
            }
            span #upload-hint.vh { (t.document_add_hint()) }
            noscript { button.btn { (t.document_send()) } }
        }
    }
}

pub(super) fn list(view: &CaseView, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let markup = html! {
        div #documents data-rev=(REVISION) data-documents {
            div.upload__news role="status" data-keep {}
            @if view.documents.is_empty() {
                p.panel__body.soft.small { (t.documents_none()) " " (t.document_add_hint()) "." }
            } @else {
                ul.thumbs.panel__body {
                    @for document in &view.documents { li { (thumb(view, document, frame)) } }
                }
            }
        }
    };
    Fragment::new("documents", markup)
}

fn thumb(view: &CaseView, document: &DocumentView, frame: &Frame) -> Markup {
    let t = frame.lang();
    let case = view.brief.case;
    let (class, words) = match (document.arrival, &document.by) {
        (Arrival::Coming { percent }, _) => ("wait", t.coming(percent)),
        (Arrival::Here, Who::Me) => {
            let (class, _, words) = progress(&document.state, &view.brief.service.named, t);
            (class, words)
        }
        (Arrival::Here, by) => ("info", t.sent_by(&t.by(by))),
    };
    let inner = html! {
        svg.page aria-hidden="true" viewBox="0 0 90 120" {
            use href={ (crate::web::assets::path("icons.svg")) "#a-page" } {}
        }
        span { b { (document.name) } small.(class) { (words) ", " (t.bytes(document.bytes)) } }
    };
    html! {
        @match document.arrival {
            Arrival::Here => {
                a.thumb href={ "/cases/" (case) "?document=" (document.document) } data-view=(document.document)
                    data-name=(document.name)
                { (inner) }
            }
            Arrival::Coming { percent } => {
                div.thumb.thumb--coming { (inner) progress.meter max="100" value=(percent) aria-label=(document.name) {} }
            }
        }
    }
}
