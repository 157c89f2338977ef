//! The page viewer: one page of one document, drawn apart by the node.
//!
//! What is looked at, how large and which way up, stands in the address of the page, so that every
//! step is a link and the viewer is drawn from the view like anything else. A page that is still
//! coming is shown by its preview, and its sharp picture takes the place when it is there.

use maud::{Markup, html};

use super::{Frame, icon, token_field};
use crate::render::{Detail, Drawing, Remarks};
use crate::web::ids::DocumentId;
use crate::web::live::{Fragment, REVISION};
use crate::web::text::Lang;
use crate::web::view::{Arrival, CaseView, DocumentView, PrintState};

/// No file is looked into beyond this page.
const PAGES_MAX: u32 = 10_000;
/// The largest step of enlarging.
const ZOOM_MAX: u8 = 3;

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) struct Choice {
    document: DocumentId,
    page: u32,
    zoom: u8,
    turns: u8,
}

impl Choice {
    /// Reads `document=ID&page=N&zoom=Z&turns=T`; all but the document may be left out.
    pub(in crate::web) fn read(query: &str) -> Option<Self> {
        let value = |name: &str| {
            query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .find_map(|(said, value)| (said == name).then_some(value))
        };
        let number = |name: &str| value(name).and_then(|said| said.parse::<u32>().ok());
        let small = |name: &str| number(name).and_then(|said| u8::try_from(said).ok());
        Some(Self {
            document: value("document")?.parse().ok()?,
            page: number("page").unwrap_or(1).clamp(1, PAGES_MAX),
            zoom: small("zoom").unwrap_or(1).clamp(1, ZOOM_MAX),
            turns: small("turns").unwrap_or(0) % 4,
        })
    }

    fn of(document: DocumentId) -> Self {
        Self {
            document,
            page: 1,
            zoom: 1,
            turns: 0,
        }
    }

    fn query(&self) -> String {
        let Self {
            document,
            page,
            zoom,
            turns,
        } = self;
        let mut query = format!("?document={document}&page={page}");
        if *zoom > 1 {
            query += &format!("&zoom={zoom}");
        }
        if *turns > 0 {
            query += &format!("&turns={turns}");
        }
        query
    }
}

/// Where the picture of a page is, and whether it is the sharp one; none while nothing of it has
/// come.
fn picture(view: &CaseView, document: &DocumentView, choice: &Choice) -> Option<(String, Detail)> {
    let place = match document.pages.as_slice() {
        [_] => 0,
        _ => choice.page as usize - 1,
    };
    let page = document.pages.get(place);
    let detail = match page {
        Some(page) if page.arrival == Arrival::Here && choice.zoom > 1 => Detail::Close,
        Some(page) if page.arrival == Arrival::Here => Detail::Screen,
        Some(page) if page.preview && choice.page as usize == place + 1 => Detail::Preview,
        Some(_) => return None,
        // There is no such page, which who draws it says.
        None => Detail::Screen,
    };
    let drawing = Drawing {
        page: choice.page,
        turns: choice.turns,
        detail,
    };
    let case = view.brief.case;
    let file = format!("/cases/{case}/documents/{}", document.document);
    Some((format!("{file}/pages/{}", drawing.path()), detail))
}

/// The document chosen, or the first of which anything is here, and how it is looked at.
pub(super) fn shown(view: &CaseView, chosen: Option<Choice>) -> Option<(&DocumentView, Choice)> {
    let documents = || view.documents.iter();
    let by_choice = |choice: Choice| {
        let document = documents().find(|one| one.document == choice.document)?;
        let sheets = u32::try_from(document.pages.len()).unwrap_or(PAGES_MAX);
        let last = if sheets > 1 { sheets } else { PAGES_MAX };
        let page = choice.page.min(last);
        Some((document, Choice { page, ..choice }))
    };
    let first_here = || {
        let look = |document: &DocumentView| Choice::of(document.document);
        let document = documents().find(|one| picture(view, one, &look(one)).is_some())?;
        Some((document, look(document)))
    };
    chosen.and_then(by_choice).or_else(first_here)
}

/// The page that is looked at.
pub(super) fn draw(view: &CaseView, chosen: Option<Choice>, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let shown = shown(view, chosen);
    let markup = html! {
        div #viewer.papers__viewer.(if shown.is_none() { "viewer--empty" } else { "viewer--full" }) data-rev=(REVISION)
            data-viewer data-loading=(t.viewer_loading()) role="group" aria-label=(t.viewer())
        {
            @match shown {
                None => p.viewer.soft { (t.viewer_empty()) },
                Some((document, choice)) => (page(view, document, choice, frame)),
            }
        }
    };
    Fragment::new("viewer", markup)
}

fn page(view: &CaseView, document: &DocumentView, choice: Choice, frame: &Frame) -> Markup {
    let t = frame.lang();
    let shown = picture(view, document, &choice);
    let coming = match &shown {
        Some((_, Detail::Preview)) => Some(t.viewer_preview().to_owned()),
        Some((_, Detail::Screen | Detail::Close | Detail::Paper)) => None,
        None => Some(t.coming(document.arrival.percent())),
    };
    let name = t.page_of(&document.name, choice.page);
    html! {
        div.viewer.scroll.(format!("viewer--{}", choice.zoom)) tabindex="0" role="region" aria-label=(name) {
            @if let Some((address, detail)) = &shown {
                @let kind = if *detail == Detail::Preview { "page--preview" } else { "page--sharp" };
                // Of a preview, and of a picture, nothing is to be said.
                @let is_told = *detail != Detail::Preview && document.media_type == "application/pdf";
                img #{ "page-" (choice.page) }.page.(kind) data-picture
                    data-remarks=[is_told.then(|| format!("{address}/remarks"))] src=(address) alt=(name);
            }
            p.viewer__trouble role="status" data-picture-trouble hidden[coming.is_none()] { (coming.unwrap_or_default()) }
        }
        (tools(view, document, choice, frame))
        (printing(view, document, frame))
    }
}

/// What is to be said of a picture of a page, if anything is.
pub(in crate::web) fn remarks(remarks: Remarks, t: Lang) -> String {
    let Remarks {
        signs_missing,
        no_end,
    } = remarks;
    let said = [
        signs_missing.then(|| t.picture_signs_missing()),
        no_end.then(|| t.picture_no_end()),
    ];
    let said: Vec<_> = said.into_iter().flatten().collect();
    said.join(" ")
}

fn tools(view: &CaseView, document: &DocumentView, choice: Choice, frame: &Frame) -> Markup {
    let t = frame.lang();
    let sheets = document.pages.len();
    // How many pages one file has inside is known where it is drawn only.
    let last = match sheets {
        1 if document.media_type == "application/pdf" => PAGES_MAX,
        _ => u32::try_from(sheets).unwrap_or(PAGES_MAX),
    };
    let to = |change: &dyn Fn(&mut Choice)| {
        let mut next = choice;
        change(&mut next);
        next
    };
    let (before, after) = (to(&|next| next.page -= 1), to(&|next| next.page += 1));
    let smaller = to(&|next| next.zoom -= 1);
    let larger = to(&|next| next.zoom += 1);
    let turned = to(&|next| next.turns = (next.turns + 1) % 4);
    html! {
        div.say.viewer__tools role="group" aria-label=(t.viewer_tools()) {
            (step(view, document, (choice.page > 1).then_some(before), "back", t.page_before()))
            p.num role="status" {
                @match last {
                    PAGES_MAX => (t.page_number(choice.page)),
                    last => (t.page_of_all(choice.page as usize, last as usize)),
                }
            }
            (step(view, document, (choice.page < last).then_some(after), "go", t.page_after()))
            (step(view, document, (choice.zoom > 1).then_some(smaller), "minus", t.zoom_out()))
            (step(view, document, (choice.zoom < ZOOM_MAX).then_some(larger), "plus", t.zoom_in()))
            (step(view, document, Some(turned), "turn", t.turn()))
            b.viewer__name data-name { (document.name) }
            div.row.push {
                (print(view, document, frame))
                (download(view, document, choice, frame))
            }
        }
    }
}

/// A link to another look at the same document; the same element without one, so that who
/// stepped there by keyboard stays there.
fn step(
    view: &CaseView,
    document: &DocumentView,
    to: Option<Choice>,
    mark: &str,
    words: &str,
) -> Markup {
    let address = to.map(|to| format!("/cases/{}{}", view.brief.case, to.query()));
    let next = to.and_then(|to| picture(view, document, &to));
    let next = next.map(|(address, _)| address);
    html! {
        a #{ "look-" (mark) }.btn.btn--icon role="link" tabindex="0" aria-label=(words)
            aria-disabled=[to.is_none().then_some("true")] href=[address]
            data-look=[to.map(|_| "")] data-next=[next]
        { (icon(mark)) }
    }
}

fn download(view: &CaseView, document: &DocumentView, choice: Choice, frame: &Frame) -> Markup {
    let t = frame.lang();
    let file = format!("/cases/{}/documents/{}", view.brief.case, document.document);
    let (address, whole) = match document.pages.as_slice() {
        [page] => (file, page.arrival),
        pages => {
            let page = pages.get(choice.page as usize - 1);
            let arrival = page.map_or(Arrival::Coming { percent: 0 }, |page| page.arrival);
            (format!("{file}/sheets/{}", choice.page), arrival)
        }
    };
    html! {
        @if whole == Arrival::Here && frame.files {
            a.btn href=(address) download { (icon("down")) (t.download()) }
        }
    }
}

/// To the printer where there is one, else to the browser's.
fn print(view: &CaseView, document: &DocumentView, frame: &Frame) -> Markup {
    let t = frame.lang();
    let file = format!("/cases/{}/documents/{}", view.brief.case, document.document);
    html! {
        @if document.arrival == Arrival::Here {
            @if view.printing.printer {
                form method="post" action={ (file) "/print" } data-order {
                    (token_field(frame))
                    button.btn { (icon("print")) (t.print()) }
                    p.field__error role="alert" data-trouble data-keep hidden {}
                }
            } @else if frame.files {
                a.btn href={ (file) "/paper" } target="_blank" { (icon("print")) (t.print()) }
            }
        }
    }
}

/// How far this document is at the printer.
fn printing(view: &CaseView, document: &DocumentView, frame: &Frame) -> Markup {
    let t = frame.lang();
    let job = view
        .printing
        .job
        .filter(|job| job.document == document.document);
    let Some(job) = job else {
        return html! {};
    };
    let (class, mark, words) = match job.state {
        PrintState::Printing => ("info", "print", t.print_going()),
        PrintState::NeedsAttention => ("wait", "warn", t.print_waits()),
        PrintState::Printed => ("ok", "check", t.print_done()),
        PrintState::Cancelled => ("info", "info", t.print_cancelled()),
        PrintState::Failed => ("bad", "warn", t.print_failed()),
    };
    let going = matches!(job.state, PrintState::Printing | PrintState::NeedsAttention);
    let file = format!("/cases/{}/documents/{}", view.brief.case, document.document);
    html! {
        div.say.viewer__print {
            (super::state(class, mark, words))
            @if going {
                form.push method="post" action={ (file) "/print/cancel" } data-order {
                    (token_field(frame))
                    button.btn { (t.print_cancel()) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_is_read_from_the_address_and_bounded() {
        let id = "ab".repeat(16);
        let read = |rest: &str| Choice::read(&format!("document={id}{rest}"));
        assert_eq!(
            read("").map(|choice| choice.query()),
            Some(format!("?document={id}&page=1"))
        );
        let query = "&page=3&zoom=2&turns=1";
        assert_eq!(
            read(query).map(|choice| choice.query()),
            Some(format!("?document={id}{query}"))
        );
        let wild = read("&page=0&zoom=200&turns=7").expect("read");
        assert_eq!((wild.page, wild.zoom, wild.turns), (1, ZOOM_MAX, 3));
        let far = read("&page=4294967295").expect("read");
        assert_eq!(far.page, PAGES_MAX);
        assert_eq!(Choice::read("page=2"), None);
        assert_eq!(Choice::read("document=x"), None);
    }
}
