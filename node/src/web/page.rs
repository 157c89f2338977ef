//! Pages: each a pure function of a view and a [`Frame`]. Class names are those of `style.css`.
//!
//! Every page module has `draw`, the whole page, and `live`, those of its parts that can change
//! while it is open; `draw` is made of the same parts.

mod call;
pub(super) mod case;
pub(super) mod desk;
pub(super) mod documents;
pub(super) mod field;
pub(super) mod home;
pub(super) mod locking;
mod loose;
pub(super) mod messages;
pub(super) mod paper;
pub(super) mod receipt;
pub(super) mod service;
pub(super) mod sheets;
pub(super) mod status;
pub(super) mod trouble;
pub(super) mod unlock;
pub(super) mod viewer;
pub(super) mod visit;

use guichet_keys::Role;
use maud::{DOCTYPE, Markup, html};

use super::assets;
use super::live::{Fragment, REVISION};
use super::session::{Contrast, Preferences, TextSize};
use super::text::Lang;
use super::time;
use super::view::{Idle, ItemState, Line, Loose, VisitState, Words};
pub(super) use call::case_of as case_of_call;
pub(super) use viewer::remarks;

/// What a page needs beside its view.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) role: Role,
    pub(super) preferences: Preferences,
    pub(super) page_token: String,
    /// Whether files may go in and out through the browser.
    pub(super) files: bool,
    /// The path and query of this page.
    pub(super) path: String,
    /// When it is drawn: of a time of another day, its day is said.
    pub(super) now_s: u64,
}

impl Frame {
    pub(super) fn lang(&self) -> Lang {
        self.preferences.lang
    }

    fn classes(&self) -> String {
        let mut classes = vec![];
        if self.role == Role::Kiosk {
            classes.push("kiosk");
        }
        match self.preferences.size {
            TextSize::Normal => {}
            TextSize::Large => classes.push("text-large"),
            TextSize::XLarge => classes.push("text-xlarge"),
        }
        if self.preferences.contrast == Contrast::High {
            classes.push("contrast");
        }
        classes.join(" ")
    }
}

/// Whether a page fills the screen exactly or flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    Screen,
    Flow,
}

/// The HTML around every page.
fn document(frame: &Frame, title: &str, fit: Fit, skip: (&str, &str), body: Markup) -> Markup {
    let t = frame.lang();
    let (target, told) = skip;
    html! {
        (DOCTYPE)
        html lang=(t.tag()) class=(frame.classes()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="guichet-token" content=(frame.page_token);
                title { (t.page_title(title)) }
                link rel="stylesheet" href=(assets::path("style.css"));
                link rel="stylesheet" href=(assets::path("papers.css"));
                link rel="stylesheet" href=(assets::path("call.css"));
                link rel="stylesheet" href=(assets::path("work.css"));
                link rel="icon" href=(assets::path("icons.svg")) type="image/svg+xml";
                script type="module" src=(assets::path("main.js")) {}
            }
            body class=[(fit == Fit::Screen).then_some("fit")]
                data-lost=(t.line_lost_here()) data-retrying=(t.not_saved_retrying())
                data-failed=(t.not_done())
            {
                a.skip href={ "#" (target) } { (told) }
                (body)
                @if frame.role == Role::Station { (locking::draw(None, frame)) }
                p.lost role="status" hidden {}
            }
        }
    }
}

/// A drawn mark, hidden from readers: words stand beside it.
fn icon(name: &str) -> Markup {
    html! {
        svg.icon aria-hidden="true" { use href={ (assets::path("icons.svg")) "#i-" (name) } {} }
    }
}

/// A state: a mark and a word.
fn state(class: &str, mark: &str, words: &str) -> Markup {
    html! { span.state.(class) { (icon(mark)) (words) } }
}

fn token_field(frame: &Frame) -> Markup {
    html! { input type="hidden" name="token" value=(frame.page_token); }
}

fn brand(href: Option<&str>, t: Lang) -> Markup {
    let mark = html! {
        svg viewBox="0 0 24 24" aria-hidden="true" {
            use href={ (assets::path("icons.svg")) "#i-mark" } {}
        }
        (t.product())
    };
    html! {
        @match href {
            Some(href) => a.brand href=(href) { (mark) },
            None => span.brand { (mark) },
        }
    }
}

/// The state of the line, in the bar.
fn line(line: &Line, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let (class, mark, words) = match line {
        Line::Up => ("ok", "line", t.line_up().to_owned()),
        Line::Cut { since_s: None } => ("bad", "cut", t.line_cut().to_owned()),
        Line::Cut { since_s: Some(at) } => {
            ("bad", "cut", t.cut_since(&time::seen(t, *at, frame.now_s)))
        }
    };
    let markup = html! {
        p #line data-rev=(REVISION) .push.state.(class) role="status" { (icon(mark)) (words) }
    };
    Fragment::new("line", markup)
}

/// Language, text size and contrast, in a bar.
fn tools(frame: &Frame) -> Markup {
    let t = frame.lang();
    html! {
        form.tools method="post" action="/preferences" aria-label=(t.display_and_language()) {
            (token_field(frame))
            input type="hidden" name="back" value=(frame.path);
            (choices(frame))
        }
    }
}

/// The same behind a button, for pages with less room.
fn display(frame: &Frame) -> Markup {
    let t = frame.lang();
    html! {
        button.btn type="button" popovertarget="display" {
            (icon("globe")) (t.display()) span.vh { " · " (t.language()) }
        }
        form #display.sheet popover method="post" action="/preferences" aria-label=(t.display_and_language()) {
            (token_field(frame))
            input type="hidden" name="back" value=(frame.path);
            h2 { (t.display_and_language()) }
            (choices(frame))
            button.btn.btn--quiet type="button" popovertarget="display" popovertargetaction="hide" {
                (t.close())
            }
        }
    }
}

fn choices(frame: &Frame) -> Markup {
    let t = frame.lang();
    let Preferences {
        lang,
        size,
        contrast,
    } = frame.preferences;
    let high = contrast == Contrast::High;
    html! {
        div.set role="group" aria-label=(t.language()) {
            @for (one, name) in [(Lang::Fr, "Français"), (Lang::En, "English")] {
                button.btn name="lang" value=(one.tag()) lang=(one.tag()) aria-pressed=(pressed(one == lang)) { (name) }
            }
        }
        div.set role="group" aria-label=(t.text_size()) {
            @for (one, value, letter, words) in [
                (TextSize::Normal, "normal", "A", t.size_normal()),
                (TextSize::Large, "large", "A+", t.size_large()),
                (TextSize::XLarge, "xlarge", "A++", t.size_xlarge()),
            ] {
                button.btn name="size" value=(value) aria-pressed=(pressed(one == size)) {
                    (letter) span.vh { " " (words) }
                }
            }
        }
        button.btn name="contrast" value=(if high { "plain" } else { "high" }) aria-pressed=(pressed(high)) {
            (icon("contrast")) (t.contrast())
        }
    }
}

fn pressed(is: bool) -> &'static str {
    if is { "true" } else { "false" }
}

/// How far a thing has come: mark and words, never more than is true.
fn progress(state: &ItemState, service: &Words, t: Lang) -> (&'static str, &'static str, String) {
    match state {
        ItemState::Saved => ("wait", "box", t.saved_here().to_owned()),
        ItemState::EnRoute => ("info", "send", t.en_route().to_owned()),
        ItemState::Received { .. } => ("ok", "check", t.received_by(t.of(service))),
    }
}

/// The idle clock of a visit, and the dialog that warns before its end.
fn idle(visit: &VisitState, frame: &Frame) -> Option<Fragment> {
    match visit {
        VisitState::Open { idle, loose, .. } => Some(idle_clock(idle, loose, frame)),
        VisitState::None | VisitState::Interrupted => None,
    }
}

fn idle_clock(idle: &Idle, loose: &[Loose], frame: &Frame) -> Fragment {
    let t = frame.lang();
    let markup = html! {
        div #idle data-rev=(REVISION) data-ends-in=(idle.ends_in_s) data-warn=(idle.warn_s) {
            dialog.warning aria-labelledby="idle-title" aria-describedby="idle-note" {
                h2 #idle-title { (icon("clock")) (t.idle_title()) }
                p #idle-note { (t.idle_note()) }
                @if !loose.is_empty() {
                    p { b { (t.loose_lost()) } }
                    (loose::list(loose, "idle", frame))
                }
                p.big { (t.idle_left()) " " span.num role="timer" data-left { (t.seconds_left(idle.ends_in_s)) } }
                div.row {
                    form method="post" action="/visit/here" {
                        (token_field(frame))
                        button.btn.btn--main autofocus { (t.still_here()) }
                    }
                    form method="post" action="/visit/end" {
                        (token_field(frame))
                        button.btn.btn--end { (icon("end")) (t.end_and_erase()) }
                    }
                }
            }
        }
    };
    Fragment::new("idle", markup)
}

/// A time, for people and for machines.
fn moment(at_s: u64, t: Lang) -> Markup {
    html! { time.num datetime=(time::machine(at_s)) { (time::moment(t, at_s)) } }
}
