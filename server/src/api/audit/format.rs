//! How an export is written.
//!
//! Owns the two forms of the file. *Invariant:* JSON Lines are the bytes that were hashed, with the
//! address that they commit to at the end, and in the last line what the file says of itself; no field of a CSV file is a formula to a spreadsheet.

use std::fmt::{Display, Write as _};

use carillon_domain::event::Event;
use carillon_domain::spreadsheet;
use carillon_store::AuditLines;

use crate::fields::Fields;
use crate::problem::Problem;

/// How an export is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values.
    Csv,
    /// One JSON object a line.
    JsonLines,
}

impl Format {
    /// From the parameter `format`.
    ///
    /// # Errors
    /// Any other word.
    pub fn of(query: &Fields) -> Result<Self, Problem> {
        match query.filled("format").unwrap_or("csv") {
            "csv" => Ok(Self::Csv),
            "jsonl" | "json" => Ok(Self::JsonLines),
            _ => Err(Problem::field("format", "invalid", "csv or jsonl.")),
        }
    }

    /// Its name, the type of its content, and how a browser shall keep it.
    pub(super) const fn facts(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Csv => (
                "csv",
                "text/csv; charset=utf-8",
                "attachment; filename=\"audit.csv\"",
            ),
            Self::JsonLines => (
                "jsonl",
                "application/jsonl",
                "attachment; filename=\"audit.jsonl\"",
            ),
        }
    }

    /// The first line of the file.
    pub(super) fn head(self) -> String {
        match self {
            Self::Csv => "seq,at,actor,action,result,phone,phone_name,site,groups,job,ip,reason,\
                          detail,boot,command,signed_in,actor_kind\r\n"
                .to_owned(),
            Self::JsonLines => String::new(),
        }
    }

    /// The last line of the file, which tells a reader that it is whole.
    pub(super) fn tail(self, statement: &serde_json::Value) -> String {
        match self {
            Self::Csv => String::new(),
            Self::JsonLines => format!("{statement}\n"),
        }
    }

    /// The lines of some records.
    ///
    /// # Errors
    /// For CSV, a record that cannot be read.
    pub(super) fn lines(self, lines: AuditLines) -> carillon_store::Result<String> {
        if self == Self::Csv {
            let mut out = String::with_capacity(lines.text.len());
            for record in lines.records() {
                let (seq, event) = record?;
                csv_line(&mut out, seq, &event);
            }
            return Ok(out);
        }
        let mut text = lines.text;
        if !text.is_empty() {
            text.push('\n');
        }
        Ok(text)
    }
}

fn csv_line(out: &mut String, seq: i64, event: &Event) {
    let phone = Absent(event.phone.as_ref());
    // Numbers, times and closed words need no care; writing to a string does not fail.
    let _ = write!(out, "{seq},{}", event.at);
    for text in [&event.actor.name, &event.action] {
        cell(out, text);
    }
    let _ = write!(out, ",{},{phone}", event.result);
    for text in [
        &event.phone_name,
        event.site.as_deref().unwrap_or_default(),
        &event.groups.join(";"),
        event.job.as_deref().unwrap_or_default(),
        address(event),
        &event.reason,
    ] {
        cell(out, text);
    }
    let detail = (!event.detail.is_null()).then(|| event.detail.to_string());
    cell(out, &detail.unwrap_or_default());
    cell(out, &event.boot);
    // Newer columns stand at the end: who reads the others by their place still does.
    cell(out, event.detail["action"].as_str().unwrap_or_default());
    cell(out, &event.actor.auth);
    let _ = write!(out, ",{}", event.actor.kind);
    out.push_str("\r\n");
}

/// Where it came from, or that this was removed.
fn address(event: &Event) -> &str {
    match (&event.ip, &event.source) {
        (Some(ip), _) => ip,
        (None, Some(_)) => "removed",
        (None, None) => "",
    }
}

fn cell(out: &mut String, text: &str) {
    out.push(',');
    spreadsheet::field(out, text);
}

/// Nothing in the place of what is not there.
struct Absent<'a, T>(Option<&'a T>);

impl<T: Display> Display for Absent<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.map_or(Ok(()), |value| value.fmt(f))
    }
}

#[cfg(test)]
mod tests {
    use carillon_domain::event::Actor;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_has_as_many_fields_as_the_head() {
        let at = "2026-11-22T12:00:00Z".parse().expect("a time");
        let mut event = Event::new(at, Actor::system(), "test.told");
        let mut out = String::new();
        csv_line(&mut out, 7, &event);
        assert_eq!(
            out,
            "7,2026-11-22T12:00:00Z,carillon,test.told,ok,,,,,,,,,,,,system\r\n"
        );
        assert_eq!(
            out.matches(',').count(),
            Format::Csv.head().matches(',').count()
        );
        event.groups = vec!["a".to_owned(), "b".to_owned()];
        event.detail = json!({"z": 1, "action": "x"});
        event.actor.auth = "token:=nightly".to_owned();
        out.clear();
        csv_line(&mut out, 8, &event);
        assert!(
            out.ends_with(
                ",\"a;b\",,,,\"{\"\"z\"\":1,\"\"action\"\":\"\"x\"\"}\",,x,token:=nightly,system\r\n"
            ),
            "{out}"
        );
    }
}
