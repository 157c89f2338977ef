//! What the command line prints: text for people, JSON for scripts, errors in one line.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the one place that speaks on the terminal"
)]

use std::fmt::Write as _;
use std::io::Write as _;

use serde_json::{Value, json};

/// How this run of the program speaks.
#[derive(Clone, Copy, Debug)]
pub struct Voice {
    json: bool,
}

impl Voice {
    /// JSON, or text.
    pub fn new(json: bool) -> Self {
        Self { json }
    }

    /// Says one thing, in the form that was asked for.
    pub fn answer(self, value: &Value, text: &str) {
        if self.json {
            line(&value.to_string());
        } else {
            line(text);
        }
    }

    /// Says what has no JSON form: help and version.
    pub fn text(self, text: &str) {
        line(text.trim_end());
    }

    /// Says on standard error what went wrong.
    pub fn fail(self, problem: &str) {
        if self.json {
            eprintln!("{}", json!({ "error": problem }));
        } else {
            eprintln!("guichet: {problem}");
        }
    }
}

/// The first paragraph of what clap has to say, and where to read on.
pub fn one_line(error: &clap::Error) -> String {
    let said = error.to_string();
    let first: Vec<&str> = said
        .lines()
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more"))
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let first = first.join(" ");
    let first = first.strip_prefix("error: ").unwrap_or(&first);
    format!("{first}; `guichet --help` lists what is understood")
}

/// JSON as indented `key: value` lines.
pub fn outline(value: &Value) -> String {
    let mut text = String::new();
    write_outline(&mut text, value, 0);
    text.trim_end().to_owned()
}

fn write_outline(text: &mut String, value: &Value, depth: usize) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                match plain(field) {
                    Some(plain) => _ = writeln!(text, "{indent}{key}: {plain}"),
                    None => {
                        _ = writeln!(text, "{indent}{key}:");
                        write_outline(text, field, depth + 1);
                    }
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                match plain(item) {
                    Some(plain) => _ = writeln!(text, "{indent}- {plain}"),
                    None => {
                        let mut block = String::new();
                        write_outline(&mut block, item, depth + 1);
                        let block = block.trim_start();
                        _ = write!(text, "{indent}- {block}");
                    }
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            _ = writeln!(text, "{indent}{}", plain(value).unwrap_or_default());
        }
    }
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some("-".into()),
        Value::Bool(yes) => Some(if *yes { "yes" } else { "no" }.into()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        Value::Array(items) if items.is_empty() => Some("none".into()),
        Value::Object(fields) if fields.is_empty() => Some("none".into()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

fn line(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_reads_as_an_outline() {
        let value = json!({
            "role": "relay",
            "well": true,
            "peers": [{ "name": "kiosk-1", "up": false }, { "name": "station-1", "up": true }],
            "alarms": [],
        });
        let expected = "alarms: none\npeers:\n  - name: kiosk-1\n    up: no\n  - name: station-1\n    up: yes\nrole: relay\nwell: yes";
        assert_eq!(outline(&value), expected);
    }
}
