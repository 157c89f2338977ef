//! What the command line prints: text for people, JSON for scripts, errors in one line.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use anyhow::Context as _;
use clap::error::ErrorKind;
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

    /// Says what was asked for, in the form that was asked for.
    ///
    /// # Errors
    /// Where it cannot be written, as on a full disk; not where the reader has read enough.
    pub fn answer(self, value: &Value, text: &str) -> anyhow::Result<()> {
        match self.json {
            true => said(&value.to_string()),
            false => said(text),
        }
    }

    /// Says what happens meanwhile: where it cannot be written, what happens goes on.
    pub fn tell(self, value: &Value, text: &str) {
        let _nobody_reads_it = self.answer(value, text);
    }

    /// Says what has no JSON form: help and version.
    ///
    /// # Errors
    /// As [`Self::answer`].
    pub fn text(self, text: &str) -> anyhow::Result<()> {
        said(text.trim_end())
    }

    /// Says on standard error what went wrong.
    pub fn fail(self, problem: &str) {
        let said = if self.json {
            json!({ "error": problem }).to_string()
        } else {
            format!("guichet: {problem}")
        };
        // Where nobody reads it, the exit status still says it.
        let _ = writeln!(std::io::stderr().lock(), "{said}");
    }
}

/// An error and its causes in one line, each reason once: many errors say their cause themselves.
pub fn reasons(error: &anyhow::Error) -> String {
    let mut said = String::new();
    for link in error.chain() {
        let link = link.to_string().replace('\n', " ");
        let link = link.trim();
        if said.contains(link) {
            continue;
        }
        if !said.is_empty() {
            said.push_str(": ");
        }
        said.push_str(link);
    }
    said
}

/// The first paragraph of what clap has to say, and where to read on.
pub fn one_line(error: &clap::Error) -> String {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return "a command is missing; `guichet --help` lists them".to_owned();
    }
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

/// The cases of a node, one a line.
pub fn cases(answer: &Value) -> String {
    let cases = answer["cases"].as_array().map_or(&[][..], Vec::as_slice);
    if cases.is_empty() {
        return "no case can be read here now".to_owned();
    }
    let lines: Vec<String> = cases.iter().map(one_case).collect();
    lines.join("\n")
}

fn one_case(case: &Value) -> String {
    let word = |value: &Value| plain(value).unwrap_or_default();
    let mut text = format!(
        "{}  {}, {}",
        word(&case["case"]),
        word(&case["service"]["name"]),
        word(&case["title"])
    );
    if let Some(person) = case.get("person") {
        _ = write!(text, "  {}", word(person));
    }
    if let (Some(filled), Some(fields)) = (case["filled"].as_u64(), case["fields"].as_u64()) {
        let (documents, messages) = (word(&case["documents"]), word(&case["messages"]));
        _ = write!(
            text,
            "  answers: {filled} of {fields}, documents: {documents}, messages: {messages}"
        );
    }
    text
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
        Value::Object(texts) if texts.keys().eq(["en", "fr"]) => plain(&texts["en"]),
        Value::Array(_) | Value::Object(_) => None,
    }
}

fn said(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        // `| head` has read enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("the answer cannot be written"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_is_said_once() {
        let cause = std::io::Error::other("no such file");
        let file = crate::folder::private::PrivateFileError::Io {
            file: "a.key".into(),
            source: cause,
        };
        let error = anyhow::Error::from(file).context("cannot start");
        assert_eq!(reasons(&error), "cannot start: a.key: no such file");
        let silent = anyhow::anyhow!("two\nlines").context("");
        assert_eq!(reasons(&silent), "two lines");
    }

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

    #[test]
    fn a_text_in_two_languages_is_said_once() {
        let service = json!({ "title": { "fr": "Aide", "en": "Help" }, "open": true });
        assert_eq!(outline(&service), "open: yes\ntitle: Help");
    }

    #[test]
    fn cases_come_one_a_line() {
        let name = json!({ "fr": "Conseil énergie", "en": "Energy advice" });
        let brief = json!({ "case": "7e", "service": { "name": name }, "title": "Voucher" });
        let mut desk = brief.clone();
        desk["person"] = "Vidal".into();
        for (key, count) in [
            ("filled", 1),
            ("fields", 15),
            ("documents", 2),
            ("messages", 0),
        ] {
            desk[key] = count.into();
        }
        let listed = cases(&json!({ "cases": [brief, desk] }));
        let expected = "7e  Energy advice, Voucher\n7e  Energy advice, Voucher  Vidal  answers: 1 of 15, documents: 2, messages: 0";
        assert_eq!(listed, expected);
        let none = cases(&json!({ "cases": [] }));
        assert_eq!(none, "no case can be read here now");
    }
}
