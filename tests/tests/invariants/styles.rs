//! The style sheets dress what pages wear, and nothing else.

use std::collections::BTreeSet;

use crate::tree::{Text, rust, text, texts};

const SHEETS: &str = "node/src/web/assets/";
const PAGES: &str = "node/src/web/";

fn part_of_a_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}

/// The classes in a sheet's selectors. The number at the end of one is counted up by the page.
fn classes(sheet: &str) -> BTreeSet<&str> {
    let comments = sheet.split("/*");
    let rules = comments.map(|part| part.split_once("*/").map_or(part, |(_, rules)| rules));
    let heads = rules.flat_map(|part| part.split('{'));
    let selectors = heads.filter_map(|part| part.rsplit(['}', ';']).next());
    let names = selectors.flat_map(|selector| selector.split('.').skip(1));
    names
        .filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()))
        .filter_map(|name| name.split(|c| !part_of_a_name(c)).next())
        .map(|name| name.trim_end_matches(|c: char| c.is_ascii_digit()))
        .collect()
}

/// What may be a class in the code of pages: a word behind a point or a quote, or with a hyphen.
fn worn(code: &str) -> BTreeSet<&str> {
    let mut worn = BTreeSet::new();
    let mut rest = code;
    while let Some(begin) = rest.find(part_of_a_name) {
        let before = rest[..begin].chars().next_back();
        let word = &rest[begin..];
        let end = word.find(|c| !part_of_a_name(c)).unwrap_or(word.len());
        let (word, after) = word.split_at(end);
        let quoted = before.is_some_and(|it| ['.', '"', '\'', '`'].contains(&it));
        if quoted || word.contains('-') {
            worn.insert(word.trim_end_matches(|c: char| c.is_ascii_digit()));
        }
        rest = after;
    }
    worn
}

fn worn_by_nobody(texts: &[Text]) -> Vec<String> {
    let sheets = texts.iter().filter(|it| it.path.starts_with(SHEETS));
    let sheets = sheets.filter(|it| it.path.ends_with(".css"));
    let pages = texts.iter().filter(|it| it.path.starts_with(PAGES));
    let pages = pages.filter(|it| rust(it) || it.path.ends_with(".js"));
    let worn: BTreeSet<_> = pages.flat_map(|it| worn(&it.content)).collect();
    let lost = |sheet: &Text| -> Vec<String> {
        let classes = classes(&sheet.content).into_iter();
        let lost = classes.filter(|class| !worn.contains(class));
        lost.map(|class| format!("{}: no page wears `{class}`", sheet.path))
            .collect()
    };
    sheets.flat_map(lost).collect()
}

#[test]
fn no_rule_dresses_what_no_page_wears() {
    super::none(&worn_by_nobody(&texts()));

    let check = |page: &str| {
        let sheet = "/* .gone */ .bar, .bar--2 > a { top: .5rem; } @media (width < 9rem) { p.slot { top: 0; } }";
        let sheet = text("node/src/web/assets/style.css", sheet);
        worn_by_nobody(&[sheet, text("node/src/web/page.rs", page)])
    };
    super::none(&check("html! { p.bar.slot.(format!(\"bar--{n}\")) }"));
    super::one(&check("html! { p.bar.(format!(\"bar--{n}\")) }"), "`slot`");
}
