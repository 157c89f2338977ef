//! Who the person is: how it was made sure, and the order that says so.

use maud::{Markup, html};

use crate::web::page::{Frame, icon, state, token_field};
use crate::web::time;
use crate::web::view::{CaseView, IdentityView, IdentityWay};

/// The longest remark that a page takes, in characters.
const REMARK_CHARS_MAX: usize = 500;

/// In the head of a case at the desk: what is known, and the way to say more.
pub(super) fn state_of(view: &CaseView, frame: &Frame) -> Markup {
    let t = frame.lang();
    let ask = match &view.identity {
        Some(_) => t.identity_again(),
        None => t.identity_check(),
    };
    html! {
        div.identity {
            @match &view.identity {
                Some(identity) => {
                    (state("ok", "check", &checked(identity, view, frame)))
                    small.soft { (t.way(identity.way)) @if let Some(remark) = &identity.remark { ". " (remark) } }
                },
                None => (state("wait", "me", t.identity_unchecked())),
            }
            button.btn.btn--quiet type="button" popovertarget="identity" { (ask) }
        }
    }
}

/// What everybody may read of it.
pub(super) fn checked(identity: &IdentityView, view: &CaseView, frame: &Frame) -> String {
    let t = frame.lang();
    let when = time::when(t, identity.at_s, view.at_s);
    t.identity_by(&t.by(&identity.by), &when)
}

/// The order, behind its button.
pub(super) fn sheet(view: &CaseView, frame: &Frame) -> Markup {
    let t = frame.lang();
    html! {
        form #identity.sheet.sheet--ask popover method="post" action={ "/cases/" (view.brief.case) "/identity" }
            data-order data-empties="#identity-remark" aria-labelledby="identity-title"
        {
            (token_field(frame))
            h2 #identity-title { (t.identity_title()) }
            fieldset {
                legend.vh { (t.identity_title()) }
                div.choices.choices--column {
                    @for (place, way) in IdentityWay::ALL.into_iter().enumerate() {
                        label.choice {
                            input type="radio" name="way" value=(way.code()) required autofocus[place == 0];
                            (t.way(way))
                        }
                    }
                }
            }
            div.field {
                label for="identity-remark" { (t.identity_remark()) }
                textarea.input #identity-remark name="remark" rows="2" maxlength=(REMARK_CHARS_MAX)
                    data-begun={ "/cases/" (view.brief.case) "/identity/unsent" } autocomplete="off"
                    aria-describedby="identity-note" { "\n" (view.unsent_remark) }
            }
            p #identity-note.soft { (icon("eye")) " " (t.identity_note()) }
            p.field__error role="alert" data-trouble data-keep hidden {}
            div.row {
                button.btn.btn--main { (t.identity_do()) }
                button.btn.btn--quiet type="button" popovertarget="identity" popovertargetaction="hide" { (t.cancel()) }
            }
        }
    }
}
