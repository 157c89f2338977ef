//! A desk that nobody is at locks itself: said on each of its pages beforehand.

use maud::html;

use super::{Frame, icon, token_field};
use crate::web::live::{Fragment, REVISION};
use crate::web::view::LockNotice;

/// Where the notice stands; empty while the desk does not lock soon.
pub(in crate::web) fn draw(notice: Option<&LockNotice>, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let markup = html! {
        div #locking data-rev=(REVISION) data-ends-in=[notice.map(|notice| notice.in_s)] {
            @if let Some(notice) = notice {
                dialog.warning role="alertdialog" aria-labelledby="locking-title" aria-describedby="locking-note" {
                    h2 #locking-title { (icon("lock")) (t.locking_title(notice.notice_s)) }
                    div #locking-note {
                        p { (t.locking_note()) }
                        @if notice.sheets > 0 { p { b { (t.locking_sheets(notice.sheets)) } } }
                    }
                    p.big { (t.idle_left()) " " span.num role="timer" data-lock-left { (t.seconds_left(notice.in_s)) } }
                    form.row method="post" action="/desk/here" data-order {
                        (token_field(frame))
                        button.btn.btn--main autofocus { (t.locking_stay()) }
                    }
                }
            }
        }
    };
    Fragment::new("locking", markup)
}
