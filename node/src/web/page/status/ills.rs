//! What is ill at a node, and who floods it.

use std::borrow::Cow;

use maud::{Markup, html};

use crate::web::live::{Fragment, REVISION};
use crate::web::page::{Frame, state};
use crate::web::text::Lang;
use crate::web::time;
use crate::web::view::{Flood, Ill, StatusView};

/// Each with what to do; that all is well, where there is none.
pub(super) fn draw(view: &StatusView, frame: &Frame) -> Fragment {
    let t = frame.lang();
    let markup = html! {
        section #ills.panel data-rev=(REVISION) aria-labelledby="ills-title" {
            div.panel__head { h2 #ills-title { (t.to_do()) } }
            div role="status" {
                ul.ills {
                    @if view.ills.is_empty() && view.floods.is_empty() {
                        li { h3 { (state("ok", "check", t.nothing_to_do())) } p.soft { (t.nothing_to_do_note()) } }
                    }
                    @for one in &view.ills { li { (ill(one, t)) } }
                    @for one in &view.floods { li { (flood(one, view, t)) } }
                }
            }
        }
    };
    Fragment::new("ills", markup)
}

fn ill(ill: &Ill, t: Lang) -> Markup {
    let (class, mark) = look(ill);
    let (title, todo) = words(ill, t);
    html! {
        h3 { (state(class, mark, &title)) }
        @if let Some(said) = said(ill) { code { (said) } }
        p { (todo) }
    }
}

/// Its class and mark.
fn look(ill: &Ill) -> (&'static str, &'static str) {
    match ill {
        Ill::DiskFull
        | Ill::DiskFailed { .. }
        | Ill::Unreadable { .. }
        | Ill::PagesDamaged { .. }
        | Ill::Repaired { lost: true, .. } => ("bad", "disk"),
        Ill::Repaired { lost: false, .. } => ("info", "again"),
        Ill::VaultUnreadable { .. } => ("bad", "key"),
        Ill::KeysInFile => ("wait", "key"),
        Ill::CredentialExpired { .. } => ("wait", "lock"),
        Ill::ClockBehind { .. } | Ill::ClockAhead { .. } => ("bad", "clock"),
        Ill::OutboxOld { .. } => ("wait", "send"),
    }
}

/// What it is, and what to do.
fn words(ill: &Ill, t: Lang) -> (Cow<'static, str>, &'static str) {
    match ill {
        Ill::DiskFull => (t.ill_disk_full().into(), t.ill_disk_full_do()),
        Ill::DiskFailed { .. } => (t.ill_disk_failed().into(), t.ill_disk_failed_do()),
        Ill::Unreadable { .. } => (t.ill_unreadable().into(), t.ill_unreadable_do()),
        Ill::PagesDamaged { pages } => (t.ill_pages(*pages).into(), t.ill_pages_do()),
        Ill::VaultUnreadable { .. } => (t.ill_vault().into(), t.ill_vault_do()),
        Ill::Repaired { lost: true, .. } => (t.ill_repaired().into(), t.ill_lost_do()),
        Ill::Repaired { lost: false, .. } => (t.ill_repaired().into(), t.ill_repaired_do()),
        Ill::CredentialExpired { days } => (t.ill_credential(*days).into(), t.ill_credential_do()),
        Ill::KeysInFile => (t.ill_keys_in_file().into(), t.ill_keys_in_file_do()),
        Ill::ClockBehind { by_s } => {
            let title = t.ill_clock_behind(&t.stretch(*by_s));
            (title.into(), t.ill_clock_do())
        }
        Ill::ClockAhead { by_s } => {
            let title = t.ill_clock_ahead(&t.stretch(*by_s));
            (title.into(), t.ill_clock_do())
        }
        Ill::OutboxOld { hours } => (t.ill_outbox(*hours).into(), t.ill_outbox_do()),
    }
}

/// What the machine itself says of it.
fn said(ill: &Ill) -> Option<&str> {
    match ill {
        Ill::DiskFailed { said } | Ill::Unreadable { said } => Some(said),
        Ill::VaultUnreadable { file } => Some(file),
        Ill::Repaired { what, .. } => Some(what),
        Ill::DiskFull
        | Ill::PagesDamaged { .. }
        | Ill::CredentialExpired { .. }
        | Ill::KeysInFile
        | Ill::ClockBehind { .. }
        | Ill::ClockAhead { .. }
        | Ill::OutboxOld { .. } => None,
    }
}

/// A machine that sends more than this node has time for.
fn flood(flood: &Flood, view: &StatusView, t: Lang) -> Markup {
    let name = if flood.name.is_empty() {
        flood.node.get(..16).unwrap_or(&flood.node)
    } else {
        &flood.name
    };
    html! {
        h3 { (state("wait", "clock", &t.flood(name))) }
        p.soft { (t.flood_lately(&time::recent(t, flood.until_s, view.at_s))) }
        p { (t.flood_do()) }
    }
}
