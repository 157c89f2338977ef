//! A field: its own small form, so that it works without scripts; with them it saves itself.

use maud::{Markup, html};

use super::{Frame, icon, token_field};
use crate::web::live::{Fragment, REVISION, VERSION};
use crate::web::text::Lang;
use crate::web::time;
use crate::web::view::{
    Candidate, CaseView, Choice, Draft, FieldContent, FieldKind, FieldView, FormView, Reader, Side,
    TextInput, TextView, TypedHere, Who,
};

/// How many choices still stand side by side.
const RADIOS_MAX: usize = 4;

pub(super) fn draw(case: &CaseView, form: &FormView, field: &FieldView, frame: &Frame) -> Fragment {
    let id = format!("f-{}-{}", form.form, field.name);
    let here = |reader: &&Reader| {
        let at = reader.field.as_ref();
        at.is_some_and(|(at, name)| (*at, name) == (form.form, &field.name))
    };
    let place = Place {
        side: case.side,
        now_s: case.at_s,
        others: case
            .readers
            .iter()
            .filter(here)
            .map(|one| one.name.clone())
            .collect(),
        action: format!(
            "/cases/{}/forms/{}/fields/{}",
            case.brief.case, form.form, field.name
        ),
        id,
        t: frame.lang(),
    };
    let (inner, version, seq) = match &field.content {
        FieldContent::Register {
            candidates,
            version,
            draft,
            typed,
        } => {
            let held = Held {
                candidates,
                draft: draft.as_ref(),
                typed: typed.as_ref(),
            };
            (register(&place, field, &held), version, None)
        }
        FieldContent::Area(text) => (area(&place, field, text), &text.version, Some(text.seq)),
    };
    let seen = match &field.content {
        FieldContent::Register { typed, .. } => typed.as_ref().map(|typed| typed.seen.as_str()),
        FieldContent::Area(_) => None,
    };
    let wide = match &field.kind {
        FieldKind::Area | FieldKind::Choice { .. } => Some("field--all"),
        FieldKind::Text { .. } | FieldKind::Number | FieldKind::Day | FieldKind::Masked => None,
    };
    let kind = kind(&field.kind);
    let markup = html! {
        form id=(place.id) .field.(wide.unwrap_or("field--half")) data-rev=(REVISION) data-version=(VERSION)
            data-seen=[seen] data-field=(kind) method="post" action=(place.action) novalidate
        {
            (token_field(frame))
            input type="hidden" name="version" value=(VERSION);
            (inner)
            p.field__error role="alert" id={ (place.id) "-e" } hidden data-keep {}
            noscript { button.btn { (place.t.save()) } }
        }
    };
    match seq {
        Some(seq) => {
            Fragment::with_versions(place.id, markup, &[&format!("{seq} {version}"), version])
        }
        None => Fragment::with_versions(place.id, markup, &[version, version]),
    }
}

/// What stands in a register.
struct Held<'a> {
    candidates: &'a [Candidate],
    draft: Option<&'a Draft>,
    typed: Option<&'a TypedHere>,
}

struct Place {
    id: String,
    action: String,
    side: Side,
    now_s: u64,
    /// The names of the advisers who are in this field.
    others: Vec<String>,
    t: Lang,
}

fn kind(kind: &FieldKind) -> &'static str {
    match kind {
        FieldKind::Text { .. } => "text",
        FieldKind::Number => "number",
        FieldKind::Day => "day",
        FieldKind::Choice { .. } => "choice",
        FieldKind::Masked => "masked",
        FieldKind::Area => "area",
    }
}

fn register(place: &Place, field: &FieldView, held: &Held<'_>) -> Markup {
    let &Held {
        candidates,
        draft,
        typed,
    } = held;
    let shown = candidates.first().map_or("", |first| first.value.as_str());
    let by = match candidates {
        [one] => author(place, &one.by, Some(one.at_s)),
        _ => None,
    };
    let after = html! {
        div.field__news role="status" {
            @if let Some(draft) = draft { (someone_writes(place, field, draft)) }
            @if candidates.len() > 1 { (several(place, field, candidates)) }
            @if candidates.iter().any(|one| !one.fits) {
                p.by { (icon("warn")) (place.t.does_not_fit()) }
            }
            @if draft.is_none() { (in_field(place)) }
        }
    };
    match &field.kind {
        FieldKind::Choice { choices } if choices.len() <= RADIOS_MAX => html! {
            fieldset aria-describedby=(described(place, field)) {
                legend { (place.t.of(&field.label)) }
                (hint(place, field))
                div.choices { @for one in choices { (radio(place, one, one.code == shown)) } }
            }
            @if let Some(by) = by { (by) }
            (after)
        },
        FieldKind::Choice { choices } => html! {
            (top(place, field, by.as_ref())) (hint(place, field))
            select.input id={ (place.id) "-i" } name="value" autocomplete="off" aria-describedby=(described(place, field)) {
                option value="" selected[shown.is_empty()] { (place.t.not_chosen()) }
                @for one in choices {
                    option value=(one.code) selected[one.code == shown] { (place.t.of(&one.label)) }
                }
            }
            (after)
        },
        FieldKind::Masked => html! {
            (top(place, field, by.as_ref())) (hint(place, field))
            div.masked {
                (input(place, field, shown, typed))
                button.btn type="button" data-mask aria-pressed="false" aria-controls={ (place.id) "-i" }
                    data-show=(place.t.show()) data-hide=(place.t.hide())
                {
                    (icon("eye")) span data-word { (place.t.show()) } span.vh { " " (place.t.masked_what()) }
                }
            }
            (after)
        },
        FieldKind::Text { .. } | FieldKind::Number | FieldKind::Day | FieldKind::Area => html! {
            (top(place, field, by.as_ref())) (hint(place, field))
            (input(place, field, shown, typed))
            (after)
        },
    }
}

/// What was typed here and is not put stands in the field, beside what is saved.
fn input(place: &Place, field: &FieldView, shown: &str, typed: Option<&TypedHere>) -> Markup {
    let masked = field.kind == FieldKind::Masked;
    let (kind, mode) = match &field.kind {
        // No password: a browser offers to keep those.
        FieldKind::Masked => ("text", "text"),
        FieldKind::Number => ("text", "decimal"),
        FieldKind::Day => ("text", "numeric"),
        FieldKind::Text { input } => match input {
            TextInput::Plain => ("text", "text"),
            TextInput::Digits => ("text", "numeric"),
            TextInput::Phone => ("tel", "tel"),
            TextInput::Email => ("email", "email"),
        },
        FieldKind::Choice { .. } | FieldKind::Area => ("text", "text"),
    };
    let saved = plain(&field.kind, shown, place.t);
    let value = typed.map_or(&saved, |typed| &typed.value);
    html! {
        input.input.(if masked { "input--masked" } else { "input--plain" }) id={ (place.id) "-i" } name="value"
            type=(kind) inputmode=(mode) value=(value) data-saved=[typed.map(|_| &saved)]
            autocomplete="off" autocapitalize="off" autocorrect="off" spellcheck="false" translate="no"
            aria-describedby=(described(place, field));
    }
}

fn area(place: &Place, field: &FieldView, text: &TextView) -> Markup {
    let by = text.by.as_ref();
    let by = by.and_then(|by| match place.side {
        Side::Adviser => author(place, by, text.at_s),
        Side::Citizen => (*by != Who::Me).then(|| {
            let words = place.t.written_by(&place.t.by(by));
            html! { p.by { (icon("pen")) (words) } }
        }),
    });
    html! {
        (top(place, field, by.as_ref()))
        (hint(place, field))
        // A line feed right after the tag is dropped by the parser: give it one to drop.
        textarea.input id={ (place.id) "-i" } name="text" rows="4" autocomplete="off"
            aria-describedby=(described(place, field)) { "\n" (text.text) }
        div.field__news role="status" { (in_field(place)) }
    }
}

fn top(place: &Place, field: &FieldView, by: Option<&Markup>) -> Markup {
    html! {
        div.field__top {
            label for={ (place.id) "-i" } { (place.t.of(&field.label)) }
            @if let Some(by) = by { (by) }
        }
    }
}

/// Who wrote what stands here: at the desk always, with the time; at the kiosk if it was another.
fn author(place: &Place, by: &Who, at_s: Option<u64>) -> Option<Markup> {
    let t = place.t;
    let words = match (place.side, by) {
        (Side::Citizen, Who::Me) => return None,
        (Side::Citizen, by) => html! { (t.by(by)) },
        (Side::Adviser, by) => {
            let at_s = at_s.unwrap_or(0);
            let when = time::lately(t, at_s, place.now_s);
            html! { time datetime=(time::machine(at_s)) { (t.by_at(by, &when)) } }
        }
    };
    Some(html! { p.by { (icon("pen")) span.vh { (t.filled_by()) " " } (words) } })
}

/// Who else is here, without having typed anything.
fn in_field(place: &Place) -> Markup {
    html! {
        @for name in &place.others { p.by.by--live { (icon("write")) (place.t.is_in_field(name)) } }
    }
}

fn hint(place: &Place, field: &FieldView) -> Markup {
    html! {
        @if let Some(help) = &field.help {
            p.hint id={ (place.id) "-h" } { (place.t.of(help)) }
        }
    }
}

fn described(place: &Place, field: &FieldView) -> String {
    match field.help {
        Some(_) => format!("{0}-h {0}-e", place.id),
        None => format!("{}-e", place.id),
    }
}

fn radio(place: &Place, choice: &Choice, chosen: bool) -> Markup {
    html! {
        label.choice {
            input type="radio" name="value" value=(choice.code) checked[chosen] autocomplete="off";
            (place.t.of(&choice.label))
        }
    }
}

fn someone_writes(place: &Place, field: &FieldView, draft: &Draft) -> Markup {
    let typed = plain(&field.kind, &draft.value, place.t);
    html! {
        p.by.by--live {
            (icon("write")) (place.t.is_writing(place.t.who(&draft.by)))
            @if field.kind != FieldKind::Masked && !typed.is_empty() {
                " " b { (place.t.quoted(&typed)) }
            }
        }
    }
}

fn several(place: &Place, field: &FieldView, candidates: &[Candidate]) -> Markup {
    html! {
        div.several role="group" aria-label=(place.t.both_answers()) {
            p { (icon("warn")) (place.t.both_answers()) }
            @for one in candidates {
                @let value = told(&field.kind, &one.value, place.t);
                @let keep = if one.value.is_empty() { place.t.keep_empty().to_owned() } else { place.t.keep_value(&value) };
                button.btn name="choose" value=(one.value) {
                    (keep) small { (chosen_by(place, one)) }
                }
            }
        }
    }
}

/// Who put one of several values; at the desk, also when.
fn chosen_by(place: &Place, one: &Candidate) -> String {
    let by = place.t.by_who(&place.t.by(&one.by));
    match place.side {
        Side::Citizen => by,
        Side::Adviser => format!("{by}, {}", time::lately(place.t, one.at_s, place.now_s)),
    }
}

/// A value as it stands in its field.
fn plain(kind: &FieldKind, value: &str, t: Lang) -> String {
    match (kind, t) {
        (FieldKind::Day, _) => time::day_typed(value),
        (FieldKind::Number, Lang::Fr) => value.replace('.', ","),
        _ => value.to_owned(),
    }
}

/// A value in a sentence: a code by its label, a masked one by its end.
fn told(kind: &FieldKind, value: &str, t: Lang) -> String {
    match kind {
        FieldKind::Choice { choices } => choices
            .iter()
            .find(|choice| choice.code == value)
            .map_or_else(|| value.to_owned(), |choice| t.of(&choice.label).to_owned()),
        FieldKind::Masked => {
            let end: String = value.chars().rev().take(3).collect();
            t.ends_with(&end.chars().rev().collect::<String>())
        }
        FieldKind::Text { .. } | FieldKind::Number | FieldKind::Day | FieldKind::Area => {
            plain(kind, value, t)
        }
    }
}
