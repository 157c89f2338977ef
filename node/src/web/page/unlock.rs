//! The locked station: whose vault is to be opened.

use maud::{Markup, html};

use super::{Fit, Frame, brand, display, document, icon, line, token_field};
use crate::web::live::{Fragment, REVISION};
use crate::web::view::UnlockView;

pub(in crate::web) fn draw(view: &UnlockView, frame: &Frame) -> Markup {
    let t = frame.lang();
    let body = html! {
        header.bar {
            (brand(None, t))
            p.bar__place { (view.place) }
            (line(&view.line, frame))
            (display(frame))
        }
        main.unlock {
            (form(view, frame))
            aside.desk__col aria-label=(t.this_station()) {
                (waiting(view, frame))
                p.notice.info {
                    (icon("info")) b { (t.unlock_lost()) } span { (t.unlock_lost_note()) }
                }
            }
        }
    };
    document(
        frame,
        t.unlock_title(),
        Fit::Screen,
        ("pass", t.unlock_skip()),
        body,
    )
}

pub(in crate::web) fn live(view: &UnlockView, frame: &Frame) -> Vec<Fragment> {
    vec![line(&view.line, frame), waiting(view, frame)]
}

fn waiting(view: &UnlockView, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let markup = html! {
        p #waiting.notice.ok data-rev=(REVISION) {
            (icon("send")) b { (t.unlock_sending()) } span { (t.unlock_outbox(view.outbox)) }
        }
    };
    Fragment::new("waiting", markup)
}

fn form(view: &UnlockView, frame: &Frame) -> Markup {
    let t = frame.lang();
    html! {
        form.panel.unlock__box method="post" action="/unlock" aria-labelledby="who" data-unlock data-doing=(t.unlock_doing()) {
            (token_field(frame))
            div.door {
                span.door__lock { (icon("lock")) }
                div { h1 #who { (t.unlock_h1()) } p { (t.unlock_lead()) } }
            }
            div.panel__body.stack {
                @if view.advisers.is_empty() { p.notice.wait { (icon("warn")) b { (t.unlock_none()) } } }
                @else {
                    (advisers(view, frame))
                    (passphrase(frame))
                    button.btn.btn--main.btn--wide { (icon("key")) span data-word { (t.unlock_do()) } }
                }
            }
        }
    }
}

fn advisers(view: &UnlockView, frame: &Frame) -> Markup {
    let t = frame.lang();
    html! {
        fieldset {
            legend.vh { (t.unlock_who()) }
            div.advisers {
                @for (place, adviser) in view.advisers.iter().enumerate() {
                    label.choice.adviser {
                        input type="radio" name="adviser" value=(adviser.adviser) checked[place == 0] required autocomplete="off";
                        span {
                            b { (adviser.name) }
                            small.soft {
                                @for (place, service) in adviser.services.iter().enumerate() {
                                    @if place > 0 { ", " } (t.of(service))
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn passphrase(frame: &Frame) -> Markup {
    let t = frame.lang();
    html! {
        div.field {
            label for="pass" { (t.unlock_pass()) }
            div.masked {
                input.input #pass type="password" name="passphrase" required autocomplete="off"
                    aria-describedby="pass-h pass-e";
                button.btn type="button" data-mask aria-pressed="false" aria-controls="pass"
                    data-show=(t.show()) data-hide=(t.hide())
                { (icon("eye")) span data-word { (t.show()) } span.vh { " " (t.unlock_pass_what()) } }
            }
            p.hint #pass-h { (t.unlock_pass_hint()) }
            p.field__error #pass-e role="alert" hidden {}
        }
    }
}
