//! The kiosk's side: asking for an adviser, waiting, being called, speaking.

use maud::{Markup, html};

use super::{Around, draw, leave, order, over, switches, wait, way_back};
use crate::web::live::{Fragment, REVISION};
use crate::web::page::{Frame, icon, state};
use crate::web::text::{LANGUAGES, Lang};
use crate::web::view::{
    CallEnding, CallParty, CallView, CaseView, Loose, Reach, Reception, ServiceBrief, VisitState,
    WaitingCall,
};

/// The class, the mark, what is true now, and a note.
pub(in crate::web::page) fn reception(
    reach: Reach,
    reception: Reception,
    t: Lang,
) -> (&'static str, &'static str, &'static str, &'static str) {
    match (reach, reception) {
        (Reach::Cut, _) => ("bad", "cut", t.reach_cut(), t.reach_cut_note()),
        (_, Reception::Free) => ("ok", "free", t.reception_free(), t.reception_free_note()),
        (_, Reception::Busy) => ("wait", "clock", t.reception_busy(), t.reception_busy_note()),
        (Reach::Here, Reception::Nobody) => (
            "info",
            "clock",
            t.reception_nobody(),
            t.reception_nobody_note(),
        ),
        (Reach::Kept, Reception::Nobody) => ("info", "clock", t.reach_kept(), t.reach_kept_note()),
    }
}

/// On the page of a case: the visit itself.
pub(in crate::web::page) fn at_case(view: &CaseView, frame: &Frame) -> Fragment {
    let t = frame.lang();
    match &view.call {
        CallView::None { ended } => {
            let around = Around {
                class: "call--none panel",
                label: t.talk_title(),
                title: None,
                before: html! {},
                over: html! {},
                after: talk(view, ended.as_ref(), frame),
            };
            draw(&view.call, around, frame)
        }
        CallView::Waiting(waiting) => {
            let elsewhere = waiting.case != view.brief.case;
            draw(&view.call, wait::around(waiting, elsewhere, frame), frame)
        }
        CallView::Ringing(party) => draw(&view.call, ringing("call--ringing", party, frame), frame),
        CallView::Speaking { party, .. } => {
            let small = html! { small { (t.of(&party.service.name)) } };
            let elsewhere = party.case != Some(view.brief.case);
            let around = Around {
                class: "call--speaking",
                label: t.call(),
                title: None,
                before: html! {},
                over: over(&party.name, &small, &view.call, &cut_note(party, t), frame),
                after: html! {
                    @if elsewhere { @if let Some(way) = way_back(party, t.back_to_call()) { (way) } }
                },
            };
            draw(&view.call, around, frame)
        }
    }
}

/// On the other pages of the kiosk: a band under the bar, so that nothing is covered.
pub(in crate::web::page) fn band(call: &CallView, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let around = match call {
        CallView::None { .. } => Around {
            class: "call--none call--band",
            label: t.call(),
            title: None,
            before: html! {},
            over: html! {},
            after: html! {},
        },
        CallView::Waiting(waiting) => Around {
            class: "call--band call--waiting",
            label: t.wait_title(),
            title: None,
            before: html! {},
            over: html! {},
            after: waiting_band(waiting, frame),
        },
        CallView::Ringing(party) => ringing("call--band call--ringing", party, frame),
        CallView::Speaking { party, .. } => Around {
            class: "call--band call--speaking",
            label: t.call(),
            title: None,
            before: html! {},
            over: over(&party.name, &html! {}, call, "", frame),
            after: html! {
                p { b { (party.name) } br; span.soft { (t.of(&party.service.name)) } }
                div.dock.on-night.push {
                    (switches(call, frame))
                    (leave("btn--end", "end", t.hang_up(), frame))
                    @if let Some(way) = way_back(party, t.back_to_call()) { (way) }
                }
            },
        },
    };
    draw(call, around, frame)
}

/// The commands of the visit at the foot of a case; in a call, its own are first.
pub(in crate::web::page) fn commands(view: &CaseView, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let end = match view.call {
        CallView::None { .. } => "btn--end",
        CallView::Waiting(_) | CallView::Ringing(_) | CallView::Speaking { .. } => "btn--plain",
    };
    let markup = html! {
        nav #commands.dock.on-night data-rev=(REVISION) aria-label=(t.visit_commands()) {
            @match view.call {
                CallView::Speaking { .. } => {
                    (switches(&view.call, frame))
                    (leave("btn--end", "end", t.hang_up(), frame))
                },
                CallView::Waiting(_) => (leave("btn--end", "back", t.leave_queue(), frame)),
                CallView::None { .. } | CallView::Ringing(_) => {},
            }
            @if is_empty(view) {
                form method="post" action={ "/cases/" (view.brief.case) "/back" } data-order data-then="/visit" {
                    (order(frame))
                    button.btn { (icon("trash")) (t.loose_give_back()) }
                }
            }
            a.btn.dock__first href="/" { (icon("plus")) (t.add_service()) }
            a.btn href={ "/services/" (view.brief.service.service) } { (icon("info")) (t.information()) }
            a.btn.dock__last.(end) href="/receipt" { (icon("doc")) (t.finish()) }
        }
    };
    Fragment::new("commands", markup)
}

/// Whether nothing is written in the case, so that it can be given back.
fn is_empty(view: &CaseView) -> bool {
    let VisitState::Open { loose, .. } = &view.visit else {
        return false;
    };
    let empty =
        |loose: &Loose| matches!(loose, Loose::Empty { case } if case.case == view.brief.case);
    loose.iter().any(empty)
}

fn cut_note(party: &CallParty, t: Lang) -> String {
    let note = t.call_cut_note(&party.name);
    format!("{note} {}", t.call_cut_meanwhile())
}

/// Nobody is waited for: how the last call ended, and one clear way to an adviser.
fn talk(view: &CaseView, ended: Option<&CallEnding>, frame: &Frame) -> Markup {
    let t = frame.lang();
    let (class, mark, words, note) = reception(view.reach, view.reception, t);
    let note = match view.reach {
        Reach::Cut => t.reception_cut_note(),
        Reach::Here | Reach::Kept => note,
    };
    html! {
        div.talk {
            @if let Some(ended) = ended {
                div.notice.info.talk__ended role="status" {
                    (icon("info")) b { (ended_words(ended, t)) } span { (t.ended_kept()) }
                }
            }
            h2.(if ended.is_some() { "vh" } else { "talk__title" }) { (t.talk_title()) }
            p role="status" { (state(class, mark, words)) br; span.small.soft { (note) } }
            form.talk__ask method="post" action="/call" data-order {
                (order(frame))
                input type="hidden" name="case" value=(view.brief.case);
                div.talk__choice #talk-choice data-keep {
                    fieldset {
                        legend.vh { (t.talk_mode()) }
                        div.choices {
                            label.choice { input type="radio" name="mode" value="voice" checked; (t.mode_voice()) }
                            label.choice { input type="radio" name="mode" value="writing"; (t.mode_writing()) }
                        }
                    }
                    div.row.talk__lang {
                        label for="talk-lang" { (t.talk_lang()) }
                        select.input #talk-lang name="lang" {
                            @for (tag, name) in LANGUAGES {
                                option value=(tag) lang=(tag) selected[tag == t.tag()] { (name) }
                            }
                        }
                    }
                }
                button.btn.btn--main.btn--wide { (icon("cam")) (t.talk_do()) }
                p.field__error role="alert" data-trouble data-keep hidden {}
            }
        }
    }
}

fn ended_words(ended: &CallEnding, t: Lang) -> &'static str {
    match ended {
        CallEnding::Left => t.ended_left(),
        CallEnding::HungUp => t.ended_hung_up(),
        CallEnding::Missed => t.ended_missed(),
        CallEnding::Unreachable
        | CallEnding::Declined
        | CallEnding::Restarted
        | CallEnding::TakenBy { .. } => t.ended_unreachable(),
        CallEnding::Passed => t.ended_passed(),
    }
}

fn waiting_band(waiting: &WaitingCall, frame: &Frame) -> Markup {
    let t = frame.lang();
    html! {
        p {
            b { (t.wait_for(t.of(&waiting.service.name))) } br;
            span role="status" { (wait::place_words(waiting, t)) }
        }
        a.btn.push href={ "/cases/" (waiting.case) } { (icon("back")) (t.back_to_place()) }
    }
}

/// An adviser calls: the whole screen lights up, and nothing else can be touched.
fn ringing<'a>(class: &'a str, party: &CallParty, frame: &Frame) -> Around<'a> {
    let t = frame.lang();
    let ServiceBrief {
        named, icon: mark, ..
    } = &party.service;
    let named = t.of(named);
    Around {
        class,
        label: t.ring_title(),
        title: Some(t.ring_title()),
        before: html! {},
        over: html! {},
        after: html! {
            dialog #ring.ring open closedby="none" aria-labelledby="ring-who" aria-describedby="ring-note" data-ring {
                div.ring__light aria-hidden="true" {}
                div.ring__box {
                    span.ring__mark { (icon(mark)) }
                    h2 #ring-who { (t.ring_calls(&party.name, &t.of_service(named))) }
                    div #ring-note.stack {
                        p { (t.ring_who(&party.name, named)) }
                        p.notice.info { (icon("lock")) b { (t.ring_privacy()) } span { (t.of(&party.privacy)) } }
                        p.notice.ok { (icon("eye")) b { (t.ring_unseen()) } span.small { (t.not_now_note()) } }
                    }
                    div.ring__ways {
                        form method="post" action="/call/answer" data-order {
                            (order(frame))
                            button.btn.btn--main autofocus { (icon("call")) (t.answer()) }
                        }
                        (leave("btn--other", "clock", t.not_now(), frame))
                    }
                    p.field__error role="alert" data-trouble data-keep hidden {}
                }
            }
        },
    }
}
