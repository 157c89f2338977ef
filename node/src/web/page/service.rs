//! A service's page: what it does, how it goes, the papers to bring; all from its catalogue.

use maud::{Markup, html};

use super::{Fit, Frame, brand, call, display, document, icon, idle, line, token_field};
use crate::web::live::{Fragment, REVISION};
use crate::web::time;
use crate::web::view::{CallView, Offer, ServiceView};

pub(in crate::web) fn draw(view: &ServiceView, on: &CallView, frame: &Frame) -> Markup {
    let t = frame.lang();
    let name = t.of(&view.brief.name);
    let named = t.of(&view.brief.named);
    let body = html! {
        header.bar {
            (brand(Some("/"), t))
            p.bar__place { (view.place) }
            (line(&view.line, frame))
            (display(frame))
        }
        (call::kiosk::band(on, frame))
        main.half.half--info {
            div.col {
                section.door aria-labelledby="svc" {
                    span.door__lock { (icon(&view.brief.icon)) }
                    div { h1 #svc { (t.service_helps(named)) } p { (t.of(&view.help)) } }
                }
                (how(view, frame))
                (reach(view, frame))
                (start(view, frame))
            }
            (bring(view, frame))
        }
        footer.bottom.stays {
            a.btn href="/" { (icon("back")) (t.to_home()) }
            p.small.soft.push { (t.service_updated(named, &time::day(t, &view.updated))) }
        }
        @if let Some(idle) = idle(&view.visit, frame) { (idle) }
    };
    document(frame, name, Fit::Screen, ("bring", t.service_skip()), body)
}

pub(in crate::web) fn live(view: &ServiceView, on: &CallView, frame: &Frame) -> Vec<Fragment> {
    let parts = [
        call::kiosk::band(on, frame),
        line(&view.line, frame),
        reach(view, frame),
    ];
    parts.into_iter().chain(idle(&view.visit, frame)).collect()
}

fn how(view: &ServiceView, frame: &Frame) -> Markup {
    let t = frame.lang();
    html! {
        section.panel.grows aria-labelledby="how" {
            div.panel__head { h2 #how { (t.service_how()) } }
            div.panel__body.scroll tabindex="0" role="group" aria-labelledby="how" {
                ol.says { @for step in &view.steps { li { (t.of(step)) } } }
            }
        }
    }
}

fn reach(view: &ServiceView, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let (class, mark, words, note) = call::kiosk::reception(view.reach, view.reception, t);
    let markup = html! {
        p #reach data-rev=(REVISION) role="status" {
            span.state.(class) { (icon(mark)) (words) }
            " " span.small.soft { (note) }
        }
    };
    Fragment::new("reach", markup)
}

fn start(view: &ServiceView, frame: &Frame) -> Markup {
    html! {
        form.starts method="post" action="/visit" {
            (token_field(frame))
            input type="hidden" name="service" value=(view.brief.service);
            @for (place, offer) in view.forms.iter().enumerate() {
                (start_button(offer, place == 0, frame))
            }
        }
    }
}

fn start_button(offer: &Offer, first: bool, frame: &Frame) -> Markup {
    let t = frame.lang();
    let class = if first { "btn--main" } else { "btn--other" };
    html! {
        button.btn.btn--wide.(class) name="template" value=(offer.template) {
            (icon("pen"))
            span { (t.service_start(t.of(&offer.title))) small.starts__count { (t.service_count(offer.fields)) } }
        }
    }
}

fn bring(view: &ServiceView, frame: &Frame) -> Markup {
    let t = frame.lang();
    html! {
        section.panel aria-labelledby="bring" {
            div.panel__head {
                h2 #bring tabindex="-1" { (t.service_bring()) }
                p.small.soft.push { (t.service_bring_note()) }
            }
            div.panel__body.scroll.bring tabindex="0" role="group" aria-labelledby="bring" {
                @for paper in &view.bring {
                    label.choice {
                        input type="checkbox" autocomplete="off";
                        span { b { (t.of(&paper.name)) } small.soft { (t.of(&paper.note)) } }
                    }
                }
                p.notice.ok {
                    (icon("check")) b { (t.service_missing()) } span { (t.service_missing_note()) }
                }
                p.notice.info {
                    (icon("lock")) b { (t.service_privacy()) } span { (t.of(&view.privacy)) }
                }
            }
        }
    }
}
