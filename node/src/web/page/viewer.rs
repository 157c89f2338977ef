//! The page viewer: one page of one document, drawn apart by the node.

use maud::html;

use super::{Frame, icon};
use crate::web::ids::DocumentId;
use crate::web::live::{Fragment, REVISION};
use crate::web::view::{Arrival, CaseView, DocumentView};

/// Which page of which document is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) struct Choice {
    document: DocumentId,
    page: u32,
}

impl Choice {
    /// Reads `document=ID&page=N`.
    pub(in crate::web) fn read(query: &str) -> Option<Self> {
        let value = |name: &str| {
            query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .find_map(|(said, value)| (said == name).then_some(value))
        };
        Some(Self {
            document: value("document")?.parse().ok()?,
            page: value("page")
                .and_then(|page| page.parse().ok())
                .unwrap_or(1),
        })
    }
}

/// The document chosen, or the first that is here.
pub(super) fn draw(view: &CaseView, chosen: Option<Choice>, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let here = |document: &&DocumentView| document.arrival == Arrival::Here;
    let shown = chosen
        .and_then(|choice| {
            let document = view
                .documents
                .iter()
                .find(|one| one.document == choice.document);
            document
                .filter(here)
                .map(|document| (document, choice.page))
        })
        .or_else(|| {
            view.documents
                .iter()
                .find(here)
                .map(|document| (document, 1))
        });
    let (case, empty) = (view.brief.case, shown.is_none().then_some("viewer--empty"));
    let markup = html! {
        div #viewer.papers__viewer.(empty.unwrap_or("viewer--full")) data-rev=(REVISION) data-viewer
            data-case=(case) data-page-word=(t.page_number(0)) data-loading=(t.viewer_loading())
            role="group" aria-label=(t.viewer())
        {
            @match shown {
                None => p.viewer.soft { (t.viewer_empty()) },
                Some((document, page)) => {
                    @let file = format!("/cases/{case}/documents/{}", document.document);
                    div.viewer {
                        img.page data-picture src={ (file) "/pages/" (page) ".png" }
                            alt=(t.page_of(&document.name, page));
                        p.viewer__trouble role="status" hidden {}
                    }
                    div.say.viewer__tools {
                        a.btn.btn--icon data-before aria-label=(t.page_before())
                            href={ "/cases/" (case) "?document=" (document.document) "&page=" (page.saturating_sub(1).max(1)) }
                            { (icon("back")) }
                        p.num data-number { (t.page_number(page)) }
                        a.btn.btn--icon data-after aria-label=(t.page_after())
                            href={ "/cases/" (case) "?document=" (document.document) "&page=" (page.saturating_add(1)) }
                            { (icon("go")) }
                        b.viewer__name data-name { (document.name) }
                        a.btn.push data-file href=(file) download=(document.name) { (icon("down")) (t.download()) }
                    }
                }
            }
        }
    };
    Fragment::new("viewer", markup)
}
