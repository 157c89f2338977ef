//! The service's notes on a case.

use maud::{Markup, html};

use crate::web::live::{Fragment, REVISION};
use crate::web::page::{Frame, icon, progress, token_field};
use crate::web::time;
use crate::web::view::{CaseView, ItemState, NoteView};

/// The longest note that a page takes, in characters: fewer than fit even if all are long ones.
const NOTE_CHARS_MAX: usize = 500;

pub(super) fn panel(view: &CaseView, frame: &Frame) -> Markup {
    let t = frame.lang();
    html! {
        section.panel.notes aria-labelledby="notes-title" {
            div.panel__head {
                h2 #notes-title { (t.notes()) }
                p.soft.push { (t.notes_whom()) }
            }
            (list(view, frame))
            form.say method="post" action={ "/cases/" (view.brief.case) "/notes" } data-say {
                (token_field(frame))
                label.vh for="note" { (t.note_add()) }
                textarea.input #note name="text" rows="2" maxlength=(NOTE_CHARS_MAX) placeholder=(t.note_add()) autocomplete="off" { "\n" (view.unsent_note) }
                button.btn { (t.note_do()) }
            }
        }
    }
}

pub(super) fn list(view: &CaseView, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let markup = html! {
        div #notes.panel__body.scroll data-rev=(REVISION) data-log role="log" aria-labelledby="notes-title" tabindex="0" {
            @if view.notes.is_empty() { p.soft data-nothing { (t.notes_none()) } }
            @for note in &view.notes { (one(note, view, frame)) }
        }
    };
    Fragment::new("notes", markup)
}

fn one(note: &NoteView, view: &CaseView, frame: &Frame) -> Markup {
    let t = frame.lang();
    let when = time::written(t, note.at_s, view.at_s);
    html! {
        div.note {
            p { (note.text) }
            small.soft {
                (t.who(&note.by)) ", " time.num datetime=(time::machine(note.at_s)) { (when) }
                @if note.state == ItemState::Saved {
                    @let (class, mark, words) = progress(&note.state, &view.brief.service.named, t);
                    " · " span.(class) { (icon(mark)) " " (words) }
                }
            }
        }
    }
}
