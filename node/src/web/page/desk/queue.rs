//! Who waits: one order across all kiosks, and who may be taken.

use maud::{Markup, html};

use crate::web::live::{Fragment, REVISION};
use crate::web::page::{Frame, icon, state, token_field};
use crate::web::text::{LANGUAGES, Lang};
use crate::web::time;
use crate::web::view::{Availability, DeskView, Line, Mode, QueueRow, Turn};

/// The one who may be taken now: handed over first, then the head of the queue.
fn first(view: &DeskView) -> Option<&QueueRow> {
    let handed = |row: &&QueueRow| matches!(row.turn, Turn::HandedOver { .. });
    let next = |row: &&QueueRow| row.turn == Turn::Next;
    let rows = || view.queue.iter();
    rows().find(handed).or_else(|| rows().find(next))
}

/// The band over the queue: what there is to do now.
pub(super) fn next(view: &DeskView, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let waiting = view.queue.iter().filter(|row| row.place.is_some()).count();
    let cut = matches!(view.line, Line::Cut { .. });
    let first = first(view).filter(|_| view.availability == Availability::Free && !cut);
    let ticket = first.map(|row| row.ticket.to_string());
    // Who has another window before them reads the title: in a break as well, where nothing rings.
    // Browsers keep titles in their history, on the disk: it names nobody.
    let counted = || {
        t.people_wait(waiting.max(1))
            .trim_end_matches('.')
            .to_owned()
    };
    let title = match (first, view.availability) {
        (Some(_), _) => Some(counted()),
        (None, Availability::Away) if waiting > 0 && !cut => Some(counted()),
        (None, _) => None,
    };
    let who = first.map(|row| t.waits_title(person(row).unwrap_or(t.someone())));
    let quiet = first.is_none().then_some("next--quiet");
    let markup = html! {
        section #next.next.(quiet.unwrap_or("next--waits")) data-rev=(REVISION) data-ticket=[ticket] data-title=[title] data-who=[who]
            aria-labelledby="next-title"
        {
            @match (first, view.availability) {
                (Some(row), _) => (waits(row, frame)),
                _ if cut => {
                    div role="status" { h1 #next-title { (t.line_cut()) } p { (t.people_wait(waiting)) " " (t.queue_no_take()) } }
                },
                (None, Availability::Free) => {
                    div role="status" { h1 #next-title { (t.queue_none()) } p { (t.queue_none_note()) } }
                },
                (None, Availability::Busy) => {
                    div role="status" { h1 #next-title { (t.busy_title()) } p { (t.people_wait(waiting)) } }
                },
                (None, Availability::Away) => {
                    div role="status" { h1 #next-title { (t.away_title()) } p { (t.away_note()) " " (t.people_wait(waiting)) } }
                },
            }
        }
    };
    Fragment::new("next", markup)
}

fn waits(row: &QueueRow, frame: &Frame) -> Markup {
    let t = frame.lang();
    html! {
        div role="status" {
            h1 #next-title { (t.waits(person(row).unwrap_or(t.someone()))) }
            p {
                span aria-live="off" { (t.waits_since(row.waited_s / 60, &row.kiosk)) } " "
                (request(row, t)) ", " (t.filled_of(row.filled.0, row.filled.1)) "."
                @if let Turn::HandedOver { by } = &row.turn { " " (t.handed_by(by)) }
            }
        }
        form method="post" action="/desk/take" data-order data-then=(then(row)) {
            (ticket(row, frame))
            button.btn.btn--main { (icon("cam")) (t.take_call()) }
            p.field__error role="alert" data-trouble data-keep hidden {}
        }
    }
}

pub(super) fn list(view: &DeskView, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let cut = matches!(view.line, Line::Cut { .. });
    // Nobody can be called over a line that is down.
    let availability = if cut {
        Availability::Busy
    } else {
        view.availability
    };
    let markup = html! {
        div #queue.scroll data-rev=(REVISION) tabindex="0" role="group" aria-labelledby="queue-title" {
            @if let Line::Cut { since_s } = view.line {
                div.notice.wait {
                    (icon("cut"))
                    @match since_s {
                        Some(since_s) => {
                            b { (t.queue_of(&time::seen(t, since_s, frame.now_s))) }
                            span { (t.queue_renewed()) }
                        },
                        None => b { (t.queue_cut()) },
                    }
                }
            }
            @if view.queue.is_empty() {
                p.panel__body { b { (t.queue_none()) "." } " " span.soft { (t.queue_none_note()) } }
            } @else {
                table.table.(if cut { "table--past" } else { "table--now" }) {
                    thead { tr {
                        th scope="col" { (t.col_order()) }
                        th scope="col" { (t.col_person()) }
                        th scope="col" { (t.col_request()) }
                        th scope="col" { (t.col_exchange()) }
                        th.right scope="col" { (t.col_waited()) }
                        th scope="col" { (t.col_line()) }
                        th scope="col" { span.vh { (t.col_action()) } }
                    } }
                    tbody { @for row in &view.queue { (one(row, availability, frame)) } }
                }
            }
        }
    };
    Fragment::new("queue", markup)
}

fn one(row: &QueueRow, availability: Availability, frame: &Frame) -> Markup {
    let t = frame.lang();
    let name = person(row).unwrap_or(t.no_name_yet());
    let now = matches!(row.turn, Turn::Next | Turn::HandedOver { .. });
    html! {
        tr id={ "t-" (row.ticket) } class=[now.then_some("is-next")] {
            td.num {
                @match row.place {
                    Some(place) => b { (place) },
                    None => { (icon("cam")) span.vh { (t.in_call()) } },
                }
            }
            th scope="row" {
                @match &row.case {
                    Some(case) => a href={ "/cases/" (case.case) } { (name) },
                    None => (name),
                }
                small { (row.kiosk) }
            }
            td { (request(row, t)) small { (t.of(&row.service.name)) ", " (filled(row, t)) } }
            td { (exchange(row, t)) }
            td.num.right { (t.minutes(row.waited_s / 60)) }
            td {
                @match (row.cut_since_s, &row.turn) {
                    (Some(since_s), _) => (state("bad", "cut", &t.cut_since(&time::seen(t, since_s, frame.now_s)))),
                    (None, Turn::Cut) => (state("bad", "cut", t.queue_line_cut())),
                    (None, Turn::Next | Turn::HandedOver { .. } | Turn::Later | Turn::Mine | Turn::With { .. }) => {
                        (state("ok", "line", t.queue_line_good()))
                    },
                }
            }
            td.right { (action(row, name, availability, frame)) }
        }
    }
}

fn person(row: &QueueRow) -> Option<&str> {
    row.person.as_deref()
}

fn request(row: &QueueRow, t: Lang) -> &str {
    row.case
        .as_ref()
        .map_or(t.case_coming(), |case| t.of(&case.title))
}

fn filled(row: &QueueRow, t: Lang) -> String {
    let (filled, fields) = row.filled;
    let answers = t.online_of(filled, fields);
    match row.documents {
        0 => answers,
        documents => format!("{answers}, {}", t.documents_count(documents)),
    }
}

/// What one must be ready for: writing, another language.
fn exchange(row: &QueueRow, t: Lang) -> Markup {
    let foreign = row.lang.as_deref().filter(|tag| *tag != Lang::Fr.tag());
    html! {
        @match row.mode {
            Some(Mode::Writing) => span.tag.info { (icon("write")) (t.exchange_writing()) },
            Some(Mode::Voice) | None => (t.exchange_voice()),
        }
        @if let Some(tag) = foreign {
            @let name = LANGUAGES.iter().find(|(known, _)| *known == tag).map_or(tag, |(_, name)| *name);
            " " span.tag.info { (icon("globe")) span lang=(tag) { (name) } }
        }
    }
}

fn ticket(row: &QueueRow, frame: &Frame) -> Markup {
    html! {
        (token_field(frame))
        input type="hidden" name="ticket" value=(row.ticket);
        input type="hidden" name="back" value=(then(row));
    }
}

/// Where the adviser goes on once the person is taken.
fn then(row: &QueueRow) -> String {
    row.case
        .as_ref()
        .map_or("/desk".to_owned(), |case| format!("/cases/{}", case.case))
}

fn action(row: &QueueRow, name: &str, availability: Availability, frame: &Frame) -> Markup {
    let t = frame.lang();
    let taken = availability != Availability::Busy;
    html! {
        @match &row.turn {
            Turn::Next if taken => (take(row, name, frame)),
            Turn::HandedOver { by } if taken => { (take(row, name, frame)) small { (t.turn_handed(by)) } },
            Turn::Later if taken => (take_before(row, name, frame)),
            Turn::Mine => (state("info", "cam", t.turn_mine())),
            Turn::With { name } => (state("info", "me", &t.turn_with(name))),
            Turn::HandedOver { by } => (t.turn_handed(by)),
            Turn::Next | Turn::Later | Turn::Cut => {},
        }
    }
}

fn take(row: &QueueRow, name: &str, frame: &Frame) -> Markup {
    let t = frame.lang();
    html! {
        form method="post" action="/desk/take" data-order data-then=(then(row)) {
            (ticket(row, frame))
            button.btn aria-label={ (t.take()) " " (name) } { (t.take()) }
            p.field__error role="alert" data-trouble data-keep hidden {}
        }
    }
}

/// Out of turn: the reason is asked for first, and goes with the order.
fn take_before(row: &QueueRow, name: &str, frame: &Frame) -> Markup {
    let t = frame.lang();
    let id = format!("why-{}", row.ticket);
    let kept = row.case.as_ref();
    let kept = kept.map(|case| format!("/cases/{}/reason/unsent", case.case));
    html! {
        button.btn.btn--quiet type="button" popovertarget=(id) aria-label={ (name) " " (t.take_before()) } { (t.take_before()) }
        form id=(id) .sheet.sheet--ask popover method="post" action="/desk/take" data-order data-then=(then(row))
            aria-label=(t.take_before_title())
        {
            (ticket(row, frame))
            h3 { (t.take_before_title()) }
            p { b { (name) } ", " (row.kiosk) }
            div.field {
                label for={ (id) "-i" } { (t.take_why()) }
                p.hint id={ (id) "-h" } { (t.take_why_note()) }
                textarea.input id={ (id) "-i" } name="reason" rows="2" maxlength="400" required autofocus
                    data-begun=[kept] autocomplete="off" aria-describedby={ (id) "-h" } { "\n" (row.unsent_reason) }
            }
            p.field__error role="alert" data-trouble data-keep hidden {}
            div.row {
                button.btn.btn--main { (t.take()) }
                button.btn.btn--quiet type="button" popovertarget=(id) popovertargetaction="hide" { (t.cancel()) }
            }
        }
    }
}
