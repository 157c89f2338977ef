//! Rust source as code alone: comments and the content of literals blanked,
//! lines kept, so that a word found is a word that is compiled.

/// The text with comments, strings and characters blanked.
pub fn code(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < bytes.len() {
        let end = match bytes[at] {
            b'/' if text[at..].starts_with("//") => line_end(text, at),
            b'/' if text[at..].starts_with("/*") => block_end(text, at),
            b'"' => string_end(bytes, at + 1),
            b'r' | b'b' | b'c' if !follows_word(bytes, at) => literal_end(text, at).unwrap_or(at),
            b'\'' => character_end(text, at).unwrap_or(at),
            _ => at,
        };
        if end > at {
            blank(&mut out, &text[at..end]);
            at = end;
        } else {
            let next = text[at..].chars().next().map_or(1, char::len_utf8);
            out.push_str(&text[at..at + next]);
            at += next;
        }
    }
    out
}

/// The code with what stands in the braces after `head` blanked.
pub fn without_body(code: &str, head: &str) -> String {
    let mut out = String::with_capacity(code.len());
    let Some((before, after)) = code.split_once(head) else {
        return code.to_string();
    };
    let mut depth = 0;
    let inside = after.char_indices().find(|(_, c)| {
        depth += i32::from(*c == '{') - i32::from(*c == '}');
        *c == '}' && depth == 0
    });
    let end = inside.map_or(after.len(), |(at, _)| at);
    out.push_str(before);
    out.push_str(head);
    blank(&mut out, &after[..end]);
    out.push_str(&after[end..]);
    out
}

/// Every path of the code, `use` trees spread out: `use std::{fs, io::Read}`
/// gives `std::fs` and `std::io::Read`; each with its line, counted from 1. A name
/// after `as` counts as one more leaf of its tree.
pub fn paths(code: &str) -> Vec<(usize, String)> {
    let tokens = tokens(code);
    let mut paths = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if is_word(tokens[at].1) {
            at = path(&tokens, at, "", &mut paths);
        } else {
            at += 1;
        }
    }
    paths
}

/// Reads one path at `at`, with its braces if it is a tree; returns where it ends.
fn path(
    tokens: &[(usize, &str)],
    mut at: usize,
    before: &str,
    paths: &mut Vec<(usize, String)>,
) -> usize {
    let line = tokens[at].0;
    let mut path = before.to_string();
    loop {
        path.push_str(tokens[at].1);
        at += 1;
        if tokens.get(at).map(|token| token.1) != Some("::") {
            break;
        }
        match tokens.get(at + 1).map(|token| token.1) {
            Some(word) if is_word(word) => {
                path.push_str("::");
                at += 1;
            }
            Some("{") => {
                path.push_str("::");
                return tree(tokens, at + 2, &path, paths);
            }
            _ => break,
        }
    }
    paths.push((line, path));
    at
}

fn tree(
    tokens: &[(usize, &str)],
    mut at: usize,
    before: &str,
    paths: &mut Vec<(usize, String)>,
) -> usize {
    while at < tokens.len() {
        match tokens[at].1 {
            "}" => return at + 1,
            word if is_word(word) => at = path(tokens, at, before, paths),
            _ => at += 1,
        }
    }
    at
}

fn tokens(code: &str) -> Vec<(usize, &str)> {
    let mut tokens = Vec::new();
    for (number, line) in code.lines().enumerate() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let length = if first.is_alphanumeric() || first == '_' {
                rest.find(|c: char| !c.is_alphanumeric() && c != '_')
                    .unwrap_or(rest.len())
            } else if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            tokens.push((number + 1, &rest[..length]));
            rest = rest[length..].trim_start();
        }
    }
    tokens
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_') && token != "as"
}

fn follows_word(bytes: &[u8], at: usize) -> bool {
    at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_')
}

fn line_end(text: &str, at: usize) -> usize {
    text[at..]
        .find('\n')
        .map_or(text.len(), |length| at + length)
}

fn block_end(text: &str, at: usize) -> usize {
    let (mut depth, mut end) = (0, at);
    while end < text.len() {
        let rest = &text.as_bytes()[end..];
        if rest.starts_with(b"/*") {
            depth += 1;
            end += 2;
        } else if rest.starts_with(b"*/") {
            depth -= 1;
            end += 2;
            if depth == 0 {
                return end;
            }
        } else {
            end += 1;
        }
    }
    text.len()
}

fn string_end(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The end of a literal with a prefix: `b"…"`, `r#"…"#`, `br"…"`, `b'…'`.
fn literal_end(text: &str, at: usize) -> Option<usize> {
    let rest = text[at..].trim_start_matches(['b', 'c', 'r']);
    let prefix = &text[at..text.len() - rest.len()];
    if prefix.len() > 2 {
        return None;
    }
    let start = text.len() - rest.len();
    if prefix.ends_with('r') {
        let body = rest.trim_start_matches('#');
        let hashes = &rest[..rest.len() - body.len()];
        let close = format!("\"{hashes}");
        let body = body.strip_prefix('"')?;
        let length = body.find(&close)?;
        return Some(text.len() - body.len() + length + close.len());
    }
    match rest.as_bytes().first()? {
        b'"' => Some(string_end(text.as_bytes(), start + 1)),
        b'\'' => character_end(text, start),
        _ => None,
    }
}

/// The end of a character literal; `None` for a lifetime.
fn character_end(text: &str, at: usize) -> Option<usize> {
    let body = &text[at + 1..];
    if body.starts_with('\\') {
        let length = body.get(2..)?.find('\'')?;
        return Some(at + 1 + 2 + length + 1);
    }
    let first = body.chars().next()?;
    body[first.len_utf8()..]
        .starts_with('\'')
        .then(|| at + 1 + first.len_utf8() + 1)
}

fn blank(out: &mut String, text: &str) {
    out.extend(text.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
}

#[test]
fn code_is_what_is_compiled() {
    let check = |text: &str, expected: &str| {
        let words: Vec<_> = code(text).split_whitespace().map(str::to_string).collect();
        assert_eq!(words.join(" "), expected, "{text}");
    };
    check("a // std::fs\nb", "a b");
    check("a /* x /* y */ z */ b", "a b");
    check("a \"std::fs \\\" // x\" b", "a b");
    check("a r#\"x\" y\"# b", "a b");
    check("a b\"x\" br\"y\" b'z' '\\'' '\\u{1f600}' 'é' b", "a b");
    check(
        "fn f<'a>(r: &'a str, b: &'static str) {}",
        "fn f<'a>(r: &'a str, b: &'static str) {}",
    );
}

#[test]
fn use_trees_are_spread_out() {
    let found: Vec<_> = paths("use std::{fs, io::{self, Read as R}};\nlet x = Instant::now();")
        .into_iter()
        .map(|(line, path)| format!("{line} {path}"))
        .collect();
    assert_eq!(
        found,
        [
            "1 use",
            "1 std::fs",
            "1 std::io::self",
            "1 std::io::Read",
            "1 std::io::R",
            "2 let",
            "2 x",
            "2 Instant::now"
        ]
    );
}
