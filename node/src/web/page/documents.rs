//! The documents of a case: how far each has come, and a way to add one.

use maud::{Markup, html};

use super::{Frame, icon, progress, token_field, viewer};
use crate::render::{Detail, Drawing};
use crate::web::live::{Fragment, REVISION};
use crate::web::view::{Arrival, CaseView, DocumentView, Who};

/// The button that adds a document.
pub(super) fn add(view: &CaseView, frame: &Frame) -> Markup {
    let t = frame.lang();
    html! {
        a.btn.push href={ "/cases/" (view.brief.case) "/sheets" } { (icon("scan")) (t.scan()) }
        @if frame.files { form.upload method="post" enctype="multipart/form-data" data-upload
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
        } }
    }
}

pub(super) fn list(view: &CaseView, chosen: Option<viewer::Choice>, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let shown = viewer::shown(view, chosen).map(|(document, _)| document.document);
    let markup = html! {
        div #documents data-rev=(REVISION) data-documents {
            div.upload__news role="status" data-keep {}
            @if view.documents.is_empty() {
                p.panel__body.soft.small { (t.documents_none()) " "
                    @if frame.files { (t.document_add_hint()) "." } @else { (t.documents_scan_hint()) }
                }
            } @else {
                ul.thumbs.panel__body {
                    @for document in &view.documents {
                        @let here = (shown == Some(document.document)).then_some("true");
                        li { (thumb(view, document, here, frame)) }
                    }
                }
            }
        }
    };
    Fragment::new("documents", markup)
}

fn thumb(view: &CaseView, document: &DocumentView, here: Option<&str>, frame: &Frame) -> Markup {
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
    let sheets = document.pages.len();
    let size = match sheets {
        0 | 1 => t.bytes(document.bytes),
        _ => format!("{}, {}", t.pages_of(sheets), t.bytes(document.bytes)),
    };
    html! {
        a.thumb.(if document.arrival == Arrival::Here { "thumb--here" } else { "thumb--coming" })
            href={ "/cases/" (case) "?document=" (document.document) "&page=1" }
            data-look data-name=(document.name) aria-current=[here]
        {
            (miniature(view, document))
            span { b { (document.name) } small.(class) { (words) ", " (size) } }
            @if let Arrival::Coming { percent } = document.arrival {
                progress.meter max="100" value=(percent) aria-label=(document.name) {}
            }
        }
    }
}

/// The first page, small; a drawn sheet until its preview is there.
fn miniature(view: &CaseView, document: &DocumentView) -> Markup {
    let preview = Drawing {
        detail: Detail::Preview,
        ..Drawing::of_page(1)
    };
    let here = document.pages.first().is_some_and(|page| page.preview);
    html! {
        @if here {
            img.page alt="" loading="lazy"
                src={ "/cases/" (view.brief.case) "/documents/" (document.document) "/pages/" (preview.path()) };
        } @else {
            svg.page aria-hidden="true" viewBox="0 0 90 120" {
                use href={ (crate::web::assets::path("icons.svg")) "#a-page" } {}
            }
        }
    }
}
