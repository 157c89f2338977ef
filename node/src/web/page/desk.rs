//! The desk: who waits, the call, the colleagues, and every case of the adviser's services.

mod cases;
mod queue;

use maud::{Markup, html};

use super::case::desk_bar;
use super::{Fit, Frame, call, document, icon, line, state, token_field};
use crate::web::live::{Fragment, REVISION};
use crate::web::text::Lang;
use crate::web::view::{Alarm, Availability, Colleague, DeskView};

pub(in crate::web) fn draw(view: &DeskView, frame: &Frame) -> Markup {
    let t = frame.lang();
    let body = html! {
        (desk_bar(&view.adviser, availability(view, frame), true, frame))
        main #main.desk {
            div.desk__col {
                (queue::next(view, frame))
                section.panel aria-labelledby="queue-title" {
                    div.panel__head {
                        h2 #queue-title tabindex="-1" { (t.queue_title()) }
                        p.soft.push { (t.queue_order()) }
                    }
                    (queue::list(view, frame))
                    p.seen { (icon("eye")) span { (t.queue_seen()) } }
                }
                section.panel aria-labelledby="cases-title" {
                    div.panel__head {
                        h2 #cases-title { (t.desk_h1()) }
                        p.soft { (t.desk_order()) }
                        (cases::search(view, frame))
                    }
                    (cases::found(view, frame))
                    (cases::list(view, frame))
                }
            }
            div.desk__col {
                (call::station::dock(&view.call, None, frame))
                (sound_held(frame))
                (alarms(view, frame))
                (colleagues(view, frame))
                (station(view, frame))
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
        ("queue-title", t.queue_skip()),
        body,
    )
}

pub(in crate::web) fn live(view: &DeskView, frame: &Frame) -> Vec<Fragment> {
    vec![
        call::station::dock(&view.call, None, frame),
        queue::next(view, frame),
        queue::list(view, frame),
        cases::found(view, frame),
        cases::list(view, frame),
        availability(view, frame),
        alarms(view, frame),
        colleagues(view, frame),
        station(view, frame),
        line(&view.line, frame),
    ]
}

/// A mark and a word for how somebody can be reached.
fn reachable(availability: Availability, t: Lang) -> (&'static str, &'static str) {
    match availability {
        Availability::Free => ("presence--here ok", t.availability_free()),
        Availability::Busy => ("presence--here wait", t.availability_busy()),
        Availability::Away => ("soft", t.availability_away()),
    }
}

/// Whether the adviser is called, and the switch of it.
fn availability(view: &DeskView, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let (class, words) = reachable(view.availability, t);
    let away = view.availability == Availability::Away;
    let markup = html! {
        form #availability.row data-rev=(REVISION) method="post" action="/desk/attend" data-order
            aria-label=(t.availability())
        {
            (token_field(frame))
            input type="hidden" name="here" value=(away);
            p.state role="status" { span.presence.(class) aria-hidden="true" {} (words) }
            @match view.availability {
                Availability::Free => button.btn { (t.attend_not()) },
                Availability::Away => button.btn.btn--main { (t.attend()) },
                Availability::Busy => {},
            }
        }
    };
    Fragment::new("availability", markup)
}

/// The desk rings when somebody is next; a browser may hold sounds back until a first gesture.
fn sound_held(frame: &Frame) -> Markup {
    let t = frame.lang();
    html! {
        div.notice.wait data-desk-held hidden {
            (icon("listen")) b { (t.desk_sound_held()) }
            div { button.btn type="button" data-sound-on { (t.sound_on()) } }
        }
    }
}

fn colleagues(view: &DeskView, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let free = |one: &&Colleague| one.availability == Availability::Free;
    let markup = html! {
        section #colleagues.panel data-rev=(REVISION) aria-labelledby="colleagues-title" {
            div.panel__head {
                h2 #colleagues-title { (t.colleagues()) }
                @if !view.colleagues.is_empty() {
                    p.soft.push { (t.colleagues_online(view.colleagues.iter().filter(free).count())) }
                }
            }
            @if view.colleagues.is_empty() { p.panel__body.soft { (t.colleagues_none()) } }
            @else { ul.list { @for one in &view.colleagues { li { (colleague(one, t)) } } } }
        }
    };
    Fragment::new("colleagues", markup)
}

fn colleague(one: &Colleague, t: Lang) -> Markup {
    let (class, words) = reachable(one.availability, t);
    let services: Vec<&str> = one.services.iter().map(|name| t.of(name)).collect();
    html! {
        span.presence.(class) aria-hidden="true" {}
        span {
            (one.name) br;
            span.soft {
                @match (&one.speaks_with, one.availability) {
                    (Some(kiosk), Availability::Busy) => (t.in_call_with(kiosk)),
                    _ => (words),
                }
                ". " (services.join(", "))
            }
        }
        span {}
    }
}

fn alarms(view: &DeskView, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let markup = html! {
        section #alarms.panel data-rev=(REVISION) aria-labelledby="alarms-title" hidden[view.alarms.is_empty()] {
            div.panel__head { h2 #alarms-title { (t.to_look_at()) } }
            div role="status" {
                ul.ills {
                    @for alarm in &view.alarms {
                        @let (case, words) = match alarm {
                            Alarm::Unreadable { case, items } => (Some(case), t.alarm_unreadable(*items)),
                            Alarm::SetAside { case, items } => (Some(case), t.alarm_set_aside(*items)),
                            Alarm::ReasonLost { case } => (Some(case), t.alarm_reason_lost().to_owned()),
                            Alarm::Shut { service, cases } => (None, t.alarm_shut(*cases, &t.of_service(t.of(&service.named)))),
                        };
                        li {
                            h3 { (state("bad", "warn", &words)) }
                            @match case {
                                Some(case) => p { a href={ "/cases/" (case) } { (t.reference(&case.to_string()[..8])) } },
                                None => p { (t.alarm_shut_do()) },
                            }
                        }
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
    let services: Vec<&str> = view.services.iter().map(|one| t.of(&one.name)).collect();
    // Of all cases, those that a search leaves out included.
    let search = view.search.as_ref();
    let cases = search.map_or(view.cases.len(), |search| search.among);
    let markup = html! {
        section #station.panel data-rev=(REVISION) aria-labelledby="station-title" {
            div.panel__head { h2 #station-title { (t.my_station()) } }
            ul.list {
                li { span.(class) { (icon(mark)) } span { (t.outbox_waits(view.outbox)) br; span.soft { (view.place) } } span {} }
                li { span.ok { (icon("folder")) } span { (t.cases_count(cases)) br; span.soft { (services.join(", ")) } } span {} }
            }
        }
    };
    Fragment::new("station", markup)
}
