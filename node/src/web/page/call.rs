//! Waiting, being called and speaking: the part of a page that carries the call.
//!
//! It is one fragment, `#call`, on every page of a kiosk and of a station, and the pictures stand
//! at the same place in it whatever the state: news changes what is around them, and a picture is
//! never torn down because a word beside it has changed.

pub(super) mod kiosk;
pub(super) mod station;
mod wait;

use guichet_keys::{CaseTag, Role};
use maud::{Markup, html};

use super::{Frame, icon, token_field};
use crate::web::live::{Fragment, REVISION};
use crate::web::text::Lang;
use crate::web::time;
use crate::web::view::{CallParty, CallView, CutAt, MediaState, Sending};

/// Both off: what a page may send while nobody speaks.
const SILENT: Sending = Sending {
    audio: false,
    video: false,
};

/// What is drawn around the pictures.
struct Around<'a> {
    /// Classes that place the whole.
    class: &'a str,
    /// What it is called by readers.
    label: &'a str,
    /// The title of the page meanwhile.
    title: Option<&'a str>,
    before: Markup,
    /// Over the pictures.
    over: Markup,
    after: Markup,
}

/// The fragment, in any state.
fn draw(call: &CallView, around: Around<'_>, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let own = own(call);
    let cut = is_cut(call).then_some("stage--frozen");
    let seen = matches!(call, CallView::Speaking { theirs, .. } if theirs.video);
    let markup = html! {
        section #call.call.(around.class) data-rev=(REVISION) data-call=(state(call))
            data-audio=(own.audio) data-video=(own.video) data-seen=(seen) data-title=[around.title] aria-label=(around.label)
        {
            (around.before)
            div.call__window.stage.on-night.(cut.unwrap_or("stage--clear")) {
                (pictures(frame))
                (around.over)
            }
            p.field__error.call__trouble role="alert" data-call-trouble data-keep hidden
                data-audio=(t.microphone_gone()) data-video=(t.camera_gone()) {}
            (around.after)
        }
    };
    Fragment::new("call", markup)
}

fn state(call: &CallView) -> &'static str {
    match call {
        CallView::None { .. } => "none",
        CallView::Waiting(_) => "waiting",
        CallView::Ringing(_) => "ringing",
        CallView::Speaking { .. } => "speaking",
    }
}

fn own(call: &CallView) -> Sending {
    match call {
        CallView::Speaking { own, .. } => *own,
        CallView::None { .. } | CallView::Waiting(_) | CallView::Ringing(_) => SILENT,
    }
}

fn is_cut(call: &CallView) -> bool {
    matches!(
        call,
        CallView::Speaking {
            media: MediaState::Interrupted { .. },
            ..
        }
    )
}

/// The case that a wait or a call is about.
pub(in crate::web) fn case_of(call: &CallView) -> Option<CaseTag> {
    match call {
        CallView::None { .. } => None,
        CallView::Waiting(waiting) => Some(waiting.case),
        CallView::Ringing(party) | CallView::Speaking { party, .. } => party.case,
    }
}

/// The other and oneself; scripts fill them and show them.
fn pictures(frame: &Frame) -> Markup {
    let t = frame.lang();
    let theirs = match frame.role {
        Role::Kiosk => t.picture_adviser(),
        Role::Station
        | Role::Relay
        | Role::Operator
        | Role::Steward
        | Role::Registrar
        | Role::Agent => t.picture_person(),
    };
    html! {
        div #pictures.stage__pictures data-keep {
            video.stage__picture data-theirs autoplay playsinline hidden aria-label=(theirs) {}
            video.stage__self data-own autoplay playsinline muted hidden aria-label=(t.picture_own()) {}
            div.stage__held data-held-back hidden {
                p { (t.sound_held()) }
                button.btn type="button" data-unmute { (icon("listen")) (t.sound_on()) }
            }
        }
    }
}

/// Over the pictures while two people speak: who, and what is wrong if something is.
fn over(name: &str, small: &Markup, call: &CallView, cut_note: &str, frame: &Frame) -> Markup {
    let t = frame.lang();
    let CallView::Speaking {
        media,
        cut,
        own,
        theirs,
        ..
    } = call
    else {
        return html! {};
    };
    // Without a picture, its place says who sends none: the name is not said over it once more.
    let unseen = *media == MediaState::Live && !theirs.video;
    let unheard = *media == MediaState::Live && !theirs.audio;
    html! {
        @if !unseen {
            p.stage__name { (name) (small)
                @if unheard {
                    small.stage__mute { (icon("mic-off")) (t.their_microphone_off()) }
                }
            }
        }
        div.stage__calm {
            div.stack role="status" {
                @match media {
                    MediaState::Interrupted { .. } => { h2 { (cut_words(*cut, frame)) } p { (cut_note) } },
                    MediaState::Connecting => p.state { (icon("clock")) (t.call_connecting()) },
                    MediaState::Live => @if unseen {
                        p.state { (icon("cam-off")) (their_camera(name, frame)) }
                        (small)
                        @if unheard {
                            p.state.stage__mute { (icon("mic-off")) (t.their_microphone_off()) }
                        }
                    },
                }
            }
            @if let MediaState::Interrupted { since_s } = media { (since(cut_since(*cut).unwrap_or(*since_s), t)) }
        }
        @if !own.video {
            p.stage__self.stage__self--off { (icon("cam-off")) span.vh { (unless_gone("video", t.picture_own_off(), t.camera_none_here())) } }
        }
    }
}

/// Whose line is cut, and no more than is known of it: the head of the page says the same.
fn cut_words(cut: CutAt, frame: &Frame) -> &'static str {
    let t = frame.lang();
    match (cut, frame.role == Role::Kiosk) {
        (CutAt::Here { .. }, _) => t.call_cut(),
        (CutAt::There { .. }, true) => t.call_cut_adviser(),
        (CutAt::There { .. }, false) => t.call_cut_kiosk(),
        (CutAt::Nowhere, _) => t.call_quiet(),
    }
}

fn cut_since(cut: CutAt) -> Option<u64> {
    match cut {
        CutAt::Nowhere => None,
        CutAt::Here { since_s } => since_s,
        CutAt::There { since_s } => Some(since_s),
    }
}

/// Who sends no picture, for whatever reason: a person, or a kiosk.
fn their_camera(name: &str, frame: &Frame) -> String {
    match frame.role == Role::Kiosk {
        true => frame.lang().their_camera_off(name),
        false => frame.lang().the_camera_off(name),
    }
}

/// Since when, outside any live region: scripts count on from here.
fn since(since_s: u64, t: Lang) -> Markup {
    html! {
        p.state.num role="timer" {
            (icon("clock"))
            span id={ "since-" (since_s) } data-since=(since_s) data-words=(t.since("@")) data-keep {
                (t.since(&time::clock(t, since_s)))
            }
        }
    }
}

/// Microphone and camera: the button says how it is, and does the other.
fn switches(call: &CallView, frame: &Frame) -> Markup {
    let t = frame.lang();
    let own = own(call);
    let (microphone, camera) = match (is_cut(call), own.audio, own.video) {
        (true, true, true) => (t.microphone_paused(), t.camera_paused()),
        (true, true, false) => (t.microphone_paused(), t.camera_off()),
        (true, false, true) => (t.microphone_off(), t.camera_paused()),
        (false, true, true) => (t.microphone_on(), t.camera_on()),
        (false, true, false) => (t.microphone_on(), t.camera_off()),
        (false, false, true) => (t.microphone_off(), t.camera_on()),
        (_, false, false) => (t.microphone_off(), t.camera_off()),
    };
    html! {
        form.switches method="post" action="/call/sending" data-order {
            (order(frame))
            input type="hidden" name="audio" value=(own.audio);
            input type="hidden" name="video" value=(own.video);
            button.btn name="audio" value=(!own.audio) aria-pressed=(own.audio) data-switch {
                (icon(if own.audio { "mic" } else { "mic-off" }))
                (unless_gone("audio", microphone, t.microphone_none_here()))
            }
            button.btn name="video" value=(!own.video) aria-pressed=(own.video) data-switch {
                (icon(if own.video { "cam" } else { "cam-off" }))
                (unless_gone("video", camera, t.camera_none_here()))
            }
        }
    }
}

/// Words about a device, and those instead of them where it is not there: scripts know.
fn unless_gone(kind: &str, there: &str, gone: &str) -> Markup {
    html! {
        span data-there=(kind) { (there) }
        span data-gone=(kind) hidden { (gone) }
    }
}

/// Leaves the queue, refuses or hangs up, in the words of the state.
fn leave(class: &str, mark: &str, words: &str, frame: &Frame) -> Markup {
    html! {
        form.leaving method="post" action="/call/leave" data-order {
            (order(frame))
            button.btn.(class) { (icon(mark)) (words) }
        }
    }
}

/// What every order of this part carries: the page's token, and where to go on without scripts.
fn order(frame: &Frame) -> Markup {
    html! {
        (token_field(frame))
        input type="hidden" name="back" value=(frame.path);
    }
}

/// Camera, microphone and sound: what was found, and which are used. Scripts choose the words.
fn devices(frame: &Frame) -> Markup {
    let t = frame.lang();
    html! {
        div.devices-check #devices data-keep {
            ul.kept {
                li data-device="camera" { (device("cam", [
                    ("asking", t.camera_asking()), ("good", t.camera_good()), ("dark", t.camera_dark()),
                    ("still", t.camera_still()), ("refused", t.camera_refused()), ("missing", t.camera_missing()),
                    ("busy", t.camera_busy()), ("unable", t.camera_unable()),
                ])) }
                li data-device="microphone" {
                    (device("mic", [
                    ("asking", t.microphone_asking()), ("good", t.microphone_good()), ("quiet", t.microphone_quiet()),
                    ("still", t.microphone_quiet()), ("refused", t.microphone_refused()), ("missing", t.microphone_missing()),
                    ("busy", t.microphone_busy()), ("unable", t.microphone_unable()),
                ]))
                    meter.meter data-level aria-hidden="true" min="0" max="100" value="0" {}
                }
            }
            div.row {
                button.btn type="button" data-sound { (icon("listen")) (t.sound_try()) }
                button.btn type="button" data-again hidden { (icon("again")) (t.check_again()) }
            }
            p.small.played role="status" data-played hidden { (t.sound_played()) }
            details.chooser {
                summary { (t.devices_choose()) }
                (choice("camera", "videoinput", t.device_camera(), t))
                (choice("microphone", "audioinput", t.device_microphone(), t))
                (choice("speaker", "audiooutput", t.device_speaker(), t))
            }
        }
    }
}

/// One state stands, the others wait; the first is how it begins.
fn device(mark: &str, states: [(&str, &str); 8]) -> Markup {
    html! {
        (icon(mark))
        span role="status" {
            @for (place, (state, words)) in states.into_iter().enumerate() {
                span data-when=(state) hidden[place > 0] { (words) }
            }
        }
    }
}

fn choice(name: &str, kind: &str, words: &str, t: Lang) -> Markup {
    let id = format!("use-{name}");
    html! {
        div.field data-kind=(kind) {
            label for=(id) { (words) }
            select.input id=(id) data-use=(name) data-word=(words) { option value="" { (t.device_default()) } }
        }
    }
}

/// On a page that does not show the case of the call: the way there.
fn way_back(party: &CallParty, words: &str) -> Option<Markup> {
    let case = party.case?;
    Some(html! { a.btn href={ "/cases/" (case) } { (icon("folder")) (words) } })
}
