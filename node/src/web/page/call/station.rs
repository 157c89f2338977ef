//! The station's side: the call docked beside the work, never over it.

use guichet_keys::CaseTag;
use maud::{Markup, html};

use super::{Around, devices, draw, leave, order, over, since, switches, way_back};
use crate::web::live::Fragment;
use crate::web::page::{Frame, icon};
use crate::web::text::Lang;
use crate::web::view::{CallEnding, CallParty, CallView, Colleague};

/// The case that the page shows, and whose it is.
#[derive(Clone, Copy, Debug)]
pub(in crate::web::page) struct Here<'a> {
    pub(in crate::web::page) case: CaseTag,
    pub(in crate::web::page) person: Option<&'a str>,
}

/// The dock; `here` on the page of a case.
pub(in crate::web::page) fn dock(
    call: &CallView,
    here: Option<Here<'_>>,
    frame: &Frame,
) -> Fragment {
    let t = frame.lang();
    let around = match call {
        CallView::None { ended: None } | CallView::Waiting(_) => Around {
            class: "call--docked call--none",
            label: t.call(),
            title: None,
            before: html! {},
            over: html! {},
            after: html! {},
        },
        CallView::None { ended: Some(ended) } => Around {
            class: "call--docked call--over",
            label: t.call(),
            title: None,
            before: html! {},
            over: html! {},
            after: html! {
                p.notice.info role="status" { (icon("info")) b { (ended_words(ended, t)) } }
            },
        },
        CallView::Ringing(party) => ringing(party, here, frame),
        CallView::Speaking {
            party,
            since_s,
            passed_to,
            successors,
            ..
        } => {
            let talk = Talk {
                call,
                party,
                since_s: *since_s,
                passed_to: passed_to.as_deref(),
                successors,
            };
            speaking(&talk, here, frame)
        }
    };
    draw(call, around, frame)
}

fn ended_words(ended: &CallEnding, t: Lang) -> String {
    match ended {
        CallEnding::Left => t.desk_ended_left().to_owned(),
        CallEnding::HungUp => t.desk_ended_hung_up().to_owned(),
        CallEnding::Declined => t.desk_ended_declined().to_owned(),
        CallEnding::Missed => t.desk_ended_missed().to_owned(),
        CallEnding::Unreachable => t.desk_ended_unreachable().to_owned(),
        CallEnding::Restarted => t.desk_ended_restarted().to_owned(),
        CallEnding::TakenBy { name } => t.ended_taken(name),
        CallEnding::Passed => t.desk_ended_passed().to_owned(),
    }
}

/// Who is at the other side: the person where the page knows them, else the kiosk.
fn name<'a>(party: &'a CallParty, here: Option<Here<'a>>) -> &'a str {
    here.filter(|here| party.case == Some(here.case))
        .and_then(|here| here.person)
        .unwrap_or(&party.name)
}

fn elsewhere(party: &CallParty, here: Option<Here<'_>>) -> bool {
    here.map(|here| here.case) != party.case
}

fn ringing<'a>(party: &CallParty, here: Option<Here<'_>>, frame: &Frame) -> Around<'a> {
    let t = frame.lang();
    Around {
        class: "call--docked call--ringing on-night",
        label: t.call(),
        title: None,
        before: html! {},
        over: html! {
            div.stage__calm role="status" {
                p.state { (icon("bell")) (t.desk_ringing(&party.name)) }
                p { (t.desk_ringing_note()) }
            }
        },
        after: html! {
            div.dock {
                (leave("btn--end", "end", t.ring_stop(), frame))
                @if elsewhere(party, here) {
                    @if let Some(way) = way_back(party, t.case_of_call()) { (way) }
                }
            }
            (own_devices(frame))
        },
    }
}

/// A call that is on, as the desk tells of it.
struct Talk<'a> {
    call: &'a CallView,
    party: &'a CallParty,
    since_s: u64,
    passed_to: Option<&'a str>,
    successors: &'a [Colleague],
}

fn speaking<'a>(talk: &Talk<'_>, here: Option<Here<'_>>, frame: &Frame) -> Around<'a> {
    let t = frame.lang();
    let Talk { call, party, .. } = talk;
    let name = name(party, here);
    let small = html! {
        small {
            @if name != party.name { (party.name) ", " }
            (t.of(&party.service.name))
        }
    };
    let cut_note = t.desk_cut_meanwhile();
    Around {
        class: "call--docked call--speaking on-night",
        label: t.call(),
        title: None,
        before: html! {},
        over: html! {
            div.call__clock { (since(talk.since_s, t)) }
            (over(name, &small, call, cut_note, frame))
        },
        after: html! {
            div.dock role="group" aria-label=(t.call_commands()) {
                (switches(call, frame))
                (pass(talk.successors, talk.passed_to, frame))
                (leave("btn--end", "end", t.hang_up(), frame))
            }
            @if elsewhere(party, here) {
                @if let Some(way) = way_back(party, t.case_of_call()) { div.dock { (way) } }
            }
            (own_devices(frame))
        },
    }
}

fn own_devices(frame: &Frame) -> Markup {
    html! {
        details.call__devices {
            summary { (frame.lang().check_title()) }
            (devices(frame))
        }
    }
}

/// Hands the call over: one keeps the person on the line until the colleague has them.
fn pass(successors: &[Colleague], passed_to: Option<&str>, frame: &Frame) -> Markup {
    let t = frame.lang();
    html! {
        @match passed_to {
            Some(name) => p.state.call__passed role="status" { (icon("pass")) (t.passed_to(name)) },
            None => button.btn type="button" popovertarget="pass" { (icon("pass")) (t.pass()) },
        }
        form #pass.sheet.sheet--pass popover method="post" action="/call/pass" data-order aria-label=(t.pass()) {
            (order(frame))
            h2 { (t.pass()) }
            p { (t.pass_how()) }
            @if successors.is_empty() {
                p.notice.info { (icon("info")) b { (t.pass_none()) } }
            }
            @for colleague in successors {
                button.btn.btn--wide name="station" value=(colleague.station) { (icon("me")) (colleague.name) }
            }
            p.field__error role="alert" data-trouble data-keep hidden {}
            button.btn.btn--quiet type="button" popovertarget="pass" popovertargetaction="hide" { (t.cancel()) }
        }
    }
}
