//! Sheets that are put together before they are joined to a case: scanned, photographed, turned,
//! put in order.

use maud::{Markup, html};

use super::{
    Fit, Frame, brand, call, case, display, document, icon, idle, line, state, token_field,
};
use crate::render::{Detail, Drawing};
use crate::web::ids::SheetId;
use crate::web::live::{Fragment, REVISION};
use crate::web::text::Lang;
use crate::web::view::{ScanTrouble, ScannerView, SheetView, SheetsView, Side};

pub(in crate::web) fn draw(view: &SheetsView, chosen: Option<SheetId>, frame: &Frame) -> Markup {
    let t = frame.lang();
    let body = html! {
        (bar(view, frame))
        @if view.case.side == Side::Citizen { (call_part(view, frame)) }
        main.half.half--scan data-sheets {
            @if view.case.side == Side::Adviser { h1.vh { (t.scan_title()) } }
            (look(view, chosen, frame))
            div.col {
                @if view.case.side == Side::Adviser { (call_part(view, frame)) }
                (tray(view, chosen, frame))
                (ways(view, frame))
                @if view.case.side == Side::Citizen {
                    p.notice.info {
                        (icon("info")) b { (t.originals()) }
                        span { (t.originals_until(t.of(&view.case.brief.service.named))) }
                    }
                }
            }
        }
        footer.bottom.stays { (foot(view, frame)) }
        @if let Some(idle) = idle(&view.case.visit, frame) { (idle) }
    };
    document(
        frame,
        t.scan_title(),
        Fit::Screen,
        ("tray-title", t.sheets_title()),
        body,
    )
}

pub(in crate::web) fn live(
    view: &SheetsView,
    chosen: Option<SheetId>,
    frame: &Frame,
) -> Vec<Fragment> {
    [
        line(&view.case.line, frame),
        call_part(view, frame),
        look(view, chosen, frame),
        tray(view, chosen, frame),
        ways(view, frame),
        foot(view, frame),
    ]
    .into_iter()
    .chain(idle(&view.case.visit, frame))
    .collect()
}

fn bar(view: &SheetsView, frame: &Frame) -> Markup {
    let t = frame.lang();
    let line = line(&view.case.line, frame);
    html! {
        @match view.case.side {
            Side::Citizen => {
                header.bar {
                    (brand(None, t))
                    h1.bar__place.bar__title { (t.scan_title()) }
                    (line)
                    (display(frame))
                }
            },
            Side::Adviser => (case::desk_bar(view.case.adviser.as_deref().unwrap_or_default(), line, false, frame)),
        }
    }
}

fn call_part(view: &SheetsView, frame: &Frame) -> Fragment {
    match view.case.side {
        Side::Citizen => call::kiosk::band(&view.case.call, frame),
        Side::Adviser => call::station::dock(&view.case.call, None, frame),
    }
}

/// The sheet that is looked at, as large as there is room.
fn look(view: &SheetsView, chosen: Option<SheetId>, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let shown = shown(view, chosen);
    let markup = html! {
        section #look.panel data-rev=(REVISION) aria-labelledby="look-title" {
            div.panel__head {
                h2 #look-title {
                    @match shown {
                        Some((place, _)) => (t.page_of_all(place + 1, view.sheets.len())),
                        None => (t.sheets_none()),
                    }
                }
                @if shown.is_some() { span.push.small { (state("wait", "box", t.sheets_unsent())) } }
            }
            div.viewer.viewer--big {
                div.camera data-camera data-keep hidden {
                    video.camera__picture data-viewfinder autoplay playsinline muted aria-label=(t.camera_hint()) {}
                    p { (t.camera_hint()) }
                    div.row {
                        button.btn.btn--main type="button" data-shoot data-action={ "/cases/" (view.case.brief.case) "/sheets" }
                            data-too-large=(t.document_too_large()) data-sending=(t.document_sending()) data-failed=(t.document_failed())
                        { (icon("cam")) (t.camera_take()) }
                        button.btn type="button" data-unshoot { (t.close()) }
                    }
                }
                @match shown {
                    Some((place, sheet)) => {
                        img.page data-picture src=(picture(view, sheet, Detail::Screen)) alt=(match view.case.side {
                            Side::Citizen => t.sheet_as_seen(place + 1),
                            Side::Adviser => t.sheet_alt(place + 1),
                        });
                        p.viewer__trouble role="status" data-picture-trouble hidden {}
                    },
                    None => {
                        p.viewer__hint {
                            (match view.scanner {
                                ScannerView::None => t.sheets_none_note_camera(),
                                ScannerView::Ready | ScannerView::Scanning | ScannerView::Failed { .. } => t.sheets_none_note(),
                            })
                        }
                    },
                }
            }
            @if let Some((_, sheet)) = shown { (this_sheet(view, sheet, t, frame)) }
            p.field__error role="alert" data-trouble data-keep hidden {}
        }
    };
    Fragment::new("look", markup)
}

fn this_sheet(view: &SheetsView, sheet: &SheetView, t: Lang, frame: &Frame) -> Markup {
    let again = format!("/cases/{}/scan", view.case.brief.case);
    html! {
        div.say.say--spread role="group" aria-label=(t.sheet_tools()) {
            @if !matches!(view.scanner, ScannerView::None | ScannerView::Scanning) {
                form method="post" action=(again) data-order {
                    (token_field(frame))
                    input type="hidden" name="instead" value=(sheet.sheet);
                    button.btn { (icon("again")) (t.scan_again()) }
                }
            }
            (arrange(view, sheet, "turn", html! { button.btn { (icon("turn")) (t.turn()) } }, frame))
            (arrange(view, sheet, "remove", html! { button.btn.btn--end { (icon("trash")) (t.sheet_remove()) } }, frame))
        }
    }
}

fn arrange(
    view: &SheetsView,
    sheet: &SheetView,
    how: &str,
    button: Markup,
    frame: &Frame,
) -> Markup {
    html! {
        form method="post" action={ "/cases/" (view.case.brief.case) "/sheets/" (sheet.sheet) } data-order {
            (token_field(frame))
            input type="hidden" name="do" value=(how);
            (button)
        }
    }
}

fn tray(view: &SheetsView, chosen: Option<SheetId>, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let now = shown(view, chosen).map(|(_, sheet)| sheet.sheet);
    let last = view.sheets.len();
    let markup = html! {
        section #tray.panel data-rev=(REVISION) aria-labelledby="tray-title" {
            div.panel__head { h2 #tray-title tabindex="-1" { (t.sheets_title()) } }
            ol.sheets.scroll tabindex="0" aria-labelledby="tray-title" {
                @for (place, sheet) in view.sheets.iter().enumerate() {
                    @let here = (now == Some(sheet.sheet)).then_some("true");
                    li #{ "sheet-" (sheet.sheet) }.(if here.is_some() { "is-now" } else { "is-other" }) aria-current=[here] {
                        a.thumb href={ "/cases/" (view.case.brief.case) "/sheets?sheet=" (sheet.sheet) } data-look {
                            img.page alt="" loading="lazy" src=(picture(view, sheet, Detail::Preview));
                            span { b { (t.page_number(u32::try_from(place + 1).unwrap_or(u32::MAX))) } small.soft { (t.bytes(sheet.bytes as u64)) } }
                        }
                        (arrange(view, sheet, "earlier", html! {
                            button.btn.btn--icon aria-disabled=[(place == 0).then_some("true")] aria-label=(t.sheet_earlier(place + 1)) { (icon("up")) }
                        }, frame))
                        (arrange(view, sheet, "later", html! {
                            button.btn.btn--icon aria-disabled=[(place + 1 == last).then_some("true")] aria-label=(t.sheet_later(place + 1)) { (icon("down")) }
                        }, frame))
                    }
                }
            }
            p.panel__body.small.soft {
                @match view.case.side {
                    Side::Citizen => { (t.sheets_unseen()) " " (t.sheets_kept()) },
                    Side::Adviser => (t.sheets_desk()),
                }
            }
            p.field__error role="alert" data-trouble data-keep hidden {}
        }
    };
    Fragment::new("tray", markup)
}

/// The ways in: scanner, camera, file. What goes wrong is said here, and what is safe.
fn ways(view: &SheetsView, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let case = view.case.brief.case;
    let full = view.full;
    let markup = html! {
        section #ways.panel data-rev=(REVISION) aria-label=(t.scan_title()) {
            @match view.scanner {
                ScannerView::Scanning => {
                    div.panel__body role="status" {
                        p { (state("info", "scan", t.scan_going())) }
                        p.small.soft { (t.scan_going_note()) noscript { " " (t.scan_reload()) } }
                        progress.meter aria-label=(t.scan_going()) {}
                    }
                },
                ScannerView::Failed { trouble } => {
                    p.field__error role="alert" { (icon("warn")) span { (trouble_words(trouble, t)) " " (t.trouble_kept()) } }
                },
                ScannerView::None => p.panel__body.small.soft { (t.scanner_none()) },
                ScannerView::Ready => {},
            }
            @if full { p.panel__body { (state("wait", "info", t.sheets_full())) } }
            @if !full { div.say.say--spread {
                @match view.scanner {
                    ScannerView::Scanning => {
                        form method="post" action={ "/cases/" (case) "/scan/stop" } data-order {
                            (token_field(frame))
                            button.btn.btn--wide { (t.scan_stop()) }
                        }
                    },
                    ScannerView::None => {},
                    ScannerView::Ready | ScannerView::Failed { .. } => {
                        form method="post" action={ "/cases/" (case) "/scan" } data-order {
                            (token_field(frame))
                            button.btn.btn--wide.(if view.sheets.is_empty() { "btn--main" } else { "btn--other" }) { (icon("scan")) (t.scan_do()) }
                        }
                    },
                }
                button.btn type="button" data-photo data-none=(t.camera_none()) {
                    (icon("cam")) span { (t.camera_do()) }
                }
                @if frame.files { form.upload method="post" enctype="multipart/form-data" data-upload
                    action={ "/cases/" (case) "/sheets" }
                    data-too-large=(t.document_too_large()) data-sending=(t.document_sending()) data-failed=(t.document_failed())
                {
                    (token_field(frame))
                    label.btn {
                        (icon("plus")) span { (t.file_do()) }
                        input.vh type="file" name="file" accept="image/png,image/jpeg";
                    }
                    noscript { button.btn { (t.document_send()) } }
                } }
            } }
            div.upload__news role="status" data-keep {}
            p.field__error role="alert" data-trouble data-keep hidden {}
        }
    };
    Fragment::new("ways", markup)
}

fn foot(view: &SheetsView, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let case = view.case.brief.case;
    let pages = view.sheets.len();
    let markup = html! {
        div #foot.row.row--foot data-rev=(REVISION) {
            p.field__error role="alert" data-trouble data-keep hidden {}
            a.btn href={ "/cases/" (case) } { (icon("back")) (t.back_to_case()) }
            @if pages > 0 {
                form.row.push method="post" action={ "/cases/" (case) "/sheets/join" } data-order
                    data-then={ "/cases/" (case) "?document={document}" }
                {
                    (token_field(frame))
                    label for="sheet-name" { (t.sheet_name()) }
                    input.input #sheet-name data-keep name="name" maxlength="80" value=(t.sheet_name_default()) autocomplete="off";
                    button.btn.btn--main { (icon("check")) (t.sheets_join(pages)) }
                }
            }
        }
    };
    Fragment::new("foot", markup)
}

/// The sheet that is looked at: the one chosen, or the last.
fn shown(view: &SheetsView, chosen: Option<SheetId>) -> Option<(usize, &SheetView)> {
    let place = |id| view.sheets.iter().position(|sheet| sheet.sheet == id);
    let place = chosen
        .and_then(place)
        .or(view.sheets.len().checked_sub(1))?;
    Some((place, view.sheets.get(place)?))
}

/// The address of a picture; it changes with the turns of the sheet, so that no old one is shown.
fn picture(view: &SheetsView, sheet: &SheetView, detail: Detail) -> String {
    let drawing = Drawing {
        page: 1,
        turns: 0,
        detail,
    };
    format!(
        "/cases/{}/sheets/{}/pictures/{}?turned={}",
        view.case.brief.case,
        sheet.sheet,
        drawing.path(),
        sheet.turns
    )
}

fn trouble_words(trouble: ScanTrouble, t: Lang) -> &'static str {
    match trouble {
        ScanTrouble::Absent => t.trouble_absent(),
        ScanTrouble::Busy => t.trouble_busy(),
        ScanTrouble::NoPaper => t.trouble_no_paper(),
        ScanTrouble::Jammed => t.trouble_jammed(),
        ScanTrouble::CoverOpen => t.trouble_cover(),
        ScanTrouble::TooLarge => t.trouble_too_large(),
        ScanTrouble::TooSlow => t.trouble_too_slow(),
        ScanTrouble::Died => t.trouble_died(),
        ScanTrouble::NoRoom => t.trouble_no_room(),
        ScanTrouble::Failed => t.trouble_failed(),
    }
}
