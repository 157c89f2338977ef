//! The state of a node: who answers, what is kept, what waits, what is ill.

mod ills;

use guichet_keys::Role;
use maud::{Markup, html};

use super::{Fit, Frame, brand, display, document, icon, state};
use crate::web::live::{Fragment, REVISION};
use crate::web::text::Lang;
use crate::web::time;
use crate::web::view::{
    CallLine, Carrier, Line, MediaState, Member, Passed, Presence, Route, StatusView,
};

pub(in crate::web) fn draw(view: &StatusView, frame: &Frame) -> Markup {
    let t = frame.lang();
    let home = match frame.role {
        Role::Kiosk => "/",
        Role::Station => "/desk",
        Role::Relay | Role::Operator | Role::Steward | Role::Registrar | Role::Agent => "/status",
    };
    let body = html! {
        header.bar {
            (brand(Some(home), t))
            h1.bar__place.bar__title { (view.name) }
            (line(view, frame))
            p.soft { (t.running_since(&time::moment(t, view.started_at_s))) ", " (t.version(&view.version)) }
            span.push { (display(frame)) }
        }
        main #main.relay {
            section.full aria-labelledby="now" {
                h2 #now.vh tabindex="-1" { (t.status_now()) }
                (tiles(view, frame))
            }
            div.desk__col { (members(view, frame)) (call(view, frame)) }
            div.desk__col {
                (ills::draw(view, frame))
                (kept(view, frame))
                section.panel aria-labelledby="sealed" {
                    div.panel__head { h2 #sealed { (t.sealed_title()) } }
                    p.panel__body { (t.sealed_note()) }
                }
            }
        }
        footer.bottom { (measured(view, frame)) p.soft.push.num { (view.node) } }
    };
    document(frame, &view.name, Fit::Flow, ("now", t.status_skip()), body)
}

pub(in crate::web) fn live(view: &StatusView, frame: &Frame) -> Vec<Fragment> {
    vec![
        line(view, frame),
        tiles(view, frame),
        members(view, frame),
        call(view, frame),
        ills::draw(view, frame),
        kept(view, frame),
        measured(view, frame),
    ]
}

fn line(view: &StatusView, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let (class, mark, words) = match view.line {
        Line::Up => ("ok", "line", t.line_up()),
        Line::Cut { .. } => ("bad", "cut", t.line_cut()),
    };
    let markup = html! {
        p #line data-rev=(REVISION) .state.(class) role="status" { (icon(mark)) (words) }
    };
    Fragment::new("line", markup)
}

fn measured(view: &StatusView, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let markup = html! {
        p #measured.soft data-rev=(REVISION) {
            (t.measured(&time::clock(t, view.at_s))) " " (t.self_updating())
        }
    };
    Fragment::new("measured", markup)
}

fn tiles(view: &StatusView, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let here = |member: &&Member| matches!(member.presence, Presence::Here { .. });
    let online = view.members.iter().filter(here).count();
    let sealed = view.stored.edits + view.stored.acts;
    let oldest = view
        .outbox
        .oldest_at_s
        .map(|at_s| t.oldest(&time::recent(t, at_s, view.at_s)));
    let markup = html! {
        dl #tiles.tiles.tiles--plain data-rev=(REVISION) {
            (tile(t.members_online(), &t.online_of(online, view.members.len()), ""))
            (tile(t.stored_sealed(), &sealed.to_string(), ""))
            (tile(t.stored_pages(), &view.stored.pages.to_string(), ""))
            (tile(t.outbox(), &view.outbox.items.to_string(), oldest.as_deref().unwrap_or(t.outbox_none())))
            (tile(t.stored_bytes(), &t.bytes(view.stored.bytes), &t.free(&t.bytes(view.stored.bytes_free))))
        }
    };
    Fragment::new("tiles", markup)
}

fn tile(name: &str, value: &str, note: &str) -> Markup {
    html! {
        div.tile {
            dt { (name) }
            dd { (value) }
            @if !note.is_empty() { dd.tile__note.soft { (note) } }
        }
    }
}

fn members(view: &StatusView, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let markup = html! {
        section #members.panel data-rev=(REVISION) aria-labelledby="members-title" {
            div.panel__head { h2 #members-title { (t.members()) } }
            @if view.members.is_empty() { p.panel__body { (t.members_none()) } }
            @else {
                div.scroll tabindex="0" role="group" aria-labelledby="members-title" {
                    table.table {
                        thead { tr {
                            th scope="col" { (t.col_machine()) }
                            th scope="col" { (t.col_role()) }
                            th scope="col" { (t.col_line()) }
                            th scope="col" { (t.col_since()) }
                            th.right scope="col" { (t.col_round_trip()) }
                            th.right scope="col" { (t.col_waiting()) }
                        } }
                        tbody { @for one in &view.members { (member(one, view, t)) } }
                    }
                }
            }
        }
    };
    Fragment::new("members", markup)
}

fn member(member: &Member, view: &StatusView, t: Lang) -> Markup {
    let ((class, mark, words), since_s, round_trip_ms) = match member.presence {
        Presence::Here {
            since_s,
            route,
            round_trip_ms,
        } => (here(route, view, t), Some(since_s), round_trip_ms),
        Presence::Away { since_s: None } => {
            (("wait", "clock", t.presence_never().to_owned()), None, None)
        }
        Presence::Away { since_s } => {
            let away = ("bad", "cut", t.presence_away().to_owned());
            (away, since_s, None)
        }
    };
    let role = match member.role.as_str() {
        "kiosk" => t.role_kiosk(),
        "station" => t.role_station(),
        "relay" => t.role_relay(),
        other => other,
    };
    html! {
        tr {
            th scope="row" { (member.name) small.num { (member.node.get(..16).unwrap_or(&member.node)) } }
            td { (role) }
            td { (state(class, mark, &words)) }
            td.num { @if let Some(since_s) = since_s { (time::recent(t, since_s, view.at_s)) } }
            td.num.right { @if let Some(ms) = round_trip_ms { (t.milliseconds(ms)) } }
            td.num.right { (member.waiting) }
        }
    }
}

fn here(route: Route, view: &StatusView, t: Lang) -> (&'static str, &'static str, String) {
    match route {
        Route::Direct { carrier } => {
            let words = match carrier {
                Carrier::Tcp => t.presence_tcp(),
                Carrier::Quic => t.presence_quic(),
            };
            ("ok", "line", words.to_owned())
        }
        Route::Relayed { relay } => (
            "ok",
            "thin",
            t.presence_relayed(&name(view, &relay.to_string())),
        ),
    }
}

/// The name of a machine; the beginning of its id, if none is known.
fn name(view: &StatusView, node: &str) -> String {
    let known = view.members.iter().find(|member| member.node == node);
    known.map_or_else(|| node.chars().take(16).collect(), |it| it.name.clone())
}

/// How the line of the call fares; nothing to see without one.
fn call(view: &StatusView, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let markup = html! {
        section #call-line.panel data-rev=(REVISION) hidden[view.call.is_none()] aria-labelledby="call-line-title" {
            div.panel__head { h2 #call-line-title { (t.link_title()) } }
            @if let Some(call) = &view.call { (call_rows(call, view, t)) }
        }
    };
    Fragment::new("call-line", markup)
}

fn call_rows(call: &CallLine, view: &StatusView, t: Lang) -> Markup {
    let (class, mark, words) = match call.media {
        MediaState::Connecting => ("wait", "clock", t.link_connecting()),
        MediaState::Live => ("ok", "line", t.link_live()),
        MediaState::Interrupted { .. } => ("bad", "cut", t.link_interrupted()),
    };
    let measured = |said: Option<String>| said.unwrap_or_else(|| t.not_measured().to_owned());
    let passed =
        |passed: &Passed| t.kilobits(passed.audio_kbit_s.saturating_add(passed.video_kbit_s));
    let path = call.direct.map_or(t.link_none(), |_| t.link_direct());
    let rows = [
        (t.link_with(), name(view, &call.with.to_string())),
        (t.link_path(), path.to_owned()),
        (
            t.col_round_trip(),
            measured(call.round_trip_ms.map(|ms| t.milliseconds(ms))),
        ),
        (
            t.link_lost_sent(),
            measured(call.lost_sent_permille.map(|lost| t.permille(lost))),
        ),
        (
            t.link_lost_received(),
            measured(call.lost_received_permille.map(|lost| t.permille(lost))),
        ),
        (
            t.link_estimate(),
            measured(call.estimate_kbit_s.map(|rate| t.kilobits(rate))),
        ),
        (t.link_sent(), passed(&call.sent)),
        (t.link_received(), passed(&call.received)),
    ];
    html! {
        p.panel__body { (state(class, mark, words)) }
        table.table { tbody {
            @for (name, value) in rows { tr { th scope="row" { (name) } td.num.right { (value) } } }
        } }
    }
}

fn kept(view: &StatusView, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let rows = [
        (t.kind_statements(), view.stored.statements),
        (t.kind_edits(), view.stored.edits),
        (t.kind_acts(), view.stored.acts),
        (t.kind_receipts(), view.stored.receipts),
    ];
    let markup = html! {
        section #kept.panel data-rev=(REVISION) aria-labelledby="kept-title" {
            div.panel__head { h2 #kept-title { (t.kinds_kept()) } }
            table.table { tbody {
                @for (name, count) in rows { tr { th scope="row" { (name) } td.num.right { (count) } } }
            } }
        }
    };
    Fragment::new("kept", markup)
}
