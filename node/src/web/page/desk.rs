//! The desk: every case of the unlocked adviser's services.

use maud::{Markup, html};

use super::case::desk_bar;
use super::{Fit, Frame, document, icon, line, state};
use crate::web::live::{Fragment, REVISION};
use crate::web::time;
use crate::web::view::{Alarm, DeskCase, DeskView};

pub(in crate::web) fn draw(view: &DeskView, frame: &Frame) -> Markup {
    let t = frame.lang();
    let body = html! {
        (desk_bar(&view.adviser, None, true, frame))
        main #main.desk {
            div.desk__col {
                section.panel aria-labelledby="cases-title" {
                    div.panel__head {
                        h1 #cases-title.h2 tabindex="-1" { (t.desk_h1()) }
                        p.soft.push { (t.desk_order()) }
                    }
                    (cases(view, frame))
                }
            }
            div.desk__col {
                (alarms(view, frame))
                (station(view, frame))
                section.panel aria-labelledby="services-title" {
                    div.panel__head { h2 #services-title { (t.my_services()) } }
                    ul.list {
                        @for service in &view.services {
                            li { span.brandish { (icon(&service.icon)) } span { (t.of(&service.name)) br; span.soft { (t.of(&service.about)) } } span {} }
                        }
                    }
                }
            }
        }
        footer.bottom {
            (line(&view.line, frame))
            p.soft.push { (t.desk_offline()) }
        }
    };
    document(
        frame,
        t.desk_title(),
        Fit::Flow,
        ("cases-title", t.desk_skip()),
        body,
    )
}

pub(in crate::web) fn live(view: &DeskView, frame: &Frame) -> Vec<Fragment> {
    vec![
        cases(view, frame),
        alarms(view, frame),
        station(view, frame),
        line(&view.line, frame),
    ]
}

fn cases(view: &DeskView, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let markup = html! {
        div #cases.scroll data-rev=(REVISION) tabindex="0" role="region" aria-labelledby="cases-title" {
            @if view.cases.is_empty() {
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
            td { time.num datetime=(time::machine(case.changed_at_s)) { (time::short(t, case.changed_at_s)) } }
            td.right { a.btn href=(href) aria-label={ (t.open()) " " (name) ", " (t.of(&case.brief.title)) } { (t.open()) } }
        }
    }
}

fn alarms(view: &DeskView, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let markup = html! {
        section #alarms.panel data-rev=(REVISION) aria-labelledby="alarms-title" hidden[view.alarms.is_empty()] {
            div.panel__head { h2 #alarms-title { (t.to_look_at()) } }
            ul.ills role="status" {
                @for alarm in &view.alarms {
                    @let (case, words) = match alarm {
                        Alarm::Unreadable { case, items } => (case, t.alarm_unreadable(*items)),
                        Alarm::SetAside { case, items } => (case, t.alarm_set_aside(*items)),
                    };
                    li {
                        h3 { (state("bad", "warn", &words)) }
                        p { a href={ "/cases/" (case) } { (t.reference(&case.to_string()[..8])) } }
                    }
                }
            }
        }
    };
    Fragment::new("alarms", markup)
}

fn station(view: &DeskView, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let (class, mark) = match view.outbox {
        0 => ("ok", "check"),
        _ => ("wait", "send"),
    };
    let markup = html! {
        section #station.panel data-rev=(REVISION) aria-labelledby="station-title" {
            div.panel__head { h2 #station-title { (t.my_station()) } }
            ul.list {
                li { span.(class) { (icon(mark)) } span { (t.outbox_waits(view.outbox)) br; span.soft { (view.place) } } span {} }
                li { span.ok { (icon("folder")) } span { (t.cases_count(view.cases.len())) } span {} }
            }
        }
    };
    Fragment::new("station", markup)
}
